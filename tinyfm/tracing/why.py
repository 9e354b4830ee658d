"""Why is the gradient of a node what it is?  Follow it from the node towards the loss, and say where it stops."""
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tinyfm.tracing.events import Event, Trace
from tinyfm.tracing.mathml import text


class Reason(NamedTuple):
    """One step of the explanation; path: the nodes that it speaks of, from the asked one towards the loss."""

    path: tuple[int, ...]
    said: str


def sentences(t: Trace, i: int) -> list[str]: return [r.said for r in reasons(t, i)]


def reasons(t: Trace, i: int, walk: int = 0) -> list[Reason]:
    """For a node whose gradient is zero or absent, where it became so; for others, which contributions met."""
    events = {e.node: e for e in t.events if e.phase == "backward" and e.walk == walk}
    if not events: return [Reason((i,), "This run has no backward pass, so nothing has a gradient.")]
    root = next(iter(events))
    if i == root: return [Reason((i,), f"{t.nodes[i].title} is where the backward pass begins: its gradient is 1, "
                                       "because it changes by 1 when it changes by 1.")]
    senders = [(e, s.gradient) for e in events.values() for s in e.sent if s.to == i]
    if not senders: return absent(t, i, events)
    total = senders[0][1] if len(senders) == 1 else sum((g for _, g in senders[1:]), senders[0][1])
    if np.any(total): return [arrived(t, i, senders)]
    return zero(t, i, senders, events)


def name(t: Trace, i: int) -> str:
    n = t.nodes[i]
    return f"{n.name} ({n.op})" if n.name and n.op else n.title


def arrived(t: Trace, i: int, senders: list[Any]) -> Reason:
    who = [name(t, e.node) for e, _ in senders]
    path = (i, *dict.fromkeys(e.node for e, _ in senders))
    if len(senders) == 1: return Reason(path, f"One contribution reaches {name(t, i)}, from {who[0]}.")
    said = f"{len(senders)} contributions meet at {name(t, i)} and are added: from {', from '.join(who)}."
    zeros = int(np.size(senders[0][1]) - np.count_nonzero(sum(g for _, g in senders)))
    return Reason(path, said + (f" {zeros} of {np.size(senders[0][1])} elements of the sum are zero." if zeros else ""))


def absent(t: Trace, i: int, events: dict[int, Event]) -> list[Reason]:
    """No contribution was ever sent here: a constant, no way to the loss, or only through arguments without a rule."""
    n = t.nodes[i]
    users = [m.id for m in t.nodes if i in m.inputs]
    if n.kind == "constant":
        return [Reason((i,), f"{n.title} is a constant: made without requires_grad=True, it asks for no gradient.")]
    if not users: return [Reason((i,), f"Nothing was computed from {name(t, i)}, so the loss does not depend on it.")]
    through = [u for u in users if u in events]
    if not through:
        return [Reason((i, *users), f"The loss does not depend on {name(t, i)}: it went only into "
                                    f"{', '.join(name(t, u) for u in users)}, from where no path leads to the loss.")]
    return [Reason((i, *through), f"{', '.join(name(t, u) for u in through)} has no rule for this argument: its result "
                                  "does not change smoothly with it.")]


def zero(t: Trace, i: int, senders: list[Any], events: dict[int, Event]) -> list[Reason]:
    """All contributions are zero, or they cancel: go on to the first sender whose own gradient is not zero."""
    alive = [e for e, g in senders if np.any(g)]
    if alive:
        who = ", ".join(name(t, e.node) for e in alive)
        return [Reason((i, *(e.node for e in alive)), f"The contributions from {who} cancel: their sum is zero.")]
    blocked = [e for e, _ in senders if np.any(e.gradient)]
    if blocked: return [block(t, i, e) for e in blocked]
    sender = senders[0][0].node
    said = f"What reaches {name(t, i)} comes from {name(t, sender)}, whose own gradient is zero already."
    further = [] if sender == i else reasons(t, sender)
    return [Reason((i, *(further[0].path if further else (sender,))), said), *further]


def block(t: Trace, i: int, e: Event) -> Reason:
    """A gradient arrives at the sender, and its rule multiplies it by zero."""
    n = t.nodes[e.node]
    arg = next(s.arg for s in e.sent if s.to == i)
    rule = text(n.entry.latex[arg]) if n.op else ""
    factors = [k for k in n.inputs if k is not None and k != i and t.nodes[k].value is not None
               and not np.any(t.nodes[k].value)]
    said = f"A gradient other than zero arrives at {name(t, e.node)}, but its rule {rule} makes it zero: "
    return Reason((i, e.node, *factors), said + cause(t, n, arg))


def cause(t: Trace, n: Any, arg: str) -> str:
    """In words, for the ops where it happens every day."""
    if n.op == "relu": return "relu lets a gradient through only where its result is positive, and here it is 0."
    if n.op == "stop_gradient": return "stop_gradient is made for that."
    if n.op in ("floor", "ceil", "round", "sign", "trunc", "step"): return f"{n.op} is flat nearly everywhere."
    if n.op in ("max", "max_pool"): return "only the largest element gets the gradient, and this one was not it."
    others = [t.nodes[k] for k, a in zip(n.inputs, n.entry.args) if k is not None and a != arg]
    zeros = [o.title for o in others if o.value is not None and not np.any(o.value)]
    if zeros: return f"{' and '.join(zeros)}, with which it is multiplied, is 0."
    return "put the numbers into the rule to see which factor is 0."
