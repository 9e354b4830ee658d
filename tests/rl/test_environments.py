"""Laws of every environment: Gymnasium's signatures and meaning, for one copy and for thousands."""

import numpy as np
import pytest

from tinyfm import rl

from .examples import ALL, OTHERS, TABULAR

each_environment = pytest.mark.parametrize("make", ALL.values(), ids=ALL)
without_bandits = {name: make for name, make in ALL.items() if "bandit" not in name}


def trajectory(env, seed, steps=60):
    """What `steps` random actions show, episode after episode."""
    env.action_space.seed(seed)
    seen = [env.reset(seed=seed)]
    for _ in range(steps):
        seen.append(env.step(env.action_space.sample()))
        if seen[-1][2] or seen[-1][3]:
            seen.append(env.reset())
    return seen


def same(one, other):
    return all(len(x) == len(y) and all(np.array_equal(a, b) for a, b in zip(x, y, strict=True))
               for x, y in zip(one, other, strict=True))


@each_environment
def test_speaks_gymnasiums_language(make):
    env = make()
    for seen in trajectory(env, 0):
        assert seen[0] in env.observation_space and isinstance(seen[-1], dict)
        if len(seen) == 5:
            _, reward, terminated, truncated, _ = seen
            assert isinstance(reward, float) and type(terminated) is bool and type(truncated) is bool
    assert env.unwrapped is env and env.spec is None and "ansi" in env.metadata["render_modes"]
    env.close()


@each_environment
def test_the_same_seed_gives_the_same_episodes(make):
    assert same(trajectory(make(), 3), trajectory(make(), 3))


def test_reset_without_a_seed_goes_on_with_the_same_generator():
    env = rl.CartPole()
    env.reset(seed=0)
    first, second = env.reset()[0], env.reset()[0]
    assert not np.array_equal(first, second)
    env.reset(seed=0)
    assert np.array_equal(env.reset()[0], first)


def test_without_any_seed_two_environments_differ():
    assert not np.array_equal(rl.CartPole().reset()[0], rl.CartPole().reset()[0])


@pytest.mark.parametrize("make", OTHERS.values(), ids=OTHERS)
def test_every_observation_is_a_new_object(make):
    env = make()
    seen = [x[0] for x in trajectory(env, 0, 20)]
    if isinstance(seen[0], np.ndarray):
        for x in seen:
            kept = env.observe(env.state)
            x[...] = np.nan
            assert np.array_equal(env.observe(env.state), kept)


@each_environment
def test_a_step_needs_a_reset(make):
    with pytest.raises(RuntimeError, match=r"call reset\(\)"):
        make().step(make().action_space.sample())
    with pytest.raises(RuntimeError, match=r"reset"):
        make().vector(2).step([0, 0])


@each_environment
def test_truncates_at_the_limit_and_then_asks_for_reset(make):
    env = make(max_episode_steps=1)
    env.reset(seed=0)
    _, _, _, truncated, _ = env.step(env.action_space.sample())
    assert truncated
    with pytest.raises(RuntimeError, match="is over"):
        env.step(env.action_space.sample())
    env.reset()
    env.step(env.action_space.sample())


def test_the_clock_begins_anew_with_each_episode():
    env = rl.MountainCar(max_episode_steps=3)
    for _ in range(2):
        env.reset()
        assert [env.step(0)[3] for _ in range(3)] == [False, False, True]


@pytest.mark.parametrize("make", [m for n, m in ALL.items() if n != "pendulum"])
def test_an_action_out_of_range_is_refused_and_changes_nothing(make):
    env = make()
    env.reset(seed=0)
    before = env.state
    with pytest.raises(ValueError, match="out of range"):
        env.step(env.action_space.n)
    with pytest.raises(TypeError, match="whole number"):
        env.step(0.5)
    assert env.state == before and env.elapsed == 0
    with pytest.raises(ValueError, match="out of range"):
        many = env.vector(3)
        many.reset(seed=0)
        many.step([0, -1, 0])


