"""The skeletons of the ten digits, and the curve that runs through one.

A point is two figures, x to the right and y down, on a grid from 0 to 9:

      0 . . . . . . . . . .        "11 71 71 49 / 35 85"
      1 . o-----------o . .
      2 . . . . . . ./. . .        One stroke runs 11 71 71 49, the pen is lifted, and another runs 35 85.  A point
      3 . . . . . . / . . .        named twice in a row is a corner, and everywhere a point of the same name is the same
      4 . . . . . ./. . . .        point: when a hand misplaces it, the strokes that meet there still meet.
      5 . . .o----/----o. .
      6 . . . . ./. . . . .        A 7 with a bar, then: from the left corner to the right, down, and across.
      7 . . . . / . . . . .
      8 . . . ./. . . . . .
      9 . . . o . . . . . .
        0 1 2 3 4 5 6 7 8 9

The ways of writing a digit were drawn by eye after MNIST's training part, then each point was moved about the grid by
one step at a time as long as that brought the drawings nearer to the training digits.
"""
from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]

GRID = 9          # steps from one side to the other
DOTS = 80         # along the strokes of one digit: close enough to look like a line
POINTS = 16       # control points of one digit, at most

SKELETONS: dict[int, tuple[str, ...]] = {
    0: (
        "40 20 03 06 29 79 96 93 71 40 20",
        "50 22 15 18 39 68 95 92 70 40 22",
        "30 12 05 18 49 88 95 83 61 40 12",
        "71 61 13 06 08 49 87 95 93 70 40 22",
        "62 42 05 28 58 68 96 83 62 13 52",
        "70 31 04 07 38 77 95 92 60 31 21",
        "50 13 08 39 69 97 93 60",
        "50 31 15 17 29 59 86 82 71 50 31 / 60 08",
    ),
    1: (
        "60 49",
        "81 56 48",
        "50 54 58",
        "30 44 59",
        "41 40 40 59",
        "15 42 42 59 / 29 79",
        "11 50 50 49 / 19 88",
    ),
    2: (
        "02 31 51 72 73 56 18 18 99",
        "01 20 50 83 84 68 19 07 36 67 88 87",
        "31 51 72 72 67 19 08 37 57 88 99",
        "41 12 31 61 71 83 57 09 07 47 58 99",
        "01 40 61 54 36 19 19 59 79",
        "22 11 60 93 57 37 19 19 49 87",
        "22 42 62 73 55 36 18 18 58 98 88",
        "00 20 40 74 75 67 29 07 15 45 76 97",
        "11 30 62 66 38 08 16 46 98",
        "22 42 54 55 26 17 27 96",
        "11 40 61 63 28 28 67 97",
        "02 31 30 62 55 47 18 07 46 67 98",
        "02 21 51 72 75 57 19 08 37 47 98",
        "11 30 52 45 18 18 48 98",
    ),
    3: (
        "10 40 71 63 34 34 85 98 59 38",
        "10 60 34 34 64 87 49 19",
        "01 40 71 71 53 34 53 95 88 39 18",
        "11 50 71 63 34 44 54 76 68 29 08",
        "21 30 60 92 45 65 87 59 39",
        "01 11 60 71 54 25 54 86 78 49 19",
        "21 41 71 64 25 65 78 39 08",
        "30 50 71 73 34 34 85 88 49 08 29",
        "11 30 61 53 24 64 87 49 18 08",
        "20 61 33 33 75 68 17 17 38 68",
        "00 10 50 43 24 65 87 69 49",
    ),
    4: (
        "21 16 16 75 / 70 69",
        "11 14 35 75 / 70 69",
        "52 16 16 86 / 52 69",
        "21 15 35 65 71 71 78",
        "20 14 15 74 81 81 79",
        "30 26 26 76 / 73 69",
        "22 05 45 65 / 90 65 49",
        "30 24 45 84 / 80 66 69",
        "32 24 25 95 / 80 58",
        "12 05 15 65 / 80 75 69",
        "30 05 35 74 / 61 67",
        "11 14 44 84 / 60 79",
        "21 14 74 / 70 49",
    ),
    5: (
        "30 03 44 75 88 49 08 / 30 90",
        "80 30 30 14 43 84 87 49 08",
        "70 31 22 34 65 88 39 08",
        "90 31 13 34 66 59 18",
        "90 31 24 54 87 49 08",
        "30 14 66 66 68 49 19 / 31 90",
        "91 41 31 24 44 74 77 38 17",
        "80 21 14 14 33 95 89 39 08 07",
        "90 41 13 24 45 46 56 47 07",
        "60 10 14 24 64 87 59 49 29",
        "90 50 21 23 64 86 68 39 28",
        "12 04 44 66 48 38 08 / 12 90",
        "40 03 34 66 38 / 11 90",
    ),
    6: (
        "60 50 24 27 48 68 86 66 47",
        "60 33 26 19 59 78 76 25 17",
        "40 25 38 59 78 75 35 38",
        "70 50 24 17 49 67 46 36 17",
        "40 14 18 49 78 86 56 18",
        "40 14 06 07 29 69 97 75 37 19",
        "31 22 07 39 88 95 65 48 38",
        "31 14 17 17 39 89 97 75 27 38",
        "50 15 17 38 58 86 75 47 28",
        "30 05 18 39 59 87 75 56 49",
        "71 51 32 15 38 78 86 55 16",
    ),
    7: (
        "22 72 72 49",
        "11 71 71 49 / 35 85",
        "23 22 71 71 59",
        "10 20 70 81 83 69",
        "03 20 60 60 49",
        "11 60 62 63 59 / 25 84",
        "01 82 82 57 / 34 84",
        "01 41 41 71 71 73 29",
        "14 20 41 81 84 69",
        "12 91 91 78",
    ),
    8: (
        "82 50 21 22 44 77 59 28 54 55 82",
        "60 31 33 44 67 59 28 35 73 81 60",
        "70 30 12 34 66 79 49 37 46 82 70",
        "40 30 22 44 70 40 / 44 26 29 69 66 44",
        "80 50 23 66 78 49 37 46 80",
        "50 20 02 13 44 73 81 50 / 44 26 28 58 78 86 44",
        "82 60 31 22 44 75 88 49 28 26 45 82",
        "42 13 66 58 37 45 82",
        "30 10 03 54 65 72 70 40 / 54 35 16 29 79 97 63 65",
        "81 50 12 35 45 58 39 28 46 82 81",
        "91 35 48 77 66 65 12 40 81",
    ),
    9: (
        "61 50 10 03 44 62 61 61 69",
        "60 30 13 34 62 60 60 69",
        "71 40 03 24 63 71 66 59",
        "81 40 03 25 64 81 65 49",
        "61 30 03 15 45 64 72 72 89",
        "70 40 22 34 73 82 71 84 77 49 18",
        "70 50 13 25 73 71 72 49",
        "81 50 32 43 73 82 75 59",
        "61 21 04 45 54 64 61 66 69",
        "71 51 32 24 64 82 82 49",
        "81 30 03 16 66 83 81 84 79",
    ),
}


