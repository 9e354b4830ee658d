"""check_backward: draw, call, compare with the truth, and name what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinyfm.gradcheck import words
from tinyfm.gradcheck.case import Case, Kinds, ratio, same
from tinyfm.gradcheck.numeric import evaluate, floating
from tinyfm.gradcheck.point import Point, signed
from tinyfm.gradcheck.points import enlarged, nearby, redrawn, resolve, squared, works
from tinyfm.gradcheck.report import Finding, Report, Row
from tinyfm.gradcheck.rules import diagnosed
from tinyfm.gradcheck.shapes import misshapen
from tinyfm.gradcheck.student import Student, argument_names


def check_backward(
    forward: Callable[..., Any], backward: Callable[..., Any], *inputs: Any, seed: int = 0, name: str | None = None
) -> Report:
    """Judge a hand-written pair: forward(*inputs) -> array; backward(g, *inputs) -> gradient or tuple of gradients.

    inputs: arrays, or shapes (tuples of integers), or nothing (then shapes are guessed).  A gradient of None says that
    the argument has none.  The truth comes from central differences of forward in float64; a gradient passes when every
    element is within 2e-8 of it (relative), and not when it is NaN.
    """
    rng = np.random.default_rng([seed, 0x747466])  # its own stream: inputs are often drawn from default_rng(seed)
    start = resolve(forward, inputs, rng)
    student = Student(forward, backward, argument_names(forward, backward, len(start)))
    return Check(student, start, rng).report(name or title(forward, backward), seed)


class Check:
    """A student's pair at several points: as given, close by, and drawn anew."""

    def __init__(self, student: Student, start: Sequence[Any], rng: np.random.Generator) -> None:
        self.student, self.rng = student, rng
        self.first = Point(student, start, rng)
        words.require_sound(self.first.y, student.names)
        self.again = student.answer(start, self.first.g)
        self.near = Point(student, nearby(start, rng), rng)
        others = [p for p in (redrawn(student.forward, start, rng, k) for k in (0, 1)) if p is not None]
        self.points = [self.first, *(p for p in (Point(student, inputs, rng) for inputs in others) if p.sound)]
        self.findings: list[Finding] = []
        self.rows: list[Row] = []

    def report(self, name: str, seed: int) -> Report:
        if self.first.answer.error:
            self.add("backward", self.on_error(self.first.answer.error))
        elif self.first.answer.count not in (len(self.student.names), self.needed()):
            self.add(
                "backward",
                [("wrong-shape", {"returned": self.first.answer.count, "expected": len(self.student.names)})],
            )
        else:
            for modified in self.first.answer.modified:
                self.add(modified, [("modifies-input", {})])
            for i, x in enumerate(self.first.inputs):
                if floating(x) and self.first.answer.gradients[i] is not None:
                    self.examine(i)
        return Report(name, self.findings, self.rows, f"seed={seed}")

    def needed(self) -> int:
        """How many gradients are enough: those up to the last floating argument."""
        return max([i + 1 for i, x in enumerate(self.first.inputs) if floating(x)], default=0)

    def add(self, argument: str, kinds: Kinds) -> None:
        for kind, evidence in kinds[:3]:
            self.findings.append(words.finding(argument, kind, evidence, self.student.names))

    # -------------------------------------------------------- one argument

    def examine(self, i: int) -> None:
        name, d = self.student.names[i], self.first.answer.gradients[i]
        n, usable, error = self.first.truth(i)
        self.rows.append(compared(name, d, n, usable, error))
        if not usable.all():
            self.add(name, [("kink", {"elements": np.argwhere(~usable).tolist()})])
        if stale := self.history(i):
            self.add(name, stale)
        elif wrong := [p for p in self.points if not self.right_at(p, i)]:
            self.add(name, self.diagnose(i, wrong))

    def right_at(self, p: Point, i: int) -> bool:
        """Element by element at the first point, at first along random directions at the others."""
        return p.right(i) if p is self.first else p.right_along(i)

    def history(self, i: int) -> Kinds:
        """Right at first and wrong when called again: something is kept from an earlier call."""
        if not self.first.right(i):
            return []
        again = self.again.gradients[i]
        if again is None or differs(self.first.answer.gradients[i], again):
            return [("stale-cache", {"how": "the same call, repeated, gives another result"})]
        if self.near.sound and self.answered(i, self.near) and not self.near.right_along(i):
            return [("stale-cache", {"how": "right for the first inputs, wrong for inputs close to them"})]
        if any(self.of_the_first(i, p) for p in self.points[1:]):
            return [("stale-cache", {"how": "the gradient is that of the first call's inputs"})]
        return []

    def answered(self, i: int, p: Point) -> bool:
        """Did backward give a gradient of the right shape?"""
        d = p.answer.gradients[i]
        return d is not None and np.shape(d) == np.shape(p.inputs[i])

    def of_the_first(self, i: int, p: Point) -> bool:
        """Is the answer at p the true gradient of the first point, for p's g?"""
        if not self.answered(i, p) or p.y.shape != self.first.y.shape or p.right_along(i):
            return False
        old = self.first.jacobian(i)
        return old is not None and same(np.ravel(p.answer.gradients[i]), old.pull(p.g))

    def diagnose(self, i: int, wrong: list[Point]) -> Kinds:
        """The kinds of what is wrong with a gradient, the same at every point where it is wrong."""
        if any(p.answer.gradients[i] is None for p in wrong):
            return [("unknown", {"raised": wrong[0].answer.error})]
        if not self.answered(i, wrong[0]):
            return misshapen(wrong[0].answer.gradients[i], wrong[0].truth(i)[0])
        if upstream := self.upstream(i, wrong[0]):
            return upstream
        kinds = diagnosed([c for c in (self.case(i, p) for p in wrong) if c is not None])
        return [self.borne_out(i, *found) for found in kinds]

    def borne_out(self, i: int, kind: str, evidence: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """A factor that is the same at other sizes is no count of elements."""
        if "at these sizes" not in evidence:
            return kind, evidence
        elsewhere, factor = self.factor_at_other_sizes(i, evidence["count"]), evidence["factor"]
        constant = elsewhere is not None and np.isclose(elsewhere, factor, rtol=1e-6)
        return ("constant-factor", {"factor": factor}) if constant else (kind, evidence)

    def factor_at_other_sizes(self, i: int, count: int) -> float | None:
        for inputs in enlarged(self.first.inputs, count, self.rng):
            if works(self.student.forward, inputs):
                p = Point(self.student, inputs, self.rng)
                if self.answered(i, p):
                    return ratio(p.answer.gradients[i], p.truth(i)[0])
        return None

    def upstream(self, i: int, p: Point) -> Kinds:
        """Is d linear in g, and does it depend on it at all?"""
        g, h = p.g, signed(self.rng, p.y.shape)
        ask = lambda e: self.student.answer(p.inputs, e).gradients[i]
        d, repeated = ask(g), ask(g)
        if differs(d, repeated):
            kind = "stale-cache" if self.first.right(i) else "unknown"
            return [(kind, {"how": "two equal calls give different results"})]
        if not np.isfinite(d).all():
            return [not_finite(d, p.inputs[i])]
        other, both, twice, minus = ask(h), ask(g + h), ask(2 * g), ask(-g)
        if any(e is None for e in (other, both, twice, minus)):
            return []
        if same(d, other) and same(d, minus) and np.any(d):
            return [("ignores-upstream", {})]
        linear = same(twice, 2 * d, 1e-5) and same(both, d + other, 1e-5) and same(minus, -d, 1e-5)
        return [] if linear or self.rounded(i, p, d) else [("not-linear-in-upstream", {})]

    def rounded(self, i: int, p: Point, d: Any) -> bool:
        n = p.truth(i)[0]
        return bool(np.max(np.abs(d - n), initial=0) <= 1e-3 * np.max(np.abs(n), initial=0))

    def case(self, i: int, p: Point) -> Case | None:
        """Student and truth as matrices, where affordable; else their answers to a few random cotangents."""
        full = p.jacobian(i)
        cotangents = np.eye(p.y.size) if full else np.stack([signed(self.rng, p.y.shape).ravel() for _ in range(3)])
        answers = [self.student.answer(p.inputs, g.reshape(p.y.shape)).gradients[i] for g in cotangents]
        if any(a is None or np.shape(a) != np.shape(p.inputs[i]) for a in answers):
            return None
        mine = np.stack([np.ravel(a).astype(float) for a in answers])
        true = full or p.pulled(i, cotangents, mine)
        mine, truth = np.where(true.usable, mine, 0), np.where(true.usable, true.matrix, 0)
        others = {} if full is None else self.other_jacobians(i, p)
        count = averaged(self.student.forward, p.inputs, p.y)
        with_input = lambda k, value, gs: p.gradients_with(i, k, value, gs)
        return Case(
            i, self.student.names, p.inputs, p.y, cotangents, mine, truth, full is not None, others, count, p.graph,
            with_input,
        )

    def other_jacobians(self, i: int, p: Point) -> dict[str, np.ndarray]:
        found = {
            name: p.jacobian(k)
            for k, (name, x) in enumerate(zip(self.student.names, p.inputs))
            if k != i and floating(x)
        }
        return {name: j.matrix for name, j in found.items() if j is not None}

    # -------------------------------------------------------- errors

    def on_error(self, error: str) -> Kinds:
        """backward raised: with all sizes equal it may run, and then show what is wrong."""
        found = self.with_equal_sizes()
        if found:
            self.rows = [Row(n, np.nan, None, None, None) for n in self.student.names]
            self.findings += [
                words.finding(f.argument, f.kind, f.evidence | {"raised": error}, self.student.names) for f in found
            ]
            return []
        shapes = any(w in error for w in ("shape", "broadcast", "dimension", "mismatch", "axis"))
        return [("wrong-shape" if shapes else "unknown", {"raised": error})]

    def with_equal_sizes(self) -> list[Finding]:
        inputs = squared(self.student.forward, self.first.inputs, self.rng)
        if inputs is None or self.student.answer(inputs, signed(self.rng, self.student.value(inputs).shape)).error:
            return []
        return Check(self.student, inputs, self.rng).report("equal sizes", 0).findings


def not_finite(d: np.ndarray, x: Any) -> tuple[str, dict[str, Any]]:
    """NaN or infinity: in how many elements, the first of them, and the argument's value there."""
    places = np.argwhere(~np.isfinite(d))
    first = tuple(places[0])
    at = str(places[0].tolist()) if len(first) else ""
    return "nan", {"elements": len(places), "at": at, "value": float(np.asarray(x)[first])}


def differs(a: Any, b: Any) -> bool:
    return not np.array_equal(a, b, equal_nan=True)


def compared(name: str, d: Any, n: np.ndarray, usable: np.ndarray, error: np.ndarray) -> Row:
    """The line of the table: the largest relative error and where it stands; infinite for NaN."""
    if np.shape(d) != n.shape or not n.size:
        return Row(name, float("nan") if n.size else 0.0, None, d, n)
    difference = np.where(usable, np.maximum(np.abs(d - n) - error, 0.0), 0.0)
    relative = difference / (np.maximum(np.abs(n), 1e-2 * np.max(np.abs(n), initial=0)) + 1e-300)
    relative = np.where(np.isnan(relative), np.inf, relative)
    worst = np.unravel_index(int(np.argmax(relative)), n.shape)
    return Row(name, float(np.max(relative)), tuple(int(w) for w in worst), np.asarray(d), n)


def title(forward: Callable[..., Any], backward: Callable[..., Any]) -> str:
    """The student's name for it: backward's, unless it is no name, then forward's."""
    names = [getattr(f, "__name__", "") for f in (backward, forward)]
    return next((n for n in names if n not in ("", "<lambda>", "backward", "forward")), "backward")


def averaged(forward: Callable[..., Any], inputs: Sequence[Any], y: np.ndarray) -> int:
    """The count that forward's mean divides by: of the axes along which inputs may be repeated unnoticed."""
    count = 1
    shapes = [np.shape(x) for x in inputs]
    largest = max(shapes, key=len)
    for axis, n in enumerate(largest):
        twice = [
            np.repeat(x, 2, s.index(n) if axis >= len(s) or s[axis] != n else axis)
            if n in s and isinstance(x, np.ndarray) and (len(s) == len(largest) or axis == 0)
            else x
            for x, s in zip(inputs, shapes)
        ]
        try:
            z = evaluate(forward, twice)
        except Exception:
            continue
        if n > 1 and z.shape == np.ravel(y).shape and same(z, np.ravel(y)):
            count *= n
    return count
