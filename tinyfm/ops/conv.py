r"""Convolution and pooling: windows that slide over the spatial axes.  Channels last: (batch, *spatial, channels).

<g, conv(x, w)> is linear in each of g, x and w.  Its three partial contractions are three ops, and each is
differentiated by the other two; likewise what a pool takes and what its transpose puts back.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinyfm.engine import Array, Tensor, op
from tinyfm.errors import SettingError, ShapeError, user_line
from tinyfm.kernels import conv as kernels
from tinyfm.kernels import pool as pools
from tinyfm.kernels.windows import Padding, Pairs, Sizes, resolve_padding

# ------------------------------------------------------------ one trilinear form, three ops


@op(r"y = x * w", "linear",
    x=(r"\bar y *^\top w", lambda g, w, x_shape, strides, padding, dilation, groups:
       conv_x(g, w, size=x_shape[1:-1], strides=strides, padding=padding, dilation=dilation, groups=groups)),
    w=(r"x *^\top \bar y", lambda g, x, w_shape, strides, padding, dilation, groups:
       conv_w(x, g, size=w_shape[:-2], strides=strides, padding=padding, dilation=dilation, groups=groups)))
def conv(x: Array, w: Array, *, strides: Sizes, padding: Pairs, dilation: Sizes, groups: int = 1) -> Array:
    """y_{npo} = sum_{kc} x_{n, p s + k d - before, c} w_{kco}, s the strides, d the dilation.

    x: (batch, *spatial, c_in), w: (*size, c_in / groups, c_out), y: (batch, *out, c_out).
    """
    return kernels.conv(x, w, strides=strides, padding=padding, dilation=dilation, groups=groups)


@op(r"x = y *^\top w", "linear",
    y=(r"\bar x * w", lambda g, w, strides, padding, dilation, groups:
       conv(g, w, strides=strides, padding=padding, dilation=dilation, groups=groups)),
    w=(r"\bar x *^\top y", lambda g, y, w_shape, strides, padding, dilation, groups:
       conv_w(g, y, size=w_shape[:-2], strides=strides, padding=padding, dilation=dilation, groups=groups)))
def conv_x(y: Array, w: Array, *, size: Sizes, strides: Sizes, padding: Pairs, dilation: Sizes,
           groups: int = 1) -> Array:
    """The transpose of conv in x: each output pixel hands its share back to the window it came from.  size: of x."""
    return kernels.conv_x(y, w, size=size, strides=strides, padding=padding, dilation=dilation, groups=groups)


@op(r"w = x *^\top y", "linear",
    x=(r"y *^\top \bar w", lambda g, y, x_shape, strides, padding, dilation, groups:
       conv_x(y, g, size=x_shape[1:-1], strides=strides, padding=padding, dilation=dilation, groups=groups)),
    y=(r"x * \bar w", lambda g, x, strides, padding, dilation, groups:
       conv(x, g, strides=strides, padding=padding, dilation=dilation, groups=groups)))
def conv_w(x: Array, y: Array, *, size: Sizes, strides: Sizes, padding: Pairs, dilation: Sizes,
           groups: int = 1) -> Array:
    """The transpose of conv in w: every window times the output pixel it made.  size: of the kernel."""
    return kernels.conv_w(x, y, size=size, strides=strides, padding=padding, dilation=dilation, groups=groups)


# ------------------------------------------------------------ convolutions by their names

Entries = int | Sequence[int]
FORMS = {1: "(batch, time, channels)", 2: "(batch, height, width, channels)"}


def convolved(dims: int, x: Any, w: Any, b: Any, strides: Entries, padding: Padding, dilation: Entries,
              groups: int) -> Any:
    y = conv(x, w, **geometry(dims, x, w, strides, padding, dilation, groups))
    return y if b is None else y + b


def geometry(dims: int, x: Any, w: Any, strides: Entries, padding: Padding, dilation: Entries,
             groups: int) -> dict[str, Any]:
    """The settings of conv, spelt out."""
    size, kernel = sizes(dims, x, w)
    s, d = entries("strides", strides, dims), entries("dilation", dilation, dims)
    return {"strides": s, "padding": resolve_padding(padding, size, kernel, s, d), "dilation": d, "groups": groups}


def conv1d(x: Any, w: Any, b: Any = None, *, strides: Entries = 1, padding: Padding = "valid", dilation: Entries = 1,
           groups: int = 1) -> Any:
    """y = x * w + b.  x: (batch, time, c_in), w: (size, c_in / groups, c_out), b: (c_out,) or None.

    padding: "valid", "same" (ceil(time / strides) outputs, an odd zero at the end), a number, or pairs (before, after).
    """
    return convolved(1, x, w, b, strides, padding, dilation, groups)


def conv2d(x: Any, w: Any, b: Any = None, *, strides: Entries = 1, padding: Padding = "valid", dilation: Entries = 1,
           groups: int = 1) -> Any:
    """y = x * w + b.  x: (batch, height, width, c_in), w: (height, width, c_in / groups, c_out), b: (c_out,) or None.

    padding: as in conv1d, with one pair for the height and one for the width.
    """
    return convolved(2, x, w, b, strides, padding, dilation, groups)


def transposed(dims: int, x: Any, w: Any, b: Any, strides: Entries, padding: Padding, dilation: Entries, groups: int,
               output_padding: Entries | None) -> Any:
    y = conv_x(x, w, **transposed_geometry(dims, x, w, strides, padding, dilation, groups, output_padding))
    return y if b is None else y + b


def transposed_geometry(dims: int, x: Any, w: Any, strides: Entries, padding: Padding, dilation: Entries, groups: int,
                        output_padding: Entries | None = None) -> dict[str, Any]:
    """The settings of conv_x, spelt out."""
    size, kernel = sizes(dims, x, w)
    s, d = entries("strides", strides, dims), entries("dilation", dilation, dims)
    extra = [None] * dims if output_padding is None else [*entries("output_padding", output_padding, dims)]
    spans = [(k - 1) * step + 1 for k, step in zip(kernel, d)]
    full = [(n - 1) * step + k for n, step, k in zip(size, s, spans)]
    cut = [padding] * dims if isinstance(padding, str) else resolve_padding(padding, size, kernel, s, d)
    both = [enlarged(n, k, step, p, e) for n, k, step, p, e in zip(full, spans, s, cut, extra)]
    out, pads = (tuple(v) for v in zip(*both))
    return {"size": out, "strides": s, "padding": pads, "dilation": d, "groups": groups}


def enlarged(full: int, span: int, stride: int, padding: Any, extra: int | None) -> tuple[int, tuple[int, int]]:
    """(output size, padding) of one axis of a transposed convolution, where `full` is its size without padding."""
    if extra is not None and not 0 <= extra < stride:
        raise SettingError(f"output_padding must be at least 0 and less than the stride {stride}, received {extra}.")
    if padding == "same":
        total = span - stride if extra is None else span - span % 2 - extra
        before = max(total, 0) // 2
        return full - total, (before, max(total, 0) - before)
    if padding == "valid":
        return full + (max(stride - span, 0) if extra is None else extra), (0, 0)
    if isinstance(padding, str):
        raise SettingError(f"padding must be 'same', 'valid', an integer or pairs of integers, received {padding!r}.")
    return full - sum(padding) + (extra or 0), padding


def conv1d_transpose(x: Any, w: Any, b: Any = None, *, strides: Entries = 1, padding: Padding = "valid",
                     dilation: Entries = 1, groups: int = 1, output_padding: Entries | None = None) -> Any:
    """The transpose of conv1d.  x: (batch, time, c_in), w: (size, c_out / groups, c_in), b: (c_out,) or None.

    "same" gives time * strides outputs, "valid" (time - 1) strides + max(size, strides); a number or a pair is cut
    off at the ends, as in PyTorch.  output_padding: so many more outputs at the end, less than the stride.
    """
    return transposed(1, x, w, b, strides, padding, dilation, groups, output_padding)


def conv2d_transpose(x: Any, w: Any, b: Any = None, *, strides: Entries = 1, padding: Padding = "valid",
                     dilation: Entries = 1, groups: int = 1, output_padding: Entries | None = None) -> Any:
    """The transpose of conv2d.  x: (batch, height, width, c_in), w: (height, width, c_out / groups, c_in).

    Sizes and padding as in conv1d_transpose.
    """
    return transposed(2, x, w, b, strides, padding, dilation, groups, output_padding)


def shape_of(x: Any) -> tuple[int, ...]: return x.shape if isinstance(x, Tensor) else np.shape(x)


def sizes(dims: int, x: Any, w: Any) -> tuple[Sizes, Sizes]:
    """The spatial sizes of the input and of the kernel, once both have the right number of axes."""
    if len(shape_of(x)) != dims + 2 or len(shape_of(w)) != dims + 2:
        raise ShapeError(f"A {dims}-d convolution takes x: {FORMS[dims]} and a kernel of {dims + 2} axes; received "
                         f"x: {shape_of(x)}, w: {shape_of(w)}. Channels are the last axis.\n  at {user_line()}")
    return shape_of(x)[1:-1], shape_of(w)[:-2]


def entries(name: str, value: Entries, dims: int) -> Sizes:
    """One integer for each spatial axis."""
    out = (value,) * dims if isinstance(value, int | np.integer) else tuple(value)
    if len(out) != dims: raise SettingError(f"{name} must be an integer or {dims} of them, received {value!r}.")
    return tuple(int(v) for v in out)


# ------------------------------------------------------------ pooling

@op(r"k_p = \arg\max_k x_{p + k}")
def pool_winners(x: Array, y: Array, *, pool_size: Sizes, strides: Sizes, padding: Pairs, dilation: Sizes,
                 ceil_mode: bool = False) -> Array:
    """Which offset of each window gave y = max_pool(x); the first of several."""
    return pools.winners(x, y, pool_size=pool_size, strides=strides, padding=padding, dilation=dilation,
                         ceil_mode=ceil_mode)


@op(r"y_p = x_{p + k_p}", "linear",
    x=(r"\sum_{p: p + k_p = i} \bar y_p", lambda g, won, x_shape, pool_size, strides, padding, dilation, ceil_mode:
       pool_place(g, won, size=x_shape[1:-1], pool_size=pool_size, strides=strides, padding=padding, dilation=dilation,
                  ceil_mode=ceil_mode)))
def pool_take(x: Array, won: Array, *, pool_size: Sizes, strides: Sizes, padding: Pairs, dilation: Sizes,
              ceil_mode: bool = False) -> Array:
    """The pixel of each window at the offset that won."""
    return pools.take(x, won, pool_size=pool_size, strides=strides, padding=padding, dilation=dilation,
                      ceil_mode=ceil_mode)


@op(r"x_i = \sum_{p: p + k_p = i} y_p", "linear",
    y=(r"\bar x_{p + k_p}", lambda g, won, pool_size, strides, padding, dilation, ceil_mode:
       pool_take(g, won, pool_size=pool_size, strides=strides, padding=padding, dilation=dilation,
                 ceil_mode=ceil_mode)))
def pool_place(y: Array, won: Array, *, size: Sizes, pool_size: Sizes, strides: Sizes, padding: Pairs, dilation: Sizes,
               ceil_mode: bool = False) -> Array:
    """Each window's y handed to the pixel that won: the transpose of pool_take.  size: of x."""
    return pools.place(y, won, size=size, pool_size=pool_size, strides=strides, padding=padding, dilation=dilation,
                       ceil_mode=ceil_mode)


