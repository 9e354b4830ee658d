"""The frozen lake: reach the goal on slippery ice, without falling into a hole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .gridworld import COMPASS, Gridworld, displaced, stay_inside
from .tabular import Outcomes

LAKES = {
    "4x4": ["SFFF", "FHFH", "FFFH", "HFFG"],
    "8x8": ["SFFFFFFF", "FFFFFFFF", "FFFHFFFF", "FFFFFHFF", "FFFHFFFF", "FHHFFFHF", "FHFFHFHF", "FFFHFFFG"],
}


class FrozenLake(Gridworld):
    """Gymnasium's FrozenLake-v1: actions left, down, right, up; reward 1 at the goal, 0 elsewhere.

    `lake`: "4x4", "8x8" or rows of the letters S(tart), F(rozen), H(ole), G(oal).
    `success_rate`: probability that a move goes where it should; the rest goes evenly to its two sides.
    """

    def __init__(self, lake: str | Sequence[str] = "4x4", *, slippery: bool = True, success_rate: float = 1 / 3,
                 max_episode_steps: float | None = 100, **settings: Any) -> None:
        letters = read_lake(LAKES[lake] if isinstance(lake, str) and lake in LAKES else lake)
        moves, flat = COMPASS[[3, 2, 1, 0]], letters.ravel()
        next_state = stay_inside(letters.shape, *displaced(letters.shape, moves))         # (S, A)
        turns = (np.arange(4)[:, None] + ([-1, 0, 1] if slippery else [0])) % 4           # (A, K)
        side = (1 - success_rate) / 2
        next_state = next_state[:, turns]
        outcomes = Outcomes([side, success_rate, side] if slippery else [1.0], next_state, flat[next_state] == "G")
        super().__init__(np.where(letters == "F", ".", letters), outcomes, np.isin(flat, ["G", "H"]),
                         (flat == "S") / (flat == "S").sum(), moves=moves,
                         max_episode_steps=max_episode_steps, **settings)


def read_lake(lake: str | Sequence[str]) -> Any:
    """The lake as an array of letters; ValueError for ragged rows, other letters, no start or no goal."""
    rows = [lake] if isinstance(lake, str) else list(lake)
    letters = {letter for row in rows for letter in row}
    if not rows or len({len(row) for row in rows}) != 1 or not {"S", "G"} <= letters <= set("SFHG"):
        raise ValueError(f"FrozenLake: expected {', '.join(map(repr, LAKES))} or rows of equal length of the letters "
                         f"S, F, H, G, with at least one S and one G; received {lake!r}.")
    return np.array([list(row) for row in rows])
