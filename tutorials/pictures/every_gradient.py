"""Draws the README's picture: one step of training, every value above, every gradient below.

    python tutorials/pictures/every_gradient.py [OUTPUT.png]
"""
import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import tinyfm as fm
from tinyfm.data import digits
from tinyfm.models.digits import Settings, network, scaled, train

SETTINGS = Settings(epochs=1)


def misread(model, images, labels):
    """The first image that the network takes for another digit, though not by far."""
    p = model.predict(scaled(images))
    own = p[np.arange(len(labels)), labels]
    return int(np.flatnonzero((p.argmax(1) != labels) & (own > 0.2))[0])


def one_step(model, image, label):
    """[(name, value, gradient)] of the input, the filters and every layer's output."""
    conv, pool, flatten, hidden, out = model.layers
    x = fm.tensor(scaled(image)[None, :, :, None], requires_grad=True)   # (1, 28, 28, 1)
    maps = pool(conv(x))                                                 # (1, 13, 13, 32)
    features = hidden(flatten(maps))                                     # (1, 128)
    p = out(features)                                                    # (1, 10)
    loss = model.loss(np.array([label]), p)
    values = {"image x": x, "filters K": conv.kernel, "feature maps": maps, "hidden layer": features,
              "logits": p.logits}
    gradients = fm.gradients(loss, list(values.values()))
    return p.data[0], [(name, t.data, g) for (name, t), g in zip(values.items(), gradients)]


def tiled(a, columns=6):
    """(1, 28, 28, 1), (3, 3, 1, 32), (1, 13, 13, 32) or (1, 128) as one picture, tiles with a gap between them."""
    if a.ndim == 2: return a.reshape(16, 8)
    tiles = np.moveaxis(a[0] if a.shape[0] == 1 else a[:, :, 0], -1, 0)
    if len(tiles) == 1: return tiles[0]
    tiles = np.pad(tiles, ((0, -len(tiles) % columns), (0, 1), (0, 1)), constant_values=np.nan)
    n, h, w = tiles.shape
    return tiles.reshape(n // columns, columns, h, w).swapaxes(1, 2).reshape(n // columns * h, columns * w)[:-1, :-1]


def heat(ax, a, signed):
    """A picture of numbers with its scale beside it; what is signed is white at 0."""
    largest = float(np.abs(a).max())
    colours, least = ("PuOr", -largest) if signed else ("gray", 0)
    shown = ax.imshow(tiled(a), cmap=colours, vmin=least, vmax=largest, interpolation="nearest",
                      aspect="auto" if a.ndim == 2 else "equal")
    ax.set(xticks=[], yticks=[], facecolor="#d0d0d0")
    bar = ax.figure.colorbar(shown, ax=ax, shrink=0.8, aspect=25, pad=0.03)
    bar.ax.tick_params(labelsize=7, length=2)
    bar.ax.locator_params(nbins=4)


def bars(ax, values, label, unit):
    ax.bar(range(10), values, color=["#d1590b" if i == label else "#0060a8" for i in range(10)],
           hatch=["//" if i == label else "" for i in range(10)], edgecolor="white")
    ax.axhline(0, color="black", linewidth=0.6)
    ax.set_xticks(range(10))
    ax.tick_params(labelsize=7, length=2)
    ax.set_xlabel(f"digit (hatched: the truth, {label})", fontsize=8)
    ax.set_ylabel(unit, fontsize=8)


def draw(p, steps, label):
    figure = Figure(figsize=(13, 5), layout="constrained")
    rows = figure.subplots(2, 5, width_ratios=[1, 1, 1, 0.8, 0.9])
    for column, (name, value, gradient) in enumerate(steps):
        top, bottom = rows[:, column]
        if name == "logits":
            bars(top, p, label, "probability")
            bars(bottom, gradient[0], label, "gradient of the logits")
            top.set_title("prediction", fontsize=10)
        else:
            heat(top, value, signed=name == "filters K")
            heat(bottom, gradient, signed=True)
            shape = " x ".join(map(str, value.shape[1:] if name != "filters K" else value.shape)).removesuffix(" x 1")
            top.set_title(f"{name}\n{shape}", fontsize=10)
    rows[0, 0].set_ylabel("value\nforwards \N{RIGHTWARDS ARROW}", fontsize=11)
    rows[1, 0].set_ylabel("gradient of the loss\n\N{LEFTWARDS ARROW} backwards", fontsize=11)
    figure.suptitle(f"One step of training: the network takes a {label} for a {p.argmax()}, and every number learns "
                    "how it should change", fontsize=12)
    return figure


if __name__ == "__main__":
    (images, labels), (test_images, test_labels) = digits.load_data()
    model = network(SETTINGS)
    train(model, images, labels, SETTINGS)
    i = misread(model, test_images, test_labels)
    p, steps = one_step(model, test_images[i], test_labels[i])
    path = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_suffix(".png")
    draw(p, steps, test_labels[i]).savefig(path, dpi=100)
    print(f"written: {path}")
