"""How weights begin: Glorot's uniform initialiser

A layer with n inputs and m outputs multiplies the variance of the signal by n Var[w] on the way forward, and that of
the gradient by m Var[w] on the way back.  Glorot and Bengio (2010) ask for the middle:

    Var[w] = 2 / (n + m)

Draw W of shape (n, m) evenly from (-limit, limit).  The variance of that distribution is limit^2 / 3; solve for limit.
Draw with rng.uniform(low, high, shape), once.
"""
import numpy as np


def glorot_uniform(n, m, rng):
    """Weights of shape (n, m) from U(-limit, limit) with Var[w] = 2 / (n + m)."""
    # BEGIN SOLUTION
    limit = np.sqrt(6 / (n + m))
    return rng.uniform(-limit, limit, (n, m))
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import check, play
from tinyfm.nn.init import glorot_uniform as of_shape

minutes = 10
requires = ["layer"]
hints = [
    "limit^2 / 3 = 2 / (n + m). Solve for limit.",
    "limit = sqrt(6 / (n + m)).",
    "limit = np.sqrt(... / (...))\nreturn rng.uniform(-limit, limit, (n, m))",
]
after = """
With weights twice too large, twenty layers multiply the signal by a million; twice too small, they lose it.  For relu,
which silences half of the neurons, He et al. ask for 2 / n.
"""
compare = ["tinyfm.nn.init:VarianceScaling"]


def drawn(module, n, m, seed): return module.glorot_uniform(n, m, np.random.default_rng(seed))


class Ours:
    @staticmethod
    def glorot_uniform(n, m, rng): return of_shape((n, m), rng)


@check
def a_square_layer(student, rng): play(student, drawn, Ours, 4, 4, 0)


@check
def inputs_and_outputs_differ(student, rng):
    play(student, drawn, Ours, 30, 2, 1)
    play(student, drawn, Ours, 2, 30, 2)


@check(hidden=True)
def any_layer(student, rng):
    for _ in range(3): play(student, drawn, Ours, *(int(n) for n in rng.integers(1, 40, 2)), 3)


mistakes = {
    "limit^2 / 3 is the variance, so the 3 belongs under the root": ("np.sqrt(6 / (n + m))", "np.sqrt(2 / (n + m))"),
    "Only the inputs are counted": ("np.sqrt(6 / (n + m))", "np.sqrt(6 / n)"),
    "Only the outputs are counted": ("np.sqrt(6 / (n + m))", "np.sqrt(6 / m)"),
    "The root is missing": ("np.sqrt(6 / (n + m))", "6 / (n + m)"),
    "That is He's initialiser": ("np.sqrt(6 / (n + m))", "np.sqrt(2 / n)"),
    "The weights are all positive": ("rng.uniform(-limit, limit, (n, m))", "rng.uniform(0, limit, (n, m))"),
    "The shape is (outputs, inputs)": ("(n, m))", "(m, n))"),
    "A normal distribution, not an even one": ("rng.uniform(-limit, limit, (n, m))",
                                               "rng.normal(0, limit / np.sqrt(3), (n, m))"),
}
