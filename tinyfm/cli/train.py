"""tinyfm train WHAT: train a network or an agent, print what it is worth, save it."""
from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from typing import Any

from tinyfm.cli import blas, options, table, train_agent, train_gpt

IMAGES = {                                       # name: what the help says
    "digits": "the built-in handwritten digits, 12,000 + 2,000, no download",
    "mnist": "MNIST's handwritten digits, 60,000 + 10,000",
    "fashion": "Fashion-MNIST's photographs of clothes, 60,000 + 10,000",
}


def add(commands: Any) -> None:
    """Declare the arguments; each thing to train has its own."""
    parser = commands.add_parser("train", help="train a network or an agent, print what it is worth",
                                 description=__doc__)
    things = parser.add_subparsers(title="what to train", metavar="WHAT", required=True)
    for name, description in IMAGES.items():
        what = f"Train a convolutional network on {description}."
        add_images(things.add_parser(name, help=description, description=what), name)
    train_agent.add(things)
    train_gpt.add(things)


def add_images(parser: ArgumentParser, name: str) -> None:
    parser.add_argument("--epochs", type=options.count, default=5, metavar="N", help="how often each image is seen (5)")
    parser.add_argument("--batch-size", type=options.count, default=32, metavar="N", help="images in one step (32)")
    parser.add_argument("--learning-rate", type=options.rate, default=0.001, metavar="R", help="Adam's (0.001)")
    parser.add_argument("--seed", type=options.seed, default=0, metavar="N", help="where all random numbers start (0)")
    parser.add_argument("--limit", type=options.count, metavar="N", help="train on the first N images only")
    parser.add_argument("--save", type=options.model_file, metavar="PATH", help="write the model: .safetensors or .npz")
    if name != "digits": parser.add_argument("--data", metavar="DIR", help="the folder that holds the four IDX files")
    parser.set_defaults(run=train_images, name=name, data=None)


def train_images(arguments: Namespace) -> int:
    """Train the network of models/digits, evaluate it on the test part, print a table."""
    from tinyfm.models import digits
    (images, labels), (test_images, test_labels) = load(arguments.name, arguments.data, arguments.limit)
    settings = digits.Settings(arguments.epochs, arguments.batch_size, arguments.learning_rate, arguments.seed)
    for advice in blas.advice_here(): print(f"note: {advice}")
    model, started = digits.network(settings), time.perf_counter()
    digits.train(model, images, labels, settings)
    seconds = time.perf_counter() - started
    if model.stop_training: return 1             # the loss became NaN, and the loop has said so
    loss, accuracy = model.evaluate(digits.scaled(test_images), test_labels, verbose=0)
    print(*table.lines([("test accuracy", f"{accuracy:.4f}"), ("test loss", f"{loss:.4f}"),
                        ("images", f"{len(images):,} + {len(test_images):,}"), ("time", f"{seconds:.1f} s")]), sep="\n")
    if arguments.save:
        model.save(arguments.save)
        print(f"saved: {arguments.save}; now try: tinyfm predict {arguments.save} IMAGE.png")
    return 0


def load(name: str, folder: str | None, limit: int | None) -> Any:
    """((images, labels), (images, labels)) for training and testing."""
    from tinyfm import data
    if name == "digits": return data.digits.load_data(limit or 12_000)
    (images, labels), test = (data.mnist if name == "mnist" else data.fashion_mnist).load_data(folder)
    return (images[:limit], labels[:limit]), test
