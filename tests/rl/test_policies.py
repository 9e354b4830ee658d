"""A policy is a distribution, and what it samples is that distribution; softmax stays exact far out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinyfm import rl
from tinyfm.rl.policies import draw_rows

values = hnp.arrays(float, hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=5),
                    elements=st.floats(-1e4, 1e4))
alphas = st.floats(0, 1e4)
POLICIES = [rl.Greedy(), rl.EpsilonGreedy(0.3), rl.EpsilonGreedy(0), rl.EpsilonGreedy(1), rl.Softmax(0),
            rl.Softmax(1.5), rl.Softmax(1e4), rl.Softmax(rl.linear(0, 2, 10)),
            rl.EpsilonGreedy(rl.exponential(1, 0, 3))]
each_policy = pytest.mark.parametrize("policy", POLICIES)


@given(values, alphas)
def test_softmax_is_a_distribution_that_keeps_the_order(q, alpha):
    p = rl.softmax(q, alpha)
    assert p.shape == q.shape and (p >= 0).all() and np.allclose(p.sum(axis=-1), 1, atol=1e-12)
    assert (p == p.max(axis=-1, keepdims=True))[q == q.max(axis=-1, keepdims=True)].all()


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=6), st.floats(0, 5))
def test_softmax_is_its_formula(q, alpha):
    e = np.exp(alpha * np.array(q))
    assert np.allclose(rl.softmax(q, alpha), e / e.sum(), rtol=1e-12)


@given(values, st.floats(-1e3, 1e3))
def test_softmax_does_not_change_with_an_added_constant(q, c):
    assert np.allclose(rl.softmax(q + c), rl.softmax(q), atol=1e-9)


def test_softmax_is_exact_at_1e4():
    with np.errstate(all="raise", under="ignore"):
        assert rl.softmax([1e4, 1e4]).tolist() == [0.5, 0.5]
        assert rl.softmax([1.0, 0.0], 1e4).tolist() == [1.0, 0.0]
        assert rl.softmax([-1e4, 1e4], 1e4).tolist() == [0.0, 1.0]
        assert rl.softmax([1e4, 1e4 - 1]) == pytest.approx([1 / (1 + np.exp(-1)), 1 / (1 + np.e)], rel=1e-12)
    assert rl.softmax(np.float32([1, 2])).dtype == np.float32
    assert rl.Softmax(1e4).sample(np.array([-1e4, 1e4, 0]), np.random.default_rng(0)) == 1


@each_policy
def test_a_batch_is_its_rows(policy):
    q = np.random.default_rng(0).normal(size=(3, 2, 4))
    q[0, 0] = 1.0                                              # ties
    p = policy.probabilities(q, 3)
    assert np.allclose(p.sum(axis=-1), 1)
    assert np.allclose(p[1, 1], policy.probabilities(q[1, 1], 3)) and np.allclose(p[0, 0], 0.25)


@each_policy
@pytest.mark.parametrize("q", [[0.0, 1.0, 0.5], [1.0, 1.0, 0.0], [2.0], [-1e4, 1e4, 1e4]])
def test_samples_follow_the_probabilities(policy, q):
    q, rng, n = np.array(q), np.random.default_rng(0), 3000
    counts = np.bincount([policy.sample(q, rng, 4) for _ in range(n)], minlength=len(q))
    p = policy.probabilities(q, 4)
    assert (abs(counts - n * p) <= 4.5 * np.sqrt(n * p * (1 - p)) + 1e-6).all()


def test_rows_are_drawn_by_their_probabilities():
    p = np.array([[0.2, 0.0, 0.8], [0.0, 1.0, 0.0]])
    actions = draw_rows(np.repeat(p, 10_000, axis=0), np.random.default_rng(0))
    assert np.bincount(actions[:10_000], minlength=3) == pytest.approx([2000, 0, 8000], abs=200)
    assert (actions[10_000:] == 1).all()


def test_schedules_begin_and_end_where_they_say():
    assert [rl.linear(1, 0, 4)(t) for t in (0, 1, 4, 99)] == [1, 0.75, 0, 0]
    assert [rl.exponential(1, 0.5, 10)(t) for t in (0, 10, 20)] == [1, 0.75, 0.625]
    assert rl.constant(3)(7) == 3
    cold = rl.Softmax(rl.linear(0, 100, 10))
    assert cold.probabilities([0.0, 1.0], 0).tolist() == [0.5, 0.5] and cold.probabilities([0.0, 1.0], 10)[1] > 0.999


def test_gaussian_density_is_normal_and_samples_follow_it():
    policy, mean = rl.Gaussian([0.5, 2.0]), np.array([1.0, -1.0])
    a = np.linspace(-9, 9, 401)
    grid = np.stack(np.meshgrid(a, a, indexing="ij"), axis=-1)
    density = np.exp(policy.log_probability(grid, mean))
    assert density.sum() * (a[1] - a[0]) ** 2 == pytest.approx(1, abs=1e-4)
    samples = policy.sample(np.tile(mean, (20_000, 1)), np.random.default_rng(0))
    assert samples.mean(axis=0) == pytest.approx(mean, abs=0.06)
    assert samples.std(axis=0) == pytest.approx([0.5, 2.0], rel=0.03)
    assert rl.Gaussian(rl.linear(1, 3, 2)).log_probability([0.0], [0.0], 2) == pytest.approx(-np.log(3) - 0.9189385)


@pytest.mark.parametrize("make", [
    lambda: rl.EpsilonGreedy(1.1), lambda: rl.EpsilonGreedy(-0.1), lambda: rl.Softmax(np.inf),
    lambda: rl.Softmax(-1.0), lambda: rl.softmax([1.0], np.nan), lambda: rl.Gaussian(0.0), lambda: rl.linear(1, 0, 0),
    lambda: rl.exponential(1, 0, 0)])
def test_impossible_settings_are_refused(make):
    with pytest.raises(ValueError, match=r"received|finite"):
        make()
