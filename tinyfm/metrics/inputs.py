"""What arrived, checked: numbers, labels, scores and probabilities in one form each."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tinyfm.errors import ShapeError

Floats: TypeAlias = NDArray[np.float64]
Labels: TypeAlias = NDArray[np.int64]


def numbers(x: ArrayLike, name: str) -> NDArray[Any]:
    x = np.asarray(x)
    if x.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold numbers, received dtype {x.dtype}; encode text labels as 0, 1, 2, ...")
    if x.ndim == 0 or x.size == 0:
        raise ShapeError(f"{name} must hold at least one example, received shape {x.shape}")
    if x.dtype.kind == "f" and np.isnan(x.min()):         # min hands NaN on, five times as fast as isnan of all
        raise ValueError(f"{name} holds {np.isnan(x).sum()} NaN among {x.size} values; has the training diverged?")
    return x


def check_same_shape(y_true: NDArray[Any], y_pred: NDArray[Any]) -> None:
    if y_true.shape != y_pred.shape:
        raise ShapeError(f"y_true has shape {y_true.shape}, y_pred {y_pred.shape}; they must be equal, reshape one")


def one_score(y_pred: NDArray[Any]) -> bool:
    """Is it a single probability per example, of class 1?"""
    return y_pred.ndim == 1 or y_pred.shape[-1] == 1


def without_last_one(x: NDArray[Any]) -> NDArray[Any]:
    return x[..., 0] if x.ndim > 1 and x.shape[-1] == 1 else x


def zero_or_one(y_true: NDArray[Any]) -> Labels:
    if not np.isin(y_true, (0, 1)).all():
        raise ValueError(f"for one score per example y_true must be 0 or 1, received {np.unique(y_true)[:5]}")
    return y_true.astype(np.int64)


def label_pairs(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[Labels, Labels, int]:
    """True labels, predicted labels of the same shape, and the number of classes."""
    true, predicted = numbers(y_true, "y_true"), numbers(y_pred, "y_pred")
    if predicted.dtype.kind in "biu":
        check_same_shape(true, predicted)
        classes = int(max(true.max(), predicted.max())) + 1
        return class_numbers(true, classes), class_numbers(predicted, classes), classes
    if one_score(predicted):
        true, predicted = without_last_one(true), without_last_one(predicted)
        check_same_shape(true, predicted)
        return zero_or_one(true), (predicted > 0.5).astype(np.int64), 2
    return true_labels(true, predicted.shape), predicted.argmax(-1), predicted.shape[-1]


def true_labels(y_true: NDArray[Any], scores: tuple[int, ...]) -> Labels:
    """Labels from labels or one-hot rows, for scores of shape (..., classes)."""
    if y_true.shape == scores:
        return y_true.argmax(-1)
    if y_true.shape in (scores[:-1], (*scores[:-1], 1)):
        return class_numbers(y_true.reshape(scores[:-1]), scores[-1])
    raise ShapeError(f"for scores {scores} y_true must be labels {scores[:-1]} or one-hot, received {y_true.shape}")


def class_numbers(labels: NDArray[Any], classes: int) -> Labels:
    if labels.min() < 0 or labels.max() >= classes or (labels != np.floor(labels)).any():
        raise ValueError(f"labels must be 0, 1, ..., {classes - 1}, received {labels.min()} to {labels.max()}")
    return labels.astype(np.int64)


def distributions(y_pred: ArrayLike) -> NDArray[Any]:
    """Probabilities (..., classes), from those or from one of class 1 per example."""
    p = numbers(y_pred, "y_pred")
    p = p if p.dtype.kind == "f" else p.astype(np.float64)
    if p.min() < 0 or p.max() > 1:
        raise ValueError(f"y_pred must be probabilities, received values from {p.min()} to {p.max()}; apply a softmax")
    if one_score(p):
        p = without_last_one(p)
        return np.stack([1 - p, p], -1)
    if np.abs(p.sum(-1) - 1).max() > 1e-3:
        raise ValueError(f"the rows of y_pred must sum to 1, received sums from {p.sum(-1).min()} to {p.sum(-1).max()}")
    return p
