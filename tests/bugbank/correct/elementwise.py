"""One value at a time."""
import math

import numpy as np

from .. import between, draw, positive, right, signed
from .. import forwards as f
from ..forwards import DELTA, SLOPE, sigmoid

some = draw(signed(4, 5))
some_positive = draw(positive(4, 5))
two = draw(signed(4, 5), signed(4, 5))

def elementwise(of, forward, derivative, inputs=some):
    def make():
        return forward, lambda g, x: g * derivative(x), inputs
    make.__name__ = f"{of}_plain".replace(" ", "_")
    return right(of)(make)

sigmoid_plain = elementwise("sigmoid", sigmoid, lambda x: sigmoid(x) * (1 - sigmoid(x)))
tanh_plain = elementwise("tanh", f.tanh, lambda x: 1 - np.tanh(x)**2)
relu_plain = elementwise("relu", f.relu, lambda x: x > 0)
leaky_relu_plain = elementwise("leaky relu", f.leaky_relu, lambda x: np.where(x > 0, 1, SLOPE))
elu_plain = elementwise("elu", f.elu, lambda x: np.where(x > 0, 1, f.elu(x) + SLOPE))
gelu_plain = elementwise("gelu", f.gelu, lambda x: f.normal_cdf(x) + x * f.normal_density(x))
silu_plain = elementwise("silu", f.silu, lambda x: sigmoid(x) * (1 + x * (1 - sigmoid(x))))
softplus_plain = elementwise("softplus", f.softplus, sigmoid)
softsign_plain = elementwise("softsign", f.softsign, lambda x: 1 / (1 + np.abs(x))**2)
hard_sigmoid_plain = elementwise("hard sigmoid", f.hard_sigmoid, lambda x: (np.abs(x) < 3) / 6,
                                 draw(between(-5, 5, 4, 5)))
exp_plain = elementwise("exp", f.exp, np.exp)
log_plain = elementwise("log", f.log, lambda x: 1 / x, some_positive)
log2_plain = elementwise("log2", f.log2, lambda x: 1 / (x * math.log(2)), some_positive)
log1p_plain = elementwise("log1p", f.log1p, lambda x: 1 / (1 + x), some_positive)
sqrt_plain = elementwise("sqrt", f.sqrt, lambda x: 0.5 / np.sqrt(x), some_positive)
square_plain = elementwise("square", f.square, lambda x: 2 * x)
cube_plain = elementwise("cube", f.cube, lambda x: 3 * x**2)
absolute_plain = elementwise("absolute value", f.absolute, np.sign)
reciprocal_plain = elementwise("reciprocal", f.reciprocal, lambda x: -1 / x**2, some_positive)
sin_plain = elementwise("sin", f.sin, np.cos)
cos_plain = elementwise("cos", f.cos, lambda x: -np.sin(x))
clip_plain = elementwise("clip", f.clip, lambda x: (x > -0.5) & (x < 0.8))

@right("gelu", "tanh form")
def gelu_tanh_form():
    def backward(g, x):
        c = math.sqrt(2 / math.pi)
        t = np.tanh(c * (x + 0.044715 * x**3))
        return g * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * c * (1 + 3 * 0.044715 * x * x))
    return f.gelu_tanh, backward, some

@right("sigmoid", "in log space, by way of logaddexp")
def sigmoid_in_log_space():
    return sigmoid, lambda g, x: g * np.exp(-np.logaddexp(0, x) - np.logaddexp(0, -x)), some

@right("sigmoid", "as a hyperbolic secant")
def sigmoid_by_cosh():
    return sigmoid, lambda g, x: g / (2 * np.cosh(x / 2))**2, some

@right("sigmoid", "saturated: the gradient is zero to the last bit, or nearly")
def sigmoid_saturated():
    def inputs(rng):
        return (rng.choice([-800.0, -40, 40, 800], (4, 5)),)
    return sigmoid, lambda g, x: g * sigmoid(x) * (1 - sigmoid(x)), inputs

@right("tanh", "saturated")
def tanh_saturated():
    return f.tanh, lambda g, x: g * (1 - np.tanh(x)**2), lambda rng: (rng.choice([-50.0, -20, 0.3, 20, 50], (4, 5)),)

@right("tanh", "as a product")
def tanh_as_a_product():
    return f.tanh, lambda g, x: (1 - np.tanh(x)) * (1 + np.tanh(x)) * g, some

@right("relu", "a copy, and zeros written into the copy")
def relu_writes_into_a_copy():
    def backward(g, x):
        dx = g.copy()
        dx[x <= 0] = 0
        return dx
    return f.relu, backward, some

@right("relu", "inputs within 3e-6 of the kink", step=1e-8)
def relu_near_the_kink():
    def inputs(rng):
        return (rng.choice([-1, 1], (4, 5)) * rng.uniform(1e-6, 3e-6, (4, 5)),)
    return f.relu, lambda g, x: g * (x > 0), inputs

@right("absolute value", "inputs within 3e-6 of the kink", step=1e-8)
def absolute_near_the_kink():
    def inputs(rng):
        return (rng.choice([-1, 1], (4, 5)) * rng.uniform(1e-6, 3e-6, (4, 5)),)
    return f.absolute, lambda g, x: np.where(x > 0, g, -g), inputs

@right("relu", "dead: nothing is positive, the gradient is zero and should be")
def relu_dead():
    return f.relu, lambda g, x: g * (x > 0), draw(between(-2, -0.5, 4, 5))

@right("relu", "all positive: the gradient passes, and should")
def relu_all_positive():
    return f.relu, lambda g, x: g * (x > 0), some_positive

@right("identity", "a view comes out, g goes back as it is")
def identity_view():
    return lambda x: x[...], lambda g, x: g, some

@right("negate")
def negate():
    return lambda x: -x, lambda g, x: -g, some

@right("log", "d log x = exp(-log x)")
def log_by_exp():
    return f.log, lambda g, x: g * np.exp(-np.log(x)), some_positive

@right("exp", "an integer power by a float base")
def exp_by_power():
    return f.exp, lambda g, x: g * np.e**x, some

@right("round-trip", "log(exp(x)): the two derivatives cancel, so g passes")
def log_of_exp():
    return lambda x: np.log(np.exp(x)), lambda g, x: g, some

@right("step", "a gradient that is zero because the function is flat")
def step_function():
    return np.sign, lambda g, x: np.zeros_like(x), some

@right("scaled loss", "a loss scaled by 1e-6")
def scaled_tanh():
    return lambda x: 1e-6 * np.tanh(x).sum(), lambda g, x: 1e-6 * g * (1 - np.tanh(x)**2), some

@right("scaled loss", "a loss scaled by 1e6")
def scaled_up_sigmoid():
    return lambda x: 1e6 * sigmoid(x), lambda g, x: 1e6 * g * sigmoid(x) * sigmoid(-x), some

@right("mixed sizes", "one column is a million times the other")
def mixed_sizes():
    scale = np.array([1e-3, 1, 1e3])
    return lambda x: scale * x**3, lambda g, x: g * scale * 3 * x**2, draw(signed(4, 3))


@right("soft threshold")
def soft_threshold():
    def forward(x):
        return np.sign(x) * np.maximum(np.abs(x) - DELTA, 0)
    return forward, lambda g, x: g * (np.abs(x) > DELTA), draw(signed(4, 6))
