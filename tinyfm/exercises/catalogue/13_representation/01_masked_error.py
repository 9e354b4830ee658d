"""Reconstruction, judged where something was hidden

A masked autoencoder sees a picture with some pixels hidden and must say what was there.  Only the hidden pixels count:

    loss = sum over the hidden of (x_hat - x)^2  /  number of the hidden

`mask` is 1 where a pixel was hidden and 0 elsewhere, of the shape of x.  Return the loss and its gradient with respect
to x_hat.  When nothing is hidden both are 0.
"""
import numpy as np


def masked_error(x_hat, x, mask):
    """(loss, gradient with respect to x_hat)."""
    # BEGIN SOLUTION
    n = max(mask.sum(), 1)
    d = (x_hat - x) * mask
    return np.sum(d * d) / n, 2 * d / n
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, gradients, normal

minutes = 10
requires = ["sum_and_mean"]
hints = [
    "Differences times mask leave the hidden ones only. By which number is the mean taken?",
    "d = (x_hat - x) * mask; loss = sum d^2 / n, gradient 2 d / n, n = mask.sum(), but at least 1.",
    "n = max(mask.sum(), 1)\nd = (...) * mask\nreturn np.sum(...) / n, ... / n",
]
after = """
If the visible pixels counted too, copying them would be the easiest way to a small loss, and nothing would be learnt.  The
division by the hidden ones makes the loss comparable between batches that hide more or less.
"""
compare = ["tinyfm.models.masked_autoencoder:train"]


def ours(x_hat, x, mask):
    hidden = mask.astype(bool)
    g = np.zeros(x.shape)
    if not hidden.any(): return np.float64(0), g
    d = x_hat[hidden] - x[hidden]
    g[hidden] = 2 * d / d.size
    return np.mean(d ** 2), g


def case(rng, *shape, share=0.4): return normal(rng, *shape), normal(rng, *shape), (rng.random(shape) < share) * 1.0


@check
def by_hand(student, rng):
    agree(student.masked_error, (np.float64(5.0), np.array([0.0, 3.0, 1.0])),
          (np.array([9.0, 4.0, 2.0]), np.array([0.0, 1.0, 1.0]), np.array([0.0, 1.0, 1.0])))


@check
def any_shape(student, rng): agree(student.masked_error, ours, case(rng, 3, 4), case(rng, 2, 5, 5, share=0.75), case(rng, 10))


@check
def nothing_or_one_hidden(student, rng):
    agree(student.masked_error, ours, case(rng, 3, 4, share=0.0), (normal(rng, 4), normal(rng, 4), np.eye(4)[1]))


@check
def everything_hidden(student, rng): agree(student.masked_error, ours, case(rng, 3, 4, share=1.1))


@check
def the_gradient_is_that_of_the_loss(student, rng):
    _, x, mask = case(rng, 3, 4)
    def masked_error(g, x_hat): return g * student.masked_error(x_hat, x, mask)[1]
    gradients(masked_error, lambda x_hat: np.sum(((x_hat - x) * mask) ** 2) / mask.sum(), normal(rng, 3, 4))


mistakes = {
    "Divided by all pixels, not by the hidden ones": ("n = max(mask.sum(), 1)", "n = x.size"),
    "All pixels count, the visible too": ("d = (x_hat - x) * mask", "d = x_hat - x"),
    "The visible pixels count, not the hidden": ("d = (x_hat - x) * mask", "d = (x_hat - x) * (1 - mask)"),
    "The loss is a sum": ("np.sum(d * d) / n", "np.sum(d * d)"),
    "The gradient is that of a sum": ("2 * d / n", "2 * d"),
    "The 2 of the square is missing in the gradient": ("2 * d / n", "d / n"),
    "With nothing hidden it divides by 0": ("max(mask.sum(), 1)", "mask.sum()"),
    "The sign of the gradient: that with respect to x": ("2 * d / n", "-2 * d / n"),
    "Divided by the number of rows": ("max(mask.sum(), 1)", "len(x)"),
    "The visible pixels are compared with 0": ("d = (x_hat - x) * mask", "d = x_hat - x * mask"),
}
