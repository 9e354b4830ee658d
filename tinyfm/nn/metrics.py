"""Metrics of compile(metrics=[...]): names that mean what fits the loss, as in Keras."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinyfm.errors import SettingError, spell

Metric = Callable[[Any, Any], float]


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> float:
    """The share of examples whose most probable class is the label."""
    return float(np.mean(y_pred.argmax(-1) == np.reshape(y_true, y_pred.shape[:-1])))


def categorical_accuracy(y_true: Any, y_pred: Any) -> float:
    """The same for one-hot labels."""
    return float(np.mean(y_pred.argmax(-1) == np.argmax(y_true, -1)))


def binary_accuracy(y_true: Any, y_pred: Any) -> float:
    """The share of predictions on the right side of 0.5."""
    return float(np.mean((y_pred > 0.5) == (np.reshape(y_true, y_pred.shape) > 0.5)))


def mean_squared_error(y_true: Any, y_pred: Any) -> float:
    return float(np.mean(np.square(y_pred - np.reshape(y_true, y_pred.shape))))


def mean_absolute_error(y_true: Any, y_pred: Any) -> float:
    return float(np.mean(np.abs(y_pred - np.reshape(y_true, y_pred.shape))))


def accuracy(y_true: Any, y_pred: Any) -> float:
    """Which accuracy is meant shows in the shapes: labels, one-hot labels, or one probability."""
    if y_pred.shape[-1] == 1 or y_pred.ndim == 1: return binary_accuracy(y_true, y_pred)
    return (categorical_accuracy if np.shape(y_true) == y_pred.shape else sparse_categorical_accuracy)(y_true, y_pred)


NAMED: dict[str, Metric] = {
    "accuracy": accuracy, "acc": accuracy, "sparse_categorical_accuracy": sparse_categorical_accuracy,
    "categorical_accuracy": categorical_accuracy, "binary_accuracy": binary_accuracy, "mse": mean_squared_error,
    "mean_squared_error": mean_squared_error, "mae": mean_absolute_error, "mean_absolute_error": mean_absolute_error,
}


def named_metrics(metrics: Sequence[Any], loss: Any) -> dict[str, Metric]:
    """{name: function of (y_true, y_pred)} for names, and for functions as they are."""
    found: dict[str, Metric] = {}
    for metric in metrics:
        if isinstance(metric, str) and metric in NAMED: found[metric] = NAMED[metric]
        elif callable(metric): found[getattr(metric, "__name__", type(metric).__name__)] = metric
        else:
            raise SettingError(f"No metric is called {spell(metric)}; there are {', '.join(NAMED)}. "
                               "A function of (y_true, y_pred) works too.")
    return found
