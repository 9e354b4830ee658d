"""Hypotheses by breaking the true backward pass in one place.

When forward could be recorded as a graph of our ops, each way in which one rule is commonly got wrong is tried on each
node: a path left out, a local derivative passed over, an operand not transposed, an input where the output belongs.
The break that gives exactly the student's gradient is the diagnosis.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from tinyfm.engine import Node, Tensor, gradients, history, leaf, recording
from tinyfm.gradcheck.case import Case, same
from tinyfm.gradcheck.rules import Named
from tinyfm.operators import table

Pull = Callable[[Node, Any], list[tuple[Node, Any]]]
REDUCTIONS = {"sum", "mean", "max", "logsumexp"}
CURVED = {"multiply", "square", "sqrt", "pow", "norm", "var", "std", "abs"}


@dataclass(frozen=True)
class Break:
    """One way to get the backward pass wrong: `changes` replaces what some nodes send back."""

    kind: str
    changes: dict[Node, Pull]
    evidence: dict[str, Any]


def broken_once(c: Case) -> Named:
    """The first break of the true backward that gives d for random g."""
    if c.graph is None or c.graph[1][c.index] is None: return None
    root, target = c.graph[0].node, c.graph[1][c.index].node
    weights = np.random.default_rng(1).standard_normal((2, len(c.G)))
    samples = [(g.reshape(c.out), d.reshape(c.into), n.reshape(c.into))
               for g, d, n in zip(weights @ c.G, weights @ c.D, weights @ c.J)]
    nodes = history(root)
    below = reach(nodes, target)
    with np.errstate(all="ignore"):
        for b in breaks([n for n in nodes if n.op is not None and n in below], target, below):
            if all(matches(root, target, b, nodes, *sample) for sample in samples): return b.kind, b.evidence
    return None


def along_another_axis(c: Case) -> Named:
    """d is the gradient of the same function with its statistics taken along another axis."""
    if c.graph is None or c.graph[1][c.index] is None or max(map(np.ndim, c.inputs)) < 2: return None
    root, target = c.graph[0].node, c.graph[1][c.index].node
    nodes = history(root)
    g = np.random.default_rng(1).standard_normal(len(c.G))
    d, n = (g @ c.D).reshape(c.into), (g @ c.J).reshape(c.into)
    for axis in range(max(map(np.ndim, c.inputs))):
        with np.errstate(all="ignore"):
            try: found = replayed(nodes, target, axis, (g @ c.G).reshape(c.out))
            except (ValueError, TypeError, IndexError): continue
        if found is not None and same(found, d) and not same(found, n): return "wrong-axis", {"axis": axis}
    return None


def replayed(nodes: list[Node], target: Node, axis: int, g: Any) -> Any:
    """The gradient of the target when every reduction with keepdims runs along `axis`."""
    fresh: dict[Node, Tensor] = {}
    with recording(True):
        for node in nodes:
            if node.op is None:
                fresh[node] = leaf(node.saved().data)
                continue
            args = [fresh[p] if p is not None else v for p, v in zip(node.parents, node.note)]
            settings = {k: node.saved[k] for k in node.op.settings}
            if settings.get("keepdims") and isinstance(settings.get("axis"), int): settings["axis"] = axis
            fresh[node] = node.op(*args, **settings)
    return gradients(fresh[nodes[-1]], [fresh[target]], g)[0]


def matches(root: Node, target: Node, b: Break, nodes: list[Node], g: Any, d: Any, n: Any) -> bool:
    try: found = run(root, target, b, g, nodes)
    except (ValueError, TypeError, IndexError): return False
    return found is not None and same(found, d) and not same(found, n)


def run(root: Node, target: Node, b: Break, g: Any, nodes: list[Node]) -> Any:
    """The backward pass with the replaced parts."""
    grads: dict[Node, Any] = {root: g}
    for node in reversed(nodes):
        if node not in grads or node.op is None: continue
        pulled = b.changes[node](node, grads[node]) if node in b.changes else node.vjp(grads[node])
        for parent, d in pulled: grads[parent] = grads[parent] + d if parent in grads else d
    return grads.get(target)


def reach(nodes: list[Node], target: Node) -> set[Node]:
    """The nodes that depend on the target."""
    found = {target}
    for node in nodes:
        if any(p in found for p in node.parents): found.add(node)
    return found


def between(node: Node, target: Node, below: set[Node]) -> list[Node]:
    """The nodes on the way from `node` down to the target."""
    return [n for n in history(node) if n in below and n.op is not None]


# ------------------------------------------------------------ the ways to be wrong

def breaks(nodes: list[Node], target: Node, below: set[Node]) -> Iterator[Break]:
    """Every break of every node, the likeliest first."""
    for make in (local_derivative_lost, input_for_output, untransposed):
        for node in reversed(nodes): yield from make(node)
    for node in reversed(nodes): yield from earlier_operand(node)
    yield from stretches_skipped(nodes, target, below)
    yield from paths_lost(nodes, target, below)
    yield from statistics_fixed(nodes, target, below)


def fitted(g: Any, parent: Node) -> Any:
    """g in the parent's shape: summed where the parent was stretched."""
    return g if np.shape(g) == parent.shape else table["sum_to"](g, shape=parent.shape)


