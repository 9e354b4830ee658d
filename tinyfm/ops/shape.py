"""Ops that move elements without computing: reshape, transpose, broadcast, join, cut, pad, index."""
from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from inspect import Parameter, Signature
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from tinyfm.engine import Array, Op, Tensor, op
from tinyfm.errors import SettingError, ShapeError

Axis = int | tuple[int, ...] | None


@op(r"y = x", "linear", x=(r"\bar y", lambda g, x_dtype: astype(g, dtype=x_dtype)))
def astype(x: Array, *, dtype: Any) -> Array: return np.asarray(x).astype(dtype)


@op(r"y = x", "elementwise", x=(r"\bar y", lambda g: g))
def identity(x: Array) -> Array:
    """The same value as a new node of the graph."""
    return x


@op(r"y = x", "elementwise", x=(r"0", lambda g: np.zeros(g.shape, g.dtype)))
def stop_gradient(x: Array) -> Array:
    """The same value, through which no gradient passes."""
    return x


@op(r"y = x", "linear", x=(r"\bar y", lambda g, x_shape: reshape(g, shape=x_shape)))
def reshape(x: Array, *, shape: int | tuple[int, ...]) -> Array: return np.reshape(x, shape)


MANY = 1 << 14          # elements from which on a product with ones beats a sum along the first axes, up to 20 times
SHORT = 8               # the length of an inner axis up to which its slices are added


@op(r"y_j = \sum_i x_{ij}", "linear", x=(r"\bar y_j", lambda g, x_shape: broadcast_to(g, shape=x_shape)))
def sum_to(x: Array, *, shape: tuple[int, ...]) -> Array:
    """Sum over the axes along which `shape` would be broadcast to x: the transpose of broadcast_to."""
    extra = np.ndim(x) - len(shape)
    if extra and shape and shape == x.shape[extra:]:
        if x.size <= MANY or x.dtype.kind != "f" or not x.flags.c_contiguous:
            return np.add.reduce(x, axis=0 if extra == 1 else tuple(range(extra)))
        return (np.ones(math.prod(x.shape[:extra]), x.dtype) @ x.reshape(-1, math.prod(shape))).reshape(shape)
    axes = [*range(extra), *(i + extra for i, n in enumerate(shape) if n == 1 != x.shape[i + extra])]
    if x.size > MANY and x.dtype.kind == "f":
        for axis in [a for a in axes if 0 < a < x.ndim - 1 and 1 < x.shape[a] <= SHORT]:
            x = sum_of_slices(x, axis)
            axes.remove(axis)
    return np.add.reduce(x, axis=tuple(axes), keepdims=True).reshape(shape) if axes else np.reshape(x, shape)


def sum_of_slices(x: Array, axis: int) -> Array:
    """The sum over one axis, which stays with length 1; for a short inner one 5 to 8 x faster than reduce."""
    first, second, *rest = np.moveaxis(x, axis, 0)
    total = first + second
    for one in rest: total += one
    return np.expand_dims(total, axis)


@op(r"y_{ij} = x_j", "linear", x=(r"\sum_i \bar y_{ij}", lambda g, x_shape: sum_to(g, shape=x_shape)))
def broadcast_to(x: Array, *, shape: tuple[int, ...]) -> Array: return np.broadcast_to(x, shape)


def inverse(axes: Sequence[int] | None) -> tuple[int, ...] | None:
    return None if axes is None else tuple(np.argsort([a % len(axes) for a in axes]).tolist())


@op(r"y_{\pi(i)} = x_i", "linear", x=(r"\bar y_{\pi^{-1}(i)}", lambda g, axes: permute_dims(g, axes=inverse(axes))))
def permute_dims(x: Array, *, axes: tuple[int, ...] | None = None) -> Array:
    """The axes in the given order; reversed when none is given."""
    return np.transpose(x, axes)


@op(r"Y = X^\top", "linear", x=(r"\bar Y^\top", lambda g, axis1, axis2: swapaxes(g, axis1=axis1, axis2=axis2)))
def swapaxes(x: Array, *, axis1: int, axis2: int) -> Array: return np.swapaxes(x, axis1, axis2)


def matrix_transpose(x: Any) -> Any:
    """The last two axes exchanged."""
    return swapaxes(x, axis1=-1, axis2=-2)


