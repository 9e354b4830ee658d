"""How far off the numbers are."""

import numpy as np
from numpy.typing import ArrayLike

from tinyfm.metrics.inputs import Floats, check_same_shape, numbers


def mean_squared_error(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """mean (y_true - y_pred)^2, over all entries."""
    return float(np.mean(np.square(_difference(y_true, y_pred))))


def mean_absolute_error(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """mean |y_true - y_pred|, over all entries."""
    return float(np.mean(np.abs(_difference(y_true, y_pred))))


def r2_score(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """1 - sum (y_true - y_pred)^2 / sum (y_true - mean)^2; of several columns, (n, outputs), the mean.

    A column of y_true that never varies scores 1 if it is predicted exactly, else 0.
    """
    rest = _difference(y_true, y_pred)
    if len(rest) < 2:
        raise ValueError("r2_score needs at least two examples")
    true = np.asarray(y_true, np.float64)
    unexplained = np.square(rest).sum(0)
    total = np.square(true - true.mean(0)).sum(0)
    constant = np.where(unexplained == 0, 1.0, 0.0)
    return float(np.mean(np.where(total == 0, constant, 1 - unexplained / np.where(total == 0, 1, total))))


def _difference(y_true: ArrayLike, y_pred: ArrayLike) -> Floats:
    true, predicted = numbers(y_true, "y_true"), numbers(y_pred, "y_pred")
    check_same_shape(true, predicted)
    return true.astype(np.float64) - predicted
