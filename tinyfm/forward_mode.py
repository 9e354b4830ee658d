"""Forward mode: the other walk over the same graph, from the leaves up, with the same rules.

A vjp rule pulls g back; its transpose pushes a tangent on.  Where the Jacobian is diagonal the rule is its own
transpose, where the op is linear it is the op itself; else the rule, which is linear in g, is pulled back once more.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tinyfm.engine import Node, Tensor, gradients, history, recording, tensor
from tinyfm.errors import ShapeError
from tinyfm.operators import table


def pushforward(t: Tensor, tangents: Mapping[Tensor, Any], create_graph: bool = False) -> Any:
    """Forward mode: walk the same graph the other way, {leaf: tangent} -> tangent of `t`.

    Zeros when `t` depends on none of them.  With create_graph the tangent is a differentiable Tensor.
    """
    create_graph = create_graph or any(type(v) is Tensor for v in tangents.values())
    flow: dict[Any, Any] = {}
    for w, v in tangents.items():
        if np.shape(v.data if type(v) is Tensor else v) != w.shape:
            raise ShapeError(f"A tangent of shape {np.shape(v)} does not fit a tensor of shape {w.shape}.")
        flow[w.node] = v if type(v) is Tensor else np.asarray(v, w.dtype)
    since = min((w.node.order for w in tangents if w.node is not None), default=0)
    with recording(create_graph):
        for node in history(t.node, since) if t.node is not None else []:
            inflow = [None if p is None else flow.get(p) for p in node.parents]
            if node not in flow and any(v is not None for v in inflow):
                flow[node] = push(node, inflow, create_graph)
    out = flow[t.node] if t.node in flow else np.zeros(t.shape, t.dtype)
    return Tensor(out) if create_graph and type(out) is not Tensor else out


def push(node: Node, tangents: Sequence[Any], create_graph: bool = False) -> Any:
    """Push one tangent per parent (None: constant) to the output, using only the vjp rules."""
    op, total = node.op, None
    saved: Any = node.attached() if create_graph else node.saved
    for arg, rule, parent, t in zip(op.args, op.rules, node.parents, tangents):
        if t is None or rule is None: continue
        if op.kind == "elementwise":         # a diagonal Jacobian is its own transpose
            part = rule(t, saved)
        elif op.kind == "linear":            # rerun the op with the tangent in the argument's place
            part = op(*[t if a == arg else saved.get(a) for a in op.args], **{k: saved[k] for k in op.settings})
        else:                                # a vjp is linear in g, so its own gradient is the jvp
            u = tensor(np.zeros(node.shape, t.dtype), requires_grad=True)
            with recording(True):
                pulled = table["sum_to"](rule(u, saved), shape=parent.shape)  # type: ignore[union-attr]
            if type(pulled) is Tensor and pulled.node is not None:
                part, = gradients(pulled, [u], t, create_graph=create_graph)
            else: part = np.zeros(node.shape, t.dtype)       # the rule does not use g: a constant op
        total = part if total is None else total + part
    if total is None or total.shape == node.shape: return total
    return table["broadcast_to"](total, shape=node.shape)
