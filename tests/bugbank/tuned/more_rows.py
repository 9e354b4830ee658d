"""Along an axis: sums, extremes, norms, softmax and its relatives, once more."""
import numpy as np

from .. import bug, draw, positive, signed
from ..forwards import (
    EPSILON,
    batch_norm,
    centre,
    layer_norm,
    log_softmax,
    logsumexp,
    mean,
    normalised,
    rms_norm,
    row_cumsum,
    row_entropy,
    row_max,
    row_mean,
    row_min,
    row_norm,
    row_product,
    row_rms,
    row_sort,
    row_std,
    row_sum,
    row_variance,
    share,
    softmax,
    unit_rows,
    weight_norm,
    weighted_mean,
)

some, some_positive = draw(signed(4, 5)), draw(positive(4, 5))

def last(g):
    return g[..., None]

def of_softmax(g, s, axis=-1):
    return s * (g - (g * s).sum(axis, keepdims=True))


@bug("softmax with temperature", "the temperature is not differentiated", x="constant-factor")
def temperature_not_differentiated():
    def forward(x):
        return softmax(x / 3.7)
    return forward, lambda g, x: of_softmax(g, forward(x)), some

@bug("softmax", "three axes, and the sum runs over the middle one", x="wrong-axis")
def softmax_sum_over_the_middle():
    return softmax, lambda g, x: of_softmax(g, softmax(x), 1), draw(signed(2, 3, 4))

@bug("softmax", "keepdims is forgotten, and a square array lets it pass", x="unknown | wrong-axis")
def softmax_without_keepdims():
    def backward(g, x):
        s = softmax(x)
        return s * (g - (g * s).sum(-1))
    return softmax, backward, draw(signed(5, 5))

@bug("softmax", "one minus is a plus", x="unknown")
def softmax_plus_for_minus():
    def backward(g, x):
        s = softmax(x)
        return s * (g + (g * s).sum(-1, keepdims=True))
    return softmax, backward, some

@bug("softmax", "exp(x) without its sum", x="unknown | missing-factor")
def softmax_exponential_alone():
    return softmax, lambda g, x: of_softmax(g, np.exp(x)), some

@bug("softmax", "the inner sum is left out", x="missing-mean-term | missing-term | off-diagonal-missing")
def softmax_denominator_held_fixed():
    return softmax, lambda g, x: g * softmax(x), some

@bug("softmax", "passes on, since the cross entropy after it takes care of it", x="passes-through | missing-factor")
def softmax_passes():
    return softmax, lambda g, x: g, some

@bug("log-softmax", "log-probabilities where probabilities are due", x="unknown | input-for-output")
def log_softmax_of_the_output():
    return log_softmax, lambda g, x: g - log_softmax(x) * g.sum(-1, keepdims=True), some

@bug("log-softmax", "the mean of g for its sum", x="unknown")
def log_softmax_mean():
    return log_softmax, lambda g, x: g - softmax(x) * g.mean(-1, keepdims=True), some

@bug("log-softmax", "forgets that the sum depends on x", x="passes-through | missing-mean-term | missing-term")
def log_softmax_passes():
    return log_softmax, lambda g, x: g, some

@bug("logsumexp", "not spread: one number per row", x="wrong-shape")
def logsumexp_not_spread():
    return logsumexp, lambda g, x: g * softmax(x).sum(-1), some

@bug("logsumexp", "shifted above, not below", x="unknown | missing-factor")
def logsumexp_shifted_above():
    def backward(g, x):
        return last(g) * np.exp(x - x.max(-1, keepdims=True)) / np.exp(x).sum(-1, keepdims=True)
    return logsumexp, backward, some

@bug("logsumexp", "the winner takes all: the gradient of max", x="unknown | partial")
def logsumexp_as_max():
    return logsumexp, lambda g, x: last(g) * (x == x.max(-1, keepdims=True)), some

@bug("mean", "averages g as well", x="unknown")
def mean_of_the_gradient():
    return row_mean, lambda g, x: np.full(x.shape, g.mean() / x.shape[1]), some

