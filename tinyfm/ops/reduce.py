"""Ops that gather an axis into one number, or run along it: sums, means, extremes, norms, scans, softmax."""
from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from tinyfm.engine import Array, op
from tinyfm.kernels import rows
from tinyfm.ops.compare import equal, isfinite, isnan, zeros_like
from tinyfm.ops.elementwise import abs, exp, sign, where
from tinyfm.ops.shape import Axis, broadcast_to, flip, getitem, pad_constant, permute_dims, reshape, sort, take


def unit_axes(shape: tuple[int, ...], axis: Axis) -> tuple[int, ...]:
    """`shape` with 1 for every axis that is reduced."""
    axes = range(len(shape)) if axis is None else normalize_axis_tuple(axis, len(shape))
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def count(shape: tuple[int, ...], axis: Axis) -> int:
    """How many elements go into each number."""
    axes = range(len(shape)) if axis is None else normalize_axis_tuple(axis, len(shape))
    return math.prod([shape[i] for i in axes])


def spread(g: Any, shape: tuple[int, ...], axis: Axis) -> Any:
    """A reduced gradient with its axes put back, of size 1."""
    return reshape(g, shape=unit_axes(shape, axis))


FEW = 1 << 14           # elements that are written out sooner than one number is made a view of that shape


def everywhere(g: Array, shape: tuple[int, ...], axis: Axis) -> Array:
    """A reduced gradient at each element that went into it."""
    if axis is None and math.prod(shape) <= FEW: return np.full(shape, g, g.dtype)
    return np.broadcast_to(spread(g, shape, axis), shape)


@op(r"y = \sum_{axis} x", "linear",
    x=(r"\bar y", lambda g, x_shape, axis: broadcast_to(spread(g, x_shape, axis), shape=x_shape),
       lambda g, x_shape, axis: everywhere(g, x_shape, axis)))
