"""The n-gram: count what came after the last words, and smooth what was never seen.

    p(w | h) = (c(h w) + a V p(w | h')) / (c(h) + a V),    h' = h without its first word,  p(w) before all = 1 / V

Shannon 1948; this way of falling back on the shorter history is MacKay & Peto 1995.
"""
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from tinyfm.errors import SettingError

Array = NDArray[Any]


class Counts:
    """log p of the next id given the order - 1 before it.  alpha: how much the shorter history weighs."""

    block_size = 64

    def __init__(self, vocabulary: int, order: int = 3, alpha: float = 0.05) -> None:
        if order < 1: raise SettingError(f"Counts: order must be at least 1, received {order}.")
        if not alpha > 0: raise SettingError(f"Counts: alpha must be positive, received {alpha}.")
        if vocabulary ** order >= 2 ** 63:
            raise SettingError(f"Counts: {vocabulary:,} tokens to the power of {order} do not fit 64 bits.")
        self.vocabulary, self.order, self.alpha = vocabulary, order, alpha

    def fit(self, ids: Array) -> Counts:
        """Count every sequence of 1, 2, ... order ids."""
        self.found = [np.unique(self.codes(sliding_window_view(ids, n)), return_counts=True)
                      for n in range(1, self.order + 1)]
        return self

    def codes(self, histories: Array) -> Array:
        """(..., n) ids as one integer each, so that sequences that begin alike are neighbours."""
        return histories @ self.vocabulary ** np.arange(histories.shape[-1])[::-1]

    def __call__(self, ids: Array) -> Array:
        """(batch, time) -> (batch, time, vocabulary); at the beginning fewer ids are known."""
        p = np.full((*ids.shape, self.vocabulary), 1 / self.vocabulary)
        for n, (codes, counts) in enumerate(self.found):     # n ids of history
            if n > ids.shape[1]: break
            p[:, max(n - 1, 0):] = self.mixed(ids, n, codes, counts, p[:, max(n - 1, 0):])
        return np.log(p)

    def mixed(self, ids: Array, n: int, codes: Array, counts: Array, p: Array) -> Array:
        """The counts after n ids of history, filled up with what the shorter history says."""
        history = self.codes(sliding_window_view(ids, n, axis=1)) if n else np.zeros(ids.shape, int)
        distinct, place = np.unique(history, return_inverse=True)
        seen = np.zeros((len(distinct), self.vocabulary))
        for row, h in enumerate(distinct):
            here = slice(*np.searchsorted(codes, [h * self.vocabulary, (h + 1) * self.vocabulary]))
            seen[row, codes[here] - h * self.vocabulary] = counts[here]
        seen, weight = seen[place.reshape(history.shape)], self.alpha * self.vocabulary
        return (seen + weight * p) / (seen.sum(-1, keepdims=True) + weight)
