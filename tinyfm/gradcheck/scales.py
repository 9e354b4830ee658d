"""Rules of size: nothing at all, NaN, a sign, a count of elements, any other number, too few digits."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from tinyfm.gradcheck.case import Case, Named, flat, ratio, same


def not_finite(c: Case) -> Named:
    bad = ~np.isfinite(c.D)
    return ("nan", {"elements": int(bad.any(0).sum())}) if bad.any() else None


def nothing(c: Case) -> Named:
    return ("zero", {}) if not c.D.any() and c.J.any() else None


def scaled(c: Case) -> Named:
    """d = f n: a sign, a count, or any other number."""
    f = ratio(c.D, c.J)
    if f is None:
        return None
    if np.isclose(f, -1, rtol=1e-6):
        return "wrong-sign", {"factor": f}
    return of_a_mean(c, f) or of_a_count(c, f) or ("constant-factor", {"factor": f})


def of_a_mean(c: Case, f: float) -> Named:
    """f tells of a mean that forward takes, or that backward takes of copies.

    "at these sizes": the count was only found to fit; other sizes must bear it out.
    """
    averaged, size = c.averaged if c.averaged > 1 else equal_weights(c), abs(f)
    doubt = {"at these sizes": True} if c.averaged > 1 else {}
    for n in stretches(c) | copies(c):
        if np.isclose(size * n, 1, rtol=1e-6):
            return "mean-for-sum-over-broadcast", {"factor": f, "count": n}
    if averaged == 1:
        return None
    if np.isclose(size, averaged, rtol=1e-6):
        of = c.counts.get(averaged, "") if c.averaged > 1 else ""
        of = of or "the elements that forward averages"
        return "missing-1/N", {"factor": f, "count": averaged, "of": of} | doubt
    n = counted(c, averaged / size)
    return ("batch-for-size", {"factor": f, "count": n, "of": c.counts[n], "due": averaged} | doubt) if n else None


def of_a_count(c: Case, f: float) -> Named:
    """f or 1/f is a count of elements; for an element-wise function a small one is a coincidence."""
    many, few = counted(c, abs(f)), counted(c, 1 / abs(f))
    doubt = {"at these sizes": True} if few != equal_weights(c) else {}  # a window has its count at all sizes
    if many and not c.diagonal:
        return "missing-1/N", {"factor": f, "count": many, "of": c.counts[many], "at these sizes": True}
    if few and not (c.diagonal and few < 4):
        return "extra-1/N", {"factor": f, "count": few, "of": c.counts[few]} | doubt
    return None


def counted(c: Case, value: float) -> int:
    n = round(value)
    return n if n > 1 and np.isclose(n, value, rtol=1e-6) and n in c.counts else 0


def equal_weights(c: Case) -> int:
    """m, when every output is the plain mean of m elements."""
    if not c.full or not c.J.size:
        return 1
    m = int((c.J[0] != 0).sum())
    return m if m > 1 and same(c.J, (c.J != 0) / m) else 1


def copies(c: Case) -> set[int]:
    """m, when every element is copied m times."""
    if not c.full or not c.J.size:
        return set()
    m = int((c.J[:, 0] != 0).sum())
    return {m} - {1} if same(c.J, c.J != 0) and ((c.J != 0).sum(0) == m).all() else set()


def stretches(c: Case) -> set[int]:
    """The counts of the axes, or of some of the axes, along which the argument was broadcast."""
    return {
        int(np.prod([c.out[a] for a in axes]))
        for size in range(1, len(c.stretched) + 1)
        for axes in combinations(c.stretched, size)
    } - {1}


def too_few_digits(c: Case) -> Named:
    """Every element is right to two digits or more; none of them is far off."""
    size = max(c.scale, 1e-300)
    error = np.max(np.abs(c.D - c.J), initial=0) / size
    most = np.max(np.abs(c.D - c.J) / np.maximum(np.abs(c.J), 1e-2 * size), initial=0)
    each = np.abs(c.D - c.J) <= 2e-2 * np.abs(c.J) + 1e-4 * c.scale
    return ("low-precision", {"relative error": float(most)}) if error < 2e-3 and each.all() else None


def one_forgotten(c: Case) -> Named:
    """n = d + 1, or 1/n = 1/d + 1: a one that is added is lost, in the derivative or in its denominator."""
    if not c.diagonal or flat(np.diag(c.D)):
        return None
    d, n = np.diag(c.D), np.diag(c.J)
    if constant(n - d):
        return "missing-term", {"term": f"the constant {np.mean(n - d):+.4g}"}
    if not (d.all() and n.all()) or flat(np.abs(n)):
        return None
    if same(np.abs(1 / n - 1 / d), np.ones(len(n))):
        return "missing-term", {"term": "the 1 in the denominator"}
    return None


def constant(gap: Any) -> bool:
    """One of the numbers that stand in formulas by themselves."""
    return flat(gap) and bool(np.isclose(np.abs(np.mean(gap)), (0.5, 1.0, 2.0), rtol=1e-6).any())


def power_forgotten(c: Case) -> Named:
    """n = d^2 or d = n^2, but for signs: a square or a root is lost."""
    if not c.diagonal:
        return None
    d, n = np.abs(np.diag(c.D)), np.abs(np.diag(c.J))
    if flat(n) or np.isclose(n, 0).any() or len(set(np.round(n, 9))) < 3:
        return None
    for a, b, lost in ((n, d * d, "a square"), (n * n, d, "a square root")):
        if same(a, b):
            return "missing-factor", {
                "factor": f"{lost} (yours is {'the root' if lost == 'a square' else 'the square'} "
                "of the true derivative)",
                "power": lost,
            }
    return None
