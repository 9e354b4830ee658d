"""What a trained model is worth: numbers from what was true and what was predicted.

Every function takes arrays `(y_true, y_pred)` and returns floats.  Conventions, the same everywhere:

    labels       integers 0, 1, 2, ...; a confusion matrix has the true ones as rows, the predicted ones as columns
    scores       (..., classes): the largest wins, of equal ones the first
    probability  (n,) or (n, 1), of class 1: above 0.5 it is predicted.  For logits pass `y_pred > 0`
    0 / 0        the precision of a class never predicted, the recall of a class that never occurs: 0
    macro        the mean over the classes that occur in y_true or y_pred

Nothing broadcasts: (n, 1) against (n,) is a ShapeError where it could mean two things.  NaN and empty arrays are a
ValueError.  The metrics that `get` knows are means over the examples, so batches may be averaged by their sizes.
"""

from collections.abc import Callable
from typing import TypeAlias

from numpy.typing import ArrayLike

from tinyfm.metrics.classification import (
    PerClass,
    accuracy,
    binary_accuracy,
    confusion_matrix,
    f1_score,
    per_class,
    precision,
    recall,
    report,
    top_k_accuracy,
)
from tinyfm.metrics.folds import cross_validate, k_fold
from tinyfm.metrics.probability import (
    Calibration,
    RocCurve,
    calibration,
    expected_calibration_error,
    log_loss,
    roc_auc,
    roc_curve,
)
from tinyfm.metrics.probing import Probe, probe
from tinyfm.metrics.regression import mean_absolute_error, mean_squared_error, r2_score

__all__ = [
    "Calibration", "Metric", "PerClass", "Probe", "RocCurve", "accuracy", "binary_accuracy", "calibration",
    "confusion_matrix", "cross_validate", "expected_calibration_error", "f1_score", "get", "k_fold", "log_loss",
    "mean_absolute_error", "mean_squared_error", "per_class", "precision", "probe", "r2_score", "recall", "report",
    "roc_auc", "roc_curve", "top_k_accuracy",
]  # fmt: skip

Metric: TypeAlias = Callable[[ArrayLike, ArrayLike], float]

BY_NAME: dict[str, Metric] = {
    "accuracy": accuracy,
    "acc": accuracy,
    "binary_accuracy": binary_accuracy,
    "categorical_accuracy": accuracy,
    "sparse_categorical_accuracy": accuracy,
    "top_k_categorical_accuracy": top_k_accuracy,
    "sparse_top_k_categorical_accuracy": top_k_accuracy,
    "mean_squared_error": mean_squared_error,
    "mse": mean_squared_error,
    "mean_absolute_error": mean_absolute_error,
    "mae": mean_absolute_error,
    "log_loss": log_loss,
}


def get(metric: str | Metric) -> Metric:
    """The metric of a Keras name; a function is handed back.  Raises ValueError that lists the names."""
    if callable(metric):
        return metric
    if metric not in BY_NAME:
        raise ValueError(f"unknown metric {metric!r}; expected a function or one of {', '.join(BY_NAME)}")
    return BY_NAME[metric]
