"""The right forwards of the bank. Rows are examples, channels come last; EPSILON is that of every norm."""
import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

EPSILON = 1e-5
SLOPE = 0.3                                           # of leaky_relu left of zero, and alpha of elu
KEEP = 0.6                                            # share of the units that dropout keeps
DELTA = 0.7                                           # where huber turns from a parabola into a line


# One value at a time

def exp(x): return np.exp(x)
def log(x): return np.log(x)
def log2(x): return np.log2(x)
def log1p(x): return np.log1p(x)
def sqrt(x): return np.sqrt(x)
def square(x): return x * x
def cube(x): return x**3
def absolute(x): return np.abs(x)
def reciprocal(x): return 1 / x
def sin(x): return np.sin(x)
def cos(x): return np.cos(x)
def tanh(x): return np.tanh(x)
def sigmoid(x): return 0.5 * (1 + np.tanh(0.5 * x))
def relu(x): return np.maximum(x, 0)
def leaky_relu(x): return np.where(x > 0, x, SLOPE * x)
def elu(x): return np.where(x > 0, x, SLOPE * np.expm1(np.minimum(x, 0)))
def softplus(x): return np.logaddexp(0, x)
def silu(x): return x * sigmoid(x)
def normal_cdf(x): return 0.5 * (1 + np.vectorize(math.erf, otypes=[float])(x / math.sqrt(2)))
def normal_density(x): return np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
def gelu(x): return x * normal_cdf(x)
def gelu_tanh(x): return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
def hard_sigmoid(x): return np.clip(x / 6 + 0.5, 0, 1)
def softsign(x): return x / (1 + np.abs(x))
def clip(x): return np.clip(x, -0.5, 0.8)


# Two operands

def add(a, b): return a + b
def subtract(a, b): return a - b
def multiply(a, b): return a * b
def scale(x, s): return x * s
def divide(a, b): return a / b
def power(x, p): return x**p
def maximum(a, b): return np.maximum(a, b)
def minimum(a, b): return np.minimum(a, b)
def where(condition, a, b): return np.where(condition, a, b)
def prelu(x, slope): return np.where(x > 0, x, slope * x)
def dropout(x, mask): return x * mask / KEEP
def cosine_similarity(a, b): return (a * b).sum(-1) / (np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1))
def outer(a, b): return np.outer(a, b)
def dot(a, b): return (a * b).sum(-1)


# Products

def matmul(a, b): return a @ b
def matvec(a, x): return a @ x
def linear(x, w, b): return x @ w + b
def swap(x): return np.swapaxes(x, -1, -2)
def attention(q, k, v): return softmax(q @ swap(k) / np.sqrt(q.shape[-1])) @ v


# Along the last axis

def softmax(x):
    weights = np.exp(x - x.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)

def logsumexp(x):
    top = x.max(-1, keepdims=True)
    return np.log(np.exp(x - top).sum(-1)) + top[..., 0]

def log_softmax(x): return x - logsumexp(x)[..., None]
def row_sum(x): return x.sum(-1)
def row_mean(x): return x.mean(-1)
def row_max(x): return x.max(-1)
def row_min(x): return x.min(-1)
def row_product(x): return x.prod(-1)
def row_variance(x): return x.var(-1)
def row_std(x): return x.std(-1)
def row_norm(x): return np.sqrt((x * x).sum(-1))
def row_cumsum(x): return np.cumsum(x, -1)
def row_sort(x): return np.sort(x, -1)
def centre(x): return x - x.mean(-1, keepdims=True)
def unit_rows(x): return x / row_norm(x)[..., None]
def total(x): return x.sum()
def mean(x): return x.mean()
def variance(x): return x.var()
def std(x): return x.std()


# Norms

def normalised(x, axis): return (x - x.mean(axis, keepdims=True)) / np.sqrt(x.var(axis, keepdims=True) + EPSILON)
def layer_norm(x, gamma, beta): return gamma * normalised(x, -1) + beta
def batch_norm(x, gamma, beta): return gamma * normalised(x, 0) + beta
def weight_norm(v, s): return s[:, None] * unit_rows(v)
def rms_norm(x, w): return w * x / np.sqrt((x * x).mean(-1, keepdims=True) + EPSILON)


# Losses, one number each

def mean_squared_error(p, t): return ((p - t)**2).mean()
def mean_absolute_error(p, t): return np.abs(p - t).mean()

def huber(p, t):
    r = np.abs(p - t)
    return np.where(r < DELTA, 0.5 * r * r, DELTA * (r - 0.5 * DELTA)).mean()

def cross_entropy(z, labels): return -log_softmax(z)[np.arange(len(z)), labels].mean()
def negative_log_likelihood(l, labels): return -l[np.arange(len(l)), labels].mean()
def binary_cross_entropy(p, t): return -(t * np.log(p) + (1 - t) * np.log(1 - p)).mean()
def binary_cross_entropy_with_logits(z, t): return (softplus(z) - t * z).mean()
def kl_divergence(p, q): return (p * (np.log(p) - np.log(q))).sum()

