"""One value at a time, and pairs of values."""
import numpy as np

from .. import bug, draw, mask, positive, signed
from ..forwards import (
    KEEP,
    SLOPE,
    absolute,
    clip,
    cube,
    divide,
    dropout,
    elu,
    exp,
    gelu,
    gelu_tanh,
    leaky_relu,
    log,
    log1p,
    maximum,
    minimum,
    multiply,
    normal_cdf,
    power,
    relu,
    sigmoid,
    silu,
    sin,
    softplus,
    softsign,
    sqrt,
    square,
    subtract,
    tanh,
    where,
)

dropped = draw(signed(4, 7), mask(4, 7))
branches = draw(mask(4, 7), signed(4, 7), signed(4, 7))


@bug("sigmoid", "y, the other half is lost", x="missing-factor")
def sigmoid_only_y():
    return sigmoid, lambda g, x: g * sigmoid(x), draw(signed(4, 5))

@bug("sigmoid", "y (y - 1)", x="wrong-sign")
def sigmoid_turned_round():
    return sigmoid, lambda g, x: g * sigmoid(x) * (sigmoid(x) - 1), draw(signed(4, 5))

@bug("sigmoid", "the local derivative is not multiplied with g", x="ignores-upstream | not-linear-in-upstream")
def sigmoid_local_derivative():
    return sigmoid, lambda g, x: sigmoid(x) * (1 - sigmoid(x)), draw(signed(4, 5))

@bug("tanh", "1 - x^2, handed its input where it expects its output", x="input-for-output")
def tanh_of_the_input():
    return tanh, lambda g, x: g * (1 - x * x), draw(signed(4, 5))

@bug("tanh", "the closure hands out.grad on, and 1 - y^2 was left for later", x="passes-through | missing-factor")
def tanh_stub():
    return tanh, lambda g, x: g, draw(signed(4, 5))

@bug("tanh", "the rule of sigmoid", x="unknown")
def tanh_rule_of_sigmoid():
    return tanh, lambda g, x: g * tanh(x) * (1 - tanh(x)), draw(signed(4, 5))

@bug("relu", "asks whether g is positive, not whether x is", x="not-linear-in-upstream")
def relu_mask_of_the_gradient():
    return relu, lambda g, x: g * (g > 0), draw(signed(5, 6))

@bug("relu", "returns the mask", x="ignores-upstream | not-linear-in-upstream")
def relu_mask_only():
    return relu, lambda g, x: (x > 0).astype(float), draw(signed(4, 5))

@bug("relu", "builds the mask in the input", x="modifies-input")
def relu_mask_in_the_input():
    def backward(g, x):
        x[x <= 0] = 0
        x[x > 0] = 1
        return g * x
    return relu, backward, draw(signed(4, 5))

@bug("relu", "np.where(x > 0, g, x): what forward does with x, tried on g", x="partial | not-linear-in-upstream")
def relu_keeps_negative_inputs():
    return relu, lambda g, x: np.where(x > 0, g, x), draw(signed(5, 8))

@bug("leaky relu", "the slope on the wrong side", x="unknown")
def leaky_relu_sides_exchanged():
    return leaky_relu, lambda g, x: g * np.where(x > 0, SLOPE, 1), draw(signed(4, 5))

@bug("leaky relu", "the slope is for negative gradients", x="not-linear-in-upstream")
def leaky_relu_of_the_gradient():
    return leaky_relu, lambda g, x: leaky_relu(g), draw(signed(5, 6))

@bug("leaky relu", "minus slope left of zero: |x| in the mind", x="partial | missing-factor")
def leaky_relu_negative_slope_negated():
    return leaky_relu, lambda g, x: g * np.where(x > 0, 1, -SLOPE), draw(signed(4, 5))

@bug("elu", "alpha is left out", x="partial")
def elu_alpha_is_one():
    return elu, lambda g, x: g * np.where(x > 0, 1, np.exp(np.minimum(x, 0))), draw(signed(4, 5))

@bug("elu", "alpha and e^x, on both sides of zero", x="partial")
def elu_without_a_mask():
    return elu, lambda g, x: g * SLOPE * np.exp(x), draw(signed(4, 5))

@bug("gelu", "x times a weight, the weight held fixed", x="missing-term")
def gelu_weight_held_fixed():
    return gelu, lambda g, x: g * normal_cdf(x), draw(signed(4, 5))

