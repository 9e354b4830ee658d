"""Tokenizers lose nothing, and files that are damaged are one clear error."""
from __future__ import annotations

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyfm.data import text
from tinyfm.data.text import BytePairs, Characters, Words, load_gpt2
from tinyfm.data.text.pairs import byte_of
from tinyfm.errors import DataNotFoundError, FormatError, SettingError

TRAINED = BytePairs.train("low lower lowest newest widest low low new wide " * 3, 300)


@given(st.text())
def test_byte_pairs_lose_nothing(string):
    ids = TRAINED.encode(string)
    assert TRAINED.decode(ids) == string == "".join(TRAINED.pieces(ids))


def test_training_merges_the_commonest_pair_first():
    made = BytePairs.train("aaab aaab ab", 259)
    assert made.tokens[256:] == [b"aa", b"ab", b"aaab"]     # a-a occurs 4 times, a-b 3 times
    assert [made.tokens[i] for i in made.encode("aaab ab")] == [b"aaab", b" ", b"ab"]


def slow_training(string: str, size: int) -> list[bytes]:
    """Training as it is defined: count everything anew after each merge."""
    from collections import Counter
    from itertools import pairwise

    from tinyfm.data.text.pairs import merged
    from tinyfm.data.text.splitting import pattern
    words, tokens = [list(w.encode()) for w in pattern().findall(string)], [bytes([b]) for b in range(256)]
    while len(tokens) < size and (counts := Counter(pair for w in words for pair in pairwise(w))):
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        tokens.append(tokens[best[0]] + tokens[best[1]])
        words = [merged(w, best, len(tokens) - 1) for w in words]
    return tokens


@given(st.text(alphabet="ab cé", max_size=40))
def test_training_is_that_of_its_definition(string):
    assert BytePairs.train(string, 290).tokens == slow_training(string, 290)


def test_training_ends_where_no_pair_is_left():
    assert BytePairs.train("ab", 1_000).size == 257
    with pytest.raises(SettingError, match="at least 256"): BytePairs.train("ab", 255)


@given(st.text(alphabet="abc \n", min_size=1))
def test_plain_tokenizers_lose_nothing(string):
    characters = Characters.of(string)
    assert characters.decode(characters.encode(string)) == string
    assert "".join(characters.pieces(characters.encode(string))) == string
    if string.split(): assert Words.of(string).decode(Words.of(string).encode(string)) == " ".join(string.split())


def test_plain_tokenizers_say_what_they_do_not_know():
    with pytest.raises(SettingError, match="character 'z' is not among the 2"): Characters("ab").encode("az")
    with pytest.raises(SettingError, match="word 'dog' is not among the 2"): Words(["a", "b"]).encode("a dog")
    with pytest.raises(SettingError, match="'a' is listed twice"): Characters("aba")
    with pytest.raises(SettingError, match="empty"): Characters.of("")


# ------------------------------------------------------------ files

SIGN = {b: c for c, b in byte_of().items()}
VOCABULARY = {SIGN[b]: b for b in range(256)} | {"ab": 256, "abc": 257}
MERGES = "#version: 0.2\na b\nab c\n"


def written(folder, vocabulary=VOCABULARY, merges=MERGES, names=("encoder.json", "vocab.bpe")):
    content = vocabulary if isinstance(vocabulary, str) else json.dumps(vocabulary)
    (folder / names[0]).write_text(content, "utf-8")
    (folder / names[1]).write_text(merges, "utf-8")
    return folder


@pytest.mark.parametrize("names", [("encoder.json", "vocab.bpe"), ("vocab.json", "merges.txt")])
@pytest.mark.parametrize("merges", [MERGES, MERGES.removeprefix("#version: 0.2\n")])
def test_both_pairs_of_names_are_read_with_or_without_the_first_line(tmp_path, names, merges):
    loaded = load_gpt2(written(tmp_path, merges=merges, names=names))
    assert loaded.encode("abcab c").tolist() == [257, 256, 32, 99]


def test_byte_signs_are_those_of_gpt2():
    assert (SIGN[32], SIGN[10], SIGN[ord("A")], SIGN[0xE9]) == ("Ġ", "Ċ", "A", "é") and len(byte_of()) == 256


