"""tinyfm train gpt, tinyfm generate: what they print and write, and what they say to mistakes."""
from __future__ import annotations

import re

import numpy as np
import pytest

from tests.data.text.test_tokenizers import written
from tinyfm import checkpoint
from tinyfm.cli import main
from tinyfm.data import text
from tinyfm.engine import no_grad
from tinyfm.errors import FormatError
from tinyfm.models import gpt2, saved
from tinyfm.models.bigram import Bigram
from tinyfm.models.gpt import GPT
from tinyfm.models.language import built
from tinyfm.models.mlp import MLP
from tinyfm.models.recurrent import Recurrent


@pytest.fixture
def ask(capsys):
    """ask("generate", ...): (exit code, stdout, stderr)."""
    return lambda *words: (main([str(word) for word in words]), *capsys.readouterr())


SMALL = ["--width", 16, "--layers", 1, "--heads", 2, "--block-size", 16]


def test_train_saves_what_generate_reads(ask, tmp_path):
    (tmp_path / "ducks.txt").write_text("the duck swims and the duck quacks. " * 60, "utf-8")
    model = tmp_path / "duck.safetensors"
    code, out, err = ask("train", "gpt", "--data", tmp_path / "ducks.txt", *SMALL, "--steps", 150, "--learning-rate",
                         0.02, "--save", model)
    assert (code, err) == (0, "")
    assert float(re.search(r"validation loss +(\d\.\d+) nats per character", out)[1]) < 1.0
    assert "perplexity" in out and "bits per character" in out and f"--model {model}" in out
    code, out, err = ask("generate", "--model", model, "the duck", "--tokens", 30, "--greedy")
    assert (code, err) == (0, "") and out.startswith("the duck") and len(out) == 8 + 30 + 1
    assert ask("generate", "--model", model, "the duck", "--tokens", 30, "--seed", 3) == \
        ask("generate", "--model", model, "the duck", "--tokens", 30, "--seed", 3)


def test_training_on_the_grammar_tells_its_entropy(ask):
    code, out, _ = ask("train", "gpt", *SMALL, "--steps", 3)
    assert code == 0 and "0.7122; no model can lose less" in out


def test_generate_reads_gpt2s_folder(ask, tmp_path):
    written(tmp_path, names=("vocab.json", "merges.txt"))
    gpt2.save(built(GPT(258, 32, 1, 2, 8, seed=1)), tmp_path / "model.safetensors")
    assert "Pass num_heads=" in ask("generate", "--model", tmp_path, "abcab")[2]
    (tmp_path / "config.json").write_text('{"n_head": 2}', "utf-8")
    for path in (tmp_path, tmp_path / "model.safetensors"):
        code, out, err = ask("generate", "--model", path, "abcab", "--tokens", 5)
        assert (code, err) == (0, "") and out.startswith("abcab")


@pytest.mark.parametrize("words, told", [
    (["--model", "nowhere.safetensors", "a"], "nowhere.safetensors: No such file"),
    (["--model", "nowhere.txt", "a"], "expected .safetensors or .npz"),
])
def test_generate_says_what_is_wrong(ask, words, told):
    code, _, err = ask("generate", *words)
    assert code == 2 and told in err and "Traceback" not in err


def test_mistakes_in_a_prompt_and_in_data(ask, tmp_path):
    saved.save(tmp_path / "m.npz", built(Bigram(2)), text.Characters("ab"))
    assert "character 'z' is not among the 2" in ask("generate", "--model", tmp_path / "m.npz", "az")[2]
    assert "at least one token" in ask("generate", "--model", tmp_path / "m.npz", "")[2]
    assert "top_p must lie in 0 ... 1" in ask("generate", "--model", tmp_path / "m.npz", "a", "--top-p", 2)[2]
    assert "neither a file nor a corpus" in ask("train", "gpt", "--data", "nowhere")[2]


# ------------------------------------------------------------ the file

TOKENIZERS = [text.Characters("abcdefg"), text.Words("the dog barks and the cat sleeps now".split()[1:]),
              text.BytePairs.train("low lower lowest", 260)]


@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=lambda t: type(t).__name__)
@pytest.mark.parametrize("kind", [Bigram, MLP, Recurrent, GPT])
def test_a_saved_model_is_the_same_model(tmp_path, kind, tokenizer):
    model, ids = built(kind(tokenizer.size, 8, seed=1)), np.array([[1, 0, 2, 3]])
    saved.save(tmp_path / "m.safetensors", model, tokenizer)
    again, words = saved.load(tmp_path / "m.safetensors")
    with no_grad(): assert np.array_equal(model(ids).data, again(ids).data)
    assert words.decode(ids[0]) == tokenizer.decode(ids[0]) and words.encode(words.decode([1])).tolist() == [1]


def test_a_broken_file_is_one_clear_error(tmp_path):
    path = tmp_path / "m.safetensors"
    saved.save(path, built(GPT(3, 8, 1, 1, 4)), text.Characters("abc"))
    arrays, told = checkpoint.load(path)
    wide = told["language_model"].replace('"width": 4', '"width": 4000')
    for broken, words in (({"language_model": "{"}, ""), ({"tokenizer": '{"class": "Spy", "tokens": []}'}, "Spy"),
                          ({"language_model": wide}, "would have more weights than the file holds")):
        checkpoint.save(path, arrays, told | broken)
        with pytest.raises(FormatError, match=f"describe its language model rightly.*{words}"): saved.load(path)
    checkpoint.save(path, {k: v for k, v in arrays.items() if k != "norm.beta"}, told)
    with pytest.raises(FormatError, match=r"missing: norm.beta \(4,\)|hold"): saved.load(path)
    checkpoint.save(path, arrays)
    with pytest.raises(FormatError, match="holds no language model"): saved.load(path)
