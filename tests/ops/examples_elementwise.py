"""Examples of ops that work on each element by itself."""
from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

import tests.ops.references as ref
import tinyfm.ops as fm
from tests.ops.draw import (
    booleans,
    broadcasting,
    case,
    flags,
    inner_unit,
    nonzero,
    normal,
    positive,
    shapes,
    uniform,
)
from tests.ops.line import call, line

one, two = shapes(), broadcasting()
square = shapes(min_dims=2, min_side=1)


ELEMENTWISE = [
    *[line(f, case(one)) for f in (fm.exp, fm.exp2, fm.expm1, fm.sin, fm.cos, fm.tanh, fm.sinh, fm.cosh, fm.arcsinh,
                                   fm.arctan,
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
    call("pow", case(one, nonzero, b=st.sampled_from([0, 1, 2, 3, -1, -2])), lambda x, b: fm.pow(x, b),
         lambda x, b: x ** float(b)),
    call("pow", case(one, a=st.sampled_from([2, 0.5, 1.0])), lambda x, a: fm.pow(a, x), lambda x, a: float(a) ** x),
    line(fm.where, case(broadcasting(3), booleans, normal)),
    line(fm.clip, case(broadcasting(3), normal, uniform(-1.5, -0.2), uniform(0.2, 1.5))),
    call("clip", case(one, min=st.sampled_from([None, -0.5]), max=st.sampled_from([0.7, 0])),
         lambda x, min, max: fm.clip(x, min, max), lambda x, min, max: np.clip(x, min, max)),
    *[line(f, case(two), smooth=False) for f in (fm.equal, fm.not_equal, fm.less, fm.less_equal, fm.greater,
                                                 fm.greater_equal)],
    *[line(f, case(two, booleans), smooth=False) for f in (fm.logical_and, fm.logical_or)],
    line(fm.logical_not, case(one, booleans), smooth=False),
    *[line(f, case(one), smooth=False) for f in (fm.isnan, fm.isinf, fm.isfinite, fm.zeros_like, fm.ones_like)],
]

ACTIVATIONS = [
    line(fm.log_sigmoid, case(one), lambda x: -ref.softplus(-x)),
    line(fm.softplus, case(one), ref.softplus),
    line(fm.relu, case(one), lambda x: np.maximum(x, 0)),
    line(fm.leaky_relu, case(one, negative_slope=st.sampled_from([0.01, 0.3])),
         lambda x, negative_slope: np.where(x > 0, x, negative_slope * x)),
    line(fm.elu, case(one, alpha=st.sampled_from([1.0, 0.4])), ref.elu),
    line(fm.celu, case(one, alpha=st.sampled_from([1.0, 0.4])), ref.celu),
    line(fm.selu, case(one), lambda x: 1.0507009873554805 * ref.elu(x, 1.6732632423543772)),
    line(fm.gelu, case(one, approximate=flags), ref.gelu),
    line(fm.silu, case(one), ref.silu),
    line(fm.mish, case(one), ref.mish),
    line(fm.softsign, case(one), lambda x: x / (1 + np.abs(x))),
    line(fm.hard_tanh, case(one, min=st.sampled_from([-1.0, -0.3]), max=st.sampled_from([1.0, 0.2])),
         lambda x, min, max: np.clip(x, min, max)),
    line(fm.hard_sigmoid, case(one, uniform(-5, 5)), lambda x: np.clip(x / 6 + 0.5, 0, 1)),
    line(fm.hard_silu, case(one, uniform(-5, 5)), lambda x: x * np.clip(x / 6 + 0.5, 0, 1)),
    line(fm.relu6, case(one, uniform(-9, 9)), lambda x: np.clip(x, 0, 6)),
    line(fm.tanh_shrink, case(one), lambda x: x - np.tanh(x)),
    line(fm.soft_shrink, case(one, threshold=st.sampled_from([0.5, 0.1])),
         lambda x, threshold: x - np.clip(x, -threshold, threshold)),
    line(fm.hard_shrink, case(one, threshold=st.sampled_from([0.5, 0.1])),
         lambda x, threshold: x * (np.abs(x) > threshold)),
    line(fm.threshold, case(one, threshold=0.3, value=st.sampled_from([-2.0, 0.3])),
         lambda x, threshold, value: np.where(x > threshold, x, value)),
    line(fm.step, case(one), lambda x: (x > 0) * 1.0),
    call("dropout", case(one.map(lambda s: s * 2), normal, lambda rng, s: np.asarray(rng.integers(0, 2, s)),
                         rate=st.sampled_from([0.0, 0.4])),
         lambda x, mask, rate: fm.dropout(x, rate=rate, mask=mask), lambda x, mask, rate: x * mask / (1 - rate)),
]
