"""The two plain tokenizers: a token for each character, a token for each word."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfm.errors import SettingError, spell

Array = NDArray[Any]


class Listed:
    """A fixed list of tokens; a token's id is its place in the list.

    Raises SettingError for an empty list and for a token that is listed twice.
    """

    kind = "token"

    def __init__(self, tokens: Iterable[str]) -> None:
        self.tokens = list(tokens)
        self.ids = {token: i for i, token in enumerate(self.tokens)}
        if not self.tokens: raise SettingError(f"A vocabulary needs at least one {self.kind}; the text is empty.")
        if len(self.ids) < len(self.tokens):
            twice = next(token for token in self.tokens if self.tokens.count(token) > 1)
            raise SettingError(f"The {self.kind} {twice!r} is listed twice in the vocabulary; remove one.")

    @property
    def size(self) -> int:
        """How many tokens there are."""
        return len(self.tokens)

    def parts(self, text: str) -> Iterable[str]: return text

    def joined(self, tokens: Iterable[str]) -> str: return "".join(tokens)

    def encode(self, text: str) -> Array:
        """The ids of a text.  Raises SettingError for what is not in the vocabulary."""
        try: return np.array([self.ids[part] for part in self.parts(text)], int)
        except KeyError as error:
            raise SettingError(f"The {self.kind} {spell(error.args[0])} is not among the {self.size} that this "
                               f"tokenizer knows: {spell(self.tokens)}. Leave it out, or make the tokenizer from a "
                               "text that has it.") from None

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids."""
        return self.joined(self.tokens[i] for i in ids)

    def pieces(self, ids: Iterable[int]) -> Iterator[str]:
        """The text, piece by piece, as the ids arrive."""
        return (self.decode([i]) for i in ids)


class Characters(Listed):
    """A token for each character; `Characters.of(text)` takes those of a text, sorted."""

    kind = "character"

    @classmethod
    def of(cls, text: str) -> Characters:
        """The tokenizer of all characters that occur."""
        return cls(sorted(set(text)))


class Words(Listed):
    """A token for each word; words are what stands between spaces."""

    kind = "word"

    @classmethod
    def of(cls, text: str) -> Words:
        """The tokenizer of all words that occur."""
        return cls(sorted(set(text.split())))

    def parts(self, text: str) -> Iterable[str]: return text.split()

    def joined(self, tokens: Iterable[str]) -> str: return " ".join(tokens)

    def pieces(self, ids: Iterable[int]) -> Iterator[str]: return (" " + self.tokens[i] for i in ids)
