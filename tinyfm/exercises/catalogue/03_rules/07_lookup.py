"""The rule of a lookup: rows that are used twice

An embedding is a table W of vectors; y = W[ids] looks some of them up:

    W: (words, width)    ids: (n,) integers    y: (n, width)

Backward each looked-up row hands its gradient to its place in the table.  A word may appear several times in ids: then
its row receives the SUM.  Beware: in `dw[ids] += g` NumPy writes each repeated place only once.
"""
import numpy as np


def lookup_backward(g, w, ids):
    """The gradient of y = w[ids] with respect to w;  g: (n, width)."""
    # BEGIN SOLUTION
    dw = np.zeros_like(w)
    np.add.at(dw, ids, g)
    return dw
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, gradients, normal, vectorised

minutes = 10
requires = ["unbroadcast"]
hints = [
    "Try dw[ids] += g on paper with ids = [0, 0]: what stands in row 0 afterwards?",
    "dw_k = the sum of all g_j with ids_j = k. np.add.at(array, places, values) adds, repeated places too.",
    "dw = np.zeros_like(...)\nnp.add.at(dw, ..., ...)\nreturn dw",
]
after = """
`dw[ids] += g` reads all rows, adds, and writes them back: of two additions to one row the last one wins.  The same sum
could be written one_hot(ids).T @ g, which shows that a lookup is a product with a matrix of zeros and ones, only that
nobody multiplies with the zeros.
"""
compare = ["tinyfm.ops:embedding"]


def ours(g, w, ids):
    one_hot = (ids[None] == np.arange(len(w))[:, None]).astype(w.dtype)
    return one_hot @ g


@check
def each_row_once(student, rng):
    agree(student.lookup_backward, ours, (normal(rng, 3, 2), normal(rng, 5, 2), np.array([4, 0, 2])))


@check
def rows_that_are_used_again(student, rng):
    agree(student.lookup_backward, ours, (normal(rng, 5, 2), normal(rng, 4, 2), np.array([1, 1, 3, 1, 0])))


@check
def against_central_differences(student, rng):
    ids = np.array([2, 0, 2, 2, 1])
    def lookup_backward(g, w): return student.lookup_backward(g, w, ids)
    gradients(lookup_backward, lambda w: w[ids], normal(rng, 4, 3))


@check(hidden=True)
def large_tables_quickly(student, rng):
    g, w, ids = normal(rng, 2000, 8), normal(rng, 300, 8), rng.integers(0, 300, 2000)
    agree(student.lookup_backward, ours, (g, w, ids))
    return vectorised(student.lookup_backward, ours, g, w, ids)


mistakes = {
    "dw[ids] += g adds each repeated row only once": "dw = np.zeros_like(w)\ndw[ids] += g\nreturn dw",
    "dw[ids] = g: the last of repeated rows overwrites the others": "dw = np.zeros_like(w)\ndw[ids] = g\nreturn dw",
    "The rows are averaged, not added": "dw = np.zeros_like(w)\nnp.add.at(dw, ids, g)\n"
        "return dw / np.maximum(np.bincount(ids, minlength=len(w)), 1)[:, None]",
    "The gradient begins at w, not at 0": "dw = w.copy()\nnp.add.at(dw, ids, g)\nreturn dw",
    "g is looked up, not handed back": "return g[np.minimum(np.arange(len(w)), len(g) - 1)]",
    "The sign is turned round": "dw = np.zeros_like(w)\nnp.subtract.at(dw, ids, g)\nreturn dw",
}
