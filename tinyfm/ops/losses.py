"""What a prediction costs.  Every loss has reduction "mean" (over all that counts), "sum" or "none".

Prediction and target must have the same shape: (N, 1) against (N,) would broadcast to N x N numbers without a word.
"""
from __future__ import annotations

from math import log as ln
from math import pi
from typing import Any

import numpy as np

from tinyfm.engine import Array, Tensor, op
from tinyfm.errors import SettingError, ShapeError, spell, user_line
from tinyfm.kernels import rows, special
from tinyfm.ops.activations import relu, softplus
from tinyfm.ops.compare import equal, greater, less
from tinyfm.ops.elementwise import abs, exp, log, maximum, sigmoid, square, where
from tinyfm.ops.linear import vecdot
from tinyfm.ops.lookup import one_hot
from tinyfm.ops.normalization import normalize
from tinyfm.ops.reduce import log_softmax, mean, softmax, sum
from tinyfm.ops.shape import concat, expand_dims, matrix_transpose, squeeze, take, take_along_axis

REDUCTIONS = ("none", "mean", "sum")


def shape_of(x: Any) -> tuple[int, ...]: return x.shape if isinstance(x, Tensor) else np.shape(x)


def reduced(losses: Any, reduction: str, weight: Any = None) -> Any:
    """All losses, their sum, or their mean, weighted where a weight is given for each."""
    if reduction not in REDUCTIONS:
        raise SettingError(f"reduction must be one of {', '.join(REDUCTIONS)}; received {reduction!r}.")
    if reduction == "none": return losses
    if reduction == "sum": return sum(losses)
    return mean(losses) if weight is None else sum(losses) / sum(weight)


def check_same(loss: str, prediction: Any, target: Any, names: tuple[str, str] = ("prediction", "target")) -> None:
    """Refuse to broadcast, except a single number."""
    a, b = shape_of(prediction), shape_of(target)
    if a == b or b == (): return
    squeezable = [n for n in a if n != 1] == [n for n in b if n != 1]
    cure = (f"they hold the same elements: reshape one, for example {names[1]}.reshape({a})." if squeezable else
            "each prediction needs one target.")
    raise ShapeError(f"{loss}: {names[0]} has shape {a} and {names[1]} has shape {b}; {cure} (They would broadcast "
                     f"silently to {broadcast_text(a, b)}.)\n  at {user_line()}")


def broadcast_text(a: tuple[int, ...], b: tuple[int, ...]) -> str:
    try: return str(np.broadcast_shapes(a, b))
    except ValueError: return "nothing at all"


# ------------------------------------------------------------ numbers

def mean_squared_error(prediction: Any, target: Any, *, reduction: str = "mean") -> Any:
    """(p - t)^2."""
    check_same("mean_squared_error", prediction, target)
    return reduced(square(prediction - target), reduction)


def mean_absolute_error(prediction: Any, target: Any, *, reduction: str = "mean") -> Any:
    """|p - t|; gradient 0 at p = t."""
    check_same("mean_absolute_error", prediction, target)
    return reduced(abs(prediction - target), reduction)


def huber(prediction: Any, target: Any, *, delta: float = 1.0, reduction: str = "mean") -> Any:
    """d^2 / 2 where |d| = |p - t| <= delta, else delta (|d| - delta / 2).  Huber 1964."""
    check_same("huber", prediction, target)
    d = prediction - target
    return reduced(where(less(abs(d), delta), square(d) * 0.5, (abs(d) - 0.5 * delta) * delta), reduction)


def smooth_l1(prediction: Any, target: Any, *, beta: float = 1.0, reduction: str = "mean") -> Any:
    """huber / beta: d^2 / 2 beta where |d| < beta, else |d| - beta / 2; plain |d| for beta = 0.  Girshick 2015."""
    if beta == 0: return mean_absolute_error(prediction, target, reduction=reduction)
    return huber(prediction, target, delta=beta, reduction=reduction) * (1 / beta)


def log_cosh(prediction: Any, target: Any, *, reduction: str = "mean") -> Any:
    """ln cosh(p - t) = d + softplus(-2d) - ln 2: d^2 / 2 near 0, |d| far away, smooth everywhere."""
    check_same("log_cosh", prediction, target)
    d = prediction - target
    return reduced(d + softplus(d * -2.0) - ln(2), reduction)


