"""A third helping, written before the checker saw it: labels as its author understood each mistake."""
import numpy as np

from .. import between, bug, draw, integers, mask, positive, signed
from ..forwards import (
    EPSILON,
    KEEP,
    attention,
    batch_norm,
    centre,
    conv1d,
    cosine_similarity,
    cross_entropy,
    dropout,
    gated,
    gaussian_nll,
    gru,
    hypot,
    layer_norm,
    lerp,
    linear,
    log_softmax,
    logsumexp,
    lstm,
    matmul,
    matvec,
    mean_squared_error,
    mlp,
    normalised,
    outer,
    relu,
    rms_norm,
    rnn_cell,
    row_entropy,
    row_norm,
    row_product,
    row_rms,
    row_std,
    share,
    sigmoid,
    softmax,
    softplus,
    square_distances,
    swap,
    unit_rows,
    weighted_mean,
)

shares = draw(signed(4, 5), signed(4, 5), between(0.1, 0.9, 4, 5))

def last(x): return x[..., None]


# A constant that happens to be a count

@bug("mean squared error", "the two is lost, and there are two columns", p="constant-factor", t="constant-factor")
def mse_of_two_columns_without_two():
    def backward(g, p, t):
        d = g * (p - t) / p.size
        return d, -d
    return mean_squared_error, backward, draw(signed(5, 2), signed(5, 2))

@bug("cube of the sum", "three columns, and the three of the cube is lost", x="constant-factor")
def cube_of_sums_without_three():
    def backward(g, x):
        return np.broadcast_to(last(g * x.sum(-1)**2), x.shape)
    return lambda x: x.sum(-1)**3, backward, draw(signed(4, 3))

@bug("matmul", "twice the gradient, and one operand has two rows", a="constant-factor")
def matmul_twice():
    return matmul, lambda g, a, b: (2 * g @ b.T, a.T @ g), draw(signed(2, 5), signed(5, 3))

@bug("linear", "the mean over the batch in the weight", w="extra-1/N")
def linear_weight_averaged():
    return linear, lambda g, x, w, b: (g @ w.T, x.T @ g / len(x), g.sum(0)), draw(signed(7, 5), signed(5, 3), signed(3))

@bug("linear", "everything is averaged over the batch", x="extra-1/N", w="extra-1/N", b="mean-for-sum-over-broadcast")
def linear_all_averaged():
    def backward(g, x, w, b):
        g = g / len(x)
        return g @ w.T, x.T @ g, g.sum(0)
    return linear, backward, draw(signed(6, 5), signed(5, 3), signed(3))

@bug("norm", "the half of the root and the two of the square do not cancel", x="constant-factor")
def norm_halved():
    return row_norm, lambda g, x: last(g) * x / (2 * last(row_norm(x))), draw(signed(4, 2))

# Terms and factors

@bug("rms norm", "the gain is left out of the input's gradient", x="missing-factor")
def rms_without_gain():
    def backward(g, x, w):
        r = np.sqrt((x * x).mean(-1, keepdims=True) + EPSILON)
        return g / r - x * (g * x).mean(-1, keepdims=True) / r**3, (g * x / r).sum(0)
    return rms_norm, backward, draw(signed(6, 5), signed(5))

@bug("layer norm", "the projection has the wrong sign", x="unknown")
def layer_norm_projection_added():
    def backward(g, x, gamma, beta):
        n, h = normalised(x, -1), g * gamma
        s = np.sqrt(x.var(-1, keepdims=True) + EPSILON)
        d = (h - h.mean(-1, keepdims=True) + n * (h * n).mean(-1, keepdims=True)) / s
        return d, (g * n).sum(0), g.sum(0)
    return layer_norm, backward, draw(signed(7, 5), signed(5), signed(5))

@bug("layer norm", "gain and shift are averaged", gamma="extra-1/N | mean-for-sum-over-broadcast",
     beta="mean-for-sum-over-broadcast")
def layer_norm_gain_and_shift_averaged():
    def backward(g, x, gamma, beta):
        n, h = normalised(x, -1), g * gamma
        s = np.sqrt(x.var(-1, keepdims=True) + EPSILON)
        d = (h - h.mean(-1, keepdims=True) - n * (h * n).mean(-1, keepdims=True)) / s
        return d, (g * n).mean(0), g.mean(0)
    return layer_norm, backward, draw(signed(7, 5), signed(5), signed(5))

@bug("batch norm", "mean and deviation are constants, as at test time",
     x="missing-mean-term | missing-variance-term")
def batch_norm_as_at_test_time():
    def backward(g, x, gamma, beta):
        s = np.sqrt(x.var(0, keepdims=True) + EPSILON)
        return g * gamma / s, (g * normalised(x, 0)).sum(0), g.sum(0)
    return batch_norm, backward, draw(signed(7, 4), signed(4), signed(4))