def moveaxis(x: Any, source: int | tuple[int, ...], destination: int | tuple[int, ...]) -> Any:
    """Move axes to new places; the others keep their order."""
    n = np.ndim(x.data if isinstance(x, Tensor) else x)
    sources, targets = normalize_axis_tuple(source, n), normalize_axis_tuple(destination, n)
    order = [i for i in range(n) if i not in sources]
    for target, s in sorted(zip(targets, sources)): order.insert(target, s)
    return permute_dims(x, axes=tuple(order))


@op(r"y = x", "linear", x=(r"\bar y", lambda g, x_shape: reshape(g, shape=x_shape)))
def expand_dims(x: Array, *, axis: int | tuple[int, ...]) -> Array: return np.expand_dims(x, axis)


@op(r"y = x", "linear", x=(r"\bar y", lambda g, x_shape: reshape(g, shape=x_shape)))
def squeeze(x: Array, *, axis: Axis = None) -> Array: return np.squeeze(x, axis)


@op(r"y_i = x_{-i}", "linear", x=(r"\bar y_{-i}", lambda g, axis: flip(g, axis=axis)))
def flip(x: Array, *, axis: Axis = None) -> Array: return np.flip(x, axis)


def opposite(shift: int | tuple[int, ...]) -> int | tuple[int, ...]:
    return -shift if isinstance(shift, int) else tuple(-s for s in shift)


@op(r"y_{i+s} = x_i", "linear", x=(r"\bar y_{i+s}", lambda g, shift, axis: roll(g, shift=opposite(shift), axis=axis)))
def roll(x: Array, *, shift: int | tuple[int, ...], axis: Axis = None) -> Array: return np.roll(x, shift, axis)


@op(r"y_{ij} = x_{ij} [j \le i + k]", "linear", x=(r"\bar y_{ij} [j \le i + k]", lambda g, k: tril(g, k=k)))
def tril(x: Array, *, k: int = 0) -> Array: return np.tril(x, k)


@op(r"y_{ij} = x_{ij} [j \ge i + k]", "linear", x=(r"\bar y_{ij} [j \ge i + k]", lambda g, k: triu(g, k=k)))
def triu(x: Array, *, k: int = 0) -> Array: return np.triu(x, k)


# ------------------------------------------------------------ index and its transpose

def plain(index: Any) -> Any:
    """An index without tensors and lists in it."""
    if isinstance(index, tuple): return tuple(plain(i) for i in index)
    if isinstance(index, list): return np.asarray(index, None if index else int)
    return np.asarray(index.data) if isinstance(index, Tensor) else index


def is_basic(index: Any) -> bool:
    """Only integers, slices, None and ...: every element is read at most once."""
    return all(i is None or i is Ellipsis or (isinstance(i, int | np.integer | slice) and not isinstance(i, bool))
               for i in (index if isinstance(index, tuple) else (index,)))


@op(r"y_j = x_{i(j)}", "linear", x=(r"\bar x_i = \sum_{j: i(j) = i} \bar y_j",
                                   lambda g, x_shape, index: scatter(g, index=index, shape=x_shape)))
def getitem(x: Array, *, index: Any) -> Array:
    """x[index], as in NumPy: integers, slices, None, ..., integer arrays, boolean masks."""
    return x[plain(index)]


@op(r"y_i = \sum_{j: i(j) = i} x_j", "linear", x=(r"\bar y_{i(j)}", lambda g, index: getitem(g, index=index)))
def scatter(x: Array, *, index: Any, shape: tuple[int, ...]) -> Array:
    """Zeros of `shape` with x added at [index]; indices that occur twice add up.  The transpose of getitem."""
    out, index = np.zeros(shape, np.result_type(x)), plain(index)
    if is_basic(index): out[index] = x
    else: np.add.at(out, index, x)
    return out


def along(indices: Array, axis: int) -> tuple[Any, ...]:
    """The index arrays with which take_along_axis reads."""
    grid = list(np.ogrid[tuple(slice(n) for n in indices.shape)])
    grid[axis] = indices
    return tuple(grid)


def resized(shape: tuple[int, ...], axis: int, size: int) -> tuple[int, ...]:
    """`shape` with another size along one axis."""
    return tuple(size if i == axis % len(shape) else n for i, n in enumerate(shape))


@op(r"y_{ij} = x_{i, k(i,j)}", "linear",
    x=(r"\bar x_{ik} = \sum_{j: k(i,j) = k} \bar y_{ij}",
       lambda g, x_shape, indices, axis:
       scatter_along_axis(g, indices, axis=axis, shape=resized(g.shape, axis, x_shape[axis]))))
