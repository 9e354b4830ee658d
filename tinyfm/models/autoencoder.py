"""Autoencoder: say a picture again, through a bottleneck.  What passes it is what the pictures have in common.

    x (28, 28, 1) -> encoder -> z (32,) -> decoder -> x^ (28, 28, 1)          L = sum_i (x_i - x^_i)^2

Two of them: dense, and convolutional with strides in place of pooling, its decoder the mirror image.  With one linear
layer each and no bend in between, the best z would be the first principal components (Bourlard & Kamp 1988); beyond
them leads what is not linear: Hinton & Salakhutdinov 2006.  `python -m tinyfm.models.autoencoder` trains both on the
built-in digits and prints the loss on unseen ones.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfm import ops
from tinyfm.data import batches, digits, to_floats
from tinyfm.nn import Conv2D, Conv2DTranspose, Dense, Flatten, Reshape, Sequential
from tinyfm.optim import Adam

Array = NDArray[Any]


@dataclass(frozen=True)
class Settings:
    """What may be turned."""

    code: int = 32                               # numbers that a picture of 784 must pass through
    epochs: int = 5
    batch_size: int = 64
    learning_rate: float = 0.001
    seed: int = 0


def dense(settings: Settings) -> Sequential:
    """784 -> 256 -> code -> 256 -> 784."""
    encoder = Sequential([Flatten(), Dense(256, activation="relu"), Dense(settings.code)], name="encoder")
    decoder = Sequential([Dense(256, activation="relu"), Dense(784, activation="sigmoid"), Reshape((28, 28, 1))],
                         name="decoder")
    return Sequential([encoder, decoder], seed=settings.seed, input_shape=(28, 28, 1))


def convolutional(settings: Settings) -> Sequential:
    """28 x 28 -> 14 x 14 x 16 -> 7 x 7 x 32 -> code, and the same way back."""
    encoder = Sequential([
        Conv2D(16, 3, strides=2, padding="same", activation="relu"),
        Conv2D(32, 3, strides=2, padding="same", activation="relu"),
        Flatten(),
        Dense(settings.code),
    ], name="encoder")
    decoder = Sequential([
        Dense(7 * 7 * 32, activation="relu"),
        Reshape((7, 7, 32)),
        Conv2DTranspose(16, 3, strides=2, padding="same", activation="relu"),
        Conv2DTranspose(1, 3, strides=2, padding="same", activation="sigmoid"),
    ], name="decoder")
    return Sequential([encoder, decoder], seed=settings.seed, input_shape=(28, 28, 1))


def loss_of(reconstruction: Any, x: Array) -> Any:
    """sum_i (x_i - x^_i)^2 of each image, averaged over the images."""
    return ops.sum(ops.square(reconstruction - x)) / len(x)


def train(model: Sequential, images: NDArray[np.uint8], settings: Settings, verbose: int = 1) -> list[float]:
    """Let the model say every image again `epochs` times; returns the loss of each epoch."""
    x, rng, losses = to_floats(images), np.random.default_rng(settings.seed), []
    optimizer = Adam(settings.learning_rate, parameters=model.parameters())
    for epoch in range(settings.epochs):
        total = 0.0
        for rows in batches(len(x), settings.batch_size, rng):
            loss = loss_of(model(x[rows], training=True), x[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(x[rows])
        losses.append(total / len(x))
        if verbose: print(f"epoch {epoch + 1}/{settings.epochs}  loss {losses[-1]:.3f}", flush=True)
    return losses


if __name__ == "__main__":
    settings = Settings()
    (images, _), (test_images, _) = digits.load_data()
    x = to_floats(test_images)
    for network in (dense, convolutional):
        model = network(settings)
        train(model, images, settings)
        print(f"{network.__name__}: loss on {len(x):,} unseen digits {loss_of(model.predict(x), x):.2f}; "
              f"of the mean image {loss_of(to_floats(images).mean(0), x):.2f}")
