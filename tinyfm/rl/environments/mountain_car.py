"""MountainCar: an engine too weak for the hill, so swing back first."""

from __future__ import annotations

from math import sin
from typing import Any

import numpy as np

from ..spaces import Array, Box, Discrete
from .canvas import canvas
from .environment import Environment

LEFT, RIGHT, GOAL = -1.2, 0.6, 0.5
TOP_SPEED, ENGINE, GRAVITY = 0.07, 0.001, 0.0025


class MountainCar(Environment):
    """Moore 1990, Sutton & Barto's Example 10.1 (page 244); the numbers of Gymnasium's MountainCar-v0.

    obs: position, velocity. Actions: push left (0), nothing (1), push right (2). Reward -1 each step;
    over at position 0.5; truncated after 200 steps. The hill's height is sin(3 position).
    """

    max_episode_steps = 200

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.observation_space = Box([LEFT, -TOP_SPEED], [RIGHT, TOP_SPEED])
        self.action_space = Discrete(3)

    def start(self, n: int, rng: np.random.Generator) -> Array:
        return np.stack([rng.uniform(-0.6, -0.4, n), np.zeros(n)])

    def move(self, state: Any, action: Any, rng: np.random.Generator, m: Any) -> tuple[Any, Any, Any]:
        x, v = state
        v = m.clip(v + (action - 1) * ENGINE - GRAVITY * m.cos(3 * x), -TOP_SPEED, TOP_SPEED)
        x = m.clip(x + v, LEFT, RIGHT)
        v = m.where((x == LEFT) & (v < 0), 0.0, v)                         # the wall on the left takes all speed
        return (x, v), -1.0, (x >= GOAL) & (v >= 0)

    def text(self) -> str:
        x, v = self.state
        hill = [(at, sin(3 * at), ".") for at in np.linspace(LEFT, RIGHT, 181).tolist()]
        picture = canvas([*hill, (GOAL, sin(3 * GOAL) + 0.2, "P"), (x, sin(3 * x) + 0.12, "@")],
                         (LEFT, RIGHT), (-1, 1.25), 11, 61)
        return f"{picture}\nposition {x:+.3f}, velocity {v:+.4f}, step {self.elapsed}"

    def draw(self, ax: Any) -> None:
        x, v = self.state
        hill = np.linspace(LEFT, RIGHT, 200)
        ax.plot(hill, np.sin(3 * hill), color="0.5", label="hill")
        ax.plot([x], [sin(3 * x) + 0.05], "o", color="#d1495b", markersize=11, label="car")
        ax.plot([GOAL], [sin(3 * GOAL)], "^", color="#2a7f3f", markersize=11, label="goal")
        ax.set(xlabel="position", ylabel="height sin(3 position)", title=f"MountainCar, step {self.elapsed}, "
               f"velocity {v:+.3f}")
        ax.legend(loc="upper center")
