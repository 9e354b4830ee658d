"""tinyfm demo: what tinyfm can do, on data that need no download, with pictures to look at."""
from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tinyfm.cli import blas, options, table

FOLDER = "tinyfm-demo"


@dataclass
class Outcome:
    """What one part of the demonstration hands back to be printed."""

    title: str
    rows: Sequence[Sequence[str]]
    files: dict[str, str]                        # name in the folder: what it shows
    next_step: str


def add(commands: Any) -> None:
    """Declare the arguments."""
    parser = commands.add_parser("demo", help="start here: learn digits, a maze and a language, draw what was learnt",
                                 description=__doc__)
    parser.add_argument("--output", type=Path, default=FOLDER, metavar="DIR", help=f"for the pictures ({FOLDER})")
    parser.add_argument("--epochs", type=options.count, default=5, metavar="N", help="how often each image is seen (5)")
    parser.add_argument("--limit", type=options.images, default=12_000, metavar="N", help="images to train on (12,000)")
    parser.add_argument("--steps", type=options.count, default=300, metavar="N", help="of the language model (300)")
    parser.add_argument("--seed", type=options.seed, default=0, metavar="N", help="where all random numbers start (0)")
    parser.set_defaults(run=demo)


def demo(arguments: Namespace) -> int:
    """Every part after the other: train, print a table, say where the pictures are."""
    folder: Path = arguments.output
    folder.mkdir(parents=True, exist_ok=True)
    for advice in blas.advice_here(): print(f"note: {advice}")
    for part in PARTS:
        outcome = part(folder, arguments)
        print("", outcome.title, *table.lines(outcome.rows), "", f"Look at, in {folder}:",
              *table.lines(list(outcome.files.items())), "", outcome.next_step, sep="\n")
    return 0


def find_the_way_out(folder: Path, arguments: Namespace) -> Outcome:
    """An agent learns its way out of a maze that it has never seen."""
    from tinyfm import rl
    env, episodes = rl.Maze.random(15, 15, generator="loops", seed=arguments.seed), 300
    print(f"Learning the way out of a maze in {episodes} attempts ...", flush=True)
    started = time.perf_counter()
    learned = rl.q_learning(env, episodes, alpha=1.0, policy=rl.Softmax(10.0), rng=arguments.seed)
    seconds, path = time.perf_counter() - started, rl.greedy_path(env, learned.Q)
    axes = rl.seeing.new_axes(2)
    rl.plot_values(env, learned.Q, axes[0], title="Q-learning: values, and where it would go")
    rl.plot_path(env, path.states, axes[1], title=f"Its way, after {episodes} attempts")
    axes[0].figure.savefig(folder / "maze.png", dpi=120)
    rows = [("steps to the goal", str(len(path.actions)), f"the shortest way takes {len(env.shortest_path()) - 1}"),
            ("steps of attempt 1", f"{learned.lengths[0]:,}", "it knows neither the map nor where the goal is"),
            ("training", f"{seconds:.1f} s", f"{learned.lengths.sum():,} steps")]
    return Outcome("An agent finds its way out of a maze", rows,
                   {"maze.png": "what each square is worth to it, and the way that it takes"},
                   "Watch it in the terminal, or walk yourself:\n"
                   "  tinyfm play maze\n  tinyfm play maze --walk")


