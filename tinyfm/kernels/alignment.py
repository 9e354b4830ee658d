r"""CTC on plain arrays: the cost of all alignments of a text with a longer sequence of frames, in log space.

The text t is written with blanks around every letter, l = (-, t1, -, t2, -, ...); an alignment walks through l, at each
frame staying, moving on by one, or skipping a blank between two different letters.  alpha[s] sums all walks that end in
s, beta[s] all that start there (Graves et al. 2006, section 4.1).
"""
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def with_blanks(targets: Array, blank: int) -> tuple[Array, Array]:
    """(l: (batch, 2 length + 1), whether each place may be reached by skipping the one before it)."""
    walk = np.full((len(targets), 2 * targets.shape[1] + 1), blank, int)
    walk[:, 1::2] = targets
    skip = np.zeros(walk.shape, bool)
    skip[:, 3::2] = targets[:, 1:] != targets[:, :-1]
    return walk, skip


def moved(a: Array, by: int) -> Array:
    """a[s - by], -inf where nothing is."""
    out = np.full_like(a, -np.inf)
    if by > 0: out[:, by:] = a[:, :-by]
    else: out[:, :by] = a[:, -by:]
    return out


def total(*a: Array) -> Array:
    """ln sum e^a, element by element; -inf where all are."""
    top = np.maximum.reduce(a)
    top = np.where(np.isneginf(top), 0, top)
    with np.errstate(divide="ignore"):
        return np.log(np.add.reduce([np.exp(v - top) for v in a])) + top


def ends(walk: Array, lengths: Array, dtype: Any) -> Array:
    """0 where an alignment may end (the last letter and the blank after it), else -inf."""
    s = np.arange(walk.shape[1])
    last = 2 * lengths[:, None]
    return np.where((s == last) | (s == last - 1), 0.0, -np.inf).astype(dtype)


def forward(emit: Array, skip: Array, frames: Array) -> Array:
    """alpha before each frame and after the last: (time + 1, batch, places).  A shorter sequence waits at its end."""
    time, start = emit.shape[1], np.full(skip.shape, -np.inf, emit.dtype)
    start[:, 0] = 0
    alpha = [start]
    for t in range(time):
        a = alpha[-1]
        step = total(a, moved(a, 1), np.where(skip, moved(a, 2), -np.inf)) + emit[:, t]
        alpha.append(np.where((t < frames)[:, None], step, a))
    return np.stack(alpha)


def emissions(log_probabilities: Array, walk: Array) -> Array:
    """The log probability of every place of l at every frame: (batch, time, places)."""
    places = np.broadcast_to(walk[:, None], (*log_probabilities.shape[:2], walk.shape[1]))
    return np.take_along_axis(log_probabilities, places, 2)


def ctc(log_probabilities: Array, targets: Array, frames: Array, lengths: Array, blank: int) -> Array:
    """-ln of the summed probability of all alignments: (batch,); inf where there is none."""
    walk, skip = with_blanks(targets, blank)
    alpha = forward(emissions(log_probabilities, walk), skip, frames)[-1]
    last = alpha + ends(walk, lengths, alpha.dtype)
    return -total(*last.T)


def ctc_gradient(g: Array, log_probabilities: Array, targets: Array, frames: Array, lengths: Array, blank: int,
                 out: Array) -> Array:
    """Minus the probability that an alignment passes through each (frame, class), given the text; 0 if none does."""
    walk, skip = with_blanks(targets, blank)
    emit = emissions(log_probabilities, walk)
    alpha, beta = forward(emit, skip, frames), ends(walk, lengths, emit.dtype)
    shift = np.where(np.isfinite(out), out, 0)[:, None]
    passed = np.zeros(emit.shape, emit.dtype)
    for t in range(emit.shape[1])[::-1]:
        here = (t < frames)[:, None]
        passed[:, t] = np.where(here, np.exp(alpha[t + 1] + beta + shift), 0)
        ahead = beta + emit[:, t]
        beta = np.where(here, total(ahead, moved(ahead, -1), moved(np.where(skip, ahead, -np.inf), -2)), beta)
    d = np.zeros(log_probabilities.shape, emit.dtype)
    batch, time = np.ogrid[:len(emit), :emit.shape[1]]
    np.add.at(d, (batch[..., None], time[..., None], walk[:, None]), passed)
    return d * -np.asarray(g)[:, None, None]
