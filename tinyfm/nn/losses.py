"""What a prediction costs, as Keras names it: loss(y_true, y_pred) is one number, the mean over all examples.

A loss on probabilities goes back to the logits that they were made of, where the last layer's softmax or sigmoid has
left them (`Tensor.logits`): log softmax is exact where softmax has long rounded to 0 or 1.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tinyfm import ops
from tinyfm.arguments import given
from tinyfm.engine import Tensor
from tinyfm.errors import SettingError, ShapeError, spell
from tinyfm.ops import losses

Array: TypeAlias = NDArray[Any]

EPSILON = 1e-7                                   # how near to 0 and 1 a bare probability is taken to be, as in Keras


class Loss:
    """loss(y_true, y_pred, sample_weight=None) -> a tensor with one number.

    A subclass writes `call(y_true, y_pred)`: a cost for each example (or each of its elements; then they are averaged).
    With sample_weight (n,) it is sum(weight cost) / n, as in Keras.
    """

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The costs, not yet averaged."""
        raise NotImplementedError(f"{type(self).__name__} has no call(self, y_true, y_pred).")

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        costs = self.call(y_true, y_pred)
        if sample_weight is None: return ops.mean(costs)
        weight = np.asarray(sample_weight, costs.dtype)
        if weight.shape != costs.shape[:weight.ndim]:
            raise ShapeError(f"sample_weight has shape {weight.shape}; one for each example is {costs.shape[:1]}.")
        return ops.mean(costs * weight.reshape(weight.shape + (1,) * (len(costs.shape) - weight.ndim)))

    def check(self, y_true: Array, y_pred: Any) -> None:
        """Look at all targets before training; y_pred is one prediction.  ValueError names the first bad target."""

    def get_config(self) -> dict[str, Any]:
        """The arguments that make the same loss again."""
        return given(self)


class MeanSquaredError(Loss):
    """(y - t)^2."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return losses.mean_squared_error(y_pred, as_target(y_true, y_pred), reduction="none")


class MeanAbsoluteError(Loss):
    """|y - t|."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return losses.mean_absolute_error(y_pred, as_target(y_true, y_pred), reduction="none")


class Huber(Loss):
    """(y - t)^2 / 2 within delta of t, delta (|y - t| - delta / 2) beyond.  Huber 1964."""

    def __init__(self, delta: float = 1.0) -> None: self.delta = delta

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return losses.huber(y_pred, as_target(y_true, y_pred), delta=self.delta, reduction="none")


class LogCosh(Loss):
    """ln cosh(y - t): (y - t)^2 / 2 near t, |y - t| - ln 2 far away."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return losses.log_cosh(y_pred, as_target(y_true, y_pred), reduction="none")


class Hinge(Loss):
    """max(1 - t y, 0), t = -1 or 1; labels 0 and 1 are taken as -1 and 1, as in Keras."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        target = as_target(y_true, y_pred)
        if np.isin(target, (0, 1)).all(): target = 2 * target - 1
        return losses.hinge(y_pred, target, reduction="none")


