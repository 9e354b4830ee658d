"""Independent formulas for values: loops as they stand in the textbook, nothing shared with the ops."""
from __future__ import annotations

from itertools import product
from math import erf as erf_number
from math import erfc as erfc_number
from math import pi, sqrt
from typing import Any

import numpy as np

erf = np.vectorize(erf_number, otypes=[float])
erfc = np.vectorize(erfc_number, otypes=[float])


def sigmoid(x): return 0.5 * (1 + np.tanh(0.5 * x))
def softplus(x): return np.logaddexp(0, x)
def elu(x, alpha=1.0): return np.where(x > 0, x, alpha * (np.exp(x) - 1))
def celu(x, alpha=1.0): return np.maximum(x, 0) + np.minimum(0, alpha * (np.exp(x / alpha) - 1))
def silu(x): return x / (1 + np.exp(-x))
def mish(x): return x * np.tanh(np.log(1 + np.exp(x)))
def softmax(x, axis=-1): return np.exp(x) / np.exp(x).sum(axis, keepdims=True)
def logsumexp(x, axis=None, keepdims=False): return np.log(np.exp(x).sum(axis=axis, keepdims=keepdims))


def gelu(x, approximate=False):
    if approximate: return x / 2 * (1 + np.tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))
    return x * erfc(-x / sqrt(2)) / 2


def norm(x, ord=2, axis=None, keepdims=False):
    a = np.abs(x)
    if ord == 0: return np.sum(x != 0, axis=axis, keepdims=keepdims).astype(float)
    if ord in (np.inf, -np.inf): return (np.max if ord > 0 else np.min)(a, axis=axis, keepdims=keepdims)
    return np.sum(a**ord, axis=axis, keepdims=keepdims) ** (1 / ord)


def linear_recurrence(a, b, axis=-1):
    y, last = [], 0.0
    for a_t, b_t in zip(np.moveaxis(a, axis, 0), np.moveaxis(b, axis, 0)):
        last = a_t * last + b_t
        y.append(last)
    return np.moveaxis(np.array(y).reshape(np.moveaxis(b, axis, 0).shape), 0, axis)


def scatter(x, index, shape):
    out = np.zeros(shape)
    np.add.at(out, index, x)
    return out


def scatter_along_axis(x, indices, axis, shape):
    out = np.zeros(shape)
    for at in np.ndindex(*x.shape):
        to = list(at)
        to[axis] = np.broadcast_to(indices, x.shape)[at]
        out[tuple(to)] += x[at]
    return out


def from_diagonal(x, shape, offset=0, axis1=0, axis2=1):
    out = np.zeros(shape)
    for i in range(x.shape[-1]):
        np.moveaxis(out, (axis1, axis2), (0, 1))[i + max(-offset, 0), i + max(offset, 0)] = x[..., i]
    return out


# ------------------------------------------------------------ windows

def spread(padding, dims): return padding if len(padding) == dims else [padding] * dims


