"""Ops that multiply and add: matmul, linear, outer and inner products."""
from __future__ import annotations

from typing import Any

import numpy as np

from tinyfm.engine import Array, op
from tinyfm.errors import ShapeError
from tinyfm.ops.reduce import sum
from tinyfm.ops.shape import expand_dims, matrix_transpose, reshape, squeeze, sum_to, swapaxes


def columns(a: Any, dims: int) -> Any:
    """A vector on the right of a product is one column."""
    return expand_dims(a, axis=-1) if dims == 1 else a


def rows(a: Any, dims: int) -> Any:
    """A vector on the left of a product is one row."""
    return expand_dims(a, axis=-2) if dims == 1 else a


def upstream(g: Any, a_shape: tuple[int, ...], b_shape: tuple[int, ...]) -> Any:
    """The gradient of a product with the axes of size 1 that its vectors lost."""
    return columns(rows(g, len(a_shape)) if len(a_shape) == 1 and len(b_shape) > 1 else g, len(b_shape)) \
        if len(a_shape) > 1 or len(b_shape) > 1 else reshape(g, shape=(1, 1))


def left_slope(g: Any, b: Any, a_shape: tuple[int, ...], b_shape: tuple[int, ...]) -> Any:
    pulled = matmul(upstream(g, a_shape, b_shape), swapaxes(columns(b, len(b_shape)), axis1=-1, axis2=-2))
    return squeeze(pulled, axis=-2) if len(a_shape) == 1 else pulled


def right_slope(g: Any, a: Any, a_shape: tuple[int, ...], b_shape: tuple[int, ...]) -> Any:
    pulled = matmul(swapaxes(rows(a, len(a_shape)), axis1=-1, axis2=-2), upstream(g, a_shape, b_shape))
    return squeeze(pulled, axis=-1) if len(b_shape) == 1 else pulled


@op(r"Y = A B", "linear", a=(r"\bar Y B^\top", left_slope), b=(r"A^\top \bar Y", right_slope))
def matmul(a: Array, b: Array) -> Array:
    """Products of the last two axes, those before broadcast; a vector is a row on the left, a column on the right."""
    try:
        return np.matmul(a, b)
    except ValueError:
        raise ShapeError(misfit("A", a, "B", b)) from None


def misfit(left: str, a: Any, right: str, b: Any) -> str:
    """Why A B does not exist, and what would."""
    a, b = np.shape(a), np.shape(b)
    if not a or not b: return "a product of matrices needs at least one axis on each side; use * for a number."
    inner = b[-2] if len(b) > 1 else b[0]
    if a[-1] == inner: return f"the axes before the last two, {a[:-2]} and {b[:-2]}, do not broadcast."
    which = "second to last" if len(b) > 1 else "only"
    said = f"the last axis of {left} has {a[-1]} elements and the {which} axis of {right} has {inner}"
    swapped = len(b) > 1 and a[-1] == b[-1]
    return f"{said}; they must be equal.{f' Did you mean {right} transposed ({right}.mT)?' if swapped else ''}"


def flat(x: Any, width: int) -> Any:
    """(..., width) as one matrix of rows."""
    return x if len(x.shape) == 2 else reshape(x, shape=(-1, width))


def linear_x(g: Array, w: Array) -> Array:
    """One product of all rows: NumPy would make one for each of the first axis."""
    return np.matmul(g.reshape(-1, w.shape[1]), w.T).reshape(*g.shape[:-1], w.shape[0])


def linear_w(g: Array, x: Array, w_shape: tuple[int, ...]) -> Array:
    return np.matmul(x.reshape(-1, w_shape[0]).T, g.reshape(-1, w_shape[1]))


@op(r"y = x W + b", x=(r"\bar y W^\top", lambda g, w: matmul(g, swapaxes(w, axis1=-1, axis2=-2)), linear_x),
    w=(r"\sum_n x_n^\top \bar y_n",
       lambda g, x, w_shape: matmul(matrix_transpose(flat(x, w_shape[0])), flat(g, w_shape[1])), linear_w),
    b=(r"\sum_n \bar y_n", lambda g, w_shape: sum_to(g, shape=w_shape[1:])))
def linear(x: Array, w: Array, b: Array | None = None) -> Array:
    """x: (..., inputs), w: (inputs, outputs), b: (outputs,) or None."""
    if np.ndim(w) != 2 or np.ndim(x) == 0 or x.shape[-1] != w.shape[0] or not (b is None or b.shape == w.shape[1:]):
        raise ShapeError(f"b has shape {np.shape(b)}; expected {np.shape(w)[1:]}."
                         if b is not None and np.shape(b) != np.shape(w)[1:] else
                         f"x: (..., inputs) and w: (inputs, outputs) do not fit: {misfit('x', x, 'w', w)}")
    y = np.matmul(x, w) if x.ndim <= 2 else np.matmul(x.reshape(-1, x.shape[-1]), w).reshape(*x.shape[:-1], w.shape[1])
    if b is not None: y += b
    return y


def outer(a: Any, b: Any) -> Any:
    """y_ij = a_i b_j, both flattened first."""
    return reshape(a, shape=(-1, 1)) * reshape(b, shape=(1, -1))


def vecdot(a: Any, b: Any, axis: int = -1) -> Any:
    """sum_i a_i b_i along one axis, the others broadcast."""
    return sum(a * b, axis=axis)
