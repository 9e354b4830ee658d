"""Norms with parameters, and losses."""
import numpy as np

from .. import between, draw, integers, mask, positive, right, signed
from .. import forwards as f
from ..forwards import DELTA, EPSILON, normalised, row_norm, sigmoid, softmax

two_positive = draw(positive(4, 5), positive(4, 5))

def norm_backward(g, x, gamma, axis):
    h, n = g * gamma, normalised(x, axis)
    back = h - h.mean(axis, keepdims=True) - n * (h * n).mean(axis, keepdims=True)
    return back / np.sqrt(x.var(axis, keepdims=True) + EPSILON), (g * n).sum(0), g.sum(0)

@right("layer norm")
def layer_norm_plain():
    inputs = draw(signed(6, 5), signed(5), signed(5))
    return f.layer_norm, lambda g, x, gamma, beta: norm_backward(g, x, gamma, -1), inputs

@right("batch norm")
def batch_norm_plain():
    inputs = draw(signed(8, 3), signed(3), signed(3))
    return f.batch_norm, lambda g, x, gamma, beta: norm_backward(g, x, gamma, 0), inputs

@right("batch norm", "path by path, as in Ioffe and Szegedy 2015, one of the paths being zero")
def batch_norm_path_by_path():
    def backward(g, x, gamma, beta):
        m, centred, scale = len(x), x - x.mean(0), 1 / np.sqrt(x.var(0) + EPSILON)
        h = g * gamma
        to_variance = (h * centred).sum(0) * -0.5 * scale**3
        to_mean = -(h * scale).sum(0) + to_variance * (-2 * centred).mean(0)
        return h * scale + to_variance * 2 * centred / m + to_mean / m, (g * centred * scale).sum(0), g.sum(0)
    return f.batch_norm, backward, draw(signed(8, 3), signed(3), signed(3))

@right("batch norm", "a batch of one: the input gets nothing")
def batch_norm_of_one():
    inputs = draw(signed(1, 3), signed(3), signed(3))
    return f.batch_norm, lambda g, x, gamma, beta: (np.zeros_like(x), np.zeros_like(gamma), g.sum(0)), inputs

@right("rms norm")
def rms_norm_plain():
    def backward(g, x, w):
        r = np.sqrt((x * x).mean(-1, keepdims=True) + EPSILON)
        n, h = x / r, g * w
        return (h - n * (h * n).mean(-1, keepdims=True)) / r, (g * n).sum(0)
    return f.rms_norm, backward, draw(signed(6, 5), signed(5))


@right("weight norm")
def weight_norm():
    def backward(g, v, s):
        unit, h = f.unit_rows(v), g * s[:, None]
        return (h - unit * (h * unit).sum(1, keepdims=True)) / row_norm(v)[:, None], (g * unit).sum(1)
    return f.weight_norm, backward, draw(signed(4, 5), signed(4))

classes = draw(signed(7, 5), integers(5, 7))
pairs = draw(signed(7, 3), signed(7, 3))

@right("cross entropy", "integer labels get no gradient")
def cross_entropy_plain():
    return f.cross_entropy, lambda g, z, labels: (g * (softmax(z) - np.eye(5)[labels]) / len(z), None), classes

@right("cross entropy", "one is taken off at the label, in a copy")
def cross_entropy_indexed():
    def backward(g, z, labels):
        p = softmax(z)
        p[np.arange(len(z)), labels] -= 1
        return g * p / len(z), None
    return f.cross_entropy, backward, classes

@right("cross entropy", "one example")
def cross_entropy_of_one():
    inputs = draw(signed(1, 5), integers(5, 1))
    return f.cross_entropy, lambda g, z, labels: (g * (softmax(z) - np.eye(5)[labels]), None), inputs

@right("negative log-likelihood")
def nll_plain():
    return f.negative_log_likelihood, lambda g, l, labels: (-g * np.eye(5)[labels] / len(l), None), classes

@right("binary cross entropy with logits")
def bce_logits_plain():
    return f.binary_cross_entropy_with_logits, lambda g, z, t: (g * (sigmoid(z) - t) / z.size, -g * z / z.size), draw(
        signed(7, 3), between(0, 1, 7, 3))

@right("binary cross entropy with logits", "integer targets")
def bce_logits_integer_targets():
    inputs = draw(signed(7, 3), integers(2, 7, 3))
    return f.binary_cross_entropy_with_logits, lambda g, z, t: (g * (sigmoid(z) - t) / z.size, None), inputs

@right("binary cross entropy")
def bce_plain():
    def backward(g, p, t):
        return g * (p - t) / (p * (1 - p)) / p.size, g * (np.log1p(-p) - np.log(p)) / p.size
    return f.binary_cross_entropy, backward, draw(between(0.1, 0.9, 7, 3), between(0, 1, 7, 3))

@right("mean squared error")
def mse_plain():
    return f.mean_squared_error, lambda g, p, t: (g * 2 * (p - t) / p.size, g * 2 * (t - p) / p.size), pairs

@right("mean absolute error")
def mae_plain():
    return f.mean_absolute_error, lambda g, p, t: (g * np.sign(p - t) / p.size, g * np.sign(t - p) / p.size), pairs

@right("huber", "a clipped difference")
def huber_clipped():
    def backward(g, p, t):
        dp = g * np.clip(p - t, -DELTA, DELTA) / p.size
        return dp, -dp
    return f.huber, backward, pairs

@right("hinge")
def hinge_plain():
    def backward(g, z, labels):
        rows = np.arange(len(z))
        dz = (z - z[rows, labels][:, None] + 1 > 0).astype(float)
        dz[rows, labels] -= dz.sum(1)
        return g * dz / len(z), None
    return f.hinge, backward, classes

@right("KL divergence")
def kl_plain():
    return f.kl_divergence, lambda g, p, q: (g * (np.log(p) - np.log(q) + 1), -g * p / q), two_positive

@right("masked mean")
def masked_mean():
    def forward(x, mask):
        return (x * mask).sum() / mask.sum()
    return forward, lambda g, x, mask: (g * mask / mask.sum(), None), draw(signed(4, 7), mask(4, 7))


@right("weight decay")
def weight_decay():
    return lambda w: 0.005 * (w * w).sum(), lambda g, w: g * 0.01 * w, draw(signed(4, 5))

@right("focal weight")
def focal_weight():
    return lambda p: ((1 - p)**2).mean(), lambda g, p: -g * 2 * (1 - p) / p.size, draw(between(0.1, 0.9, 4, 5))

@right("policy loss")
def policy_loss():
    def forward(l, advantage):
        return -(l * advantage).mean()
    return forward, lambda g, l, advantage: (-g * advantage / len(l), -g * l / len(l)), draw(signed(9), signed(9))
