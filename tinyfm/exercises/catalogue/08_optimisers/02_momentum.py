"""Momentum

A ball that rolls downhill keeps some of its speed.  The velocity collects gradients, and forgets a tenth each step:

    v <- mu v + g
    p <- p - learning_rate v

Return the new p and the new v as new arrays; p, g and v stay as they are.
"""
import numpy as np


def momentum_step(p, g, v, learning_rate, mu=0.9):
    """(p, v) after one step;  p, g, v: arrays of one shape."""
    # BEGIN SOLUTION
    v = mu * v + g
    return p - learning_rate * v, v
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, normal
from tinyfm.kernels import updates

minutes = 10
requires = ["sgd"]
hints = [
    "Two lines, in the order of the formulas: the velocity first; the step uses the NEW velocity.",
    "v = mu * v + g; then p - learning_rate * v.",
    "v = mu * ... + ...\nreturn p - ... * v, v",
]
after = """
With a constant gradient the velocity grows to g / (1 - mu): ten times for mu = 0.9.  Across a narrow valley, where the
gradient changes its sign with every step, the velocity cancels; along it, it adds up.
"""
compare = ["tinyfm.kernels.updates:momentum"]


def ours(p, g, v, learning_rate, mu=0.9):
    p, v = p.copy(), v.copy()
    updates.momentum(p, g, v, learning_rate=learning_rate, momentum=mu)
    return p, v


@check
def from_rest(student, rng): agree(student.momentum_step, ours, (np.array([1.0, 2.0]), np.array([0.5, -1.0]), np.zeros(2), 0.3))


@check
def moving(student, rng): agree(student.momentum_step, ours, (normal(rng, 3, 2), normal(rng, 3, 2), normal(rng, 3, 2), 0.3))


@check
def another_mu(student, rng):
    agree(student.momentum_step, ours, (normal(rng, 4), normal(rng, 4), normal(rng, 4), 0.2, 0.5),
          (normal(rng, 4), normal(rng, 4), normal(rng, 4), 0.2, 0.0))


@check(hidden=True)
def many_steps(student, rng):
    def walk(step):
        p, v = np.array([3.0, -2.0]), np.zeros(2)
        for _ in range(20): p, v = step(p, np.array([0.1, 2.0]) * p, v, 0.1)
        return p
    from tinyfm.exercises.laws import same
    same(walk(student.momentum_step), walk(ours))


mistakes = {
    "The step uses the old velocity": "return p - learning_rate * v, mu * v + g",
    "The gradient is weighted by 1 - mu: that is a moving average": "v = mu * v + (1 - mu) * g\nreturn p - learning_rate * v, v",
    "mu weighs the gradient, not the velocity": "v = v + mu * g\nreturn p - learning_rate * v, v",
    "The velocity is not damped": "v = v + g\nreturn p - learning_rate * v, v",
    "The step goes uphill": "v = mu * v + g\nreturn p + learning_rate * v, v",
    "The learning rate is in the velocity as well": "v = mu * v + learning_rate * g\nreturn p - learning_rate * v, v",
    "The velocity contains the minus, and the step another": "v = mu * v - g\nreturn p - learning_rate * v, v",
    "The gradient is added to the step once more: that is Nesterov's": "v = mu * v + g\n"
        "return p - learning_rate * (g + mu * v), v",
    "The step follows g alone, not the velocity": "v = mu * v + g\nreturn p - learning_rate * g, v",
    "The old velocity is returned": "return p - learning_rate * (mu * v + g), v",
    "The arrays are changed in place": "v *= mu\nv += g\nreturn p - learning_rate * v, v",
}
