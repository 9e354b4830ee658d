"""Why a result is not the expected one, in the words that help most: shape before dtype before values."""
from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np


class Wrong(Exception):  # noqa: N818
    """What a check has found: a kind to count, a message, and what to do.

    evidence: what the student's code returned, by which a known mistake is recognised; the message by default.
    """

    def __init__(self, kind: str, message: str, fix: str = "", evidence: Any = None) -> None:
        super().__init__(message)
        self.kind, self.message, self.fix = kind, message, fix
        self.evidence = message if evidence is None else evidence


def alike(a: Any, b: Any) -> bool:
    """Are two results the same, as far as rounding allows?"""
    try: return compare(a, b, 1e-7) is None
    except Exception: return False


def compare(found: Any, expected: Any, rtol: float, args: Any = ()) -> Wrong | None:
    """None when they agree; else what is wrong with `found`.  Lists, tuples and dicts are compared item by item."""
    if isinstance(expected, dict): return of_dict(found, expected, rtol, args)
    if isinstance(expected, list | tuple): return of_list(found, expected, rtol, args)
    if isinstance(expected, str) or expected is None:
        if type(found) is type(expected) and found == expected: return None
        return Wrong("wrong-value", f"returned {shown(found)}, expected {shown(expected)}")
    if found is None: return Wrong("none", "returned None", "Is there a return at the end?")
    if isinstance(found, str | dict): return Wrong("wrong-type", f"returned {shown(found)}, expected {shown(expected)}")
    try: y, t = np.asarray(found), np.asarray(expected)
    except ValueError: return Wrong("wrong-type", f"returned {shown(found)}, expected an array of {np.shape(expected)}")
    if y.shape != t.shape: return of_shape(y, t, rtol)
    if y.dtype.kind not in "biufc" or t.dtype.kind not in "biufc": return of_dtype(y, t)
    return of_values(y, t, rtol, args) or (None if type(found) is int and t.dtype.kind == "f" else of_dtype(y, t))


def of_list(found: Any, expected: Any, rtol: float, args: Any) -> Wrong | None:
    if not isinstance(found, list | tuple):
        return Wrong("wrong-type", f"returned {shown(found)}, expected {len(expected)} values as a "
                     f"{type(expected).__name__}")
    if len(found) != len(expected):
        return Wrong("wrong-count", f"returned {len(found)} values, expected {len(expected)}: {shown(expected)[:200]}")
    for i, (f, e) in enumerate(zip(found, expected)):
        if wrong := compare(f, e, rtol, args):
            return Wrong(wrong.kind, f"item {i}: {wrong.message}", wrong.fix)
    return None


def of_dict(found: Any, expected: dict[Any, Any], rtol: float, args: Any) -> Wrong | None:
    if not isinstance(found, dict): return Wrong("wrong-type", f"returned {shown(found)}, expected a dict")
    if found.keys() != expected.keys():
        missing, extra = [k for k in expected if k not in found], [k for k in found if k not in expected]
        return Wrong("wrong-keys", f"the keys differ: missing {missing[:5]}, not expected {extra[:5]}")
    for k in expected:
        if wrong := compare(found[k], expected[k], rtol, args):
            return Wrong(wrong.kind, f"item {k!r}: {wrong.message}", wrong.fix)
    return None


def of_shape(y: Any, t: Any, rtol: float) -> Wrong:
    said = f"returned shape {y.shape}, expected {t.shape}"
    if y.ndim == t.ndim > 1 and sorted(y.shape) == sorted(t.shape):
        for order in permutations(range(t.ndim)):
            if t.transpose(order).shape == y.shape and close(y, t.transpose(order), rtol).all():
                return Wrong("transposed", f"{said}: it is the expected array with its axes exchanged",
                             "Transpose, or exchange the operands.")
    if y.size == t.size and y.dtype.kind in "biufc" and close(y.ravel(), t.ravel(), rtol).all():
        return Wrong("wrong-shape", f"{said}: the numbers are right, their shape is not",
                     "keepdims=True keeps a reduced axis; reshape puts axes where they belong.")
    if y.ndim > t.ndim or y.size > t.size:
        said += ": something was not summed, or was broadcast"
    return Wrong("wrong-shape", said, "Print the shape of each intermediate result, and write it beside the formula.")


def of_dtype(y: Any, t: Any) -> Wrong | None:
    if y.dtype == t.dtype or (y.dtype.kind in "iu" and t.dtype.kind in "iu"): return None
    if y.dtype.kind == t.dtype.kind == "U": return None if (y == t).all() else Wrong("wrong-value", f"{shown(y)}")
    return Wrong("wrong-dtype", f"the values are right, but as {y.dtype}; expected {t.dtype}",
                 "float32 in, float32 out: constants and new arrays must not be float64." if t.dtype == np.float32 else
                 f"Return an array of {t.dtype}.")


def close(y: Any, t: Any, rtol: float) -> Any:
    """Which elements agree; NaN with NaN and infinity with itself only."""
    if t.dtype == np.float32: rtol = max(rtol, 2e-5)
    with np.errstate(all="ignore"):
        y, t = (a.astype(float) if a.dtype.kind in "biuf" else a for a in (y, t))
        size = np.max(np.abs(t), initial=0, where=np.isfinite(t))
        same = np.abs(y - t) <= rtol * (np.abs(t) + 1e-2 * size)
    return same & np.isfinite(t) & np.isfinite(y) | (y == t) | (np.isnan(y) & np.isnan(t))


