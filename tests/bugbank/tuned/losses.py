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
logits = draw(signed(7, 3), between(0, 1, 7, 3))


@bug("cross entropy", "the mean over the classes, not over the examples", z="batch-for-size")
def cross_entropy_divided_by_the_classes():
    return cross_entropy, lambda g, z, labels: (g * (softmax(z) - one_hot(z, labels)) / z.shape[1], None), classes

@bug("cross entropy", "softmax without the -1 at the label", z="missing-term | partial")
def cross_entropy_label_left_out():
    return cross_entropy, lambda g, z, labels: (g * softmax(z) / len(z), None), classes

@bug("cross entropy", "p[:, labels] -= 1 takes one off whole columns", z="partial")
def cross_entropy_whole_columns():
    def backward(g, z, labels):
        p = softmax(z)
        p[:, labels] -= 1
        return g * p / len(z), None
    return cross_entropy, backward, lambda rng: (rng.standard_normal((7, 5)), rng.permutation([0, 0, 1, 1, 2, 2, 2]))

@bug("cross entropy", "p[labels] -= 1 takes one off whole rows, as labels counted examples", z="partial")
def cross_entropy_whole_rows():
    def backward(g, z, labels):
        p = softmax(z)
        p[labels] -= 1
        return g * p / len(z), None
    return cross_entropy, backward, classes

@bug("cross entropy", "the labels start at one in the student's head", z="partial")
def cross_entropy_labels_from_one():
    return cross_entropy, lambda g, z, labels: (g * (softmax(z) - one_hot(z, (labels - 1) % 5)) / len(z), None), classes

@bug("cross entropy", "exp without the normaliser", z="missing-factor")
def cross_entropy_not_normalised():
    return cross_entropy, lambda g, z, labels: (g * (np.exp(z) - one_hot(z, labels)) / len(z), None), classes

@bug("cross entropy", "divides by the batch twice: once in the mean, once at the end", z="extra-1/N")
def cross_entropy_averaged_twice():
    return cross_entropy, lambda g, z, labels: (g * (softmax(z) - one_hot(z, labels)) / len(z) / len(z), None), classes

@bug("cross entropy", "forgets the 1/N, and the minus as well: two at once",
     z="missing-1/N | wrong-sign | constant-factor")
def cross_entropy_sign_and_average():
    return cross_entropy, lambda g, z, labels: (g * (one_hot(z, labels) - softmax(z)), None), classes

@bug("negative log-likelihood", "-1 in the whole column of each label", l="partial")
def nll_whole_columns():
    def backward(g, l, labels):
        dl = np.zeros_like(l)
        dl[:, labels] = -g / len(l)
        return dl, None
    def inputs(rng):
        return -rng.uniform(0.1, 3, (7, 5)), rng.permutation([0, 0, 1, 1, 2, 2, 2])
    return negative_log_likelihood, backward, inputs

@bug("negative log-likelihood", "-1/N at the label, and where is g?", l="ignores-upstream | not-linear-in-upstream")
def nll_bare():
    return negative_log_likelihood, lambda g, l, labels: (-one_hot(l, labels) / len(l), None), classes

@bug("negative log-likelihood", "-1 at the label, not divided", l="missing-1/N")
def nll_not_averaged():
    return negative_log_likelihood, lambda g, l, labels: (-g * one_hot(l, labels), None), classes

@bug("binary cross entropy with logits", "target minus output", z="wrong-sign")
def bce_logits_target_minus_output():
    return binary_cross_entropy_with_logits, lambda g, z, t: (g * (t - sigmoid(z)) / z.size, -g * z / z.size), logits

@bug("binary cross entropy with logits", "z - t: the squashing is forgotten", z="input-for-output")
def bce_logits_not_squashed():
    return binary_cross_entropy_with_logits, lambda g, z, t: (g * (z - t) / z.size, -g * z / z.size), logits

@bug("binary cross entropy with logits", "sums where forward averages", z="missing-1/N", t="missing-1/N")
def bce_logits_summed():
    return binary_cross_entropy_with_logits, lambda g, z, t: (g * (sigmoid(z) - t), -g * z), logits

