"""Cross entropy from logits

A classifier gives one number for each class, its logits.  With the true class t the loss of one example is

    - ln softmax(x)_t  =  ln sum_j e^{x_j}  -  x_t

and the loss of a batch is the mean of that.  Use the right-hand side: taking the softmax first and its logarithm after
gives ln 0 = -inf as soon as a probability is smaller than the smallest float.
"""
import numpy as np


def cross_entropy(logits, labels):
    """Mean of logsumexp(x) - x_t;  logits: (batch, classes), labels: (batch,) integers -> a number."""
    # BEGIN SOLUTION
    m = logits.max(axis=1, keepdims=True)
    total = m[:, 0] + np.log(np.exp(logits - m).sum(axis=1))
    right = logits[np.arange(len(labels)), labels]
    return np.mean(total - right)
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, normal, vectorised
from tinyfm.ops import logsumexp, take_along_axis

minutes = 15
requires = ["logsumexp"]
hints = [
    "Two parts: the logsumexp of each row, and the logit of the right class. How do you pick one column per row?",
    "logits[np.arange(n), labels] picks logits[i, labels[i]] for each i.",
    "m = logits.max(axis=1, keepdims=True)\ntotal = m[:, 0] + np.log(...)\nright = logits[np.arange(...), ...]\n"
    "return np.mean(... - ...)",
]
after = """
At the start, with ten classes and no idea, the loss must be ln 10 = 2.30: a first check of every training run.  The
logarithm and the exponential cancel where it matters, so the loss of a certain mistake is large, not infinite.
"""
compare = ["tinyfm.ops.losses:softmax_cross_entropy"]


def ours(logits, labels): return np.mean(logsumexp(logits, axis=1) - logits[np.arange(len(labels)), labels])


@check
def no_idea_costs_ln_of_the_classes(student, rng):
    agree(student.cross_entropy, ours, (np.zeros((4, 10)), np.array([0, 3, 9, 9])))


@check
def any_batch(student, rng):
    agree(student.cross_entropy, ours, (normal(rng, 5, 3), np.array([0, 2, 1, 1, 0])), (normal(rng, 1, 4), np.array([3])))


@check(points=2)
def certain_and_wrong(student, rng):
    agree(student.cross_entropy, ours, (np.array([[1000.0, 0.0], [0.0, 2000.0]]), np.array([1, 1])),
          (np.array([[-1000.0, -1001.0]]), np.array([1])))


@check(hidden=True)
def no_loops(student, rng):
    return vectorised(student.cross_entropy, ours, normal(rng, 5000, 10), rng.integers(0, 10, 5000))


mistakes = {
    "The sum over the batch, where the mean is due": ("np.mean(total - right)", "np.sum(total - right)"),
    "The sign is turned round": ("np.mean(total - right)", "np.mean(right - total)"),
    "The logit of the right class is left out": ("np.mean(total - right)", "np.mean(total)"),
    "e^x overflows: the largest was not taken out": ("m = logits.max(axis=1, keepdims=True)", "m = 0 * logits[:, :1]"),
    "The largest logit was not put back": ("total = m[:, 0] + np.log", "total = np.log"),
    "The largest logit of the whole batch is taken out": ("logits.max(axis=1, keepdims=True)", "logits.max() + 0 * logits[:, :1]"),
    "Every example is compared with every label: logits[:, labels]": ("np.mean(total - right)",
                                                                       "np.mean(total[:, None] - logits[:, labels])"),
    "The columns are summed, not the rows": ("np.exp(logits - m).sum(axis=1)", "np.exp(logits - m).sum()"),
    "Divided by the classes as well: the mean over all elements": ("np.mean(total - right)",
                                                                   "np.mean(total - right) / logits.shape[1]"),
    "Logarithm to base 2": ("np.log(np.exp(logits - m).sum(axis=1))", "np.log2(np.exp(logits - m).sum(axis=1))"),
}
