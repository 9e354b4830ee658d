"""Two operands, value by value."""
import numpy as np

from .. import between, draw, positive, right, signed
from .. import forwards as f
from ..forwards import KEEP, row_norm

two = draw(signed(4, 5), signed(4, 5))
two_positive = draw(positive(4, 5), positive(4, 5))

@right("add", "the same array for both: two names for one gradient")
def add_aliased():
    return f.add, lambda g, a, b: (g, g), two

@right("add", "a row is added")
def add_row():
    return f.add, lambda g, a, b: (g, g.sum(0)), draw(signed(7, 5), signed(5))

@right("add", "a column plus a row")
def add_outer():
    return f.add, lambda g, a, b: (g.sum(1, keepdims=True), g.sum(0, keepdims=True)), draw(signed(4, 1), signed(1, 5))

@right("add", "one number, summed to shape ()")
def add_number():
    return f.add, lambda g, a, b: (g, g.sum()), draw(signed(4, 5), signed())

@right("add", "a leading axis is missing, and one of length one")
def add_leading_and_inner_axis():
    return f.add, lambda g, a, b: (g, g.sum((0, 2))[:, None]), draw(signed(6, 4, 5), signed(4, 1))

@right("subtract")
def subtract_plain():
    return f.subtract, lambda g, a, b: (g, -g.sum(0)), draw(signed(7, 5), signed(5))

@right("multiply")
def multiply_plain():
    return f.multiply, lambda g, a, b: (g * b, g * a), two

@right("multiply", "a row of scales, by einsum")
def multiply_row():
    return f.multiply, lambda g, a, b: (g * b, np.einsum("ij,ij->j", g, a)), draw(signed(7, 5), signed(5))

@right("scale", "by one number")
def scale_plain():
    return f.scale, lambda g, x, s: (g * s, (g * x).sum()), draw(signed(4, 5), signed())

@right("division")
def division_plain():
    return f.divide, lambda g, a, b: (g / b, -g * a / b**2), draw(signed(4, 5), positive(4, 5))

@right("division", "by a row, with the quotient itself")
def division_by_a_row():
    return f.divide, lambda g, a, b: (g / b, -(g * (a / b) / b).sum(0)), draw(signed(4, 5), positive(5))

@right("power")
def power_plain():
    return f.power, lambda g, x, p: (g * p * x**(p - 1), g * x**p * np.log(x)), two_positive

@right("power", "an integer exponent gets no gradient")
def power_integer_exponent():
    inputs = draw(signed(4, 5), lambda rng: rng.integers(1, 5, (4, 5)))
    return f.power, lambda g, x, p: (g * p * x**(p - 1), None), inputs

@right("maximum")
def maximum_plain():
    return f.maximum, lambda g, a, b: (g * (a > b), g * (a <= b)), two

@right("minimum")
def minimum_plain():
    return f.minimum, lambda g, a, b: (np.where(a < b, g, 0), np.where(a < b, 0, g)), two

@right("where", "a boolean argument gets no gradient")
def where_plain():
    return f.where, lambda g, condition, a, b: (None, g * condition, g * ~condition), draw(
        lambda rng: rng.random((4, 5)) < 0.5, signed(4, 5), signed(4, 5))

@right("dropout", "a boolean mask")
def dropout_plain():
    inputs = draw(signed(4, 5), lambda rng: rng.random((4, 5)) < KEEP)
    return f.dropout, lambda g, x, mask: (g * mask / KEEP, None), inputs

@right("dropout", "a mask of floats may have its gradient, too")
def dropout_float_mask():
    return f.dropout, lambda g, x, mask: (g * mask / KEEP, g * x / KEEP), draw(signed(4, 5), between(0, 1, 4, 5))

@right("polynomial")
def polynomial():
    def forward(x, a, b):
        return a * x**2 + b * x
    return forward, lambda g, x, a, b: (g * (2 * a * x + b), g * x * x, g * x), draw(*[signed(4, 5)] * 3)

@right("dot product")
def dot_plain():
    return f.dot, lambda g, a, b: (g[:, None] * b, g[:, None] * a), draw(signed(6, 5), signed(6, 5))

@right("cosine similarity")
def cosine_plain():
    def backward(g, a, b):
        p, q = row_norm(a)[:, None], row_norm(b)[:, None]
        unit_a, unit_b, y = a / p, b / q, f.cosine_similarity(a, b)[:, None]
        return g[:, None] * (unit_b - y * unit_a) / p, g[:, None] * (unit_a - y * unit_b) / q
    return f.cosine_similarity, backward, draw(signed(6, 4), signed(6, 4))

@right("outer product")
def outer_plain():
    return f.outer, lambda g, a, b: (g @ b, a @ g), draw(signed(4), signed(5))


@right("prelu")
def prelu_plain():
    def backward(g, x, slope):
        return g * np.where(x > 0, 1, slope), (g * np.minimum(x, 0)).sum(0)
    return f.prelu, backward, draw(signed(7, 5), positive(5))
