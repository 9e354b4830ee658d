"""Cliff walking: a short way along the edge, and a safe one around it."""

from __future__ import annotations

from typing import Any

import numpy as np

from .gridworld import COMPASS, Gridworld, displaced, one_hot, stay_inside
from .tabular import Outcomes


class CliffWalking(Gridworld):
    """Sutton & Barto, Example 6.6 (page 132); the numbers of Gymnasium's CliffWalking-v1.

    4 x 12, each step costs 1; a step into the cliff costs 100 and leads back to the start.
    `slippery`: each action goes where it should, or to either side of that, with probability 1/3 each.
    """

    def __init__(self, *, slippery: bool = False, **settings: Any) -> None:
        shape = (4, 12)
        letters = np.full(shape, ".")
        letters[3] = list("SCCCCCCCCCCG")
        next_state = stay_inside(shape, *displaced(shape, COMPASS))                       # (S, A)
        fell = letters.ravel()[next_state] == "C"
        next_state, reward = np.where(fell, 36, next_state), np.where(fell, -100, -1)
        turns = (np.arange(4)[:, None] + ([-1, 0, 1] if slippery else [0])) % 4           # (A, K)
        outcomes = Outcomes(1 / turns.shape[1], next_state[:, turns], reward[:, turns])
        super().__init__(letters, outcomes, one_hot(48, 47) > 0, one_hot(48, 36), **settings)
