"""Wrong backwards that people really write, and right ones that look odd: what a gradient checker is measured with.

    @bug("linear", "copies the rule of a + b, where no axis is broadcast", b="not-summed-over-broadcast | wrong-shape")
    def linear_bias_not_summed():
        def backward(g, x, w, b):
            return g @ w.T, x.T @ g, g
        return linear, backward, draw(signed(7, 5), signed(5, 3), signed(3))

A keyword names an argument that comes out wrong (`g`: the incoming gradient is written to) and the kind its finding
should have; after a bar stand kinds that are equally true of it. Arguments not named are right. `unknown` means that no
kind fits. A backward that raises is blamed on the argument named.
`make()` gives (forward, backward, draw) with fresh state; draw(rng) gives the inputs, always of the same shapes.
Some pairs keep values from forward for backward, and some return an array that the next call writes to: call
forward(*inputs) last thing before backward(g, *inputs), and copy what it returns.

Two halves, `load("tuned")` and `load("held_out")`: rules are tuned on the first, and the second is only ever counted.
`load("correct")` has the right pairs, on which nothing may be found.
"""
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

import numpy as np

KINDS = """wrong-shape not-summed-over-broadcast mean-for-sum-over-broadcast one-slice-of-broadcast zero nan wrong-sign
    constant-factor missing-1/N extra-1/N batch-for-size transposed operand-not-transposed operands-swapped
    other-argument ignores-upstream not-linear-in-upstream wrong-axis off-diagonal-missing missing-mean-term
    missing-variance-term input-for-output missing-factor passes-through missing-term partial stale-cache
    overwrites-instead-of-accumulates modifies-input low-precision kink unknown""".split()


@dataclass(frozen=True)
class Expected:
    """The kind that a finding should have, and kinds that are also true."""
    kind: str
    also: frozenset[str] = frozenset()

    def accepts(self, kind: str) -> bool:
        return kind == self.kind or kind in self.also


@dataclass(frozen=True)
class Bug:
    name: str
    of: str
    note: str
    expected: dict[str, Expected]
    make: Callable


@dataclass(frozen=True)
class Right:
    name: str
    of: str
    note: str
    make: Callable
    step: float                                       # for central differences: small near a kink


def bug(of, note, /, **kinds):
    def expect(text):
        kind, *also = (word.strip() for word in text.split("|"))
        return Expected(kind, frozenset(also))
    expected = {argument: expect(text) for argument, text in kinds.items()}
    return lambda make: Bug(make.__name__, of, note, expected, make)


def right(of, note="", /, step=6e-6):
    return lambda make: Right(make.__name__, of, note, make, step)


def load(part):
    """All entries of "tuned", "held_out" or "correct", in the order in which they are written."""
    package = import_module(f"{__name__}.{part}")
    modules = [import_module(f"{package.__name__}.{found.name}") for found in iter_modules(package.__path__)]
    return [entry for module in modules for entry in vars(module).values() if isinstance(entry, Bug | Right)]


def draw(*samplers):
    """rng -> one array from each sampler."""
    return lambda rng: tuple(sample(rng) for sample in samplers)


def signed(*shape):
    """Normal values of both signs, pushed 0.1 away from zero."""
    def sample(rng):
        values = rng.standard_normal(shape)
        return np.asarray(values + np.copysign(0.1, values))
    return sample


def positive(*shape):
    return lambda rng: rng.uniform(0.5, 2.5, shape)


def between(low, high, *shape):
    return lambda rng: rng.uniform(low, high, shape)


def integers(below, *shape):
    return lambda rng: rng.integers(below, size=shape)


def mask(*shape):
    """Booleans, two of three True."""
    return lambda rng: rng.permutation(np.arange(np.prod(shape, dtype=int)) % 3 > 0).reshape(shape)
