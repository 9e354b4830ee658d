"""The laws that every derivative obeys, as functions of an op, its arrays and its settings.

Truth comes from outside: central differences in float64 (error about 1e-9 at h = 1e-6), taken along random directions.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinyfm.engine import Tensor, gradients, leaf, pushforward

STEP, RTOL, ATOL = 1e-6, 1e-6, 1e-9


def floating(arrays: Sequence[Any]) -> list[int]:
    return [i for i, a in enumerate(arrays) if isinstance(a, np.ndarray) and a.dtype.kind == "f"]


def lifted(arrays: Sequence[Any]) -> tuple[list[Any], list[Tensor]]:
    """The arguments with every floating array as a leaf, and those leaves."""
    args = [leaf(a) if i in floating(arrays) else a for i, a in enumerate(arrays)]
    return args, [a for a in args if type(a) is Tensor]


def inner(us: Sequence[Any], vs: Sequence[Any]) -> float:
    return float(sum(np.sum(np.asarray(u) * np.asarray(v)) for u, v in zip(us, vs)))


def moved(arrays: Sequence[Any], leaves: Sequence[np.ndarray], step: float) -> list[Any]:
    at = iter(leaves)
    return [a + step * next(at) if i in floating(arrays) else a for i, a in enumerate(arrays)]


def directional(f: Callable[..., Any], arrays: Sequence[Any], v: Sequence[np.ndarray]) -> np.ndarray:
    """(f(x + h v) - f(x - h v)) / 2h by Richardson's extrapolation of two central differences, error O(h^4)."""
    def central(h: float) -> np.ndarray: return (f(*moved(arrays, v, h)) - f(*moved(arrays, v, -h))) / (2 * h)
    return (4 * central(1e-4) - central(2e-4)) / 3


def close(analytic: Any, numeric: Any, scale: float = 1.0) -> bool:
    """|a - n| <= 1e-6 |n| + 1e-9 in norm, false for NaN: written so."""
    a, n = np.asarray(analytic), np.asarray(numeric)
    return bool(a.shape == n.shape and np.all(np.abs(a - n) <= RTOL * np.maximum(np.abs(n), np.max(np.abs(n), initial=0) * 1e-2) + ATOL * scale * 10))
