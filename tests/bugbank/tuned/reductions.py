"""Sums, means, extremes, norms and what is built on them; softmax and its relatives."""
import numpy as np

from .. import bug, draw, signed
from ..forwards import (
    cosine_similarity,
    log_softmax,
    logsumexp,
    mean,
    row_cumsum,
    row_max,
    row_mean,
    row_norm,
    row_product,
    row_sort,
    row_std,
    row_sum,
    row_variance,
    softmax,
    std,
    swap,
    unit_rows,
    variance,
    weight_norm,
)


@bug("sum", "puts the axis back at the wrong end; a square array takes it",
     x="wrong-axis | transposed | passes-through | partial")
def sum_spread_along_the_wrong_axis():
    return row_sum, lambda g, x: np.broadcast_to(g, x.shape), draw(signed(5, 5))

@bug("sum", "divides by the length of the axis, as mean does", x="extra-1/N")
def sum_as_mean():
    return row_sum, lambda g, x: np.repeat(g[:, None], 5, 1) / 5, draw(signed(4, 5))

@bug("mean", "divides by the number of rows, and averages over columns", x="batch-for-size")
def mean_divided_by_the_rows():
    return row_mean, lambda g, x: np.repeat(g[:, None], x.shape[1], 1) / len(x), draw(signed(4, 5))

@bug("mean", "divides by all elements, forward by those of a row", x="batch-for-size | extra-1/N")
def mean_divided_by_all():
    return row_mean, lambda g, x: np.repeat(g[:, None], x.shape[1], 1) / x.size, draw(signed(4, 5))

@bug("mean", "a number comes in, a number goes out", x="wrong-shape")
def mean_not_spread():
    return mean, lambda g, x: g / x.size, draw(signed(4, 5))

@bug("max", "the position in the row is used down the column", x="wrong-axis | partial")
def max_along_the_other_axis():
    return row_max, lambda g, x: g[:, None] * (x == x.max(0)), draw(signed(4, 5))

@bug("max", "returns the mask of the winners", x="ignores-upstream | not-linear-in-upstream")
def max_mask_only():
    return row_max, lambda g, x: (x == x.max(1, keepdims=True)).astype(float), draw(signed(4, 5))

@bug("max", "one-hot rows tie, and each of the tied is paid in full", x="kink | partial")
def max_ties_paid_in_full():
    def inputs(rng):
        return (rng.integers(2, size=(6, 5)) * 1.0,)
    return row_max, lambda g, x: g[:, None] * (x == x.max(1, keepdims=True)), inputs

@bug("logsumexp", "never divides by the sum", x="missing-factor")
def logsumexp_exponential_only():
    return logsumexp, lambda g, x: g[:, None] * np.exp(x), draw(signed(4, 5))

@bug("logsumexp", "the logits for the probabilities", x="input-for-output")
def logsumexp_of_the_logits():
    return logsumexp, lambda g, x: g[:, None] * x, draw(signed(4, 5))

@bug("logsumexp", "normalised over the batch", x="wrong-axis")
def logsumexp_over_the_batch():
    return logsumexp, lambda g, x: g[:, None] * softmax(x.T).T, draw(signed(4, 5))

@bug("variance", "the mean is forgotten: 2 x / N", x="missing-mean-term | missing-term")
def variance_about_zero():
    return row_variance, lambda g, x: g[:, None] * 2 * x / x.shape[1], draw(signed(4, 5))

@bug("variance", "the 1/N is lost", x="missing-1/N")
def variance_summed():
    return variance, lambda g, x: g * 2 * (x - x.mean()), draw(signed(4, 5))

@bug("standard deviation", "divides by the deviation and forgets N", x="missing-1/N")
def std_not_averaged():
    return std, lambda g, x: g * (x - x.mean()) / x.std(), draw(signed(4, 5))

@bug("standard deviation", "does not divide by itself", x="missing-factor")
def std_not_divided_by_itself():
    return row_std, lambda g, x: g[:, None] * (x - x.mean(1, keepdims=True)) / x.shape[1], draw(signed(4, 5))

@bug("norm", "the gradient of the squared norm", x="missing-factor")
def norm_squared():
    return row_norm, lambda g, x: 2 * g[:, None] * x, draw(signed(4, 5))

@bug("unit rows", "1 - y^2, each element for itself", x="off-diagonal-missing")
def unit_rows_diagonal():
    return unit_rows, lambda g, x: g * (1 - unit_rows(x)**2) / row_norm(x)[:, None], draw(signed(4, 5))

@bug("unit rows", "the projection without the division", x="missing-factor")
def unit_rows_not_divided():
    def backward(g, x):
        y = unit_rows(x)
        return g - y * (g * y).sum(1, keepdims=True)
    return unit_rows, backward, draw(signed(4, 5))

def cosine_parts(a, b):
    return row_norm(a)[:, None], row_norm(b)[:, None], cosine_similarity(a, b)[:, None]

@bug("weight norm", "the direction is differentiated as if its length were fixed",
     v="missing-variance-term | missing-term")
def weight_norm_constant_length():
    def backward(g, v, s):
        length = row_norm(v)[:, None]
        return g * s[:, None] / length, (g * v / length).sum(1)
    return weight_norm, backward, draw(signed(4, 5), signed(4))

