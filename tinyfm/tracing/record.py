"""Recording: whoever watches the engine is told of every op and of every step back; this one writes it down.

Nothing is in the way of a run that is not traced: the engine looks once per op whether anybody watches.
"""
from __future__ import annotations

import linecache
import os
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any

import numpy as np

from tinyfm import engine
from tinyfm.debug import broken, in_backward, layer_path, plain
from tinyfm.engine import Op, Pulled, Tensor, state
from tinyfm.errors import GraphError, spell, user_frame
from tinyfm.tracing.entries import name_of
from tinyfm.tracing.events import Array, Event, Node, Place, Sent, Trace
from tinyfm.tracing.naming import Names

MOST = 100_000                                   # events; what follows is not recorded


def trace(loss: Tensor | None = None) -> Trace:
    """`with trace() as t:` records the block; trace(loss) walks back through the run that made `loss`.

    The second form leaves every `.grad` alone and must come before loss.backward(), which frees the graph.  It knows
    only what the graph kept: no line numbers, no updates, and of the values those that a rule asks for.
    """
    if loss is None: return Trace()
    from tinyfm.tracing.recovery import recover
    if type(loss) is not Tensor:
        raise GraphError(f"trace() takes the tensor that a run ended in; received {spell(loss)}.")
    return recover(loss)


