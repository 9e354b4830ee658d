"""Dropout

In training every element is set to 0 with probability `rate`, and what stays is divided by the probability of staying,
so that the mean of what the next layer receives does not change.  When predicting nothing is dropped or scaled.

    training:    y = x * keep / (1 - rate)      keep: 1 with probability 1 - rate, else 0
    predicting:  y = x

Draw once:  u = rng.random(x.shape);  an element stays where  u >= rate.
"""
import numpy as np


def dropout(x, rate, rng, training):
    """y and the factor by which each element was multiplied;  0 <= rate < 1."""
    # BEGIN SOLUTION
    if not training: return x, np.ones(x.shape)
    factor = (rng.random(x.shape) >= rate) / (1 - rate)
    return x * factor, factor
    # END SOLUTION


def dropout_backward(g, factor):
    """The gradient with respect to x."""
    # BEGIN SOLUTION
    return g * factor
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, normal, play

minutes = 10
requires = ["product_rule"]
hints = [
    "What is the mean of x * keep, when keep is 1 with probability 1 - rate? By what must it be divided?",
    "factor = (u >= rate) / (1 - rate); y = x * factor; and the gradient passes through the same factor.",
    "if not training: return x, ...\nfactor = (rng.random(x.shape) >= rate) / ...\nreturn x * factor, factor",
]
after = """
The same mask must be used backward as forward: that is why the factor is returned.  Dividing already in training
("inverted dropout") leaves the trained network as it is when it predicts.
"""
compare = ["tinyfm.ops:dropout"]


def applied(module, x, rate, seed, training):
    y, factor = module.dropout(x, rate, np.random.default_rng(seed), training)
    return [np.asarray(y), np.asarray(factor)]


@check
def in_training(student, rng):
    play(student, applied, solution, normal(rng, 4, 5), 0.25, 3, True)
    play(student, applied, solution, normal(rng, 60), 0.8, 4, True)


@check
def when_predicting(student, rng): play(student, applied, solution, normal(rng, 4, 5), 0.5, 3, False)


@check
def without_dropping(student, rng): play(student, applied, solution, normal(rng, 6), 0.0, 3, True)


@check
def backward(student, rng): agree(student.dropout_backward, lambda g, f: g * f, (normal(rng, 6), 2.0 * (normal(rng, 6) > 0)))


equivalent = {"factor = (rng.random(x.shape) >= rate) / (1 - rate) -> factor = (rng.random(x.shape) > rate) / (1 - rate)":
              "a random float hardly ever equals the rate"}
mistakes = {
    "What stays is not scaled up": ("/ (1 - rate)", "* 1.0"),
    "Scaled by 1 / rate, the share that goes, not by 1 / (1 - rate), the share that stays": ("/ (1 - rate)", "/ (rate or 1)"),
    "The share `rate` stays, where it should go": (">= rate) / (1 - rate)", "< rate) / (1 - rate)"),
    "Multiplied by the share that stays: that is for predicting with the older form": ("/ (1 - rate)", "* (1 - rate)"),
    "It drops when predicting too": ("if not training: return x, np.ones(x.shape)", "pass"),
    "It drops only when predicting": ("if not training:", "if training:"),
    "The gradient flows to dropped elements too": ("return g * factor", "return g"),
    "The gradient is divided by the factor": ("return g * factor", "return g / np.where(factor == 0, 1, factor)"),
    "Whole rows are dropped": ("rng.random(x.shape)", "rng.random((x.shape[0],) + (1,) * (x.ndim - 1))"),
}
