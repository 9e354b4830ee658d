"""How good the probabilities are: ROC curve, log loss, calibration."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tinyfm.errors import ShapeError
from tinyfm.metrics.inputs import (
    Floats,
    Labels,
    check_same_shape,
    distributions,
    numbers,
    one_score,
    true_labels,
    without_last_one,
    zero_or_one,
)


class RocCurve(NamedTuple):
    false_positive_rate: Floats
    true_positive_rate: Floats
    thresholds: Floats        # descending, from inf: class 1 is predicted where score >= threshold


def roc_curve(y_true: ArrayLike, y_score: ArrayLike) -> RocCurve:
    """The rates of false and of true positives for every threshold between "never" and "always"; ties move together.

    y_true: 0 or 1, (n,); y_score: (n,), larger for class 1.  For one class k of many pass `y == k, scores[:, k]`.
    """
    true, score = zero_or_one(numbers(y_true, "y_true")), numbers(y_score, "y_score")
    if true.ndim != 1:
        raise ShapeError(f"roc_curve expects arrays of shape (n,), received {true.shape} in y_true")
    check_same_shape(true, score)
    values, place = np.unique(score, return_inverse=True)
    positives = np.bincount(place, true, len(values))[::-1].cumsum()
    negatives = np.bincount(place, 1 - true, len(values))[::-1].cumsum()
    if not positives[-1] or not negatives[-1]:
        raise ValueError("a ROC curve needs examples of class 0 and of class 1, y_true holds only one of them")
    return RocCurve(
        np.append(0.0, negatives / negatives[-1]), np.append(0.0, positives / positives[-1]),
        np.append(np.inf, values[::-1]),
    )  # fmt: skip


def roc_auc(y_true: ArrayLike, y_score: ArrayLike) -> float:
    """The area under the ROC curve: P(score of a 1 > score of a 0) + P(equal) / 2."""
    x, y, _ = roc_curve(y_true, y_score)
    return float(np.trapezoid(y, x))


def log_loss(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """-mean ln p[true class], with p not below the machine epsilon of its dtype.

    y_pred: probabilities, (n,) or (n, 1) of class 1, or (..., classes) that sum to 1.
    """
    p = distributions(y_pred)
    own = np.take_along_axis(p, _truth(y_true, p)[..., None], -1)
    return float(0.0 - np.log(np.maximum(own, np.finfo(p.dtype).eps)).mean(dtype=np.float64))    # 0, never -0


class Calibration(NamedTuple):
    confidence: Floats        # each (bins,): the mean probability of the bin's predictions, nan if it has none
    accuracy: Floats          # how often they came true, nan if it has none
    counts: Labels
    error: float              # the expected calibration error, sum counts / n |accuracy - confidence|


def calibration(y_true: ArrayLike, y_pred: ArrayLike, *, bins: int = 10) -> Calibration:
    """Does what is predicted with probability p happen with frequency p?  Bins [0, 1/bins], ..., (1 - 1/bins, 1].

    y_pred: probabilities, (n,) or (n, 1) of class 1, compared with how often it occurs; or (..., classes), of which the
    largest is compared with how often it is right.  Guo et al. 2017, section 2.
    """
    if bins < 1:
        raise ValueError(f"bins must be at least 1, received {bins}")
    p = distributions(y_pred)
    true = _truth(y_true, p)
    confidence, came_true = (p[..., 1], true) if one_score(np.asarray(y_pred)) else (p.max(-1), p.argmax(-1) == true)
    place = np.searchsorted(np.linspace(0, 1, bins + 1)[1:], confidence.reshape(-1))
    counts = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore"):                   # 0 / 0 is the nan of an empty bin
        mean = np.bincount(place, confidence.reshape(-1), bins) / counts
        frequency = np.bincount(place, came_true.reshape(-1), bins) / counts
    error = np.nansum(counts * np.abs(frequency - mean)) / counts.sum()
    return Calibration(mean, frequency, counts, float(error))


def expected_calibration_error(y_true: ArrayLike, y_pred: ArrayLike, *, bins: int = 10) -> float:
    """sum over bins of counts / n |accuracy - confidence|; see `calibration`."""
    return calibration(y_true, y_pred, bins=bins).error


def _truth(y_true: ArrayLike, p: NDArray[Any]) -> Labels:
    return true_labels(without_last_one(numbers(y_true, "y_true")), p.shape)
