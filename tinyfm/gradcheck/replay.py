"""Run a recorded graph again with something changed: statistics along another axis, or softmax as one op.

Then ask for the gradient of what came out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from tinyfm.engine import Node, Tensor, history, leaf, recording, watching
from tinyfm.gradcheck.breaks import Break, Scene, first_match, replacing
from tinyfm.gradcheck.case import Case, Named, same
from tinyfm.gradcheck.mistakes import along_another_axis, input_for_output
from tinyfm.gradcheck.numpy_tracing import Graph, Notebook, value
from tinyfm.operators import table

Step = Callable[[Node, list[Any], dict[str, Any]], Any]
REDUCTIONS = ("sum", "mean", "max", "min", "logsumexp", "norm")


def replayed(graph: Graph, step: Step) -> Graph | None:
    """The graph computed anew: step(node, arguments, settings) gives each result."""
    fresh: dict[Node, Any] = {}
    try:
        with recording(True), watching(Notebook()), np.errstate(all="ignore"):
            for node in graph.nodes:
                if node.op is None:
                    fresh[node] = leaf(value(node))
                else:
                    fresh[node] = step(
                        node,
                        [v if p is None else fresh[p] for p, v in zip(node.parents, node.note)],
                        {k: node.saved[k] for k in node.op.settings},
                    )
    except (ValueError, TypeError, IndexError):
        return None
    out = fresh[graph.root]
    leaves = [None if t is None or t.node is None else fresh.get(t.node) for t in graph.leaves]
    return Graph(out, leaves, history(out.node)) if type(out) is Tensor and out.node is not None else None


# ------------------------------------------------------------ another axis


def statistics_along_another_axis(c: Case) -> Named:
    """d is the gradient of the same function with its statistics taken along another axis."""
    if c.graph is None or c.graph.target(c.index) is None:
        return None
    g, d, n = c.samples[0]
    for axis in range(max(map(np.ndim, c.inputs))) if max(map(np.ndim, c.inputs)) > 1 else ():
        other = replayed(c.graph, lambda node, args, settings, axis=axis: moved(node, args, settings, axis))
        found = gradient(other, c.index, g)
        if found is not None and same(found, d) and not same(found, n):
            return "wrong-axis", {"axis": axis}
    return None


def moved(node: Node, args: list[Any], settings: dict[str, Any], axis: int) -> Any:
    """One op, a reduction along `axis` with that axis kept; what puts an axis back finds it there already."""
    if node.op.name in REDUCTIONS and isinstance(settings.get("axis"), int):
        settings |= {"axis": axis, "keepdims": True}
    back = node.op.name == "expand_dims" or (node.op.name == "getitem" and settings["index"] == (Ellipsis, None))
    return args[0] if back and args[0].ndim == len(node.shape) else node.op(*args, **settings)


def gradient(graph: Graph | None, index: int, g: Any) -> Any:
    target = graph.target(index) if graph else None
    if graph is None or target is None or graph.root.shape != g.shape:
        return None
    with np.errstate(all="ignore"):
        return Scene(graph, target, set()).run(g, {})


# ------------------------------------------------------------ softmax as one op


def softmax_broken(c: Case) -> Named:
    """A mistake in the rule of a softmax that is written out as exp and sum, anywhere in forward."""
    fused = replayed(c.graph, as_softmax) if c.graph else None
    if fused is None or not any(n.op and n.op.name == "softmax" for n in fused.nodes):
        return None
    return first_match(replace(c, graph=fused), in_softmax)


def as_softmax(node: Node, args: list[Any], settings: dict[str, Any]) -> Any:
    """The op as it was, but exp(x) / sum(exp(x)) as softmax(x)."""
    e, total = node.parents if node.op.name == "divide" else (None, None)
    if e is None or total is None or e.op is None or e.op.name != "exp" or e.parents[0] is None:
        return node.op(*args, **settings)
    if (
        total.op is None
        or total.op.name != "sum"
        or total.parents[0] is not e
        or not isinstance(total.saved["axis"], int)
    ):
        return node.op(*args, **settings)
    return table["softmax"](exponent(args[0]), axis=total.saved["axis"])


def exponent(e: Tensor) -> Tensor:
    """x of exp(x)."""
    x = Tensor(e.node.note[0], e.node.parents[0])  # type: ignore[union-attr]
    return x


def in_softmax(s: Scene) -> Iterator[Break]:
    for node in s.nodes:
        if node.op.name != "softmax":
            continue
        y, axis = node.note[-1], node.saved["axis"]
        yield from input_for_output(node)
        yield from along_another_axis(node)
        yield Break("off-diagonal-missing", {node: replacing(0, lambda g, y=y: g * y * (1 - y))})
        yield Break("missing-mean-term", {node: replacing(0, lambda g, y=y: g * y)}, {"path": "the sum"})
        for factor, wrong in unweighted(y, axis).items():
            yield Break("missing-factor", {node: replacing(0, wrong)}, {"factor": factor})


def unweighted(y: Any, axis: int) -> dict[str, Callable[[Any], Any]]:
    """y (g - <g, y>) without one y, or without all."""
    total = lambda d: d.sum(axis, keepdims=True)
    return {
        "the probabilities in front": lambda g: g - total(g * y),
        "the probabilities inside the sum": lambda g: y * (g - total(g)),
        "the derivative of softmax": lambda g: g,
    }