class KLDivergence(Loss):
    """sum_k t_k ln(t_k / y_k): how far the distribution y is from t."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        target, logits = as_target(y_true, y_pred), logits_of(y_pred)
        log_y = ops.log(bounded(y_pred)) if logits is None else ops.log_softmax(logits)
        return ops.sum(losses.kl_divergence(log_y, target, reduction="none"), axis=-1)


class BinaryCrossentropy(Loss):
    """-t ln p - (1 - t) ln(1 - p), p the probability of class 1, or sigmoid(y_pred) with from_logits."""

    def __init__(self, from_logits: bool = False, label_smoothing: float = 0.0) -> None:
        self.from_logits, self.label_smoothing = from_logits, label_smoothing

    def call(self, y_true: Any, y_pred: Any) -> Any:
        target = as_target(y_true, y_pred)
        if self.label_smoothing: target = target * (1 - self.label_smoothing) + self.label_smoothing / 2
        logits = y_pred if self.from_logits else logits_of(y_pred)
        if logits is not None: return losses.binary_cross_entropy_with_logits(logits, target, reduction="none")
        return losses.binary_cross_entropy(bounded(y_pred), target, reduction="none")

    def check(self, y_true: Array, y_pred: Any) -> None:
        refuse((y_true < 0) | (y_true > 1), y_true, "binary_crossentropy takes targets between 0 and 1")


class CategoricalCrossentropy(Loss):
    """-sum_k t_k ln y_k, t a distribution over the classes (one-hot, say); y_pred are its logits with from_logits."""

    def __init__(self, from_logits: bool = False, label_smoothing: float = 0.0) -> None:
        self.from_logits, self.label_smoothing = from_logits, label_smoothing

    def call(self, y_true: Any, y_pred: Any) -> Any:
        if np.ndim(y_true) + 1 == len(y_pred.shape):
            raise ShapeError(f"categorical_crossentropy takes a probability for each class, shape {y_pred.shape}; "
                             f"received {np.shape(y_true)}. For labels take loss='sparse_categorical_crossentropy'.")
        return losses.softmax_cross_entropy(self.scores(y_pred), as_target(y_true, y_pred), reduction="none",
                                            label_smoothing=self.label_smoothing)

    def scores(self, y_pred: Any) -> Any:
        """Logits: given, remembered, or ln y, whose softmax is y again if that sums to 1 (it is divided by its sum)."""
        logits = y_pred if self.from_logits else logits_of(y_pred)
        return ops.log(bounded(y_pred)) if logits is None else logits


class SparseCategoricalCrossentropy(CategoricalCrossentropy):
    """-ln y_t, t an integer: the class; y_pred are its logits with from_logits."""

    def __init__(self, from_logits: bool = False) -> None: super().__init__(from_logits)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        labels = np.asarray(y_true.data if type(y_true) is Tensor else y_true)
        if labels.shape == (*y_pred.shape[:-1], 1): labels = labels[..., 0]          # a column of labels, as in Keras
        if labels.dtype.kind == "f" and (labels == np.floor(labels)).all(): labels = labels.astype(np.int64)
        if labels.dtype.kind not in "iu" or labels.shape == y_pred.shape:
            raise TypeError(f"sparse_categorical_crossentropy takes one integer an example; received {spell(y_true)} "
                            f"for predictions {y_pred.shape}. For one-hot: loss='categorical_crossentropy'.")
        return losses.softmax_cross_entropy(self.scores(y_pred), labels, reduction="none")

    def check(self, y_true: Array, y_pred: Any) -> None:
        classes = y_pred.shape[-1]
        refuse((y_true < 0) | (y_true >= classes), y_true, f"with {classes} outputs the labels are 0 to {classes - 1}")


class Function(Loss):
    """Any function of (y_true, y_pred) that gives a cost for each example, or one number."""

    def __init__(self, function: Callable[..., Any]) -> None: self.function = function

    def call(self, y_true: Any, y_pred: Any) -> Any: return self.function(y_true, y_pred)


def as_target(y_true: Any, y_pred: Any) -> Any:
    """The target as an array in the dtype of the prediction; refused unless it has the same shape."""
    target = np.asarray(y_true.data if type(y_true) is Tensor else y_true)
    if target.dtype != y_pred.dtype: target = target.astype(y_pred.dtype)
    return target


def refuse(bad: Array, y_true: Array, why: str) -> None:
    """Raise ValueError for the first target that is bad."""
    if not bad.any(): return
    place = tuple(int(i) for i in np.argwhere(bad)[0])
    where = ", ".join(map(str, place))
    raise ValueError(f"y[{where}] is {y_true[place]}; {why}. {np.count_nonzero(bad)} of {bad.size} are outside.")


def logits_of(y_pred: Any) -> Any:
    """What the last layer's softmax or sigmoid was given, where y_pred comes from one; else None."""
    return getattr(y_pred, "logits", None)


def bounded(p: Any) -> Any:
    """A probability kept off 0 and 1, as Keras does; gradient 0 beyond."""
    return ops.clip(p, min=EPSILON, max=1 - EPSILON)


Losses: TypeAlias = str | Loss | Callable[..., Any]
NAMED: dict[str, type[Loss]] = {
    "sparse_categorical_crossentropy": SparseCategoricalCrossentropy,
    "categorical_crossentropy": CategoricalCrossentropy, "binary_crossentropy": BinaryCrossentropy,
    "mean_squared_error": MeanSquaredError, "mse": MeanSquaredError,
    "mean_absolute_error": MeanAbsoluteError, "mae": MeanAbsoluteError, "huber": Huber, "log_cosh": LogCosh,
    "hinge": Hinge, "kl_divergence": KLDivergence,
}


def get(loss: Losses) -> Loss:
    """The loss of that name, a loss as it is, or a function of (y_true, y_pred) as a loss."""
    if isinstance(loss, Loss): return loss
    if isinstance(loss, str) and loss in NAMED: return NAMED[loss]()
    if isinstance(loss, type) and issubclass(loss, Loss): return loss()
    if callable(loss): return Function(loss)
    raise SettingError(f"No loss is called {spell(loss)}; there are {', '.join(NAMED)}. "
                       "A function of (y_true, y_pred) works too.")


def config(loss: Loss) -> Any:
    """What `from_config` makes the same loss of; None for a function of your own."""
    if type(loss) in NAMED.values(): return {"class": type(loss).__name__, **loss.get_config()}
    return None


def from_config(config: Any) -> Loss | None:
    """Undo `config`."""
    if config is None: return None
    classes = {c.__name__: c for c in NAMED.values()}
    return classes[config["class"]](**{k: v for k, v in config.items() if k != "class"})
