"""Two paths from x to y

x reaches y along two paths here:

    a = x^2        b = sin x        y = a b + a

On paper: which arrows go from x to y, and what is the slope along each?  What arrives along different paths is ADDED.
Return all the gradients: of y with respect to a, to b, and to x.  Work backwards from y, and let each line of code be
one line of the derivation.
"""
import numpy as np


def gradients(x):
    """(dy/da, dy/db, dy/dx) for each element of x."""
    a = x ** 2
    b = np.sin(x)
    # BEGIN SOLUTION
    da = b + 1
    db = a
    dx = da * 2 * x + db * np.cos(x)
    return da, db, dx
    # END SOLUTION


# CHECKS
from tinyfm.engine import gradients as pulled
from tinyfm.engine import tensor
from tinyfm.exercises.laws import agree, check, normal
from tinyfm.ops import sin, square, sum

minutes = 10
requires = ["chain"]
hints = [
    "a is used twice: in a b and in + a. Both say something about dy/da.",
    "dy/da = b + 1, dy/db = a, and dy/dx = dy/da da/dx + dy/db db/dx.",
    "da = ... + 1\ndb = ...\ndx = da * ... + db * ...",
]
after = """
Backwards you never ask "what does x do to y?" but, at each variable, "who used me, and what is my slope there?".  Each
use hands back one term, and the terms add up.  That sum is why gradients are accumulated with +=.
"""
compare = ["tinyfm.engine:backward"]


def ours(x):
    x = tensor(x, requires_grad=True)
    a, b = square(x), sin(x)
    return tuple(pulled(sum(a * b + a), [a, b, x]))


@check
def what_reaches_a_and_b(student, rng):
    agree(lambda_first(student.gradients, 2), lambda x: ours(x)[:2], np.array([0.5, -1.0, 2.0]))


@check
def what_reaches_x(student, rng): agree(student.gradients, ours, np.array([0.5, -1.0, 2.0]))


@check(hidden=True)
def anywhere(student, rng): agree(student.gradients, ours, normal(rng, 4, 5), np.array([0.0]))


def lambda_first(function, n):
    """The first n results, as a function that still knows whose it is."""
    class First:
        student, __name__ = function.student, function.__name__
        warned = property(lambda self: function.warned)
        def __call__(self, x): return tuple(function(x)[:n])
    return First()


mistakes = {
    "The path through + a is forgotten in dy/da": ("da = b + 1", "da = b"),
    "The path through b is forgotten in dy/dx": ("dx = da * 2 * x + db * np.cos(x)", "dx = da * 2 * x"),
    "The path through a is forgotten in dy/dx": ("dx = da * 2 * x + db * np.cos(x)", "dx = db * np.cos(x)"),
    "The two paths are multiplied, not added": ("da * 2 * x + db * np.cos(x)", "da * 2 * x * db * np.cos(x)"),
    "The slope of sin is cos, without a minus": ("+ db * np.cos(x)", "- db * np.cos(x)"),
    "The slope of x^2 is 2 x, not x": ("da * 2 * x", "da * x"),
    "dy/db is a, not a + 1: b appears in one product only": ("db = a", "db = a + 1"),
}
