"""The gambler's problem: stake on a biased coin until the goal or ruin."""

from __future__ import annotations

from typing import Any

import numpy as np

from .gridworld import one_hot
from .tabular import Outcomes, TabularEnvironment


class Gambler(TabularEnvironment):
    """Sutton & Barto, Example 4.3 (page 84): with a capital of s dollars, action a stakes min(a + 1, s, goal - s).

    Heads (probability `heads`) wins the stake, tails loses it; reaching `goal` pays 1, so V(s) is the chance to get
    there. Episodes begin with any capital from 1 to goal - 1.
    """

    def __init__(self, *, heads: float = 0.4, goal: int = 100, **settings: Any) -> None:
        if goal < 2 or not 0 <= heads <= 1:
            raise ValueError(f"Gambler: expected goal >= 2 and 0 <= heads <= 1, received {goal} and {heads}.")
        capital = np.arange(goal + 1)[:, None]
        stake = np.minimum(np.arange(1, goal // 2 + 1), np.minimum(capital, goal - capital))        # (S, A)
        next_state = np.stack([capital + stake, capital - stake], axis=-1)
        super().__init__(Outcomes([heads, 1 - heads], next_state, next_state == goal),
                         one_hot(goal + 1, [0, goal]) > 0, one_hot(goal + 1, np.arange(1, goal)), **settings)
        self.goal = goal

    def text(self) -> str:
        filled = round(40 * self.state / self.goal)
        return f"${self.state:<4} [{'=' * filled}{' ' * (40 - filled)}] ${self.goal}"

    def draw(self, ax: Any) -> None:
        ax.barh([0], [self.state], color="#4c78a8", height=0.5)
        ax.axvline(self.goal, color="#d1495b", linestyle="--", label="goal")
        ax.set(xlim=(0, self.goal * 1.05), ylim=(-1, 1), yticks=[], xlabel="capital (dollars)",
               title=f"Gambler, flip {self.elapsed}: ${self.state}")
        ax.legend(loc="upper left")
