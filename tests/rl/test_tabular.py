"""The table of a tabular environment is a model, and what it samples is that model."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyfm import rl

from .examples import TABULAR

each_table = pytest.mark.parametrize("make", TABULAR.values(), ids=TABULAR)


def random_outcomes(seed, states, actions, outcomes):
    """A random table in which several outcomes may lead to the same state."""
    rng = np.random.default_rng(seed)
    probability = rng.dirichlet(np.full(outcomes, 0.5), (states, actions))
    return rl.Outcomes(probability, rng.integers(states, size=probability.shape), rng.normal(size=probability.shape))


tables = st.builds(random_outcomes, st.integers(0, 10**6), st.integers(1, 7), st.integers(1, 4), st.integers(1, 5))


@each_table
def test_rows_of_p_sum_to_one_and_the_end_pays_nothing(make):
    env = make()
    P, R = env.P, env.R
    states, actions = env.observation_space.n, env.action_space.n
    assert P.shape == (states, actions, states) and R.shape == (states, actions)
    assert (P >= 0).all() and np.allclose(P.sum(axis=2), 1, atol=1e-12)
    for s in np.flatnonzero(env.terminal):
        assert (P[s, :, s] == 1).all() and (R[s] == 0).all()
    assert env.starts.sum() == pytest.approx(1) and not env.starts[env.terminal].any()


@each_table
def test_samples_follow_p_and_r(make):
    """10,000 draws of one state and action: each frequency within five standard deviations."""
    env, n = make(), 10_000
    rng = np.random.default_rng(0)
    for _ in range(3):
        s, a = int(rng.choice(np.flatnonzero(~env.terminal))), int(rng.integers(env.action_space.n))
        many = env.vector(n)
        many.reset(seed=int(rng.integers(99)), options={"state": s})
        obs, rewards, terminated, _, info = many.step(np.full(n, a))
        obs, p = info.get("final_obs", obs), env.P[s, a].clip(0, 1)
        counts = np.bincount(obs, minlength=len(p))
        assert (abs(counts - n * p) <= 5 * np.sqrt(n * p * (1 - p)) + 1e-9).all()
        assert abs(rewards.mean() - env.R[s, a]) <= 5 * rewards.std() / np.sqrt(n) + 1e-12
        assert np.array_equal(terminated, env.terminal[obs])


@each_table
def test_first_states_follow_their_distribution(make):
    env, n = make(), 10_000
    counts = np.bincount(env.vector(n).reset(seed=0)[0], minlength=env.observation_space.n)
    assert (abs(counts - n * env.starts) <= 5 * np.sqrt(n * env.starts * (1 - env.starts)) + 1e-9).all()


@given(tables, st.integers(0, 9))
def test_outcomes_times_v_is_the_dense_product(outcomes, seed):
    V, dense = np.random.default_rng(seed).normal(size=outcomes.shape[0]), np.asarray(outcomes)
    assert dense.shape == outcomes.shape
    assert np.allclose(outcomes @ V, dense @ V, atol=1e-12)
    assert all(np.allclose(outcomes[s] @ V, dense[s] @ V, atol=1e-12) for s in range(len(V)))
    assert np.allclose(dense.sum(axis=2), 1)


@given(tables)
def test_a_dictionary_holds_the_same_table(outcomes):
    terminal = np.zeros(outcomes.shape[0], bool)
    rows = {s: {a: [(*triple, False) for triple in zip(outcomes.probability[s, a].tolist(),
                                                       outcomes.next_state[s, a].tolist(),
                                                       outcomes.reward[s, a].tolist(), strict=True)]
                for a in range(outcomes.shape[1])} for s in range(outcomes.shape[0])}
    back = rl.Outcomes.from_dictionary(rows)
    assert np.allclose(np.asarray(back), np.asarray(outcomes.absorb(terminal)))
    assert np.allclose(back.R, outcomes.R)


@given(tables, st.integers(0, 99))
def test_one_copy_and_many_draw_the_same_outcomes(outcomes, seed):
    S = outcomes.shape[0]
    env = rl.TabularEnvironment(outcomes, np.zeros(S, bool), np.full(S, 1 / S))
    many = env.vector(1)
    assert env.reset(seed=seed)[0] == many.reset(seed=seed)[0][0]
    for a in np.random.default_rng(seed).integers(outcomes.shape[1], size=30):
        one, (obs, reward, *_) = env.step(a), many.step([a])
        assert one[0] == obs[0] and one[1] == reward[0]


def test_probabilities_that_do_not_sum_to_one_are_named():
    p = np.full((2, 2, 2), 0.5)
    p[1, 0] = [0.5, 0.4]
    bad = rl.Outcomes(p, np.zeros((2, 2, 2), int), 0.0)
    with pytest.raises(ValueError, match=r"P\[s=1, a=0\] sums to 0.9, expected 1"):
        rl.TabularEnvironment(bad, [False, False], [1, 0])
    with pytest.raises(ValueError, match=r"P\[s=0, a=1\]: probability 1 is -0.5"):
        rl.TabularEnvironment(rl.Outcomes([[[1, 0], [1.5, -0.5]]], [[[0, 0], [0, 0]]], 0.0), [False], [1])
    with pytest.raises(ValueError, match="probability 0 is nan"):
        rl.TabularEnvironment(rl.Outcomes([[[np.nan]]], [[[0]]], 0.0), [False], [1])
    with pytest.raises(ValueError, match=r"first states sums to 0\.5"):
        rl.TabularEnvironment(rl.Outcomes(1, [[[0]]], 0.0), [False], [0.5])
    with pytest.raises(ValueError, match="Next states must lie in 0 to 0"):
        rl.TabularEnvironment(rl.Outcomes(1, [[[1]]], 0.0), [False], [1])
    with pytest.raises(ValueError, match="finite"):
        rl.TabularEnvironment(rl.Outcomes(1, [[[0]]], np.inf), [False], [1])


def test_a_dense_p_that_would_not_fit_is_refused():
    env = rl.Maze(np.zeros((100, 100)), start=(0, 0), goal=(9, 9))
    with pytest.raises(ValueError, match=r"hand env.outcomes to the planner"):
        env.P  # noqa: B018


# What each family is, said once more in another way.

def test_cliff_sends_back_to_the_start_and_costs_100():
    env = rl.CliffWalking()
    for column in range(1, 11):
        s = 2 * 12 + column
        assert env.P[s, 2, 36] == 1 and env.R[s, 2] == -100
    assert env.P[35, 2, 47] == 1 and env.R[35, 2] == -1 and env.terminal.sum() == 1


def test_wind_blows_upwards_by_the_square_that_is_left():
    env = rl.WindyGridworld()
    after = env.P.argmax(axis=2)
    assert env.square(after[33, 1]) == (2, 4)                  # right from (3, 3), wind 1
    assert env.square(after[36, 1]) == (1, 7)                  # right from (3, 6), wind 2
    assert env.square(after[6, 1]) == (0, 7)                   # already at the top
    gusty = rl.WindyGridworld(stochastic=True)
    assert gusty.P[33, 1, [34, 24, 14]] == pytest.approx([1 / 3] * 3)
    assert gusty.P[30, 1, 31] == pytest.approx(1)              # no wind in the first column, none at random either


def test_gamblers_stake_never_exceeds_the_capital_or_the_missing_rest():
    env = rl.Gambler(heads=0.3, goal=10)
    assert env.P[7, 4].nonzero()[0].tolist() == [4, 10] and env.P[7, 4, 10] == pytest.approx(0.3)
    assert env.P[2, 4].nonzero()[0].tolist() == [0, 4]
    assert env.R[7, 4] == pytest.approx(0.3) and env.R[2, 4] == 0
    with pytest.raises(ValueError, match="heads"):
        rl.Gambler(heads=1.2)


def test_lakes_that_are_no_lakes_are_refused():
    for lake in (["SF", "F"], ["FF", "FG"], ["SX", "FG"], "5x5", []):
        with pytest.raises(ValueError, match="FrozenLake: expected"):
            rl.FrozenLake(lake)


def test_blackjack_hands_are_numbered_both_ways():
    env = rl.Blackjack()
    assert all(env.state_of(*env.hand(s)) == s for s in range(360))


def test_blackjack_equals_dealing_cards():
    """Stick on 17 or more, played with shuffled cards here, and by the table there."""
    rng, env, n = np.random.default_rng(0), rl.Blackjack(), 15_000
    totals = np.array([env.hand(s)[0] for s in range(361)])
    exact = rl.evaluate_policy(env.outcomes, env.R, 1.0, np.eye(2)[(totals < 17).astype(int)]).V @ env.starts
    rewards = [deal_a_round(rng) for _ in range(n)]
    assert abs(np.mean(rewards) - exact) < 4 * np.std(rewards) / np.sqrt(n)


def deal_a_round(rng):
    def worth(cards):
        return sum(cards) + 10 if 1 in cards and sum(cards) + 10 <= 21 else sum(cards)

    def draw():
        return min(int(rng.integers(1, 14)), 10)
    you, dealer = [draw(), draw()], [draw(), draw()]
    while worth(you) < 17:
        you.append(draw())
    if worth(you) > 21:
        return -1
    while worth(dealer) < 17:
        dealer.append(draw())
    return 1 if worth(dealer) > 21 else int(np.sign(worth(you) - worth(dealer)))
