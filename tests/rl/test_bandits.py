"""Each bandit method learns which arm pays, and does it the way its formula says."""

import numpy as np
import pytest

from tinyfm import rl

METHODS = {
    "epsilon": lambda env, steps, **s: rl.epsilon_greedy_bandit(env, steps, epsilon=0.1, **s),
    "constant step": lambda env, steps, **s: rl.epsilon_greedy_bandit(env, steps, epsilon=0.1, alpha=0.1, **s),
    "optimistic": rl.optimistic_bandit, "ucb": rl.ucb_bandit, "gradient": rl.gradient_bandit,
    "thompson": rl.thompson_bandit,
}
each_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)


@each_method
def test_learns_and_is_reproducible(method):
    env = rl.KArmedBandit(5).vector(200)
    pulls = method(env, 400, rng=0)
    assert pulls.rewards.shape == pulls.optimal.shape == (400, 200)
    assert pulls.share_optimal[:5].mean() < 0.45 and pulls.share_optimal[-50:].mean() > 0.6
    assert pulls.mean_reward[-50:].mean() > 0.9                # the best of five N(0, 1) means is 1.16 on average
    again = method(env, 400, rng=0)
    assert np.array_equal(pulls.rewards, again.rewards)


@each_method
def test_one_problem_is_a_vector_of_one(method):
    assert method(rl.KArmedBandit(3), 20, rng=0).rewards.shape == (20, 1)


@pytest.mark.parametrize("method", [METHODS["ucb"], METHODS["optimistic"]])
def test_every_arm_is_tried_before_any_is_tried_twice(method):
    """So that the best one is pulled exactly once in the first k steps."""
    many = rl.KArmedBandit(6).vector(500)
    first = method(many, 6, rng=0).optimal
    assert first.sum(axis=0).mean() == pytest.approx(1, abs=0.0 if method is METHODS["ucb"] else 0.1)


def test_without_exploration_greedy_gets_stuck():
    many = rl.KArmedBandit(10).vector(500)
    greedy, curious = (rl.epsilon_greedy_bandit(many, 500, epsilon=e, rng=0).share_optimal[-100:].mean()
                       for e in (0.0, 0.1))
    assert greedy < 0.45 < 0.65 < curious


def test_a_baseline_helps_the_gradient_bandit_when_rewards_are_far_from_zero():
    many = rl.KArmedBandit(10, mean=4.0).vector(300)
    with_it, without = (rl.gradient_bandit(many, 400, baseline=b, rng=0).share_optimal[-100:].mean()
                        for b in (True, False))
    assert with_it > without + 0.15


def test_a_constant_step_follows_arms_that_drift():
    many = rl.KArmedBandit(10, drift=0.05).vector(200)
    mean, recent = (rl.epsilon_greedy_bandit(many, 1500, epsilon=0.1, alpha=alpha, rng=0).share_optimal[-300:].mean()
                    for alpha in (None, 0.1))
    assert recent > mean + 0.1


def test_thompson_sampling_on_coins():
    many = rl.BernoulliBandit(5).vector(300)
    pulls = rl.thompson_bernoulli_bandit(many, 500, rng=0)
    assert set(np.unique(pulls.rewards)) == {0.0, 1.0}
    assert pulls.share_optimal[-50:].mean() > 0.75


def test_rewards_have_the_mean_and_spread_of_the_arm():
    many = rl.KArmedBandit(3).vector(20_000)
    many.reset(seed=0)
    q = many.state
    assert q.mean() == pytest.approx(0, abs=0.02) and q.std() == pytest.approx(1, abs=0.02)
    _, rewards, *_ = many.step(np.full(20_000, 2))
    assert (rewards - q[2]).mean() == pytest.approx(0, abs=0.03) and np.array_equal(many.state, q)
    assert (rewards - q[2]).std() == pytest.approx(1, abs=0.02)


def test_arms_drift_by_the_step_that_was_asked_for():
    many = rl.KArmedBandit(4, drift=0.3).vector(5000)
    many.reset(seed=0)
    before = many.state.copy()
    many.step(np.zeros(5000, int))
    assert (many.state - before).std() == pytest.approx(0.3, rel=0.03)
