"""Backward through a linear layer

    Y = X W + b        X: (batch, inputs)   W: (inputs, units)   b: (units,)

g is the gradient of the loss with respect to Y, of the shape of Y.  Return the gradients with respect to X, W and b.

Shapes nearly write the answer: each gradient has the shape of what it belongs to, and it is a product of g with the
other factor.  b was added to every row, so every row of g sends something back to it.
"""
import numpy as np


def linear_backward(g, x, w, b):
    """The gradients (dx, dw, db) of Y = X W + b;  g: (batch, units)."""
    # BEGIN SOLUTION
    return g @ w.T, x.T @ g, g.sum(axis=0)
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, gradients, normal, swapped
from tinyfm.nn import Dense, Sequential
from tinyfm.ops import linear, matmul

minutes = 15
requires = ["product_rule"]
hints = [
    "dx has the shape (batch, inputs). How do you get there from g: (batch, units) and w: (inputs, units)?",
    "dX = g W^T, dW = X^T g, db = the sum of g over the batch.",
    "return g @ ..., ... @ g, g.sum(axis=...)",
]
after = """
y_nj = sum_i x_ni w_ij + b_j: x_ni reaches every y_nj with the weight w_ij, so its gradient collects g_nj w_ij over j.
w_ij is used by every example, b_j too, so theirs collect over the batch.  What is shared forward is summed backward.
"""
compare = ["tinyfm.ops:linear"]


def forward(x, w, b): return x @ w + b


@check
def small_numbers(student, rng):
    args = np.array([[1.0, -1.0]]), np.array([[2.0, 3.0]]), np.array([[1.0, 2.0], [0.0, 1.0]]), np.zeros(2)
    agree(student.linear_backward, lambda g, x, w, b: (g @ w.T, x.T @ g, g.sum(0)), args)


@check(points=2)
def against_central_differences(student, rng):
    gradients(student.linear_backward, forward, normal(rng, 7, 5), normal(rng, 5, 3), normal(rng, 3))


@check
def with_square_matrices(student, rng):
    gradients(student.linear_backward, forward, normal(rng, 4, 4), normal(rng, 4, 4), normal(rng, 4))


@check(hidden=True)
def a_batch_of_one(student, rng):
    gradients(student.linear_backward, forward, normal(rng, 1, 3), normal(rng, 3, 2), normal(rng, 2))


mistakes = {
    "The bias takes the first row, where all rows are summed": "return g @ w.T, x.T @ g, g[0]",
    "The bias averages over the batch, where it sums": "return g @ w.T, x.T @ g, g.mean(axis=0)",
    "W is not transposed": "return g @ w, x.T @ g, g.sum(axis=0)",
    "The weight's gradient is transposed": "return g @ w.T, g.T @ x, g.sum(axis=0)",
    "The bias is summed over the units": "return g @ w.T, x.T @ g, g.sum(axis=1)",
    "The bias is summed to one number": "return g @ w.T, x.T @ g, g.sum()",
    "Everything is divided by the batch": "g = g / len(g)\nreturn g @ w.T, x.T @ g, g.sum(axis=0)",
    "The bias has no gradient": "return g @ w.T, x.T @ g, np.zeros(b.shape)",
    "The sign belongs to the update, not to the gradient": "return -g @ w.T, -x.T @ g, -g.sum(axis=0)",
    "dx and dw are exchanged": "return x.T @ g, g @ w.T, g.sum(axis=0)",
}
