"""Rules of sums and means

    y = x.sum(axis)      every x along the axis moves y by as much as itself
    y = x.mean(axis)     ... by 1/n of it, n being the length of the axis

g has the shape of y, so the axis is missing from it; the gradient has the shape of x.  Put the axis back as one of
length 1 (np.expand_dims), then let NumPy stretch it (np.broadcast_to, or a product with ones).
"""
import numpy as np


def sum_backward(g, x, axis):
    """The gradient of y = x.sum(axis) with respect to x;  axis: one number, perhaps negative."""
    # BEGIN SOLUTION
    return np.broadcast_to(np.expand_dims(g, axis), x.shape)
    # END SOLUTION


def mean_backward(g, x, axis):
    """The gradient of y = x.mean(axis) with respect to x."""
    # BEGIN SOLUTION
    return np.broadcast_to(np.expand_dims(g, axis), x.shape) / x.shape[axis]
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, gradients, normal

minutes = 10
requires = ["product_rule"]
hints = [
    "y_j = sum_i x_ij. By how much does y_j move when x_ij moves by 1? And the other y's?",
    "sum: every x_ij gets g_j. mean: every x_ij gets g_j / n.",
    "np.broadcast_to(np.expand_dims(g, axis), ...)",
]
after = """
A sum forward is a copy backward (and a copy forward, which is broadcasting, is a sum backward).  The mean only adds the
factor 1/n: forget it and the gradient depends on the size of the batch.
"""
compare = ["tinyfm.ops:sum", "tinyfm.ops:mean"]


def ours(g, x, axis): return np.expand_dims(g, axis) * np.ones(x.shape)


@check
def the_sum_over_each_axis(student, rng):
    for axis in (0, 1, -1): gradients(fixed(student.sum_backward, axis), lambda x, a=axis: x.sum(a), normal(rng, 4, 3))


@check
def the_mean_over_each_axis(student, rng):
    for axis in (0, 1, -1): gradients(fixed(student.mean_backward, axis), lambda x, a=axis: x.mean(a), normal(rng, 4, 3))


@check
def square_arrays_do_not_hide_the_axis(student, rng):
    x, g = normal(rng, 3, 3), normal(rng, 3)
    agree(student.sum_backward, ours, (g, x, 0), (g, x, 1))
    agree(student.mean_backward, lambda g, x, axis: ours(g, x, axis) / 3, (g, x, 0), (g, x, 1))


@check(hidden=True)
def vectors_and_three_axes(student, rng):
    agree(student.sum_backward, ours, (normal(rng), normal(rng, 5), 0), (normal(rng, 2, 4), normal(rng, 2, 3, 4), 1))
    agree(student.mean_backward, lambda g, x, axis: ours(g, x, axis) / x.shape[axis],
          (normal(rng), normal(rng, 5), 0), (normal(rng, 2, 4), normal(rng, 2, 3, 4), -2))


def fixed(rule, axis):
    """The rule with its axis, as the gradient checker calls it."""
    def backward(g, x): return rule(g, x, axis)
    backward.__name__ = rule.__name__
    return backward


mistakes = {
    "The mean's factor 1/n is missing": (" / x.shape[axis]", ""),
    "The mean is divided by all elements, not by those along the axis": ("/ x.shape[axis]", "/ x.size"),
    "The mean is divided by the length of the first axis, whichever the axis is": ("x.shape[axis]", "x.shape[0]"),
    "The mean is multiplied by n": ("/ x.shape[axis]", "* x.shape[axis]"),
    "g is stretched along the last axis, whichever the axis is":
        ("return np.broadcast_to(np.expand_dims(g, axis), x.shape)\n", "return np.broadcast_to(g[..., None], x.shape)\n"),
    "g is stretched along the first axis, whichever the axis is":
        ("return np.broadcast_to(np.expand_dims(g, axis), x.shape)\n", "return np.broadcast_to(g[None], x.shape)\n"),
    "g is summed to one number before it is handed on":
        ("return np.broadcast_to(np.expand_dims(g, axis), x.shape)\n", "return np.broadcast_to(np.sum(g), x.shape)\n"),
}
