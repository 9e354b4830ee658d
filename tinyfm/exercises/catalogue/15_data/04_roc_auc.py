"""The area under the ROC curve

How well does a score separate two classes, whatever the threshold?  The area under the ROC curve is the probability
that a random example of class 1 has a larger score than a random example of class 0; a tie counts one half:

    AUC = mean over all pairs (i of class 1, j of class 0) of   1 if s_i > s_j,  1/2 if s_i = s_j,  else 0

Compare all pairs at once by broadcasting, (n1, 1) with (1, n0).   y: (n,) zeros and ones, both occur; score: (n,)
"""
import numpy as np


def roc_auc(y, score):
    """The area, a number from 0 to 1."""
    # BEGIN SOLUTION
    ones, zeros = score[y == 1], score[y == 0]
    d = ones[:, None] - zeros[None, :]
    return np.mean((d > 0) + 0.5 * (d == 0))
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, normal, vectorised
from tinyfm.metrics.probability import roc_auc as of_engine

minutes = 10
hints = [
    "Split the scores by class. A column of one against a row of the other gives all pairs.",
    "d = ones[:, None] - zeros[None, :]; the mean of 1 where d > 0 and 1/2 where d = 0.",
    "ones, zeros = score[y == 1], score[y == 0]\nd = ...\nreturn np.mean((d > 0) + ... * (d == 0))",
]
after = """
1/2 is no better than chance, and below 1/2 the sign of the score is wrong.  Only the order counts, so any growing function
of the score has the same area: it says nothing of whether probabilities are honest (see calibration).
"""
compare = ["tinyfm.metrics.probability:roc_auc"]


def ours(y, score): return np.float64(of_engine(y, score))


@check
def by_hand(student, rng): agree(student.roc_auc, np.float64(0.75), (np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8])))


@check
def any_scores(student, rng):
    for n in (10, 31):
        y = np.concatenate([[0, 1], rng.integers(0, 2, n)])
        agree(student.roc_auc, ours, (y, normal(rng, n + 2)), (y, normal(rng, n + 2) + y))


@check
def ties_count_half(student, rng):
    agree(student.roc_auc, ours, (np.array([0, 1, 0, 1]), np.ones(4)), (np.array([0, 1, 1, 0, 1]), np.array([1.0, 1, 2, 2, 3])))


@check
def few_of_one_class(student, rng): agree(student.roc_auc, ours, (np.array([0, 0, 0, 0, 1]), normal(rng, 5)), (np.array([1, 1, 1, 0]), normal(rng, 4)))


mistakes = {
    "Ties count nothing": ("(d > 0) + 0.5 * (d == 0)", "d > 0"),
    "Ties count fully": ("(d > 0) + 0.5 * (d == 0)", "d >= 0"),
    "The classes are exchanged": ("score[y == 1], score[y == 0]", "score[y == 0], score[y == 1]"),
    "That is the accuracy at the threshold 1/2": ("np.mean((d > 0) + 0.5 * (d == 0))", "np.mean((score > 0.5) == y)"),
    "The difference of the mean scores": ("np.mean((d > 0) + 0.5 * (d == 0))", "np.mean(d)"),
    "All pairs are compared, those within a class too": ("ones[:, None] - zeros[None, :]", "score[:, None] - score[None, :]"),
    "The number of pairs is not divided by": ("np.mean((d > 0)", "np.sum((d > 0)"),
    "Neighbours in the list are compared, not all pairs": ("ones[:, None] - zeros[None, :]", "np.resize(ones, max(len(ones), len(zeros))) - np.resize(zeros, max(len(ones), len(zeros)))"),
}