class Alphabet(NamedTuple):
    """All ways of writing, as arrays: v of them, of at most k = POINTS control points."""

    first: Integers       # (11,) where each digit's ways begin
    points: Floats        # (v, k, 2) control points x, y; rows beyond a skeleton's own are never used
    near: Integers        # (v, DOTS, 4) the control points that a dot hangs on
    weight: Floats        # (v, DOTS, 4) and by how much


def ways(digit: Integers, u: Floats) -> Integers:
    """A way of writing each digit: (n,) rows of the alphabet, u in [0, 1) choosing evenly among the digit's own."""
    first = alphabet().first
    return first[digit] + (u * (first[digit + 1] - first[digit])).astype(np.intp)


def trace(way: Integers, jitter: Floats) -> tuple[Floats, Floats]:
    """Dots along the strokes, x and y of shape (n, DOTS).  way: (n,) rows of the alphabet; jitter: (n, k, 2) moves its
    control points.  A curve is a weighted mean of its control points, so all n digits are four additions."""
    _, points, near, weight = alphabet()
    moved, near = points[way] + jitter, near[way]
    rows = np.arange(len(way))[:, None]
    dots = np.zeros((len(way), DOTS, 2))
    for j in range(4):
        dots += weight[way, :, j, None] * moved[rows, near[:, :, j]]
    return dots[..., 0], dots[..., 1]


@cache
def alphabet() -> Alphabet:
    ways = [_curve(*_read(text)) for digit in range(10) for text in SKELETONS[digit]]
    points, near, weight = zip(*ways, strict=True)
    first = np.cumsum([0] + [len(SKELETONS[digit]) for digit in range(10)])
    padded = [np.pad(p, ((0, POINTS - len(p)), (0, 0))) for p in points]
    return Alphabet(first, np.array(padded), np.array(near), np.array(weight))


def _read(skeleton: str) -> tuple[Floats, list[list[int]]]:
    """Its points (k, 2), each once, and its strokes as lists of places among them."""
    strokes = [stroke.split() for stroke in skeleton.split("/")]
    names = list(dict.fromkeys(name for stroke in strokes for name in stroke))
    points = np.array([(int(name[0]), int(name[1])) for name in names], float)
    return points, [[names.index(name) for name in stroke] for stroke in strokes]


def _curve(points: Floats, strokes: list[list[int]]) -> tuple[Floats, Integers, Floats]:
    """DOTS at equal steps along all strokes: what each hangs on, and by how much.

    Between b and c a curve that passes a, b, c, d is a cubic in t (Catmull and Rom 1974, tension 1/2).
    """
    pieces = np.array([four for stroke in strokes for four in _pieces(stroke)])            # (pieces, 4)
    length = np.hypot(*(points[pieces[:, 2]] - points[pieces[:, 1]]).T)
    pieces, length = pieces[length > 0], length[length > 0]                                # a corner has none
    end = np.cumsum(length)
    at = np.linspace(0, end[-1], DOTS)
    piece = np.searchsorted(end, at)
    t = 1 - (end[piece] - at) / length[piece]
    weight = np.stack([-t + 2*t**2 - t**3, 2 - 5*t**2 + 3*t**3, t + 4*t**2 - 3*t**3, t**3 - t**2], axis=1) / 2
    return points, pieces[piece], weight


def _pieces(stroke: list[int]) -> list[list[int]]:
    """The stretches b to c of a stroke with both neighbours, a b c d; at its ends the end stands in for the missing."""
    padded = [stroke[0], *stroke, stroke[-1]]
    return [padded[i:i + 4] for i in range(len(stroke) - 1)]
