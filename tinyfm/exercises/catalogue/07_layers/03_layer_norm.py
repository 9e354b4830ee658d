"""Layer normalisation

Each example is shifted and scaled to mean 0 and variance 1 over its features, then scaled and shifted as learnt:

    y = (x - mean) / sqrt(var + epsilon) * scale + offset

mean and var are taken over the last axis, of each row by itself; var is the mean of (x - mean)^2.

    x: (..., features)    scale, offset: (features,)
"""
import numpy as np


def layer_norm(x, scale, offset, epsilon=1e-5):
    """Mean 0 and variance 1 over the last axis, times scale, plus offset."""
    # BEGIN SOLUTION
    mean = x.mean(axis=-1, keepdims=True)
    var = x.var(axis=-1, keepdims=True)
    return (x - mean) / np.sqrt(var + epsilon) * scale + offset
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, normal, vectorised
from tinyfm.ops import layer_norm as ours_of

minutes = 10
requires = ["sum_and_mean"]
hints = [
    "mean and variance are taken for each row by itself: over the last axis. Keep the axis, so that x - mean broadcasts.",
    "(x - mean) / sqrt(var + epsilon), then * scale + offset. epsilon stands under the root.",
    "mean = x.mean(axis=..., keepdims=...)\nvar = x.var(axis=..., keepdims=...)\nreturn (x - mean) / ... * ... + ...",
]
after = """
It does not care which other examples are in the batch, so it does the same in training and in prediction; transformers
use it for that.  Where a row is constant var is 0, and epsilon keeps the result at the offset.
"""
compare = ["tinyfm.ops:layer_norm"]


def ours(x, scale, offset, epsilon=1e-5): return ours_of(x, scale, offset, epsilon=epsilon)


def case(rng, *shape): return 3 * normal(rng, *shape) + 1, normal(rng, shape[-1]), normal(rng, shape[-1])


@check
def rows_by_themselves(student, rng): agree(student.layer_norm, ours, case(rng, 4, 6), case(rng, 4, 4), case(rng, 2, 3, 5))


@check
def a_constant_row_gives_the_offset(student, rng):
    agree(student.layer_norm, ours, (np.full((2, 3), 7.0), np.ones(3), np.array([1.0, 2.0, 3.0])))


@check
def epsilon_under_the_root(student, rng):
    agree(student.layer_norm, ours, (0.1 * normal(rng, 3, 4), np.ones(4), np.zeros(4), {"epsilon": 0.5}),
          (1e-3 * normal(rng, 3, 4), np.ones(4), np.zeros(4)))


@check(hidden=True)
def no_loops(student, rng): return vectorised(student.layer_norm, ours, *case(rng, 2000, 30))


mistakes = {
    "Taken over the batch: that is batch normalisation":
        "return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + epsilon) * scale + offset",
    "Taken over everything": "return (x - x.mean()) / np.sqrt(x.var() + epsilon) * scale + offset",
    "Divided by the variance, not by its root": ("np.sqrt(var + epsilon)", "(var + epsilon)"),
    "epsilon is added outside the root": ("np.sqrt(var + epsilon)", "(np.sqrt(var) + epsilon)"),
    "epsilon is missing": ("np.sqrt(var + epsilon)", "np.sqrt(var)"),
    "The mean is not subtracted: that is nearly RMS normalisation": ("(x - mean)", "x"),
    "The variance of a sample, divided by n - 1": ("x.var(axis=-1, keepdims=True)", "x.var(axis=-1, keepdims=True, ddof=1)"),
    "The offset is scaled too": ("* scale + offset", "* (scale + offset)"),
    "The scale is left out": (" * scale + offset", " + offset"),
    "The offset is left out": (" * scale + offset", " * scale"),
}
