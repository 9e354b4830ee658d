"""Handwritten digits without a download: MNIST's format, drawn by a pen of our own.

    skeleton        trace           hand            box           ink           page
    +-------+       +-------+       +-------+       +------+      +------+      +--------+
    | o---o |       | .---. |       |   .-. |       |  .-. |      |  ####|      |        |
    |    o  |  -->  |    /  |  -->  |    /  |  -->  |   /  | -->  |   ## |  --> |   #### |
    |   o   |       |   /   |       |  _/   |       | _/   |      | ##   |      |    ##  |
    |  o    |       |  /    |       |  /    |       | /    |      | #    |      |  ##    |
    +-------+       +-------+       +-------+       +------+      +------+      |  #     |
    points that     a curve         bent, wide,     20 x 20       discs, grey   +--------+
    are jittered    through them    slanted, turned pixels        at the rim    28 x 28, balanced on its middle

A network reads strangers' digits when it has met every way of writing them.  The skeletons (strokes.py) hold the ways
that differ in kind, Hand the ways that differ in degree.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tinyfm.data.strokes import DOTS, GRID, POINTS, trace, ways
from tinyfm.errors import SettingError, spell

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]
Images = NDArray[np.uint8]
Part = tuple[Images, NDArray[np.uint8]]

BOX, PAGE = 20, 28      # pixels, as in MNIST: LeCun et al. 1998, section III.A
HABITS = 15             # random numbers that make a hand, besides two for each control point
WAVE = 12               # length of the waves that bend the paper: longer than a digit is high
CHUNK = 256             # images drawn at once: what they need stays in the cache


@dataclass(frozen=True)
class Hand:
    """How far handwriting strays from the skeletons.  Draw with each at 0, Hand(slant=0), and at twice its value.

    Every amount is the largest that occurs, and small ones occur more often: a hand is sloppy, but not without limit.
    Lengths are in steps of the skeletons' grid, which is 9 high.
    """

    jitter: float = 0.75      # of a control point: nobody sets the pen down in the same place twice
    bend: float = 1.0         # of the paper, in waves: what lies close together goes astray together
    slant: float = 0.6        # x per y: a hand's strongest habit ...
    upright: float = 0.15     # ... and most lean to the right
    turn: float = 0.2         # radians: the sheet lies askew
    width: float = 0.76       # x per step: digits are higher than wide
    stretch: float = 0.4      # log of the width: narrow hands and wide ones
    pen: float = 0.62         # radius ...
    spread: float = 0.65      # ... and its log: from a hard pencil to a felt tip
    pressure: float = 0.35    # log of the radius along the stroke: the pen presses and lets go
    rim: float = 1.35         # pixels from ink to paper: scanning and shrinking leave grey


def load_data(n_train: int = 12_000, n_test: int = 2_000, seed: int = 0) -> tuple[Part, Part]:
    """((x_train, y_train), (x_test, y_test)) as MNIST has them: x (n, 28, 28) and y (n,), uint8, ink 255 on paper 0.

    Classes are as equal in number as they can be, in random order.  The same seed gives the same bytes.
    Raises SettingError for a negative number of images.
    """
    return _part("n_train", n_train, [seed, 0]), _part("n_test", n_test, [seed, 1])


def draw(labels: ArrayLike, rng: np.random.Generator, hand: Hand = Hand()) -> Images:
    """Images (n, 28, 28) of the digits named by labels (n,), each in a way and by a hand of its own.

    Every image takes the next row of random numbers: drawing one by one gives what drawing all at once gives.
    Raises SettingError for labels that are not a row of integers from 0 to 9.
    """
    labels = _digits(labels)
    images = np.zeros((len(labels), PAGE, PAGE), np.uint8)
    for i in range(0, len(labels), CHUNK):
        images[i:i + CHUNK] = _draw(labels[i:i + CHUNK], rng, hand)
    return images


def _part(name: str, n: int, seed: Sequence[int]) -> Part:
    if n < 0:
        raise SettingError(f"digits.load_data: {name} is a number of images, 0 or more; received {n}.")
    rng = np.random.Generator(np.random.PCG64(seed))
    labels = np.argsort(rng.random(n), kind="stable") % 10
    return draw(labels, rng), labels.astype(np.uint8)


def _digits(labels: ArrayLike) -> Integers:
    digits = np.asarray(labels)
    if digits.ndim != 1 or (digits.size and (digits.dtype.kind not in "iu" or digits.min() < 0 or digits.max() > 9)):
        raise SettingError(f"digits.draw takes a row of integers from 0 to 9, received {spell(labels)}.")
    return digits.astype(np.intp)


def _draw(labels: Integers, rng: np.random.Generator, hand: Hand) -> Images:
    n = len(labels)
    noise = rng.random((n, HABITS + 2 * POINTS, 2)).sum(axis=2) - 1      # triangular on [-1, 1]: a bell with an end
    habits, jitter = noise[:, :HABITS], noise[:, HABITS:].reshape(n, POINTS, 2)
    choice, slant, turn, stretch, spread, pressure, beat, *waves = habits.T[:, :, None]          # each (n, 1)
    x, y = trace(ways(labels, choice[:, 0] % 1), hand.jitter * jitter)   # modulo 1, a triangular number is uniform
    x, y = _bent(hand.width * (x - GRID / 2), y - GRID / 2, hand.bend, waves)
    x = x * np.exp(hand.stretch * stretch) - (hand.upright + hand.slant * slant) * y
    x, y = _turned(x, y, hand.turn * turn)
    radius = hand.pen * np.exp(hand.spread * spread + hand.pressure * pressure * _wave(np.linspace(0, 1, DOTS), beat))
    return _centred(_ink(*_boxed(x, y, radius), hand.rim))


def _wave(u: Floats, phase: Floats) -> Floats:
    return np.sin(2 * np.pi * (u + phase))


def _bent(x: Floats, y: Floats, bend: float, waves: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Each coordinate is moved by a wave of x and a wave of y: the elastic distortion of Simard et al. 2003, made
    of sines and applied to the path of the pen, so that the ink stays sharp."""
    a, b, c, d, *phase = waves
    u, v = x / WAVE, y / WAVE
    return (x + bend * (a * _wave(u, phase[0]) + b * _wave(v, phase[1])),
            y + bend * (c * _wave(u, phase[2]) + d * _wave(v, phase[3])))


