"""A layer: sigma(Wx + b) for a whole batch

Many neurons that look at the same input are a layer.  With one input in each row of X and one neuron in each column of
W, all of them are one product of matrices:

    Y = sigma(X W + b),    sigma(z) = 1 / (1 + e^-z)

    X: (batch, inputs)    W: (inputs, units)    b: (units,)    Y: (batch, units)

b is added to every row: NumPy broadcasts it by itself.
"""
import numpy as np


def layer(x, w, b):
    """sigma(x w + b);  x: (batch, inputs), w: (inputs, units), b: (units,) -> (batch, units)."""
    # BEGIN SOLUTION
    z = x @ w + b
    return 1 / (1 + np.exp(-z))
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, normal, vectorised
from tinyfm.ops import linear, sigmoid

minutes = 10
hints = [
    "Write the shapes beside the formula: which product of (batch, inputs) and (inputs, units) is (batch, units)?",
    "z = x @ w + b; then sigma of each element, with np.exp.",
    "z = ... @ ... + ...\nreturn 1 / (1 + np.exp(...))",
]
after = """
x @ w runs over all examples and all neurons at once, in compiled code.  That one row is an example and one column a
neuron is a convention (Keras and tinyfm have it, PyTorch's Linear stores W the other way round): write shapes down.
"""
compare = ["tinyfm.ops:linear", "tinyfm.nn:Dense"]


def ours(x, w, b): return sigmoid(linear(x, w, b))


@check
def one_example_and_one_neuron(student, rng):
    agree(student.layer, ours, (np.array([[1.0, 2.0]]), np.array([[0.3], [-0.2]]), np.array([0.5])))


@check
def a_batch_of_any_size(student, rng):
    agree(student.layer, ours, *[(normal(rng, n, 4), normal(rng, 4, 3), normal(rng, 3)) for n in (1, 3, 4, 7)])


@check
def square_matrices_tell_w_from_its_transpose(student, rng):
    agree(student.layer, ours, (normal(rng, 3, 3), normal(rng, 3, 3), normal(rng, 3)))


@check(hidden=True)
def float32_stays_float32(student, rng):
    agree(student.layer, ours, tuple(normal(rng, *shape).astype(np.float32) for shape in ((5, 4), (4, 2), (2,))))


@check(hidden=True)
def no_loops(student, rng):
    return vectorised(student.layer, ours, normal(rng, 200, 60), normal(rng, 60, 50), normal(rng, 50))


mistakes = {
    "The bias is left out": "return 1 / (1 + np.exp(-(x @ w)))",
    "The minus before z is missing: that is 1 - sigma(z)": "return 1 / (1 + np.exp(x @ w + b))",
    "sigma is applied before the bias is added": "return 1 / (1 + np.exp(-(x @ w))) + b",
    "W is transposed": "return 1 / (1 + np.exp(-(x @ w.T + b)))",
    "The bias is subtracted": "return 1 / (1 + np.exp(-(x @ w - b)))",
    "sigma is missing": "return x @ w + b",
    "sigma is applied twice": "s = lambda z: 1 / (1 + np.exp(-z))\nreturn s(s(x @ w + b))",
    "tanh in place of sigma": "return np.tanh(x @ w + b)",
    "The bias goes to the rows, not to the columns": "return 1 / (1 + np.exp(-(x @ w + b[:, None])))",
}
