"""Points on a small character map: the text pictures of environments that live among real numbers."""

from __future__ import annotations

from collections.abc import Iterable


def canvas(points: Iterable[tuple[float, float, str]], x_limits: tuple[float, float], y_limits: tuple[float, float],
           rows: int, columns: int) -> str:
    """A map of `rows` lines: each (x, y, character) at its place, later points over earlier ones, outside dropped."""
    grid = [[" "] * columns for _ in range(rows)]
    for x, y, character in points:
        column = round((x - x_limits[0]) / (x_limits[1] - x_limits[0]) * (columns - 1))
        row = round((y_limits[1] - y) / (y_limits[1] - y_limits[0]) * (rows - 1))
        if 0 <= row < rows and 0 <= column < columns:
            grid[row][column] = character
    return "\n".join("".join(row).rstrip() for row in grid)
