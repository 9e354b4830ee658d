"""LSTM, GRU and plain recurrent cells."""
import numpy as np

from .. import bug, draw, signed
from ..forwards import gru, lstm, rnn, rnn_cell, sigmoid


def lstm_backward(g, x, h, c, w, b, cell=lambda o, tc: o * (1 - tc * tc), through=1.0):
    z = np.concatenate([x, h], 1) @ w + b
    i, f, a, o = np.split(z, 4, 1)
    i, f, a, o = sigmoid(i), sigmoid(f), np.tanh(a), sigmoid(o)
    tc = np.tanh(f * c + i * a)
    gh, gc = np.split(g, 2, 1)
    dc = through * gc + gh * cell(o, tc)
    dz = np.concatenate([dc * a * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - a * a), gh * tc * o * (1 - o)], 1)
    dx, dh = np.split(dz @ w.T, [x.shape[1]], 1)
    return dx, dh, dc * f, np.concatenate([x, h], 1).T @ dz, dz.sum(0)

lstm_inputs = draw(signed(5, 3), signed(5, 4), signed(5, 4), signed(7, 16), signed(16))

@bug("LSTM cell", "only h is sent back, the gradient of the cell output c is dropped",
     **dict.fromkeys("xhcwb", "missing-term | partial"))
def lstm_cell_output_dropped():
    return lstm, lambda g, x, h, c, w, b: lstm_backward(g, x, h, c, w, b, through=0), lstm_inputs

@bug("LSTM cell", "tanh(c) is not differentiated", **dict.fromkeys("xhcwb", "missing-factor | partial"))
def lstm_tanh_of_the_cell():
    return lstm, lambda g, x, h, c, w, b: lstm_backward(g, x, h, c, w, b, cell=lambda o, tc: o), lstm_inputs

@bug("LSTM cell", "the forget gate is not there on the way back", c="missing-factor")
def lstm_forget_gate_open():
    def backward(g, x, h, c, w, b):
        dx, dh, dc, dw, db = lstm_backward(g, x, h, c, w, b)
        f = sigmoid(np.split(np.concatenate([x, h], 1) @ w + b, 4, 1)[1])
        return dx, dh, dc / f, dw, db
    return lstm, backward, lstm_inputs

@bug("LSTM cell", "two weight matrices became one, and the recurrent half was not moved", w="partial")
def lstm_recurrent_weight_left_out():
    def backward(g, x, h, c, w, b):
        dx, dh, dc, dw, db = lstm_backward(g, x, h, c, w, b)
        dw[x.shape[1]:] = 0
        return dx, dh, dc, dw, db
    return lstm, backward, lstm_inputs

@bug("LSTM cell", "the bias keeps the batch", b="not-summed-over-broadcast | wrong-shape")
def lstm_bias_not_summed():
    def backward(g, x, h, c, w, b):
        each = [lstm_backward(g[n:n + 1], x[n:n + 1], h[n:n + 1], c[n:n + 1], w, b)[4] for n in range(len(x))]
        return *lstm_backward(g, x, h, c, w, b)[:4], np.array(each)
    return lstm, backward, lstm_inputs

def gru_backward(g, x, h, w, u, through_reset=1.0):
    wz, wr, wa = np.split(w, 3, 1)
    uz, ur, ua = np.split(u, 3, 1)
    z, r = sigmoid(x @ wz + h @ uz), sigmoid(x @ wr + h @ ur)
    a = np.tanh(x @ wa + (r * h) @ ua)
    pa = g * z * (1 - a * a)
    pz, drh = g * (a - h) * z * (1 - z), pa @ ua.T
    pr = drh * h * r * (1 - r)
    dh = g * (1 - z) + pz @ uz.T + pr @ ur.T + through_reset * drh * r
    p = np.concatenate([pz, pr, pa], 1)
    return p @ w.T, dh, x.T @ p, np.concatenate([h.T @ pz, h.T @ pr, (r * h).T @ pa], 1)

gru_inputs = draw(signed(5, 3), signed(5, 4), signed(3, 12), signed(4, 12))

@bug("GRU cell", "the state reaches the candidate through r h, and this path is lost", h="missing-term")
def gru_candidate_path_lost():
    return gru, lambda g, x, h, w, u: gru_backward(g, x, h, w, u, through_reset=0), gru_inputs

@bug("GRU cell", "the candidate's weight sees h, not r h", u="partial | missing-factor")
def gru_candidate_weight_without_reset():
    def backward(g, x, h, w, u):
        dx, dh, dw, du = gru_backward(g, x, h, w, u)
        _, _, wa = np.split(w, 3, 1)
        _, ur, ua = np.split(u, 3, 1)
        z, r = sigmoid(x @ w[:, :4] + h @ u[:, :4]), sigmoid(x @ w[:, 4:8] + h @ ur)
        a = np.tanh(x @ wa + (r * h) @ ua)
        du[:, 8:] = h.T @ (g * z * (1 - a * a))
        return dx, dh, dw, du
    return gru, backward, gru_inputs

@bug("RNN cell", "1 - h^2 with the old state: h names both", **dict.fromkeys("xhwu", "input-for-output"))
def rnn_cell_squares_the_old_state():
    def backward(g, x, h, w, u):
        p = g * (1 - h * h)
        return p @ w.T, p @ u.T, x.T @ p, h.T @ p
    return rnn_cell, backward, draw(signed(6, 3), signed(6, 4), signed(3, 4), signed(4, 4))

@bug("RNN", "inside the loop over time stands dw = where dw += is due",
     w="overwrites-instead-of-accumulates | one-slice-of-broadcast | missing-term",
     u="overwrites-instead-of-accumulates | one-slice-of-broadcast | missing-term")
def rnn_weights_overwritten():
    def backward(g, x, h, w, u):
        states, dx = [h], np.zeros_like(x)
        for t in range(x.shape[1]):
            states.append(rnn_cell(x[:, t], states[-1], w, u))
        for t in reversed(range(x.shape[1])):
            p = g * (1 - states[t + 1]**2)
            dx[:, t], dw, du, g = p @ w.T, x[:, t].T @ p, states[t].T @ p, p @ u.T
        return dx, g, dw, du
    return rnn, backward, draw(signed(2, 5, 3), signed(2, 4), signed(3, 4), signed(4, 4))
