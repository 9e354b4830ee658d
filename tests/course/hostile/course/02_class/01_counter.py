"""A counter

Counter().add(x) adds the sum of x to `total`, and returns the total.
"""
import numpy as np


class Counter:
    """total: the sum of all that was added."""

    # BEGIN SOLUTION
    total = 0.0

    def add(self, x):
        self.total += float(np.sum(x))
        return self.total
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import check, normal, play


def counted(module, xs):
    counter = module.Counter()
    return [counter.add(x) for x in xs] + [counter.total]


@check
def two_arrays(student, rng): play(student, counted, solution, [normal(rng, 3), normal(rng, 2, 2)])


@check(points=2, hidden=True)
def each_counter_for_itself(student, rng):
    for n in (1, 4): play(student, counted, solution, [normal(rng, n) for _ in range(n)])


mistakes = {"All counters share their total": ("self.total += float(np.sum(x))", "Counter.total += float(np.sum(x))"),
            "The mean is added": ("np.sum", "np.mean")}