def max_pool_slope(g: Any, x: Any, out: Any, x_shape: Sizes, pool_size: Sizes, strides: Sizes, padding: Pairs,
                   dilation: Sizes, ceil_mode: bool) -> Any:
    won = pool_winners(x, out, pool_size=pool_size, strides=strides, padding=padding, dilation=dilation,
                       ceil_mode=ceil_mode)
    return pool_place(g, won, size=x_shape[1:-1], pool_size=pool_size, strides=strides, padding=padding,
                      dilation=dilation, ceil_mode=ceil_mode)


def max_pool_kernel(g: Array, x: Array, out: Array, pool_size: Sizes, strides: Sizes, padding: Pairs, dilation: Sizes,
                    ceil_mode: bool) -> Array:
    return pools.max_pool_x(g, x, out, pool_size=pool_size, strides=strides, padding=padding, dilation=dilation,
                            ceil_mode=ceil_mode)


@op(r"y_p = \max_k x_{p + k}",
    x=(r"\sum_{p: p + k_p = i} \bar y_p, \; k_p = \arg\max_k x_{p + k}", max_pool_slope, max_pool_kernel))
def max_pool(x: Array, *, pool_size: Sizes, strides: Sizes, padding: Pairs, dilation: Sizes,
             ceil_mode: bool = False) -> Array:
    """The largest x under each window; of equal ones the first takes the gradient.  x: (batch, *spatial, channels)."""
    return pools.max_pool(x, pool_size=pool_size, strides=strides, padding=padding, dilation=dilation,
                          ceil_mode=ceil_mode)


