"""Find the bug: the loss rises

This is a finished training run: logistic regression on two clouds of points.  It ran without an error, and yet the loss
went up instead of down, and then became NaN.  There are three bugs in train().  Mend them; the rest is right.

Print the loss after each step, look at the first three, and check each line against the formulas:

    p = sigma(X w + b)        loss = - mean(t ln p + (1 - t) ln(1 - p))
    dw = X^T (p - t) / n      db = mean(p - t)
"""
import numpy as np


def loss_of(p, t):
    """Mean binary cross entropy."""
    return -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p))


def train(x, t, learning_rate=0.5, steps=100):
    """Gradient descent from zero; x: (n, d), t: (n,), zeros and ones.  Returns w, b and the loss before each step."""
    w, b, losses = np.zeros(x.shape[1]), 0.0, []
    # BEGIN SOLUTION
    for _ in range(steps):
        p = 1 / (1 + np.exp(-(x @ w + b)))
        losses.append(loss_of(p, t))
        dw = x.T @ (p - t) / len(x)
        db = np.mean(p - t)
        w = w - learning_rate * dw
        b = b - learning_rate * db
    # INSTEAD
    # for _ in range(steps):
    #     p = 1 / (1 + np.exp(-(x @ w + b)))
    #     losses.append(loss_of(p, t))
    #     dw = x.T @ (t - p)
    #     db = np.mean(p - t)
    #     w = w - learning_rate * dw
    #     b = b - dw[0] * learning_rate
    # END SOLUTION
    return w, b, losses


# CHECKS
from tinyfm.exercises.laws import agree, check, sparkline

minutes = 15
hints = [
    "Check one gradient at a time: move w[0] by 0.001 and see by how much the loss changes. Is dw[0] that slope?",
    "dw points the wrong way, and it is a sum where the loss is a mean. And which gradient moves b?",
    "dw = x.T @ (... - ...) / ...\nb = b - learning_rate * ...",
]
after = """
Each of the three would have been found by comparing with a central difference, in a minute: that is what `tinyfm check`
does.  A wrong sign makes the loss rise at once; a missing 1/n works until the batch or the rate grows; a gradient of
the wrong parameter often trains, only worse, and is the one that stays in the code for years.
"""


def clouds(rng, n=60):
    t = np.repeat([0.0, 1.0], n // 2)
    return rng.normal(size=(n, 2)) + 1.5 * t[:, None] - 0.4, t


@check
def one_step(student, rng):
    agree(student.train, train, (*clouds(rng), {"steps": 1}))


@check
def two_steps(student, rng):
    agree(student.train, train, (*clouds(rng), {"steps": 2, "learning_rate": 0.1}))


@check
def the_loss_falls(student, rng):
    x, t = clouds(rng)
    agree(student.train, train, (x, t))
    return f"loss {sparkline(student.train(x, t)[2])}"


mistakes = {
    "The gradient of w has the wrong sign": ("(p - t) / len(x)", "(t - p) / len(x)"),
    "The gradient of w is a sum, where the loss is a mean": ("(p - t) / len(x)", "(p - t)"),
    "b is moved by the gradient of w[0]": ("learning_rate * db", "learning_rate * dw[0]"),
    "b is not moved": ("b = b - learning_rate * db", "pass"),
    "The sign of the update is wrong": ("w = w - learning_rate * dw", "w = w + learning_rate * dw"),
}
