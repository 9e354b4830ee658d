"""Who is learnt from, who is tested on, and in which order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tinyfm.errors import ShapeError

Rows = NDArray[np.intp]


def train_test_split(*arrays: Any, test_size: float = 0.25, seed: int | np.random.Generator = 0,
                     stratify: ArrayLike | None = None) -> list[Any]:
    """[a_train, a_test, b_train, b_test, ...]: the same random rows of every array, list or Table.

    test_size: a share below 1, or a number of rows.
    stratify: labels (n,); both parts then hold every class in its share, to within one row.
    Raises ShapeError for arrays of different lengths, ValueError for a part without rows.
    """
    n = _common_length(arrays)
    size = round(test_size * n) if test_size < 1 else int(test_size)
    if not 0 < size < n:
        raise ValueError(f"test_size={test_size} takes {size} of {n} rows; both parts need at least one.")
    rng = np.random.default_rng(seed)
    order = _grouped(n, rng, stratify)
    chosen = np.zeros(n, bool)
    chosen[(np.arange(size) * n + rng.integers(n)) // size] = True    # evenly spaced: each class in its share
    train, test = rng.permutation(order[~chosen]), rng.permutation(order[chosen])
    return [_rows(array, part) for array in arrays for part in (train, test)]


def kfold(n: int, folds: int = 5, *, seed: int | np.random.Generator = 0,
          stratify: ArrayLike | None = None) -> Iterator[tuple[Rows, Rows]]:
    """(train, test) row numbers, `folds` times; every row is tested on exactly once.

    stratify: labels (n,); every fold then holds every class in its share, to within one row.
    Raises ValueError unless 2 <= folds <= n.
    """
    if not 2 <= folds <= n:
        raise ValueError(f"kfold cuts {n} rows into 2 to {n} folds, received folds={folds}.")
    rng = np.random.default_rng(seed)
    order = _grouped(n, rng, stratify)
    fold = np.arange(n) % folds
    for i in range(folds):
        yield rng.permutation(order[fold != i]), order[fold == i]


def batches(n: int, batch_size: int, rng: np.random.Generator | None = None) -> Iterator[Rows | slice]:
    """The rows 0..n-1 in batches, the last one shorter: shuffled indices with `rng`, slices (no copies) without."""
    if batch_size < 1:
        raise ValueError(f"A batch has at least one row, received batch_size={batch_size}.")
    order = None if rng is None else rng.permutation(n)
    for start in range(0, n, batch_size):
        rows = slice(start, min(start + batch_size, n))
        yield rows if order is None else order[rows]


def _grouped(n: int, rng: np.random.Generator, labels: ArrayLike | None) -> Rows:
    """A random order of the rows, brought together by label where labels are given."""
    order = rng.permutation(n)
    if labels is None:
        return order
    labels = np.asarray(labels)
    if labels.shape != (n,):
        raise ShapeError(f"stratify should be labels of shape ({n},), received shape {labels.shape}.")
    return order[np.argsort(labels[order], kind="stable")]


def _common_length(arrays: tuple[Any, ...]) -> int:
    lengths = [len(array) for array in arrays]
    if len(set(lengths)) != 1:
        raise ShapeError(f"train_test_split takes arrays of one length, received lengths {lengths}.")
    return lengths[0]


def _rows(array: Any, rows: Rows) -> Any:
    return [array[i] for i in rows] if isinstance(array, list) else array[rows]
