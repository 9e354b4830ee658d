"""The trace of a run that nobody watched, from the graph that it left: what the rules asked for is still there."""
from __future__ import annotations

from typing import Any

import numpy as np

from tinyfm import engine
from tinyfm.engine import Tensor, history, no_grad, seed, steps
from tinyfm.errors import GraphError, user_frame
from tinyfm.tracing.entries import name_of
from tinyfm.tracing.events import Event, Node, Sent, Trace
from tinyfm.tracing.naming import Names
from tinyfm.tracing.record import kept


def recover(loss: Tensor) -> Trace:
    """The graph of `loss` as a trace.  No `.grad` is touched; the graph is kept."""
    start = seed(loss, None)
    nodes = history(loss.node)  # type: ignore[arg-type]
    if any(node.saved is None for node in nodes):
        raise GraphError("backward() has freed the graph of this tensor. Call trace(loss) before loss.backward(), or "
                         "record the run: with trace() as t: ...")
    t, values, names = Trace(), known(nodes, loss), Names()
    named = dict(names.look(user_frame()))
    ours: dict[Any, int] = {}

    def add(node: Node) -> int:
        node.id, node.shape = len(t.nodes), node.shape or np.shape(node.value)
        t.nodes.append(node)
        return node.id

    def constant(value: Any) -> int:
        """What stood beside the tensors; without a value where no rule asked for it."""
        return add(Node(-1, "constant", "", names.array(value), value=None if value is None else kept(value)))

    for node in nodes:
        name = (label(node) if node.op is None else "") or named.get(node, "")
        value = kept(values[node]) if node in values else None
        if node.op is None:
            ours[node] = add(Node(-1, "input", "", name, value=value, shape=node.shape))
            continue
        inputs = [ours[p] if p is not None else constant(node.saved.get(a)) if a not in node.saved or
                  node.saved[a] is not None else None for a, p in zip(node.op.args, node.parents)]
        settings = {s: node.saved[s] for s in node.op.settings}
        ours[node] = add(Node(-1, "op", name_of(node.op), name, "", tuple(inputs), settings, None, value, node.shape))
        t.events.append(Event("forward", ours[node], value))
    with no_grad():
        for node, g, pulled in steps(loss.node, start):  # type: ignore[arg-type]
            wanted = zip(node.op.args, node.parents, node.op.rules) if node.op else ()
            args = [a for a, p, rule in wanted if p is not None and rule]
            sent = tuple(Sent(ours[p], a, kept(d)) for a, (p, d) in zip(args, pulled))
            value = t.nodes[ours[node]].value
            t.events.append(Event("backward", ours[node], value, kept(g), sent, None,
                                  node.op is None and value is not None, 0))
    return t


def label(node: engine.Node) -> str:
    tensor = node.saved()
    return (tensor.name or "") if tensor is not None else ""


def known(nodes: list[engine.Node], loss: Tensor) -> dict[Any, Any]:
    """The values that leaves hold and rules kept, and what can be computed from those again."""
    values: dict[Any, Any] = {loss.node: loss.data}
    for node in nodes:
        if node.op is None:
            if node.saved() is not None: values[node] = node.saved().data
            continue
        if "out" in node.saved: values[node] = node.saved["out"]
        values.update({p: node.saved[a] for a, p in zip(node.op.args, node.parents)
                       if p is not None and node.saved.get(a) is not None})
    with no_grad():
        for node in nodes:
            if node.op is None or node in values: continue
            if any(p not in values if p is not None else a not in node.saved
                   for a, p in zip(node.op.args, node.parents)): continue
            found = [values[p] if p is not None else node.saved[a] for a, p in zip(node.op.args, node.parents)]
            values[node] = node.op.forward(*found, **{s: node.saved[s] for s in node.op.settings})
    return values
