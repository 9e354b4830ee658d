"""Derivatives from values alone: central differences, Richardson's extrapolation, and the detection of kinks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Arrays = Sequence[Any]
Function = Callable[..., Any]
STEPS = (1e-4, 1e-6, 1e-8)  # tried in this order: the first is exact to 1e-11 where f is smooth
LARGER = (1e-3,)  # ten times less of the rounding of f


@dataclass
class Jacobian:
    """J[k, l] = d y_k / d x_l, flat; usable[l] is False where x_l sits on a kink or f is not finite around it.

    error[l] bounds what rounding and the finite step may have done to column l.
    """

    matrix: np.ndarray
    usable: np.ndarray
    error: np.ndarray

    def pull(self, g: Any) -> np.ndarray:
        """J' g, flat."""
        return np.asarray(np.ravel(g) @ self.matrix)


def floating(x: Any) -> bool:
    return isinstance(x, np.ndarray | np.floating | float) and np.asarray(x).dtype.kind == "f"


def evaluate(f: Function, inputs: Arrays) -> np.ndarray:
    """f on copies, in float64, flat."""
    with np.errstate(all="ignore"):
        return np.asarray(f(*[np.copy(x) if isinstance(x, np.ndarray) else x for x in inputs]), dtype=float).ravel()


def jacobian(
    f: Function,
    inputs: Arrays,
    index: int,
    columns: Sequence[int] | None = None,
    project: np.ndarray | None = None,
    steps: Sequence[float] = STEPS,
) -> Jacobian:
    """All derivatives with respect to argument `index`, or those of some elements.

    project: rows of cotangents; then the matrix holds (project @ J), which needs no room for J.
    """
    x = np.array(inputs[index], dtype=float)
    middle = evaluate(f, inputs)
    view = (lambda y: y) if project is None else (lambda y: project @ y)
    chosen = range(x.size) if columns is None else columns
    found = [
        column(lambda h, at=at: evaluate(f, moved(inputs, index, x, at, h)), middle, float(x.ravel()[at]), steps)
        for at in chosen
    ]
    rows = len(view(middle))
    matrix = np.stack([view(d) for d, _, _ in found], 1) if found else np.zeros((rows, 0))
    return Jacobian(
        matrix, np.array([ok for _, ok, _ in found], dtype=bool), np.array([e for _, _, e in found], dtype=float)
    )


def moved(inputs: Arrays, index: int, x: np.ndarray, at: int, h: float) -> list[Any]:
    """The inputs with one element of one argument moved by h."""
    changed = x.copy()
    changed.ravel()[at] += h
    return [changed if i == index else v for i, v in enumerate(inputs)]


def column(
    f: Callable[[float], np.ndarray], middle: np.ndarray, x: float, steps: Sequence[float]
) -> tuple[np.ndarray, bool, float]:
    """d f / d h at 0, whether it exists there, and a bound on its error.

    Two central differences, h and 2h, agree to h^2 where f is smooth; a kink inside them shows in the second difference
    (f(h) - 2 f(0) + f(-h)) / h, which falls with h for a curve and stays for a kink.  Then a smaller step is tried.
    """
    best = np.zeros_like(middle), False, 0.0
    for step in steps:
        h = step * max(1.0, abs(x)) if step == steps[0] else step
        high, low, higher, lower = f(h), f(-h), f(2 * h), f(-2 * h)
        near, far = (high - low) / (2 * h), (higher - lower) / (4 * h)
        slope = (4 * near - far) / 3
        if not np.isfinite(slope).all():
            continue
        bend = np.max(np.abs(high - 2 * middle + low), initial=0) / h
        noise = 8 * np.finfo(float).eps * np.max(np.abs(middle), initial=0) / h
        scale = np.max(np.abs(near), initial=0) + np.max(np.abs(far), initial=0)
        spread = np.max(np.abs(near - far), initial=0)
        error = noise + spread * min(1.0, 10 * spread / scale if scale else 1.0)
        if spread <= max(1e-5 * scale, noise) and bend <= max(1e-2 * scale, noise):
            return slope, True, error
        if spread <= max(1e-3 * scale, noise) and bend <= max(0.3 * scale, noise) and not best[1]:
            best = slope, True, error
        elif best[1] and bend > 0.3 * scale:
            return slope, False, error
    return best


def directional(f: Function, inputs: Arrays, tangents: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
    """d f(inputs + h tangents) / dh at h = 0 (a tangent may be None), and a bound on the error of each element."""

    def along(h: float) -> np.ndarray:
        return evaluate(f, [x if v is None else np.asarray(x, dtype=float) + h * v for x, v in zip(inputs, tangents)])

    moves = sum(np.count_nonzero(v) for v in tangents if v is not None)
    h = STEPS[0] / max(1.0, moves) ** 0.5  # many elements at once come upon a kink sooner
    high, low, far = along(h), along(-h), (along(2 * h) - along(-2 * h)) / (4 * h)
    near = (high - low) / (2 * h)
    noise = 8 * np.finfo(float).eps * np.maximum(np.abs(high), np.abs(low)) / h
    spread, scale = np.abs(near - far), np.max(np.abs(near), initial=0) + np.max(np.abs(far), initial=0)
    return (4 * near - far) / 3, noise + spread * np.minimum(1.0, 10 * spread / (scale or 1.0))


def agrees_along(f: Function, inputs: Arrays, index: int, g: Any, d: Any, v: np.ndarray) -> bool:
    """<d, v> = <g, df/dv>, for d the gradient of argument `index`; False where forward is not finite nearby."""
    slope, error = directional(f, inputs, [v if k == index else None for k in range(len(inputs))])
    if not np.isfinite(slope).all():
        return False
    moved = np.ravel(d) * np.ravel(v)
    room = 1e-8 * float(np.linalg.norm(moved)) + 0.1 * float(np.linalg.norm(np.ravel(g) * error))
    return bool(abs(np.ravel(g) @ slope - moved.sum()) <= room)


def astray(
    f: Function, inputs: Arrays, index: int, g: Any, d: Any, rng: np.random.Generator, limit: int
) -> np.ndarray | None:
    """The elements of argument `index` at which d is wrong, found by halving; None when there are more than `limit`."""
    size = np.size(inputs[index])
    blocks = [np.arange(size)] if size else []
    while blocks:
        wrong = [b for b in blocks if not agrees_along(f, inputs, index, g, d, one_block(rng, inputs[index], b))]
        if len(wrong) > limit or all(len(b) == 1 for b in wrong):
            return None if len(wrong) > limit else np.concatenate([*wrong, np.zeros(0, int)])
        blocks = [half for b in wrong for half in np.array_split(b, 2) if len(half)]
    return np.zeros(0, int)


def one_block(rng: np.random.Generator, x: Any, places: np.ndarray) -> np.ndarray:
    """A random direction that moves some elements only, none of them by little."""
    v = np.zeros(np.size(x))
    v[places] = rng.uniform(0.5, 1.5, len(places)) * rng.choice([-1.0, 1.0], len(places))
    return v.reshape(np.shape(x))
