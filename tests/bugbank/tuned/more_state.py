"""Values kept, arrays written to, gradients that are not linear in g, too few digits: once more."""
import numpy as np

from .. import bug, draw, integers, mask, positive, signed
from ..forwards import (
    EPSILON,
    KEEP,
    cross_entropy,
    dropout,
    exp,
    layer_norm,
    linear,
    log2,
    logsumexp,
    mean_squared_error,
    multiply,
    normalised,
    relu,
    row_mean,
    row_sum,
    sigmoid,
    silu,
    softmax,
    softplus,
    sqrt,
    square,
    tanh,
)

some = draw(signed(4, 5))
layer = draw(signed(7, 5), signed(5, 3), signed(3))


@bug("linear", "dw is added to that of the call before", w="stale-cache")
def linear_gradient_never_cleared():
    dw = np.zeros((5, 3))
    def backward(g, x, w, b):
        nonlocal dw
        dw = dw + x.T @ g
        return g @ w.T, dw, g.sum(0)
    return linear, backward, layer

@bug("linear", "x is kept from the first forward", w="stale-cache")
def linear_first_input():
    kept = []
    def forward(x, w, b):
        kept.append(x.copy())
        return x @ w + b
    return forward, lambda g, x, w, b: (g @ w.T, kept[0].T @ g, g.sum(0)), layer

@bug("relu", "the mask is made once", x="stale-cache")
def relu_mask_made_once():
    kept = {}
    def backward(g, x):
        return g * kept.setdefault("mask", x > 0)
    return relu, backward, draw(signed(6, 8))

@bug("softmax", "forward saves the output only when it is the first", x="stale-cache")
def softmax_first_output():
    kept = {}
    def forward(x):
        return kept.setdefault("s", softmax(x)) if not kept else softmax(x)
    def backward(g, x):
        s = kept["s"]
        return s * (g - (g * s).sum(-1, keepdims=True))
    return forward, backward, some

@bug("layer norm", "the deviation is remembered by shape", x="stale-cache")
def layer_norm_deviation_by_shape():
    kept = {}
    def backward(g, x, gamma, beta):
        h, n = g * gamma, normalised(x, -1)
        deviation = kept.setdefault(x.shape, np.sqrt(x.var(-1, keepdims=True) + EPSILON))
        dx = (h - h.mean(-1, keepdims=True) - n * (h * n).mean(-1, keepdims=True)) / deviation
        return dx, (g * n).sum(0), g.sum(0)
    return layer_norm, backward, draw(signed(6, 5), signed(5), signed(5))

@bug("relu", "zeros are written into g", g="modifies-input")
def relu_zeros_in_the_gradient():
    def backward(g, x):
        g[x <= 0] = 0
        return g
    return relu, backward, some

@bug("mean squared error", "p -= t to save memory", p="modifies-input")
def mse_difference_in_place():
    def backward(g, p, t):
        p -= t
        return 2 * g * p / p.size, -2 * g * p / p.size
    return mean_squared_error, backward, draw(signed(7, 3), signed(7, 3))

@bug("softmax", "subtracts the largest in place", x="modifies-input")
def softmax_shifted_in_place():
    def backward(g, x):
        x -= x.max(-1, keepdims=True)
        s = softmax(x)
        return s * (g - (g * s).sum(-1, keepdims=True))
    return softmax, backward, some

@bug("linear", "divides g by the batch in place", g="modifies-input", x="extra-1/N",
     w="extra-1/N | mean-for-sum-over-broadcast", b="extra-1/N | mean-for-sum-over-broadcast")
def linear_averages_in_place():
    def backward(g, x, w, b):
        g /= len(g)
        return g @ w.T, x.T @ g, g.sum(0)
    return linear, backward, layer

@bug("multiply", "a *= g", a="modifies-input")
def multiply_in_place():
    def backward(g, a, b):
        da = g * b
        a *= g
        return da, a.copy()
    return multiply, backward, draw(signed(4, 5), signed(4, 5))

@bug("exp", "in single precision", x="low-precision")
def exp_in_single_precision():
    return exp, lambda g, x: (g.astype(np.float32) * np.exp(x.astype(np.float32))).astype(float), some

@bug("silu", "a forward difference with h = 1e-4 for the slope", x="low-precision")
def silu_forward_difference():
    return silu, lambda g, x: g * (silu(x + 1e-4) - silu(x)) / 1e-4, some

