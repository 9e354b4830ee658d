r"""conv, + bias, relu and max pooling as one kernel: the block that image classifiers are built from.

    y = max_pool(relu(x * w + b)),  pooled over windows that do not overlap

An activation of this block is read and written by every step of the formula, and that traffic costs more than the
convolution's arithmetic.  Three identities keep it in the cache:

    relu and + b commute with the maximum:    y = max(0, b + max over q of (x * w)[p * pool + q])
    one convolution per window offset q:      Y_q = P_q w, each contiguous; the maximum runs over whole arrays
    of Y only who won is kept:                a byte for each number, the conv itself is not computed again

It pays while the patches are narrow, a first layer's: 2.1 x with 9 numbers (2.4 x on larger batches), 1.3 x with 27,
1.07 x with 75; beyond, arithmetic rules.

The gradient of y goes to the first q that reached the maximum, if that is positive: G_q = g [y > 0] [q won], and

    db = sum of g [y > 0],    dw = sum over q of P_q^T G_q,    dx = conv_x of the G_q, each in its place.
"""

from collections.abc import Iterator
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfm.kernels.conv import Type, add_matmul, check_channels, conv_x, empty_patches, matmul
from tinyfm.kernels.windows import Pairs, Sizes, Touch, Windows, check_output, copy_pixels, slide, tiles, touching

Array = NDArray[Any]

NARROW = 80    # numbers in a patch, up to which this block is faster than its parts


def conv_relu_pool(x: Array, w: Array, b: Array, *, pool_size: Sizes, strides: Sizes, padding: Pairs,
                   dilation: Sizes, won: Array | None = None) -> Array:
    """y = max_pool(relu(conv(x, w) + b)), x: (batch, *spatial, c_in), b: (c_out,).  pool_size: also the pool's strides.

    Pixels that do not fill a last pooling window are left out.  Raises ShapeError as conv and max_pool do.
    won: where to note which offset gave the maximum, (offsets, *the shape of y) booleans.
    """
    windows, firsts = pooled_windows(x.shape, w.shape, pool_size, strides, padding, dilation)
    y = np.empty((len(x), *windows.out, w.shape[-1]), np.result_type(x, w, b))
    kernel, offset = w.reshape(-1, w.shape[-1]).astype(y.dtype, copy=False), np.empty((0, w.shape[-1]), y.dtype)
    for images, patches, each in tiled(x, w, windows, firsts, y.dtype):
        best = largest(matmul(patches, kernel, out=each))
        if won is not None: note_first(each, best, won[:, images])
        if len(offset) != len(best): offset = np.full(best.shape, b, y.dtype)   # whole: 2 x faster
        np.maximum(best, -offset, out=best)                                        # max(a + b, 0) = max(a, -b) + b
        np.add(best, offset, out=y[images].reshape(best.shape))
    return y


def conv_relu_pool_won(x: Array, w: Array, b: Array, *, pool_size: Sizes, strides: Sizes, padding: Pairs,
                       dilation: Sizes) -> tuple[Array, Array]:
    """(y, won) of conv_relu_pool: what the gradients need."""
    windows, _ = pooled_windows(x.shape, w.shape, pool_size, strides, padding, dilation)
    won = np.empty((prod(pool_size), len(x), *windows.out, w.shape[-1]), bool)
    return conv_relu_pool(x, w, b, pool_size=pool_size, strides=strides, padding=padding, dilation=dilation,
                          won=won), won


def conv_relu_pool_gradients(g: Array, x: Array, w: Array, y: Array, won: Array, *, pool_size: Sizes, strides: Sizes,
                             padding: Pairs, dilation: Sizes, wants: tuple[bool, bool, bool] = (True, True, True),
                             ) -> tuple[Array | None, Array | None, Array | None]:
    """The gradients of x, w and b where that of y = conv_relu_pool(x, w, b) is g; None for what `wants` leaves out."""
    windows, firsts = pooled_windows(x.shape, w.shape, pool_size, strides, padding, dilation)
    check_output(x.shape, y.shape, windows)
    check_output(x.shape, g.shape, windows)
    dtype = np.result_type(g, x, w)
    dx = np.empty(x.shape, dtype) if wants[0] else None
    dw, db = np.zeros((prod(pool_size), prod(w.shape[:-1]), w.shape[-1]), dtype), np.zeros(w.shape[-1:], dtype)
    for images, patches, each in tiled(x, w, windows, firsts, dtype):
        above = (g[images] * (y[images] > 0)).reshape(each.shape[1:])              # the gradient before the relu
        db += np.ones(len(above), dtype) @ above                                   # 8 x faster than above.sum(axis=0)
        for one, first in zip(each, won[:, images], strict=True):
            np.multiply(above, first.reshape(above.shape), out=one)
        if wants[1]: add_matmul(patches, each, out=dw)
        if dx is not None:
            convolution = slide(x.shape[1:-1], w.shape[:-2], strides, padding, dilation)
            dx[images] = conv_x(unpooled(each, windows.out, convolution.out, pool_size), w, size=x.shape[1:-1],
                                strides=strides, padding=padding, dilation=dilation)
    return dx, np.add.reduce(dw).reshape(w.shape) if wants[1] else None, db if wants[2] else None


