"""One line for each op: the op, what is drawn for it, and an independent formula for its value.

Where no formula is given, the value must equal NumPy's function of the same name.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

import tests.ops.references as ref
import tinyfm.ops as fm
from tests.ops.draw import (
    Strategy, axes, axis, booleans, broadcasting, case, distinct, exactly, flags, inner_unit, integers, layouts, maybe_axis,
    nonzero, normal, order, positive, probabilities, regular, same, shapes, signature, sizes, some_zeros, uniform, unit,
)
from tinyfm.operators import table


class Line(NamedTuple):
    """name: of the op, public or in the table; f: what is called with the drawn arrays and settings."""

    name: str
    f: Callable[..., Any]
    cases: Strategy
    reference: Callable[..., Any] | None = None
    smooth: bool = True                          # False: no derivative (integers, booleans), only the value is tested


def line(f: Any, cases: Strategy, reference: Any = None, smooth: bool = True, name: str = "") -> Line:
    name = name or f.__name__
    return Line(name, f, cases, reference or getattr(np, name, None), smooth)


def call(name: str, cases: Strategy, f: Any, reference: Any = None, smooth: bool = True) -> Line:
    """For functions that do not take their arrays one by one."""
    return line(f, cases, reference, smooth, name)


one, two = shapes(), broadcasting()
full = shapes(min_side=1)                        # nothing empty
axial = shapes(min_dims=1)                       # at least one axis
solid = shapes(min_dims=1, min_side=1)
square = shapes(min_dims=2, min_side=1)

ELEMENTWISE = [
    *[line(f, case(one)) for f in (fm.exp, fm.exp2, fm.expm1, fm.sin, fm.cos, fm.tanh, fm.sinh, fm.cosh, fm.arcsinh, fm.arctan,
                                   fm.square, fm.abs, fm.sign, fm.floor, fm.ceil, fm.round, fm.trunc, fm.negative)],
    *[line(f, case(one, positive)) for f in (fm.log, fm.log2, fm.log10, fm.log1p, fm.sqrt)],
    *[line(f, case(one, inner_unit)) for f in (fm.arcsin, fm.arccos, fm.arctanh)],
    line(fm.tan, case(one, uniform(-1.2, 1.2))),
    line(fm.arccosh, case(one, uniform(1.3, 3.0))),
    line(fm.rsqrt, case(one, positive), lambda x: x ** -0.5),
    line(fm.reciprocal, case(one, nonzero), lambda x: 1 / x),
    line(fm.sigmoid, case(one), ref.sigmoid),
    line(fm.erf, case(one, uniform(-4, 4)), ref.erf),
    line(fm.erfc, case(one, uniform(-4, 4)), ref.erfc),
    *[line(f, case(two)) for f in (fm.add, fm.subtract, fm.multiply, fm.maximum, fm.minimum, fm.logaddexp)],
    *[line(f, case(two, nonzero)) for f in (fm.arctan2, fm.hypot)],
    *[line(f, case(two, normal, nonzero)) for f in (fm.divide, fm.remainder, fm.floor_divide)],
    line(fm.pow, case(two, positive, normal)),
    call("pow", case(one, nonzero, b=st.sampled_from([0, 1, 2, 3, -1, -2])), lambda x, b: fm.pow(x, b), lambda x, b: x ** float(b)),
    call("pow", case(one, a=st.sampled_from([2, 0.5, 1.0])), lambda x, a: fm.pow(a, x), lambda x, a: float(a) ** x),
    line(fm.where, case(broadcasting(3), booleans, normal)),
    line(fm.clip, case(broadcasting(3), normal, uniform(-1.5, -0.2), uniform(0.2, 1.5))),
    call("clip", case(one, min=st.sampled_from([None, -0.5]), max=st.sampled_from([0.7, 0])),
         lambda x, min, max: fm.clip(x, min, max), lambda x, min, max: np.clip(x, min, max)),
    *[line(f, case(two), smooth=False) for f in (fm.equal, fm.not_equal, fm.less, fm.less_equal, fm.greater, fm.greater_equal)],
    *[line(f, case(two, booleans), smooth=False) for f in (fm.logical_and, fm.logical_or)],
    line(fm.logical_not, case(one, booleans), smooth=False),
    *[line(f, case(one), smooth=False) for f in (fm.isnan, fm.isinf, fm.isfinite, fm.zeros_like, fm.ones_like)],
]

ACTIVATIONS = [
    line(fm.log_sigmoid, case(one), lambda x: -ref.softplus(-x)),
    line(fm.softplus, case(one), ref.softplus),
    line(fm.relu, case(one), lambda x: np.maximum(x, 0)),
    line(fm.leaky_relu, case(one, negative_slope=st.sampled_from([0.01, 0.3])), lambda x, negative_slope: np.where(x > 0, x, negative_slope * x)),
    line(fm.elu, case(one, alpha=st.sampled_from([1.0, 0.4])), ref.elu),
    line(fm.celu, case(one, alpha=st.sampled_from([1.0, 0.4])), ref.celu),
    line(fm.selu, case(one), lambda x: 1.0507009873554805 * ref.elu(x, 1.6732632423543772)),
    line(fm.gelu, case(one, approximate=flags), ref.gelu),
    line(fm.silu, case(one), ref.silu),
    line(fm.mish, case(one), ref.mish),
    line(fm.softsign, case(one), lambda x: x / (1 + np.abs(x))),
    line(fm.hard_tanh, case(one, min=st.sampled_from([-1.0, -0.3]), max=st.sampled_from([1.0, 0.2])), lambda x, min, max: np.clip(x, min, max)),
    line(fm.hard_sigmoid, case(one, uniform(-5, 5)), lambda x: np.clip(x / 6 + 0.5, 0, 1)),
    line(fm.hard_silu, case(one, uniform(-5, 5)), lambda x: x * np.clip(x / 6 + 0.5, 0, 1)),
    line(fm.relu6, case(one, uniform(-9, 9)), lambda x: np.clip(x, 0, 6)),
    line(fm.tanh_shrink, case(one), lambda x: x - np.tanh(x)),
    line(fm.soft_shrink, case(one, threshold=st.sampled_from([0.5, 0.1])), lambda x, threshold: x - np.clip(x, -threshold, threshold)),
    line(fm.hard_shrink, case(one, threshold=st.sampled_from([0.5, 0.1])), lambda x, threshold: x * (np.abs(x) > threshold)),
    line(fm.threshold, case(one, threshold=0.3, value=st.sampled_from([-2.0, 0.3])), lambda x, threshold, value: np.where(x > threshold, x, value)),
    line(fm.step, case(one), lambda x: (x > 0) * 1.0),
    call("dropout", case(one.map(lambda s: s * 2), normal, lambda rng, s: np.asarray(rng.integers(0, 2, s)), rate=st.sampled_from([0.0, 0.4])),
         lambda x, mask, rate: fm.dropout(x, rate=rate, mask=mask), lambda x, mask, rate: x * mask / (1 - rate)),
]


def reshaped(shape: tuple[int, ...], *_: Any) -> Strategy:
    return st.sampled_from([(-1,) if np.prod(shape) else shape, (*shape, 1), shape[::-1]])


def indices(shape: tuple[int, ...], *_: Any) -> Strategy:
    """Slices (backwards too), integers, None, ..., integer arrays with repeats, masks."""
    n, m = shape
    mask = np.random.default_rng(n + m).random(shape) > 0.5
    return st.sampled_from([
        0, -1, slice(None, None, -2), (slice(1, None), slice(None, None, -1)), (None, Ellipsis, 0), [0, n - 1, 0],
        (np.array([[0, -1], [n - 1, 0]]),), (slice(None), [m - 1, 0, 0]), ([0, 0, -1], [0, m - 1, 0]), mask, (0, mask[0]), Ellipsis,
    ])


def size_of(index: Any, shape: tuple[int, ...]) -> tuple[int, ...]: return np.zeros(shape)[index].shape


def widths(dims: int) -> Strategy: return st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=dims, max_size=dims).map(tuple)


NUMPY_MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}

SHAPE = [
    line(fm.astype, case(one, dtype="float64"), lambda x, dtype: x),
    line(fm.identity, case(one), lambda x: x),
    line(fm.reshape, case(one, shape=reshaped)),
    line(fm.sum_to, case(broadcasting(1).map(lambda s: ((2, *s[0]),)), shape=lambda s: st.sampled_from([s[1:], (1, *s[1:]), s, (1,) * len(s)])),
         lambda x, shape: x.sum(axis=tuple(i for i in range(x.ndim) if i < x.ndim - len(shape) or shape[i - x.ndim + len(shape)] == 1),
                                keepdims=True).reshape(shape)),
    line(fm.broadcast_to, case(one, shape=lambda s: st.sampled_from([(2, *s), s, (3, 1, *s)]))),
    line(fm.permute_dims, case(one, axes=order), lambda x, axes: np.transpose(x, axes)),
    line(fm.swapaxes, case(axial, axis1=axis, axis2=axis)),
    line(fm.matrix_transpose, case(shapes(min_dims=2)), lambda x: x.swapaxes(-1, -2)),
    line(fm.moveaxis, case(axial, source=axis, destination=axis)),
    call("moveaxis", case(shapes(min_dims=3, max_dims=3)), lambda x: fm.moveaxis(x, (0, 2), (-1, 0)), lambda x: np.moveaxis(x, (0, 2), (-1, 0))),
    line(fm.expand_dims, case(one, axis=lambda s: st.integers(-len(s) - 1, len(s)))),
    line(fm.squeeze, case(shapes(min_side=1, max_side=2), axis=lambda s: st.sampled_from([None, tuple(i for i, n in enumerate(s) if n == 1)]))),
    line(fm.flip, case(one, axis=axes)),
    line(fm.roll, case(axial, shift=st.integers(-5, 5), axis=maybe_axis)),
    call("roll", case(shapes(min_dims=2, max_dims=2)), lambda x: fm.roll(x, shift=(1, -2), axis=(0, 1)), lambda x: np.roll(x, (1, -2), (0, 1))),
    line(fm.tril, case(shapes(min_dims=2), k=st.integers(-3, 3))),
    line(fm.triu, case(shapes(min_dims=2), k=st.integers(-3, 3))),
    line(fm.getitem, case(shapes(min_dims=2, max_dims=2, min_side=1), index=indices), lambda x, index: x[index]),
    call("scatter", case(sizes(lambda n, m: ((n, m),), (1, 4), (1, 4)).flatmap(lambda s: indices(*s).map(lambda i: (size_of(i, s[0]), s[0], i)))
                         .map(lambda both: (both[0],)), index=st.just(None)),
         lambda x, index: fm.scatter(x, index=(slice(0, x.shape[0]),) if x.ndim else 0, shape=(5, *x.shape[1:])),
         lambda x, index: ref.scatter(x, (slice(0, x.shape[0]),) if x.ndim else 0, (5, *x.shape[1:]))),
    call("scatter", case(exactly((3, 2), (3,)), normal, integers(0, 4)), lambda x, i: fm.scatter(x, index=(i,), shape=(4, 2)),
         lambda x, i: ref.scatter(x, (i,), (4, 2))),
    line(fm.take_along_axis, case(sizes(lambda n, m, k: ((n, m), (n, k)), (1, 3), (1, 4), (0, 5)), normal, integers(0, 1), axis=st.sampled_from([1, -1]))),
    call("take_along_axis", case(sizes(lambda n, m: ((3, m), (n, m)), (0, 4), (0, 3)), normal, integers(-3, 3)),
         lambda x, i: fm.take_along_axis(x, i, axis=0), lambda x, i: np.take_along_axis(x, i, 0)),
    call("take_along_axis", case(exactly((1, 4), (3, 2)), normal, integers(0, 4)),
         lambda x, i: fm.take_along_axis(x, i, axis=-1), lambda x, i: np.take_along_axis(x, i, -1)),
    call("take_along_axis", case(exactly((3, 4), (1, 2)), normal, integers(0, 4)),
         lambda x, i: fm.take_along_axis(x, i, axis=1), lambda x, i: np.take_along_axis(x, i, 1)),
    call("scatter_along_axis", case(sizes(lambda n, m: ((n, m), (n, m)), (0, 3), (0, 4)), normal, integers(0, 3)),
         lambda x, i: fm.scatter_along_axis(x, i, axis=1, shape=(len(x), 3)), lambda x, i: ref.scatter_along_axis(x, i, 1, (len(x), 3))),
    call("take", case(exactly((3, 4), (2, 3)), normal, integers(-3, 3), axis=st.sampled_from([None, 0, 1, -1])),
         lambda x, i, axis: fm.take(x, i, axis), lambda x, i, axis: np.take(x, i, axis)),
    line(fm.sort, case(solid, distinct, layout=layouts, axis=axis)),
    line(fm.argsort, case(solid, distinct, axis=axis), smooth=False),
    call("topk", case(shapes(min_dims=1, min_side=2), distinct, layout=layouts, axis=axis), lambda x, axis: fm.topk(x, 2, axis)[0],
         lambda x, axis: np.take(-np.sort(-x, axis=axis), [0, 1], axis)),
    line(fm.diagonal, case(square, offset=st.integers(-1, 1))),
    call("diagonal", case(shapes(min_dims=3, max_dims=3, min_side=1)), lambda x: fm.diagonal(x, offset=1, axis1=-1, axis2=0),
         lambda x: np.diagonal(x, 1, -1, 0)),
    call("from_diagonal", case(exactly((2, 3)), offset=st.sampled_from([-1, 1]), axis1=st.sampled_from([0, -1])),
         lambda x, offset, axis1: fm.from_diagonal(x, shape=(4, 2, 4), offset=offset, axis1=axis1, axis2=2 if axis1 == 0 else 0),
         lambda x, offset, axis1: ref.from_diagonal(x, (4, 2, 4), offset, axis1, 2 if axis1 == 0 else 0)),
    call("trace", case(square, offset=st.integers(-1, 1)), lambda x, offset: fm.trace(x, offset), lambda x, offset: np.trace(x, offset)),
    call("concat", case(sizes(lambda n, m, k: ((n, m), (n, k), (n, 2)), (0, 3), (0, 3), (1, 3)), axis=st.sampled_from([1, -1])),
         lambda a, b, c, axis: fm.concat([a, b, c], axis), lambda a, b, c, axis: np.concatenate([a, b, c], axis)),
    call("concat", case(same(1, min_dims=1)), lambda a: fm.concat([a, a, a]), lambda a: np.concatenate([a, a, a])),
    call("stack", case(same(3), axis=lambda s, *_: st.integers(-len(s) - 1, len(s))), lambda a, b, c, axis: fm.stack([a, b, c], axis),
         lambda a, b, c, axis: np.stack([a, b, c], axis)),
    call("split", case(exactly((3, 4)), part=st.integers(0, 1), axis=st.sampled_from([1, -1])), lambda x, part, axis: fm.split(x, 2, axis)[part],
         lambda x, part, axis: np.split(x, 2, axis)[part]),
    call("split", case(exactly((5, 2)), part=st.integers(0, 2)), lambda x, part: fm.split(x, [1, 4])[part], lambda x, part: np.split(x, [1, 4])[part]),
    call("unstack", case(square, axis=st.sampled_from([0, 1, -1])), lambda x, axis: fm.unstack(x, axis)[-1], lambda x, axis: np.take(x, -1, axis)),
    call("tile", case(one, times=st.sampled_from([2, (2, 1, 3), (0,), (1, 2)])), lambda x, times: fm.tile(x, times), lambda x, times: np.tile(x, times)),
    call("repeat", case(axial, times=st.integers(0, 3), axis=maybe_axis), lambda x, times, axis: fm.repeat(x, times, axis),
         lambda x, times, axis: np.repeat(x, times, axis)),
    call("repeat", case(exactly((2, 3))), lambda x: fm.repeat(x, [2, 0, 1], 1), lambda x: np.repeat(x, [2, 0, 1], 1)),
    line(fm.pad_constant, case(exactly((2, 3)), widths=widths(2), value=st.sampled_from([0.0, 2.5])),
         lambda x, widths, value: np.pad(x, widths, constant_values=value)),
    call("pad", case(exactly((4, 3)), widths=widths(2), mode=st.sampled_from([*NUMPY_MODES])), lambda x, widths, mode: fm.pad(x, widths, mode),
         lambda x, widths, mode: np.pad(x, widths, NUMPY_MODES[mode])),
    call("pad", case(exactly((2, 3))), lambda x: fm.pad(x, ((2, 1), (3, 5)), "circular"), lambda x: np.pad(x, ((2, 1), (3, 5)), "wrap")),
    call("interpolate", case(exactly((2, 4, 3, 2)), size=st.sampled_from([(2, 3), (7, 5), (4, 6)])), lambda x, size: fm.interpolate(x, size),
         lambda x, size: ref.nearest(ref.nearest(x, size[0]).swapaxes(1, 2), size[1]).swapaxes(1, 2)),
    call("interpolate", case(exactly((2, 4, 3)), size=st.integers(1, 9)), lambda x, size: fm.interpolate(x, size, mode="linear"), ref.linear_resize),
]

REDUCE = [
    *[line(f, case(one, axis=axes, keepdims=flags)) for f in (fm.sum,)],
    *[line(f, case(one, some_zeros, axis=axes, keepdims=flags)) for f in (fm.prod,)],
    line(fm.mean, case(full, axis=axes, keepdims=flags)),
    line(fm.var, case(shapes(min_dims=1, min_side=2), axis=axes, keepdims=flags, correction=st.sampled_from([0, 1, 0.5])),
         lambda x, axis, keepdims, correction: np.var(x, axis=axis, keepdims=keepdims, ddof=correction)),
    line(fm.std, case(shapes(min_dims=1, min_side=2), layout=layouts, axis=axes, keepdims=flags, correction=st.sampled_from([0, 1])),
         lambda x, axis, keepdims, correction: np.std(x, axis=axis, keepdims=keepdims, ddof=correction)),
    *[line(f, case(full, axis=axes, keepdims=flags)) for f in (fm.max, fm.min)],
    *[line(f, case(solid, axis=maybe_axis), smooth=False) for f in (fm.argmax, fm.argmin)],
    *[line(f, case(one, booleans, axis=axes, keepdims=flags), smooth=False) for f in (fm.any, fm.all)],
    call("winners", case(exactly((3, 4))), lambda x: table["winners"](x, x.max(axis=1), axis=1), lambda x: (x == x.max(1, keepdims=True)) * 1.0, smooth=False),
    line(fm.median, case(solid, distinct, layout=layouts, axis=maybe_axis, keepdims=flags)),
    line(fm.cumsum, case(axial, axis=maybe_axis)),
    line(fm.cumprod, case(axial, some_zeros, axis=maybe_axis)),
    line(fm.linear_recurrence, case(same(2, min_dims=1), axis=axis), ref.linear_recurrence),
    line(fm.norm, case(full, nonzero, ord=st.sampled_from([2, 1, 3, 2.5, 0.5, np.inf, -np.inf, 0]), axis=axes, keepdims=flags), ref.norm),
    line(fm.logsumexp, case(full, axis=axes, keepdims=flags), ref.logsumexp),
    line(fm.softmax, case(solid, axis=axis), ref.softmax),
    line(fm.log_softmax, case(solid, axis=axis), lambda x, axis: np.log(ref.softmax(x, axis))),
]

LINEAR = [
    line(fm.matmul, case(signature("(m?,n),(n,p?)->(m?,p?)"))),
    line(fm.linear, case(sizes(lambda n, i, o: ((n, i), (i, o), (o,)), (0, 3), (1, 3), (1, 3))), lambda x, w, b: x @ w + b),
    line(fm.linear, case(sizes(lambda n, i, o: ((2, n, i), (i, o)), (0, 3), (1, 3), (1, 3))), lambda x, w: x @ w),
    line(fm.linear, case(exactly((3,), (3, 2), (2,))), lambda x, w, b: x @ w + b),
    line(fm.outer, case(sizes(lambda n, m: ((n,), (m, 2)), (0, 3), (0, 3)))),
    call("vecdot", case(two.filter(lambda s: all(s) and s[0][-1] == s[1][-1])), lambda a, b: fm.vecdot(a, b), lambda a, b: (a * b).sum(-1)),
    line(fm.dot, case(st.sampled_from([((3,), (3,)), ((2, 3), (3,)), ((2, 3), (3, 4)), ((), (3,)), ((2, 2, 3), (4, 3, 2)), ((2, 2, 3), (3,))]))),
    call("tensordot", case(exactly((2, 3, 4), (4, 3, 5)), axes=st.sampled_from([((1, 2), (1, 0)), ((-1,), (0,)), 0])),
         lambda a, b, axes: fm.tensordot(a, b, axes), lambda a, b, axes: np.tensordot(a, b, axes)),
    line(fm.cross, case(exactly((4, 3), (3,)))),
    call("kron", case(sizes(lambda n, m: ((n, 2), (3, m)), (1, 3), (1, 3))), lambda a, b: fm.kron(a, b), np.kron),
    call("kron", case(exactly((2,), (2, 1, 3))), lambda a, b: fm.kron(a, b), np.kron),
    *[call("einsum", case(exactly(*s)), lambda *x, t=text: fm.einsum(t, *x), lambda *x, t=text: np.einsum(t, *x)) for text, *s in [
        ("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 4)), ("...ij,...jk", (5, 2, 3), (1, 3, 4)), ("iij->j", (3, 3, 2)), ("iij->ij", (3, 3, 2)),
        ("ij,kl,j->il", (2, 3), (2, 4), (3,)), ("ii", (3, 3)), ("ij->", (2, 3)), ("i,j->ji", (2,), (3,)), ("ij,ij->j", (2, 3), (1, 3)),
        ("b...d,...d->b...", (2, 4, 3), (4, 3)), ("ijk->kij", (2, 3, 4)), ("i,i,i->i", (3,), (3,), (3,)), ("aab,bc->ac", (2, 2, 3), (3, 2)), (",i->i", (), (3,)),
    ]],
    line(fm.inv, case(st.sampled_from([((3, 3),), ((2, 2, 2),), ((1, 1),)]), regular, layout=layouts), np.linalg.inv),
    line(fm.det, case(st.sampled_from([((3, 3),), ((2, 2, 2),), ((1, 1),)]), regular, layout=layouts), np.linalg.det),
    line(fm.logabsdet, case(st.sampled_from([((3, 3),), ((2, 2, 2),)]), regular, layout=layouts), lambda a: np.linalg.slogdet(a)[1]),
    line(fm.solve, case(st.sampled_from([((3, 3), (3, 2)), ((2, 2, 2), (2, 1)), ((3, 3), (2, 3, 2))]), regular, normal, layout=layouts), np.linalg.solve),
    line(table["solve_matrix"], case(exactly((3, 3), (3, 2)), regular, normal, layout=layouts), np.linalg.solve),
]


# ------------------------------------------------------------ windows

@st.composite
def geometry(draw: Any, dims: int, dilated: bool = True) -> dict[str, Any]:
    each = lambda values: tuple(draw(st.sampled_from(values)) for _ in range(dims))
    return {"strides": each([1, 2, 3]), "padding": each([(0, 0), (1, 0), (1, 1)]), "dilation": each([1, 2]) if dilated else (1,) * dims}


@st.composite
def convolution(draw: Any) -> tuple[list[Any], dict[str, Any]]:
    """x, w and settings of conv in one or two dimensions."""
    dims, groups = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    kernel = tuple(draw(st.integers(1, 3)) for _ in range(dims))
    size = tuple(draw(st.integers(5, 6)) for _ in range(dims))
    form = st.just(((draw(st.integers(0, 2)), *size, 2 * groups), (*kernel, 2, groups * draw(st.integers(1, 2)))))
    arrays, settings = draw(case(form, layout=layouts))
    return arrays, {**draw(geometry(dims)), "groups": groups}


def of_output(pair: Any, keep: str) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of a transpose: a result of conv in place of the argument that is sought."""
    (x, w), settings = pair
    y = normal(np.random.default_rng(x.size + w.size), table["conv"](x, w, **settings).shape)
    if keep == "w": return [y, w], {**settings, "size": x.shape[1:-1]}
    return [x, y], {**settings, "size": w.shape[:-2]}