def take_along_axis(x: Array, indices: Array, *, axis: int) -> Array:
    """Along `axis`, element j of the result is element indices[..., j, ...] of x."""
    return np.take_along_axis(x, indices, axis)


@op(r"y_{ik} = \sum_{j: k(i,j) = k} x_{ij}", "linear",
    x=(r"\bar y_{i, k(i,j)}", lambda g, indices, axis: take_along_axis(g, indices, axis=axis)))
def scatter_along_axis(x: Array, indices: Array, *, axis: int, shape: tuple[int, ...]) -> Array:
    """Zeros of `shape` with x added at the indices along `axis`: the transpose of take_along_axis."""
    out, axis = np.zeros(shape, np.result_type(x)), normalize_axis_index(axis, np.ndim(x))
    stretched = tuple(n if i == axis else m for i, (n, m) in enumerate(zip(np.shape(x), shape)))
    np.add.at(out, along(np.broadcast_to(indices, stretched), axis), x)
    return out


def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """x[..., indices, ...] along one axis; of the flattened x when none is given."""
    if axis is None: return getitem(reshape(x, shape=(-1,)), index=np.asarray(plain(indices)))
    n = np.ndim(x.data if isinstance(x, Tensor) else x)
    return getitem(x, index=(slice(None),) * normalize_axis_index(axis, n) + (np.asarray(plain(indices)),))


def sort(x: Any, axis: int = -1) -> Any:
    """In ascending order; equal elements keep theirs."""
    return take_along_axis(x, argsort(x, axis=axis), axis=axis)


@op(r"y = \pi, \; x_{\pi(1)} \le x_{\pi(2)} \le \ldots")
def argsort(x: Array, *, axis: int = -1) -> Array: return np.argsort(x, axis, kind="stable")


def topk(x: Any, k: int, axis: int = -1) -> tuple[Any, Any]:
    """The k largest elements along an axis, largest first, and where they stand."""
    indices = take(flip(argsort(x, axis=axis), axis=axis), np.arange(k), axis)
    return take_along_axis(x, indices, axis=axis), indices


@op(r"y_i = x_{ii}", "linear", x=(r"\bar x_{ij} = \bar y_i [i = j]", lambda g, x_shape, offset, axis1, axis2:
                                 from_diagonal(g, offset=offset, axis1=axis1, axis2=axis2, shape=x_shape)))
