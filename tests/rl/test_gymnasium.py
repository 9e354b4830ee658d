"""Against Gymnasium itself: the same dynamics, its own checker on ours, its environments in our algorithms."""

import numpy as np
import pytest

from tinyfm import rl
from tinyfm.rl.deep import dqn, ppo
from tinyfm.rl.deep.copies import evaluate

from .examples import ALL

gymnasium = pytest.importorskip("gymnasium")
pytestmark = pytest.mark.reference
N = 2000


def transitions(ours, theirs, draw_state, put_state, steps=N):
    """2,000 random states and actions through both; the largest difference of observation and reward."""
    rng, worst = np.random.default_rng(0), 0.0
    theirs.reset(seed=0)
    ours.action_space.seed(1)
    ends = 0
    for _ in range(steps):
        state, action = draw_state(rng), ours.action_space.sample()
        action = np.asarray(action, float) if np.ndim(action) else action
        ours.reset(options={"state": state})
        put_state(theirs, state)
        obs, reward, terminated, truncated, _ = ours.step(action)
        their_obs, their_reward, their_terminated, _, _ = theirs.step(action)
        worst = max(worst, float(abs(np.asarray(obs, float) - their_obs).max()), abs(reward - float(their_reward)))
        assert terminated == their_terminated and not truncated
        assert np.asarray(obs).dtype == np.asarray(their_obs).dtype
        ends += terminated
    return worst, ends


def put_vector(env, state):
    env.state, env.steps_beyond_terminated = np.array(state, float), None


def put_number(env, state):
    env.s = state


def test_cartpole():
    draw = lambda rng: rng.uniform([-2.6, -3, -0.25, -3], [2.6, 3, 0.25, 3])
    worst, ends = transitions(rl.CartPole(), gymnasium.make("CartPole-v1").unwrapped, draw, put_vector)
    assert worst == 0 and 200 < ends < 1800


def test_mountain_car():
    draw = lambda rng: rng.uniform([-1.2, -0.07], [0.6, 0.07])
    worst, ends = transitions(rl.MountainCar(), gymnasium.make("MountainCar-v0").unwrapped, draw, put_vector)
    assert worst == 0 and ends > 50


def test_pendulum():
    draw = lambda rng: rng.uniform([-9, -8], [9, 8])
    worst, _ = transitions(rl.Pendulum(), gymnasium.make("Pendulum-v1").unwrapped, draw, put_vector)
    assert worst <= 1e-12


def test_cliff_walking():
    draw = lambda rng: int(rng.choice([*range(37)]))
    worst, ends = transitions(rl.CliffWalking(), gymnasium.make("CliffWalking-v1").unwrapped, draw, put_number)
    assert worst == 0 and ends > 5


def test_frozen_lake_without_slipping():
    draw = lambda rng: int(rng.choice([0, 1, 2, 3, 4, 6, 8, 9, 10, 13, 14]))
    theirs = gymnasium.make("FrozenLake-v1", is_slippery=False).unwrapped
    worst, ends = transitions(rl.FrozenLake(slippery=False, max_episode_steps=9), theirs, draw, put_number)
    assert worst == 0 and ends > 50


@pytest.mark.parametrize(("ours", "name", "settings"), [
    (rl.FrozenLake(), "FrozenLake-v1", {}), (rl.FrozenLake("8x8"), "FrozenLake8x8-v1", {}),
    (rl.FrozenLake(success_rate=0.7), "FrozenLake-v1", {"success_rate": 0.7}),
    (rl.CliffWalking(), "CliffWalking-v1", {}),
    (rl.CliffWalking(slippery=True), "CliffWalking-v1", {"is_slippery": True}),
])
def test_the_whole_table_is_gymnasiums(ours, name, settings):
    theirs = rl.Outcomes.from_dictionary(gymnasium.make(name, **settings).unwrapped.P)
    # Gymnasium's cliff has rows for the squares of the cliff, where nobody ever stands; they agree too.
    assert np.allclose(np.asarray(theirs), ours.P, atol=1e-12) and np.allclose(theirs.R, ours.R, atol=1e-12)


