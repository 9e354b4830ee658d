"""What a check found: findings in words, a table, heat maps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

KINDS = (
    "wrong-shape",
    "not-summed-over-broadcast",
    "mean-for-sum-over-broadcast",
    "one-slice-of-broadcast",
    "zero",
    "nan",
    "wrong-sign",
    "constant-factor",
    "missing-1/N",
    "extra-1/N",
    "batch-for-size",
    "transposed",
    "operand-not-transposed",
    "operands-swapped",
    "other-argument",
    "ignores-upstream",
    "not-linear-in-upstream",
    "wrong-axis",
    "off-diagonal-missing",
    "missing-mean-term",
    "missing-variance-term",
    "input-for-output",
    "missing-factor",
    "passes-through",
    "missing-term",
    "partial",
    "stale-cache",
    "overwrites-instead-of-accumulates",
    "modifies-input",
    "low-precision",
    "kink",
    "unknown",
)


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with one gradient: a stable kind, a sentence of cause, a line of fix, and the numbers."""

    argument: str
    kind: str
    message: str
    fix: str
    evidence: dict[str, Any] = field(default_factory=dict)
    confidence: float = 1.0

    def __str__(self) -> str:
        return f"{self.argument}: {self.kind}. {self.message}\n    Fix: {self.fix}"


@dataclass
class Row:
    """One argument's line in the table: yours, the truth, where they differ most."""

    argument: str
    error: float
    worst: tuple[int, ...] | None
    yours: Any
    truth: Any


@dataclass
class Report:
    """The result of a check.  `ok` is False when any finding but a kink was made."""

    name: str
    findings: list[Finding]
    rows: list[Row]
    replay: str
    formula: str = ""

    @property
    def ok(self) -> bool:
        return all(f.kind == "kink" for f in self.findings)

    def verdict(self, argument: str) -> str:
        kinds = [f.kind for f in self.findings if f.argument == argument]
        return ", ".join(kinds) if kinds else "right"

    def __str__(self) -> str:
        verdict = "all gradients are right" if self.ok else "not right yet"
        lines = [f"{self.name}: {verdict}{'   ' + self.formula if self.formula else ''}"]
        width = max([len(r.argument) for r in self.rows] + [8])
        lines.append(f"  {'argument':<{width}}  {'error':>8}  verdict")
        for row in self.rows:
            lines.append(f"  {row.argument:<{width}}  {row.error:8.1e}  {self.verdict(row.argument)}{place(row)}")
        lines += [f"\n{finding}" for finding in self.findings]
        return "\n".join([*lines, f"\n  replay: {self.replay}" if self.findings else ""]).rstrip()

    def plot(self) -> Any:
        """For each argument three heat maps: yours, the truth, and their difference.  Returns the figure."""
        from matplotlib.figure import Figure

        rows = [r for r in self.rows if r.truth is not None]
        figure = Figure(figsize=(9, 2.6 * max(len(rows), 1)), layout="constrained")
        for i, row in enumerate(rows):
            limit = float(np.max(np.abs(row.truth), initial=1e-12))
            same = np.shape(row.yours) == np.shape(row.truth)
            pictures = [
                (f"{row.argument}: yours", row.yours),
                (f"{row.argument}: true", row.truth),
                (f"{row.argument}: yours - true", np.subtract(row.yours, row.truth) if same else None),
            ]
            for j, (title, values) in enumerate(pictures):
                heat_map(figure, figure.add_subplot(len(rows), 3, 3 * i + j + 1), title, values, limit)
        return figure


def heat_map(figure: Any, ax: Any, title: str, values: Any, limit: float) -> None:
    """One gradient as a picture, leading axes stacked downwards; blue is negative, red positive."""
    ax.set_title(title)
    if values is None:
        ax.text(0.5, 0.5, "shapes differ", ha="center", va="center")
        ax.set_axis_off()
        return
    flat = np.asarray(values, dtype=float)
    flat = flat.reshape(-1, flat.shape[-1] if flat.ndim else 1) if flat.ndim != 1 else flat[None]
    image = ax.imshow(flat, cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto", interpolation="nearest")
    ax.set_xlabel("last axis")
    ax.set_ylabel("other axes")
    figure.colorbar(image, ax=ax, label="gradient")


def place(row: Row) -> str:
    """Where the difference is largest, with both numbers."""
    if row.worst is None or not row.error > 0:
        return ""
    at = f"[{', '.join(map(str, row.worst))}]"
    yours, true = float(row.yours[row.worst]), float(row.truth[row.worst])
    return f"  worst at {row.argument}{at if row.worst else ''}: yours {yours:.6g}, true {true:.6g}"
