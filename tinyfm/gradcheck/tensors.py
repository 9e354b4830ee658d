"""check_gradients and check_rule: functions of Tensors and rules of the table, judged like any hand-written pair."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinyfm.engine import Node, Op, Tensor, gradients, history, leaf, named, no_grad, recording, watching
from tinyfm.forward_mode import pushforward
from tinyfm.gradcheck.checks import check_backward
from tinyfm.gradcheck.numeric import directional, floating
from tinyfm.gradcheck.numpy_tracing import Notebook
from tinyfm.gradcheck.points import away_from_zero, resolve
from tinyfm.gradcheck.report import Finding, Report
from tinyfm.gradcheck.samples import sample
from tinyfm.gradcheck.student import argument_names
from tinyfm.operators import table


def check_gradients(f: Callable[..., Any], *inputs: Any, order: int = 1, seed: int = 0) -> Report:
    """Judge the engine's own gradients of f, a function of Tensors built from ops, at arrays, shapes or guessed inputs.

    order=1: gradients and the forward mode.  order=2: also the gradients of the gradients.  When something is wrong,
    every op that f used is checked by itself, and findings name the op whose rule is to blame as "op.argument".
    """
    forward = plain_function(f)
    rng = np.random.default_rng([seed, 1])
    arrays = resolve(forward, inputs, rng)
    backward = named_like(gradient_function(f), ["g", *argument_names(f, f, len(arrays))])
    report = check_backward(forward, backward, *arrays, seed=seed, name=getattr(f, "__name__", "f"))
    report.findings += forward_mode(f, forward, arrays, rng)
    if order > 1:
        second = check_gradients(first_derivative(f, arrays, rng), *arrays, order=order - 1, seed=seed)
        report.findings += [
            Finding(x.argument, x.kind, f"Order {order}: {x.message}", x.fix, x.evidence | {"order": order})
            for x in second.findings
        ]
    if not report.ok:
        report.findings += blame(f, arrays, seed)
    return report


def plain_function(f: Callable[..., Any]) -> Callable[..., Any]:
    """f from arrays to an array, recording nothing."""

    def forward(*arrays: Any) -> Any:
        with no_grad():
            y = f(*[Tensor(np.asarray(a)) if floating(a) else a for a in arrays])
        return np.asarray(y.data if type(y) is Tensor else y)

    return forward


def lifted(arrays: Sequence[Any]) -> tuple[list[Any], list[Tensor]]:
    args = [leaf(np.array(a, dtype=float)) if floating(a) else a for a in arrays]
    return args, [a for a in args if type(a) is Tensor]


def gradient_function(f: Callable[..., Any]) -> Callable[..., Any]:
    """(g, arrays) -> the engine's gradient of every floating array, None for the others."""

    def backward(g: Any, *arrays: Any) -> tuple[Any, ...]:
        args, leaves = lifted(arrays)
        y = f(*args)
        if type(y) is not Tensor or y.node is None:
            return tuple(np.zeros(np.shape(a)) if floating(a) else None for a in arrays)
        found = iter(gradients(y, leaves, np.asarray(g)))
        return tuple(next(found) if type(a) is Tensor else None for a in args)

    return backward


def first_derivative(f: Callable[..., Any], arrays: Sequence[Any], rng: np.random.Generator) -> Callable[..., Any]:
    """All gradients of f for one fixed g, times fixed weights, added: one number that holds every second derivative."""
    g = away_from_zero(rng, np.shape(plain_function(f)(*arrays)))
    weights = [away_from_zero(rng, np.shape(a)) for a in arrays if floating(a)]

    def derivative(*args: Any) -> Any:
        used = [
            table["identity"](a)
            if type(a) is Tensor and a.node is not None
            else leaf(a.data)
            if type(a) is Tensor
            else a
            for a in args
        ]
        leaves = [a for a in used if type(a) is Tensor]
        with recording(True):
            y = f(*used)
        if type(y) is not Tensor or y.node is None:
            return table["sum"](leaves[0] * 0.0)
        found = gradients(y, leaves, g, create_graph=True)
        parts = [table["sum"](d * w) for d, w in zip(found, weights)]
        return sum(parts[1:], parts[0])

    derivative.__name__ = f"derivative of {getattr(f, '__name__', 'f')}"
    return derivative


def forward_mode(
    f: Callable[..., Any], forward: Callable[..., Any], arrays: Sequence[Any], rng: np.random.Generator
) -> list[Finding]:
    """Does pushing a tangent forward give the same as moving the inputs?"""
    args, leaves = lifted(arrays)
    y = f(*args)
    if type(y) is not Tensor or y.node is None:
        return []
    v = [away_from_zero(rng, t.shape) for t in leaves]
    tangents = iter(v)
    along = [next(tangents) if floating(a) else None for a in arrays]
    slope, error = directional(forward, arrays, along)
    pushed = np.ravel(pushforward(y, dict(zip(leaves, v))))
    scale = np.max(np.abs(slope), initial=0)
    if np.max(np.abs(pushed - slope) - error, initial=0) <= 1e-6 * scale + 1e-9:
        return []
    return [
        Finding(
            "forward mode",
            "unknown",
            "pushforward disagrees with central differences, backward may be right.",
            "Check the op's kind: 'elementwise' and 'linear' promise more than None.",
        )
    ]