def diagonal(x: Array, *, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """The diagonal of axes axis1 and axis2, as the last axis."""
    return np.diagonal(x, offset, axis1, axis2)


@op(r"y_{ij} = x_i [i = j]", "linear", x=(r"\bar y_{ii}", lambda g, offset, axis1, axis2:
                                         diagonal(g, offset=offset, axis1=axis1, axis2=axis2)))
def from_diagonal(x: Array, *, shape: tuple[int, ...], offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """Zeros of `shape` with x on a diagonal: the transpose of diagonal."""
    out = np.zeros(shape, np.result_type(x))
    view = np.moveaxis(out, (axis1, axis2), (-2, -1))
    i = np.arange(np.shape(x)[-1])
    if (fits := np.diagonal(out, offset, axis1, axis2).shape) != np.shape(x):
        raise ShapeError(f"this diagonal of {shape} has shape {fits}, not {np.shape(x)}.")
    view[..., i + max(-offset, 0), i + max(offset, 0)] = x
    return out


def matrix_trace(x: Any, offset: int = 0) -> Any:
    """sum_i x_ii of the first two axes."""
    return diagonal(x, offset=offset).sum(-1)


# ------------------------------------------------------------ join and cut

@lru_cache
def concat_op(n: int) -> Op:
    """The op that joins n arrays: an Op has a fixed number of arguments, so there is one for each n."""
    def concat(*xs: Array, axis: int, starts: tuple[int, ...]) -> Array: return np.concatenate(xs, axis)
    return Op(concat_signature(concat, n), r"y = [x_0, x_1, \ldots]", None,
              {f"x{i}": (rf"\bar y_{{s_{i}:s_{i + 1}}}", concat_rule(i)) for i in range(n)})


def concat_signature(forward: Any, n: int) -> Any:
    forward.__signature__ = Signature(
        [Parameter(f"x{i}", Parameter.POSITIONAL_OR_KEYWORD) for i in range(n)]
        + [Parameter(name, Parameter.KEYWORD_ONLY) for name in ("axis", "starts")])
    return forward


def concat_rule(i: int) -> Callable[..., Any]:
    return lambda g, axis, starts: getitem(g, index=(slice(None),) * axis + (slice(starts[i], starts[i + 1]),))


def concat(xs: Sequence[Any], axis: int = 0) -> Any:
    """Join arrays along an axis that they have; the gradient is cut at the same places."""
    if len(xs) == 0: raise ShapeError("concat: received no arrays; expected at least one.")
    shapes = [np.shape(x.data if isinstance(x, Tensor) else x) for x in xs]
    if len(shapes[0]) == 0: raise ShapeError("concat: arrays of shape () have no axis to be joined along; use stack.")
    axis = normalize_axis_index(axis, len(shapes[0]))
    starts = (0, *np.cumsum([s[axis] if axis < len(s) else 0 for s in shapes]).tolist())
    return concat_op(len(xs))(*xs, axis=axis, starts=starts)


def stack(xs: Sequence[Any], axis: int = 0) -> Any:
    """Join arrays of equal shape along a new axis."""
    return concat([expand_dims(x, axis=axis) for x in xs], axis)


def split(x: Any, parts: int | Sequence[int], axis: int = 0) -> list[Any]:
    """Cut into `parts` equal pieces, or before each of the given positions, as numpy.split does."""
    shape = np.shape(x.data if isinstance(x, Tensor) else x)
    axis = normalize_axis_index(axis, len(shape))
    if isinstance(parts, int) and shape[axis] % parts:
        raise ShapeError(f"split: axis {axis} of shape {shape} has {shape[axis]} elements, not a multiple of {parts}.")
    cuts = [i * shape[axis] // parts for i in range(1, parts)] if isinstance(parts, int) else list(parts)
    return [getitem(x, index=(slice(None),) * axis + (slice(a, b),)) for a, b in zip([0, *cuts], [*cuts, shape[axis]])]


def unstack(x: Any, axis: int = 0) -> list[Any]:
    """The slices along an axis, without that axis."""
    return [squeeze(part, axis=axis) for part in split(x, np.shape(x.data if isinstance(x, Tensor) else x)[axis], axis)]


def tile(x: Any, repetitions: int | Sequence[int]) -> Any:
    """x repeated as a whole along each axis."""
    shape = np.shape(x.data if isinstance(x, Tensor) else x)
    times = (repetitions,) if isinstance(repetitions, int) else tuple(repetitions)
    times, shape = (1,) * (len(shape) - len(times)) + times, (1,) * (len(times) - len(shape)) + shape
    spread = tuple(n for pair in zip(times, shape) for n in pair)
    thin = tuple(n for size in shape for n in (1, size))
    return reshape(broadcast_to(reshape(x, shape=thin), shape=spread), shape=tuple(t * n for t, n in zip(times, shape)))


def repeat(x: Any, repeats: int | Sequence[int], axis: int | None = None) -> Any:
    """Each element repeated in its place along an axis."""
    shape = np.shape(x.data if isinstance(x, Tensor) else x)
    size = int(np.prod(shape)) if axis is None else shape[axis]
    return take(x, np.repeat(np.arange(size), repeats), axis)


# ------------------------------------------------------------ pad

Pairs = tuple[tuple[int, int], ...]


@op(r"y = [v, x, v]", x=(r"\bar y_{inside}", lambda g, x_shape, widths:
                        getitem(g, index=tuple(slice(a, a + n) for (a, _), n in zip(widths, x_shape)))))
def pad_constant(x: Array, *, widths: Pairs, value: float = 0.0) -> Array:
    """x with `value` around it; widths: (before, after) for each axis."""
    return np.pad(x, widths, constant_values=value)


MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def pad(x: Any, widths: Any, mode: str = "constant", value: float = 0.0) -> Any:
    """Enlarge every axis: widths as in numpy.pad (a number, a pair, or a pair for each axis).

    mode: constant (with `value`), reflect (the edge not repeated), replicate (NumPy's edge) or circular (NumPy's wrap).
    """
    if mode not in MODES:
        raise SettingError(f"pad: unknown mode {mode!r}; expected one of {', '.join(MODES)}.")
    shape = np.shape(x.data if isinstance(x, Tensor) else x)
    pairs: Pairs = tuple((int(a), int(b)) for a, b in np.broadcast_to(widths, (len(shape), 2)))
    if mode == "constant": return pad_constant(x, widths=pairs, value=value)
    for axis, (pair, n) in enumerate(zip(pairs, shape)):
        if pair != (0, 0):
            x = take(x, np.pad(np.arange(n), pair, mode=MODES[mode]), axis)
    return x