def of_values(y: Any, t: Any, rtol: float, args: Any) -> Wrong | None:
    right = close(y, t, rtol)
    if right.all(): return None
    at = tuple(int(i) for i in np.argwhere(~right)[0])
    where = f"[{', '.join(map(str, at))}]" if at else ""
    said = f"at {where}: yours {float(np.real(y[at])):.6g}, expected {float(np.real(t[at])):.6g}" if at else \
        f"yours {float(np.real(y[at])):.6g}, expected {float(np.real(t[at])):.6g}"
    for recognise in (not_finite, whole, partial):
        if (wrong := recognise(y, t, right, rtol, args)) is not None:
            return Wrong(wrong.kind, f"{wrong.message}; {said}", wrong.fix)
    digits = np.max(np.abs(y - t)[~right]) <= 1e-3 * np.max(np.abs(t))
    if digits: return Wrong("low-precision", f"nearly right, {said}; off by more than rounding",
                            "Look for a small constant that is missing, added or too large.")
    if right.size == 1: return Wrong("wrong-values", said)
    return Wrong("wrong-values", f"{int((~right).sum())} of {right.size} numbers are wrong, {said}")


def not_finite(y: Any, t: Any, right: Any, rtol: float, args: Any) -> Wrong | None:
    bad = ~np.isfinite(y.astype(complex)) & np.isfinite(t.astype(complex))
    if not bad.any(): return None
    large = any(isinstance(a, np.ndarray) and a.dtype.kind == "f" and np.max(np.abs(a), initial=0) > 80 for a in args)
    return Wrong("nan", f"{int(bad.sum())} of {bad.size} numbers are NaN or infinite",
                 "e^x overflows beyond x = 709 (float32: 88): subtract the largest first." if large else
                 "Look for a division by 0, a logarithm of 0, or 0 times infinity.")


def whole(y: Any, t: Any, right: Any, rtol: float, args: Any) -> Wrong | None:
    """One cause for all elements: zero, sign, factor, constant, transposition, order."""
    tolerance = max(rtol, 1e-7)
    y, t = (a.astype(float) if a.dtype.kind in "biuf" else a for a in (y, t))
    if not np.any(y): return Wrong("zero", "everything is 0", "Nothing was written into the result.")
    if close(y, -t, tolerance).all(): return Wrong("wrong-sign", "the sign is turned round", "Look for a minus.")
    if y.ndim == 2 and y.shape[0] == y.shape[1] > 1 and close(y, t.T, tolerance).all():
        return Wrong("transposed", "this is the transpose of what is expected", "Exchange the axes or the operands.")
    with np.errstate(all="ignore"): ratio = y[np.abs(t) > 1e-12] / t[np.abs(t) > 1e-12]
    if ratio.size > 1 and np.isfinite(ratio).all() and np.ptp(ratio) <= tolerance * np.max(np.abs(ratio)):
        return factor(float(np.median(ratio)), args)
    if y.size > 1 and np.ptp(y - t) <= tolerance * np.max(np.abs(t)):
        off = float(np.mean(y - t))
        return Wrong("constant-offset", f"everything is {abs(off):.6g} too {'large' if off > 0 else 'small'}",
                     "A term is missing or extra.")
    if y.size > 2 and close(np.sort(y, None), np.sort(t, None), tolerance).all():
        return Wrong("wrong-order", "the right numbers in the wrong places", "Check indices and the order of axes.")
    return None


def factor(c: float, args: Any) -> Wrong:
    for a in args:
        for axis, n in enumerate(np.shape(a)):
            if n > 1 and np.isclose(c, n, 1e-6):
                return Wrong("constant-factor", f"everything is {n} times too large: a sum where the mean over axis "
                             f"{axis} is due?", "Divide once by the count.")
            if n > 1 and np.isclose(c * n, 1, 1e-6):
                return Wrong("constant-factor", f"everything is {n} times too small: a mean over axis {axis} where the "
                             "sum is due?", "Do not divide by the count (twice).")
    return Wrong("constant-factor", f"everything is {c:.6g} times what is expected", "A factor is missing or extra.")


def partial(y: Any, t: Any, right: Any, rtol: float, args: Any) -> Wrong | None:
    """Which elements are wrong: those where an input is negative, zero, large; the first or last row; the diagonal."""
    if not right.any(): return None
    wrong = ~right
    for i, a in enumerate(args):
        if not (isinstance(a, np.ndarray) and a.shape == y.shape and a.dtype.kind in "iuf"): continue
        for words, mask in (("negative", a < 0), ("positive", a > 0), ("0", a == 0), ("beyond 30", np.abs(a) > 30)):
            if mask.any() and not mask.all() and (mask == wrong).all():
                return Wrong("partial", f"wrong exactly where argument {i} is {words}", "That branch is not right yet.")
    for axis in range(y.ndim):
        rows = np.moveaxis(wrong, axis, 0).reshape(y.shape[axis], -1).any(1)
        if y.shape[axis] > 2 and rows.sum() == 1 and (rows[0] or rows[-1]):
            said = f"only the {'first' if rows[0] else 'last'} position of axis {axis} is wrong"
            return Wrong("partial", said, "Look at the edges of the loop.")
    return None


def shown(value: Any) -> str:
    """A value in a line: small arrays whole, large ones by shape and dtype."""
    if callable(value): return getattr(value, "__name__", "a function")
    if isinstance(value, np.ndarray):
        if value.size > 8: return f"{value.dtype} {value.shape}"
        return np.array2string(value, separator=", ", precision=6).replace("\n", "")
    if isinstance(value, list | tuple): return ("[{}]" if isinstance(value, list) else "({})").format(
        ", ".join(shown(v) for v in list(value)[:8]) + ", ..." * (len(value) > 8))
    if isinstance(value, float | np.floating): return f"{float(value):.6g}"
    text = repr(value)
    return text if len(text) < 80 else text[:77] + "..."
