"""LSTM, GRU and plain recurrent cells."""
import numpy as np

from .. import bug, draw, signed
from ..forwards import gru, lstm, rnn, rnn_cell, sigmoid


def lstm_backward(g, x, h, c, w, b, squash=sigmoid, order=(0, 1, 2, 3)):
    z = np.concatenate([x, h], 1) @ w + b
    i, f, a, o = np.split(z, 4, 1)
    i, f, a, o = squash(i), squash(f), np.tanh(a), squash(o)
    tc = np.tanh(f * c + i * a)
    gh, gc = np.split(g, 2, 1)
    dc = gc + gh * o * (1 - tc * tc)
    gates = [dc * a * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - a * a), gh * tc * o * (1 - o)]
    dz = np.concatenate([gates[k] for k in order], 1)
    dx, dh = np.split(dz @ w.T, [x.shape[1]], 1)
    return dx, dh, dc * f, np.concatenate([x, h], 1).T @ dz, dz.sum(0)

lstm_inputs = draw(signed(5, 3), signed(5, 4), signed(5, 4), signed(7, 16), signed(16))

@bug("LSTM cell", "the gates' gradients are joined in the order f, i, a, o",
     x="unknown", h="unknown", w="partial", b="partial")
def lstm_gates_in_the_wrong_order():
    return lstm, lambda g, x, h, c, w, b: lstm_backward(g, x, h, c, w, b, order=(1, 0, 2, 3)), lstm_inputs

@bug("LSTM cell", "the state before is not part of this lesson", h="zero", c="zero")
def lstm_states_zero():
    def backward(g, x, h, c, w, b):
        dx, dh, dc, dw, db = lstm_backward(g, x, h, c, w, b)
        return dx, np.zeros_like(dh), np.zeros_like(dc), dw, db
    return lstm, backward, lstm_inputs

@bug("LSTM cell", "the bias is averaged over the batch", b="mean-for-sum-over-broadcast | extra-1/N")
def lstm_bias_averaged():
    def backward(g, x, h, c, w, b):
        *rest, db = lstm_backward(g, x, h, c, w, b)
        return *rest, db / len(x)
    return lstm, backward, lstm_inputs

@bug("LSTM cell", "x and h are cut apart in the wrong order; they are of one size",
     x="other-argument", h="other-argument")
def lstm_inputs_exchanged():
    def backward(g, x, h, c, w, b):
        dx, dh, dc, dw, db = lstm_backward(g, x, h, c, w, b)
        return dh, dx, dc, dw, db
    return lstm, backward, draw(signed(5, 4), signed(5, 4), signed(5, 4), signed(8, 16), signed(16))

def gru_backward(g, x, h, w, u, keep=lambda z: 1 - z, slope=lambda a: 1 - a * a, through_gates=1.0):
    wz, wr, wa = np.split(w, 3, 1)
    uz, ur, ua = np.split(u, 3, 1)
    z, r = sigmoid(x @ wz + h @ uz), sigmoid(x @ wr + h @ ur)
    a = np.tanh(x @ wa + (r * h) @ ua)
    pa = g * z * slope(a)
    pz, drh = g * (a - h) * z * (1 - z), pa @ ua.T
    pr = drh * h * r * (1 - r)
    dh = g * keep(z) + through_gates * (pz @ uz.T + pr @ ur.T) + drh * r
    p = np.concatenate([pz, pr, pa], 1)
    return p @ w.T, dh, x.T @ p, np.concatenate([h.T @ pz, h.T @ pr, (r * h).T @ pa], 1)

gru_inputs = draw(signed(5, 3), signed(5, 4), signed(3, 12), signed(4, 12))

@bug("GRU cell", "z and 1 - z are exchanged, as between two papers", h="unknown")
def gru_update_gate_the_other_way():
    return gru, lambda g, x, h, w, u: gru_backward(g, x, h, w, u, keep=lambda z: z), gru_inputs

@bug("GRU cell", "the gates do not depend on h", h="missing-term")
def gru_gates_held_fixed():
    return gru, lambda g, x, h, w, u: gru_backward(g, x, h, w, u, through_gates=0), gru_inputs

@bug("GRU cell", "the candidate's tanh is not differentiated",
     **dict.fromkeys("xh", "missing-factor"), **dict.fromkeys("wu", "missing-factor | partial"))
def gru_candidate_not_squashed():
    return gru, lambda g, x, h, w, u: gru_backward(g, x, h, w, u, slope=np.ones_like), gru_inputs

@bug("RNN cell", "tanh is not differentiated", **dict.fromkeys("xhwu", "missing-factor"))
def rnn_cell_not_squashed():
    inputs = draw(signed(6, 3), signed(6, 4), signed(3, 4), signed(4, 4))
    return rnn_cell, lambda g, x, h, w, u: (g @ w.T, g @ u.T, x.T @ g, h.T @ g), inputs

@bug("RNN cell", "u is square, and nobody notices that it is not transposed", h="operand-not-transposed")
def rnn_cell_recurrent_weight_untransposed():
    def backward(g, x, h, w, u):
        p = g * (1 - rnn_cell(x, h, w, u)**2)
        return p @ w.T, p @ u, x.T @ p, h.T @ p
    return rnn_cell, backward, draw(signed(6, 3), signed(6, 4), signed(3, 4), signed(4, 4))

def rnn_backward(g, x, h, w, u, reach):
    states, dx, dw, du = [h], np.zeros_like(x), 0, 0
    for t in range(x.shape[1]):
        states.append(rnn_cell(x[:, t], states[-1], w, u))
    for t in list(reversed(range(x.shape[1])))[:reach]:
        p = g * (1 - states[t + 1]**2)
        dx[:, t], dw, du, g = p @ w.T, dw + x[:, t].T @ p, du + states[t].T @ p, p @ u.T
    return dx, g, dw, du

@bug("RNN", "only the last step is sent back", x="partial | missing-term", w="missing-term | one-slice-of-broadcast",
     u="missing-term | one-slice-of-broadcast")
def rnn_last_step_only():
    def backward(g, x, h, w, u):
        dx, _, dw, du = rnn_backward(g, x, h, w, u, 1)
        return dx, rnn_backward(g, x, h, w, u, 5)[1], dw, du
    return rnn, backward, draw(signed(2, 5, 3), signed(2, 4), signed(3, 4), signed(4, 4))

@bug("RNN", "the first state is a constant and gets nothing", h="zero")
def rnn_first_state_zero():
    def backward(g, x, h, w, u):
        dx, dh, dw, du = rnn_backward(g, x, h, w, u, 5)
        return dx, 0 * dh, dw, du
    return rnn, backward, draw(signed(2, 5, 3), signed(2, 4), signed(3, 4), signed(4, 4))
