"""Rules of factors: one that is left out, or an input that stands where the output belongs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinyfm.gradcheck.axes import identities
from tinyfm.gradcheck.case import Case, Named, flat, same
from tinyfm.gradcheck.numpy_tracing import results

Named_array = tuple[str, np.ndarray]
CONSTANTS = (1.0, 0.5, 2.0, -1.0)


def logistic(v: Any) -> Any:
    return 0.5 * (1 + np.tanh(0.5 * v))


COMPANIONS: dict[str, Callable[[Any], Any]] = {
    "{}": lambda v: v,
    "1/{}": lambda v: 1 / v,
    "1 - {}": lambda v: 1 - v,
    "1 + {}": lambda v: 1 + v,
    "1 - {}^2": lambda v: 1 - v * v,
    "log {}": np.log,
    "[{} > 0]": lambda v: (v > 0) * 1.0,
    "[{} < 0]": lambda v: (v < 0) * 1.0,
    "sign {}": np.sign,
    "{0} (1 - {0})": lambda v: v * (1 - v),
    "1/{}^2": lambda v: 1 / v**2,
    "{}^2": lambda v: v * v,
    "1 + {}^2": lambda v: 1 + v * v,
    "1/(1 + {}^2)": lambda v: 1 / (1 + v * v),
    "the slope of sigmoid at {}": lambda v: logistic(v) * logistic(-v),
    "one over the slope of sigmoid at {}": lambda v: 1 / (logistic(v) * logistic(-v)),
}


def operands(c: Case) -> Iterator[Named_array]:
    """Arrays that could have been left out: inputs, the output, and their usual companions."""
    with np.errstate(all="ignore"):
        yield from (("1/exp(y)", np.exp(-c.y)), ("exp(y)", np.exp(c.y)))
        for name, v in {"y": c.y, **c.floats()}.items():
            yield from ((words.format(name), companion(v)) for words, companion in COMPANIONS.items())


def computed(c: Case) -> Iterator[Named_array]:
    """What forward computed on the way, and one over it."""
    with np.errstate(all="ignore"):
        for name, v in results(c.graph):
            yield from ((name, v), (f"1/{name}", 1 / v))


def left_out(c: Case, candidates: Iterator[Named_array]) -> Named:
    """J = D with its rows (the output's side) or its columns (the argument's side) multiplied by a known array."""
    found = {name: sign for name, f in candidates if (sign := completes(c, f))} if c.full else {}
    if not found:
        return None
    name = next(iter(found))
    return "missing-factor", {"factor": name, "sign": found[name], "all": list(found)}


def completes(c: Case, f: np.ndarray) -> float:
    """The sign of the constant with which D times f is J; 0 when there is none."""
    for side, shape in (("output", c.out), ("argument", c.into)):
        for factor in aligned(f, shape):
            if not np.isfinite(factor).all() or flat(factor):
                continue
            product = c.D * (factor.ravel()[:, None] if side == "output" else factor.ravel()[None])
            for constant in CONSTANTS:
                if same(product * constant, c.J):
                    return float(np.sign(constant))
    return 0.0


def aligned(f: np.ndarray, shape: tuple[int, ...]) -> Iterator[np.ndarray]:
    """f broadcast to a shape, from the right as in NumPy or with a missing last axis put back."""
    for candidate in (f, f[..., None]) if f.ndim else (f,):
        try:
            yield np.broadcast_to(candidate, shape)
        except ValueError:
            pass


def operand_left_out(c: Case) -> Named:
    return left_out(c, operands(c))


def result_left_out(c: Case) -> Named:
    return left_out(c, computed(c))


def operand_taken_for_one(c: Case) -> Named:
    """d is what would be right if another input were 1 everywhere."""
    for k in other_operands(c):
        if sign := c.right_with_input(k, np.ones(np.shape(c.inputs[k]))):
            return "missing-factor", {"factor": c.names[k], "sign": sign}
    return None


def operand_taken_for_zero(c: Case) -> Named:
    """d is what would be right if another input were 0 everywhere."""
    for k in other_operands(c):
        if c.right_with_input(k, np.zeros(np.shape(c.inputs[k]))) > 0:
            return "missing-term", {"term": f"every part that contains {c.names[k]}"}
    return None


def other_operands(c: Case) -> list[int]:
    """The other floating inputs, if d is more than the truth with some entries masked."""
    if not c.full or not (~c.right & c.there & (c.D != 0)).any():
        return []
    return [k for k, x in enumerate(c.inputs) if k != c.index and np.asarray(x).dtype.kind == "f"]


# ------------------------------------------------------------ the input where the output belongs

OF_THE_OUTPUT: dict[str, Callable[[Any], Any]] = {
    "y": lambda v: v,
    "y (1 - y)": lambda v: v * (1 - v),
    "1 - y^2": lambda v: 1 - v * v,
    "1 + y^2": lambda v: 1 + v * v,
    "1 / 2y": lambda v: 0.5 / v,
    "-y^2": lambda v: -v * v,
    "y + 1": lambda v: v + 1,
    "1 - e^-y": lambda v: 1 - np.exp(-v),
    "[y > 0]": lambda v: (v > 0) * 1.0,
    "e^-y": lambda v: np.exp(-v),
}


def input_where_output(c: Case) -> Named:
    """A local derivative in terms of y, written with x in its place."""
    if not c.diagonal:
        return None
    for name, h in OF_THE_OUTPUT.items():
        with np.errstate(all="ignore"):
            true, wrong = h(c.y).ravel(), h(c.x).ravel()
        if same(np.diag(c.J), true) and same(np.diag(c.D), wrong):
            return "input-for-output", {"derivative": name}
    return None


def times_the_input(c: Case) -> Named:
    """g spread and multiplied with x, where something that was computed from x belongs."""
    if not c.full or c.diagonal or len(c.out) >= len(c.into):
        return None
    for _, spread in identities(c.out, c.into):
        pattern = spread(c.G)
        if same(c.D, pattern * c.x.ravel()) and same(c.J != 0, pattern != 0):
            moved = c.elsewhere(c.index, 1.1 * c.x + 0.05, [g for g, _, _ in c.samples])
            depends = moved is not None and any(not same(e, n) for e, (_, _, n) in zip(moved, c.samples))
            return ("input-for-output", {}) if depends else None
    return None


# ------------------------------------------------------------ a number that differs from point to point


def number_left_out(cases: list[Case], factors: list[float]) -> Named:
    """d = f n at every point, with another f at each: which number of the inputs or the output is it?"""
    known = [dict(numbers(c)) for c in cases]
    for name in known[0]:
        for sign in (1.0, -1.0):
            if all(np.isclose(f * k.get(name, np.nan), sign, rtol=1e-6) for f, k in zip(factors, known)):
                return "missing-factor", {"factor": name, "sign": sign}
    return "missing-factor", {"factor": "a number that is not the same for all inputs", "values": factors}


def numbers(c: Case) -> Iterator[tuple[str, float]]:
    """Single numbers: scalars, sums and means of the inputs, and one over them."""
    for name, v in {"y": c.y, **c.floats()}.items():
        found = (
            [(name, v)]
            if v.size == 1
            else [(f"{name}.sum()", v.sum()), (f"{name}.mean()", v.mean()), (f"|{name}|", np.linalg.norm(v))]
        )
        for word, number in found:
            if number != 0:
                yield from ((word, float(number)), (f"1/{word}", 1 / float(number)))
