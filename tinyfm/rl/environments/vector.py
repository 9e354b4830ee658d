"""Thousands of copies of one environment, stepped together: the same `move`, handed arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..spaces import Array
from .environment import Environment, read_options


class VectorEnvironment:
    """n copies of `env`; every array has the copies first, and one generator serves them all.

    Autoreset is Gymnasium's "SameStep": a copy that ends in this step begins anew in this step. `obs` is then the first
    observation of the new episode, `reward`, `terminated` and `truncated` still speak of the old one, and
    info["final_obs"][i] is where it ended, for each i in the mask info["_final_obs"]: bootstrap from there.
    Copies that go on have final_obs[i] == obs[i]; without an end in the step, `info` is empty.
    """

    def __init__(self, env: Environment, n: int) -> None:
        if n < 1:
            raise ValueError(f"vector(n): n must be at least 1, received {n}.")
        self.env, self.num_envs = env, n
        self.single_observation_space, self.single_action_space = env.observation_space, env.action_space
        self.metadata = {**env.metadata, "autoreset_mode": "SameStep"}
        self.state: Array = np.empty(0)
        self.elapsed = np.zeros(n, np.int64)
        self.np_random = np.random.default_rng()

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Array, dict[str, Any]]:
        """Begin n episodes. `seed` renews the generator, options={"state": s}: one state for all, or one for each."""
        if seed is not None:
            self.np_random = np.random.default_rng(seed)
        chosen, n = read_options(options), self.num_envs
        self.state = self.env.start(n, self.np_random) if chosen is None else self.env.check_states(chosen, n)
        self.elapsed = np.zeros(n, np.int64)
        return self.env.observe(self.state), {}

    def step(self, actions: ArrayLike) -> tuple[Array, Array, Array, Array, dict[str, Any]]:
        """(obs, rewards, terminated, truncated, info), each of n rows."""
        if not self.state.size:
            raise RuntimeError(f"{self.num_envs} copies of {type(self.env).__name__}: call reset() before step().")
        actions = self.env.action_space.many(actions, self.num_envs)
        state, rewards, terminated = self.env.move(self.state, actions, self.np_random, np)
        self.state = np.asarray(state)                         # (components, n) or (n,), new memory
        rewards, terminated = np.full(self.num_envs, rewards), np.full(self.num_envs, terminated)
        self.elapsed += 1
        truncated = self.elapsed >= self.env.max_episode_steps
        obs = self.env.observe(self.state)
        ended = np.flatnonzero(terminated | truncated)
        if not ended.size:
            return obs, rewards, terminated, truncated, {}
        info = {"final_obs": obs.copy(), "_final_obs": terminated | truncated}
        fresh = self.env.start(ended.size, self.np_random)
        self.state[..., ended] = fresh
        self.elapsed[ended] = 0
        obs[ended] = self.env.observe(fresh)
        return obs, rewards, terminated, truncated, info

    def close(self) -> None:
        """Nothing is open: a method for Gymnasium's sake."""

    def __repr__(self) -> str:
        return f"{self.num_envs} x {self.env!r}"
