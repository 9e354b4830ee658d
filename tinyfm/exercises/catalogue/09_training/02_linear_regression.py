"""A whole training loop: a line through points

    prediction  y = x w + b                         x: (n, d)   w: (d,)   b: a number   t: (n,)
    loss        mean((y - t)^2)
    gradients   dw = 2 x^T (y - t) / n              db = 2 mean(y - t)
    update      w <- w - rate dw                    b <- b - rate db

Begin with w = 0 and b = 0, make `steps` steps on all the data, and note the loss BEFORE each update.
"""
import numpy as np


def fit(x, t, rate, steps):
    """(w, b, losses) after gradient descent from zero;  losses: a list of `steps` numbers."""
    # BEGIN SOLUTION
    w, b, losses = np.zeros(x.shape[1]), 0.0, []
    for _ in range(steps):
        d = x @ w + b - t
        losses.append(np.mean(d * d))
        w = w - rate * 2 * (x.T @ d) / len(x)
        b = b - rate * 2 * np.mean(d)
    return w, b, losses
    # END SOLUTION


# CHECKS
from tinyfm.engine import tensor
from tinyfm.exercises.laws import agree, check, normal, sparkline
from tinyfm.optim import SGD

minutes = 15
requires = ["sgd", "linear_backward"]
hints = [
    "Inside the loop: predict, measure, differentiate, update. Both gradients come from the same prediction.",
    "d = x @ w + b - t is needed three times: in the loss, in dw and in db.",
    "w, b, losses = np.zeros(...), 0.0, []\nfor _ in range(steps):\n    d = ...\n    losses.append(...)\n    w = w - ...\n"
    "    b = b - ...\nreturn w, b, losses",
]
after = """
Every training loop has these four lines; fit() of a large network differs in where the gradient comes from, and in the
batches.  Note that b is updated with the old w: a new prediction in between would be another algorithm.
"""
compare = ["tinyfm.train.loop:train_batch"]


def ours(x, t, rate, steps):
    w, b, losses = tensor(np.zeros(x.shape[1]), requires_grad=True), tensor(np.zeros(1), requires_grad=True), []
    optimizer = SGD(rate, parameters=[w, b])
    for _ in range(steps):
        optimizer.zero_grad()
        loss = ((x @ w + b - t) ** 2).mean()
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
    return w.data, float(b.data[0]), losses


def points(rng, n, d):
    x = normal(rng, n, d)
    return x, x @ np.arange(1.0, d + 1) - 0.5 + 0.1 * normal(rng, n)


@check
def one_step(student, rng): agree(student.fit, ours, (*points(rng, 8, 2), 0.1, 1))


@check
def two_steps(student, rng): agree(student.fit, ours, (*points(rng, 8, 2), 0.1, 2), (*points(rng, 5, 5), 0.05, 2))


@check
def the_line_is_found(student, rng):
    x, t = points(rng, 40, 3)
    agree(student.fit, ours, (x, t, 0.1, 60))
    return f"loss {sparkline(student.fit(x, t, 0.1, 60)[2])}"


@check
def without_a_step(student, rng): agree(student.fit, ours, (*points(rng, 4, 2), 0.1, 0))


mistakes = {
    "The step goes uphill": ("w = w - rate", "w = w + rate"),
    "b is not trained": ("b = b - rate * 2 * np.mean(d)", "pass"),
    "The factor 2 of the square is missing in dw": ("rate * 2 * (x.T @ d)", "rate * (x.T @ d)"),
    "The factor 2 of the square is missing in db": ("rate * 2 * np.mean(d)", "rate * np.mean(d)"),
    "dw is a sum, where the loss is a mean": ("(x.T @ d) / len(x)", "(x.T @ d)"),
    "db is a sum, where the loss is a mean": ("np.mean(d)\n    return", "np.sum(d)\n    return"),
    "The target is added": ("x @ w + b - t", "x @ w + b + t"),
    "b is missing in the prediction": ("x @ w + b - t", "x @ w - t"),
    "The loss is noted as a sum": ("losses.append(np.mean(d * d))", "losses.append(np.sum(d * d))"),
    "b is updated with a prediction that already has the new w":
        ("b = b - rate * 2 * np.mean(d)", "b = b - rate * 2 * np.mean(x @ w + b - t)"),
    "The root of the loss is noted": ("losses.append(np.mean(d * d))", "losses.append(np.sqrt(np.mean(d * d)))"),
}
