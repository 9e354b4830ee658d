"""Language models: none sees the future, none beats the entropy, and training works."""
from __future__ import annotations

from math import log

import numpy as np
import pytest

from tinyfm.data import text
from tinyfm.engine import no_grad
from tinyfm.errors import SettingError
from tinyfm.models.bigram import Bigram
from tinyfm.models.compare_language import ENTRIES, recipe
from tinyfm.models.counts import Counts
from tinyfm.models.generate import generate
from tinyfm.models.gpt import GPT
from tinyfm.models.language import (
    Settings,
    bits,
    built,
    evaluate,
    global_norm,
    learn,
    optimizers_of,
    perplexity,
    train,
    windows,
)
from tinyfm.models.mlp import MLP
from tinyfm.models.recurrent import Recurrent

V = 7
MODELS = {
    "counts": lambda: Counts(V, 3).fit(np.random.default_rng(0).integers(0, V, 500)),
    "bigram": lambda: Bigram(V, 12, seed=1),
    "mlp": lambda: MLP(V, 12, 3, 4, 5, seed=1),
    **{cell: lambda cell=cell: Recurrent(V, 12, cell, 6, seed=1) for cell in ("rnn", "lstm", "gru")},
    "gpt": lambda: GPT(V, 12, 1, 2, 8, seed=1),
}
each_model = pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)


@pytest.fixture(scope="module")
def corpus(): return text.corpora.from_grammar(seed=3, train=20_000, validation=5_000)


def logits(model, ids):
    with no_grad(): found = model(ids)
    return np.asarray(found.data if hasattr(found, "data") and not isinstance(found, np.ndarray) else found)


@each_model
def test_no_model_sees_a_later_token(make):
    model, ids = make(), np.random.default_rng(2).integers(0, V, (2, 12))
    built(model)
    if hasattr(model, "table"): model.table.data += np.random.default_rng(0).standard_normal((V, V))
    other = ids.copy()
    other[:, 6] = (other[:, 6] + 1) % V
    changed = np.abs(logits(model, ids) - logits(model, other)).max((0, 2))
    assert logits(model, ids).shape == (2, 12, V) and (changed[:6] == 0).all() and changed[6] > 1e-6


def test_what_stands_before_the_beginning_is_no_token():
    model = built(MODELS["mlp"]())
    first, second = logits(model, np.array([[3]]))[0, 0], logits(model, np.array([[0, 0, 3]]))[0, 2]
    assert np.abs(first - second).max() > 1e-6


@each_model
def test_every_model_writes_past_its_window(make):
    model = built(make())
    model.block_size = 12
    ids = generate(model, [1], 30, rng=np.random.default_rng(0))
    assert ids.shape == (30,) and 0 <= ids.min() <= ids.max() < V


@pytest.mark.parametrize("make", list(MODELS.values())[1:], ids=list(MODELS)[1:])
def test_every_model_learns_a_cycle(make):
    cycle = text.Corpus("cycle", text.Characters("0123456"), np.arange(2_000) % V, np.arange(500) % V)
    settings = Settings(steps=120, learning_rate=0.05, warmup=5, every=1_000, weight_decay=0.0)
    assert train(make(), cycle, settings, context=6, verbose=0)["val_loss"][-1] < 0.1


# ------------------------------------------------------------ against the exact entropy

def test_counts_come_within_their_own_optimum():
    corpus, grammar = text.load("grammar"), text.dogs_and_kings()
    for order in (1, 2, 3):
        found = evaluate(Counts(corpus.tokenizer.size, order).fit(corpus.train), corpus.validation, context=32)
        assert found == pytest.approx(grammar.optimum(order), rel=0.005)


def test_probabilities_of_counts_sum_to_one_and_follow_the_formula():
    ids = np.array([0, 1, 0, 1, 0, 2])
    model = Counts(3, 2, alpha=0.5).fit(ids)
    p = np.exp(logits(model, np.array([[0, 1]])))[0]
    unigram = (np.array([3, 2, 1]) + 1.5 / 3) / 7.5
    np.testing.assert_allclose(p[0], (np.array([0, 2, 1]) + 1.5 * unigram) / 4.5)
    np.testing.assert_allclose(p[1], (np.array([2, 0, 0]) + 1.5 * unigram) / 3.5)
    with pytest.raises(SettingError, match="64 bits"): Counts(50_257, 5)


