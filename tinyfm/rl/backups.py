"""Value iteration recorded sweep by sweep: what each Bellman backup computes, and which rewards a value is made of.

    t = rl.trace_backups(env.P, env.R, 0.9, sweeps=3, start=0, shape=env.shape)
    t.save("backups.html")

Forward, V_k(s) = max_a (R + gamma P V_k-1).  Backward from V_k(start), the gradient that reaches R(s, a) is how often
the best policy takes a in s within so many steps, discounted: V_k(start) = sum_sa R(s, a) dV_k(start)/dR(s, a).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tinyfm.engine import tensor
from tinyfm.ops.reduce import max as largest
from tinyfm.tracing import Trace, trace

from .planning import check_model


def trace_backups(P: Any, R: ArrayLike, gamma: float, *, sweeps: int = 3, start: int = 0,
                  shape: tuple[int, int] | None = None) -> Trace:
    """The trace of so many sweeps from V = 0, and of the way back from the value of the state `start`.

    P (S, A, S), R (S, A), gamma: a model, as in `value_iteration`.  shape: rows and columns of the grid that the values
    are drawn on.  Small models only: P is shown in full.
    """
    P, R = check_model(P, R, gamma)
    if not 0 <= start < len(R): raise ValueError(f"start must be a state, 0 to {len(R) - 1}; received {start}.")
    dense, rewards = np.asarray(P), tensor(R, requires_grad=True, name="R")
    V = tensor(np.zeros(len(R)), requires_grad=True, name="V0")
    with trace() as t:
        for k in range(1, sweeps + 1):
            with t.group(f"sweep {k}"):
                expected = named(t, dense @ V, f"P V{k - 1}")
                Q = named(t, rewards + named(t, expected * gamma, f"gamma P V{k - 1}"), f"Q{k}")
                V = named(t, largest(Q, axis=1), f"V{k}")
        named(t, V[start], f"V{k}({start})").backward()
    for node in t.nodes:
        if node.value is dense or node.shape == dense.shape: node.name = "P"
        if shape is not None and node.shape == (len(R),): node.shown = shape
    return t


def named(t: Trace, x: Any, name: str) -> Any:
    """The result of the op that was recorded last, under this name."""
    t.nodes[-1].name = name
    return x