@bug("softmax", "y (g - mean(g))", x="unknown | missing-factor")
def softmax_with_a_plain_mean():
    def backward(g, x):
        return softmax(x) * (g - g.mean(-1, keepdims=True))
    return softmax, backward, draw(signed(4, 5))

@bug("log-softmax", "the sum of g is taken over the batch", x="wrong-axis")
def log_softmax_square_summed_over_rows():
    return log_softmax, lambda g, x: g - softmax(x) * g.sum(0), draw(signed(5, 5))

@bug("log-softmax", "g is not multiplied with the sum", x="off-diagonal-missing")
def log_softmax_elementwise():
    return log_softmax, lambda g, x: g - softmax(x) * g, draw(signed(4, 5))

@bug("logsumexp", "divides by the largest, not by the sum", x="unknown | missing-factor")
def logsumexp_without_total():
    return logsumexp, lambda g, x: last(g) * np.exp(x - x.max(-1, keepdims=True)), draw(signed(4, 5))

@bug("cosine similarity", "the projection on b is forgotten for a", a="missing-term | missing-variance-term")
def cosine_projection_forgotten():
    def backward(g, a, b):
        u, v = unit_rows(a), unit_rows(b)
        c = last((u * v).sum(-1))
        return last(g) * v / last(row_norm(a)), last(g) * (u - c * v) / last(row_norm(b))
    return cosine_similarity, backward, draw(signed(4, 5), signed(4, 5))

@bug("cosine similarity", "divides by the other vector's norm", a="unknown | missing-factor",
     b="unknown | missing-factor")
def cosine_norms_exchanged():
    def backward(g, a, b):
        u, v = unit_rows(a), unit_rows(b)
        c = last((u * v).sum(-1))
        return last(g) * (v - c * u) / last(row_norm(b)), last(g) * (u - c * v) / last(row_norm(a))
    return cosine_similarity, backward, draw(signed(4, 5), signed(4, 5))

@bug("entropy", "log p + 1 with a plus in front", p="wrong-sign")
def entropy_gained():
    return row_entropy, lambda g, p: last(g) * (np.log(p) + 1), draw(between(0.1, 0.9, 4, 5))

@bug("product", "the product of all, not of the others", x="missing-factor")
def product_of_the_whole_row():
    return row_product, lambda g, x: last(g) * np.broadcast_to(last(x.prod(-1)), x.shape), draw(signed(4, 5))

@bug("product", "the other two of three, for two of them", x="unknown | partial")
def product_of_neighbours():
    return row_product, lambda g, x: last(g) * np.roll(x, 1, -1), draw(signed(4, 3))

@bug("root mean square", "the mean is a sum", x="missing-1/N")
def rms_not_averaged():
    return row_rms, lambda g, x: last(g) * x / last(row_rms(x)), draw(signed(4, 5))

@bug("standard deviation", "x for x - mean", x="missing-mean-term")
def std_not_centred():
    return row_std, lambda g, x: last(g) * x / (5 * last(row_std(x))), draw(signed(4, 5))

@bug("share", "the numerator is held fixed", x="missing-term")
def share_numerator_fixed():
    def backward(g, x):
        s = x.sum(-1, keepdims=True)
        return np.broadcast_to(-(g * x).sum(-1, keepdims=True) / s**2, x.shape)
    return share, backward, draw(positive(4, 5))

@bug("centre", "every row loses the mean of its g twice", x="unknown")
def centre_twice():
    return centre, lambda g, x: g - 2 * g.mean(-1, keepdims=True), draw(signed(4, 5))

@bug("weighted mean", "the values are forgotten in the weights' gradient", w="missing-term | missing-factor")
def weighted_mean_forgets_values():
    def backward(g, x, w):
        s = w.sum()
        return g * w / s, -g * (x * w).sum() / s**2 * np.ones_like(w)
    return weighted_mean, backward, draw(signed(5), positive(5))

@bug("softplus", "sigmoid of minus x", x="unknown")
def softplus_mirrored():
    return softplus, lambda g, x: g * sigmoid(-x), draw(signed(4, 5))

@bug("gated", "the gate lets its own gradient through", b="missing-factor")
def gated_without_slope():
    return gated, lambda g, a, b: (g * sigmoid(b), g * a), draw(signed(4, 5), signed(4, 5))

@bug("gated", "the gate's slope with the wrong sign, and the value forgotten", b="wrong-sign | missing-factor")
def gated_two_at_once():
    return gated, lambda g, a, b: (g * sigmoid(b), -g * sigmoid(b) * (1 - sigmoid(b))), draw(signed(4, 5), signed(4, 5))

