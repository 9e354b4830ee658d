"""Masked autoencoder: half of the picture's patches are hidden; tell them from the rest.

    28 x 28 -> 49 patches of 4 x 4, 25 of them hidden: their pixels are 0
    (784 pixels, 49 numbers: 1 where a patch is visible) -> encoder -> decoder -> 784 pixels
    L = sum over hidden patches of (x_i - x^_i)^2

What is visible costs nothing, so nothing is gained by copying it.  To tell the hidden half one has to know which digit
it is, and by whose hand.  He et al. 2022; theirs is a transformer, here dense layers do: they learn it in seconds.
`python -m tinyfm.models.masked_autoencoder` trains on the built-in digits and prints the mean squared error of the
hidden pixels of unseen ones, beside the mean image's and that of filling each pixel with the nearest visible one.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfm import ops
from tinyfm.data import batches, digits, to_floats
from tinyfm.nn import Dense, Reshape, Sequential
from tinyfm.optim import Adam

Array = NDArray[Any]
PATCH, SIDE = 4, 7                               # pixels; patches
PATCHES = SIDE * SIDE


@dataclass(frozen=True)
class Settings:
    """What may be turned."""

    visible: int = 24                            # of 49: hidden are 25, just over a half
    code: int = 128
    epochs: int = 8                              # each time other patches are hidden, so there is more to see
    batch_size: int = 64
    learning_rate: float = 0.001
    seed: int = 0


def network(settings: Settings) -> Sequential:
    """784 + 49 -> 512 -> code -> 512 -> 784."""
    encoder = Sequential([Dense(512, activation="relu"), Dense(settings.code, activation="relu")], name="encoder")
    decoder = Sequential([Dense(512, activation="relu"), Dense(784, activation="sigmoid"), Reshape((28, 28, 1))],
                         name="decoder")
    return Sequential([encoder, decoder], seed=settings.seed, input_shape=(784 + PATCHES,))


def choose_hidden(n: int, visible: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """(n, 49), True for the patches to hide: all but `visible` of each picture, other ones for each."""
    return rng.random((n, PATCHES)).argsort(1) >= visible


def as_pixels(hidden: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(n, 49) -> (n, 28, 28, 1)."""
    return hidden.reshape(-1, SIDE, SIDE, 1).repeat(PATCH, 1).repeat(PATCH, 2)


def cover(x: Array, hidden: NDArray[np.bool_]) -> Array:
    """What the encoder is given of pictures (n, 28, 28, 1): (n, 784 + 49)."""
    seen = np.where(as_pixels(hidden), 0, x)
    return np.concatenate([seen.reshape(len(x), -1), ~hidden], axis=1, dtype=np.float32)


def train(model: Sequential, images: NDArray[np.uint8], settings: Settings, verbose: int = 1) -> list[float]:
    """Show every image `epochs` times, each time with other patches hidden; returns the loss of each epoch."""
    x, rng, losses = to_floats(images), np.random.default_rng(settings.seed), []
    optimizer = Adam(settings.learning_rate, parameters=model.parameters())
    for epoch in range(settings.epochs):
        total = 0.0
        for rows in batches(len(x), settings.batch_size, rng):
            hidden = choose_hidden(len(x[rows]), settings.visible, rng)
            told = model(cover(x[rows], hidden), training=True)
            loss = ops.sum(ops.square(told - x[rows]) * as_pixels(hidden)) / len(hidden)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(hidden)
        losses.append(total / len(x))
        if verbose: print(f"epoch {epoch + 1}/{settings.epochs}  loss {losses[-1]:.3f}", flush=True)
    return losses


def features(model: Sequential, x: Array) -> Array:
    """The encoder's code of whole pictures (n, 28, 28, 1), nothing hidden: (n, code)."""
    encoder: Any = model.layers[0]
    return encoder.predict(cover(x, np.zeros((len(x), PATCHES), bool)))


def reconstruct(model: Sequential, x: Array, hidden: NDArray[np.bool_]) -> Array:
    """The pictures, what is hidden told by the model: (n, 28, 28, 1)."""
    return np.where(as_pixels(hidden), model.predict(cover(x, hidden)), x)


def nearest_fill(x: Array, hidden: NDArray[np.bool_]) -> Array:
    """The pictures, each hidden pixel as the nearest visible one; of several equally near, their mean."""
    i, j = np.divmod(np.arange(784), 28)
    distance = (i[:, None] - i) ** 2 + (j[:, None] - j) ** 2
    filled = x.reshape(len(x), -1).copy()
    for picture, covered in zip(filled, as_pixels(hidden).reshape(len(x), -1)):
        d = distance[covered][:, ~covered]
        near = d == d.min(1, keepdims=True)
        picture[covered] = near @ picture[~covered] / near.sum(1)
    return filled.reshape(x.shape)


def errors(model: Sequential, train_images: NDArray[np.uint8], images: NDArray[np.uint8],
           settings: Settings) -> dict[str, float]:
    """Mean squared error of the hidden pixels, by what fills them."""
    x = to_floats(images)
    hidden = choose_hidden(len(x), settings.visible, np.random.default_rng([settings.seed, 1]))
    fills = {"mean image": to_floats(train_images).mean(0), "nearest visible pixel": nearest_fill(x, hidden),
             "masked autoencoder": reconstruct(model, x, hidden)}
    return {name: float(np.square(fill - x)[as_pixels(hidden)].mean()) for name, fill in fills.items()}


if __name__ == "__main__":
    settings = Settings()
    (images, _), (test_images, _) = digits.load_data()
    model = network(settings)
    train(model, images, settings)
    print(f"mean squared error of hidden pixels, {len(test_images):,} unseen digits:",
          ", ".join(f"{name} {error:.4f}" for name, error in errors(model, images, test_images, settings).items()))
