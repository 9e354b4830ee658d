"""One value at a time, and pairs of values."""
import numpy as np

from .. import between, bug, draw, mask, positive, signed
from ..forwards import (
    DELTA,
    KEEP,
    SLOPE,
    absolute,
    clip,
    cos,
    cube,
    divide,
    dropout,
    elu,
    exp,
    gelu,
    hard_sigmoid,
    leaky_relu,
    log,
    log2,
    maximum,
    multiply,
    normal_cdf,
    normal_density,
    power,
    prelu,
    reciprocal,
    relu,
    scale,
    sigmoid,
    silu,
    softplus,
    softsign,
    sqrt,
    square,
    tanh,
    where,
)

dropped = draw(signed(4, 6), mask(4, 6))


@bug("sigmoid", "y (1 - y) with the layer's input for y", x="input-for-output")
def sigmoid_of_the_input():
    return sigmoid, lambda g, x: g * x * (1 - x), draw(signed(4, 5))

@bug("sigmoid", "half of y (1 - y)", x="missing-factor")
def sigmoid_one_minus_y():
    return sigmoid, lambda g, x: g * (1 - sigmoid(x)), draw(signed(4, 5))

@bug("sigmoid", "the layer was added to the network and its backward left as a stub",
     x="passes-through | missing-factor")
def sigmoid_stub():
    return sigmoid, lambda g, x: g, draw(signed(4, 5))

@bug("sigmoid", "e^-x / (1 + e^-x)^2 is inf / inf far out on the left", x="nan | partial")
def sigmoid_overflows():
    def backward(g, x):
        with np.errstate(all="ignore"):
            return g * np.exp(-x) / (1 + np.exp(-x))**2
    return sigmoid, backward, lambda rng: (rng.permutation(np.r_[rng.uniform(-2, 2, 15), -800, 800, -1000, 30]),)

@bug("sigmoid", "one number for the whole upstream gradient: right when it is all ones", x="unknown")
def sigmoid_mean_upstream():
    return sigmoid, lambda g, x: g.mean() * sigmoid(x) * (1 - sigmoid(x)), draw(signed(4, 5))

@bug("tanh", "forgets the square", x="missing-factor")
def tanh_without_the_square():
    return tanh, lambda g, x: g * (1 - tanh(x)), draw(signed(4, 5))

@bug("tanh", "y^2 - 1", x="wrong-sign")
def tanh_turned_round():
    return tanh, lambda g, x: g * (tanh(x)**2 - 1), draw(signed(4, 5))

@bug("tanh", "computed in float32 to save memory", x="low-precision")
def tanh_in_single_precision():
    return tanh, lambda g, x: g * (1 - tanh(x.astype(np.float32))**2), draw(signed(4, 5))

@bug("relu", "the mask is applied on the way forward only", x="passes-through | missing-factor | partial")
def relu_without_mask():
    return relu, lambda g, x: g, draw(signed(4, 5))

@bug("relu", "zeroes the side that should stay", x="unknown")
def relu_mask_inverted():
    return relu, lambda g, x: np.where(x > 0, 0, g), draw(signed(4, 5))

@bug("relu", "zeroes the incoming gradient in place: right, and somebody else's array is gone", g="modifies-input")
def relu_in_place():
    def backward(g, x):
        g[x < 0] = 0
        return g
    return relu, backward, draw(signed(4, 5))

@bug("relu", "x >= 0, on pictures that are half zeros", x="kink | partial")
def relu_at_zero():
    return relu, lambda g, x: g * (x >= 0), lambda rng: (rng.permutation(np.r_[np.zeros(7), rng.uniform(-1, 1, 13)]),)

@bug("relu", "clips the gradient as forward clips the value, a second relu", x="not-linear-in-upstream")
def relu_of_the_gradient():
    return relu, lambda g, x: relu(g) * (x > 0), draw(signed(5, 6))

@bug("leaky relu", "left over from relu: nothing leaks", x="partial")
def leaky_relu_does_not_leak():
    return leaky_relu, lambda g, x: g * (x > 0), draw(signed(4, 5))

@bug("leaky relu", "copies the forward line, x and all", x="partial")
def leaky_relu_forward_line():
    return leaky_relu, lambda g, x: g * np.where(x > 0, 1, SLOPE * x), draw(signed(4, 5))

@bug("elu", "uses y where y + alpha is due", x="partial | missing-term")
def elu_without_alpha_added():
    return elu, lambda g, x: g * np.where(x > 0, 1, elu(x)), draw(signed(4, 5))