def conv(x, w, strides, padding, dilation, groups=1):
    dims, per, outs = x.ndim - 2, w.shape[-2], w.shape[-1] // groups
    x = np.pad(x, [(0, 0), *padding, (0, 0)])
    span = [(k - 1) * d + 1 for k, d in zip(w.shape, dilation)]
    size = [(n - m) // s + 1 for n, m, s in zip(x.shape[1:], span, strides)]
    y = np.zeros((len(x), *size, w.shape[-1]))
    for p in np.ndindex(*size):
        for k in np.ndindex(*w.shape[:dims]):
            pixel = x[(slice(None), *[a * s + b * d for a, s, b, d in zip(p, strides, k, dilation)])]
            for g in range(groups):
                y[(slice(None), *p, slice(g * outs, (g + 1) * outs))] += \
                    pixel[:, g * per:(g + 1) * per] @ w[k][:, g * outs:(g + 1) * outs]
    return y


def transpose_of(linear, size: tuple[int, ...], y: np.ndarray) -> np.ndarray:
    """A' y for a linear map A given as a function, one unit vector at a time."""
    out = np.zeros(size)
    for at in np.ndindex(*size):
        e = np.zeros(size)
        e[at] = 1
        out[at] = np.sum(linear(e) * y)
    return out


def conv_x(y, w, size, strides, padding, dilation, groups=1):
    return transpose_of(lambda x: conv(x, w, strides, padding, dilation, groups), (len(y), *size, w.shape[-2] * groups),
                        y)


def conv_w(x, y, size, strides, padding, dilation, groups=1):
    return transpose_of(lambda w: conv(x, w, strides, padding, dilation, groups),
                        (*size, x.shape[-1] // groups, y.shape[-1]), y)


def window_starts(n, k, s, pads, d, ceil_mode):
    """Where the windows of one axis begin, in pixels of x."""
    starts, last = [], n + pads[1] - (k - 1) * d - 1
    at = -pads[0]
    while at <= last:
        starts.append(at)
        at += s
    if ceil_mode and starts and starts[-1] < last and at < n: starts.append(at)
    return starts


def pool(x, reduce, pool_size, strides, padding, dilation, ceil_mode):
    """reduce(values inside x, how many positions inside the padded x) for each window."""
    grids = [window_starts(n, *rest, ceil_mode) for n,
             *rest in zip(x.shape[1:-1], pool_size, strides, padding, dilation)]
    y = np.zeros((len(x), *map(len, grids), x.shape[-1]))
    for p in product(*[list(enumerate(g)) for g in grids]):
        steps = [[a + j * d for j in range(k)] for (_, a), k, d in zip(p, pool_size, dilation)]
        padded = [[i for i in row if i < n + pads[1]] for row, n, pads in zip(steps, x.shape[1:], padding)]
        inside = [[i for i in row if 0 <= i < n] for row, n in zip(steps, x.shape[1:])]
        for n, c in product(range(len(x)), range(x.shape[-1])):
            values = [x[(n, *i, c)] for i in product(*inside)]
            y[(n, *[i for i, _ in p], c)] = reduce(values, int(np.prod([len(r) for r in padded])))
    return y


def max_pool(x, pool_size, strides, padding, dilation, ceil_mode=False):
    return pool(x, lambda values, _: max(values), pool_size, strides, padding, dilation, ceil_mode)


def average_pool(x, pool_size, strides, padding, ceil_mode=False, count_include_pad=False):
    mean = (lambda values, n: sum(values) / n) if count_include_pad else (lambda values, _: sum(values) / len(values))
    return pool(x, mean, pool_size, strides, padding, [1] * len(pool_size), ceil_mode)


def average_pool_x(y, size, **settings):
    return transpose_of(lambda x: average_pool(x, **settings), (len(y), *size, y.shape[-1]), y)


# ------------------------------------------------------------ normalisation

def standardize(x, scale=None, offset=None, *, axis, epsilon):
    z = (x - x.mean(axis=axis, keepdims=True)) / np.sqrt(x.var(axis=axis, keepdims=True) + epsilon)
    return z * (1 if scale is None else scale) + (0 if offset is None else offset)


def rms_norm(x, scale=None, axis=-1, epsilon=1e-6):
    return x / np.sqrt((x * x).mean(axis=axis, keepdims=True) + epsilon) * (1 if scale is None else scale)


def group_norm(x, scale, offset, groups, epsilon=1e-5):
    out = np.empty_like(x)
    per = x.shape[-1] // groups
    for n, g in product(range(len(x)), range(groups)):
        part = x[n, ..., g * per:(g + 1) * per]
        out[n, ..., g * per:(g + 1) * per] = (part - part.mean()) / np.sqrt(part.var() + epsilon)
    return out * scale + offset


# ------------------------------------------------------------ losses

def reduced(losses, reduction="mean"):
    if reduction == "none": return losses
    return np.sum(losses) if reduction == "sum" else np.sum(losses) / losses.size


def cross_entropy(logits, labels, weight=None, label_smoothing=0.0, ignore_index=None, reduction="mean"):
    """Row by row, with the target spelt out as a distribution."""
    classes, losses, used = logits.shape[-1], [], []
    w = np.ones(classes) if weight is None else weight
    flat = labels.reshape(-1)
    for row, label in zip(logits.reshape(-1, classes), flat):
        if label == ignore_index:
            losses.append(0.0), used.append(0.0)
            continue
        target = (np.arange(classes) == label) * (1 - label_smoothing) + label_smoothing / classes
        losses.append(-np.sum(w * target * np.log(np.exp(row) / np.exp(row).sum())))
        used.append(w[label])
    losses = np.array(losses).reshape(labels.shape)
    return np.sum(losses) / np.sum(used) if reduction == "mean" else reduced(losses, reduction)


def soft_cross_entropy(logits, target, weight=None, label_smoothing=0.0, reduction="mean"):
    w = np.ones(logits.shape[-1]) if weight is None else weight
    target = target * (1 - label_smoothing) + label_smoothing / logits.shape[-1]
    return reduced(-np.sum(w * target * np.log(softmax(logits)), axis=-1), reduction)


def huber(p, t, delta=1.0, reduction="mean"):
    d = np.abs(p - t)
    return reduced(np.where(d <= delta, d**2 / 2, delta * d - delta**2 / 2), reduction)


def info_nce(a, b, temperature=0.5, reduction="mean"):
    """Row by row: minus the log of what the partner has of all the others."""
    z, n = np.concatenate([a, b]), len(a)
    e = [[np.exp(p @ q / np.sqrt(p @ p * (q @ q)) / temperature) * (i != j) for j, q in enumerate(z)]
         for i, p in enumerate(z)]
    losses = np.array([-np.log(e[i][(i + n) % (2 * n)] / sum(e[i])) for i in range(2 * n)])
    return reduced(losses, reduction)


def binary_cross_entropy_with_logits(x, t, weight=1.0, pos_weight=1.0, reduction="mean"):
    p = sigmoid(x)
    return reduced(-weight * (pos_weight * t * np.log(p) + (1 - t) * np.log(1 - p)), reduction)


# ------------------------------------------------------------ attention and recurrence

def attention(q, k, v, mask=None, causal=False, scale=None):
    """One query at a time."""
    lead = np.broadcast_shapes(q.shape[:-2], k.shape[:-2], v.shape[:-2])
    q, k, v = (np.broadcast_to(a, lead + a.shape[-2:]) for a in (q, k, v))
    scale = 1 / sqrt(q.shape[-1]) if scale is None else scale
    shape = (*lead, q.shape[-2], k.shape[-2])
    added = np.zeros(shape) if mask is None else np.broadcast_to(np.where(mask, 0, -np.inf) if mask.dtype == bool
                                                                 else mask, shape)
    out = np.zeros((*lead, q.shape[-2], v.shape[-1]))
    for at in np.ndindex(*lead, q.shape[-2]):
        b, i = at[:-1], at[-1]
        e = [np.exp(q[b][i] @ k[b][j] * scale + added[(*b, i, j)]) * (j <= i or not causal) for j in range(k.shape[-2])]
        if sum(e) > 0: out[at] = sum(w * v[b][j] for j, w in enumerate(e)) / sum(e)
    return out


def self_attention(qkv, num_heads, causal):
    heads = [np.split(part, num_heads, -1) for part in np.split(qkv, 3, -1)]
    return np.concatenate([attention(q, k, v, causal=causal) for q, k, v in zip(*heads)], -1)


def lstm(x, h, c, w, u, b=None):
    """(batch, time, 2 units): h and c."""
    n, states = h.shape[-1], []
    for t in range(x.shape[1]):
        z = x[:, t] @ w + h @ u + (0 if b is None else b)
        c = sigmoid(z[:, n:2 * n]) * c + sigmoid(z[:, :n]) * np.tanh(z[:, 2 * n:3 * n])
        h = sigmoid(z[:, 3 * n:]) * np.tanh(c)
        states.append(np.concatenate([h, c], 1))
    return np.stack(states, 1)


def gru(x, h, w, u, b=None, b_recurrent=None):
    n, states = h.shape[-1], []
    for t in range(x.shape[1]):
        a, r = x[:, t] @ w + (0 if b is None else b), h @ u + (0 if b_recurrent is None else b_recurrent)
        z, reset = sigmoid(a[:, :n] + r[:, :n]), sigmoid(a[:, n:2 * n] + r[:, n:2 * n])
        h = z * h + (1 - z) * np.tanh(a[:, 2 * n:] + reset * r[:, 2 * n:])
        states.append(h)
    return np.stack(states, 1)


def rnn(x, h, w, u, b=None, activation="tanh"):
    states = []
    for t in range(x.shape[1]):
        z = x[:, t] @ w + h @ u + (0 if b is None else b)
        h = np.tanh(z) if activation == "tanh" else np.maximum(z, 0)
        states.append(h)
    return np.stack(states, 1)


def collapse(path: tuple[int, ...], blank: int) -> tuple[int, ...]:
    """Repeats merged, then blanks removed."""
    kept = [c for i, c in enumerate(path) if i == 0 or c != path[i - 1]]
    return tuple(c for c in kept if c != blank)


def ctc(log_probabilities, targets, frames, lengths, blank=0):
    """-ln of the sum over every path of classes that collapses to the text."""
    costs = []
    for lp, target, time, length in zip(log_probabilities, targets, frames, lengths):
        total = sum(np.exp(sum(lp[t, c] for t, c in enumerate(path)))
                    for path in product(range(lp.shape[1]), repeat=int(time))
                    if collapse(path, blank) == tuple(int(c) for c in target[:length]))
        costs.append(-np.log(total) if total else np.inf)
    return np.array(costs)


def nearest(x: Any, size: int) -> Any: return x[:, [i * x.shape[1] // size for i in range(size)]]


def linear_resize(x: np.ndarray, size: int) -> np.ndarray:
    """Linear interpolation at pixel centres, one row and channel at a time, by numpy.interp."""
    old = x.shape[1]
    at = (np.arange(size) + 0.5) * old / size - 0.5
    return np.stack([np.stack([np.interp(at, np.arange(old), x[n, :, c]) for c in range(x.shape[2])], -1)
                     for n in range(len(x))])
