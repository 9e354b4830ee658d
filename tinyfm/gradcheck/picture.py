"""A report as heat maps: for each argument yours, the truth, and their difference, with the worst element marked."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tinyfm.gradcheck.report import Report, Row


def heat_maps(report: Report) -> Figure:
    rows = [r for r in report.rows if r.truth is not None and np.size(r.truth)]
    figure = Figure(figsize=(10, 0.5 + 2.5 * max(len(rows), 1)), layout="constrained")
    figure.suptitle(f"{report.name}: {'all gradients are right' if report.ok else 'not right yet'}")
    grid = figure.subplots(max(len(rows), 1), 3, squeeze=False)
    for row, axes in zip(rows, grid):
        draw(figure, axes, row, report.verdict(row.argument))
    return figure


def draw(figure: Figure, axes: Any, row: Row, verdict: str) -> None:
    """One argument's three maps; yours and the truth share their colours, the difference has its own."""
    same = np.shape(row.yours) == np.shape(row.truth)
    gap = np.subtract(row.yours, row.truth) if same else None
    limit = largest(row.yours, row.truth)
    heat_map(figure, axes[0], f"{row.argument}: yours", row.yours, limit)
    heat_map(figure, axes[1], f"{row.argument}: true", row.truth, limit)
    marked = same and row.worst is not None and row.error > 0
    title = f"yours - true: {verdict}{' (o: worst)' if marked else ''}"
    heat_map(figure, axes[2], title, gap, limit if gap is None else largest(gap))
    if marked:
        y, x = np.argwhere(flat(np.arange(np.size(row.truth)).reshape(np.shape(row.truth))) == number(row))[0]
        axes[2].plot(x, y, "o", markersize=12, markerfacecolor="none", markeredgecolor="black")


def number(row: Row) -> int:
    """The place of the worst element among all."""
    return int(np.ravel_multi_index(row.worst or (), np.shape(row.truth))) if row.worst else 0


def largest(*arrays: Any) -> float:
    sizes = [np.max(np.abs(np.nan_to_num(np.asarray(a, dtype=float), posinf=0, neginf=0)), initial=0) for a in arrays]
    return float(max(sizes)) or 1.0


def flat(values: Any) -> np.ndarray:
    """The last axis to the right, all others stacked downwards."""
    array = np.asarray(values, dtype=float)
    return array.reshape(-1, array.shape[-1]) if array.ndim > 1 else array.reshape(1, -1)


def heat_map(figure: Figure, ax: Any, title: str, values: Any, limit: float) -> None:
    """One gradient as a picture; blue is negative, red positive, white zero."""
    ax.set_title(title, fontsize="medium")
    if values is None:
        ax.text(0.5, 0.5, "the shapes differ", ha="center", va="center")
        ax.set_axis_off()
        return
    shape = np.shape(values)
    image = ax.imshow(flat(values), cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto", interpolation="nearest")
    ax.set_xlabel(f"axis {len(shape) - 1}" if shape else "one number")
    ax.set_ylabel("axis 0" if len(shape) == 2 else f"axes 0 to {len(shape) - 2}" if len(shape) > 2 else "")
    for axis, shown in ((ax.xaxis, bool(shape)), (ax.yaxis, len(shape) > 1)):
        axis.set_major_locator(MaxNLocator(6, integer=True))
        axis.set_tick_params(labelleft=shown, left=shown, labelbottom=shown, bottom=shown)
    figure.colorbar(image, ax=ax, label="gradient")
