"""Our environments as Gymnasium's, for tools that ask for a gymnasium.Env (extra `gym`). The other way needs nothing:
our algorithms call reset, step, action_space.n and observation_space.n only, so gymnasium.make(...) runs in them."""

from __future__ import annotations

from typing import Any

from ..spaces import Discrete, Space
from .environment import Environment


def to_gymnasium(env: Environment) -> Any:
    """`env` as a gymnasium.Env that passes gymnasium.utils.env_checker.check_env. ImportError without gymnasium."""
    try:
        import gymnasium
    except ImportError:
        raise ImportError('to_gymnasium needs the package gymnasium: pip install "tinyfm[gym]".') from None

    class Adapter(gymnasium.Env):                              # type: ignore[misc, type-arg, unused-ignore]
        metadata, render_mode = env.metadata, env.render_mode
        observation_space, action_space = convert(env.observation_space), convert(env.action_space)

        def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
            super().reset(seed=seed)
            env._rng = self.np_random                          # one generator, Gymnasium's
            return env.reset(options=options)

        def step(self, action: Any) -> Any:
            return env.step(action)

        def render(self) -> Any:
            return env.render()

    return Adapter()


def convert(space: Space) -> Any:
    from gymnasium import spaces
    if isinstance(space, Discrete):
        return spaces.Discrete(space.n, start=space.start)
    return spaces.Box(space.low, space.high, space.shape, space.dtype.type)
