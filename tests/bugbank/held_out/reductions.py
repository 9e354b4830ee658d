"""Sums, means, extremes, norms and what is built on them; softmax and its relatives."""
import numpy as np

from .. import bug, draw, positive, signed
from ..forwards import (
    centre,
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
    total,
    unit_rows,
)


@bug("sum", "the reduced axis is not put back", x="wrong-shape | passes-through")
def sum_axis_not_put_back():
    return row_sum, lambda g, x: g, draw(signed(4, 5))

@bug("sum", "the derivative of a sum is one, and that is what is returned",
     x="ignores-upstream | not-linear-in-upstream")
def sum_returns_ones():
    return row_sum, lambda g, x: np.ones_like(x), draw(signed(4, 5))

@bug("sum", "one number comes in, so one number for all rows goes out", x="unknown")
def sum_adds_up_the_upstream():
    return row_sum, lambda g, x: np.full(x.shape, g.sum()), draw(signed(4, 5))

@bug("mean", "the rule of sum", x="missing-1/N | passes-through")
def mean_as_sum():
    return mean, lambda g, x: np.full(x.shape, g), draw(signed(4, 5))

@bug("mean", "divides here and has divided where g was made", x="extra-1/N")
def mean_divided_twice():
    return row_mean, lambda g, x: np.repeat(g[:, None], 5, 1) / 25, draw(signed(4, 5))

@bug("mean", "1/N is there, the incoming gradient is not", x="ignores-upstream | not-linear-in-upstream")
def mean_without_upstream():
    return row_mean, lambda g, x: np.ones_like(x) / x.shape[1], draw(signed(4, 5))

@bug("max", "everybody in the row is told that it won", x="passes-through | missing-factor | partial")
def max_to_everyone():
    return row_max, lambda g, x: np.repeat(g[:, None], x.shape[1], 1), draw(signed(4, 5))

@bug("max", "compares with the largest value of all", x="wrong-axis | partial")
def max_of_the_whole_array():
    return row_max, lambda g, x: g[:, None] * (x == x.max()), draw(signed(4, 5))

@bug("max", "dx[:, winners] fills whole columns", x="partial")
def max_fills_columns():
    def backward(g, x):
        dx = np.zeros_like(x)
        dx[:, x.argmax(1)] = g[:, None]
        return dx
    return row_max, backward, draw(signed(4, 7))

@bug("logsumexp", "knows that it is softmax, and returns softmax", x="ignores-upstream | not-linear-in-upstream")
def logsumexp_returns_softmax():
    return logsumexp, lambda g, x: softmax(x), draw(signed(4, 5))

@bug("logsumexp", "subtracts the largest value and never normalises", x="missing-factor")
def logsumexp_not_normalised():
    return logsumexp, lambda g, x: g[:, None] * np.exp(x - x.max(1, keepdims=True)), draw(signed(4, 5))

@bug("centre", "1 - 1/N, the part of the mean that comes from the element itself", x="off-diagonal-missing")
def centre_diagonal():
    return centre, lambda g, x: g * (1 - 1 / x.shape[1]), draw(signed(4, 5))

@bug("centre", "the mean is a constant", x="passes-through | missing-mean-term | missing-term")
def centre_constant_mean():
    return centre, lambda g, x: g, draw(signed(4, 5))

@bug("centre", "the mean's gradient goes to the other axis", x="wrong-axis")
def centre_wrong_axis():
    return centre, lambda g, x: g - g.mean(0), draw(signed(4, 5))

@bug("logsumexp", "exponentiates large logits as they are", x="nan")
def logsumexp_overflows():
    def backward(g, x):
        with np.errstate(all="ignore"):
            return g[:, None] * np.exp(x) / np.exp(x).sum(1, keepdims=True)
    return logsumexp, backward, lambda rng: (900 + rng.standard_normal((4, 5)),)

@bug("variance", "the two of the square is lost", x="constant-factor")
def variance_without_two():
    return row_variance, lambda g, x: g[:, None] * (x - x.mean(1, keepdims=True)) / x.shape[1], draw(signed(4, 5))

@bug("variance", "forward is biased, backward is not", x="constant-factor")
def variance_divided_by_n_minus_one():
    def backward(g, x):
        return g[:, None] * 2 * (x - x.mean(1, keepdims=True)) / (x.shape[1] - 1)
    return row_variance, backward, draw(signed(4, 9))

@bug("standard deviation", "the root is not differentiated", x="missing-factor")
def std_as_variance():
    return row_std, lambda g, x: g[:, None] * 2 * (x - x.mean(1, keepdims=True)) / x.shape[1], draw(signed(4, 5))

@bug("norm", "x in place of x / |x|", x="missing-factor")
def norm_not_divided():
    return row_norm, lambda g, x: g[:, None] * x, draw(signed(4, 5))

@bug("norm", "divides by the norm, and one row is zero", x="nan | kink | partial")
def norm_of_a_zero_row():
    def backward(g, x):
        with np.errstate(invalid="ignore"):
            return g[:, None] * x / row_norm(x)[:, None]
    return row_norm, backward, lambda rng: (rng.standard_normal((4, 5)) * np.array([[1], [1], [0], [1]]),)

