"""Planning ends in a fixpoint of Bellman's equation, every planner in the same one, within the bound that it states."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyfm import rl

from .examples import TABULAR
from .test_tabular import random_outcomes

OPTIMISTS = [rl.value_iteration, rl.value_iteration_in_place, rl.value_iteration_asynchronous, rl.policy_iteration,
             rl.prioritized_sweeping]
each_planner = pytest.mark.parametrize("planner", OPTIMISTS, ids=lambda f: f.__name__)
tables = st.builds(random_outcomes, st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 4), st.integers(1, 4))
discounts = st.sampled_from([0.0, 0.3, 0.9, 0.97])
quick = settings(deadline=None, max_examples=25)


def optimum(P, R, gamma):
    """Brute force: the best of all deterministic policies, each solved as a linear system."""
    states, actions = R.shape
    best = np.full(states, -np.inf)
    for code in range(actions**states):
        policy = np.array([code // actions**s % actions for s in range(states)])
        P_pi, R_pi = P[np.arange(states), policy], R[np.arange(states), policy]
        best = np.maximum(best, np.linalg.solve(np.eye(states) - gamma * P_pi, R_pi))
    return best


@each_planner
@quick
@given(outcomes=tables, gamma=discounts)
def test_the_fixpoint_satisfies_bellman(planner, outcomes, gamma):
    P, R = np.asarray(outcomes), outcomes.R
    V, Q, policy, _, bound = planner(P, R, gamma)
    assert np.allclose(V, (R + gamma * P @ V).max(axis=1), atol=1e-8)
    assert np.allclose(Q, R + gamma * P @ V, atol=1e-8)
    assert np.allclose(Q[np.arange(len(V)), policy], Q.max(axis=1), atol=1e-7) and bound <= 1e-10


@each_planner
@quick
@given(seed=st.integers(0, 10**6), states=st.integers(1, 4), actions=st.integers(1, 3), gamma=discounts,
       tolerance=st.sampled_from([1e-1, 1e-3, 1e-8]))
def test_the_bound_is_kept(planner, seed, states, actions, gamma, tolerance):
    outcomes = random_outcomes(seed, states, actions, 3)
    P, R = np.asarray(outcomes), outcomes.R
    plan = planner(P, R, gamma, tolerance=tolerance) if planner is not rl.policy_iteration else planner(P, R, gamma)
    assert abs(plan.V - optimum(P, R, gamma)).max() <= plan.bound + 1e-9 and plan.bound <= tolerance * (1 + 1e-9)


@quick
@given(outcomes=tables, gamma=discounts, seed=st.integers(0, 99))
def test_three_ways_to_evaluate_a_policy_agree(outcomes, gamma, seed):
    policy = np.random.default_rng(seed).dirichlet(np.ones(outcomes.shape[1]), outcomes.shape[0])
    exact = rl.solve_policy(outcomes, outcomes.R, gamma, policy)
    for evaluate in (rl.evaluate_policy, rl.evaluate_policy_in_place):
        plan = evaluate(outcomes, outcomes.R, gamma, policy)
        assert abs(plan.V - exact.V).max() <= plan.bound + 1e-10 and plan.bound <= 1e-10
    assert np.allclose(exact.V, (policy * exact.Q).sum(axis=1))


@quick
@given(outcomes=tables, gamma=discounts, seed=st.integers(0, 99))
def test_no_policy_is_better_than_the_plan_and_greedy_is_no_worse_than_its_policy(outcomes, gamma, seed):
    P, R = outcomes, outcomes.R
    policy = np.random.default_rng(seed).integers(R.shape[1], size=len(R))
    V = rl.solve_policy(P, R, gamma, policy)
    assert (rl.value_iteration(P, R, gamma).V >= V.V - 1e-8).all()
    assert (rl.solve_policy(P, R, gamma, V.Q.argmax(axis=1)).V >= V.V - 1e-8).all()


@each_planner
@pytest.mark.parametrize("name", ["corner", "maze", "cliff", "windy", "gambler", "blackjack", "lake", "corridor"])
def test_undiscounted_planners_agree_and_claim_no_bound(planner, name):
    env = TABULAR[name]()
    plan = planner(env.outcomes, env.R, 1.0)
    reference = rl.value_iteration(env.outcomes, env.R, 1.0, tolerance=1e-13)
    assert np.allclose(plan.V, reference.V, atol=1e-6) and plan.bound == np.inf
    assert (plan.V[env.terminal] == 0).all()


def test_the_greedy_policy_of_a_plan_really_earns_its_value():
    """Played in the environment, not computed: the lake, its best policy, 4,000 copies."""
    env = rl.FrozenLake(max_episode_steps=2000)
    plan = rl.value_iteration(env.outcomes, env.R, 1.0, tolerance=1e-12)
    many, n = env.vector(4000), 4000
    obs, _ = many.reset(seed=0)
    earned, alive = np.zeros(n), np.ones(n, bool)
    while alive.any():
        obs, rewards, terminated, truncated, _ = many.step(plan.policy[obs])
        earned += rewards * alive
        alive &= ~(terminated | truncated)
    assert abs(earned.mean() - plan.V[0]) < 4 * earned.std() / np.sqrt(n)


def test_dense_and_compact_models_give_the_same_plan():
    env = rl.FrozenLake()
    dense, compact = (rl.value_iteration(P, env.R, 0.95) for P in (env.P, env.outcomes))
    assert np.allclose(dense.V, compact.V, atol=1e-12) and np.array_equal(dense.policy, compact.policy)


def test_rewards_may_depend_on_the_next_state():
    rng = np.random.default_rng(0)
    P, R = rng.dirichlet(np.ones(4), (4, 2)), rng.normal(size=(4, 2, 4))
    assert np.allclose(rl.value_iteration(P, R, 0.9).V, rl.value_iteration(P, (P * R).sum(axis=2), 0.9).V)


def test_in_place_sweeps_need_fewer_along_the_way_of_the_news():
    env = rl.Maze("S         G", step_reward=0, goal_reward=1)
    towards = rl.value_iteration_in_place(env.outcomes, env.R, 0.9, order=np.arange(11)[::-1])
    away = rl.value_iteration_in_place(env.outcomes, env.R, 0.9, order=np.arange(11))
    assert towards.sweeps == 2 and away.sweeps == rl.value_iteration(env.outcomes, env.R, 0.9).sweeps == 11


def test_evaluation_in_place_needs_fewer_sweeps():
    env, even = rl.CornerGridworld(), np.full((16, 4), 0.25)
    assert rl.evaluate_policy_in_place(env.P, env.R, 1.0, even).sweeps < 0.7 * rl.evaluate_policy(
        env.P, env.R, 1.0, even).sweeps


def test_prioritized_sweeping_backs_up_less_than_sweeping():
    env = rl.Maze.random(6, 6, seed=0)
    prioritized = rl.prioritized_sweeping(env.outcomes, env.R, 0.95)
    swept = rl.value_iteration_in_place(env.outcomes, env.R, 0.95)
    assert np.allclose(prioritized.V, swept.V, atol=1e-8) and prioritized.sweeps < swept.sweeps / 3


def test_a_number_of_sweeps_is_taken_at_its_word():
    env = rl.CornerGridworld()
    assert rl.evaluate_policy(env.P, env.R, 1.0, np.full((16, 4), 0.25), sweeps=1).V[1:15].tolist() == [-1] * 14
    assert rl.value_iteration(env.P, env.R, 1.0, sweeps=2).V.min() == -2
    with pytest.raises(ValueError, match="at least 1"):
        rl.value_iteration(env.P, env.R, 1.0, sweeps=0)


def test_optimal_actions_are_all_of_the_best():
    assert rl.optimal_actions([[1.0, 1.0, 0.0], [0.0, -1.0, 2.0]]).tolist() == [[True, True, False],
                                                                               [False, False, True]]


def test_a_policy_that_never_ends_is_refused_when_nothing_is_discounted(monkeypatch):
    env = rl.CornerGridworld()
    with pytest.raises(ValueError, match="goes on forever from state 1"):
        rl.solve_policy(env.P, env.R, 1.0, np.zeros(16, int))
    monkeypatch.setattr("tinyfm.rl.planning.MOST_SWEEPS", 500)
    with pytest.raises(RuntimeError, match="had not settled after 500 sweeps"):
        rl.evaluate_policy(env.P, env.R, 1.0, np.zeros(16, int))
    assert rl.solve_policy(env.P, env.R, 0.9, np.zeros(16, int)).V[4] == pytest.approx(-1)


def test_models_and_policies_that_cannot_be_are_refused():
    P, R = np.full((2, 3, 2), 0.5), np.zeros((2, 3))
    for bad, message in [
        (lambda: rl.value_iteration(P, R, 1.1), "gamma must lie between 0 and 1"),
        (lambda: rl.value_iteration(P, R, float("nan")), "gamma must lie"),
        (lambda: rl.value_iteration(P[:, :, 0], R, 0.9), r"P has shape \(S, A, S\)"),
        (lambda: rl.value_iteration(P, R.T, 0.9), r"R has shape \(S, A\) = \(2, 3\)"),
        (lambda: rl.value_iteration(P * 0.9, R, 0.9), r"P\[s=0, a=0\] sums to 0.9"),
        (lambda: rl.value_iteration(P, R + np.nan, 0.9), "finite"),
        (lambda: rl.evaluate_policy(P, R, 0.9, np.full((2, 3), 0.5)), r"policy\[s=0\] sums to 1.5"),
        (lambda: rl.evaluate_policy(P, R, 0.9, [0, 3]), "2 whole numbers from 0 to 2"),
        (lambda: rl.evaluate_policy(P, R, 0.9, np.zeros((3, 2))), "probabilities of shape"),
    ]:
        with pytest.raises(ValueError, match=message):
            bad()
