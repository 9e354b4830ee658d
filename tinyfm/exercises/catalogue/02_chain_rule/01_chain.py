"""The chain rule, in numbers

f1 is applied to x, f2 to its result, and so on:  y = f3(f2(f1(x))).  If you know each function and its slope, you know
the slope of the whole:

    dy/dx = f3'(x2) f2'(x1) f1'(x0),    x0 = x, x1 = f1(x0), x2 = f2(x1), ...

Each slope is taken at the number that its function received, not at x.

`functions` and `slopes` are lists of the same length: slopes[i](v) is the slope of functions[i] at v.
"""


def value_and_slope(x, functions, slopes):
    """(y, dy/dx) of functions[-1](... functions[0](x));  x: a number."""
    # BEGIN SOLUTION
    slope = 1.0
    for f, df in zip(functions, slopes):
        slope = slope * df(x)
        x = f(x)
    return x, slope
    # END SOLUTION


# CHECKS
import numpy as np

from tinyfm.exercises.laws import agree, check

minutes = 10
hints = [
    "Walk through the functions and carry two numbers along: the value so far, and the slope so far.",
    "At each function: slope <- slope * df(value), and only then value <- f(value).",
    "slope = 1.0\nfor f, df in zip(functions, slopes):\n    slope = ... * df(...)\n    x = f(...)\nreturn x, slope",
]
after = """
You have written forward mode: value and slope travel together, from the input to the output.  Backpropagation multiplies
the same numbers in the other order, from the output to the input, which costs one walk for ALL inputs; but it can begin
only when all values are known, so it must remember them.
"""
compare = ["tinyfm.calculus:jvp"]

SIN, EXP, SQUARE = (np.sin, np.cos), (np.exp, np.exp), (lambda v: v * v, lambda v: 2 * v)
LINE = lambda v: 3 * v - 1, lambda v: 3.0


def chain(x, *pairs): return (x, [f for f, _ in pairs], [df for _, df in pairs])


def ours(x, functions, slopes):
    slope = 1.0
    for f, df in zip(functions, slopes): slope, x = slope * df(x), f(x)
    return x, slope


@check
def one_function(student, rng): agree(student.value_and_slope, ours, chain(0.7, SIN), chain(-2.0, LINE))


@check
def two_functions(student, rng):
    agree(student.value_and_slope, (np.sin(0.7 ** 2), np.cos(0.7 ** 2) * 1.4), chain(0.7, SQUARE, SIN))


@check
def the_order_matters(student, rng):
    agree(student.value_and_slope, ours, chain(0.3, EXP, SQUARE, LINE), chain(0.3, LINE, EXP, SIN), chain(0.3, SIN, LINE))


@check(hidden=True)
def long_chains(student, rng):
    agree(student.value_and_slope, ours, chain(rng.normal(), SIN, LINE, EXP, SIN, SQUARE, LINE, SIN), chain(1.5))


mistakes = {
    "The slopes are added, not multiplied": "slope = 0.0\nfor f, df in zip(functions, slopes):\n"
        "    slope, x = slope + df(x), f(x)\nreturn x, slope",
    "Every slope is taken at the first x, not at what its function received":
        "slope, x0 = 1.0, x\nfor f, df in zip(functions, slopes):\n    slope, x = slope * df(x0), f(x)\nreturn x, slope",
    "The slope is taken after the function: at what it returned, not at what it received":
        "slope = 1.0\nfor f, df in zip(functions, slopes):\n    x = f(x)\n    slope = slope * df(x)\nreturn x, slope",
    "Only the last slope is kept": "slope = 1.0\nfor f, df in zip(functions, slopes):\n    slope, x = df(x), f(x)\n"
        "return x, slope",
    "The functions are applied in the wrong order": "slope = 1.0\nfor f, df in zip(functions[::-1], slopes[::-1]):\n"
        "    slope, x = slope * df(x), f(x)\nreturn x, slope",
}
