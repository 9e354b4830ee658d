"""An op that is fast as a whole and differentiated as a sum of its parts.

A fused op computes in one kernel what a visible composite of other ops computes in many.  Its rules run that composite
on fresh inputs and pull the gradient back through it, so they are right to every order and need no derivation; a
joint kernel, derived by hand, serves training.  The tests hold the two together.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import Parameter, Signature, signature
from typing import Any

import numpy as np

from tinyfm.calls import bind
from tinyfm.engine import Op, Rule, Tensor, gradients, leaf, recording, state
from tinyfm.operators import table
from tinyfm.ops.shape import identity


class FusedOp(Op):
    """An op that, where somebody watches who wants to see the parts (`unfold`), runs as its parts."""

    parts: Callable[..., Any]

    def __call__(self, *args: Any, **settings: Any) -> Any:
        if not getattr(state.watch, "unfold", False): return super().__call__(*args, **settings)
        if len(args) != self.arity: args, settings = bind(self, args, settings)
        return self.parts(*args, **settings)


def fused(formula: str, composite: Callable[..., Any], joint: Rule | None = None,
          wrt: Sequence[str] | None = None, keep: Callable[..., Any] | None = None) -> Callable[..., Op]:
    """Enter a kernel into the table whose rules differentiate `composite`, which takes the same arguments and settings.

    wrt: the arguments with a derivative; all of them by default.  joint, keep: as in `Op`.
    """
    names = list(signature(composite).parameters.values())
    args = [p.name for p in names if p.kind is not p.KEYWORD_ONLY]
    settings = [p.name for p in names if p.kind is p.KEYWORD_ONLY]
    rules: dict[str, Any] = {a: (latex(a), composite_rule(composite, args, settings, a))
                             for a in (args if wrt is None else wrt)}

    def enter(forward: Callable[..., Any]) -> Op:
        table[forward.__name__] = entry = FusedOp(forward, formula, None, rules, joint, keep)
        entry.parts = composite
        return entry
    return enter


def latex(name: str) -> str:
    r"""\bar y^\top \partial y / \partial x_0, a long name upright."""
    head, _, index = name.partition("_")
    symbol = head if len(head) < 3 else rf"\text{{{head}}}"
    return rf"\bar y^\top \, \partial y / \partial {symbol}" + (rf"_{{\text{{{index}}}}}" if index else "")


def composite_rule(composite: Callable[..., Any], args: list[str], settings: list[str], wanted: str) -> Rule:
    """The rule of one argument: g, all arguments, all settings -> the gradient through the composite."""
    at, n = args.index(wanted), len(args)

    def rule(g: Any, *values: Any) -> Any:
        again = any(type(v) is Tensor for v in (g, *values))
        with recording(True):
            inputs = [fresh(v) for v in values[:n]]
            y = composite(*inputs, **dict(zip(settings, values[n:])))
        return gradients(y, [inputs[at]], g, create_graph=again)[0]

    rule.__signature__ = Signature(  # type: ignore[attr-defined]
        [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in ("g", *args, *settings)])
    return rule


def fresh(x: Any) -> Any:
    """A new node for a floating input, so that the gradient stops here and, where x has a history, can go on later."""
    if type(x) is Tensor: return identity(x) if x.node is not None else leaf(x.data)
    return leaf(x) if isinstance(x, np.ndarray | np.floating) and x.dtype.kind == "f" else x