@bug("hypot", "not divided", a="missing-factor", b="missing-factor")
def hypot_not_divided():
    return hypot, lambda g, a, b: (g * a, g * b), draw(signed(4, 5), signed(4, 5))

@bug("lerp", "a and b are exchanged", a="other-argument", b="other-argument")
def lerp_ends_in_the_wrong_order():
    return lerp, lambda g, a, b, t: (g * t, g * (1 - t), g * (b - a)), shares

@bug("lerp", "the share is a constant", t="zero")
def lerp_share_constant():
    return lerp, lambda g, a, b, t: (g * (1 - t), g * t, 0 * t), shares

@bug("square distances", "one sign for both, and the sum over the wrong points", a="unknown | wrong-axis")
def square_distances_wrong_points():
    def backward(g, a, b):
        gap = a[:, None] - b
        return 2 * (g[:, :, None] * gap).sum(1)[::-1], -2 * (g[:, :, None] * gap).sum(0)
    return square_distances, backward, draw(signed(4, 3), signed(5, 3))

# Products

@bug("matmul", "element-wise in place of a product; all square", a="unknown | missing-factor")
def matmul_elementwise():
    return matmul, lambda g, a, b: (g * b.T, a.T @ g), draw(signed(4, 4), signed(4, 4))

@bug("linear", "the weight learns from the output", w="unknown")
def linear_learns_from_output():
    def backward(g, x, w, b):
        return g @ w.T, (x @ w + b).T @ g, g.sum(0)
    return linear, backward, draw(signed(7, 4), signed(4, 4), signed(4))

@bug("linear", "the weight's gradient, summed, for the bias", b="unknown | other-argument")
def linear_bias_from_weight():
    return linear, lambda g, x, w, b: (g @ w.T, x.T @ g, (x.T @ g).sum(0)), draw(signed(7, 5), signed(5, 3), signed(3))

@bug("matrix times vector", "the outer product the wrong way", a="operands-swapped | transposed")
def matvec_outer_turned():
    return matvec, lambda g, a, x: (np.outer(x, g), a.T @ g), draw(signed(4, 4), signed(4))

@bug("outer product", "each gets the other's gradient", a="other-argument", b="other-argument")
def outer_exchanged():
    return outer, lambda g, a, b: (a @ g, g @ b), draw(signed(4), signed(4))

@bug("MLP", "the hidden layer's mask is that of the output", x="unknown | missing-factor", w="unknown | missing-factor")
def mlp_mask_of_weights():
    def backward(g, x, w, v):
        h = relu(x @ w)
        d = (g @ v.T) * (g @ v.T > -1e9) * (x @ w < 0)
        return d @ w.T, x.T @ d, h.T @ g
    return mlp, backward, draw(signed(7, 5), signed(5, 6), signed(6, 3))

@bug("RNN cell", "the slope in terms of what went in", x="input-for-output", h="input-for-output",
     w="input-for-output", u="input-for-output")
def rnn_cell_slope_of_input():
    def backward(g, x, h, w, u):
        d = g * (1 - (x @ w + h @ u)**2)
        return d @ w.T, d @ u.T, x.T @ d, h.T @ d
    return rnn_cell, backward, draw(signed(5, 3), signed(5, 4), signed(3, 4), signed(4, 4))

@bug("RNN cell", "the old state learns through the input's weight", h="operand-not-transposed | other-argument")
def rnn_cell_wrong_weight():
    def backward(g, x, h, w, u):
        d = g * (1 - rnn_cell(x, h, w, u)**2)
        return d @ w.T, d @ w.T, x.T @ d, h.T @ d
    return rnn_cell, backward, draw(signed(5, 4), signed(5, 4), signed(4, 4), signed(4, 4))

@bug("attention", "the values' mean for the weighted sum", v="unknown | missing-factor")
def attention_uniform():
    def backward(g, q, k, v):
        r = np.sqrt(q.shape[-1])
        p = softmax(q @ swap(k) / r)
        e = g @ swap(v)
        ds = p * (e - (e * p).sum(-1, keepdims=True)) / r
        return ds @ k, swap(ds) @ q, np.broadcast_to(g.mean(-2, keepdims=True), v.shape)
    return attention, backward, draw(signed(2, 4, 3), signed(2, 5, 3), signed(2, 5, 3))

@bug("attention", "divides by the size, not by its root", q="constant-factor", k="constant-factor")
def attention_scaled_by_size():
    def backward(g, q, k, v):
        d = q.shape[-1]
        p = softmax(q @ swap(k) / np.sqrt(d))
        e = g @ swap(v)
        ds = p * (e - (e * p).sum(-1, keepdims=True)) / d
        return ds @ k, swap(ds) @ q, swap(p) @ g
    return attention, backward, draw(signed(2, 4, 3), signed(2, 5, 3), signed(2, 5, 3))