@bug("mean", "one over N is lost", x="missing-1/N | passes-through")
def mean_not_divided():
    return mean, lambda g, x: np.full(x.shape, g), some

@bug("mean", "the axis comes back in front", x="wrong-axis")
def mean_square_axis_in_front():
    return row_mean, lambda g, x: np.broadcast_to(g / len(x), x.shape), draw(signed(5, 5))

@bug("mean over the batch", "sums, because the optimiser averages", x="missing-1/N | passes-through")
def batch_mean_not_divided():
    def forward(x):
        return x.mean(0)
    return forward, lambda g, x: np.broadcast_to(g, x.shape), draw(signed(7, 5))

@bug("sum", "every element gets the sum of all gradients", x="unknown")
def sum_of_all_gradients():
    return row_sum, lambda g, x: np.full(x.shape, g.sum()), some

@bug("max", "everybody in the row is paid", x="passes-through | missing-factor")
def max_pays_everybody():
    return row_max, lambda g, x: np.repeat(last(g), 5, 1), some

@bug("max", "the largest absolute value", x="partial")
def max_of_absolute_values():
    size = np.abs
    return row_max, lambda g, x: last(g) * (size(x) == size(x).max(-1, keepdims=True)), draw(signed(8, 5))

@bug("max", "one winner for the whole array", x="partial")
def max_one_winner():
    return row_max, lambda g, x: last(g) * (x == x.max()), some

@bug("min", "the mask of the maximum", x="unknown")
def min_mask_of_max():
    return row_min, lambda g, x: last(g) * (x == x.max(-1, keepdims=True)), some

@bug("median", "the middle of the row as it stands, not of the sorted row", x="unknown | partial")
def median_of_the_unsorted():
    return lambda x: np.median(x, 1), lambda g, x: last(g) * (np.arange(5) == 2), draw(signed(7, 5))

@bug("variance", "2 (x - m), divided by N - 1", x="constant-factor | batch-for-size")
def variance_unbiased():
    return row_variance, lambda g, x: last(g) * 2 * (x - x.mean(-1, keepdims=True)) / (x.shape[1] - 1), some

@bug("variance", "the mean of the columns", x="unknown | wrong-axis")
def variance_about_the_columns():
    return row_variance, lambda g, x: last(g) * 2 * (x - x.mean(0)) / x.shape[1], some

@bug("variance", "m - x", x="wrong-sign")
def variance_turned_round():
    return row_variance, lambda g, x: last(g) * 2 * (x.mean(-1, keepdims=True) - x) / x.shape[1], some

@bug("standard deviation", "divides by the variance", x="missing-factor")
def std_divided_by_the_variance():
    return row_std, lambda g, x: last(g / x.var(-1)) * (x - x.mean(-1, keepdims=True)) / x.shape[1], some

@bug("root mean square", "N is lost", x="missing-1/N")
def rms_without_n():
    return row_rms, lambda g, x: last(g / row_rms(x)) * x, some

@bug("root mean square", "the root is lost", x="missing-factor")
def rms_without_root():
    return row_rms, lambda g, x: last(g) * x / x.shape[1], some

@bug("norm", "multiplies with the norm", x="unknown | missing-factor")
def norm_multiplies():
    return row_norm, lambda g, x: last(g * row_norm(x)) * x, some

@bug("norm", "x is lost", x="missing-factor")
def norm_without_x():
    return row_norm, lambda g, x: last(g / row_norm(x)) * np.ones_like(x), some

@bug("norm", "sign(x), the rule of the other norm", x="unknown | missing-factor")
def norm_of_absolute_values():
    return row_norm, lambda g, x: last(g) * np.sign(x), some

@bug("unit rows", "norms of the columns", x="wrong-axis")
def unit_rows_by_columns():
    def backward(g, x):
        length = np.sqrt((x * x).sum(0))
        y = x / length
        return (g - y * (g * y).sum(0)) / length
    return unit_rows, backward, some

