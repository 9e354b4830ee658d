"""check_gradients, check_backward, check_rule: draw, call, compare with numbers, and name what is wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinyfm.gradcheck import words
from tinyfm.gradcheck.case import Case, same
from tinyfm.gradcheck.numeric import Jacobian, directional, evaluate, floating, jacobian
from tinyfm.gradcheck.numpy_tracing import traced
from tinyfm.gradcheck.points import nearby, redrawn, resolve, squared
from tinyfm.gradcheck.report import Finding, Report, Row
from tinyfm.gradcheck.rules import diagnosed
from tinyfm.gradcheck.student import Student, argument_names

RTOL, ATOL = 2e-8, 1e-9  # of an element; of the largest element
CELLS, SECONDS = 40_000, 0.4  # the largest Jacobian, and the time for it, that one argument may cost
Kinds = list[tuple[str, dict[str, Any]]]
Truth = tuple[np.ndarray, np.ndarray, np.ndarray]


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
    return Check(student, start, rng).report(name or str(getattr(backward, "__name__", "backward")), seed)


class Point:
    """One set of inputs: forward's value, random cotangents, and the student's answers to them."""

    def __init__(self, student: Student, inputs: Sequence[Any], rng: np.random.Generator) -> None:
        self.student, self.inputs = student, list(inputs)
        self.y = student.value(inputs)
        self.g = signed(rng, self.y.shape)
        self.answer = student.answer(inputs, self.g)
        self.jacobians: dict[int, Jacobian | None] = {}
        self.truths: dict[int, Truth] = {}

    @property
    def sound(self) -> bool:
        return self.y.dtype.kind == "f" and bool(np.isfinite(self.y).all())

    def truth(self, i: int) -> Truth:
        """The true gradient of argument i for g, which of its elements exist, and the error of each."""
        if i not in self.truths:
            found, shape, size = self.jacobian(i), np.shape(self.inputs[i]), float(np.abs(self.g).sum())
            if found is not None:
                n = found.pull(self.g)
            else:
                found = jacobian(self.student.forward, self.inputs, i, project=np.ravel(self.g)[None])
                n, size = found.matrix[0], 1.0
            self.truths[i] = n.reshape(shape), found.usable.reshape(shape), (found.error * size).reshape(shape)
        return self.truths[i]

    def jacobian(self, i: int) -> Jacobian | None:
        """The whole Jacobian where it is affordable."""
        if i not in self.jacobians:
            size = np.size(self.inputs[i])
            began = time.perf_counter()
            evaluate(self.student.forward, self.inputs)
            cost = 4 * size * (time.perf_counter() - began)
            affordable = size * self.y.size <= CELLS and cost <= SECONDS * 4
            self.jacobians[i] = jacobian(self.student.forward, self.inputs, i) if affordable else None
        return self.jacobians[i]


def signed(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Normal numbers of both signs, none near 0."""
    g = rng.standard_normal(shape)
    return np.asarray(g + np.copysign(0.1, g))


