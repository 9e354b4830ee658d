"""Rules that compare the student's matrix D with the true Jacobian J, the most specific first.

Each takes a Case and returns (kind, evidence) or None.  A rule says only what is true of D.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations, permutations, product
from typing import Any

import numpy as np

from tinyfm.gradcheck.case import Case, ratio, same

Named = tuple[str, dict[str, Any]] | None


def not_finite(c: Case) -> Named:
    bad = ~np.isfinite(c.D)
    return ("nan", {"elements": int(bad.any(0).sum())}) if bad.any() else None


def nothing(c: Case) -> Named: return ("zero", {}) if not c.D.any() and c.J.any() else None


def scaled(c: Case) -> Named:
    """d = f n: a sign, a count, or any other number."""
    f = ratio(c.D, c.J)
    if f is None: return None
    evidence: dict[str, Any] = {"factor": f}
    if np.isclose(f, -1, rtol=1e-6): return "wrong-sign", evidence
    size, averaged = abs(f), c.averaged if c.averaged > 1 else equal_weights(c)
    divisor = averaged / size
    for n in stretches(c) | copies(c):
        if np.isclose(size * n, 1, rtol=1e-6): return "mean-for-sum-over-broadcast", evidence | {"count": n}
    if np.isclose(size, averaged, rtol=1e-6) and averaged > 1:
        return "missing-1/N", evidence | {"count": averaged, "of": c.counts.get(averaged, "what forward averages")}
    if averaged > 1 and (n := counted(c, divisor)):
        return "batch-for-size", evidence | {"count": n, "of": c.counts[n], "due": averaged}
    if (n := counted(c, size)) and not c.diagonal: return "missing-1/N", evidence | {"count": n, "of": c.counts[n]}
    if (n := counted(c, 1 / size)) and not (c.diagonal and n < 4): return "extra-1/N", evidence | {"count": n, "of": c.counts[n]}
    return "constant-factor", evidence


def counted(c: Case, value: float) -> int:
    n = round(value)
    return n if n > 1 and np.isclose(n, value, rtol=1e-6) and n in c.counts else 0


def equal_weights(c: Case) -> int:
    """m, when every output is the plain mean of m elements."""
    if not c.full or not c.J.size: return 1
    m = int((c.J[0] != 0).sum())
    return m if m > 1 and same(c.J, (c.J != 0) / m) else 1


def copies(c: Case) -> set[int]:
    """m, when every element is copied m times."""
    if not c.full or not c.J.size: return set()
    m = int((c.J[:, 0] != 0).sum())
    return {m} - {1} if same(c.J, c.J != 0) and ((c.J != 0).sum(0) == m).all() else set()


def stretches(c: Case) -> set[int]:
    """The counts of the axes, or of some of the axes, along which the argument was broadcast."""
    return {int(np.prod([c.out[a] for a in axes])) for size in range(1, len(c.stretched) + 1)
            for axes in combinations(c.stretched, size)} - {1}


def single_precision(c: Case) -> Named:
    error = np.max(np.abs(c.D - c.J), initial=0) / max(np.max(np.abs(c.J), initial=0), 1e-300)
    each = np.abs(c.D - c.J) <= 2e-2 * np.abs(c.J) + 1e-4 * np.max(np.abs(c.J), initial=0)
    return ("low-precision", {"relative error": float(error)}) if error < 2e-3 and each.all() else None


def axes_exchanged(c: Case) -> Named:
    """d is n with axes exchanged; for a reduction that means spread along the wrong axis."""
    n, d = c.per_cotangent(c.J), c.per_cotangent(c.D)
    for order in permutations(range(len(c.into))):
        if order == tuple(range(len(c.into))): continue
        turned = n.transpose(0, *(a + 1 for a in order))
        if same(d, turned) and not same(n, turned):
            spread = len(c.out) < len(c.into) and len(c.out) > 0
            return ("wrong-axis" if spread else "transposed"), {"order": order}
    return None


def of_another(c: Case) -> Named:
    for name, j in c.others.items():
        if j.shape == c.D.shape and same(c.D, j) and not same(j, -c.J): return "other-argument", {"other": name}
        if c.full and j.shape[1] > c.D.shape[1] and same(c.D, j[:, :c.D.shape[1]]): return "other-argument", {"other": name}
    return None


def passes(c: Case) -> Named:
    """d = g as it is, spread over the axes that are gone or summed over those that came.

    When the truth is of that kind too, it is the axis that is wrong.
    """
    patterns = [(name, c.G @ pattern) for name, pattern in identities(c.out, c.into)]
    for name, pattern in patterns:
        if same(c.D, pattern) and not same(c.D, c.J):
            return ("wrong-axis", {}) if any(same(c.J, p) for _, p in patterns) else ("passes-through", {"how": name})
    return None


def identities(out: tuple[int, ...], into: tuple[int, ...]) -> Iterator[tuple[str, np.ndarray]]:
    """Every way in which g goes to the argument unchanged: the same shape, spread along axes, summed over axes."""
    rows, columns = int(np.prod(out)), int(np.prod(into))
    if out == into: yield "as it is", np.eye(rows)
    for how, big, small in (("spread", into, out), ("summed", out, into)):
        for axes in combinations(range(len(big)), len(small)):
            if len(big) > len(small) and tuple(big[a] for a in axes) == small:
                places = np.broadcast_to(np.arange(int(np.prod(small))).reshape([big[a] if a in axes else 1 for a in range(len(big))]), big)
                pattern = (places.ravel()[:, None] == np.arange(int(np.prod(small)))).astype(float)
                yield how, pattern.T if how == "spread" else pattern


def only_diagonal(c: Case) -> Named:
    if not c.full or c.into != c.out or c.diagonal: return None
    own = np.diag(np.diag(c.J))
    if same(c.D, own): return "off-diagonal-missing", {}
    if same(c.D, c.J - own): return "missing-term", {"term": "each output's dependence on its own input"}
    return None


def one_slice(c: Case) -> Named:
    """d is one term of the sum over an output's axis that every slice contributes to."""
    if not c.full: return None
    j = c.J.reshape(*c.out, -1)
    for axis in range(len(c.out)):
        reach = (j != 0).reshape(*c.out, -1).any(tuple(a for a in range(len(c.out)) if a != axis))    # (slices, elements)
        if c.out[axis] < 2 or not (reach.all(0) | ~reach.any(0)).all(): continue
        for s in range(c.out[axis]):
            kept = np.zeros_like(j)
            at = (slice(None),) * axis + (s,)
            kept[at] = j[at]
            if same(c.D, kept.reshape(c.D.shape)): return "one-slice-of-broadcast", {"axis": axis, "slice": s}
    return None


