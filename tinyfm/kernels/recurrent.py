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


# ------------------------------------------------------------ LSTM; gates i, f, g, o

def gate_halves(units: int, dtype: Any) -> Array:
    """1/2 for the three sigmoid gates of an LSTM, 1 for its tanh gate."""
    return np.repeat(np.asarray([0.5, 0.5, 1.0, 0.5], dtype), units)


def lstm(x: Array, h0: Array, c0: Array, w: Array, u: Array, b: Array | None) -> Array:
    """All states h and c side by side: (batch, time, 2 units)."""
    n, gates = h0.shape[1], project(x, w, b)
    halves, scratch = gate_halves(n, gates.dtype), np.empty_like(h0, gates.dtype)
    out, h, c = np.empty((*gates.shape[:2], 2 * n), gates.dtype), h0, c0
    for z, both in zip(gates, out):
        z += h @ u
        squash(z, halves)
        c = np.multiply(z[:, n:2 * n], c, out=both[:, n:])
        c += np.multiply(z[:, :n], z[:, 2 * n:3 * n], out=scratch)
        h = np.multiply(z[:, 3 * n:], np.tanh(c, out=scratch), out=both[:, :n])
    return out.swapaxes(0, 1)


def lstm_gradients(g: Array, wanted: list[bool], x: Array, h0: Array, c0: Array, w: Array, u: Array, b: Array | None,
                   out: Array) -> list[Array | None]:
    """Step by step from the end: the gates once more, then their gradients in the same memory."""
    n, d, back, above = h0.shape[1], project(x, w, b), np.ascontiguousarray(u.T), g.swapaxes(0, 1)
    states = out.swapaxes(0, 1)
    halves, slope = gate_halves(n, d.dtype), np.empty_like(d[0]) if len(d) else d
    dh, dc, bent, scratch = (np.zeros_like(h0, d.dtype) for _ in range(4))
    for t in range(len(d))[::-1]:
        z, h, c = d[t], states[t - 1, :, :n] if t else h0, states[t - 1, :, n:] if t else c0
        z += h @ u
        gate_slopes(z, halves, slope)
        i, f, a, o = z[:, :n], z[:, n:2 * n], z[:, 2 * n:3 * n], z[:, 3 * n:]
        np.tanh(states[t, :, n:], out=bent)
        dh += above[t, :, :n]
        dc += above[t, :, n:]
        dc += through_tanh(np.multiply(dh, o, out=scratch), bent)
        np.multiply(dh, bent, out=o)
        np.multiply(dc, f, out=scratch)                                   # what c_{t-1} receives
        np.multiply(dc, c, out=f)
        kept = dc * a
        np.multiply(dc, i, out=a)
        i[...] = kept
        z *= slope
        np.matmul(z, back, out=dh)
        dc, scratch = scratch, dc
    h_before = np.concatenate([h0[None], states[:-1, :, :n]]) if len(d) else d[..., :n]
    dx, dw, du, db = weight_gradients(d, x, h_before, w, (wanted[0], *wanted[3:]))
    return [dx, dh, dc, dw, du, db]


def gate_slopes(z: Array, halves: Array, slope: Array) -> None:
    """z <- the gates of z, slope <- their derivatives: with t = tanh(halves z), halves^2 (1 - t^2)."""
    z *= halves
    np.tanh(z, out=z)
    np.multiply(z, z, out=slope)
    np.subtract(1, slope, out=slope)
    slope *= halves * halves
    z *= halves
    z += 1 - halves


def through_tanh(d: Array, y: Array) -> Array:
    """d (1 - y^2), in the memory of d; y is not kept."""
    d -= d * y * y
    return d


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
