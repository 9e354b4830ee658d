"""One step of gradient descent, in place

The gradient points uphill, so a step goes against it:

    p <- p - learning_rate * g

`parameters` and `gradients` are lists of arrays.  The parameters are shared with the model, so write INTO each array
(p -= ... or p[...] = ...): `p = p - ...` would only give the name p to a new array.  The gradients stay as they are.
"""
import numpy as np


def sgd_step(parameters, gradients, learning_rate):
    """Move every parameter against its gradient, in place.  Returns nothing."""
    # BEGIN SOLUTION
    for p, g in zip(parameters, gradients):
        p -= learning_rate * g
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import Wrong, check, normal, play, sparkline

minutes = 5
hints = [
    "A loop over both lists at once: zip(parameters, gradients).",
    "p -= learning_rate * g changes the array itself.",
    "for p, g in zip(parameters, gradients):\n    p -= ...",
]
after = """
p -= x calls p.__isub__, which writes into p's memory; p = p - x makes a new array and forgets the old one, and the model
goes on with what it had.  Optimisers work in place for that reason, and because a second copy of a large model hurts.
"""
compare = ["tinyfm.optim:SGD", "tinyfm.kernels.updates:sgd"]


def stepped(module, parameters, gradients, learning_rate, steps):
    parameters = [p.copy() for p in parameters]
    kept = [p for p in parameters]
    copies = [g.copy() for g in gradients]
    for _ in range(steps): module.sgd_step(parameters, copies, learning_rate)
    return [*kept, *copies]


def descent(module, start, rate, steps):
    p, path = start.copy(), []
    for _ in range(steps):
        path.append(float(np.sum(p * p)))
        module.sgd_step([p], [2 * p], rate)
    return path


@check
def one_step(student, rng):
    play(student, stepped, [np.array([0.9, 2.2]), np.array([1.0, -2.0])], [np.array([1.0, 2.0])], [np.array([1.0, -2.0])], 0.1, 1)


@check
def several_parameters_and_steps(student, rng):
    play(student, stepped, solution, [normal(rng, 3), normal(rng, 2, 2)], [normal(rng, 3), normal(rng, 2, 2)], 0.05, 3)


@check
def down_a_bowl(student, rng):
    play(student, descent, solution, normal(rng, 4), 0.1, 30)
    return f"sum of squares {sparkline(student(descent, np.ones(4), 0.1, 30))}"


mistakes = {
    "The step goes uphill": ("p -= learning_rate * g", "p += learning_rate * g"),
    "The name p is given to a new array; the model's array did not change": ("p -= learning_rate * g", "p = p - learning_rate * g"),
    "The learning rate is left out": ("p -= learning_rate * g", "p -= g"),
    "Divided by the learning rate": ("p -= learning_rate * g", "p -= g / learning_rate"),
    "The gradient is changed too": ("p -= learning_rate * g", "g *= learning_rate; p -= g"),
    "Only the first parameter is moved": ("zip(parameters, gradients)", "zip(parameters[:1], gradients)"),
    "Only the sign of the gradient is used": ("learning_rate * g", "learning_rate * np.sign(g)"),
    "The parameter is replaced by the step": ("p -= learning_rate * g", "p[...] = -learning_rate * g"),
}