def hinge(prediction: Any, target: Any, *, reduction: str = "mean") -> Any:
    """max(1 - t p, 0), t = -1 or 1; gradient 0 at the corner."""
    check_same("hinge", prediction, target)
    return reduced(relu(1.0 - target * prediction), reduction)


def poisson_negative_log_likelihood(prediction: Any, target: Any, *, log_input: bool = True, full: bool = False,
                                    epsilon: float = 1e-8, reduction: str = "mean") -> Any:
    """e^l - t l: minus the log probability of the count t under the rate e^l, without ln t!.

    log_input=False: the prediction is the rate r itself, r - t ln(r + epsilon).  full: adds Stirling's approximation of
    ln t! where t > 1: t ln t - t + ln(2 pi t) / 2.
    """
    check_same("poisson_negative_log_likelihood", prediction, target)
    losses = exp(prediction) - target * prediction if log_input else prediction - target * log(prediction + epsilon)
    if full:
        large = greater(target, 1.0)
        t = where(large, target, 1.0)
        losses = losses + where(large, t * log(t) - t + log(t * (2 * pi)) * 0.5, 0.0)
    return reduced(losses, reduction)


def gaussian_negative_log_likelihood(prediction: Any, target: Any, variance: Any, *, full: bool = False,
                                     epsilon: float = 1e-6, reduction: str = "mean") -> Any:
    """(ln v + (p - t)^2 / v) / 2, v = max(variance, epsilon); full adds ln(2 pi) / 2.  Nix & Weigend 1994."""
    check_same("gaussian_negative_log_likelihood", prediction, target)
    check_same("gaussian_negative_log_likelihood", prediction, variance, ("prediction", "variance"))
    v = maximum(variance, epsilon)
    return reduced((log(v) + square(prediction - target) / v) * 0.5 + (0.5 * ln(2 * pi) if full else 0.0), reduction)


def cosine_similarity(a: Any, b: Any, *, axis: int = -1, epsilon: float = 1e-12) -> Any:
    """a . b / (max(||a||, epsilon) max(||b||, epsilon)) along the axis."""
    return vecdot(normalize(a, axis=axis, epsilon=epsilon), normalize(b, axis=axis, epsilon=epsilon), axis)


def info_nce(a: Any, b: Any, *, temperature: float = 0.5, reduction: str = "mean") -> Any:
    """-ln softmax(s)_partner, s = z z^T / temperature over the other 2n - 1 rows; z: a and b, (n, d), at length 1.

    Row i of a and row i of b are two views of one thing: each shall find the other among all.  "none" gives (2n,),
    those of a first.  Chance is ln(2n - 1).  Van den Oord et al. 2018; with these rows, NT-Xent of Chen et al. 2020.
    """
    check_same("info_nce", a, b, ("a", "b"))
    if len(shape_of(a)) != 2: raise ShapeError(f"info_nce: a and b must be (n, d), received {shape_of(a)}.")
    if not temperature > 0: raise SettingError(f"info_nce: temperature must be positive, received {temperature}.")
    n = shape_of(a)[0]
    z = normalize(concat([a, b], axis=0), axis=-1)
    itself = np.eye(2 * n, dtype=bool)
    scores = where(itself, -1e9, (z @ matrix_transpose(z)) * (1 / temperature))       # (2n, 2n)
    return reduced(categorical_cost(scores, np.roll(np.arange(2 * n), n)), reduction)


# ------------------------------------------------------------ probabilities

def kl_divergence(prediction: Any, target: Any, *, log_target: bool = False, reduction: str = "mean") -> Any:
    """t (ln t - l) for each element, l = `prediction`, a log probability; 0 where t = 0.

    log_target: target is ln t.  "mean" is over all elements; divide "sum" by the batch for the divergence itself.
    """
    check_same("kl_divergence", prediction, target)
    if log_target: return reduced(exp(target) * (target - prediction), reduction)
    empty = equal(target, 0.0)
    return reduced(where(empty, 0.0, target * (log(where(empty, 1.0, target)) - prediction)), reduction)


