"""Layer, batch and RMS norm."""
import numpy as np

from .. import bug, draw, signed
from ..forwards import EPSILON, batch_norm, layer_norm, normalised, rms_norm


def spread(x, axis):
    return np.sqrt(x.var(axis, keepdims=True) + EPSILON)

def layer_norm_backward(g, x, gamma, beta):
    h, n = g * gamma, normalised(x, -1)
    dx = (h - h.mean(-1, keepdims=True) - n * (h * n).mean(-1, keepdims=True)) / spread(x, -1)
    return dx, (g * n).sum(0), g.sum(0)

def batch_norm_backward(g, x, gamma, beta):
    h, n = g * gamma, normalised(x, 0)
    return (h - h.mean(0) - n * (h * n).mean(0)) / spread(x, 0), (g * n).sum(0), g.sum(0)


@bug("layer norm", "follows the path through the variance and forgets the one through the mean",
     x="missing-mean-term | missing-term")
def layer_norm_mean_held_fixed():
    def backward(g, x, gamma, beta):
        h, n = g * gamma, normalised(x, -1)
        return (h - n * (h * n).mean(-1, keepdims=True)) / spread(x, -1), (g * n).sum(0), g.sum(0)
    return layer_norm, backward, draw(signed(6, 5), signed(5), signed(5))

@bug("layer norm", "multiplies with the input, not with the normalised input", gamma="input-for-output")
def layer_norm_gain_of_the_input():
    def backward(g, x, gamma, beta):
        dx, _, dbeta = layer_norm_backward(g, x, gamma, beta)
        return dx, (g * x).sum(0), dbeta
    return layer_norm, backward, draw(signed(6, 5), signed(5), signed(5))

@bug("layer norm", "gamma was one while it was tested", x="missing-factor")
def layer_norm_gain_is_one():
    def backward(g, x, gamma, beta):
        _, dgamma, dbeta = layer_norm_backward(g, x, gamma, beta)
        return layer_norm_backward(g, x, np.ones_like(gamma), beta)[0], dgamma, dbeta
    return layer_norm, backward, draw(signed(6, 5), signed(5), signed(5))

@bug("layer norm", "sums over the batch only, and there is a time axis too",
     gamma="not-summed-over-broadcast | wrong-shape", beta="not-summed-over-broadcast | wrong-shape")
def layer_norm_over_time():
    return layer_norm, layer_norm_backward, draw(signed(3, 6, 5), signed(5), signed(5))

@bug("layer norm", "unbiased standard deviation in backward, biased in forward", x="unknown")
def layer_norm_unbiased():
    def backward(g, x, gamma, beta):
        h, deviation = g * gamma, x.std(-1, ddof=1, keepdims=True)
        n = (x - x.mean(-1, keepdims=True)) / deviation
        dx = (h - h.mean(-1, keepdims=True) - n * (h * n).mean(-1, keepdims=True)) / deviation
        return dx, *layer_norm_backward(g, x, gamma, beta)[1:]
    return layer_norm, backward, draw(signed(6, 5), signed(5), signed(5))

@bug("layer norm", "averages the gain over the batch", gamma="mean-for-sum-over-broadcast | extra-1/N")
def layer_norm_gain_averaged():
    def backward(g, x, gamma, beta):
        dx, dgamma, dbeta = layer_norm_backward(g, x, gamma, beta)
        return dx, dgamma / len(x), dbeta
    return layer_norm, backward, draw(signed(6, 5), signed(5), signed(5))

@bug("layer norm", "the diagonal of the Jacobian, worked out with care", x="off-diagonal-missing")
def layer_norm_diagonal():
    def backward(g, x, gamma, beta):
        n, size = normalised(x, -1), x.shape[-1]
        dx = g * gamma * (1 - 1 / size - n * n / size) / spread(x, -1)
        return dx, *layer_norm_backward(g, x, gamma, beta)[1:]
    return layer_norm, backward, draw(signed(6, 5), signed(5), signed(5))

@bug("batch norm", "the variance is taken for a constant", x="missing-variance-term | missing-term")
def batch_norm_variance_held_fixed():
    def backward(g, x, gamma, beta):
        h = g * gamma
        return (h - h.mean(0)) / spread(x, 0), *batch_norm_backward(g, x, gamma, beta)[1:]
    return batch_norm, backward, draw(signed(8, 3), signed(3), signed(3))

@bug("batch norm", "the sign of the variance path: d(v^-1/2) has a minus", x="unknown")
def batch_norm_variance_sign():
    def backward(g, x, gamma, beta):
        h, n = g * gamma, normalised(x, 0)
        return (h - h.mean(0) + n * (h * n).mean(0)) / spread(x, 0), (g * n).sum(0), g.sum(0)
    return batch_norm, backward, draw(signed(8, 3), signed(3), signed(3))

@bug("batch norm", "divides by the variance, the root is lost", x="unknown | missing-factor")
def batch_norm_without_root():
    def backward(g, x, gamma, beta):
        dx, dgamma, dbeta = batch_norm_backward(g, x, gamma, beta)
        return dx / spread(x, 0), dgamma, dbeta
    return batch_norm, backward, draw(signed(8, 3), signed(3), signed(3))

@bug("batch norm", "frozen statistics, as in evaluation, where mean and variance are constants",
     x="missing-mean-term | missing-variance-term | missing-term")
def batch_norm_as_in_evaluation():
    def backward(g, x, gamma, beta):
        return g * gamma / spread(x, 0), *batch_norm_backward(g, x, gamma, beta)[1:]
    return batch_norm, backward, draw(signed(8, 3), signed(3), signed(3))

@bug("batch norm", "sums the parameters over the features", gamma="wrong-axis", beta="wrong-axis")
def batch_norm_sums_features():
    def backward(g, x, gamma, beta):
        return batch_norm_backward(g, x, gamma, beta)[0], (g * normalised(x, 0)).sum(1), g.sum(1)
    return batch_norm, backward, draw(signed(7, 7), signed(7), signed(7))

@bug("rms norm", "the root mean square is taken for a constant", x="missing-variance-term | missing-term")
def rms_norm_constant_scale():
    def backward(g, x, w):
        r = np.sqrt((x * x).mean(-1, keepdims=True) + EPSILON)
        return g * w / r, (g * x / r).sum(0)
    return rms_norm, backward, draw(signed(6, 5), signed(5))

@bug("rms norm", "the weight sees the input before it is scaled", w="input-for-output")
def rms_norm_weight_of_the_input():
    def backward(g, x, w):
        r = np.sqrt((x * x).mean(-1, keepdims=True) + EPSILON)
        h = g * w
        return h / r - x * (h * x).mean(-1, keepdims=True) / r**3, (g * x).sum(0)
    return rms_norm, backward, draw(signed(6, 5), signed(5))

@bug("rms norm", "only one example's gradient reaches the weight: a loop with = in it",
     w="one-slice-of-broadcast | overwrites-instead-of-accumulates")
def rms_norm_weight_of_the_last_example():
    def backward(g, x, w):
        r = np.sqrt((x * x).mean(-1, keepdims=True) + EPSILON)
        h = g * w
        for row in g * x / r:
            dw = row
        return h / r - x * (h * x).mean(-1, keepdims=True) / r**3, dw
    return rms_norm, backward, draw(signed(6, 5), signed(5))
