"""Gradients whose shape is not that of the argument: axes kept, exchanged or lost."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np

from tinyfm.gradcheck.case import Kinds, ratio, same

Shape = tuple[int, ...]


def misshapen(d: np.ndarray, n: np.ndarray) -> Kinds:
    """What makes n of d, when summing some axes or exchanging them does."""
    evidence = {"returned": d.shape, "expected": n.shape}
    if axes := stretched_axes(d.shape, n.shape):
        total = d.sum(axes, keepdims=True).reshape(n.shape)
        if same(total, n):
            return [("not-summed-over-broadcast", evidence | {"axes": axes})]
        if f := ratio(total, n):
            return [("not-summed-over-broadcast", evidence | {"axes": axes}), sign_or_factor(f)]
    for axis in range(d.ndim if d.ndim == n.ndim + 1 else 0):
        if same(d.sum(axis), n):
            return [("not-summed-over-broadcast", evidence | {"axes": (axis,)})]
    for order in permutations(range(n.ndim)) if d.ndim == n.ndim else ():
        if n.transpose(order).shape == d.shape and same(d, n.transpose(order)):
            return [("transposed", evidence | {"order": order})]
    return [("wrong-shape", evidence)]


def stretched_axes(big: Shape, small: Shape) -> tuple[int, ...]:
    """The axes of `big` along which `small` was broadcast to it; () when it was not."""
    try:
        if np.broadcast_shapes(big, small) != big or np.prod(big) == np.prod(small):
            return ()
    except ValueError:
        return ()
    extra = len(big) - len(small)
    return (*range(extra), *(a + extra for a, m in enumerate(small) if m == 1 != big[a + extra]))


def sign_or_factor(f: float) -> tuple[str, dict[str, Any]]:
    return ("wrong-sign" if np.isclose(f, -1) else "constant-factor"), {"factor": f, "besides": "summed"}
