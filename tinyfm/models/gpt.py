"""GPT: a stack of transformer blocks that says, at every token, what the next one will be.

    ids (batch, time) -> E[id] + P[position]       (batch, time, width)    what it is, and where
                      -> block, num_layers times   (batch, time, width)    look back, then think
                      -> norm -> times E'          (batch, time, vocabulary)    logits; E is used twice

Radford et al. 2019 (pre-norm, tanh-GELU, weights begin at N(0, 0.02^2) where the width is 768, those that add to x
smaller), with Press & Wolf 2017 for E used twice.  `python -m tinyfm.models.compare_language` trains a small one
beside all other language models.
"""
from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfm import ops
from tinyfm.engine import no_grad
from tinyfm.errors import SettingError, ShapeError
from tinyfm.nn import Dropout, LayerNormalization, Model, TransformerBlock
from tinyfm.nn.init import RandomNormal
from tinyfm.nn.transformer import KeyValues

Array = NDArray[Any]


class GPT(Model):
    """logits of the next token for every prefix of ids: (batch, time) integers -> (batch, time, vocabulary).

    block_size: the longest sequence.  positions: "learned" or "rotary".  dropout: after the embedding and in every
    block, of what is added.  tie_weights: the matrix that reads tokens also writes them.
    """

    def __init__(self, vocabulary: int, block_size: int = 64, num_layers: int = 4, num_heads: int = 4, width: int = 128,
                 *, dropout: float = 0.0, positions: str = "learned", tie_weights: bool = True, epsilon: float = 1e-5,
                 **options: Any) -> None:
        super().__init__(**options)
        if positions not in ("learned", "rotary"):
            raise SettingError(f"GPT: positions must be 'learned' or 'rotary', received {positions!r}.")
        self.vocabulary, self.block_size, self.num_layers = vocabulary, block_size, num_layers
        self.num_heads, self.width, self.dropout = num_heads, width, dropout
        self.positions, self.tie_weights, self.epsilon = positions, tie_weights, epsilon
        self.deviation = 0.02 * sqrt(768 / width)          # GPT-2's at its width: a product keeps the size of x
        start, smaller = RandomNormal(0, self.deviation), RandomNormal(0, self.deviation / sqrt(2 * num_layers))
        self.drop = Dropout(dropout)
        self.blocks = [TransformerBlock(num_heads, dropout=dropout, rotary=positions == "rotary", epsilon=epsilon,
                                        kernel_initializer=start, output_initializer=smaller)
                       for _ in range(num_layers)]
        self.norm = LayerNormalization(epsilon=epsilon)

    def build(self, input_shape: Any) -> None:
        start = RandomNormal(0, self.deviation)
        self.tokens = self.weight(start, (self.vocabulary, self.width))
        if self.positions == "learned": self.places = self.weight(start, (self.block_size, self.width))
        if not self.tie_weights: self.output = self.weight(start, (self.vocabulary, self.width))

    def built_now(self) -> GPT:
        """The same model, its weights made."""
        with no_grad(): self(np.zeros((1, 1), int))
        return self

    def call(self, ids: Any) -> Any: return self.logits(self.features(ids))

    def logits(self, x: Any) -> Any:
        """(..., width) -> (..., vocabulary)."""
        return ops.linear(x, ops.matrix_transpose(self.tokens if self.tie_weights else self.output))

    def features(self, ids: Array, memory: list[KeyValues] | None = None, padding: Array | None = None) -> Any:
        """What the last norm leaves of every token: (batch, time, width).

        memory: from `remember`, holds what was read before and takes in these tokens.  padding: (batch,), how many
        tokens in front of each row's own there are, counted from the first ever read; nobody looks at them.
        """
        before = memory[0].length if memory else 0
        time = ids.shape[1]
        if before + time > self.block_size:
            raise ShapeError(f"{before + time} tokens do not fit the block of {self.block_size}; shorten the sequence, "
                             "or make the model with a larger block_size.")
        positions, mask = np.arange(before, before + time), None
        if padding is not None or (before and time > 1): mask = visible(positions, padding)
        if padding is not None: positions = np.maximum(positions - padding[:, None], 0)
        x = ops.embedding(ids, self.tokens)
        if self.positions == "learned": x = x + ops.take(self.places, positions, 0)
        x = self.drop(x)
        for i, block in enumerate(self.blocks):
            x = block(x, mask=mask, memory=memory[i] if memory else None, positions=positions)
        return self.norm(x)

    def remember(self) -> list[KeyValues]:
        """An empty memory for `features`: room for a block of keys and values, layer by layer."""
        return [KeyValues(self.block_size) for _ in self.blocks]

    def attention(self, ids: Array) -> list[Array]:
        """Who looks where, layer by layer, for pictures: (batch, heads, time, time) each."""
        weights, x = [], ops.embedding(ids, self.tokens)
        with no_grad():
            if self.positions == "learned": x = x + ops.take(self.places, np.arange(ids.shape[1]), 0)
            for block in self.blocks:
                weights.append(block.attention.weights(block.norm_1(x)).numpy())
                x = block(x)
        return weights


def visible(queries: Array, padding: Array | None) -> Array:
    """Which query sees which key: none later than itself, no padding.  (batch or 1, 1, queries, keys)."""
    keys = np.arange(queries[-1] + 1)
    seen = (keys <= queries[:, None])[None, None]
    return seen if padding is None else seen & (keys >= padding[:, None])[:, None, None]
