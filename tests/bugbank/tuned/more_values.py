"""One value at a time, and pairs of values: less common functions, and other mistakes with the common ones."""
import numpy as np

from .. import between, bug, draw, positive, signed
from ..forwards import (
    absolute,
    bell,
    clip,
    distance,
    divide,
    elu,
    gated,
    gelu,
    hard_sigmoid,
    hard_swish,
    hypot,
    lerp,
    log_sigmoid,
    logit,
    maximum,
    mish,
    multiply,
    normal_cdf,
    power,
    prelu,
    reciprocal,
    relu,
    scale,
    selu,
    sigmoid,
    silu,
    softplus,
    subtract,
    tanh,
    where,
)

two = draw(signed(4, 5), signed(4, 5))
wide = draw(between(-5, 5, 4, 6))


@bug("mish", "the gate is held fixed", x="missing-term")
def mish_gate_held_fixed():
    return mish, lambda g, x: g * np.tanh(softplus(x)), draw(signed(4, 5))

@bug("mish", "softplus inside tanh is not differentiated", x="missing-factor")
def mish_inner_slope():
    def backward(g, x):
        t = np.tanh(softplus(x))
        return g * (t + x * (1 - t * t))
    return mish, backward, draw(signed(4, 5))

@bug("selu", "the scale in front is lost", x="constant-factor")
def selu_without_scale():
    return selu, lambda g, x: g * np.where(x > 0, 1, 1.67326 * np.exp(x)), draw(signed(4, 5))

@bug("selu", "alpha is lost on the left", x="partial")
def selu_without_alpha():
    return selu, lambda g, x: g * 1.0507 * np.where(x > 0, 1, np.exp(np.minimum(x, 0))), draw(signed(4, 5))

@bug("hard swish", "the gate is held fixed", x="missing-term | partial")
def hard_swish_gate_held_fixed():
    return hard_swish, lambda g, x: g * hard_sigmoid(x), wide

@bug("hard swish", "the ends are forgotten: the slope of the middle everywhere", x="partial")
def hard_swish_without_ends():
    return hard_swish, lambda g, x: g * (x / 3 + 0.5), wide

@bug("log-sigmoid", "d log s = 1 / s, and s itself is not differentiated", x="missing-factor")
def log_sigmoid_outer_only():
    return log_sigmoid, lambda g, x: g / sigmoid(x), draw(signed(4, 5))

@bug("log-sigmoid", "sigmoid(x), the rule of softplus", x="unknown")
def log_sigmoid_as_softplus():
    return log_sigmoid, lambda g, x: g * sigmoid(x), draw(signed(4, 5))

@bug("arctan", "in terms of the output", x="unknown")
def arctan_of_the_output():
    return np.arctan, lambda g, x: g / (1 + np.arctan(x)**2), draw(signed(4, 5))

@bug("arctan", "1 - x^2 below, as for its hyperbolic sister", x="unknown")
def arctan_as_artanh():
    return np.arctan, lambda g, x: g / (1 - x * x), draw(signed(4, 5))

@bug("cosh", "minus sinh, out of the habit of cos", x="wrong-sign")
def cosh_minus_sinh():
    return np.cosh, lambda g, x: -g * np.sinh(x), draw(signed(4, 5))

@bug("sinh", "returns cosh(x) alone", x="ignores-upstream | not-linear-in-upstream")
def sinh_bare():
    return np.sinh, lambda g, x: np.cosh(x), draw(signed(4, 5))

@bug("tan", "1 / cos, not squared", x="missing-factor")
def tan_not_squared():
    return np.tan, lambda g, x: g / np.cos(x), draw(between(-1.2, 1.2, 4, 5))

@bug("arcsin", "the sign of arccos", x="wrong-sign")
def arcsin_as_arccos():
    return np.arcsin, lambda g, x: -g / np.sqrt(1 - x * x), draw(between(-0.9, 0.9, 4, 5))

@bug("arcsin", "the square root is forgotten", x="missing-factor")
def arcsin_without_the_root():
    return np.arcsin, lambda g, x: g / (1 - x * x), draw(between(-0.9, 0.9, 4, 5))

@bug("expm1", "the output is the derivative of exp, not of exp - 1", x="missing-term")
def expm1_of_the_output():
    return np.expm1, lambda g, x: g * np.expm1(x), draw(signed(4, 5))

@bug("exp2", "the logarithm of two is lost", x="constant-factor")
def exp2_as_exp():
    return np.exp2, lambda g, x: g * 2**x, draw(signed(4, 5))

