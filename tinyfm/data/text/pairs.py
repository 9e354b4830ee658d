"""Byte pairs: a token is a string of bytes, and the commonest pair of neighbours becomes a token of its own.

    BytePairs.train("low lower lowest", 260).encode("lower")

It begins with the 256 bytes: no text is unknown.  Gage 1994; Sennrich et al. 2016; on bytes Radford et al. 2019.
"""
from __future__ import annotations

import codecs
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfm.data import fetch
from tinyfm.data.files import StrPath, blaming, opened, read_at_most
from tinyfm.data.text.splitting import pattern
from tinyfm.errors import DataNotFoundError, FormatError, SettingError

Array = NDArray[Any]
Pair = tuple[int, int]

GPT2 = fetch.DataSet(
    "gpt2_bpe",
    files=(fetch.File("encoder.json", 1_042_301, "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783"),
           fetch.File("vocab.bpe", 456_318, "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5")),
    mirrors=("https://openaipublic.blob.core.windows.net/gpt-2/encodings/main/",))
LIMIT = 1 << 26                                  # bytes of a vocabulary file; GPT-2's largest has one million
VOCABULARIES, MERGES = ("encoder.json", "vocab.json"), ("vocab.bpe", "merges.txt")


class BytePairs:
    """tokens: the bytes of each id.  merges: {(left, right): id of the two together}, in the order they are done."""

    def __init__(self, tokens: Sequence[bytes], merges: Mapping[Pair, int]) -> None:
        self.tokens, self.merges = list(tokens), dict(merges)
        self.rank = {pair: i for i, pair in enumerate(self.merges)}
        self.bytes = {token[0]: i for i, token in reversed(list(enumerate(self.tokens))) if len(token) == 1}
        self.known: dict[str, list[int]] = {}    # words met before

    @property
    def size(self) -> int:
        """How many tokens there are."""
        return len(self.tokens)

    @classmethod
    def train(cls, text: str, size: int) -> BytePairs:
        """Merge the commonest pair of neighbours within a word until there are `size` tokens, or no pair is left.

        Of equally common pairs that with the smaller ids is merged first.
        """
        if size < 256: raise SettingError(f"BytePairs: size must be at least 256, one token a byte; received {size}.")
        found = Counter(pattern().findall(text))
        words, counts = [list(word.encode()) for word in found], list(found.values())
        pairs, homes = Counter[Pair](), dict[Pair, set[int]]()
        for i, word in enumerate(words): note(word, counts[i], i, pairs, homes)
        tokens, merges = [bytes([b]) for b in range(256)], dict[Pair, int]()
        while len(tokens) < size and pairs:
            best = min(pairs, key=lambda pair: (-pairs[pair], pair))
            merges[best] = len(tokens)
            tokens.append(tokens[best[0]] + tokens[best[1]])
            for i in homes.pop(best):
                note(words[i], -counts[i], i, pairs, homes)
                words[i] = merged(words[i], best, merges[best])
                note(words[i], counts[i], i, pairs, homes)
        return cls(tokens, merges)

    def encode(self, text: str) -> Array:
        """The ids of a text; the text of a special token such as <|endoftext|> means nothing special."""
        return np.array([i for word in pattern().findall(text) for i in self.word(word)], int)

    def word(self, word: str) -> list[int]:
        if word not in self.known: self.known[word] = self.merge([self.bytes[b] for b in word.encode()])
        return self.known[word]

    def merge(self, ids: list[int]) -> list[int]:
        """Merge the earliest pair of the list that is there, everywhere, until none is."""
        while len(ids) > 1:
            best = min(pairwise(ids), key=lambda pair: self.rank.get(pair, len(self.rank)))
            if best not in self.rank: break
            ids = merged(ids, best, self.merges[best])
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids; bytes that are no UTF-8 become U+FFFD."""
        return b"".join(self.tokens[i] for i in ids).decode(errors="replace")

    def pieces(self, ids: Iterable[int]) -> Iterator[str]:
        """The text, piece by piece, as the ids arrive; a character of several tokens waits for the last."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        yield from (decoder.decode(self.tokens[i]) for i in ids)
        yield decoder.decode(b"", final=True)


def merged(ids: list[int], pair: Pair, new: int) -> list[int]:
    """Every occurrence of the pair as one id, from the left."""
    out, i = [], 0
    while i < len(ids):
        together = i + 1 < len(ids) and ids[i] == pair[0] and ids[i + 1] == pair[1]
        out.append(new if together else ids[i])
        i += 2 if together else 1
    return out


def note(word: list[int], count: int, i: int, pairs: Counter[Pair], homes: dict[Pair, set[int]]) -> None:
    """Add `count` for every pair of neighbours in word number i."""
    for pair in pairwise(word):
        pairs[pair] += count
        homes.setdefault(pair, set()).add(i)
        if not pairs[pair]: del pairs[pair]


