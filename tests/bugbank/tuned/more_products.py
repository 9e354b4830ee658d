"""Products of matrices, layers made of them, attention, cells: once more."""
import numpy as np

from .. import bug, draw, signed
from ..forwards import (
    attention,
    gru,
    highway,
    linear,
    lstm,
    matmul,
    mlp,
    outer,
    relu,
    rnn,
    rnn_cell,
    sigmoid,
    softmax,
    square_distances,
    swap,
)
from .recurrent import gru_backward, lstm_backward

layer = draw(signed(7, 5), signed(5, 3), signed(3))
square = draw(signed(4, 4), signed(4, 4))


@bug("linear", "batch and features of one size, and the product stands in the order of the forward pass",
     w="operand-not-transposed")
def linear_square_input_untransposed():
    inputs = draw(signed(5, 5), signed(5, 3), signed(3))
    return linear, lambda g, x, w, b: (g @ w.T, x @ g, g.sum(0)), inputs

@bug("linear", "g^T x, square", w="transposed | operand-not-transposed | operands-swapped")
def linear_square_weight_transposed():
    inputs = draw(signed(7, 4), signed(4, 4), signed(4))
    return linear, lambda g, x, w, b: (g @ w.T, g.T @ x, g.sum(0)), inputs

@bug("linear", "w g^T", x="transposed | wrong-shape")
def linear_input_in_columns():
    return linear, lambda g, x, w, b: (w @ g.T, x.T @ g, g.sum(0)), layer

@bug("linear", "weight decay is added, since the optimiser needs it", w="not-linear-in-upstream")
def linear_with_decay():
    return linear, lambda g, x, w, b: (g @ w.T, x.T @ g + 0.01 * w, g.sum(0)), layer

@bug("linear", "the learning rate is in the gradient", w="constant-factor", b="constant-factor")
def linear_with_a_learning_rate():
    return linear, lambda g, x, w, b: (g @ w.T, 0.1 * x.T @ g, 0.1 * g.sum(0)), layer

@bug("linear", "the update's minus in both parameters", w="wrong-sign", b="wrong-sign")
def linear_update_direction():
    return linear, lambda g, x, w, b: (g @ w.T, -x.T @ g, -g.sum(0)), layer

@bug("linear", "the weights are normalised by the batch, the bias by the units", w="extra-1/N",
     b="extra-1/N | mean-for-sum-over-broadcast")
def linear_divided_by_two_counts():
    return linear, lambda g, x, w, b: (g @ w.T, x.T @ g / len(x), g.sum(0) / g.shape[1]), layer

@bug("linear", "x is not multiplied in: the sum of g for every row of w", w="missing-factor | passes-through")
def linear_weight_without_input():
    return linear, lambda g, x, w, b: (g @ w.T, np.broadcast_to(g.sum(0), w.shape), g.sum(0)), layer

@bug("linear", "the input's gradient passes by the weight, as wide as it came", x="passes-through | missing-factor")
def linear_square_input_passes():
    return linear, lambda g, x, w, b: (g, x.T @ g, g.sum(0)), draw(signed(7, 4), signed(4, 4), signed(4))

@bug("linear", "a batch loop, and only the bias is accumulated with =",
     b="one-slice-of-broadcast | overwrites-instead-of-accumulates")
def linear_bias_overwritten_in_a_loop():
    def backward(g, x, w, b):
        dw = np.zeros_like(w)
        for row, upstream in zip(x, g, strict=True):
            dw += np.outer(row, upstream)
            db = upstream
        return g @ w.T, dw, db
    return linear, backward, layer

@bug("linear", "a sequence: dw is summed over time, the batch is left", b="not-summed-over-broadcast | wrong-shape")
def linear_sequence_bias():
    def backward(g, x, w, b):
        return g @ w.T, np.tensordot(x, g, ((0, 1), (0, 1))), g.sum(1)
    return linear, backward, draw(signed(3, 6, 5), signed(5, 4), signed(4))

