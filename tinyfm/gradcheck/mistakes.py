"""The ways in which one part of a backward pass is commonly got wrong, as breaks of a recorded graph."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, permutations, product
from typing import Any

import numpy as np

from tinyfm.engine import Node, history
from tinyfm.gradcheck.breaks import Break, Pull, Scene, dropping, replacing
from tinyfm.gradcheck.numpy_tracing import value

REDUCTIONS = {"sum", "mean", "max", "logsumexp"}
CURVED = {"multiply", "square", "sqrt", "pow", "norm", "var", "std", "abs"}
LINEAR = ("add", "subtract", "identity", "where", "negative")


def wrong_rules(s: Scene) -> Iterator[Break]:
    """One node's rule written wrongly, the likeliest first."""
    for make in (local_derivative_lost, quotient_halved, input_for_output, untransposed, along_another_axis):
        for node in s.nodes:
            yield from make(node)
    for make in (earlier_operand, not_centred):
        for node in s.nodes:
            yield from make(node)


# ------------------------------------------------------------ a factor left out


def local_derivative_lost(node: Node) -> Iterator[Break]:
    """g is passed on where it should be multiplied with the local derivative."""
    if node.op.kind != "elementwise" or node.op.name in LINEAR:
        return
    words = {"multiply": "the other operand of the product", "divide": "the division"}
    for i, p in enumerate(node.parents):
        number = node.op.name == "multiply" and np.ndim(node.note[1 - i]) == 0 and node.parents[1 - i] is None
        if p is None or number:
            continue
        factor = words.get(node.op.name, f"the derivative of {node.op.name}")
        yield Break("missing-factor", {node: replacing(i, lambda g: g)}, {"factor": factor})


def quotient_halved(node: Node) -> Iterator[Break]:
    """A part of -g a / b^2 is lost."""
    if node.op.name != "divide" or node.parents[1] is None:
        return
    a, b = node.note[:2]
    lost = {
        "the numerator": lambda g: -g / b**2,
        "the denominator": lambda g: -g * a,
        "one of the two denominators": lambda g: -g * a / b,
        "the quotient": lambda g: -g / b,
    }
    for factor, rule in lost.items():
        yield Break("missing-factor", {node: replacing(1, rule)}, {"factor": factor})


# ------------------------------------------------------------ the wrong operand


def input_for_output(node: Node) -> Iterator[Break]:
    """The rule in terms of the output, handed the input."""
    rule = node.op.rules[0]
    if len(node.parents) == 1 and rule is not None and "out" in rule.needs:
        saved = node.saved | {"out": node.note[0]}
        yield Break("input-for-output", {node: replacing(0, lambda g: rule(g, saved))}, {"op": node.op.name})
    if node.op.name == "logaddexp" and node.parents[1] is not None:
        yield Break("input-for-output", {node: replacing(1, lambda g: g * node.note[1])}, {"op": "softplus"})


def earlier_operand(node: Node) -> Iterator[Break]:
    """A product with what its operand was computed from: x where the squashed or normalised value belongs."""
    if node.op.name == "divide" and node.parents[0] is not None and node.parents[1] is not None:
        for before in history(node.parents[0]):
            if before.shape == node.shape:
                v = value(before)
                wrong = lambda g, v=v: -g * v / node.note[1]
                yield Break("input-for-output", {node: replacing(1, wrong)}, {"op": "divide"})
    if node.op.name not in ("multiply", "matmul") or None in node.parents or node.parents[0] is node.parents[1]:
        return
    for i, name in ((0, "b"), (1, "a")):
        other, rule = node.parents[1 - i], node.op.kernels[i]
        for before in history(other)[:-1] if other is not None else []:
            if other is None or before.shape != other.shape or shifted_only(other, before):
                continue
            saved = node.saved | {name: value(before)}
            yield Break(
                "input-for-output",
                {node: replacing(i, lambda g, rule=rule, saved=saved: rule(g, saved))},
                {"op": other.op.name, "in": node.op.name},
            )


def not_centred(node: Node) -> Iterator[Break]:
    """The square of x where that of x - mean(x) belongs."""
    p = node.parents[0]
    if not is_square(node) or p is None or p.op is None or p.op.name != "subtract":
        return
    x, shift = p.parents
    if x is None or shift is None or shift.op is None or shift.op.name != "mean":
        return
    wrong = lambda node, g: [(x, 2 * g * value(x))]
    yield Break("missing-mean-term", {node: wrong}, {"path": "mean"})


def is_square(node: Node) -> bool:
    """x * x, x**2 or square(x)."""
    if node.op.name == "pow":
        return node.parents[1] is None and np.ndim(node.note[1]) == 0 and node.note[1] == 2
    return node.op.name == "square" or (node.op.name == "multiply" and node.parents[0] is node.parents[1])


def shifted_only(node: Node, before: Node) -> bool:
    """Nothing but a constant added or a sign between the two: that is not a function and its input."""
    way = [n for n in history(node) if n.order > before.order and n.op is not None]
    return all(n.op.name in ("add", "subtract", "negative") and len(n.shape) == len(before.shape) for n in way)