@op(r"y_p = \tfrac1n \sum_k x_{p + k}", "linear",
    x=(r"\tfrac1n \sum_{p, k: p + k = i} \bar y_p",
       lambda g, x_shape, pool_size, strides, padding, ceil_mode, count_include_pad: average_pool_x(
           g, size=x_shape[1:-1], pool_size=pool_size, strides=strides, padding=padding, ceil_mode=ceil_mode,
           count_include_pad=count_include_pad)))
def average_pool(x: Array, *, pool_size: Sizes, strides: Sizes, padding: Pairs, ceil_mode: bool = False,
                 count_include_pad: bool = False) -> Array:
    """The mean of x under each window; padding counts as zeros, or not at all.  x: (batch, *spatial, channels)."""
    return pools.avg_pool(x, pool_size=pool_size, strides=strides, padding=padding, ceil_mode=ceil_mode,
                          count_include_pad=count_include_pad)


@op(r"x_i = \tfrac1n \sum_{p, k: p + k = i} y_p", "linear",
    y=(r"\tfrac1n \sum_k \bar x_{p + k}", lambda g, pool_size, strides, padding, ceil_mode, count_include_pad:
       average_pool(g, pool_size=pool_size, strides=strides, padding=padding, ceil_mode=ceil_mode,
                    count_include_pad=count_include_pad)))
