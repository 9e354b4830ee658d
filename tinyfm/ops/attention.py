"""Attention: every query mixes the values, weighted by how well their keys answer it.  Vaswani et al. 2017."""
from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from tinyfm.engine import Array, Tensor
from tinyfm.errors import ShapeError, user_line
from tinyfm.kernels import attention as kernels
from tinyfm.ops.compare import greater
from tinyfm.ops.composite import fused
from tinyfm.ops.elementwise import where
from tinyfm.ops.linear import matmul
from tinyfm.ops.reduce import softmax
from tinyfm.ops.shape import permute_dims, reshape, swapaxes, unstack


def attention_weights(q: Any, k: Any, mask: Any = None, *, causal: bool = False, scale: float | None = None) -> Any:
    """softmax(q k' scale + mask): (..., queries, keys), rows of sum 1; arguments as in scaled_dot_product_attention."""
    factor = 1 / sqrt(q.shape[-1]) if scale is None else scale
    scores = matmul(q * factor, swapaxes(k, axis1=-1, axis2=-2))
    seen = visible(mask, causal, scores.shape)
    if mask is not None and mask.dtype != bool: scores = scores + where(greater(mask, -np.inf), mask, 0.0)
    if seen is None: return softmax(scores)
    blind = ~np.any(seen, axis=-1, keepdims=True)
    return where(blind, 0.0, softmax(where(blind, 0.0, where(seen, scores, -np.inf))))


def visible(mask: Any, causal: bool, shape: tuple[int, ...]) -> Any:
    """Which query may look at which key, or None if all may look at all.  Adding -inf forbids as False does."""
    seen = None
    if mask is not None:
        plain = np.asarray(mask.data if isinstance(mask, Tensor) else mask)
        seen = plain if plain.dtype == bool else plain > -np.inf
        if seen.all(): seen = None
    if not causal: return seen
    past = np.tri(*shape[-2:]) > 0
    return past if seen is None else np.logical_and(seen, past)


def attend(q: Any, k: Any, v: Any, mask: Any, *, causal: bool, scale: float) -> Any:
    return matmul(attention_weights(q, k, mask, causal=causal, scale=scale), v)


def kept(q: Array, k: Array, v: Array, mask: Array | None, *, causal: bool, scale: float) -> tuple[Array, kernels.Kept]:
    return kernels.attention(q, k, v, mask, causal, scale)


@fused(r"y = \mathrm{softmax}(q k^\top s + m) \, v", attend, keep=kept,
       joint=lambda g, wanted, q, k, v, mask, out, kept, causal, scale:
       kernels.attention_gradients(g, wanted, q, k, v, mask, out, kept, causal, scale))
def attention(q: Array, k: Array, v: Array, mask: Array | None, *, causal: bool, scale: float) -> Array:
    """scaled_dot_product_attention with every setting spelt out."""
    return kept(q, k, v, mask, causal=causal, scale=scale)[0]


def check_mask(mask: Any, q: Any, k: Any) -> None:
    """ShapeError unless the mask broadcasts to one number for each query and key."""
    scores = (*np.broadcast_shapes(q.shape[:-2], k.shape[:-2]), q.shape[-2], k.shape[-2])
    if mask is None: return
    try: fits = np.broadcast_shapes(mask.shape, scores)[-2:] == scores[-2:]
    except ValueError: fits = False
    if not fits:
        raise ShapeError(f"attention: the mask has shape {mask.shape}; it must broadcast to (..., queries, keys) = "
                         f"{scores}. Is it meant for other lengths, or transposed?\n  at {user_line()}")


def scaled_dot_product_attention(q: Any, k: Any, v: Any, mask: Any = None, *, causal: bool = False,
                                 scale: float | None = None) -> Any:
    """y = softmax(q k' scale + mask) v.  q: (..., queries, d), k: (..., keys, d), v: (..., keys, e).

    mask: broadcasts to (..., queries, keys); booleans say who may be looked at (True: yes), numbers are added to the
    scores.  causal: query i sees the keys 0 ... i.  A query that sees nothing gets 0.  scale: 1 / sqrt(d) by default.
    `attention_weights` shows who looks where.
    """
    if isinstance(mask, list): mask = np.asarray(mask)
    check_mask(mask, q, k)
    return attention(q, k, v, mask, causal=causal, scale=1 / sqrt(q.shape[-1]) if scale is None else scale)


# ------------------------------------------------------------ of a sequence with itself, q, k and v side by side

def cut(qkv: Any, num_heads: int) -> Any:
    """(batch, time, 3 width) -> (3, batch, heads, time, width / heads): q, k and v, a view of an array."""
    batch, time, wide = qkv.shape
    if wide % (3 * num_heads):
        raise ShapeError(f"q, k and v side by side are {wide} wide, not 3 times a multiple of num_heads = {num_heads}.")
    return permute_dims(reshape(qkv, shape=(batch, time, 3, num_heads, wide // (3 * num_heads))), axes=(2, 0, 3, 1, 4))


def side_by_side(y: Any) -> Any:
    """(batch, heads, time, d) -> (batch, time, heads d)."""
    return reshape(swapaxes(y, axis1=1, axis2=2), shape=(y.shape[0], y.shape[2], y.shape[1] * y.shape[3]))


def attend_to_itself(qkv: Any, *, num_heads: int, causal: bool) -> Any:
    return side_by_side(scaled_dot_product_attention(*unstack(cut(qkv, num_heads)), causal=causal))


def self_kept(qkv: Array, *, num_heads: int, causal: bool = True) -> tuple[Array, Any]:
    q, k, v = cut(qkv, num_heads)
    y, parts = kernels.attention(q, k, v, None, causal, 1 / sqrt(q.shape[-1]))
    return side_by_side(y), parts


def self_attention_joint(g: Array, wanted: list[bool], qkv: Array, out: Array, kept: Any, num_heads: int,
                         causal: bool) -> list[Any]:
    """The three gradients, each written where its part of qkv stands."""
    q, k, v = cut(qkv, num_heads)
    above, y = (swapaxes(a.reshape(*a.shape[:2], num_heads, -1), axis1=1, axis2=2) for a in (g, out))
    found = kernels.attention_gradients(above, [True, True, True, False], q, k, v, None, y, kept, causal,
                                        1 / sqrt(q.shape[-1]))
    slope = np.empty_like(qkv, order="C")
    for place, d in zip(cut(slope, num_heads), found): place[...] = d
    return [slope]


@fused(r"y = \mathrm{softmax}(q k^\top / \sqrt{d}) \, v", attend_to_itself, keep=self_kept, joint=self_attention_joint)
def self_attention(qkv: Array, *, num_heads: int, causal: bool = True) -> Array:
    """scaled_dot_product_attention of every head of one sequence: (batch, time, 3 width) -> (batch, time, width).

    qkv: q, k and v side by side, each num_heads vectors of width / num_heads.
    """
    return self_kept(qkv, num_heads=num_heads, causal=causal)[0]
