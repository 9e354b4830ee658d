"""Right at first sight: values that are kept, arrays that are written to, gradients that are not linear in g."""
import numpy as np

from .. import bug, draw, mask, signed
from ..forwards import (
    EPSILON,
    KEEP,
    batch_norm,
    cross_entropy,
    dot,
    dropout,
    exp,
    layer_norm,
    linear,
    matmul,
    multiply,
    normalised,
    row_max,
    row_mean,
    sigmoid,
    softmax,
    tanh,
)


@bug("sigmoid", "keeps its first output for good", x="stale-cache")
def sigmoid_first_output():
    kept = {}
    def forward(x):
        if "y" not in kept:
            kept["y"] = sigmoid(x)
        return sigmoid(x)
    return forward, lambda g, x: g * kept["y"] * (1 - kept["y"]), draw(signed(4, 5))

@bug("matmul", "the operands are looked up by shape", a="stale-cache", b="stale-cache")
def matmul_cached_by_shape():
    cache = {}
    def backward(g, a, b):
        a, b = cache.setdefault((a.shape, b.shape), (a.copy(), b.copy()))
        return g @ b.T, a.T @ g
    return matmul, backward, draw(signed(4, 5), signed(5, 3))

@bug("multiply", "one buffer for the gradient of b, and += into it", b="stale-cache")
def multiply_buffer_never_cleared():
    buffer = np.zeros(5)
    def backward(g, a, b):
        nonlocal buffer
        buffer = buffer + (g * a).sum(0)
        return g * b, buffer
    return multiply, backward, draw(signed(7, 5), signed(5))

@bug("max", "the winners of the first batch", x="stale-cache")
def max_first_winners():
    kept = []
    def backward(g, x):
        kept.append(x.argmax(1))
        dx = np.zeros_like(x)
        dx[np.arange(len(x)), kept[0]] = g
        return dx
    return row_max, backward, draw(signed(8, 5))

@bug("batch norm", "the deviation of the last batch but one", x="stale-cache")
def batch_norm_deviation_of_another_batch():
    kept = []
    def backward(g, x, gamma, beta):
        kept.append(np.sqrt(x.var(0) + EPSILON))
        h, n = g * gamma, normalised(x, 0)
        return (h - h.mean(0) - n * (h * n).mean(0)) / kept[max(len(kept) - 2, 0)], (g * n).sum(0), g.sum(0)
    return batch_norm, backward, draw(signed(8, 3), signed(3), signed(3))

@bug("mean", "N is the batch size of the settings, 32, whatever comes in", x="constant-factor")
def mean_over_a_fixed_batch_size():
    return row_mean, lambda g, x: np.repeat(g[:, None], x.shape[1], 1) / 32, draw(signed(4, 5))

@bug("softmax", "exponentiates its input in place", x="modifies-input")
def softmax_in_place():
    def backward(g, x):
        np.exp(x, out=x)
        x /= x.sum(-1, keepdims=True)
        return x * (g - (g * x).sum(-1, keepdims=True))
    return softmax, backward, draw(signed(4, 5))

@bug("tanh", "g *= 1 - y^2: right, and the array belongs to somebody else", g="modifies-input")
def tanh_multiplies_in_place():
    def backward(g, x):
        g *= 1 - tanh(x)**2
        return g
    return tanh, backward, draw(signed(4, 5))

@bug("linear", "subtracts the mean from x while it is there; the gradients are those of x", x="modifies-input")
def linear_centres_its_input():
    def backward(g, x, w, b):
        dw = x.T @ g
        x -= x.mean(0)
        return g @ w.T, dw, g.sum(0)
    return linear, backward, draw(signed(7, 5), signed(5, 3), signed(3))

@bug("cross entropy", "p = z is not a copy", z="modifies-input")
def cross_entropy_not_a_copy():
    def backward(g, z, labels):
        p = z
        p[:] = softmax(z)
        p[np.arange(len(z)), labels] -= 1
        return g * p / len(z), None
    return cross_entropy, backward, lambda rng: (rng.standard_normal((7, 5)), rng.integers(5, size=7))

@bug("exp", "divides g by its largest value, against explosions", x="not-linear-in-upstream")
def exp_rescales_the_gradient():
    return exp, lambda g, x: g / np.abs(g).max() * exp(x), draw(signed(4, 5))

@bug("dot product", "adds the gradient of a penalty", a="not-linear-in-upstream")
def dot_with_a_penalty():
    return dot, lambda g, a, b: (g[:, None] * b + 0.01 * np.sign(a), g[:, None] * a), draw(signed(6, 5), signed(6, 5))

@bug("tanh", "applies the activation to the gradient", x="not-linear-in-upstream")
def tanh_of_the_gradient():
    return tanh, lambda g, x: tanh(g) * (1 - tanh(x)**2), draw(signed(4, 5))

@bug("sigmoid", "saves the output in half precision", x="low-precision")
def sigmoid_half_precision():
    def backward(g, x):
        y = sigmoid(x).astype(np.float16).astype(float)
        return g * y * (1 - y)
    return sigmoid, backward, draw(signed(4, 5))

@bug("matmul", "multiplies in float32, for speed", a="low-precision", b="low-precision")
def matmul_in_single_precision():
    def backward(g, a, b):
        g, a, b = (array.astype(np.float32) for array in (g, a, b))
        return g @ b.T, a.T @ g
    return matmul, backward, draw(signed(4, 5), signed(5, 3))

@bug("exp", "2.71828 to the power of x", x="low-precision")
def exp_with_a_rounded_base():
    return exp, lambda g, x: g * 2.71828**x, draw(signed(4, 5))

@bug("layer norm", "a loss scale of 1e7 is too much for float16", gamma="nan")
def layer_norm_gain_overflows():
    def backward(g, x, gamma, beta):
        n, h = normalised(x, -1), g * gamma
        deviation = np.sqrt(x.var(-1, keepdims=True) + EPSILON)
        dx = (h - h.mean(-1, keepdims=True) - n * (h * n).mean(-1, keepdims=True)) / deviation
        with np.errstate(all="ignore"):
            return dx, (1e7 * g * n).astype(np.float16).sum(0) / 1e7, g.sum(0)
    return layer_norm, backward, draw(signed(6, 5), signed(5), signed(5))

@bug("linear", "right for a batch of one: sums x and g apart", w="unknown")
def linear_product_of_sums():
    inputs = draw(signed(7, 5), signed(5, 3), signed(3))
    return linear, lambda g, x, w, b: (g @ w.T, np.outer(x.sum(0), g.sum(0)), g.sum(0)), inputs

@bug("dropout", "keeps the mask in float16", x="low-precision | constant-factor")
def dropout_mask_in_half_precision():
    def backward(g, x, mask):
        return g * (mask / KEEP).astype(np.float16), None
    return dropout, backward, draw(signed(4, 7), mask(4, 7))
