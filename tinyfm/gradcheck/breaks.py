"""Run the true backward pass with some of its parts replaced by what people write instead.

When forward could be recorded as a graph of our ops, each way in which one rule is commonly got wrong (see mistakes.py)
is tried on each node.  The break that gives exactly the student's gradient is the diagnosis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinyfm.engine import Node, history
from tinyfm.gradcheck.case import Case, Named, ratio, same
from tinyfm.gradcheck.numpy_tracing import Graph
from tinyfm.operators import table

Pull = Callable[[Node, Any], list[tuple[Node, Any]]]
Sample = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Break:
    """One way to get the backward pass wrong: `changes` replaces what some nodes send back."""

    kind: str
    changes: dict[Node, Pull]
    evidence: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Scene:
    """The graph as seen from one argument: `below` are the nodes that depend on it."""

    graph: Graph
    target: Node
    below: set[Node]

    @property
    def nodes(self) -> list[Node]:
        """The ops that depend on the target, from the output down."""
        return [n for n in reversed(self.graph.nodes) if n.op is not None and n in self.below]

    def between(self, node: Node) -> list[Node]:
        """The ops on the way from the target up to `node`."""
        return [n for n in history(node) if n in self.below and n.op is not None]

    def run(self, g: Any, changes: dict[Node, Pull]) -> Any:
        """The gradient of the target with the replaced parts; None when it is not reached or the shapes do not fit."""
        grads: dict[Node, Any] = {self.graph.root: g}
        try:
            for node in reversed(self.graph.nodes):
                if node not in grads or node.op is None:
                    continue
                pulled = changes[node](node, grads[node]) if node in changes else node.vjp(grads[node])
                for parent, d in pulled:
                    grads[parent] = grads[parent] + d if parent in grads else d
        except (ValueError, TypeError, IndexError):
            return None
        return grads.get(self.target)


def scene(c: Case) -> Scene | None:
    target = c.graph.target(c.index) if c.graph else None
    if target is None or c.graph is None:
        return None
    below = {target}
    for node in c.graph.nodes:
        if any(p in below for p in node.parents):
            below.add(node)
    return Scene(c.graph, target, below)


def first_match(c: Case, make: Callable[[Scene], Iterator[Break]]) -> Named:
    """The first break that gives d for random g."""
    s = scene(c)
    with np.errstate(all="ignore"):
        for b in make(s) if s is not None else ():
            if s is not None and all(explains(s, b, *sample) for sample in c.samples):
                return b.kind, b.evidence
    return None


def explains(s: Scene, b: Break, g: Any, d: Any, n: Any) -> bool:
    found = s.run(g, b.changes)
    return found is not None and same(found, d) and not same(found, n)


def share_of(c: Case, make: Callable[[Scene], Iterator[Break]]) -> Iterator[tuple[Break, float]]:
    """Breaks that leave a part of n out, and the number with which that part stands in d."""
    s = scene(c)
    with np.errstate(all="ignore"):
        for b in make(s) if s is not None else ():
            (first, second) = c.samples
            one = share(s, b, *first)  # type: ignore[arg-type]
            two = share(s, b, *second) if one is not None else None  # type: ignore[arg-type]
            if one is not None and two is not None and np.isclose(one, two, rtol=1e-5, atol=1e-6):
                yield b, one


def share(s: Scene, b: Break, g: Any, d: Any, n: Any) -> float | None:
    """f with d = rest + f part, where n = rest + part, and the rest is more than nothing."""
    rest = s.run(g, b.changes)
    if rest is None or rest.shape != n.shape or same(rest, n) or not np.isfinite(rest).all() or same(rest + n, n):
        return None
    part, missing = n - rest, d - rest
    if np.max(np.abs(missing)) <= 1e-6 * np.max(np.abs(n)):
        return 0.0
    return ratio(missing, part)


# ------------------------------------------------------------ pieces of a replaced rule


def fitted(g: Any, parent: Node) -> Any:
    """g in the parent's shape: summed where the parent was stretched."""
    return g if np.shape(g) == parent.shape else table["sum_to"](g, shape=parent.shape)


def each(node: Node, g: Any) -> list[tuple[Node | None, Any]]:
    """The gradient of every argument by itself, None for constants."""
    return [
        (p, None if p is None or rule is None else fitted(rule(g, node.saved), p))
        for p, rule in zip(node.parents, node.op.kernels)
    ]


def dropping(lost: set[int]) -> Pull:
    """The node's own rules, without those of some arguments."""
    return lambda node, g: [
        (p, d) for i, (p, d) in enumerate(each(node, g)) if i not in lost and p is not None and d is not None
    ]


def replacing(i: int, make: Callable[[Any], Any]) -> Pull:
    """The node's own rules, with argument i's gradient replaced by make(g)."""

    def pull(node: Node, g: Any) -> list[tuple[Node, Any]]:
        parent = node.parents[i]
        return dropping({i})(node, g) + ([] if parent is None else [(parent, fitted(make(g), parent))])

    return pull
