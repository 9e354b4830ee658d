"""Gridworlds: squares numbered row by row, s = row * columns + column; those of Sutton & Barto's chapters 3 and 4."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..spaces import Array
from .tabular import Outcomes, TabularEnvironment

COMPASS = np.array([(-1, 0), (0, 1), (1, 0), (0, -1)])         # up, right, down, left: (row, column) steps
ARROWS = {(-1, 0): "^", (0, 1): ">", (1, 0): "v", (0, -1): "<", (0, 0): "o",
          (-1, -1): "\\", (-1, 1): "/", (1, -1): "/", (1, 1): "\\"}
FILL = {"#": "#33415c", "C": "#33415c", "H": "#9db4d0", "G": "#bfe3b4", "S": "#f4e3b2"}    # by letter of a square
NAMES = {"#": "wall", "C": "cliff", "H": "hole", "G": "goal", "S": "start"}


def displaced(shape: tuple[int, int], moves: ArrayLike, wind: ArrayLike = (0, 0)) -> tuple[Array, Array]:
    """Row and column after each move from each square, both (S, A), which may lie outside the grid."""
    here = np.stack(np.divmod(np.arange(shape[0] * shape[1]), shape[1]), axis=-1)         # (S, 2)
    rows, columns = np.moveaxis(here[:, None] + np.asarray(moves) + np.asarray(wind), -1, 0)
    return rows, columns


def stay_inside(shape: tuple[int, int], rows: Array, columns: Array) -> Array:
    """The state at (row, column), the nearest square of the grid where that is outside."""
    return np.asarray(rows.clip(0, shape[0] - 1) * shape[1] + columns.clip(0, shape[1] - 1))


def one_hot(n: int, i: Any) -> Array:
    """Probability 1 of i; spread evenly when i is several."""
    p = np.zeros(n)
    p[i] = 1 / np.size(i)
    return p


class Gridworld(TabularEnvironment):
    """A tabular environment on a grid: `letters` (rows, columns) name the squares, `moves` say what each action does.

    '.' or ' ' free, '#' wall, 'S' start, 'G' goal, 'C' cliff, 'H' hole. `V.reshape(env.shape)` is the map of a value.
    """

    def __init__(self, letters: ArrayLike, outcomes: Outcomes, terminal: ArrayLike, starts: ArrayLike, *,
                 moves: Array = COMPASS, max_episode_steps: float | None = None, render_mode: str = "ansi") -> None:
        super().__init__(outcomes, terminal, starts, max_episode_steps=max_episode_steps, render_mode=render_mode)
        self.letters = np.asarray(letters)
        self.shape: tuple[int, int] = self.letters.shape
        self.moves = moves
        self.arrows = [ARROWS[(int(np.sign(r)), int(np.sign(c)))] for r, c in moves]

    def square(self, s: int) -> tuple[int, int]:
        """(row, column) of state s."""
        return s // self.shape[1], s % self.shape[1]

    @property
    def walls(self) -> Array:
        """True on the squares where nobody can stand, (rows, columns)."""
        return np.isin(self.letters, ["#", "C"])

    def text(self, path: ArrayLike = ()) -> str:
        """The map, '@' where the agent is, 'o' on the states of `path`."""
        shown = self.letters.copy()
        for s in np.asarray(path, int).tolist():
            if shown[self.square(s)] in " .":
                shown[self.square(s)] = "o"
        if self._state is not None:
            shown[self.square(self._state)] = "@"
        return "\n".join("".join(row) for row in shown)

    def draw(self, ax: Any) -> None:
        """Squares in their colours and letters, the agent as a disc."""
        draw_squares(self, ax)
        if self._state is not None:
            row, column = self.square(self._state)
            ax.plot(column, row, "o", color="#d1495b", markersize=max(3, 150 / max(self.shape)), label="agent")
        ax.set_title(f"{type(self).__name__}, step {self.elapsed}")


def draw_squares(env: Gridworld, ax: Any) -> None:
    """The map under every picture of a gridworld; axes are rows and columns, as in the array."""
    from matplotlib.colors import to_rgb

    rows, columns = env.shape
    image = np.ones((rows, columns, 3))
    for letter, colour in FILL.items():
        image[env.letters == letter] = to_rgb(colour)
    ax.imshow(image, interpolation="nearest")
    if max(env.shape) <= 16:
        ax.set_xticks(np.arange(columns + 1) - 0.5, minor=True)
        ax.set_yticks(np.arange(rows + 1) - 0.5, minor=True)
        ax.grid(which="minor", color="0.8", linewidth=0.7)
        ax.tick_params(which="minor", length=0)
    write_letters(env, ax, center=True)
    label_squares(env, ax)


def write_letters(env: Gridworld, ax: Any, center: bool) -> None:
    """The letters of the special squares, in their middle or in their upper left corner."""
    shift, box = (0, None) if center else (0.36, {"boxstyle": "round,pad=0.1", "facecolor": "w", "linewidth": 0})
    for row, column in np.argwhere(np.isin(env.letters, list("SGHABC"))):
        letter = env.letters[row, column]
        ax.text(column - shift, row - shift, letter, ha="center", va="center", fontsize=8 if center else 6, bbox=box,
                color="w" if letter == "C" and center else "0.25")


def label_squares(env: Gridworld, ax: Any) -> None:
    for axis, size, name in [(ax.xaxis, env.shape[1], "column"), (ax.yaxis, env.shape[0], "row")]:
        axis.set_ticks(np.arange(0, size, 1 if size <= 12 else 5))
        axis.set_label_text(name)


class JumpGridworld(Gridworld):
    """Sutton & Barto, Example 3.5 (page 60): from A every action jumps to A' for +10, from B to B' for +5.

    5 x 5, no end; walking off the grid costs 1 and leaves the agent in place, all else pays 0. The book's gamma is 0.9.
    """

    def __init__(self, **settings: Any) -> None:
        shape = (5, 5)
        rows, columns = displaced(shape, COMPASS)
        next_state = stay_inside(shape, rows, columns)
        reward = np.where((rows < 0) | (rows > 4) | (columns < 0) | (columns > 4), -1.0, 0.0)
        next_state[1], reward[1] = 21, 10                      # A = (0, 1) to A' = (4, 1)
        next_state[3], reward[3] = 13, 5                       # B = (0, 3) to B' = (2, 3)
        letters = np.full(shape, ".")
        letters[0, 1], letters[0, 3] = "A", "B"
        outcomes = Outcomes(1, next_state[..., None], reward[..., None])
        super().__init__(letters, outcomes, np.zeros(25, bool), np.full(25, 1 / 25), **settings)


class CornerGridworld(Gridworld):
    """Sutton & Barto, Example 4.1 (page 76): every step costs 1 until the agent stands in one of two corners.

    4 x 4, undiscounted; episodes begin anywhere but in the corners.
    """

    def __init__(self, **settings: Any) -> None:
        shape = (4, 4)
        terminal = one_hot(16, [0, 15]) > 0
        letters = np.where(terminal.reshape(shape), "G", ".")
        outcomes = Outcomes(1, stay_inside(shape, *displaced(shape, COMPASS))[..., None], -1)
        super().__init__(letters, outcomes, terminal, one_hot(16, np.arange(1, 15)), **settings)
