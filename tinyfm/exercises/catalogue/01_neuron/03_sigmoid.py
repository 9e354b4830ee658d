"""The sigmoid, for every number

    sigma(x) = 1 / (1 + e^-x)

squashes any number into (0, 1).  Written like that it works until x = -710 or so: there e^710 is too large for a float,
and NumPy warns of an overflow.  For x < 0 multiply above and below by e^x:

    sigma(x) = e^x / (e^x + 1)

which needs no large number.  Write sigmoid for arrays of any shape so that it never overflows.  np.where(c, a, b) picks
a where c holds and b elsewhere, but it computes both first, everywhere.
"""
import numpy as np


def sigmoid(x):
    """1 / (1 + e^-x) for each element, without overflow;  x: any shape."""
    # BEGIN SOLUTION
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, normal, vectorised
from tinyfm.ops import sigmoid as ours

minutes = 10
hints = [
    "Which power of e is never larger than 1, whatever the sign of x?",
    "e^-|x| is at most 1. For x >= 0 it is e^-x, for x < 0 it is e^x: put it into the form that fits.",
    "e = np.exp(-np.abs(x))\nreturn np.where(x >= 0, ..., ...) / (1 + e)",
]
after = """
The two forms are the same function; they differ in which numbers they pass through.  Most trouble with NaN in training
is of this kind: the result exists, an intermediate number does not.  Softmax will need the same care.
"""
compare = ["tinyfm.kernels.special:sigmoid"]
equivalent = {"return np.where(x >= 0, 1, e) / (1 + e) -> return np.where(x > 0, 1, e) / (1 + e)": "at 0 both are 1/2"}


@check
def values_around_zero(student, rng):
    agree(student.sigmoid, ours, np.array([0.0]), np.array([-2.0, -1.0, 0.5, 3.0]), normal(rng, 3, 4))


@check(points=2)
def far_out_without_a_warning(student, rng):
    agree(student.sigmoid, ours, np.array([800.0, 30.0]), np.array([-800.0, -30.0]), np.array([-1e30, 1e30]))


@check(hidden=True)
def float32_stays_float32(student, rng):
    agree(student.sigmoid, ours, normal(rng, 5).astype(np.float32), np.array([-100.0, 100.0], np.float32))


@check(hidden=True)
def no_loops(student, rng): return vectorised(student.sigmoid, ours, normal(rng, 300, 300))


mistakes = {
    "e^-x overflows where x is very negative": "return 1 / (1 + np.exp(-x))",
    "e^x overflows where x is large": "return np.exp(x) / (1 + np.exp(x))",
    "np.where computes both sides everywhere, the one that overflows too":
        "return np.where(x >= 0, 1 / (1 + np.exp(-x)), np.exp(x) / (1 + np.exp(x)))",
    "Clipping x to -30 ... 30 changes what lies further out": "return 1 / (1 + np.exp(-np.clip(x, -30, 30)))",
    "The two branches are exchanged: that is sigma(-x)": "e = np.exp(-np.abs(x))\nreturn np.where(x >= 0, e, 1) / (1 + e)",
    "The branch for negative x is missing: this is sigma(|x|)": "return 1 / (1 + np.exp(-np.abs(x)))",
}
