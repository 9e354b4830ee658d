"""What is learnt without labels, measured with 100: every encoder under the same two probes.

    python benchmarks/self_supervised.py                        MNIST (TINYFM_DATA, the cache, or a download)
    python benchmarks/self_supervised.py --data digits          the built-in digits, no download
    python benchmarks/self_supervised.py --pictures DIR         also the pictures, to look at

Each encoder is trained on the training images alone.  Then, five times, 100 of the training labels are drawn, ten of
each class; a linear classifier, its penalty chosen on them by cross-validation, and the three nearest neighbours read
the whole test part.  Accuracies are means of the five draws; seconds are those of training.
"""
from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tinyfm import data, metrics, plot
from tinyfm.data import augmentation, digits, to_floats
from tinyfm.models import autoencoder, denoising, masked_autoencoder, simclr, variational

Array = Any
Features = Callable[[Array], Array]
POOL = 10_000                                    # training images among which the labelled ones are drawn


@dataclass
class Page:
    """Where pictures go, if anywhere, and the unseen images that they show."""

    folder: Path | None
    images: Array

    def show(self, name: str, rows: dict[str, Array], title: str) -> None:
        if self.folder is None: return
        sheet: Any = plot.contact_sheet(rows, title=f"{title}; test images").figure
        sheet.savefig(self.folder / f"{name}.png", dpi=110)


def raw_pixels(images: Array, page: Page) -> Features:
    return lambda x: x


def random_encoder(images: Array, page: Page) -> Features:
    return simclr.networks(simclr.Settings())[0].predict


def principal_components(images: Array, page: Page) -> Features:
    """The 32 directions in which the images differ most."""
    x = to_floats(images).reshape(len(images), -1)
    centre = x.mean(0)
    directions = np.linalg.eigh((x - centre).T @ (x - centre))[1][:, -32:]
    return lambda x: (x.reshape(len(x), -1) - centre) @ directions


def plain(network: Callable[[Any], Any]) -> Callable[[Array, Page], Features]:
    def learn(images: Array, page: Page) -> Features:
        settings = autoencoder.Settings()
        model = network(settings)
        autoencoder.train(model, images, settings, verbose=0)
        x = page.images
        page.show(f"autoencoder_{network.__name__}", {"input": x, "reconstructed": model.predict(x)},
             f"{network.__name__} autoencoder: 784 pixels through {settings.code} numbers".capitalize())
        return model.layers[0].predict
    return learn


def denoiser(images: Array, page: Page) -> Features:
    settings = denoising.Settings()
    model = denoising.network(settings)
    denoising.train(model, images, settings, verbose=0)
    x = page.images
    noisy = augmentation.noise(x, np.random.default_rng(0), settings.strength)
    page.show("denoising", {"input": x, "noisy": noisy, "denoised": model.predict(noisy)},
         f"Denoising autoencoder: noise of standard deviation {settings.strength}")
    return model.layers[0].predict


def masked(images: Array, page: Page) -> Features:
    settings = masked_autoencoder.Settings()
    model = masked_autoencoder.network(settings)
    masked_autoencoder.train(model, images, settings, verbose=0)
    x = page.images
    hidden = masked_autoencoder.choose_hidden(len(x), settings.visible, np.random.default_rng(0))
    covered = np.where(masked_autoencoder.as_pixels(hidden), 0.5, x)
    page.show("masked", {"input": x, "visible": covered, "nearest pixel": masked_autoencoder.nearest_fill(x, hidden),
                            "model": masked_autoencoder.reconstruct(model, x, hidden)},
         "Masked autoencoder: 25 of 49 patches hidden (grey)")
    return lambda x: masked_autoencoder.features(model, x)


def bayesian(images: Array, page: Page) -> Features:
    settings = variational.Settings()
    model = variational.network(settings)
    variational.train(model, images, settings, verbose=0)
    x = page.images
    page.show("variational", {"input": x, "reconstructed": model.predict(x),
                                 "sampled": model.sample(14, np.random.default_rng(0)),
                                 "sampled ": model.sample(14, np.random.default_rng(1))}, "Variational autoencoder")
    return model.features


def contrastive(images: Array, page: Page) -> Features:
    settings = simclr.Settings()
    encoder, projection = simclr.networks(settings)
    simclr.train(encoder, projection, images, settings, verbose=0)
    x, rng = page.images, np.random.default_rng(0)
    page.show("views", {"input": x, "one view": simclr.view(x, rng), "another": simclr.view(x, rng)},
         "SimCLR: what belongs together")
    return encoder.predict


METHODS = {
    "raw pixels": raw_pixels, "random encoder": random_encoder, "principal components": principal_components,
    "autoencoder, dense": plain(autoencoder.dense), "autoencoder, convolutional": plain(autoencoder.convolutional),
    "denoising autoencoder": denoiser, "masked autoencoder": masked, "variational autoencoder": bayesian,
    "SimCLR": contrastive,
}


def augmentations(x: Array) -> dict[str, Array]:
    """Each augmentation on the same images."""
    rng, y, a = np.random.default_rng(0), np.eye(len(x)), augmentation
    return {
        "input": x, "shift": a.shift(x, rng, 4), "rotate": a.rotate(x, rng, 30), "scale": a.scale(x, rng, 0.4),
        "shear": a.shear(x, rng, 0.5), "elastic": a.elastic(x, rng, 2), "flip": a.flip(x, rng),
        "crop": a.crop(x, rng, 0.6), "noise": a.noise(x, rng, 0.2), "erase": a.erase(x, rng, 0.4),
        "mixup": a.mixup(x, y, rng, 1.0)[0], "cutmix": a.cutmix(x, y, rng)[0],
        "random_affine": a.random_affine(x, rng, 3, 25, 0.3, 0.4),
    }


def table(parts: Any, page: Page) -> Iterator[str]:
    (images, labels), (test_images, test_labels) = parts
    x, x_test = to_floats(images[:POOL]), to_floats(test_images)
    yield f"{'':28}{'features':>9}{'seconds':>9}{'linear':>9}{'from':>8}{'to':>8}{'neighbours':>12}"
    for name, learn in METHODS.items():
        began = time.perf_counter()
        features = learn(images, page)
        seconds = time.perf_counter() - began
        h, h_test = features(x), features(x_test)
        found = metrics.probe(h, labels[:POOL], h_test, test_labels)
        yield (f"{name:28}{h[0].size:9}{seconds:9.1f}{found.linear.mean():9.4f}{found.linear.min():8.4f}"
               f"{found.linear.max():8.4f}{found.neighbours.mean():12.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", choices=["mnist", "digits"], default="mnist")
    parser.add_argument("--limit", type=int, default=20_000, help="training images (20,000; of the digits 12,000)")
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="draw what was learnt, into this folder")
    chosen = parser.parse_args()
    parts = data.mnist.load_data() if chosen.data == "mnist" else digits.load_data()
    (images, labels), test = parts
    images, labels = images[:chosen.limit], labels[:chosen.limit]
    page = Page(chosen.pictures, to_floats(test[0][:14]))
    if page.folder: page.folder.mkdir(parents=True, exist_ok=True)
    page.show("augmentations", augmentations(page.images), "Augmentations")
    print(f"{chosen.data}: {len(images):,} images without labels; 100 labels, five draws, {len(test[1]):,} test images")
    for line in table(((images, labels), test), page): print(line, flush=True)


if __name__ == "__main__":
    main()
