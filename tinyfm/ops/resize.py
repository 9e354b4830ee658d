"""Resizing along the spatial axes: a linear map for each axis."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinyfm.errors import SettingError, ShapeError
from tinyfm.ops.linear import matmul
from tinyfm.ops.shape import moveaxis, take


def interpolate(x: Any, size: int | Sequence[int], *, mode: str = "nearest") -> Any:
    """x: (batch, *spatial, channels) resized to `size` pixels along each spatial axis.

    mode: "nearest" (the pixel under the new one's left edge, as in PyTorch) or "linear" (between pixel centres,
    bilinear for images; the border is repeated, nothing is smoothed when shrinking: PyTorch's align_corners=False).
    """
    dims = len(x.shape) - 2
    if dims < 1: raise ShapeError(f"interpolate: x must be (batch, *spatial, channels); received {x.shape}.")
    if mode not in ("nearest", "linear"):
        raise SettingError(f"interpolate: mode must be nearest or linear; received {mode!r}.")
    sizes = (size,) * dims if isinstance(size, int) else tuple(size)
    if len(sizes) != dims:
        raise SettingError(f"interpolate: size must be an integer or {dims} of them; received {size!r}.")
    for axis, new in enumerate(sizes, 1):
        old = x.shape[axis]
        if new == old: continue
        if mode == "nearest": x = take(x, np.arange(new) * old // new, axis)
        else: x = moveaxis(matmul(between(old, new).astype(x.dtype), moveaxis(x, axis, -2)), -2, axis)
    return x


def between(old: int, new: int) -> Any:
    """Row i holds the weights of the two old pixels around new pixel i: (new, old)."""
    centre = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    left = np.floor(centre).astype(int)
    weights = np.zeros((new, old))
    np.add.at(weights, (np.arange(new), left), 1 - (centre - left))
    np.add.at(weights, (np.arange(new), np.minimum(left + 1, old - 1)), centre - left)
    return weights