@bug("gelu", "the constants of the tanh form, rounded", x="low-precision")
def gelu_rounded_constants():
    def backward(g, x):
        t = np.tanh(0.797885 * (x + 0.044715 * x**3))
        return g * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * 0.797885 * (1 + 0.134145 * x * x))
    return gelu_tanh, backward, draw(signed(4, 5))

@bug("gelu", "the inner derivative of the cube is lost", x="missing-factor | missing-term")
def gelu_inner_cube():
    def backward(g, x):
        c = np.sqrt(2 / np.pi)
        t = np.tanh(c * (x + 0.044715 * x**3))
        return g * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * c)
    return gelu_tanh, backward, draw(signed(4, 5))

@bug("silu", "the second term alone", x="missing-term")
def silu_slope_of_the_gate():
    return silu, lambda g, x: g * x * sigmoid(x) * (1 - sigmoid(x)), draw(signed(4, 5))

@bug("silu", "x is missing in the second term", x="missing-factor")
def silu_second_term_without_x():
    def backward(g, x):
        s = sigmoid(x)
        return g * (s + s * (1 - s))
    return silu, backward, draw(signed(4, 5))

@bug("softplus", "e^x / (1 + e^x) is inf / inf on the right", x="nan | partial")
def softplus_overflows():
    def backward(g, x):
        with np.errstate(all="ignore"):
            return g * np.exp(x) / (1 + np.exp(x))
    return softplus, backward, lambda rng: (rng.permutation(np.r_[rng.uniform(-3, 3, 13), 750, -750, 1000, 40]),)

@bug("softsign", "right for positive inputs: |x| lost in the square", x="partial")
def softsign_of_positives():
    return softsign, lambda g, x: g / (1 + x)**2, draw(signed(4, 6))

@bug("exp", "the derivative of the exponential is the exponential, so g passes", x="passes-through | missing-factor")
def exp_passes():
    return exp, lambda g, x: g, draw(signed(4, 5))

@bug("exp", "the power rule: x e^(x-1)", x="unknown")
def exp_power_rule():
    return exp, lambda g, x: g * x * np.exp(x - 1), draw(signed(4, 5))

@bug("exp", "exponentiates the gradient", x="not-linear-in-upstream")
def exp_of_the_gradient():
    return exp, lambda g, x: np.exp(g) * exp(x), draw(signed(4, 5))

@bug("log", "1 / x without g", x="ignores-upstream | not-linear-in-upstream")
def log_without_upstream():
    return log, lambda g, x: 1 / x, draw(positive(4, 5))

@bug("log1p", "the one is forgotten", x="missing-term")
def log1p_as_log():
    return log1p, lambda g, x: g / x, draw(positive(4, 5))

@bug("sqrt", "the half of the exponent is lost", x="constant-factor")
def sqrt_without_half():
    return sqrt, lambda g, x: g / np.sqrt(x), draw(positive(4, 5))

@bug("sqrt", "multiplies with the root", x="unknown | missing-factor")
def sqrt_multiplies():
    return sqrt, lambda g, x: g * 0.5 * np.sqrt(x), draw(positive(4, 5))

@bug("square", "2 g, the x is lost", x="missing-factor")
def square_without_x():
    return square, lambda g, x: 2 * g, draw(signed(4, 5))

@bug("cube", "the exponent is not brought down", x="constant-factor")
def cube_without_three():
    return cube, lambda g, x: g * x**2, draw(signed(4, 5))

@bug("absolute value", "takes the absolute value of the gradient, too", x="not-linear-in-upstream")
def absolute_sign_of_the_gradient():
    return absolute, lambda g, x: np.abs(g) * np.sign(x), draw(signed(4, 5))

@bug("sin", "minus cos, confused with the other one", x="wrong-sign")
def sin_minus_cos():
    return sin, lambda g, x: -g * np.cos(x), draw(signed(4, 5))

@bug("clip", "only the upper bound is looked at", x="partial")
def clip_upper_bound_only():
    return clip, lambda g, x: g * (x < 0.8), draw(signed(5, 8))

@bug("clip", "values on the bound itself; both sides have a say", x="kink | partial")
def clip_on_the_bound():
    def inputs(rng):
        return (rng.permutation(np.r_[[-0.5, 0.8] * 4, rng.uniform(-2, 2, 13)]),)
    return clip, lambda g, x: g * ((x >= -0.5) & (x <= 0.8)), inputs