@bug("matmul", "the order of the factors is kept from the left rule: b^T g", a="operands-swapped")
def matmul_left_factors_swapped():
    return matmul, lambda g, a, b: (b.T @ g, a.T @ g), square

@bug("matmul", "nothing is transposed", a="operand-not-transposed", b="operand-not-transposed")
def matmul_nothing_transposed():
    return matmul, lambda g, a, b: (g @ b, a @ g), square

@bug("matmul", "element by element: g * b", a="unknown", b="unknown")
def matmul_as_multiply():
    return matmul, lambda g, a, b: (g * b, g * a), square

@bug("matmul", "g is transposed, a is not", b="unknown | operand-not-transposed")
def matmul_g_transposed_for_a():
    return matmul, lambda g, a, b: (g @ b.T, a @ g.T), square

@bug("batched matmul", "the shared weight's gradient is averaged", b="mean-for-sum-over-broadcast | extra-1/N")
def batched_matmul_averaged():
    return matmul, lambda g, a, b: (g @ b.T, (swap(a) @ g).mean(0)), draw(signed(6, 4, 5), signed(5, 3))

@bug("outer product", "b is not multiplied in and a is", a="missing-factor | passes-through")
def outer_first_without_b():
    return outer, lambda g, a, b: (g.sum(1), g.T @ a), draw(signed(4), signed(6))

@bug("quadratic form", "2 a x, as for a symmetric matrix", x="unknown | operand-not-transposed | missing-term")
def quadratic_form_as_symmetric():
    def forward(x, a):
        return x @ a @ x
    return forward, lambda g, x, a: (2 * g * a @ x, g * np.outer(x, x)), draw(signed(5), signed(5, 5))

@bug("gram matrix", "one of the two uses of x", x="missing-term | overwrites-instead-of-accumulates")
def gram_one_use():
    return lambda x: x @ x.T, lambda g, x: g @ x, draw(signed(5, 3))

@bug("gram matrix", "2 g x, as if g were symmetric", x="unknown | operand-not-transposed | missing-term")
def gram_as_symmetric():
    return lambda x: x @ x.T, lambda g, x: 2 * g @ x, draw(signed(5, 3))

@bug("determinant", "the determinant itself is lost: the rule of its logarithm", a="missing-factor")
def determinant_as_logarithm():
    return np.linalg.det, lambda g, a: g * np.linalg.inv(a).T, regular

@bug("determinant", "the inverse, not its transpose", a="transposed | operand-not-transposed | partial")
def determinant_untransposed():
    return np.linalg.det, lambda g, a: g * np.linalg.det(a) * np.linalg.inv(a), regular

@bug("solve", "the minus of the matrix is lost", a="wrong-sign")
def solve_without_minus():
    def backward(g, a, b):
        db = np.linalg.solve(a.T, g)
        return np.outer(db, np.linalg.solve(a, b)), db
    return np.linalg.solve, backward, lambda rng: (*regular(rng), rng.standard_normal(4))

@bug("solve", "multiplies where it should solve", b="unknown | missing-factor")
def solve_multiplies():
    def backward(g, a, b):
        return -np.outer(np.linalg.solve(a.T, g), np.linalg.solve(a, b)), a.T @ g
    return np.linalg.solve, backward, lambda rng: (*regular(rng), rng.standard_normal(4))

@bug("trace", "the whole matrix, not its diagonal", a="partial | passes-through")
def trace_of_ones():
    return np.trace, lambda g, a: np.full(a.shape, g), draw(signed(5, 5))

def regular(rng):
    return (rng.standard_normal((4, 4)) + 4 * np.eye(4),)

@bug("bilinear", "w is not transposed for x", x="operand-not-transposed")
def bilinear_untransposed():
    def forward(x, w, z):
        return ((x @ w) * z).sum(1)
    def backward(g, x, w, z):
        g = g[:, None]
        return g * z @ w, x.T @ (g * z), g * (x @ w)
    return forward, backward, draw(signed(7, 4), signed(4, 4), signed(7, 4))

