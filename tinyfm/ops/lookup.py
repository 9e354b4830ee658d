"""Ops that turn integers into vectors: one-hot codes and embeddings."""
from __future__ import annotations

from typing import Any

import numpy as np

from tinyfm.engine import Array, op
from tinyfm.errors import ShapeError
from tinyfm.kernels.lookup import add_rows


def check_range(name: str, ids: Array, size: int) -> None:
    if ids.dtype.kind not in "iu":
        raise ShapeError(f"{name} must be integers; received {ids.dtype} {ids.shape}.")
    if ids.size and not 0 <= ids.min() <= ids.max() < size:
        raise ShapeError(f"{name} must lie in 0 ... {size - 1}; received {ids.min()} to {ids.max()}.")


@op(r"y_k = [k = t]")
def one_hot(labels: Array, *, classes: int, dtype: Any = np.float32) -> Array:
    """1 in the place of the label, 0 elsewhere: (...) integers -> (..., classes)."""
    labels = np.asarray(labels)
    check_range("labels", labels, classes)
    return (labels[..., None] == np.arange(classes)).astype(dtype)


@op(r"y_n = W_{i_n}", "linear", weight=(r"\bar W_j = \sum_{n: i_n = j} \bar y_n", lambda g, ids, weight_shape:
                                       embedding_transpose(ids, g, rows=weight_shape[0])))
def embedding(ids: Array, weight: Array) -> Array:
    """Row i of the weight for every integer i: (...) and (rows, width) -> (..., width)."""
    ids = np.asarray(ids)
    check_range("ids", ids, len(weight))
    return weight[ids]


@op(r"W_j = \sum_{n: i_n = j} y_n", "linear", y=(r"\bar W_{i_n}", lambda g, ids: embedding(ids, g)))
def embedding_transpose(ids: Array, y: Array, *, rows: int) -> Array:
    """Zeros of shape (rows, width), to which every y_n is added in row i_n."""
    return add_rows(np.ravel(ids), np.reshape(y, (-1, np.shape(y)[-1])), rows)
