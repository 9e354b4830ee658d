"""Sum products over named axes: einsum and what it is made of, dot, tensordot; the vector product, Kronecker's."""
from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from inspect import Parameter, Signature
from itertools import count
from typing import Any

import numpy as np

from tinyfm.engine import Array, Op, Tensor
from tinyfm.errors import ShapeError
from tinyfm.ops.linear import matmul
from tinyfm.ops.reduce import sum
from tinyfm.ops.shape import diagonal, reshape, roll, squeeze


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
