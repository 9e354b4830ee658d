"""Undo broadcasting

In  y = x + b,  x: (32, 10), b: (10,), NumPy stretches b to (32, 10) without a word.  On the way back g has shape
(32, 10), and the gradient of b must have shape (10,) again: b was used 32 times, so 32 gradients are added up.

The engine has one function for this, which every rule relies on.  Write it:

    sum_to(g, shape)   sums g over the axes along which `shape` would be stretched to g.shape

There are two kinds of such axes: those that `shape` has not at all (they are in front), and those where it has a 1.
"""
import numpy as np


def sum_to(g, shape):
    """g summed down to `shape`, a tuple that broadcasts to g.shape."""
    # BEGIN SOLUTION
    extra = g.ndim - len(shape)
    g = g.sum(axis=tuple(range(extra)))
    axes = tuple(i for i, n in enumerate(shape) if n == 1)
    return g.sum(axis=axes, keepdims=True)
    # END SOLUTION


# CHECKS
from tinyfm.engine import gradients as pulled
from tinyfm.engine import tensor
from tinyfm.exercises.laws import agree, check, normal, same, swapped
from tinyfm.ops import square, sum
from tinyfm.ops import sum_to as ours

minutes = 15
requires = ["sum_and_mean"]
hints = [
    "g: (32, 10), shape: (10,). Which axes of g does the shape not have? They are the first g.ndim - len(shape) ones.",
    "Sum over the axes in front without keeping them; then over those where shape has a 1, keeping them.",
    "extra = g.ndim - len(shape)\ng = g.sum(axis=tuple(range(...)))\naxes = tuple(i for i, n in enumerate(shape) if ...)\n"
    "return g.sum(axis=axes, keepdims=...)",
]
after = """
What was copied forward is summed backward.  Because the engine does it once, for every op, no rule has to think about
broadcasting; before autograd it was the most frequent mistake in hand-written gradients (every bias has it).
"""
compare = ["tinyfm.ops:sum_to", "tinyfm.engine:Node.fitted"]


@check
def axes_in_front(student, rng):
    agree(student.sum_to, by_setting, (normal(rng, 4, 3), (3,)), (normal(rng, 2, 4, 3), (3,)), (normal(rng, 4, 3), ()))


@check
def axes_of_length_one(student, rng):
    agree(student.sum_to, by_setting, (normal(rng, 4, 3), (4, 1)), (normal(rng, 4, 3), (1, 3)), (normal(rng, 4, 3), (1, 1)))


@check
def both_at_once_and_neither(student, rng):
    agree(student.sum_to, by_setting, (normal(rng, 5, 4, 3), (1, 3)), (normal(rng, 5, 4, 3), (4, 1)),
          (normal(rng, 4, 3), (4, 3)), (normal(rng, 4, 1), (4, 1)))


@check
def the_engine_runs_on_it(student, rng):
    x, b = tensor(normal(rng, 4, 3), requires_grad=True), tensor(normal(rng, 3), requires_grad=True)
    c = tensor(normal(rng, 4, 1), requires_grad=True)
    def loss(): return sum(square(x + b) * c)
    truth = pulled(loss(), [x, b, c])
    with swapped(ours, forward=lambda x, *, shape: student.sum_to(x, tuple(shape))):
        same(pulled(loss(), [x, b, c]), truth)
    return "the engine undid broadcasting with your function"


def by_setting(g, shape): return ours(g, shape=shape)


mistakes = {
    "The mean is taken, where the sum is due": "extra = g.ndim - len(shape)\ng = g.mean(axis=tuple(range(extra)))\n"
        "return g.mean(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)",
    "Axes of length 1 are forgotten": "return g.sum(axis=tuple(range(g.ndim - len(shape))))",
    "Axes in front are forgotten": "return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)",
    "Axes of length 1 are summed and then lost: keepdims": "extra = g.ndim - len(shape)\ng = g.sum(axis=tuple(range(extra)))\n"
        "return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1))",
    "One slice is taken, where all are added": "extra = g.ndim - len(shape)\ng = g[(0,) * extra]\n"
        "return g[tuple(slice(0, 1) if n == 1 else slice(None) for n in shape)]",
    "The numbers are cut off at the size that fits": "return g.ravel()[:int(np.prod(shape))].reshape(shape)",
}
