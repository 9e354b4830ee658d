"""Right pairs of the ops that stand last in forwards."""
import math

import numpy as np

from .. import between, draw, integers, mask, positive, right, signed
from .. import forwards as f
from ..forwards import sigmoid, softmax, softplus
from .elementwise import elementwise

two = draw(signed(4, 5), signed(4, 5))

def last(g): return g[..., None]

def mish_slope(x):
    t = np.tanh(softplus(x))
    return t + x * (1 - t * t) * sigmoid(x)

mish_plain = elementwise("mish", f.mish, mish_slope)
selu_plain = elementwise("selu", f.selu, lambda x: 1.0507 * np.where(x > 0, 1, 1.67326 * np.exp(x)))
hard_swish_plain = elementwise("hard swish", f.hard_swish, lambda x: f.hard_sigmoid(x) + x * (np.abs(x) < 3) / 6,
                               draw(between(-5, 5, 4, 5)))
log_sigmoid_plain = elementwise("log-sigmoid", f.log_sigmoid, lambda x: sigmoid(-x))
bell_plain = elementwise("bell", f.bell, lambda x: -x * f.bell(x))
arctan_plain = elementwise("arctan", np.arctan, lambda x: 1 / (1 + x * x))
sinh_plain = elementwise("sinh", np.sinh, np.cosh)
cosh_plain = elementwise("cosh", np.cosh, np.sinh)
tan_plain = elementwise("tan", np.tan, lambda x: 1 / np.cos(x)**2, draw(between(-1.2, 1.2, 4, 5)))
expm1_plain = elementwise("expm1", np.expm1, np.exp)
exp2_plain = elementwise("exp2", np.exp2, lambda x: math.log(2) * 2**x)
arcsin_plain = elementwise("arcsin", np.arcsin, lambda x: 1 / np.sqrt(1 - x * x), draw(between(-0.9, 0.9, 4, 5)))

@right("logit")
def logit_plain():
    return f.logit, lambda g, p: g / (p * (1 - p)), draw(between(0.1, 0.9, 4, 5))

@right("logaddexp")
def logaddexp_plain():
    return np.logaddexp, lambda g, a, b: (g * sigmoid(a - b), g * sigmoid(b - a)), two

@right("hypot")
def hypot_plain():
    return f.hypot, lambda g, a, b: (g * a / f.hypot(a, b), g * b / f.hypot(a, b)), two

@right("gated")
def gated_plain():
    return f.gated, lambda g, a, b: (g * sigmoid(b), g * a * sigmoid(b) * sigmoid(-b)), two

@right("lerp")
def lerp_plain():
    return f.lerp, lambda g, a, b, t: (g * (1 - t), g * t, g * (b - a)), draw(signed(4, 5), signed(4, 5), signed(4, 5))

@right("distance")
def distance_plain():
    def backward(g, a, b):
        da = last(g / f.distance(a, b)) * (a - b)
        return da, -da
    return f.distance, backward, two

@right("entropy")
def entropy_plain():
    return f.row_entropy, lambda g, p: -last(g) * (np.log(p) + 1), draw(positive(4, 5))

@right("root mean square")
def row_rms_plain():
    return f.row_rms, lambda g, x: last(g / f.row_rms(x)) * x / x.shape[1], draw(signed(4, 5))

@right("share")
def share_plain():
    def backward(g, x):
        return (g - (g * f.share(x)).sum(-1, keepdims=True)) / x.sum(-1, keepdims=True)
    return f.share, backward, draw(positive(4, 5))

@right("weighted mean")
def weighted_mean_plain():
    def backward(g, x, w):
        return g * w / w.sum(), g * (x - f.weighted_mean(x, w)) / w.sum()
    return f.weighted_mean, backward, draw(signed(4, 5), positive(4, 5))

@right("MLP")
def mlp_plain():
    def backward(g, x, w, v):
        z = x @ w
        dz = g @ v.T * (z > 0)
        return dz @ w.T, x.T @ dz, np.maximum(z, 0).T @ g
    return f.mlp, backward, draw(signed(7, 4), signed(4, 6), signed(6, 3))

@right("square distances")
def square_distances_plain():
    def backward(g, a, b):
        away = 2 * last(g) * (a[:, None] - b)
        return away.sum(1), -away.sum(0)
    return f.square_distances, backward, draw(signed(6, 3), signed(4, 3))

@right("highway")
def highway_plain():
    def backward(g, x, w, v):
        t, h = sigmoid(x @ w), np.tanh(x @ v)
        pt, ph = g * (h - x) * t * (1 - t), g * t * (1 - h * h)
        return g * (1 - t) + pt @ w.T + ph @ v.T, x.T @ pt, x.T @ ph
    return f.highway, backward, draw(signed(6, 4), signed(4, 4), signed(4, 4))