@bug("low rank", "x learns from the full matrix alone", x="missing-term")
def low_rank_path_lost():
    def forward(x, w, a, b):
        return x @ w + x @ a @ b
    def backward(g, x, w, a, b):
        return g @ w.T, x.T @ g, x.T @ (g @ b.T), (x @ a).T @ g
    return forward, backward, draw(signed(7, 5), signed(5, 4), signed(5, 2), signed(2, 4))

@bug("square distances", "the two is lost", a="constant-factor", b="constant-factor")
def square_distances_without_two():
    def backward(g, a, b):
        away = g[..., None] * (a[:, None] - b)
        return away.sum(1), -away.sum(0)
    return square_distances, backward, draw(signed(6, 3), signed(4, 3))

@bug("square distances", "2 a only, the other point is forgotten", a="missing-term")
def square_distances_from_zero():
    def backward(g, a, b):
        away = 2 * g[..., None] * (a[:, None] - b)
        return 2 * g.sum(1)[:, None] * a, -away.sum(0)
    return square_distances, backward, draw(signed(6, 3), signed(4, 3))

@bug("square distances", "b is pulled like a", b="wrong-sign")
def square_distances_same_sign():
    def backward(g, a, b):
        away = 2 * g[..., None] * (a[:, None] - b)
        return away.sum(1), away.sum(0)
    return square_distances, backward, draw(signed(6, 3), signed(4, 3))

def mlp_backward(g, x, w, v, mask=None, hidden=None):
    z = x @ w
    dz = g @ v.T * (z > 0 if mask is None else mask)
    return dz @ w.T, x.T @ dz, (relu(z) if hidden is None else hidden).T @ g

network = draw(signed(7, 4), signed(4, 6), signed(6, 3))

@bug("MLP", "relu is not differentiated", x="missing-factor", w="missing-factor")
def mlp_relu_passes():
    return mlp, lambda g, x, w, v: mlp_backward(g, x, w, v, 1), network

@bug("MLP", "the second layer learns from what was there before relu", v="input-for-output")
def mlp_before_relu():
    return mlp, lambda g, x, w, v: mlp_backward(g, x, w, v, hidden=x @ w), network

@bug("MLP", "the second layer is left at zero", v="zero")
def mlp_second_layer_zero():
    return mlp, lambda g, x, w, v: (*mlp_backward(g, x, w, v)[:2], np.zeros_like(v)), network

@bug("MLP", "the mask of the gradient that arrives", x="not-linear-in-upstream", w="not-linear-in-upstream")
def mlp_mask_of_the_gradient():
    return mlp, lambda g, x, w, v: mlp_backward(g, x, w, v, g @ v.T > 0), network

@bug("highway", "the gate is a constant", w="zero", x="missing-term")
def highway_gate_held_fixed():
    def backward(g, x, w, v):
        t, h = sigmoid(x @ w), np.tanh(x @ v)
        ph = g * t * (1 - h * h)
        return g * (1 - t) + ph @ v.T, np.zeros_like(w), x.T @ ph
    return highway, backward, draw(signed(6, 4), signed(4, 4), signed(4, 4))

@bug("highway", "what is carried past is forgotten", x="missing-term")
def highway_carry_lost():
    def backward(g, x, w, v):
        t, h = sigmoid(x @ w), np.tanh(x @ v)
        pt, ph = g * (h - x) * t * (1 - t), g * t * (1 - h * h)
        return pt @ w.T + ph @ v.T, x.T @ pt, x.T @ ph
    return highway, backward, draw(signed(6, 4), signed(4, 4), signed(4, 4))

@bug("highway", "the gate's slope t (1 - t) is lost", x="missing-factor", w="missing-factor")
def highway_gate_not_squashed():
    def backward(g, x, w, v):
        t, h = sigmoid(x @ w), np.tanh(x @ v)
        pt, ph = g * (h - x), g * t * (1 - h * h)
        return g * (1 - t) + pt @ w.T + ph @ v.T, x.T @ pt, x.T @ ph
    return highway, backward, draw(signed(6, 4), signed(4, 4), signed(4, 4))

