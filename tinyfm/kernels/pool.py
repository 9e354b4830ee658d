"""Max and average pooling and their adjoints, over any number of spatial axes, channels last.

    max:      y[n, p, c] = max over k  of x[n, p * strides + k * dilation - before, c]
    average:  y[n, p, c] = sum over k  of x[n, p * strides + k - before, c] / count[p]

The formula visits every window; the fast way loops over the few offsets k and moves, for each, all windows p at once.
Padding never wins and never counts (unless count_include_pad asks for it): a window sees only what is inside x.
Of equal maxima the first in row-major order wins, as in PyTorch, and a NaN beats every number.

max_pool is linear once it is known who won: take(x, won) and place(g, won) are each other's adjoints, as are
avg_pool and avg_pool_x; that is all it needs for derivatives of every order.
"""

from collections.abc import Iterator
from functools import reduce
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfm.errors import ShapeError
from tinyfm.kernels.windows import Pairs, Sizes, Windows, check_output, copy_pixels, slide, tiles

Array = NDArray[Any]


def max_pool(x: Array, *, pool_size: Sizes, strides: Sizes, padding: Pairs, dilation: Sizes,
             ceil_mode: bool = False) -> Array:
    """y[p] = the largest x under window p.  x: (batch, *spatial, channels), y: (batch, *out, channels).

    Raises ShapeError if a window is larger than the padded input, or would see nothing but padding.
    """
    windows = pooling(x.shape, pool_size, strides, padding, dilation, ceil_mode)
    y = np.empty((len(x), *windows.out, x.shape[-1]), x.dtype)
    for images, scratch in scratch_tiles(y, windows):
        best, tile, touches = y[images], x[images], windows.touches
        if windows.inside:
            copy_pixels(best, tile[touches[0][0]])
            touches = touches[1:]
        else: best[...] = -np.inf
        for read, by in touches: np.maximum(best[by], gather(tile[read], scratch), out=best[by])
    return y


def max_pool_x(g: Array, x: Array, y: Array, *, pool_size: Sizes, strides: Sizes, padding: Pairs, dilation: Sizes,
               ceil_mode: bool = False) -> Array:
    """The gradient of x when that of y = max_pool(x) is g: each window hands its g to the pixel that won it."""
    windows = pooling(x.shape, pool_size, strides, padding, dilation, ceil_mode)
    check_output(x.shape, y.shape, windows)
    check_output(x.shape, g.shape, windows)
    dx, any_nan = zeros(x.shape, g.dtype, windows), np.isnan(np.max(y, initial=-np.inf))
    for images, scratch in scratch_tiles(y, windows):
        free = np.ones(scratch.shape, bool)                                # windows whose winner is still to come
        share = scratch if g.dtype == y.dtype else np.empty(scratch.shape, g.dtype)
        for read, by in windows.touches:
            value = gather(x[images][read], scratch)
            won = value == y[images][by]
            if any_nan: won |= value != value
            won &= free[by]
            free[by] ^= won
            scatter(np.multiply(g[images][by], won, out=share[by]), dx[images][read], windows)
    return dx


def winners(x: Array, y: Array, *, pool_size: Sizes, strides: Sizes, padding: Pairs, dilation: Sizes,
            ceil_mode: bool = False) -> Array:
    """Which offset of the window, 0, 1, ... in row-major order, gave y = max_pool(x); unsigned integers like y."""
    windows = pooling(x.shape, pool_size, strides, padding, dilation, ceil_mode)
    check_output(x.shape, y.shape, windows)
    count, any_nan = len(windows.touches), np.isnan(np.max(y, initial=-np.inf))
    rank = np.zeros(y.shape, np.min_scalar_type(count))             # count for the first offset, ..., 1 for the last
    for images, scratch in scratch_tiles(y, windows):
        for k, (read, by) in enumerate(windows.touches):
            value, best = gather(x[images][read], scratch), rank[images][by]
            won = value == y[images][by]
            if any_nan: won |= value != value
            np.maximum(best, won.view(np.uint8) * rank.dtype.type(count - k), out=best)
    return np.subtract(count, rank, out=rank, casting="unsafe")


def take(x: Array, won: Array, *, pool_size: Sizes, strides: Sizes, padding: Pairs, dilation: Sizes,
         ceil_mode: bool = False) -> Array:
    """y[p] = the x under window p at the offset won[p]."""
    windows = pooling(x.shape, pool_size, strides, padding, dilation, ceil_mode)
    check_output(x.shape, won.shape, windows)
    y = np.zeros(won.shape, x.dtype)
    for images, scratch in scratch_tiles(y, windows):
        for k, (read, by) in enumerate(windows.touches):
            y[images][by] += gather(x[images][read], scratch) * (won[images][by] == k)
    return y


