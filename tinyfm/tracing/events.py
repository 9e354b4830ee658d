"""A trace is data: nodes, and the events that happened to them one after the other.

forward: a node got its value.  backward: the gradient of a node had arrived in full, and the node sent each parent its
share; a leaf put it into `.grad`.  update: a leaf was moved.  `state(t)` is what is known after t events; to step
backwards is to ask for an earlier t.
"""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self, TypeAlias

import numpy as np

from tinyfm.engine import Op
from tinyfm.errors import user_frame
from tinyfm.tracing.entries import entry

Array: TypeAlias = Any
PHASES = ("forward", "backward", "update")


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the user's code."""

    file: str
    line: int
    code: str

    def __str__(self) -> str: return f"{self.file}:{self.line}"


@dataclass(slots=True)
class Node:
    """A value: a leaf that collects a gradient ("input"), a constant, or the result of an op.

    inputs: the id of each of the op's arguments, None where it was left out.  layer: "sequential/conv2d", the layers
    it was computed in.  shown: the shape to draw it in, where that is not its own.
    """

    id: int
    kind: str
    op: str = ""
    name: str = ""
    layer: str = ""
    inputs: tuple[int | None, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    place: Place | None = None
    value: Array = None                          # None: nobody kept it
    shape: tuple[int, ...] = ()
    shown: tuple[int, ...] | None = None

    @property
    def entry(self) -> Op:
        """The op in the table."""
        return entry(self.op, len(self.inputs))

    @property
    def title(self) -> str:
        """Its name in the user's code, or else what it is."""
        return self.name or self.op or (constant(self.value) if self.kind == "constant" else f"input {self.id}")


def constant(value: Array) -> str:
    """A constant in a few characters."""
    if value is None: return "?"
    return f"{float(value):.4g}" if np.size(value) == 1 else f"constant {np.shape(value)}"


@dataclass(frozen=True, slots=True)
class Sent:
    """One contribution: what a node sent to the parent that is its argument `arg`."""

    to: int
    arg: str
    gradient: Array


@dataclass(slots=True)
class Event:
    """What happened in one step.

    value: the result (forward), or the leaf's new value (update).  gradient: what had arrived at the node in full.
    before: `.grad` of a leaf before this gradient was added (None: there was none), or the value before an update.
    collects: a leaf put the gradient into `.grad`.  walk: which backward pass it belongs to, from 0.
    rule: how an update was made, in words.  broke: "NaN" or "inf" where numbers first went wrong.
    """

    phase: str
    node: int
    value: Array = None
    gradient: Array = None
    sent: tuple[Sent, ...] = ()
    before: Array = None
    collects: bool = False
    walk: int = -1
    rule: str = ""
    broke: str = ""


@dataclass
class State:
    """What is known after some events: by node id the values, the gradients of this walk so far, and `.grad`."""

    values: dict[int, Array] = field(default_factory=dict)
    gradients: dict[int, Array] = field(default_factory=dict)
    grads: dict[int, Array] = field(default_factory=dict)
    walk: int = -1

    def advance(self, event: Event) -> None:
        """What one event changes."""
        if event.phase != "backward":
            self.values[event.node] = event.value
            return
        if event.walk != self.walk: self.gradients, self.walk = {}, event.walk
        self.gradients.setdefault(event.node, event.gradient)
        for s in event.sent:
            before = self.gradients.get(s.to)
            self.gradients[s.to] = s.gradient if before is None else before + s.gradient
        if event.collects:
            g = event.gradient.astype(event.value.dtype, copy=False)
            self.grads[event.node] = g if event.before is None else event.before + g


class Trace:
    """The nodes and the events of one run.  `with trace() as t:` fills it; `step`, `plot` and `save` show it."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.events: list[Event] = []
        self.sources: dict[str, list[str]] = {}
        self.full = False                        # it became too large, and the rest was not recorded
        self._recorder: Any = None
        self._group: list[str] = []

    def __enter__(self) -> Self:
        from tinyfm.tracing.record import Recorder
        self._recorder = Recorder(self)
        self._recorder.start()
        return self

    def __exit__(self, *error: Any) -> None:
        self._recorder.finish(user_frame())
        self._recorder = None

    @contextmanager
    def group(self, name: str) -> Iterator[None]:
        """What is computed in the block is shown as one block of this name, as a layer is."""
        self._group.append(name)
        try: yield
        finally: self._group.pop()

    # ------------------------------------------------------------ questions

    def __len__(self) -> int: return len(self.events)

    def __getitem__(self, which: str | int) -> Node:
        """The node of this id or name; the last one where several bear it."""
        if isinstance(which, int): return self.nodes[which]
        found = [n for n in self.nodes if n.name == which] or [n for n in self.nodes if n.title == which]
        if not found:
            names = ", ".join(dict.fromkeys(n.name for n in self.nodes if n.name)) or "nothing has a name"
            raise KeyError(f"No node is called {which!r}; there is {names}.")
        return found[-1]

    def state(self, t: int | None = None) -> State:
        """What is known after `t` events, by default after all; before the first one, the inputs are."""
        t = len(self.events) if t is None else t
        if not 0 <= t <= len(self.events):
            raise IndexError(f"This trace has steps 0 to {len(self.events)}; received {t}.")
        state = State({n.id: n.value for n in self.nodes if n.kind != "op"})
        for event in self.events[:t]: state.advance(event)
        return state

    def gradients(self) -> dict[str, Array]:
        """`.grad` of every leaf at the end of the run, by name."""
        return {self.nodes[i].title: g for i, g in self.state().grads.items()}

    def root(self, walk: int = 0) -> Node | None:
        """The node that a backward pass started from: the loss."""
        return next((self.nodes[e.node] for e in self.events if e.phase == "backward" and e.walk == walk), None)

    def why(self, which: str | int) -> list[str]:
        """Why the gradient of this node is what it is, from the node towards the loss, a sentence for each step."""
        from tinyfm.tracing.why import sentences
        return sentences(self, self[which].id)

    # ------------------------------------------------------------ four ways to look

    def step(self, start: int = 0) -> None:
        """Step through in the terminal: n next, p previous, g go to, q quit.  Prints all steps into a pipe or file."""
        from tinyfm.tracing.terminal import walk_through
        walk_through(self, start)

    def plot(self, step: int | None = None, ax: Any = None) -> Any:
        """Draw the graph as it is after `step` events, by default after all, with matplotlib; returns the axes."""
        from tinyfm.tracing.plot import draw
        return draw(self, len(self.events) if step is None else step, ax)

    def html(self, title: str = "") -> str:
        """One page that needs nothing else: no server, no network."""
        from tinyfm.tracing.html import page
        return page(self, title)

    def save(self, path: Any, title: str = "") -> None:
        """Write the page (.html) or the data (.json)."""
        from tinyfm.tracing.written import save
        save(self, path, title)

    def _repr_html_(self) -> str:
        from tinyfm.tracing.html import frame
        return frame(self)

    def __repr__(self) -> str:
        count = {p: sum(e.phase == p for e in self.events) for p in PHASES}
        return f"<trace: {len(self.nodes)} nodes; {', '.join(f'{n} {p}' for p, n in count.items())} steps>"
