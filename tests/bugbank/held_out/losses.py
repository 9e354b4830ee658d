"""Losses: one number out, a scalar comes in."""
import numpy as np

from .. import between, bug, draw, integers, positive, signed
from ..forwards import (
    DELTA,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    hinge,
    huber,
    kl_divergence,
    mean_absolute_error,
    mean_squared_error,
    negative_log_likelihood,
    sigmoid,
    softmax,
)


def one_hot(z, labels):
    return np.eye(z.shape[1])[labels]

classes = draw(signed(7, 5), integers(5, 7))
pairs = draw(signed(7, 3), signed(7, 3))


@bug("cross entropy", "p - onehot, summed where forward has averaged", z="missing-1/N")
def cross_entropy_not_averaged():
    return cross_entropy, lambda g, z, labels: (g * (softmax(z) - one_hot(z, labels)), None), classes

@bug("cross entropy", "onehot - p, out of the habit of writing target minus output", z="wrong-sign")
def cross_entropy_target_minus_output():
    return cross_entropy, lambda g, z, labels: (g * (one_hot(z, labels) - softmax(z)) / len(z), None), classes

@bug("cross entropy", "differentiates -z_label and stops", z="missing-mean-term | missing-term")
def cross_entropy_label_only():
    return cross_entropy, lambda g, z, labels: (-g * one_hot(z, labels) / len(z), None), classes

@bug("cross entropy", "the loss is the end of the graph, so who would need g",
     z="ignores-upstream | not-linear-in-upstream")
def cross_entropy_without_upstream():
    return cross_entropy, lambda g, z, labels: ((softmax(z) - one_hot(z, labels)) / len(z), None), classes

@bug("cross entropy", "the mean over all logits, not over the examples", z="batch-for-size | extra-1/N")
def cross_entropy_averaged_over_logits():
    return cross_entropy, lambda g, z, labels: (g * (softmax(z) - one_hot(z, labels)) / z.size, None), classes

@bug("cross entropy", "turns the logits into probabilities in place", z="modifies-input")
def cross_entropy_in_place():
    def backward(g, z, labels):
        z -= z.max(1, keepdims=True)
        np.exp(z, out=z)
        z /= z.sum(1, keepdims=True)
        return g * (z - one_hot(z, labels)) / len(z), None
    return cross_entropy, backward, classes

@bug("cross entropy", "softmax over the batch", z="wrong-axis")
def cross_entropy_softmax_over_the_batch():
    return cross_entropy, lambda g, z, labels: (g * (softmax(z.T).T - one_hot(z, labels)) / len(z), None), classes

@bug("cross entropy", "z - onehot: the logits stand where the probabilities should", z="input-for-output")
def cross_entropy_of_the_logits():
    return cross_entropy, lambda g, z, labels: (g * (z - one_hot(z, labels)) / len(z), None), classes

@bug("negative log-likelihood", "a plus where the loss has a minus", l="wrong-sign")
def nll_without_minus():
    def backward(g, l, labels):
        return g * one_hot(l, labels) / len(l), None
    return negative_log_likelihood, backward, classes

@bug("binary cross entropy with logits", "multiplies with the derivative of sigmoid, which has cancelled", z="unknown")
def bce_logits_sigmoid_twice():
    def backward(g, z, t):
        s = sigmoid(z)
        return g * (s - t) * s * (1 - s) / z.size, -g * z / z.size
    return binary_cross_entropy_with_logits, backward, draw(signed(7, 3), between(0, 1, 7, 3))

@bug("binary cross entropy with logits", "targets are given zeros", t="zero")
def bce_logits_targets_zero():
    def backward(g, z, t):
        return g * (sigmoid(z) - t) / z.size, np.zeros_like(t)
    return binary_cross_entropy_with_logits, backward, draw(signed(7, 3), between(0, 1, 7, 3))

@bug("binary cross entropy with logits", "len() of a matrix is not its size",
     z="batch-for-size | missing-1/N", t="batch-for-size | missing-1/N")
