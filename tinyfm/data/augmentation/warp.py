"""Moving pixels: where does each pixel of the result look in the image?

    y[i] = x[where(i)],    between pixels: bilinear, the four neighbours weighted by how near they are
"""
from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tinyfm.errors import SettingError, ShapeError, spell

Array: TypeAlias = NDArray[Any]
Generator: TypeAlias = "np.random.Generator"      # a string: importing this file does not import numpy.random
FLOATS = (np.float16, np.float32, np.float64)


def warp(x: ArrayLike, rows: ArrayLike, columns: ArrayLike, fill: float = 0) -> Array:
    """y[n, i, j] = x[n, rows[n, i, j], columns[n, i, j]], bilinear; outside the image stands `fill`.

    rows, columns: (n, height, width), in pixels; whole numbers are the middles of pixels.
    """
    x = images(x, "warp")
    shape, rows, columns = x.shape[:3], np.asarray(rows), np.asarray(columns)
    if rows.shape != shape or columns.shape != shape:
        raise ShapeError(f"warp: rows {rows.shape} and columns {columns.shape} must have one entry for each pixel of "
                         f"the images, {shape}.")
    n, h, w, c = x.shape
    framed = np.full((n, h + 2, w + 2, c), fill, np.result_type(x, np.float32))       # one pixel of `fill` all around
    framed[:, 1:-1, 1:-1] = x
    top, down = split(rows, h)
    left, right = split(columns, w)
    start = (np.arange(n)[:, None, None] * (h + 2) + top) * (w + 2) + left            # of the upper left neighbour
    corners = start + np.reshape([0, 1, w + 2, w + 3], (4, 1, 1, 1))
    a, b, c_, d = framed.reshape(-1, c).take(corners, axis=0, mode="clip")
    down, right = down.astype(framed.dtype)[..., None], right.astype(framed.dtype)[..., None]
    upper, lower = a + (b - a) * right, c_ + (d - c_) * right
    return like(upper + (lower - upper) * down, x)


def split(place: Array, size: int) -> tuple[Array, Array]:
    """Coordinates as (the pixel before them, counted in the framed image; how far beyond it, from 0 to 1)."""
    place = np.clip(place, -1, size) + 1
    before = np.minimum(place.astype(np.intp), size)                                  # >= 0, so this is floor
    return before, place - before


def affine(x: ArrayLike, matrix: ArrayLike, fill: float = 0) -> Array:
    """Move what stands at p to M p, p = (row, column, 1) counted from the middle of the image.

    matrix: (3, 3), or (n, 3, 3) with one for each image; they compose: affine by A B is B first, then A, in one gather.
    Raises ValueError for a matrix that cannot be inverted.
    """
    x, matrix = images(x, "affine"), np.asarray(matrix, np.float64)
    n, h, w, _ = x.shape
    if matrix.shape not in ((3, 3), (n, 3, 3)):
        raise ShapeError(f"affine: matrix must be (3, 3) or ({n}, 3, 3), one for each image, received {matrix.shape}.")
    try: back = np.broadcast_to(np.linalg.inv(matrix), (n, 3, 3))
    except np.linalg.LinAlgError:
        raise ValueError("affine: a matrix cannot be inverted; does it scale by 0?") from None
    middle = (h - 1) / 2, (w - 1) / 2
    i, j = np.arange(h)[:, None] - middle[0], np.arange(w) - middle[1]
    rows, columns = (back[:, k, 0, None, None] * i + back[:, k, 1, None, None] * j + back[:, k, 2, None, None]
                     + middle[k] for k in (0, 1))
    return warp(x, rows, columns, fill)


# ------------------------------------------------------------ what arrives, what leaves

def images(x: ArrayLike, name: str) -> Array:
    """x, if it holds images as this room takes them."""
    x = np.asarray(x)
    if x.ndim != 4:
        raise ShapeError(f"{name} takes images (n, height, width, channels), received shape {x.shape}."
                         + (" For grey images: x[..., None]." if x.ndim == 3 else ""))
    if x.dtype != np.uint8 and x.dtype not in FLOATS:
        raise TypeError(f"{name} takes images as uint8 from 0 to 255 or floats from 0 to 1, received {x.dtype}.")
    if x.size and x.dtype != np.uint8 and not (x.min() >= 0 and x.max() <= 1):
        raise ValueError(f"{name} takes floating images from 0 to 1, received values from {x.min():g} to {x.max():g}. "
                         "Divide grey values by 255, and augment before you standardise.")
    return x


def like(y: Array, x: Array) -> Array:
    """y in the dtype and range of x."""
    if x.dtype == np.uint8: return np.rint(y).clip(0, 255).astype(np.uint8)
    return y.clip(0, 1).astype(x.dtype, copy=False)


def between(name: str, what: str, value: float, low: float, high: float) -> float:
    """The setting, if it lies there."""
    if low <= value <= high: return value
    raise SettingError(f"{name}: {what} must lie between {low:g} and {high:g}, received {spell(value)}.")