def untransposed(node: Node) -> Iterator[Break]:
    """g b and a g for g b' and a' g; other factors transposed; the factors in the other order."""
    if node.op.name != "matmul":
        return
    for i, letter in ((0, "b"), (1, "a")):
        factor = node.note[1 - i]
        if node.parents[i] is None or np.ndim(factor) < 2:
            continue
        due = ("g", f"{letter}.T") if i == 0 else (f"{letter}.T", "g")
        for order, turn in product(permutations((0, 1)), product((False, True), repeat=2)):
            names = [("g", letter)[k] + ".T" * turn[k] for k in order]
            if tuple(names) == due:
                continue
            kind = "operand-not-transposed" if [n[0] for n in names] == [n[0] for n in due] else "operands-swapped"
            if kind == "operands-swapped" and turn != (False, True):
                continue
            wrong = lambda g, order=order, turn=turn, factor=factor: product_of(g, factor, order, turn)
            yield Break(kind, {node: replacing(i, wrong)}, {"due": " @ ".join(due), "is": " @ ".join(names)})


def product_of(g: Any, factor: Any, order: tuple[int, ...], turn: tuple[bool, ...]) -> Any:
    parts = [np.swapaxes(m, -1, -2) if on else m for m, on in zip((g, factor), turn)]
    return parts[order[0]] @ parts[order[1]]


def along_another_axis(node: Node) -> Iterator[Break]:
    """The rule of a reduction or a softmax, along another axis."""
    axis, rule = node.saved.get("axis"), node.op.kernels[0]
    if not isinstance(axis, int) or rule is None or node.parents[0] is None or np.ndim(node.note[0]) < 2:
        return
    n = np.ndim(node.note[0])
    for other in set(range(n)) - {axis % n}:
        saved = node.saved | {"axis": other}
        yield Break(
            "wrong-axis", {node: replacing(0, lambda g, saved=saved: rule(g, saved))}, {"axis": other, "due": axis % n}
        )


# ------------------------------------------------------------ a path left out


def paths(s: Scene) -> Iterator[Break]:
    """One of several ways from the result to the argument is left out."""
    for node in s.nodes:
        for i, p in enumerate(node.parents):
            if p is not None and p in s.below:
                yield Break(path_kind(s, node, p), {node: dropping({i})}, {"path": spelled(s, node, p)})


def several_paths(s: Scene) -> Iterator[Break]:
    """Two or more uses of one value are left out."""
    uses: dict[Node, list[tuple[Node, int]]] = {}
    for node in s.nodes:
        for i, p in enumerate(node.parents):
            if p is not None and p in s.below:
                uses.setdefault(p, []).append((node, i))
    for several in uses.values():
        for size in range(2, len(several)) if len(several) < 6 else []:
            for lost in combinations(several, size):
                changes = {node: dropping({i for n, i in lost if n is node}) for node, _ in lost}
                yield Break(
                    "missing-term",
                    changes,
                    {"path": "several uses of one value: " + ", ".join(n.op.name for n, _ in lost)},
                )


def path_kind(s: Scene, node: Node, p: Node) -> str:
    """A path through a statistic that is shared by a group: its mean or sum, its squares; or any other path."""
    names = [n.op.name for n in s.between(p)]
    shared = int(np.prod(p.shape)) < int(np.prod(node.shape))
    if not shared or not any(n in REDUCTIONS for n in names):
        return "missing-term"
    last = max(i for i, n in enumerate(names) if n in REDUCTIONS)
    return "missing-variance-term" if any(n in CURVED for n in names[:last]) else "missing-mean-term"


def spelled(s: Scene, node: Node, p: Node) -> str:
    """The way back from `node` by its parent p, as the names of the ops on it."""
    if p is s.target:
        return f"{node.op.name}, which takes the argument itself"
    return ", ".join(dict.fromkeys(n.op.name for n in reversed(s.between(p))))


def statistics_fixed(s: Scene) -> Iterator[Break]:
    """Every path through a reduction is left out at once: mean and deviation held fixed."""
    cut: dict[Node, Pull] = {n: lambda node, g: [] for n in s.nodes if n.op.name in ("mean", "sum") and n.shape}
    if len(cut) > 1:
        yield Break("missing-mean-term", cut, {"path": "mean and deviation", "also": "missing-variance-term"})


def stretches_skipped(s: Scene) -> Iterator[Break]:
    """Several nodes in a row are passed over, as if they were one function whose derivative was forgotten."""
    for node in s.nodes:
        inner = s.between(node)
        for before in [*inner[:-1], s.target]:
            if node.shape not in (before.shape, before.shape[:-1]) or before in node.parents:
                continue
            passed = [n for n in inner if n.order > before.order]
            if any(p in s.below and p not in inner and p not in (before, s.target) for n in passed for p in n.parents):
                continue
            names = ", ".join(dict.fromkeys(n.op.name for n in passed))
            yield Break(
                "missing-factor",
                {node: skipping(before, len(node.shape) < len(before.shape))},
                {"factor": f"the derivative of {names}"},
            )


def skipping(before: Node, spread: bool) -> Pull:
    return lambda _, g: [(before, np.broadcast_to(np.asarray(g)[..., None] if spread else g, before.shape))]