def bounded_log(p: Any) -> Any:
    """ln p, but at least -100, with gradient 0 below: a probability that has rounded to 0 costs 100, not infinity."""
    return log(where(less(p, SMALLEST), SMALLEST, p))


SMALLEST = float(np.exp(-100.0))


def binary_cross_entropy(probability: Any, target: Any, *, weight: Any = None, reduction: str = "mean") -> Any:
    """-t ln p - (1 - t) ln(1 - p); each logarithm is at least -100.  Prefer the form with logits: all digits."""
    check_same("binary_cross_entropy", probability, target, ("probability", "target"))
    losses = -(target * bounded_log(probability) + (1.0 - target) * bounded_log(1.0 - probability))
    return reduced(losses if weight is None else losses * weight, reduction)


@op(r"y = (1 - t) \ln(1 + e^x) + t \ln(1 + e^{-x})", "elementwise",
    logits=(r"\bar y \odot (\sigma(x) - t)",
            lambda g, logits, target: g * ((1.0 - target) * sigmoid(logits) - target * sigmoid(-logits)),
            lambda g, logits, target: g * (special.sigmoid(logits) - target)),
    target=(r"-\bar y \odot x", lambda g, logits: -g * logits))
def bernoulli_cost(logits: Array, target: Array) -> Array:
    """Minus the log probability of t under sigmoid(x); exact at any size of x."""
    tail = np.log1p(np.exp(-np.abs(logits)))
    return tail + np.where(np.asarray(logits) > 0, 1 - target, -target) * logits


def binary_cross_entropy_with_logits(logits: Any, target: Any, *, weight: Any = None, pos_weight: Any = None,
                                     reduction: str = "mean") -> Any:
    """-t ln s(x) - (1 - t) ln(1 - s(x)), s the sigmoid; exact at any size of x, so +-1e3 is fine.

    weight: for each element; pos_weight: multiplies the cost of t = 1, for rare positives.  Both broadcast.
    """
    check_same("binary_cross_entropy_with_logits", logits, target, ("logits", "target"))
    losses = bernoulli_cost(logits, target) if pos_weight is None else \
        (1.0 - target) * softplus(logits) + pos_weight * target * softplus(-logits)
    return reduced(losses if weight is None else losses * weight, reduction)


# ------------------------------------------------------------ classes

def softmax_minus_target(g: Any, logits: Any, labels: Any) -> Any:
    one = one_hot(labels, classes=logits.shape[-1], dtype=logits.dtype)
    return expand_dims(g, axis=-1) * (softmax(logits) - one)


@op(r"y = \ln \sum_k e^{x_k} - x_t", keep=lambda logits, labels: rows.softmax_cross_entropy(logits, np.asarray(labels)),
    joint=lambda g, wanted, kept: [kept * np.asarray(g)[..., None], None],
    logits=(r"\bar y \odot (\mathrm{softmax}(x) - e_t)", softmax_minus_target))
def categorical_cost(logits: Array, labels: Array) -> Array:
    """Minus the log probability of class t under softmax(x).  logits: (..., classes), labels: (...), integers."""
    return rows.softmax_cross_entropy(logits, np.asarray(labels))[0]


def check_labels(loss: str, scores: Any, labels: Any, ignore_index: int | None) -> Array:
    """Integer labels of shape scores.shape[:-1], each a class or the one to be ignored."""
    found = np.asarray(labels.data if isinstance(labels, Tensor) else labels)
    if found.dtype.kind not in "iu":
        raise TypeError(f"{loss}: labels must be integers (one class each) or have the shape of the scores (a "
                        f"probability for each class); received {spell(found)} for scores {shape_of(scores)}.")
    if found.shape != shape_of(scores)[:-1]:
        cure = " Remove the last axis: labels[..., 0]." if found.shape == (*shape_of(scores)[:-1], 1) else ""
        raise ShapeError(f"{loss}: scores {shape_of(scores)} need labels {shape_of(scores)[:-1]}, one for each row; "
                         f"received {found.shape}.{cure}\n  at {user_line()}")
    seen, classes = found[found != ignore_index] if ignore_index is not None else found, shape_of(scores)[-1]
    if seen.size and not 0 <= seen.min() <= seen.max() < classes:
        raise ShapeError(f"{loss}: with {classes} classes the labels must lie in 0 ... {classes - 1}; received "
                         f"{seen.min()} to {seen.max()}.\n  at {user_line()}")
    return found


