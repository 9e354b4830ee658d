"""One set of inputs, what the student's backward answers there, and the truth beside it.

The truth comes from values of forward alone, element by element, where that is affordable.  For an argument of many
elements it is first asked along random directions whether the answer is right; where it is not, halving finds the few
elements that are wrong.  When many are wrong, the recorded graph of forward gives the truth, and is believed only where
central differences along random directions agree with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from tinyfm.engine import gradients
from tinyfm.gradcheck.numeric import LARGER, Jacobian, agrees_along, astray, evaluate, jacobian
from tinyfm.gradcheck.numpy_tracing import Graph, traced
from tinyfm.gradcheck.student import Student

RTOL, ATOL = 2e-8, 1e-9  # of an element; of the largest element
ELEMENTS, CELLS = 500, 40_000  # the largest argument or output, the largest Jacobian, taken element by element
FEW = 64  # elements that are looked at one by one in a larger argument; outputs for which the graph gives every row
SOUGHT = 16  # wrong elements that halving goes after; more are many
PROBES = 3  # random directions


class Point:
    """One set of inputs: forward's value, random cotangents, and the student's answers to them."""

    def __init__(self, student: Student, inputs: Sequence[Any], rng: np.random.Generator) -> None:
        self.student, self.inputs, self.rng = student, list(inputs), rng
        self.y = student.value(inputs)
        self.g = signed(rng, self.y.shape)
        self.answer = student.answer(inputs, self.g)
        self.jacobians: dict[int, Jacobian | None] = {}
        self.truths: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}

    @property
    def sound(self) -> bool:
        return self.y.dtype.kind == "f" and bool(np.isfinite(self.y).all())

    @cached_property
    def graph(self) -> Graph | None:
        return traced(self.student.forward, self.inputs)

    def truth(self, i: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The true gradient of argument i for g, which of its elements exist, and the error of each."""
        if i not in self.truths:
            shape, d = np.shape(self.inputs[i]), self.answer.gradients[i]
            found = self.pulled(i, self.g.ravel()[None], None if np.shape(d) != shape else np.ravel(d)[None])
            error = found.error + (self.rounding(i, np.ravel(d), found) if np.shape(d) == shape else 0.0)
            self.truths[i] = found.matrix[0].reshape(shape), found.usable.reshape(shape), error.reshape(shape)
        return self.truths[i]

    def rounding(self, i: int, d: np.ndarray, found: Jacobian) -> np.ndarray:
        """How far a larger step moves the truth where the answer is all but right: that much is forward's rounding."""
        n, gap, moved = found.matrix[0], np.abs(d - found.matrix[0]), np.zeros(d.size)
        most = np.max(np.abs(n), initial=0)
        places = np.flatnonzero((gap > RTOL * np.abs(n) + ATOL * most + found.error) & (gap <= 1e-6 * most))[:FEW]
        if len(places):
            other = jacobian(self.student.forward, self.inputs, i, places.tolist(), self.g.ravel()[None], LARGER)
            moved[places] = np.where(other.usable, np.abs(other.matrix[0] - n[places]), 0.0)
        return moved

    def right(self, i: int) -> bool:
        return right(self.answer.gradients[i], *self.truth(i))

    def right_along(self, i: int) -> bool:
        """Is the answer right along random directions?  Where not, or near a kink, element by element."""
        d = self.answer.gradients[i]
        if np.shape(d) == np.shape(self.inputs[i]) and self.passes(i, self.g, d):
            return True
        return self.right(i)

    def passes(self, i: int, g: np.ndarray, d: Any) -> bool:
        """Does d, as the gradient of argument i, agree with central differences along random directions?"""
        return all(
            agrees_along(self.student.forward, self.inputs, i, g, d, signed(self.rng, np.shape(d)))
            for _ in range(PROBES)
        )

    # -------------------------------------------------------- the truth, at the price of the argument's size

    def jacobian(self, i: int) -> Jacobian | None:
        """The whole Jacobian where it is affordable."""
        if i not in self.jacobians:
            size, outputs, whole = np.size(self.inputs[i]), self.y.size, None
            if max(size, outputs) <= ELEMENTS and size * outputs <= CELLS:
                whole = jacobian(self.student.forward, self.inputs, i)
            elif outputs <= FEW:
                whole = self.by_graph(i, np.eye(outputs))
            self.jacobians[i] = whole
        return self.jacobians[i]

    def pulled(self, i: int, cotangents: np.ndarray, answers: np.ndarray | None) -> Jacobian:
        """cotangents @ J; `answers` are the student's, flat, when they have the argument's shape."""
        if np.size(self.inputs[i]) <= ELEMENTS:
            return self.by_elements(i, cotangents)
        places = self.few_wrong(i, cotangents, answers)
        if answers is not None and places is not None:
            return self.mended(i, cotangents, answers, places)
        return self.by_graph(i, cotangents, answers) or self.by_elements(i, cotangents)

    def by_elements(self, i: int, cotangents: np.ndarray) -> Jacobian:
        whole = self.jacobian(i) if np.size(self.inputs[i]) <= ELEMENTS else None
        if whole is None:
            return jacobian(self.student.forward, self.inputs, i, project=cotangents)
        return Jacobian(cotangents @ whole.matrix, whole.usable, whole.error * np.abs(cotangents).sum(1).max(initial=0))

    def few_wrong(self, i: int, cotangents: np.ndarray, answers: np.ndarray | None) -> np.ndarray | None:
        """The elements at which the answers are wrong; None when they are many."""
        if answers is None or not np.isfinite(answers).all():
            return None
        found: set[int] = set()
        for g, d in zip(cotangents, answers):
            wrong = astray(self.student.forward, self.inputs, i, g, d, self.rng, SOUGHT)
            if wrong is None:
                return None
            found.update(wrong.tolist())
        return np.array(sorted(found), dtype=int)

    def mended(self, i: int, cotangents: np.ndarray, answers: np.ndarray, places: np.ndarray) -> Jacobian:
        """The answers, with the truth put in at some elements."""
        truth = Jacobian(answers.astype(float), np.ones(answers.shape[1], bool), np.zeros(answers.shape[1]))
        if len(places):
            there = jacobian(self.student.forward, self.inputs, i, places.tolist(), cotangents)
            truth.matrix[:, places], truth.usable[places] = there.matrix, there.usable
            truth.error[places] = there.error
        return truth

    def by_graph(self, i: int, cotangents: np.ndarray, answers: np.ndarray | None = None) -> Jacobian | None:
        """By the recorded graph, if random directions confirm it and no kink is among the first that differ."""
        rows = [self.recorded_gradient(i, g.reshape(self.y.shape)) for g in cotangents]
        if not rows or any(r is None or not self.passes(i, g, r) for r, g in zip(rows, cotangents)):
            return None
        size = np.size(self.inputs[i])
        found = Jacobian(np.reshape(rows, (len(rows), size)), np.ones(size, bool), np.zeros(size))
        if answers is not None:
            differ = np.flatnonzero((np.abs(answers - found.matrix) > RTOL * np.abs(found.matrix)).any(0))[:FEW]
            if not jacobian(self.student.forward, self.inputs, i, differ.tolist(), cotangents).usable.all():
                return None
        return found

    def recorded_gradient(self, i: int, g: np.ndarray) -> Any:
        wrt = self.graph.leaves[i] if self.graph else None
        if self.graph is None or wrt is None:
            return None
        with np.errstate(all="ignore"):
            return gradients(self.graph.out, [wrt], g)[0]

    def gradients_with(self, i: int, k: int, value: Any, cotangents: Sequence[np.ndarray]) -> list[Any] | None:
        """The true gradients of argument i where input k is another, if forward takes that."""
        inputs = [value if j == k else v for j, v in enumerate(self.inputs)]
        try:
            other = evaluate(self.student.forward, inputs)
        except Exception:  # whatever forward cannot do with that value
            return None
        graph = traced(self.student.forward, inputs) if other.size == self.y.size else None
        if graph is not None and (wrt := graph.leaves[i]) is not None:
            with np.errstate(all="ignore"):
                return [gradients(graph.out, [wrt], g)[0] for g in cotangents]
        if other.size != self.y.size or np.size(self.inputs[i]) > ELEMENTS:
            return None
        matrix = jacobian(self.student.forward, inputs, i, project=np.stack([g.ravel() for g in cotangents])).matrix
        return list(matrix.reshape(len(cotangents), *np.shape(self.inputs[i])))


def signed(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Normal numbers of both signs, none near 0."""
    g = rng.standard_normal(shape)
    return np.asarray(g + np.copysign(0.1, g))


def right(d: Any, n: np.ndarray, usable: np.ndarray, error: np.ndarray) -> bool:
    """Within tolerance at every element that has a derivative; never for NaN."""
    if np.shape(d) != n.shape:
        return False
    return bool((np.abs(d - n) <= RTOL * np.abs(n) + ATOL * np.max(np.abs(n), initial=0) + error)[usable].all())