@bug("log2", "ln 2 is 0.69", x="constant-factor | low-precision")
def log2_rounded():
    return log2, lambda g, x: g / (0.69 * x), draw(positive(4, 5))

@bug("sqrt", "an epsilon of 1e-5 under the root", x="low-precision")
def sqrt_with_epsilon():
    return sqrt, lambda g, x: 0.5 * g / np.sqrt(x + 1e-5), draw(positive(4, 5))

@bug("sigmoid", "the gradient is written into an array of integers", x="not-linear-in-upstream | low-precision | zero")
def sigmoid_in_integers():
    def backward(g, x):
        dx = np.zeros(x.shape, dtype=int)
        dx[:] = 10 * g * sigmoid(x) * (1 - sigmoid(x))
        return dx / 10
    return sigmoid, backward, some

@bug("tanh", "clips exploding gradients to one", x="not-linear-in-upstream")
def tanh_clips():
    return tanh, lambda g, x: np.clip(g * (1 - tanh(x)**2), -0.5, 0.5), draw(signed(5, 8))

@bug("linear", "divides by the norm of the gradient", w="not-linear-in-upstream")
def linear_unit_gradient():
    def backward(g, x, w, b):
        dw = x.T @ g
        return g @ w.T, dw / np.linalg.norm(dw), g.sum(0)
    return linear, backward, layer

@bug("square", "the sign of g only", x="not-linear-in-upstream")
def square_sign_of_the_gradient():
    return square, lambda g, x: 2 * x * np.sign(g), some

@bug("softplus", "adds g to the slope", x="not-linear-in-upstream")
def softplus_adds():
    return softplus, lambda g, x: g + sigmoid(x), some

@bug("sum", "ones", x="ignores-upstream")
def sum_of_ones():
    return row_sum, lambda g, x: np.ones_like(x), some

@bug("mean", "1/N everywhere, g is not asked", x="ignores-upstream")
def mean_bare():
    return row_mean, lambda g, x: np.full(x.shape, 1 / x.shape[1]), some

@bug("logsumexp", "softmax alone", x="ignores-upstream")
def logsumexp_bare():
    return logsumexp, lambda g, x: softmax(x), some

@bug("cross entropy", "g is taken to be one", z="ignores-upstream")
def cross_entropy_bare():
    def backward(g, z, labels):
        return (softmax(z) - np.eye(z.shape[1])[labels]) / len(z), None
    return cross_entropy, backward, draw(signed(7, 5), integers(5, 7))

@bug("exp", "the mean of g for g", x="unknown | wrong-axis")
def exp_mean_of_the_gradient():
    return exp, lambda g, x: g.mean() * np.exp(x), some

@bug("exp", "the largest of two tries, to be safe", x="not-linear-in-upstream")
def exp_the_larger():
    return exp, lambda g, x: np.maximum(g * np.exp(x), g), some

@bug("dropout", "nothing is dropped on the way back", x="passes-through | partial | missing-factor")
def dropout_passes():
    return dropout, lambda g, x, mask: (g, None), draw(signed(4, 7), mask(4, 7))

@bug("dropout", "the dropped units learn", x="unknown")
def dropout_inverted():
    return dropout, lambda g, x, mask: (g * ~mask / KEEP, None), draw(signed(4, 7), mask(4, 7))

@bug("sqrt", "0 / 0 where the input is zero and the forward is finite", x="nan | kink | partial")
def sqrt_of_a_square_at_zero():
    def forward(x):
        return x * np.sqrt(x * x + 0.0)
    def backward(g, x):
        with np.errstate(all="ignore"):
            return g * (np.sqrt(x * x) + x * x / np.sqrt(x * x))
    return forward, backward, lambda rng: (rng.standard_normal((4, 5)) * (np.arange(20).reshape(4, 5) != 7),)

@bug("linear", "raises unless the batch is as large as the features: x is not transposed",
     w="operand-not-transposed | wrong-shape")
def linear_input_not_transposed_raises():
    return linear, lambda g, x, w, b: (g @ w.T, x @ g, g.sum(0)), draw(signed(7, 5), signed(5, 3), signed(3))

@bug("relu", "reads g at the places of x", x="unknown | not-linear-in-upstream | partial")
def relu_sorted():
    return relu, lambda g, x: np.take(g, np.argsort(x, axis=None)).reshape(x.shape) * (x > 0), draw(signed(4, 6))
