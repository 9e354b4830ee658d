"""A fourth helping, of state, place and precision; labels as its author understood each mistake."""
import numpy as np

from .. import between, bug, draw, integers, mask, positive, signed
from ..forwards import (
    KEEP,
    average_pool,
    batch_norm,
    binary_cross_entropy_with_logits,
    centre,
    cosine_similarity,
    cross_entropy,
    dropout,
    elu,
    exp,
    kl_divergence,
    layer_norm,
    leaky_relu,
    linear,
    log,
    log_softmax,
    logsumexp,
    matmul,
    max_pool,
    mean_absolute_error,
    mean_squared_error,
    multiply,
    normalised,
    power,
    relu,
    rnn_cell,
    row_max,
    row_mean,
    row_norm,
    row_product,
    row_sort,
    row_variance,
    sigmoid,
    softmax,
    softplus,
    tanh,
    tiles,
    unit_rows,
    untile,
    upsample,
)


def last(x): return x[..., None]


# State

@bug("relu", "the mask of the call before", x="stale-cache")
def relu_mask_one_call_late():
    kept = []
    def backward(g, x):
        kept.append(x > 0)
        return g * kept[-2 if len(kept) > 1 else -1]
    return relu, backward, draw(signed(6, 5))

@bug("linear", "the weight's gradient piles up from call to call", w="stale-cache")
def linear_weight_piles_up():
    total = []
    def backward(g, x, w, b):
        total.append(x.T @ g)
        return g @ w.T, sum(total), g.sum(0)
    return linear, backward, draw(signed(7, 5), signed(5, 3), signed(3))

@bug("softmax", "writes into g", g="modifies-input")
def softmax_into_g():
    def backward(g, x):
        y = softmax(x)
        g -= (g * y).sum(-1, keepdims=True)
        return g * y
    return softmax, backward, draw(signed(4, 5))

@bug("matmul", "overwrites b with its gradient's working space", b="modifies-input")
def matmul_scratch_in_b():
    def backward(g, a, b):
        da = g @ b.T
        b[...] = a.T @ g
        return da, b.copy()
    return matmul, backward, draw(signed(4, 5), signed(5, 3))

# The gradient from above

@bug("mean squared error", "g is taken to be one", p="ignores-upstream", t="ignores-upstream")
def mse_without_g():
    def backward(g, p, t):
        d = 2 * (p - t) / p.size
        return d, -d
    return mean_squared_error, backward, draw(signed(4, 5), signed(4, 5))

@bug("max", "a one at each winner", x="ignores-upstream")
def max_one_at_the_winner():
    return row_max, lambda g, x: (x == last(x.max(-1))) * 1.0, draw(signed(6, 5))

@bug("sigmoid", "g squared", x="not-linear-in-upstream")
def sigmoid_g_squared():
    return sigmoid, lambda g, x: g * g * sigmoid(x) * (1 - sigmoid(x)), draw(signed(4, 5))

@bug("exp", "only the positive part of g", x="not-linear-in-upstream")
def exp_positive_g():
    return exp, lambda g, x: np.maximum(g, 0) * np.exp(x), draw(signed(4, 5))

@bug("layer norm", "adds g to the gradient of the input, a residual that is not there", x="unknown")
def layer_norm_residual():
    def backward(g, x, gamma, beta):
        n, h = normalised(x, -1), g * gamma
        s = np.sqrt(x.var(-1, keepdims=True) + 1e-5)
        d = (h - h.mean(-1, keepdims=True) - n * (h * n).mean(-1, keepdims=True)) / s
        return d + g, (g * n).sum(0), g.sum(0)
    return layer_norm, backward, draw(signed(7, 5), signed(5), signed(5))

# Some elements

@bug("leaky relu", "left of zero nothing", x="partial")
def leaky_relu_as_relu():
    return leaky_relu, lambda g, x: g * (x > 0), draw(signed(6, 5))

@bug("elu", "the sign on the left is wrong", x="partial")
def elu_left_sign():
    return elu, lambda g, x: np.where(x > 0, g, -g * 0.3 * np.exp(np.minimum(x, 0))), draw(signed(6, 5))

