"""A maze: walls, a start, a goal, and the shortest path between them by breadth-first search."""

from __future__ import annotations

from collections import deque
from os import PathLike
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from ..spaces import Array
from .gridworld import COMPASS, Gridworld, displaced, one_hot, stay_inside
from .maze_generators import GENERATORS
from .tabular import Outcomes

LARGEST = 10**6                                                # squares


class Maze(Gridworld):
    """Find from S to G; each step costs 1, so that V(s) = -(number of steps to the goal).

    maze: text, '#' wall, ' ' or '.' free, one 'S', one 'G'; or an array, nonzero (or '#') where there is a wall, with
    `start` and `goal` as (row, column). Actions up, right, down, left; who walks into a wall or off the grid stays.
    The step that reaches the goal pays `goal_reward`, every other one `step_reward`.
    Maze.random(15, 15, seed=0) draws one, Maze.load(file) reads one.
    ValueError if the maze is malformed, or if no way leads from start to goal.
    """

    def __init__(self, maze: str | ArrayLike, *, start: tuple[int, int] | None = None,
                 goal: tuple[int, int] | None = None, step_reward: float = -1.0, goal_reward: float = -1.0,
                 **settings: Any) -> None:
        letters = read_letters(maze)
        start, goal = place(letters, "S", start), place(letters, "G", goal)
        if start == goal:
            raise ValueError(f"Maze: start and goal are the same square {start}.")
        letters[start], letters[goal] = "S", "G"
        self.next_state = open_moves(letters == "#")                                      # (S, A)
        width = letters.shape[1]
        s, g = start[0] * width + start[1], goal[0] * width + goal[1]
        self.distance = distances(self.next_state, g).reshape(letters.shape)              # -1: no way to the goal
        if self.distance[start] < 0:
            raise ValueError(unsolvable(letters, start, goal, self.distance))
        n, closed = letters.size, (letters == "#").ravel()
        reward = np.where(self.next_state == g, goal_reward, np.where(closed, 0.0, step_reward)[:, None])
        outcomes = Outcomes(1, self.next_state[..., None], reward[..., None])
        super().__init__(letters, outcomes, one_hot(n, g) > 0, one_hot(n, s), **settings)

    @classmethod
    def random(cls, rows: int = 15, columns: int = 15, *, generator: str = "depth_first",
               seed: int | np.random.Generator | None = None, **settings: Any) -> Self:
        """rows x columns rooms from "depth_first", "prim" or "loops", from the top left room to the bottom right."""
        if generator not in GENERATORS:
            raise ValueError(f"Maze.random: generator is one of {', '.join(GENERATORS)}; received {generator!r}.")
        walls = GENERATORS[generator](rows, columns, np.random.default_rng(seed))
        return cls(walls, start=(1, 1), goal=(2 * rows - 1, 2 * columns - 1), **settings)

    @classmethod
    def load(cls, path: str | PathLike[str], **settings: Any) -> Self:
        """The maze in a text file of at most a million squares."""
        if Path(path).stat().st_size > 4 * LARGEST:
            raise ValueError(f"{path}: {Path(path).stat().st_size:,} bytes, a maze has at most {LARGEST:,} squares.")
        try:
            return cls(Path(path).read_text(encoding="utf-8"), **settings)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error

    def shortest_path(self) -> list[int]:
        """The states of one shortest path from start to goal, both included."""
        path = [int(self.starts.argmax())]
        steps = self.distance.ravel()
        while steps[path[-1]]:
            ahead = self.next_state[path[-1]]
            path.append(int(ahead[steps[ahead] == steps[path[-1]] - 1][0]))
        return path


class DynaMaze(Maze):
    """Sutton & Barto, Example 8.1 (page 164): 6 x 9, fourteen steps. Reward 1 at the goal and 0 before; gamma 0.95."""

    def __init__(self, **settings: Any) -> None:
        super().__init__("       #G\n  #    # \nS #    # \n  #      \n     #   \n         ",
                         step_reward=0.0, goal_reward=1.0, **settings)


def read_letters(maze: Any) -> Array:
    """Text or array as an array of letters, '#' and ' ' with at most S and G."""
    if isinstance(maze, str):
        letters = text_to_letters(maze)
    else:
        letters = np.asarray(maze)
        if letters.ndim != 2 or letters.size == 0:
            raise ValueError(f"Maze: an array of walls has two axes, received shape {letters.shape}.")
        if letters.dtype.kind in "biuf":
            letters = np.where(letters != 0, "#", " ")
    if letters.size > LARGEST:
        raise ValueError(f"Maze: {letters.size:,} squares, at most {LARGEST:,} are allowed.")
    letters = np.where(letters == ".", " ", letters)
    strange = np.argwhere(~np.isin(letters, ["#", " ", "S", "G"]))
    if strange.size:
        row, column = strange[0].tolist()
        raise ValueError(f"Maze: row {row}, column {column} holds {str(letters[row, column])!r}; "
                         "expected '#' wall, ' ' or '.' free, 'S' start, 'G' goal.")
    return letters


def text_to_letters(text: str) -> Array:
    """Lines padded to equal length with free squares; empty lines before and after the maze are dropped."""
    lines = text.strip("\n").splitlines()
    if not lines or not max(map(len, lines)):
        raise ValueError("Maze: the text is empty.")
    width = max(map(len, lines))
    if width * len(lines) > LARGEST:
        raise ValueError(f"Maze: {len(lines)} lines of {width} characters, at most {LARGEST:,} squares are allowed.")
    return np.array([list(line.ljust(width)) for line in lines])


def place(letters: Array, letter: str, chosen: tuple[int, int] | None) -> tuple[int, int]:
    """Where S or G is: as chosen by argument, else the only such letter of the map."""
    name = {"S": "start", "G": "goal"}[letter]
    if chosen is None:
        found = np.argwhere(letters == letter)
        if len(found) != 1:
            raise ValueError(f"Maze: expected exactly one '{letter}' ({name}), found {len(found)}; "
                             f"or give {name}=(row, column).")
        return int(found[0, 0]), int(found[0, 1])
    row, column = chosen
    if not (0 <= row < letters.shape[0] and 0 <= column < letters.shape[1]):
        raise ValueError(f"Maze: {name} {chosen} lies outside the grid of {letters.shape[0]} x {letters.shape[1]}.")
    if letters[row, column] == "#":
        raise ValueError(f"Maze: {name} {chosen} is a wall.")
    return int(row), int(column)


def open_moves(walls: Array) -> Array:
    """Where each move leads, (S, A): into a wall, off the grid or from within a wall it leads nowhere."""
    ahead = stay_inside(walls.shape, *displaced(walls.shape, COMPASS))
    here = np.arange(walls.size)[:, None]
    return np.where(walls.ravel()[ahead] | walls.ravel()[here], here, ahead)


def distances(next_state: Array, goal: int) -> Array:
    """Steps to `goal` by breadth-first search, -1 where it cannot be reached. Moves must be possible both ways."""
    steps = [-1] * len(next_state)
    steps[goal], queue, ahead = 0, deque([goal]), next_state.tolist()
    while queue:
        s = queue.popleft()
        for s2 in ahead[s]:
            if steps[s2] < 0:
                steps[s2] = steps[s] + 1
                queue.append(s2)
    return np.array(steps)


def unsolvable(letters: Array, start: tuple[int, int], goal: tuple[int, int], distance: Array) -> str:
    free = int((letters != "#").sum())
    connected = int((distance >= 0).sum())
    return (f"Maze: no way leads from the start {start} to the goal {goal}: only {connected} of {free} free squares "
            "are connected with the goal. Open a wall, or move one of the two.")
