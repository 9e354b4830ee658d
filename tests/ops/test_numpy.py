"""An op with NumPy's name is NumPy's function, for integers, booleans and scalars too; and conventions are told."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinyfm as fm
from tests.ops.draw import booleans, case, integers, shapes
from tests.ops.examples import EXAMPLES, Line
from tests.ops.test_laws import few
from tinyfm.engine import gradients, leaf

ROOMS = ("elementwise", "reduce", "shape")
NUMPY = {line.name: line for line in EXAMPLES
         if line.reference is not None and line.reference is getattr(np, line.name, None)
         and line.f is getattr(fm, line.name, None)}
UNARY = [line for line in NUMPY.values() if getattr(line.f, "args", ()) == ["x"]
         and not getattr(line.f, "settings", None)]
BINARY = [line for line in NUMPY.values() if getattr(line.f, "args", ()) == ["a", "b"] and not line.f.settings
          and line.name != "solve"]
REDUCED = [NUMPY[name] for name in ("sum", "mean", "prod", "max", "min", "any", "all", "cumsum", "cumprod")]


def name(line: Line) -> str: return line.name


def same(line: Line, *arrays: Any, **settings: Any) -> None:
    with np.errstate(all="ignore"):
        found, expected = line.f(*arrays, **settings), line.reference(*arrays, **settings)
    np.testing.assert_array_equal(found, expected)
    assert np.asarray(found).dtype == np.asarray(expected).dtype


@pytest.mark.parametrize("line", UNARY, ids=name)
@few
@given(data=st.data(), dtype=st.sampled_from([np.int64, np.int32, np.float32]))
def test_one_argument(line: Line, data: Any, dtype: Any) -> None:
    (x,), _ = data.draw(case(shapes(), integers(1, 5)))
    if line.name != "logical_not" and np.dtype(dtype).kind == "i" and line.name in ("arcsin", "arccos",
                                                                                    "arctanh"): x = x * 0
    same(line, x.astype(dtype))


@pytest.mark.parametrize("line", BINARY, ids=name)
@pytest.mark.parametrize("dtypes", [(np.int64, np.int64), (np.int32, np.float32), (np.float32, np.float64),
                                    (np.int64, np.float32)], ids=str)
def test_two_arguments(line: Line, dtypes: Any) -> None:
    if line.name == "matmul": same(line, np.arange(6).reshape(2, 3).astype(dtypes[0]),
                                   np.arange(6).reshape(3, 2).astype(dtypes[1]))
    else: same(line, np.arange(1, 4).astype(dtypes[0]), np.arange(2, 5).astype(dtypes[1]))


@pytest.mark.parametrize("line", REDUCED, ids=name)
@few
@given(data=st.data(), dtype=st.sampled_from([np.int64, np.int32, np.float32, bool]))
def test_reductions(line: Line, data: Any, dtype: Any) -> None:
    (x,), _ = data.draw(case(shapes(min_dims=1, min_side=1), booleans if dtype is bool else integers(1, 5)))
    same(line, x.astype(dtype), axis=data.draw(st.sampled_from([0, -1, None])))


@pytest.mark.parametrize("f", [lambda x: x + 1, lambda x: 2.5 * x, lambda x: x ** 2, lambda x: x / 3, lambda x: 1 - x,
                               lambda x: 2.0 ** x,
                               lambda x: fm.maximum(x, 0.5), lambda x: fm.where(x > 0, x, 0.0),
                               lambda x: fm.clip(x, 0, 1.5), lambda x: x % 2])
def test_python_numbers_are_weak(f: Any) -> None:
    x = leaf(np.array([0.5, 2.0], np.float32))
    y = f(x)
    assert y.dtype == np.float32 and gradients(y, [x], np.ones(2, np.float32))[0].dtype == np.float32
    assert f(np.array([0.5, 2.0], np.float32)).dtype == np.float32


TOLD = {
    "abs": "at 0 is 0", "relu": "at 0 is 0", "leaky_relu": "at 0 is the negative slope", "norm": "gradient at 0 is 0",
    "clip": "at the bounds",
    "std": "gradient of constants is 0", "max": "gradient to the first", "min": "gradient to the first",
    "maximum": "half", "minimum": "half",
    "max_pool2d": "tie goes to the first", "pow": "a^0 = 1 with gradient 0", "where": "NaN", "prod": "zero",
    "logsumexp": "-inf", "softmax": "NaN",
    "log": "gradient +inf", "sqrt": "+inf", "mean": "NaN for no elements", "var": "offset", "hypot": "overflow",
    "sort": "equal elements",
    "ctc_loss": "inf", "layer_norm": "constant", "softmax_cross_entropy": "1e5",
    "scaled_dot_product_attention": "sees nothing gets 0",
    "hard_tanh": "corners", "round": "even", "argmax": "first", "average_pool2d": "does not count",
    "one_hot": "0 elsewhere", "step": "0 at 0",
}


@pytest.mark.parametrize("op", TOLD)
def test_conventions_stand_in_the_docstring(op: str) -> None:
    assert TOLD[op] in str(getattr(fm, op).__doc__)


@pytest.mark.parametrize("op", [n for n in fm.ops.__all__ if callable(getattr(fm.ops, n))])
def test_every_public_function_is_documented_and_typed(op: str) -> None:
    f = getattr(fm.ops, op)
    assert f.__doc__ and len(f.__doc__.strip()) > 5
    assert getattr(f, "forward", f).__annotations__.get("return") is not None
