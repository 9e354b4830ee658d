"""Learning which arm pays: one function per method, each for any number of problems at once. Sutton & Barto, chapter 2.

`env` is a bandit or a vector of them, KArmedBandit(10).vector(2000) being the book's testbed; every array has one row
per problem. Q(a): estimated mean reward, N(a): number of pulls.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .environments.vector import VectorEnvironment
from .policies import draw_rows, softmax
from .spaces import Array


class Pulls(NamedTuple):
    """What a method earned: reward (steps, problems), and whether the arm that it pulled was the best one."""

    rewards: Array
    optimal: Array

    @property
    def mean_reward(self) -> Array:
        return np.asarray(self.rewards.mean(axis=1))           # (steps,)

    @property
    def share_optimal(self) -> Array:
        return np.asarray(self.optimal.mean(axis=1))           # (steps,)


def epsilon_greedy_bandit(env: Any, steps: int, *, epsilon: float = 0.1, alpha: float | None = None,
                          initial: float = 0.0, rng: int | np.random.Generator | None = None) -> Pulls:
    """Q(a) += (r - Q(a)) / N(a); the best Q, or with probability epsilon any arm: page 32.

    `alpha`: a constant step, for arms that drift. `initial`: Q before the first pull; 5 with epsilon = 0 is optimistic.
    """
    env, rng, i, pulls = begin_bandit(env, steps, rng)
    Q, N = np.full((len(i), env.env.k), float(initial)), np.zeros((len(i), env.env.k))
    for t in range(steps):
        a = np.where(rng.random(len(i)) < epsilon, rng.integers(Q.shape[1], size=len(i)), best_arms(Q, rng))
        r = pull(env, a, t, pulls)
        N[i, a] += 1
        Q[i, a] += (alpha or 1 / N[i, a]) * (r - Q[i, a])
    return pulls


def optimistic_bandit(env: Any, steps: int, *, initial: float = 5.0, alpha: float = 0.1,
                      rng: int | np.random.Generator | None = None) -> Pulls:
    """Greedy, after believing that every arm pays `initial`: disappointment makes it try them all. Section 2.6."""
    return epsilon_greedy_bandit(env, steps, epsilon=0.0, alpha=alpha, initial=initial, rng=rng)


def ucb_bandit(env: Any, steps: int, *, c: float = 2.0, rng: int | np.random.Generator | None = None) -> Pulls:
    """The largest Q(a) + c sqrt(ln t / N(a)), an arm never pulled first: page 35; Auer et al. 2002."""
    env, rng, i, pulls = begin_bandit(env, steps, rng)
    Q, N = np.zeros((2, len(i), env.env.k))
    for t in range(steps):
        bonus = c * np.sqrt(np.log(t + 1) / np.maximum(N, 1))
        a = best_arms(np.where(N == 0, np.inf, Q + bonus), rng)
        r = pull(env, a, t, pulls)
        N[i, a] += 1
        Q[i, a] += (r - Q[i, a]) / N[i, a]
    return pulls


def gradient_bandit(env: Any, steps: int, *, alpha: float = 0.1, baseline: bool = True,
                    rng: int | np.random.Generator | None = None) -> Pulls:
    """H(b) += alpha (r - mean r) ([a = b] - pi(b)), pi = softmax(H): climbs the expected reward; page 37."""
    env, rng, i, pulls = begin_bandit(env, steps, rng)
    H, mean = np.zeros((len(i), env.env.k)), np.zeros(len(i))
    for t in range(steps):
        pi = softmax(H)
        a = draw_rows(pi, rng)
        r = pull(env, a, t, pulls)
        mean += (r - mean) / (t + 1) * baseline                # the newest reward is in it
        H -= alpha * (r - mean)[:, None] * pi
        H[i, a] += alpha * (r - mean)
    return pulls


def thompson_bandit(env: Any, steps: int, *, rng: int | np.random.Generator | None = None) -> Pulls:
    """Draw each arm's mean from what is believed of it, pull the largest draw. Thompson 1933.

    For rewards N(q, 1) and a prior q ~ N(0, 1): after N pulls that paid R in sum, q ~ N(R / (N + 1), 1 / (N + 1)).
    """
    env, rng, i, pulls = begin_bandit(env, steps, rng)
    total, N = np.zeros((2, len(i), env.env.k))
    for t in range(steps):
        a = (total / (N + 1) + rng.standard_normal(N.shape) / np.sqrt(N + 1)).argmax(axis=1)
        r = pull(env, a, t, pulls)
        N[i, a] += 1
        total[i, a] += r
    return pulls


def thompson_bernoulli_bandit(env: Any, steps: int, *, rng: int | np.random.Generator | None = None) -> Pulls:
    """The same for rewards 0 and 1 and an even prior: after W wins and L losses, q ~ Beta(W + 1, L + 1)."""
    env, rng, i, pulls = begin_bandit(env, steps, rng)
    wins, losses = np.zeros((2, len(i), env.env.k))
    for t in range(steps):
        a = rng.beta(wins + 1, losses + 1).argmax(axis=1)
        r = pull(env, a, t, pulls)
        wins[i, a] += r
        losses[i, a] += 1 - r
    return pulls


def begin_bandit(env: Any, steps: int, rng: Any) -> tuple[Any, np.random.Generator, Array, Pulls]:
    """The vector of problems, newly drawn; the generator; the problems' numbers; empty pulls."""
    many, draws = env if isinstance(env, VectorEnvironment) else env.vector(1), np.random.default_rng(rng)
    many.reset(seed=int(draws.integers(2**31)))
    shape = steps, many.num_envs
    return many, draws, np.arange(many.num_envs), Pulls(np.zeros(shape), np.zeros(shape, bool))


def pull(env: Any, a: Array, t: int, pulls: Pulls) -> Array:
    """Pull arm a of each problem, note what came, return the rewards."""
    pulls.optimal[t] = a == env.state.argmax(axis=0)
    _, pulls.rewards[t], _, _, _ = env.step(a)
    return np.asarray(pulls.rewards[t])


def best_arms(Q: Array, rng: np.random.Generator) -> Array:
    """The arm of the largest value in each row, ties broken at random."""
    return np.asarray(np.where(Q == Q.max(axis=1, keepdims=True), rng.random(Q.shape), -1).argmax(axis=1))