def right(d: Any, n: np.ndarray, usable: np.ndarray, error: np.ndarray) -> bool:
    """Within tolerance at every element that has a derivative; never for NaN."""
    if np.shape(d) != n.shape:
        return False
    return bool((np.abs(d - n) <= RTOL * np.abs(n) + ATOL * np.max(np.abs(n), initial=0) + error)[usable].all())


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
        verdicts = [right(p.answer.gradients[i], *p.truth(i)) for p in self.points]
        if stale := self.history(i, verdicts[0]):
            self.add(name, stale)
        elif not all(verdicts):
            self.add(name, self.diagnose(i))

    def history(self, i: int, right_at_first: bool) -> Kinds:
        """Right at first and wrong when called again: something is kept from an earlier call."""
        if not right_at_first:
            return []
        a, b = self.first.answer.gradients[i], self.again.gradients[i]
        if b is None or differs(a, b):
            return [("stale-cache", {"how": "the same call, repeated, gives another result"})]
        if not self.near_right(i):
            return [("stale-cache", {"how": "right for the first inputs, wrong for inputs close to them"})]
        for p in self.points[1:]:
            d = p.answer.gradients[i]
            old = self.first.jacobian(i)
            if d is None or old is None or p.y.shape != self.first.y.shape or right(d, *p.truth(i)):
                continue
            if same(np.ravel(d), old.pull(p.g)):
                return [("stale-cache", {"how": "the gradient is that of the first call's inputs"})]
        return []

    def near_right(self, i: int) -> bool:
        """Close to the first point, is the gradient still right?  Tried along one direction."""
        p, d = self.near, self.near.answer.gradients[i]
        if not p.sound or d is None or np.shape(d) != np.shape(p.inputs[i]):
            return True
        v = signed(self.rng, np.shape(d))
        slope, error = directional(
            self.student.forward, p.inputs, [v if k == i else None for k in range(len(p.inputs))]
        )
        true, found = float(np.ravel(p.g) @ slope), float(np.sum(d * v))
        size = float(np.linalg.norm(d * v)) + abs(true)
        agrees = not np.isfinite(true) or abs(true - found) <= 1e-5 * size + 0.1 * error * float(np.abs(p.g).sum())
        return agrees or right(d, *p.truth(i))  # a kink on the way would look the same: then element by element

    def diagnose(self, i: int) -> Kinds:
        """The kinds of what is wrong with a gradient that is wrong, the same at every point."""
        wrong = [p for p in self.points if not right(p.answer.gradients[i], *p.truth(i))]
        if any(p.answer.gradients[i] is None for p in wrong):
            return [("unknown", {"raised": wrong[0].answer.error})]
        shapes = [np.shape(p.answer.gradients[i]) for p in wrong]
        if shapes[0] != np.shape(wrong[0].inputs[i]):
            return self.misshapen(i, wrong[0])
        if upstream := self.upstream(i, wrong[0]):
            return upstream
        return diagnosed([c for c in (self.case(i, p) for p in wrong) if c is not None])

    def upstream(self, i: int, p: Point) -> Kinds:
        """Is d linear in g, and does it depend on it at all?"""
        g, h = p.g, signed(self.rng, p.y.shape)
        ask = lambda e: self.student.answer(p.inputs, e).gradients[i]
        d, repeated = ask(g), ask(g)
        if differs(d, repeated):
            was_right = right(self.first.answer.gradients[i], *self.first.truth(i))
            return [("stale-cache" if was_right else "unknown", {"how": "two equal calls give different results"})]
        if not np.isfinite(d).all():
            return [("nan", {"elements": int((~np.isfinite(d)).sum())})]
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
        if full is not None:
            cotangents = np.eye(p.y.size)
            truth, usable = full.matrix, full.usable
        else:
            cotangents = np.stack([signed(self.rng, p.y.shape).ravel() for _ in range(3)])
            projected = jacobian(self.student.forward, p.inputs, i, project=cotangents)
            truth, usable = projected.matrix, projected.usable
        answers = [self.student.answer(p.inputs, g.reshape(p.y.shape)).gradients[i] for g in cotangents]
        if any(a is None or np.shape(a) != np.shape(p.inputs[i]) for a in answers):
            return None
        mine = np.stack([np.ravel(a).astype(float) for a in answers])
        mine, truth = np.where(usable, mine, 0), np.where(usable, truth, 0)
        graph = traced(self.student.forward, p.inputs)
        others = {
            self.student.names[k]: j.matrix
            for k, x in enumerate(p.inputs)
            if k != i and floating(x) and full is not None and (j := p.jacobian(k)) is not None
        }
        return Case(
            i,
            self.student.names,
            p.inputs,
            p.y,
            cotangents,
            mine,
            truth,
            full is not None,
            others,
            averaged(self.student.forward, p.inputs, p.y),
            graph,
            lambda inputs: self.jacobian_at(i, inputs, p),
        )

    def jacobian_at(self, i: int, inputs: Sequence[Any], p: Point) -> np.ndarray | None:
        """The true Jacobian of argument i at other inputs, for those that give the same shapes."""
        try:
            other = evaluate(self.student.forward, inputs)
        except Exception:
            return None
        return jacobian(self.student.forward, inputs, i).matrix if other.size == p.y.size else None

    # -------------------------------------------------------- wrong shapes and errors

    def misshapen(self, i: int, p: Point) -> Kinds:
        """d has another shape than the argument: kept axes, exchanged axes, lost axes."""
        d, n = p.answer.gradients[i], p.truth(i)[0]
        evidence = {"returned": np.shape(d), "expected": n.shape}
        try:
            reducible = np.broadcast_shapes(np.shape(d), n.shape) == np.shape(d)
        except ValueError:
            reducible = False
        if reducible and d.size != n.size:
            extra = d.ndim - n.ndim
            axes = tuple(range(extra)) + tuple(a + extra for a, m in enumerate(n.shape) if m == 1 != d.shape[a + extra])
            total = d.sum(axes, keepdims=True).reshape(n.shape)
            if same(total, n):
                return [("not-summed-over-broadcast", evidence | {"axes": axes})]
            if f := scale_of(total, n):
                return [("not-summed-over-broadcast", evidence | {"axes": axes}), *sign_or_factor(f)]
        for axis in range(d.ndim if d.ndim == n.ndim + 1 else 0):
            if same(d.sum(axis), n):
                return [("not-summed-over-broadcast", evidence | {"axes": (axis,)})]
        if d.ndim == n.ndim > 1 and sorted(d.shape) == sorted(n.shape):
            for order in orders(n.ndim):
                if n.transpose(order).shape == d.shape and same(d, n.transpose(order)):
                    return [("transposed", evidence | {"order": order})]
        return [("wrong-shape", evidence)]

    def on_error(self, error: str) -> Kinds:
        """backward raised: with all sizes equal it may run, and then show what is wrong."""
        inputs = squared(self.student.forward, self.first.inputs, self.rng)
        kinds: Kinds = []
        if inputs is not None:
            square = (
                Check(self.student, inputs, self.rng)
                if not self.student.answer(inputs, signed(self.rng, self.student.value(inputs).shape)).error
                else None
            )
            if square is not None:
                inner = square.report("square", 0)
                self.rows = [Row(n, np.nan, None, None, None) for n in self.student.names]
                for f in inner.findings:
                    self.findings.append(
                        words.finding(f.argument, f.kind, f.evidence | {"raised": error}, self.student.names)
                    )
                if inner.findings:
                    return []
        shapes = any(w in error for w in ("shape", "broadcast", "dimension", "mismatch", "axis"))
        return [*kinds, ("wrong-shape" if shapes else "unknown", {"raised": error})]


