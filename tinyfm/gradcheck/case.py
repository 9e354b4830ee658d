"""One argument at one point, as the rules of diagnosis see it: the true Jacobian beside the student's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np

from tinyfm.gradcheck.numpy_tracing import Graph

TIGHT = 1e-6  # two matrices are the same when they differ by no more, relative to the larger
Named = tuple[str, dict[str, Any]] | None  # what a rule says: a kind and its evidence, or nothing
Kinds = list[tuple[str, dict[str, Any]]]
Elsewhere = Callable[[int, Any, list[np.ndarray]], list[Any] | None]


@dataclass
class Case:
    """y = f(inputs); n = J' g is the gradient of argument `index`, d = D' g is what the student returned.

    G holds cotangents as rows: all unit vectors where that is affordable (then D and J are whole matrices), else random
    ones; D and J hold the answers to them, flat.
    """

    index: int
    names: list[str]
    inputs: list[Any]
    y: np.ndarray
    G: np.ndarray
    D: np.ndarray
    J: np.ndarray
    full: bool  # G is the identity
    others: dict[str, np.ndarray] = field(default_factory=dict)  # true Jacobians of the other arguments
    averaged: int = 1  # the count that forward's mean divides by
    graph: Graph | None = None  # when forward could be recorded
    elsewhere: Elsewhere = lambda k, value, gs: None  # the true gradients for some g, where input k is another

    @property
    def name(self) -> str:
        return self.names[self.index]

    @property
    def x(self) -> np.ndarray:
        return np.asarray(self.inputs[self.index], dtype=float)

    @property
    def into(self) -> tuple[int, ...]:
        return self.x.shape

    @property
    def out(self) -> tuple[int, ...]:
        return self.y.shape

    @property
    def scale(self) -> float:
        return float(np.max(np.abs(self.J), initial=0))

    @cached_property
    def right(self) -> np.ndarray:
        """Which entries of D are those of J."""
        return np.asarray(np.abs(self.D - self.J) <= TIGHT * self.scale)

    @cached_property
    def there(self) -> np.ndarray:
        """Which entries of J are not zero."""
        return np.asarray(np.abs(self.J) > 1e-9 * self.scale)

    @cached_property
    def diagonal(self) -> bool:
        """Is f element-wise in this argument?"""
        return self.full and self.into == self.out and same(self.J, np.diag(np.diag(self.J)))

    @cached_property
    def stretched(self) -> tuple[int, ...]:
        """The output's axes along which this argument is broadcast, when it is one that is broadcast to the output."""
        try:
            ok = np.broadcast_shapes(self.into, self.out) == self.out and self.into != self.out
        except ValueError:
            return ()
        padded = (1,) * (len(self.out) - len(self.into)) + self.into
        return tuple(i for i, (a, b) in enumerate(zip(padded, self.out)) if a != b) if ok else ()

    @cached_property
    def counts(self) -> dict[int, str]:
        """Every count of elements that a mean could divide by, with words for it."""
        found: dict[int, str] = {}
        shapes = [
            (self.name, self.into),
            ("the output", self.out),
            *((n, np.shape(x)) for n, x in zip(self.names, self.inputs) if n != self.name),
        ]
        for name, shape in shapes:
            for size in range(1, len(shape) + 1):
                for axes in combinations(range(len(shape)), size):
                    n = int(np.prod([shape[a] for a in axes]))
                    if n > 1:
                        found.setdefault(n, phrase(name, axes, len(shape)))
        return found

    @cached_property
    def samples(self) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Two random (g, d, n), in their own shapes."""
        weights = np.random.default_rng(1).standard_normal((2, len(self.G)))
        return [
            (g.reshape(self.out), d.reshape(self.into), n.reshape(self.into))
            for g, d, n in zip(weights @ self.G, weights @ self.D, weights @ self.J)
        ]

    def floats(self) -> dict[str, np.ndarray]:
        """The inputs that are not integers, by name."""
        return {
            n: np.asarray(x, dtype=float) for n, x in zip(self.names, self.inputs) if np.asarray(x).dtype.kind in "fb"
        }

    def right_with_input(self, k: int, value: Any) -> float:
        """1 or -1 when d is that many times the true gradient where input k is another, and not of this one; else 0."""
        found = self.elsewhere(k, value, [g for g, _, _ in self.samples])
        for sign in (1.0, -1.0) if found is not None else ():
            if all(same(d, sign * e) and not same(n, e) for (_, d, n), e in zip(self.samples, found or [])):
                return sign
        return 0.0

    def per_cotangent(self, m: np.ndarray) -> np.ndarray:
        """The answers in the argument's shape, one for each cotangent."""
        return m.reshape(len(self.G), *self.into)


def phrase(name: str, axes: Sequence[int], ndim: int) -> str:
    if len(axes) == ndim:
        return f"all elements of {name}"
    return f"axis {axes[0]} of {name}" if len(axes) == 1 else f"axes {tuple(axes)} of {name}"


def same(a: Any, b: Any, tolerance: float = TIGHT) -> bool:
    """Equal up to the error of the numeric derivative; False where anything is infinite or NaN."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape:
        return False
    size = max(np.max(np.abs(a), initial=0), np.max(np.abs(b), initial=0))
    return bool(np.isfinite(size) and np.max(np.abs(a - b), initial=0) <= tolerance * size + 1e-300)


def ratio(a: np.ndarray, b: np.ndarray) -> float | None:
    """c with a = c b, or None: what is left over is far smaller than the difference that c explains."""
    top = float(np.sum(b * b))
    c = float(np.sum(a * b)) / top if top else 0.0
    left = np.max(np.abs(a - c * b), initial=0)
    return c if c and same(a, c * b) and left <= 1e-2 * np.max(np.abs(a - b), initial=0) else None


def flat(m: np.ndarray) -> bool:
    """All elements alike: nothing can be told by it."""
    return bool(np.ptp(m) <= 1e-9 * np.max(np.abs(m), initial=0)) if m.size else True
