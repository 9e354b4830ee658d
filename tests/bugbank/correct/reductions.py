"""Along an axis: sums, means, extremes, norms; softmax and its relatives."""
import numpy as np

from .. import draw, positive, right, signed
from .. import forwards as f
from ..forwards import EPSILON, normalised, row_norm, softmax

some = draw(signed(4, 5))
some_positive = draw(positive(4, 5))

def last(g): return g[..., None]

@right("sum", "read-only: a broadcast view goes out")
def sum_broadcast_view():
    return f.row_sum, lambda g, x: np.broadcast_to(last(g), x.shape), some

@right("sum", "over an axis of length one")
def sum_one_column():
    return f.row_sum, lambda g, x: last(g), draw(signed(4, 1))

@right("sum", "over an axis of length zero: there is nothing to get a gradient")
def sum_no_columns():
    return f.row_sum, lambda g, x: np.zeros_like(x), draw(signed(4, 0))

@right("sum of everything")
def total_plain():
    return f.total, lambda g, x: np.full(x.shape, g), draw(signed(3, 4, 5))

@right("mean")
def mean_plain():
    return f.mean, lambda g, x: np.full(x.shape, g / x.size), some

@right("mean", "along rows")
def row_mean_plain():
    return f.row_mean, lambda g, x: np.repeat(last(g), x.shape[1], 1) / x.shape[1], some

@right("mean", "of one row and one column")
def mean_of_one():
    return f.mean, lambda g, x: np.full(x.shape, g / x.size), draw(signed(1, 1))

@right("max")
def max_plain():
    return f.row_max, lambda g, x: last(g) * (x == x.max(1, keepdims=True)), some

@right("max", "by argmax")
def max_by_argmax():
    def backward(g, x):
        dx = np.zeros_like(x)
        dx[np.arange(len(x)), x.argmax(1)] = g
        return dx
    return f.row_max, backward, some

@right("min")
def min_plain():
    return f.row_min, lambda g, x: last(g) * (x == x.min(1, keepdims=True)), some

@right("product", "by leaving one out, zeros allowed")
def product_leave_one_out():
    def backward(g, x):
        return np.stack([g * np.delete(x, j, 1).prod(1) for j in range(x.shape[1])], 1)
    return f.row_product, backward, lambda rng: (rng.standard_normal((4, 5)) * (np.arange(20).reshape(4, 5) != 7),)

@right("variance")
def variance_plain():
    return f.row_variance, lambda g, x: last(g) * 2 * (x - x.mean(1, keepdims=True)) / x.shape[1], some

@right("variance", "with the path through the mean written out, which adds up to zero")
def variance_with_its_zero_path():
    def backward(g, x):
        centred = x - x.mean(1, keepdims=True)
        each = last(g) * 2 * centred / x.shape[1]
        return each - each.mean(1, keepdims=True)
    return f.row_variance, backward, some

@right("standard deviation")
def std_plain():
    return f.row_std, lambda g, x: last(g / (x.shape[1] * x.std(1))) * (x - x.mean(1, keepdims=True)), some

@right("norm")
def norm_plain():
    return f.row_norm, lambda g, x: last(g / row_norm(x)) * x, some

@right("unit rows")
def unit_rows_plain():
    def backward(g, x):
        y = f.unit_rows(x)
        return (g - y * (g * y).sum(1, keepdims=True)) / last(row_norm(x))
    return f.unit_rows, backward, some

@right("cumsum")
def cumsum_plain():
    return f.row_cumsum, lambda g, x: np.cumsum(g[:, ::-1], 1)[:, ::-1], some

@right("cumsum", "as a product with a triangular matrix")
def cumsum_triangular():
    return f.row_cumsum, lambda g, x: g @ np.tri(x.shape[1]), some

@right("sort")
def sort_plain():
    def backward(g, x):
        dx = np.zeros_like(x)
        np.put_along_axis(dx, x.argsort(1), g, 1)
        return dx
    return f.row_sort, backward, some

