"""Attention on plain arrays: softmax(q k' scale + mask) v, and all its gradients at once.

Leading axes are taken a few at a time, so that a block of scores stays in cache; where queries see only the past, the
queries are cut as well, and what none of a block may see is not computed: 0.6 x the work.  Inside, softmax is not
divided by its sum, which is left to the thin arrays: with e = exp(s - max), t its sums and g' = g / t,

    y = (e v) / t,    dv = e' g',    ds = e (g' v' - <g', y>),    dq = ds k scale,    dk = ds' q scale.

The e are kept for the way back up to KEEP_BYTES, which saves a fifth of it; beyond that they are computed again, so
that memory grows with the length, not with its square.
"""
from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Part = tuple[slice, slice, int]                   # of the (batch, head) pairs, of the queries; how many keys they see
Kept = tuple[Array, Array]
BLOCK_BYTES, KEEP_BYTES = 1 << 20, 32 << 20
QUERIES = 64                                      # to a block, where each sees only the past


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


def exponentials(q: Array, k: Array, mask: Array | None, causal: bool, part: Part, out: Array) -> Array:
    """out <- e of one block, q already scaled; returns its sums, 1 for a query that may see no key."""
    pairs, rows, keys = part
    np.matmul(q[pairs, rows], k[pairs, :keys].swapaxes(1, 2), out=out)
    if causal: out[:, :, rows.start:] += future(*out[0, :, rows.start:].shape, out.dtype)
    if mask is not None:
        seen = (mask if mask.ndim < 3 else mask[pairs])[..., rows, :keys]
        if mask.dtype == bool: np.copyto(out, -np.inf, where=~seen)
        else: out += seen
    top = np.maximum.reduce(out, axis=-1, keepdims=True, initial=-np.inf)
    out -= np.where(np.isneginf(top), 0, top)
    total = np.exp(out, out=out) @ np.ones((keys, 1), out.dtype)
    total[total == 0] = 1
    return total


def attention(q: Array, k: Array, v: Array, mask: Array | None, causal: bool, scale: float) -> tuple[Array, Kept]:
    """(softmax(q k' scale + mask) v, e and its sums); q: (..., n, d), k: (..., m, d), v: (..., m, e), leading axes
    broadcast."""
    lead, (q, k, v, mask) = aligned(q, k, v, mask)
    y, (e, total) = np.empty((*q.shape[:2], v.shape[2]), v.dtype), room(q, k)
    q = q * q.dtype.type(scale)
    for part in parts((*q.shape[:2], k.shape[1]), causal, q.itemsize):
        pairs, rows, keys = part
        one = block(e, part, q)
        total[pairs, rows] = exponentials(q, k, mask, causal, part, one)
        np.matmul(one, v[pairs, :keys], out=y[pairs, rows])
    y /= total
    return y.reshape(*lead, *y.shape[1:]), (e, total)


def room(q: Array, k: Array) -> Kept:
    """Where e and its sums will be; e is empty if it is not to be kept."""
    pairs, n, m = len(q), q.shape[1], k.shape[1]
    kept = pairs * n * m * q.itemsize <= KEEP_BYTES
    return np.empty((pairs if kept else 0, n, m), q.dtype), np.empty((pairs, n, 1), q.dtype)


def block(e: Array, part: Part, q: Array) -> Array:
    """The place of one block in e, or a fresh one if e is empty."""
    pairs, rows, keys = part
    return e[pairs, rows, :keys] if len(e) else np.empty((*q[pairs, rows].shape[:2], keys), q.dtype)


def attention_gradients(g: Array, wanted: list[bool], q: Array, k: Array, v: Array, mask: Array | None, out: Array,
                        kept: Kept | None, causal: bool, scale: float) -> list[Array | None]:
    """The gradients of q, k, v and an additive mask."""
    shapes = q.shape, k.shape, v.shape
    lead, (q, k, v, mask) = aligned(q, k, v, mask)
    g, out = (np.reshape(a, (len(q), *a.shape[-2:])) for a in (g, out))
    dq, dk, dv = np.empty_like(q), np.zeros_like(k), np.zeros_like(v)
    ds = np.zeros((len(q), q.shape[1], k.shape[1]), q.dtype) if wanted[3] else None
    e, total = kept or (np.empty((0, 0, 0)), np.empty((*q.shape[:2], 1), q.dtype))
    q = q * q.dtype.type(scale)
    for part in parts((*q.shape[:2], k.shape[1]), causal, q.itemsize):
        pairs, rows, keys = part
        one = block(e, part, q)
        if not len(e): total[pairs, rows] = exponentials(q, k, mask, causal, part, one)
        above = g[pairs, rows] / total[pairs, rows]
        dv[pairs, :keys] += one.swapaxes(1, 2) @ above
        d = above @ v[pairs, :keys].swapaxes(1, 2)
        d -= np.vecdot(above, out[pairs, rows])[..., None]
        d *= one
        if ds is not None: ds[pairs, rows, :keys] = d
        np.matmul(d, k[pairs, :keys], out=dq[pairs, rows])
        dk[pairs, :keys] += d.swapaxes(1, 2) @ q[pairs, rows]
    dq *= q.dtype.type(scale)
    found = [np.reshape(a, (*lead, *a.shape[1:])) for a in (dq, dk, dv)]
    return [summed(a, s) for a, s in zip(found, shapes)] + [None if ds is None else ds.reshape(*lead, *ds.shape[1:])]


def aligned(q: Array, k: Array, v: Array, mask: Array | None) -> tuple[tuple[int, ...], tuple[Any, ...]]:
    """The leading axes after broadcasting, and the arrays with them made into one."""
    lead = np.broadcast_shapes(q.shape[:-2], k.shape[:-2], v.shape[:-2], () if mask is None else mask.shape[:-2])
    flat = [np.broadcast_to(a, (*lead, *a.shape[-2:])).reshape(prod(lead), *a.shape[-2:]) for a in (q, k, v)]
    if mask is not None:
        full, wide = (q.shape[-2], k.shape[-2]), mask.ndim > 2
        mask = np.broadcast_to(mask, (*lead, *full) if wide else full)
        if wide: mask = mask.reshape(prod(lead), *full)
    return lead, (*flat, mask)


def summed(a: Array, shape: tuple[int, ...]) -> Array:
    """Summed over leading axes that were stretched."""
    if a.shape == shape: return a
    extra = a.ndim - len(shape)
    axes = (*range(extra), *(i + extra for i, n in enumerate(shape) if n == 1 != a.shape[i + extra]))
    return np.add.reduce(a, axis=axes, keepdims=True).reshape(shape)
