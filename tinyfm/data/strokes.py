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
DOTS = 100        # along the strokes of one digit: close enough to look like a line
POINTS = 16       # control points of one digit, at most

SKELETONS: dict[int, tuple[str, ...]] = {
    0: (
        "40 20 02 07 39 79 97 94 71 40 20",
        "50 22 16 27 39 78 95 93 70 40 22",
        "30 12 05 18 49 88 95 83 72 40 12",
        "82 51 13 05 08 49 87 95 93 81 31 23",
        "62 22 05 28 58 68 87 94 62 33 42",
        "60 31 04 07 48 77 95 81 40 31 22",
        "50 25 17 29 59 87 93 60",
        "41 40 15 17 29 59 86 71 72 41 40 / 60 07",
    ),
    1: (
        "60 39",
        "80 47 48",
        "61 56 57",
        "41 44 59",
        "42 40 40 49",
        "15 32 32 49 / 29 69",
        "60 64 66 59",
    ),
    2: (
        "02 21 51 61 73 55 28 28 98",
        "01 20 60 82 85 68 19 07 26 56 88 76",
        "32 51 72 72 66 19 08 17 46 88 99",
        "51 13 31 61 72 74 48 09 07 47 68 89",
        "01 30 61 36 27 19 19 59 89",
        "13 42 62 63 64 27 28 28 58 98 88",
        "01 30 62 75 55 67 18 07 05 35 76 97",
        "11 30 62 66 29 07 16 46 98",
        "22 42 53 46 36 17 27 96",
        "11 40 61 64 28 28 57 97",
        "02 11 41 53 55 56 28 07 46 57 98",
        "12 31 51 73 75 48 19 08 37 47 98",
        "11 31 52 54 28 28 58 98",
    ),
    3: (
        "01 30 71 63 34 34 85 98 59 38",
        "10 60 34 34 64 87 49 28",
        "11 50 71 71 63 34 63 95 88 39 18",
        "10 50 71 63 34 44 54 75 78 29 08",
        "10 20 60 82 45 65 97 69 59",
        "01 10 60 72 54 25 54 96 88 59 19",
        "12 31 71 64 25 75 88 39 18",
        "20 50 81 63 34 34 85 98 49 08 39",
        "00 20 51 43 14 64 87 39 18 19",
        "10 61 33 33 85 68 28 28 38 68",
        "00 10 50 52 24 65 87 59 39",
        "10 50 62 53 44 64 76 58 38",
        "01 51 73 35 35 66 58 18 07",
    ),
    4: (
        "21 05 05 85 / 70 59",
        "11 14 45 64 / 50 69",
        "62 16 16 76 / 62 69",
        "10 14 25 65 71 71 78",
        "20 04 14 74 81 81 79",
        "32 25 25 75 / 73 69",
        "12 05 65 56 / 80 56 49",
        "21 24 64 84 / 81 75 89",
        "32 24 25 95 / 80 58",
        "12 05 25 75 / 71 66 68",
        "20 05 35 84 / 61 68",
        "11 24 34 84 / 60 89",
        "32 24 74 / 71 59",
        "50 24 25 85 / 52 58",
    ),
    5: (
        "20 03 44 76 78 39 08 / 20 80",
        "90 30 30 24 43 84 98 49 17",
        "61 41 32 34 65 77 49 18",
        "90 21 03 44 66 48 17",
        "90 31 24 64 87 49 08",
        "41 14 56 56 67 59 09 / 22 91",
        "90 41 31 13 33 64 67 27 06",
        "70 21 14 14 53 95 88 49 08 18",
        "90 31 13 14 45 46 56 47 07",
        "60 10 04 24 64 87 69 49 29",
        "90 40 30 24 54 86 68 39 19",
        "12 04 34 66 48 28 18 / 12 91",
        "31 03 24 66 48 / 11 90",
        "80 41 23 56 48 18",
    ),
    6: (
        "60 24 35 18 59 77 66 25 17",
        "40 25 38 49 78 75 35 38",
        "60 50 24 28 59 77 46 37 28",
        "30 14 28 49 78 76 56 28",
        "40 13 06 07 29 79 97 75 36 18",
        "31 22 16 39 88 95 65 49 28",
        "21 13 17 17 39 89 96 75 37 49",
        "50 15 18 38 48 86 75 47 28",
        "10 05 18 39 59 87 75 56 48",
    ),
    7: (
        "22 72 72 69",
        "11 71 71 49 / 35 95",
        "14 22 81 81 69",
        "00 10 50 81 83 59",
        "02 21 60 60 39",
        "11 51 62 63 59 / 25 85",
        "01 70 70 57 / 34 73",
        "01 31 31 61 61 63 39",
        "13 20 31 81 84 79",
        "21 91 91 77",
        "11 20 60 81 66 49",
    ),
    8: (
        "81 50 21 22 44 77 59 28 54 55 81",
        "60 31 33 44 67 59 28 36 73 81 60",
        "60 30 12 45 66 78 59 38 46 82 60",
        "40 30 21 54 70 40 / 54 36 29 69 76 54",
        "80 60 12 66 78 49 36 46 80",
        "40 11 02 03 44 73 81 40 / 44 26 28 68 87 75 44",
        "82 60 31 22 33 86 88 59 28 35 64 82",
        "30 01 04 54 74 73 72 40 / 54 35 15 19 79 97 63 74",
        "81 50 12 46 56 58 49 28 55 92 81",
        "91 35 48 77 66 65 12 40 81",
        "80 30 33 66 69 49 38 36 44 81",
        "92 60 33 56 59 29 27 45 74 92",
    ),
    9: (
        "61 40 10 03 43 62 61 61 69",
        "60 30 13 34 62 60 60 69",
        "71 30 03 34 63 71 65 59",
        "72 40 12 25 64 72 66 59",
        "61 20 03 15 55 64 72 72 89",
        "70 40 22 34 73 82 71 83 77 59 28",
        "80 40 13 34 73 81 83 49",
        "81 50 32 54 73 82 75 59",
        "51 21 04 25 54 64 51 65 69",
        "71 51 32 34 74 83 83 69",
        "71 40 01 05 75 74 71 73 89",
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
