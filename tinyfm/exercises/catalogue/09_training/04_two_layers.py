"""Forward and backward through a whole network

    h = relu(x W1 + b1)          x: (batch, inputs)   W1: (inputs, hidden)   b1: (hidden,)
    z = h W2 + b2                W2: (hidden, classes)   b2: (classes,)
    loss = mean over the batch of  ln sum_j e^{z_j} - z_t

Return the loss and the gradients (dW1, db1, dW2, db2), by hand.  It is the engine's work for one network: forward, keep
what you will need, and back, layer by layer.  dz is given by softmax: (p - one_hot(t)) / batch.
"""
import numpy as np


def loss_and_gradients(x, t, w1, b1, w2, b2):
    """(loss, dw1, db1, dw2, db2);  t: (batch,) integers."""
    # BEGIN SOLUTION
    a = x @ w1 + b1
    h = np.maximum(a, 0)
    z = h @ w2 + b2
    z = z - z.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    rows = np.arange(len(x))
    loss = -np.mean(log_p[rows, t])
    dz = np.exp(log_p)
    dz[rows, t] -= 1
    dz /= len(x)
    da = (dz @ w2.T) * (a > 0)
    return loss, x.T @ da, da.sum(axis=0), h.T @ dz, dz.sum(axis=0)
    # END SOLUTION


# CHECKS
from tinyfm.data import digits
from tinyfm.engine import gradients as pulled
from tinyfm.engine import tensor
from tinyfm.exercises.laws import Wrong, agree, check, normal, same, sparkline
from tinyfm.ops import linear, relu, softmax_cross_entropy

minutes = 30
requires = ["linear_backward", "activations", "cross_entropy_backward"]
hints = [
    "Write the forward pass with a name for each array, and its shape beside it. Then walk back: dz, dW2, db2, dh, da, dW1, db1.",
    "dW2 = h^T dz, db2 = sum of dz; dh = dz W2^T; da = dh [a > 0]; dW1 = x^T da, db1 = sum of da.",
    "a = x @ w1 + b1\nh = ...\nz = ...\n...\ndz = ... / len(x)\nda = (dz @ ...) * (...)\n"
    "return loss, x.T @ ..., da.sum(axis=...), h.T @ ..., dz.sum(axis=...)",
]
after = """
Forward used x, h and a again on the way back: these are what an engine keeps, and why training needs more memory than
predicting.  Twenty lines for one network; the engine does it for all networks, because each rule knows only its own op.
"""
compare = ["tinyfm.engine:steps"]


def ours(x, t, *parameters):
    w1, b1, w2, b2 = ps = [tensor(p, requires_grad=True) for p in parameters]
    loss = softmax_cross_entropy(linear(relu(linear(x, w1, b1)), w2, b2), t).mean()
    return loss.item(), *pulled(loss, ps)


def network(rng, n, d, hidden, classes):
    return (normal(rng, n, d), rng.integers(0, classes, n), normal(rng, d, hidden), normal(rng, hidden),
            normal(rng, hidden, classes), normal(rng, classes))


@check
def the_loss(student, rng):
    case = network(rng, 6, 5, 4, 3)
    found = student.loss_and_gradients(*case)
    same(found[0] if isinstance(found, tuple | list) and found else found, ours(*case)[0])


@check(points=2)
def all_gradients(student, rng): agree(student.loss_and_gradients, ours, network(rng, 6, 5, 4, 3), network(rng, 1, 3, 3, 2))


@check
def all_sizes_equal(student, rng): agree(student.loss_and_gradients, ours, network(rng, 4, 4, 4, 4))


@check
def large_logits(student, rng):
    x, t, w1, b1, w2, b2 = network(rng, 5, 3, 4, 3)
    agree(student.loss_and_gradients, ours, (x, t, 30 * w1, b1, 30 * w2, b2))


@check(seconds=30)
def it_reads_digits(student, rng):
    (images, labels), _ = digits.load_data(600, 1)
    x, t = images[:600].reshape(-1, 784) / 255.0, labels[:600].astype(int)
    ps, losses = [0.05 * normal(rng, 784, 32), np.zeros(32), 0.2 * normal(rng, 32, 10), np.zeros(10)], []
    for step in range(60):
        some = slice(step % 6 * 100, step % 6 * 100 + 100)
        loss, *gradients = student.loss_and_gradients(x[some], t[some], *ps)
        losses.append(loss)
        ps = [p - 0.3 * g for p, g in zip(ps, gradients)]
    if not losses[-1] < 1.0: raise Wrong("does-not-learn", f"the loss did not fall: {sparkline(losses)}")
    right = np.mean((np.maximum(x @ ps[0] + ps[1], 0) @ ps[2] + ps[3]).argmax(1) == t)
    return f"600 digits with your gradients: loss {sparkline(losses)}, {right:.0%} right"


equivalent = {"da = dz @ w2.T * (a > 0) -> da = dz @ w2.T * (a >= 0)": "no a is exactly 0"}
mistakes = {
    "relu's slope is missing on the way back": ("(dz @ w2.T) * (a > 0)", "(dz @ w2.T)"),
    "The relu is missing on the way forward": ("h = np.maximum(a, 0)", "h = a"),
    "The factor 1 / batch is missing": ("dz /= len(x)", "pass"),
    "W2 is used without a transpose that its shape hides": ("(dz @ w2.T)", "(dz @ (w2 if w2.shape[0] == w2.shape[1] else w2.T))"),
    "dW1 is made of h, where x belongs": ("x.T @ da, da", "(h.T @ da)[:x.shape[1]], da"),
    "dW2 is made of a, before the relu": ("h.T @ dz", "a.T @ dz"),
    "db1 is averaged, where it sums": ("da.sum(axis=0)", "da.mean(axis=0)"),
    "db2 is averaged, where it sums": ("dz.sum(axis=0)", "dz.mean(axis=0)"),
    "The truth is not subtracted": ("dz[rows, t] -= 1", "pass"),
    "The loss is a sum over the batch": ("-np.mean(log_p", "-np.sum(log_p"),
    "The sign of the loss": ("-np.mean(log_p", "np.mean(log_p"),
    "The slope of relu is asked of dz, not of a": ("(dz @ w2.T) * (a > 0)", "np.maximum(dz @ w2.T, 0)"),
    "e^z overflows": ("z = z - z.max(axis=1, keepdims=True)", "pass"),
}