@right("log cosh")
def log_cosh_plain():
    return f.log_cosh, lambda g, p, t: (g * np.tanh(p - t) / p.size, g * np.tanh(t - p) / p.size), two

@right("Poisson")
def poisson_plain():
    inputs = draw(signed(4, 5), positive(4, 5))
    return f.poisson, lambda g, z, t: (g * (np.exp(z) - t) / z.size, -g * z / z.size), inputs

@right("Gaussian likelihood")
def gaussian_nll_plain():
    def backward(g, m, s, t):
        z = (t - m) / s
        return -g * z / s / m.size, g * (1 - z * z) / s / m.size, g * z / s / m.size
    return f.gaussian_nll, backward, draw(signed(4, 5), positive(4, 5), signed(4, 5))

@right("pinball")
def pinball_plain():
    def backward(g, p, t):
        dt = g * np.where(t > p, 0.9, -0.1) / p.size
        return -dt, dt
    return f.pinball, backward, two

@right("dice")
def dice_plain():
    def backward(g, p, t):
        size, both = p.sum() + t.sum(), (p * t).sum()
        return -2 * g * (t / size - both / size**2), -2 * g * (p / size - both / size**2)
    return f.dice, backward, draw(between(0, 1, 4, 5), between(0, 1, 4, 5))

@right("triplet")
def triplet_plain():
    def backward(g, a, p, n):
        on = 2 * g * (((a - p)**2).sum(-1) - ((a - n)**2).sum(-1) + 1 > 0)[:, None] / len(a)
        return on * (n - p), on * (p - a), on * (a - n)
    return f.triplet, backward, draw(signed(8, 3), signed(8, 3), signed(8, 3))

@right("soft cross entropy")
def soft_cross_entropy_plain():
    def backward(g, z, t):
        return g * (softmax(z) * t.sum(-1, keepdims=True) - t) / len(z), -g * f.log_softmax(z) / len(z)
    return f.soft_cross_entropy, backward, draw(signed(7, 5), positive(7, 5))

@right("embedding bag")
def embedding_bag_plain():
    def backward(g, w, ids):
        dw = np.zeros_like(w)
        np.add.at(dw, ids, g[:, None] / ids.shape[1])
        return dw, None
    return f.embedding_bag, backward, draw(signed(6, 4), integers(6, 5, 3))

@right("average pool", "windows overlap")
def average_pool_overlapping_plain():
    def backward(g, x):
        dx = np.zeros_like(x)
        for k in range(3): dx[:, k:k + g.shape[1]] += g / 3
        return dx
    return f.average_pool_overlapping, backward, draw(signed(5, 11))

@right("difference")
def difference_plain():
    def backward(g, x):
        dx = np.zeros_like(x)
        dx[:, 1:] += g
        dx[:, :-1] -= g
        return dx
    return lambda x: np.diff(x, axis=1), backward, draw(signed(4, 6))

@right("cumprod")
def cumprod_plain():
    def backward(g, x):
        return np.cumsum((g * np.cumprod(x, 1))[:, ::-1], 1)[:, ::-1] / x
    return lambda x: np.cumprod(x, 1), backward, draw(signed(4, 5))

@right("median")
def median_plain():
    return lambda x: np.median(x, 1), lambda g, x: last(g) * (x == np.median(x, 1)[:, None]), draw(signed(4, 5))

@right("upper triangle")
def upper_triangle():
    return np.triu, lambda g, x: np.triu(g), draw(signed(5, 5))

@right("low rank")
def low_rank():
    def forward(x, w, a, b):
        return x @ w + x @ a @ b
    def backward(g, x, w, a, b):
        return g @ w.T + g @ b.T @ a.T, x.T @ g, x.T @ (g @ b.T), (x @ a).T @ g
    return forward, backward, draw(signed(7, 5), signed(5, 4), signed(5, 2), signed(2, 4))

@right("edge pad")
def edge_pad():
    def backward(g, x):
        dx = g[:, 2:-2].copy()
        dx[:, 0] += g[:, :2].sum(1)
        dx[:, -1] += g[:, -2:].sum(1)
        return dx
    return lambda x: np.pad(x, ((0, 0), (2, 2)), mode="edge"), backward, draw(signed(4, 7))

@right("masked fill")
def masked_fill():
    return lambda x, keep: np.where(keep, x, -9.0), lambda g, x, keep: (g * keep, None), draw(signed(4, 6), mask(4, 6))