def replacing(i: int, make: Callable[[Any], Any]) -> Pull:
    """The node's own rules, with argument i's gradient replaced by make(g)."""
    def pull(node: Node, g: Any) -> list[tuple[Node, Any]]:
        parent = node.parents[i]
        others = [(p, d) for k, (p, d) in enumerate(each(node, g)) if k != i and p is not None and d is not None]
        return [*others, (parent, fitted(make(g), parent))]  # type: ignore[list-item, arg-type]
    return pull


def each(node: Node, g: Any) -> list[tuple[Node | None, Any]]:
    """The gradient of every argument by itself, None for constants."""
    found: list[tuple[Node | None, Any]] = []
    for p, rule in zip(node.parents, node.op.kernels):
        found.append((p, None if p is None or rule is None else fitted(rule(g, node.saved), p)))
    return found


def local_derivative_lost(node: Node) -> Iterator[Break]:
    """g is passed on where it should be multiplied with the local derivative."""
    if node.op.kind != "elementwise" or node.op.name in ("add", "subtract", "identity", "where", "negative"): return
    words = {"multiply": "the other operand of the product", "divide": "the division"}
    for i, p in enumerate(node.parents):
        if p is not None and not (node.op.name == "multiply" and np.ndim(node.note[1 - i]) == 0 and node.parents[1 - i] is None):
            evidence = {"factor": words.get(node.op.name, f"the derivative of {node.op.name}"), "op": node.op.name}
            yield Break("missing-factor", {node: replacing(i, lambda g: g)}, evidence)


    if node.op.name == "divide" and node.parents[1] is not None:
        a, b = node.note[:2]
        for name, lost in (("the numerator", lambda g: -g / b ** 2), ("the denominator", lambda g: -g * a), ("one of the two denominators", lambda g: -g * a / b),
                           ("the quotient", lambda g: -g / b)):
            yield Break("missing-factor", {node: replacing(1, lost)}, {"factor": name, "op": "divide"})


def earlier_operand(node: Node) -> Iterator[Break]:
    """A product with what its operand was computed from, in place of the operand: x where the squashed value belongs."""
    if node.op.name not in ("multiply", "matmul") or None not in node.parents and node.parents[0] is node.parents[1]: return
    for i, name in ((0, "b"), (1, "a")):
        other = node.parents[1 - i]
        if node.parents[i] is None or other is None: continue
        for before in history(other)[:-1]:
            if before.shape != other.shape or shifted_only(other, before): continue
            value = before.note[-1] if before.op is not None else before.saved().data
            saved = node.saved | {name: value}
            rule = node.op.kernels[i]
            yield Break("input-for-output", {node: replacing(i, lambda g, rule=rule, saved=saved: rule(g, saved))}, {"op": node.op.name})


def shifted_only(node: Node, before: Node) -> bool:
    """Nothing but a constant added or a sign between the two: that is not a function and its input."""
    way = [n for n in history(node) if n.order > before.order and n.op is not None]
    return all(n.op.name in ("add", "subtract", "negative") and len(n.shape) == len(before.shape) for n in way)


def stretches_skipped(nodes: list[Node], target: Node, below: set[Node]) -> Iterator[Break]:
    """Several nodes in a row are passed over, as if they were one function whose derivative was forgotten."""
    for node in reversed(nodes):
        inner = between(node, target, below)
        for before in [*inner[:-1], target]:
            if node.shape not in (before.shape, before.shape[:-1]) or before in node.parents: continue
            if any(p in below and p not in inner and p is not before and p is not target for n in inner if n.order > before.order for p in n.parents): continue
            spread = len(node.shape) < len(before.shape)
            names = " ".join(dict.fromkeys(n.op.name for n in inner if n.order > before.order))
            def skip(_: Node, g: Any, before: Node = before, spread: bool = spread) -> list[tuple[Node, Any]]:
                return [(before, np.broadcast_to(np.asarray(g)[..., None] if spread else g, before.shape))]
            yield Break("missing-factor", {node: skip}, {"factor": f"the derivative of {names}"})


