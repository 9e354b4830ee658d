"""n real rewards, then a guess: TD(0) at n = 1, Monte Carlo at n = infinity. Sutton & Barto, chapter 7."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..episodes import Learned, Seed, begin
from ..policies import EpsilonGreedy, Policy, draw
from ..spaces import Array


def n_step_td_prediction(env: Any, policy: ArrayLike, episodes: int, *, n: int = 4, alpha: float = 0.1,
                         gamma: float = 1.0, rng: Seed = None, V: ArrayLike | None = None) -> Array:
    """V(S_t) += alpha (R_t+1 + ... + gamma^(n-1) R_t+n + gamma^n V(S_t+n) - V(S_t)): page 144. Returns V (S,)."""
    env, rng, Q = begin(env, rng)
    pi, V = np.asarray(policy).tolist(), np.zeros(len(Q)) if V is None else np.array(V, float)
    for _ in range(episodes):
        s, _ = env.reset()
        ended, waiting = False, deque[tuple[int, float]]()     # the (state, reward) pairs not yet updated
        while not ended:
            s2, r, terminated, truncated, _ = env.step(draw(pi[s], rng))
            waiting.append((s, r))
            ended = terminated or truncated
            while waiting and (len(waiting) == check_n(n) or ended):
                G = n_step_return([r for _, r in waiting], gamma, (1 - terminated) * V[s2])
                s, _ = waiting.popleft()
                V[s] += alpha * (G - V[s])
            s = s2
    return V


def n_step_sarsa(env: Any, episodes: int, *, n: int = 4, alpha: float = 0.5, gamma: float = 1.0,
                 policy: Policy | None = None, rng: Seed = None, Q: ArrayLike | None = None) -> Learned:
    """Q(S_t, A_t) += alpha (R_t+1 + ... + gamma^n Q(S_t+n, A_t+n) - Q(S_t, A_t)): page 147."""
    env, rng, Q = begin(env, rng, Q)
    policy = policy or EpsilonGreedy(0.1)
    for t in range(episodes):
        s, _ = env.reset()
        a, ended, waiting = policy.sample(Q[s], rng, t), False, deque[tuple[int, int, float]]()
        while not ended:
            s2, r, terminated, truncated, _ = env.step(a)
            a2 = policy.sample(Q[s2], rng, t)
            waiting.append((s, a, r))
            ended = terminated or truncated
            while waiting and (len(waiting) == check_n(n) or ended):
                G = n_step_return([r for _, _, r in waiting], gamma, (1 - terminated) * Q[s2, a2])
                s, a, _ = waiting.popleft()
                Q[s, a] += alpha * (G - Q[s, a])
            s, a = s2, a2
    return Learned(Q, env.returns, env.lengths)


def n_step_return(rewards: list[float], gamma: float, G: float) -> float:
    for r in reversed(rewards):
        G = r + gamma * G
    return G


def check_n(n: int) -> int:
    if n < 1:
        raise ValueError(f"n must be at least 1, received {n}.")
    return n
