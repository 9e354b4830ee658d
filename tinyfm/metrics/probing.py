"""What are features worth?  Frozen, they must do with a few labels: a linear classifier and nearest neighbours tell."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tinyfm.errors import ShapeError
from tinyfm.metrics.inputs import Floats, Labels, class_numbers, numbers

Array = NDArray[Any]
PENALTIES = 10.0 ** np.arange(-4.0, 2.0)          # tried for each probe, from hardly any to strong
FOLDS = 5


@dataclass(frozen=True)
class Probe:
    """Accuracies on the test part, one for each draw of the labels that were shown."""

    linear: Floats
    neighbours: Floats
    penalty: Floats                               # what cross-validation chose

    def __str__(self) -> str:
        return "  ".join(f"{name} {found.mean():.4f} (from {found.min():.4f} to {found.max():.4f})"
                         for name, found in (("linear", self.linear), ("neighbours", self.neighbours)))


def probe(features: ArrayLike, labels: ArrayLike, test_features: ArrayLike, test_labels: ArrayLike, *,
          n_labels: int = 100, draws: int = 5, k: int = 3, seed: int = 0) -> Probe:
    """Show n_labels of the labels, as many of each class; classify the test part linearly, and by its k neighbours.

    features: (n, ...), labels: (n,).  Everything is chosen on the labels shown: features are centred and divided by one
    number, the linear probe's penalty is the best in five-fold cross-validation.  Other labels are drawn each time.
    """
    x, x_test = flat(features, "features"), flat(test_features, "test_features")
    classes = int(max(np.max(labels), np.max(test_labels))) + 1
    y, y_test = (class_numbers(numbers(part, "labels"), classes) for part in (labels, test_labels))
    for name, a, b in (("labels", x, y), ("test_labels", x_test, y_test)):
        if b.shape != a.shape[:1]: raise ShapeError(f"probe: {name} {b.shape} for features of {len(a)} examples.")
    if x.shape[1] != x_test.shape[1]:
        raise ShapeError(f"probe: features have {x.shape[1]} columns, test_features {x_test.shape[1]}.")
    if not 1 <= k <= n_labels: raise ValueError(f"probe: k must be between 1 and n_labels={n_labels}, received {k}.")
    if draws < 1: raise ValueError(f"probe: draws must be at least 1, received {draws}.")
    rng, rows = np.random.default_rng(seed), []
    for _ in range(draws):
        shown = balanced(y, n_labels, rng)
        a, t = x[shown].astype(np.float64), y[shown]
        centre = a.mean(0)
        spread = np.sqrt(np.square(a - centre).sum(1).mean()) or 1.0
        a, b = (a - centre) / spread, (x_test - centre) / spread
        penalty = best_penalty(a, t, classes, rng)
        linear = (b @ logistic_regression(a, t, classes, np.array([penalty]))[0]).argmax(1)
        rows.append((np.mean(linear == y_test), np.mean(nearest(a, t, b, k, classes) == y_test), penalty))
    return Probe(*np.array(rows).T)


def logistic_regression(x: Array, y: Labels, classes: int, penalties: Floats) -> Floats:
    r"""W that makes mean(-ln softmax(x W)_y) + penalty ||W||^2 / 2 least, (penalties, features, classes).

    Seen in the axes of x = U S V', W = V A: what is orthogonal to all examples stays 0.  The curvature is nowhere more
    than S^2 / 2n + penalty in each of these axes (Boehning 1992), so steps by its inverse need no step size; each
    starts a little further on than the last ended (Nesterov 1983), anew whenever that leads uphill.
    """
    u, s, v = np.linalg.svd(x, full_matrices=False)
    z, n = u * s, len(x)
    target = np.eye(classes)[y]
    penalty = penalties[:, None, None]
    step = 1 / (s[:, None] ** 2 / (2 * n) + penalty)                                  # (penalties, axes, 1)
    a = np.zeros((len(penalties), len(s), classes))
    ahead, t = a, np.ones_like(penalty)
    for _ in range(ITERATIONS):
        slope = z.T @ (softmax(z @ ahead) - target) / n + penalty * ahead
        new = ahead - step * slope
        uphill = (slope * (new - a)).sum((1, 2), keepdims=True) > 0                   # O'Donoghue & Candes 2015
        t_new = np.where(uphill, 1, (1 + np.sqrt(1 + 4 * t**2)) / 2)
        ahead = new + np.where(uphill, 0, (t - 1) / t_new) * (new - a)
        moved, a, t = np.abs(new - a).max(), new, t_new
        if moved < TOLERANCE * max(1.0, np.abs(a).max()): break
    return v.T @ a


ITERATIONS, TOLERANCE = 500, 1e-5


def best_penalty(x: Array, y: Labels, classes: int, rng: np.random.Generator) -> float:
    """Of PENALTIES that with the most right in five-fold cross-validation, of equals the strongest."""
    order = rng.permutation(len(y))
    fold = np.empty(len(y), int)
    fold[order[np.argsort(y[order], kind="stable")]] = np.arange(len(y)) % FOLDS      # each class in all folds
    right = np.zeros(len(PENALTIES))
    for i in range(FOLDS):
        w = logistic_regression(x[fold != i], y[fold != i], classes, PENALTIES)
        right += ((x[fold == i] @ w).argmax(-1) == y[fold == i]).sum(1)
    return float(PENALTIES[np.flatnonzero(right == right.max())[-1]])


def nearest(x: Array, y: Labels, test: Array, k: int, classes: int) -> Labels:
    """The class of most of the k examples nearest in angle; of classes with equally many, that of the nearest."""
    similar = unit(test) @ unit(x).T
    order = np.argsort(-similar, axis=1, kind="stable")[:, :k]
    votes = np.eye(classes)[y[order]] * (1 + 1e-6 * np.arange(k, 0, -1)[:, None])
    return votes.sum(1).argmax(1)


def balanced(y: Labels, n: int, rng: np.random.Generator) -> Labels:
    """n rows at random, as many of each class that occurs."""
    found, counts = np.unique(y, return_counts=True)
    each = n // len(found)
    if each < 1 or n % len(found) or each > counts.min():
        raise ValueError(f"probe shows as many labels of each class; {n} of {len(found)} classes, of which the rarest "
                         f"has {counts.min()} examples, cannot be. Take a multiple of {len(found)}.")
    return np.concatenate([rng.choice(np.flatnonzero(y == c), each, replace=False) for c in found])


def softmax(x: Array) -> Array:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def unit(x: Array) -> Array: return x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-12)


def flat(x: ArrayLike, name: str) -> Array:
    x = numbers(x, name)
    return x.reshape(len(x), -1)