def average_pool_x(y: Array, *, size: Sizes, pool_size: Sizes, strides: Sizes, padding: Pairs, ceil_mode: bool = False,
                   count_include_pad: bool = False) -> Array:
    """Each window's y spread equally over its pixels: the transpose of average_pool.  size: of x."""
    return pools.avg_pool_x(y, size=size, pool_size=pool_size, strides=strides, padding=padding, ceil_mode=ceil_mode,
                            count_include_pad=count_include_pad)


def window(dims: int, x: Any, pool_size: Entries, strides: Entries | None, padding: Padding,
           dilation: Entries) -> dict[str, Any]:
    """A pool's settings, spelt out; strides default to the size of the window, as in Keras and PyTorch."""
    if len(shape_of(x)) != dims + 2:
        raise ShapeError(f"A {dims}-d pool takes x: {FORMS[dims]}; received {shape_of(x)}.\n  at {user_line()}")
    size, d = entries("pool_size", pool_size, dims), entries("dilation", dilation, dims)
    s = size if strides is None else entries("strides", strides, dims)
    pads = resolve_padding(padding, shape_of(x)[1:-1], size, s, d)
    return {"pool_size": size, "strides": s, "padding": pads, "dilation": d}


def max_pool1d(x: Any, pool_size: Entries = 2, strides: Entries | None = None, padding: Padding = "valid", *,
               dilation: Entries = 1, ceil_mode: bool = False) -> Any:
    """y_p = max_k x_{p + k}.  x: (batch, time, channels); padding never wins; a tie goes to the first."""
    return max_pool(x, **window(1, x, pool_size, strides, padding, dilation), ceil_mode=ceil_mode)


def max_pool2d(x: Any, pool_size: Entries = 2, strides: Entries | None = None, padding: Padding = "valid", *,
               dilation: Entries = 1, ceil_mode: bool = False) -> Any:
    """y_p = max_k x_{p + k}.  x: (batch, height, width, channels); padding never wins; a tie goes to the first.

    ceil_mode: keep a last window that reaches past the end.
    """
    return max_pool(x, **window(2, x, pool_size, strides, padding, dilation), ceil_mode=ceil_mode)


def averaged(dims: int, x: Any, pool_size: Entries, strides: Entries | None, padding: Padding, ceil_mode: bool,
             count_include_pad: bool) -> Any:
    settings = window(dims, x, pool_size, strides, padding, 1)
    settings.pop("dilation")
    return average_pool(x, **settings, ceil_mode=ceil_mode, count_include_pad=count_include_pad)


def average_pool1d(x: Any, pool_size: Entries = 2, strides: Entries | None = None, padding: Padding = "valid", *,
                   ceil_mode: bool = False, count_include_pad: bool = False) -> Any:
    """The mean under each window.  x: (batch, time, channels).  Padding does not count (Keras); see average_pool2d."""
    return averaged(1, x, pool_size, strides, padding, ceil_mode, count_include_pad)


def average_pool2d(x: Any, pool_size: Entries = 2, strides: Entries | None = None, padding: Padding = "valid", *,
                   ceil_mode: bool = False, count_include_pad: bool = False) -> Any:
    """The mean under each window.  x: (batch, height, width, channels).

    Padding does not count, as in Keras; count_include_pad=True counts it as zeros, which is PyTorch's default.
    """
    return averaged(2, x, pool_size, strides, padding, ceil_mode, count_include_pad)