def orders(n: int) -> Any:
    from itertools import permutations

    return [o for o in permutations(range(n)) if o != tuple(range(n))]


def scale_of(a: Any, n: Any) -> float | None:
    from tinyfm.gradcheck.case import ratio

    return ratio(np.asarray(a), np.asarray(n))


def sign_or_factor(f: float) -> Kinds:
    return [("wrong-sign" if np.isclose(f, -1) else "constant-factor", {"factor": f})]


def differs(a: Any, b: Any) -> bool:
    return not np.array_equal(a, b, equal_nan=True)


def compared(name: str, d: Any, n: np.ndarray, usable: np.ndarray, error: np.ndarray) -> Row:
    """The line of the table: the largest relative error and where it stands."""
    if np.shape(d) != n.shape:
        return Row(name, float("nan"), None, d, n)
    difference = np.where(usable, np.maximum(np.abs(d - n) - error, 0.0), 0.0)
    difference = np.where(np.isnan(d), np.inf, difference)
    scale = np.maximum(np.abs(n), 1e-2 * np.max(np.abs(n), initial=0)) + 1e-300
    worst = np.unravel_index(int(np.argmax(np.nan_to_num(difference / scale, nan=np.inf))), n.shape) if n.size else None
    most = float(np.max(np.nan_to_num(difference / scale, nan=np.inf), initial=0))
    return Row(name, most, None if worst is None else tuple(int(w) for w in worst), np.asarray(d), n)


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
