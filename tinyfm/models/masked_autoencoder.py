"""Masked autoencoder: half of the picture's patches are hidden; tell them from the rest.

    28 x 28 -> 49 patches of 4 x 4; 24 stay visible
    encoder, the visible ones only:  patch W + place -> blocks of attention -> (24, width)
    decoder, all 49:  what the encoder says, or one learnt vector where a patch is hidden, + place -> block -> pixels
    L = sum over hidden patches of (x_i - x^_i)^2

To see only what is visible makes the encoder fast and keeps it from ever meeting a mask, so that afterwards it takes
whole pictures as they are.  He et al. 2022.  `python -m tinyfm.models.masked_autoencoder` trains on the built-in digits
and prints the mean squared error of the hidden pixels of unseen ones, beside the mean image's and that of filling each
pixel with the nearest visible one.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfm import ops
from tinyfm.data import batches, digits, to_floats
from tinyfm.engine import no_grad
from tinyfm.nn import Dense, Embedding, LayerNormalization, Model, MultiHeadAttention, Sequential
from tinyfm.optim import Adam, CosineDecay

Array = NDArray[Any]
PATCH, SIDE = 4, 7                               # pixels; patches
PATCHES = SIDE * SIDE


@dataclass(frozen=True)
class Settings:
    """What may be turned."""

    visible: int = 24                            # of 49: hidden are 25, just over a half
    width: int = 64
    heads: int = 4
    depth: int = 2                               # blocks of the encoder; the decoder has one
    epochs: int = 8
    batch_size: int = 64
    learning_rate: float = 0.002
    seed: int = 0


class Block(Model):
    """x <- x + attention(norm x);  x <- x + dense(norm x).  Pre-norm: Xiong et al. 2020."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm, self.attention = LayerNormalization(), MultiHeadAttention(heads, width // heads)
        self.dense = Sequential([LayerNormalization(), Dense(2 * width, activation="gelu"), Dense(width)])

    def call(self, x: Any) -> Any:
        x = x + self.attention(self.norm(x))
        return x + self.dense(x)


class MaskedAutoencoder(Model):
    """Patches and the numbers of those that are visible in, all patches out."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(seed=settings.seed)
        width, heads = settings.width, settings.heads
        self.embed, self.position = Dense(width), Embedding(PATCHES, width)
        self.encoder = Sequential([*(Block(width, heads) for _ in range(settings.depth)), LayerNormalization()])
        self.hidden, self.decoder_position = Embedding(1, width), Embedding(PATCHES, width)
        self.decoder = Sequential([Block(width, heads), LayerNormalization(), Dense(PATCH * PATCH)])

    def encode(self, patches: Any, seen: Array) -> Any:
        """(n, visible, 16) and their places (n, visible) -> (n, visible, width)."""
        return self.encoder(self.embed(patches) + self.position(seen))

    def call(self, patches: Any, seen: Array) -> Any:
        """(n, 49, 16), and the places (n, visible) of what is to be seen -> all 49 patches."""
        code = self.encode(np.take_along_axis(patches, seen[..., None], 1), seen)
        n, places = len(seen), np.arange(PATCHES)
        source = np.full((n, PATCHES), seen.shape[1])            # the row behind the visible ones: the hidden vector
        np.put_along_axis(source, seen, np.arange(seen.shape[1])[None], 1)
        hidden = self.hidden(np.zeros((n, 1), np.intp))
        rows = ops.concat([code, hidden], axis=1)                # (n, visible + 1, width)
        return self.decoder(ops.take_along_axis(rows, source[..., None], axis=1) + self.decoder_position(places))

    def features(self, images: Array, batch_size: int = 256) -> Array:
        """The encoder's mean over all patches of whole pictures, (n, width)."""
        whole, found = np.arange(PATCHES)[None], []
        with no_grad():
            for rows in batches(len(images), batch_size):
                patches = to_patches(images[rows])
                found.append(self.encode(patches, np.repeat(whole, len(patches), 0)).numpy().mean(1))
        return np.concatenate(found)


def network(settings: Settings) -> MaskedAutoencoder:
    """The model with its weights."""
    model, rng = MaskedAutoencoder(settings), np.random.default_rng(0)
    with no_grad(): model(np.zeros((1, PATCHES, PATCH * PATCH), np.float32), choose_visible(1, settings.visible, rng))
    return model


