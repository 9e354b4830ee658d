"""Rows as text, columns aligned: text to the left, numbers to the right."""
from __future__ import annotations

from collections.abc import Sequence


def lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """One line for each row; a column that holds a number in its last row goes to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    numeric = [cell.replace(".", "").isdigit() for cell in rows[-1]]
    return ["  " + "  ".join(cell.rjust(width) if number else cell.ljust(width)
                             for cell, width, number in zip(row, widths, numeric)).rstrip() for row in rows]
