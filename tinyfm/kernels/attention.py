"""Attention on plain arrays: softmax(q k' scale + mask) v, and all its gradients at once.

Leading axes are taken a few at a time, so that a block of scores stays in cache; where queries see only the past, the
queries are cut as well, and what none of a block may see is not computed: 0.6 x the work.  Inside, softmax is not
divided by its sum, which is left to the thin arrays: with e = exp(s - max), or e^s where all s are small, t its sums
and g' = g / t,

    y = (e v) / t,    dv = e' g',    ds = e (g' v' - <g', y>),    dq = ds k scale,    dk = ds' q scale.

The e are kept for the way back up to KEEP_BYTES, which saves a fifth of it; beyond that they are computed again, so
that memory grows with the length, not with its square.
"""
from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import log, prod, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Part = tuple[slice, slice, int]                   # of the (batch, head) pairs, of the queries; how many keys they see
Kept = tuple[Array, Array]
BLOCK_BYTES, KEEP_BYTES = 2 << 20, 32 << 20
QUERIES = 128                                     # to a block, where each sees only the past


def parts(shape: tuple[int, ...], causal: bool, itemsize: int) -> Iterator[Part]:
    """The blocks of scores, of shape (pairs, queries, keys)."""
    pairs, n, m = shape
    rows = max(1, min(n, QUERIES) if causal else n)
    step = max(1, BLOCK_BYTES // max(1, rows * m * itemsize))
    for i in range(0, pairs, step):
        for a in range(0, n, rows): yield slice(i, i + step), slice(a, a + rows), min(m, a + rows) if causal else m


@lru_cache(maxsize=64)
def future(rows: int, keys: int, dtype: Any) -> Array:
    """What is added to the scores of a block on the diagonal: 0 for the past, -inf for the future."""
    return np.where(np.tri(rows, keys) > 0, 0, -np.inf).astype(dtype)


def bounded(q: Array, k: Array, mask: Array | None) -> bool:
    """Whether no score s can be so large that the sum of e^s overflows, or so small that e^s vanishes: |<q, k>| is at
    most |q| |k|, and -inf, which forbids, is meant to vanish.

    Then e = exp(s) will do, and the search for each row's maximum, as dear as the product, is spared.
    """
    added = 0.0 if mask is None or mask.dtype == bool else np.abs(mask[mask > -np.inf]).max(initial=0)
    with np.errstate(over="ignore"): longest = [float(np.vecdot(a, a).max(initial=0)) for a in (q, k)]
    limit = log(np.finfo(q.dtype).max / max(1, k.shape[-2])) / 3
    return bool(sqrt(longest[0] * longest[1]) + added < limit)


def exponentials(q: Array, k: Array, mask: Array | None, causal: bool, small: bool, part: Part, out: Array) -> Array:
    """out <- e of one block, q already scaled, k already transposed; returns its sums, 1 for a query that may see no
    key."""
    pairs, rows, keys = part
    np.matmul(q[pairs, rows], k[pairs, :, :keys], out=out)
    if causal: out[:, :, rows.start:] += future(*out[0, :, rows.start:].shape, out.dtype)
    if mask is not None:
        seen = (mask if mask.ndim < 3 else mask[pairs])[..., rows, :keys]
        if mask.dtype == bool: np.copyto(out, -np.inf, where=~seen)
        else: out += seen
    if not small:
        top = np.maximum.reduce(out, axis=-1, keepdims=True, initial=-np.inf)
        out -= np.where(np.isneginf(top), 0, top)
    total = np.exp(out, out=out) @ np.ones((keys, 1), out.dtype)
    total[total == 0] = 1
    return total


def attention(q: Array, k: Array, v: Array, mask: Array | None, causal: bool, scale: float) -> tuple[Array, Kept]:
    """(softmax(q k' scale + mask) v, e and its sums); q: (..., n, d), k: (..., m, d), v: (..., m, e), leading axes
    broadcast."""
    q, k, v = promoted(q, k, v)
    lead, mask = leading(q, k, v, mask)
    q, k_across, v = scaled(q, scale, lead), matrices(across(k, q.shape[-2]), lead), matrices(v, lead)
    small = bounded(q, k, mask)
    y, (e, total) = np.empty((*q.shape[:2], v.shape[2]), v.dtype), room(q, v)
    for part in parts((*q.shape[:2], v.shape[1]), causal, q.itemsize):
        pairs, rows, keys = part
        one = block(e, part, q)
        total[pairs, rows] = exponentials(q, k_across, mask, causal, small, part, one)
        np.matmul(one, v[pairs, :keys], out=y[pairs, rows])
    y /= total
    return y.reshape(*lead, *y.shape[1:]), (e, total)


def room(q: Array, v: Array) -> Kept:
    """Where e and its sums will be; e is empty if it is not to be kept."""
    pairs, n, m = len(q), q.shape[1], v.shape[1]
    kept = pairs * n * m * q.itemsize <= KEEP_BYTES
    return np.empty((pairs if kept else 0, n, m), q.dtype), np.empty((pairs, n, 1), q.dtype)


def block(e: Array, part: Part, q: Array) -> Array:
    """The place of one block in e, or a fresh one if e is empty."""
    pairs, rows, keys = part
    return e[pairs, rows, :keys] if len(e) else np.empty((*q[pairs, rows].shape[:2], keys), q.dtype)


def attention_gradients(g: Array, wanted: list[bool], q: Array, k: Array, v: Array, mask: Array | None, out: Array,
                        kept: Kept | None, causal: bool, scale: float) -> list[Array | None]:
    """The gradients of q, k, v and an additive mask."""
    shapes, (q, k, v) = (q.shape, k.shape, v.shape), promoted(q, k, v)
    lead, mask = leading(q, k, v, mask)
    above, v_across = (matrices(a, lead) for a in with_means(g, v, out))
    q, k = scaled(q, scale, lead), matrices(k, lead)
    dq, dk, dv = np.empty_like(q), np.zeros_like(k), np.zeros((*k.shape[:2], g.shape[-1]), g.dtype)
    ds = np.zeros((len(q), q.shape[1], k.shape[1]), q.dtype) if wanted[3] else None
    e, total = kept or (np.empty((0, 0, 0)), np.empty((*q.shape[:2], 1), q.dtype))
    small, k_across, d = not len(e) and bounded(q, k, mask), k.swapaxes(1, 2), np.empty(0, q.dtype)
    for part in parts((*q.shape[:2], k.shape[1]), causal, q.itemsize):
        pairs, rows, keys = part
        one = block(e, part, q)
        if not len(e): total[pairs, rows] = exponentials(q, k_across, mask, causal, small, part, one)
        above[pairs, rows] /= total[pairs, rows]
        add_product(one.swapaxes(1, 2), above[pairs, rows, :-1], dv[pairs, :keys], rows.start == 0)
        if d.shape != one.shape: d = np.empty(one.shape, q.dtype)
        np.matmul(above[pairs, rows], v_across[pairs, :, :keys], out=d)
        d *= one
        if ds is not None: ds[pairs, rows, :keys] = d
        np.matmul(d, k[pairs, :keys], out=dq[pairs, rows])
        add_product(d.swapaxes(1, 2), q[pairs, rows], dk[pairs, :keys], rows.start == 0)
    dq *= q.dtype.type(scale)
    found = [np.reshape(a, (*lead, *a.shape[1:])) for a in (dq, dk, dv)]
    return [summed(a, s) for a, s in zip(found, shapes)] + [None if ds is None else ds.reshape(*lead, *ds.shape[1:])]


def with_means(g: Array, v: Array, out: Array) -> tuple[Array, Array]:
    """([g, -<g, y>], [v, 1]'), so that one product gives g v' - <g, y>."""
    above = np.empty((*g.shape[:-1], g.shape[-1] + 1), g.dtype)
    above[..., :-1] = g
    np.negative(np.vecdot(g, out), out=above[..., -1])
    ones = np.ones((*v.shape[:-1], v.shape[-1] + 1), v.dtype)
    ones[..., :-1] = v
    return above, across(ones, g.shape[-2])


def across(a: Array, rows: int) -> Array:
    """Each matrix transposed, in memory too where it is to be multiplied by few rows: OpenBLAS takes up to a million
    products without rearranging first, and then by columns only half as fast."""
    turned = a.swapaxes(-1, -2)
    return np.ascontiguousarray(turned) if rows * prod(a.shape[-2:]) <= 1e6 else turned


def add_product(a: Array, b: Array, out: Array, first: bool) -> None:
    """out <- a b if that is the first, else out <- out + a b."""
    if first: np.matmul(a, b, out=out)
    else: out += a @ b


def promoted(*arrays: Array) -> Iterator[Array]:
    """All in the dtype that they make together, integers in float64."""
    dtype = np.result_type(*arrays)
    return (np.asarray(a, dtype if dtype.kind == "f" else np.float64) for a in arrays)


def leading(q: Array, k: Array, v: Array, mask: Array | None) -> tuple[tuple[int, ...], Array | None]:
    """The leading axes after broadcasting, and the mask with all of them, made into one, or none."""
    lead = np.broadcast_shapes(q.shape[:-2], k.shape[:-2], v.shape[:-2], () if mask is None else mask.shape[:-2])
    if mask is not None:
        full = q.shape[-2], k.shape[-2]
        mask = matrices(mask, lead, full) if mask.ndim > 2 else np.broadcast_to(mask, full)
    return lead, mask


def matrices(a: Array, lead: tuple[int, ...], shape: tuple[int, ...] | None = None) -> Array:
    """Stretched to the leading axes, which become one: (pairs, *the last two axes, or `shape`)."""
    shape = a.shape[-2:] if shape is None else shape
    if a.shape != (*lead, *shape): a = np.broadcast_to(a, (*lead, *shape))
    return a.reshape(prod(lead), *shape)


def scaled(q: Array, scale: float, lead: tuple[int, ...]) -> Array:
    return matrices(np.multiply(q, q.dtype.type(scale), order="C"), lead)


def summed(a: Array, shape: tuple[int, ...]) -> Array:
    """Summed over leading axes that were stretched."""
    if a.shape == shape: return a
    extra = a.ndim - len(shape)
    axes = (*range(extra), *(i + extra for i, n in enumerate(shape) if n == 1 != a.shape[i + extra]))
    return np.add.reduce(a, axis=axes, keepdims=True).reshape(shape)