@bug("unit rows", "the norm is taken for a constant", x="missing-variance-term | missing-term")
def unit_rows_constant_norm():
    return unit_rows, lambda g, x: g / row_norm(x)[:, None], draw(signed(4, 5))

@bug("cosine similarity", "the norm of a is taken for a constant", a="missing-variance-term | missing-term")
def cosine_constant_norm():
    def backward(g, a, b):
        g, y = g[:, None], cosine_similarity(a, b)[:, None]
        p, q = row_norm(a)[:, None], row_norm(b)[:, None]
        return g * b / (p * q), g * (a / (p * q) - y * b / q**2)
    return cosine_similarity, backward, draw(signed(6, 4), signed(6, 4))

@bug("cosine similarity", "symmetric in a and b, so both get the same", b="other-argument")
def cosine_same_for_both():
    def backward(g, a, b):
        g, y = g[:, None], cosine_similarity(a, b)[:, None]
        p, q = row_norm(a)[:, None], row_norm(b)[:, None]
        da = g * (b / (p * q) - y * a / p**2)
        return da, da
    return cosine_similarity, backward, draw(signed(6, 4), signed(6, 4))

@bug("cumsum", "sums from the front again, where backward has to come from the end", x="operand-not-transposed")
def cumsum_from_the_front():
    return row_cumsum, lambda g, x: np.cumsum(g, 1), draw(signed(4, 5))

@bug("cumsum", "turns the rows round, not the columns", x="wrong-axis | partial")
def cumsum_down_the_columns():
    return row_cumsum, lambda g, x: np.cumsum(g[::-1], 0)[::-1], draw(signed(4, 5))

@bug("product", "multiplies all, the element itself included", x="missing-factor")
def product_of_all():
    return row_product, lambda g, x: np.repeat((g * row_product(x))[:, None], x.shape[1], 1), draw(signed(4, 5))

@bug("sort", "sorts the gradient as forward sorts the values", x="not-linear-in-upstream")
def sort_sorts_the_gradient():
    return row_sort, lambda g, x: np.sort(g, 1), draw(signed(4, 5))

@bug("softmax", "the denominator is taken for a constant", x="missing-mean-term | missing-term")
def softmax_constant_denominator():
    return softmax, lambda g, x: softmax(x) * g, draw(signed(4, 5))

@bug("softmax", "the inner sum runs down the batch", x="wrong-axis")
def softmax_sums_down_the_batch():
    def backward(g, x):
        s = softmax(x)
        return s * (g - (g * s).sum(0))
    return softmax, backward, draw(signed(4, 5))

@bug("softmax", "is handed its input where it expects its output", x="input-for-output")
def softmax_of_the_logits():
    return softmax, lambda g, x: x * (g - (g * x).sum(1, keepdims=True)), draw(signed(4, 5))

@bug("softmax", "builds the Jacobian of the first row and uses it for all", x="partial")
def softmax_jacobian_of_the_first_row():
    def backward(g, x):
        s = softmax(x[0])
        return g @ (np.diag(s) - np.outer(s, s))
    return softmax, backward, draw(signed(4, 5))

@bug("softmax", "a plus between the two terms", x="unknown")
def softmax_plus():
    def backward(g, x):
        s = softmax(x)
        return s * (g + (g * s).sum(1, keepdims=True))
    return softmax, backward, draw(signed(4, 5))

@bug("softmax with temperature", "each probability is taken for a sigmoid of its own logit", x="off-diagonal-missing")
def softmax_temperature_diagonal():
    def backward(g, x):
        s = softmax(x / 3)
        return g * s * (1 - s) / 3
    return lambda x: softmax(x / 3), backward, draw(signed(4, 5))

@bug("softmax with temperature", "the inner derivative 1 / T is lost", x="constant-factor")
def softmax_temperature_forgotten():
    def backward(g, x):
        s = softmax(x / 0.7)
        return s * (g - (g * s).sum(-1, keepdims=True))
    return lambda x: softmax(x / 0.7), backward, draw(signed(4, 5))

@bug("log-softmax", "as if the upstream gradients of a row added up to one",
     x="not-linear-in-upstream | missing-factor")
def log_softmax_of_a_one_hot_upstream():
    return log_softmax, lambda g, x: g - softmax(x), draw(signed(4, 5))

@bug("log-softmax", "the normaliser is taken for a constant", x="passes-through | missing-mean-term | missing-term")
def log_softmax_constant_normaliser():
    return log_softmax, lambda g, x: g, draw(signed(4, 5))

@bug("log-softmax", "the sum of g runs over the batch", x="wrong-axis")
def log_softmax_sums_the_batch():
    return log_softmax, lambda g, x: g - softmax(x) * g.sum(0), draw(signed(4, 5))

@bug("sum of squares", "total of the gradient's own squares: a slip of one letter",
     x="ignores-upstream | not-linear-in-upstream")
def sum_of_squares_without_upstream():
    return lambda x: total(x * x), lambda g, x: 2 * x, draw(signed(4, 5))

@bug("geometric mean", "the N-th root is forgotten in the exponent", x="missing-1/N")
def geometric_mean_without_root():
    def forward(x):
        return np.exp(np.log(x).mean(-1))
    return forward, lambda g, x: (g * forward(x))[:, None] / x, draw(positive(4, 5))
