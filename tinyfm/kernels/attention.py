"""Attention on plain arrays: softmax(q k' scale + mask) v, and all its gradients at once.

The scores of one (query, key) block live in one scratch array that each step overwrites in place; leading axes are
taken a few at a time, so that the block stays in cache.
"""
from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
BLOCK_BYTES = 1 << 20


def weights(q: Array, k: Array, mask: Array | None, causal: bool, scale: float) -> Array:
    """softmax over the keys; 0 for a query that may look at none."""
    s = np.matmul(q * q.dtype.type(scale), k.swapaxes(-1, -2))
    if mask is not None and mask.dtype != bool: s += mask
    if causal: s[..., np.tri(*s.shape[-2:]) == 0] = -np.inf
    if mask is not None and mask.dtype == bool: np.copyto(s, -np.inf, where=~mask)
    top = np.maximum.reduce(s, axis=-1, keepdims=True, initial=-np.inf)
    s -= np.where(np.isneginf(top), 0, top)
    np.exp(s, out=s)
    total = np.add.reduce(s, axis=-1, keepdims=True)
    s /= np.where(total == 0, 1, total)
    return s


def blocks(shape: tuple[int, ...], bytes_each: int) -> Iterator[slice]:
    """A few of the leading (batch, head) pairs at a time."""
    step = max(1, BLOCK_BYTES // max(1, bytes_each))
    for start in range(0, shape[0], step): yield slice(start, start + step)


def attention(q: Array, k: Array, v: Array, mask: Array | None, causal: bool, scale: float) -> Array:
    """softmax(q k' scale + mask) v for q: (..., n, d), k: (..., m, d), v: (..., m, e), leading axes broadcast."""
    lead, (q, k, v, mask) = aligned(q, k, v, mask)
    out = np.empty((len(q), q.shape[1], v.shape[2]), v.dtype)
    for part in blocks(q.shape, q.shape[1] * k.shape[1] * q.itemsize):
        np.matmul(weights(q[part], k[part], pick(mask, part), causal, scale), v[part], out=out[part])
    return out.reshape(*lead, *out.shape[1:])


def attention_gradients(g: Array, wanted: list[bool], q: Array, k: Array, v: Array, mask: Array | None, out: Array,
                        causal: bool, scale: float) -> list[Array | None]:
    """The gradients of q, k, v and an additive mask; the weights are computed again, not kept."""
    shapes = q.shape, k.shape, v.shape
    lead, (q, k, v, mask) = aligned(q, k, v, mask)
    g, out = (np.reshape(a, (len(q), *a.shape[-2:])) for a in (g, out))
    dq, dk, dv = np.empty_like(q), np.empty_like(k), np.empty_like(v)
    ds = np.empty((len(q), q.shape[1], k.shape[1]), q.dtype) if wanted[3] else None
    for part in blocks(q.shape, 2 * q.shape[1] * k.shape[1] * q.itemsize):
        p = weights(q[part], k[part], pick(mask, part), causal, scale)
        np.matmul(p.swapaxes(1, 2), g[part], out=dv[part])
        d = np.matmul(g[part], v[part].swapaxes(1, 2))
        d -= np.add.reduce(g[part] * out[part], axis=-1, keepdims=True)
        d *= p
        if ds is not None: ds[part] = d
        d *= q.dtype.type(scale)
        np.matmul(d, k[part], out=dq[part])
        np.matmul(d.swapaxes(1, 2), q[part], out=dk[part])
    found = [np.reshape(a, (*lead, *a.shape[1:])) for a in (dq, dk, dv)]
    return [summed(a, s) for a, s in zip(found, shapes)] + [None if ds is None else ds.reshape(*lead, *ds.shape[1:])]


def aligned(q: Array, k: Array, v: Array, mask: Array | None) -> tuple[tuple[int, ...], tuple[Any, ...]]:
    """The leading axes after broadcasting, and the arrays with them made into one."""
    lead = np.broadcast_shapes(q.shape[:-2], k.shape[:-2], v.shape[:-2], () if mask is None else mask.shape[:-2])
    flat = [np.broadcast_to(a, (*lead, *a.shape[-2:])).reshape(prod(lead), *a.shape[-2:]) for a in (q, k, v)]
    if mask is not None and mask.ndim > 2:
        mask = np.broadcast_to(mask, (*lead, *mask.shape[-2:])).reshape(prod(lead), *mask.shape[-2:])
    return lead, (*flat, mask)


def pick(mask: Array | None, part: slice) -> Array | None: return mask if mask is None or mask.ndim < 3 else mask[part]


def summed(a: Array, shape: tuple[int, ...]) -> Array:
    """Summed over leading axes that were stretched."""
    if a.shape == shape: return a
    extra = a.ndim - len(shape)
    axes = (*range(extra), *(i + extra for i, n in enumerate(shape) if n == 1 != a.shape[i + extra]))
    return np.add.reduce(a, axis=axes, keepdims=True).reshape(shape)
