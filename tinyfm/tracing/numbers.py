"""The numbers put into a rule: for one step the element with the largest gradient, and what it was computed from."""
from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from tinyfm.engine import Op
from tinyfm.ops.attention import attention_weights
from tinyfm.tracing.events import Array, Event, Node, Sent, Trace

TERMS = 6                                        # of a long sum that are shown, the largest ones
PRODUCTS = {"matmul": ("a", "b"), "linear": ("x", "w"), "dense": ("x", "w")}


def forward(t: Trace, n: Node, g: Array = None) -> dict[str, Any]:
    """{"at": element, "values": {"a": 2.0, "out": 6.0}, "terms": [[x, w], ...], "count": n} of how a node was made."""
    values = arguments(t, n)
    if not n.op or unknown(n, values) or not np.size(n.value): return {}
    at = place_of_largest(n.value if g is None else g)
    found: dict[str, Any] = {"at": at, "values": {}, "result": float(n.value[at])}
    op = n.entry
    if op.kind == "elementwise" or n.op in ("relu", "leaky_relu"):
        found["values"] = elements(op, values, n.value, at)
    elif n.op in PRODUCTS: summed(found, *lines(n.op, values, at), bias(values, n.op, at))
    elif n.op == "conv":
        x, w = window(values, n.settings, at)
        summed(found, x, w, 0.0)
        if x is not None and x.ndim == 3 and x.size <= 121 * x.shape[-1]:
            found["window"] = [x[..., 0].tolist(), w[..., 0].tolist()]
            s = n.settings
            found["from"] = [p * step - pad for p, step, (pad, _) in zip(at[1:-1], s["strides"], s["padding"])]
    elif n.op in ("sum", "mean"): summed(found, along(values["x"], n.settings, at, n.value.shape), None, 0.0)
    elif n.op in ("max_pool", "average_pool") and not np.any(n.settings["padding"]):
        steps, sizes = n.settings["strides"], n.settings["pool_size"]
        where = tuple(slice(p * step, p * step + k) for p, step, k in zip(at[1:-1], steps, sizes))
        found["of"] = np.ravel(values["x"][(at[0], *where, at[-1])]).tolist()
        found["count"] = len(found["of"])
    elif n.op == "attention":
        shown = attention_weights(values["q"], values["k"], values["mask"], **n.settings)
        found["weights"] = shown[(0,) * (shown.ndim - 2)][:24, :24].tolist()
    elif n.op in ("max", "min", "softmax"):
        row = along(values["x"], n.settings if n.op != "softmax" else {"axis": n.settings["axis"], "keepdims": True},
                    at, n.value.shape if n.op != "softmax" else None)
        found["of"] = [float(v) for v in row[:12]]
        found["count"] = len(row)
    return found


def backward(t: Trace, e: Event, s: Sent) -> dict[str, Any]:
    """The same for one contribution; "summed": the axes over which a stretched argument's gradient was added up."""
    n, d = t.nodes[e.node], s.gradient
    op, values = n.entry, arguments(t, n)
    i = op.args.index(s.arg)
    if unknown(n, values) or not np.size(d): return {}
    if op.kind == "elementwise": return elementwise(op, n, e, s, values, i)
    at = place_of_largest(d)
    found: dict[str, Any] = {"at": at, "values": {}, "result": float(d[at])}
    if n.op in PRODUCTS and s.arg in PRODUCTS[n.op]:
        summed(found, *pulled_lines(n.op, values, e.gradient, s.arg, at), 0.0)
    elif n.op in PRODUCTS or n.op == "conv_activated": summed(found, column(e.gradient, at), None, 0.0)
    elif n.op == "conv" and s.arg == "w": summed(found, *patches(values["x"], e.gradient, n.settings, at), 0.0)
    elif n.op == "softmax":
        inner = float(np.sum(e.gradient * n.value, axis=n.settings["axis"], keepdims=True)[
            tuple(0 if k == n.settings["axis"] % n.value.ndim else m for k, m in enumerate(at))])
        found["said"] = [float(n.value[at]), float(e.gradient[at]), inner]
    elif n.op in ("sum", "mean") and np.size(e.gradient) == 1: found["values"] = {"g": float(np.ravel(e.gradient)[0])}
    return found


