"""Softmax that never overflows

    softmax(x)_i = e^{x_i} / sum_j e^{x_j}        along the last axis

turns any numbers into probabilities.  e^1000 is too large for a float, but the same number may be subtracted from all
x_j without changing the result (why?).  Choose it so that no power is larger than 1.
"""
import numpy as np


def softmax(x):
    """e^x_i / sum_j e^x_j along the last axis;  x: (..., classes)."""
    # BEGIN SOLUTION
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, normal, vectorised
from tinyfm.ops import softmax as ours

minutes = 10
hints = [
    "e^{x - c} = e^x / e^c: the factor e^-c stands above and below. Which c makes the largest power 1?",
    "Subtract the largest of each row, take e^..., divide by the sum of each row. keepdims=True keeps the axis.",
    "e = np.exp(x - x.max(axis=..., keepdims=...))\nreturn e / e.sum(axis=..., keepdims=...)",
]
after = """
After the subtraction one power is exactly 1, so the sum is at least 1: nothing overflows and nothing is divided by 0;
what is far below the largest becomes 0, which is right to the last digit.
"""
compare = ["tinyfm.ops:softmax"]


@check
def small_numbers(student, rng):
    agree(student.softmax, ours, np.array([0.0, 0.0]), np.array([1.0, 2.0, 3.0]), normal(rng, 3, 4))


@check
def rows_and_not_columns(student, rng):
    agree(student.softmax, ours, normal(rng, 4, 4), normal(rng, 2, 3, 4), normal(rng, 3, 1))


@check(points=2)
def large_numbers(student, rng):
    agree(student.softmax, ours, np.array([[1000.0, 1001.0], [-1000.0, -1001.0], [0.0, 800.0]]), 300 * normal(rng, 5, 3))


@check
def float32_stays_float32(student, rng): agree(student.softmax, ours, 100 * normal(rng, 4, 5).astype(np.float32))


@check(hidden=True)
def no_loops(student, rng): return vectorised(student.softmax, ours, normal(rng, 2000, 10))


mistakes = {
    "e^x overflows for large x: subtract the largest first":
        "e = np.exp(x)\nreturn e / e.sum(axis=-1, keepdims=True)",
    "The largest of the whole array is subtracted: rows far below it become 0 / 0":
        "e = np.exp(x - x.max())\nreturn e / e.sum(axis=-1, keepdims=True)",
    "Normalised along the first axis, not the last":
        "e = np.exp(x - x.max(axis=-1, keepdims=True))\nreturn e / e.sum(axis=0, keepdims=True)",
    "Divided by the sum of the whole array":
        "e = np.exp(x - x.max(axis=-1, keepdims=True))\nreturn e / e.sum()",
    "Divided by the sum of the whole array, and nothing is subtracted before e^x": "e = np.exp(x)\nreturn e / e.sum()",
    "Divided by the mean, so that a row sums to the number of classes":
        "e = np.exp(x - x.max(axis=-1, keepdims=True))\nreturn e / e.mean(axis=-1, keepdims=True)",
    "Divided by the largest power, not by the sum":
        "e = np.exp(x - x.max(axis=-1, keepdims=True))\nreturn e / e.max(axis=-1, keepdims=True)",
    "The smallest is subtracted, which makes the powers larger":
        "e = np.exp(x - x.min(axis=-1, keepdims=True))\nreturn e / e.sum(axis=-1, keepdims=True)",
    "x is divided by its sum, without e^x": "return x / x.sum(axis=-1, keepdims=True)",
    "The minus is wrong: the smallest becomes the most likely":
        "e = np.exp(x.min(axis=-1, keepdims=True) - x)\nreturn e / e.sum(axis=-1, keepdims=True)",
    "A constant added below keeps it from 0 / 0, and makes every result a little wrong":
        "e = np.exp(x - x.max(axis=-1, keepdims=True))\nreturn e / (e.sum(axis=-1, keepdims=True) + 1e-3)",
}