def blame(f: Callable[..., Any], arrays: Sequence[Any], seed: int) -> list[Finding]:
    """Check every op that f used at the very values it saw; findings are named op.argument."""
    args, _ = lifted(arrays)
    with watching(Notebook()):
        y = f(*args)
    found: dict[str, Finding] = {}
    for node in history(y.node) if type(y) is Tensor and y.node is not None else []:
        if node.op is None:
            continue
        for x in check_node(node, seed).findings:
            found.setdefault(
                f"{node.op.name}.{x.argument}",
                Finding(f"{node.op.name}.{x.argument}", x.kind, x.message, x.fix, x.evidence),
            )
    return [x for x in found.values() if x.kind != "kink"]


def check_node(node: Node, seed: int) -> Report:
    settings = {k: node.saved[k] for k in node.op.settings}
    return check_op(node.op, list(node.note[:-1]), settings, {}, seed)


def check_op(
    op: Op, inputs: Sequence[Any], settings: dict[str, Any], swapped: Mapping[str, Callable[..., Any]], seed: int
) -> Report:
    """The rules of one op as a hand-written pair; some of them may be swapped for others."""
    rules: list[Any] = [named(swapped[a]) if a in swapped else rule for a, rule in zip(op.args, op.kernels)]

    def backward(g: Any, *arrays: Any) -> tuple[Any, ...]:
        saved = facts(op, arrays, settings)
        wanted = [r is not None and floating(a) for r, a in zip(rules, arrays)]
        if op.joint is not None and not swapped:
            pulled = op.joint(np.asarray(g), saved, wanted)
        else:
            pulled = [r(np.asarray(g), saved) if on else None for r, on in zip(rules, wanted)]
        return tuple(d if d is None else unstretched(np.asarray(d), np.shape(x)) for d, x in zip(pulled, arrays))

    forward = lambda *arrays: op.forward(*arrays, **settings)
    report = check_backward(
        named_like(forward, op.args), named_like(backward, ["g", *op.args]), *inputs, seed=seed, name=op.name
    )
    report.formula = op.formula
    return report


def unstretched(d: Any, shape: tuple[int, ...]) -> Any:
    """What the engine does with a rule's gradient; one that cannot be summed to the shape is left for the report."""
    try:
        fits = d.shape != shape and np.broadcast_shapes(shape, d.shape) == d.shape
    except ValueError:
        fits = False
    return table["sum_to"](d, shape=shape) if fits else d


def facts(op: Op, arrays: Sequence[Any], settings: dict[str, Any]) -> dict[str, Any]:
    """Everything that a rule may name: arguments, their shapes and dtypes, the result, the settings."""
    saved = {**op.settings, **settings, **dict(zip(op.args, arrays)), "out": op.forward(*arrays, **settings)}
    for name in [*op.args, "out"]:
        if saved[name] is not None:
            saved |= {f"{name}_shape": np.shape(saved[name]), f"{name}_dtype": np.result_type(saved[name])}
    if op.keep is not None:
        saved["kept"] = op.keep(*arrays, **settings)[1]
    return saved


def named_like(f: Callable[..., Any], names: Sequence[str]) -> Callable[..., Any]:
    """f with a signature that shows these names."""
    from inspect import Parameter, Signature

    def call(*args: Any) -> Any:
        return f(*args)

    call.__signature__ = Signature([Parameter(n, Parameter.POSITIONAL_OR_KEYWORD) for n in names])  # type: ignore[attr-defined]
    return call


def check_rule(
    op: Op | str, rules: Mapping[str, Callable[..., Any]], *inputs: Any, seed: int = 0, **settings: Any
) -> Report:
    """Judge one rule of the op table, swapped in: check_rule("exp", {"x": lambda g, out: g * out}).

    A rule takes g, then by name what it needs: an argument, `x_shape`, `out`, a setting.  It need not undo
    broadcasting: the engine sums over the axes along which an argument was stretched, here as in training.
    """
    chosen = find_op(op)
    unknown = set(rules) - set(chosen.args)
    if unknown:
        raise ValueError(f"{chosen.name} has no argument {min(unknown)!r}; its arguments are {', '.join(chosen.args)}.")
    drawn, own = sample(chosen, np.random.default_rng([seed, 2]))
    report = check_op(chosen, inputs or drawn, settings or own, rules, seed)
    report.findings = [x for x in report.findings if x.argument in rules or x.argument in ("backward", "g")]
    report.rows = [r for r in report.rows if r.argument in rules]
    return report


def find_op(op: Op | str) -> Op:
    if isinstance(op, Op):
        return op
    if op not in table:
        import difflib

        close = difflib.get_close_matches(op, table, 3)
        raise ValueError(
            f"There is no op {op!r} in the table{'; did you mean ' + ' or '.join(close) if close else ''}?"
        )
    return table[op]


def check_table(seed: int = 0) -> list[Report]:
    """Every op of the table that has a rule, at sampled inputs."""
    found = []
    for op in table.values():
        if op.reads is None or op.name in ("stop_gradient",):
            continue
        inputs, settings = sample(op, np.random.default_rng([seed, 2]))
        found.append(check_op(op, inputs, settings, {}, seed))
    return found
