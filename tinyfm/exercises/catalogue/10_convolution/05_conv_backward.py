"""Backward through a convolution

    y[n, i, j, f] = sum over a, b, c of  x[n, i + a, j + b, c] * w[a, b, c, f]

Return the gradients with respect to x and w.  Think of one offset (a, b) at a time: there the convolution is a plain
product of matrices over the channels,  y += x[:, a:a + h, b:b + v] @ w[a, b],  with (h, v) the size of y, and you know
its rule.  Every offset adds its share to the same part of dx: +=.

Two short loops over the offsets are what good kernels do; loops over images or places are too slow.
"""
import numpy as np


def conv2d_backward(g, x, w):
    """(dx, dw);  g: (batch, h, v, filters), x: (batch, height, width, channels), w: (kh, kw, channels, filters)."""
    # BEGIN SOLUTION
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    h, v = g.shape[1:3]
    for a in range(w.shape[0]):
        for b in range(w.shape[1]):
            dx[:, a:a + h, b:b + v] += g @ w[a, b].T
            dw[a, b] = np.tensordot(x[:, a:a + h, b:b + v], g, axes=((0, 1, 2), (0, 1, 2)))
    return dx, dw
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, gradients, normal, vectorised
from tinyfm.ops import conv2d
from tinyfm.ops.conv import conv_w, conv_x

minutes = 25
requires = ["conv2d", "matmul_backward"]
hints = [
    "At one offset it is a product of matrices over the last axis: what are its two gradients?",
    "dx[the same window] += g w[a, b]^T;  dw[a, b] = sum over n, i, j of x[window]^T g.",
    "for a in range(...):\n    for b in range(...):\n        dx[:, a:a + h, b:b + v] += g @ ...\n"
    "        dw[a, b] = np.tensordot(x[:, a:..., b:...], g, axes=((0, 1, 2), (0, 1, 2)))",
]
after = """
dw is a convolution of x with g, and dx a convolution of g with w turned round: the three are one trilinear form, and each
is differentiated by the other two.  The engine has exactly these three ops.
"""
compare = ["tinyfm.ops.conv:conv", "tinyfm.ops.conv:conv_x"]


def ours(g, x, w):
    one = {"strides": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1)}
    return conv_x(g, w, size=x.shape[1:3], **one), conv_w(x, g, size=w.shape[:2], **one)


def case(rng, n, size, kernel, c, f):
    out = [s - k + 1 for s, k in zip(size, kernel)]
    return normal(rng, n, *out, f), normal(rng, n, *size, c), normal(rng, *kernel, c, f)


@check
def all_sizes(student, rng):
    agree(student.conv2d_backward, ours, case(rng, 1, (4, 6), (3, 2), 1, 1), case(rng, 3, (3, 3), (3, 3), 2, 2),
          case(rng, 2, (4, 5), (1, 1), 3, 2))


@check
def equal_sizes_show_exchanged_axes(student, rng):
    agree(student.conv2d_backward, ours, case(rng, 3, (5, 5), (3, 3), 3, 3))


@check(points=2)
def against_central_differences(student, rng):
    gradients(student.conv2d_backward, conv2d, normal(rng, 2, 4, 3, 2), normal(rng, 2, 2, 2, 2))


@check(hidden=True)
def fast_enough_to_train_with(student, rng):
    return vectorised(student.conv2d_backward, ours, *case(rng, 8, (20, 20), (3, 3), 4, 8), ratio=60)


equivalent = {"dx, dw = (np.zeros_like(x), np.zeros_like(w)) -> dx, dw = (np.zeros_like(x), np.ones_like(w))":
              "every element of dw is written"}
mistakes = {
    "= where += belongs: each offset overwrites what the others gave to dx": ("+= g @ w[a, b].T", "= g @ w[a, b].T"),
    "w[a, b] is not transposed": ("g @ w[a, b].T", "g @ w[a, b].reshape(w.shape[3], w.shape[2])"),
    "dx is shifted the wrong way: the pattern must be turned round": ("dx[:, a:a + h, b:b + v] += g @ w[a, b].T",
        "dx[:, a:a + h, b:b + v] += g @ w[w.shape[0] - 1 - a, w.shape[1] - 1 - b].T"),
    "dw looks at the same window for every offset": ("np.tensordot(x[:, a:a + h, b:b + v]", "np.tensordot(x[:, :h, :v]"),
    "dw is averaged over the batch": ("(0, 1, 2)))\n", "(0, 1, 2))) / len(x)\n"),
    "Channels and filters of dw are exchanged": ("dw[a, b] = np.tensordot(x[:, a:a + h, b:b + v], g, axes=((0, 1, 2), (0, 1, 2)))",
        "dw[a, b] = np.tensordot(g, x[:, a:a + h, b:b + v], axes=((0, 1, 2), (0, 1, 2))).reshape(w.shape[2:])"),
    "Only the first image counts in dw": ("np.tensordot(x[:, a:a + h, b:b + v], g, axes", "np.tensordot(x[:1, a:a + h, b:b + v], g[:1], axes"),
    "a and b are exchanged in dx": ("dx[:, a:a + h, b:b + v] += g @ w[a, b].T",
        "dx[:, a:a + h, b:b + v] += g @ w[min(b, w.shape[0] - 1), min(a, w.shape[1] - 1)].T"),
}
