"""What every environment is: three pure functions of a state, and Gymnasium's reset and step around them.

A family writes its mathematics once, for one copy and for thousands:

    start(n, rng)                  n first states; components first, copies last: (components, n), or (n,) for a number
    move(state, action, rng, m)    (next state, reward, terminated)
    observe(state)                 what the agent sees, a new object each time

`m` holds sin, cos, clip and where: `numpy` for arrays of copies, `ONE` for the floats of one copy, ten times faster.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ..spaces import Array, Space

if TYPE_CHECKING:
    from .vector import VectorEnvironment


class ONE:
    """NumPy's functions for a single float."""

    sin = math.sin
    cos = math.cos

    @staticmethod
    def clip(x: float, low: float, high: float) -> float:
        return low if x < low else high if x > high else x

    @staticmethod
    def where(condition: bool, x: float, y: float) -> float:
        return x if condition else y


class Environment:
    """One copy of an environment, with Gymnasium's signatures and meaning.

    obs, info = env.reset(seed=...); obs, reward, terminated, truncated, info = env.step(action). `terminated`: the task
    is over, the value of what follows is 0. `truncated`: the clock (`max_episode_steps`) ran out, the value is not 0.
    `render()` gives text (render_mode "ansi") or pixels ("rgb_array"); `plot(ax)` draws the same picture on your axes.
    """

    observation_space: Space
    action_space: Space
    max_episode_steps: float = math.inf
    spec = None

    def __init__(self, *, max_episode_steps: float | None = None, render_mode: str = "ansi") -> None:
        self.metadata = {"render_modes": ["ansi", "rgb_array"], "render_fps": 10}
        if render_mode not in ("ansi", "rgb_array"):
            raise ValueError(f"render_mode is 'ansi' (text) or 'rgb_array' (pixels), received {render_mode!r}.")
        self.render_mode = render_mode
        if max_episode_steps is not None:
            self.max_episode_steps = max_episode_steps
        self.elapsed, self.over = 0, True
        self._state: Any = None
        self._rng: np.random.Generator | None = None

    def start(self, n: int, rng: np.random.Generator) -> Array:
        raise NotImplementedError

    def move(self, state: Any, action: Any, rng: np.random.Generator, m: Any) -> tuple[Any, Any, Any]:
        raise NotImplementedError

    def observe(self, state: Any) -> Any:
        return np.array(state, np.float32).T                   # (components,), or (n, components) of n copies

    def text(self) -> str:
        raise NotImplementedError

    def draw(self, ax: Any) -> None:
        raise NotImplementedError

    @property
    def np_random(self) -> np.random.Generator:
        """The environment's own generator: seeded by reset(seed=...), else from the system's entropy, once."""
        if self._rng is None:
            self._rng = np.random.default_rng()
        return self._rng

    @property
    def unwrapped(self) -> Self:
        return self

    @property
    def state(self) -> Any:
        """The state behind the observation, unpacked as the family's `move` unpacks it."""
        if self._state is None:
            raise RuntimeError(f"{type(self).__name__} has no state yet: call reset() first.")
        return self._state

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin an episode. `seed` renews the generator, `options={"state": s}` chooses the first state."""
        if seed is not None:
            self._rng = np.random.default_rng(seed)
        chosen = read_options(options)
        self._state = self.single(self.start(1, self.np_random) if chosen is None else self.check_states(chosen, 1))
        self.elapsed, self.over = 0, False
        return self.observe(self._state), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """(obs, reward, terminated, truncated, info). ValueError or TypeError for an impossible action."""
        if self.over:
            raise RuntimeError(f"{type(self).__name__}: this episode is over (or never began); "
                               "call reset() before the next step().")
        self._state, reward, terminated = self.move(self._state, self.action_space.one(action), self.np_random, ONE)
        self.elapsed += 1
        truncated = self.elapsed >= self.max_episode_steps
        self.over = terminated or truncated
        return self.observe(self._state), reward, terminated, truncated, {}

    def single(self, states: Array) -> Any:
        """The only one of `states`, as the tuple of floats that `move` takes quickly."""
        return tuple(states[:, 0].tolist())

    def check_states(self, states: Any, n: int) -> Array:
        """`states` as given to reset: one state, or (n, components), turned into (components, n)."""
        components = self.start(1, np.random.default_rng(0)).shape[0]
        values = np.asarray(states)
        if values.dtype.kind not in "biuf" or values.shape not in [(components,), (n, components)] or (
                not np.isfinite(values).all()):
            raise ValueError(f"{type(self).__name__}: a state is {components} finite numbers, {(components,)} for all "
                             f"copies or {(n, components)}; received {states!r}.")
        values = values.astype(float)
        return np.broadcast_to(values, (n, components)).T.copy()

    def vector(self, n: int) -> VectorEnvironment:
        """n copies that step together in one call."""
        from .vector import VectorEnvironment
        return VectorEnvironment(self, n)

    def render(self) -> Any:
        """The current state as text, or as (height, width, 3) pixels when render_mode is "rgb_array"."""
        return self.text() if self.render_mode == "ansi" else self.pixels()

    def plot(self, ax: Any = None) -> Any:
        """Draw the current state with matplotlib, on `ax` or on new axes, which are returned."""
        from ..seeing import new_axes
        ax = ax if ax is not None else new_axes()
        self.draw(ax)
        return ax

    def pixels(self) -> Array:
        from ..seeing import pixels
        return pixels(self.draw)

    def close(self) -> None:
        """Nothing is open: a method for Gymnasium's sake."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.observation_space} -> {self.action_space})"


def read_options(options: dict[str, Any] | None) -> Any:
    """The chosen first state, or None."""
    unknown = set(options or ()) - {"state"}
    if unknown:
        raise ValueError(f"reset(options=...) knows only 'state', received {sorted(unknown)}.")
    return (options or {}).get("state")
