"""Random mazes as arrays of walls: `rows` x `columns` rooms, drawn on a grid of 2 rows + 1 by 2 columns + 1 squares.

Room (i, j) is the square (2 i + 1, 2 j + 1); the square between two rooms is a wall until somebody opens it.
"""

from __future__ import annotations

import numpy as np

from ..spaces import Array

Room = tuple[int, int]


def solid(rows: int, columns: int) -> Array:
    """Every room closed on all sides."""
    if rows < 1 or columns < 1 or rows * columns < 2:
        raise ValueError(f"A maze needs at least two rooms, received {rows} x {columns}.")
    walls = np.ones((2 * rows + 1, 2 * columns + 1), bool)
    walls[1::2, 1::2] = False
    return walls


def neighbours(walls: Array, room: Room) -> list[Room]:
    i, j = room
    rows, columns = walls.shape[0] // 2, walls.shape[1] // 2
    return [(a, b) for a, b in [(i - 1, j), (i, j + 1), (i + 1, j), (i, j - 1)] if 0 <= a < rows and 0 <= b < columns]


def open_between(walls: Array, room: Room, other: Room) -> None:
    walls[room[0] + other[0] + 1, room[1] + other[1] + 1] = False


def depth_first(rows: int, columns: int, rng: np.random.Generator) -> Array:
    """Walk into a random unvisited room while there is one, else go back: long winding corridors, exactly one path."""
    walls, path = solid(rows, columns), [(0, 0)]
    visited = {(0, 0)}
    while path:
        choices = [room for room in neighbours(walls, path[-1]) if room not in visited]
        if not choices:
            path.pop()
            continue
        room = choices[rng.integers(len(choices))]
        open_between(walls, path[-1], room)
        visited.add(room)
        path.append(room)
    return walls


def prim(rows: int, columns: int, rng: np.random.Generator) -> Array:
    """Open a random wall between the maze and a room outside it (Prim 1957): short dead ends, exactly one path."""
    walls = solid(rows, columns)
    inside: set[Room] = {(0, 0)}
    frontier = [((0, 0), room) for room in neighbours(walls, (0, 0))]
    while frontier:
        i = int(rng.integers(len(frontier)))
        frontier[i], frontier[-1] = frontier[-1], frontier[i]                # a random wall, removed in constant time
        room, new = frontier.pop()
        if new in inside:
            continue
        open_between(walls, room, new)
        inside.add(new)
        frontier += [(new, other) for other in neighbours(walls, new) if other not in inside]
    return walls


def loops(rows: int, columns: int, rng: np.random.Generator, openings: float = 0.2) -> Array:
    """A depth-first maze with the fraction `openings` of its remaining inner walls opened: several paths, loops."""
    if not 0 <= openings <= 1:
        raise ValueError(f"openings is a fraction between 0 and 1, received {openings}.")
    walls = depth_first(rows, columns, rng)
    between = np.zeros(walls.shape, bool)
    between[1:-1:2, 2:-1:2] = between[2:-1:2, 1:-1:2] = True                 # the squares between two rooms
    walls[walls & between & (rng.random(walls.shape) < openings)] = False
    return walls


GENERATORS = {"depth_first": depth_first, "prim": prim, "loops": loops}