@bug("exp2", "ln 2 to three digits", x="low-precision | constant-factor")
def exp2_rounded_logarithm():
    return np.exp2, lambda g, x: g * 0.693 * 2**x, draw(signed(4, 5))

@bug("bell", "the inner derivative is lost", x="missing-factor")
def bell_without_inner():
    return bell, lambda g, x: g * bell(x), draw(signed(4, 5))

@bug("bell", "the minus of the exponent is lost", x="wrong-sign")
def bell_without_minus():
    return bell, lambda g, x: g * x * bell(x), draw(signed(4, 5))

@bug("logit", "one over the odds' denominator is left out: 1 / p", p="missing-term | missing-factor")
def logit_as_log():
    return logit, lambda g, p: g / p, draw(between(0.1, 0.9, 4, 5))

@bug("logit", "multiplies with p (1 - p), the slope of the inverse function", p="unknown | missing-factor")
def logit_inverted():
    return logit, lambda g, p: g * p * (1 - p), draw(between(0.1, 0.9, 4, 5))

@bug("reciprocal", "-g / x", x="missing-factor")
def reciprocal_not_squared():
    return reciprocal, lambda g, x: -g / x, draw(signed(4, 5))

@bug("reciprocal", "y^2, the minus forgotten", x="wrong-sign")
def reciprocal_without_minus_by_output():
    return reciprocal, lambda g, x: g * reciprocal(x)**2, draw(positive(4, 5))

@bug("reciprocal", "the output's rule handed the input: -x^2", x="input-for-output")
def reciprocal_of_the_input():
    return reciprocal, lambda g, x: -g * x * x, draw(signed(4, 5))

@bug("sigmoid", "s - s without the square: everything cancels", x="zero")
def sigmoid_cancels():
    def backward(g, x):
        s = sigmoid(x)
        return g * (s - s)
    return sigmoid, backward, draw(signed(4, 5))

@bug("sigmoid", "tanh's rule, 1 - s^2", x="unknown | missing-factor")
def sigmoid_rule_of_tanh():
    return sigmoid, lambda g, x: g * (1 - sigmoid(x)**2), draw(signed(4, 5))

@bug("tanh", "(e^x - e^-x) / (e^x + e^-x) overflows far out", x="nan | partial")
def tanh_overflows():
    def backward(g, x):
        with np.errstate(all="ignore"):
            y = (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))
        return g * (1 - y * y)
    return tanh, backward, lambda rng: (rng.permutation(np.r_[rng.uniform(-3, 3, 13), 800, -900, 3]),)

@bug("relu", "x > 1: the threshold of another exercise", x="partial")
def relu_threshold_of_one():
    return relu, lambda g, x: g * (x > 1), draw(signed(5, 8))

@bug("relu", "the mask's complement", x="unknown")
def relu_mask_negated():
    return relu, lambda g, x: g * (x < 0), draw(signed(5, 8))

@bug("softplus", "the gradient of relu, which it smooths", x="unknown")
def softplus_as_relu():
    return softplus, lambda g, x: g * (x > 0), draw(signed(4, 5))

@bug("softplus", "sigmoid of the output", x="unknown")
def softplus_sigmoid_of_the_output():
    return softplus, lambda g, x: g * sigmoid(softplus(x)), draw(signed(4, 5))

@bug("elu", "in terms of y: y + 1 where y + alpha is due", x="partial")
def elu_output_plus_one():
    return elu, lambda g, x: g * np.where(x > 0, 1, elu(x) + 1), draw(signed(4, 5))

@bug("hard sigmoid", "the ends are forgotten: 1/6 everywhere", x="partial | missing-factor")
def hard_sigmoid_without_ends():
    return hard_sigmoid, lambda g, x: g / 6, wide

@bug("hard sigmoid", "the mask without the slope", x="constant-factor")
def hard_sigmoid_without_slope():
    return hard_sigmoid, lambda g, x: g * (np.abs(x) < 3), wide

@bug("gelu", "the density without the half in its exponent", x="unknown")
def gelu_density_too_narrow():
    def backward(g, x):
        return g * (normal_cdf(x) + x * np.exp(-x * x) / np.sqrt(2 * np.pi))
    return gelu, backward, draw(signed(4, 5))

@bug("silu", "1 - y where 1 - s is due", x="unknown")
def silu_output_for_the_gate():
    def backward(g, x):
        s = sigmoid(x)
        return g * s * (1 + x * (1 - x * s))
    return silu, backward, draw(signed(4, 5))

