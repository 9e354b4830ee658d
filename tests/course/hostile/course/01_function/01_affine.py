"""Three times and one

Return 3 x + 1 for each element of x.
"""
import numpy as np


def affine(x):
    """3 x + 1;  x: any shape."""
    # BEGIN SOLUTION
    return 3 * x + 1
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, normal


def ours(x): return 3 * x + 1


@check
def given_numbers(student, rng): agree(student.affine, ours, np.array([1.0, 2.0]), normal(rng, 3, 4))


@check(points=2, hidden=True)
def others(student, rng): agree(student.affine, ours, normal(rng, 5), np.zeros(0), normal(rng, 2, 3, 2))


mistakes = {"That is 3 (x + 1)": "return 3 * (x + 1)", "1 is left out": "return 3 * x"}
