"""One argument at one point, as the rules of diagnosis see it: the true Jacobian beside the student's."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np

TIGHT = 1e-6                                     # two matrices are the same when they differ by no more, relative to the larger


@dataclass
class Case:
    """y = f(inputs); n = J' g is the gradient of argument `index`, d = D' g is what the student returned.

    G holds cotangents as rows: all unit vectors where that is affordable (then D and J are whole matrices), else random
    ones; D and J hold the answers to them, flat.
    """

    name: str
    index: int
    names: list[str]
    inputs: list[Any]
    y: np.ndarray
    G: np.ndarray
    D: np.ndarray
    J: np.ndarray
    usable: np.ndarray
    others: dict[str, np.ndarray] = field(default_factory=dict)      # true Jacobians of the other arguments
    averaged: int = 1                                                # the count that forward's mean divides by
    values: dict[str, np.ndarray] = field(default_factory=dict)      # what forward computed on the way, by name
    graph: Any = None                                                # (output tensor, leaves) when forward could be traced
    full: bool = True                                                # G is the identity
    elsewhere: Callable[[list[Any]], np.ndarray | None] | None = None     # the true Jacobian at other inputs

    @property
    def x(self) -> np.ndarray: return np.asarray(self.inputs[self.index], dtype=float)
    @property
    def into(self) -> tuple[int, ...]: return self.x.shape
    @property
    def out(self) -> tuple[int, ...]: return self.y.shape

    @cached_property
    def counts(self) -> dict[int, str]:
        """Every count of elements that a mean could divide by, with words for it."""
        found: dict[int, str] = {}
        shapes = [(self.name, self.into), ("the output", self.out),
                  *((n, np.shape(x)) for n, x in zip(self.names, self.inputs) if n != self.name)]
        for name, shape in shapes:
            for size in range(1, len(shape) + 1):
                for axes in combinations(range(len(shape)), size):
                    n = int(np.prod([shape[a] for a in axes]))
                    if n > 1: found.setdefault(n, phrase(name, axes, len(shape)))
        return found

    @cached_property
    def stretched(self) -> tuple[int, ...]:
        """The output's axes along which this argument is broadcast, when it is one that is broadcast to the output."""
        try: ok = np.broadcast_shapes(self.into, self.out) == self.out and self.into != self.out
        except ValueError: return ()
        padded = (1,) * (len(self.out) - len(self.into)) + self.into
        return tuple(i for i, (a, b) in enumerate(zip(padded, self.out)) if a != b) if ok else ()

    @cached_property
    def diagonal(self) -> bool:
        """Is f element-wise in this argument?"""
        return self.full and self.into == self.out and same(self.J, np.diag(np.diag(self.J)))

    def per_cotangent(self, m: np.ndarray) -> np.ndarray:
        """The answers in the argument's shape, one for each cotangent."""
        return m.reshape(len(self.G), *self.into)


def phrase(name: str, axes: Sequence[int], ndim: int) -> str:
    if len(axes) == ndim: return f"all elements of {name}"
    return f"axis {axes[0]} of {name}" if len(axes) == 1 else f"axes {tuple(axes)} of {name}"


def same(a: Any, b: Any, tolerance: float = TIGHT) -> bool:
    """Equal up to the error of the numeric derivative; False for NaN."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape: return False
    return bool(np.max(np.abs(a - b), initial=0) <= tolerance * max(np.max(np.abs(a), initial=0), np.max(np.abs(b), initial=0)) + 1e-300)


def ratio(a: np.ndarray, b: np.ndarray) -> float | None:
    """c with a = c b, or None: what is left over is far smaller than the difference that c explains."""
    top = float(np.sum(b * b))
    c = float(np.sum(a * b)) / top if top else 0.0
    left = np.max(np.abs(a - c * b), initial=0)
    return c if c and same(a, c * b) and left <= 1e-2 * np.max(np.abs(a - b), initial=0) else None