@bug("silu", "the rule of sigmoid", x="unknown | missing-term")
def silu_rule_of_sigmoid():
    return silu, lambda g, x: g * sigmoid(x) * (1 - sigmoid(x)), draw(signed(4, 5))

@bug("clip", "clips the gradient, not the input", x="not-linear-in-upstream")
def clip_the_gradient():
    return clip, lambda g, x: np.clip(g, -0.5, 0.8), draw(signed(5, 8))

@bug("clip", "passes everything", x="passes-through | partial | missing-factor")
def clip_passes():
    return clip, lambda g, x: g, draw(signed(5, 8))

@bug("absolute value", "x itself, not its sign", x="missing-factor | input-for-output")
def absolute_times_x():
    return absolute, lambda g, x: g * x, draw(signed(4, 5))

@bug("prelu", "the slope is learned on both sides", slope="missing-factor")
def prelu_slope_without_mask():
    def backward(g, x, slope):
        return g * np.where(x > 0, 1, slope), (g * x).sum(0)
    return prelu, backward, draw(signed(7, 5), positive(5))

@bug("prelu", "relu for the input", x="partial | missing-term")
def prelu_input_as_relu():
    def backward(g, x, slope):
        return g * (x > 0), (g * np.minimum(x, 0)).sum(0)
    return prelu, backward, draw(signed(7, 5), positive(5))

@bug("prelu", "one slope for all in the student's head: the sum runs over everything", slope="wrong-shape")
def prelu_slope_summed_to_a_number():
    def backward(g, x, slope):
        return g * np.where(x > 0, 1, slope), (g * np.minimum(x, 0)).sum()
    return prelu, backward, draw(signed(7, 5), positive(5))

@bug("logaddexp", "each gets the other's weight", a="other-argument", b="other-argument")
def logaddexp_exchanged():
    return np.logaddexp, lambda g, a, b: (g * sigmoid(b - a), g * sigmoid(a - b)), two

@bug("logaddexp", "e^a, never divided by the sum", a="missing-factor", b="missing-factor")
def logaddexp_not_divided():
    return np.logaddexp, lambda g, a, b: (g * np.exp(a), g * np.exp(b)), two

@bug("hypot", "the root is not differentiated", a="missing-factor", b="missing-factor")
def hypot_of_squares():
    return hypot, lambda g, a, b: (g * a, g * b), two

@bug("hypot", "two a over the root: the half of the root's rule is lost", a="constant-factor", b="constant-factor")
def hypot_twice():
    return hypot, lambda g, a, b: (2 * g * a / hypot(a, b), 2 * g * b / hypot(a, b)), two

@bug("gated", "the gate lets the gradient of a pass in full", a="passes-through | missing-factor")
def gated_value_passes():
    return gated, lambda g, a, b: (g, g * a * sigmoid(b) * sigmoid(-b)), two

@bug("gated", "the gate is not squashed on the way back", b="missing-factor | other-argument")
def gated_gate_not_squashed():
    return gated, lambda g, a, b: (g * sigmoid(b), g * a), two

@bug("gated", "value and gate come back in the wrong order", a="other-argument", b="other-argument")
def gated_exchanged():
    return gated, lambda g, a, b: (g * a * sigmoid(b) * sigmoid(-b), g * sigmoid(b)), two

@bug("lerp", "the ends are exchanged", a="other-argument", b="other-argument")
def lerp_ends_exchanged():
    inputs = draw(signed(4, 5), signed(4, 5), signed(4, 5))
    return lerp, lambda g, a, b, t: (g * t, g * (1 - t), g * (b - a)), inputs

@bug("lerp", "a - b", t="wrong-sign")
def lerp_weight_turned_round():
    inputs = draw(signed(4, 5), signed(4, 5), signed(4, 5))
    return lerp, lambda g, a, b, t: (g * (1 - t), g * t, g * (a - b)), inputs

@bug("lerp", "a + ... passes g on; its second use is forgotten", a="missing-term | passes-through | missing-factor")
def lerp_second_use():
    inputs = draw(signed(4, 5), signed(4, 5), signed(4, 5))
    return lerp, lambda g, a, b, t: (g, g * t, g * (b - a)), inputs

@bug("division", "multiplies with b", a="unknown | missing-factor")
def division_multiplies():
    return divide, lambda g, a, b: (g * b, -g * a / b**2), two

