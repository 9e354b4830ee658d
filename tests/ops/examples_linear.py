"""Examples of reductions, scans, products and small linear algebra."""
from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

import tests.ops.references as ref
import tinyfm.ops as fm
from tests.ops.draw import (
    axes,
    axis,
    booleans,
    broadcasting,
    case,
    distinct,
    exactly,
    flags,
    layouts,
    maybe_axis,
    nonzero,
    normal,
    regular,
    same,
    shapes,
    signature,
    sizes,
    some_zeros,
)
from tests.ops.line import call, line
from tinyfm.operators import table

one, two = shapes(), broadcasting()
full = shapes(min_side=1)                        # nothing empty
axial = shapes(min_dims=1)                       # at least one axis
solid = shapes(min_dims=1, min_side=1)

REDUCE = [
    *[line(f, case(one, axis=axes, keepdims=flags)) for f in (fm.sum,)],
    *[line(f, case(one, some_zeros, axis=axes, keepdims=flags)) for f in (fm.prod,)],
    line(fm.mean, case(full, axis=axes, keepdims=flags)),
    line(fm.var, case(shapes(min_dims=1, min_side=2), axis=axes, keepdims=flags,
                      correction=st.sampled_from([0, 1, 0.5])),
         lambda x, axis, keepdims, correction: np.var(x, axis=axis, keepdims=keepdims, ddof=correction)),
    line(fm.std, case(shapes(min_dims=1, min_side=2), layout=layouts, axis=axes, keepdims=flags,
                      correction=st.sampled_from([0, 1])),
         lambda x, axis, keepdims, correction: np.std(x, axis=axis, keepdims=keepdims, ddof=correction)),
    *[line(f, case(full, axis=axes, keepdims=flags)) for f in (fm.max, fm.min)],
    *[line(f, case(solid, axis=maybe_axis), smooth=False) for f in (fm.argmax, fm.argmin)],
    *[line(f, case(one, booleans, axis=axes, keepdims=flags), smooth=False) for f in (fm.any, fm.all)],
    call("winners", case(exactly((3, 4))), lambda x: table["winners"](x, x.max(axis=1), axis=1),
         lambda x: (x == x.max(1, keepdims=True)) * 1.0, smooth=False),
    line(fm.median, case(solid, distinct, layout=layouts, axis=maybe_axis, keepdims=flags)),
    line(fm.cumsum, case(axial, axis=maybe_axis)),
    line(fm.cumprod, case(axial, some_zeros, axis=maybe_axis)),
    line(fm.linear_recurrence, case(same(2, min_dims=1), axis=axis), ref.linear_recurrence),
    line(fm.norm, case(full, nonzero, ord=st.sampled_from([2, 1, 3, 2.5, 0.5, np.inf, -np.inf, 0]), axis=axes,
                       keepdims=flags), ref.norm),
    line(fm.logsumexp, case(full, axis=axes, keepdims=flags), ref.logsumexp),
    line(fm.softmax, case(solid, axis=axis), ref.softmax),
    line(fm.log_softmax, case(solid, axis=axis), lambda x, axis: np.log(ref.softmax(x, axis))),
]

LINEAR = [
    line(fm.matmul, case(signature("(m?,n),(n,p?)->(m?,p?)"))),
    line(fm.linear, case(sizes(lambda n, i, o: ((n, i), (i, o), (o,)), (0, 3), (1, 3), (1, 3))),
         lambda x, w, b: x @ w + b),
    line(fm.linear, case(sizes(lambda n, i, o: ((2, n, i), (i, o)), (0, 3), (1, 3), (1, 3))), lambda x, w: x @ w),
    line(fm.linear, case(exactly((3,), (3, 2), (2,))), lambda x, w, b: x @ w + b),
    line(fm.outer, case(sizes(lambda n, m: ((n,), (m, 2)), (0, 3), (0, 3)))),
    call("vecdot", case(two.filter(lambda s: all(s) and s[0][-1] == s[1][-1])), lambda a, b: fm.vecdot(a, b),
         lambda a, b: (a * b).sum(-1)),
    line(fm.dot, case(st.sampled_from([((3,), (3,)), ((2, 3), (3,)), ((2, 3), (3, 4)), ((), (3,)),
                                       ((2, 2, 3), (4, 3, 2)), ((2, 2, 3), (3,))]))),
    call("tensordot", case(exactly((2, 3, 4), (4, 3, 5)), axes=st.sampled_from([((1, 2), (1, 0)), ((-1,), (0,)), 0])),
         lambda a, b, axes: fm.tensordot(a, b, axes), lambda a, b, axes: np.tensordot(a, b, axes)),
    line(fm.cross, case(exactly((4, 3), (3,)))),
    call("kron", case(sizes(lambda n, m: ((n, 2), (3, m)), (1, 3), (1, 3))), lambda a, b: fm.kron(a, b), np.kron),
    call("kron", case(exactly((2,), (2, 1, 3))), lambda a, b: fm.kron(a, b), np.kron),
    *[call("einsum", case(exactly(*s)), lambda *x, t=text: fm.einsum(t, *x), lambda *x, t=text: np.einsum(t, *x))
      for text, *s in [
        ("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 4)), ("...ij,...jk", (5, 2, 3), (1, 3, 4)),
        ("iij->j", (3, 3, 2)), ("iij->ij", (3, 3, 2)),
        ("ij,kl,j->il", (2, 3), (2, 4), (3,)), ("ii", (3, 3)), ("ij->", (2, 3)), ("i,j->ji", (2,), (3,)),
        ("ij,ij->j", (2, 3), (1, 3)),
        ("b...d,...d->b...", (2, 4, 3), (4, 3)), ("ijk->kij", (2, 3, 4)), ("i,i,i->i", (3,), (3,), (3,)),
        ("aab,bc->ac", (2, 2, 3), (3, 2)), (",i->i", (), (3,)),
    ]],
    line(fm.inv, case(st.sampled_from([((3, 3),), ((2, 2, 2),), ((1, 1),)]), regular, layout=layouts), np.linalg.inv),
    line(fm.det, case(st.sampled_from([((3, 3),), ((2, 2, 2),), ((1, 1),)]), regular, layout=layouts), np.linalg.det),
    line(fm.logabsdet, case(st.sampled_from([((3, 3),), ((2, 2, 2),)]), regular, layout=layouts),
         lambda a: np.linalg.slogdet(a)[1]),
    line(fm.solve, case(st.sampled_from([((3, 3), (3, 2)), ((2, 2, 2), (2, 1)), ((3, 3), (2, 3, 2))]), regular, normal,
                        layout=layouts), np.linalg.solve),
    line(table["solve_matrix"], case(exactly((3, 3), (3, 2)), regular, normal, layout=layouts), np.linalg.solve),
]
