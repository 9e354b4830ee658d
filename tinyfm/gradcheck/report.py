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
        lines.append(f"  {'argument':<{width}}  {'error':>7}  verdict")
        for row in self.rows:
            lines.append(f"  {row.argument:<{width}}  {size(row):>7}  {self.verdict(row.argument)}{place(row)}")
        lines += [f"\n{finding}" for finding in self.findings]
        return "\n".join([*lines, f"\n  replay: {self.replay}" if self.findings else ""]).rstrip()

    def plot(self) -> Any:
        """For each argument three heat maps: yours, the truth, and their difference.  Returns the figure."""
        from tinyfm.gradcheck.picture import heat_maps

        return heat_maps(self)


def size(row: Row) -> str:
    """The largest relative error, in as many characters for all."""
    if row.truth is not None and np.shape(row.yours) != np.shape(row.truth):
        return "shape"
    return "-" if np.isnan(row.error) else f"{row.error:.1e}"


def place(row: Row) -> str:
    """Where the difference is largest, with both numbers."""
    if row.worst is None or not row.error > 0:
        return ""
    at = f"[{', '.join(map(str, row.worst))}]"
    yours, true = float(row.yours[row.worst]), float(row.truth[row.worst])
    return f", worst at {row.argument}{at if row.worst else ''}: yours {yours:.6g}, true {true:.6g}"