def test_a_slippery_walk_with_the_same_luck_is_the_same_walk():
    """2,000 steps, both drawing from generators of the same state."""
    ours, theirs = rl.FrozenLake(max_episode_steps=10**9), gymnasium.make("FrozenLake-v1").unwrapped
    theirs.reset(seed=7)
    ours.reset(seed=7)
    rng = np.random.default_rng(0)
    for _ in range(N):
        ours.np_random.bit_generator.state = theirs.np_random.bit_generator.state
        action = int(rng.integers(4))
        one, other = ours.step(action), theirs.step(action)
        assert one[:3] == other[:3]
        if one[2]:
            assert ours.reset()[0] == theirs.reset()[0]


def test_the_same_seed_begins_the_same_episode():
    for ours, name in [(rl.CartPole(), "CartPole-v1"), (rl.Pendulum(), "Pendulum-v1"),
                       (rl.MountainCar(), "MountainCar-v0")]:
        assert np.array_equal(ours.reset(seed=3)[0], gymnasium.make(name).reset(seed=3)[0])


@pytest.mark.parametrize("name", [n for n in ALL if n != "pendulum"])
@pytest.mark.filterwarnings("ignore:.*", "error::DeprecationWarning")
def test_gymnasiums_checker_passes_ours(name):
    from gymnasium.utils.env_checker import check_env
    check_env(rl.to_gymnasium(ALL[name]()))
    check_env(rl.to_gymnasium(ALL[name](render_mode="rgb_array")))


@pytest.mark.filterwarnings("ignore:.*")
def test_gymnasiums_checker_passes_the_pendulum():
    from gymnasium.utils.env_checker import check_env
    check_env(rl.to_gymnasium(rl.Pendulum()))


def test_gymnasiums_environments_run_in_our_algorithms():
    lake = gymnasium.make("FrozenLake-v1", is_slippery=False)
    learned = rl.q_learning(lake, 300, alpha=0.5, gamma=0.9, Q=np.ones((16, 4)), rng=0)
    assert rl.greedy_path(lake, learned.Q).rewards[-1] == 1
    cliff = gymnasium.make("CliffWalking-v1", max_episode_steps=500)
    same = rl.sarsa(cliff, 30, rng=0), rl.sarsa(rl.CliffWalking(max_episode_steps=500), 30, rng=0)
    assert np.array_equal(same[0].Q, same[1].Q) and np.array_equal(same[0].returns, same[1].returns)
    P = rl.Outcomes.from_dictionary(lake.unwrapped.P)
    assert rl.value_iteration(P, P.R, 0.9).V[0] == pytest.approx(0.9**5)


def test_ours_runs_under_gymnasiums_wrappers():
    env = gymnasium.wrappers.TimeLimit(rl.to_gymnasium(rl.CliffWalking()), 5)
    env.reset(seed=0)
    assert [env.step(0)[3] for _ in range(5)] == [False] * 4 + [True]


def test_dqn_in_gymnasiums_cartpole_is_dqn_in_ours():
    settings = dqn.Settings(steps=1200, copies=1, begin_at=200, updates=1)
    one, other = (dqn.train(env, settings) for env in (rl.CartPole(), gymnasium.make("CartPole-v1")))
    assert len(one.returns) > 5 and np.array_equal(one.returns, other.returns)
    assert np.array_equal(one.network.state_dict()["dense.kernel"], other.network.state_dict()["dense.kernel"])


def test_ppo_learns_in_a_vector_of_gymnasiums():
    same_step = {"autoreset_mode": gymnasium.vector.AutoresetMode.SAME_STEP}
    env = gymnasium.make_vec("CartPole-v1", 8, vectorization_mode="sync", vector_kwargs=same_step)
    agent = ppo.train(env, ppo.Settings(steps=16_384))
    assert evaluate(agent, gymnasium.make("CartPole-v1"), 5).mean() > 150


def test_a_vector_that_begins_anew_a_step_later_is_refused():
    with pytest.raises(ValueError, match="SAME_STEP"):
        ppo.train(gymnasium.make_vec("CartPole-v1", 2, vectorization_mode="sync"))