@pytest.mark.parametrize("make", without_bandits.values(), ids=without_bandits)
def test_a_chosen_first_state_is_taken(make):
    env = make()
    env.reset(seed=5)
    state = env.state
    assert np.array_equal(env.reset(options={"state": state})[0], env.observe(state))
    assert env.state == state
    with pytest.raises(ValueError, match="state"):
        env.reset(options={"state": "here"})
    with pytest.raises(ValueError, match="knows only 'state'"):
        env.reset(options={"start": state})


def test_a_chosen_state_must_exist():
    with pytest.raises(ValueError, match="from 0 to 47"):
        rl.CliffWalking().reset(options={"state": 48})
    with pytest.raises(ValueError, match="from 0 to 47"):
        rl.CliffWalking().reset(options={"state": 3.0})
    with pytest.raises(ValueError, match="finite"):
        rl.CartPole().reset(options={"state": [0, 0, np.nan, 0]})
    with pytest.raises(ValueError, match="4 finite numbers"):
        rl.CartPole().reset(options={"state": [0, 0, 0]})


@each_environment
def test_one_copy_in_a_vector_is_the_environment_itself(make):
    """The same generator drives both, so they walk together until the first end."""
    env, many = make(), make().vector(1)
    env.action_space.seed(0)
    assert np.array_equal(many.reset(seed=1)[0][0], env.reset(seed=1)[0])
    for _ in range(50):
        action = env.action_space.sample()
        one, (obs, reward, terminated, truncated, info) = env.step(action), many.step([action])
        at_end = info["final_obs"] if one[2] or one[3] else obs
        assert np.allclose(at_end[0], one[0], rtol=1e-6, atol=1e-7)
        assert np.allclose([reward[0]], [one[1]], rtol=1e-12, atol=1e-12)
        assert (terminated[0], truncated[0]) == one[2:4]
        if one[2] or one[3]:
            break


@pytest.mark.parametrize("name", [n for n in without_bandits if ALL[n]().__dict__.get("_K", 1) == 1])
def test_a_vectorised_step_is_the_scalar_step_from_the_same_state(name):
    """64 copies in states of real episodes, against 64 scalar steps; environments whose move is certain."""
    env, n = ALL[name](), 64
    env.action_space.seed(0)
    rng = np.random.default_rng(0)
    many = env.vector(n)
    many.reset(seed=0)
    for _ in range(25):
        many.step(np.array([env.action_space.sample() for _ in range(n)]))
    states = many.state.T.copy()
    actions = np.array([env.action_space.sample() for _ in range(n)])
    many.reset(options={"state": states})
    obs, rewards, terminated, _, info = many.step(actions)
    obs = info.get("final_obs", obs)
    for i in rng.permutation(n):
        env.reset(options={"state": states[i].tolist()})
        one = env.step(actions[i])
        assert np.allclose(obs[i], one[0], rtol=1e-6, atol=1e-7)
        assert np.isclose(rewards[i], one[1], rtol=1e-12) and terminated[i] == one[2]


def test_autoreset_begins_anew_in_the_same_step_and_keeps_the_final_observation():
    many = rl.CliffWalking(max_episode_steps=3).vector(4)
    many.reset(seed=0, options={"state": np.array([35, 36, 36, 0])})
    obs, rewards, terminated, truncated, info = many.step([2, 0, 1, 3])    # to the goal, up, off the cliff, at a wall
    assert terminated.tolist() == [True, False, False, False] and not truncated.any()
    assert obs.tolist() == [36, 24, 36, 0] and info["final_obs"].tolist() == [47, 24, 36, 0]
    assert info["_final_obs"].tolist() == [True, False, False, False] and rewards.tolist() == [-1, -1, -100, -1]
    _, _, _, _, info = many.step([0, 0, 0, 0])
    assert info == {}
    obs, _, terminated, truncated, info = many.step([0, 1, 0, 0])            # the clock of the first began anew
    assert truncated.tolist() == [False, True, True, True] and not terminated.any()
    assert obs.tolist() == [12, 36, 36, 36] and info["final_obs"].tolist() == [12, 13, 12, 0]
    assert many.elapsed.tolist() == [2, 0, 0, 0]


