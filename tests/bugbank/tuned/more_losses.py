"""Losses, once more."""
import numpy as np

from .. import between, bug, draw, integers, positive, signed
from ..forwards import (
    DELTA,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    dice,
    gaussian_nll,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    log_softmax,
    mean_absolute_error,
    mean_squared_error,
    pinball,
    poisson,
    sigmoid,
    soft_cross_entropy,
    softmax,
    triplet,
)


def one_hot(z, labels):
    return np.eye(z.shape[1])[labels]

classes, pairs = draw(signed(7, 5), integers(5, 7)), draw(signed(7, 3), signed(7, 3))
logits, chances = draw(signed(7, 3), between(0, 1, 7, 3)), draw(between(0.1, 0.9, 7, 3), between(0, 1, 7, 3))


@bug("cross entropy", "log-probabilities for the probabilities", z="unknown")
def cross_entropy_of_the_logarithms():
    return cross_entropy, lambda g, z, labels: (g * (log_softmax(z) - one_hot(z, labels)) / len(z), None), classes

@bug("cross entropy", "plus one at the label", z="partial")
def cross_entropy_plus_one():
    return cross_entropy, lambda g, z, labels: (g * (softmax(z) + one_hot(z, labels)) / len(z), None), classes

@bug("cross entropy", "the label's gradient is one over p, and stops there",
     z="unknown | missing-term | missing-factor")
def cross_entropy_of_the_probability():
    def backward(g, z, labels):
        return -g * one_hot(z, labels) / softmax(z) / len(z), None
    return cross_entropy, backward, classes

@bug("cross entropy", "p - 1 at the label for the first example only", z="partial")
def cross_entropy_first_example_only():
    def backward(g, z, labels):
        p = softmax(z)
        p[0, labels[0]] -= 1
        return g * p / len(z), None
    return cross_entropy, backward, classes

@bug("soft cross entropy", "the targets' gradient lacks its minus", t="wrong-sign")
def soft_cross_entropy_targets():
    inputs = draw(signed(7, 5), positive(7, 5))
    def backward(g, z, t):
        return g * (softmax(z) * t.sum(-1, keepdims=True) - t) / len(z), g * log_softmax(z) / len(z)
    return soft_cross_entropy, backward, inputs

@bug("soft cross entropy", "p - t, though the targets do not add up to one", z="unknown | missing-factor")
def soft_cross_entropy_of_unit_targets():
    inputs = draw(signed(7, 5), positive(7, 5))
    return soft_cross_entropy, lambda g, z, t: (g * (softmax(z) - t) / len(z), -g * log_softmax(z) / len(z)), inputs

@bug("binary cross entropy", "the 1/N is lost", p="missing-1/N", t="missing-1/N")
def bce_not_averaged():
    return binary_cross_entropy, lambda g, p, t: (g * (p - t) / (p * (1 - p)), g * (np.log(1 - p) - np.log(p))), chances

@bug("binary cross entropy", "t - p", p="wrong-sign")
def bce_turned_round():
    def backward(g, p, t):
        return g * (t - p) / (p * (1 - p)) / p.size, g * (np.log(1 - p) - np.log(p)) / p.size
    return binary_cross_entropy, backward, chances

@bug("binary cross entropy", "one of the two denominators", p="missing-factor")
def bce_one_denominator():
    def backward(g, p, t):
        return g * (p - t) / p / p.size, g * (np.log(1 - p) - np.log(p)) / p.size
    return binary_cross_entropy, backward, chances

@bug("binary cross entropy with logits", "the slope of sigmoid once more", z="missing-factor")
def bce_logits_slope_once_more():
    def backward(g, z, t):
        s = sigmoid(z)
        return g * (s - t) * s * (1 - s) / z.size, -g * z / z.size
    return binary_cross_entropy_with_logits, backward, logits

@bug("binary cross entropy with logits", "divides by the batch", z="batch-for-size | missing-1/N",
     t="batch-for-size | missing-1/N")
def bce_logits_divided_by_the_batch():
    return binary_cross_entropy_with_logits, lambda g, z, t: (g * (sigmoid(z) - t) / len(z), -g * z / len(z)), logits

@bug("binary cross entropy with logits", "the targets are forgotten", z="missing-term")
def bce_logits_without_targets():
    return binary_cross_entropy_with_logits, lambda g, z, t: (g * sigmoid(z) / z.size, -g * z / z.size), logits

@bug("mean squared error", "prediction and target exchanged in the minus",
     p="wrong-sign | other-argument", t="wrong-sign | other-argument")