@right("geometric mean")
def geometric_mean():
    def forward(x):
        return np.exp(np.log(x).mean(-1))
    return forward, lambda g, x: last(g * forward(x)) / x / x.shape[1], some_positive

@right("logsumexp")
def logsumexp_plain():
    return f.logsumexp, lambda g, x: last(g) * softmax(x), some

@right("logsumexp", "log weights and large inputs", step=5e-5)
def logsumexp_in_log_space():
    def inputs(rng):
        return (900 + rng.standard_normal((4, 5)),)
    return f.logsumexp, lambda g, x: last(g) * np.exp(x - last(f.logsumexp(x))), inputs

@right("softmax")
def softmax_plain():
    def backward(g, x):
        s = softmax(x)
        return s * (g - (g * s).sum(-1, keepdims=True))
    return softmax, backward, some

@right("softmax", "Jacobians, one for each row")
def softmax_jacobians():
    def backward(g, x):
        return np.stack([g_row @ (np.diag(s) - np.outer(s, s)) for g_row, s in zip(g, softmax(x), strict=True)])
    return softmax, backward, some

@right("softmax", "in log space")
def softmax_in_log_space():
    def backward(g, x):
        y = f.log_softmax(x)
        return np.exp(y) * (g - (g * np.exp(y)).sum(-1, keepdims=True))
    return softmax, backward, some

@right("softmax", "memoised by value")
def softmax_memoised():
    cache = {}
    def backward(g, x):
        s = cache.setdefault(x.tobytes(), softmax(x))
        return s * (g - (g * s).sum(-1, keepdims=True))
    return softmax, backward, some

@right("softmax", "the output is kept by forward")
def softmax_kept_by_forward():
    kept = {}
    def forward(x):
        kept["y"] = softmax(x)
        return kept["y"]
    return forward, lambda g, x: kept["y"] * (g - (g * kept["y"]).sum(-1, keepdims=True)), some

@right("softmax", "one column: always one, the gradient always zero")
def softmax_one_column():
    return softmax, lambda g, x: np.zeros_like(x), draw(signed(4, 1))

@right("softmax", "one class wins by far")
def softmax_saturated():
    def backward(g, x):
        s = softmax(x)
        return s * (g - (g * s).sum(-1, keepdims=True))
    return softmax, backward, lambda rng: (15 * rng.standard_normal((4, 5)),)

@right("log-softmax")
def log_softmax_plain():
    return f.log_softmax, lambda g, x: g - softmax(x) * g.sum(-1, keepdims=True), some


@right("softmax with temperature")
def softmax_with_temperature():
    def backward(g, x):
        s = softmax(x / 3)
        return s * (g - (g * s).sum(-1, keepdims=True)) / 3
    return lambda x: softmax(x / 3), backward, some

@right("centre")
def centre_plain():
    return f.centre, lambda g, x: g - g.mean(-1, keepdims=True), some

@right("standardise")
def standardise():
    def backward(g, x):
        n = normalised(x, -1)
        centred = g - g.mean(-1, keepdims=True) - n * (g * n).mean(-1, keepdims=True)
        return centred / np.sqrt(x.var(-1, keepdims=True) + EPSILON)
    return lambda x: normalised(x, -1), backward, some

@right("sum of squares")
def sum_of_squares():
    return lambda x: (x * x).sum(), lambda g, x: 2 * g * x, some

@right("mean over the batch")
def mean_over_the_batch():
    return lambda x: x.mean(0), lambda g, x: np.broadcast_to(g / len(x), x.shape), draw(signed(6, 5))

@right("cube of the sum")
def cube_of_the_sum():
    return lambda x: x.sum(-1)**3, lambda g, x: (3 * g * x.sum(-1)**2)[:, None] + 0 * x, draw(signed(4, 3))