def overwritten(c: Case) -> Named:
    """Where several outputs read one element, only the last (or the first) of them is kept."""
    if not c.full: return None
    right = np.abs(c.D - c.J) <= 1e-6 * np.max(np.abs(c.J))
    gone = (np.abs(c.D) <= 1e-9 * np.max(np.abs(c.J))) & ~right
    if not (right | gone).all() or not gone.any(): return None
    for late in (True, False):
        if all(kept_one_end(c.J[:, l] != 0, gone[:, l], late) for l in range(c.J.shape[1])): return \
            sliced(c) or ("overwrites-instead-of-accumulates", {"kept": "last" if late else "first"})
    return None


def sliced(c: Case) -> Named:
    """Every element is used equally often, by nothing that is indexed: then it is a slice of a broadcast that was kept."""
    readers = (c.J != 0).sum(0)
    indexed = any(np.asarray(x).dtype.kind in "iu" for x in c.inputs)
    return None if indexed or np.ptp(readers) else ("one-slice-of-broadcast", {"slice": "one", "axis": "the copies"})


def kept_one_end(reads: np.ndarray, gone: np.ndarray, late: bool) -> bool:
    """Among the outputs that read this element, the lost ones all come before (late) or after the kept ones."""
    kept, lost = np.flatnonzero(reads & ~gone), np.flatnonzero(gone)
    if not len(lost): return True
    return len(kept) > 0 and bool(lost.max() < kept.min() if late else lost.min() > kept.max())


def wrong_rows_summed(c: Case) -> Named:
    """The right factors, added up along another axis: every output's total is right, its address is not."""
    if not c.full or not c.stretched: return None
    ours, theirs = c.J.sum(1), c.D.sum(1)
    one_each = ((c.D != 0).sum(1) <= 1).all() and ((c.J != 0).sum(1) <= 1).all()
    return ("wrong-axis", {}) if one_each and same(ours, theirs) else None


