"""InfoNCE: which view belongs to which?

Two views of each of n pictures are embedded as the rows of a and b: a[i] and b[i] show the same picture.  Make all rows
of length 1; then the similarity of a[i] and b[j] is their dot product, divided by a temperature.  For each i the right
answer among the n candidates b[j] is j = i, and the loss is the cross entropy of that choice:

    s = a_hat b_hat^T / temperature          (n, n)
    loss = mean over i of  ln sum over j of e^{s[i, j]}  -  s[i, i]

(One direction only: from a to b.)  s may be large: a temperature of 0.01 is allowed.
"""
import numpy as np


def info_nce(a, b, temperature):
    """The loss, a number;  a, b: (n, width)."""
    # BEGIN SOLUTION
    a = a / np.linalg.norm(a, axis=1, keepdims=True)
    b = b / np.linalg.norm(b, axis=1, keepdims=True)
    s = a @ b.T / temperature
    m = s.max(axis=1)
    total = m + np.log(np.exp(s - m[:, None]).sum(axis=1))
    return np.mean(total - np.diag(s))
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, normal
from tinyfm.ops import logsumexp, matmul, normalize

minutes = 20
requires = ["cross_entropy"]
hints = [
    "It is a classification: row i of s are the logits, and the label of row i is i.",
    "Normalise the rows, s = a b^T / temperature, then logsumexp of each row minus the diagonal, and the mean.",
    "a = a / np.linalg.norm(a, axis=1, keepdims=True)\n...\ns = a @ ... / ...\nreturn np.mean(... - np.diag(s))",
]
after = """
The other pictures of the batch are the wrong answers, for nothing: the larger the batch, the harder the question.  Without
any label the network must find what two views have in common, and that is what it is later good for.
"""
compare = ["tinyfm.ops:info_nce"]


def ours(a, b, temperature):
    s = matmul(normalize(a), normalize(b).T) * (1 / temperature)
    return np.mean(logsumexp(s, axis=1) - np.diagonal(s))


@check
def no_idea_costs_ln_n(student, rng):
    agree(student.info_nce, ours, (np.ones((4, 3)), np.ones((4, 3)), 0.5))


@check
def any_batch(student, rng):
    agree(student.info_nce, ours, (normal(rng, 5, 3), normal(rng, 5, 3), 0.5), (normal(rng, 3, 3), normal(rng, 3, 3), 1.0),
          (normal(rng, 1, 4), normal(rng, 1, 4), 0.1))


@check
def length_does_not_count(student, rng):
    agree(student.info_nce, ours, (100 * normal(rng, 4, 3), 0.01 * normal(rng, 4, 3), 0.5))


@check
def low_temperatures(student, rng): agree(student.info_nce, ours, (normal(rng, 6, 4), normal(rng, 6, 4), 0.001),
          (np.array([[1.0, 0.0], [-1.0, 0.0]]), np.array([[1.0, 0.0], [1.0, 0.1]]), 0.001))


mistakes = {
    "The rows of a are not made of length 1": ("a = a / np.linalg.norm(a, axis=1, keepdims=True)", "pass"),
    "The rows of b are not made of length 1": ("b = b / np.linalg.norm(b, axis=1, keepdims=True)", "pass"),
    "Multiplied by the temperature": ("a @ b.T / temperature", "a @ b.T * temperature"),
    "The temperature is left out": ("a @ b.T / temperature", "a @ b.T"),
    "The right answer is left out of the candidates": ("np.exp(s - m[:, None]).sum(axis=1)", "(np.exp(s - m[:, None]) * (1 - np.eye(len(s))) + 1e-300).sum(axis=1)"),
    "From b to a: the columns are summed": ("m = s.max(axis=1)", "s = s.T; m = s.max(axis=1)"),
    "The sum over the batch": ("np.mean(total - np.diag(s))", "np.sum(total - np.diag(s))"),
    "The sign": ("np.mean(total - np.diag(s))", "np.mean(np.diag(s) - total)"),
    "e^s overflows at low temperatures": ("m = s.max(axis=1)", "m = 0 * s[:, 0]"),
    "The columns are made of length 1, not the rows": ("a = a / np.linalg.norm(a, axis=1, keepdims=True)", "a = a / np.linalg.norm(a, axis=0, keepdims=True)"),
    "The similarities of a with itself": ("a @ b.T", "a @ a.T"),
}
