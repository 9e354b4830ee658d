"""Rules of place: axes exchanged, another argument's gradient, g passed on as it is, one slice, the diagonal alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations, permutations

import numpy as np

from tinyfm.gradcheck.case import Case, Named, same
from tinyfm.gradcheck.scales import copies

Shape = tuple[int, ...]


def axes_exchanged(c: Case) -> Named:
    """d is n with axes exchanged; for a reduction that means spread along the wrong axis."""
    n, d = c.per_cotangent(c.J), c.per_cotangent(c.D)
    for order in permutations(range(len(c.into))):
        if order == tuple(range(len(c.into))):
            continue
        turned = n.transpose(0, *(a + 1 for a in order))
        if same(d, turned) and not same(n, turned):
            spread = 0 < len(c.out) < len(c.into) and not c.others
            return ("wrong-axis" if spread else "transposed"), {"order": order}
    return None


def of_another(c: Case) -> Named:
    for name, j in c.others.items():
        if j.shape == c.D.shape and same(c.D, j) and not same(j, -c.J):
            return "other-argument", {"other": name}
        if c.full and j.shape[1] > c.D.shape[1] and same(c.D, j[:, : c.D.shape[1]]):
            return "other-argument", {"other": name}
    return None


def passes(c: Case) -> Named:
    """d = g as it is, spread over the axes that are gone or summed over those that came.

    When the truth is of that kind too, it is the axis that is wrong.
    """
    patterns = [(how, spread(c.G)) for how, spread in identities(c.out, c.into)]
    for how, pattern in patterns:
        if same(c.D, pattern) and not same(c.D, c.J):
            return ("wrong-axis", {}) if any(same(c.J, p) for _, p in patterns) else ("passes-through", {"how": how})
    return None


def identities(out: Shape, into: Shape) -> Iterator[tuple[str, Callable[[np.ndarray], np.ndarray]]]:
    """Every way in which rows of g go to the argument unchanged: in the same shape, spread along axes, summed over."""
    if out == into:
        yield "as it is", lambda rows: rows
    for axes in combinations(range(len(into)), len(out)):
        if len(into) > len(out) and tuple(into[a] for a in axes) == out:
            yield "spread", lambda rows, axes=axes: spread_along(rows, into, axes)
    for axes in combinations(range(len(out)), len(into)):
        if len(out) > len(into) and tuple(out[a] for a in axes) == into:
            yield "summed", lambda rows, axes=axes: summed_but(rows, out, axes)


def spread_along(rows: np.ndarray, into: Shape, axes: tuple[int, ...]) -> np.ndarray:
    """Each row laid along these axes of an array, and repeated along the others."""
    laid = rows.reshape(len(rows), *(n if a in axes else 1 for a, n in enumerate(into)))
    return np.broadcast_to(laid, (len(rows), *into)).reshape(len(rows), -1)


def summed_but(rows: np.ndarray, out: Shape, axes: tuple[int, ...]) -> np.ndarray:
    """Each row, an array of shape `out`, summed over all axes but these."""
    gone = tuple(a + 1 for a in range(len(out)) if a not in axes)
    return np.asarray(rows.reshape(len(rows), *out).sum(gone).reshape(len(rows), -1))


def only_diagonal(c: Case) -> Named:
    if not c.full or c.into != c.out or c.diagonal:
        return None
    own = np.diag(np.diag(c.J))
    if same(c.D, own):
        return "off-diagonal-missing", {}
    if same(c.D, c.J - own):
        return "missing-term", {"term": "each output's dependence on its own input"}
    return None


def one_slice(c: Case) -> Named:
    """d is one term of the sum over an output's axis that every slice contributes to."""
    if not c.full:
        return None
    j, there = c.J.reshape(*c.out, -1), c.there.reshape(*c.out, -1)
    for axis in range(len(c.out)):
        reach = there.any(tuple(a for a in range(len(c.out)) if a != axis))  # (slices, elements)
        if c.out[axis] < 2 or not (reach.all(0) | ~reach.any(0)).all():
            continue
        for s in range(c.out[axis]):
            kept, at = np.zeros_like(j), (slice(None),) * axis + (s,)
            kept[at] = j[at]
            if same(c.D, kept.reshape(c.D.shape)):
                return "one-slice-of-broadcast", {"axis": axis, "slice": s}
    return one_copy(c)


def one_copy(c: Case) -> Named:
    """Every element is copied equally often, and one of the copies, always the same, is kept."""
    if not copies(c):
        return None
    kept = c.D != 0
    if not same(c.D, c.J * kept) or not (kept.sum(0) == 1).all():
        return None
    order = (np.cumsum(c.there, axis=0) * kept).sum(0)  # which of its readers, for each element
    return ("one-slice-of-broadcast", {"axis": "the copies", "slice": int(order[0])}) if np.ptp(order) == 0 else None


def wrong_rows_summed(c: Case) -> Named:
    """The right factors, added up along another axis: every output's total is right, its address is not."""
    if not c.full or not c.stretched:
        return None
    one_each = ((c.D != 0).sum(1) <= 1).all() and (c.there.sum(1) <= 1).all()
    return ("wrong-axis", {}) if one_each and same(c.J.sum(1), c.D.sum(1)) else None


def turned_round(c: Case) -> Named:
    """A permutation, reversed along another axis than it should be."""
    n, d = c.per_cotangent(c.J), c.per_cotangent(c.D)
    if not c.full or not np.isin(np.round(c.J, 6), [0, 1]).all():
        return None
    for axes in combinations(range(1, n.ndim), 2):
        if same(d, np.flip(n, axes)) and not same(n, np.flip(n, axes)):
            return "wrong-axis", {"axes": axes}
    return None


def normalised_elsewhere(c: Case) -> Named:
    """The weights of a reduction sum to one along an axis, the student's along another."""
    if not c.full or not 0 < len(c.out) < len(c.into) or ((c.D != 0).sum(0) > 1).any():
        return None
    f, s = (m.sum(0).reshape(c.into) for m in (c.J, c.D))
    for p, q in permutations(range(len(c.into)), 2):
        level = [np.ptp(m.sum(a)) <= 1e-6 * np.max(np.abs(f)) for m, a in ((f, p), (s, q), (s, p))]
        if level[0] and level[1] and not level[2]:
            return "wrong-axis", {"axis": q, "due": p}
    return None
