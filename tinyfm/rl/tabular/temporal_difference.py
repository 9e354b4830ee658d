"""Temporal-difference learning: update a guess towards a guess. Each function is one box of Sutton & Barto, chapter 6.

Everywhere: `terminated` ends the episode with value 0, hence (1 - terminated); `truncated` only stops the clock, and
the value of the state that was reached still counts. alpha: step size. Environments: ours, or Gymnasium's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..episodes import Learned, Seed, begin
from ..policies import EpsilonGreedy, Policy, draw
from ..spaces import Array


def td_prediction(env: Any, policy: ArrayLike, episodes: int, *, alpha: float = 0.1, gamma: float = 1.0,
                  rng: Seed = None, V: ArrayLike | None = None) -> Array:
    """V(s) += alpha (r + gamma V(s') - V(s)): TD(0), page 120. Returns V (S,); policy: probabilities (S, A)."""
    env, rng, Q = begin(env, rng)
    pi, V = np.asarray(policy).tolist(), np.zeros(len(Q)) if V is None else np.array(V, float)
    for _ in range(episodes):
        s, _ = env.reset()
        ended = False
        while not ended:
            s2, r, terminated, truncated, _ = env.step(draw(pi[s], rng))
            V[s] += alpha * (r + gamma * (1 - terminated) * V[s2] - V[s])
            s, ended = s2, terminated or truncated
    return V


def sarsa(env: Any, episodes: int, *, alpha: float = 0.5, gamma: float = 1.0, policy: Policy | None = None,
          rng: Seed = None, Q: ArrayLike | None = None) -> Learned:
    """Q(s, a) += alpha (r + gamma Q(s', a') - Q(s, a)), a' the action that is taken next: on-policy, page 130."""
    env, rng, Q = begin(env, rng, Q)
    policy = policy or EpsilonGreedy(0.1)
    for t in range(episodes):
        s, _ = env.reset()
        a, ended = policy.sample(Q[s], rng, t), False
        while not ended:
            s2, r, terminated, truncated, _ = env.step(a)
            a2 = policy.sample(Q[s2], rng, t)
            Q[s, a] += alpha * (r + gamma * (1 - terminated) * Q[s2, a2] - Q[s, a])
            s, a, ended = s2, a2, terminated or truncated
    return Learned(Q, env.returns, env.lengths)


def expected_sarsa(env: Any, episodes: int, *, alpha: float = 0.5, gamma: float = 1.0, policy: Policy | None = None,
                   rng: Seed = None, Q: ArrayLike | None = None) -> Learned:
    """Q(s, a) += alpha (r + gamma sum_a' pi(a'|s') Q(s', a') - Q(s, a)): Sarsa without the luck of a', page 133."""
    env, rng, Q = begin(env, rng, Q)
    policy = policy or EpsilonGreedy(0.1)
    for t in range(episodes):
        s, _ = env.reset()
        ended = False
        while not ended:
            a = policy.sample(Q[s], rng, t)
            s2, r, terminated, truncated, _ = env.step(a)
            expected = policy.probabilities(Q[s2], t) @ Q[s2]
            Q[s, a] += alpha * (r + gamma * (1 - terminated) * expected - Q[s, a])
            s, ended = s2, terminated or truncated
    return Learned(Q, env.returns, env.lengths)


def q_learning(env: Any, episodes: int, *, alpha: float = 0.5, gamma: float = 1.0, policy: Policy | None = None,
               rng: Seed = None, Q: ArrayLike | None = None) -> Learned:
    """Q(s, a) = r + gamma max_a' Q(s', a'), approached by steps of alpha: off-policy, page 131; Watkins 1989."""
    env, rng, Q = begin(env, rng, Q)
    policy = policy or EpsilonGreedy(0.1)
    for t in range(episodes):
        s, _ = env.reset()
        ended = False
        while not ended:
            a = policy.sample(Q[s], rng, t)
            s2, r, terminated, truncated, _ = env.step(a)
            Q[s, a] += alpha * (r + gamma * (1 - terminated) * Q[s2].max() - Q[s, a])
            s, ended = s2, terminated or truncated
    return Learned(Q, env.returns, env.lengths)


def double_q_learning(env: Any, episodes: int, *, alpha: float = 0.5, gamma: float = 1.0,
                      policy: Policy | None = None, rng: Seed = None, Q: ArrayLike | None = None) -> Learned:
    """Two tables: one chooses the best next action, the other says what it is worth; page 136, van Hasselt 2010.

    The maximum of noisy values is too high on average; a second opinion mends it. Acts on, and returns, their mean.
    """
    env, rng, first = begin(env, rng, Q)
    second, policy = first.copy(), policy or EpsilonGreedy(0.1)
    for t in range(episodes):
        s, _ = env.reset()
        ended = False
        while not ended:
            a = policy.sample((first[s] + second[s]) / 2, rng, t)
            s2, r, terminated, truncated, _ = env.step(a)
            chooser, judge = (first, second) if rng.random() < 0.5 else (second, first)
            best = chooser[s2].argmax()
            chooser[s, a] += alpha * (r + gamma * (1 - terminated) * judge[s2, best] - chooser[s, a])
            s, ended = s2, terminated or truncated
    return Learned((first + second) / 2, env.returns, env.lengths)