@bug("division", "a row of scales, and the minus and the sum are forgotten",
     b="not-summed-over-broadcast | wrong-shape | wrong-sign")
def division_row_without_minus_and_sum():
    return divide, lambda g, a, b: (g / b, g * a / b**2), draw(signed(7, 5), positive(5))

@bug("power", "p x^p: the exponent is not lowered", x="missing-factor")
def power_not_lowered():
    return power, lambda g, x, p: (g * p * x**p, g * x**p * np.log(x)), draw(positive(4, 5), positive(4, 5))

@bug("power", "log p where log x is due", p="unknown")
def power_logarithm_of_the_exponent():
    return power, lambda g, x, p: (g * p * x**(p - 1), g * x**p * np.log(p)), draw(positive(4, 5), positive(4, 5))

@bug("maximum", "half of g for each", a="unknown", b="unknown")
def maximum_halves():
    return maximum, lambda g, a, b: (g / 2, g / 2), two

@bug("maximum", "both get everything", a="passes-through | missing-factor | partial",
     b="passes-through | missing-factor | partial")
def maximum_both():
    return maximum, lambda g, a, b: (g, g), two

@bug("multiply", "a row, averaged over the batch", b="mean-for-sum-over-broadcast")
def multiply_row_averaged():
    return multiply, lambda g, a, b: (g * b, (g * a).mean(0)), draw(signed(7, 5), signed(5))

@bug("multiply", "a row: g is summed, and a is lost", b="missing-factor | passes-through")
def multiply_row_without_a():
    return multiply, lambda g, a, b: (g * b, g.sum(0)), draw(signed(7, 5), signed(5))

@bug("multiply", "a column of scales, summed over the batch", b="wrong-axis | wrong-shape")
def multiply_column_summed_over_the_batch():
    return multiply, lambda g, a, b: (g * b, (g * a).sum(0)[:, None]), draw(signed(5, 5), signed(5, 1))

@bug("multiply", "a row: sums g and a apart, then multiplies", b="unknown")
def multiply_row_sums_apart():
    return multiply, lambda g, a, b: (g * b, g.sum(0) * a.sum(0)), draw(signed(7, 5), signed(5))

@bug("subtract", "the minus and a mean: two at once",
     b="wrong-sign | mean-for-sum-over-broadcast | extra-1/N")
def subtract_row_averaged_without_minus():
    return subtract, lambda g, a, b: (g, g.mean(0)), draw(signed(7, 5), signed(5))

@bug("scale", "the input is not scaled", x="passes-through | missing-factor")
def scale_input_passes():
    return scale, lambda g, x, s: (g, (g * x).sum()), draw(signed(4, 5), signed())

@bug("scale", "x alone is summed, g not asked", s="ignores-upstream | not-linear-in-upstream")
def scale_sum_of_x():
    return scale, lambda g, x, s: (g * s, x.sum()), draw(signed(4, 5), signed())

@bug("where", "a number fills the gaps; its gradient is not summed", b="not-summed-over-broadcast | wrong-shape")
def where_number_not_summed():
    inputs = draw(lambda rng: rng.permutation(np.arange(28) % 3 > 0).reshape(4, 7), signed(4, 7), signed())
    return where, lambda g, condition, a, b: (None, g * condition, g * ~condition), inputs

@bug("where", "everything passes on both sides", a="passes-through | missing-factor | partial",
     b="passes-through | missing-factor | partial")
def where_both_pass():
    inputs = draw(lambda rng: rng.permutation(np.arange(28) % 3 > 0).reshape(4, 7), signed(4, 7), signed(4, 7))
    return where, lambda g, condition, a, b: (None, g, g), inputs

@bug("distance", "the length is not divided by", a="missing-factor", b="missing-factor")
def distance_not_divided():
    def backward(g, a, b):
        da = g[:, None] * (a - b)
        return da, -da
    return distance, backward, two

@bug("distance", "both ends are pulled the same way", b="wrong-sign | other-argument")
def distance_same_for_both():
    def backward(g, a, b):
        da = (g / distance(a, b))[:, None] * (a - b)
        return da, da
    return distance, backward, two

@bug("polynomial", "the square's two is lost in the first term", x="unknown")
def polynomial_without_two():
    def forward(x, a, b):
        return a * x**2 + b * x
    return forward, lambda g, x, a, b: (g * (a * x + b), g * x**2, g * x), draw(*[signed(4, 5)] * 3)