def turned_round(c: Case) -> Named:
    """A permutation, reversed along another axis than it should be."""
    n, d = c.per_cotangent(c.J), c.per_cotangent(c.D)
    if not c.full or not set(np.unique(c.J)) <= {0.0, 1.0} and not np.isin(np.round(c.J, 6), [0, 1]).all(): return None
    for axes in combinations(range(1, n.ndim), 2):
        if same(d, np.flip(n, axes)) and not same(n, np.flip(n, axes)): return "wrong-axis", {"axes": axes}
    return None


def normalised_elsewhere(c: Case) -> Named:
    """The weights of a reduction sum to one along an axis, the student's along another."""
    if not c.full or not len(c.out) or len(c.out) >= len(c.into): return None
    f, s = (m.sum(0).reshape(c.into) for m in (c.J, c.D))
    if not same((c.D != 0).sum(0) <= 1, np.ones(c.D.shape[1], bool)): return None
    for p, q in permutations(range(len(c.into)), 2):
        flat = [np.ptp(m.sum(a)) <= 1e-6 * np.max(np.abs(f)) for m, a in ((f, p), (s, q), (s, p))]
        if flat[0] and flat[1] and not flat[2]: return "wrong-axis", {"axis": q, "due": p}
    return None


def mean_path(c: Case) -> Named:
    """What is missing reaches every element of a group alike: a path through their mean or sum."""
    if not c.full or c.diagonal: return None
    r = (c.J - c.D).reshape(-1, *c.into)
    scale = np.max(np.abs(c.J))
    for axis in range(1, r.ndim):
        if c.into[axis - 1] < 3 or np.max(np.abs(r)) < 1e-6 * scale: continue
        groups = np.max(np.abs(r), axis=axis) > 1e-6 * scale
        level = np.max(np.abs(c.J.reshape(r.shape).sum(axis))) <= 1e-6 * scale     # J sends constants to 0: only its mean path does
        if level and np.max(np.ptp(r, axis=axis)) <= 1e-6 * scale and groups.any():
            return "missing-mean-term", {"axis": axis - 1}
    return None


# ------------------------------------------------------------ factors and products

def operands(c: Case) -> Iterator[tuple[str, np.ndarray]]:
    """Arrays that could have been left out: operands, results and their usual companions."""
    known = {"y": c.y, **{n: np.asarray(x, dtype=float) for n, x in zip(c.names, c.inputs) if np.asarray(x).dtype.kind in "fb"}}
    with np.errstate(all="ignore"):
        for name, v in known.items():
            yield from ((name, v), (f"1/{name}", 1 / v), (f"1-{name}", 1 - v), (f"1-{name}^2", 1 - v * v), (f"log {name}", np.log(v)),
                        (f"[{name} > 0]", (v > 0).astype(float)), (f"sign {name}", np.sign(v)), (f"{name}(1-{name})", v * (1 - v)),
                        (f"1/{name}^2", 1 / v ** 2), (f"exp(-{name})", np.exp(-v)), (f"{name}^2", v * v), (f"1+{name}^2", 1 + v * v))


def results(c: Case) -> Iterator[tuple[str, np.ndarray]]:
    """What forward computed on the way, and one over it."""
    with np.errstate(all="ignore"):
        for name, v in c.values.items(): yield from ((name, v), (f"1/{name}", 1 / v))


def factor_left_out(c: Case, factors: Callable[[Case], Iterator[tuple[str, np.ndarray]]] = operands) -> Named:
    """J = D with its rows (the output's side) or its columns (the argument's side) multiplied by a known array."""
    if not c.full: return None
    for side, shape in (("output", c.out), ("argument", c.into)):
        for name, f in factors(c):
            for stretched in aligned(f, shape):
                if not np.isfinite(stretched).all() or np.ptp(stretched) <= 1e-9 * np.max(np.abs(stretched), initial=0): continue
                scale = stretched.ravel()[:, None] if side == "output" else stretched.ravel()[None]
                for constant in (1.0, 0.5, -1.0):
                    if same(c.D * scale * constant, c.J): return "missing-factor", {"factor": name, "constant": constant}
    return None


def result_left_out(c: Case) -> Named: return factor_left_out(c, results)


def times_the_input(c: Case) -> Named:
    """g spread and multiplied with x, where a normalised or squashed x belongs."""
    if not c.full or c.diagonal or len(c.out) >= len(c.into): return None
    for _, pattern in identities(c.out, c.into):
        if same(c.D, pattern * c.x.ravel()) and same(c.J != 0, pattern != 0): return "input-for-output", {}
    return None


