"""The logarithm of a sum of powers

    logsumexp(x) = ln sum_j e^{x_j}        along the last axis

is a soft maximum: a little more than the largest x_j.  Compute it so that x = [1000, 1000] gives 1000.693 and
x = [-1000, -1000] gives -999.307, not inf and -inf.  Some x_j may be -inf (an event that cannot happen), never all.
"""
import numpy as np


def logsumexp(x):
    """ln sum_j e^x_j along the last axis, which vanishes;  x: (..., n) -> (...)."""
    # BEGIN SOLUTION
    m = x.max(axis=-1)
    return m + np.log(np.exp(x - m[..., None]).sum(axis=-1))
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, normal
from tinyfm.ops import logsumexp as logsumexp_of

minutes = 10
requires = ["softmax"]
hints = [
    "ln(e^m a) = m + ln a. Take the largest power out of the sum.",
    "ln sum_j e^{x_j} = m + ln sum_j e^{x_j - m}, m the largest x_j.",
    "m = x.max(axis=-1)\nreturn m + np.log(np.exp(x - m[..., None]).sum(axis=...))",
]
after = """
Its gradient is softmax(x).  Cross entropy, the partition function of every model with an exponential in it, the forward
algorithm and CTC are all made of it: probabilities are multiplied as sums of logarithms, and added with logsumexp.
"""
compare = ["tinyfm.ops:logsumexp"]


def ours(x): return logsumexp_of(x, axis=-1)


@check
def small_numbers(student, rng): agree(student.logsumexp, ours, np.array([0.0, 0.0]), np.array([3.0]), normal(rng, 3, 4))


@check(points=2)
def large_numbers_of_either_sign(student, rng):
    agree(student.logsumexp, ours, np.array([1000.0, 1000.0]), np.array([-1000.0, -1000.0]), np.array([[-800.0, -801.0], [800.0, 801.0]]))


@check
def impossible_events(student, rng): agree(student.logsumexp, ours, np.array([-np.inf, 2.0]), np.array([0.0, -np.inf, 1.0]))


@check(hidden=True)
def more_axes(student, rng): agree(student.logsumexp, ours, 50 * normal(rng, 3, 3), normal(rng, 2, 3, 4), -50 * normal(rng, 4))


mistakes = {
    "e^x overflows: take the largest out first": "return np.log(np.exp(x).sum(axis=-1))",
    "The largest is taken out and never put back":
        "m = x.max(axis=-1)\nreturn np.log(np.exp(x - m[..., None]).sum(axis=-1))",
    "It is put back with the wrong sign":
        "m = x.max(axis=-1)\nreturn np.log(np.exp(x - m[..., None]).sum(axis=-1)) - m",
    "The largest of the whole array is taken, so small rows become -inf":
        "m = x.max()\nreturn m + np.log(np.exp(x - m).sum(axis=-1))",
    "The mean is taken, not the sum": "m = x.max(axis=-1)\nreturn m + np.log(np.exp(x - m[..., None]).mean(axis=-1))",
    "Along the first axis, not the last": "m = x.max(axis=0)\nreturn m + np.log(np.exp(x - m).sum(axis=0))",
    "The axis is kept": "m = x.max(axis=-1, keepdims=True)\nreturn m + np.log(np.exp(x - m).sum(axis=-1, keepdims=True))",
    "The sum of logarithms, not the logarithm of the sum: that is the sum of x":
        "return np.log(np.exp(x)).sum(axis=-1)",
}
