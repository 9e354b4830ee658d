"""For text: some tokens are hidden, or left out."""
from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tinyfm.data.augmentation.warp import Array, Generator, between
from tinyfm.errors import ShapeError


def mask_tokens(tokens: ArrayLike, rng: Generator, mask: int, share: float = 0.15) -> tuple[Array, Array]:
    """(tokens with some replaced by `mask`, which ones: booleans), each with probability `share`.

    tokens: integers (n, time).  What was hidden is what a model then has to tell: Devlin et al. 2019.
    """
    tokens, hidden = chosen(tokens, rng, share, "mask_tokens")
    return np.where(hidden, tokens.dtype.type(mask), tokens), hidden


def delete_tokens(tokens: ArrayLike, rng: Generator, padding: int, share: float = 0.15) -> Array:
    """Each token left out with probability `share`; the others move up, and `padding` fills the end: (n, time)."""
    tokens, gone = chosen(tokens, rng, share, "delete_tokens")
    order = np.argsort(gone, axis=1, kind="stable")                                   # False before True
    moved, empty = np.take_along_axis(tokens, order, 1), np.take_along_axis(gone, order, 1)
    return np.where(empty, tokens.dtype.type(padding), moved)


def chosen(tokens: ArrayLike, rng: Generator, share: float, name: str) -> tuple[Array, Array]:
    tokens = np.asarray(tokens)
    if tokens.ndim != 2 or tokens.dtype.kind not in "iu":
        raise ShapeError(f"{name} takes integers (n, time), received {tokens.dtype} of shape {tokens.shape}.")
    return tokens, rng.random(tokens.shape) < between(name, "share", share, 0, 1)
