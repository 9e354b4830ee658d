"""Pendulum: swing a rod up with a motor that is too weak to lift it, and keep it there."""

from __future__ import annotations

from math import cos, pi, sin
from typing import Any

import numpy as np

from ..spaces import Array, Box
from .canvas import canvas
from .environment import Environment

GRAVITY, MASS, LENGTH = 10.0, 1.0, 1.0        # m / s^2, kg, m
TORQUE, TOP_SPIN, TIME = 2.0, 8.0, 0.05       # N m, rad / s, s


class Pendulum(Environment):
    """The numbers of Gymnasium's Pendulum-v1; a continuous action, the torque of shape (1,), clipped to [-2, 2] N m.

    obs: cos(angle), sin(angle), angular velocity; the angle is 0 when upright. The reward
    -(angle^2 + 0.1 spin^2 + 0.001 torque^2) is best at rest on top. Never terminates; truncated after 200 steps.
    """

    max_episode_steps = 200

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.observation_space = Box([-1, -1, -TOP_SPIN], [1, 1, TOP_SPIN])
        self.action_space = Box(-TORQUE, TORQUE, (1,))

    def start(self, n: int, rng: np.random.Generator) -> Array:
        return rng.uniform([[-pi], [-1.0]], [[pi], [1.0]], (2, n))

    def move(self, state: Any, action: Any, rng: np.random.Generator, m: Any) -> tuple[Any, Any, Any]:
        (angle, spin), (torque,) = state, action
        off = (angle + pi) % (2 * pi) - pi                                 # distance from upright, in [-pi, pi)
        reward = -(off**2 + 0.1 * spin**2 + 0.001 * torque**2)
        speed_up = 3 * GRAVITY / (2 * LENGTH) * m.sin(angle) + 3 / (MASS * LENGTH**2) * torque
        spin = m.clip(spin + TIME * speed_up, -TOP_SPIN, TOP_SPIN)
        return (angle + TIME * spin, spin), reward, False

    def observe(self, state: Any) -> Any:
        return np.array((np.cos(state[0]), np.sin(state[0]), state[1]), np.float32).T

    def text(self) -> str:
        angle, spin = self.state
        rod = [(h * sin(angle), h * cos(angle), "*" if h == 1 else ".") for h in np.linspace(0.1, 1, 16).tolist()]
        picture = canvas([*rod, (0, 0, "+")], (-1.1, 1.1), (-1.1, 1.1), 11, 23)
        return f"{picture}\nangle {angle * 180 / pi:+.0f} degrees, spin {spin:+.2f} rad/s, step {self.elapsed}"

    def draw(self, ax: Any) -> None:
        angle, spin = self.state
        ax.plot([0, sin(angle)], [0, cos(angle)], color="#e0a458", linewidth=6, label="rod")
        ax.plot([0], [0], "o", color="#33415c", label="motor")
        ax.set(xlim=(-1.3, 1.3), ylim=(-1.3, 1.3), aspect="equal", xlabel="x (m)", ylabel="y (m)",
               title=f"Pendulum, step {self.elapsed}, spin {spin:+.2f} rad/s")
        ax.legend(loc="upper right")