def update(e: Event) -> dict[str, Any]:
    """The element that an update moved most: before, gradient, after, and the step per unit of gradient."""
    at = place_of_largest(e.value - e.before)
    found = {"at": at, "before": float(e.before[at]), "after": float(e.value[at])}
    if e.gradient is not None and e.gradient.shape == e.value.shape:
        found["gradient"] = g = float(e.gradient[at])
        with np.errstate(all="ignore"): rates = (e.before - e.value) / e.gradient
        rates = rates[np.isfinite(rates) & (np.abs(e.gradient) > 1e-3 * abs(g))]
        if g and rates.size and np.allclose(rates, rates.ravel()[0], rtol=1e-3): found["rate"] = float(np.median(rates))
    return found


# ------------------------------------------------------------ elements

def arguments(t: Trace, n: Node) -> dict[str, Any]:
    """The values of the op's arguments by name; None where one was left out or not kept."""
    if not n.op: return {}
    return {a: None if k is None else t.nodes[k].value for a, k in zip(n.entry.args, n.inputs)}


def unknown(n: Node, values: dict[str, Any]) -> bool:
    """Whether something that it takes to show the numbers was not kept."""
    return n.value is None or any(v is None and k is not None for v, k in zip(values.values(), n.inputs))


def place_of_largest(a: Array) -> tuple[int, ...]:
    a = np.asarray(a)
    if not a.size: return ()
    size = np.where(np.isfinite(a), np.abs(a), 0) if a.dtype.kind in "fc" else np.abs(a.astype(float))
    return tuple(int(k) for k in np.unravel_index(int(np.argmax(size)), a.shape))


def elements(op: Op, values: dict[str, Any], out: Array, at: tuple[int, ...]) -> dict[str, float]:
    """Every argument at the element `at` of the result, broadcast as NumPy does."""
    found = {"out": float(out[at])} if out is not None else {}
    for name, v in values.items():
        if v is None: continue
        try: found[name] = float(np.broadcast_to(v, out.shape)[at])
        except ValueError: pass
    return found


def elementwise(op: Op, n: Node, e: Event, s: Sent, values: dict[str, Any], i: int) -> dict[str, Any]:
    at = place_of_largest(e.gradient)
    found: dict[str, Any] = {"at": at, "values": elements(op, values, n.value, at) | {"g": float(e.gradient[at])}}
    d = s.gradient
    if d.shape == n.shape: return found | {"result": float(d[at])}
    rule: Any = op.rules[i]
    full = np.broadcast_to(np.asarray(rule(e.gradient, saved(op, n, values))), n.shape)
    axes = stretched(d.shape, n.shape)
    to = tuple(0 if m == 1 else k for k, m in zip(at[len(n.shape) - d.ndim:], d.shape))
    return found | {"result": float(full[at]), "summed": axes, "over": prod(n.shape[k] for k in axes), "to": to,
                    "total": float(d[to])}


def saved(op: Op, n: Node, values: dict[str, Any]) -> dict[str, Any]:
    """What the engine would have kept for the rules of this node."""
    places = [*values.values(), n.value]
    return {name: places[k] for name, k in op.reads or []} | {name: fact(places[k]) for name, k, fact in op.facts} \
        | n.settings


def stretched(shape: tuple[int, ...], out: tuple[int, ...]) -> list[int]:
    """The axes of `out` along which an argument of `shape` was repeated."""
    lead = len(out) - len(shape)
    return [k for k in range(len(out)) if k < lead or (shape[k - lead] == 1 and out[k] != 1)]


# ------------------------------------------------------------ sums of products

def summed(found: dict[str, Any], left: Array | None, right: Array | None, plus: float) -> None:
    """Add the terms to `found`, the largest in their order, if their sum is the result; else say nothing."""
    if left is None: return
    left = np.ravel(left).astype(np.float64)
    terms = left if right is None else left * np.ravel(right).astype(np.float64)
    total, size = terms.sum() + plus, np.abs(terms).sum()
    if not (np.isfinite(size) and np.isclose(total, found["result"], rtol=1e-3, atol=1e-5 * size)): return
    chosen = np.sort(np.argsort(-np.abs(terms), kind="stable")[:TERMS])
    pairs = [left] if right is None else [left, np.ravel(right)]
    found["terms"] = [[float(v[k]) for v in pairs] for k in chosen]
    found["count"] = len(terms)
    if plus: found["plus"] = plus