def largest(each: Array) -> Array:
    """max over q of each[q], as a new array."""
    if len(each) == 1: return each[0].copy()
    best = np.maximum(each[0], each[1])
    for one in each[2:]: np.maximum(best, one, out=best)
    return best


def note_first(each: Array, best: Array, won: Array) -> None:
    """won[q] <- where each[q] was the first to be the largest."""
    free = np.ones(best.shape, bool)
    for one, first in zip(each, won, strict=True):
        first = first.reshape(best.shape)
        np.equal(one, best, out=first)
        first &= free
        free ^= first


def unpooled(each: Array, pooled: Sizes, out: Sizes, pool_size: Sizes) -> Array:
    """each: (q, pixels, c), pixels = (images, *pooled), put back in place: (images, *out, c)."""
    q, pixels, c = each.shape
    each = each.reshape(q, pixels // prod(pooled), *pooled, c)
    full = np.zeros((each.shape[1], *out, c), each.dtype)
    for one, offset in zip(each, np.ndindex(*pool_size), strict=True):
        places = (slice(i, m * n, m) for i, m, n in zip(offset, pool_size, pooled, strict=True))
        copy_pixels(full[(slice(None), *places)], one)
    return full


def tiled(x: Array, w: Array, windows: Windows, firsts: list[int],
          dtype: Type) -> Iterator[tuple[slice, Array, Array]]:
    """Yield, tile by tile: which images, patches P (q, pixels, k c), room for P w (q, pixels, c_out); reused."""
    width = prod(w.shape[:-1])
    x = x.reshape(*x.shape[:-1], 1, x.shape[-1])
    offsets = len(windows.touches) * x.shape[-1] // width
    each = np.empty((offsets, 0, w.shape[-1]), dtype)
    for images in tiles(len(x), bytes_each=prod(windows.out) * offsets * (width + w.shape[-1]) * dtype.itemsize):
        tile = x[images]
        if each.shape[1] != len(tile) * prod(windows.out):
            cells, patches = empty_patches((len(tile), windows.out[0]), windows, x.shape[-2:], dtype)
            patches = patches.reshape(-1, offsets, width).swapaxes(0, 1)
            each = np.empty((*patches.shape[:2], w.shape[-1]), dtype)
        for i, (first, (read, by)) in enumerate(zip(firsts, windows.touches, strict=True)):
            if first < i: copy_pixels(cells[i], cells[first])
            else: copy_pixels(cells[i][by], tile[read])
        yield images, patches, each


@lru_cache(maxsize=512)
def pooled_windows(x: Sizes, w: Sizes, pool_size: Sizes, strides: Sizes, padding: Pairs,
                   dilation: Sizes) -> tuple[Windows, list[int]]:
    """For each offset of a pooling window, the convolution of just the pixels at that offset: all their touches.

    Also, for each touch, the place of the first one equal to it: neighbours under a pooling window overlap.
    """
    check_channels(x, w, 1)
    size, kernel, ones, none = x[1:-1], w[:-2], (1,) * len(pool_size), ((0, 0),) * len(pool_size)
    convolution = slide(size, kernel, strides, padding, dilation)
    out = slide(convolution.out, pool_size, pool_size, none, ones).out
    steps = tuple(s * m for s, m in zip(strides, pool_size, strict=True))
    touches: list[Touch] = []
    for offset in np.ndindex(*pool_size):
        before = tuple(p[0] - i * s for p, i, s in zip(padding, offset, strides, strict=True))
        touches += touching(size, kernel, steps, before, dilation, out)
    return Windows(size, out, touches, inside=False, disjoint=False), [touches.index(touch) for touch in touches]
