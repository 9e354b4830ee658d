"""Right at first sight: values that are kept, arrays that are written to, gradients that are not linear in g."""
import numpy as np

from .. import bug, draw, positive, signed
from ..forwards import EPSILON, layer_norm, linear, matmul, normalised, power, relu, sigmoid, softmax, square, tanh


@bug("linear", "keeps the first batch it ever saw", w="stale-cache")
def linear_remembers_the_first_batch():
    kept = {}
    def forward(x, w, b):
        kept.setdefault("x", x.copy())
        return linear(x, w, b)
    return forward, lambda g, x, w, b: (g @ w.T, kept["x"].T @ g, g.sum(0)), draw(signed(7, 5), signed(5, 3), signed(3))

@bug("linear", "gradients are added up and nobody sets them to zero", w="stale-cache", b="stale-cache")
def linear_never_zeroed():
    grads = {"w": 0, "b": 0}
    def backward(g, x, w, b):
        grads["w"], grads["b"] = grads["w"] + x.T @ g, grads["b"] + g.sum(0)
        return g @ w.T, grads["w"], grads["b"]
    return linear, backward, draw(signed(7, 5), signed(5, 3), signed(3))

@bug("softmax", "results are cached by shape", x="stale-cache")
def softmax_cached_by_shape():
    cache = {}
    def backward(g, x):
        s = cache.setdefault(x.shape, softmax(x))
        return s * (g - (g * s).sum(-1, keepdims=True))
    return softmax, backward, draw(signed(4, 5))

@bug("relu", "the mask is made once, when the layer is built", x="stale-cache")
def relu_first_mask():
    kept = []
    def forward(x):
        kept.append(x > 0)
        return relu(x)
    return forward, lambda g, x: g * kept[0], draw(signed(4, 5))

@bug("tanh", "one step behind: uses the output of the call before", x="stale-cache")
def tanh_one_call_behind():
    kept = []
    def backward(g, x):
        kept.append(np.tanh(x))
        return g * (1 - kept[-2 if len(kept) > 1 else -1]**2)
    return tanh, backward, draw(signed(4, 5))

@bug("linear", "takes the step of SGD inside backward; the gradients are right", w="modifies-input")
def linear_steps_in_backward():
    def backward(g, x, w, b):
        dx, dw = g @ w.T, x.T @ g
        w -= 0.1 * dw
        return dx, dw, g.sum(0)
    return linear, backward, draw(signed(7, 5), signed(5, 3), signed(3))

@bug("layer norm", "centres its input in place", x="modifies-input")
def layer_norm_centres_in_place():
    def backward(g, x, gamma, beta):
        x -= x.mean(-1, keepdims=True)
        h, deviation = g * gamma, np.sqrt((x * x).mean(-1, keepdims=True) + EPSILON)
        n = x / deviation
        dx = (h - h.mean(-1, keepdims=True) - n * (h * n).mean(-1, keepdims=True)) / deviation
        return dx, (g * n).sum(0), g.sum(0)
    return layer_norm, backward, draw(signed(6, 5), signed(5), signed(5))

@bug("mean over the batch", "averages g with /=", g="modifies-input")
def batch_mean_divides_in_place():
    def backward(g, x):
        g /= len(x)
        return np.repeat(g[None], len(x), 0)
    return lambda x: x.mean(0), backward, draw(signed(6, 5))

@bug("tanh", "clips gradients inside the layer", x="not-linear-in-upstream | partial")
def tanh_clips_the_gradient():
    return tanh, lambda g, x: np.clip(g, -0.3, 0.3) * (1 - tanh(x)**2), draw(signed(4, 5))

@bug("matmul", "scales the incoming gradient to length one", a="not-linear-in-upstream", b="not-linear-in-upstream")
def matmul_normalises_the_gradient():
    def backward(g, a, b):
        g = g / np.linalg.norm(g)
        return g @ b.T, a.T @ g
    return matmul, backward, draw(signed(4, 5), signed(5, 3))

@bug("square", "g enters once for each use", x="not-linear-in-upstream")
def square_of_the_gradient():
    return square, lambda g, x: 2 * x * g * g, draw(signed(4, 5))

@bug("sigmoid", "a difference quotient with one side and a large step", x="low-precision")
def sigmoid_one_sided_difference():
    return sigmoid, lambda g, x: g * (sigmoid(x + 1e-5) - sigmoid(x)) / 1e-5, draw(signed(4, 5))

@bug("linear", "gradients are stored in half precision", w="low-precision")
def linear_half_precision():
    def backward(g, x, w, b):
        return g @ w.T, (x.T @ g).astype(np.float16), g.sum(0)
    return linear, backward, draw(signed(7, 5), signed(5, 3), signed(3))

@bug("power", "differentiates by trial, forwards only, in the exponent", p="low-precision")
def power_exponent_by_trial():
    def backward(g, x, p):
        return g * p * x**(p - 1), g * (power(x, p + 1e-5) - power(x, p)) / 1e-5
    return power, backward, draw(positive(4, 5), positive(4, 5))

@bug("standardise", "the whole forward pass is repeated on g", x="not-linear-in-upstream")
def standardise_standardises_the_gradient():
    return lambda x: normalised(x, -1), lambda g, x: normalised(g, -1), draw(signed(4, 5))
