"""Rules of matrix products: a factor not transposed, or on the wrong side."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations, product

import numpy as np

from tinyfm.gradcheck.case import Case, Named, same

Factors = tuple[tuple[str, bool], ...]  # (name, transposed), ...


def matrix_product(c: Case) -> Named:
    """n is a product of known matrices: is d the same product with one not transposed, or in the other order?"""
    g, d, n = c.samples[0]
    if g.ndim < 1 or n.ndim < 1:
        return None
    known = {"g": g, "y": c.y, **{k: v for k, v in c.floats().items() if v.ndim >= 1}}
    made = list(products(known))
    mine, truths = [p for p, m in made if same(m, d)], [p for p, m in made if same(m, n)]
    for p in mine:
        for t in truths:
            if [q[0] for q in p] == [q[0] for q in t] and p != t:
                return "operand-not-transposed", {"due": spell(t), "is": spell(p)}
    for p in mine:
        for t in truths:
            if sorted(q[0] for q in p) == sorted(q[0] for q in t):
                return "operands-swapped", {"due": spell(t), "is": spell(p)}
    return None


def products(known: dict[str, np.ndarray]) -> Iterator[tuple[Factors, np.ndarray]]:
    """Every A B with each factor as it is or transposed, one of them g; and every -A B C with two of them equal."""
    for (p, a), (q, b) in product(known.items(), repeat=2):
        if (p == "g") == (q == "g"):
            continue
        for s, t in product((False, True)[: a.ndim], (False, True)[: b.ndim]):
            try:
                yield ((p, s), (q, t)), np.matmul(turned(a, s), turned(b, t))
            except ValueError:
                pass
    for p, a in known.items():
        if p == "g" or a.ndim != 2 or known["g"].ndim != 2:
            continue
        for order, turns in product(sorted(set(permutations(("g", p, p)))), product((False, True), repeat=3)):
            try:
                parts = [turned(known[q], t) for q, t in zip(order, turns)]
                yield tuple(zip(order, turns)), -np.linalg.multi_dot(parts)
            except ValueError:
                pass


def turned(m: np.ndarray, on: bool) -> np.ndarray:
    return m.swapaxes(-1, -2) if on else m


def spell(factors: Factors) -> str:
    return " @ ".join(f"{n}.T" if t else n for n, t in factors)


def adjoint_forgotten(c: Case) -> Named:
    """d = J g where J' g is due: the forward map itself, run on g."""
    if not c.full or c.J.shape[0] != c.J.shape[1] or same(c.J, c.J.T) or not same(c.D, c.J.T):
        return None
    return "operand-not-transposed", {
        "due": "A.T @ g",
        "is": "A @ g, with A the linear map of forward itself",
    }


def other_transposed(c: Case) -> Named:
    """d is right for another operand with its axes exchanged."""
    for k, x in enumerate(c.inputs):
        if k == c.index or np.asarray(x).dtype.kind != "f":
            continue
        for order in exchanges(np.shape(x)):
            if c.right_with_input(k, np.transpose(x, order)) > 0:
                return "operand-not-transposed", {
                    "due": f"{c.names[k]} transposed the other way",
                    "is": f"{c.names[k]} with axes {order}",
                }
    return None


def exchanges(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Orders of up to four axes that leave the shape as it is and move no more than three of them."""
    places = tuple(range(len(shape)))
    return [
        o
        for o in permutations(places)
        if len(shape) < 5
        and o != places
        and tuple(shape[a] for a in o) == shape
        and sum(a != b for a, b in zip(o, places)) < 4
    ]
