"""Examples of ops that move elements: shapes, indices, joins, pads."""
from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

import tests.ops.references as ref
import tinyfm.ops as fm
from tests.ops.draw import (
    Arguments,
    Strategy,
    axes,
    axis,
    broadcasting,
    case,
    distinct,
    exactly,
    integers,
    layouts,
    maybe_axis,
    normal,
    order,
    same,
    shapes,
    sizes,
)
from tests.ops.line import call, line

one, two = shapes(), broadcasting()
axial = shapes(min_dims=1)                       # at least one axis
solid = shapes(min_dims=1, min_side=1)
square = shapes(min_dims=2, min_side=1)

def reshaped(shape: tuple[int, ...], *_: Any) -> Strategy:
    return st.sampled_from([(-1,) if np.prod(shape) else shape, (*shape, 1), shape[::-1]])


def indices(shape: tuple[int, ...], *_: Any) -> Strategy:
    """Slices (backwards too), integers, None, ..., integer arrays with repeats, masks."""
    n, m = shape
    mask = np.random.default_rng(n + m).random(shape) > 0.5
    return st.sampled_from([
        0, -1, slice(None, None, -2), (slice(1, None), slice(None, None, -1)), (None, Ellipsis, 0), [0, n - 1, 0],
        (np.array([[0, -1], [n - 1, 0]]),), (slice(None), [m - 1, 0, 0]), ([0, 0, -1], [0, m - 1, 0]), mask,
        (0, mask[0]), Ellipsis,
    ])


@st.composite
def scattered(draw: Any) -> Arguments:
    """What an index read, on its way back."""
    shape = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    index = draw(indices(shape))
    arrays, _ = draw(case(exactly(np.zeros(shape)[index].shape)))
    return arrays, {"index": index, "shape": shape}


def widths(dims: int) -> Strategy: return st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=dims,
                                                   max_size=dims).map(tuple)


NUMPY_MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}