def aligned(f: np.ndarray, shape: tuple[int, ...]) -> Iterator[np.ndarray]:
    """f broadcast to a shape, from the right as in NumPy or with a missing last axis put back."""
    for candidate in (f, f[..., None]) if f.ndim else (f,):
        try: yield np.broadcast_to(candidate, shape)
        except ValueError: pass


def input_where_output(c: Case) -> Named:
    """A local derivative in terms of y, written with x in its place."""
    if not c.diagonal: return None
    for name, h in OF_THE_OUTPUT.items():
        with np.errstate(all="ignore"): true, wrong = h(c.y).ravel(), h(c.x).ravel()
        if same(np.diag(c.J), true) and same(np.diag(c.D), wrong): return "input-for-output", {"derivative": name}
    return None


OF_THE_OUTPUT: dict[str, Callable[[Any], Any]] = {
    "y": lambda v: v, "y (1 - y)": lambda v: v * (1 - v), "1 - y^2": lambda v: 1 - v * v, "1 + y^2": lambda v: 1 + v * v,
    "1 / 2y": lambda v: 0.5 / v, "-y^2": lambda v: -v * v, "y + 1": lambda v: v + 1, "1 - e^-y": lambda v: 1 - np.exp(-v),
    "[y > 0]": lambda v: (v > 0) * 1.0, "e^-y": lambda v: np.exp(-v)}


def softmax_of_the_input(c: Case) -> Named:
    """y (g - <g, y>) with x for y."""
    if not c.full or c.into != c.out or c.x.ndim == 0: return None
    for axis in range(c.x.ndim):
        def rule(v: np.ndarray, g: np.ndarray, axis: int = axis) -> np.ndarray:
            return np.stack([(v * (e - (e * v).sum(axis, keepdims=True))).ravel() for e in g.reshape(-1, *c.out)])
        if same(c.J, rule(c.y, c.G)) and same(c.D, rule(c.x, c.G)): return "input-for-output", {"derivative": "y (g - <g, y>)"}
    return None


def matrix_product(c: Case) -> Named:
    """n is a product of two known matrices: is d the same product with one not transposed, or in the other order?"""
    rng = np.random.default_rng(0)
    g = rng.standard_normal(len(c.G))
    upstream, n, d = (g @ c.G).reshape(c.out), (g @ c.J).reshape(c.into), (g @ c.D).reshape(c.into)
    if upstream.ndim < 1 or n.ndim < 1: return None
    known = {"g": upstream, "y": c.y, **{k: np.asarray(v, float) for k, v in zip(c.names, c.inputs) if np.ndim(v) >= 1}}
    truths = [p for p, m in products(known) if same(m, n)]
    for p, m in products(known):
        if not same(m, d) or not truths: continue
        for t in truths:
            if [q[0] for q in p] == [q[0] for q in t] and p != t: return "operand-not-transposed", {"due": spell(t), "is": spell(p)}
        for t in truths:
            if sorted(q[0] for q in p) == sorted(q[0] for q in t): return "operands-swapped", {"due": spell(t), "is": spell(p)}
    return None


def adjoint_forgotten(c: Case) -> Named:
    """d = J g where J' g is due: the forward map itself, run on g."""
    if not c.full or c.J.shape[0] != c.J.shape[1] or same(c.J, c.J.T) or not same(c.D, c.J.T): return None
    return "operand-not-transposed", {"due": "J.T @ g, the transposed map", "is": "J @ g, the map of forward itself"}


def other_transposed(c: Case) -> Named:
    """d is right for another operand with its axes exchanged."""
    if c.elsewhere is None or not c.full or c.J.size > 20_000: return None
    for k, x in enumerate(c.inputs):
        if k == c.index or np.ndim(x) < 2 or np.ndim(x) > 4 or np.asarray(x).dtype.kind != "f": continue
        for order in permutations(range(np.ndim(x))):
            turned = np.transpose(x, order)
            if turned.shape != np.shape(x) or order == tuple(range(np.ndim(x))) or sum(o != i for i, o in enumerate(order)) > 3: continue
            j = c.elsewhere([turned if i == k else v for i, v in enumerate(c.inputs)])
            if j is not None and same(c.D, j): return "operand-not-transposed", {"due": f"{c.names[k]} transposed the other way", "is": f"{c.names[k]} with axes {order}"}
    return None


