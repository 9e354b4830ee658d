"""A checker of gradients that is not fooled

A hand-written backward(g, x) is to be compared with the truth.  Two habits make checkers blind:

  - They take g = 1 everywhere (they check y.sum()).  Then a backward that forgets g looks right.
  - They demand a difference below 1e-6, whatever the size of the gradient.

So: the truth for a given g is the numeric gradient of the one number  L(x) = sum(g * f(x)),  and the error is

    error = max |mine - true| / max(max |true|, 1e-12)

Return the error.  g is drawn for you.  Use the numeric gradient below.
"""
import numpy as np


def numeric_gradient(f, x, h=1e-5):
    grad = np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        step = np.zeros(x.shape)
        step[i] = h
        grad[i] = (f(x + step) - f(x - step)) / (2 * h)
    return grad


def gradient_error(f, backward, x, rng):
    """The relative error of backward(g, x) for a random g of the shape of f(x);  f: array -> array."""
    g = rng.normal(size=f(x).shape)
    # BEGIN SOLUTION
    mine = backward(g, x)
    true = numeric_gradient(lambda x: np.sum(g * f(x)), x)
    return np.max(np.abs(mine - true)) / max(np.max(np.abs(true)), 1e-12)
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import Wrong, check, play

minutes = 15
requires = ["numeric_gradient"]
hints = [
    "numeric_gradient wants a function that returns one number. Which number has the gradient that backward(g, x) claims?",
    "L(x) = np.sum(g * f(x)). Its gradient with respect to x is what backward(g, x) should return.",
    "mine = backward(g, x)\ntrue = numeric_gradient(lambda x: np.sum(... * f(x)), x)\n"
    "return np.max(np.abs(...)) / max(np.max(np.abs(...)), 1e-12)",
]
after = """
sum(g * f(x)) is the loss of an imaginary network whose rest has the gradient g.  tinyfm's checker does the same at
several points with g of both signs, also asks whether the answer is linear in g, and then tries to name the mistake.
"""
compare = ["tinyfm.gradcheck:check_backward"]


def judged(module, which, n, scale):
    """The student's verdict on one of these; they run in the student's process."""
    def relu(x): return np.maximum(x, 0)
    pairs = {"right": (np.tanh, lambda g, x: g * (1 - np.tanh(x) ** 2)),
             "ignores g": (np.tanh, lambda g, x: 1 - np.tanh(x) ** 2),
             "twice": (np.exp, lambda g, x: 2 * g * np.exp(x)),
             "sum": (lambda x: x.sum(axis=1), lambda g, x: np.repeat(g[:, None], x.shape[1], 1)),
             "mean": (lambda x: x.mean(axis=1), lambda g, x: np.repeat(g[:, None], x.shape[1], 1)),
             "constant": (lambda x: 0 * x, lambda g, x: 0 * g),
             "one wrong": (np.sin, lambda g, x: g * np.where(np.arange(x.size).reshape(x.shape) == 3, 0, np.cos(x)))}
    f, backward = pairs[which]
    x = np.random.default_rng(n).normal(size=(3, 4)) * scale
    return float(module.gradient_error(f, backward, x, np.random.default_rng(n + 1)))


def verdict(student, which, least, most, scale=1.0):
    found = student(judged, which, 5, scale)
    if not (isinstance(found, float) and least <= found <= most):
        raise Wrong("blind", f"the error of a backward that is {which!r} came out as {found!r}; expected "
                    f"{least:g} to {most:g}", "Compare backward(g, x) with the numeric gradient of sum(g * f(x)).")
    play(student, judged, solution, which, 5, scale, rtol=1e-4 if least > 1e-6 else 10.0)


@check
def right_ones_are_acquitted(student, rng):
    for which in ("right", "sum", "constant"): verdict(student, which, 0, 1e-7)


@check
def a_backward_that_ignores_g_is_caught(student, rng): verdict(student, "ignores g", 0.1, 100)


@check
def wrong_factors_are_caught(student, rng):
    verdict(student, "twice", 0.999, 1.001)
    verdict(student, "mean", 2.9, 3.1)


@check
def one_wrong_element_is_caught(student, rng): verdict(student, "one wrong", 0.01, 10)


@check
def the_error_is_relative(student, rng): verdict(student, "twice", 0.999, 1.001, 4.0)


equivalent = {
    "return np.max(np.abs(mine - true)) / max(np.max(np.abs(true)), 1e-12) -> "
    "return np.max(np.abs(mine - true)) / max(np.max(np.abs(true)), 1.25e-12)": "a guard against 0 / 0, of any small size",
    "return np.max(np.abs(mine - true)) / max(np.max(np.abs(true)), 1e-12) -> "
    "return np.max(np.abs(true - mine)) / max(np.max(np.abs(true)), 1e-12)": "|a - b| = |b - a|",
}
mistakes = {
    "g = 1 everywhere: a backward that ignores g looks right":
        ("mine = backward(g, x)", "g = np.ones_like(g)\n    mine = backward(g, x)"),
    "The truth does not contain g": ("np.sum(g * f(x))", "np.sum(f(x))"),
    "The mean of f is differentiated, not the sum": ("np.sum(g * f(x))", "np.mean(g * f(x))"),
    "The error is not relative": (" / max(np.max(np.abs(true)), 1e-12)", ""),
    "The sign of the difference is kept, so errors below 0 are overlooked":
        ("np.max(np.abs(mine - true))", "np.max(mine - true)"),
    "Errors cancel in a sum without absolute values": ("np.max(np.abs(mine - true))", "abs(np.sum(mine - true))"),
    "Only the first element is compared": ("np.max(np.abs(mine - true))", "abs((mine - true).flat[0])"),
    "The largest difference of absolute values: a wrong sign passes":
        ("np.max(np.abs(mine - true))", "np.max(np.abs(np.abs(mine) - np.abs(true)))"),
    "The error is relative to what is judged, not to the truth": ("max(np.max(np.abs(true)), 1e-12)",
                                                                  "max(np.max(np.abs(mine)), 1e-12)"),
}
