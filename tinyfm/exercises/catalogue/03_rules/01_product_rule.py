"""The rule of a product

The engine knows one rule for each argument of each op.  It takes g, the gradient of the loss with respect to the
result, and returns the gradient with respect to that argument.  This is the hole where the rules of y = a b used to be
(element by element).  A rule is handed just the values that it names.

    y = a b       a wiggle of a moves y by b times as much, so the gradient that arrives at y is ...
"""
import numpy as np


# CUT tinyfm.ops:multiply.a as multiply_a


# CUT tinyfm.ops:multiply.b as multiply_b


# CHECKS
from tinyfm.engine import gradients as pulled
from tinyfm.engine import tensor
from tinyfm.exercises.laws import agree, check, gradients, normal, same, swapped
from tinyfm.ops import multiply, square, sum

minutes = 5
hints = [
    "Hold b fixed. If a grows by 1, by how much does y = a b grow? The chain rule multiplies g by that.",
    r"\bar a = \bar y b and \bar b = \bar y a: each gets g times the OTHER one.",
    "return g * ...",
]
after = """
Each argument's gradient is g times the other argument.  That is why the engine must remember a and b between the
forward and the backward pass, and why a product of something with 0 stops every gradient.
"""
compare = ["tinyfm.ops:multiply"]


@check
def both_rules_against_central_differences(student, rng):
    def backward(g, a, b): return student.multiply_a(g, b), student.multiply_b(g, a)
    gradients(backward, np.multiply, normal(rng, 4, 3), normal(rng, 4, 3))


@check
def values(student, rng):
    g, other = normal(rng, 5), normal(rng, 5)
    agree(student.multiply_a, np.multiply, (g, other), (np.array(2.0), np.array(0.0)))
    agree(student.multiply_b, np.multiply, (g, other), (np.array(2.0), np.array(-3.0)))


@check
def the_engine_runs_on_your_rules(student, rng):
    a, b = tensor(normal(rng, 3, 4), requires_grad=True), tensor(normal(rng, 4), requires_grad=True)
    def loss(): return sum(square(a * b) * a)
    truth = pulled(loss(), [a, b])
    with swapped(multiply, a=student.multiply_a, b=student.multiply_b): mine = pulled(loss(), [a, b])
    same(mine, truth)
    return "the engine differentiated sum((a b)^2 a) with your rules"


mistakes = {
    "The upstream gradient g is ignored": ("return g * b", "return b + 0 * g"),
    "g is passed on as it is, without the factor b": ("return g * b", "return g"),
    "g is passed on as it is, without the factor a": ("return g * a", "return g"),
    "g is divided by b, not multiplied": ("return g * b", "return g / b"),
    "The sign is that of a difference": ("return g * a", "return -g * a"),
    "The sum rule, not the product rule": ("return g * a", "return g + a"),
}
