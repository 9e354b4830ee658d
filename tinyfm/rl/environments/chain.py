"""States in a row: the random walk and the short corridor."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..spaces import Array
from .gridworld import one_hot
from .tabular import Outcomes, TabularEnvironment


class Chain(TabularEnvironment):
    """States in a row, actions left and right; drawn as circles, terminal states as squares."""

    def names(self) -> list[str]:
        return [str(s) for s in range(self.observation_space.n)]

    def text(self) -> str:
        names = ["[]" if end else name for name, end in zip(self.names(), self.terminal, strict=True)]
        return " ".join(f"({name})" if s == self._state else f" {name} " for s, name in enumerate(names))

    def draw(self, ax: Any) -> None:
        states = np.arange(len(self.terminal))
        ax.plot(states, 0 * states, "-", color="0.6", zorder=1)
        for end, marker, label in [(False, "o", "state"), (True, "s", "end")]:
            ax.scatter(states[self.terminal == end], 0 * states[self.terminal == end], s=300, marker=marker,
                       color="0.85" if end else "#dbe7f5", edgecolor="0.4", label=label, zorder=2)
        for s, name in enumerate(self.names()):
            ax.text(s, 0, "" if self.terminal[s] else name, ha="center", va="center", zorder=4)
        if self._state is not None:
            ax.scatter([self._state], [0.35], s=90, marker="v", color="#d1495b", label="agent", zorder=3)
        ax.set(ylim=(-1, 1), yticks=[], xlabel="state s", xticks=states[:: max(1, len(states) // 20)],
               title=f"{type(self).__name__}, step {self.elapsed}")
        ax.legend(loc="upper center", ncols=3, frameon=False)


class RandomWalk(Chain):
    """Sutton & Barto, Example 6.2 (page 125): from the middle, left (0) or right (1), until one of the two ends.

    States 1 to n ('A' to 'E'), ends 0 and n + 1; reaching an end pays `left_reward` or `right_reward`.
    RandomWalk(19, left_reward=-1) is the walk of Example 7.1.
    """

    def __init__(self, n: int = 5, *, left_reward: float = 0.0, right_reward: float = 1.0, **settings: Any) -> None:
        if n < 1:
            raise ValueError(f"RandomWalk(n): n must be at least 1, received {n}.")
        next_state = np.arange(n + 2)[:, None] + [-1, 1]
        next_state[0], next_state[-1] = 0, n + 1
        reward = np.select([next_state == 0, next_state == n + 1], [left_reward, right_reward], 0.0)
        terminal = one_hot(n + 2, [0, n + 1]) > 0
        super().__init__(Outcomes(1, next_state[..., None], reward[..., None]), terminal,
                         one_hot(n + 2, (n + 1) // 2), **settings)
        self.true_values: Array = np.linspace(left_reward, right_reward, n + 2)      # of the walk that flips a coin
        self.true_values[self.terminal] = 0

    def names(self) -> list[str]:
        n = self.observation_space.n - 2
        return ["", *("ABCDEFGHIJKLMNOPQRSTUVWXYZ"[:n] if n <= 26 else map(str, range(1, n + 1))), ""]


class ShortCorridor(Chain):
    """Sutton & Barto, Example 13.1 (page 323): three states, the second of which swaps left (0) and right (1).

    Each step costs 1 until the end, state 3. To an agent that cannot tell the states apart the best is to go right with
    probability 2 - sqrt(2) = 0.586, for a value of -11.66.
    """

    def __init__(self, **settings: Any) -> None:
        next_state = np.array([(0, 1), (2, 0), (1, 3), (3, 3)])
        super().__init__(Outcomes(1, next_state[..., None], -1), one_hot(4, 3) > 0, one_hot(4, 0), **settings)
