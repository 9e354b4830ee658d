"""Rules of four activations

    relu      y = max(x, 0)                 at x = 0 the slope is taken to be 0
    leaky     y = x if x > 0 else 0.1 x     at x = 0 the slope is 0.1
    tanh      y = tanh x                    the rule gets g and y
    softplus  y = ln(1 + e^x)               the rule gets g and x; it must not overflow for large |x|

Each rule returns the gradient with respect to x, element by element.
"""
import numpy as np

SLOPE = 0.1  # VARIANT 0.1 0.2 0.05


def relu_backward(g, x):
    # BEGIN SOLUTION
    return g * (x > 0)
    # END SOLUTION


def leaky_backward(g, x):
    # BEGIN SOLUTION
    return g * np.where(x > 0, 1, SLOPE)
    # END SOLUTION


def tanh_backward(g, y):
    # BEGIN SOLUTION
    return g * (1 - y * y)
    # END SOLUTION


def softplus_backward(g, x):
    # BEGIN SOLUTION
    e = np.exp(-np.abs(x))
    return g * np.where(x >= 0, 1, e) / (1 + e)
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, gradients, normal

minutes = 15
requires = ["product_rule", "sigmoid"]
hints = [
    "Every one of them is g times the slope at x. Draw the four curves; where are they steep, where flat?",
    "relu: [x > 0]; leaky: 1 or SLOPE; tanh: 1 - y^2; softplus: sigma(x), in the form that does not overflow.",
    "return g * (x > ...)\nreturn g * np.where(x > 0, ..., ...)\nreturn g * (1 - ...)\nreturn g * ...",
]
after = """
x > 0 is an array of True and False, which count as 1 and 0.  tanh writes its rule with y, so nothing is computed twice.
The slope of softplus is the sigmoid: softplus is a relu with its corner rounded off.
"""
compare = ["tinyfm.ops:relu", "tinyfm.ops:tanh", "tinyfm.ops:softplus"]
EDGE = np.array([-2.0, 0.0, 3.0])
equivalent = {"return g * np.where(x >= 0, 1, e) / (1 + e) -> return g * np.where(x > 0, 1, e) / (1 + e)":
              "at 0 both are 1/2"}


@check
def relu(student, rng):
    gradients(student.relu_backward, lambda x: np.maximum(x, 0), normal(rng, 3, 5))
    agree(student.relu_backward, lambda g, x: g * (x > 0), (np.array([5.0, 7.0, -1.0]), EDGE))


@check
def leaky(student, rng):
    gradients(student.leaky_backward, lambda x: np.where(x > 0, x, SLOPE * x), normal(rng, 3, 5))
    agree(student.leaky_backward, lambda g, x: g * np.where(x > 0, 1, SLOPE), (np.array([5.0, 7.0, -1.0]), EDGE))


@check
def tanh(student, rng):
    agree(student.tanh_backward, lambda g, y: g * (1 - y ** 2), (normal(rng, 4), np.tanh(normal(rng, 4))))
    gradients(lambda_of(student.tanh_backward), np.tanh, normal(rng, 3, 5))


@check
def softplus(student, rng):
    gradients(student.softplus_backward, lambda x: np.logaddexp(x, 0), normal(rng, 3, 5))
    agree(student.softplus_backward, lambda g, x: g * np.exp(-np.logaddexp(-x, 0)), (np.ones(4), np.array([-800.0, -20.0, 20.0, 800.0])))


def lambda_of(rule):
    """The gradient checker passes x; the rule wants y."""
    def tanh_backward(g, x): return rule(g, np.tanh(x))
    return tanh_backward


mistakes = {
    "relu: the slope is 1 or 0, not x or 0": ("return g * (x > 0)", "return g * np.maximum(x, 0)"),
    "relu: g itself is cut off, where x decides": ("return g * (x > 0)", "return np.maximum(g, 0)"),
    "relu: at x = 0 the slope is 0": ("return g * (x > 0)", "return g * (x >= 0)"),
    "relu: g is left out": ("return g * (x > 0)", "return (x > 0) * 1.0"),
    "leaky: the branches are exchanged": ("np.where(x > 0, 1, SLOPE)", "np.where(x > 0, SLOPE, 1)"),
    "leaky: the negative side lets nothing through, like relu": ("np.where(x > 0, 1, SLOPE)", "np.where(x > 0, 1, 0)"),
    "tanh: that is the sigmoid's slope, y (1 - y)": ("(1 - y * y)", "y * (1 - y)"),
    "tanh: y is given, and tanh is taken of it again": ("(1 - y * y)", "(1 - np.tanh(y) ** 2)"),
    "softplus: the slope is that of relu": ("g * np.where(x >= 0, 1, e) / (1 + e)", "g * (x > 0)"),
    "softplus: e^x overflows for large x": ("g * np.where(x >= 0, 1, e) / (1 + e)", "g * np.exp(x) / (1 + np.exp(x))"),
}