@bug("unit rows", "projects on x, not on y", x="input-for-output | missing-factor")
def unit_rows_projects_on_x():
    return unit_rows, lambda g, x: (g - x * (g * x).sum(-1, keepdims=True)) / last(row_norm(x)), some

@bug("unit rows", "divides by the length squared", x="missing-factor")
def unit_rows_divides_twice():
    def backward(g, x):
        y = unit_rows(x)
        return (g - y * (g * y).sum(-1, keepdims=True)) / last(row_norm(x))**2
    return unit_rows, backward, some

@bug("share", "the sum is held fixed", x="missing-mean-term | missing-term | off-diagonal-missing")
def share_sum_held_fixed():
    return share, lambda g, x: g / x.sum(-1, keepdims=True), some_positive

@bug("share", "y (g - <g, y>), the rule of softmax", x="unknown | missing-factor")
def share_as_softmax():
    return share, lambda g, x: of_softmax(g, share(x)), some_positive

@bug("share", "each part's own slope only", x="off-diagonal-missing")
def share_diagonal():
    return share, lambda g, x: g * (1 - share(x)) / x.sum(-1, keepdims=True), some_positive

@bug("entropy", "the one is lost", p="missing-term")
def entropy_without_one():
    return row_entropy, lambda g, p: -last(g) * np.log(p), some_positive

@bug("entropy", "the minus is lost", p="wrong-sign")
def entropy_without_minus():
    return row_entropy, lambda g, p: last(g) * (np.log(p) + 1), some_positive

@bug("entropy", "only the logarithm is differentiated", p="missing-term")
def entropy_of_the_logarithm():
    return row_entropy, lambda g, p: -last(g) * np.ones_like(p), some_positive

@bug("centre", "the mean of everything", x="unknown | wrong-axis")
def centre_by_the_mean_of_all():
    return centre, lambda g, x: g - g.mean(), some

@bug("centre", "the mean of the columns", x="wrong-axis")
def centre_by_columns():
    return centre, lambda g, x: g - g.mean(0), some

@bug("centre", "subtracts the sum", x="unknown")
def centre_subtracts_the_sum():
    return centre, lambda g, x: g - g.sum(-1, keepdims=True), some

@bug("centre", "subtracts the input's mean again", x="not-linear-in-upstream")
def centre_subtracts_the_mean_of_x():
    return centre, lambda g, x: g - x.mean(-1, keepdims=True), some

@bug("weighted mean", "the weights' sum is held fixed", w="missing-term | missing-mean-term")
def weighted_mean_sum_held_fixed():
    return weighted_mean, lambda g, x, w: (g * w / w.sum(), g * x / w.sum()), draw(signed(4, 5), positive(4, 5))

@bug("weighted mean", "a plain mean for the values", x="unknown | missing-factor")
def weighted_mean_as_mean():
    def backward(g, x, w):
        return np.full(x.shape, g / x.size), g * (x - weighted_mean(x, w)) / w.sum()
    return weighted_mean, backward, draw(signed(4, 5), positive(4, 5))

@bug("weighted mean", "divides by the number of weights", x="unknown | missing-factor | constant-factor")
def weighted_mean_divided_by_the_count():
    def backward(g, x, w):
        return g * w / w.size, g * (x - weighted_mean(x, w)) / w.sum()
    return weighted_mean, backward, draw(signed(4, 5), positive(4, 5))

@bug("cumsum", "runs forwards on the way back", x="operand-not-transposed")
def cumsum_runs_forwards():
    return row_cumsum, lambda g, x: np.cumsum(g, 1), draw(signed(4, 6))

@bug("cumsum", "the sum of all of g for everybody", x="unknown | partial")
def cumsum_total_for_everybody():
    return row_cumsum, lambda g, x: np.repeat(g.sum(1, keepdims=True), 5, 1), some

@bug("cumprod", "y / x, each for itself", x="off-diagonal-missing | missing-term")
def cumprod_diagonal():
    return lambda x: np.cumprod(x, 1), lambda g, x: g * np.cumprod(x, 1) / x, some

