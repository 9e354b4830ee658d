"""The neural bigram: a table of logits, one row for each token, learnt instead of counted.

    logits after w = T[w],    T: (vocabulary, vocabulary)

Its optimum is the table of log frequencies, models.counts at order 2: gradient descent finds what counting knows.
"""
from __future__ import annotations

from typing import Any

from tinyfm import ops
from tinyfm.nn import Model


class Bigram(Model):
    """(batch, time) integers -> (batch, time, vocabulary)."""

    def __init__(self, vocabulary: int, block_size: int = 64, **options: Any) -> None:
        super().__init__(**options)
        self.vocabulary, self.block_size = vocabulary, block_size

    def build(self, input_shape: Any) -> None:
        self.table = self.weight("zeros", (self.vocabulary, self.vocabulary))

    def call(self, ids: Any) -> Any: return ops.embedding(ids, self.table)