@bug("weight norm", "the scale sees v before it is divided by its length", s="input-for-output")
def weight_norm_scale_of_the_input():
    def backward(g, v, s):
        length, unit = row_norm(v)[:, None], unit_rows(v)
        h = g * s[:, None]
        return (h - unit * (h * unit).sum(1, keepdims=True)) / length, (g * v).sum(1)
    return weight_norm, backward, draw(signed(4, 5), signed(4))

@bug("cosine similarity", "only the norms are differentiated", a="missing-term")
def cosine_norms_only():
    def backward(g, a, b):
        p, q, y = cosine_parts(a, b)
        return -g[:, None] * y * a / p**2, g[:, None] * (a / (p * q) - y * b / q**2)
    return cosine_similarity, backward, draw(signed(6, 4), signed(6, 4))

@bug("cosine similarity", "the plain dot product's rule",
     a="missing-variance-term | missing-factor | missing-term",
     b="missing-variance-term | missing-factor | missing-term")
def cosine_as_dot_product():
    return cosine_similarity, lambda g, a, b: (g[:, None] * b, g[:, None] * a), draw(signed(6, 4), signed(6, 4))

@bug("cosine similarity", "a loss 1 - cos was in the mind", a="wrong-sign", b="wrong-sign")
def cosine_as_distance():
    def backward(g, a, b):
        p, q, y = cosine_parts(a, b)
        return -g[:, None] * (b / (p * q) - y * a / p**2), -g[:, None] * (a / (p * q) - y * b / q**2)
    return cosine_similarity, backward, draw(signed(6, 4), signed(6, 4))

@bug("cumsum", "each output is given to its own input only",
     x="passes-through | off-diagonal-missing | missing-term | partial")
def cumsum_passes():
    return row_cumsum, lambda g, x: g, draw(signed(4, 5))

@bug("cumsum", "the element itself is left out of the sum from the end", x="missing-term")
def cumsum_exclusive():
    return row_cumsum, lambda g, x: np.cumsum(g[:, ::-1], 1)[:, ::-1] - g, draw(signed(4, 5))

@bug("product", "divides by x, and one x is zero", x="nan | partial")
def product_divided_by_zero():
    def backward(g, x):
        with np.errstate(all="ignore"):
            return (g * row_product(x))[:, None] / x
    return row_product, backward, lambda rng: (rng.standard_normal((4, 5)) * (np.arange(20).reshape(4, 5) != 7),)

@bug("sort", "the gradient is not put back where the values came from", x="passes-through | partial")
def sort_not_put_back():
    return row_sort, lambda g, x: g, draw(signed(4, 5))

@bug("softmax", "s (1 - s), the rule of sigmoid", x="off-diagonal-missing")
def softmax_diagonal():
    return softmax, lambda g, x: g * softmax(x) * (1 - softmax(x)), draw(signed(4, 5))

@bug("softmax", "the mean where the sum is due", x="unknown")
def softmax_mean():
    def backward(g, x):
        s = softmax(x)
        return s * (g - (g * s).mean(1, keepdims=True))
    return softmax, backward, draw(signed(4, 5))

@bug("softmax", "takes g for the labels of a cross entropy", x="not-linear-in-upstream")
def softmax_as_cross_entropy():
    return softmax, lambda g, x: softmax(x) - g, draw(signed(4, 5))

@bug("softmax", "the weights are lost inside the inner sum", x="missing-factor")
def softmax_inner_sum_unweighted():
    return softmax, lambda g, x: softmax(x) * (g - g.sum(1, keepdims=True)), draw(signed(4, 5))

@bug("softmax", "the factor in front is lost", x="missing-factor")
def softmax_without_the_factor_in_front():
    return softmax, lambda g, x: g - (g * softmax(x)).sum(1, keepdims=True), draw(signed(4, 5))

@bug("softmax", "the Jacobian loop runs over the rows and keeps the last",
     x="partial | overwrites-instead-of-accumulates")
def softmax_jacobian_of_the_last_row():
    def backward(g, x):
        dx = np.zeros_like(x)
        for n in range(len(x)):
            s = softmax(x[n])
            row = g[n] @ (np.diag(s) - np.outer(s, s))
        dx[n] = row
        return dx
    return softmax, backward, draw(signed(4, 5))

@bug("softmax", "normalised over the batch on the way back", x="wrong-axis")
def softmax_over_the_batch():
    def backward(g, x):
        s = softmax(x.T).T
        return s * (g - (g * s).sum(0))
    return softmax, backward, draw(signed(4, 5))

@bug("log-softmax", "1 - s, each element for itself", x="off-diagonal-missing")
def log_softmax_diagonal():
    return log_softmax, lambda g, x: g * (1 - softmax(x)), draw(signed(4, 5))

@bug("log-softmax", "the probabilities in front of the sum are lost", x="missing-factor")
def log_softmax_sum_unweighted():
    return log_softmax, lambda g, x: g - g.sum(1, keepdims=True), draw(signed(4, 5))

@bug("softmax of scores", "softmax(x x^T): the scores' second use of x is forgotten", x="missing-term")
def self_similarity_one_side():
    def forward(x):
        return softmax(x @ swap(x))
    def backward(g, x):
        s = forward(x)
        ds = s * (g - (g * s).sum(1, keepdims=True))
        return ds @ x
    return forward, backward, draw(signed(5, 3))