def hinge(z, labels):
    """Multi-class hinge: the mean over rows of sum_j max(0, z_j - z_label + 1), j not the label."""
    margins = z - z[np.arange(len(z)), labels][:, None] + 1
    return (np.maximum(margins, 0).sum() - len(z)) / len(z)


# Windows

def conv1d(x, w, b):
    """x (n, t, c), w (k, c, o), b (o,) -> (n, t - k + 1, o)."""
    return np.einsum("ntck,kco->nto", sliding_window_view(x, len(w), 1), w) + b

def conv2d(x, w, b):
    """x (n, h, w, c), w (i, j, c, o), b (o,), stride 1, no padding."""
    return np.tensordot(sliding_window_view(x, w.shape[:2], (1, 2)), w, ((4, 5, 3), (0, 1, 2))) + b

def padded(x):
    """One row or column of zeros on every side."""
    n, h, w, c = x.shape
    out = np.zeros((n, h + 2, w + 2, c))
    out[:, 1:-1, 1:-1] = x
    return out

def conv2d_same(x, w): return conv2d(padded(x), w, 0)                     # w: 3 x 3
def conv2d_strided(x, w): return conv2d(x, w, 0)[:, ::2, ::2]

def tiles(x):
    """(n, h, w, c) -> (n, h/2, w/2, 4, c): the 2 x 2 windows without overlap."""
    n, h, w, c = x.shape
    return x.reshape(n, h // 2, 2, w // 2, 2, c).transpose(0, 1, 3, 2, 4, 5).reshape(n, h // 2, w // 2, 4, c)

def untile(t):
    n, h, w, _, c = t.shape
    return t.reshape(n, h, w, 2, 2, c).transpose(0, 1, 3, 2, 4, 5).reshape(n, 2 * h, 2 * w, c)

def max_pool(x): return tiles(x).max(3)
def average_pool(x): return tiles(x).mean(3)
def max_pool_overlapping(x): return sliding_window_view(x, 3, 1).max(-1)
def upsample(x): return x.repeat(2, 1).repeat(2, 2)


# Recurrent cells; the gates of w lie side by side

def lstm(x, h, c, w, b):
    """-> (n, 2 units): h beside c. Gates in the order input, forget, candidate, output."""
    i, f, a, o = np.split(np.concatenate([x, h], 1) @ w + b, 4, 1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(a)
    return np.concatenate([sigmoid(o) * np.tanh(c), c], 1)

def gru(x, h, w, u):
    """h' = (1 - z) h + z tanh(x w_a + (r h) u_a); gates in the order z, r, a."""
    wz, wr, wa = np.split(w, 3, 1)
    uz, ur, ua = np.split(u, 3, 1)
    z, r = sigmoid(x @ wz + h @ uz), sigmoid(x @ wr + h @ ur)
    return (1 - z) * h + z * np.tanh(x @ wa + (r * h) @ ua)

def rnn_cell(x, h, w, u): return np.tanh(x @ w + h @ u)

def rnn(x, h, w, u):
    """x (n, t, inputs) -> (n, units), the last state."""
    for t in range(x.shape[1]):
        h = rnn_cell(x[:, t], h, w, u)
    return h


# Less common ones

def mish(x): return x * np.tanh(softplus(x))
def selu(x): return 1.0507 * np.where(x > 0, x, 1.67326 * np.expm1(np.minimum(x, 0)))
def hard_swish(x): return x * hard_sigmoid(x)
def log_sigmoid(x): return -softplus(-x)
def bell(x): return np.exp(-0.5 * x * x)
def logit(p): return np.log(p) - np.log(1 - p)
def hypot(a, b): return np.sqrt(a * a + b * b)
def gated(a, b): return a * sigmoid(b)
def lerp(a, b, t): return a + t * (b - a)
def distance(a, b): return row_norm(a - b)
def row_entropy(p): return -(p * np.log(p)).sum(-1)
def row_rms(x): return np.sqrt((x * x).mean(-1))
def share(x): return x / x.sum(-1, keepdims=True)
def weighted_mean(x, w): return (x * w).sum() / w.sum()
def mlp(x, w, v): return relu(x @ w) @ v
def square_distances(a, b): return ((a[:, None] - b)**2).sum(-1)
def highway(x, w, v): return lerp(x, np.tanh(x @ v), sigmoid(x @ w))
def log_cosh(p, t): return np.log(np.cosh(p - t)).mean()
def poisson(z, t): return (np.exp(z) - t * z).mean()
def gaussian_nll(m, s, t): return (np.log(s) + 0.5 * ((t - m) / s)**2).mean()
def pinball(p, t): return np.maximum(0.9 * (t - p), -0.1 * (t - p)).mean()
def dice(p, t): return 1 - 2 * (p * t).sum() / (p.sum() + t.sum())
def triplet(a, p, n): return np.maximum(((a - p)**2).sum(-1) - ((a - n)**2).sum(-1) + 1, 0).mean()
def soft_cross_entropy(z, t): return -(t * log_softmax(z)).sum(-1).mean()
def embedding_bag(w, ids): return w[ids].mean(1)
def average_pool_overlapping(x): return sliding_window_view(x, 3, 1).mean(-1)
