"""`with debug():` stops at the first op whose value or gradient becomes NaN or infinite, and says where that was.

It also notices an array that was changed in place between the forward pass, which kept it, and the backward pass.
"""
from __future__ import annotations

import linecache
import sys
import warnings
from collections.abc import Sequence
from contextlib import AbstractContextManager
from types import FrameType
from typing import Any
from zlib import crc32

import numpy as np

from tinyfm.engine import Node, Op, Pulled, Tensor, watching
from tinyfm.errors import PACKAGE, MixedPrecisionWarning, spell, user_frame


class NotFiniteError(FloatingPointError):
    """A value or a gradient that became NaN or infinite; the message says in which op, layer and line."""


class ChangedInPlaceError(RuntimeError):
    """An array that an op kept for its gradient was changed before the backward pass used it."""


def debug() -> AbstractContextManager[Any]:
    """`with debug(): loss = f(x); loss.backward()` raises where numbers first go wrong.  Slow; for this thread only."""
    return watching(Debugger())


class Debugger:
    """Watches every op forwards and backwards (see `watching`)."""

    def computed(self, op: Op, values: Sequence[Any], settings: dict[str, Any], out: Any) -> None:
        """After an op ran: did it make something that is not finite out of finite inputs?"""
        mixed = {v.dtype.name for v in values if isinstance(v, np.ndarray) and v.dtype.kind == "f" and v.ndim}
        if len(mixed) > 1 and not in_backward():
            received = ", ".join(f"{a}: {spell(v)}" for a, v in zip(op.args, values))
            warnings.warn(f"{op.name} mixes {' and '.join(sorted(mixed))} and computes in float64, which takes twice "
                          f"the time and memory: bring both to one dtype with .astype().  received {received} "
                          f"{origin()}",
                          MixedPrecisionWarning, stacklevel=2)
        if (what := broken(out, values)) and not in_backward():
            raise NotFiniteError(f"{op.name} returned {what} {origin()}\n{offenders(op, values, out)}")

    def recorded(self, node: Node, values: Sequence[Any]) -> None:
        node.note = origin(), {name: fingerprint(v) for name, v in node.saved.items() if isinstance(v, np.ndarray)}

    def stepped(self, node: Node, g: Any, pulled: Pulled) -> None:
        """After a node sent its gradients back: were the values it kept still the same, are the gradients finite?"""
        if node.op is None or not hasattr(node, "note"): return
        where, before = node.note
        for name, mark in before.items():
            if fingerprint(node.saved[name]) != mark:
                raise ChangedInPlaceError(
                    f"{name}, which {node.op.name} kept for its gradient ({where}), was changed before backward(). "
                    "Change arrays after backward(), or work on a copy.")
        args = [a for a, p, rule in zip(node.op.args, node.parents, node.op.rules) if p is not None and rule]
        for arg, (_, d) in zip(args, pulled):
            if what := broken(plain(d), [plain(g)]):
                numbers = offenders(node.op, saved_values(node), plain(d))
                raise NotFiniteError(f"The gradient of {node.op.name} with respect to {arg} became {what} {where}\n"
                                     f"  rule: {node.op.latex[arg]}\n{numbers}")


def plain(x: Any) -> Any: return x.data if type(x) is Tensor else x


def saved_values(node: Node) -> list[Any]: return [node.saved.get(a) for a in node.op.args]


def broken(out: Any, inputs: Sequence[Any]) -> str:
    """'NaN' or 'inf' when out holds one and no input does, else ''."""
    out = np.asarray(out)
    if out.dtype.kind != "f" or np.isfinite(out).all(): return ""
    inputs = [v for v in map(np.asarray, inputs) if v.dtype.kind == "f"]
    if np.isnan(out).any(): return "" if any(np.isnan(v).any() for v in inputs) else "NaN"
    return "" if any(not np.isfinite(v).all() for v in inputs) else "inf"


def offenders(op: Op, values: Sequence[Any], out: Any) -> str:
    """The inputs at the first bad element where shapes tell which they are, else the range of each input."""
    out = np.asarray(out)
    at = tuple(int(i) for i in np.argwhere(~np.isfinite(out))[0])
    lines = []
    for name, v in zip(op.args, values):
        if v is None: continue
        v = np.asarray(v)
        try:
            lines.append(f"  {name}{list(at) if at else ''} = {np.broadcast_to(v, out.shape)[at]!s}")
        except ValueError:
            low, high = v.min(initial=np.inf), v.max(initial=-np.inf)
            lines.append(f"  {name}: {spell(v)} from {low:.4g} to {high:.4g}")
    return "\n".join([f"  first at element {list(at)} of {out.shape}:" if at else "  computed from:", *lines])


def fingerprint(array: Any) -> int: return crc32(np.ascontiguousarray(array).tobytes())


def in_backward() -> bool:
    """Is this op part of a rule?  Then the node that owns the rule reports."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(PACKAGE):
        if frame.f_code.co_name in ("vjp", "jvp"): return True
        frame = frame.f_back
    return False


def origin() -> str:
    """'in layer model/hidden, at file.py:12: the line': where the user's forward code is."""
    frame = user_frame()
    if frame is None: return ""
    path, line = frame.f_code.co_filename, frame.f_lineno
    source = linecache.getline(path, line).strip()
    layers = layer_path()
    return f"{'in layer ' + layers + ', ' if layers else ''}at {path}:{line}{': ' + source if source else ''}"


def layer_path() -> str:
    """The names of the layers that are being called, outermost first."""
    names: list[str] = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        ours = frame.f_code.co_name == "__call__" and frame.f_code.co_filename.startswith(PACKAGE)
        owner = frame.f_locals.get("self") if ours else None
        if owner is not None and not isinstance(owner, Op) and isinstance(getattr(owner, "name", None), str):
            names.append(owner.name)
        frame = frame.f_back
    return "/".join(reversed(names))