def _turned(x: Floats, y: Floats, angle: Floats) -> tuple[Floats, Floats]:
    return np.cos(angle) * x - np.sin(angle) * y, np.sin(angle) * x + np.cos(angle) * y


def _boxed(x: Floats, y: Floats, radius: Floats) -> tuple[Floats, Floats, Floats]:
    """In pixels: the ink's longer side fills the box, the shorter lies in the middle.  So size and position, which
    also differ from hand to hand, leave no trace: that is what normalising is for."""
    (left, right), (top, bottom) = [((u - radius).min(axis=1, keepdims=True), (u + radius).max(axis=1, keepdims=True))
                                    for u in (x, y)]
    scale = BOX / np.maximum(right - left, bottom - top)
    return scale * (x - (left + right) / 2) + BOX / 2, scale * (y - (top + bottom) / 2) + BOX / 2, scale * radius


def _ink(x: Floats, y: Floats, radius: Floats, rim: float) -> Floats:
    """How black each pixel of the box is, (n, 20, 20) in [0, 1]: ink is the union of the discs around all dots.

    The power of a pixel, min over dots of d^2 - r^2, is negative inside, and its distance from the rim is about
    sqrt(power + R^2) - R, R being the mean radius.  Grey falls from 1 to 0 over `rim` pixels.
    """
    pixel = (np.arange(BOX) + 0.5).astype(np.float32)
    across, down = (np.square(pixel - u[:, :, None].astype(np.float32)) for u in (x, y))     # (n, dots, 20)
    down -= np.square(radius[:, :, None]).astype(np.float32)
    power = np.full((len(x), BOX, BOX), np.inf, np.float32)
    for dot in range(DOTS):
        np.minimum(power, down[:, dot, :, None] + across[:, dot, None, :], out=power)
    mean = radius.mean(axis=1, dtype=np.float32)[:, None, None]
    return np.clip(0.5 - (np.sqrt(np.maximum(power + mean**2, 0)) - mean) / rim, 0, 1)


def _centred(ink: Floats) -> Images:
    """The box on a page of 28 x 28, moved by whole pixels to bring its centre of mass nearest to pixel (14, 14)."""
    box, place = np.rint(255 * ink).astype(np.uint8), np.arange(BOX)
    mass = box.sum(axis=(1, 2))
    top, left = (np.rint(PAGE / 2 - box.sum(axis=axis) @ place / mass).astype(np.intp).clip(0, PAGE - BOX)
                 for axis in (2, 1))
    page = np.zeros((len(box), PAGE, PAGE), np.uint8)
    rows, columns = top[:, None] + place, left[:, None] + place                              # (n, 20)
    page[np.arange(len(box))[:, None, None], rows[:, :, None], columns[:, None, :]] = box
    return page
