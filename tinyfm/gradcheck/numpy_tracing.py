"""Record a function that is written in plain NumPy as a graph of our ops, by running it on Stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinyfm import ops
from tinyfm.engine import Node, Tensor, history, leaf, watching
from tinyfm.gradcheck.stand import FUNCTIONS, Stand


class Notebook:
    """Keeps every node's input values and output, last, in its note."""

    def computed(self, op: Any, values: Any, settings: Any, out: Any) -> None:
        pass

    def recorded(self, node: Node, values: Any) -> None:
        node.note = values

    def stepped(self, node: Node, g: Any, pulled: Any) -> None:
        pass


@dataclass(frozen=True)
class Graph:
    """The output's node, the leaf of each floating input, and all nodes from the oldest to the output."""

    out: Tensor
    leaves: list[Tensor | None]
    nodes: list[Node]

    @property
    def root(self) -> Node:
        return self.nodes[-1]

    def target(self, index: int) -> Node | None:
        """The node of an input, if the output depends on it."""
        found = self.leaves[index]
        return found.node if found is not None and found.node in self.nodes else None


def value(node: Node) -> Any:
    """What a node computed, or the input that it is."""
    return node.note[-1] if node.op is not None else node.saved().data


def results(graph: Graph | None) -> list[tuple[str, np.ndarray]]:
    """What forward computed on the way, by the name of the op."""
    inner = graph.nodes[:-1] if graph else []
    return [(f"the result of {n.op.name}", np.asarray(value(n))) for n in inner if n.op is not None]


FORMULAS: tuple[Callable[..., Any], ...] = (lambda x: x * (0.5 * ops.erfc(x * -(0.5**0.5))), ops.erf)


def traced(forward: Callable[..., Any], inputs: Any) -> Graph | None:
    """The graph of forward, or None if it cannot be traced; believed only when it gives the same value.

    A maximum that is only subtracted and added again, for stability, is taken out; and a few formulas are known that
    cannot be recorded.
    """
    with shifts_taken_out():
        graph = recorded(forward, inputs, forward)
    graph = graph or recorded(forward, inputs, forward)
    for formula in FORMULAS if graph is None and len(inputs) == 1 else ():
        graph = graph or recorded(lambda x, formula=formula: Stand(formula(x.tensor)), inputs, forward)
    return graph


@contextmanager
def shifts_taken_out() -> Iterator[None]:
    """Within the block a maximum with keepdims counts as 0."""

    def nothing(x: Any, axis: Any = None, *, keepdims: Any = False, **_: Any) -> Any:
        return np.zeros_like(np.max(x.tensor.data, axis=axis, keepdims=keepdims is True))

    kept = {name: FUNCTIONS[name] for name in ("max", "amax")}
    FUNCTIONS.update(max=nothing, amax=nothing)
    try:
        yield
    finally:
        FUNCTIONS.update(kept)


def recorded(function: Callable[..., Any], inputs: Any, forward: Callable[..., Any]) -> Graph | None:
    """One attempt to run `function` on Stands, held against what `forward` gives for the arrays."""
    leaves = [leaf(np.array(x, dtype=float)) if np.asarray(x).dtype.kind == "f" else None for x in inputs]
    try:
        with np.errstate(all="ignore"), watching(Notebook()):
            out = function(*[x if t is None else Stand(t) for x, t in zip(inputs, leaves)])
            plain = np.asarray(forward(*[np.copy(x) if isinstance(x, np.ndarray) else x for x in inputs]))
    except Exception:  # whatever the function cannot do with a Stand: we only lose the graph
        return None
    if not isinstance(out, Stand) or out.tensor.node is None or out.shape != plain.shape:
        return None
    if not np.allclose(out.tensor.data, plain, rtol=1e-9, equal_nan=True):
        return None
    return Graph(out.tensor, leaves, history(out.tensor.node))
