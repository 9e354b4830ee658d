"""Pictures: values and policies on a grid, paths, learning curves. matplotlib is imported when the first is drawn.

Every function draws on `ax`, or on new axes, and returns them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .planning import optimal_actions
from .spaces import Array

LINES = ["-", "--", "-.", ":"]


def new_axes(columns: int = 1, width: float = 6.4, height: float = 4.8) -> Any:
    """One axes, or an array of `columns` side by side."""
    from matplotlib import pyplot
    _, axes = pyplot.subplots(1, columns, figsize=(width * columns, height), layout="constrained")
    return axes


def pixels(draw: Callable[[Any], None]) -> Array:
    """What `draw(ax)` draws, as (height, width, 3) uint8, without a window."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    figure = Figure(figsize=(5, 4), dpi=80, layout="constrained")
    canvas: Any = FigureCanvasAgg(figure)
    draw(figure.add_subplot())
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def plot_values(env: Any, values: ArrayLike, ax: Any = None, *, title: str = "") -> Any:
    """A heat map of V (S,) on a gridworld; of max_a Q with arrows at the greedy actions when handed Q (S, A).

    Small grids show the numbers as well. On an environment without squares: the values as a curve over the states.
    """
    values = np.asarray(values, float)
    V = values.max(axis=1) if values.ndim == 2 else values
    if V.shape != (env.observation_space.n,):
        raise ValueError(f"Expected V of shape ({env.observation_space.n},) or Q of shape "
                         f"({env.observation_space.n}, {env.action_space.n}), received {values.shape}.")
    if not hasattr(env, "shape"):
        return plot_value_curve(env, V, ax, title)
    from .environments.gridworld import label_squares, write_letters
    ax = new_axes() if ax is None else ax
    image = ax.imshow(np.ma.array(V.reshape(env.shape), mask=env.walls), cmap="viridis")
    ax.set_facecolor("#33415c")                                # the walls
    ax.figure.colorbar(image, ax=ax, label="value V(s) = expected return", shrink=0.8)
    if V.size <= 80:
        write_numbers(env, V, image, ax)
    if values.ndim == 2:
        draw_arrows(env, values, ax)
    write_letters(env, ax, center=False)
    label_squares(env, ax)
    ax.set_title(title or f"{type(env).__name__}: values" + (" and greedy actions" if values.ndim == 2 else ""))
    return ax


def plot_value_curve(env: Any, V: Array, ax: Any, title: str) -> Any:
    ax = new_axes() if ax is None else ax
    ax.plot(np.flatnonzero(~env.terminal), V[~env.terminal], "o-", markersize=3)
    ax.set(xlabel="state s", ylabel="value V(s) = expected return", title=title or f"{type(env).__name__}: values")
    return ax


def write_numbers(env: Any, V: Array, image: Any, ax: Any) -> None:
    for s in np.flatnonzero(~env.walls.ravel()):
        row, column = env.square(int(s))
        colour = "w" if image.norm(V[s]) < 0.6 else "k"
        ax.text(column + 0.46, row + 0.46, f"{V[s]:.1f}", ha="right", va="bottom", color=colour,
                fontsize=max(5, 9 - max(env.shape) / 3))


def draw_arrows(env: Any, Q: Array, ax: Any) -> None:
    """An arrow for every best action; none on walls, at the end, or where all actions are worth the same."""
    best = optimal_actions(Q, 1e-6) & ~(env.walls.ravel() | env.terminal)[:, None]
    best &= ~(np.ptp(Q, axis=1) <= 1e-12)[:, None] | (Q.shape[0] <= 80)
    s, a = np.nonzero(best)
    step = env.moves[a] / np.linalg.norm(env.moves[a], axis=1, keepdims=True)
    rows, columns = np.divmod(s, env.shape[1])
    ax.quiver(columns, rows, step[:, 1], step[:, 0], angles="xy", scale_units="xy", scale=2.8, width=0.004,
              headwidth=4, color="w", edgecolor="k", linewidth=0.4)


def plot_path(env: Any, states: ArrayLike, ax: Any = None, *, title: str = "") -> Any:
    """The states of an episode as a line over the map, with its number of steps."""
    from matplotlib.transforms import offset_copy

    from .environments.gridworld import draw_squares
    ax = new_axes() if ax is None else ax
    draw_squares(env, ax)
    rows, columns = np.divmod(np.asarray(states, int), env.shape[1])
    ax.plot(columns, rows, "-", color="#d1495b", linewidth=2, label=f"path, {len(rows) - 1} steps")
    ax.plot(columns[:1], rows[:1], "o", color="#d1495b", label="from here")
    ax.plot(columns[-1:], rows[-1:], "*", color="#d1495b", markersize=12, label="to here")
    below = offset_copy(ax.transAxes, ax.figure, y=-36, units="points")                   # whatever the map's height
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0), bbox_transform=below, ncols=3, frameon=False)
    ax.set_title(title or f"{type(env).__name__}: path")
    return ax


def plot_learning_curves(curves: Mapping[str, ArrayLike], ax: Any = None, *, window: int = 1, confidence: float = 0.95,
                         xlabel: str = "episode", ylabel: str = "return", title: str = "Learning curves") -> Any:
    """Mean over seeds and its confidence interval; curves: {name: (seeds, episodes)}.

    `window`: each point is the mean of that many episodes up to it. The interval is a bootstrap over the seeds.
    """
    ax = new_axes() if ax is None else ax
    interval = ""
    for i, (name, values) in enumerate(curves.items()):
        runs = moving_average(np.atleast_2d(np.asarray(values, float)), window)
        low, high = mean_interval(runs, confidence)
        at = np.arange(runs.shape[1]) + window
        seeds = ""
        if len(runs) > 1:
            seeds, interval = f" ({len(runs)} seeds)", f": mean and {confidence:.0%} interval"
        line, = ax.plot(at, runs.mean(axis=0), LINES[i % 4], label=name + seeds)
        ax.fill_between(at, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
    smoothed = f", mean of {window} {xlabel}s" if window > 1 else ""
    ax.set(xlabel=xlabel, ylabel=ylabel + smoothed, title=title + interval)
    ax.legend()
    return ax


def moving_average(x: Array, window: int) -> Array:
    """Mean over each `window` neighbours on the last axis, which grows shorter by window - 1."""
    if not 1 <= window <= x.shape[-1]:
        raise ValueError(f"window must lie between 1 and the {x.shape[-1]} values given, received {window}.")
    total = np.concatenate([np.zeros((*x.shape[:-1], 1)), x.cumsum(axis=-1)], axis=-1)
    return np.asarray((total[..., window:] - total[..., :-window]) / window)


def mean_interval(runs: ArrayLike, confidence: float = 0.95, draws: int = 1000) -> tuple[Array, Array]:
    """Bootstrap interval of the mean over seeds of runs (seeds, points); the same draws each time. Efron 1979."""
    runs = np.asarray(runs, float)
    seeds = len(runs)
    weights = np.random.default_rng(0).multinomial(seeds, np.full(seeds, 1 / seeds), size=draws) / seeds
    tail = 100 * (1 - confidence) / 2
    low, high = np.percentile(weights @ runs, [tail, 100 - tail], axis=0)
    return low, high