def place(g: Array, won: Array, *, size: Sizes, pool_size: Sizes, strides: Sizes, padding: Pairs, dilation: Sizes,
          ceil_mode: bool = False) -> Array:
    """The adjoint of take in x: add g[p] to the pixel at offset won[p] of window p.  `size` is x's spatial size."""
    x_shape = (len(g), *size, g.shape[-1])
    windows = pooling(x_shape, pool_size, strides, padding, dilation, ceil_mode)
    check_output(x_shape, g.shape, windows)
    x = zeros(x_shape, g.dtype, windows)
    for images, scratch in scratch_tiles(g, windows):
        for k, (read, by) in enumerate(windows.touches):
            np.multiply(g[images], won[images] == k, out=scratch)
            scatter(scratch[by], x[images][read], windows)
    return x


def avg_pool(x: Array, *, pool_size: Sizes, strides: Sizes, padding: Pairs, ceil_mode: bool = False,
             count_include_pad: bool = False) -> Array:
    """y[p] = the mean of x under window p.  count_include_pad: padding counts as zeros, as PyTorch does by default."""
    windows = pooling(x.shape, pool_size, strides, padding, (1,) * len(pool_size), ceil_mode)
    y = np.zeros((len(x), *windows.out, x.shape[-1]), x.dtype)
    count = counts(x.shape, pool_size, strides, padding, windows, count_include_pad).astype(x.dtype)
    for images, scratch in scratch_tiles(y, windows):
        for read, by in windows.touches:
            total = y[images][by]
            np.add(total, gather(x[images][read], scratch), out=total)
        y[images] /= count
    return y


def avg_pool_x(g: Array, *, size: Sizes, pool_size: Sizes, strides: Sizes, padding: Pairs, ceil_mode: bool = False,
               count_include_pad: bool = False) -> Array:
    """The adjoint of avg_pool: each window spreads its g equally.  `size` is x's spatial size."""
    x_shape = (len(g), *size, g.shape[-1])
    windows = pooling(x_shape, pool_size, strides, padding, (1,) * len(pool_size), ceil_mode)
    check_output(x_shape, g.shape, windows)
    x = zeros(x_shape, g.dtype, windows)
    count = counts(x_shape, pool_size, strides, padding, windows, count_include_pad).astype(g.dtype)
    for images, scratch in scratch_tiles(g, windows):
        np.divide(g[images], count, out=scratch)
        for read, by in windows.touches:
            scatter(scratch[by], x[images][read], windows)
    return x


def gather(source: Array, scratch: Array) -> Array:
    """`source` made contiguous in scratch if it fills that: what follows then runs 2 x faster, the copy included.

    (On strided operands NumPy's arithmetic goes through a small buffer; its copy does not.)
    """
    if source.shape != scratch.shape: return source
    copy_pixels(scratch, source)
    return scratch


def scatter(source: Array, target: Array, windows: Windows) -> None:
    """target += source, where `target` is still 0 if no other window touches it."""
    if windows.disjoint: copy_pixels(target, source)
    else: target += source


def zeros(shape: Sizes, dtype: Any, windows: Windows) -> Array:
    """What `scatter` starts from: zeros, unless it writes every pixel exactly once."""
    once = windows.disjoint and windows.inside and len(windows.touches) * prod(windows.out) == prod(windows.size)
    return np.empty(shape, dtype) if once else np.zeros(shape, dtype)


def scratch_tiles(y: Array, windows: Windows) -> Iterator[tuple[slice, Array]]:
    """Cut the batch into tiles that stay in cache: (which images, scratch like y[images], used for every tile)."""
    scratch = np.empty((0, *y.shape[1:]), y.dtype)
    for images in tiles(len(y), bytes_each=y[:1].nbytes * (len(windows.touches) + 3)):
        if len(scratch) != images.stop - images.start: scratch = np.empty_like(y[images], order="C")
        yield images, scratch


def pooling(x: Sizes, pool_size: Sizes, strides: Sizes, padding: Pairs, dilation: Sizes, ceil_mode: bool) -> Windows:
    """The windows over x; raises ShapeError if one of them would see nothing but padding."""
    if len(x) != len(pool_size) + 2:
        raise ShapeError(f"x must be (batch, *spatial, channels) with as many spatial axes as pool_size {pool_size}; "
                         f"received x of shape {x}")
    windows = slide(x[1:-1], pool_size, strides, padding, dilation, ceil_mode)
    if not windows.inside and not sees_pixels(windows).all():
        raise ShapeError(f"padding {padding} leaves some window of {pool_size} with nothing but padding to look at; "
                         "pad by at most half a window")
    return windows


def sees_pixels(windows: Windows) -> Array:
    seen = np.zeros((1, *windows.out, 1), bool)
    for _, by in windows.touches: seen[by] = True
    return seen


def counts(x: Sizes, pool_size: Sizes, strides: Sizes, padding: Pairs, windows: Windows, with_padding: bool) -> Array:
    """How many pixels count under each window: (*out, 1).  Past the padding, where ceil_mode may reach, none do."""
    per_axis = []
    for n, k, stride, (before, after), out in zip(x[1:-1], pool_size, strides, padding, windows.out, strict=True):
        first, last = (-before, n + after) if with_padding else (0, n)
        start = np.arange(out) * stride - before
        per_axis.append(np.minimum(start + k, last) - np.maximum(start, first))
    return np.asarray(reduce(np.multiply.outer, per_axis))[..., None]
