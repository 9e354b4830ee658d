"""Where to check: the inputs as given, drawn from shapes, guessed; points close by, drawn anew, with equal sizes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from tinyfm.errors import ShapeError
from tinyfm.gradcheck.numeric import floating

Function = Callable[..., Any]
GUESSES: dict[int, list[list[tuple[int, ...]]]] = {
    1: [[(4, 5)], [(5,)], [(4, 4)], [()], [(2, 5, 3)], [(2, 6, 6, 3)]],
    2: [
        [(4, 5), (4, 5)],
        [(4, 5), (5, 3)],
        [(7, 5), (5,)],
        [(5,), (5,)],
        [(4, 4), (4, 4)],
        [(2, 6, 7, 3), (3, 3, 3, 4)],
    ],
    3: [
        [(7, 5), (5, 3), (3,)],
        [(4, 5), (4, 5), (4, 5)],
        [(6, 5), (5,), (5,)],
        [(2, 4, 3), (2, 5, 3), (2, 5, 4)],
        [(2, 6, 7, 3), (3, 3, 3, 4), (4,)],
    ],
    4: [[(4, 5), (4, 5), (4, 5), (4, 5)], [(6, 3), (6, 4), (3, 4), (4, 4)]],
    5: [[(5, 3), (5, 4), (3, 4), (4, 4), (4,)], [(5, 3), (5, 4), (5, 4), (7, 16), (16,)]],
}


def away_from_zero(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Signed normal numbers, none within 0.1 of 0, where many functions have a kink."""
    x = rng.standard_normal(shape)
    return np.asarray(x + np.copysign(0.1, x))


def is_shape(x: Any) -> bool:
    return isinstance(x, tuple) and all(isinstance(n, int) for n in x)


def resolve(forward: Function, inputs: Sequence[Any], rng: np.random.Generator) -> list[Any]:
    """The inputs as arrays: float64 for what is floating, the others as they are, shapes drawn, none guessed."""
    if not inputs:
        return guess(forward, rng)
    return [away_from_zero(rng, x) if is_shape(x) else plain(x) for x in inputs]


def plain(x: Any) -> Any:
    if x is None:
        return None
    array = np.array(getattr(x, "data", x) if type(x).__name__ == "Tensor" else x)
    return array.astype(float) if array.dtype.kind == "f" else array


def guess(forward: Function, rng: np.random.Generator) -> list[Any]:
    """Inputs of the first shapes that forward takes without an error."""
    try:
        count = sum(
            p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
            for p in inspect.signature(forward).parameters.values()
        )
    except (TypeError, ValueError):
        count = 1
    for shapes in GUESSES.get(count, []):
        inputs = [away_from_zero(rng, s) for s in shapes]
        for x in (inputs, [np.abs(a) for a in inputs]):
            if works(forward, x):
                return x
    raise ShapeError(
        f"No shapes were given and none of our guesses fits this function of {count} arguments: "
        "pass arrays or shapes, check_backward(forward, backward, (4, 5), (5, 3))."
    )


def works(forward: Function, inputs: Sequence[Any]) -> bool:
    """Does forward give finite numbers?"""
    try:
        with np.errstate(all="ignore"):
            y = np.asarray(forward(*[np.copy(x) for x in inputs]))
    except Exception:
        return False
    return y.dtype.kind == "f" and bool(np.isfinite(y).all())


def nearby(inputs: Sequence[Any], rng: np.random.Generator) -> list[Any]:
    """Every floating element moved by about a thousandth."""
    return [
        x + 1e-3 * away_from_zero(rng, np.shape(x)) * np.maximum(np.abs(x), 0.1) if floating(x) else x for x in inputs
    ]


def redrawn(forward: Function, inputs: Sequence[Any], rng: np.random.Generator, k: int) -> list[Any] | None:
    """Other inputs of the same kind: the size of each array kept, its signs drawn anew (k = 1) or kept (k = 0)."""
    drawn = [redraw(x, rng, k) for x in inputs]
    return drawn if works(forward, drawn) else None


def redraw(x: Any, rng: np.random.Generator, k: int) -> Any:
    if not floating(x) or np.size(x) == 0 or np.isin(x, (0.0, 1.0)).all():
        return x
    factor = rng.uniform(0.7, 1.3, np.shape(x))
    mixed = rng.permutation(np.ravel(x)).reshape(np.shape(x)) if k else np.asarray(x)
    return mixed * factor * (rng.choice([-1.0, 1.0], np.shape(x)) if k else 1.0)


def squared(forward: Function, inputs: Sequence[Any], rng: np.random.Generator) -> list[Any] | None:
    """The same number of axes everywhere, all of size 4, when forward takes that."""
    drawn = [
        away_from_zero(rng, (4,) * np.ndim(x)) if floating(x) else np.resize(np.asarray(x) % 4, (4,) * np.ndim(x))
        for x in inputs
    ]
    return drawn if works(forward, drawn) else None


def enlarged(inputs: Sequence[Any], count: int, rng: np.random.Generator) -> Iterator[list[Any]]:
    """The inputs at other sizes: all axes longer by one; then those of one size of which `count` is a multiple."""
    sizes = sorted({n for x in inputs for n in np.shape(x) if n > 1})
    parts = [n for n in sizes if count % n == 0]
    ways = [{n: n + 1 for n in sizes}, *({n: n + 1} for n in parts), *({n: 2 * n} for n in parts)]
    for new in ways:
        yield [redraw(stretched(x, new), rng, 0) if np.ndim(x) else x for x in inputs]


def stretched(x: Any, new: dict[int, int]) -> Any:
    """The array with some sizes replaced by larger ones, filled from its start."""
    return np.pad(x, [(0, new.get(n, n) - n) for n in np.shape(x)], mode="wrap") if np.size(x) else x
