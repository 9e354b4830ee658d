"""Step through the backward pass: what a run did, as data, and four ways to look at it.

    with fm.trace() as t:
        loss = f(x, w); loss.backward(); optimizer.step()
    t.step(); t.plot(step=7); t.save("lesson.html"); t

Reading order: events -> record -> replay -> written (JSON) -> layout -> numbers -> why -> terminal, plot, html.
"""
from tinyfm.tracing.events import Event, Node, Place, Sent, State, Trace
from tinyfm.tracing.record import trace
from tinyfm.tracing.written import load

__all__ = ["Event", "Node", "Place", "Sent", "State", "Trace", "load", "trace"]