@bug("difference", "x[1:] gets its part, x[:-1] is forgotten", x="missing-term")
def difference_one_side():
    def backward(g, x):
        dx = np.zeros_like(x)
        dx[:, 1:] = g
        return dx
    return lambda x: np.diff(x, axis=1), backward, draw(signed(4, 6))

@bug("difference", "the two slices are written, the second over the first",
     x="overwrites-instead-of-accumulates | missing-term")
def difference_overwritten():
    def backward(g, x):
        dx = np.zeros_like(x)
        dx[:, 1:] = g
        dx[:, :-1] = -g
        return dx
    return lambda x: np.diff(x, axis=1), backward, draw(signed(4, 6))

@bug("difference", "the earlier minus the later", x="wrong-sign")
def difference_turned_round():
    def backward(g, x):
        return np.pad(g, ((0, 0), (0, 1))) - np.pad(g, ((0, 0), (1, 0)))
    return lambda x: np.diff(x, axis=1), backward, draw(signed(4, 6))

@bug("sort", "sorts the gradient", x="not-linear-in-upstream")
def sort_the_gradient():
    return row_sort, lambda g, x: np.sort(g, 1), some

@bug("sort", "takes by the order where it should put by the order", x="operand-not-transposed")
def sort_takes_for_puts():
    return row_sort, lambda g, x: np.take_along_axis(g, x.argsort(1), 1), draw(signed(5, 7))

@bug("product", "the product itself, not divided by x", x="missing-factor")
def product_not_divided():
    return row_product, lambda g, x: last(g * row_product(x)) * np.ones_like(x), some

@bug("product", "one over x, the product is lost", x="missing-factor")
def product_lost():
    return row_product, lambda g, x: last(g) / x, some

@bug("geometric mean", "one over N is lost", x="missing-1/N")
def geometric_mean_without_n():
    def forward(x):
        return np.exp(np.log(x).mean(-1))
    return forward, lambda g, x: last(g * forward(x)) / x, some_positive

@bug("geometric mean", "the exponential is not differentiated", x="missing-factor")
def geometric_mean_of_logarithms():
    def forward(x):
        return np.exp(np.log(x).mean(-1))
    return forward, lambda g, x: last(g) / x / x.shape[1], some_positive


# Norms

def norm_slope(g, x, axis, gain=1.0):
    h, n = g * gain, normalised(x, axis)
    centred = h - h.mean(axis, keepdims=True) - n * (h * n).mean(axis, keepdims=True)
    return centred / np.sqrt(x.var(axis, keepdims=True) + EPSILON)

def standardise(x):
    return normalised(x, -1)

@bug("standardise", "the deviation below is lost", x="missing-factor")
def standardise_not_divided():
    def backward(g, x):
        n = normalised(x, -1)
        return g - g.mean(-1, keepdims=True) - n * (g * n).mean(-1, keepdims=True)
    return standardise, backward, draw(signed(4, 6))

@bug("standardise", "divides by the deviation and is done",
     x="missing-mean-term | missing-variance-term | missing-term | off-diagonal-missing")
def standardise_divides_only():
    return standardise, lambda g, x: g / np.sqrt(x.var(-1, keepdims=True) + EPSILON), draw(signed(4, 6))

@bug("standardise", "divides by the variance", x="missing-factor")
def standardise_by_the_variance():
    def backward(g, x):
        return norm_slope(g, x, -1) / np.sqrt(x.var(-1, keepdims=True) + EPSILON)
    return standardise, backward, draw(signed(4, 6))

@bug("standardise", "unbiased deviation on the way back", x="constant-factor")
def standardise_unbiased():
    return standardise, lambda g, x: norm_slope(g, x, -1) * np.sqrt(5 / 6), draw(signed(4, 6))

layers = draw(signed(6, 5), signed(5), signed(5))

@bug("layer norm", "the path through the mean is left out", x="missing-mean-term | missing-term")
def layer_norm_mean_left_out():
    def backward(g, x, gamma, beta):
        h, n = g * gamma, normalised(x, -1)
        dx = (h - n * (h * n).mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + EPSILON)
        return dx, (g * n).sum(0), g.sum(0)
    return layer_norm, backward, layers

