"""Ops that multiply and add: matmul, linear, einsum, outer products, small linear algebra."""
from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from inspect import Parameter, Signature
from itertools import count
from typing import Any

import numpy as np

from tinyfm.engine import Array, Op, Tensor, op
from tinyfm.errors import ShapeError
from tinyfm.ops.reduce import sum
from tinyfm.ops.shape import diagonal, expand_dims, matrix_transpose, reshape, roll, squeeze, sum_to, swapaxes


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


@op(r"y = x W + b", x=(r"\bar y W^\top", lambda g, w: matmul(g, swapaxes(w, axis1=-1, axis2=-2))),
    w=(r"\sum_n x_n^\top \bar y_n",
       lambda g, x, w_shape: matmul(matrix_transpose(flat(x, w_shape[0])), flat(g, w_shape[1]))),
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


def dot(a: Any, b: Any) -> Any:
    """numpy.dot for vectors and matrices: the sum product over the last axis of a and the second to last of b."""
    dims = [np.ndim(v.data if isinstance(v, Tensor) else v) for v in (a, b)]
    if 0 in dims: return a * b
    if max(dims) <= 2: return matmul(a, b)
    return tensordot(a, b, ((-1,), (-2 if dims[1] > 1 else -1,)))


def tensordot(a: Any, b: Any, axes: int | tuple[Any, Any] = 2) -> Any:
    """The sum product over the named axes of a and of b."""
    n, m = (np.ndim(v.data if isinstance(v, Tensor) else v) for v in (a, b))
    pairs = (range(n - axes, n), range(axes)) if isinstance(axes, int) else axes
    left, right = (np.atleast_1d(v).tolist() for v in pairs)
    fresh = count(n)
    names = {int(j) % m: int(i) % n for i, j in zip(left, right)}
    second = [names[j] if j in names else next(fresh) for j in range(m)]
    first = list(range(n))
    kept = [i for i in first if i not in names.values()] + [i for j, i in enumerate(second) if j not in names]
    left, right, out = ("".join(chr(ord("a") + i) for i in labels) for labels in (first, second, kept))
    return einsum(f"{left},{right}->{out}", a, b)


def cross(a: Any, b: Any, axis: int = -1) -> Any:
    """The vector product a x b of two axes of 3 elements, the others broadcast."""
    if a.shape[axis] != 3 or b.shape[axis] != 3:
        raise ShapeError(f"cross: axis {axis} of both must have 3 elements; received {a.shape} and {b.shape}.")
    a1, a2, b1, b2 = (roll(v, shift=s, axis=axis) for v in (a, b) for s in (-1, 1))
    return a1 * b2 - a2 * b1


def kron(a: Any, b: Any) -> Any:
    """Kronecker's product: every element of a times all of b, in place of that element."""
    n = max(a.ndim, b.ndim)
    left, right = ((1,) * (n - x.ndim) + tuple(x.shape) for x in (a, b))
    rows = reshape(a, shape=tuple(k for m in left for k in (m, 1)))
    wide = rows * reshape(b, shape=tuple(k for m in right for k in (1, m)))
    return reshape(wide, shape=tuple(i * j for i, j in zip(left, right)))


# ------------------------------------------------------------ einsum

def explicit(subscripts: str, dims: list[int]) -> tuple[list[str], str]:
    """Subscripts with the result written out and '...' replaced by letters: (one string an operand, the result)."""
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(dims):
        raise ShapeError(f"einsum: {subscripts!r} names {len(terms)} operands, received {len(dims)}.")
    spare = [c for c in map(chr, range(ord("A"), ord("Z") + 1)) if c not in subscripts][::-1]
    hidden = [d - len(t.replace("...", "")) if "..." in t else 0 for t, d in zip(terms, dims)]
    dots = "".join(spare[:max(hidden)][::-1])
    terms = [t.replace("...", dots[len(dots) - h:]) for t, h in zip(terms, hidden)]
    if not arrow:
        letters = "".join(terms)
        once = sorted(c for c in set(letters) if letters.count(c) == 1 and c not in dots)
        right = ("..." if dots else "") + "".join(once)
    for t, d in zip(terms, dims):
        if len(t) != d: raise ShapeError(f"einsum: {t!r} of {subscripts!r} names {len(t)} axes, the operand has {d}.")
    return terms, right.replace("...", dots)


@lru_cache(maxsize=256)
def einsum_op(terms: tuple[str, ...], out: str) -> Op:
    """The op of one einsum whose indices each stand once in an operand and again in another operand or the result."""
    def einsum(*xs: Array) -> Array: return np.einsum(",".join(terms) + "->" + out, *xs, optimize=len(xs) > 1)
    names = [f"x{i}" for i in range(len(terms))]
    signed(einsum, names)
    rules = {n: (rf"\text{{the same with }} \bar y \text{{ for }} x_{i}", einsum_rule(terms, out, i))
             for i, n in enumerate(names)}
    return Op(einsum, rf"\text{{{','.join(terms)} \to {out}}}", "linear", rules)


def signed(f: Any, names: list[str]) -> Any:
    """f, saying that its arguments have these names."""
    f.__signature__ = Signature([Parameter(n, Parameter.POSITIONAL_OR_KEYWORD) for n in names])
    return f


def einsum_rule(terms: tuple[str, ...], out: str, i: int) -> Callable[..., Any]:
    """Exchange operand i and the result."""
    others = [j for j in range(len(terms)) if j != i]
    back = einsum_op_later((out, *(terms[j] for j in others)), terms[i])
    def rule(g: Any, *xs: Any) -> Any: return back()(g, *xs)
    return signed(rule, ["g", *(f"x{j}" for j in others)])


def einsum_op_later(terms: tuple[str, ...], out: str) -> Callable[[], Op]: return lambda: einsum_op(terms, out)


def einsum(subscripts: str, *operands: Any) -> Any:
    """Einstein's summation, as numpy.einsum: 'ij,jk->ik', repeated indices, '...' and axes of size 1 that broadcast."""
    shapes = [np.shape(x.data if isinstance(x, Tensor) else x) for x in operands]
    terms, out = explicit(subscripts, [len(s) for s in shapes])
    sizes = {c: n for t, s in zip(terms, shapes) for c, n in zip(t, s) if n != 1}
    wide = [without_stretched(x, t, s, sizes) for x, t, s in zip(operands, terms, shapes)]
    terms = [t for _, t in wide]
    ready = [prepare(x, t, terms[:i] + terms[i + 1:], out) for i, (x, t) in enumerate(wide)]
    return einsum_op(tuple(t for _, t in ready), out)(*[x for x, _ in ready])


def without_stretched(x: Any, term: str, shape: tuple[int, ...], sizes: dict[str, int]) -> tuple[Any, str]:
    """Drop the axes of size 1 that another operand stretches."""
    thin = tuple(i for i, (c, n) in enumerate(zip(term, shape)) if n == 1 != sizes.get(c, 1))
    return (squeeze(x, axis=thin), "".join(c for i, c in enumerate(term) if i not in thin)) if thin else (x, term)


def prepare(x: Any, term: str, others: list[str], out: str) -> tuple[Any, str]:
    """Take the diagonal of repeated indices, and sum at once over those that nobody else names."""
    for c in sorted(set(term)):
        while term.count(c) > 1:
            i, j = term.index(c), term.rindex(c)
            x, term = diagonal(x, axis1=i, axis2=j), term[:i] + term[i + 1:j] + term[j + 1:] + c
    alone = tuple(i for i, c in enumerate(term) if c not in out and not any(c in t for t in others))
    if alone: x, term = sum(x, axis=alone), "".join(c for i, c in enumerate(term) if i not in alone)
    return x, term


# ------------------------------------------------------------ square matrices

def matrix_like(g: Any) -> Any:
    """A number for each matrix, ready to multiply it."""
    return reshape(g, shape=(*g.shape, 1, 1))


@op(r"Y = A^{-1}", a=(r"-Y^\top \bar Y Y^\top",
                      lambda g, out: -matmul(matmul(matrix_transpose(out), g), matrix_transpose(out))))
def inv(a: Array) -> Array: return np.linalg.inv(a)


@op(r"y = |A|", a=(r"\bar y \, |A| A^{-\top}", lambda g, a, out: matrix_like(g * out) * matrix_transpose(inv(a))))
def det(a: Array) -> Array:
    """The gradient is the cofactor matrix; written through the inverse, so it needs a regular matrix."""
    return np.linalg.det(a)


@op(r"y = \ln |\det A|", a=(r"\bar y A^{-\top}", lambda g, a: matrix_like(g) * matrix_transpose(inv(a))))
def logabsdet(a: Array) -> Array: return np.linalg.slogdet(a)[1]


def solve(a: Any, b: Any) -> Any:
    """X with A X = B; b: (..., n, k)."""
    return solve_matrix(a, b)


@op(r"X = A^{-1} B", b=(r"A^{-\top} \bar X", lambda g, a: solve_matrix(matrix_transpose(a), g)),
    a=(r"-A^{-\top} \bar X X^\top",
       lambda g, a, out: -matmul(solve_matrix(matrix_transpose(a), g), matrix_transpose(out))))
def solve_matrix(a: Array, b: Array) -> Array: return np.linalg.solve(a, b)

