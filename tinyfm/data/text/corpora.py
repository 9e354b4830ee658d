"""Corpora: a text to learn from, one to be judged by, and the tokenizer that turns both into numbers."""
from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tinyfm.data import fetch
from tinyfm.data.files import StrPath, opened, read_at_most
from tinyfm.data.text.grammar import dogs_and_kings
from tinyfm.data.text.pairs import BytePairs
from tinyfm.data.text.plain import Characters
from tinyfm.errors import DataNotFoundError, FormatError, SettingError

Array = NDArray[Any]

SHAKESPEARE = fetch.DataSet(
    "tiny_shakespeare",
    files=(fetch.File("input.txt", 1_115_394, "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"),),
    mirrors=("https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/",))
NAMES = fetch.DataSet(
    "names",
    files=(fetch.File("names.txt", 228_145, "0a30b5557f192f32ab962680889aac5f6fda0f4cecf40a6d0b5694f58ea8cc4d"),),
    mirrors=("https://raw.githubusercontent.com/karpathy/makemore/master/",))
LARGEST = 1 << 28                                # bytes of a text file that is read whole
BUILT_IN = ("grammar", "pydoc", "names", "shakespeare")


class Corpus(NamedTuple):
    """ids to train on, ids to be judged by, their tokenizer, and where it is known the entropy in nats per token."""

    name: str
    tokenizer: Any
    train: Array
    validation: Array
    entropy: float | None = None


def load(name: StrPath, *, path: StrPath | None = None, tokens: int | None = None, seed: int = 0) -> Corpus:
    """A corpus by name, or a text file of your own.

    grammar: sentences of `dogs_and_kings`, 100,000 + 20,000 words; needs no file, as does pydoc: Python's own
    documentation.  names: 32,033 first names, one a line, shuffled.  shakespeare: 1.1 million characters of his plays.
    path: the folder of the file; without it TINYFM_DATA, the cache, a download.
    tokens: None for characters, or how many byte pairs to train; the grammar is one token a word.
    seed: of the sentences and of the order of the names.  The last tenth is for validation.
    """
    if name == "grammar": return from_grammar(seed)
    rng = np.random.default_rng(seed)
    if name == "pydoc": text = pydoc()
    elif name == "shakespeare": text = fetch.read(SHAKESPEARE, path)[0].decode()
    elif name == "names": text = shuffled(fetch.read(NAMES, path)[0].decode(), rng)
    elif Path(name).exists(): text = read_text(name)
    else: raise DataNotFoundError(f"{str(name)!r} is neither a file nor a corpus; there are {', '.join(BUILT_IN)}.")
    return from_text(Path(name).stem, text, tokens)


def from_text(name: str, text: str, tokens: int | None = None) -> Corpus:
    """A corpus of any text: its first nine tenths to train on, the rest to be judged by."""
    if len(text) < 1_000: raise SettingError(f"{name}: a text of {len(text)} characters is too short to learn from.")
    cut = len(text) * 9 // 10
    tokenizer = Characters.of(text) if tokens is None else BytePairs.train(text[:cut], tokens)
    return Corpus(name, tokenizer, tokenizer.encode(text[:cut]), tokenizer.encode(text[cut:]))


def from_grammar(seed: int = 0, train: int = 100_000, validation: int = 20_000) -> Corpus:
    """Sentences of the built-in language, and its exact entropy."""
    grammar, rng = dogs_and_kings(), np.random.default_rng(seed)
    return Corpus("grammar", grammar.words, grammar.sample(train, rng), grammar.sample(validation, rng),
                  grammar.entropy)


def pydoc() -> str:
    """What `help()` says about Python's statements and types: about 450,000 characters."""
    from pydoc_data.topics import topics
    return "\n\n".join(topics[name] for name in sorted(topics))


def shuffled(text: str, rng: np.random.Generator) -> str:
    """The lines in random order."""
    return "\n".join(rng.permutation(text.split("\n")).tolist())


def read_text(path: StrPath) -> str:
    """A UTF-8 file, whole.  Raises FormatError."""
    with opened(path) as stream: content = read_at_most(stream, LARGEST + 1)
    if len(content) > LARGEST: raise FormatError(f"{path} is larger than {LARGEST:,} bytes; cut a part out of it.")
    try: return content.decode()
    except UnicodeDecodeError as error:
        raise FormatError(f"{path} is no UTF-8 text: byte {error.start} is {content[error.start]:#04x}. "
                          "Convert it to UTF-8 first.") from None