@bug("linear", "the last example is left out", w="missing-term | partial", b="missing-term | partial")
def linear_last_example_lost():
    return linear, lambda g, x, w, b: (g @ w.T, x[:-1].T @ g[:-1], g[:-1].sum(0)), \
        draw(signed(7, 5), signed(5, 3), signed(3))

@bug("linear", "the first column of the weight is skipped by a loop that starts at one", w="partial")
def linear_first_column_skipped():
    def backward(g, x, w, b):
        dw = np.zeros_like(w)
        for j in range(1, w.shape[1]):
            dw[:, j] = x.T @ g[:, j]
        return g @ w.T, dw, g.sum(0)
    return linear, backward, draw(signed(7, 5), signed(5, 3), signed(3))

@bug("linear", "the loop over the batch overwrites", w="one-slice-of-broadcast | overwrites-instead-of-accumulates",
     b="one-slice-of-broadcast | overwrites-instead-of-accumulates")
def linear_loop_overwrites():
    def backward(g, x, w, b):
        for row, up in zip(x, g):
            dw, db = np.outer(row, up), up
        return g @ w.T, dw, db.copy()
    return linear, backward, draw(signed(7, 5), signed(5, 3), signed(3))

@bug("cross entropy", "the labels are off by one", z="partial")
def cross_entropy_next_label():
    def backward(g, z, labels):
        return g * (softmax(z) - np.eye(z.shape[1])[(labels + 1) % z.shape[1]]) / len(z), None
    return cross_entropy, backward, draw(signed(7, 4), integers(4, 7))

@bug("max-pool", "all that are positive get g", x="unknown | partial")
def max_pool_positives():
    return max_pool, lambda g, x: untile((tiles(x) > 0) * g[:, :, :, None]), draw(signed(2, 4, 4, 3))

@bug("max-pool", "the whole window gets g", x="missing-factor | passes-through | partial")
def max_pool_everywhere():
    return max_pool, lambda g, x: untile(np.repeat(g[:, :, :, None], 4, 3)), draw(signed(2, 4, 4, 3))

@bug("average pool", "the whole window gets g", x="missing-1/N")
def average_pool_everywhere():
    return average_pool, lambda g, x: untile(np.repeat(g[:, :, :, None], 4, 3)), draw(signed(2, 4, 4, 3))

@bug("upsample", "the first of the copies in each direction, times four", x="unknown | one-slice-of-broadcast")
def upsample_first_times_four():
    return upsample, lambda g, x: 4 * g[:, ::2, ::2], draw(signed(2, 3, 3, 4))

@bug("sort", "g in the order of the input, backwards", x="unknown")
def sort_backwards():
    return row_sort, lambda g, x: g[:, ::-1], draw(signed(4, 5))

@bug("mean", "ones over N, on the wrong axis", x="wrong-axis")
def mean_of_square_wrong_axis():
    return row_mean, lambda g, x: np.broadcast_to(g, x.shape) / x.shape[-1], draw(signed(5, 5))

# Factors and precision

@bug("log", "divided by the output", x="unknown")
def log_over_output():
    return log, lambda g, x: g / np.log(x), draw(between(1.5, 4, 4, 5))

@bug("tanh", "one minus the output", x="missing-factor")
def tanh_one_minus_y():
    return tanh, lambda g, x: g * (1 - np.tanh(x)), draw(signed(4, 5))

@bug("tanh", "1 + y^2", x="unknown")
def tanh_plus():
    return tanh, lambda g, x: g * (1 + np.tanh(x)**2), draw(signed(4, 5))

@bug("softplus", "rounded to three digits", x="low-precision")
def softplus_rounded():
    return softplus, lambda g, x: g * np.round(sigmoid(x), 4), draw(signed(4, 5))

@bug("power", "the exponent is not lowered", x="missing-factor")
def power_exponent_stays():
    return power, lambda g, x, p: (g * p * x**p, g * x**p * np.log(x)), draw(positive(4, 5), signed(4, 5))

@bug("power", "the logarithm is lost", p="missing-factor")
def power_logarithm_lost():
    return power, lambda g, x, p: (g * p * x**(p - 1), g * x**p), draw(positive(4, 5), signed(4, 5))

