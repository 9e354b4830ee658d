"""Nothing right is blamed: every op at shapes and settings that hypothesis draws, and every right pair of the bank.

The short run draws once for each; the slow one 1,500 times in all; `TINYFM_DRAWS=10000` makes that ten thousand.
"""
import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.bugbank import load
from tests.ops.examples import EXAMPLES
from tinyfm.gradcheck import check_backward
from tinyfm.gradcheck.tensors import gradient_function, plain_function

LINES, PAIRS = [line for line in EXAMPLES if line.smooth], load("correct")
DRAWS = int(os.environ.get("TINYFM_DRAWS", "1500"))
SHARE = -(-DRAWS // (len(LINES) + len(PAIRS)))        # of each line and of each pair, rounded up
seeds = st.integers(0, 2**32 - 1)
each_line = pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
each_pair = pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)


def drawn(n):
    return settings(max_examples=n, deadline=None, derandomize=True, database=None,
                    suppress_health_check=list(HealthCheck))


def judge_op(line, data, seed):
    arrays, options = data.draw(line.cases)
    f = lambda *xs: line.f(*xs, **options)
    y = plain_function(f)(*arrays)
    if y.dtype.kind != "f" or not np.isfinite(y).all(): return          # nothing to differentiate
    report = check_backward(plain_function(f), gradient_function(f), *arrays, seed=seed)
    assert report.ok, f"{line.name}{[np.shape(x) for x in arrays]}, {options}\n{report}"


def judge_pair(pair, seed):
    forward, backward, draw = pair.make()
    report = check_backward(forward, backward, *draw(np.random.default_rng(seed)), seed=seed)
    assert report.ok, str(report)


@each_line
@drawn(1)
@given(data=st.data(), seed=seeds)
def test_a_right_op_is_not_blamed(line, data, seed):
    judge_op(line, data, seed)


@pytest.mark.slow
@each_line
@drawn(SHARE)
@given(data=st.data(), seed=seeds)
def test_a_right_op_is_not_blamed_in_many_draws(line, data, seed):
    judge_op(line, data, seed)


@each_pair
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_right_pair_is_not_blamed(pair):
    judge_pair(pair, 5)


@pytest.mark.slow
@each_pair
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_right_pair_is_not_blamed_in_many_draws(pair):
    for seed in range(SHARE): judge_pair(pair, seed)
