"""Episodes: keeping a diary while learning, playing a policy, following the greedy path."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .policies import Greedy, Policy, draw
from .spaces import Array

Seed = int | np.random.Generator | None


class Learned(NamedTuple):
    """What control leaves behind: Q (S, A), and each episode's return (undiscounted) and length."""

    Q: Array
    returns: Array
    lengths: Array

    @property
    def policy(self) -> Array:
        """The greedy action of each state, (S,)."""
        return np.asarray(self.Q.argmax(axis=1))


class Diary:
    """An environment that notes the return and the length of every episode, so that algorithms need not.

    Seeded from `rng` at the first reset: a run is reproducible from its own seed. Works around Gymnasium's as well.
    """

    def __init__(self, env: Any, rng: np.random.Generator) -> None:
        self.env, self.seed = env, int(rng.integers(2**31))
        self.take_step, self.rewards, self.starts = env.step, list[float](), list[int]()

    def reset(self, **options: Any) -> tuple[Any, dict[str, Any]]:
        if not self.starts:
            options["seed"] = self.seed
        self.starts.append(len(self.rewards))
        obs, info = self.env.reset(**options)
        return obs, info

    def step(self, action: Any) -> Any:
        result = self.take_step(action)
        self.rewards.append(result[1])
        return result

    @property
    def lengths(self) -> Array:
        return np.diff([*self.starts, len(self.rewards)])

    @property
    def returns(self) -> Array:
        total = np.concatenate([[0.0], np.cumsum(self.rewards)])
        return np.diff(total[[*self.starts, len(self.rewards)]])


def begin(env: Any, rng: Seed, Q: ArrayLike | None = None) -> tuple[Diary, np.random.Generator, Array]:
    """What every control algorithm starts from: the diary, its generator, and Q (zeros, or a copy of what is given)."""
    draws = np.random.default_rng(rng)
    shape = count(env.observation_space, "observation"), count(env.action_space, "action")
    table = np.zeros(shape) if Q is None else np.array(Q, float)
    if table.shape != shape:
        raise ValueError(f"Q has shape (states, actions) = {shape}, received {table.shape}.")
    return Diary(env, draws), draws, table


def count(space: Any, name: str) -> int:
    """The size of a Discrete space that begins at 0, ours or Gymnasium's; TypeError for anything else."""
    if not hasattr(space, "n") or np.ndim(space.n) or getattr(space, "start", 0) != 0:
        raise TypeError(f"Tabular learning needs a Discrete {name} space that begins at 0, received {space}.")
    return int(space.n)


class Episode(NamedTuple):
    """S_0, A_0, R_1, S_1, ...: one state more than actions and rewards; and whether it ended by itself."""

    states: list[Any]
    actions: list[Any]
    rewards: list[float]
    terminated: bool


def play(env: Any, act: Any, *, most_steps: int = 100_000, **options: Any) -> Episode:
    """One episode in which `act(obs)` chooses; cut off after `most_steps`. `options` go to env.reset."""
    s, _ = env.reset(**options)
    states, actions, rewards, terminated = [s], [], [], False
    for _ in range(most_steps):
        a = act(s)
        s, r, terminated, truncated, _ = env.step(a)
        states.append(s)
        actions.append(a)
        rewards.append(float(r))
        if terminated or truncated:
            break
    return Episode(states, actions, rewards, bool(terminated))


def play_table(env: Any, pi: Array, rng: np.random.Generator, **options: Any) -> Episode:
    """One episode of the tabular policy pi (S, A)."""
    return play(env, lambda s: draw(pi[s].tolist(), rng), **options)


def greedy_path(env: Any, Q: ArrayLike, *, most_steps: int | None = None) -> Episode:
    """One episode of argmax_a Q(s, a), the first of equals; cut off after as many steps as there are states."""
    best = np.asarray(Q).argmax(axis=1).tolist()
    return play(env, lambda s: best[s], most_steps=most_steps or len(best))


def average_return(env: Any, Q: ArrayLike, *, policy: Policy | None = None, episodes: int = 100, gamma: float = 1.0,
                   rng: Seed = None) -> float:
    """Mean discounted return over `episodes` of `policy` (greedy, unless given) at fixed values Q."""
    draws, table, policy = np.random.default_rng(rng), np.asarray(Q), policy or Greedy()
    env.reset(seed=int(draws.integers(2**31)))
    returns = [discounted(play(env, lambda s: policy.sample(table[s], draws)).rewards, gamma) for _ in range(episodes)]
    return float(np.mean(returns))


def discounted(rewards: list[float], gamma: float) -> float:
    """G = R_1 + gamma R_2 + gamma^2 R_3 + ..."""
    G = 0.0
    for r in reversed(rewards):
        G = r + gamma * G
    return G
