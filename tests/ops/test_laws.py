"""Every op obeys every law, on shapes, strides, axes and settings that hypothesis draws.

The short run draws a few inputs for each op.  The long one, marked slow, draws 10,000 and more.
"""
from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import tinyfm.ops as ops
from tests import laws
from tests.ops.examples import EXAMPLES
from tests.ops.line import Line
from tinyfm.engine import Op, Tensor
from tinyfm.operators import table

seeds = st.integers(0, 2**32 - 1)
few = settings(max_examples=4, deadline=None, derandomize=True, database=None,
               suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large,
                                      HealthCheck.differing_executors])


def name(line: Line) -> str: return line.name


each_line = pytest.mark.parametrize("line", EXAMPLES, ids=name)
each_smooth_line = pytest.mark.parametrize("line", [x for x in EXAMPLES if x.smooth], ids=name)


@each_line
@few
@given(data=st.data())
def test_value_equals_an_independent_formula(line: Line, data: Any) -> None:
    arrays, options = data.draw(line.cases)
    assert line.reference is not None
    expected = np.asarray(line.reference(*arrays, **options))
    found = line.f(*arrays, **options)
    assert type(found) is not Tensor, "arrays in, array out"
    assert np.shape(found) == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-12)
    args, leaves = laws.lifted(arrays)
    if leaves: np.testing.assert_array_equal(line.f(*args, **options).data, found)


@each_smooth_line
@few
@given(data=st.data(), seed=seeds)
def test_both_modes_to_second_order_match_central_differences(line: Line, data: Any, seed: int) -> None:
    case = laws.Case(line.f, *data.draw(line.cases), seed)
    assert case.y.node is not None
    assume(np.all(case.first_order()) or case.y.size > 1)
    assume(case.second_order())


@each_smooth_line
@few
@given(data=st.data(), seed=seeds)
def test_kernel_equals_formula_and_gradients_are_owned(line: Line, data: Any, seed: int) -> None:
    case = laws.Case(line.f, *data.draw(line.cases), seed)
    case.kernel_is_formula()
    case.gradients_are_owned()
    case.repeats()


@each_smooth_line
@few
@given(data=st.data(), seed=seeds)
def test_float32_stays_float32(line: Line, data: Any, seed: int) -> None:
    arrays, options = data.draw(line.cases)
    if "dtype" not in options: laws.float32_stays(line.f, arrays, options, seed)


@pytest.mark.parametrize("line", [x for x in EXAMPLES if isinstance(x.f, Op)], ids=name)
@few
@given(data=st.data())
def test_keeps_only_what_its_rules_name(line: Line, data: Any) -> None:
    laws.keeps_only_what_its_rules_name(line.f, *data.draw(line.cases))


@pytest.mark.parametrize("op", table.values(), ids=lambda op: op.name)
def test_describes_itself(op: Op) -> None:
    laws.describes_itself(op)


UNLAWFUL = {"stop_gradient", "table"}            # no gradient passes, on purpose: tested in test_edges; not an op


def test_every_op_and_every_public_function_has_an_example() -> None:
    covered = {line.name for line in EXAMPLES}
    assert set(ops.__all__) - covered - UNLAWFUL == set()
    assert set(table) - covered - UNLAWFUL == set()
    assert {n for n in table if table[n].latex} - {x.name for x in EXAMPLES if x.smooth} - UNLAWFUL == set()


def test_there_are_at_least_120_public_ops() -> None:
    assert len(set(ops.__all__) - {"table"}) >= 120


DRAWS = int(os.environ.get("TINYFM_DRAWS", "10000"))


@pytest.mark.slow
@each_smooth_line
@settings(few, max_examples=-(-DRAWS // len([x for x in EXAMPLES if x.smooth])), derandomize=False)
@given(data=st.data(), seed=seeds)
def test_ten_thousand_draws(line: Line, data: Any, seed: int) -> None:
    case = laws.Case(line.f, *data.draw(line.cases), seed)
    assume(np.all(case.first_order()) or case.y.size > 1)
    assume(case.second_order())
    case.kernel_is_formula()
    case.gradients_are_owned()