def attention_backward(g, q, k, v):
    p = softmax(q @ swap(k) / np.sqrt(q.shape[-1]))
    dp = g @ swap(v)
    ds = p * (dp - (dp * p).sum(-1, keepdims=True)) / np.sqrt(q.shape[-1])
    return ds @ k, swap(ds) @ q, swap(p) @ g

@bug("attention", "the scale is forgotten", q="constant-factor", k="constant-factor")
def attention_not_scaled():
    def backward(g, q, k, v):
        dq, dk, dv = attention_backward(g, q, k, v)
        return dq * np.sqrt(q.shape[-1]), dk * np.sqrt(q.shape[-1]), dv
    return attention, backward, draw(signed(2, 4, 3), signed(2, 5, 3), signed(2, 5, 4))

@bug("attention", "the scores' gradient is not transposed for the keys; as many keys as queries",
     k="operand-not-transposed")
def attention_keys_untransposed():
    def backward(g, q, k, v):
        p = softmax(q @ swap(k) / np.sqrt(3))
        dp = g @ swap(v)
        ds = p * (dp - (dp * p).sum(-1, keepdims=True)) / np.sqrt(3)
        return ds @ k, ds @ q, swap(p) @ g
    return attention, backward, draw(signed(2, 5, 3), signed(2, 5, 3), signed(2, 5, 4))

@bug("attention", "queries and keys come back in the wrong order", q="other-argument", k="other-argument")
def attention_queries_and_keys_exchanged():
    def backward(g, q, k, v):
        dq, dk, dv = attention_backward(g, q, k, v)
        return dk, dq, dv
    return attention, backward, draw(signed(2, 5, 3), signed(2, 5, 3), signed(2, 5, 4))

@bug("attention", "the inner sum of softmax runs over the queries", q="wrong-axis", k="wrong-axis")
def attention_sum_over_the_queries():
    def backward(g, q, k, v):
        p = softmax(q @ swap(k) / np.sqrt(3))
        dp = g @ swap(v)
        ds = p * (dp - (dp * p).sum(-2, keepdims=True)) / np.sqrt(3)
        return ds @ k, swap(ds) @ q, swap(p) @ g
    return attention, backward, draw(signed(2, 4, 3), signed(2, 5, 3), signed(2, 5, 4))

@bug("self-attention", "queries and keys only, the values are forgotten", x="missing-term")
def self_attention_without_values():
    def forward(x):
        return attention(x, x, x)
    return forward, lambda g, x: sum(attention_backward(g, x, x, x)[:2]), draw(signed(2, 5, 3))

@bug("tied weights", "the encoder's part alone", w="missing-term | overwrites-instead-of-accumulates")
def tied_weights_encoder_only():
    def forward(x, w):
        return np.tanh(x @ w) @ w.T
    def backward(g, x, w):
        h = np.tanh(x @ w)
        dz = g @ w * (1 - h * h)
        return dz @ w.T, x.T @ dz
    return forward, backward, draw(signed(7, 5), signed(5, 3))

@bug("tied weights", "the decoder's part comes without its tanh", w="input-for-output | missing-factor")
def tied_weights_before_tanh():
    def forward(x, w):
        return np.tanh(x @ w) @ w.T
    def backward(g, x, w):
        h = np.tanh(x @ w)
        dz = g @ w * (1 - h * h)
        return dz @ w.T, x.T @ dz + g.T @ (x @ w)
    return forward, backward, draw(signed(7, 5), signed(5, 3))

@bug("RNN cell", "the recurrent weight learns from the new state", u="unknown")
def rnn_cell_weight_of_the_new_state():
    def backward(g, x, h, w, u):
        y = rnn_cell(x, h, w, u)
        p = g * (1 - y * y)
        return p @ w.T, p @ u.T, x.T @ p, y.T @ p
    return rnn_cell, backward, draw(signed(6, 3), signed(6, 4), signed(3, 4), signed(4, 4))

