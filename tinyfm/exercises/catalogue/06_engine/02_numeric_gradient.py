"""A numeric gradient

The definition of a derivative, with a small step h in place of the limit, taken on both sides:

    df/dx_i  ~  (f(x + h e_i) - f(x - h e_i)) / 2h        e_i: 1 at place i, else 0

Write it for a function f that takes an array of any shape and returns one number.  x must be the same afterwards as it
was before: work on copies.
"""
import numpy as np


def numeric_gradient(f, x, h=1e-5):
    """The gradient of f at x, of the shape of x;  f: array -> number."""
    # BEGIN SOLUTION
    grad = np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        up, down = x.copy(), x.copy()
        up[i] += h
        down[i] -= h
        grad[i] = (f(up) - f(down)) / (2 * h)
    return grad
    # END SOLUTION


# CHECKS
from tinyfm.calculus import grad
from tinyfm.exercises.laws import agree, check, normal
from tinyfm.ops import exp, sum, tanh

minutes = 15
hints = [
    "One element at a time: a copy of x with that element a little larger, another a little smaller.",
    "grad[i] = (f(x + h e_i) - f(x - h e_i)) / (2 h). np.ndindex(*x.shape) yields every index of any shape.",
    "grad = np.zeros(x.shape)\nfor i in np.ndindex(*x.shape):\n    up, down = x.copy(), x.copy()\n    up[i] += ...\n"
    "    down[i] -= ...\n    grad[i] = ...\nreturn grad",
]
after = """
Both sides together cancel the error of first order: with h = 1e-5 about ten digits are right; a smaller h loses them to
rounding.  It needs two evaluations for EACH element, so nobody trains with it; but it knows nothing of your derivation,
and that makes it the judge of every hand-written gradient.
"""
compare = ["tinyfm.gradcheck.numeric:jacobian"]


def f(x): return np.sum(np.tanh(x) * np.exp(x / 2))
def ours(f, x): return grad(lambda x: sum(tanh(x) * exp(x / 2)))(x)


@check
def a_parabola(student, rng):
    agree(student.numeric_gradient, np.array([2.0, -4.0, 1.0]), (lambda x: np.sum(x ** 2), np.array([1.0, -2.0, 0.5])),
          rtol=1e-6)


@check
def any_shape(student, rng):
    agree(student.numeric_gradient, ours, (f, normal(rng, 3, 4)), (f, normal(rng, 2, 3, 2)), (f, normal(rng)), rtol=1e-6)


@check
def both_sides_are_used(student, rng):
    agree(student.numeric_gradient, np.array([0.0]), (lambda x: np.sum(np.abs(x)), np.zeros(1)))
    agree(student.numeric_gradient, np.array([3.0]), (lambda x: np.sum(x ** 3) / 4, np.array([2.0])), rtol=1e-7)


@check
def h_is_used(student, rng):
    agree(student.numeric_gradient, np.array([12.25]), (lambda x: np.sum(x ** 3), np.array([2.0]), {"h": 0.5}), rtol=1e-6)


equivalent = {"grad = np.zeros(x.shape) -> grad = np.ones(x.shape)": "every element is written"}
mistakes = {
    "Divided by h, where the two points are 2 h apart": ("/ (2 * h)", "/ h"),
    "Only one side is taken, which is right to fewer digits": ("(f(up) - f(down)) / (2 * h)", "(f(up) - f(x)) / h"),
    "The two sides are added": ("f(up) - f(down)", "f(up) + f(down)"),
    "All elements are moved at once": ("up[i] += h\n        down[i] -= h", "up += h\n        down -= h"),
    "The step down is missing": ("down[i] -= h", "pass"),
    "The step is always 1e-5, whatever h is": ("up[i] += h", "h = 1e-5; up[i] += h"),
    "The sign is turned round": ("f(up) - f(down)", "f(down) - f(up)"),
    "Only the first axis is visited": ("np.ndindex(*x.shape)", "range(len(x) if x.ndim else 0)"),
}
