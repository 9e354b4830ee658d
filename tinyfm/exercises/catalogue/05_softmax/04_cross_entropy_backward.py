"""The gradient of softmax and cross entropy together

For one example the loss is  ln sum_j e^{x_j} - x_t.  Its derivative with respect to x_i is

    softmax(x)_i - [i = t]

what the network believes minus the truth.  The loss is the MEAN over the batch, so each row has the factor 1 / batch.
"""
import numpy as np


def cross_entropy_backward(logits, labels):
    """The gradient of the mean cross entropy;  logits: (batch, classes), labels: (batch,) -> (batch, classes)."""
    # BEGIN SOLUTION
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    p[np.arange(len(labels)), labels] -= 1
    return p / len(labels)
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, gradients, normal, sparkline

minutes = 15
requires = ["softmax", "cross_entropy"]
hints = [
    "The derivative of ln sum_j e^{x_j} with respect to x_i is e^{x_i} / sum_j e^{x_j}. What does - x_t add to it?",
    "(softmax(x) - one_hot(t)) / batch. Subtract 1 at [row, label] of each row.",
    "p = softmax of each row\np[np.arange(...), ...] -= 1\nreturn p / ...",
]
after = """
Each row sums to 0: what is pushed up in one class is pushed down in the others.  Softmax alone has a full Jacobian; with
the logarithm of the loss it collapses to a subtraction, which is why libraries want logits and not probabilities.
"""
compare = ["tinyfm.kernels.rows:softmax_cross_entropy"]


def ours(logits, labels):
    p = np.exp(logits - np.logaddexp.reduce(logits, 1, keepdims=True))
    return (p - np.eye(logits.shape[1])[labels]) / len(labels)


@check
def by_hand(student, rng): agree(student.cross_entropy_backward, np.array([[-0.5, 0.5]]), (np.zeros((1, 2)), np.array([0])))


@check(points=2)
def against_central_differences(student, rng):
    labels = np.array([0, 2, 1, 1, 3])
    def loss(x): return np.mean(np.logaddexp.reduce(x, 1) - x[np.arange(5), labels])
    def cross_entropy_backward(g, x): return g * student.cross_entropy_backward(x, labels)
    gradients(cross_entropy_backward, loss, normal(rng, 5, 4))


@check
def large_logits(student, rng):
    agree(student.cross_entropy_backward, ours, (np.array([[1000.0, 0.0, -1000.0], [0.0, 1.0, 2.0]]), np.array([1, 2])))


@check
def three_classes_are_learnt_with_it(student, rng):
    t = rng.integers(0, 3, 90)
    x, w, losses = normal(rng, 90, 2) + 3 * np.array([[0, 1], [1, -1], [-1, -1]])[t], np.zeros((2, 3)), []
    for _ in range(30):
        losses.append(np.mean(np.logaddexp.reduce(x @ w, 1) - (x @ w)[np.arange(90), t]))
        w = w - x.T @ student.cross_entropy_backward(x @ w, t)
    if not losses[-1] < 0.3: raise Wrong("does-not-learn", f"the loss did not fall: {sparkline(losses)}")
    return f"softmax regression with your gradient: loss {sparkline(losses)}"


from tinyfm.exercises.laws import Wrong

mistakes = {
    "The factor 1 / batch is missing: the loss is a mean": ("return p / len(labels)", "return p"),
    "The truth is not subtracted": ("p[np.arange(len(labels)), labels] -= 1", "pass"),
    "The sign is turned round: truth minus belief": ("return p / len(labels)", "return -p / len(labels)"),
    "Divided by the classes, not by the batch": ("return p / len(labels)", "return p / logits.shape[1]"),
    "Divided by all elements": ("return p / len(labels)", "return p / logits.size"),
    "1 is added at the right class, not subtracted": ("labels] -= 1", "labels] += 1"),
    "1 is subtracted in the column of every label, in all rows": ("p[np.arange(len(labels)), labels]", "p[:, labels]"),
    "Only the right class gets a gradient": ("return p / len(labels)", "return p * np.eye(p.shape[1])[labels] / len(labels)"),
    "The softmax runs over the batch": ("p = e / e.sum(axis=1, keepdims=True)", "p = e / e.sum(axis=0, keepdims=True)"),
    "The logits are not made probabilities": ("p = e / e.sum(axis=1, keepdims=True)", "p = logits.copy()"),
    "e^x overflows": ("np.exp(logits - logits.max(axis=1, keepdims=True))", "np.exp(logits)"),
}
