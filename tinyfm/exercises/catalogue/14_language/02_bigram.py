"""A bigram model, by counting

The simplest language model: how often does each token follow each other one?

    P[i, j] = (count of j right after i  +  alpha)  /  (sum over all j of the same)

alpha > 0 is added to every count, so that nothing is impossible.  Then the loss of a text is the mean of -ln P[i, j]
over all its neighbours (i, j).

    ids: (n,) whole numbers from 0 to vocabulary - 1
"""
import numpy as np


def bigram(ids, vocabulary, alpha=1.0):
    """P: (vocabulary, vocabulary), rows sum to 1."""
    # BEGIN SOLUTION
    counts = np.full((vocabulary, vocabulary), float(alpha))
    np.add.at(counts, (ids[:-1], ids[1:]), 1)
    return counts / counts.sum(axis=1, keepdims=True)
    # END SOLUTION


def loss(P, ids):
    """The mean of -ln P over all neighbours in ids, at least two."""
    # BEGIN SOLUTION
    return -np.mean(np.log(P[ids[:-1], ids[1:]]))
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, vectorised

minutes = 15
requires = ["lookup", "cross_entropy"]
hints = [
    "All neighbours at once: ids[:-1] and ids[1:]. Which function adds to repeated places?",
    "np.add.at(counts, (ids[:-1], ids[1:]), 1), then divide each row by its sum.",
    "counts = np.full((vocabulary, vocabulary), float(alpha))\nnp.add.at(counts, (..., ...), 1)\n"
    "return counts / counts.sum(axis=..., keepdims=...)\n\nreturn -np.mean(np.log(P[..., ...]))",
]
after = """
No gradient was needed: counting IS the solution of training a table of logits with cross entropy.  A neural network that
only looks one token back can at best become this table; use its loss as the number to beat.
"""
compare = ["tinyfm.models.counts:Counts"]


def ours(ids, vocabulary, alpha=1.0):
    one = np.eye(vocabulary)[ids]
    counts = one[:-1].T @ one[1:] + alpha
    return counts / counts.sum(1, keepdims=True)


@check
def by_hand(student, rng):
    agree(student.bigram, np.array([[0.2, 0.8], [0.75, 0.25]]), (np.array([0, 1, 0, 1, 0, 1]), 2))
    agree(student.bigram, ours, (np.array([0, 0, 0]), 3))


@check
def any_text_and_alpha(student, rng):
    agree(student.bigram, ours, (rng.integers(0, 5, 60), 5), (rng.integers(0, 5, 60), 6, 0.1), (rng.integers(0, 3, 7), 3, 2.5))


@check
def the_loss(student, rng):
    ids = rng.integers(0, 4, 30)
    agree(student.loss, lambda P, ids: -np.mean([np.log(P[i, j]) for i, j in zip(ids, ids[1:])]),
          (ours(ids, 4), ids), (ours(ids, 4, 0.5), ids[:2]))


@check(hidden=True)
def long_texts_quickly(student, rng):
    ids = rng.integers(0, 20, 5000)
    agree(student.bigram, ours, (ids, 20))
    return vectorised(student.bigram, ours, ids, 20)


mistakes = {
    "counts[i, j] += 1 for arrays adds to repeated places only once": ("np.add.at(counts, (ids[:-1], ids[1:]), 1)", "counts[ids[:-1], ids[1:]] += 1"),
    "What stands before, not what follows": ("(ids[:-1], ids[1:]), 1)", "(ids[1:], ids[:-1]), 1)"),
    "The columns sum to 1, not the rows": ("counts.sum(axis=1, keepdims=True)", "counts.sum(axis=0, keepdims=True)"),
    "The whole table sums to 1: those are pairs, not what follows": ("counts.sum(axis=1, keepdims=True)", "counts.sum()"),
    "alpha is not added": ("float(alpha)", "1e-12"),
    "alpha is 1, whatever was asked": ("float(alpha)", "1.0"),
    "The rows are divided before the axis is kept": ("counts.sum(axis=1, keepdims=True)", "counts.sum(axis=1)"),
    "The loss is a sum": ("-np.mean(np.log", "-np.sum(np.log"),
    "The sign of the loss": ("-np.mean(np.log", "np.mean(np.log"),
    "The logarithm of the mean, not the mean of the logarithms": ("-np.mean(np.log(P[ids[:-1], ids[1:]]))", "-np.log(np.mean(P[ids[:-1], ids[1:]]))"),
    "The loss looks at pairs in the wrong order": ("np.log(P[ids[:-1], ids[1:]])", "np.log(P[ids[1:], ids[:-1]])"),
}
