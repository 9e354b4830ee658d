"""Pictures of training and of what a model does.  Every function draws into `ax` or a new figure and returns the axes.

    plot.learning_curve(history).figure.savefig("learning.png")

Works without a display.  If matplotlib.pyplot is in use, or the code runs in a notebook, a new figure is one of
pyplot's, so `plt.show()` and the notebook show it; otherwise it is a plain Figure that nobody has to close.
"""

import math
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tinyfm.errors import ShapeError
from tinyfm.metrics import Calibration, RocCurve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, ORANGE, GREY = "#0060a8", "#d1590b", "#777777"      # told apart by colour-blind eyes, and in print
STYLES = [("-", "o"), ("--", "s")]                        # training, validation


def learning_curve(history: Mapping[str, Sequence[float]], *, ax: "Axes | None" = None) -> "Axes":
    """Losses on the left axis, the other metrics on a right one; validation is dashed.

    history: one number per epoch for every name, as fit returns it: loss, val_loss, accuracy, val_accuracy, ...
    """
    from matplotlib.ticker import MaxNLocator

    if not any(len(values) for values in history.values()):
        raise ValueError(f"the history holds no epoch: {dict(history)}")
    ax = _axes(ax, 7, 4.2)
    losses = {name: values for name, values in history.items() if name.endswith("loss")}
    others = {name: values for name, values in history.items() if name not in losses}
    lines = _curves(ax, losses, [BLUE])
    if others:
        right = ax.twinx() if losses else ax
        lines += _curves(right, others, [ORANGE, "#8a2be2", "#2a7f3f"])
    ax.set_title("Learning curve", pad=12 + 17 * math.ceil(len(lines) / 2))
    ax.set_xlabel("epoch")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    ax.grid(alpha=0.3)
    ax.legend(handles=lines, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, frameon=False)
    return ax


