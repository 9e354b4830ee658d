"""Convolution, pooling, recurrent cells."""
import numpy as np

from .. import draw, right, signed
from .. import forwards as f
from ..forwards import sigmoid


def conv1d_backward(g, x, w, b):
    dx, steps = np.zeros_like(x), g.shape[1]
    for k in range(len(w)):
        dx[:, k:k + steps] += g @ w[k].T
    return dx, np.stack([np.einsum("ntc,nto->co", x[:, k:k + steps], g) for k in range(len(w))]), g.sum((0, 1))

@right("conv1d")
def conv1d_plain():
    return f.conv1d, conv1d_backward, draw(signed(3, 8, 5), signed(3, 5, 4), signed(4))

def conv2d_backward(g, x, w, b):
    """By a full correlation with the kernel turned round."""
    i, j = w.shape[:2]
    padded = np.pad(g, ((0, 0), (i - 1, i - 1), (j - 1, j - 1), (0, 0)))
    dx = f.conv2d(padded, w[::-1, ::-1].swapaxes(2, 3), 0)
    patches = np.lib.stride_tricks.sliding_window_view(x, (i, j), (1, 2))
    return dx, np.einsum("nhwcij,nhwo->ijco", patches, g), g.sum((0, 1, 2))

@right("conv2d", "the kernel turned round")
def conv2d_kernel_turned():
    return f.conv2d, conv2d_backward, draw(signed(3, 5, 6, 2), signed(3, 2, 2, 4), signed(4))

@right("conv2d", "a 1 x 1 kernel is a linear layer")
def conv2d_pointwise():
    def backward(g, x, w, b):
        return g @ w[0, 0].T, np.einsum("nhwc,nhwo->co", x, g)[None, None], g.sum((0, 1, 2))
    return f.conv2d, backward, draw(signed(2, 3, 4, 3), signed(1, 1, 3, 5), signed(5))

@right("conv2d", "padded")
def conv2d_padded():
    def backward(g, x, w):
        dx, dw, _ = conv2d_backward(g, f.padded(x), w, None)
        return dx[:, 1:-1, 1:-1], dw
    return f.conv2d_same, backward, draw(signed(2, 4, 5, 3), signed(3, 3, 3, 2))

@right("conv2d", "in steps of two")
def conv2d_strided():
    def backward(g, x, w):
        full = np.zeros(f.conv2d(x, w, 0).shape)
        full[:, ::2, ::2] = g
        return conv2d_backward(full, x, w, None)[:2]
    return f.conv2d_strided, backward, draw(signed(2, 7, 6, 3), signed(3, 2, 3, 2))

@right("max-pool")
def max_pool_plain():
    return f.max_pool, lambda g, x: f.upsample(g) * (x == f.upsample(f.max_pool(x))), draw(signed(3, 4, 6, 2))

@right("max-pool", "windows overlap")
def max_pool_overlapping():
    def backward(g, x):
        dx = np.zeros_like(x)
        for t in range(g.shape[1]):
            np.add.at(dx, (np.arange(len(x)), t + x[:, t:t + 3].argmax(1)), g[:, t])
        return dx
    return f.max_pool_overlapping, backward, draw(signed(5, 11))

@right("average pool")
def average_pool_plain():
    return f.average_pool, lambda g, x: f.upsample(g) / 4, draw(signed(3, 4, 6, 5))

@right("upsample")
def upsample_plain():
    return f.upsample, lambda g, x: 4 * f.average_pool(g), draw(signed(3, 4, 5, 2))

@right("pad")
def pad_plain():
    return lambda x: np.pad(x, ((0, 0), (2, 2))), lambda g, x: g[:, 2:-2], draw(signed(4, 7))


@right("depthwise", "one filter for each channel")
def depthwise():
    def forward(x, w):
        return sum(x[:, k:x.shape[1] - 2 + k] * w[k] for k in range(3))
    def backward(g, x, w):
        dx, steps = np.zeros_like(x), g.shape[1]
        for k in range(3):
            dx[:, k:k + steps] += g * w[k]
        return dx, np.stack([(x[:, k:k + steps] * g).sum((0, 1)) for k in range(3)])
    return forward, backward, draw(signed(2, 7, 5), signed(3, 5))

@right("global average pool")
def global_average_pool():
    def forward(x):
        return x.mean((1, 2))
    def backward(g, x):
        return np.broadcast_to(g[:, None, None] / (x.shape[1] * x.shape[2]), x.shape)
    return forward, backward, draw(signed(3, 4, 5, 2))

@right("LSTM cell", "two outputs side by side")
def lstm_plain():
    def backward(g, x, h, c, w, b):
        i, forget, a, o = np.split(np.concatenate([x, h], 1) @ w + b, 4, 1)
        i, forget, a, o = sigmoid(i), sigmoid(forget), np.tanh(a), sigmoid(o)
        tc = np.tanh(forget * c + i * a)
        gh, gc = np.split(g, 2, 1)
        dc = gc + gh * o * (1 - tc * tc)
        gates = [dc * a * i * (1 - i), dc * c * forget * (1 - forget), dc * i * (1 - a * a), gh * tc * o * (1 - o)]
        dz = np.concatenate(gates, 1)
        dx, dh = np.split(dz @ w.T, [x.shape[1]], 1)
        return dx, dh, dc * forget, np.concatenate([x, h], 1).T @ dz, dz.sum(0)
    return f.lstm, backward, draw(signed(5, 3), signed(5, 4), signed(5, 4), signed(7, 16), signed(16))

@right("GRU cell")
def gru_plain():
    def backward(g, x, h, w, u):
        wz, wr, wa = np.split(w, 3, 1)
        uz, ur, ua = np.split(u, 3, 1)
        z, r = sigmoid(x @ wz + h @ uz), sigmoid(x @ wr + h @ ur)
        a = np.tanh(x @ wa + (r * h) @ ua)
        pa, pz = g * z * (1 - a * a), g * (a - h) * z * (1 - z)
        drh = pa @ ua.T
        pr = drh * h * r * (1 - r)
        p = np.concatenate([pz, pr, pa], 1)
        dh = g * (1 - z) + pz @ uz.T + pr @ ur.T + drh * r
        return p @ w.T, dh, x.T @ p, np.concatenate([h.T @ pz, h.T @ pr, (r * h).T @ pa], 1)
    return f.gru, backward, draw(signed(5, 3), signed(5, 4), signed(3, 12), signed(4, 12))

@right("RNN cell")
def rnn_cell_plain():
    def backward(g, x, h, w, u):
        p = g * (1 - f.rnn_cell(x, h, w, u)**2)
        return p @ w.T, p @ u.T, x.T @ p, h.T @ p
    return f.rnn_cell, backward, draw(signed(6, 3), signed(6, 4), signed(3, 4), signed(4, 4))

@right("RNN", "back through time")
def rnn_plain():
    def backward(g, x, h, w, u):
        states, dx, dw, du = [h], np.zeros_like(x), 0, 0
        for t in range(x.shape[1]):
            states.append(f.rnn_cell(x[:, t], states[-1], w, u))
        for t in reversed(range(x.shape[1])):
            p = g * (1 - states[t + 1]**2)
            dx[:, t], dw, du, g = p @ w.T, dw + x[:, t].T @ p, du + states[t].T @ p, p @ u.T
        return dx, g, dw, du
    return f.rnn, backward, draw(signed(2, 5, 3), signed(2, 4), signed(3, 4), signed(4, 4))
