"""REINFORCE in plain NumPy: a linear softmax policy that climbs its own expected return. Sutton & Barto, chapter 13."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..episodes import Seed, begin, play
from ..policies import draw, softmax
from ..spaces import Array
from .monte_carlo import returns_of


class Climbed(NamedTuple):
    """The parameters theta (d,), the policy pi (S, A) that they give, and each episode's return and length."""

    theta: Array
    policy: Array
    returns: Array
    lengths: Array


def reinforce(env: Any, episodes: int, features: ArrayLike, *, alpha: float, gamma: float = 1.0,
              baseline: float = 0.0, theta: ArrayLike | None = None, rng: Seed = None) -> Climbed:
    """theta += alpha gamma^t (G_t - v) grad log pi(A_t|S_t), pi = softmax of the preferences x(s, a) theta.

    Pages 328 and 330; Williams 1992. features: x (S, A, d); grad log pi(a|s) = x(s, a) - sum_b pi(b|s) x(s, b).
    baseline: step size of v, a single number learnt with v += baseline (G_t - v); 0 leaves it at 0.
    """
    env, rng, Q = begin(env, rng)
    x = np.asarray(features, float)                            # (S, A, d)
    if x.shape[:2] != Q.shape:
        raise ValueError(f"features has shape (S, A, d) with (S, A) = {Q.shape}, received {x.shape}.")
    theta, v = np.array(np.zeros(x.shape[2]) if theta is None else theta, float), 0.0
    for _ in range(episodes):
        pi = softmax(x @ theta)                                # (S, A), fixed during the episode
        chances = pi.tolist()
        episode = play(env, lambda s, chances=chances: draw(chances[s], rng))
        score = x - (pi[..., None] * x).sum(axis=1, keepdims=True)                        # grad log pi, (S, A, d)
        for t, G in enumerate(returns_of(episode, gamma, v)):
            advantage = G - v
            v += baseline * advantage
            theta += alpha * gamma**t * advantage * score[episode.states[t], episode.actions[t]]
    return Climbed(theta, softmax(x @ theta), env.returns, env.lengths)
