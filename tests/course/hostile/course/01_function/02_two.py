"""Two functions

total(x) is the sum of x; slope(f, x, h) is (f(x + h) - f(x)) / h.
"""
import numpy as np


def total(x):
    """The sum of all elements."""
    # BEGIN SOLUTION
    return np.sum(x)
    # END SOLUTION


def slope(f, x, h):
    """(f(x + h) - f(x)) / h for numbers x and h."""
    # BEGIN SOLUTION
    return (f(x + h) - f(x)) / h
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, normal


@check
def the_total(student, rng): agree(student.total, np.sum, normal(rng, 3, 4), normal(rng, 7))


@check(points=2)
def the_slope(student, rng):
    for k in rng.uniform(1, 3, 2): agree(student.slope, float(k), (lambda x: k * x, 1.0, 0.5), rtol=1e-6)


mistakes = {"That is the mean": ("np.sum(x)", "np.mean(x)"), "Not divided by h": (") / h", ")")}