@bug("gelu", "the density is not multiplied by x", x="missing-factor")
def gelu_density_without_x():
    return gelu, lambda g, x: g * (normal_cdf(x) + normal_density(x)), draw(signed(4, 5))

@bug("gelu", "the derivative of the logistic approximation, for the exact forward", x="unknown")
def gelu_logistic_derivative():
    def backward(g, x):
        s = sigmoid(1.702 * x)
        return g * (s + 1.702 * x * s * (1 - s))
    return gelu, backward, draw(signed(4, 5))

@bug("gelu", "only the second half of the product rule", x="missing-term")
def gelu_density_only():
    return gelu, lambda g, x: g * x * normal_density(x), draw(signed(4, 5))

@bug("silu", "holds the gate fixed", x="missing-term")
def silu_gate_held_fixed():
    return silu, lambda g, x: g * sigmoid(x), draw(signed(4, 5))

@bug("softplus", "differentiates once too often", x="unknown")
def softplus_second_derivative():
    return softplus, lambda g, x: g * sigmoid(x) * (1 - sigmoid(x)), draw(signed(4, 5))

@bug("softsign", "1 / (1 + |x|), the square forgotten", x="missing-factor")
def softsign_without_the_square():
    return softsign, lambda g, x: g / (1 + np.abs(x)), draw(signed(4, 5))

@bug("hard sigmoid", "the slope 1/6 outside the saturated parts is left out", x="constant-factor")
def hard_sigmoid_slope_one():
    return hard_sigmoid, lambda g, x: g * (np.abs(x) < 3), draw(between(-5, 5, 4, 5))

@bug("exp", "remembers 'times the value' but takes the wrong value", x="input-for-output")
def exp_times_x():
    return exp, lambda g, x: g * x, draw(signed(4, 5))

@bug("exp", "returns the local derivative, not its product with g", x="ignores-upstream | not-linear-in-upstream")
def exp_local_derivative():
    return exp, lambda g, x: exp(x), draw(signed(4, 5))

@bug("log", "multiplies where it should divide", x="unknown | missing-factor")
def log_multiplies():
    return log, lambda g, x: g * x, draw(positive(4, 5))

@bug("log", "guards the division with an epsilon that forward has not", x="low-precision")
def log_guarded():
    return log, lambda g, x: g / (x + 1e-6), draw(positive(4, 5))

@bug("log2", "the rule of the natural logarithm", x="constant-factor")
def log2_as_natural():
    return log2, lambda g, x: g / x, draw(positive(4, 5))

@bug("sqrt", "1 / (2 sqrt(x)) with x for sqrt(x)", x="input-for-output | missing-factor")
def sqrt_of_the_input():
    return sqrt, lambda g, x: g / (2 * x), draw(positive(4, 5))

@bug("square", "x * x as a product of two things, one of them constant",
     x="constant-factor | missing-term | overwrites-instead-of-accumulates")
def square_used_once():
    return square, lambda g, x: g * x, draw(signed(4, 5))

@bug("cube", "three quarters of the power rule: 3 x", x="missing-factor")
def cube_one_power_short():
    return cube, lambda g, x: g * 3 * x, draw(signed(4, 5))

@bug("absolute value", "right for positive inputs", x="passes-through | partial | missing-factor")
def absolute_of_positives():
    return absolute, lambda g, x: g, draw(signed(4, 5))

@bug("absolute value", "x >= 0 decides, and many inputs are zero", x="kink | partial")
def absolute_at_zero():
    return absolute, lambda g, x: np.where(x >= 0, g, -g), lambda rng: (np.round(rng.standard_normal((5, 6))),)

@bug("reciprocal", "-y for -y^2", x="missing-factor")
def reciprocal_one_power_short():
    return reciprocal, lambda g, x: -g / x, draw(positive(4, 5))

@bug("cos", "the derivative of cos is sin", x="wrong-sign")
def cos_without_minus():
    return cos, lambda g, x: g * np.sin(x), draw(signed(4, 5))

@bug("clip", "clipping is taken for a matter of the forward pass", x="passes-through | missing-factor | partial")
def clip_lets_everything_through():
    return clip, lambda g, x: g, draw(signed(4, 5))

@bug("division", "the quotient rule without its minus", b="wrong-sign")
def division_without_minus():
    return divide, lambda g, a, b: (g / b, g * a / b**2), draw(signed(4, 5), positive(4, 5))

