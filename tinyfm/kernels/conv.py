r"""Convolution and its two adjoints, over any number of spatial axes, channels last.

    y[n, p, o] = sum over k, c of  x[n, p * strides + k * dilation - before, c]  w[k, c, o]       (x is 0 outside)

<g, conv(x, w)> is linear in each of g, x and w; its other two partial contractions are conv_x(g, w) and
conv_w(x, g).  So each of the three is differentiated by the other two, to any order.

The fast way is one matrix product for many pixels.  Copy the patch under every output pixel into a row of a matrix P,
(pixels, k c); then (Chellapilla et al. 2006)

    conv: y = P w,    conv_w: w = P^T y,    conv_x: add the rows of y w^T back to where P took its pixels from.

The relation "p reads through k" has two ends, and it is as well to walk it from the other: with Q, (pixels of x, k o),
what every input pixel is read by,

    conv_x: x = Q w^T,    conv_w: w = x^T Q,    conv: add the rows of x w to where they are read.

Taken is the end with fewer numbers to copy.  Images are worked on as many at a time as fit into the cache, in scratch
that the next tile uses again: fresh memory costs more than the arithmetic.
"""

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfm.errors import ShapeError
from tinyfm.kernels.windows import Grid, Pairs, Sizes, Windows, check_output, copy_pixels, run, slide, tiles, within

Array = NDArray[Any]
Type = np.dtype[Any]

FEW_CHANNELS = 4
SMALL_PRODUCT = 1_000_000    # multiplications, up to which OpenBLAS's kernels for small matrices run


def conv(x: Array, w: Array, *, strides: Sizes, padding: Pairs, dilation: Sizes, groups: int = 1) -> Array:
    """y = x * w.  x: (batch, *spatial, c_in), w: (*kernel, c_in / groups, c_out), y: (batch, *out, c_out).

    strides, dilation: one integer per spatial axis; padding: a pair (before, after) per spatial axis.
    Raises ShapeError if the shapes do not fit together or the kernel is larger than the padded input.
    """
    check_channels(x.shape, w.shape, groups)
    windows = slide(x.shape[1:-1], w.shape[:-2], strides, padding, dilation)
    kernels = per_offset(w, groups)                                                             # (k, g, c, o)
    if 2 * prod(x.shape[1:-1]) * w.shape[-1] < prod(windows.out) * x.shape[-1]:
        return scatter(x, kernels[::-1], windows.mirrored())
    return gather(x, kernels, windows)


def conv_x(y: Array, w: Array, *, size: Sizes, strides: Sizes, padding: Pairs, dilation: Sizes,
           groups: int = 1) -> Array:
    """The adjoint of conv in x (transpose convolution): <conv_x(y, w), x> = <y, conv(x, w)>.

    `size` is x's spatial size: with strides, several sizes of x give the same size of y.
    """
    x_shape = (len(y), *size, w.shape[-2] * groups)
    check_channels(x_shape, w.shape, groups)
    windows = slide(size, w.shape[:-2], strides, padding, dilation)
    check_output(x_shape, y.shape, windows)
    kernels = per_offset(w, groups).swapaxes(2, 3)                                              # (k, g, o, c)
    if prod(size) * y.shape[-1] <= 2 * prod(windows.out) * x_shape[-1]:
        return gather(y, kernels[::-1], windows.mirrored())
    return scatter(y, kernels, windows)


