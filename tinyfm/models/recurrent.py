"""A recurrent language model: one state that takes in token after token, and must hold all that will matter.

    h_t = cell(E[w_t], h_{t-1})             (width,)
    logits after w_t = h_t U + c            (vocabulary,)

The cell is a plain RNN (Mikolov et al. 2010), an LSTM (Sundermeyer et al. 2012) or a GRU.
"""
from __future__ import annotations

from typing import Any

from tinyfm.errors import SettingError
from tinyfm.nn import GRU, LSTM, Dense, Embedding, Model, SimpleRNN

CELLS: dict[str, Any] = {"rnn": SimpleRNN, "lstm": LSTM, "gru": GRU}


class Recurrent(Model):
    """(batch, time) integers -> (batch, time, vocabulary).  cell: "rnn", "lstm" or "gru"."""

    def __init__(self, vocabulary: int, block_size: int = 64, cell: str = "lstm", width: int = 96,
                 **options: Any) -> None:
        super().__init__(**options)
        if cell not in CELLS: raise SettingError(f"Recurrent: cell must be one of {', '.join(CELLS)}; got {cell!r}.")
        self.vocabulary, self.block_size, self.cell, self.width = vocabulary, block_size, cell, width
        self.tokens = Embedding(vocabulary, width)
        self.layer, self.out = CELLS[cell](width, return_sequences=True), Dense(vocabulary)

    def call(self, ids: Any) -> Any: return self.out(self.layer(self.tokens(ids)))
