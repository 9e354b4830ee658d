"""A recurrent network: one step, and a sequence

    h[t] = tanh(x[t] W + h[t-1] U + b)          h[-1] = 0

    x: (batch, time, inputs)   W: (inputs, hidden)   U: (hidden, hidden)   b: (hidden,)

The same weights at every step; what is carried on is h.  Return the states of all steps: (batch, time, hidden).
"""
import numpy as np


def rnn(x, W, U, b):
    """The states of all steps, (batch, time, hidden)."""
    # BEGIN SOLUTION
    h, states = np.zeros((len(x), len(b))), []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W + h @ U + b)
        states.append(h)
    return np.stack(states, axis=1)
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, normal
from tinyfm.ops import tanh

minutes = 15
requires = ["layer"]
hints = [
    "One loop over time. Which part of x belongs to step t?",
    "h = tanh(x[:, t] @ W + h @ U + b), beginning with zeros; collect every h.",
    "h, states = np.zeros((len(x), len(b))), []\nfor t in range(...):\n    h = np.tanh(...)\n    states.append(h)\n"
    "return np.stack(states, axis=...)",
]
after = """
The loop over time cannot be vectorised, each step needs the one before: that is what attention did away with.  On the way
back the gradient passes through U once for each step, so it grows or shrinks like a power.
"""
compare = ["tinyfm.ops.recurrent:rnn"]


def ours(x, W, U, b):
    h = np.zeros((x.shape[0], U.shape[0]))
    found = np.zeros((x.shape[0], x.shape[1], U.shape[0]))
    for t in range(x.shape[1]):
        found[:, t] = h = tanh(np.einsum("bi,ih->bh", x[:, t], W) + np.einsum("bh,hk->bk", h, U) + b)
    return found


def case(rng, n, time, inputs, hidden):
    return normal(rng, n, time, inputs), normal(rng, inputs, hidden), normal(rng, hidden, hidden), normal(rng, hidden)


@check
def one_step(student, rng): agree(student.rnn, ours, case(rng, 2, 1, 3, 4), case(rng, 1, 1, 2, 2))


@check
def two_steps_remember(student, rng): agree(student.rnn, ours, case(rng, 2, 2, 3, 4))


@check
def longer(student, rng): agree(student.rnn, ours, case(rng, 3, 7, 2, 5), case(rng, 4, 4, 4, 4))


mistakes = {
    "Nothing is carried on: h does not enter": ("+ h @ U + b", "+ b"),
    "The bias is left out": ("+ h @ U + b", "+ h @ U"),
    "tanh is left out": ("np.tanh(x[:, t] @ W + h @ U + b)", "x[:, t] @ W + h @ U + b"),
    "U is transposed": ("h @ U", "h @ U.T"),
    "The time goes backwards": ("range(x.shape[1])", "reversed(range(x.shape[1]))"),
    "Always the first input": ("x[:, t] @ W", "x[:, 0] @ W"),
    "Only the last state is returned": ("return np.stack(states, axis=1)", "return states[-1]"),
    "Time comes before the batch": ("np.stack(states, axis=1)", "np.stack(states, axis=0)"),
    "The states are added up": ("h = np.tanh(x[:, t] @ W + h @ U + b)", "h = h + np.tanh(x[:, t] @ W + h @ U + b)"),
    "It begins with ones": ("np.zeros((len(x), len(b)))", "np.ones((len(x), len(b)))"),
    "relu in place of tanh": ("np.tanh(x[:, t] @ W + h @ U + b)", "np.maximum(x[:, t] @ W + h @ U + b, 0)"),
}
