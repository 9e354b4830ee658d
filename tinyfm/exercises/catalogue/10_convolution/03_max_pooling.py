"""Max pooling, and the way back

The largest of each 2 x 2 block, for every channel by itself; a last odd row or column is dropped:

    x: (batch, height, width, channels)    y: (batch, height // 2, width // 2, channels)

reshape can split an axis of 2 m into (m, 2), and then a maximum over the two small axes is all there is to it.

Backward: g goes to the element that was the largest of its block; if several were, in equal shares to each of them.
Dropped rows and columns get 0.
"""
import numpy as np


def max_pool(x):
    # BEGIN SOLUTION
    n, h, w, c = x.shape
    blocks = x[:, :h // 2 * 2, :w // 2 * 2].reshape(n, h // 2, 2, w // 2, 2, c)
    return blocks.max(axis=(2, 4))
    # END SOLUTION


def max_pool_backward(g, x):
    """The gradient with respect to x;  g: the shape of max_pool(x)."""
    # BEGIN SOLUTION
    n, h, w, c = x.shape
    blocks = x[:, :h // 2 * 2, :w // 2 * 2].reshape(n, h // 2, 2, w // 2, 2, c)
    hit = blocks == blocks.max(axis=(2, 4), keepdims=True)
    shares = g[:, :, None, :, None] * hit / hit.sum(axis=(2, 4), keepdims=True)
    dx = np.zeros_like(x)
    dx[:, :h // 2 * 2, :w // 2 * 2] = shares.reshape(n, h // 2 * 2, w // 2 * 2, c)
    return dx
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, gradients, normal, vectorised
from tinyfm.ops import max_pool2d

minutes = 25
requires = ["max", "conv2d"]
hints = [
    "An axis of length 2 m, read as (m, 2): the first index says which block, the second where in it.",
    "blocks = x.reshape(n, h/2, 2, w/2, 2, c); y is its maximum over the axes 2 and 4. Back: where blocks == maximum.",
    "blocks = x[:, :..., :...].reshape(n, h // 2, 2, w // 2, 2, c)\nhit = blocks == blocks.max(axis=..., keepdims=True)\n"
    "shares = g[:, :, None, :, None] * hit / hit.sum(...)\ndx = np.zeros_like(x)\ndx[:, :..., :...] = shares.reshape(...)",
]
after = """
Three of four numbers are thrown away, and with them the exact place: what stays is that the pattern was there.  Backward
the same three of four get no gradient.  With images 28 x 28, two such layers make 7 x 7.
"""
compare = ["tinyfm.ops:max_pool2d"]


def ours(x): return max_pool2d(x, pool_size=2, strides=2, padding="valid")


@check
def by_hand(student, rng):
    agree(student.max_pool, np.array([[[[5.0], [8.0]]]]), np.array([[[[1.0], [5.0], [0.0], [8.0]], [[4.0], [2.0], [7.0], [6.0]]]]))


@check
def batches_channels_and_odd_sizes(student, rng):
    agree(student.max_pool, ours, normal(rng, 2, 4, 6, 3), normal(rng, 1, 5, 7, 2), -np.abs(normal(rng, 2, 4, 4, 4)))


@check
def ties_share(student, rng):
    x = np.array([1.0, 3.0, 3.0, 0.0]).reshape(1, 2, 2, 1)
    agree(student.max_pool_backward, np.array([0.0, 2.0, 2.0, 0.0]).reshape(x.shape), (np.full((1, 1, 1, 1), 4.0), x))


@check(points=2)
def the_way_back(student, rng):
    gradients(student.max_pool_backward, ours, normal(rng, 1, 2, 4, 2))
    gradients(student.max_pool_backward, ours, normal(rng, 1, 5, 3, 1))


@check(hidden=True)
def no_loops(student, rng): return vectorised(student.max_pool, ours, normal(rng, 16, 28, 28, 8), ratio=60)


mistakes = {
    "The mean of each block: that is average pooling": ("return blocks.max(axis=(2, 4))", "return blocks.mean(axis=(2, 4))"),
    "The blocks are read as (2, m): far apart, not side by side": (
        "2].reshape(n, h // 2, 2, w // 2, 2, c)\n    return blocks.max(axis=(2, 4))",
        "2].reshape(n, 2, h // 2, 2, w // 2, c)\n    return blocks.max(axis=(1, 3))"),
    "The maximum is taken over the channels too": ("return blocks.max(axis=(2, 4))", "return blocks.max(axis=(2, 4, 5))"),
    "The smallest of each block": ("return blocks.max(axis=(2, 4))", "return blocks.min(axis=(2, 4))"),
    "Only pairs in a row are compared": ("return blocks.max(axis=(2, 4))", "return blocks.max(axis=2)[..., 0, :]"),
    "Everybody in the block gets g": ("* hit / hit.sum", "* np.ones_like(hit) / hit.sum"),
    "A tie pays out g to each": ("* hit / hit.sum(axis=(2, 4), keepdims=True)", "* hit"),
    "The value is handed back, not g": ("g[:, :, None, :, None] * hit", "blocks * hit"),
    "g is shared out as if nothing had been largest: a quarter each": ("* hit / hit.sum(axis=(2, 4), keepdims=True)", "* np.full(hit.shape, 0.25)"),
}
