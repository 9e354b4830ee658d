r"""Ops that make mean 0 and variance 1 of a group of elements, and then scale and shift them again.

Layer, group and batch normalisation are one op; they differ only in the axes over which they take mean and variance.
"""
from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from tinyfm.engine import Array, op
from tinyfm.errors import ShapeError
from tinyfm.kernels import columns, rows
from tinyfm.ops.elementwise import maximum, rsqrt, square
from tinyfm.ops.reduce import mean, norm, var
from tinyfm.ops.shape import Axis, reshape


def standard(x: Any, axis: Axis, epsilon: float) -> tuple[Any, Any]:
    """(z, r): z = (x - mean) r, r = 1 / sqrt(var + epsilon)."""
    r = rsqrt(var(x, axis=axis, keepdims=True) + epsilon)
    return (x - mean(x, axis=axis, keepdims=True)) * r, r


def standardize_slope(g: Any, x: Any, scale: Any, axis: Axis, epsilon: float) -> Any:
    z, r = standard(x, axis, epsilon)
    d = g if scale is None else g * scale
    return r * (d - mean(d, axis=axis, keepdims=True) - z * mean(d * z, axis=axis, keepdims=True))


def grouping(x: Array, parameters: list[tuple[int, ...]], axis: Axis) -> tuple[Array, int] | None:
    """x as (batches, rows, channels) and the number of groups, where that is what the axes mean; None otherwise.

    Over the last axes: one row each (layer).  Over all but the last (batch); over the middle and the last (group).
    parameters: the shapes of scale and offset, where there are any; they must be those of the channels.
    """
    n = x.ndim
    kept = sorted(set(range(n)) - set(range(n) if axis is None else normalize_axis_tuple(axis, n)))
    if x.size == 0 or x.dtype.kind != "f": return None
    layer = kept == list(range(len(kept)))
    inner = x.shape[len(kept):] if layer else x.shape[-1:] if kept == [n - 1] else x.shape[-2:]
    if any(shape != inner for shape in parameters): return None
    if layer: return x.reshape(-1, 1, math.prod(inner)), 1
    if kept == [n - 1]: return x.reshape(1, -1, x.shape[-1]), x.shape[-1]
    return (x.reshape(len(x), -1, math.prod(inner)), inner[0]) if kept == [0, n - 2] and n > 2 else None


def like(*parameters: Array | None) -> list[Array]: return [p for p in parameters if p is not None]


def shapes(*parameters: Array | None) -> list[tuple[int, ...]]: return [p.shape for p in like(*parameters)]


def flat(p: Array | None, fill: float, like: Array) -> Array:
    return np.full(like.shape[-1], fill, like.dtype) if p is None else p.reshape(-1)


def standardize_kept(x: Array, scale: Array | None = None, offset: Array | None = None, *, axis: Axis,
                     epsilon: float) -> tuple[Array, tuple[Array, Array] | None]:
    """(y, (z, r)) where each row is one group, as in layer normalisation; else (y, None)."""
    form = grouping(x, shapes(scale, offset), axis)
    if form is None or np.result_type(x, *like(scale, offset)) != x.dtype:
        y = standard(x, axis, epsilon)[0] * (1.0 if scale is None else scale)
        return y if offset is None else y + offset, None
    parts, groups = form
    a, b = flat(scale, 1.0, parts), flat(offset, 0.0, parts)
    if parts.shape[1] > 1: return columns.normalized(parts, a, b, groups=groups, epsilon=epsilon).reshape(x.shape), None
    y, kept = rows.layer_norm(parts[:, 0], a, b, epsilon=epsilon)
    return y.reshape(x.shape), kept


def standardize_joint(g: Array, wanted: list[bool], x: Array, scale: Array | None, offset_shape: tuple[int, ...],
                      kept: tuple[Array, Array] | None, axis: Axis, epsilon: float) -> list[Any]:
    form = grouping(x, shapes(scale) + ([offset_shape] if wanted[2] else []), axis)
    if form is None or np.result_type(g, x, *like(scale)) != x.dtype:
        z, _ = standard(x, axis, epsilon)
        return [standardize_slope(g, x, scale, axis, epsilon), g * z, g]
    parts, groups = form
    g, one = g.reshape(parts.shape), flat(scale, 1.0, parts)
    if parts.shape[1] == 1:
        z, r = kept or rows.layer_norm(parts[:, 0], one, one, epsilon=epsilon)[1]
        found = rows.layer_norm_gradients(g[:, 0], z, r, one)
    else: found = columns.normalized_gradients(g, parts, one, groups=groups, epsilon=epsilon)
    forms = x.shape, one.shape if scale is None else scale.shape, offset_shape
    return [d.reshape(s) if w else None for d, s, w in zip(found, forms, wanted)]


