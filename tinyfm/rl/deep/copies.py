"""What the algorithms play in: n copies of an environment, ours or Gymnasium's. What they leave behind: an Agent."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tinyfm.engine import no_grad
from tinyfm.nn import Sequential
from tinyfm.train.progress import Progress

from ..environments.environment import Environment
from ..environments.vector import VectorEnvironment
from ..episodes import count
from ..spaces import Array


class Agent(NamedTuple):
    """A trained network, and the episodes that it learnt from: their returns, and the steps taken when each ended.

    network: observations (n, features) -> one number for each action, values or preferences; the largest is taken.
    critic: observations -> V (n, 1), where the algorithm has learnt one.
    """

    network: Sequential
    critic: Sequential | None
    returns: Array
    ends: Array

    def act(self, obs: Any) -> int:
        """The greedy action for one observation, for `rl.watch` and `rl.play`."""
        features = self.network.input_shape[0]                 # type: ignore[index]
        return int(outputs(self.network, as_rows(np.asarray(obs)[None], features)).argmax())


class Copies:
    """n copies of `env` that step together. `obs`: what they see now, (n, features) in float32.

    env: an environment of ours, of which n copies are made; a vector of them; a vector of Gymnasium's, in its mode
    "SameStep"; or one environment of Gymnasium's, which is played alone. A state of a Discrete space becomes a one-hot
    row. The return of every episode is noted when it ends. rng seeds them. total: how many steps a progress line counts
    up to.
    """

    def __init__(self, env: Any, n: int, rng: np.random.Generator, total: int = 0) -> None:
        self.env = vectorised(env, n)
        self.n = int(self.env.num_envs)
        self.actions = count(self.env.single_action_space, "action")
        self.features = count_features(self.env.single_observation_space)
        self.obs = as_rows(self.env.reset(seed=int(rng.integers(2**31)))[0], self.features)
        self.steps, self.running = 0, np.zeros(self.n)
        self.returns, self.ends = list[float](), list[int]()
        self.line = begin_line(total)

    def step(self, actions: Array) -> tuple[Array, Array, Array, Array]:
        """(following, reward, terminated, ended), each of n rows.

        following: what the actions led to, the last observation of an episode that is over, where `obs` is already the
        first of the next. ended: terminated or truncated; only after the former is the rest worth 0.
        """
        obs, reward, terminated, truncated, info = self.env.step(actions)
        ended = np.asarray(terminated | truncated)
        self.obs = following = as_rows(obs, self.features)
        if ended.any():
            following = following.copy()
            following[ended] = as_rows(np.stack(info["final_obs"][ended]), self.features)
        self.note(reward, ended)
        return following, np.asarray(reward, np.float32), np.asarray(terminated, np.float32), ended

    def note(self, reward: Array, ended: Array) -> None:
        self.steps += self.n
        self.running += reward
        self.returns += self.running[ended].tolist()
        self.ends += [self.steps] * int(ended.sum())
        self.running[ended] = 0
        if self.line and self.returns:
            self.line.on_train_batch_end(self.steps - 1, {"return": float(np.mean(self.returns[-20:]))})

    def agent(self, network: Sequential, critic: Sequential | None = None) -> Agent:
        """What is left when the learning is over."""
        if self.line:
            self.line.on_epoch_end(0, {"return": float(np.mean(self.returns[-20:] or [np.nan]))})
        return Agent(network, critic, np.array(self.returns), np.array(self.ends))


def outputs(network: Sequential, obs: Array) -> Array:
    """The network's output as a plain array; nothing is recorded for a gradient."""
    with no_grad():
        return np.asarray(network(obs).data)


def evaluate(agent: Agent, env: Any, episodes: int = 100, seed: int = 0) -> Array:
    """The returns of `episodes` episodes of the greedy policy, (episodes,).

    The first episode of each copy counts, no second: whoever counts those that end first prefers the short ones.
    """
    rng, found = np.random.default_rng(seed), list[float]()
    while len(found) < episodes:
        copies = Copies(env, episodes, rng)
        returns, alive = np.zeros(copies.n), np.ones(copies.n, bool)
        while alive.any():
            _, reward, _, ended = copies.step(outputs(agent.network, copies.obs).argmax(axis=1))
            returns += reward * alive
            alive &= ~ended
        found += returns.tolist()
    return np.array(found[:episodes])


def vectorised(env: Any, n: int) -> Any:
    """`env` as n copies, or as it is when it is a vector already; ValueError for one that begins anew a step later."""
    if isinstance(env, Environment):
        return env.vector(n)
    if not hasattr(env, "num_envs"):
        return Alone(env)
    mode = env.metadata.get("autoreset_mode")
    if isinstance(env, VectorEnvironment) or getattr(mode, "value", mode) == "SameStep":
        return env
    raise ValueError(f"The vector of environments begins new episodes in mode {mode}; expected SAME_STEP: gymnasium."
                     'make_vec(..., vector_kwargs={"autoreset_mode": gymnasium.vector.AutoresetMode.SAME_STEP}).')


class Alone:
    """A vector of one around any environment with Gymnasium's signatures."""

    num_envs = 1

    def __init__(self, env: Any) -> None:
        self.env = env
        self.single_observation_space, self.single_action_space = env.observation_space, env.action_space

    def reset(self, **options: Any) -> tuple[Array, dict[str, Any]]:
        obs, info = self.env.reset(**options)
        return np.asarray(obs)[None], info

    def step(self, actions: Array) -> tuple[Array, Array, Array, Array, dict[str, Any]]:
        obs, reward, terminated, truncated, _ = self.env.step(int(actions[0]))
        final = np.asarray(obs)[None]
        if terminated or truncated:
            obs, _ = self.env.reset()
        return (np.asarray(obs)[None], np.array([reward]), np.array([terminated]), np.array([truncated]),
                {"final_obs": final})


def count_features(space: Any) -> int:
    """The numbers in one observation; TypeError for what is neither a row of numbers nor a Discrete state."""
    if hasattr(space, "n"):
        return count(space, "observation")
    if len(getattr(space, "shape", None) or ()) != 1:
        raise TypeError(f"Expected observations that are a row of numbers, or Discrete; received {space}.")
    return int(space.shape[0])


def as_rows(obs: Any, features: int) -> Array:
    """Observations (n, features) in float32; Discrete states (n,) as one-hot rows."""
    if np.ndim(obs) == 1:
        return np.eye(features, dtype=np.float32)[obs]
    return np.asarray(obs, np.float32)


def begin_line(total: int) -> Progress | None:
    """A progress line that counts steps, or None."""
    if not total:
        return None
    line = Progress(1, 1)
    line.on_train_begin({"steps": total})
    line.on_epoch_begin(0)
    line.title = "steps"
    return line
