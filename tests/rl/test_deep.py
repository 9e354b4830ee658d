"""Learning with networks: each formula against its definition in loops, and who bootstraps from what."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinyfm as fm
from tinyfm import rl
from tinyfm.nn import Dense, Sequential
from tinyfm.rl.deep import actor_critic, dqn, ppo, reinforce
from tinyfm.rl.deep.copies import Copies, evaluate, outputs

seeds = st.integers(0, 2**32 - 1)


# ------------------------------------------------------------ formulas

@given(seeds, st.integers(1, 12), st.integers(1, 4), st.floats(0, 1), st.floats(0, 1))
def test_advantages_are_the_sums_of_their_definition(seed, T, n, gamma, lam):
    rng = np.random.default_rng(seed)
    reward, value, next_value = rng.normal(size=(3, T, n))
    ended = rng.random((T, n)) < 0.3
    terminated = ended & (rng.random((T, n)) < 0.5)
    found = actor_critic.advantages(reward, value, next_value, terminated, ended, gamma, lam)
    for i in range(n):
        for t in range(T):
            total, weight = 0.0, 1.0
            for k in range(t, T):
                after = 0.0 if terminated[k, i] else next_value[k, i]
                total += weight * (reward[k, i] + gamma * after - value[k, i])
                weight *= gamma * lam
                if ended[k, i]:
                    break
            assert found[t, i] == pytest.approx(total)


@given(seeds, st.integers(1, 20), st.floats(0, 1))
def test_with_lambda_1_advantage_plus_value_is_the_return(seed, T, gamma):
    rng = np.random.default_rng(seed)
    reward, value, last = rng.normal(size=T), rng.normal(size=T), rng.normal()
    next_value, ended = np.append(value[1:], last), np.arange(T) == T - 1
    for terminated in (ended, np.zeros(T, bool)):
        A = actor_critic.advantages(*(x[:, None] for x in (reward, value, next_value, terminated, ended)), gamma, 1.0)
        G = reinforce.returns(reward, 0.0 if terminated[-1] else last, gamma)
        assert np.allclose(A[:, 0] + value, G)
        tail = 0.0 if terminated[-1] else gamma**T * last
        assert G[0] == pytest.approx((gamma ** np.arange(T)) @ reward + tail)


@given(seeds)
def test_the_clipped_objective_pulls_nobody_further_out(seed):
    """d L / d log pi = rho A / n, and 0 where rho has left the interval on the side that A asks for."""
    rng = np.random.default_rng(seed)
    old, log_pi, A = rng.normal(-1, 0.3, size=(3, 9, 1))
    A = A * rng.choice([-1, 1], A.shape)
    x = fm.tensor(log_pi, requires_grad=True)
    objective = ppo.clipped(x, old, A, 0.2)
    objective.backward()
    rho = np.exp(log_pi - old)
    out = ((rho > 1.2) & (A > 0)) | ((rho < 0.8) & (A < 0))
    assert np.allclose(x.grad, np.where(out, 0, rho * A / 9))
    bound = np.where(A > 0, 1.2 * A, 0.8 * A)
    assert objective.item() == pytest.approx(np.minimum(rho * A, bound).mean())


@given(st.integers(1, 9), st.lists(st.integers(1, 5), min_size=1, max_size=8), seeds)
def test_the_memory_holds_the_newest_steps_and_each_as_it_was(size, chunks, seed):
    memory, added = dqn.Memory(size, 2), 0
    for n in (min(n, size) for n in chunks):
        t = np.arange(added, added + n)
        memory.add(np.stack([t, -t], 1), t, 2 * t, np.stack([t + 1, -t - 1], 1), t % 2)
        added += n
    obs, action, reward, following, terminated = memory.draw(400, np.random.default_rng(seed))
    t = obs[:, :1]
    assert set(t.ravel()) == set(range(max(0, added - size), added))           # none forgotten, none invented
    assert np.array_equal(obs[:, 1:], -t) and np.array_equal(action, t) and np.array_equal(reward, 2 * t)
    assert np.array_equal(following, np.hstack([t + 1, -t - 1])) and np.array_equal(terminated, t % 2)


def table(Q):
    """A network whose output for the one-hot row of s is Q[s]."""
    network = Sequential([Dense(Q.shape[1], use_bias=False, input_shape=(len(Q),))])
    network.load_state_dict({"dense.kernel": Q})
    return network


@given(seeds, st.floats(0, 1))
def test_one_network_chooses_and_the_other_says_what_it_is_worth(seed, gamma):
    rng = np.random.default_rng(seed)
    online, target = rng.normal(size=(2, 6, 3)).astype(np.float32)
    s2, r, terminated = rng.integers(6, size=40), rng.normal(size=(40, 1)), rng.random((40, 1)) < 0.3
    found = dqn.goals(r, np.eye(6, dtype=np.float32)[s2], terminated, table(online), table(target), gamma)
    for i in range(40):
        ahead = target[s2[i], online[s2[i]].argmax()]
        assert found[i, 0] == pytest.approx(r[i, 0] + (0 if terminated[i, 0] else gamma * ahead), abs=1e-5)


def test_the_target_network_is_the_network_of_the_last_sync(monkeypatch):
    seen = []

    def goals(reward, following, terminated, online, target, gamma):
        seen.append([network.state_dict()["dense.kernel"] for network in (online, target)])
        return original(reward, following, terminated, online, target, gamma)

    original = dqn.goals
    monkeypatch.setattr(dqn, "goals", goals)
    dqn.train(rl.RandomWalk(), dqn.Settings(steps=120, copies=4, begin_at=8, updates=1, batch_size=8, sync_every=5))
    assert len(seen) > 20
    for i, (_, target) in enumerate(seen):
        assert np.array_equal(target, seen[i - i % 5][0])      # the gradient has not moved it since
    assert not np.array_equal(seen[0][0], seen[1][0])


# ------------------------------------------------------------ truncation bootstraps, termination does not

class OneStep(rl.Environment):
    """One state, one step long, reward 1: worth 1 when that is the end, 1 / (1 - gamma) when only the clock ran out."""

    def __init__(self, terminates):
        super().__init__(max_episode_steps=1)
        self.observation_space, self.action_space = rl.Discrete(1), rl.Discrete(2)
        self.terminates = terminates

    def start(self, n, rng): return np.zeros(n, int)
    def single(self, states): return int(states[0])
    def observe(self, state): return state if isinstance(state, int) else state.copy()
    def move(self, state, action, rng, m): return state, 1.0, self.terminates


SMALL = {
    "reinforce": (reinforce, reinforce.Settings(steps=400, gamma=0.5, units=4, learning_rate=0.05)),
    "actor-critic": (actor_critic, actor_critic.Settings(steps=3200, gamma=0.5, units=4, copies=4, horizon=4,
                                                         learning_rate=0.05)),
    "ppo": (ppo, ppo.Settings(steps=640, gamma=0.5, units=4, copies=8, horizon=8, batch_size=32, learning_rate=0.05)),
    "dqn": (dqn, dqn.Settings(steps=1200, gamma=0.5, units=4, copies=8, begin_at=64, batch_size=32, sync_every=10,
                              learning_rate=0.05)),
}


@pytest.mark.parametrize("terminates", [True, False], ids=["terminated", "truncated"])
@pytest.mark.parametrize("name", SMALL)
def test_what_follows_counts_after_a_truncation_only(name, terminates):
    algorithm, settings = SMALL[name]
    agent = algorithm.train(OneStep(terminates), settings)
    value = outputs(agent.critic or agent.network, np.ones((1, 1), np.float32)).max()
    assert value == pytest.approx(1.0 if terminates else 2.0, abs=0.1)
    assert (agent.returns == 1).all() and agent.ends[-1] == len(agent.returns)


def test_one_round_of_play_looks_ahead_from_where_the_action_led():
    """On a walk cut off after four steps, lambda 0: the goal is r + gamma V(s'), s' = s +- 1 also where it was cut."""
    rng, V = np.random.default_rng(0), np.arange(1, 8, dtype=np.float32)[:, None]
    even, settings = table(np.zeros((7, 2), np.float32)), ppo.Settings(horizon=30, gamma=0.5, lam=0.0)
    obs, action, log_pi, A, goal = ppo.play(Copies(rl.RandomWalk(max_episode_steps=4), 8, rng), even, table(V),
                                            settings, rng)
    s, s2 = obs.argmax(axis=1), obs.argmax(axis=1) + 2 * action[:, 0] - 1
    expected = (s2 == 6) + 0.5 * np.where(np.isin(s2, [0, 6]), 0, V[s2, 0])
    assert np.allclose(goal[:, 0], expected) and np.allclose(A[:, 0], expected - V[s, 0])
    assert np.allclose(log_pi, np.log(0.5)) and len(s) == 240
    obs, action, _, terminated, ended, following = actor_critic.play(
        Copies(rl.RandomWalk(max_episode_steps=4), 8, rng), even, 30, rng)
    s2 = obs.argmax(axis=2) + 2 * action - 1
    assert np.array_equal(following.argmax(axis=2), s2) and np.array_equal(terminated, np.isin(s2, [0, 6]))
    assert (ended & (terminated == 0)).any()


def test_the_memory_is_given_where_each_action_led(monkeypatch):
    ended, original = [], dqn.Memory.add

    def add(memory, obs, action, reward, following, terminated):
        s2 = obs.argmax(axis=1) + 2 * action - 1
        assert np.array_equal(following.argmax(axis=1), s2) and np.array_equal(reward, s2 == 6)
        ended.extend(np.isin(s2, [0, 6]))
        assert np.array_equal(terminated, ended[-len(s2):])
        original(memory, obs, action, reward, following, terminated)

    monkeypatch.setattr(dqn.Memory, "add", add)
    settings = dqn.Settings(steps=200, begin_at=1000, epsilon_end=1.0)
    dqn.train(rl.RandomWalk(max_episode_steps=4), settings)
    assert 5 < sum(ended) < len(ended) == 200


def test_ppo_clips_where_its_settings_say(monkeypatch):
    seen, original = set(), ppo.clipped
    monkeypatch.setattr(ppo, "clipped", lambda *given: seen.add(given[3]) or original(*given))
    ppo.train(rl.RandomWalk(), ppo.Settings(steps=64, copies=4, horizon=4, epsilon=0.3))
    assert seen == {0.3}


# ------------------------------------------------------------ copies

class Foreign:
    """An environment of somebody else's, with Gymnasium's names and nothing more."""

    def __init__(self, env):
        self.reset, self.step = env.reset, env.step
        self.observation_space, self.action_space = env.observation_space, env.action_space


@pytest.mark.parametrize("make", [rl.CartPole, rl.CliffWalking, rl.MountainCar])
def test_one_copy_is_the_environment_alone(make):
    """Two ways to the same: a vector of one, and the scalar environment as anybody's."""
    ours, theirs = make(max_episode_steps=30), Foreign(make(max_episode_steps=30))
    one, other = (Copies(env, 1, np.random.default_rng(3)) for env in (ours, theirs))
    rng = np.random.default_rng(0)
    for _ in range(100):
        assert np.array_equal(one.obs, other.obs) and one.obs.dtype == np.float32
        action = rng.integers(one.actions, size=1)
        for mine, others in zip(one.step(action), other.step(action), strict=True):
            assert np.array_equal(mine, others)
    assert one.returns == other.returns and one.ends == other.ends and len(one.returns) >= 3


def test_what_followed_is_the_end_of_the_old_episode_and_obs_the_start_of_the_new():
    copies = Copies(rl.RandomWalk(), 50, np.random.default_rng(0))
    rng, total = np.random.default_rng(0), 0
    for _ in range(60):
        before = copies.obs.argmax(axis=1)
        following, reward, terminated, ended = copies.step(rng.integers(2, size=50))
        after = following.argmax(axis=1)
        assert (abs(after - before) == 1).all()
        assert np.array_equal(ended, np.isin(after, [0, 6])) and np.array_equal(terminated, ended)
        assert (copies.obs.argmax(axis=1)[ended] == 3).all() and np.array_equal(reward, after == 6)
        total += ended.sum()
    assert len(copies.returns) == len(copies.ends) == total and copies.ends[-1] <= copies.steps == 3000
    assert 0.4 < np.mean(copies.returns) < 0.6


class LongOrShort(rl.Environment):
    """Episodes of 1 step or of 21, one as likely as the other."""

    def __init__(self):
        super().__init__()
        self.observation_space, self.action_space = rl.Box([0.0], [21.0]), rl.Discrete(1)

    def start(self, n, rng): return rng.choice([1.0, 21.0], (1, n))
    def move(self, state, action, rng, m): return (state[0] - 1,), 1.0, state[0] <= 1


def test_evaluation_does_not_prefer_short_episodes():
    agent = reinforce.train(LongOrShort(), reinforce.Settings(steps=1))
    returns = evaluate(agent, LongOrShort(), 400, seed=0)
    assert returns.shape == (400,) and set(returns) == {1.0, 21.0} and 9.5 < returns.mean() < 12.5
    assert set(evaluate(agent, Foreign(LongOrShort()), 20)) == {1.0, 21.0}


def test_the_same_seed_is_the_same_run():
    for algorithm, settings in SMALL.values():
        one, again = (algorithm.train(rl.RandomWalk(), replace(settings, steps=200)) for _ in range(2))
        assert np.array_equal(one.returns, again.returns)
        for name, weight in one.network.state_dict().items():
            assert np.array_equal(weight, again.network.state_dict()[name])


def test_an_agent_acts_greedily_on_one_observation():
    Q = np.array([[1.0, 2.0, 0.0], [5.0, 2.0, 0.0]], np.float32)
    agent = dqn.Agent(table(Q), None, np.zeros(0), np.zeros(0))
    assert [agent.act(s) for s in (0, 1)] == [1, 0]
    assert agent.act(np.array([0.0, 1.0])) == 0


# ------------------------------------------------------------ mistakes

@pytest.mark.parametrize(("make", "kind", "message"), [
    (lambda: rl.Pendulum(), TypeError, "Discrete action"),
    (lambda: SimpleNamespace(num_envs=2, metadata={"autoreset_mode": "NextStep"}), ValueError, "SAME_STEP"),
    (lambda: SimpleNamespace(observation_space=SimpleNamespace(shape=(84, 84, 3)), action_space=rl.Discrete(2),
                             reset=lambda **_: (0, {})), TypeError, "row of numbers"),
])
@pytest.mark.parametrize("algorithm", [actor_critic, dqn, ppo, reinforce])
def test_what_they_cannot_play_is_refused(make, kind, message, algorithm):
    with pytest.raises(kind, match=message):
        algorithm.train(make())


def test_reinforce_plays_one_episode_after_the_other():
    with pytest.raises(ValueError, match="one environment, received 3"):
        reinforce.train(rl.CartPole().vector(3))


# ------------------------------------------------------------ learning

@pytest.mark.parametrize(("algorithm", "settings"), [
    (actor_critic, actor_critic.Settings(steps=20_000, gamma=0.9, horizon=16)),
    (ppo, ppo.Settings(steps=8_000, gamma=0.9)),
    (dqn, dqn.Settings(steps=4_000, gamma=0.9, units=32, sync_every=20, begin_at=500)),
], ids=["actor-critic", "ppo", "dqn"])
def test_each_finds_the_shortest_way_through_a_small_maze(algorithm, settings):
    env = rl.Maze("S #G\n#   ", max_episode_steps=50)
    agent = algorithm.train(env, settings)
    path = rl.play(env, agent.act, most_steps=50)
    assert path.terminated and len(path.actions) == len(env.shortest_path()) - 1


@pytest.mark.slow
@pytest.mark.parametrize(("algorithm", "settings", "least"), [
    (reinforce, reinforce.Settings(steps=20_000), 150),
    (actor_critic, actor_critic.Settings(steps=100_000), 300),
    (ppo, ppo.Settings(steps=40_000), 150),
    (dqn, dqn.Settings(steps=25_000), 120),
], ids=["reinforce", "actor-critic", "ppo", "dqn"])
def test_each_learns_to_balance_a_pole(algorithm, settings, least):
    agent = algorithm.train(rl.CartPole(), settings)
    assert evaluate(agent, rl.CartPole()).mean() > least
    assert agent.returns[-20:].mean() > 2 * agent.returns[:20].mean()