def read_digits(folder: Path, arguments: Namespace) -> Outcome:
    """A convolutional network learns to read handwritten digits."""
    from tinyfm import data
    from tinyfm.models import digits
    print(f"Drawing {arguments.limit:,} + 2,000 digits ...", flush=True)
    (images, labels), test = data.digits.load_data(arguments.limit)
    kept = max(1, len(images) // 12)             # to watch while training; the test part stays unseen until the end
    settings = digits.Settings(epochs=arguments.epochs, seed=arguments.seed)
    model, started = digits.network(settings), time.perf_counter()
    print(f"Training {model.count_params():,} weights on {len(images) - kept:,} of them ...", flush=True)
    history = digits.train(model, images[kept:], labels[kept:], settings, (images[:kept], labels[:kept]))
    seconds = time.perf_counter() - started
    probabilities = model.predict(digits.scaled(test[0]))
    model.save(folder / MODEL)
    write_pictures(folder, history.history, *test, probabilities)
    accuracy = np.mean(probabilities.argmax(1) == test[1])
    rows = [("test accuracy", f"{accuracy:.4f}", f"on {len(test[1]):,} digits it never saw; guessing gives 0.1000"),
            ("training", f"{seconds:.1f} s", f"epochs: {len(history.epoch)}")]
    return Outcome("A convolutional network reads handwritten digits", rows, FILES,
                   "Ask it yourself; a PNG of any size will do, one that you drew:\n"
                   f"  tinyfm predict {folder / MODEL} {folder / EXAMPLE}")


MODEL, EXAMPLE = "digits.safetensors", "digit.png"
FILES = {
    "learning_curve.png": "loss and accuracy, epoch by epoch",
    "confusion_matrix.png": "which digit was taken for which",
    "predictions.png": "what it read, and where it was most wrong",
    EXAMPLE: "a digit to ask it about",
    MODEL: "the trained model",
}


def write_pictures(folder: Path, history: dict[str, list[float]], images: Any, labels: Any, probabilities: Any) -> None:
    from matplotlib.image import imsave

    from tinyfm import metrics, plot
    predicted, own = probabilities.argmax(1), probabilities[np.arange(len(labels)), labels]
    shown = np.concatenate([np.arange(24), 24 + own[24:].argsort()[:16]])
    page = plot.predictions(images[shown], labels[shown], predicted[shown], probabilities[shown])
    page.set_title(f"{np.sum(predicted != labels)} of {len(labels):,} test images read wrongly (\N{BALLOT X}, framed)\n"
                   "three rows as they come, then the sixteen of the rest that it was most wrong about")
    drawn = plot.learning_curve(history), plot.confusion_matrix(metrics.confusion_matrix(labels, probabilities)), page
    for name, ax in zip(FILES, drawn): ax.figure.savefig(folder / name, dpi=120)  # type: ignore[union-attr]
    imsave(folder / EXAMPLE, images[own.argmax()].repeat(8, 0).repeat(8, 1), cmap="gray_r")


def learn_a_language(folder: Path, arguments: Namespace) -> Outcome:
    """A small GPT learns a language whose entropy is known."""
    from tinyfm.data import text
    from tinyfm.models import compare_language as compared
    from tinyfm.models import language, saved
    corpus, trigram = text.load("grammar"), text.dogs_and_kings().optimum(3)
    model = language.built(compared.small_gpt(corpus.tokenizer.size, arguments.seed))
    print(f"Training a GPT of {model.count_params():,} weights on sentences of a known grammar ...", flush=True)
    settings, started = compared.recipe(arguments.steps, 0.006, every=max(1, arguments.steps // 8)), time.perf_counter()
    history = language.train(model, corpus, settings, context=compared.CONTEXT)
    seconds, loss = time.perf_counter() - started, history["val_loss"][-1]
    entropy = float(corpus.entropy)  # type: ignore[arg-type]
    compared.draw_curve(history, entropy, trigram).figure.savefig(folder / "language.png", dpi=120)
    saved.save(folder / SPEAKER, model, corpus.tokenizer)
    rows = [("loss", f"{loss:.4f}", f"nats per word; the language's own entropy is {entropy:.4f}"),
            ("above it", f"{loss / entropy - 1:.1%}", f"the best possible trigram: {trigram / entropy - 1:.0%}"),
            ("training", f"{seconds:.1f} s", f"steps: {arguments.steps}")]
    return Outcome("A GPT learns a language", rows, {"language.png": "its loss, step by step, against the entropy",
                                                     SPEAKER: "the trained model"},
                   f"It writes: {language.written(model, corpus, 24, arguments.seed)}\nLet it go on:\n"
                   f"  tinyfm generate --model {folder / SPEAKER} \"the king that\"")


SPEAKER = "language.safetensors"
PARTS: list[Callable[[Path, Namespace], Outcome]] = [find_the_way_out, learn_a_language, read_digits]
