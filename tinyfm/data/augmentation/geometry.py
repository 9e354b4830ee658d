"""Shift, rotate, scale, shear, flip, crop: matrices; elastic: a field.

A matrix says where a pixel goes, p = (row, column, 1) counted from the middle of the image.  Matrices multiply, so any
number of movements is one gather: affine(x, translation(2, 0) @ rotation(30)).
"""
from __future__ import annotations

from math import inf

import numpy as np
from numpy.typing import ArrayLike

from tinyfm.data.augmentation.warp import Array, Generator, affine, between, images, warp

# ------------------------------------------------------------ matrices, (..., 3, 3) for numbers (...)

def matrices(a: ArrayLike, b: ArrayLike, c: ArrayLike, d: ArrayLike, down: ArrayLike = 0,
             right: ArrayLike = 0) -> Array:
    r"""((a, b, down), (c, d, right), (0, 0, 1))."""
    rows = np.broadcast_arrays(a, b, down, c, d, right, 0, 0, 1)
    return np.stack(rows, -1).reshape(*rows[0].shape, 3, 3).astype(np.float64)


def translation(down: ArrayLike, right: ArrayLike) -> Array:
    """By pixels."""
    return matrices(1, 0, 0, 1, down, right)


def rotation(degrees: ArrayLike) -> Array:
    """Counter-clockwise, as np.rot90 does."""
    t = np.radians(degrees)
    return matrices(np.cos(t), -np.sin(t), np.sin(t), np.cos(t))


def scaling(factor: ArrayLike) -> Array:
    """Above 1 larger."""
    return matrices(factor, 0, 0, factor)


def shearing(slope: ArrayLike) -> Array:
    """Rows slide: each pixel further up moves `slope` pixels further right, so that upright becomes slanted."""
    return matrices(1, 0, -np.asarray(slope), 1)


def cropping(share: ArrayLike, down: ArrayLike, right: ArrayLike) -> Array:
    """Enlarge a window to fill the image: `share` as wide as it, the middle `down` and `right` of the image's."""
    share = np.asarray(share)
    return matrices(1 / share, 0, 0, 1 / share, -np.asarray(down) / share, -np.asarray(right) / share)


# ------------------------------------------------------------ at random

def shift(x: ArrayLike, rng: Generator, pixels: int = 2, fill: float = 0) -> Array:
    """Every image by up to so many whole pixels, up or down and left or right."""
    x = images(x, "shift")
    down, right = rng.integers(-pixels, pixels, (2, len(x)), endpoint=True)
    return affine(x, translation(down, right), fill)


def rotate(x: ArrayLike, rng: Generator, degrees: float = 15, fill: float = 0) -> Array:
    """Every image by up to so many degrees, to either side."""
    x = images(x, "rotate")
    return affine(x, rotation(rng.uniform(-degrees, degrees, len(x))), fill)


def scale(x: ArrayLike, rng: Generator, strength: float = 0.2, fill: float = 0) -> Array:
    """Every image by a factor from 1 / (1 + strength) to 1 + strength, as often smaller as larger."""
    x = images(x, "scale")
    return affine(x, scaling(factors(rng, strength, len(x), "scale")), fill)


def shear(x: ArrayLike, rng: Generator, slope: float = 0.3, fill: float = 0) -> Array:
    """Every image slanted by up to so many pixels across for each pixel up, to either side."""
    x = images(x, "shear")
    return affine(x, shearing(rng.uniform(-slope, slope, len(x))), fill)


def crop(x: ArrayLike, rng: Generator, smallest: float = 0.7) -> Array:
    """A window anywhere in each image, at least `smallest` as wide, enlarged to fill it; never beyond the image."""
    x = images(x, "crop")
    share = rng.uniform(between("crop", "smallest", smallest, 1e-3, 1), 1, len(x))
    down, right = (1 - share) / 2 * rng.uniform(-1, 1, (2, len(x)))
    return affine(x, cropping(share, down * (x.shape[1] - 1), right * (x.shape[2] - 1)))


def random_affine(x: ArrayLike, rng: Generator, pixels: float = 2, degrees: float = 15, strength: float = 0.2,
                  slope: float = 0.3, fill: float = 0) -> Array:
    """shift, rotate, scale and shear in one gather, so that the image is blurred once and not four times."""
    x = images(x, "random_affine")
    n = len(x)
    down, right = rng.uniform(-pixels, pixels, (2, n))
    turn, slant = rotation(rng.uniform(-degrees, degrees, n)), shearing(rng.uniform(-slope, slope, n))
    grow = scaling(factors(rng, strength, n, "random_affine"))
    return affine(x, translation(down, right) @ turn @ slant @ grow, fill)


def flip(x: ArrayLike, rng: Generator, chance: float = 0.5) -> Array:
    """Left and right exchanged in so many of the images.  Not for digits: a mirrored 2 is no 2."""
    x = images(x, "flip")
    mirrored = rng.random(len(x)) < between("flip", "chance", chance, 0, 1)
    return np.where(mirrored[:, None, None, None], x[:, :, ::-1], x)


def elastic(x: ArrayLike, rng: Generator, pixels: float = 1.0, smoothness: float = 4.0, fill: float = 0) -> Array:
    """Every pixel moves by its own amount, alike for neighbours: as if the paper were rubber.  Simard et al. 2003.

    pixels: the standard deviation of the movement; smoothness: that of the bell curve which makes it smooth, in pixels.
    """
    x = images(x, "elastic")
    n, h, w, _ = x.shape
    field = rng.standard_normal((2, n, h, w), np.float32)
    moves = pixels * (bells(h, smoothness) @ field @ bells(w, smoothness).T)
    rows, columns = np.arange(h)[:, None] - moves[0], np.arange(w) - moves[1]
    return warp(x, rows, columns, fill)


def bells(size: int, width: float) -> Array:
    """A bell curve about each pixel as a row of length 1: averages of white noise by it have that noise's variance."""
    width = between("elastic", "smoothness", width, 1e-3, inf)
    i = np.arange(size)
    bell = np.exp(-((i[:, None] - i) / width) ** 2 / 2).astype(np.float32)
    return bell / np.linalg.norm(bell, axis=1, keepdims=True)


def factors(rng: Generator, strength: float, n: int, name: str) -> Array:
    most = np.log1p(between(name, "strength", strength, 0, inf))
    return np.exp(rng.uniform(-most, most, n))
