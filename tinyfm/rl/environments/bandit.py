"""The k-armed bandit: one state, k arms, and a reward whose mean the agent does not know."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..spaces import Array, Discrete
from .environment import ONE, Environment


class KArmedBandit(Environment):
    """Sutton & Barto, section 2.3 (page 28): q*(a) ~ N(mean, 1), reward ~ N(q*(a), 1).

    Each reset draws a new problem; `env.state` holds q*(a), components first. It never ends by itself.
    `drift`: standard deviation of the step that each q*(a) takes at each pull (Exercise 2.5). `vector(2000)` is the
    book's testbed.
    """

    def __init__(self, k: int = 10, *, mean: float = 0.0, drift: float = 0.0, **settings: Any) -> None:
        super().__init__(**settings)
        self.k, self.mean, self.drift = k, mean, drift
        self.observation_space, self.action_space = Discrete(1), Discrete(k)

    def start(self, n: int, rng: np.random.Generator) -> Array:
        return self.mean + rng.standard_normal((self.k, n))

    def move(self, state: Any, action: Any, rng: np.random.Generator, m: Any) -> tuple[Any, Any, Any]:
        reward = self.pay(value_of(state, action, m), rng)
        if self.drift:
            state = np.asarray(state) + self.drift * rng.standard_normal(np.shape(state))
            state = tuple(state.tolist()) if m is ONE else state
        return state, reward, False

    def pay(self, value: Any, rng: np.random.Generator) -> Any:
        return value + rng.standard_normal(np.shape(value) or None)

    def observe(self, state: Any) -> Any:
        return 0 if type(state) is tuple else np.zeros(state.shape[1], int)

    def text(self) -> str:
        return "\n".join(f"arm {a}  mean reward {q:+.2f}  {'#' * max(0, round(8 * (q + 3)))}"
                         for a, q in enumerate(self.state))

    def draw(self, ax: Any) -> None:
        low, spread = self.spread()
        ax.errorbar(np.arange(self.k), self.state, yerr=spread, fmt="o", capsize=4, label=low)
        ax.axhline(0, color="0.7", linewidth=0.8)
        ax.set(xlabel="arm a", ylabel="reward", xticks=np.arange(self.k), title=f"{self.k}-armed bandit")
        ax.legend()

    def spread(self) -> tuple[str, Array]:
        return "mean and standard deviation", np.ones(self.k)


class BernoulliBandit(KArmedBandit):
    """Arms that pay 1 with probability q*(a) ~ uniform(0, 1), else 0."""

    def __init__(self, k: int = 10, **settings: Any) -> None:
        super().__init__(k, **settings)

    def start(self, n: int, rng: np.random.Generator) -> Array:
        return rng.random((self.k, n))

    def pay(self, value: Any, rng: np.random.Generator) -> Any:
        return (rng.random(np.shape(value) or None) < value) * 1.0

    def spread(self) -> tuple[str, Array]:
        q = np.asarray(self.state)
        return "mean and standard deviation", np.sqrt(q * (1 - q))


def value_of(state: Any, action: Any, m: Any) -> Any:
    """q*(action): of the one copy, or of each copy."""
    return state[action] if m is ONE else state[action, np.arange(len(action))]