def of_type(weight: Any, dtype: Any) -> Any:
    """Weights given as numbers count in the dtype of the scores."""
    return weight if isinstance(weight, Tensor) else np.asarray(weight, dtype)


def negative_log_likelihood(log_probabilities: Any, labels: Any, *, weight: Any = None, ignore_index: int | None = None,
                            reduction: str = "mean") -> Any:
    """-w_t l_t for log probabilities l: (..., classes) and integer labels t: (...).

    weight: (classes,), one for each class; "mean" divides by the sum of the weights used.  Rows labelled `ignore_index`
    cost nothing and do not count.
    """
    labels = check_labels("negative_log_likelihood", log_probabilities, labels, ignore_index)
    used, counted = weights_of(labels, weight, ignore_index, log_probabilities.dtype)
    picked = squeeze(take_along_axis(log_probabilities, np.where(counted, labels, 0)[..., None], axis=-1), axis=-1)
    return reduced(-picked if used is None else where(counted, -picked * used, 0.0), reduction, used)


def weights_of(labels: Array, weight: Any, ignore_index: int | None, dtype: Any) -> tuple[Any, Array]:
    """(the weight of each row or None when all are 1, which rows count)."""
    counted = np.ones(labels.shape, bool) if ignore_index is None else labels != ignore_index
    if weight is None: return None if ignore_index is None else counted.astype(dtype), counted
    weight = of_type(weight, dtype)
    return where(counted, take(weight, np.where(counted, labels, 0), 0), 0.0), counted


def softmax_cross_entropy(logits: Any, labels: Any, *, weight: Any = None, label_smoothing: float = 0.0,
                          ignore_index: int | None = None, reduction: str = "mean") -> Any:
    """-sum_k w_k t_k ln softmax(x)_k.  logits: (..., classes); labels: (...) integers, or (..., classes) probabilities.

    Stable: a logit of 1e5 on the wrong class costs 1e5.  label_smoothing: that much of every target is spread evenly
    over all classes (Szegedy et al. 2016).  weight: (classes,), one for each class; for integer labels "mean" divides
    by the sum of the weights used, for probabilities by the number of rows.  Rows labelled `ignore_index` do not count;
    the mean of no row at all is NaN.
    """
    if not 0 <= label_smoothing <= 1:
        raise SettingError(f"softmax_cross_entropy: label_smoothing must lie in 0 ... 1; received {label_smoothing}.")
    if len(shape_of(logits)) == 0:
        raise ShapeError("softmax_cross_entropy: logits of shape () have no axis of classes.")
    if not isinstance(labels, Tensor): labels = np.asarray(labels)
    if labels.dtype.kind == "f":
        return soft_cross_entropy(logits, labels, weight, label_smoothing, reduction)
    labels = check_labels("softmax_cross_entropy", logits, labels, ignore_index)
    if weight is None and label_smoothing == 0 and ignore_index is None:
        return reduced(categorical_cost(logits, labels), reduction)
    used, counted = weights_of(labels, weight, ignore_index, logits.dtype)
    losses = categorical_cost(logits, np.where(counted, labels, 0))
    if used is not None: losses = losses * used
    if label_smoothing:
        smooth = log_softmax(logits) if weight is None else log_softmax(logits) * of_type(weight, logits.dtype)
        losses = losses * (1 - label_smoothing) - sum(smooth, axis=-1) * (label_smoothing / shape_of(logits)[-1])
    return reduced(losses if used is None else where(counted, losses, 0.0), reduction, used)


def soft_cross_entropy(logits: Any, target: Any, weight: Any, label_smoothing: float, reduction: str) -> Any:
    check_same("softmax_cross_entropy", logits, target, ("logits", "labels"))
    classes = shape_of(logits)[-1]
    if label_smoothing: target = target * (1 - label_smoothing) + label_smoothing / classes
    l = log_softmax(logits) if weight is None else log_softmax(logits) * of_type(weight, logits.dtype)
    return reduced(-sum(target * l, axis=-1), reduction)