@pytest.mark.parametrize("vocabulary, merges, words", [
    (json.dumps(VOCABULARY)[:-40], MERGES, r"encoder.json: it is no JSON, or only a part"),
    (json.dumps(VOCABULARY)[:-1] + ', "ab": 258}', MERGES, "encoder.json: the token 'ab' stands in it twice"),
    (VOCABULARY | {"ab": 257}, MERGES, "one each; see id 256"),
    (VOCABULARY | {"x y": 258}, MERGES, "'x y' holds a character that stands for no byte"),
    ({t: i for i, t in enumerate(t for t in VOCABULARY if t != "A")}, MERGES, "no token for 1 of the 256 bytes"),
    ("[1, 2]", MERGES, "should map tokens to integers"),
    ({"a": "b"}, MERGES, "should map tokens to integers"),
    (VOCABULARY, MERGES + "a b c\n", "vocab.bpe, line 4: expected two tokens"),
    (VOCABULARY, MERGES + "abc d\n", "vocab.bpe, line 4: b'abcd' is not in the vocabulary"),
    (VOCABULARY, MERGES + "a b\n", "vocab.bpe, line 4: 'a b' stands there a second time"),
])
def test_a_damaged_vocabulary_is_one_clear_error(tmp_path, vocabulary, merges, words):
    with pytest.raises(FormatError, match=words): load_gpt2(written(tmp_path, vocabulary, merges))


def test_a_missing_vocabulary_says_which_file(tmp_path, monkeypatch):
    with pytest.raises(DataNotFoundError, match=r"holds no encoder.json or vocab.json"): load_gpt2(tmp_path)
    monkeypatch.setenv("TINYFM_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("tinyfm.data.fetch._receive", lambda *_: (_ for _ in ()).throw(OSError("offline")))
    for name, file in (("shakespeare", "input.txt"), ("names", "names.txt")):
        with pytest.raises(DataNotFoundError, match=f"put {file} from"): text.load(name)
    with pytest.raises(DataNotFoundError, match=r"encoder.json, vocab.bpe"): load_gpt2()


def test_corpora_that_need_no_download():
    grammar, pydoc = text.load("grammar"), text.load("pydoc")
    assert (len(grammar.train), len(grammar.validation)) == (100_000, 20_000) and 0.6 < grammar.entropy < 0.8
    assert pydoc.entropy is None and len(pydoc.train) > 300_000
    again = text.load("grammar")
    assert (grammar.train == again.train).all() and not (text.load("grammar", seed=1).train == again.train).all()


@pytest.mark.skipif(not os.environ.get("TINYFM_DATA"), reason="TINYFM_DATA is not set: no names to read")
def test_names_are_shuffled_so_that_the_last_are_like_the_first():
    names = text.load("names")
    first, last = (names.tokenizer.decode(ids).split("\n") for ids in (names.train, names.validation))
    assert first[:3] != ["emma", "olivia", "ava"] and len(first) + len(last) == 32_034
    assert text.load("names", seed=1).train[:99].tolist() != names.train[:99].tolist()


def test_a_text_file_of_your_own(tmp_path):
    (tmp_path / "mine.txt").write_text("to be or not to be, " * 100, "utf-8")
    plain, pairs = text.load(tmp_path / "mine.txt"), text.load(tmp_path / "mine.txt", tokens=270)
    assert plain.name == "mine" and plain.tokenizer.decode(plain.train[:9]) == "to be or "
    assert len(pairs.train) < len(plain.train) and pairs.tokenizer.size <= 270
    (tmp_path / "bad.txt").write_bytes(b"ab\xff" * 1000)
    (tmp_path / "short.txt").write_bytes(b"ab")
    with pytest.raises(FormatError, match=r"bad.txt is no UTF-8 text: byte 2 is 0xff"): text.load(tmp_path / "bad.txt")
    with pytest.raises(SettingError, match="short: a text of 2 characters"): text.load(tmp_path / "short.txt")
    with pytest.raises(DataNotFoundError, match="there are grammar, pydoc, names, shakespeare"): text.load("nowhere")
