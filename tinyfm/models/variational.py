r"""Variational autoencoder: codes that are normally distributed, so that new pictures can be drawn.

    x -> encoder -> mu, ln s^2 -> z = mu + s e, e ~ N(0, 1) -> decoder -> p(x | z)

    ln p(x) >= E ln p(x | z) - KL(N(mu, s^2) || N(0, 1))                    the evidence lower bound, which is raised
               -KL = (1 + ln s^2 - mu^2 - s^2) / 2, summed over the code

z is random, and yet mu and s have a gradient: the randomness stands beside them, in e (the reparameterisation).
Kingma & Welling 2014.  Grey values count as probabilities of black.  `python -m tinyfm.models.variational` trains on
the built-in digits and prints the bound on unseen ones, in nats.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfm import ops
from tinyfm.data import batches, digits, to_floats
from tinyfm.engine import no_grad
from tinyfm.nn import Dense, Flatten, Model, Reshape, Sequential
from tinyfm.optim import Adam

Array = NDArray[Any]


@dataclass(frozen=True)
class Settings:
    """What may be turned."""

    code: int = 16                               # unused numbers cost nothing: their KL goes to 0
    epochs: int = 8
    batch_size: int = 64
    learning_rate: float = 0.001
    seed: int = 0


class Variational(Model):
    """Encoder 784 -> 256 -> (mu, ln s^2), decoder code -> 256 -> 784 logits."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(seed=settings.seed)
        self.code = settings.code
        self.encoder = Sequential([Flatten(), Dense(256, activation="relu"), Dense(2 * settings.code)])
        self.decoder = Sequential([Dense(256, activation="relu"), Dense(784), Reshape((28, 28, 1))])

    def encode(self, x: Any) -> tuple[Any, Any]:
        """(mu, ln s^2), each (n, code)."""
        both = self.encoder(x)
        return both[:, :self.code], both[:, self.code:]

    def call(self, x: Any) -> Any:
        """What the decoder makes of the most probable code: probabilities of black."""
        return ops.sigmoid(self.decoder(self.encode(x)[0]))

    def loss_of(self, x: Array, e: Array) -> tuple[Any, Any]:
        """(-ln p(x | z), KL), averaged over the images, in nats.  e: (n, code), from a normal distribution."""
        mu, log_variance = self.encode(x)
        z = mu + ops.exp(log_variance * 0.5) * e
        cost = ops.binary_cross_entropy_with_logits(self.decoder(z), x, reduction="sum")
        divergence = ops.sum(ops.exp(log_variance) + ops.square(mu) - 1.0 - log_variance) * 0.5
        return cost / len(x), divergence / len(x)

    def features(self, x: Array) -> Array:
        """mu of every image."""
        return self.encoder.predict(x)[:, :self.code]

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """n new pictures, (n, 28, 28, 1): the decoder's answer to normal codes."""
        z = rng.standard_normal((n, self.code), np.float32)
        with no_grad(): return ops.sigmoid(self.decoder(z)).numpy()


def network(settings: Settings) -> Variational:
    """The model with its weights."""
    model = Variational(settings)
    with no_grad(): model(np.zeros((1, 28, 28, 1), np.float32))
    return model


def train(model: Variational, images: NDArray[np.uint8], settings: Settings, verbose: int = 1) -> list[float]:
    """Raise the bound, every image `epochs` times; returns minus the bound of each epoch, in nats."""
    x, rng, losses = to_floats(images), np.random.default_rng(settings.seed), []
    optimizer = Adam(settings.learning_rate, parameters=model.parameters())
    for epoch in range(settings.epochs):
        total = np.zeros(2)
        for rows in batches(len(x), settings.batch_size, rng):
            e = rng.standard_normal((len(x[rows]), settings.code), np.float32)
            cost, divergence = model.loss_of(x[rows], e)
            optimizer.zero_grad()
            (cost + divergence).backward()
            optimizer.step()
            total += np.array([cost.item(), divergence.item()]) * len(e) / len(x)
        losses.append(float(total.sum()))
        if verbose:
            print(f"epoch {epoch + 1}/{settings.epochs}  bound {-losses[-1]:.2f} = -{total[0]:.2f} - {total[1]:.2f}",
                  flush=True)
    return losses


def bound(model: Variational, images: NDArray[np.uint8], seed: int = 1) -> float:
    """The evidence lower bound of unseen images, one e for each, in nats."""
    x = to_floats(images)
    e = np.random.default_rng(seed).standard_normal((len(x), model.code), np.float32)
    with no_grad(): cost, divergence = model.loss_of(x, e)
    return -(cost.item() + divergence.item())


if __name__ == "__main__":
    settings = Settings()
    (images, _), (test_images, _) = digits.load_data()
    model = network(settings)
    train(model, images, settings)
    print(f"evidence lower bound of {len(test_images):,} unseen digits: {bound(model, test_images):.2f} nats")