def test_final_observations_do_not_share_memory_with_the_next():
    many = rl.CartPole(max_episode_steps=1).vector(3)
    many.reset(seed=0)
    obs, _, _, _, info = many.step([0, 1, 0])
    assert not np.shares_memory(obs, info["final_obs"]) and not np.array_equal(obs, info["final_obs"])


def test_copies_are_independent():
    many = rl.CartPole().vector(1000)
    obs, _ = many.reset(seed=0)
    assert obs.shape == (1000, 4) and abs(np.corrcoef(obs[:-1, 0], obs[1:, 0])[0, 1]) < 0.1
    assert len(np.unique(obs[:, 0])) == 1000
    with pytest.raises(ValueError, match="at least 1"):
        rl.CartPole().vector(0)


@each_environment
def test_shows_itself_as_text_and_as_pixels(make):
    env = make()
    with pytest.raises(RuntimeError, match="reset"):
        env.state  # noqa: B018
    env.reset(seed=0)
    text = env.render()
    assert isinstance(text, str) and len(text) > 3
    ax = env.plot()
    assert ax.get_title() and ax.get_xlabel()


def test_pixels_are_an_image_and_follow_the_state():
    env = rl.CliffWalking(render_mode="rgb_array")
    env.reset(seed=0)
    first = env.render()
    env.step(0)
    assert first.dtype == np.uint8 and first.ndim == 3 and first.shape[2] == 3 and first.std() > 10
    assert not np.array_equal(first, env.render())
    with pytest.raises(ValueError, match="render_mode is 'ansi'"):
        rl.CliffWalking(render_mode="human")


@pytest.mark.parametrize("make", [TABULAR["cliff"], OTHERS["cartpole"], OTHERS["pendulum"], TABULAR["blackjack"]])
def test_the_text_follows_the_state(make):
    env = make()
    env.reset(seed=0)
    env.action_space.seed(1)
    frames = {env.render()}
    for _ in range(12):
        if not env.over:
            env.step(env.action_space.sample())
            frames.add(env.render())
    assert len(frames) > 1


def test_cartpole_conserves_energy_when_nothing_pushes(monkeypatch):
    """Without force the mechanical energy of cart and pole drifts only by Euler's error, of first order in time."""
    import tinyfm.rl.environments.cartpole as file

    def drift(time):
        monkeypatch.setattr(file, "TIME", time)
        monkeypatch.setattr(file, "FORCE", 0.0)
        env, state = rl.CartPole(), (0.0, 0.3, 0.1, -0.2)
        energy = [mechanical_energy(state)]
        for _ in range(round(0.4 / time)):
            state, _, _ = env.move(state, 1, None, np)
            energy.append(mechanical_energy(state))
        return abs(energy[-1] - energy[0])

    assert drift(0.001) < 0.01
    assert drift(0.0005) == pytest.approx(drift(0.001) / 2, rel=0.05)


def mechanical_energy(state):
    """Cart 1 kg; pole 0.1 kg and 1 m long, its middle carried by the cart and turning about the lower end."""
    _, v, angle, spin = state
    middle = v**2 + 2 * v * 0.5 * spin * np.cos(angle) + (0.5 * spin) ** 2
    about_middle = 0.1 * 1.0**2 / 12 * spin**2
    return 0.5 * (1.0 * v**2 + 0.1 * middle + about_middle) + 0.1 * 9.8 * 0.5 * np.cos(angle)


def test_pendulum_and_mountain_car_stay_within_their_bounds():
    rng = np.random.default_rng(0)
    for env, push in [(rl.Pendulum(), rng.uniform(-3, 3, (250, 50, 1))),
                      (rl.MountainCar(), rng.integers(3, size=(250, 50)))]:
        many = env.vector(50)
        many.reset(seed=0)
        seen = np.array([many.step(actions)[0] for actions in push])
        assert (env.observation_space.low <= seen).all() and (seen <= env.observation_space.high).all()


def test_import_is_cheap():
    import subprocess
    import sys
    code = "import sys, tinyfm.rl; sys.exit(any(m in sys.modules for m in ('matplotlib', 'gymnasium')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