POOLED = {"pool_size": (2, 2), "strides": (2, 1), "padding": ((1, 0), (0, 1)), "dilation": (1, 2), "ceil_mode": True}
WON = np.random.default_rng(3).integers(0, 4, table["max_pool"](np.zeros((2, 5, 4, 2)), **POOLED).shape)
AVERAGE = {k: v for k, v in POOLED.items() if k != "dilation"}


def pool_settings(*_: Any) -> Strategy:
    return st.fixed_dictionaries({"pool_size": st.sampled_from([2, 3, (2, 3)]), "strides": st.sampled_from([None, 1, (2, 1)]),
                                  "padding": st.sampled_from(["valid", "same", 1, ((1, 0), (0, 1))])})


def resolved(x: np.ndarray, s: dict[str, Any], dilation: Any = 1) -> dict[str, Any]:
    """Pool settings as the reference takes them, computed by hand: TensorFlow's rule for "same"."""
    both = lambda v: (v, v) if isinstance(v, int) else v
    k, d = both(s["pool_size"]), both(dilation)
    strides = k if s["strides"] is None else both(s["strides"])
    return {"pool_size": k, "strides": strides, "padding": by_hand(s["padding"], x.shape[1:3], k, strides, d)}


def by_hand(padding: Any, size: Any, kernel: Any, strides: Any, dilation: Any) -> list[Any]:
    pads = []
    for i, (n, k, s, d) in enumerate(zip(size, kernel, strides, dilation)):
        total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
        pads.append({"valid": (0, 0), "same": (total // 2, total - total // 2)}[padding] if isinstance(padding, str)
                    else (padding, padding) if isinstance(padding, int) else padding[i])
    return pads


def conv_by_hand(x: Any, w: Any, b: Any = 0.0, strides: Any = 1, padding: Any = "valid", dilation: Any = 1, groups: int = 1) -> Any:
    dims = x.ndim - 2
    both = lambda v: (v,) * dims if isinstance(v, int) else v
    pads = by_hand(padding, x.shape[1:], w.shape, both(strides) , both(dilation)) if dims == 2 else \
        by_hand(padding, x.shape[1:2], w.shape[:1], both(strides), both(dilation))
    return ref.conv(x, w, both(strides), pads, both(dilation), groups) + b


def transpose_by_hand(x: Any, w: Any, b: Any = 0.0, strides: int = 1, padding: str = "valid", dilation: int = 1, groups: int = 1) -> Any:
    """Every input pixel paints its kernel onto the output; "same" crops to size * strides."""
    dims, per, outs = x.ndim - 2, w.shape[-1] // groups, w.shape[-2]
    span = [(k - 1) * dilation + 1 for k in w.shape[:dims]]
    y = np.zeros((len(x), *[(n - 1) * strides + max(k, strides) for n, k in zip(x.shape[1:], span)], outs * groups))
    for p in np.ndindex(*x.shape[1:-1]):
        for k in np.ndindex(*w.shape[:dims]):
            for g in range(groups):
                at = (slice(None), *[i * strides + j * dilation for i, j in zip(p, k)], slice(g * outs, (g + 1) * outs))
                y[at] += x[(slice(None), *p)][:, g * per:(g + 1) * per] @ w[k][:, g * per:(g + 1) * per].T
    if padding == "same":
        cut = [max(k - strides, 0) // 2 for k in span]
        y = y[(slice(None), *[slice(c, c + n * strides) for c, n in zip(cut, x.shape[1:])])]
    return y + b


pads1 = st.sampled_from(["valid", "same", 2, ((1, 2),)])
pads2 = st.sampled_from(["valid", "same", 1, ((1, 0), (0, 2))])
SPATIAL = {"strides": st.integers(1, 2), "padding": st.sampled_from(["valid", "same"]), "dilation": st.integers(1, 2)}

WINDOWS = [
    line(table["conv"], convolution(), ref.conv),
    line(table["conv_x"], convolution().map(lambda c: of_output(c, "w")), ref.conv_x),
    line(table["conv_w"], convolution().map(lambda c: of_output(c, "x")), ref.conv_w),
    line(fm.conv1d, case(exactly((2, 7, 2), (3, 2, 3), (3,)), strides=st.integers(1, 3), padding=pads1, dilation=st.integers(1, 2)), conv_by_hand),
    line(fm.conv2d, case(exactly((1, 5, 6, 2), (3, 2, 2, 2), (2,)), strides=st.sampled_from([1, 2, (2, 1)]), padding=pads2, dilation=st.sampled_from([1, 2, (1, 2)])), conv_by_hand),
    line(fm.conv2d, case(exactly((2, 4, 5, 4), (2, 3, 2, 4)), groups=2, padding="same"), conv_by_hand),
    line(fm.conv1d_transpose, case(exactly((2, 4, 3), (3, 2, 3), (2,)), **SPATIAL), transpose_by_hand),
    line(fm.conv2d_transpose, case(exactly((1, 3, 4, 2), (2, 3, 2, 2), (2,)), **SPATIAL), transpose_by_hand),
    line(fm.conv2d_transpose, case(exactly((1, 3, 2, 4), (1, 2, 3, 4), (6,)), groups=2, strides=2), transpose_by_hand),
    line(table["max_pool"], case(exactly((2, 5, 4, 2)), distinct, **POOLED), ref.max_pool),
    line(table["average_pool"], case(exactly((2, 5, 4, 2)), **AVERAGE, count_include_pad=flags), ref.average_pool),
    call("average_pool_x", case(exactly((2, 2, 3, 2)), count_include_pad=flags),
         lambda y, count_include_pad: table["average_pool_x"](y, size=(4, 4), pool_size=(2, 2), strides=(2, 1), padding=((0, 0), (0, 0)), count_include_pad=count_include_pad),
         lambda y, count_include_pad: ref.average_pool_x(y, (4, 4), pool_size=(2, 2), strides=(2, 1), padding=((0, 0), (0, 0)))),
    call("pool_winners", case(exactly((2, 4, 4, 1)), distinct), lambda x: table["pool_winners"](x, fm.max_pool2d(x, 2), pool_size=(2, 2), strides=(2, 2), padding=((0, 0),) * 2, dilation=(1, 1)),
         lambda x: np.argmax(x.reshape(2, 2, 2, 2, 2, 1).transpose(0, 1, 3, 2, 4, 5).reshape(2, 2, 2, 4, 1), axis=3), smooth=False),
    call("pool_take", case(exactly((2, 5, 4, 2))), lambda x: table["pool_take"](x, fixed_winners(), **POOLED), lambda x: taken(x)),
    call("pool_place", case(exactly(WON.shape)), lambda y: table["pool_place"](y, fixed_winners(), size=(5, 4), **POOLED),
         lambda y: ref.transpose_of(taken, (2, 5, 4, 2), y)),
    call("max_pool1d", case(exactly((2, 7, 2)), distinct, size=st.integers(2, 3), dilation=st.integers(1, 2), ceil=flags),
         lambda x, size, dilation, ceil: fm.max_pool1d(x, size, 2, dilation=dilation, ceil_mode=ceil),
         lambda x, size, dilation, ceil: ref.max_pool(x, (size,), (2,), ((0, 0),), (dilation,), ceil)),
    call("max_pool2d", case(exactly((1, 6, 5, 2)), distinct, s=pool_settings, ceil=flags), lambda x, s, ceil: fm.max_pool2d(x, **s, ceil_mode=ceil),
         lambda x, s, ceil: ref.max_pool(x, **resolved(x, s), dilation=(1, 1), ceil_mode=ceil)),
    call("average_pool1d", case(exactly((2, 7, 2)), size=st.integers(2, 3), ceil=flags, count=flags),
         lambda x, size, ceil, count: fm.average_pool1d(x, size, 2, 1, ceil_mode=ceil, count_include_pad=count),
         lambda x, size, ceil, count: ref.average_pool(x, (size,), (2,), ((1, 1),), ceil, count)),
    call("average_pool2d", case(exactly((1, 6, 5, 2)), s=pool_settings, ceil=flags, count=flags),
         lambda x, s, ceil, count: fm.average_pool2d(x, **s, ceil_mode=ceil, count_include_pad=count),
         lambda x, s, ceil, count: ref.average_pool(x, **resolved(x, s), ceil_mode=ceil, count_include_pad=count)),
]


def fixed_winners() -> np.ndarray:
    """Winners that lie inside the input, for any values."""
    x = np.random.default_rng(5).standard_normal((2, 5, 4, 2))
    return table["pool_winners"](x, table["max_pool"](x, **POOLED), **POOLED)


def taken(x: np.ndarray) -> np.ndarray:
    """Pixel by pixel what pool_take reads."""
    won = fixed_winners()
    y = np.zeros(won.shape)
    for n, i, j, c in np.ndindex(*won.shape):
        a, b = divmod(int(won[n, i, j, c]), 2)
        y[n, i, j, c] = x[n, i * 2 + a - 1, j + b * 2, c]
    return y


NORMS = [
    line(fm.standardize, case(sizes(lambda n, m: ((n, 3, m), (m,), (3, m)), (1, 3), (2, 4)), axis=st.sampled_from([-1, (0, 1), (1, 2), 0]), epsilon=0.1), ref.standardize),
    line(fm.standardize, case(exactly((3, 4)), axis=1, epsilon=st.sampled_from([0.1, 1e-5])), ref.standardize),
    line(fm.layer_norm, case(sizes(lambda n, m: ((n, 2, m), (m,), (m,)), (0, 3), (2, 4)), layout=layouts, axis=-1, epsilon=st.sampled_from([0.1, 1e-3])), ref.standardize),
    call("layer_norm", case(exactly((2, 3, 4), (3, 4), (3, 4))), lambda x, s, o: fm.layer_norm(x, s, o, axis=(-2, -1)),
         lambda x, s, o: ref.standardize(x, s, o, axis=(1, 2), epsilon=1e-5)),
    line(fm.rms_norm, case(sizes(lambda n, m: ((n, 2, m), (m,)), (0, 3), (1, 4)), epsilon=st.sampled_from([0.1, 1e-6])), ref.rms_norm),
    line(fm.group_norm, case(sizes(lambda n, g: ((n, 3, 2, 4), (4,), (4,)), (1, 2), (1, 2)), groups=st.sampled_from([1, 2, 4])), ref.group_norm),
    call("batch_norm", case(sizes(lambda n, m: ((n, 2, m), (m,), (m,)), (2, 4), (1, 3)), layout=layouts), lambda x, s, o: fm.batch_norm(x, s, o, epsilon=0.1),
         lambda x, s, o: ref.standardize(x, s, o, axis=(0, 1), epsilon=0.1)),
    call("batch_norm", case(exactly((3, 2, 4), (2,), (2,)), layout=layouts), lambda x, s, o: fm.batch_norm(x, s, o, axis=1),
         lambda x, s, o: ref.standardize(x, s[:, None], o[:, None], axis=(0, 2), epsilon=1e-3)),
    call("batch_norm", case(exactly((3, 2), (2,), (2,), (2,), (2,)), normal, normal, normal, normal, positive), fm.batch_norm,
         lambda x, s, o, m, v: (x - m) / np.sqrt(v + 1e-3) * s + o),
    call("batch_norm", case(exactly((3, 2), (2,), (2,)), normal, normal, positive), lambda x, m, v: fm.batch_norm(x, mean=m, variance=v),
         lambda x, m, v: (x - m) / np.sqrt(v + 1e-3)),
    line(fm.normalize, case(solid, nonzero, axis=axis, ord=st.sampled_from([2, 1])), lambda x, axis, ord: x / ref.norm(x, ord, axis, True)),
]

reductions = st.sampled_from(["none", "mean", "sum"])
alike = same(2, min_side=1)
WEIGHTS = np.array([0.5, 2.0, 1.0, 1.5])


def classes(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray: return rng.integers(0, 4, shape)


labelled = sizes(lambda n, m: ((n, m, 4), (n, m)), (1, 3), (1, 3))

LOSSES = [
    line(fm.mean_squared_error, case(alike, reduction=reductions), lambda p, t, reduction: ref.reduced((p - t) ** 2, reduction)),
    line(fm.mean_absolute_error, case(alike, reduction=reductions), lambda p, t, reduction: ref.reduced(np.abs(p - t), reduction)),
    line(fm.huber, case(alike, delta=st.sampled_from([1.0, 0.3]), reduction=reductions), ref.huber),
    line(fm.smooth_l1, case(alike, beta=st.sampled_from([1.0, 0.3]), reduction=reductions), lambda p, t, beta, reduction: ref.huber(p, t, beta, reduction) / beta),
    call("smooth_l1", case(alike), lambda p, t: fm.smooth_l1(p, t, beta=0.0), lambda p, t: np.mean(np.abs(p - t))),
    line(fm.log_cosh, case(alike, reduction=reductions), lambda p, t, reduction: ref.reduced(np.log(np.cosh(p - t)), reduction)),
    line(fm.hinge, case(alike, normal, lambda rng, s: np.asarray(rng.choice([-1.0, 1.0], s)), reduction=reductions),
         lambda p, t, reduction: ref.reduced(np.maximum(1 - t * p, 0), reduction)),
    line(fm.poisson_negative_log_likelihood, case(alike, normal, positive, reduction=reductions), lambda p, t, reduction: ref.reduced(np.exp(p) - t * p, reduction)),
    line(fm.poisson_negative_log_likelihood, case(alike, positive, uniform(0.2, 3.0), log_input=False, full=flags),
         lambda p, t, log_input, full: np.mean(p - t * np.log(p + 1e-8) + full * (t > 1) * (t * np.log(t) - t + np.log(2 * np.pi * t) / 2))),
    line(fm.gaussian_negative_log_likelihood, case(same(3, min_side=1), normal, normal, positive, full=flags, reduction=reductions),
         lambda p, t, v, full, reduction: ref.reduced(np.log(v) / 2 + (p - t) ** 2 / (2 * v) + full * np.log(2 * np.pi) / 2, reduction)),
    line(fm.cosine_similarity, case(same(2, min_dims=1, min_side=1), nonzero, axis=axis),
         lambda a, b, axis: (a * b).sum(axis) / np.sqrt((a * a).sum(axis) * (b * b).sum(axis))),
    line(fm.kl_divergence, case(alike, normal, positive, reduction=reductions), lambda p, t, reduction: ref.reduced(t * (np.log(t) - p), reduction)),
    line(fm.kl_divergence, case(alike, normal, normal, log_target=True), lambda p, t, log_target: np.mean(np.exp(t) * (t - p))),
    line(fm.binary_cross_entropy, case(alike, unit, unit, reduction=reductions), lambda p, t, reduction: ref.reduced(-t * np.log(p) - (1 - t) * np.log(1 - p), reduction)),
    call("binary_cross_entropy", case(same(3, min_side=1), unit, unit, positive), lambda p, t, w: fm.binary_cross_entropy(p, t, weight=w),
         lambda p, t, w: np.mean(w * (-t * np.log(p) - (1 - t) * np.log(1 - p)))),
    line(table["bernoulli_cost"], case(two, normal, unit), lambda x, t: ref.binary_cross_entropy_with_logits(x, t, reduction="none")),
    line(fm.binary_cross_entropy_with_logits, case(alike, normal, unit, reduction=reductions), ref.binary_cross_entropy_with_logits),
    call("binary_cross_entropy_with_logits", case(exactly((3, 2), (3, 2), (3, 2), (2,)), normal, unit, positive),
         lambda x, t, w, p: fm.binary_cross_entropy_with_logits(x, t, weight=w, pos_weight=p),
         lambda x, t, w, p: ref.binary_cross_entropy_with_logits(x, t, w, p)),
    line(table["categorical_cost"], case(labelled, normal, classes), lambda x, t: ref.cross_entropy(x, t, reduction="none")),
    line(fm.softmax_cross_entropy, case(labelled, normal, classes, reduction=reductions), ref.cross_entropy),
    line(fm.softmax_cross_entropy, case(exactly((4,), ()), normal, classes), ref.cross_entropy),
    line(fm.softmax_cross_entropy, case(exactly((6, 4), (6,)), normal, classes, weight=st.sampled_from([None, WEIGHTS]), label_smoothing=st.sampled_from([0.0, 0.2]),
                                        ignore_index=st.sampled_from([None, 1, -100]), reduction=reductions), ref.cross_entropy),
    line(fm.softmax_cross_entropy, case(same(2, min_dims=1, min_side=1), normal, probabilities, label_smoothing=st.sampled_from([0.0, 0.2]), reduction=reductions),
         ref.soft_cross_entropy),
    call("softmax_cross_entropy", case(exactly((6, 4), (6, 4), (4,)), normal, probabilities, positive), lambda x, t, w: fm.softmax_cross_entropy(x, t, weight=w),
         lambda x, t, w: ref.soft_cross_entropy(x, t, w)),
    call("softmax_cross_entropy", case(exactly((6, 4), (6,), (4,)), normal, classes, positive), lambda x, t, w: fm.softmax_cross_entropy(x, t, weight=w),
         lambda x, t, w: ref.cross_entropy(x, t, w)),
    line(fm.negative_log_likelihood, case(labelled, normal, classes, weight=st.sampled_from([None, WEIGHTS]), ignore_index=st.sampled_from([None, -100]), reduction=reductions),
         lambda x, t, weight, ignore_index, reduction: ref.cross_entropy(x, t, weight, 0.0, ignore_index, reduction) if False else nll_by_hand(x, t, weight, reduction)),
]


def nll_by_hand(x: Any, t: Any, weight: Any, reduction: str) -> Any:
    w = np.ones(4)[t] if weight is None else weight[t]
    losses = np.array([-v * x[at][t[at]] for at, v in np.ndenumerate(w)]).reshape(t.shape)
    return losses.sum() / w.sum() if reduction == "mean" else ref.reduced(losses, reduction)


def lstm_shapes(n: int, time: int, inputs: int, units: int) -> tuple[tuple[int, ...], ...]:
    return (n, time, inputs), (n, units), (n, units), (inputs, 4 * units), (units, 4 * units), (4 * units,)


def gru_shapes(n: int, time: int, inputs: int, units: int) -> tuple[tuple[int, ...], ...]:
    return (n, time, inputs), (n, units), (inputs, 3 * units), (units, 3 * units), (3 * units,), (3 * units,)


def rnn_shapes(n: int, time: int, inputs: int, units: int) -> tuple[tuple[int, ...], ...]:
    return (n, time, inputs), (n, units), (inputs, units), (units, units), (units,)


sequence = (1, 2), (1, 3), (1, 2), (1, 2)
TEXTS, FRAMES, LENGTHS = np.array([[1, 2], [2, 2], [1, 0]]), np.array([4, 3, 2]), np.array([2, 2, 1])
lookups = [(fm.embedding, lambda ids, w: w[ids])]

NETWORKS = [
    call("embedding", case(sizes(lambda n, m: ((n, m), (4, 3)), (0, 3), (0, 3)), integers(0, 4), normal), lambda i, w: fm.embedding(i, w), lambda i, w: w[i]),
    line(table["embedding_transpose"], case(sizes(lambda n, m: ((n, m), (n, m, 3)), (0, 3), (0, 3)), integers(0, 4), normal, rows=4),
         lambda i, y, rows: ref.scatter(y, (i,), (rows, 3))),
    line(fm.one_hot, case(one, integers(0, 4), classes=4), lambda i, classes: np.eye(classes)[i], smooth=False),
    line(table["attention"], case(exactly((2, 3, 2), (2, 4, 2), (1, 4, 3), (3, 4)), causal=flags, scale=0.7), ref.attention),
    line(fm.scaled_dot_product_attention, case(st.sampled_from([((3, 2), (4, 2), (4, 3)), ((2, 1, 3, 2), (2, 2, 4, 2), (1, 1, 4, 3))]), causal=flags, scale=st.sampled_from([None, 0.3])), ref.attention),
    line(fm.scaled_dot_product_attention, case(exactly((2, 2, 3, 2), (2, 2, 3, 2), (2, 2, 3, 3), (2, 1, 3, 3)), normal, normal, normal, booleans, causal=flags), ref.attention),
    call("attention_weights", case(exactly((2, 3, 2), (2, 4, 2), (3, 4)), normal, normal, booleans, causal=flags), lambda q, k, m, causal: fm.attention_weights(q, k, m, causal=causal),
         lambda q, k, m, causal: ref.attention(q, k, np.eye(4), m, causal)),
    call("attention_weights", case(exactly((2, 3, 2), (2, 4, 2), (1, 4)), causal=flags), lambda q, k, m, causal: fm.attention_weights(q, k, m, causal=causal),
         lambda q, k, m, causal: ref.attention(q, k, np.eye(4), m, causal)),
    line(table["lstm_states"], case(sizes(lstm_shapes, *sequence)), ref.lstm),
    call("lstm", case(sizes(lambda *n: lstm_shapes(*n)[:5], *sequence)), lambda *a: fm.concat(list(fm.lstm(*a)[1:]), -1), lambda *a: ref.lstm(*a)[:, -1]),
    call("lstm", case(sizes(lstm_shapes, *sequence)), lambda *a: fm.lstm(*a)[0], lambda *a: ref.lstm(*a)[..., :a[1].shape[1]]),
    call("lstm_cell", case(sizes(lambda n, i, u: ((n, i), *lstm_shapes(n, 1, i, u)[1:]), (1, 3), (1, 3), (1, 3))), lambda *a: fm.concat(list(fm.lstm_cell(*a)), -1),
         lambda x, *a: ref.lstm(x[:, None], *a)[:, 0]),
    line(table["gru_states"], case(sizes(gru_shapes, *sequence)), ref.gru),
    call("gru", case(sizes(lambda *n: gru_shapes(*n)[:4], *sequence)), lambda *a: fm.gru(*a)[1], lambda *a: ref.gru(*a)[:, -1]),
    call("gru", case(sizes(lambda *n: gru_shapes(*n)[:5], *sequence)), lambda *a: fm.gru(*a)[0], ref.gru),
    line(fm.gru_cell, case(sizes(lambda n, i, u: ((n, i), *gru_shapes(n, 1, i, u)[1:]), (1, 3), (1, 3), (1, 3))), lambda x, *a: ref.gru(x[:, None], *a)[:, 0]),
    line(table["rnn_states"], case(sizes(rnn_shapes, *sequence), activation=st.sampled_from(["tanh", "relu"])), ref.rnn),
    call("rnn", case(sizes(lambda *n: rnn_shapes(*n)[:4], *sequence)), lambda *a: fm.rnn(*a)[1], lambda *a: ref.rnn(*a)[:, -1]),
    line(fm.rnn_cell, case(sizes(lambda n, i, u: ((n, i), *rnn_shapes(n, 1, i, u)[1:]), (1, 3), (1, 3), (1, 3)), activation=st.sampled_from(["tanh", "relu"])),
         lambda x, *a, **s: ref.rnn(x[:, None], *a, **s)[:, 0]),
    call("ctc_cost", case(exactly((3, 4, 3))), lambda x: table["ctc_cost"](x, TEXTS, FRAMES, LENGTHS, blank=0), lambda x: ref.ctc(x, TEXTS, FRAMES, LENGTHS)),
    call("ctc_loss", case(exactly((3, 4, 3)), reduction=reductions), lambda x, reduction: fm.ctc_loss(fm.log_softmax(x), TEXTS, FRAMES, LENGTHS, reduction=reduction),
         lambda x, reduction: ref.reduced(ref.ctc(np.log(ref.softmax(x)), TEXTS, FRAMES, LENGTHS) / (LENGTHS if reduction == "mean" else 1), reduction)),
    line(table["dense"], case(sizes(lambda n, i, o: ((n, i), (i, o), (o,)), (0, 3), (1, 3), (1, 3)), activation="tanh"), lambda x, w, b, activation: np.tanh(x @ w + b)),
    line(table["dense"], case(exactly((2, 3, 2), (2, 4), (4,)), activation=st.sampled_from(["relu", "sigmoid"])),
         lambda x, w, b, activation: {"relu": lambda z: np.maximum(z, 0), "sigmoid": ref.sigmoid}[activation](x @ w + b)),
    call("conv_activated", case(exactly((2, 4, 5, 2), (3, 2, 1, 2), (2,)), activation=st.sampled_from(["relu", "tanh"])),
         lambda x, w, b, activation: table["conv_activated"](x, w, b, activation=activation, strides=(1, 2), padding=((1, 1), (0, 0)), dilation=(1, 1), groups=2),
         lambda x, w, b, activation: {"relu": lambda z: np.maximum(z, 0), "tanh": np.tanh}[activation](ref.conv(x, w, (1, 2), ((1, 1), (0, 0)), (1, 1), 2) + b)),
    call("conv_relu_pool", case(exactly((2, 6, 5, 2), (3, 2, 2, 3), (3,))),
         lambda x, w, b: table["conv_relu_pool"](x, w, b, pool_size=(2, 2), strides=(1, 1), padding=((1, 1), (0, 0)), dilation=(1, 1)),
         lambda x, w, b: ref.max_pool(np.maximum(ref.conv(x, w, (1, 1), ((1, 1), (0, 0)), (1, 1)) + b, 0), (2, 2), (2, 2), ((0, 0),) * 2, (1, 1))),
]

EXAMPLES = [*ELEMENTWISE, *ACTIVATIONS, *SHAPE, *REDUCE, *LINEAR, *WINDOWS, *NORMS, *LOSSES, *NETWORKS]