SHAPE = [
    line(fm.astype, case(one, dtype="float64"), lambda x, dtype: x),
    line(fm.identity, case(one), lambda x: x),
    line(fm.reshape, case(one, shape=reshaped), lambda x, shape: np.reshape(x, shape)),
    line(fm.sum_to, case(broadcasting(1).map(lambda s: ((2, *s[0]),)),
                         shape=lambda s: st.sampled_from([s[1:], (1, *s[1:]), s, (1,) * len(s)])),
         lambda x, shape: x.sum(axis=tuple(i for i in range(x.ndim) if i < x.ndim - len(shape)
                                           or shape[i - x.ndim + len(shape)] == 1),
                                keepdims=True).reshape(shape)),
    line(fm.broadcast_to, case(one, shape=lambda s: st.sampled_from([(2, *s), s, (3, 1, *s)]))),
    line(fm.permute_dims, case(one, axes=order), lambda x, axes: np.transpose(x, axes)),
    line(fm.swapaxes, case(axial, axis1=axis, axis2=axis)),
    line(fm.matrix_transpose, case(shapes(min_dims=2)), lambda x: x.swapaxes(-1, -2)),
    line(fm.moveaxis, case(axial, source=axis, destination=axis)),
    call("moveaxis", case(shapes(min_dims=3, max_dims=3)), lambda x: fm.moveaxis(x, (0, 2), (-1, 0)),
         lambda x: np.moveaxis(x, (0, 2), (-1, 0))),
    line(fm.expand_dims, case(one, axis=lambda s: st.integers(-len(s) - 1, len(s)))),
    line(fm.squeeze, case(shapes(min_side=1, max_side=2),
                          axis=lambda s: st.sampled_from([None, tuple(i for i, n in enumerate(s) if n == 1)]))),
    line(fm.flip, case(one, axis=axes)),
    line(fm.roll, case(axial, shift=st.integers(-5, 5), axis=maybe_axis)),
    call("roll", case(shapes(min_dims=2, max_dims=2)), lambda x: fm.roll(x, shift=(1, -2), axis=(0, 1)),
         lambda x: np.roll(x, (1, -2), (0, 1))),
    line(fm.tril, case(shapes(min_dims=2), k=st.integers(-3, 3))),
    line(fm.triu, case(shapes(min_dims=2), k=st.integers(-3, 3))),
    line(fm.getitem, case(shapes(min_dims=2, max_dims=2, min_side=1), index=indices), lambda x, index: x[index]),
    line(fm.scatter, scattered(), ref.scatter),
    call("scatter", case(exactly((3, 2), (3,)), normal, integers(0, 4)),
         lambda x, i: fm.scatter(x, index=(i,), shape=(4, 2)),
         lambda x, i: ref.scatter(x, (i,), (4, 2))),
    line(fm.take_along_axis, case(sizes(lambda n, m, k: ((n, m), (n, k)), (1, 3), (1, 4), (0, 5)), normal,
                                  integers(0, 1), axis=st.sampled_from([1, -1]))),
    call("take_along_axis", case(sizes(lambda n, m: ((3, m), (n, m)), (0, 4), (0, 3)), normal, integers(-3, 3)),
         lambda x, i: fm.take_along_axis(x, i, axis=0), lambda x, i: np.take_along_axis(x, i, 0)),
    call("take_along_axis", case(exactly((1, 4), (3, 2)), normal, integers(0, 4)),
         lambda x, i: fm.take_along_axis(x, i, axis=-1), lambda x, i: np.take_along_axis(x, i, -1)),
    call("take_along_axis", case(exactly((3, 4), (1, 2)), normal, integers(0, 4)),
         lambda x, i: fm.take_along_axis(x, i, axis=1), lambda x, i: np.take_along_axis(x, i, 1)),
    call("scatter_along_axis", case(sizes(lambda n, m: ((n, m), (n, m)), (0, 3), (0, 4)), normal, integers(0, 3)),
         lambda x, i: fm.scatter_along_axis(x, i, axis=1, shape=(len(x), 3)),
         lambda x, i: ref.scatter_along_axis(x, i, 1, (len(x), 3))),
    call("take", case(exactly((3, 4), (2, 3)), normal, integers(-3, 3), axis=st.sampled_from([None, 0, 1, -1])),
         lambda x, i, axis: fm.take(x, i, axis), lambda x, i, axis: np.take(x, i, axis)),
    line(fm.sort, case(solid, distinct, layout=layouts, axis=axis)),
    line(fm.argsort, case(solid, distinct, axis=axis), smooth=False),
    call("topk", case(shapes(min_dims=1, min_side=2), distinct, layout=layouts, axis=axis),
         lambda x, axis: fm.topk(x, 2, axis)[0],
         lambda x, axis: np.take(-np.sort(-x, axis=axis), [0, 1], axis)),
    line(fm.diagonal, case(square, offset=st.integers(-1, 1))),
    call("diagonal", case(shapes(min_dims=3, max_dims=3, min_side=1)),
         lambda x: fm.diagonal(x, offset=1, axis1=-1, axis2=0),
         lambda x: np.diagonal(x, 1, -1, 0)),
    call("from_diagonal", case(exactly((2, 3)), offset=st.sampled_from([-1, 1]), axis1=st.sampled_from([0, -1])),
         lambda x, offset, axis1: fm.from_diagonal(x, shape=(4, 2, 4), offset=offset, axis1=axis1,
                                                   axis2=2 if axis1 == 0 else 0),
         lambda x, offset, axis1: ref.from_diagonal(x, (4, 2, 4), offset, axis1, 2 if axis1 == 0 else 0)),
    call("matrix_trace", case(square, offset=st.integers(-1, 1)), lambda x, offset: fm.matrix_trace(x, offset),
         lambda x, offset: np.trace(x, offset)),
    call("concat", case(sizes(lambda n, m, k: ((n, m), (n, k), (n, 2)), (0, 3), (0, 3), (1, 3)),
                        axis=st.sampled_from([1, -1])),
         lambda a, b, c, axis: fm.concat([a, b, c], axis), lambda a, b, c, axis: np.concatenate([a, b, c], axis)),
    call("concat", case(same(1, min_dims=1)), lambda a: fm.concat([a, a, a]), lambda a: np.concatenate([a, a, a])),
    call("stack", case(same(3), axis=lambda s, *_: st.integers(-len(s) - 1, len(s))),
         lambda a, b, c, axis: fm.stack([a, b, c], axis),
         lambda a, b, c, axis: np.stack([a, b, c], axis)),
    call("split", case(exactly((3, 4)), part=st.integers(0, 1), axis=st.sampled_from([1, -1])),
         lambda x, part, axis: fm.split(x, 2, axis)[part],
         lambda x, part, axis: np.split(x, 2, axis)[part]),
    call("split", case(exactly((5, 2)), part=st.integers(0, 2)), lambda x, part: fm.split(x, [1, 4])[part],
         lambda x, part: np.split(x, [1, 4])[part]),
    call("unstack", case(square, axis=st.sampled_from([0, 1, -1])), lambda x, axis: fm.unstack(x, axis)[-1],
         lambda x, axis: np.take(x, -1, axis)),
    call("tile", case(one, times=st.sampled_from([2, (2, 1, 3), (0,), (1, 2)])), lambda x, times: fm.tile(x, times),
         lambda x, times: np.tile(x, times)),
    call("repeat", case(axial, times=st.integers(0, 3), axis=maybe_axis),
         lambda x, times, axis: fm.repeat(x, times, axis),
         lambda x, times, axis: np.repeat(x, times, axis)),
    call("repeat", case(exactly((2, 3))), lambda x: fm.repeat(x, [2, 0, 1], 1), lambda x: np.repeat(x, [2, 0, 1], 1)),
    line(fm.pad_constant, case(exactly((2, 3)), widths=widths(2), value=st.sampled_from([0.0, 2.5])),
         lambda x, widths, value: np.pad(x, widths, constant_values=value)),
    call("pad", case(exactly((4, 3)), widths=widths(2), mode=st.sampled_from([*NUMPY_MODES])),
         lambda x, widths, mode: fm.pad(x, widths, mode),
         lambda x, widths, mode: np.pad(x, widths, NUMPY_MODES[mode])),
    call("pad", case(exactly((2, 3))), lambda x: fm.pad(x, ((2, 1), (3, 5)), "circular"),
         lambda x: np.pad(x, ((2, 1), (3, 5)), "wrap")),
    call("interpolate", case(exactly((2, 4, 3, 2)), size=st.sampled_from([(2, 3), (7, 5), (4, 6)])),
         lambda x, size: fm.interpolate(x, size),
         lambda x, size: ref.nearest(ref.nearest(x, size[0]).swapaxes(1, 2), size[1]).swapaxes(1, 2)),
    call("interpolate", case(exactly((2, 4, 3)), size=st.integers(1, 9)),
         lambda x, size: fm.interpolate(x, size, mode="linear"), ref.linear_resize),
]