def mse_turned_round():
    return mean_squared_error, lambda g, p, t: (2 * g * (t - p) / p.size, 2 * g * (p - t) / p.size), pairs

@bug("mean squared error", "the target is forgotten: 2 p / N", p="missing-term")
def mse_without_target():
    return mean_squared_error, lambda g, p, t: (2 * g * p / p.size, 2 * g * (t - p) / p.size), pairs

@bug("mean squared error", "the sign only, as for the absolute error", p="unknown | missing-factor")
def mse_sign_only():
    return mean_squared_error, lambda g, p, t: (2 * g * np.sign(p - t) / p.size, 2 * g * (t - p) / p.size), pairs

@bug("mean squared error", "a mean of the gradient: one number", p="wrong-shape", t="wrong-shape")
def mse_averaged_gradient():
    return mean_squared_error, lambda g, p, t: (2 * g * (p - t).mean(), 2 * g * (t - p).mean()), pairs

@bug("mean squared error", "nothing for the target, it is data", t="zero")
def mse_target_zero():
    return mean_squared_error, lambda g, p, t: (2 * g * (p - t) / p.size, np.zeros_like(t)), pairs

@bug("mean absolute error", "the 1/N is lost", p="missing-1/N", t="missing-1/N")
def mae_not_averaged():
    return mean_absolute_error, lambda g, p, t: (g * np.sign(p - t), g * np.sign(t - p)), pairs

@bug("huber", "the tails get one where they get delta", p="partial", t="partial")
def huber_without_delta():
    def backward(g, p, t):
        r = p - t
        dp = g * np.where(np.abs(r) < DELTA, r, np.sign(r)) / p.size
        return dp, -dp
    return huber, backward, draw(signed(7, 4), signed(7, 4))

@bug("huber", "the tails everywhere", p="partial", t="partial")
def huber_always_tails():
    def backward(g, p, t):
        dp = g * DELTA * np.sign(p - t) / p.size
        return dp, -dp
    return huber, backward, draw(signed(7, 4), signed(7, 4))

@bug("hinge", "the 1/N is lost", z="missing-1/N")
def hinge_not_averaged():
    def backward(g, z, labels):
        on = (z - z[np.arange(len(z)), labels][:, None] + 1 > 0) * 1.0
        on[np.arange(len(z)), labels] = 0
        return g * (on - on.sum(1, keepdims=True) * one_hot(z, labels)), None
    return hinge, backward, classes

@bug("hinge", "the label gets minus one, however many classes push", z="partial")
def hinge_label_minus_one():
    def backward(g, z, labels):
        on = (z - z[np.arange(len(z)), labels][:, None] + 1 > 0) * 1.0
        on[np.arange(len(z)), labels] = -1
        return g * on / len(z), None
    return hinge, backward, classes

@bug("KL divergence", "arguments exchanged: q log(q / p)", p="unknown", q="unknown")
def kl_the_other_way():
    inputs = draw(positive(4, 5), positive(4, 5))
    return kl_divergence, lambda g, p, q: (-g * q / p, g * (np.log(q) - np.log(p) + 1)), inputs

@bug("log cosh", "the difference, not squashed", p="input-for-output", t="input-for-output")
def log_cosh_not_squashed():
    return log_cosh, lambda g, p, t: (g * (p - t) / p.size, g * (t - p) / p.size), pairs

@bug("log cosh", "divides by the batch", p="batch-for-size | missing-1/N", t="batch-for-size | missing-1/N")
def log_cosh_divided_by_the_batch():
    return log_cosh, lambda g, p, t: (g * np.tanh(p - t) / len(p), g * np.tanh(t - p) / len(p)), pairs

@bug("Poisson", "the observed count is forgotten", z="missing-term")
def poisson_without_target():
    return poisson, lambda g, z, t: (g * np.exp(z) / z.size, -g * z / z.size), draw(signed(4, 5), positive(4, 5))

@bug("Poisson", "the rate's logarithm for the rate", z="input-for-output")
def poisson_of_the_logarithm():
    return poisson, lambda g, z, t: (g * (z - t) / z.size, -g * z / z.size), draw(signed(4, 5), positive(4, 5))

def gaussian_backward(g, m, s, t, to_s=None):
    z = (t - m) / s
    return -g * z / s / m.size, g * (1 - z * z) / s / m.size if to_s is None else to_s, g * z / s / m.size