@bug("division", "d(1/b), with the numerator gone", b="missing-factor")
def division_without_numerator():
    return divide, lambda g, a, b: (g / b, -g / b**2), draw(signed(4, 5), positive(4, 5))

@bug("division", "divides rows by a row of scales and returns a matrix of gradients",
     b="not-summed-over-broadcast | wrong-shape")
def division_by_a_row():
    return divide, lambda g, a, b: (g / b, -g * a / b**2), draw(signed(4, 5), positive(5))

@bug("cube", "brings the exponent down and does not lower it", x="missing-factor")
def cube_exponent_not_lowered():
    return cube, lambda g, x: g * 3 * x**3, draw(signed(4, 5))

@bug("cube", "lowers the exponent before it brings it down", x="constant-factor")
def cube_lowered_twice():
    return cube, lambda g, x: g * 2 * x**2, draw(signed(4, 5))

@bug("power", "x^p log(x), and zero is among the bases, which are counts", p="nan | partial")
def power_log_of_zero():
    def backward(g, x, p):
        with np.errstate(all="ignore"):
            return None, g * x**p * np.log(x)
    return power, backward, draw(lambda rng: rng.permutation(np.arange(20) % 4).reshape(4, 5), positive(4, 5))

@bug("power", "the exponent is a setting and gets zeros", p="zero")
def power_exponent_zero():
    return power, lambda g, x, p: (g * p * x**(p - 1), np.zeros_like(p)), draw(positive(4, 5), positive(4, 5))

@bug("prelu", "the slope is taken for a constant, as in leaky relu", slope="zero")
def prelu_slope_zero():
    inputs = draw(signed(7, 5), positive(5))
    return prelu, lambda g, x, slope: (g * np.where(x > 0, 1, slope), np.zeros_like(slope)), inputs

@bug("prelu", "one slope for each unit, one gradient for each value", slope="not-summed-over-broadcast | wrong-shape")
def prelu_slope_not_summed():
    inputs = draw(signed(7, 5), positive(5))
    return prelu, lambda g, x, slope: (g * np.where(x > 0, 1, slope), g * np.minimum(x, 0)), inputs

@bug("prelu", "positive inputs count for the slope as well", slope="missing-factor")
def prelu_slope_of_all():
    return prelu, lambda g, x, slope: (g * np.where(x > 0, 1, slope), (g * x).sum(0)), draw(signed(7, 5), positive(5))

@bug("maximum", "both get the gradient",
     a="passes-through | missing-factor | partial", b="passes-through | missing-factor | partial")
def maximum_to_both():
    return maximum, lambda g, a, b: (g, g), draw(signed(4, 5), signed(4, 5))

@bug("multiply", "a column of gates, and the other factor is forgotten in its gradient",
     b="missing-factor | passes-through")
def multiply_gate_without_operand():
    return multiply, lambda g, a, b: (g * b, g.sum(1, keepdims=True)), draw(signed(4, 5), signed(4, 1))

@bug("scale", "the scale is one number, its gradient is not", s="not-summed-over-broadcast | wrong-shape")
def multiply_by_a_learned_number():
    return scale, lambda g, x, s: (g * s, g * x), draw(signed(4, 5), signed())

@bug("dropout", "the mask comes back, its 1/keep does not", x="constant-factor")
def dropout_not_rescaled():
    return dropout, lambda g, x, mask: (g * mask, None), dropped

@bug("dropout", "rescales twice", x="constant-factor")
def dropout_rescaled_twice():
    return dropout, lambda g, x, mask: (g * mask / KEEP / KEEP, None), dropped

@bug("dropout", "behaves as in evaluation", x="passes-through | missing-factor")
def dropout_as_in_evaluation():
    return dropout, lambda g, x, mask: (g, None), dropped

@bug("where", "both branches get the gradient",
     a="passes-through | missing-factor | partial", b="passes-through | missing-factor | partial")
def where_to_both():
    return where, lambda g, condition, a, b: (None, g, g), draw(mask(4, 6), signed(4, 6), signed(4, 6))

@bug("soft threshold", "the shrunk value is zero in the middle, its gradient is not",
     x="passes-through | missing-factor | partial")
def soft_threshold_passes():
    def forward(x):
        return np.sign(x) * relu(np.abs(x) - DELTA)
    return forward, lambda g, x: g, draw(signed(4, 6))