def conv_w(x: Array, y: Array, *, size: Sizes, strides: Sizes, padding: Pairs, dilation: Sizes,
           groups: int = 1) -> Array:
    """The adjoint of conv in w: <conv_w(x, y), w> = <y, conv(x, w)>.  `size` is the kernel's spatial size."""
    w_shape = (*size, x.shape[-1] // groups, y.shape[-1])
    check_channels(x.shape, w_shape, groups)
    windows = slide(x.shape[1:-1], size, strides, padding, dilation)
    check_output(x.shape, y.shape, windows)
    if prod(x.shape[1:-1]) * y.shape[-1] < prod(windows.out) * x.shape[-1]:
        kernels = products(y, x, windows.mirrored(), groups)[::-1].swapaxes(2, 3)
    else: kernels = products(x, y, windows, groups)
    return np.ascontiguousarray(kernels.swapaxes(1, 2)).reshape(w_shape)


# ------------------------------------------------------------ by patches

def gather(x: Array, kernels: Array, windows: Windows) -> Array:
    """y[by] = sum over offsets of x[read] kernel, one product P w for each tile.  kernels: (k, g, c, o)."""
    k, g, c, o = kernels.shape
    y = np.empty((len(x), *windows.out, g * o), np.result_type(x, kernels))
    kernel = kernels.swapaxes(0, 1).reshape(g, k * c, o).astype(y.dtype, copy=False)
    for tile, patches in tiled_patches(x, windows, g, y.dtype):
        matmul(patches, kernel, out=by_group(y[tile], g))
    return y


def products(x: Array, y: Array, windows: Windows, groups: int) -> Array:
    """sum over pixels of x[read]^T y[by] for every offset: (k, g, c, o), one product P^T y for each tile."""
    k, c, o = len(windows.touches), x.shape[-1] // groups, y.shape[-1] // groups
    total = np.zeros((groups, k * c, o), np.result_type(x, y))
    for tile, patches in tiled_patches(x, windows, groups, total.dtype):
        add_matmul(patches, by_group(y[tile], groups), out=total)
    return total.reshape(groups, k, c, o).swapaxes(0, 1)


def tiled_patches(x: Array, windows: Windows, groups: int, dtype: Type) -> Iterator[tuple[Any, Array]]:
    """Yield, tile by tile, (which images and rows of the output, their patches: (g, pixels, k c)).

    A tile is several images, or some rows of one that is large.  The next tile overwrites the patches.
    """
    if windows.pointwise:                                                           # the patches are x itself
        yield slice(None), by_group(x.astype(dtype, copy=False), groups)
        return
    if windows.grid and groups == 1 and x.shape[-1] > FEW_CHANNELS:
        yield from tiled_rows(x, windows, windows.grid, dtype)
        return
    x = x.reshape(*x.shape[:-1], groups, x.shape[-1] // groups)
    row_bytes = dtype.itemsize * len(windows.touches) * prod(windows.out[1:]) * prod(x.shape[-2:])
    cells, patches = empty_patches((0, 0), windows, x.shape[-2:], dtype)
    for images in tiles(len(x), bytes_each=windows.out[0] * row_bytes):
        count = images.stop - images.start
        for rows in tiles(windows.out[0], bytes_each=count * row_bytes):
            extent, source = (count, rows.stop - rows.start), x[images]
            if cells.shape[1:3] != extent: cells, patches = empty_patches(extent, windows, x.shape[-2:], dtype)
            touches = windows.touches
            if extent[1] < windows.out[0]:
                touches = [within(touch, rows) for touch in touches]
                cells[...] = 0                                                      # another part of the border
            for cell, (read, by) in zip(cells, touches, strict=True):
                copy_pixels(cell[by], source[read])                                 # pixels outside x stay 0
            yield (images, rows), patches


def empty_patches(extent: tuple[int, int], windows: Windows, channels: Sizes, dtype: Type) -> tuple[Array, Array]:
    """Zeros seen in two ways: by window offset (k, *extent, *out[1:], g, c), and as the matrices (g, pixels, k c).

    extent: (images, rows of each).  The copies run along the last axis in memory: the channels, or the pixels where
    channels are few.
    """
    (g, c), k, pixels = channels, len(windows.touches), (*extent, *windows.out[1:])
    if c <= FEW_CHANNELS:
        memory = np.zeros((g, k, c, *pixels), dtype)
        return np.moveaxis(memory, (1, 0, 2), (0, -2, -1)), memory.reshape(g, k * c, prod(pixels)).swapaxes(1, 2)
    memory = np.zeros((g, *pixels, k, c), dtype)
    return np.moveaxis(memory, (-2, 0), (0, -2)), memory.reshape(g, prod(pixels), k * c)


def tiled_rows(x: Array, windows: Windows, grid: Grid, dtype: Type) -> Iterator[tuple[Any, Array]]:
    """The same where channels are many: a row of the window lies in one piece, once x has its border of zeros."""
    out, room = windows.out, np.empty((0, 0))
    row_bytes = dtype.itemsize * prod((*grid.kernel, *out[1:], x.shape[-1]))
    for images, padded in bordered(x, windows, grid, dtype, bytes_each=out[0] * row_bytes):
        for rows in tiles(out[0], bytes_each=len(padded) * row_bytes):
            seen = sight(padded, windows, grid, rows)
            if room.shape[:-1] != seen.shape: room = np.empty((*seen.shape, seen.itemsize // dtype.itemsize), dtype)
            room.view(seen.dtype)[..., 0] = seen
            yield (images, rows), room.reshape(1, prod(seen.shape[:len(out) + 1]), -1)


def bordered(x: Array, windows: Windows, grid: Grid, dtype: Type, bytes_each: int) -> Iterator[tuple[slice, Array]]:
    """Yield, tile by tile: which images, and they in one piece with zeros where the windows reach past their border."""
    pads, room = borders(windows, grid), np.zeros(0, dtype)
    inner = (slice(None), *(slice(low, low + n) for n, (low, _) in zip(windows.size, pads, strict=True)))
    for images in tiles(len(x), bytes_each):
        tile = x[images]
        shape = (len(tile), *(low + n + high for n, (low, high) in zip(windows.size, pads, strict=True)), x.shape[-1])
        if shape == tile.shape: yield images, np.ascontiguousarray(tile, dtype)
        else:
            if room.shape != shape: room = np.zeros(shape, dtype)
            room[inner] = tile
            yield images, room


def borders(windows: Windows, grid: Grid) -> list[tuple[int, int]]:
    """How many pixels the windows reach past the input at both ends of each axis."""
    return [(max(0, -first), max(0, first + (out - 1) * s + (k - 1) * d - size + 1))
            for size, out, first, s, k, d in zip(windows.size, windows.out, *grid, strict=True)]


def sight(padded: Array, windows: Windows, grid: Grid, rows: slice) -> Array:
    """What these rows of the output see: a view (images, rows, *out[1:], *kernel) of pixels that lie together."""
    whole = grid.dilation[-1] == 1                                                  # a row of the window: one item
    kernel, item = (grid.kernel[:-1], grid.kernel[-1]) if whole else (grid.kernel, 1)
    images, *steps, pixel = padded.strides
    starts = [max(first, 0) for first in grid.first]
    starts[0] += rows.start * grid.strides[0]
    return np.ndarray((len(padded), rows.stop - rows.start, *windows.out[1:], *kernel),
                      f"V{item * padded.shape[-1] * pixel}", padded, sum(n * m for n, m in zip(starts, steps)),
                      (images, *(s * m for s, m in zip(grid.strides, steps)),
                       *(d * m for d, m in zip(grid.dilation[:len(kernel)], steps))))


# ------------------------------------------------------------ by adding back

def scatter(y: Array, kernels: Array, windows: Windows) -> Array:
    """x[read] += y[by] kernel for every offset.  kernels: (k, g, o, c)."""
    k, g, o, c = kernels.shape
    x = np.zeros((len(y), *windows.size, g * c), np.result_type(y, kernels))
    add, width = (add_planes, o + k * c) if c <= FEW_CHANNELS else (add_pixels, o + c)
    for images in tiles(len(y), bytes_each=x.itemsize * prod(windows.out) * g * width):
        add(x[images], by_group(y[images], g), kernels, windows)
    return x


def add_pixels(x: Array, rows: Array, kernels: Array, windows: Windows) -> None:
    """Offset by offset: one product, then its rows are added.  rows: (g, pixels, o).

    With strides the pixels of x fall into phases that no offset mixes.  Each is summed by itself, where its pixels lie
    side by side, and is put in its place once: adding to every second pixel in x itself takes 2 x the time.
    """
    scratch = np.empty((len(x), *windows.out, x.shape[-1]), x.dtype)
    for phase, offsets in phases(windows):
        plane = np.zeros_like(x[phase]) if strided(phase) else x
        for i, read in offsets:
            matmul(rows, kernels[i], out=by_group(scratch, len(rows)))
            plane[read] += scratch[windows.touches[i][1]]
        if plane is not x: copy_pixels(x[phase], plane)


def phases(windows: Windows) -> Iterator[tuple[tuple[slice, ...], list[tuple[int, tuple[slice, ...]]]]]:
    """Yield (the pixels of one phase, [(offset, which of them it touches), ...])."""
    found: dict[tuple[tuple[int, int], ...], list[tuple[int, tuple[slice, ...]]]] = {}
    for i, (read, _) in enumerate(windows.touches):
        among = (run(s.start // s.step, len(range(s.start, s.stop, s.step)), 1) for s in read[1:-1])
        key = tuple((s.start % s.step, s.step) for s in read[1:-1])
        found.setdefault(key, []).append((i, (slice(None), *among, slice(None))))
    for key, offsets in found.items(): yield (slice(None), *(slice(a, None, n) for a, n in key), slice(None)), offsets


def strided(phase: tuple[slice, ...]) -> bool: return any(s.step != 1 for s in phase[1:-1])


def add_planes(x: Array, rows: Array, kernels: Array, windows: Windows) -> None:
    """One product for all offsets, added with the pixels last in memory: the faster way for few channels."""
    k, g, o, c = kernels.shape
    each = np.empty((g, k * c, rows.shape[1]), x.dtype)
    matmul(rows, kernels.transpose(1, 2, 0, 3).reshape(g, o, k * c), out=each.swapaxes(1, 2))
    each = each.reshape(g, k, c, len(x), *windows.out)
    planes = np.zeros((g, c, len(x), *windows.size), x.dtype)
    for i, (read, by) in enumerate(windows.touches):
        inside: Any = (..., *read[1:-1])
        source: Any = (slice(None), i, ..., *by[1:-1])
        planes[inside] += each[source]
    x[...] = np.moveaxis(planes, (0, 1), (-2, -1)).reshape(x.shape)


# ------------------------------------------------------------ narrow matrix products

def matmul(a: Array, b: Array, out: Array) -> Array:
    """out <- a b for stacks of matrices, a: (..., rows, k), b: (..., k, n)."""
    for rows in row_blocks(a.shape[-2], a.shape[-1] * out.shape[-1]):
        np.matmul(a[..., rows, :], b, out=out[..., rows, :])
    return out


def add_matmul(a: Array, b: Array, out: Array) -> Array:
    """out <- out + a^T b for stacks of matrices, a: (..., rows, k), b: (..., rows, n)."""
    for rows in row_blocks(a.shape[-2], a.shape[-1] * b.shape[-1]):
        out += a[..., rows, :].swapaxes(-1, -2) @ b[..., rows, :]
    return out


def row_blocks(rows: int, products_per_row: int) -> Iterator[slice]:
    """Cut the rows where that makes matrix products small enough for OpenBLAS to skip its packing of the operands.

    For narrow matrices packing takes as long as multiplying.  Wide ones are left whole.
    """
    step = SMALL_PRODUCT // max(1, products_per_row)
    if step < 256: step = max(1, rows)
    for start in range(0, rows, step): yield slice(start, start + step)


# ------------------------------------------------------------ shapes

def per_offset(w: Array, groups: int) -> Array:
    """w: (*kernel, c, g o) as (k, g, c, o)."""
    return w.reshape(prod(w.shape[:-2]), w.shape[-2], groups, w.shape[-1] // groups).swapaxes(1, 2)


def by_group(a: Array, groups: int) -> Array:
    """(..., g c) as one matrix per group, (g, rows, c); a view when `a` is contiguous."""
    return a.reshape(prod(a.shape[:-1]), groups, a.shape[-1] // groups).swapaxes(0, 1)


def check_channels(x: Sizes, w: Sizes, groups: int) -> None:
    if len(x) != len(w) or len(x) < 3:
        raise ShapeError(f"x must be (batch, *spatial, c_in) and the kernel (*spatial, c_in / groups, c_out) with the "
                         f"same number of spatial axes; received x of shape {x} and a kernel of shape {w}")
    if groups < 1 or x[-1] != w[-2] * groups:
        raise ShapeError(f"x has {x[-1]} channels, but a kernel of shape {w} in {groups} groups takes "
                         f"{w[-2]} * {groups} = {w[-2] * groups}; the kernel must be (*spatial, c_in / groups, c_out)")
    if w[-1] % groups:
        raise ShapeError(f"{w[-1]} output channels cannot be shared out among {groups} groups")
