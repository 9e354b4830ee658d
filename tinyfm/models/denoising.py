"""Denoising autoencoder: given a picture that noise has spoilt, say the clean one.

    x~ = x + noise    ->    x^ = decoder(encoder(x~))          L = sum_i (x_i - x^_i)^2, of the clean x

To copy does not help any more: the network has to know what pictures look like.  Vincent et al. 2008.
`python -m tinyfm.models.denoising` trains on the built-in digits, and prints the mean squared error of the noisy
and of the denoised pictures, all of unseen digits.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfm import metrics, ops
from tinyfm.data import batches, digits, to_floats
from tinyfm.data.augmentation import noise
from tinyfm.nn import Dense, Flatten, Reshape, Sequential
from tinyfm.optim import Adam

Array = NDArray[Any]


@dataclass(frozen=True)
class Settings:
    """What may be turned."""

    strength: float = 0.4                        # of the noise, black being 0 and white 1: one still reads the digit
    code: int = 128                              # wider than the plain autoencoder's: the noise forbids copying
    epochs: int = 5
    batch_size: int = 64
    learning_rate: float = 0.001
    seed: int = 0


def network(settings: Settings) -> Sequential:
    """784 -> 512 -> code -> 512 -> 784."""
    encoder = Sequential([Flatten(), Dense(512, activation="relu"), Dense(settings.code, activation="relu")],
                         name="encoder")
    decoder = Sequential([Dense(512, activation="relu"), Dense(784, activation="sigmoid"), Reshape((28, 28, 1))],
                         name="decoder")
    return Sequential([encoder, decoder], seed=settings.seed, input_shape=(28, 28, 1))


def train(model: Sequential, images: NDArray[np.uint8], settings: Settings, verbose: int = 1) -> list[float]:
    """Show every image `epochs` times, each time in other noise; returns the loss of each epoch."""
    x, rng, losses = to_floats(images), np.random.default_rng(settings.seed), []
    optimizer = Adam(settings.learning_rate, parameters=model.parameters())
    for epoch in range(settings.epochs):
        total = 0.0
        for rows in batches(len(x), settings.batch_size, rng):
            clean = x[rows]
            noisy = noise(clean, rng, settings.strength)
            loss = ops.sum(ops.square(model(noisy, training=True) - clean)) / len(clean)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(clean)
        losses.append(total / len(x))
        if verbose: print(f"epoch {epoch + 1}/{settings.epochs}  loss {losses[-1]:.3f}", flush=True)
    return losses


def errors(model: Sequential, images: NDArray[np.uint8], settings: Settings) -> tuple[float, float]:
    """Mean squared error of a pixel: as noise left it, and as the network says it was."""
    clean = to_floats(images)
    noisy = noise(clean, np.random.default_rng([settings.seed, 1]), settings.strength)
    return metrics.mean_squared_error(clean, noisy), metrics.mean_squared_error(clean, model.predict(noisy))


if __name__ == "__main__":
    settings = Settings()
    (images, _), (test_images, _) = digits.load_data()
    model = network(settings)
    train(model, images, settings)
    before, after = errors(model, test_images, settings)
    print(f"mean squared error of {len(test_images):,} unseen digits: noisy {before:.4f}, denoised {after:.4f}")
