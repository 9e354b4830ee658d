"""What this thread is doing: is it recording a graph, and who watches."""
from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class State(threading.local):
    """What this thread is doing: is it recording, and who watches (see `watching`)."""

    recording: bool = True
    watch: Any = None


state = State()


@contextmanager
def recording(on: bool) -> Iterator[None]:
    """Within the block, on this thread, ops record a graph or not."""
    before, state.recording = state.recording, on
    try: yield
    finally: state.recording = before


def no_grad() -> Any:
    """`with no_grad():` computes without recording.  For this thread only; restored whatever happens inside."""
    return recording(False)


@contextmanager
def watching(watch: Any) -> Iterator[Any]:
    """Within the block, on this thread, `watch` is told of every op that runs and of every step back.

    It has three methods: computed(op, values, settings, out), recorded(node, values), stepped(node, g, pulled).
    """
    before, state.watch = state.watch, watch
    try: yield watch
    finally: state.watch = before
