"""Clip gradients by their common norm

One example may give a gradient a hundred times larger than all others, and one step with it can ruin a network.  Take
all gradients as ONE long vector; if it is longer than max_norm, shorten it to that length, without turning it:

    norm = sqrt(sum of the squares of all elements of all gradients)
    each gradient * min(1, max_norm / norm)

Return the new gradients (a list of new arrays) and the norm before.  All gradients may be 0.
"""
import numpy as np


def clip_by_global_norm(gradients, max_norm):
    """(scaled gradients, norm before);  gradients: a list of arrays."""
    # BEGIN SOLUTION
    norm = np.sqrt(sum(np.sum(g * g) for g in gradients))
    scale = max_norm / norm if norm > max_norm else 1.0
    return [g * scale for g in gradients], norm
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, normal
from tinyfm.optim import clip_by_global_norm as of_engine

minutes = 10
requires = ["sgd"]
hints = [
    "One norm for all of them together: add the squares over all arrays, then one root.",
    "If norm > max_norm multiply each by max_norm / norm, else leave them.",
    "norm = np.sqrt(sum(np.sum(...) for g in gradients))\nscale = ... if norm > max_norm else ...\n"
    "return [g * scale for g in gradients], norm",
]
after = """
Because all are scaled by one number the direction is kept; clipping each element (or each array) turns the step.  The norm
before is worth logging: it shows when training becomes unstable, long before the loss does.
"""
compare = ["tinyfm.optim:clip_by_global_norm"]
equivalent = {"scale = max_norm / norm if norm > max_norm else 1.0 -> scale = max_norm / norm if norm >= max_norm else 1.0":
              "at norm = max_norm the scale is 1 either way"}


def ours(gradients, max_norm):
    found, norm = of_engine(gradients, max_norm)
    return found, np.float64(norm)


@check
def long_ones_are_shortened(student, rng):
    agree(student.clip_by_global_norm, ours, ([np.array([3.0, 4.0])], 1.0), ([normal(rng, 3, 2), normal(rng, 4)], 0.5))


@check
def short_ones_stay(student, rng):
    agree(student.clip_by_global_norm, ours, ([np.array([0.3, 0.4])], 1.0), ([normal(rng, 3), normal(rng, 2, 2)], 50.0))


@check
def zeros_stay_zeros(student, rng): agree(student.clip_by_global_norm, ours, ([np.zeros(3), np.zeros(2)], 1.0))


@check
def the_direction_is_kept(student, rng):
    agree(student.clip_by_global_norm, ours, ([np.array([100.0]), np.array([1.0]), np.array([-1.0])], 2.0))


mistakes = {
    "Each array is scaled by its own norm": "norm = np.sqrt(sum(np.sum(g * g) for g in gradients))\n"
        "return [g * min(1, max_norm / max(np.sqrt(np.sum(g * g)), 1e-300)) for g in gradients], norm",
    "Each element is clipped, which turns the direction": "norm = np.sqrt(sum(np.sum(g * g) for g in gradients))\n"
        "return [np.clip(g, -max_norm, max_norm) for g in gradients], norm",
    "Short gradients are stretched to max_norm": "norm = np.sqrt(sum(np.sum(g * g) for g in gradients))\n"
        "return [g * (max_norm / max(norm, 1e-300)) for g in gradients], norm",
    "The root is missing": "norm = sum(np.sum(g * g) for g in gradients)\n"
        "scale = max_norm / norm if norm > max_norm else 1.0\nreturn [g * scale for g in gradients], norm",
    "The norms are added: the norm of all is the root of the added squares":
        "norm = sum(np.sqrt(np.sum(g * g)) for g in gradients)\n"
        "scale = max_norm / norm if norm > max_norm else 1.0\nreturn [g * scale for g in gradients], norm",
    "The mean of the squares is taken, not their sum": "norm = np.sqrt(np.mean(np.concatenate([(g * g).ravel() "
        "for g in gradients])))\nscale = max_norm / norm if norm > max_norm else 1.0\n"
        "return [g * scale for g in gradients], norm",
    "The norm after is returned, not that before": "norm = np.sqrt(sum(np.sum(g * g) for g in gradients))\n"
        "scale = max_norm / norm if norm > max_norm else 1.0\nreturn [g * scale for g in gradients], norm * scale",
    "Divided by the norm only: the length becomes 1, not max_norm": "norm = np.sqrt(sum(np.sum(g * g) for g in gradients))\n"
        "scale = 1 / norm if norm > max_norm else 1.0\nreturn [g * scale for g in gradients], norm",
}
