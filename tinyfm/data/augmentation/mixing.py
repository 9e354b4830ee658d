"""Two examples made one, and their labels mixed in the same proportion."""
from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tinyfm.data.augmentation.pixels import rectangles
from tinyfm.data.augmentation.warp import Array, Generator, images, like
from tinyfm.errors import SettingError, ShapeError, spell


def mixup(x: ArrayLike, y: ArrayLike, rng: Generator, alpha: float = 0.2) -> tuple[Array, Array]:
    """l x + (1 - l) x', l y + (1 - l) y', x' another example of the batch, l ~ Beta(alpha, alpha).

    y: (n, classes), one-hot or mixed already; floats are returned.  alpha 0 mixes nothing.  Zhang et al. 2018.
    """
    x, y = pair(x, y, "mixup")
    partner, kept = rng.permutation(len(x)), shares(rng, alpha, len(x), "mixup")
    l = kept.astype(np.result_type(x, np.float32))[:, None, None, None]
    return like(l * x + (1 - l) * x[partner], x), mixed(y, partner, kept)


def cutmix(x: ArrayLike, y: ArrayLike, rng: Generator, alpha: float = 1.0) -> tuple[Array, Array]:
    """A rectangle of each image is taken from another of the batch; labels count by area.  Yun et al. 2019.

    y: (n, classes), one-hot or mixed already; floats are returned.  alpha 0 mixes nothing.
    """
    x, y = pair(x, y, "cutmix")
    partner = rng.permutation(len(x))
    taken = rectangles(rng, 1 - shares(rng, alpha, len(x), "cutmix"), x.shape[1:3])
    return np.where(taken[..., None], x[partner], x), mixed(y, partner, 1 - taken.mean((1, 2)))


def mixed(y: Array, partner: Array, kept: Array) -> Array:
    kept = kept.astype(y.dtype)[:, None]
    return kept * y + (1 - kept) * y[partner]


def shares(rng: Generator, alpha: float, n: int, name: str) -> Array:
    """What each example keeps of itself."""
    if alpha == 0: return np.ones(n)
    if not alpha > 0: raise SettingError(f"{name}: alpha must be at least 0, received {spell(alpha)}.")
    return rng.beta(alpha, alpha, n)


def pair(x: ArrayLike, y: ArrayLike, name: str) -> tuple[Array, Array]:
    x, y = images(x, name), np.asarray(y)
    if y.ndim != 2 or len(y) != len(x):
        raise ShapeError(f"{name} mixes labels (n, classes) with images (n, ...); received y {y.shape} for x {x.shape}."
                         " For integer labels: tinyfm.one_hot(y, classes=...).")
    return x, y if y.dtype.kind == "f" else y.astype(np.float32)
