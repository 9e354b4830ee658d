"""Batch normalisation, with a memory

In training each feature gets mean 0 and variance 1 over the batch, and the layer keeps moving averages of both:

    moving <- momentum * moving + (1 - momentum) * of this batch

When predicting there may be one example only, so the moving averages take the batch's place, and do not change.

    y = (x - mean) / sqrt(var + epsilon)         x: (batch, features)

Write __call__; scale and offset are left out here.
"""
import numpy as np


class BatchNorm:
    """Mean 0 and variance 1 for each feature over the batch."""

    def __init__(self, features, momentum=0.9, epsilon=1e-3):
        self.momentum, self.epsilon = momentum, epsilon
        self.moving_mean, self.moving_var = np.zeros(features), np.ones(features)

    def __call__(self, x, training):
        # BEGIN SOLUTION
        mean, var = self.moving_mean, self.moving_var
        if training:
            mean, var = x.mean(axis=0), x.var(axis=0)
            self.moving_mean = self.momentum * self.moving_mean + (1 - self.momentum) * mean
            self.moving_var = self.momentum * self.moving_var + (1 - self.momentum) * var
        return (x - mean) / np.sqrt(var + self.epsilon)
        # END SOLUTION


# CHECKS
from tinyfm.engine import Tensor
from tinyfm.exercises.laws import check, normal, play
from tinyfm.nn import BatchNormalization

minutes = 15
requires = ["layer_norm"]
hints = [
    "Two cases: which mean and variance are used, and do the moving ones change?",
    "training: mean and var of x over axis 0, and moving = momentum * moving + (1 - momentum) * new. Else: the moving ones.",
    "mean, var = self.moving_mean, self.moving_var\nif training:\n    mean, var = x.mean(axis=...), x.var(axis=...)\n"
    "    self.moving_mean = ...\n    self.moving_var = ...\nreturn (x - mean) / ...",
]
after = """
Two behaviours in one layer are its curse: forget to switch, and a network that trained well predicts badly, or predicts
differently depending on its neighbours in the batch.  Keras, PyTorch and tinyfm all ask for a flag.
"""
compare = ["tinyfm.nn:BatchNormalization"]


def run(module, batches, training, momentum):
    layer = module.BatchNorm(batches[0].shape[1], momentum)
    ys = [layer(x, t) for x, t in zip(batches, training)]
    return [*ys, layer.moving_mean, layer.moving_var]


class Ours:
    """The engine's layer under the student's name."""
    class BatchNorm:
        def __init__(self, features, momentum):
            self.layer = BatchNormalization(momentum=momentum, center=False, scale=False, input_shape=(features,))
            self.moving_mean, self.moving_var = np.zeros(features), np.ones(features)
        def __call__(self, x, training):
            mean, var = (x.mean(0), x.var(0)) if training else (self.moving_mean, self.moving_var)
            if training:
                m = self.layer.momentum
                self.moving_mean, self.moving_var = m * self.moving_mean + (1 - m) * mean, m * self.moving_var + (1 - m) * var
            return (x - mean) / np.sqrt(var + 1e-3)


def batches(rng, n, features=3): return [2 * normal(rng, 4 + i, features) + 1 for i in range(n)]


@check
def one_batch_in_training(student, rng): play(student, run, Ours, batches(rng, 1), [True], 0.9)


@check
def the_averages_move(student, rng): play(student, run, Ours, batches(rng, 3), [True] * 3, 0.8)


@check
def predicting_uses_them_and_leaves_them(student, rng):
    play(student, run, Ours, batches(rng, 3), [True, False, False], 0.7)


@check
def predicting_at_once(student, rng): play(student, run, Ours, batches(rng, 1), [False], 0.9)


@check(hidden=True)
def square_batches(student, rng): play(student, run, Ours, [normal(rng, 4, 4), 0.01 * normal(rng, 4, 4)], [True, False], 0.5)


mistakes = {
    "Over the features, not over the batch: that is layer normalisation":
        ("mean, var = x.mean(axis=0), x.var(axis=0)", "mean, var = x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)"),
    "The batch's statistics are used when predicting too": ("if training:", "if True:"),
    "momentum is the share of the new, where it is that of the old":
        ("self.momentum * self.moving_mean + (1 - self.momentum) * mean",
         "(1 - self.momentum) * self.moving_mean + self.momentum * mean"),
    "The moving averages are used in training too":
        ("return (x - mean) / np.sqrt(var + self.epsilon)",
         "return (x - self.moving_mean) / np.sqrt(self.moving_var + self.epsilon)"),
    "The moving variance is never updated":
        ("self.moving_var = self.momentum * self.moving_var + (1 - self.momentum) * var", "pass"),
    "The moving averages are replaced, not moved":
        ("self.momentum * self.moving_mean + (1 - self.momentum) * mean", "mean"),
    "The root is missing": ("np.sqrt(var + self.epsilon)", "(var + self.epsilon)"),
    "epsilon is outside the root": ("np.sqrt(var + self.epsilon)", "(np.sqrt(var) + self.epsilon)"),
    "The mean is not subtracted": ("(x - mean)", "x"),
}
