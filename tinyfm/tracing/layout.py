"""Where to draw: layers by longest path, few crossings by barycentres, then each node near its neighbours.

Sugiyama, Tagawa & Toda 1981.  A box is a node, or a block of nodes that can be opened; blocks are made so that no path
leaves one and comes back: each is an interval of the order of creation, which is a topological order.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from tinyfm.tracing.events import Node, Trace

Edge: TypeAlias = tuple[Any, Any]
SWEEPS = 8
LONGEST = 12                                     # layers that an edge is led through; a longer one flies over
MANY = 300                                       # nodes; beyond, all blocks start closed
FEW = 40                                         # blocks that are still easy to look through
LARGE = 6_000                                    # nodes; beyond, nothing is drawn


class Layout(NamedTuple):
    """layers: the boxes of each layer in order, from the inputs on; what stands for a long edge is (edge, layer).

    routes: for each edge its boxes from end to end; place: box -> (layer, position across), neighbours 1 apart.
    """

    layers: list[list[Any]]
    routes: dict[Edge, list[Any]]
    place: dict[Any, tuple[int, float]]


def layout(boxes: Sequence[Hashable], edges: Iterable[Edge], first: Sequence[Hashable] = (),
           last: Sequence[Hashable] = ()) -> Layout:
    """boxes: in a topological order.  edges: (from, to).  first, last: those that stay in the first or last layer."""
    links = list(dict.fromkeys(edges))
    depth = depths(boxes, links)
    depth |= dict.fromkeys(first, 0) | dict.fromkeys(last, max(depth.values(), default=0))
    layers: list[list[Any]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for box in boxes: layers[depth[box]].append(box)
    routes = {}
    for a, b in links:
        between = range(depth[a] + 1, depth[b])
        dummies = [((a, b), k) for k in between] if len(between) < LONGEST else []
        for dummy in dummies: layers[dummy[1]].append(dummy)
        routes[a, b] = [a, *dummies, b]
    before, after = defaultdict[Any, list[Any]](list), defaultdict[Any, list[Any]](list)
    for route in routes.values():
        for a, b in pairwise(route): after[a].append(b); before[b].append(a)
    order(layers, before, after)
    return Layout(layers, routes, placed(layers, before, after))


def depths(boxes: Sequence[Hashable], edges: Sequence[Edge]) -> dict[Any, int]:
    """The longest path from an input to each box; then what has no input moves up to just before its first use."""
    into, out = defaultdict[Any, list[Any]](list), defaultdict[Any, list[Any]](list)
    for a, b in edges: into[b].append(a); out[a].append(b)
    depth: dict[Any, int] = {}
    for box in boxes: depth[box] = max((depth[a] + 1 for a in into[box]), default=0)
    for box in boxes:
        if not into[box] and out[box]: depth[box] = min(depth[b] for b in out[box]) - 1
    return depth


def order(layers: list[list[Any]], before: Mapping[Any, list[Any]], after: Mapping[Any, list[Any]]) -> None:
    """Sort each layer by the mean place of its neighbours, forth and back; keep the best order that was seen."""
    best, fewest = [list(layer) for layer in layers], crossings(layers, after)
    for sweep in range(SWEEPS):
        if fewest == 0: break
        forth = sweep % 2 == 0
        for i in range(1, len(layers)) if forth else range(len(layers) - 2, -1, -1):
            rank = {box: k for k, box in enumerate(layers[i - 1 if forth else i + 1])}
            rank_of = before if forth else after
            own = {box: k for k, box in enumerate(layers[i])}
            layers[i].sort(key=lambda box: mean([rank[b] for b in rank_of[box] if b in rank], own[box]))
        if (count := crossings(layers, after)) < fewest: best, fewest = [list(layer) for layer in layers], count
    layers[:] = best


def mean(values: Sequence[float], default: float) -> float: return sum(values) / len(values) if values else default


def crossings(layers: Sequence[Sequence[Any]], after: Mapping[Any, list[Any]]) -> int:
    """How many pairs of edges between neighbouring layers cross."""
    total = 0
    for here, there in pairwise(layers):
        rank = {box: k for k, box in enumerate(there)}
        ends = [end for box in here for end in sorted(rank[b] for b in after[box] if b in rank)]
        total += inversions(ends)
    return total


def inversions(values: list[int]) -> int:
    if len(values) < 2: return 0
    a = np.array(values)
    if len(a) < 200: return int(np.sum(np.triu(a[:, None] > a[None, :], 1)))
    half = len(a) // 2
    left, right = np.sort(a[:half]), a[half:]
    return inversions(values[:half]) + inversions(values[half:]) + int((half - left.searchsorted(right, "right")).sum())


def placed(layers: list[list[Any]], before: Mapping[Any, list[Any]], after: Mapping[Any, list[Any]],
           gap: float = 1.0) -> dict[Any, tuple[int, float]]:
    """Across: each box as near to the mean of its neighbours as the order and a distance of `gap` allow."""
    at = {box: gap * (k - (len(layer) - 1) / 2) for layer in layers for k, box in enumerate(layer)}
    for sweep in range(6):
        near = (before, after)[sweep % 2]
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            wanted = [mean([at[b] for b in near[box]], at[box]) for box in layer]
            at.update(zip(layer, spread(wanted, gap)))
    return {box: (i, at[box]) for i, layer in enumerate(layers) for box in layer}


def spread(wanted: Sequence[float], gap: float) -> list[float]:
    """The places nearest to the wanted ones, in squares, that keep the order and the distance: isotonic regression."""
    pools: list[list[float]] = []                # [sum, count] of w_k - k gap, means rising
    for k, w in enumerate(wanted):
        pools.append([w - k * gap, 1])
        while len(pools) > 1 and pools[-2][0] * pools[-1][1] >= pools[-1][0] * pools[-2][1]:
            total, count = pools.pop()
            pools[-1][0] += total; pools[-1][1] += count
    flat = [total / count for total, count in pools for _ in range(int(count))]
    return [f + k * gap for k, f in enumerate(flat)]


# ------------------------------------------------------------ blocks

def blocks(t: Trace) -> tuple[list[tuple[str, list[int]]], bool]:
    """([(name, node ids), ...], closed at first?): the layers of a network; without layers, parts of a large graph.

    A node that is in no block stands for itself.
    """
    drawn = [n for n in t.nodes if is_drawn(n)]
    ops = [n for n in drawn if n.kind == "op"]
    closed = len(drawn) > MANY
    runs = runs_by(ops, lambda n: n.layer) if any(n.layer for n in ops) else []
    if closed and sum(1 for name, _ in runs if name) < 2: runs = divided(ops)
    named = [(shortened(name, runs), ids) for name, ids in runs if name and (len(ids) > 1 or closed)]
    of = {i: k for k, (_, ids) in enumerate(named) for i in ids}
    first: dict[int, int] = {}
    for n in ops:
        for i in n.inputs:
            if i is not None and t.nodes[i].kind != "op": first.setdefault(i, of.get(n.id, -1))
    for n in drawn:
        if n.kind == "input" and first.get(n.id, -1) >= 0: named[first[n.id]][1].append(n.id)
        elif n.kind == "constant" and first.get(n.id, -1) >= 0 and not n.name: named[first[n.id]][1].append(n.id)
    return [(name, sorted(ids)) for name, ids in named], closed


def is_drawn(n: Node) -> bool:
    """A plain number such as the 2 in x ** 2 is told in the op's own box."""
    return n.kind != "constant" or np.size(n.value) > 1 or bool(n.name)


