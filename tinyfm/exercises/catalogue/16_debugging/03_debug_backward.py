"""Find the bugs: a backward pass that nearly works

This network of two layers trains, only badly.  forward is right, backward has three bugs.  Do not search for them by
reading: let the gradient checker name them.  In your folder,

    tinyfm check 03_debug_backward.py:network

compares network_backward with the truth and says of each argument what is wrong.  Mend one bug, run it again.
"""
import numpy as np


def network(x, w1, b1, w2):
    """y = tanh(x w1 + b1) w2;  x: (n, d), w1: (d, h), b1: (h,), w2: (h, k)."""
    return np.tanh(x @ w1 + b1) @ w2


network_inputs = (4, 3), (3, 5), (5,), (5, 2)    # the shapes that the checker tries


def network_backward(g, x, w1, b1, w2):
    """(dx, dw1, db1, dw2);  g: (n, k)."""
    h = np.tanh(x @ w1 + b1)
    # BEGIN SOLUTION
    da = g @ w2.T * (1 - h * h)
    return da @ w1.T, x.T @ da, da.sum(axis=0), h.T @ g
    # INSTEAD
    # da = g @ w2.T * (1 - h * h)
    # return g @ w2.T @ w1.T, x.T @ da, da[0], (x @ w1 + b1).T @ g
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, gradients, normal

minutes = 15
requires = ["linear_backward", "activations"]
hints = [
    "Run the checker. Which argument is right in spite of the bugs? What does that tell?",
    "dx passes through tanh as well; a bias collects from every row; the factor of dw2 is what w2 was multiplied with.",
    "return ... @ w1.T, x.T @ da, da.sum(axis=...), ....T @ g",
]
after = """
A training run survives bugs like these: the steps still point roughly downhill.  That is why they live so long.  Check
every hand-written gradient before its first training run, at sizes that all differ.
"""
compare = ["tinyfm.gradcheck:check_backward"]


@check
def the_inner_layer(student, rng):
    sizes = normal(rng, 4, 3), normal(rng, 3, 5), normal(rng, 5), normal(rng, 5, 2)
    g = normal(rng, 4, 2)
    agree(student.network_backward, network_backward, (g, *sizes))


@check(points=3)
def against_central_differences(student, rng):
    gradients(student.network_backward, network, normal(rng, 4, 3), normal(rng, 3, 5), normal(rng, 5), normal(rng, 5, 2))


@check(hidden=True)
def other_sizes(student, rng):
    gradients(student.network_backward, network, normal(rng, 1, 2), normal(rng, 2, 2), normal(rng, 2), normal(rng, 2, 2))


mistakes = {
    "The slope of tanh is 1 - h^2, not 1 - h": ("(1 - h * h)", "(1 - h)"),
    "The bias is averaged, where it sums": ("da.sum(axis=0)", "da.mean(axis=0)"),
    "dw2 is divided by the batch": ("h.T @ g\n", "h.T @ g / len(x)\n"),
    "dx passes by tanh: its slope is left out there": ("da @ w1.T", "g @ w2.T @ w1.T"),
    "db1 takes the first row, where all rows are summed": ("da.sum(axis=0)", "da[0]"),
    "dw2 is made with the input of tanh, where its result belongs": ("h.T @ g", "(x @ w1 + b1).T @ g"),
    "The slope of tanh is left out": (" * (1 - h * h)", ""),
    "That is the sigmoid's slope": ("(1 - h * h)", "h * (1 - h)"),
}
