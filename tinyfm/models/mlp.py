"""The first neural language model that was better than counting: the last few tokens as vectors, and one hidden layer.

    x = E[w_1], ..., E[w_n] side by side    (n width,)      similar words get similar vectors
    h = tanh(x W + b)                       (hidden,)
    logits = h U + c                        (vocabulary,)

Bengio, Ducharme, Vincent & Jauvin 2003.
"""
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tinyfm import ops
from tinyfm.nn import Dense, Embedding, Model


class MLP(Model):
    """(batch, time) integers -> (batch, time, vocabulary).  context: n, how many tokens it sees."""

    def __init__(self, vocabulary: int, block_size: int = 64, context: int = 4, width: int = 24, hidden: int = 128,
                 **options: Any) -> None:
        super().__init__(**options)
        self.vocabulary, self.block_size, self.context, self.width = vocabulary, block_size, context, width
        self.hidden = hidden
        self.tokens = Embedding(vocabulary + 1, width)     # one more, for what stands before the beginning
        self.layer, self.out = Dense(hidden, activation="tanh"), Dense(vocabulary)

    def call(self, ids: Any) -> Any:
        before = np.full((len(ids), self.context - 1), self.vocabulary)
        seen = sliding_window_view(np.concatenate([before, ids], 1), self.context, axis=1)     # (batch, time, n)
        x = ops.reshape(self.tokens(seen), shape=(*ids.shape, self.context * self.width))
        return self.out(self.layer(x))