# ------------------------------------------------------------ GPT-2's files

def load_gpt2(path: StrPath | None = None) -> BytePairs:
    """GPT-2's tokenizer, or another in the same two files: encoder.json and vocab.bpe (or vocab.json and merges.txt).

    path: the folder of the two; without it TINYFM_DATA, the cache, a download (1.5 MB), with their checksums.
    Raises DataNotFoundError, and FormatError for files that are damaged or do not belong together.
    """
    if path is None:
        vocabulary, merges = fetch.read(GPT2)
        return parse(vocabulary, "encoder.json", merges, "vocab.bpe")
    (first, vocabulary), (second, merges) = (found(Path(path), names) for names in (VOCABULARIES, MERGES))
    return parse(vocabulary, first, merges, second)


def found(folder: Path, names: Sequence[str]) -> tuple[str, bytearray]:
    """The first of the files that is there: its path and content."""
    here = next((folder / name for name in names if (folder / name).exists()), None)
    if here is None:
        raise DataNotFoundError(f"{folder} holds no {' or '.join(names)}: a tokenizer needs {VOCABULARIES[0]} and "
                                f"{MERGES[0]}, or {VOCABULARIES[1]} and {MERGES[1]}.")
    with opened(here) as stream: return str(here), read_at_most(stream, LIMIT)


def parse(vocabulary: bytes | bytearray, first: str, merges: bytes | bytearray, second: str) -> BytePairs:
    """The tokenizer of the contents of the two files; errors name the file."""
    with blaming(first): tokens = parse_vocabulary(vocabulary, first)
    return BytePairs(tokens, parse_merges(merges, second, {token: i for i, token in enumerate(tokens)}))


def byte_of() -> dict[str, int]:
    """The character that stands for each byte: itself where it can be seen, else one from U+0100 on, in order."""
    seen = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [b for b in range(256) if b not in seen]
    return {chr(b): b for b in seen} | {chr(256 + i): b for i, b in enumerate(hidden)}


def parse_vocabulary(content: bytes | bytearray, name: str) -> list[bytes]:
    """The bytes of every id, from JSON {token: id}; the ids are 0, 1, 2, ... in any order."""
    def wrong(what: str) -> FormatError: return FormatError(f"{name}: {what}. Get a fresh copy of the file.")
    try: pairs = json.loads(content, object_pairs_hook=list)
    except ValueError as error: raise wrong(f"it is no JSON, or only a part of it ({error})") from None
    if not isinstance(pairs, list) or not all(isinstance(p, tuple) and type(p[1]) is int for p in pairs):
        raise wrong("it should map tokens to integers")
    if repeated := [token for token, n in Counter(token for token, _ in pairs).items() if n > 1]:
        raise wrong(f"the token {repeated[0]!r} stands in it twice")
    if odd := sorted({i for _, i in pairs} ^ set(range(len(pairs)))):
        raise wrong(f"its {len(pairs):,} tokens should have the ids 0 to {len(pairs) - 1:,}, one each; see id {odd[0]}")
    alphabet, tokens = byte_of(), [b""] * len(pairs)
    for token, i in pairs:
        if not token or not set(token) <= alphabet.keys():
            raise wrong(f"the token {token!r} holds a character that stands for no byte")
        tokens[i] = bytes(alphabet[c] for c in token)
    if missing := {bytes([b]) for b in range(256)} - set(tokens):
        raise wrong(f"there is no token for {len(missing)} of the 256 bytes, such as {min(missing)!r}")
    return tokens


def parse_merges(content: bytes | bytearray, name: str, ids: Mapping[bytes, int]) -> dict[Pair, int]:
    """{(left, right): id of both together}, from lines of two tokens; a first line #version is passed over."""
    alphabet, merges = byte_of(), dict[Pair, int]()
    def wrong(line: int, what: str) -> FormatError:
        return FormatError(f"{name}, line {line}: {what}. It does not belong to this vocabulary, or is damaged.")
    lines = content.decode(errors="replace").split("\n")
    for number, line in enumerate(lines, 1):
        if not line.strip() or (number == 1 and line.startswith("#version")): continue
        parts = line.split()
        if len(parts) != 2 or not set("".join(parts)) <= alphabet.keys():
            raise wrong(number, f"expected two tokens, received {line[:60]!r}")
        left, right = (bytes(alphabet[c] for c in part) for part in parts)
        if missing := [token for token in (left, right, left + right) if token not in ids]:
            raise wrong(number, f"{missing[0]!r} is not in the vocabulary")
        if (ids[left], ids[right]) in merges: raise wrong(number, f"{line!r} stands there a second time")
        merges[ids[left], ids[right]] = ids[left + right]
    return merges
