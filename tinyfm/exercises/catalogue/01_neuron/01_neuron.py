"""One neuron

A neuron weighs its inputs, adds a bias, and bends the result:

    z = w_1 x_1 + ... + w_n x_n + b
    y = max(z, 0)

Write it for one input vector x of shape (n,), weights w of shape (n,), and a number b.  The result is one number.
No loop is needed: NumPy has a product for it.
"""
import numpy as np


def neuron(x, w, b):
    """max(w . x + b, 0);  x, w: (n,);  b: a number."""
    # BEGIN SOLUTION
    return np.maximum(w @ x + b, 0)
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, normal
from tinyfm.ops import relu

minutes = 5
hints = [
    "Two steps: first the weighted sum z, then what happens where z is negative.",
    "w @ x is the sum of all w_i x_i; np.maximum(z, 0) is the larger of z and 0.",
    "z = ... @ ... + ...\nreturn np.maximum(..., 0)",
]
after = """
The dot product asks how well the input fits the pattern w, and b sets how well it must fit before the neuron says
anything.  A layer is many such neurons that look at the same x: the vector w becomes a matrix W.
"""
compare = ["tinyfm.ops:relu"]
equivalent = {"return np.maximum(w @ x + b, 0) -> return np.maximum(x @ w + b, 0)": "the dot product is symmetric"}


def ours(x, w, b): return relu(np.vecdot(w, x) + b)


@check
def adds_up_what_it_weighs(student, rng):
    agree(student.neuron, ours, (np.array([1.0, 2.0]), np.array([3.0, 4.0]), 0.5),
          (np.abs(normal(rng, 7)), np.abs(normal(rng, 7)), 0.1))


@check
def is_silent_below_zero(student, rng):
    agree(student.neuron, ours, (np.array([1.0, 2.0]), np.array([-3.0, 1.0]), 0.5), (np.zeros(3), np.ones(3), -1.0))


@check(hidden=True)
def holds_for_any_input(student, rng):
    agree(student.neuron, ours, *[(normal(rng, n), normal(rng, n), rng.normal()) for n in (1, 2, 5, 50)])


mistakes = {
    "The bias is left out": "return np.maximum(w @ x, 0)",
    "The negative part is not cut off (np.maximum(z, 0) does that; np.max(z, 0) does not)": "return w @ x + b",
    "The bias is added after max(., 0), where it can no longer decide whether the neuron speaks":
        "return np.maximum(w @ x, 0) + b",
    "The bias is added to each product, so it counts n times": "return np.maximum(np.sum(w * x + b), 0)",
    "The products are averaged, not summed": "return np.maximum(np.mean(w * x) + b, 0)",
    "min in place of max": "return np.minimum(w @ x + b, 0)",
    "The products are not summed: w * x is a vector, w @ x a number": "return np.maximum(w * x + b, 0)",
}
