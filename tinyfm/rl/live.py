"""A live view of an episode in the terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

import numpy as np
from numpy.typing import ArrayLike

from .episodes import Episode


def watch(env: Any, policy: ArrayLike | Callable[[Any], Any], *, frames_per_second: float = 10.0,
          most_steps: int = 1000, seed: int | None = None, stream: TextIO | None = None) -> Episode:
    """Play one episode and show env.text() after each step; returns the episode.

    policy: Q (S, A), of which the greedy action is taken, or a function obs -> action, None to leave. On a terminal
    each frame replaces the one before; anywhere else only the first and the last are printed.
    """
    stream = stream or sys.stdout
    act = policy if callable(policy) else best_of(policy)
    s, _ = env.reset(seed=seed)
    states: list[Any] = [s]
    actions: list[Any] = []
    rewards: list[float] = []
    over = terminated = False
    height = show(env, 0.0, stream, 0)
    while not over and len(actions) < most_steps and (a := act(s)) is not None:
        s, r, terminated, truncated, _ = env.step(a)
        states.append(s)
        actions.append(a)
        rewards.append(r)
        over = terminated or truncated
        if stream.isatty():
            time.sleep(1 / frames_per_second)
            height = show(env, sum(rewards), stream, height)
    if actions and not stream.isatty():
        show(env, sum(rewards), stream, height)
    return Episode(states, actions, rewards, terminated)


def best_of(Q: ArrayLike) -> Callable[[Any], int]:
    best = np.asarray(Q).argmax(axis=1).tolist()
    return lambda s: best[s]


def show(env: Any, total: float, stream: TextIO, height: int) -> int:
    """One frame over the last `height` lines; returns the lines of the new one."""
    lines = [*env.text().splitlines(), f"step {env.elapsed}, return {total:g}"]
    if stream.isatty():
        back = f"\x1b[{height}A" if height else ""
        stream.write(back + "".join(f"\x1b[2K{line}\n" for line in lines) + "\x1b[J")
    else:
        stream.write("\n".join(lines) + "\n\n")
    stream.flush()
    return len(lines)
