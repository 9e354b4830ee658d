"""What changes grey values and moves nothing: noise, and a hole."""
from __future__ import annotations

from math import inf

import numpy as np
from numpy.typing import ArrayLike

from tinyfm.data.augmentation.warp import Array, Generator, between, images, like


def noise(x: ArrayLike, rng: Generator, strength: float = 0.1) -> Array:
    """x + s e, e normal, s = strength times the range (1, or 255 for uint8); cut off at the ends of the range."""
    x = images(x, "noise")
    strength = between("noise", "strength", strength, 0, inf) * (255 if x.dtype == np.uint8 else 1)
    kind = np.float64 if x.dtype == np.float64 else np.float32
    return like(x + kind(strength) * rng.standard_normal(x.shape, kind), x)


def erase(x: ArrayLike, rng: Generator, share: float = 0.2, fill: float = 0) -> Array:
    """A rectangle of up to `share` of each image's area, anywhere in it, becomes `fill`.  DeVries & Taylor 2017."""
    x = images(x, "erase")
    hole = rectangles(rng, rng.uniform(0, between("erase", "share", share, 0, 1), len(x)), x.shape[1:3])
    return np.where(hole[..., None], x.dtype.type(fill), x)


def rectangles(rng: Generator, share: Array, size: tuple[int, ...]) -> Array:
    """(n, height, width), True in a rectangle of the image's proportions and of `share` (n,) of its area."""
    inside = []
    for length in size:
        extent = np.rint(np.sqrt(share) * length).astype(np.intp)[:, None]
        start = rng.integers(0, length - extent, endpoint=True)
        i = np.arange(length)
        inside.append((start <= i) & (i < start + extent))
    return inside[0][:, :, None] & inside[1][:, None, :]