@bug("layer norm", "the gain is not passed through", x="missing-factor")
def layer_norm_without_gain():
    def backward(g, x, gamma, beta):
        return norm_slope(g, x, -1), (g * normalised(x, -1)).sum(0), g.sum(0)
    return layer_norm, backward, layers

@bug("layer norm", "gain and shift are averaged over the batch",
     gamma="mean-for-sum-over-broadcast", beta="mean-for-sum-over-broadcast")
def layer_norm_parameters_averaged():
    def backward(g, x, gamma, beta):
        return norm_slope(g, x, -1, gamma), (g * normalised(x, -1)).mean(0), g.mean(0)
    return layer_norm, backward, layers

@bug("layer norm", "everything but the division is forgotten",
     x="missing-mean-term | missing-variance-term | missing-term | off-diagonal-missing")
def layer_norm_as_a_division():
    def backward(g, x, gamma, beta):
        return g * gamma / np.sqrt(x.var(-1, keepdims=True) + EPSILON), (g * normalised(x, -1)).sum(0), g.sum(0)
    return layer_norm, backward, layers

batches = draw(signed(8, 3), signed(3), signed(3))

@bug("batch norm", "the path through the variance is left out", x="missing-variance-term | missing-term")
def batch_norm_variance_left_out():
    def backward(g, x, gamma, beta):
        h = g * gamma
        dx = (h - h.mean(0)) / np.sqrt(x.var(0) + EPSILON)
        return dx, (g * normalised(x, 0)).sum(0), g.sum(0)
    return batch_norm, backward, batches

@bug("batch norm", "the division by the deviation is lost", x="missing-factor")
def batch_norm_not_divided():
    def backward(g, x, gamma, beta):
        dx = norm_slope(g, x, 0, gamma) * np.sqrt(x.var(0) + EPSILON)
        return dx, (g * normalised(x, 0)).sum(0), g.sum(0)
    return batch_norm, backward, batches

@bug("batch norm", "gain and shift in the wrong order", gamma="other-argument", beta="other-argument")
def batch_norm_parameters_exchanged():
    def backward(g, x, gamma, beta):
        return norm_slope(g, x, 0, gamma), g.sum(0), (g * normalised(x, 0)).sum(0)
    return batch_norm, backward, batches

@bug("batch norm", "each example for itself", x="off-diagonal-missing")
def batch_norm_diagonal():
    def backward(g, x, gamma, beta):
        n = normalised(x, 0)
        dx = g * gamma * (1 - 1 / len(x) - n * n / len(x)) / np.sqrt(x.var(0) + EPSILON)
        return dx, (g * n).sum(0), g.sum(0)
    return batch_norm, backward, batches

def root(x):
    return np.sqrt((x * x).mean(-1, keepdims=True) + EPSILON)

@bug("rms norm", "the root is held fixed", x="missing-variance-term | missing-term | missing-mean-term")
def rms_norm_root_held_fixed():
    return rms_norm, lambda g, x, w: (g * w / root(x), (g * x / root(x)).sum(0)), draw(signed(6, 5), signed(5))

@bug("weight norm", "the scale is lost", v="missing-factor")
def weight_norm_without_scale():
    def backward(g, v, s):
        y = unit_rows(v)
        return (g - y * (g * y).sum(-1, keepdims=True)) / last(row_norm(v)), (g * y).sum(-1)
    return weight_norm, backward, draw(signed(4, 5), signed(4))

@bug("weight norm", "the scale's gradient is summed over the rows", s="wrong-axis | wrong-shape")
def weight_norm_scale_summed_over_the_rows():
    def backward(g, v, s):
        y, h = unit_rows(v), g * s[:, None]
        return (h - y * (h * y).sum(-1, keepdims=True)) / last(row_norm(v)), (g * y).sum(0)
    return weight_norm, backward, draw(signed(5, 5), signed(5))