@bug("division", "divides by b once, not twice", b="missing-factor")
def division_by_b_once():
    return divide, lambda g, a, b: (g / b, -g * a / b), draw(signed(4, 5), positive(4, 5))

@bug("division", "numerator and denominator in the wrong places", b="unknown")
def division_upside_down():
    return divide, lambda g, a, b: (g / b, -g * b / a**2), draw(signed(4, 5), positive(4, 5))

@bug("division", "the numerator is a plain number once b is held fixed", a="passes-through | missing-factor")
def division_numerator_passes():
    return divide, lambda g, a, b: (g, -g * a / b**2), draw(signed(4, 5), positive(4, 5))

@bug("power", "the exponent's gradient without the logarithm", p="missing-factor")
def power_without_logarithm():
    return power, lambda g, x, p: (g * p * x**(p - 1), g * x**p), draw(positive(4, 5), positive(4, 5))

@bug("power", "the exponent is lowered, not brought down", x="missing-factor")
def power_not_brought_down():
    return power, lambda g, x, p: (g * x**(p - 1), g * x**p * np.log(x)), draw(positive(4, 5), positive(4, 5))

@bug("maximum", "equal operands, and both win", a="kink | partial", b="kink | partial")
def maximum_of_equals():
    def inputs(rng):
        a, b = rng.integers(3, size=(2, 5, 6)).astype(float)
        return a, b
    return maximum, lambda g, a, b: (g * (a >= b), g * (b >= a)), inputs

@bug("minimum", "the winner's gradient goes to the loser", a="other-argument", b="other-argument")
def minimum_of_the_other():
    return minimum, lambda g, a, b: (g * (a > b), g * (a < b)), draw(signed(4, 5), signed(4, 5))

@bug("maximum", "b is taken for the constant in max(x, 0)", b="zero")
def maximum_with_a_constant():
    return maximum, lambda g, a, b: (g * (a > b), np.zeros_like(b)), draw(signed(4, 5), signed(4, 5))

@bug("subtract", "the rule of add", b="wrong-sign")
def subtract_as_add():
    return subtract, lambda g, a, b: (g, g.sum(0)), draw(signed(7, 5), signed(5))

@bug("multiply", "the operand itself where the other one is due", a="other-argument", b="other-argument")
def multiply_own_operand():
    return multiply, lambda g, a, b: (g * a, g * b), draw(signed(4, 5), signed(4, 5))

@bug("multiply", "a row of scales, gradient per example", b="not-summed-over-broadcast | wrong-shape")
def multiply_row_not_summed():
    return multiply, lambda g, a, b: (g * b, g * a), draw(signed(7, 5), signed(5))

@bug("multiply", "both factors pass g on", a="passes-through | missing-factor", b="passes-through | missing-factor")
def multiply_as_add():
    return multiply, lambda g, a, b: (g, g), draw(signed(4, 5), signed(4, 5))

@bug("dropout", "rescales, but lets the dropped units learn", x="missing-factor | partial")
def dropout_without_mask():
    return dropout, lambda g, x, mask: (g / KEEP, None), dropped

@bug("dropout", "draws a new mask on the way back", x="unknown | partial")
def dropout_new_mask():
    rng = np.random.default_rng(5)
    return dropout, lambda g, x, mask: (g * (rng.random(x.shape) < KEEP) / KEEP, None), dropped

@bug("dropout", "scales by keep, not by its inverse", x="constant-factor")
def dropout_scaled_the_wrong_way():
    return dropout, lambda g, x, mask: (g * mask * KEEP, None), dropped

@bug("where", "the branches are exchanged", a="other-argument", b="other-argument")
def where_branches_exchanged():
    return where, lambda g, condition, a, b: (None, g * ~condition, g * condition), branches

@bug("where", "the branch not taken was never thought of", b="zero")
def where_second_branch_zero():
    return where, lambda g, condition, a, b: (None, g * condition, np.zeros_like(b)), branches

@bug("polynomial", "a x^2 + b x: the linear term is dropped", x="missing-term")
def polynomial_linear_term():
    def forward(x, a, b):
        return a * x**2 + b * x
    return forward, lambda g, x, a, b: (2 * g * a * x, g * x**2, g * x), draw(signed(4, 5), signed(4, 5), signed(4, 5))
