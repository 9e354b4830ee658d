"""Dyna-Q: learn from what happened, and again from what is remembered. Sutton & Barto, section 8.2."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from ..episodes import Learned, Seed, begin
from ..policies import EpsilonGreedy, Policy


def dyna_q(env: Any, episodes: int, *, planning_steps: int = 10, alpha: float = 0.1, gamma: float = 0.95,
           policy: Policy | None = None, rng: Seed = None, Q: ArrayLike | None = None) -> Learned:
    """Q-learning, then `planning_steps` Q-learning updates on random remembered transitions: page 164.

    The memory holds the last outcome of each (s, a), which is a model of a deterministic environment.
    """
    env, rng, Q = begin(env, rng, Q)
    policy = policy or EpsilonGreedy(0.1)
    model: dict[tuple[int, int], tuple[float, int, bool]] = {}
    pairs: list[tuple[int, int]] = []
    for t in range(episodes):
        s, _ = env.reset()
        ended = False
        while not ended:
            a = policy.sample(Q[s], rng, t)
            s2, r, terminated, truncated, _ = env.step(a)
            Q[s, a] += alpha * (r + gamma * (1 - terminated) * Q[s2].max() - Q[s, a])
            if (s, a) not in model:
                pairs.append((s, a))
            model[s, a] = r, s2, terminated
            for i in rng.integers(len(pairs), size=planning_steps).tolist():
                x, u = pairs[i]
                reward, x2, end = model[x, u]
                Q[x, u] += alpha * (reward + gamma * (1 - end) * Q[x2].max() - Q[x, u])
            s, ended = s2, terminated or truncated
    return Learned(Q, env.returns, env.lengths)
