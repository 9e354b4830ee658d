"""What the page is given: the trace with its numbers rounded, large arrays sampled, formulas typeset, boxes in order.

Equal arrays are stored once.  An array of one element is a number; any other is
{"s": shape, "t": dtype, "lo", "mean", "hi", "zero": how many, "bad": how many, "grids": [{"at", "step", "rows"}, ...]}.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinyfm.engine import Op
from tinyfm.errors import GraphError
from tinyfm.tracing import layout, numbers, replay, why
from tinyfm.tracing.code import forward_code, rule_code
from tinyfm.tracing.events import PHASES, Array, Node, Trace
from tinyfm.tracing.mathml import mathml, symbols

CELLS = 60_000                                   # numbers of all arrays together that the page holds
MOST, LEAST = 2_800, 12                            # of one array
SHOWN = {"terms", "of", "summed", "before", "window", "weights", "said"}      # numbers that the page cannot find itself
AROUND = 8                                       # lines of source shown before the first and after the last that ran
LONGEST = 400


class Pool:
    """The arrays of a page."""

    def __init__(self, t: Trace) -> None:
        found = {id(a): a for a in everything(t) if np.size(a) > 1}
        self.cells = int(np.clip(CELLS / max(1, len(found)), LEAST, MOST))
        self.known: dict[Any, int] = {}
        self.items: list[Any] = []

    def add(self, a: Array) -> int:
        """The place of this array; -1 for none."""
        if a is None: return -1
        a = np.asarray(a)
        key = a.shape, a.dtype.str, a.tobytes()
        if key not in self.known:
            self.known[key] = len(self.items)
            self.items.append(rounded(a.item()) if a.shape == () else described(a, self.cells))
        return self.known[key]


def everything(t: Trace) -> list[Array]:
    return [n.value for n in t.nodes] + [e.gradient for e in t.events] + [s.gradient for e in t.events for s in e.sent]


def rounded(v: Any, digits: int = 5) -> Any:
    """A number as strict JSON with few digits."""
    if isinstance(v, bool | np.bool_): return int(v)
    v = float(v)
    if not np.isfinite(v): return "NaN" if v != v else "Infinity" if v > 0 else "-Infinity"
    short = float(f"{v:.{digits}g}")
    return int(short) if short == int(short) and abs(short) < 1e6 else short


def described(a: Array, cells: int) -> dict[str, Any]:
    finite = a[np.isfinite(a)].astype(np.float64)
    stats = [rounded(f(finite)) for f in (np.min, np.mean, np.max)] if finite.size else ["NaN"] * 3
    found = {"s": list(a.shape), "t": a.dtype.name, "lo": stats[0], "mean": stats[1], "hi": stats[2],
             "zero": int(a.size - np.count_nonzero(a)), "grids": grids(a, cells)}
    if bad := int(a.size - finite.size): found["bad"] = bad
    return found


def grids(a: Array, cells: int) -> list[dict[str, Any]]:
    """Slices of two axes that can be looked at: a matrix itself; of an image batch the first image, some channels."""
    if not a.size: return []
    if a.ndim <= 2: return [grid(np.atleast_2d(a), cells, "")]
    if a.ndim == 3: return [grid(a[0], cells, "[0, :, :]")]
    kernel = a.ndim == 4 and a.shape[0] == a.shape[1] <= 11                  # (h, w, in, out)
    high, wide = a.shape[:2] if kernel else a.shape[-3:-1]
    count = int(np.clip(cells // max(1, high * wide), 1, min(4, a.shape[-1])))
    if kernel: return [grid(a[:, :, 0, c], cells // count, f"[:, :, 0, {c}]") for c in range(count)]
    lead = (0,) * (a.ndim - 3)
    return [grid(a[(*lead, slice(None), slice(None), c)], cells // count, f"[{', '.join(map(str, lead))}, :, :, {c}]")
            for c in range(count)]


def grid(a: Array, cells: int, at: str) -> dict[str, Any]:
    """A matrix, or every k-th row and column of it."""
    step = [1, 1]
    while -(-a.shape[0] // step[0]) * -(-a.shape[1] // step[1]) > cells:
        high, wide = a.shape[0] / step[0], a.shape[1] / step[1]
        long = 0 if high > 4 * wide else 1 if wide > 4 * high else 2
        step = [s + (long in (k, 2)) for k, s in enumerate(step)]
    rows = [[rounded(v, 4) for v in row] for row in a[::step[0], ::step[1]].tolist()]
    found: dict[str, Any] = {"at": at, "rows": rows}
    if step != [1, 1]: found["step"] = step
    return found


# ------------------------------------------------------------ the whole

def payload(t: Trace, title: str) -> dict[str, Any]:
    """Everything that viewer.js draws."""
    drawn = [n for n in t.nodes if layout.is_drawn(n)]
    if len(drawn) > layout.LARGE:
        raise GraphError(f"This graph is too large to draw: {len(drawn):,} nodes, at most {layout.LARGE:,}. Trace one "
                         "step, fewer examples or a shorter sequence; t.step() and t.save('run.json') take it whole.")
    pool = Pool(t)
    try: wrong = replay.overwritten(t)
    except GraphError: wrong = {}
    counts: dict[Any, int] = {}
    for e in t.events:
        for s in e.sent: counts[e.walk, s.to] = counts.get((e.walk, s.to), 0) + 1
    return {
        "version": 1, "title": title or default_title(t), "full": t.full, "phases": PHASES,
        "nodes": [node(n, pool) for n in t.nodes], "events": events(t, pool, wrong, counts),
        "ops": {n.op: op(n.entry) for n in sorted(t.nodes, key=lambda n: len(n.inputs)) if n.op}, "sources": sources(t),
        "checks": {i: list(map(checked, found)) for i, found in replay.checks(t).items()},
        "why": {n.id: [[list(r.path), r.said] for r in why.reasons(t, n.id)] for n in unmoved(t, drawn)},
        "layout": boxes(t), "arrays": pool.items, "root": root.id if (root := t.root()) else -1,
        "forward": {n.id: short for n in t.nodes if n.op and (short := brief(numbers.forward(t, n)))},
    }


def checked(c: replay.Check) -> list[Any]:
    return [list(c.at), rounded(c.analytic), rounded(c.numeric), rounded(c.error, 2), int(c.kink)]


def default_title(t: Trace) -> str:
    root = t.root()
    return f"{root.title}.backward(), step by step" if root and root.name else "One run, step by step"


def node(n: Node, pool: Pool) -> dict[str, Any]:
    found: dict[str, Any] = {"k": n.kind[0], "v": pool.add(n.value)}
    for key, value in (("o", n.op), ("n", n.name), ("l", n.layer), ("p", list(n.inputs)), ("s", list(n.shape)),
                       ("w", n.shown)):
        if value: found[key] = value
    if n.place: found["at"] = [n.place.file, n.place.line]
    if (set_ := {k: spelled(v) for k, v in n.settings.items() if v is not None}): found["set"] = set_
    if not layout.is_drawn(n): found["hide"] = 1
    return found


def spelled(v: Any) -> str:
    said = getattr(v, "__name__", None) or str(v)
    return said if len(said) < 60 else said[:57] + "..."


def events(t: Trace, pool: Pool, wrong: dict[Any, Array], counts: dict[Any, int]) -> list[dict[str, Any]]:
    """One entry for each event: {"p": phase, "n": node, ...}; a contribution that is not the only one has its sum."""
    sums: dict[Any, Array] = {}
    made = []
    for number, e in enumerate(t.events):
        found: dict[str, Any] = {"p": PHASES.index(e.phase), "n": e.node}
        if e.broke: found["broke"] = e.broke
        if e.phase == "update":
            found |= {"v": pool.add(e.value), "b": pool.add(e.before), "g": pool.add(e.gradient), "rule": e.rule,
                      "x": brief(numbers.update(e))}
        if e.phase == "forward" and e.value is not None and t.nodes[e.node].value is not e.value:
            found["v"] = pool.add(e.value)
        if e.phase == "backward":
            found |= {"g": pool.add(e.gradient), "w": e.walk, "to": []}
            if e.collects and e.before is not None:
                found |= {"b": pool.add(e.before), "f": pool.add(e.before + e.gradient)}
            if not e.collects and not e.sent: found["x"] = {"kept": 0}
        for place, s in enumerate(e.sent):
            key = e.walk, s.to
            sums[key] = s.gradient if key not in sums else sums[key] + s.gradient
            one: dict[str, Any] = {"n": s.to, "a": s.arg, "d": pool.add(s.gradient)}
            if counts[key] > 1: one |= {"f": pool.add(sums[key]), "of": counts[key]}
            if (number, place) in wrong: one["wrong"] = pool.add(wrong[number, place])
            if x := brief(numbers.backward(t, e, s)): one["x"] = x
            found["to"].append(one)
        made.append(found)
    return made


def brief(x: dict[str, Any]) -> dict[str, Any]:
    """The numbers of one step, rounded; nothing where the page can find them itself: in numbers of shape ()."""
    if not x or (x.get("at") == () and not SHOWN & x.keys()): return {}
    short: dict[str, Any] = {}
    for key, v in x.items():
        if isinstance(v, float): short[key] = rounded(v)
        elif key == "values": short[key] = {k: rounded(w) for k, w in v.items()}
        elif key in ("terms",): short[key] = [[rounded(w, 4) for w in pair] for pair in v]
        elif key == "weights": short[key] = [[rounded(w, 3) for w in row] for row in v]
        elif key == "said": short[key] = [rounded(w) for w in v]
        elif key == "window": short[key] = [[[rounded(w, 3) for w in row] for row in part] for part in v]
        elif key == "of": short[key] = [rounded(w, 4) for w in v]
        else: short[key] = list(v) if isinstance(v, tuple) else v
    return short


def op(entry: Op) -> dict[str, Any]:
    """How an op is shown: its formula, its code, and for each argument the rule and its code."""
    letters = symbols(entry.args, entry.formula)
    return {"args": entry.args, "f": mathml(entry.formula, letters), "code": forward_code(entry),
            "kind": entry.kind or "", "rules": {a: [mathml(latex, letters), rule_code(entry, a)]
                                                for a, latex in entry.latex.items()}}


def unmoved(t: Trace, drawn: list[Node]) -> list[Node]:
    """The nodes whose gradient in the first backward pass is zero, or that none reached."""
    final = {e.node: e.gradient for e in t.events if e.phase == "backward" and e.walk == 0}
    return [n for n in drawn if final and (n.id not in final or not np.any(final[n.id]))]


def sources(t: Trace) -> dict[str, Any]:
    """{file: [number of the first line, lines]}: what ran, and a little around it."""
    found = {}
    for file, lines in t.sources.items():
        used = [n.place.line for n in t.nodes if n.place and n.place.file == file]
        if not used or not lines: continue
        first = max(1, min(used) - AROUND)
        last = min(len(lines), max(used) + AROUND, first + LONGEST)
        found[file] = [first, lines[first - 1:last]]
    return found


def boxes(t: Trace) -> dict[str, Any]:
    """The blocks, the order of everything within them and of them, and the edges."""
    groups, closed = layout.blocks(t)
    block_of = {i: f"g{k}" for k, (_, ids) in enumerate(groups) for i in ids}
    links = layout.edges(t)
    outer = list(dict.fromkeys(block_of.get(n.id, n.id) for n in sorted(filter(layout.is_drawn, t.nodes),
                                                                        key=lambda n: first_use(t, n, block_of))))
    across = [(block_of.get(a, a), block_of.get(b, b)) for a, b in links]
    found: list[dict[str, Any]] = []
    for k, (name, ids) in enumerate(groups):
        own = [e for e in links if block_of.get(e[0]) == block_of.get(e[1]) == f"g{k}"]
        found.append({"name": name, "nodes": ids, **drawing(inputs_first(t, ids), own, *doors(ids, own, links))})
    across = [e for e in across if e[0] != e[1]]
    return {"closed": closed, "edges": links, "outer": drawing(outer, across), "blocks": found}


def doors(ids: list[int], own: list[Any], links: list[Any]) -> tuple[list[Any], list[Any]]:
    """What crosses a frame: edges from the first layer to a node deep within, and from one to the last layer."""
    depth, inside = layout.depths(sorted(ids), own), set(ids)
    deepest = max(depth.values())
    into = [(("in", b), b) for b in dict.fromkeys(b for a, b in links if b in inside and a not in inside) if depth[b]]
    out = [(a, ("out", a)) for a in dict.fromkeys(a for a, b in links if a in inside and b not in inside)
           if depth[a] < deepest]
    return into, out


def inputs_first(t: Trace, ids: list[int]) -> list[int]: return sorted(ids, key=lambda i: (t.nodes[i].kind == "op", i))


def first_use(t: Trace, n: Node, block_of: dict[int, str]) -> int:
    """A topological order of the boxes: leaves, which may have been made late, come first."""
    return n.id if n.kind == "op" else -1 if n.id not in block_of else len(t.nodes) + n.id


def drawing(ids: list[Any], links: list[Any], into: Sequence[Any] = (), out: Sequence[Any] = ()) -> dict[str, Any]:
    """{"layers": [[box or dummy, ...], ...], "routes": [[box, dummy, ..., box], ...]}; a dummy is a string "d...".

    A route that comes in through the frame begins with a dummy; one that goes out ends with one.
    """
    first, last = [a for a, _ in into], [b for _, b in out]
    made = layout.layout([*first, *ids, *last], [*into, *links, *out], first, last)
    names: dict[Any, str] = {}
    for layer in made.layers:
        for box in layer:
            if isinstance(box, tuple): names[box] = f"d{len(names)}"
    return {"layers": [[names.get(b, b) if isinstance(b, tuple) else b for b in layer] for layer in made.layers],
            "routes": [[names[b] if isinstance(b, tuple) else b for b in route] for route in made.routes.values()]}


