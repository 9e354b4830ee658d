"""Find the bug: a loss that will not fall

A straight line is fitted, y = x w + b with x: (n, 1), and the loss stays at the variance of the targets.  No error, no
warning.  There is one bug, in one line.

Print the shape of every array in one step.  A tool: `import tinyfm as fm` in a Python of your own, and use
fm.mean_squared_error(prediction, target) where the loss is computed: it refuses what NumPy does silently.
"""
import numpy as np


def train(x, t, learning_rate=0.1, steps=50):
    """x: (n, 1), t: (n,).  Returns w: (1, 1), b, and the loss before each step."""
    w, b, losses = np.zeros((1, 1)), 0.0, []
    for _ in range(steps):
        # BEGIN SOLUTION
        d = (x @ w + b)[:, 0] - t
        losses.append(np.mean(d ** 2))
        w = w - learning_rate * 2 * (x.T @ d[:, None]) / len(x)
        b = b - learning_rate * 2 * np.mean(d)
        # INSTEAD
        # d = x @ w + b - t
        # losses.append(np.mean(d ** 2))
        # w = w - learning_rate * 2 * (x.T @ d.mean(axis=1, keepdims=True)) / len(x)
        # b = b - learning_rate * 2 * np.mean(d)
        # END SOLUTION
    return w, b, losses


# CHECKS
from tinyfm.exercises.laws import agree, check, normal, sparkline

minutes = 15
requires = ["linear_regression"]
hints = [
    "How many numbers does d hold? How many should it hold?",
    "x @ w + b is (n, 1) and t is (n,): their difference is (n, n), every prediction minus every target.",
    "d = (x @ w + b)[:, 0] - t, and then d[:, None] where a column is needed.",
]
after = """
(n, 1) - (n,) broadcasts to (n, n), and everything after it still runs: the mean of all differences, gradients of the right
shape.  It is the most frequent silent bug of all.  tinyfm's losses refuse it; in your own code, write shapes beside lines.
"""
compare = ["tinyfm.ops.losses:check_same"]


def points(rng, n): return (x := normal(rng, n, 1)), 2 * x[:, 0] - 1 + 0.1 * normal(rng, n)


@check
def one_step(student, rng): agree(student.train, train, (*points(rng, 12), {"steps": 1}))


@check
def the_line_is_found(student, rng):
    x, t = points(rng, 40)
    agree(student.train, train, (x, t))
    return f"loss {sparkline(student.train(x, t)[2])}"


@check
def two_steps_at_another_rate(student, rng): agree(student.train, train, (*points(rng, 7), {"steps": 2, "learning_rate": 0.03}))


mistakes = {
    "d is still every prediction minus every target": ("(x @ w + b)[:, 0] - t", "((x @ w + b) - t).mean(axis=1)"),
    "The targets are averaged away": ("(x @ w + b)[:, 0] - t", "(x @ w + b)[:, 0] - t.mean()"),
    "The gradient of w is that of b": ("(x.T @ d[:, None]) / len(x)", "np.mean(d)"),
    "The loss is a sum": ("np.mean(d ** 2)", "np.sum(d ** 2)"),
    "The gradient of w is not divided by n": ("(x.T @ d[:, None]) / len(x)", "(x.T @ d[:, None])"),
}