def sum(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    return np.add.reduce(x, axis=axis, keepdims=keepdims)


@op(r"y = \tfrac1n \sum_{axis} x", "linear",
    x=(r"\bar y / n", lambda g, x_shape, axis:
       broadcast_to(spread(g, x_shape, axis) / (count(x_shape, axis) or 1), shape=x_shape),
       lambda g, x_shape, axis: everywhere(g / (count(x_shape, axis) or 1), x_shape, axis)))
def mean(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """NaN for no elements."""
    return np.true_divide(np.add.reduce(x, axis=axis, keepdims=keepdims), count(np.shape(x), axis))


def freedom(shape: tuple[int, ...], axis: Axis, correction: float) -> float:
    return float(np.maximum(count(shape, axis) - correction, 0))


def variance_slope(g: Any, x: Any, x_shape: tuple[int, ...], axis: Axis, correction: float) -> Any:
    n = freedom(x_shape, axis, correction)
    return spread(g, x_shape, axis) * (x - mean(x, axis=axis, keepdims=True)) * np.divide(2.0, n).item()


@op(r"y = \tfrac{1}{n - c} \sum (x - \bar x)^2", x=(r"\tfrac{2}{n - c} \bar y (x - \bar x)", variance_slope))
def var(x: Array, *, axis: Axis = None, correction: float = 0, keepdims: bool = False) -> Array:
    """correction: 0 divides by n (NumPy's default), 1 by n - 1.  Two passes, so a large offset costs no digits."""
    d = x - np.mean(x, axis=axis, keepdims=True)
    return np.true_divide(np.add.reduce(d * d, axis=axis, keepdims=keepdims), freedom(np.shape(x), axis, correction))


def deviation_slope(g: Any, x: Any, out: Any, x_shape: tuple[int, ...], axis: Axis, correction: float) -> Any:
    s = spread(out, x_shape, axis)
    scale = where(equal(s, 0.0), 0.0, spread(g, x_shape, axis) / where(equal(s, 0.0), 1.0, s))
    return scale * (x - mean(x, axis=axis, keepdims=True)) * np.divide(1.0, freedom(x_shape, axis, correction)).item()


@op(r"y = \sqrt{\mathrm{var}\, x}", x=(r"\bar y (x - \bar x) / (n - c) y", deviation_slope))
def std(x: Array, *, axis: Axis = None, correction: float = 0, keepdims: bool = False) -> Array:
    """correction as in var.  The gradient of constants is 0."""
    return np.sqrt(var.forward(x, axis=axis, correction=correction, keepdims=keepdims))


# ------------------------------------------------------------ extremes

@op(r"y = \arg\max x")
def argmax(x: Array, *, axis: int | None = None, keepdims: bool = False) -> Array:
    """The first of several."""
    return np.argmax(x, axis=axis, keepdims=keepdims)


@op(r"y = \arg\min x")
def argmin(x: Array, *, axis: int | None = None, keepdims: bool = False) -> Array:
    """The first of several."""
    return np.argmin(x, axis=axis, keepdims=keepdims)


@op(r"y = [\exists x \ne 0]")
def any(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array: return np.any(x, axis=axis, keepdims=keepdims)


@op(r"y = [\forall x \ne 0]")
def all(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array: return np.all(x, axis=axis, keepdims=keepdims)


@op(r"s = [x \text{ is the extreme}]")
def winners(x: Array, extreme: Array, *, axis: Axis = None) -> Array:
    """Who receives the gradient of max or min: along one axis the first of several, over more axes all equally."""
    x, extreme = np.asarray(x), np.reshape(extreme, unit_axes(np.shape(x), axis))
    hit = (x == extreme) | (np.isnan(x) & np.isnan(extreme))
    if isinstance(axis, int):
        first = np.zeros(x.shape, x.dtype)
        if x.size: np.put_along_axis(first, np.argmax(hit, axis=axis, keepdims=True), 1, axis)
        return first
    return hit / np.add.reduce(hit, axis=axis, keepdims=True).astype(x.dtype)


def extreme_slope(g: Any, x: Any, out: Any, x_shape: tuple[int, ...], axis: Axis) -> Any:
    return spread(g, x_shape, axis) * winners(x, out, axis=axis)


@op(r"y = \max_{axis} x", x=(r"\bar y \odot [x = y]", extreme_slope))
def max(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """A tie along one axis gives the gradient to the first; over all or several axes, equal shares to each."""
    return np.maximum.reduce(x, axis=axis, keepdims=keepdims)


@op(r"y = \min_{axis} x", x=(r"\bar y \odot [x = y]", extreme_slope))
def min(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """A tie along one axis gives the gradient to the first; over all or several axes, equal shares to each."""
    return np.minimum.reduce(x, axis=axis, keepdims=keepdims)


def median(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """The middle element in order, or the mean of the two in the middle."""

    flat = reshape(x, shape=(-1,)) if axis is None else x
    n, at = flat.shape[axis or 0], axis or 0
    ordered, keep = sort(flat, at), keepdims and axis is not None
    middle = mean(take(ordered, np.array([(n - 1) // 2, n // 2]), at), axis=at, keepdims=keep)
    last = mean(take(ordered, np.array([n - 1]), at), axis=at, keepdims=keep)           # where NaN would stand
    middle = where(isnan(last), last, middle)
    return reshape(middle, shape=unit_axes(x.shape, None)) if keepdims and axis is None else middle


# ------------------------------------------------------------ scans

def unaccumulate(g: Any, x_shape: tuple[int, ...], axis: int | None) -> Any:
    along = 0 if axis is None else axis
    return reshape(flip(cumsum(flip(g, axis=along), axis=along), axis=along), shape=x_shape)


@op(r"y_i = \sum_{j \le i} x_j", "linear", x=(r"\bar x_j = \sum_{i \ge j} \bar y_i", unaccumulate))
def cumsum(x: Array, *, axis: int | None = None) -> Array:
    """Running sums along an axis; of the flattened x when none is given."""
    return np.cumsum(x, axis=axis)


def shifted(x: Any, axis: int, by: int) -> Any:
    """y_i = x_{i - by}, with zeros where nothing arrives; by is 1 or -1."""
    n = len(x.shape)
    axis = normalize_axis_index(axis, n)
    kept = getitem(x, index=(slice(None),) * axis + (slice(0, -1) if by == 1 else slice(1, None),))
    return pad_constant(kept, widths=tuple(((0, 0), (1, 0) if by == 1 else (0, 1))[i == axis] for i in range(n)))


def backward_recurrence(g: Any, a: Any, axis: int) -> Any:
    """h_i = g_i + a_{i+1} h_{i+1}: the same recurrence, run from the end."""
    return flip(linear_recurrence(flip(shifted(a, axis, -1), axis=axis), flip(g, axis=axis), axis=axis), axis=axis)


@op(r"y_i = a_i y_{i-1} + b_i",
    a=(r"h_i y_{i-1}", lambda g, a, out, axis: backward_recurrence(g, a, axis) * shifted(out, axis, 1)),
    b=(r"h_i = \bar y_i + a_{i+1} h_{i+1}", lambda g, a, axis: backward_recurrence(g, a, axis)))
def linear_recurrence(a: Array, b: Array, *, axis: int = -1) -> Array:
    """Discounted sums, exponential averages and running products in one; y_{-1} = 0.  a and b have the same shape."""
    y = np.empty(np.shape(b), np.result_type(a, b))
    rows, factors, terms = (np.moveaxis(v, axis, 0) for v in (y, a, b))
    for i in range(len(rows)):
        rows[i] = terms[i] if i == 0 else factors[i] * rows[i - 1] + terms[i]
    return y


def beginning(x: Any, axis: int) -> Any:
    """1 at the first place along an axis, 0 elsewhere, shaped to broadcast against x."""
    thin = [n if i == axis % len(x.shape) else 1 for i, n in enumerate(x.shape)]
    return np.reshape(np.arange(x.shape[axis]) == 0, thin).astype(x.dtype)


def running_product_before(x: Any, axis: int) -> Any:
    """p_i = prod_{j < i} x_j, the empty product first."""
    return cumprod(shifted(x, axis, 1) + beginning(x, axis), axis=axis)


def cumprod_slope(g: Any, x: Any, x_shape: tuple[int, ...], axis: int | None) -> Any:
    """x_j receives (what came before it) times sum_{i >= j} g_i (what came between): no division, so zeros are fine."""
    along, flat = 0 if axis is None else axis, reshape(x, shape=(-1,)) if axis is None else x
    return reshape(running_product_before(flat, along) * backward_recurrence(g, flat, along), shape=x_shape)


@op(r"y_i = \prod_{j \le i} x_j", x=(r"\bar x_j = \sum_{i \ge j} \bar y_i \prod_{k \le i, k \ne j} x_k", cumprod_slope))
def cumprod(x: Array, *, axis: int | None = None) -> Array:
    """Running products along an axis; of the flattened x when none is given."""
    return np.cumprod(x, axis=axis)


def product_of_others(x: Any, axis: Axis) -> Any:
    """p_i = prod_{j != i} x_j over the axes: the products from the left and from the right."""
    n = len(x.shape)
    axes = tuple(range(n)) if axis is None else normalize_axis_tuple(axis, n)
    order = tuple(i for i in range(n) if i not in axes) + axes
    moved = permute_dims(x, axes=order)
    rows = reshape(moved, shape=(*moved.shape[:n - len(axes)], count(x.shape, axis)))
    others = running_product_before(rows, -1) * flip(running_product_before(flip(rows, axis=-1), -1), axis=-1)
    return permute_dims(reshape(others, shape=moved.shape), axes=tuple(np.argsort(order).tolist()))


@op(r"y = \prod_{axis} x", x=(r"\bar y \prod_{j \ne i} x_j", lambda g, x, x_shape, axis:
                             spread(g, x_shape, axis) * product_of_others(x, axis)))
def prod(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """The gradient is right with zeros too: one zero receives the product of the others, with two all is 0."""
    return np.multiply.reduce(x, axis=axis, keepdims=keepdims)


# ------------------------------------------------------------ norms and softmax

def norm_slope(g: Any, x: Any, out: Any, x_shape: tuple[int, ...], ord: float, axis: Axis) -> Any:
    if ord == 0: return zeros_like(x)
    if ord == 1: return spread(g, x_shape, axis) * sign(x)
    y = spread(out, x_shape, axis)
    if np.isinf(ord):
        several = tuple(range(len(x_shape))) if axis is None else normalize_axis_tuple(axis, len(x_shape))
        return spread(g, x_shape, axis) * sign(x) * winners(abs(x), y, axis=several)
    g = where(equal(y, 0.0), 0.0, spread(g, x_shape, axis))
    unit = x / where(equal(y, 0.0), 1.0, y)
    return g * unit if ord == 2 else g * sign(unit) * abs(unit) ** (ord - 1)


@op(r"y = \left(\sum |x|^p\right)^{1/p}", x=(r"\bar y \, \mathrm{sign}(x) \left(|x| / y\right)^{p-1}", norm_slope))
def norm(x: Array, *, ord: float = 2, axis: Axis = None, keepdims: bool = False) -> Array:
    """Vector norms: ord = p > 0, inf, -inf, or 0 (how many are not 0).  Scaled, so 1e200 does not overflow.

    The gradient at 0 is 0; among equal largest (inf) each receives an equal share.
    """
    a = np.abs(x)
    if ord == 0: return np.add.reduce(a != 0, axis=axis, keepdims=keepdims).astype(np.result_type(x))
    if np.isinf(ord): return (np.maximum if ord > 0 else np.minimum).reduce(a, axis=axis, keepdims=keepdims)
    if ord == 1: return np.add.reduce(a, axis=axis, keepdims=keepdims)
    top = np.maximum.reduce(a, axis=axis, keepdims=True, initial=0)
    scale = np.where((top == 0) | np.isinf(top), 1, top)
    total = np.add.reduce((a / scale) ** ord, axis=axis, keepdims=True) ** (1 / ord) * scale
    return total if keepdims else np.reshape(total, np.shape(np.add.reduce(a, axis=axis)))


def logsumexp_slope(g: Any, x: Any, out: Any, x_shape: tuple[int, ...], axis: Axis) -> Any:
    y = spread(out, x_shape, axis)
    p = exp(x - where(isfinite(y), y, 0.0))
    total = sum(p, axis=axis, keepdims=True)                # 1 but for rounding, which a large y makes felt
    return spread(g, x_shape, axis) * (p / where(equal(total, 0.0), 1.0, total))


@op(r"y = \ln \sum_{axis} e^x", x=(r"\bar y \, e^{x - y} / \sum e^{x - y}", logsumexp_slope))
def logsumexp(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Stable: the largest element is taken out first.  All -inf gives -inf, with gradient 0."""
    top = np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0).astype(np.result_type(x))
    with np.errstate(divide="ignore"):
        out = np.log(np.add.reduce(np.exp(x - top), axis=axis, keepdims=True)) + top
    return out if keepdims else np.reshape(out, np.shape(np.add.reduce(x, axis=axis)))


def by_rows(x: Any, axis: Any) -> bool:
    """Whether the axis is the last of an array that the kernels take."""
    return isinstance(x, np.ndarray) and x.dtype.kind == "f" and x.size > 0 and axis in (-1, x.ndim - 1)


def softmax_kernel(g: Array, out: Array, axis: int) -> Array:
    if by_rows(out, axis) and g.dtype == out.dtype: return rows.softmax_x(g, out)
    d = g * out
    d -= out * np.add.reduce(d, axis=axis, keepdims=True)
    return d


def log_softmax_kernel(g: Array, out: Array, axis: int) -> Array:
    if by_rows(out, axis) and g.dtype == out.dtype: return rows.log_softmax_x(g, out)
    return g - np.exp(out) * np.add.reduce(g, axis=axis, keepdims=True)


@op(r"y = e^x / \sum e^x", x=(r"y \odot (\bar y - \langle \bar y, y \rangle)",
                             lambda g, out, axis: out * (g - sum(g * out, axis=axis, keepdims=True)), softmax_kernel))
def softmax(x: Array, *, axis: int = -1) -> Array:
    """Stable at any size; 0 where x is -inf, NaN where all are."""
    if not np.size(x): return x
    if by_rows(x, axis): return rows.softmax(x)
    with np.errstate(invalid="ignore"):
        y = np.exp(x - np.maximum.reduce(x, axis=axis, keepdims=True))
        y /= np.add.reduce(y, axis=axis, keepdims=True)
    return y


@op(r"y = x - \ln \sum e^x", x=(r"\bar y - e^y \sum \bar y",
                               lambda g, out, axis: g - exp(out) * sum(g, axis=axis, keepdims=True),
                               log_softmax_kernel))
def log_softmax(x: Array, *, axis: int = -1) -> Array:
    """ln softmax(x), exact where softmax has rounded to 0."""
    if not np.size(x): return x
    if by_rows(x, axis): return rows.log_softmax(x)
    with np.errstate(invalid="ignore"):
        y = x - np.maximum.reduce(x, axis=axis, keepdims=True)
        y -= np.log(np.add.reduce(np.exp(y), axis=axis, keepdims=True))
    return y