def _curves(ax: "Axes", curves: Mapping[str, Sequence[float]], colours: Sequence[str]) -> list[Any]:
    lines, kinds = [], list(dict.fromkeys(name.removeprefix("val_") for name in curves))
    for name, values in curves.items():
        style, marker = STYLES[name.startswith("val_")]
        colour = colours[kinds.index(name.removeprefix("val_")) % len(colours)]
        epochs = range(1, len(values) + 1)
        every = max(1, len(values) // 15)
        lines += ax.plot(epochs, values, style, marker=marker, markevery=every, markersize=4, color=colour, label=name)
    ax.set_ylabel(", ".join(kinds))
    return lines


def confusion_matrix(matrix: ArrayLike, *, labels: Sequence[str] | None = None, ax: "Axes | None" = None) -> "Axes":
    """Counts of metrics.confusion_matrix, each row shaded by its share of the true class."""
    matrix = np.asarray(matrix)
    n = len(matrix)
    if matrix.shape != (n, n):
        raise ShapeError(f"confusion_matrix expects a square matrix (classes, classes), received {matrix.shape}")
    labels = [str(i) for i in range(n)] if labels is None else labels
    if len(labels) != n:
        raise ValueError(f"{len(labels)} labels for {n} classes: {list(labels)[:10]}")
    size = min(3.2 + 0.42 * n, 12)
    ax = _axes(ax, size + 0.6, size - 0.4)
    share = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    shades = ax.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for i, j in zip(*np.nonzero(matrix), strict=True):
        if n <= 25:
            ax.text(j, i, str(matrix[i, j]), ha="center", va="center", color="white" if share[i, j] > 0.5 else "black",
                    fontsize=9 if n <= 12 else 6)  # fmt: skip
    ax.set(title=f"Confusion matrix: {np.trace(matrix)} of {matrix.sum()} right", xlabel="predicted", ylabel="true")
    ax.set_xticks(range(n), labels, rotation=40 if max(map(len, labels)) > 3 else 0, rotation_mode="anchor",
                  ha="right" if max(map(len, labels)) > 3 else "center", va="top")  # fmt: skip
    ax.set_yticks(range(n), labels)
    ax.figure.colorbar(shades, ax=ax, fraction=0.046, label="share of the true class")
    return ax


def predictions(
    images: ArrayLike, y_true: ArrayLike, y_pred: ArrayLike, probabilities: ArrayLike | None = None, *,
    labels: Sequence[str] | None = None, columns: int = 8, ax: "Axes | None" = None,
) -> "Axes":  # fmt: skip
    """A page of images with what was predicted; a wrong one is crossed, framed, and says what it is.

    images: (n, h, w), (n, h, w, 1) or (n, h, w, 3).  y_true, y_pred: labels (n,).  probabilities: (n,), of what was
    predicted, or (n, classes).
    """
    images, y_true, y_pred = _images(images), np.asarray(y_true), np.asarray(y_pred)
    if not images.shape[:1] == y_true.shape == y_pred.shape:
        raise ShapeError(
            f"predictions expects as many labels (n,) as images (n, h, w), received images {images.shape}, "
            f"y_true {y_true.shape}, y_pred {y_pred.shape}"
        )
    captions = _captions(y_true, y_pred, probabilities, labels)
    ax = _axes(ax, *_page_size(len(images), columns, images.shape[2], 1.4 * images.shape[1]))
    corners = _tiles(ax, images, columns, 0.4, cmap="gray", vmin=0, vmax=1)
    height, width = images.shape[1:3]
    for (x, y), caption, right in zip(corners, captions, y_true == y_pred, strict=True):
        style: dict[str, Any] = {} if right else {"color": ORANGE, "weight": "bold"}
        ax.text(x + width / 2, y + 1.04 * height, caption, ha="center", va="top", fontsize=9, linespacing=0.95, **style)
        if not right:
            ax.add_patch(_frame(x, y, width, height))
    ax.set_title(f"Predictions: {np.sum(y_true != y_pred)} of {len(images)} wrong (\N{BALLOT X}, framed)")
    return ax


def _captions(y_true: NDArray[Any], y_pred: NDArray[Any], probabilities: ArrayLike | None,
              labels: Sequence[str] | None) -> list[str]:  # fmt: skip
    true, predicted = ([str(y) if labels is None else labels[y] for y in ys.tolist()] for ys in (y_true, y_pred))
    shares = [""] * len(true)
    if probabilities is not None:
        p = np.asarray(probabilities)
        if p.ndim not in (1, 2) or len(p) != len(true):
            raise ShapeError(f"probabilities must be ({len(true)},) or ({len(true)}, classes), received {p.shape}")
        shares = [f" {share:.0%}" for share in (p if p.ndim == 1 else p[np.arange(len(p)), y_pred])]
    return [p + share if t == p else f"\N{BALLOT X} {p}{share}\nis {t}"
            for t, p, share in zip(true, predicted, shares, strict=True)]  # fmt: skip


def _frame(x: float, y: float, width: int, height: int) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((x, y), width, height, fill=False, edgecolor=ORANGE, linewidth=2.5, clip_on=False)


def contact_sheet(rows: Mapping[str, ArrayLike], *, title: str = "Contact sheet", ax: "Axes | None" = None) -> "Axes":
    """Rows of images under each other, each with its name: {"noisy": (n, h, w), "denoised": (n, h, w), ...}.

    Images may be (n, h, w), (n, h, w, 1) or (n, h, w, 3); all have one shape and share one scale.
    """
    if len({np.shape(images) for images in rows.values()}) != 1:
        raise ShapeError("contact_sheet takes rows of images that have one shape, received "
                         f"{ {name: np.shape(images) for name, images in rows.items()} }")
    images = _images(np.concatenate([np.asarray(row) for row in rows.values()]))
    columns, (height, width) = len(images) // len(rows), images.shape[1:3]
    ax = _axes(ax, *_page_size(len(images), columns, width, height))
    corners = _tiles(ax, images, columns, 0, cmap="gray", vmin=0, vmax=1)
    ax.set_yticks([y + height / 2 for _, y in corners[::columns]], list(rows))
    ax.tick_params(length=0)
    ax.set_title(title)
    return ax


def filters(kernel: ArrayLike, *, ax: "Axes | None" = None) -> "Axes":
    """The filters of a convolution, (h, w, in, out): one column per output, one row per input, on one scale about 0.

    Filters of a single input stand on a square page.
    """
    kernel = np.asarray(kernel)
    if kernel.ndim != 4:
        raise ShapeError(f"filters expects a kernel (h, w, in, out), received {kernel.shape}")
    h, w, inputs, outputs = kernel.shape
    tiles = kernel.transpose(2, 3, 0, 1).reshape(-1, h, w)                # (in * out, h, w)
    columns = outputs if inputs > 1 else math.ceil(math.sqrt(outputs))
    largest = float(np.abs(kernel).max()) or 1.0
    title = f"{outputs} filters of {h} \N{MULTIPLICATION SIGN} {w} over {inputs} input{'s' * (inputs > 1)}"
    ax = _page(tiles, columns, title, "weight", ax, cmap="PuOr", vmin=-largest, vmax=largest)
    if inputs > 1:
        ax.set(xlabel="output", ylabel="input")
    return ax


def feature_maps(maps: ArrayLike, *, ax: "Axes | None" = None) -> "Axes":
    """What a layer makes of one image, (h, w, channels), all channels on one scale."""
    maps = np.asarray(maps)
    if maps.ndim != 3:
        raise ShapeError(f"feature_maps expects the maps of one image, (h, w, channels), received {maps.shape}")
    h, w, channels = maps.shape
    what = f"{channels} feature maps of {h} \N{MULTIPLICATION SIGN} {w}"
    return _page(np.moveaxis(maps, -1, 0), math.ceil(math.sqrt(channels)), what, "activation", ax, cmap="viridis")


def roc(curve: RocCurve, *, label: str = "model", ax: "Axes | None" = None) -> "Axes":
    """The ROC curve of metrics.roc_curve, with its area; more curves may follow into the same axes."""
    false, true, _ = curve
    ax = _axes(ax, 5.2, 5)
    if not ax.lines:
        ax.plot([0, 1], [0, 1], ":", color=GREY, label="chance: area 0.5")
    style = ("-", "--", "-.")[(len(ax.lines) - 1) % 3]
    ax.plot(false, true, style, label=f"{label}: area {np.trapezoid(true, false):.3f}")
    ax.set(title="ROC curve", xlabel="false positive rate", ylabel="true positive rate", aspect="equal")
    ax.grid(alpha=0.3)
    ax.legend(loc="lower right")
    return ax


def reliability(calibration: Calibration, *, ax: "Axes | None" = None) -> "Axes":
    """How often predictions came true against their probability, from metrics.calibration; grey: how many there are.

    Guo et al. 2017, figure 1.
    """
    confidence, accuracy, counts, error = calibration
    filled, bins = counts > 0, len(counts)
    ax = _axes(ax, 5.2, 5)
    middles, shares = (np.arange(bins) + 0.5) / bins, counts / counts.sum()
    ax.bar(middles, shares, 0.9 / bins, color="#cccccc", label="share of predictions")
    ax.plot([0, 1], [0, 1], ":", color=GREY, label="perfectly calibrated")
    ax.plot(confidence[filled], accuracy[filled], "o-", color=BLUE, label="model")
    ax.set(title=f"Reliability: calibration error {error:.3f}", xlabel="confidence (mean probability of a bin)",
           ylabel="accuracy (share that came true)", xlim=(0, 1), ylim=(0, 1.02), aspect="equal")  # fmt: skip
    ax.legend(loc="upper left")
    return ax


def _page(tiles: NDArray[Any], columns: int, title: str, unit: str, ax: "Axes | None", **style: Any) -> "Axes":
    ax = _axes(ax, *_page_size(len(tiles), columns, tiles.shape[2], tiles.shape[1]))
    style = {"vmin": tiles.min(), "vmax": tiles.max()} | style
    _tiles(ax, tiles, columns, 0, **style)
    ax.set(title=title, facecolor="#dddddd")
    ax.figure.colorbar(ax.images[0], ax=ax, shrink=0.9, label=unit)
    return ax


def _page_size(n: int, columns: int, width: float, height: float) -> tuple[float, float]:
    """Inches."""
    columns = min(n, columns)
    rows = math.ceil(n / columns)
    size = min(1.0, 12 / columns, 12 / (rows * height / width))
    return max(4.5, columns * size + 0.8), max(2.0, rows * size * height / width + 0.8)


def _tiles(ax: "Axes", images: NDArray[Any], columns: int, caption: float, **style: Any) -> list[tuple[float, float]]:
    """Draw images in rows as one picture, with room of `caption` of their height below each; their corners (x, y)."""
    height, width = images.shape[1:3]
    columns, gap = min(columns, len(images)), max(1, width // 12)
    down, across = height + gap + round(caption * height), width + gap
    corners = [(gap + i % columns * across, gap + i // columns * down) for i in range(len(images))]
    room = (gap + math.ceil(len(images) / columns) * down, gap + columns * across, *images.shape[3:])
    picture = np.full(room, np.nan if images.ndim == 3 else 1.0)
    for image, (x, y) in zip(images, corners, strict=True):
        picture[y : y + height, x : x + width] = image
    ax.imshow(picture, interpolation="nearest", **style)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    return [(x - 0.5, y - 0.5) for x, y in corners]      # imshow puts the middle of the first pixel at 0


def _images(images: ArrayLike) -> NDArray[Any]:
    """(n, h, w) as they are or (n, h, w, 3), from 0 to 1."""
    x = np.asarray(images)
    x = x[..., 0] if x.ndim == 4 and x.shape[-1] == 1 else x
    if x.ndim not in (3, 4) or (x.ndim == 4 and x.shape[-1] != 3) or not x.size:
        raise ShapeError(f"a page shows images (n, h, w), (n, h, w, 1) or (n, h, w, 3), got {np.shape(images)}")
    smallest, largest = float(x.min()), float(x.max())
    return (x - smallest) / (largest - smallest or 1.0)


def _axes(ax: "Axes | None", width: float, height: float) -> "Axes":
    if ax is not None:
        return ax
    if "matplotlib.pyplot" in sys.modules or "ipykernel" in sys.modules:
        from matplotlib import pyplot

        return pyplot.figure(figsize=(width, height), layout="constrained").subplots()
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained").subplots()