def rnn_through_time(g, x, h, w, u, carry=True, add=True):
    states, dx, dw, du = [h], np.zeros_like(x), np.zeros_like(w), np.zeros_like(u)
    for t in range(x.shape[1]): states.append(rnn_cell(x[:, t], states[-1], w, u))
    for t in reversed(range(x.shape[1])):
        p = g * (1 - states[t + 1]**2)
        dx[:, t], dw, du = p @ w.T, add * dw + x[:, t].T @ p, add * du + states[t].T @ p
        g = p @ u.T if carry else g
    return dx, p @ u.T, dw, du

steps = draw(signed(2, 5, 3), signed(2, 4), signed(3, 4), signed(4, 4))

@bug("RNN", "every step gets the last step's gradient", x="unknown | partial | missing-factor",
     h="unknown | missing-factor",
     **dict.fromkeys("wu", "unknown | missing-factor"))
def rnn_gradient_not_carried():
    return rnn, lambda g, x, h, w, u: rnn_through_time(g, x, h, w, u, carry=False), steps

lstm_inputs = draw(signed(5, 3), signed(5, 4), signed(5, 4), signed(7, 16), signed(16))

@bug("LSTM cell", "the gates are not squashed on the way back", b="partial | missing-factor",
     w="partial | missing-factor",
     x="unknown | missing-factor", h="unknown | missing-factor")
def lstm_gates_not_differentiated():
    def backward(g, x, h, c, w, b):
        i, f, a, o = np.split(np.concatenate([x, h], 1) @ w + b, 4, 1)
        i, f, a, o = sigmoid(i), sigmoid(f), np.tanh(a), sigmoid(o)
        tc = np.tanh(f * c + i * a)
        gh, gc = np.split(g, 2, 1)
        dc = gc + gh * o * (1 - tc * tc)
        dz = np.concatenate([dc * a, dc * c, dc * i * (1 - a * a), gh * tc], 1)
        dx, dh = np.split(dz @ w.T, [3], 1)
        return dx, dh, dc * f, np.concatenate([x, h], 1).T @ dz, dz.sum(0)
    return lstm, backward, lstm_inputs

@bug("LSTM cell", "the cell's own gradient is dropped, h alone counts", c="missing-term | partial",
     **dict.fromkeys("xhwb", "missing-term | partial"))
def lstm_cell_gradient_dropped():
    def backward(g, x, h, c, w, b):
        g = g.copy()
        g[:, 4:] = 0
        return lstm_backward(g, x, h, c, w, b)
    return lstm, backward, lstm_inputs

@bug("LSTM cell", "what reaches the cell through h is dropped", c="missing-term | partial",
     **dict.fromkeys("xhwb", "missing-term | partial"))
def lstm_cell_through_output_dropped():
    def backward(g, x, h, c, w, b):
        i, f, a, o = np.split(np.concatenate([x, h], 1) @ w + b, 4, 1)
        i, f, a, o = sigmoid(i), sigmoid(f), np.tanh(a), sigmoid(o)
        gh, dc = np.split(g, 2, 1)
        gates = [dc * a * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - a * a)]
        dz = np.concatenate([*gates, gh * np.tanh(f * c + i * a) * o * (1 - o)], 1)
        dx, dh = np.split(dz @ w.T, [3], 1)
        return dx, dh, dc * f, np.concatenate([x, h], 1).T @ dz, dz.sum(0)
    return lstm, backward, lstm_inputs

gru_inputs = draw(signed(5, 3), signed(5, 4), signed(3, 12), signed(4, 12))

@bug("GRU cell", "the state that is carried over is forgotten", h="missing-term")
def gru_carry_forgotten():
    return gru, lambda g, x, h, w, u: gru_backward(g, x, h, w, u, keep=np.zeros_like), gru_inputs

@bug("GRU cell", "the whole state is carried over: 1 for 1 - z", h="unknown | missing-factor")
def gru_carries_everything():
    return gru, lambda g, x, h, w, u: gru_backward(g, x, h, w, u, keep=np.ones_like), gru_inputs
