"""Right or wrong: accuracy, and for every class precision, recall and F1, all from the confusion matrix."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tinyfm.errors import ShapeError
from tinyfm.metrics.inputs import (
    Floats,
    Labels,
    check_same_shape,
    label_pairs,
    numbers,
    true_labels,
    without_last_one,
    zero_or_one,
)

Average: TypeAlias = Literal["micro", "macro", "weighted"]
MOST_CLASSES = 10_000         # their confusion matrix takes 800 MB


def accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """The share of predictions that are right.

    y_pred: integer labels of y_true's shape; or probabilities of class 1, (n,) or (n, 1); or scores (..., classes).
    y_true: labels, or one-hot rows of the scores' shape.
    """
    true, predicted, _ = label_pairs(y_true, y_pred)
    return float(np.mean(true == predicted))


def binary_accuracy(y_true: ArrayLike, y_pred: ArrayLike, *, threshold: float = 0.5) -> float:
    """The share of entries where [y_pred > threshold] = y_true; any shape, several labels per example too."""
    true, predicted = without_last_one(numbers(y_true, "y_true")), without_last_one(numbers(y_pred, "y_pred"))
    check_same_shape(true, predicted)
    return float(np.mean(zero_or_one(true) == (predicted > threshold)))


def top_k_accuracy(y_true: ArrayLike, y_pred: ArrayLike, *, k: int = 5) -> float:
    """The share of examples whose true class is among the k largest scores, (..., classes); top 1 is accuracy."""
    scores = numbers(y_pred, "y_pred")
    if scores.ndim < 2:
        raise ShapeError(f"top_k_accuracy expects scores (..., classes) in y_pred, received {scores.shape}")
    if k < 1:
        raise ValueError(f"k must be at least 1, received {k}")
    true = true_labels(numbers(y_true, "y_true"), scores.shape)[..., None]
    own = np.take_along_axis(scores, true, axis=-1)
    earlier = np.arange(scores.shape[-1]) < true          # of equal scores the first counts as the larger, as in argmax
    rank = np.sum((scores > own) | ((scores == own) & earlier), axis=-1)
    return float(np.mean(rank < k))


def confusion_matrix(y_true: ArrayLike, y_pred: ArrayLike, *, classes: int | None = None) -> NDArray[np.int64]:
    """C[i, j] = number of examples of class i that were predicted as class j.

    classes: by default as many as there are scores, or the largest label + 1.
    """
    true, predicted, known = label_pairs(y_true, y_pred)
    n = known if classes is None else classes
    if not known <= n <= MOST_CLASSES:
        raise ValueError(f"a confusion matrix of {n} classes; the arrays need {known}, the limit is {MOST_CLASSES}")
    return np.bincount(true.reshape(-1) * n + predicted.reshape(-1), minlength=n * n).reshape(n, n)


class PerClass(NamedTuple):
    precision: Floats         # each (classes,)
    recall: Floats
    f1: Floats
    support: Labels           # examples of the class


def per_class(y_true: ArrayLike, y_pred: ArrayLike, *, classes: int | None = None) -> PerClass:
    """Precision, recall, F1 and support of every class; of two classes entry 1 is the positive one's."""
    return _rates(confusion_matrix(y_true, y_pred, classes=classes))


def precision(y_true: ArrayLike, y_pred: ArrayLike, *, average: Average = "macro") -> float:
    """Of what was predicted as a class, the share that belongs to it: C[i, i] / sum_j C[j, i]."""
    matrix = confusion_matrix(y_true, y_pred)
    return _averaged(matrix, _rates(matrix).precision, average)


def recall(y_true: ArrayLike, y_pred: ArrayLike, *, average: Average = "macro") -> float:
    """Of what belongs to a class, the share that was predicted as such: C[i, i] / sum_j C[i, j]."""
    matrix = confusion_matrix(y_true, y_pred)
    return _averaged(matrix, _rates(matrix).recall, average)


def f1_score(y_true: ArrayLike, y_pred: ArrayLike, *, average: Average = "macro") -> float:
    """The harmonic mean of precision and recall of each class, then averaged: 2 C[i, i] / sum_j (C[i, j] + C[j, i])."""
    matrix = confusion_matrix(y_true, y_pred)
    return _averaged(matrix, _rates(matrix).f1, average)


def report(y_true: ArrayLike, y_pred: ArrayLike, *, names: Sequence[str] | None = None) -> str:
    """A table of precision, recall, F1 and support of the classes that occur, their averages, and the accuracy."""
    matrix = confusion_matrix(y_true, y_pred, classes=None if names is None else len(names))
    names = [str(i) for i in range(len(matrix))] if names is None else names
    rates, examples = _rates(matrix), matrix.sum()
    present = np.flatnonzero(_occurs(matrix)).tolist()
    rows = [(names[i], [rate[i] for rate in rates[:3]], rates.support[i]) for i in present]
    for average in get_args(Average)[1:]:
        rows.append((f"{average} mean", [_averaged(matrix, rate, average) for rate in rates[:3]], examples))
    width = max(len(name) for name, _, _ in rows)
    lines = [f"{name:>{width}}  {p:9.4f}  {r:6.4f}  {f:6.4f}  {n:7d}" for name, (p, r, f), n in rows]
    head, accuracy = "precision  recall      F1  support", np.trace(matrix) / examples
    return "\n".join([f"{'':{width}}  {head}", *lines, f"{'accuracy':>{width}}  {accuracy:9.4f}"])


def _rates(matrix: Labels) -> PerClass:
    hits, predicted, support = np.diag(matrix), matrix.sum(0), matrix.sum(1)
    return PerClass(_ratio(hits, predicted), _ratio(hits, support), _ratio(2 * hits, predicted + support), support)


def _ratio(above: Labels, below: Labels) -> Floats:
    return np.divide(above, below, out=np.zeros(above.shape), where=below > 0)


def _occurs(matrix: Labels) -> NDArray[np.bool]:
    return matrix.sum(0) + matrix.sum(1) > 0


def _averaged(matrix: Labels, rates: Floats, average: Average) -> float:
    if average == "micro":                                # each example has one label: all three rates are the accuracy
        return float(np.trace(matrix) / matrix.sum())
    if average == "macro":
        return float(rates[_occurs(matrix)].mean())
    if average == "weighted":
        return float(np.average(rates, weights=matrix.sum(1)))
    raise ValueError(f"average must be 'micro', 'macro' or 'weighted', received {average!r}; see also per_class")