three = draw(signed(4, 5), positive(4, 5), signed(4, 5))

@bug("Gaussian likelihood", "log s is forgotten", s="missing-term")
def gaussian_without_logarithm():
    def backward(g, m, s, t):
        return gaussian_backward(g, m, s, t, -g * (t - m)**2 / s**3 / m.size)
    return gaussian_nll, backward, three

@bug("Gaussian likelihood", "divides by s, not by its square", m="missing-factor")
def gaussian_not_squared():
    def backward(g, m, s, t):
        _, ds, dt = gaussian_backward(g, m, s, t)
        return -g * (t - m) / s / m.size, ds, dt
    return gaussian_nll, backward, three

@bug("Gaussian likelihood", "s only in front of the exponent: the square's path is forgotten", s="missing-term")
def gaussian_of_the_logarithm():
    return gaussian_nll, lambda g, m, s, t: gaussian_backward(g, m, s, t, g / s / m.size), three

@bug("pinball", "one weight for both sides", p="partial", t="partial")
def pinball_one_weight():
    def backward(g, p, t):
        dt = g * np.where(t > p, 0.9, -0.9) / p.size
        return -dt, dt
    return pinball, backward, pairs

@bug("pinball", "the weights exchanged", p="unknown", t="unknown")
def pinball_weights_exchanged():
    def backward(g, p, t):
        dt = g * np.where(t > p, 0.1, -0.9) / p.size
        return -dt, dt
    return pinball, backward, pairs

@bug("dice", "the denominator is held fixed", p="missing-term | missing-mean-term",
     t="missing-term | missing-mean-term")
def dice_denominator_held_fixed():
    def backward(g, p, t):
        return -2 * g * t / (p.sum() + t.sum()), -2 * g * p / (p.sum() + t.sum())
    return dice, backward, draw(between(0, 1, 4, 5), between(0, 1, 4, 5))

@bug("dice", "the overlap itself, without the minus", p="wrong-sign", t="wrong-sign")
def dice_without_minus():
    def backward(g, p, t):
        size, both = p.sum() + t.sum(), (p * t).sum()
        return 2 * g * (t / size - both / size**2), 2 * g * (p / size - both / size**2)
    return dice, backward, draw(between(0, 1, 4, 5), between(0, 1, 4, 5))

trios = draw(signed(8, 3), signed(8, 3), signed(8, 3))

def triplet_on(a, p, n):
    return 2 * (((a - p)**2).sum(-1) - ((a - n)**2).sum(-1) + 1 > 0)[:, None] / len(a)

@bug("triplet", "met margins are pushed as well", a="missing-factor | partial", p="missing-factor | partial",
     n="missing-factor | partial")
def triplet_without_mask():
    def backward(g, a, p, n):
        g = 2 * g / len(a)
        return g * (n - p), g * (p - a), g * (a - n)
    return triplet, backward, trios

@bug("triplet", "the anchor feels the positive only", a="missing-term")
def triplet_anchor_of_the_positive():
    def backward(g, a, p, n):
        on = g * triplet_on(a, p, n)
        return on * (a - p), on * (p - a), on * (a - n)
    return triplet, backward, trios

@bug("policy loss", "ascends: the minus is lost", l="wrong-sign")
def policy_loss_ascends():
    def forward(l, advantage):
        return -(l * advantage).mean()
    inputs = draw(signed(9), signed(9))
    return forward, lambda g, l, advantage: (g * advantage / len(l), -g * l / len(l)), inputs

@bug("policy loss", "the advantage is lost", l="missing-factor | passes-through")
def policy_loss_without_advantage():
    def forward(l, advantage):
        return -(l * advantage).mean()
    inputs = draw(signed(9), signed(9))
    return forward, lambda g, l, advantage: (np.full(l.shape, -g / len(l)), -g * l / len(l)), inputs

@bug("weight decay", "the half is not in this formula", w="constant-factor")
def weight_decay_without_two():
    return lambda w: 0.005 * (w * w).sum(), lambda g, w: g * 0.005 * w, draw(signed(4, 5))

@bug("masked mean", "the mask is forgotten on the way back", x="partial | missing-factor | passes-through")
def masked_mean_without_mask():
    def forward(x, mask):
        return (x * mask).sum() / mask.sum()
    def inputs(rng):
        return rng.standard_normal((4, 7)), rng.permutation(np.arange(28) % 3 > 0).reshape(4, 7)
    return forward, lambda g, x, mask: (np.full(x.shape, g / mask.sum()), None), inputs
