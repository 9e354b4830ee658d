"""An engine in thirty lines: the backward walk

Every Value remembers its number, its parents, and for each parent the local slope d(self)/d(parent):

    a * b   has the parents (a, b) with the slopes (b.data, a.data)
    a + b   has the parents (a, b) with the slopes (1, 1)

All that is missing is backward().  It sets the gradient of the last value to 1 and walks to the first: every value
hands each parent its own gradient times the local slope, and a parent ADDS UP what arrives: it may be used many times.
A value may hand on only when everything has arrived, so later values come first.  Values are numbered in the order in
which they were made, and nothing is made before its parents: the numbers are the order that you need.
"""


class Value:
    """A number that remembers how it was computed."""

    made = 0

    def __init__(self, data, parents=(), slopes=()):
        self.data, self.grad, self.parents, self.slopes = data, 0.0, parents, slopes
        Value.made += 1
        self.number = Value.made

    def __add__(self, other): return Value(self.data + other.data, (self, other), (1.0, 1.0))
    def __mul__(self, other): return Value(self.data * other.data, (self, other), (other.data, self.data))

    def everything_before(self):
        """A list of this value and of all that it was computed from, each once, in no particular order."""
        found = {id(self): self}
        stack = [self]
        while stack:
            for p in stack.pop().parents:
                if id(p) not in found:
                    found[id(p)] = p
                    stack.append(p)
        return list(found.values())

    def backward(self):
        """Set .grad of every value before this one to d(self) / d(value)."""
        # BEGIN SOLUTION
        self.grad = 1.0
        for v in sorted(self.everything_before(), key=lambda v: v.number, reverse=True):
            for p, slope in zip(v.parents, v.slopes):
                p.grad += v.grad * slope
        # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import check, play

minutes = 20
requires = ["product_rule"]
hints = [
    "Start with self.grad = 1.0. Then visit the values from the last made to the first.",
    "For each value v and each of its parents p with slope s:  p.grad += v.grad * s.",
    "self.grad = 1.0\nfor v in sorted(..., key=lambda v: v.number, reverse=...):\n    for p, slope in zip(...):\n"
    "        p.grad += ...",
]
after = """
This loop is backpropagation, whole.  Tensors change nothing about it: slopes become rules that multiply by a Jacobian.
A recursion that goes down each path separately gives the same numbers, but in a deep network there are exponentially
many paths; visiting each value once, late ones first, is what makes it cheap.
"""
compare = ["tinyfm.engine:steps"]


def one_of_each(module, a, b):
    a, b = module.Value(a), module.Value(b)
    y = a * b + a
    y.backward()
    return [a.grad, b.grad, y.grad]


def used_many_times(module, a):
    a = module.Value(a)
    b = a * a
    c = b + a
    d = b * c
    y = d + b * a
    y.backward()
    return [v.grad for v in (a, b, c, d, y)]


def a_chain(module, a, n):
    first = a = module.Value(a)
    for _ in range(n): a = a + a
    a.backward()
    return first.grad


def with_bystanders(module, a):
    a, other = module.Value(a), module.Value(5.0)
    y = a * a
    late = y * other
    y.backward()
    return [a.grad, y.grad, other.grad, late.grad]


@check
def a_sum_and_a_product(student, rng):
    play(student, one_of_each, [4.0 + 1.0, 3.0, 1.0], 3.0, 4.0)


@check(points=2)
def a_value_that_is_used_many_times(student, rng):
    play(student, used_many_times, solution, 1.5)
    play(student, used_many_times, solution, -0.5)


@check
def forty_doublings_have_a_trillion_paths(student, rng):
    play(student, a_chain, 2.0 ** 40, 0.5, 40)


@check(hidden=True)
def what_is_not_part_of_it_gets_nothing(student, rng):
    play(student, with_bystanders, [4.0, 1.0, 0.0, 0.0], 2.0)


@check(hidden=True)
def a_chain_longer_than_the_stack(student, rng):
    play(student, a_chain, solution, 1.0, 1000)


mistakes = {
    "= where += belongs: only the last path arrives": ("p.grad += v.grad * slope", "p.grad = v.grad * slope"),
    "The walk goes from the first to the last, so nothing has arrived yet when it is handed on":
        ("key=lambda v: v.number, reverse=True", "key=lambda v: v.number"),
    "The gradient of the last value is not set to 1": ("self.grad = 1.0", "self.grad = 0.0"),
    "The local slope is left out": ("p.grad += v.grad * slope", "p.grad += v.grad"),
    "The incoming gradient is left out": ("p.grad += v.grad * slope", "p.grad += slope"),
    "The values are visited in no particular order":
        ("sorted(self.everything_before(), key=lambda v: v.number, reverse=True)", "self.everything_before()"),
    "The values are ordered by what they hold, not by when they were made":
        ("key=lambda v: v.number", "key=lambda v: v.data"),
}
