"""How action values become actions: greedy, epsilon-greedy, softmax; and the Gaussian for continuous actions.

`probabilities(q, t)` is pi(a | s) for values q of shape (..., A); `sample(q, rng, t)` draws one action from one row.
t counts episodes, so that a schedule can cool a policy down.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Sequence
from itertools import accumulate
from math import exp, isfinite, log, pi

import numpy as np
from numpy.typing import ArrayLike

from .spaces import Array

Schedule = Callable[[int], float]


def constant(value: float) -> Schedule:
    """The same at all times."""
    return lambda t: value


def linear(start: float, end: float, steps: int) -> Schedule:
    """From `start` at t = 0 straight to `end` at t = steps, and `end` from then on."""
    if steps < 1:
        raise ValueError(f"linear(start, end, steps): steps must be at least 1, received {steps}.")
    return lambda t: end if t >= steps else start + (end - start) * t / steps


def exponential(start: float, end: float, half_life: float) -> Schedule:
    """end + (start - end) 2^(-t / half_life)."""
    if half_life <= 0:
        raise ValueError(f"exponential(start, end, half_life): half_life must be positive, received {half_life}.")
    return lambda t: end + (start - end) * 2 ** (-t / half_life)


def scheduled(value: float | Schedule) -> Schedule:
    return value if callable(value) else constant(value)


def softmax(q: ArrayLike, alpha: float = 1.0) -> Array:
    """pi(a|s) = exp(alpha Q(s, a)) / sum_a' exp(alpha Q(s, a')), over the last axis.

    alpha, the inverse temperature: 0 chooses evenly, large is greedy. The largest Q is subtracted first, which changes
    nothing but keeps exp below 1: stable at alpha Q = 1e4 and beyond.
    """
    q = np.asarray(q)
    weights = np.exp(check_alpha(alpha) * (q - q.max(axis=-1, keepdims=True)))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def greedy(q: ArrayLike) -> Array:
    """Probability spread evenly over the actions of the largest value; ties are exact."""
    q = np.asarray(q)
    best = q == q.max(axis=-1, keepdims=True)
    return np.asarray(best / best.sum(axis=-1, keepdims=True))


def draw(weights: Sequence[float], rng: np.random.Generator) -> int:
    """An index with probability proportional to its weight. Plain floats: ten times faster than arrays of a few."""
    cumulative = list(accumulate(weights))
    return bisect(cumulative, rng.random() * cumulative[-1])


def draw_greedy(q: Array, rng: np.random.Generator) -> int:
    """The action of the largest value, ties broken at random."""
    values = q.tolist()
    top = max(values)
    best = [a for a, value in enumerate(values) if value == top]
    return best[0] if len(best) == 1 else best[int(rng.random() * len(best))]


def draw_rows(probabilities: Array, rng: np.random.Generator) -> Array:
    """One action for each row of (n, A) probabilities."""
    cumulative = probabilities.cumsum(axis=-1)
    return np.asarray((cumulative[:, :-1] <= rng.random((len(probabilities), 1)) * cumulative[:, -1:]).sum(axis=-1))


def check_alpha(alpha: float) -> float:
    if not (isfinite(alpha) and alpha >= 0):
        raise ValueError(f"The inverse temperature alpha must be finite and >= 0, received {alpha}; "
                         "its limit at infinity is Greedy().")
    return alpha


class Policy:
    """What every policy can do: its `probabilities`, and a `sample` drawn from them."""

    def probabilities(self, q: ArrayLike, t: int = 0) -> Array:
        raise NotImplementedError

    def sample(self, q: Array, rng: np.random.Generator, t: int = 0) -> int:
        return draw(self.probabilities(q, t).tolist(), rng)


class Greedy(Policy):
    """Always an action of the largest value, ties broken at random."""

    def probabilities(self, q: ArrayLike, t: int = 0) -> Array:
        return greedy(q)

    def sample(self, q: Array, rng: np.random.Generator, t: int = 0) -> int:
        return draw_greedy(q, rng)


class EpsilonGreedy(Policy):
    """With probability epsilon any action, else a greedy one. `epsilon`: a number, or a schedule over episodes."""

    def __init__(self, epsilon: float | Schedule = 0.1) -> None:
        if not callable(epsilon) and not 0 <= epsilon <= 1:
            raise ValueError(f"epsilon is a probability between 0 and 1, received {epsilon}.")
        self.epsilon = scheduled(epsilon)

    def probabilities(self, q: ArrayLike, t: int = 0) -> Array:
        epsilon = self.epsilon(t)
        return np.asarray(epsilon / np.shape(q)[-1] + (1 - epsilon) * greedy(q))

    def sample(self, q: Array, rng: np.random.Generator, t: int = 0) -> int:
        if rng.random() < self.epsilon(t):
            return int(rng.random() * len(q))
        return draw_greedy(q, rng)


class Softmax(Policy):
    """pi(a|s) = exp(alpha Q) / sum exp(alpha Q). `alpha`: the inverse temperature, or a schedule over episodes."""

    def __init__(self, alpha: float | Schedule = 1.0) -> None:
        self.alpha = alpha if callable(alpha) else constant(check_alpha(alpha))

    def probabilities(self, q: ArrayLike, t: int = 0) -> Array:
        return softmax(q, self.alpha(t))

    def sample(self, q: Array, rng: np.random.Generator, t: int = 0) -> int:
        alpha, values = self.alpha(t), q.tolist()
        top = max(values)
        return draw([exp(alpha * (value - top)) for value in values], rng)


class Gaussian:
    """pi(a|s) = N(mean(s), deviation^2) for continuous actions (..., components), independent components.

    `deviation`: a number, an array of one entry a component, or a schedule over episodes.
    """

    def __init__(self, deviation: ArrayLike | Schedule = 1.0) -> None:
        if not callable(deviation) and not (np.asarray(deviation) > 0).all():
            raise ValueError(f"deviation must be positive, received {deviation}.")
        self.deviation: Callable[[int], ArrayLike] = deviation if callable(deviation) else lambda t: deviation

    def sample(self, mean: ArrayLike, rng: np.random.Generator, t: int = 0) -> Array:
        return np.asarray(np.asarray(mean) + np.asarray(self.deviation(t)) * rng.standard_normal(np.shape(mean)))

    def log_probability(self, action: ArrayLike, mean: ArrayLike, t: int = 0) -> Array:
        """log pi(action | mean), summed over the last axis."""
        deviation = np.asarray(self.deviation(t))
        standard = (np.asarray(action) - mean) / deviation
        return np.asarray((-0.5 * standard**2 - np.log(deviation) - 0.5 * log(2 * pi)).sum(axis=-1))
