"""Find the bugs: a training loop that learns nothing new

The loop below trains with momentum on mini-batches.  It runs, and the loss even falls a little.  There are four bugs,
of the kinds that everybody makes once:

  - something that should begin anew does not, or the other way round
  - something is looked at in the wrong order
  - some data is never seen
  - something is measured on the wrong thing

    gradient of the mean of (x w - t)^2 on a batch:   2 x^T (x w - t) / size of the batch
    v <- mu v + g;   w <- w - rate v                  the velocity lives through the whole training
    after each epoch:  note the loss on ALL the data, with the weights as they are then
"""
import numpy as np


def train(x, t, epochs=5, batch_size=4, rate=0.02, mu=0.9, seed=0):
    """(w, losses);  x: (n, d), t: (n,).  Each epoch has its own order: rng.permutation(n)."""
    rng = np.random.default_rng(seed)
    # BEGIN SOLUTION
    w, v, losses = np.zeros(x.shape[1]), np.zeros(x.shape[1]), []
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for i in range(0, len(x), batch_size):
            rows = order[i:i + batch_size]
            g = 2 * x[rows].T @ (x[rows] @ w - t[rows]) / len(rows)
            v = mu * v + g
            w = w - rate * v
        losses.append(np.mean((x @ w - t) ** 2))
    # INSTEAD
    # w, losses = np.zeros(x.shape[1]), []
    # for _ in range(epochs):
    #     order = rng.permutation(len(x))
    #     v = np.zeros(x.shape[1])
    #     for i in range(0, len(x) - batch_size, batch_size):
    #         rows = order[i:i + batch_size]
    #         g = 2 * x[rows].T @ (x[rows] @ w - t[rows]) / len(rows)
    #         w = w - rate * v
    #         v = mu * v + g
    #     losses.append(np.mean((x[rows] @ w - t[rows]) ** 2))
    # END SOLUTION
    return w, losses


# CHECKS
from tinyfm.exercises.laws import agree, check, normal, sparkline

minutes = 20
requires = ["minibatches", "momentum"]
hints = [
    "Take 6 examples and batches of 4: which rows are seen in an epoch? What is v in the first step of each epoch?",
    "v is made once, before the epochs; v is updated before w; range(0, n, batch_size); the loss is that of x and t.",
    "w, v, losses = ...\nfor _ in range(epochs):\n    ...\n    for i in range(0, ..., batch_size):\n        ...\n"
    "        v = ...\n        w = ...\n    losses.append(np.mean((x @ ... ) ** 2))",
]
after = """
None of the four raises an error, and each costs a little: an engine with an optimiser, a data loader and a fit() exists so
that these lines are written once.  Test a loop of your own on six examples, against a calculation by hand.
"""
compare = ["tinyfm.train.loop:train_epoch"]


def data(rng, n, d): return (x := normal(rng, n, d)), x @ np.arange(1.0, d + 1)


@check
def one_batch(student, rng): agree(student.train, train, (*data(rng, 4, 2), {"epochs": 1}))


@check
def two_batches(student, rng): agree(student.train, train, (*data(rng, 8, 2), {"epochs": 1}))


@check
def a_smaller_last_batch(student, rng): agree(student.train, train, (*data(rng, 6, 2), {"epochs": 1}), (*data(rng, 5, 2), {"epochs": 1}))


@check
def several_epochs(student, rng):
    x, t = data(rng, 10, 3)
    agree(student.train, train, (x, t), (x, t, {"epochs": 3, "mu": 0.5, "rate": 0.01, "seed": 3, "batch_size": 5}))
    return f"loss {sparkline(student.train(x, t, epochs=30)[1])}"


equivalent = {"losses.append(np.mean((x @ w - t) ** 2)) -> losses.append(np.mean((t - x @ w) ** 2))": "squared, the sign is gone"}
mistakes = {
    "The velocity begins anew in every epoch": ("order = rng.permutation(len(x))\n", "order = rng.permutation(len(x)); v = 0 * v\n"),
    "The weights move before the velocity knows the gradient": ("v = mu * v + g\n            w = w - rate * v", "w = w - rate * v\n            v = mu * v + g"),
    "The last batch of every epoch is not seen": ("range(0, len(x), batch_size)", "range(0, len(x) - batch_size, batch_size)"),
    "The loss is that of the last batch": ("np.mean((x @ w - t) ** 2)", "np.mean((x[rows] @ w - t[rows]) ** 2)"),
    "Every epoch has the same order": ("    for _ in range(epochs):\n        order = rng.permutation(len(x))", "    order = rng.permutation(len(x))\n    for _ in range(epochs):"),
    "The smaller last batch is dropped": ("range(0, len(x), batch_size)", "range(0, len(x) - batch_size + 1, batch_size)"),
    "The gradient is divided by batch_size, also where the batch is smaller": ("/ len(rows)", "/ batch_size"),
}
