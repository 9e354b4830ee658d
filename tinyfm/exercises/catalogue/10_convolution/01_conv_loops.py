"""Convolution, by loops

A small pattern w slides over an image x.  At every place the window of x under it is multiplied with it, element by
element, and summed:

    y[i, j] = sum over a, b of  x[i + a, j + b] * w[a, b]

    x: (height, width)    w: (kh, kw)    y: (height - kh + 1, width - kw + 1)

Only places where the whole window lies inside count ("valid").  w is not turned round: what networks call a convolution
is what mathematics calls a correlation.  Two loops over the places are enough; the window is x[i:i + kh, j:j + kw].
"""
import numpy as np


def conv(x, w):
    """Valid convolution of one image with one pattern, without turning it round."""
    # BEGIN SOLUTION
    kh, kw = w.shape
    y = np.zeros((x.shape[0] - kh + 1, x.shape[1] - kw + 1))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = np.sum(x[i:i + kh, j:j + kw] * w)
    return y
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, normal
from tinyfm.ops import conv2d

minutes = 15
requires = ["layer"]
hints = [
    "How many places are there for a window of 3 in a row of 5? Draw it.",
    "y has the shape (height - kh + 1, width - kw + 1); y[i, j] is the sum of window * w.",
    "kh, kw = w.shape\ny = np.zeros((... + 1, ... + 1))\nfor i in range(...):\n    for j in range(...):\n"
    "        y[i, j] = np.sum(x[i:..., j:...] * w)\nreturn y",
]
after = """
The same few weights are used at every place: nine numbers instead of a million, and a pattern is found wherever it is.
What is left to do: many channels, many patterns, a whole batch, and no loops.
"""
compare = ["tinyfm.ops:conv2d"]
equivalent = {"y = np.zeros((x.shape[0] - kh + 1, x.shape[1] - kw + 1)) -> y = np.ones((x.shape[0] - kh + 1, x.shape[1] - kw + 1))":
              "every element is written"}


def ours(x, w): return conv2d(x[None, :, :, None], w[:, :, None, None])[0, :, :, 0]


@check
def an_edge_is_found(student, rng):
    image = np.array([[0.0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 1, 1]])
    agree(student.conv, np.array([[0.0, 1.0, 0.0]] * 3), (image, np.array([[-1.0, 1.0]])))


@check
def any_size(student, rng):
    agree(student.conv, ours, (normal(rng, 5, 7), normal(rng, 3, 2)), (normal(rng, 4, 4), normal(rng, 3, 3)))


@check
def the_pattern_is_not_turned_round(student, rng):
    agree(student.conv, ours, (normal(rng, 4, 5), np.array([[1.0, 2.0], [3.0, 4.0]])))


@check
def as_large_as_the_image_or_a_single_pixel(student, rng):
    agree(student.conv, ours, (normal(rng, 3, 4), normal(rng, 3, 4)), (normal(rng, 3, 4), normal(rng, 1, 1)))


mistakes = {
    "The last row and column of places are missing: + 1": ("x.shape[0] - kh + 1, x.shape[1] - kw + 1", "x.shape[0] - kh, x.shape[1] - kw"),
    "The pattern is turned round: the mathematician's convolution": ("* w)", "* w[::-1, ::-1])"),
    "The pattern is transposed": ("* w)", "* w.T.reshape(w.shape))"),
    "The window is averaged, not summed": ("np.sum(x", "np.mean(x"),
    "The result keeps the size of the image": ("np.zeros((x.shape[0] - kh + 1, x.shape[1] - kw + 1))", "np.zeros(x.shape)"),
    "i and j are exchanged in the result": ("return y", "return y.T"),
    "The windows lie side by side, they do not slide": ("x[i:i + kh, j:j + kw]", "np.resize(x[i * kh:(i + 1) * kh, j * kw:(j + 1) * kw], w.shape)"),
    "kh and kw are exchanged": ("kh, kw = w.shape", "kw, kh = w.shape"),
    "The pattern is added, not multiplied": ("* w)", "+ w)"),
}
