"""Last rules: contributions that are lost here and there, and gradients that are right for some elements only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tinyfm.gradcheck.case import Case, Named, ratio

Place = tuple[str, Any]  # words, and what must be the same at every point


def overwritten(c: Case) -> Named:
    """Where several outputs read one element, only the last (or the first) of them is kept."""
    gone = lost(c)
    if gone is None:
        return None
    for late in (True, False):
        if all(kept_one_end(c.there[:, k], gone[:, k], late) for k in range(c.J.shape[1])):
            return "overwrites-instead-of-accumulates", {"kept": "last" if late else "first"}
    return None


def lost(c: Case) -> np.ndarray | None:
    """Which entries of J are zero in D, when all others are right and some are kept."""
    if not c.full:
        return None
    gone = (np.abs(c.D) <= 1e-9 * c.scale) & ~c.right
    return gone if (c.right | gone).all() and gone.any() and (c.there & c.right).any() else None


def kept_one_end(reads: np.ndarray, gone: np.ndarray, late: bool) -> bool:
    """Of the outputs that read this element the lost ones, half or more, all come before (late) or after the kept."""
    kept, away = np.flatnonzero(reads & ~gone), np.flatnonzero(gone)
    if not len(away):
        return True
    return 0 < len(kept) <= len(away) and bool(away.max() < kept.min() if late else away.min() > kept.max())


def contributions_lost(c: Case) -> Named:
    """Some entries of J are there and the others zero, not by whole rows or columns."""
    gone = lost(c)
    if gone is None:
        return None
    kept = c.there & c.right
    whole = (gone.any(0) <= ~kept.any(0)).all() or (gone.any(1) <= ~kept.any(1)).all()
    return None if whole else ("missing-term", {"entries": int(gone.sum())})


# ------------------------------------------------------------ right for some elements


def right_for_some(c: Case) -> Named:
    """Right for some elements of the argument, or for what comes from some outputs, and we can say for which."""
    for side, wrong, good, shape in sides(c):
        found = next(explanations(c, side, wrong, good, shape), None)
        if found is not None:
            return said(c, side, wrong, *found)
    return None


def right_by_value(c: Case) -> Named:
    """The same, where the size of a value decides."""
    for side, wrong, good, shape in sides(c):
        found = next(by_value(c, wrong, good, shape), None)
        if found is not None and side == "argument":
            return said(c, side, wrong, *found)
    return None


def said(c: Case, side: str, wrong: np.ndarray, words: str, where: Any) -> Named:
    return "partial", {
        "side": side,
        "wrong": words,
        "where": where,
        "share": float(wrong.mean()),
        **instead(c, side, wrong),
    }


def right_by_sign_of_input(c: Case) -> Named:
    """The same for an element-wise function: right on one side of a value, another formula on the other."""
    return right_by_value(c) if c.diagonal else None


def right_for_many(c: Case) -> Named:
    """The same when we cannot say for which; at least half of them are right, or we know what stands in the others."""
    for side, wrong, good, shape in sides(c):
        if good.sum() >= wrong.sum() or (good.sum() >= 0.1 * wrong.size and instead(c, side, wrong)):
            places = [p.tolist() for p in np.argwhere(wrong.reshape(shape))]
            words = f"at {len(places)} of {wrong.size} elements, first {', '.join(map(str, places[:3]))}"
            return said(c, side, wrong, words, None)
    return None


def sides(c: Case) -> Iterator[tuple[str, np.ndarray, np.ndarray, tuple[int, ...]]]:
    """(side, which are wrong, which matter and are right, shape) for the argument's elements, then for the output's."""
    for axis, side, shape in ((0, "argument", c.into), (1, "output", c.out)):
        if side == "output" and not c.full:
            continue
        wrong: Any = ~c.right.all(axis)
        good: Any = c.right.all(axis) & c.there.any(axis)
        if wrong.any() and good.sum() >= max(1, 0.05 * c.there.any(axis).sum()):
            yield side, wrong, good, shape


def explanations(c: Case, side: str, wrong: np.ndarray, good: np.ndarray, shape: tuple[int, ...]) -> Iterator[Place]:
    """Words that hold for every wrong element and for no right one, and what they speak of."""
    if wrong.sum() <= 3 and wrong.size >= 30:
        few = ", ".join(str(p.tolist()) for p in np.argwhere(wrong.reshape(shape)))
        yield f"at {few}", few
    yield from by_value(c, wrong, good, shape)
    for name, x in zip(c.names, map(np.asarray, c.inputs)):
        if x.dtype.kind == "b" and x.shape == shape:
            if x.ravel()[wrong].all() and not x.ravel()[good].any():
                yield f"where {name} is True", name
            if not x.ravel()[wrong].any() and x.ravel()[good].all():
                yield f"where {name} is False", name
    chosen = labelled(c, shape)
    if chosen is not None:
        if (chosen == wrong).all():
            yield "at the element of each row that the labels choose", "labels"
        if (chosen == ~wrong).all():
            yield "everywhere but at the element of each row that the labels choose", "labels"
    yield from by_index(wrong.reshape(shape), good.reshape(shape), c.name if side == "argument" else "the output")


def by_value(c: Case, wrong: np.ndarray, good: np.ndarray, shape: tuple[int, ...]) -> Iterator[Place]:
    for name, v in values(c, shape):
        for words, w in ((name, v), (f"|{name}|", np.abs(v))):
            if told_apart(w, wrong, good):
                yield f"where {words} is {limit(w, wrong, good)}", words


def values(c: Case, shape: tuple[int, ...]) -> Iterator[tuple[str, np.ndarray]]:
    """Arrays of the shape whose size may decide: the argument, the output, the inputs, differences of two inputs."""
    floats = {n: v for n, v in c.floats().items() if v.shape == shape}
    yield from ((n, v.ravel()) for n, v in {c.name: c.x, **floats}.items() if v.shape == shape)
    if c.y.shape == shape:
        yield "the output", c.y.ravel()
    names = list(floats)
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            yield f"{a} - {b}", (floats[a] - floats[b]).ravel()


def told_apart(v: np.ndarray, wrong: np.ndarray, good: np.ndarray) -> bool:
    """One threshold separates the wrong from the right elements, with a few of each."""
    if min(wrong.sum(), good.sum()) < 3:
        return False
    return bool(v[wrong].min() > v[good].max() or v[wrong].max() < v[good].min())


def limit(v: np.ndarray, wrong: np.ndarray, good: np.ndarray) -> str:
    """The threshold in words: a sign when 0 separates, else the place between the two."""
    above = v[wrong].min() > v[good].max()
    inner, outer = (v[good].max(), v[wrong].min()) if above else (v[wrong].max(), v[good].min())
    if inner <= 0 <= outer:
        return "positive" if above else "negative"
    return f"{'above' if above else 'below'} about {(inner + outer) / 2:.2g}"


def labelled(c: Case, shape: tuple[int, ...]) -> np.ndarray | None:
    """The elements [i, labels[i]], when one input holds a label for each row."""
    for x in map(np.asarray, c.inputs):
        if x.dtype.kind == "i" and len(shape) == 2 and x.shape == shape[:1] and (x < shape[1]).all():
            return np.asarray((np.arange(shape[1]) == x[:, None]).ravel())
    return None


def by_index(wrong: np.ndarray, good: np.ndarray, owner: str) -> Iterator[Place]:
    """Some slices of one axis are right throughout, the others are not."""
    for axis in range(wrong.ndim):
        others = tuple(a for a in range(wrong.ndim) if a != axis)
        bad, fine = np.asarray(wrong.any(others)), good.any(others) & ~wrong.any(others)
        if fine.any() and (together(bad) or bad.mean() <= 0.5):
            where = spelled(np.flatnonzero(bad))
            yield f"at index {where} of axis {axis} of {owner}", (owner, axis, where)


def together(bad: np.ndarray) -> bool:
    """Is it one stretch of neighbours?"""
    return bool(np.abs(np.diff(bad.astype(int))).sum() <= 2)


def spelled(index: np.ndarray) -> str:
    if len(index) > 2 and (np.diff(index) == 1).all():
        return f"{index[0]} to {index[-1]}"
    return ", ".join(map(str, index.tolist()))


def instead(c: Case, side: str, wrong: np.ndarray) -> dict[str, Any]:
    """What stands where it is wrong: nothing, or the true value times a number."""
    d, n = (c.D[:, wrong], c.J[:, wrong]) if side == "argument" else (c.D[wrong], c.J[wrong])
    if not d.any():
        return {"instead": "it is zero there"}
    if not n.any():
        return {"instead": "it should be zero there"}
    f = ratio(d, n)
    return (
        {}
        if f is None
        else {"instead": "its sign is wrong there" if np.isclose(f, -1) else f"it is {f:.6g} times the true one there"}
    )
