"""Mean 0 and variance 1 of each channel, or group of channels, over all pixels: batch, group, instance normalisation.

x is seen as (batches, rows, channels): one batch for batch normalisation, each example its own for the others.  Rows
are taken a cache-full at a time, and the sum over rows is a product with ones: BLAS adds far faster than NumPy.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfm.kernels.windows import tiles

Array = NDArray[Any]


def normalized(x: Array, scale: Array, offset: Array, *, groups: int, epsilon: float) -> Array:
    """y = (x - mean) r scale + offset, r = 1 / sqrt(var + epsilon).  scale, offset: (channels,)."""
    y = np.empty_like(x)
    for one, out in zip(x, y):
        mean, r = moments(one, groups, epsilon)
        factor = r * scale
        for rows in pieces(one):
            np.subtract(one[rows], mean, out=out[rows])
            out[rows] *= factor
            out[rows] += offset
    return y


def normalized_gradients(g: Array, x: Array, scale: Array, *, groups: int,
                         epsilon: float) -> tuple[Array, Array, Array]:
    """The gradients of x, scale and offset where that of y = normalized(x, scale, offset) is g.

    With z = (x - mean) r and d = g scale:  dx = r (d - mean(d) - z mean(d z)),  dscale = sum g z,  doffset = sum g.
    """
    dx, dscale, doffset = np.empty_like(x), np.zeros_like(scale), np.zeros_like(scale)
    for one, above, out in zip(x, g, dx):
        mean, r = moments(one, groups, epsilon)
        sums, products = np.zeros_like(scale), np.zeros_like(scale)
        for rows in pieces(one):
            z = standard(one[rows], mean, r, out[rows])
            sums += total(above[rows])
            products += total(z * above[rows])
        dscale += products
        doffset += sums
        factor, shift = r * scale, r * pooled(sums * scale, one, groups)
        slope = r * pooled(products * scale, one, groups)
        for rows in pieces(one):
            z = out[rows]
            z *= -slope
            z += above[rows] * factor
            z -= shift
    return dx, dscale, doffset


def standard(x: Array, mean: Array, r: Array, out: Array) -> Array:
    np.subtract(x, mean, out=out)
    out *= r
    return out


def moments(x: Array, groups: int, epsilon: float) -> tuple[Array, Array]:
    """(mean, 1 / sqrt(var + epsilon)) of each channel's group, in two passes: (channels,) both."""
    mean, squares = pooled(total(x), x, groups), np.zeros(x.shape[1], x.dtype)
    for rows in pieces(x):
        d = x[rows] - mean
        d *= d
        squares += total(d)
    return mean, 1 / np.sqrt(pooled(squares, x, groups) + float(epsilon))


def total(x: Array) -> Array:
    """The sum over the rows."""
    return np.ones(len(x), x.dtype) @ x


def pooled(sums: Array, x: Array, groups: int) -> Array:
    """The mean over a group, for each of its channels, from the sums of the channels."""
    channels = len(sums) // groups
    if channels == 1: return sums / len(x)
    return np.repeat(sums.reshape(groups, channels) @ np.ones(channels, x.dtype), channels) / (len(x) * channels)


def pieces(x: Array) -> Iterator[slice]: return tiles(len(x), bytes_each=3 * x[:1].nbytes)