def input_for_output(node: Node) -> Iterator[Break]:
    """The rule in terms of the output, handed the input."""
    rule = node.op.rules[0]
    if len(node.parents) == 1 and rule is not None and "out" in rule.needs:
        saved = node.saved | {"out": node.note[0]}
        yield Break("input-for-output", {node: replacing(0, lambda g: rule(g, saved))}, {"op": node.op.name})
    if node.op.name == "logaddexp" and node.parents[1] is not None:
        yield Break("input-for-output", {node: replacing(1, lambda g: g * node.note[1])}, {"op": "softplus"})


def untransposed(node: Node) -> Iterator[Break]:
    """g b and a g for g b' and a' g; the factors in the other order."""
    if node.op.name != "matmul": return
    turn = lambda m: np.swapaxes(m, -1, -2)
    a, b = node.note[:2]
    if node.parents[0] is not None and np.ndim(b) > 1:
        yield Break("operand-not-transposed", {node: replacing(0, lambda g: g @ b)}, {"due": "g @ b.T", "is": "g @ b"})
        yield Break("operands-swapped", {node: replacing(0, lambda g: turn(b) @ g)}, {"due": "g @ b.T", "is": "b.T @ g"})
    if node.parents[1] is not None and np.ndim(a) > 1:
        yield Break("operand-not-transposed", {node: replacing(1, lambda g: a @ g)}, {"due": "a.T @ g", "is": "a @ g"})
        yield Break("operands-swapped", {node: replacing(1, lambda g: g @ turn(a))}, {"due": "a.T @ g", "is": "g @ a.T"})


def paths_lost(nodes: list[Node], target: Node, below: set[Node]) -> Iterator[Break]:
    """One of several ways from the result to the argument is left out, or is the only one kept."""
    uses: dict[Node, list[tuple[Node, int]]] = {}
    for node in reversed(nodes):
        for i, p in enumerate(node.parents):
            if p is None or p not in below: continue
            uses.setdefault(p, []).append((node, i))
            evidence = {"path": spelled(p, target, below), "op": node.op.name}
            yield Break(path_kind(node, p, target, below), {node: dropping({i})}, evidence)
    for several in uses.values():
        for size in range(2, len(several)) if len(several) < 6 else []:
            for lost in combinations(several, size):
                changes = {node: dropping({i for n, i in lost if n is node}) for node, _ in lost}
                evidence = {"path": "several uses of one value: " + ", ".join(n.op.name for n, _ in lost)}
                yield Break("missing-term", changes, evidence)


def dropping(lost: set[int]) -> Pull:
    """The node's own rules, without those of some arguments."""
    return lambda node, g: [(p, d) for i, (p, d) in enumerate(each(node, g)) if i not in lost and p is not None and d is not None]


def path_kind(node: Node, p: Node, target: Node, below: set[Node]) -> str:
    """A path through a statistic that is shared by a group: its mean or sum, its squares; or any other path."""
    names = [n.op.name for n in between(p, target, below)]
    shared = int(np.prod(p.shape)) < int(np.prod(node.shape))
    if not shared or not any(n in REDUCTIONS for n in names): return "missing-term"
    last = max(i for i, n in enumerate(names) if n in REDUCTIONS)
    return "missing-variance-term" if any(n in CURVED for n in names[:last]) else "missing-mean-term"


def spelled(p: Node, target: Node, below: set[Node]) -> str:
    return " <- ".join(dict.fromkeys(n.op.name for n in reversed(between(p, target, below)))) or "the argument itself"


def statistics_fixed(nodes: list[Node], target: Node, below: set[Node]) -> Iterator[Break]:
    """Every path through a reduction is left out at once: mean and deviation held fixed."""
    cut: dict[Node, Pull] = {n: lambda node, g: [] for n in nodes if n.op.name in ("mean", "sum") and n.shape}
    if len(cut) > 1:
        yield Break("missing-mean-term", cut, {"path": "mean and deviation", "also": "missing-variance-term"})
