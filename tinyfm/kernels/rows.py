"""What is done to each row of a matrix by itself: layer normalisation, softmax and its cross entropy.

A row is the last axis; all axes before it are the batch.  Rows are taken a cache-full at a time, and a row's sum is
its product with ones: BLAS adds five times faster than NumPy's sum along the last axis.
"""

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfm.kernels import windows

Array = NDArray[Any]


def layer_norm(x: Array, scale: Array, offset: Array, *, epsilon: float) -> tuple[Array, tuple[Array, Array]]:
    """y = z scale + offset,  z = (x - mean) r,  r = 1 / sqrt(var + epsilon), mean and var of each row: (y, (z, r)).

    x: (..., n), scale and offset: (n,).  A constant row gives the offset.  Ba, Kiros & Hinton 2016.
    """
    dtype = np.result_type(x, scale, offset)
    y, z, r = np.empty(x.shape, dtype), np.empty(x.shape, dtype), np.empty((*x.shape[:-1], 1), dtype)
    for rows, out, each, root in in_tiles(matrix(x), matrix(y), matrix(z), matrix(r)):
        root[...] = standardized(rows, epsilon, each)
        np.multiply(each, scale, out=out)
        out += offset
    return y, (z, r)


def layer_norm_gradients(g: Array, z: Array, r: Array, scale: Array) -> tuple[Array, Array, Array]:
    """The gradients of x, scale and offset where that of y = layer_norm(x, scale, offset) is g.

    With d = g scale:  dx = r (d - mean(d) - z mean(d z)),  dscale = sum g z,  doffset = sum g.
    """
    dtype, n = np.result_type(g, z, scale), z.shape[-1]
    dx, dscale, doffset = np.empty(z.shape, dtype), np.zeros(n, dtype), np.zeros(n, dtype)
    for above, each, root, d in in_tiles(matrix(g), matrix(z), matrix(r), matrix(dx)):
        ones = np.ones(len(d), dtype)
        doffset += ones @ above
        gz = np.multiply(above, each)
        dscale += ones @ gz
        np.multiply(above, scale, out=d)
        d -= (above @ scale / n)[:, None]
        d -= np.multiply(each, (gz @ scale / n)[:, None], out=gz)
        d *= root
    return dx, dscale, doffset


def standardized(x: Array, epsilon: float, out: Array) -> Array:
    """out <- (x - mean) r; returns r, (rows, 1)."""
    n = x.shape[-1]
    np.subtract(x, (x @ np.ones(n, x.dtype) / n)[:, None], out=out)
    r = 1 / np.sqrt(np.vecdot(out, out) / n + float(epsilon))[:, None]
    out *= r
    return np.asarray(r)


def softmax(x: Array) -> Array:
    """y = e^x / sum e^x over each row: stable at any size, 0 where x is -inf, NaN where all are.  x: (..., n)."""
    y = np.empty_like(x, order="C")
    for rows, out in in_tiles(matrix(x), matrix(y)):
        np.exp(shifted(rows, out), out=out)
        out /= (out @ np.ones(x.shape[-1], x.dtype))[:, None]
    return y


def softmax_x(g: Array, y: Array) -> Array:
    """The gradient of x where that of y = softmax(x) is g:  y (g - <g, y>)."""
    dx = np.empty_like(y, order="C")
    for above, out, d in in_tiles(matrix(g), matrix(y), matrix(dx)):
        np.subtract(above, np.vecdot(above, out)[:, None], out=d)
        d *= out
    return dx


def log_softmax(x: Array) -> Array:
    """y = x - ln sum e^x over each row: stable at any size, -inf where x is, NaN where all are.  x: (..., n)."""
    y = np.empty_like(x, order="C")
    for rows, out in in_tiles(matrix(x), matrix(y)):
        out -= np.log(np.exp(shifted(rows, out)) @ np.ones(x.shape[-1], x.dtype))[:, None]
    return y


def log_softmax_x(g: Array, y: Array) -> Array:
    """The gradient of x where that of y = log_softmax(x) is g:  g - e^y sum g."""
    dx = np.empty_like(y, order="C")
    for above, out, d in in_tiles(matrix(g), matrix(y), matrix(dx)):
        np.exp(out, out=d)
        d *= -(above @ np.ones(g.shape[-1], g.dtype))[:, None]
        d += above
    return dx


def softmax_cross_entropy(logits: Array, labels: Array) -> tuple[Array, Array]:
    """(losses, gradient): -ln softmax(x)[t] of each row, and the gradient of their sum, softmax(x) - 1[k = t].

    logits: (..., classes), labels: (...) integers from 0 to classes - 1.  Both cost little more than one.
    """
    losses, gradient = np.empty(logits.shape[:-1], logits.dtype), np.empty_like(logits, order="C")
    for x, t, loss, p in in_tiles(matrix(logits), np.reshape(labels, -1), losses.reshape(-1), matrix(gradient)):
        rows = np.arange(len(x))
        picked = shifted(x, p)[rows, t]
        np.exp(p, out=p)
        total = p @ np.ones(x.shape[-1], x.dtype)
        np.subtract(np.log(total), picked, out=loss)
        p /= total[:, None]
        p[rows, t] -= 1
    return losses, gradient


def shifted(x: Array, out: Array) -> Array:
    """out <- x minus each row's maximum, so that e^x can not overflow."""
    with np.errstate(invalid="ignore"):                       # -inf - -inf, where a whole row is -inf
        return np.subtract(x, np.maximum.reduce(x, axis=-1, keepdims=True), out=out)


def matrix(a: Array) -> Array:
    """(..., n) as (rows, n); a view if `a` is contiguous."""
    return a.reshape(prod(a.shape[:-1]), a.shape[-1])


def in_tiles(*arrays: Array) -> Iterator[list[Array]]:
    """The same few rows of all arrays, tile by tile."""
    if sum(a.nbytes for a in arrays) <= windows.TILE_BYTES: return (yield list(arrays))
    widest = max(a[:1].nbytes for a in arrays)
    for rows in windows.tiles(len(arrays[0]), bytes_each=widest * len(arrays)): yield [a[rows] for a in arrays]