@bug("binary cross entropy with logits", "the gradient of z for t as well", t="other-argument")
def bce_logits_same_for_targets():
    def backward(g, z, t):
        dz = g * (sigmoid(z) - t) / z.size
        return dz, dz
    return binary_cross_entropy_with_logits, backward, logits

@bug("binary cross entropy", "-t/p, the half for the zeros is dropped", p="missing-term")
def bce_positives_only():
    def backward(g, p, t):
        return -g * t / p / p.size, g * (np.log(1 - p) - np.log(p)) / p.size
    return binary_cross_entropy, backward, draw(between(0.1, 0.9, 7, 3), between(0, 1, 7, 3))

@bug("binary cross entropy", "(1 - t) / (1 - p) with the inner minus forgotten", p="unknown")
def bce_inner_minus():
    def backward(g, p, t):
        return -g * (t / p + (1 - t) / (1 - p)) / p.size, g * (np.log(1 - p) - np.log(p)) / p.size
    return binary_cross_entropy, backward, draw(between(0.1, 0.9, 7, 3), between(0, 1, 7, 3))

@bug("mean squared error", "2 (p - t), never divided", p="missing-1/N", t="missing-1/N")
def mse_not_averaged():
    return mean_squared_error, lambda g, p, t: (g * 2 * (p - t), g * 2 * (t - p)), pairs

@bug("mean squared error", "the same gradient for prediction and target", t="wrong-sign | other-argument")
def mse_same_for_both():
    return mean_squared_error, lambda g, p, t: (g * 2 * (p - t) / p.size,) * 2, pairs

@bug("mean squared error", "the loss is the last node, it needs no g", p="ignores-upstream | not-linear-in-upstream",
     t="ignores-upstream | not-linear-in-upstream")
def mse_without_upstream():
    return mean_squared_error, lambda g, p, t: (2 * (p - t) / p.size, 2 * (t - p) / p.size), pairs

@bug("mean squared error", "divides by the columns", p="batch-for-size | missing-1/N", t="batch-for-size | missing-1/N")
def mse_divided_by_the_columns():
    return mean_squared_error, lambda g, p, t: (g * 2 * (p - t) / p.shape[1], g * 2 * (t - p) / p.shape[1]), pairs

@bug("mean absolute error", "sign(t - p)", p="wrong-sign | other-argument", t="wrong-sign | other-argument")
def mae_sign_turned_round():
    return mean_absolute_error, lambda g, p, t: (g * np.sign(t - p) / p.size, g * np.sign(p - t) / p.size), pairs

@bug("huber", "the parabola everywhere", p="partial", t="partial")
def huber_always_a_parabola():
    return huber, lambda g, p, t: (g * (p - t) / p.size, g * (t - p) / p.size), pairs

@bug("huber", "clipped on one side", p="partial", t="partial")
def huber_clipped_on_one_side():
    def backward(g, p, t):
        dp = g * np.minimum(p - t, DELTA) / p.size
        return dp, -dp
    return huber, backward, pairs

@bug("hinge", "the label's own column is never pushed", z="partial | missing-term")
def hinge_label_not_pushed():
    def backward(g, z, labels):
        dz = (z - z[np.arange(len(z)), labels][:, None] + 1 > 0).astype(float)
        dz[np.arange(len(z)), labels] = 0
        return g * dz / len(z), None
    return hinge, backward, classes

@bug("hinge", "pushes every class, whether its margin is met or not", z="partial | missing-factor")
def hinge_without_mask():
    def backward(g, z, labels):
        return g * (1 - z.shape[1] * one_hot(z, labels)) / len(z), None
    return hinge, backward, draw(lambda rng: 2 * rng.standard_normal((7, 5)), integers(5, 7))

@bug("KL divergence", "q's gradient without the minus of the logarithm", q="wrong-sign")
def kl_without_minus():
    inputs = draw(positive(4, 5), positive(4, 5))
    return kl_divergence, lambda g, p, q: (g * (np.log(p) - np.log(q) + 1), g * p / q), inputs

@bug("KL divergence", "d log q = 1 / q, and p in front is lost", q="missing-factor")
def kl_weight_lost():
    inputs = draw(positive(4, 5), positive(4, 5))
    return kl_divergence, lambda g, p, q: (g * (np.log(p) - np.log(q) + 1), -g / q), inputs