def lines(name: str, values: dict[str, Any], at: tuple[int, ...]) -> tuple[Any, Any]:
    """Row and column whose product is element `at` of a @ b."""
    a, b = (np.asarray(values[k]) for k in PRODUCTS[name])
    lead = at[:len(at) - (a.ndim > 1) - (b.ndim > 1)]
    row = a if a.ndim == 1 else taken(a, lead, 2)[at[-1 - (b.ndim > 1)]]
    column = b if b.ndim == 1 else taken(b, lead, 2)[:, at[-1]]
    return row, column


def taken(a: Array, lead: tuple[int, ...], keep: int) -> Array:
    """The matrix of a stack at `lead`, counted from the back as broadcasting does."""
    own = a.shape[:a.ndim - keep]
    return a[tuple(0 if m == 1 else k for k, m in zip(lead[len(lead) - len(own):], own))]


def bias(values: dict[str, Any], name: str, at: tuple[int, ...]) -> float:
    b = values.get("b") if name in ("linear", "dense") else None
    return 0.0 if b is None else float(np.ravel(b)[at[-1]])


def pulled_lines(name: str, values: dict[str, Any], g: Array, arg: str, at: tuple[int, ...]) -> tuple[Any, Any]:
    """What is multiplied for one element of g bT (first argument) or aT g (second); (None, None) for stacks."""
    a, b = (np.asarray(values[k]) for k in PRODUCTS[name])
    if b.ndim > 2 or (name == "matmul" and a.ndim > 2): return None, None
    a2, b2 = a.reshape(-1, a.shape[-1]), b.reshape(b.shape[0], -1)
    g2 = np.reshape(g, (a2.shape[0], b2.shape[1]))
    if arg == PRODUCTS[name][0]:
        row = 0 if a.ndim == 1 else int(np.ravel_multi_index(at[:-1], a.shape[:-1]))
        return g2[row], b2[at[-1]]
    return a2[:, at[0]], g2[:, at[-1] if b.ndim > 1 else 0]


def column(g: Array, at: tuple[int, ...]) -> Array: return np.reshape(g, (-1, g.shape[-1]))[:, at[-1]]


def padded(x: Array, s: dict[str, Any]) -> Array:
    return np.pad(x, ((0, 0), *s["padding"], (0, 0)))


def window(values: dict[str, Any], s: dict[str, Any], at: tuple[int, ...]) -> tuple[Any, Any]:
    """The part of x under the kernel for one output, and the kernel of its channel."""
    x, w = values["x"], values["w"]
    if s.get("groups", 1) != 1: return None, None
    x = padded(x, s)
    where = tuple(slice(p * stride, p * stride + (k - 1) * d + 1, d)
                  for p, stride, k, d in zip(at[1:-1], s["strides"], w.shape, s["dilation"]))
    return x[(at[0], *where)], w[..., at[-1]]


def patches(x: Array, g: Array, s: dict[str, Any], at: tuple[int, ...]) -> tuple[Any, Any]:
    """Every element of x that one weight of the kernel met, and the gradient of the output it went into."""
    if s.get("groups", 1) != 1: return None, None
    where = tuple(slice(k * d, k * d + (m - 1) * stride + 1, stride)
                  for k, d, m, stride in zip(at[:-2], s["dilation"], g.shape[1:-1], s["strides"]))
    return padded(x, s)[(slice(None), *where, at[-2])], g[..., at[-1]]


def along(x: Array, s: dict[str, Any], at: tuple[int, ...], out: tuple[int, ...] | None) -> Array:
    """The elements of x that went into element `at` of a reduction over `axis`."""
    x, axis = np.asarray(x), s.get("axis")
    axes = set(range(x.ndim)) if axis is None else {k % x.ndim for k in np.atleast_1d(axis)}
    rest = iter(at)
    index = []
    for k in range(x.ndim):
        here = next(rest, 0) if s.get("keepdims") or out is None or k not in axes else 0
        index.append(slice(None) if k in axes else here)
    return np.ravel(x[tuple(index)])
