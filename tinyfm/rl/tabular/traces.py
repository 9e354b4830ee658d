"""Eligibility traces: every state and action of the recent past shares in each surprise. Sutton & Barto, chapter 12."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..episodes import Learned, Seed, begin
from ..policies import EpsilonGreedy, Policy


def sarsa_lambda(env: Any, episodes: int, *, trace: float = 0.9, alpha: float = 0.5, gamma: float = 1.0,
                 replacing: bool = True, policy: Policy | None = None, rng: Seed = None,
                 Q: ArrayLike | None = None) -> Learned:
    """delta = r + gamma Q(s', a') - Q(s, a); E(s, a) marks the pair; Q += alpha delta E; E *= gamma lambda. Page 305.

    trace: lambda, 0 for Sarsa, 1 towards Monte Carlo. `replacing`: a pair's mark is 1, else it grows with each visit.
    """
    if not 0 <= trace <= 1:
        raise ValueError(f"trace (lambda) must lie between 0 and 1, received {trace}.")
    env, rng, Q = begin(env, rng, Q)
    policy = policy or EpsilonGreedy(0.1)
    for t in range(episodes):
        s, _ = env.reset()
        a, ended, E = policy.sample(Q[s], rng, t), False, np.zeros(Q.shape)
        while not ended:
            s2, r, terminated, truncated, _ = env.step(a)
            a2 = policy.sample(Q[s2], rng, t)
            delta = r + gamma * (1 - terminated) * Q[s2, a2] - Q[s, a]
            E[s, a] = 1 if replacing else E[s, a] + 1
            Q += alpha * delta * E
            E *= gamma * trace
            s, a, ended = s2, a2, terminated or truncated
    return Learned(Q, env.returns, env.lengths)
