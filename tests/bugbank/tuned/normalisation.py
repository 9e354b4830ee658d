"""Layer, batch and RMS norm."""
import numpy as np

from .. import bug, draw, signed
from ..forwards import EPSILON, batch_norm, layer_norm, normalised, rms_norm


def norm_backward(g, x, gamma, axis, n=None, to_mean=1.0, to_variance=1.0):
    h, n = g * gamma, normalised(x, axis) if n is None else n
    back = h - to_mean * h.mean(axis, keepdims=True) - to_variance * n * (h * n).mean(axis, keepdims=True)
    return back / np.sqrt(x.var(axis, keepdims=True) + EPSILON)

rows = draw(signed(6, 5), signed(5), signed(5))
columns = draw(signed(8, 3), signed(3), signed(3))


@bug("layer norm", "the deviation is taken for a constant", x="missing-variance-term | missing-term")
def layer_norm_variance_held_fixed():
    def backward(g, x, gamma, beta):
        return norm_backward(g, x, gamma, -1, to_variance=0), (g * normalised(x, -1)).sum(0), g.sum(0)
    return layer_norm, backward, rows

@bug("layer norm", "mean and deviation are taken for constants",
     x="missing-mean-term | missing-variance-term | missing-term")
def layer_norm_statistics_held_fixed():
    def backward(g, x, gamma, beta):
        return norm_backward(g, x, gamma, -1, to_mean=0, to_variance=0), (g * normalised(x, -1)).sum(0), g.sum(0)
    return layer_norm, backward, rows

@bug("layer norm", "gain and shift get the same gradient", gamma="other-argument | missing-factor")
def layer_norm_gain_as_shift():
    def backward(g, x, gamma, beta):
        return norm_backward(g, x, gamma, -1), g.sum(0), g.sum(0)
    return layer_norm, backward, rows

@bug("layer norm", "statistics over the batch, as in batch norm", x="wrong-axis", gamma="wrong-axis")
def layer_norm_statistics_of_the_batch():
    def backward(g, x, gamma, beta):
        return norm_backward(g, x, gamma, 0), (g * normalised(x, 0)).sum(0), g.sum(0)
    return layer_norm, backward, rows

@bug("layer norm", "gain and shift keep the batch", gamma="not-summed-over-broadcast | wrong-shape",
     beta="not-summed-over-broadcast | wrong-shape | passes-through")
def layer_norm_parameters_not_summed():
    def backward(g, x, gamma, beta):
        return norm_backward(g, x, gamma, -1), g * normalised(x, -1), g
    return layer_norm, backward, rows

@bug("layer norm", "leaves epsilon out on the way back", x="low-precision")
def layer_norm_without_epsilon():
    def backward(g, x, gamma, beta):
        h, n = g * gamma, (x - x.mean(-1, keepdims=True)) / x.std(-1, keepdims=True)
        dx = (h - h.mean(-1, keepdims=True) - n * (h * n).mean(-1, keepdims=True)) / x.std(-1, keepdims=True)
        return dx, (g * normalised(x, -1)).sum(0), g.sum(0)
    return layer_norm, backward, draw(signed(6, 9), signed(9), signed(9))

@bug("layer norm", "x itself in the variance term, not normalised", x="input-for-output")
def layer_norm_projects_on_the_input():
    def backward(g, x, gamma, beta):
        return norm_backward(g, x, gamma, -1, n=x), (g * normalised(x, -1)).sum(0), g.sum(0)
    return layer_norm, backward, rows

@bug("layer norm", "sums the gain over the features; the batch is as long", gamma="wrong-axis", beta="wrong-axis")
def layer_norm_parameters_summed_over_features():
    def backward(g, x, gamma, beta):
        return norm_backward(g, x, gamma, -1), (g * normalised(x, -1)).sum(1), g.sum(1)
    return layer_norm, backward, draw(signed(5, 5), signed(5), signed(5))

@bug("batch norm", "d(x - mean) is taken to be dx", x="missing-mean-term | missing-term")
def batch_norm_mean_held_fixed():
    def backward(g, x, gamma, beta):
        return norm_backward(g, x, gamma, 0, to_mean=0), (g * normalised(x, 0)).sum(0), g.sum(0)
    return batch_norm, backward, columns

@bug("batch norm", "N g - sum - n sum, and the 1/N in front is forgotten", x="missing-1/N")
def batch_norm_without_1_over_n():
    def backward(g, x, gamma, beta):
        h, n = g * gamma, normalised(x, 0)
        dx = (len(x) * h - h.sum(0) - n * (h * n).sum(0)) / np.sqrt(x.var(0) + EPSILON)
        return dx, (g * n).sum(0), g.sum(0)
    return batch_norm, backward, columns

@bug("batch norm", "statistics over the features, as in layer norm", x="wrong-axis", gamma="wrong-axis")
def batch_norm_statistics_of_the_features():
    def backward(g, x, gamma, beta):
        return norm_backward(g, x, gamma, -1), (g * normalised(x, -1)).sum(0), g.sum(0)
    return batch_norm, backward, draw(signed(8, 5), signed(5), signed(5))

@bug("batch norm", "sums where the two means stand", x="unknown")
def batch_norm_sums_for_means():
    def backward(g, x, gamma, beta):
        inputs = g.sum(0)
        return norm_backward(g, x, gamma, 0, to_mean=len(x), to_variance=len(x)), (g * normalised(x, 0)).sum(0), inputs
    return batch_norm, backward, columns

@bug("batch norm", "the gain sees the centred input, not the normalised one", gamma="input-for-output | missing-factor")
def batch_norm_gain_of_the_centred_input():
    def backward(g, x, gamma, beta):
        return norm_backward(g, x, gamma, 0), (g * (x - x.mean(0))).sum(0), g.sum(0)
    return batch_norm, backward, columns

@bug("batch norm", "the gain is left out: tested while it was one", x="missing-factor")
def batch_norm_gain_left_out():
    def backward(g, x, gamma, beta):
        return norm_backward(g, x, 1, 0), (g * normalised(x, 0)).sum(0), g.sum(0)
    return batch_norm, backward, columns

@bug("batch norm", "a minus in front, and the shift is averaged",
     x="wrong-sign", beta="mean-for-sum-over-broadcast | extra-1/N")
def batch_norm_minus_and_averaged_shift():
    def backward(g, x, gamma, beta):
        return -norm_backward(g, x, gamma, 0), (g * normalised(x, 0)).sum(0), g.mean(0)
    return batch_norm, backward, columns

def rms(x):
    return np.sqrt((x * x).mean(-1, keepdims=True) + EPSILON)

@bug("rms norm", "copied from layer norm, mean and all", x="unknown")
def rms_norm_subtracts_the_mean():
    def backward(g, x, w):
        n, h = x / rms(x), g * w
        return (h - h.mean(-1, keepdims=True) - n * (h * n).mean(-1, keepdims=True)) / rms(x), (g * n).sum(0)
    return rms_norm, backward, draw(signed(6, 5), signed(5))

@bug("rms norm", "the diagonal only", x="off-diagonal-missing")
def rms_norm_diagonal():
    def backward(g, x, w):
        n = x / rms(x)
        return g * w * (1 - n * n / x.shape[-1]) / rms(x), (g * n).sum(0)
    return rms_norm, backward, draw(signed(6, 5), signed(5))
