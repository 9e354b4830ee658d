"""Reading handwritten digits with a small convolutional network.

    x (28, 28, 1) -> relu(x * K + b), K: (3, 3, 1, 32)    (26, 26, 32)    32 patterns, looked for everywhere
                  -> the largest of each 2 x 2            (13, 13, 32)    where exactly does not matter
                  -> relu(x W + b), W: (5408, 128)        (128,)
                  -> softmax(x W + b), W: (128, 10)       (10,)           one probability for each digit

After LeCun et al. 1998, with what came later: relu, max-pooling, Adam.  `python -m tinyfm.models.digits` trains it on
the built-in digits, no download, and prints the test accuracy that the README quotes.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfm.data import digits
from tinyfm.nn import Conv2D, Dense, Flatten, MaxPooling2D, Sequential
from tinyfm.optim import Adam
from tinyfm.train import Callback, History


@dataclass(frozen=True)
class Settings:
    """What may be turned."""

    epochs: int = 5                              # on the built-in digits the test loss hardly falls after
    batch_size: int = 32
    learning_rate: float = 0.001                 # Adam's default; with 0.01 more digits are misread
    seed: int = 0


def network(settings: Settings) -> Sequential:
    """The network above, compiled: cross entropy on integer labels, Adam."""
    model = Sequential([
        Conv2D(32, (3, 3), activation="relu", input_shape=(28, 28, 1)),
        MaxPooling2D((2, 2)),
        Flatten(),
        Dense(128, activation="relu"),
        Dense(10, activation="softmax"),
    ], seed=settings.seed)
    model.compile(Adam(settings.learning_rate), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def scaled(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Grey values 0 ... 255 as 0 ... 1."""
    return np.divide(images, 255, dtype=np.float32)


def train(model: Sequential, images: NDArray[np.uint8], labels: NDArray[Any], settings: Settings,
          validation_data: Any = None, callbacks: Sequence[Callback] = (), verbose: int = 1) -> History:
    """Show the network every image `epochs` times, in random order; validation_data: (images, labels) to watch."""
    if validation_data is not None: validation_data = (scaled(validation_data[0]), validation_data[1])
    return model.fit(scaled(images), labels, settings.batch_size, settings.epochs, verbose, callbacks,
                     validation_data=validation_data)


if __name__ == "__main__":
    settings = Settings()
    (images, labels), (test_images, test_labels) = digits.load_data()
    model = network(settings)
    train(model, images, labels, settings)
    loss, accuracy = model.evaluate(scaled(test_images), test_labels, verbose=0)
    print(f"test accuracy on {len(test_labels):,} built-in digits: {accuracy:.4f}")