@bug("multiply", "the sum of the batch before the product", b="unknown")
def multiply_sum_first():
    return multiply, lambda g, a, b: (g * b, g.sum(0) * a.sum(0)), draw(signed(4, 5), signed(5))

@bug("variance", "not the mean but the sum, and the two is lost", x="unknown | constant-factor")
def variance_half_and_not_averaged():
    return row_variance, lambda g, x: last(g) * (x - x.mean(-1, keepdims=True)), draw(signed(4, 6))

@bug("logsumexp", "softmax of the columns", x="wrong-axis")
def logsumexp_of_columns():
    return logsumexp, lambda g, x: last(g) * softmax(x.T).T, draw(signed(5, 5))

@bug("norm", "the rows are not divided by their length", x="missing-factor")
def norm_of_plain_rows():
    return row_norm, lambda g, x: last(g) * x, draw(signed(4, 5))

@bug("unit rows", "only the division", x="missing-variance-term")
def unit_rows_only_divided():
    return unit_rows, lambda g, x: g / last(row_norm(x)), draw(signed(4, 5))

@bug("product", "the logarithm's rule: g / x", x="missing-factor")
def product_as_sum_of_logarithms():
    return row_product, lambda g, x: last(g) / x, draw(signed(4, 5))

@bug("mean absolute error", "the difference for its sign", p="unknown | missing-factor", t="unknown | missing-factor")
def mae_difference():
    def backward(g, p, t):
        d = g * (p - t) / p.size
        return d, -d
    return mean_absolute_error, backward, draw(signed(4, 5), signed(4, 5))

@bug("KL divergence", "the plus one is lost", p="missing-term")
def kl_plus_one_lost():
    return kl_divergence, lambda g, p, q: (g * np.log(p / q), -g * p / q), draw(positive(4, 5), positive(4, 5))

@bug("binary cross entropy with logits", "the target's sign", t="wrong-sign")
def bce_target_sign():
    def backward(g, z, t):
        return g * (sigmoid(z) - t) / z.size, g * z / z.size
    return binary_cross_entropy_with_logits, backward, draw(signed(4, 5), between(0.1, 0.9, 4, 5))

@bug("cosine similarity", "not divided by the norms", a="unknown | missing-factor", b="unknown | missing-factor")
def cosine_not_divided():
    def backward(g, a, b):
        u, v = unit_rows(a), unit_rows(b)
        c = last((u * v).sum(-1))
        return last(g) * (v - c * u), last(g) * (u - c * v)
    return cosine_similarity, backward, draw(signed(4, 5), signed(4, 5))

@bug("batch norm", "unbiased deviation", x="unknown | constant-factor")
def batch_norm_unbiased_projection():
    def backward(g, x, gamma, beta):
        n, h, m = normalised(x, 0), g * gamma, len(x)
        s = np.sqrt(x.var(0, keepdims=True) + 1e-5)
        return (h - h.mean(0) - n * (h * n).sum(0) / (m - 1)) / s, (g * n).sum(0), g.sum(0)
    return batch_norm, backward, draw(signed(7, 4), signed(4), signed(4))

@bug("centre", "the mean's path with a plus", x="unknown")
def centre_mean_added():
    return centre, lambda g, x: g + g.mean(-1, keepdims=True), draw(signed(4, 5))

@bug("log-softmax", "the mean for the sum of g", x="unknown")
def log_softmax_mean_of_g():
    return log_softmax, lambda g, x: g - softmax(x) * g.mean(-1, keepdims=True), draw(signed(4, 5))

@bug("RNN cell", "the slope is 1 - h^2 with the old state", x="unknown | missing-factor", h="unknown | missing-factor",
     w="unknown | missing-factor", u="unknown | missing-factor")
def rnn_cell_slope_of_old_state():
    def backward(g, x, h, w, u):
        d = g * (1 - h**2)
        return d @ w.T, d @ u.T, x.T @ d, h.T @ d
    return rnn_cell, backward, draw(signed(5, 3), signed(5, 4), signed(3, 4), signed(4, 4))

@bug("dropout", "the mask of the next row", x="unknown | partial")
def dropout_mask_of_next_row():
    return dropout, lambda g, x, mask: (g * np.roll(mask, 1, 0) / KEEP, None), draw(signed(5, 4), mask(5, 4))
