"""CartPole: keep a pole upright by pushing its cart left or right."""

from __future__ import annotations

from math import cos, pi, sin
from typing import Any

import numpy as np

from ..spaces import Array, Box, Discrete
from .canvas import canvas
from .environment import Environment

GRAVITY = 9.8                  # m / s^2
CART, POLE = 1.0, 0.1          # kg
HALF = 0.5                     # m, half the length of the pole
FORCE = 10.0                   # N
TIME = 0.02                    # s, one step
TRACK, TILT = 2.4, 12 * 2 * pi / 360


class CartPole(Environment):
    """Barto, Sutton & Anderson 1983, with the equations of Florian 2007: the numbers of Gymnasium's CartPole-v1.

    obs: position (m), velocity (m/s), angle from upright (rad), angular velocity (rad/s). Actions push left (0) or
    right (1). Reward 1 each step; over when |position| > 2.4 m or |angle| > 12 degrees; truncated after 500 steps.
    """

    max_episode_steps = 500

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        high = [2 * TRACK, np.inf, 2 * TILT, np.inf]
        self.observation_space, self.action_space = Box(np.negative(high), high), Discrete(2)

    def start(self, n: int, rng: np.random.Generator) -> Array:
        return rng.uniform(-0.05, 0.05, (4, n))

    def move(self, state: Any, action: Any, rng: np.random.Generator, m: Any) -> tuple[Any, Any, Any]:
        x, v, angle, spin = state
        push = FORCE * (2 * action - 1)
        sine, cosine = m.sin(angle), m.cos(angle)
        pull = (push + POLE * HALF * spin**2 * sine) / (CART + POLE)
        spin_up = (GRAVITY * sine - cosine * pull) / (HALF * (4 / 3 - POLE * cosine**2 / (CART + POLE)))
        speed_up = pull - POLE * HALF * spin_up * cosine / (CART + POLE)
        x, v = x + TIME * v, v + TIME * speed_up                           # Euler: positions move at the old speeds
        angle, spin = angle + TIME * spin, spin + TIME * spin_up
        return (x, v, angle, spin), 1.0, (abs(x) > TRACK) | (abs(angle) > TILT)

    def text(self) -> str:
        x, _, angle, _ = self.state
        pole = [(x + 2 * HALF * h * sin(angle), 2 * HALF * h * cos(angle), "|") for h in np.linspace(0.1, 1, 20)]
        track = [(position, -0.12, "-") for position in np.linspace(-TRACK, TRACK, 121)]
        cart = [(x + offset, -0.12, "#") for offset in (-0.16, -0.08, 0, 0.08, 0.16)]
        picture = canvas(track + pole + cart, (-TRACK, TRACK), (-0.12, 1.05), 9, 61)
        return f"{picture}\nposition {x:+.2f} m, angle {angle * 180 / pi:+.1f} degrees, step {self.elapsed}"

    def draw(self, ax: Any) -> None:
        x, _, angle, _ = self.state
        ax.axhline(0, color="0.6", linewidth=1)
        ax.bar([x], [0.2], width=0.5, bottom=-0.1, color="#33415c", label="cart")
        ax.plot([x, x + 2 * HALF * sin(angle)], [0, 2 * HALF * cos(angle)], color="#e0a458", linewidth=5, label="pole")
        ax.set(xlim=(-TRACK - 0.4, TRACK + 0.4), ylim=(-0.4, 1.4), aspect="equal", xlabel="position (m)",
               ylabel="height (m)", title=f"CartPole, step {self.elapsed}, angle {angle * 180 / pi:+.1f}°")
        for edge in (-TRACK, TRACK):
            ax.axvline(edge, color="#d1495b", linestyle="--", linewidth=1)
        ax.legend(loc="upper right")
