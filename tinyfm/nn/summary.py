"""A model as a table, as Keras prints it."""
from __future__ import annotations

from typing import Any


def summary(model: Any) -> str:
    """Every layer directly below with the shape of its output and the number of its weights, then the totals."""
    rows = [(f"{name} ({type(layer).__name__})", shape_text(layer.output_shape), f"{layer.count_params():,}")
            for name, layer in model.children()]
    head = ("Layer (type)", "Output Shape", "Param #")
    widths = [max(len(row[i]) for row in (head, *rows)) + 2 for i in range(3)]
    trained, fixed = (sum(w.size for _, w in group) for group in (model.named_parameters(), model.named_buffers()))
    size = sum(w.data.nbytes for _, w in model.named_weights())
    lines = [f'Model: "{model.name or type(model).__name__}"', line(head, widths), "─" * (sum(widths) + 4),
             *(line(row, widths) for row in rows), "─" * (sum(widths) + 4),
             f"Total params: {trained + fixed:,} ({bytes_text(size)})", f"Trainable params: {trained:,}",
             f"Non-trainable params: {fixed:,}"]
    return "\n".join(lines)


def line(row: tuple[str, str, str], widths: list[int]) -> str:
    """Text to the left, numbers to the right."""
    return "  ".join((row[0].ljust(widths[0]), row[1].ljust(widths[1]), row[2].rjust(widths[2]))).rstrip()


def shape_text(shape: Any) -> str: return "?" if shape is None else str(tuple(shape))


def bytes_text(n: float) -> str:
    for unit in ("B", "KB", "MB"):
        if n < 1024: return f"{n:.2f} {unit}"
        n /= 1024
    return f"{n:.2f} GB"
