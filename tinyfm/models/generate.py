"""Writing on: a language model says how likely every token is to come next; choose one, append it, ask again.

    for ids in stream(model, prompt, 100, temperature=0.8, rng=rng): print(tokenizer.decode(ids), end="")

A model is any callable that takes ids (batch, time) and returns logits (batch, time, vocabulary), with a `block_size`:
how many tokens it may look at.  One that has `remember` keeps the keys and values of what it has read (a KV cache), so
that a token costs one step instead of a whole prefix.

The window.  While the text fits the block all of it is read.  Past that, `window_start` drops half a block at a time:
text of n tokens is read from the smallest multiple of half a block from which the rest fits.  That depends on n only,
so with a cache and without the same tokens are read at the same positions; the cache is filled anew where the window
moves, once in half a block.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfm.engine import Tensor, no_grad
from tinyfm.errors import SettingError

Array = NDArray[Any]
Ids = Sequence[int] | Array


def window_start(length: int, block: int) -> int:
    """Where the part begins that is read of a text of `length` tokens: 0, or a multiple of half a block."""
    half = max(1, block // 2)
    return max(0, -(-(length - block) // half) * half)


def generate(model: Any, prompts: Any, count: int, **options: Any) -> Any:
    """`count` more tokens for one prompt, as an array (count,), or for each of several, (batch, count).

    Options as in `stream`; with stop=, what follows it in a row is filled up with it.
    """
    steps = list(stream(model, prompts, count, **options))
    if not steps: return np.zeros((len(prompts), 0) if several(prompts) else 0, int)
    return np.stack(steps, -1)


def stream(model: Any, prompts: Any, count: int, *, temperature: float = 1.0, top_k: int | None = None,
           top_p: float | None = None, repetition_penalty: float = 1.0, stop: int | None = None,
           rng: np.random.Generator | None = None, cache: bool = True) -> Iterator[Any]:
    """The next tokens one by one: an integer each for one prompt, an array (batch,) each for a list of prompts.

    temperature: 0 takes the likeliest (greedy); see `choose` for the others.  rng: needed where anything is drawn.
    stop: a token that ends a row.  Prompts of different length are padded on the left; a row then writes what it would
    write alone, until the longest fills the block, as all rows share its window.
    """
    rows = [np.asarray(p, int) for p in (prompts if several(prompts) else [prompts])]
    check(rows, temperature, top_k, top_p, repetition_penalty, rng)
    text, padding = padded(rows)
    read = reader(model, padding, cache)
    alive = np.ones(len(text), bool)
    for _ in range(count):
        logits = read(text)
        for row, scores, pad in zip(text, logits, padding): penalize(scores, row[pad:], repetition_penalty)
        ids = choose(logits, temperature, top_k, top_p, rng)
        if stop is not None:
            ids = np.where(alive, ids, stop)
            alive &= ids != stop
        text = np.concatenate([text, ids[:, None]], 1)
        yield ids if several(prompts) else int(ids[0])
        if not alive.any(): return


def several(prompts: Any) -> bool: return len(prompts) > 0 and np.ndim(prompts[0]) == 1


def padded(rows: Sequence[Array]) -> tuple[Array, Array]:
    """The prompts as one array with zeros in front of the shorter ones, and how many."""
    longest = max(len(row) for row in rows)
    padding = np.array([longest - len(row) for row in rows])
    return np.stack([np.concatenate([np.zeros(n, int), row]) for n, row in zip(padding, rows)]), padding


# ------------------------------------------------------------ asking the model

def reader(model: Any, padding: Array, cache: bool) -> Any:
    """A function of the text so far that returns the logits of the next token: (batch, time) -> (batch, vocabulary)."""
    if hasattr(model, "remember"): return Remembering(model, padding) if cache else Rereading(model, padding)
    if padding.any(): raise SettingError(f"{type(model).__name__} knows no padding: give it prompts of one length.")

    def read(text: Array) -> Array:
        with no_grad(): return plain(model(text[:, window_start(text.shape[1], model.block_size):]))[:, -1]
    return read


def plain(x: Any) -> Array: return np.array(x.data if type(x) is Tensor else x)


class Rereading:
    """Reads the whole window for every token: the definition."""

    def __init__(self, model: Any, padding: Array) -> None: self.model, self.padding = model, padding

    def __call__(self, text: Array) -> Array:
        start = window_start(text.shape[1], self.model.block_size)
        return self.read(text[:, start:], start, None)

    def read(self, ids: Array, start: int, memory: Any) -> Array:
        """The logits after `ids`.  start: how many columns of the text lie before the window."""
        hidden = np.maximum(self.padding - start, 0)
        with no_grad():
            x = self.model.features(ids, memory, hidden if hidden.any() else None)
            return plain(self.model.logits(x.data[:, -1]))


class Remembering(Rereading):
    """Reads only what is new since the last call, and the whole window where that has moved."""

    start, seen, memory = -1, 0, None

    def __call__(self, text: Array) -> Array:
        start = window_start(text.shape[1], self.model.block_size)
        if start != self.start: self.start, self.seen, self.memory = start, start, self.model.remember()
        ids, self.seen = text[:, self.seen:], text.shape[1]
        return self.read(ids, start, self.memory)


# ------------------------------------------------------------ choosing

def choose(logits: Array, temperature: float, top_k: int | None, top_p: float | None,
           rng: np.random.Generator | None) -> Array:
    """One token for each row of logits: (batch, vocabulary) -> (batch,).

    p = softmax(logits / temperature).  top_k: only the k likeliest (Fan et al. 2018).  top_p: only the likeliest whose
    probabilities together reach p, at least one (Holtzman et al. 2020).
    """
    if temperature == 0: return logits.argmax(-1)
    logits = logits.astype(np.float64) / temperature
    if top_k is not None and top_k < logits.shape[-1]:
        logits[logits < np.partition(logits, -top_k, -1)[:, -top_k, None]] = -np.inf
    p = np.exp(logits - logits.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    if top_p is not None:
        order = np.argsort(-p, -1, kind="stable")
        ahead = np.take_along_axis(p, order, -1).cumsum(-1) - np.take_along_axis(p, order, -1)
        np.put_along_axis(p, order, np.where(ahead < top_p, np.take_along_axis(p, order, -1), 0), -1)
    reach = p.cumsum(-1)
    u = rng.random(len(p)) * reach[:, -1]  # type: ignore[union-attr]
    return np.argmax(reach > u[:, None], -1)


def penalize(scores: Array, seen: Array, penalty: float) -> None:
    """Make what was said before less likely, in place: positive logits / penalty, others * penalty.

    Keskar et al. 2019, section 4.1.
    """
    if penalty == 1: return
    ids = np.unique(seen)
    scores[ids] = np.where(scores[ids] > 0, scores[ids] / penalty, scores[ids] * penalty)


def check(rows: Sequence[Array], temperature: float, top_k: int | None, top_p: float | None, penalty: float,
          rng: np.random.Generator | None) -> None:
    """SettingError for what can not be."""
    if not temperature >= 0: raise SettingError(f"temperature must be at least 0, received {temperature}.")
    if top_k is not None and top_k < 1: raise SettingError(f"top_k must be at least 1, received {top_k}.")
    if top_p is not None and not 0 < top_p <= 1: raise SettingError(f"top_p must lie in 0 ... 1, received {top_p}.")
    if not penalty > 0: raise SettingError(f"repetition_penalty must be positive, received {penalty}.")
    if temperature > 0 and rng is None:
        raise SettingError("Something is to be drawn: pass rng=np.random.default_rng(seed), or temperature=0.")
    if not rows or min(len(row) for row in rows) == 0:
        raise SettingError("A prompt must hold at least one token; the model has nothing to go on.")
