"""The rule of softmax alone

    y_i = e^{x_i} / sum_j e^{x_j}        along the last axis

Every y depends on every x:  dy_i / dx_j = y_i ([i = j] - y_j).  Multiply g by that matrix without ever building it:

    dx_j = sum_i g_i y_i ([i = j] - y_j)  =  ...

The rule gets g and the result y.
"""
import numpy as np


def softmax_backward(g, y):
    """The gradient with respect to x of y = softmax(x) along the last axis;  g, y: (..., classes)."""
    # BEGIN SOLUTION
    return y * (g - (g * y).sum(axis=-1, keepdims=True))
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, gradients, normal, vectorised
from tinyfm.ops import softmax

minutes = 15
requires = ["softmax"]
hints = [
    "Split the sum: the term [i = j] leaves g_j y_j; in the other y_j does not depend on i and stands before the sum.",
    "dx = y (g - sum_i g_i y_i), the sum over the last axis, kept.",
    "return y * (g - (... * ...).sum(axis=..., keepdims=...))",
]
after = """
g minus its mean, weighted by the probabilities; times y.  So a constant added to g changes nothing, as a constant added
to x changes nothing.  Attention runs this rule once for every query.
"""
compare = ["tinyfm.ops:softmax"]


def ours(g, y): return y * (g - np.sum(g * y, -1, keepdims=True))


@check
def a_constant_gradient_gives_nothing(student, rng):
    agree(student.softmax_backward, ours, (np.full(4, 3.0), np.full(4, 0.25)), (np.array([1.0, 0.0]), np.array([0.3, 0.7])))


@check(points=2)
def against_central_differences(student, rng):
    def softmax_backward(g, x): return student.softmax_backward(g, softmax(x, axis=-1))
    gradients(softmax_backward, lambda x: softmax(x, axis=-1), normal(rng, 3, 5))


@check
def square_arrays(student, rng):
    agree(student.softmax_backward, ours, (normal(rng, 4, 4), softmax(normal(rng, 4, 4), axis=-1)))


@check(hidden=True)
def more_axes_and_no_loops(student, rng):
    agree(student.softmax_backward, ours, (normal(rng, 2, 3, 4), softmax(normal(rng, 2, 3, 4), axis=-1)))
    return vectorised(student.softmax_backward, ours, normal(rng, 2000, 8), softmax(normal(rng, 2000, 8), axis=-1))


mistakes = {
    "Only the diagonal: as if y_i depended on x_i alone": "return g * y * (1 - y)",
    "The path through the sum is left out": "return g * y",
    "y is not the factor before the bracket": "return g - (g * y).sum(axis=-1, keepdims=True)",
    "The sum is not weighted by y": "return y * (g - g.sum(axis=-1, keepdims=True))",
    "The mean of g is subtracted, not the mean weighted by y": "return y * (g - g.mean(axis=-1, keepdims=True))",
    "The sum runs along the first axis": "return y * (g - (g * y).sum(axis=0, keepdims=True))",
    "The sum runs over everything": "return y * (g - (g * y).sum())",
    "The sign is turned round": "return y * ((g * y).sum(axis=-1, keepdims=True) - g)",
    "The terms are added": "return y * (g + (g * y).sum(axis=-1, keepdims=True))",
    "The mean of g y is taken, where the sum is due": "return y * (g - (g * y).mean(axis=-1, keepdims=True))",
}
