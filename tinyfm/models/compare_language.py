"""All language models on one language whose entropy is known: how near does each come, and what keeps it away?

    python -m tinyfm.models.compare_language [language_models.png]

trains counts, a bigram, an MLP, an RNN, an LSTM, a GRU and a GPT on the grammar of data.text, in less than a minute,
prints a table and draws it: the loss of each, the exact optimum of a model that sees as little, and the entropy.
"""
from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from tinyfm.data.text import Corpus, dogs_and_kings, load
from tinyfm.models.bigram import Bigram
from tinyfm.models.counts import Counts
from tinyfm.models.gpt import GPT
from tinyfm.models.language import History, Settings, evaluate, perplexity, train
from tinyfm.models.mlp import MLP
from tinyfm.models.recurrent import Recurrent
from tinyfm.plot import BLUE, GREY, ORANGE

CONTEXT = 32                                     # no sentence is longer: whoever looks so far back knows the state


class Entry(NamedTuple):
    """A model to be compared.  sees: how many tokens, None for all.  steps: None where there is nothing to train."""

    name: str
    sees: int | None
    make: Callable[[int], Any]
    steps: int | None = None
    learning_rate: float = 0.0


class Result(NamedTuple):
    """What came out, in nats per token; optimum: of the best model that sees as much."""

    name: str
    loss: float
    optimum: float
    seconds: float


ENTRIES = [
    Entry("counts: unigram", 0, lambda v: Counts(v, 1)),
    Entry("counts: bigram", 1, lambda v: Counts(v, 2)),
    Entry("neural bigram", 1, lambda v: Bigram(v, seed=0), 600, 0.1),
    Entry("counts: trigram", 2, lambda v: Counts(v, 3)),
    Entry("counts: 5-gram", 4, lambda v: Counts(v, 5)),
    Entry("MLP of 4 tokens", 4, lambda v: MLP(v, seed=0), 600, 0.005),
    Entry("RNN", None, lambda v: Recurrent(v, cell="rnn", seed=0), 500, 0.004),
    Entry("GRU", None, lambda v: Recurrent(v, cell="gru", width=64, seed=0), 400, 0.01),
    Entry("LSTM", None, lambda v: Recurrent(v, cell="lstm", width=64, seed=0), 400, 0.01),
    Entry("GPT", None, lambda v: small_gpt(v), 500, 0.006),
]


def small_gpt(vocabulary: int, seed: int = 0) -> GPT:
    """Two blocks of width 48: enough for the grammar.  Rotary positions find "the token before" soonest."""
    return GPT(vocabulary, 64, num_layers=2, num_heads=4, width=48, positions="rotary", seed=seed)


def recipe(steps: int, learning_rate: float, every: int = 10_000) -> Settings:
    """Settings for small models on the grammar."""
    return Settings(steps=steps, learning_rate=learning_rate, final_rate=learning_rate / 20, warmup=30,
                    weight_decay=0.01, every=every)


def compare(corpus: Corpus) -> list[Result]:
    """Train and judge every entry."""
    grammar, results = dogs_and_kings(), []
    for entry in ENTRIES:
        started, model = time.perf_counter(), entry.make(corpus.tokenizer.size)
        if entry.steps is None: model.fit(corpus.train)
        else: train(model, corpus, recipe(entry.steps, entry.learning_rate), context=CONTEXT, verbose=0)
        loss = evaluate(model, corpus.validation, context=CONTEXT)
        optimum = grammar.entropy if entry.sees is None else grammar.optimum(entry.sees + 1)
        results.append(Result(entry.name, loss, optimum, time.perf_counter() - started))
        print(row(results[-1], grammar.entropy), flush=True)
    return results


def row(result: Result, entropy: float) -> str:
    above = [100 * (result.loss / floor - 1) for floor in (result.optimum, entropy)]
    return (f"{result.name:16} {result.loss:7.4f} {result.optimum:9.4f} {above[0]:+8.2f} {above[1]:+10.1f} "
            f"{perplexity(result.loss):10.2f} {result.seconds:7.1f}")


def draw(results: list[Result], entropy: float) -> Any:
    """A row for each model: a dot where it is, a bar where the best of its kind is, a line that nobody passes."""
    ax = new_axes(8, 4.6)
    rows = range(len(results))[::-1]
    ax.axvline(entropy, color=ORANGE, ls="--", label=f"entropy of the language: {entropy:.4f}")
    ax.plot([r.optimum for r in results], rows, "|", color="black", ms=16, mew=2,
            label="the best of all models that see as much")
    ax.plot([r.loss for r in results], rows, "o", color=BLUE, ms=6, label="after training")
    for y, r in zip(rows, results): ax.annotate(f"{r.loss:.3f}", (r.loss, y), (9, -3), textcoords="offset points")
    ax.set_yticks(list(rows), [r.name for r in results])
    ax.set(xscale="log", xlabel="loss on unseen text (nats per token, logarithmic)",
           title="Every model comes to what can be known from what it sees", xlim=(entropy * 0.93, 2.9))
    ticks = [0.7, 0.8, 0.9, 1.0, 1.5, 2.0, 2.5]
    ax.set_xticks(ticks, [str(t) for t in ticks], minor=False)
    ax.set_xticks([], minor=True)
    ax.grid(axis="y", alpha=0.3)
    ax.legend(loc="upper center", bbox_to_anchor=(0.6, 0.62))
    return ax


def draw_curve(history: History, entropy: float, trigram: float) -> Any:
    """The loss of one model, step by step, against the two floors."""
    ax = new_axes(7, 4.2)
    ax.plot(history["step"], history["val_loss"], "o-", color=BLUE, ms=4, label="GPT, on unseen sentences")
    ax.axhline(trigram, color=GREY, ls="--", label=f"the best possible trigram: {trigram:.4f}")
    ax.axhline(entropy, color=ORANGE, label=f"entropy of the language: {entropy:.4f}")
    ax.set(title="A GPT learns a language: nobody can lose less than its entropy", xlabel="step",
           ylabel="loss (nats per token)")
    ax.grid(alpha=0.3)
    ax.legend()
    return ax


def new_axes(width: float, height: float) -> Any:
    from matplotlib.figure import Figure
    return Figure(figsize=(width, height), layout="constrained").subplots()


if __name__ == "__main__":
    corpus, started = load("grammar"), time.perf_counter()
    print("model               loss   optimum  above %  above H % perplexity seconds")
    results = compare(corpus)
    path = sys.argv[1] if len(sys.argv) > 1 else "language_models.png"
    draw(results, dogs_and_kings().entropy).figure.savefig(path, dpi=120)
    print(f"{path}, after {time.perf_counter() - started:.1f} s")
