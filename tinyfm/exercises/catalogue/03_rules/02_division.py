"""The rule of a quotient

    y = a / b

The rule for a gets g and b.  The rule for b gets g, b and also y itself, under the name `out`: the engine can then let
go of a.
"""
import numpy as np


# CUT tinyfm.ops:divide.a as divide_a


# CUT tinyfm.ops:divide.b as divide_b


# CHECKS
from tinyfm.engine import gradients as pulled
from tinyfm.engine import tensor
from tinyfm.exercises.laws import agree, check, gradients, normal, same, swapped
from tinyfm.ops import divide, sum

minutes = 5
requires = ["product_rule"]
hints = [
    "Differentiate a / b with respect to b as you would a b^-1. Then look for a / b in what you get.",
    "For a: g / b.  For b: -g a / b^2 = -g y / b.",
    "return g / ...\nreturn -g * ... / ...",
]
after = """
A rule may be written with the inputs or with the result.  With the result it is often shorter (e^x: g y, sqrt: g / 2y,
tanh: g (1 - y^2)), and the engine keeps one array less.
"""
compare = ["tinyfm.ops:divide"]


@check
def both_rules_against_central_differences(student, rng):
    def backward(g, a, b): return student.divide_a(g, b), student.divide_b(g, b, a / b)
    gradients(backward, np.divide, normal(rng, 4, 3), 2 + rng.random((4, 3)))


@check
def negative_divisors_too(student, rng):
    g, a, b = normal(rng, 6), normal(rng, 6), -1 - rng.random(6)
    agree(student.divide_a, lambda g, b: g / b, (g, b))
    agree(student.divide_b, lambda g, b, out: -g * out / b, (g, b, a / b))


@check
def the_engine_runs_on_your_rules(student, rng):
    a, b = tensor(normal(rng, 3, 4), requires_grad=True), tensor(1 + rng.random(4), requires_grad=True)
    def loss(): return sum(a / b / b)
    truth = pulled(loss(), [a, b])
    with swapped(divide, a=student.divide_a, b=student.divide_b): same(pulled(loss(), [a, b]), truth)
    return "the engine differentiated sum(a / b / b) with your rules"


mistakes = {
    "The minus is missing: y falls when b grows": ("return -g * out / b", "return g * out / b"),
    "y = a / b holds one b already; dividing once more is enough": ("return -g * out / b", "return -g * out / b ** 2"),
    "g is multiplied by b, not divided": ("return g / b", "return g * b"),
    "The upstream gradient g is left out": ("return g / b", "return 1 / b + 0 * g"),
    "The factor 1 / b is left out": ("return -g * out / b", "return -g * out"),
    "The factor y is left out": ("return -g * out / b", "return -g / b"),
}
