"""The windy gridworld: a wind that blows upwards, stronger in the middle."""

from __future__ import annotations

from typing import Any

import numpy as np

from .gridworld import COMPASS, Gridworld, displaced, one_hot, stay_inside
from .tabular import Outcomes

WIND = np.array([0, 0, 0, 1, 1, 1, 2, 2, 1, 0])                # squares upwards, by column
DIAGONALS = np.array([(-1, 1), (1, 1), (1, -1), (-1, -1)])


class WindyGridworld(Gridworld):
    """Sutton & Barto, Example 6.5 (page 130), with Exercises 6.9 and 6.10.

    7 x 10, each step costs 1; the wind of the square that the agent leaves adds to its move.
    `kings_moves`: eight directions instead of four. `stochastic`: where there is wind, it is one stronger or one weaker
    in a third of the cases each.
    """

    def __init__(self, *, kings_moves: bool = False, stochastic: bool = False, **settings: Any) -> None:
        shape, moves = (7, 10), np.concatenate([COMPASS, DIAGONALS]) if kings_moves else COMPASS
        letters = np.full(shape, ".")
        letters[3, 0], letters[3, 7] = "S", "G"
        wind = np.tile(WIND, 7)[:, None]                                                  # (S, 1)
        gusts = [wind, np.where(wind, wind - 1, 0), np.where(wind, wind + 1, 0)] if stochastic else [wind]
        rows, columns = displaced(shape, moves)
        next_state = np.stack([stay_inside(shape, rows - gust, columns) for gust in gusts], axis=-1)
        outcomes = Outcomes(1 / len(gusts), next_state, -1)
        super().__init__(letters, outcomes, one_hot(70, 37) > 0, one_hot(70, 30), moves=moves, **settings)

    def draw(self, ax: Any) -> None:
        super().draw(ax)
        ax.set_xticks(np.arange(10), [f"{column}\n\u2191{wind}" for column, wind in enumerate(WIND)])
        ax.set_xlabel("column, and the wind in it (squares upwards)")
