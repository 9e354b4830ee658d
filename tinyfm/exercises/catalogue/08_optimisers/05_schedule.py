"""A learning rate that warms up and cools down

    step <  warmup:    peak * (step + 1) / warmup                     a straight line up
    else:              peak * (1 + cos(pi * s)) / 2                   half a cosine down to 0,
                       s = (step - warmup) / (total - warmup)         from 0 to 1; later steps stay at s = 1

Steps are counted from 0.  warmup may be 0.
"""
import math


def learning_rate(step, peak, warmup, total):
    """The rate of a step;  warmup < total."""
    # BEGIN SOLUTION
    if step < warmup: return peak * (step + 1) / warmup
    s = min(1.0, (step - warmup) / (total - warmup))
    return peak * (1 + math.cos(math.pi * s)) / 2
    # END SOLUTION


# CHECKS
import numpy as np

from tinyfm.exercises.laws import Wrong, agree, check, same, sparkline
from tinyfm.schedules import CosineDecay

minutes = 10
hints = [
    "Two branches; in the second one, how far are we on the way from warmup to total?",
    "s = (step - warmup) / (total - warmup), at most 1.",
    "if step < warmup: return ...\ns = min(1.0, ...)\nreturn peak * (1 + math.cos(...)) / 2",
]
after = """
At first Adam's averages know little and the gradients are wild, so small steps are safer; at the end small steps let the
noise of the batches average out.  The cosine spends most of its time in between.
"""
compare = ["tinyfm.schedules:CosineDecay"]


def ours(step, peak, warmup, total):
    if step < warmup: return peak * (step + 1) / warmup
    return CosineDecay(peak, total - warmup)(step - warmup)


@check
def on_the_way_up(student, rng):
    agree(student.learning_rate, ours, *[(step, 0.1, 4, 20) for step in range(4)])


@check
def at_the_peak_and_down(student, rng):
    agree(student.learning_rate, ours, *[(step, 0.1, 4, 20) for step in range(4, 20)])
    return sparkline([student.learning_rate(step, 0.1, 4, 20) for step in range(21)])


@check
def at_the_end_and_later(student, rng):
    agree(student.learning_rate, ours, *[(step, 0.3, 2, 10) for step in (10, 11, 15, 18, 26)])


@check
def without_warmup(student, rng): agree(student.learning_rate, ours, *[(step, 1.0, 0, 5) for step in range(7)])


mistakes = {
    "The first step has the rate 0: steps are counted from 0": ("peak * (step + 1) / warmup", "peak * step / warmup"),
    "The cosine begins at step 0, not after the warm-up": ("(step - warmup) / (total - warmup)", "step / total"),
    "The way down ends `warmup` steps too late": ("(total - warmup)", "total"),
    "After the end the cosine goes up again": ("min(1.0, (step - warmup) / (total - warmup))", "(step - warmup) / (total - warmup)"),
    "A straight line, not a cosine": ("(1 + math.cos(math.pi * s)) / 2", "(1 - s)"),
    "A whole cosine: it comes back up": ("math.cos(math.pi * s)", "math.cos(2 * math.pi * s)"),
    "Half of it is missing: divide by 2": ("(1 + math.cos(math.pi * s)) / 2", "(1 + math.cos(math.pi * s))"),
    "A quarter of a cosine, which ends in the middle": ("math.pi * s", "math.pi * s / 2"),
    "The warm-up lasts one step longer": ("if step < warmup:", "if step <= warmup:"),
}
