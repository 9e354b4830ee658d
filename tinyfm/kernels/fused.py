r"""conv, + bias, relu and max pooling as one kernel: the block that image classifiers are built from.

    y = max_pool(relu(x * w + b)),  pooled over windows that do not overlap

An activation of this block is read and written by every step of the formula, and that traffic costs more than the
convolution's arithmetic.  Four things keep it in the cache, and the passes over it few:

    relu commutes with the maximum:           y = max(0, max over q of (x * w + b)[p * pool + q])
    one convolution per window offset q:      Y_q = P_q w, each contiguous; the maximum runs over whole arrays
    the bias is one more row of w:            [P_q 1] [w; b] = P_q w + b, and its gradient comes with that of w
    of Y only who won is kept:                a byte for each number, the conv itself is not computed again; the
                                              patches are kept too where they are smaller than Y

It pays while the patches are narrow, a first layer's.  There and back, beside conv_activated and max_pool: 2.5 x faster
with 9 numbers (2.8 x on larger batches), 2.0 x with 27, 1.1 to 1.3 x with 75; beyond, arithmetic rules.

The gradient of y goes to the first q that reached the maximum, if that is positive: G_q = g [q won], and

    [dw; db] = sum over q of [P_q 1]^T G_q,    dx = conv_x of the G_q, each in its place.
"""

from collections.abc import Iterator
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tinyfm.errors import ShapeError
from tinyfm.kernels.conv import FEW_CHANNELS, Type, add_matmul, check_channels, conv_x, matmul
from tinyfm.kernels.windows import Pairs, Sizes, Touch, Windows, check_output, copy_pixels, slide, tiles, touching

Array = NDArray[Any]

NARROW = 80    # numbers in a patch, up to which this block is faster than its parts


class Kept(NamedTuple):
    """What the gradients need of the way there.

    won: which offset gave the maximum, (offsets, *the shape of y) booleans; none where y is 0.
    patches: of each tile, (which images, [P 1]); empty where they are made again.
    """

    won: Array
    patches: list[tuple[slice, Array]]


def conv_relu_pool(x: Array, w: Array, b: Array, *, pool_size: Sizes, strides: Sizes, padding: Pairs,
                   dilation: Sizes, kept: Kept | None = None) -> Array:
    """y = max_pool(relu(conv(x, w) + b)), x: (batch, *spatial, c_in), b: (c_out,).  pool_size: also the pool's strides.

    Pixels that do not fill a last pooling window are left out.  Raises ShapeError as conv and max_pool do.
    kept: where to put what the gradients need.
    """
    windows, firsts = pooled_windows(x.shape, w.shape, pool_size, strides, padding, dilation)
    y = np.empty((len(x), *windows.out, w.shape[-1]), np.result_type(x, w, b))
    kernel, room = with_bias(w, b, y.dtype), np.empty((0, w.shape[-1]), y.dtype)
    small = kept is not None and len(kernel) <= w.shape[-1]
    for images, patches in tiled(x, w, windows, firsts, y.dtype, anew=small):
        if len(room) != patches.shape[1]:
            room = np.empty((patches.shape[1], w.shape[-1]), y.dtype)
            zero = np.zeros_like(room)                                             # whole: 3 x faster than a number
        best, out = zero, y[images].reshape(room.shape)
        for q, patch in enumerate(patches):
            matmul(patch, kernel, out=room)
            if kept: np.greater(room, best, out=kept.won[q, images].reshape(room.shape))
            best = np.maximum(room, best, out=out)
        if kept: keep_last(kept.won[:, images])
        if kept and small: kept.patches.append((images, patches))
    return y


def conv_relu_pool_kept(x: Array, w: Array, b: Array, *, pool_size: Sizes, strides: Sizes, padding: Pairs,
                        dilation: Sizes) -> tuple[Array, Kept]:
    """(y, kept) of conv_relu_pool."""
    windows, _ = pooled_windows(x.shape, w.shape, pool_size, strides, padding, dilation)
    kept = Kept(np.empty((prod(pool_size), len(x), *windows.out, w.shape[-1]), bool), [])
    return conv_relu_pool(x, w, b, pool_size=pool_size, strides=strides, padding=padding, dilation=dilation,
                          kept=kept), kept