class Recorder:
    """Watches every op forwards and backwards (see `watching`)."""

    unfold = True                                # fused ops run as their parts, so that each part is seen

    def __init__(self, t: Trace) -> None:
        self.t, self.names = t, Names()
        self.nodes: dict[Any, Node] = {}                      # engine node -> ours
        self.constants: dict[int, tuple[Any, Node]] = {}      # id(array) -> (the array, ours): it must stay alive
        self.leaves: dict[int, Any] = {}                      # our id -> engine node
        self.inner: set[int] = set()                          # made inside a rule
        self.walk: FrameType | None = None
        self.walks = -1
        self.before: Any = None                               # who watched when the block began

    def start(self) -> None: self.before, state.watch = state.watch, self

    # ------------------------------------------------------------ what the engine tells

    def computed(self, op: Op, values: Sequence[Any], settings: dict[str, Any], out: Any) -> None:
        """What leads to no gradient is seen when a recorded op uses it: as a constant."""

    def recorded(self, node: engine.Node, values: Sequence[Any]) -> None:
        if self.full(): return
        frame = user_frame()
        self.name_from(frame)
        for parent in node.parents:
            if parent is not None and parent.op is None: self.leaf(parent)
        inputs = tuple(self.constant(v, frame) if p is None else self.find(p, v).id
                       for p, v in zip(node.parents, values))
        op = node.op
        layer = "/".join([*self.t._group, *filter(None, [layer_path()])])
        settings = {name: node.saved[name] for name in op.settings}
        ours = self.add(Node(-1, "op", name_of(op), "", layer, inputs, settings, self.place(frame), kept(values[-1])))
        self.nodes[node] = ours
        if in_backward(): self.inner.add(ours.id)
        self.t.events.append(Event("forward", ours.id, ours.value, broke=broken(values[-1], values[:-1])))

    def stepped(self, node: engine.Node, g: Any, pulled: Pulled) -> None:
        if (node not in self.nodes and node.op is not None) or self.full() or in_backward(): return
        steps = sys._getframe(1)
        if steps is not self.walk:
            self.walk, self.walks = steps, self.walks + 1
            self.name_from(user_frame())
        ours = self.leaf(node) if node.op is None else self.nodes[node]
        event = Event("backward", ours.id, ours.value, kept(plain(g)), walk=self.walks)
        if node.op is None:
            target, caller = node.saved(), steps.f_back
            event.collects = target is not None and caller is not None and caller.f_code is engine.backward.__code__
            event.before = kept(target.grad) if event.collects and target.grad is not None else None
        else:
            args = [a for a, p, rule in zip(node.op.args, node.parents, node.op.rules) if p is not None and rule]
            event.sent = tuple(Sent(self.find(p).id, a, kept(plain(d))) for a, (p, d) in zip(args, pulled))
            event.broke = next(filter(None, (broken(plain(d), [plain(g)]) for _, d in pulled)), "")
        self.t.events.append(event)

    # ------------------------------------------------------------ nodes

    def add(self, node: Node) -> Node:
        node.id, node.shape = len(self.t.nodes), np.shape(node.value)
        self.t.nodes.append(node)
        return node

    def leaf(self, node: engine.Node) -> Node:
        """Our node of a leaf, with an update noted if its value has changed since it was last seen."""
        tensor = node.saved()
        if node not in self.nodes:
            value = None if tensor is None else kept(tensor.data)
            name = (tensor.name or "") if tensor is not None else ""
            self.nodes[node] = self.add(Node(-1, "input", "", name or self.names.tensor(node), value=value))
            self.leaves[self.nodes[node].id] = node, value
        elif tensor is not None: self.updated(self.nodes[node], tensor)
        return self.nodes[node]

    def updated(self, ours: Node, tensor: Tensor) -> None:
        node, before = self.leaves[ours.id]
        if before is None or np.array_equal(before, tensor.data, equal_nan=True): return
        value = kept(tensor.data)
        self.leaves[ours.id] = node, value
        rule = self.names.rule(tensor)
        self.t.events.append(Event("update", ours.id, value, None if tensor.grad is None else kept(tensor.grad),
                                   before=before, rule=rule, broke=broken(value, [before])))

    def find(self, node: engine.Node, value: Any = None) -> Node:
        """Our node; one that was computed before the block began enters as an input."""
        if node not in self.nodes:
            value = None if value is None else kept(value)
            self.nodes[node] = self.add(Node(-1, "input", "", self.names.tensor(node), value=value))
        return self.nodes[node]

    def constant(self, value: Any, frame: FrameType | None) -> int | None:
        if value is None: return None
        known = self.constants.get(id(value))
        if known and known[0] is value and np.array_equal(known[1].value, value): return known[1].id
        number = isinstance(value, int | float) and not isinstance(value, np.generic)    # no dtype of its own
        node = self.add(Node(-1, "constant", "", self.names.array(value), value=value if number else kept(value)))
        if isinstance(value, np.ndarray): self.constants[id(value)] = value, node
        return node.id

    def full(self) -> bool:
        self.t.full = self.t.full or len(self.t.events) >= MOST
        return self.t.full

    # ------------------------------------------------------------ names and lines

    def name_from(self, frame: FrameType | None) -> None:
        """Tensors that have a variable by now are called by it."""
        for node, name in self.names.look(frame):
            if node in self.nodes and not self.nodes[node].name: self.nodes[node].name = name

    def place(self, frame: FrameType | None) -> Place | None:
        if frame is None: return None
        file, line = frame.f_code.co_filename, frame.f_lineno
        short = os.path.basename(file)
        if short not in self.t.sources: self.t.sources[short] = [s.rstrip("\n") for s in linecache.getlines(file)]
        return Place(short, line, linecache.getline(file, line).strip())

    def finish(self, frame: FrameType | None) -> None:
        """Stop watching.  The last names and updates; what rules computed for themselves is left out."""
        state.watch, self.walk = self.before, None
        self.name_from(frame)
        for i, (node, _) in list(self.leaves.items()):
            tensor = node.saved()
            if tensor is not None: self.updated(self.t.nodes[i], tensor)
        self.prune()

    def prune(self) -> None:
        """Drop nodes made inside a rule from which no backward pass started later, and number the rest anew."""
        if not self.inner: return
        needed = {e.node for e in self.t.events if e.phase == "backward"}
        for node in reversed(self.t.nodes):
            if node.id in needed or node.id not in self.inner: needed.update(i for i in node.inputs if i is not None)
        gone = self.inner - needed
        keep = [n for n in self.t.nodes if n.id not in gone]
        used = {i for n in keep for i in n.inputs}
        keep = [n for n in keep if n.kind != "constant" or n.id in used]
        renumber(self.t, keep)


def renumber(t: Trace, keep: list[Node]) -> None:
    new = {n.id: i for i, n in enumerate(keep)}
    t.events = [e for e in t.events if e.node in new]
    for e in t.events:
        e.node = new[e.node]
        e.sent = tuple(Sent(new[s.to], s.arg, s.gradient) for s in e.sent if s.to in new)
    for n in keep: n.id, n.inputs = new[n.id], tuple(None if i is None else new[i] for i in n.inputs)
    t.nodes = keep


def kept(value: Any) -> Array:
    """A copy, in the memory order of the original: a product of copies has the same bits."""
    return np.array(value, order="K")
