"""Remembering across noise: RNN, LSTM and GRU read a string, then 50 steps of noise, and must then write the string.

    python benchmarks/copy_string.py [CELL]      rnn, lstm or gru; without it all three

    read   b d a c  x z y y x ... z  ? ? ? ?     4 of 6 letters, noise of 3 other signs, then 4 times "write"
    write                            b d a c

A gradient must find its way back over 50 steps to the letter that caused it.  Every cell learns with little noise
first; each time it is right in 98 of 100 letters there is more of it (Bengio et al. 2009), and as much as 50 steps at
the end.  The gates begin as if every delay up to 50 were as likely: Tallec & Ollivier 2018.  After Hochreiter &
Schmidhuber 1997, section 5.
"""
from __future__ import annotations

import sys
import time

import numpy as np

from tinyfm import ops
from tinyfm.engine import no_grad
from tinyfm.models.language import built
from tinyfm.models.recurrent import Recurrent
from tinyfm.optim import Adam

LETTERS, NOISE, LENGTH, DELAY = 6, 3, 4, 50
WRITE = LETTERS + NOISE
UNITS, BATCH, LIMIT = 64, 64, 6_000


def batch(delay: int, rng: np.random.Generator, size: int = BATCH):
    """(what is read (size, LENGTH + delay + LENGTH), the letters to be written (size, LENGTH))."""
    letters = rng.integers(0, LETTERS, (size, LENGTH))
    noise = rng.integers(LETTERS, LETTERS + NOISE, (size, delay))
    return np.concatenate([letters, noise, np.full((size, LENGTH), WRITE)], 1), letters


def open_gates(model: Recurrent, rng: np.random.Generator) -> None:
    """Biases with which a cell forgets after 1 ... DELAY steps, each as likely."""
    wait = np.log(rng.uniform(1, DELAY, UNITS))
    bias = model.layer.bias.data
    if model.cell == "lstm": bias[:UNITS], bias[UNITS:2 * UNITS] = -wait, wait           # i, f
    if model.cell == "gru": bias[:UNITS] = wait                                          # z keeps


def share_right(model: Recurrent, delay: int, rng: np.random.Generator, size: int = 500) -> float:
    """The share of letters that are written rightly."""
    ids, letters = batch(delay, rng, size)
    with no_grad(): return float(np.mean(model(ids).data[:, -LENGTH:].argmax(-1) == letters))


def learn(cell: str, seed: int = 0) -> tuple[float, int, int]:
    """(share right after 50 steps of noise, steps of training, the longest noise that it was trained with)."""
    rng = np.random.default_rng(seed)
    model = built(Recurrent(WRITE + 1, cell=cell, width=UNITS, seed=seed))
    open_gates(model, rng)
    optimizer, delay = Adam(2e-3, parameters=model.parameters(), global_clipnorm=1.0), 2
    for step in range(1, LIMIT + 1):
        ids, letters = batch(delay, rng)
        optimizer.zero_grad()
        logits = ops.getitem(model(ids), index=(slice(None), slice(-LENGTH, None)))
        ops.softmax_cross_entropy(logits, letters).backward()
        optimizer.step()
        if step % 25: continue
        right = share_right(model, delay, rng)
        if right >= 0.995 and delay == DELAY: break
        if right >= 0.98: delay = min(DELAY, delay + max(1, delay // 4))
    return share_right(model, DELAY, np.random.default_rng(seed + 1), 2_000), step, delay


if __name__ == "__main__":
    print("cell   right after 50 steps of noise   steps   trained with noise of   seconds")
    for cell in sys.argv[1:] or ("rnn", "gru", "lstm"):
        started = time.perf_counter()
        right, steps, delay = learn(cell)
        print(f"{cell:5} {right:30.1%} {steps:7} {delay:23} {time.perf_counter() - started:9.1f}", flush=True)