@op(r"y = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} \odot \gamma + \beta",
    joint=standardize_joint, keep=standardize_kept,
    x=(r"r \odot (d - \langle d \rangle - z \langle d z \rangle), \; d = \bar y \odot \gamma, "
       r"\; r = 1 / \sqrt{\sigma^2 + \epsilon}", standardize_slope),
    scale=(r"\bar y \odot z, \; z = (x - \mu) r", lambda g, x, axis, epsilon: g * standard(x, axis, epsilon)[0]),
    offset=(r"\bar y", lambda g: g))
def standardize(x: Array, scale: Array | None = None, offset: Array | None = None, *, axis: Axis,
                epsilon: float) -> Array:
    """Mean 0 and variance 1 over the axes; scale and offset broadcast against x.  Constants give the offset."""
    return standardize_kept(x, scale, offset, axis=axis, epsilon=epsilon)[0]


def layer_norm(x: Any, scale: Any = None, offset: Any = None, *, axis: int | tuple[int, ...] = -1,
               epsilon: float = 1e-5) -> Any:
    """y = (x - mean) / sqrt(var + epsilon) * scale + offset, each example by itself, over the given axes.

    scale, offset: the shape of those axes (they must be the last), or None.  A constant x gives the offset.
    Ba, Kiros & Hinton 2016.
    """
    return standardize(x, scale, offset, axis=axis, epsilon=epsilon)


def rms_norm(x: Any, scale: Any = None, *, axis: int | tuple[int, ...] = -1, epsilon: float = 1e-6) -> Any:
    """y = x / sqrt(mean(x^2) + epsilon) * scale, over the given (last) axes.  Zhang & Sennrich 2019."""
    y = x * rsqrt(mean(square(x), axis=axis, keepdims=True) + epsilon)
    return y if scale is None else y * scale


def group_norm(x: Any, scale: Any = None, offset: Any = None, *, groups: int, epsilon: float = 1e-5) -> Any:
    """Mean 0 and variance 1 over space and over each group of channels.  x: (batch, *spatial, channels).

    scale, offset: (channels,) or None.  groups = channels is instance normalisation.  Wu & He 2018.
    """
    shape = x.shape
    if len(shape) < 2 or groups < 1 or shape[-1] % groups:
        raise ShapeError(f"group_norm: x must be (batch, ..., channels) with channels a multiple of groups={groups}; "
                         f"received {shape}.")
    split = (groups, shape[-1] // groups)
    parts = [None if p is None else reshape(p, shape=split) for p in (scale, offset)]
    axes = (*range(1, len(shape) - 1), len(shape))
    y = standardize(reshape(x, shape=(*shape[:-1], *split)), *parts, axis=axes, epsilon=epsilon)
    return reshape(y, shape=shape)


def batch_norm(x: Any, scale: Any = None, offset: Any = None, mean: Any = None, variance: Any = None, *, axis: int = -1,
               epsilon: float = 1e-3) -> Any:
    """Mean 0 and variance 1 for each channel (`axis`) over all other axes: the training form.

    With `mean` and `variance` given (the moving ones) they are used instead: the inference form, no statistics taken.
    All four have shape (channels,).  Ioffe & Szegedy 2015.
    """
    n = len(x.shape)
    at = normalize_axis_index(axis, n)
    wide = tuple(-1 if i == at else 1 for i in range(n))
    scale, offset, mean, variance = (p if p is None or at == n - 1 else reshape(p, shape=wide)
                                     for p in (scale, offset, mean, variance))
    if mean is None: return standardize(x, scale, offset, axis=tuple(i for i in range(n) if i != at), epsilon=epsilon)
    r = rsqrt(variance + epsilon)
    factor = r if scale is None else r * scale
    shift = -mean * factor if offset is None else offset - mean * factor
    return x * factor + shift


def normalize(x: Any, *, ord: float = 2, axis: Axis = -1, epsilon: float = 1e-12) -> Any:
    """x / max(||x||, epsilon) along the axes."""
    return x / maximum(norm(x, ord=ord, axis=axis, keepdims=True), epsilon)