def runs_by(ops: Sequence[Node], key: Any) -> list[tuple[str, list[int]]]:
    """Neighbours in the order of creation that have the same key."""
    runs: list[tuple[str, list[int]]] = []
    for n in ops:
        if not runs or runs[-1][0] != key(n): runs.append((key(n), []))
        runs[-1][1].append(n.id)
    return runs


def divided(ops: Sequence[Node]) -> list[tuple[str, list[int]]]:
    """The finest of: layers, outermost layers, lines of code, equal parts, that gives few enough blocks."""
    for key in (lambda n: n.layer, lambda n: n.layer.split("/")[0], lambda n: str(n.place or "")):
        runs = runs_by(ops, key)
        if 1 < len(runs) <= FEW and all(name and len(ids) <= max(60, len(ops) / 4) for name, ids in runs): return runs
    size = -(-len(ops) // FEW)
    parts = [ops[k:k + size] for k in range(0, len(ops), size)]
    return [(f"steps {part[0].id} to {part[-1].id}", [n.id for n in part]) for part in parts]


def shortened(name: str, runs: Sequence[tuple[str, Any]]) -> str:
    """Without the outermost layer, where all share it."""
    heads = {other.split("/")[0] for other, _ in runs if other}
    return name.split("/", 1)[1] if len(heads) == 1 and "/" in name else name


def edges(t: Trace) -> list[Edge]:
    """(input, op) of everything that is drawn."""
    return list(dict.fromkeys((i, n.id) for n in t.nodes for i in n.inputs if i is not None and is_drawn(t.nodes[i])))
