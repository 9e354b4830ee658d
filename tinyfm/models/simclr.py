"""SimCLR: two views of one picture belong together, and apart from all others.  No label is ever seen.

    x -> view, view' (turned, shifted, scaled, slanted, bent: another picture, the same digit)
      -> encoder -> h -> projection -> z                      for both, with the same weights
    L = -ln softmax(z . z' / temperature)_partner             among all the views in the batch: info_nce

What the views differ in is what the encoder learns not to see; so the augmentations are the whole of the knowledge.
Of use is h; the projection takes the loss of detail upon itself and is thrown away.  Chen et al. 2020.
`python -m tinyfm.models.simclr` trains on the built-in digits, then prints how well a linear classifier of h reads
unseen digits after 100 labels, beside one of the pixels.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfm import metrics, ops
from tinyfm.data import digits, to_floats
from tinyfm.data.augmentation import elastic, random_affine
from tinyfm.nn import Conv2D, Dense, Flatten, Sequential
from tinyfm.optim import Adam
from tinyfm.schedules import CosineDecay

Array = NDArray[Any]


@dataclass(frozen=True)
class Settings:
    """What may be turned."""

    steps: int = 600
    batch_size: int = 256                        # pictures; each finds its partner among 2 x 256 - 1 views
    temperature: float = 0.2                     # the lower, the more the nearest of the others count
    projection: int = 64
    learning_rate: float = 0.002
    seed: int = 0


def networks(settings: Settings) -> tuple[Sequential, Sequential]:
    """(encoder: (28, 28, 1) -> 14 x 14 x 32 -> 7 x 7 x 64 -> 4 x 4 x 128 as one vector, projection)."""
    encoder = Sequential([
        Conv2D(32, 3, strides=2, padding="same", activation="relu"),
        Conv2D(64, 3, strides=2, padding="same", activation="relu"),
        Conv2D(128, 3, strides=2, padding="same", activation="relu"),
        Flatten(),
    ], seed=settings.seed, input_shape=(28, 28, 1))
    projection = Sequential([Dense(128, activation="relu"), Dense(settings.projection)], seed=settings.seed,
                            input_shape=(4 * 4 * 128,))
    return encoder, projection


def view(x: Array, rng: np.random.Generator) -> Array:
    """Every picture as another hand might have written it."""
    x = random_affine(x, rng, pixels=2, degrees=15, strength=0.2, slope=0.3)
    return elastic(x, rng, pixels=2)


def train(encoder: Sequential, projection: Sequential, images: NDArray[np.uint8], settings: Settings,
          verbose: int = 1) -> list[float]:
    """Take `steps` steps, each on two views of other pictures; returns the loss of each."""
    x, rng, losses = to_floats(images), np.random.default_rng(settings.seed), []
    optimizer = Adam(CosineDecay(settings.learning_rate, settings.steps),
                     parameters=[*encoder.parameters(), *projection.parameters()])
    for step in range(settings.steps):
        batch = x[rng.integers(0, len(x), settings.batch_size)]
        views = np.concatenate([view(batch, rng), view(batch, rng)])
        z = projection(encoder(views, training=True), training=True)
        loss = ops.info_nce(z[:len(batch)], z[len(batch):], temperature=settings.temperature)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if verbose and (step + 1) % 100 == 0:
            print(f"step {step + 1}/{settings.steps}  loss {np.mean(losses[-100:]):.3f}", flush=True)
    return losses


if __name__ == "__main__":
    settings = Settings()
    (images, labels), (test_images, test_labels) = digits.load_data()
    encoder, projection = networks(settings)
    train(encoder, projection, images, settings)
    x, x_test = to_floats(images), to_floats(test_images)
    print("100 labels, encoder:", metrics.probe(encoder.predict(x), labels, encoder.predict(x_test), test_labels))
    print("100 labels, pixels: ", metrics.probe(x, labels, x_test, test_labels))