@bug("GRU cell", "the reset gate is left out on the way back", h="missing-term | missing-factor")
def gru_reset_left_out():
    def backward(g, x, h, w, u):
        (wz, wr, wa), (uz, ur, ua) = np.split(w, 3, 1), np.split(u, 3, 1)
        z, r = sigmoid(x @ wz + h @ uz), sigmoid(x @ wr + h @ ur)
        a = np.tanh(x @ wa + (r * h) @ ua)
        da, dz = g * z * (1 - a * a), g * (a - h) * z * (1 - z)
        e = da @ ua.T
        dr = e * h * r * (1 - r)
        dx = dz @ wz.T + dr @ wr.T + da @ wa.T
        dh = g * (1 - z) + dz @ uz.T + dr @ ur.T + e
        return dx, dh, np.hstack([x.T @ dz, x.T @ dr, x.T @ da]), np.hstack([h.T @ dz, h.T @ dr, (r * h).T @ da])
    return gru, backward, draw(signed(5, 3), signed(5, 4), signed(3, 12), signed(4, 12))

@bug("LSTM cell", "the forget gate has sigmoid's slope twice", w="unknown | partial", b="unknown | partial",
     x="unknown | missing-factor", h="unknown | missing-factor")
def lstm_forget_slope_twice():
    def backward(g, x, h, c, w, b):
        n = c.shape[1]
        joined = np.concatenate([x, h], 1)
        i, f, a, o = np.split(joined @ w + b, 4, 1)
        i, f, a, o = sigmoid(i), sigmoid(f), np.tanh(a), sigmoid(o)
        new = f * c + i * a
        dc = g[:, n:] + g[:, :n] * o * (1 - np.tanh(new)**2)
        do = g[:, :n] * np.tanh(new) * o * (1 - o)
        d = np.concatenate([dc * a * i * (1 - i), dc * c * (f * (1 - f))**2, dc * i * (1 - a * a), do], 1)
        dj = d @ w.T
        return dj[:, :x.shape[1]], dj[:, x.shape[1]:], dc * f, joined.T @ d, d.sum(0)
    return lstm, backward, draw(signed(5, 3), signed(5, 4), signed(5, 4), signed(7, 16), signed(16))

@bug("conv1d", "the bias gets one number for all channels", b="unknown | wrong-axis")
def conv1d_bias_total():
    def backward(g, x, w, b):
        dx, dw = np.zeros_like(x), np.zeros_like(w)
        for k in range(len(w)):
            dx[:, k:k + g.shape[1]] += g @ w[k].T
            dw[k] = np.einsum("ntc,nto->co", x[:, k:k + g.shape[1]], g)
        return dx, dw, np.full_like(b, g.sum() / len(b))
    return conv1d, backward, draw(signed(2, 7, 3), signed(3, 3, 4), signed(4))

@bug("dropout", "the mask twice, and the scale twice", x="constant-factor")
def dropout_scaled_twice():
    return dropout, lambda g, x, mask: (g * mask / KEEP**2, None), draw(signed(5, 4), mask(5, 4))

@bug("cross entropy", "the softmax of the exponentials", z="unknown | input-for-output")
def cross_entropy_softmax_twice():
    def backward(g, z, labels):
        d = softmax(softmax(z))
        d[np.arange(len(z)), labels] -= 1
        return g * d / len(z), None
    return cross_entropy, backward, draw(signed(7, 4), integers(4, 7))

@bug("cross entropy", "one-hot minus p, not averaged", z="wrong-sign | missing-1/N")
def cross_entropy_signed_sum():
    def backward(g, z, labels):
        return g * (np.eye(z.shape[1])[labels] - softmax(z)), None
    return cross_entropy, backward, draw(signed(7, 4), integers(4, 7))

@bug("Gaussian likelihood", "s squared where s cubed is due", s="unknown | missing-factor")
def gaussian_power_of_s():
    def backward(g, m, s, t):
        r, n = m - t, m.size
        return g * r / s**2 / n, g * (1 / s - r**2 / s**2) / n, -g * r / s**2 / n
    return gaussian_nll, backward, draw(signed(4, 5), positive(4, 5), signed(4, 5))

@bug("Gaussian likelihood", "the observation is data and gets nothing", t="zero")
def gaussian_observation_fixed():
    def backward(g, m, s, t):
        r, n = m - t, m.size
        return g * r / s**2 / n, g * (1 / s - r**2 / s**3) / n, np.zeros_like(t)
    return gaussian_nll, backward, draw(signed(4, 5), positive(4, 5), signed(4, 5))