def to_patches(x: Array) -> Array:
    """(n, 28, 28, 1) -> (n, 49, 16), row by row."""
    return x.reshape(-1, SIDE, PATCH, SIDE, PATCH).swapaxes(2, 3).reshape(-1, PATCHES, PATCH * PATCH)


def to_images(patches: Array) -> Array:
    """Undo `to_patches`."""
    side = SIDE * PATCH
    return patches.reshape(-1, SIDE, SIDE, PATCH, PATCH).swapaxes(2, 3).reshape(-1, side, side, 1)


def choose_visible(n: int, visible: int, rng: np.random.Generator) -> Array:
    """The places of the patches that stay visible, (n, visible), in order; other ones for each picture."""
    return np.sort(rng.random((n, PATCHES)).argsort(1)[:, :visible], axis=1)


def hidden_patches(seen: Array) -> Array:
    """(n, 49, 1), True where a patch is hidden."""
    hidden = np.ones((len(seen), PATCHES), bool)
    np.put_along_axis(hidden, seen, False, 1)
    return hidden[..., None]


def train(model: MaskedAutoencoder, images: NDArray[np.uint8], settings: Settings, verbose: int = 1) -> list[float]:
    """Show every image `epochs` times, each time with other patches hidden; returns the loss of each epoch."""
    patches, rng, losses = to_patches(to_floats(images)), np.random.default_rng(settings.seed), []
    steps = settings.epochs * -(-len(patches) // settings.batch_size)
    optimizer = Adam(CosineDecay(settings.learning_rate, steps), parameters=model.parameters())
    for epoch in range(settings.epochs):
        total = 0.0
        for rows in batches(len(patches), settings.batch_size, rng):
            x = patches[rows]
            seen = choose_visible(len(x), settings.visible, rng)
            loss = ops.sum(ops.square(model(x, seen, training=True) - x) * hidden_patches(seen)) / len(x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(x)
        losses.append(total / len(patches))
        if verbose: print(f"epoch {epoch + 1}/{settings.epochs}  loss {losses[-1]:.3f}", flush=True)
    return losses


def reconstruct(model: MaskedAutoencoder, images: Array, seen: Array, batch_size: int = 256) -> Array:
    """The pictures with what is hidden told by the model, from 0 to 1: (n, 28, 28, 1)."""
    patches, told = to_patches(images), []
    with no_grad():
        for rows in batches(len(patches), batch_size): told.append(model(patches[rows], seen[rows]).numpy())
    return to_images(np.where(hidden_patches(seen), np.concatenate(told).clip(0, 1), patches))


def nearest_fill(images: Array, seen: Array) -> Array:
    """The pictures with each hidden pixel as the nearest visible one; of several equally near, their mean."""
    mask = to_images(np.broadcast_to(hidden_patches(seen), (len(seen), PATCHES, PATCH * PATCH)))
    i, j = np.divmod(np.arange(mask[0].size), mask.shape[2])
    distance = (i[:, None] - i) ** 2 + (j[:, None] - j) ** 2
    filled = images.reshape(len(images), -1).copy()
    for x, hidden in zip(filled, mask.reshape(len(images), -1)):
        d = distance[hidden][:, ~hidden]
        near = d == d.min(1, keepdims=True)
        x[hidden] = near @ x[~hidden] / near.sum(1)
    return filled.reshape(images.shape)


def errors(model: MaskedAutoencoder, train_images: NDArray[np.uint8], images: NDArray[np.uint8],
           settings: Settings) -> dict[str, float]:
    """Mean squared error of the hidden pixels, by what fills them."""
    x = to_floats(images)
    seen = choose_visible(len(x), settings.visible, np.random.default_rng([settings.seed, 1]))
    mean = np.broadcast_to(to_floats(train_images).mean(0), x.shape)
    fills = {"mean image": mean, "nearest visible pixel": nearest_fill(x, seen),
             "masked autoencoder": reconstruct(model, x, seen)}
    hidden = hidden_patches(seen)
    count = hidden.sum() * PATCH * PATCH
    return {name: float((np.square(to_patches(fill - x)) * hidden).sum() / count) for name, fill in fills.items()}


if __name__ == "__main__":
    settings = Settings()
    (images, _), (test_images, _) = digits.load_data()
    model = network(settings)
    train(model, images, settings)
    print(f"mean squared error of hidden pixels, {len(test_images):,} unseen digits:",
          ", ".join(f"{name} {error:.4f}" for name, error in errors(model, images, test_images, settings).items()))