def bce_logits_divided_by_len():
    def backward(g, z, t):
        return g * (sigmoid(z) - t) / len(z), -g * z / len(z)
    return binary_cross_entropy_with_logits, backward, draw(signed(7, 3), between(0, 1, 7, 3))

@bug("binary cross entropy", "p - t belongs to the logits, p is a probability here", p="missing-factor")
def bce_rule_of_the_logits():
    def backward(g, p, t):
        return g * (p - t) / p.size, g * (np.log(1 - p) - np.log(p)) / p.size
    return binary_cross_entropy, backward, draw(between(0.1, 0.9, 7, 3), between(0, 1, 7, 3))

@bug("mean squared error", "the two of the square is lost", p="constant-factor", t="constant-factor")
def mse_without_two():
    def backward(g, p, t):
        dp = g * (p - t) / p.size
        return dp, -dp
    return mean_squared_error, backward, pairs

@bug("mean squared error", "divides by the batch, forward by all elements",
     p="batch-for-size | missing-1/N", t="batch-for-size | missing-1/N")
def mse_divided_by_len():
    def backward(g, p, t):
        dp = g * 2 * (p - t) / len(p)
        return dp, -dp
    return mean_squared_error, backward, pairs

@bug("mean squared error", "differentiates p^2, t is gone", p="missing-term")
def mse_prediction_only():
    return mean_squared_error, lambda g, p, t: (g * 2 * p / p.size, g * 2 * (t - p) / p.size), pairs

@bug("mean absolute error", "right where the prediction is too high", p="partial | missing-factor")
def mae_without_sign():
    def backward(g, p, t):
        return np.full(p.shape, g) / p.size, g * np.sign(t - p) / p.size
    return mean_absolute_error, backward, pairs

@bug("huber", "the linear part has slope one, not delta", p="partial", t="partial")
def huber_slope_one():
    def backward(g, p, t):
        r = p - t
        dp = g * np.where(np.abs(r) < DELTA, r, np.sign(r)) / p.size
        return dp, -dp
    return huber, backward, pairs

@bug("hinge", "the row of the label is pushed once, however many classes were too close", z="partial")
def hinge_label_counted_once():
    def backward(g, z, labels):
        rows = np.arange(len(z))
        dz = (z - z[rows, labels][:, None] + 1 > 0).astype(float)
        dz[rows, labels] = -1
        return g * dz / len(z), None
    return hinge, backward, draw(signed(7, 6), integers(6, 7))

@bug("KL divergence", "p stands in front of the logarithm and inside it", p="missing-term")
def kl_without_one():
    inputs = draw(positive(4, 5), positive(4, 5))
    return kl_divergence, lambda g, p, q: (g * (np.log(p) - np.log(q)), -g * p / q), inputs

@bug("KL divergence", "q is the target and is frozen", q="zero")
def kl_target_frozen():
    return kl_divergence, lambda g, p, q: (g * (np.log(p) - np.log(q) + 1), 0 * q), draw(positive(4, 5), positive(4, 5))

@bug("weight decay", "the half of 1/2 w^2 is forgotten in the rule", w="constant-factor")
def weight_decay_twice_as_strong():
    return lambda w: 0.005 * (w * w).sum(), lambda g, w: g * 0.01 * 2 * w, draw(signed(4, 5))

@bug("focal weight", "(1 - p) is differentiated without its inner minus", p="wrong-sign")
def focal_weight_inner_minus():
    return lambda p: ((1 - p)**2).mean(), lambda g, p: g * 2 * (1 - p) / p.size, draw(between(0.1, 0.9, 4, 5))

@bug("policy loss", "the advantage is divided by the batch twice", l="extra-1/N")
def policy_loss_divided_twice():
    def forward(l, advantage):
        return -(l * advantage).mean()
    def backward(g, l, advantage):
        return -g * (advantage / len(l)) / len(l), -g * l / len(l)
    return forward, backward, draw(signed(9), signed(9))
