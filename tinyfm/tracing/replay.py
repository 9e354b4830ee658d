"""The run once more, from the trace alone: the op table computes every value and gradient again from the inputs.

The same walk answers three questions: are the recorded gradients those of the rules (`replay`), what would `=` in
place of `+=` have given (`overwritten`), and does a central difference agree (`checks`)?
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from tinyfm.engine import Tensor, leaf, steps, watching
from tinyfm.errors import GraphError
from tinyfm.tracing.events import Array, Event, Node, Trace

WORK = 60_000                                    # ops that `checks` may run by itself
ELEMENTS = 3                                     # of one node, the largest gradients first


def replay(t: Trace) -> dict[int, Array]:
    """`.grad` of every leaf by node id, computed anew from the inputs through the op table."""
    tensors, grads, walk = inputs(t), dict[int, Array](), -1
    with watching(None), np.errstate(all="ignore"):
        for e in t.events:
            if e.phase == "forward": tensors[e.node] = again(t.nodes[e.node], tensors)
            elif e.phase == "update": tensors[e.node] = as_leaf(e.value)
            elif e.walk != walk:
                walk = e.walk
                arrived = {node: g for node, g, _ in steps(tensors[e.node].node, e.gradient) if node.op is None}
            if e.phase == "backward" and e.collects:
                g = arrived[tensors[e.node].node].astype(e.value.dtype, copy=False)
                grads[e.node] = g if e.before is None else e.before + g
    return grads


def inputs(t: Trace) -> dict[int, Any]:
    """The leaves as tensors and the constants as arrays."""
    lost = next((n for n in t.nodes if n.value is None and n.kind != "op"), None)
    if lost:
        users = ", ".join(n.title for n in t.nodes if lost.id in n.inputs)
        raise GraphError(f"The value of an input of {users} was not kept, so this run cannot be computed again: "
                         "record it with `with trace() as t:`.")
    return {n.id: as_leaf(n.value) if n.kind == "input" else n.value for n in t.nodes if n.kind != "op"}


def as_leaf(value: Array) -> Tensor: return leaf(np.array(value, order="K"))


def again(node: Node, tensors: dict[int, Any]) -> Tensor:
    return node.entry(*[None if i is None else tensors[i] for i in node.inputs], **node.settings)


def overwritten(t: Trace) -> dict[tuple[int, int], Array]:
    """The gradients that `=` in place of `+=` gives: {(event number, place among what it sent): gradient}.

    Only those that differ from what the right run had there.
    """
    tensors, wrong, different = inputs(t), dict[int, Array](), dict[tuple[int, int], Array]()
    right, walk = dict[int, Array](), -1
    with watching(None):
        for number, e in enumerate(t.events):
            if e.phase == "forward": tensors[e.node] = again(t.nodes[e.node], tensors)
            elif e.phase == "update": tensors[e.node] = as_leaf(e.value)
            if e.phase != "backward": continue
            if e.walk != walk: wrong, right, walk = {}, {}, e.walk
            g = wrong.get(e.node, e.gradient)
            same = g is right.get(e.node, e.gradient)
            pulled = [s.gradient for s in e.sent] if same else \
                [d for _, d in tensors[e.node].node.vjp(g)] if t.nodes[e.node].kind == "op" else []
            for place, (s, d) in enumerate(zip(e.sent, pulled)):
                total = right[s.to] + s.gradient if s.to in right else s.gradient
                wrong[s.to] = total if d is s.gradient and s.to not in right else d
                right[s.to] = total
                if not np.array_equal(d, total, equal_nan=True):
                    different[number, place] = d
    return different


class Check(NamedTuple):
    """One element of one node: the gradient that backward found, and (L(v + h) - L(v - h)) / 2h."""

    at: tuple[int, ...]
    analytic: float
    numeric: float
    kink: bool = False                           # the slopes to the left and to the right differ: no derivative there

    @property
    def error(self) -> float:
        """|analytic - numeric| over the larger of the two, or over 1e-8 where both are smaller."""
        return abs(self.analytic - self.numeric) / max(abs(self.analytic), abs(self.numeric), 1e-8)


def checks(t: Trace, work: int = WORK) -> dict[int, list[Check]]:
    """Central differences in float64 for the nodes of the first backward pass: leaves first, then from the loss on.

    Stops after `work` ops: a large graph is checked in part.
    """
    root = t.root()
    if root is None or root.value is None: return {}
    totals = {e.node: e.gradient for e in t.events if e.phase == "backward" and e.walk == 0}
    first = next(i for i, e in enumerate(t.events) if e.phase == "backward")
    ops = [t.nodes[e.node] for e in t.events[:first] if e.phase == "forward"]
    seed = totals[root.id]
    values = wide({n.id: n.value for n in t.nodes} | {e.node: e.value for e in t.events[:first]})
    order = sorted(totals, key=lambda i: (t.nodes[i].kind != "input", -i))
    found: dict[int, list[Check]] = {}
    for i in order:
        run = dependents(ops, i, values, seed, root.id)
        if run is None or np.asarray(values[i]).dtype.kind != "f": continue
        cost, loss = run
        chosen = largest(totals[i])[:max(0, min(ELEMENTS, work // max(1, 3 * cost)))]
        if not chosen and np.size(totals[i]): break
        found[i] = [Check(at, float(totals[i][at]), *difference(loss, values[i], at)) for at in chosen]
        work -= 3 * cost * len(chosen)
    return found


def wide(values: dict[int, Array]) -> dict[int, Array]:
    return {i: v.astype(np.float64) if isinstance(v, np.ndarray) and v.dtype.kind == "f" else v
            for i, v in values.items()}


def dependents(ops: list[Node], source: int, values: dict[int, Array], seed: Array,
               root: int) -> tuple[int, Callable[[Array], float]] | None:
    """(how many ops, the loss as a function of the value of `source`); None where a value is missing."""
    moved, run = {source}, []
    for node in ops:
        if moved.isdisjoint(node.inputs) or node.id == source: continue
        moved.add(node.id)
        run.append((node.entry.forward, node.inputs, node.settings, node.id))
        if node.id == root: break
    needed = {i for _, ins, _, _ in run for i in ins if i is not None and i not in moved}
    if any(values.get(i) is None for i in needed | {source}): return None

    def loss(value: Array) -> float:
        now = {source: value}
        for forward, ins, settings, i in run:
            now[i] = forward(*[None if k is None else now[k] if k in now else values[k] for k in ins], **settings)
        return float(np.sum(now[root] * seed)) if root in now else 0.0
    return len(run), loss


def largest(g: Array) -> list[tuple[int, ...]]:
    """The places of the largest gradients, one after the other."""
    order = np.argsort(-np.abs(np.where(np.isfinite(g), g, 0)), axis=None, kind="stable")[:ELEMENTS]
    return [tuple(int(k) for k in np.unravel_index(i, np.shape(g))) for i in order]


def difference(loss: Callable[[Array], float], value: Array, at: tuple[int, ...]) -> tuple[float, bool]:
    """The central difference, and whether the one-sided ones disagree."""
    h = 6e-6 * max(1.0, abs(float(value[at])))
    up, down = value.copy(), value.copy()
    up[at] += h; down[at] -= h
    with np.errstate(all="ignore"):
        above, here, below = loss(up), loss(value), loss(down)
        right, left = (above - here) / float(up[at] - value[at]), (here - below) / float(value[at] - down[at])
        noise = 1e-13 * max(abs(here), 1.0) / h
        kink = abs(right - left) > 1e-2 * max(abs(right), abs(left)) + 10 * noise
        return (above - below) / float(up[at] - down[at]), kink


def fan_outs(t: Trace) -> Iterator[tuple[int, list[Event]]]:
    """Nodes where several contributions meet, with the events that sent them, of the first backward pass."""
    senders: dict[int, list[Event]] = {}
    for e in t.events:
        for s in e.sent if e.walk == 0 else (): senders.setdefault(s.to, []).append(e)
    yield from ((i, events) for i, events in senders.items() if len(events) > 1)
