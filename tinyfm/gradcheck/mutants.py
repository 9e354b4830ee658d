"""Hypotheses by breaking the true backward pass in one place.

When forward could be recorded as a graph of our ops, each way in which one rule is commonly got wrong is tried on each
node: a path left out, a local derivative passed over, an operand not transposed, an input where the output belongs.
The break that gives exactly the student's gradient is the diagnosis.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinyfm.engine import Node, history
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
    for make in (local_derivative_lost, input_for_output, untransposed, counts_lost):
        for node in reversed(nodes): yield from make(node)
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
        if p is not None:
            evidence = {"factor": words.get(node.op.name, f"the derivative of {node.op.name}"), "op": node.op.name}
            yield Break("missing-factor", {node: replacing(i, lambda g: g)}, evidence)


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


def counts_lost(node: Node) -> Iterator[Break]:
    """A mean without its 1/N, a sum with one."""
    parent, rule = node.parents[0], node.op.rules[0]
    if node.op.name not in ("mean", "sum") or parent is None: return
    n = int(np.prod(parent.shape)) // max(int(np.prod(node.shape)), 1)
    kind, factor = ("missing-1/N", float(n)) if node.op.name == "mean" else ("extra-1/N", 1 / max(n, 1))
    if n > 1: yield Break(kind, {node: replacing(0, lambda g: rule(g, node.saved) * factor)}, {"count": n, "inside": node.op.name})


def paths_lost(nodes: list[Node], target: Node, below: set[Node]) -> Iterator[Break]:
    """One of several ways from the result to the argument is left out, or is the only one kept."""
    uses: dict[Node, list[tuple[Node, int]]] = {}
    for node in reversed(nodes):
        for i, p in enumerate(node.parents):
            if p is None or p not in below: continue
            uses.setdefault(p, []).append((node, i))
            evidence = {"path": spelled(p, target, below), "op": node.op.name}
            yield Break(path_kind(p, target, below), {node: dropping({i})}, evidence)
    for several in uses.values():
        for keep in several if len(several) > 2 else []:
            lost = [use for use in several if use != keep]
            changes = {node: dropping({i for n, i in lost if n is node}) for node, _ in lost}
            yield Break("missing-term", changes, {"path": "every use of one value but one", "op": keep[0].op.name})


def dropping(lost: set[int]) -> Pull:
    """The node's own rules, without those of some arguments."""
    return lambda node, g: [(p, d) for i, (p, d) in enumerate(each(node, g)) if i not in lost and p is not None and d is not None]


def path_kind(p: Node, target: Node, below: set[Node]) -> str:
    """A path through a sum or mean over the argument; through their squares; or any other."""
    names = [n.op.name for n in between(p, target, below)]
    if not any(n in REDUCTIONS for n in names): return "missing-term"
    first = next(i for i, n in enumerate(names) if n in REDUCTIONS)
    return "missing-variance-term" if any(n in CURVED for n in names[:first]) else "missing-mean-term"


def spelled(p: Node, target: Node, below: set[Node]) -> str:
    return " <- ".join(dict.fromkeys(n.op.name for n in reversed(between(p, target, below)))) or "the argument itself"


def statistics_fixed(nodes: list[Node], target: Node, below: set[Node]) -> Iterator[Break]:
    """Every path through a reduction is left out at once: mean and deviation held fixed."""
    cut: dict[Node, Pull] = {n: lambda node, g: [] for n in nodes if n.op.name in ("mean", "sum") and n.shape}
    if len(cut) > 1:
        yield Break("missing-mean-term", cut, {"path": "mean and deviation", "also": "missing-variance-term"})
