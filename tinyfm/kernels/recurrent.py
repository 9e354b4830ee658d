r"""Recurrent networks over whole sequences, on plain arrays: (batch, time, features).

Only h_{t-1} U has to wait for the step before; everything else is one matrix product over all steps.  Going back, the
gates of all steps are computed again in one product from the kept states, then the steps run from the end, and the
gradients of the weights are again one product each.  Inside, time is the first axis, so that a step is contiguous.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def by_time(x: Array) -> Array: return np.ascontiguousarray(x.swapaxes(0, 1))


def project(x: Array, w: Array, b: Array | None) -> Array:
    """x W + b of all steps at once: (time, batch, gates)."""
    out = np.matmul(by_time(x).reshape(-1, x.shape[-1]), w).reshape(x.shape[1], x.shape[0], w.shape[1])
    if b is not None: out += b
    return out


def before(h: Array, h0: Array) -> Array:
    """The state before each step: (time, batch, units)."""
    return np.concatenate([h0[None], h[:-1]]) if len(h) else h


def squash(z: Array, halves: Array) -> Array:
    """The sigmoid where `halves` is 1/2 and tanh where it is 1, by one tanh: s(z) = (1 + tanh(z / 2)) / 2."""
    z *= halves
    np.tanh(z, out=z)
    z *= halves
    z += 1 - halves
    return z


def weight_gradients(d: Array, x: Array, h: Array, w: Array, wanted: Sequence[bool]) -> list[Array | None]:
    """The gradients of x, W, U and b when that of x W + h U + b is d: (time, batch, gates); h is the state before."""
    rows = d.reshape(-1, d.shape[-1])
    dx = np.matmul(rows, w.T).reshape(*d.shape[:2], w.shape[0]).swapaxes(0, 1) if wanted[0] else None
    dw = np.matmul(by_time(x).reshape(len(rows), -1).T, rows) if wanted[1] else None
    du = np.matmul(h.reshape(len(rows), -1).T, rows) if wanted[2] else None
    return [dx, dw, du, np.add.reduce(rows, axis=0) if wanted[3] else None]


# ------------------------------------------------------------ h = tanh(x W + h U + b)

def rnn(x: Array, h0: Array, w: Array, u: Array, b: Array | None, activation: str) -> Array:
    """All states: (batch, time, units)."""
    z, h = project(x, w, b), h0
    for step in z:
        step += h @ u
        h = np.tanh(step, out=step) if activation == "tanh" else np.maximum(step, 0, out=step)
    return z.swapaxes(0, 1)


def rnn_gradients(g: Array, wanted: list[bool], x: Array, h0: Array, w: Array, u: Array, out: Array,
                  activation: str) -> list[Array | None]:
    h, d, carry = by_time(out), by_time(g).copy(), np.zeros_like(h0)
    slope = 1 - h * h if activation == "tanh" else (h > 0).astype(h.dtype)
    for t in range(len(d))[::-1]:
        d[t] += carry
        d[t] *= slope[t]
        carry = d[t] @ u.T
    dx, dw, du, db = weight_gradients(d, x, before(h, h0), w, (wanted[0], *wanted[2:]))
    return [dx, carry, dw, du, db]


# ------------------------------------------------------------ LSTM; gates i, f, g, o, in the kernel i, f, o, g

SIGMOIDS_FIRST = [0, 1, 3, 2]                                             # and its own inverse


def lstm(x: Array, h0: Array, c0: Array, w: Array, u: Array, b: Array | None) -> tuple[Array, tuple[Array, ...]]:
    """(all h and c side by side: (batch, time, 2 units), what `lstm_gradients` would have to compute again).

    A step is one product, z = [x, h, 1] [W; U; b], of four narrow matrices, a gate each: OpenBLAS multiplies those
    without packing them first, 1.4 x faster than one wide matrix.  The sigmoids' columns are halved beforehand, so that
    one tanh serves all gates: s(z) = (1 + tanh(z / 2)) / 2.
    """
    (batch, time, inputs), n, dtype = x.shape, h0.shape[1], np.result_type(x, w)
    weights, h = stacked(w, u, b), slice(inputs, inputs + n)
    weights[:3] *= 0.5
    rows, gates = np.empty((time + 1, batch, inputs + n + 1), dtype), np.empty((time, 4, batch, n), dtype)
    cells, scratch = np.empty((time + 1, batch, n), dtype), np.empty((batch, n), dtype)
    rows[:time, :, :inputs], rows[0, :, h], rows[..., -1], cells[0] = x.swapaxes(0, 1), h0, 1, c0
    for row, after, z, before, c in zip(rows, rows[1:], gates, cells, cells[1:]):
        np.tanh(np.matmul(row, weights, out=z), out=z)
        z[:3] *= 0.5
        z[:3] += 0.5
        i, f, o, g = z
        np.multiply(f, before, out=c)
        c += np.multiply(i, g, out=scratch)
        np.multiply(o, np.tanh(c, out=scratch), out=after[:, h])
    return np.concatenate([rows[1:, :, h], cells[1:]], -1).swapaxes(0, 1), (rows[:time], gates, cells)


def lstm_gradients(above: Array, wanted: list[bool], x: Array, h0: Array, c0: Array, w: Array, u: Array,
                   b: Array | None, kept: tuple[Array, ...] | None) -> list[Array | None]:
    """Step by step from the end; the gradients of all weights are one product with the rows [x, h, 1] afterwards."""
    rows, gates, cells = kept or lstm(x, h0, c0, w, u, b)[1]
    (batch, time, inputs), n, above = x.shape, h0.shape[1], above.swapaxes(0, 1)
    d, dx = np.empty((4, time, batch, n), gates.dtype), np.empty((time, batch, inputs if wanted[0] else 0), gates.dtype)
    back = stacked(w, u, b)[:, inputs - dx.shape[2]:-1].swapaxes(1, 2).copy()               # (gate, units, x and h)
    slope, each = np.empty_like(d[:, 0]), np.empty((4, batch, back.shape[2]), gates.dtype)
    dh, dc, bent = (np.zeros((batch, n), gates.dtype) for _ in range(3))
    for t in range(time)[::-1]:
        (i, f, o, g), (di, df, do, dg) = gates[t], d[:, t]
        dh += above[t, :, :n]
        dc += above[t, :, n:]
        np.multiply(dh, np.tanh(cells[t + 1], out=bent), out=do)
        dh *= o
        dc += dh
        dh *= np.multiply(bent, bent, out=bent)
        dc -= dh
        np.multiply(dc, g, out=di)
        np.multiply(dc, cells[t], out=df)
        np.multiply(dc, i, out=dg)
        dc *= f
        d[:, t] *= gate_slopes(gates[t], slope)
        np.add.reduce(np.matmul(d[:, t], back, out=each), axis=0, out=each[0])
        dx[t], dh[...] = each[0, :, :dx.shape[2]], each[0, :, -n:]
    dw, du, db = np.split(side_by_side(rows, d), [inputs, inputs + n]) if any(wanted[3:]) else [None] * 3
    return [dx.swapaxes(0, 1) if wanted[0] else None, dh, dc, dw, du, None if db is None else db[0]]


def stacked(w: Array, u: Array, b: Array | None) -> Array:
    """[W; U; b] of each gate, as a copy: (gate, inputs + units + 1, units)."""
    n = len(u)
    each = np.concatenate([w, u, np.zeros((1, 4 * n), w.dtype) if b is None else b[None]])
    return np.ascontiguousarray(each.reshape(-1, 4, n).swapaxes(0, 1)[SIGMOIDS_FIRST])


def side_by_side(rows: Array, d: Array) -> Array:
    """rows^T d of each gate, the gates side by side again: (inputs + units + 1, 4 units)."""
    each = np.matmul(rows.reshape(-1, rows.shape[-1]).T, d.reshape(4, -1, d.shape[-1]))
    return each[SIGMOIDS_FIRST].swapaxes(0, 1).reshape(rows.shape[-1], -1)


def gate_slopes(gates: Array, slope: Array) -> Array:
    """slope <- the derivative of each gate: s (1 - s) of the sigmoids, 1 - g^2 of the tanh."""
    np.multiply(gates, gates, out=slope)
    np.subtract(gates[:3], slope[:3], out=slope[:3])
    np.subtract(1, slope[3], out=slope[3])
    return slope


# ------------------------------------------------------------ GRU; gates z, r, n

def gru(x: Array, h0: Array, w: Array, u: Array, b: Array | None, b_recurrent: Array | None) -> Array:
    """All states: (batch, time, units)."""
    n, xw = h0.shape[1], project(x, w, b)
    out, h, half = np.empty((*xw.shape[:2], n), xw.dtype), h0, xw.dtype.type(0.5)
    for step, new in zip(xw, out):
        hu = h @ u
        if b_recurrent is not None: hu += b_recurrent
        gates = squash(step[:, :2 * n] + hu[:, :2 * n], half)
        a = hu[:, 2 * n:]
        a *= gates[:, n:]
        a += step[:, 2 * n:]
        np.tanh(a, out=a)
        np.subtract(h, a, out=new)
        new *= gates[:, :n]
        new += a
        h = new
    return out.swapaxes(0, 1)


def gru_gradients(g: Array, wanted: list[bool], x: Array, h0: Array, w: Array, u: Array, b: Array | None,
                  b_recurrent: Array | None, out: Array) -> list[Array | None]:
    n, h = h0.shape[1], by_time(out)
    h_before, xw = before(h, h0), project(x, w, b)
    hu = np.matmul(h_before.reshape(-1, n), u).reshape(xw.shape)
    if b_recurrent is not None: hu += b_recurrent
    gates = squash(xw[..., :2 * n] + hu[..., :2 * n], xw.dtype.type(0.5))
    z, r = gates[..., :n], gates[..., n:]
    a = np.tanh(xw[..., 2 * n:] + r * hu[..., 2 * n:])
    to_z, to_a = (h_before - a) * z * (1 - z), (1 - z) * (1 - a * a)
    to_r = to_a * hu[..., 2 * n:] * r * (1 - r)
    d, dr, dh, gt = np.empty_like(xw), np.empty_like(xw), np.zeros_like(h0), by_time(g)        # dr: what hu receives
    for t in range(len(d))[::-1]:
        dh = dh + gt[t]
        np.multiply(dh, to_z[t], out=d[t, :, :n])
        np.multiply(dh, to_r[t], out=d[t, :, n:2 * n])
        np.multiply(dh, to_a[t], out=d[t, :, 2 * n:])
        dr[t, :, :2 * n] = d[t, :, :2 * n]
        np.multiply(d[t, :, 2 * n:], r[t], out=dr[t, :, 2 * n:])
        dh = dh * z[t]
        dh += dr[t] @ u.T
    dx, dw, _, db = weight_gradients(d, x, h_before, w, (wanted[0], wanted[2], False, wanted[4]))
    du = np.matmul(h_before.reshape(-1, n).T, dr.reshape(-1, 3 * n)) if wanted[3] else None
    return [dx, dh, dw, du, db, np.add.reduce(dr, axis=(0, 1)) if wanted[5] else None]