def conv_relu_pool_gradients(g: Array, x: Array, w: Array, kept: Kept, *, pool_size: Sizes, strides: Sizes,
                             padding: Pairs, dilation: Sizes, wants: tuple[bool, bool, bool] = (True, True, True),
                             ) -> tuple[Array | None, Array | None, Array | None]:
    """The gradients of x, w and b where that of y = conv_relu_pool(x, w, b) is g; None for what `wants` leaves out."""
    windows, firsts = pooled_windows(x.shape, w.shape, pool_size, strides, padding, dilation)
    check_output(x.shape, kept.won.shape[1:], windows)
    check_output(x.shape, g.shape, windows)
    convolution, dtype = slide(x.shape[1:-1], w.shape[:-2], strides, padding, dilation), np.result_type(g, x, w)
    places = [offset_places(offset, windows.out, pool_size) for offset in np.ndindex(*pool_size)]
    dx = np.empty(x.shape, dtype) if wants[0] else None
    both = np.zeros((prod(w.shape[:-1]) + 1, w.shape[-1]), dtype)
    room = np.empty((0, w.shape[-1]), dtype)
    for images, patches in kept.patches or tiled(x, w, windows, firsts, dtype):
        if len(room) != patches.shape[1]: room = np.empty((patches.shape[1], w.shape[-1]), dtype)
        above = g[images].reshape(room.shape)
        full: Any = None if dx is None else np.zeros((len(g[images]), *convolution.out, w.shape[-1]), dtype)
        for q, patch in enumerate(patches):
            np.multiply(above, kept.won[q, images].reshape(room.shape), out=room)
            if wants[1] or wants[2]: add_matmul(patch, room, out=both)
            if full is not None: copy_pixels(full[places[q]], room.reshape(g[images].shape))
        if dx is not None:
            dx[images] = conv_x(full, w, size=x.shape[1:-1], strides=strides, padding=padding, dilation=dilation)
    return dx, both[:-1].reshape(w.shape) if wants[1] else None, both[-1].copy() if wants[2] else None


def with_bias(w: Array, b: Array, dtype: Type) -> Array:
    """[w; b]: the kernel as a matrix, (k c_in + 1, c_out)."""
    if b.shape != w.shape[-1:]: raise ShapeError(f"b has shape {b.shape}; expected {w.shape[-1:]}")
    return np.concatenate([w.reshape(-1, w.shape[-1]), b[None]], dtype=dtype)


def keep_last(won: Array) -> None:
    """won[q] <- won[q] and no later one: of those that led up to their turn, the last is the first of the largest."""
    later = won[-1].copy()
    for leads in won[-2::-1]:
        np.greater(leads, later, out=leads)                                        # leads and not later
        later |= leads


def offset_places(offset: Sizes, pooled: Sizes, pool_size: Sizes) -> tuple[slice, ...]:
    """Where, in (images, *spatial, c), the pixels at one offset of every pooling window lie."""
    return (slice(None), *(slice(i, m * n, m) for i, m, n in zip(offset, pool_size, pooled, strict=True)))


def tiled(x: Array, w: Array, windows: Windows, firsts: list[int], dtype: Type,
          anew: bool = False) -> Iterator[tuple[slice, Array]]:
    """Yield, tile by tile: which images, patches [P 1] (q, pixels, k c + 1); overwritten by the next, unless `anew`."""
    width, c = prod(w.shape[:-1]), x.shape[-1]
    offsets, count = len(windows.touches) * c // width, 0
    for images in tiles(len(x), bytes_each=prod(windows.out) * offsets * (width + w.shape[-1]) * dtype.itemsize):
        tile = x[images]
        if anew or len(tile) != count:
            count = len(tile)
            cells, patches = empty_patches(offsets, width // c, c, (count, *windows.out), dtype, windows.inside)
        for i, (first, (read, by)) in enumerate(zip(firsts, windows.touches, strict=True)):
            if first < i: copy_pixels(cells[i], cells[first])
            else: copy_pixels(cells[i][by], tile[read])
        yield images, patches


def empty_patches(q: int, k: int, c: int, pixels: Sizes, dtype: Type, inside: bool) -> tuple[list[Array], Array]:
    """Room and a column of ones, seen in two ways: q k arrays (*pixels, c), and matrices (q, pixels, k c + 1).

    The copies run along the pixels where channels are few, else along the channels.  Zeros, unless all is `inside`.
    """
    room = np.empty if inside else np.zeros
    if c <= FEW_CHANNELS:
        memory = room((q, k * c + 1, *pixels), dtype)
        memory[:, -1] = 1
        cells = np.moveaxis(memory[:, :-1].reshape(q, k, c, *pixels), 2, -1)
        matrices = memory.reshape(q, k * c + 1, prod(pixels)).swapaxes(1, 2)
    else:
        memory = room((q, *pixels, k * c + 1), dtype)
        memory[..., -1] = 1
        cells = np.moveaxis(memory[..., :-1].reshape(q, *pixels, k, c), -2, 1)
        matrices = memory.reshape(q, prod(pixels), k * c + 1)
    return [cell for one in cells for cell in one], matrices


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
    return Windows(size, out, touches, convolution.inside, disjoint=False), [touches.index(touch) for touch in touches]