@pytest.mark.slow
def test_gpt_comes_within_two_percent_of_the_entropy():
    corpus, entry = text.load("grammar"), ENTRIES[-1]
    history = train(entry.make(corpus.tokenizer.size), corpus, recipe(entry.steps, entry.learning_rate), context=32,
                    verbose=0)
    assert 0.99 * corpus.entropy < history["val_loss"][-1] < 1.02 * corpus.entropy


# ------------------------------------------------------------ evaluation and training

def test_evaluation_reads_every_token_that_counts_once():
    ids, seen = np.arange(200), []

    class Spy:
        block_size = 16
        def __call__(self, x):
            seen.append(x)
            return np.eye(500)[np.full(x.shape, 499)] * (np.arange(x.shape[1]) < 12)[:, None] * 100   # sure, and wrong
    assert evaluate(Spy(), ids, context=12) == pytest.approx(log(500))
    counted = np.concatenate([x[:, 12:].ravel() for x in seen])
    assert np.array_equal(counted, np.arange(12, 12 + len(counted))) and len(counted) > 180
    assert perplexity(log(500)) == pytest.approx(500) and bits(log(2)) == pytest.approx(1)
    with pytest.raises(SettingError, match=r"context must lie in 0 ... 15"): evaluate(Spy(), ids, context=16)
    with pytest.raises(SettingError, match="shorter than one window"): evaluate(Spy(), ids[:9])


def test_training_goes_down_prints_and_repeats(corpus, capsys):
    settings = Settings(steps=60, every=30, learning_rate=0.01, warmup=5)
    runs = [train(GPT(corpus.tokenizer.size, 16, 1, 2, 16, seed=2), corpus, settings, sample=5) for _ in "ab"]
    assert runs[0] == runs[1] and runs[0]["step"] == [30, 60]
    assert runs[0]["val_loss"][1] < runs[0]["val_loss"][0] < log(corpus.tokenizer.size)
    out = capsys.readouterr().out
    assert "step 60/60" in out and "perplexity" in out and "bits" in out


def test_accumulated_batches_make_the_step_of_one_large_batch(corpus):
    gradients = []
    for settings in (Settings(batch_size=4, accumulate=3, clip=1e9), Settings(batch_size=12, clip=1e9)):
        parameters = (model := built(GPT(corpus.tokenizer.size, 16, 1, 2, 16, seed=2, dtype="float64"))).parameters()
        learn(model, corpus.train, parameters, [], settings, np.random.default_rng(0))
        gradients.append([p.grad for p in parameters])
    for a, b in zip(*gradients): np.testing.assert_allclose(a, b, atol=1e-12)


def test_the_norm_of_all_gradients_is_bounded(corpus):
    model = built(GPT(corpus.tokenizer.size, 16, 1, 2, 16, seed=2))
    learn(model, corpus.train, model.parameters(), [], Settings(clip=0.01), np.random.default_rng(0))
    assert global_norm(model.parameters()) == pytest.approx(0.01, rel=1e-4)


def test_only_matrices_decay_and_the_rate_warms_up():
    model, settings = built(GPT(5, 8, 1, 1, 4, seed=0)), Settings(steps=1_000)
    matrices, vectors = optimizers_of(model.parameters(), settings)
    assert (matrices.weight_decay, vectors.weight_decay) == (0.1, 0)
    assert {p.ndim for p in matrices.parameters} == {2} and {p.ndim for p in vectors.parameters} == {1}
    rates = [matrices.learning_rate(step) for step in (0, 49, 100, 550, 999, 5_000)]
    np.testing.assert_allclose(rates[:4], [1e-3 / 101, 50e-3 / 101, 1e-3, 5.5e-4])
    np.testing.assert_allclose(rates[4:], 1e-4, atol=1e-8)


def test_windows_are_windows():
    assert windows(np.arange(20), [3, 0], 2).tolist() == [[3, 4, 5], [0, 1, 2]]


def test_training_says_what_is_wrong(corpus):
    with pytest.raises(SettingError, match="Take a longer text"): train(GPT(18, 30_000, 1, 1, 4), corpus, Settings())
    with pytest.raises(SettingError, match="cell must be one of"): Recurrent(5, cell="elman")