def one_forgotten(c: Case) -> Named:
    """1 / x for 1 / (1 + x): a summand of a denominator is lost."""
    if not c.diagonal: return None
    with np.errstate(all="ignore"): gap = 1 / np.diag(c.J) - 1 / np.diag(c.D)
    return ("missing-term", {"term": "the 1 in the denominator"}) if same(np.abs(gap), np.ones(len(gap))) else None


def products(known: dict[str, np.ndarray]) -> Iterator[tuple[tuple[tuple[str, bool], ...], np.ndarray]]:
    """Every A B with each factor as it is or transposed, one of them g."""
    for (p, a), (q, b) in product(known.items(), repeat=2):
        if (p == "g") == (q == "g"): continue
        for s, t in product((False, True)[:a.ndim], (False, True)[:b.ndim]):
            try: yield ((p, s), (q, t)), np.matmul(turned(a, s), turned(b, t))
            except ValueError: pass
    g = known["g"]
    for p, a in known.items():
        if p == "g" or a.ndim != 2 or g.ndim != 2: continue
        for order in set(permutations(("g", p, p))):
            for s in product((False, True), repeat=3):
                with np.errstate(all="ignore"):
                    try: yield tuple(zip(order, s)), -np.linalg.multi_dot([turned(known[q], t) for q, t in zip(order, s)])
                    except ValueError: pass


def turned(m: np.ndarray, on: bool) -> np.ndarray: return m.swapaxes(-1, -2) if on else m


def spell(factors: tuple[tuple[str, bool], ...]) -> str: return " @ ".join(f"{n}.T" if t else n for n, t in factors)


# ------------------------------------------------------------ last resorts

def contributions_lost(c: Case) -> Named:
    """Some entries of J are there and the others zero, not by whole rows or columns."""
    if not c.full: return None
    scale = np.max(np.abs(c.J))
    there, right = np.abs(c.J) > 1e-9 * scale, np.abs(c.D - c.J) <= 1e-6 * scale
    lost = there & (np.abs(c.D) <= 1e-9 * scale)
    if not (right | lost).all() or not lost.any() or not (there & right).any(): return None
    whole = (lost.any(0) <= ~(there & right).any(0)).all() or (lost.any(1) <= ~(there & right).any(1)).all()
    return None if whole else ("missing-term", {"entries": int(lost.sum())})


def some_right(c: Case) -> Named:
    """Right for some elements of the argument, or of the output, and wrong for others."""
    scale = np.max(np.abs(c.J), initial=0)
    right, there = np.abs(c.D - c.J) <= 1e-6 * scale, np.abs(c.J) > 1e-9 * scale
    for axis, what, shape in ((0, "argument", c.into), (1, "output", c.out)):
        if axis == 1 and not c.full: continue
        matter, good = there.any(axis), right.all(axis)
        if (matter & good).sum() >= max(1, 0.05 * matter.sum()) and (~good).any():
            return "partial", {"side": what, "wrong": where_wrong(c, ~good, what, shape), "share": float((~good).mean())}
    return None


def where_wrong(c: Case, wrong: np.ndarray, what: str, shape: tuple[int, ...]) -> str:
    """Words for the elements that are wrong."""
    mask = wrong.reshape(shape)
    for name, condition in (("negative", np.reshape(c.x < 0, -1)), ("positive", np.reshape(c.x > 0, -1))):
        if what == "argument" and (wrong <= condition).all(): return f"where {c.name} is {name}"
    for axis in range(mask.ndim):
        lines = np.flatnonzero(mask.any(tuple(a for a in range(mask.ndim) if a != axis)))
        if len(lines) <= max(1, shape[axis] // 3) and shape[axis] > 1: return f"index {lines.tolist()} of axis {axis}"
    places = np.argwhere(mask)
    listed = ", ".join(str(p.tolist()) for p in places[:3])
    return f"{len(places)} of {mask.size} elements, first {listed}"


RULES: tuple[Callable[[Case], Named], ...] = (
    not_finite, nothing, scaled, single_precision, axes_exchanged, of_another, passes, only_diagonal, one_slice, overwritten,
    wrong_rows_summed, turned_round, normalised_elsewhere, mean_path, factor_left_out, input_where_output, softmax_of_the_input,
    matrix_product, adjoint_forgotten, one_forgotten)
LAST: tuple[Callable[[Case], Named], ...] = (result_left_out, times_the_input, other_transposed, contributions_lost, some_right)
