"""The rule of the maximum

    y_i = max_j x_ij          x: (rows, columns) -> y: (rows,)

Only the largest element of each row reaches y, so only it receives the gradient; all others get 0.  When several are
equally large, the first one gets it all.
"""
import numpy as np


def max_backward(g, x):
    """The gradient of y = x.max(axis=1);  g: (rows,), x: (rows, columns)."""
    # BEGIN SOLUTION
    dx = np.zeros_like(x)
    dx[np.arange(len(x)), x.argmax(axis=1)] = g
    return dx
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, gradients, normal, vectorised

minutes = 10
requires = ["sum_and_mean"]
hints = [
    "Where is the largest element of each row? NumPy has a function for the place, not only for the value.",
    "dx is 0 but at (i, argmax of row i), where it is g_i.",
    "dx = np.zeros_like(...)\ndx[np.arange(...), x.argmax(axis=...)] = ...\nreturn dx",
]
after = """
The maximum is a switch: which input is connected depends on the values, and the gradient flows back through that one wire.
Max pooling is this rule, a window at a time.  With a mask (x == max) a tie would pay out g twice.
"""
compare = ["tinyfm.ops:max"]


def ours(g, x):
    dx = np.zeros(x.shape, x.dtype)
    np.put_along_axis(dx, x.argmax(1)[:, None], g[:, None].astype(x.dtype), 1)
    return dx


@check
def the_largest_gets_it_all(student, rng):
    gradients(student.max_backward, lambda x: x.max(axis=1), normal(rng, 4, 5))


@check
def negative_numbers_and_square_arrays(student, rng):
    agree(student.max_backward, ours, (normal(rng, 3), -np.abs(normal(rng, 3, 3))), (normal(rng, 1), normal(rng, 1, 4)))


@check
def a_tie_pays_once(student, rng):
    agree(student.max_backward, ours, (np.array([2.0, 3.0]), np.array([[1.0, 5.0, 5.0], [0.0, 0.0, 0.0]])))


@check(hidden=True)
def float32_and_no_loops(student, rng):
    agree(student.max_backward, ours, (normal(rng, 4).astype(np.float32), normal(rng, 4, 3).astype(np.float32)))
    return vectorised(student.max_backward, ours, normal(rng, 3000), normal(rng, 3000, 10))


mistakes = {
    "Everybody gets g, as in a sum": "return np.broadcast_to(g[:, None], x.shape)",
    "A tie pays out g to each of the largest": "return g[:, None] * (x == x.max(axis=1, keepdims=True))",
    "A tie is shared out; here the first gets it all":
        "hit = x == x.max(axis=1, keepdims=True)\nreturn g[:, None] * hit / hit.sum(axis=1, keepdims=True)",
    "The largest of each column is taken, not of each row":
        "dx = np.zeros_like(x)\ndx[x.argmax(axis=0) % len(x), np.arange(x.shape[1]) % x.shape[1]] = g[0]\nreturn dx",
    "The value of the maximum is handed back, not g": "return x * (x == x.max(axis=1, keepdims=True))",
    "g is left out": "return 1.0 * (x == x.max(axis=1, keepdims=True))",
    "The smallest gets it": "dx = np.zeros_like(x)\ndx[np.arange(len(x)), x.argmin(axis=1)] = g\nreturn dx",
    "The largest of the whole array is taken": "dx = np.zeros_like(x)\ndx[np.arange(len(x)), x.argmax() % x.shape[1]] = g\n"
        "return dx",
}
