"""One line that tells how training goes: redrawn on a terminal, once per epoch elsewhere."""
from __future__ import annotations

import sys
import time
from shutil import get_terminal_size
from typing import Any, TextIO

from tinyfm.train.callbacks import Callback

WIDTH, INTERVAL = 20, 0.1                        # of the bar, in characters; between two drawings, in seconds


class Progress(Callback):
    """epoch 3/10 ━━━━━━━━━━──────────  60/120  31 ms/step  eta 2s  loss 0.1234  accuracy 0.961

    verbose: 1 redraws the line while the epoch runs, where that is a terminal; 2 prints it when the epoch ends.
    """

    def __init__(self, verbose: int, epochs: int) -> None:
        self.epochs, self.steps, self.done, self.drawn, self.width = epochs, 0, 0, 0.0, 0
        self.live = verbose == 1 and sys.stderr is not None and sys.stderr.isatty()
        self.out: TextIO = sys.stderr if self.live else sys.stdout

    def on_train_begin(self, logs: Any = None) -> None: self.steps = logs["steps"]

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.title, self.started = f"epoch {epoch + 1}/{self.epochs}", time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.done, now = batch + 1, time.perf_counter()
        if not self.live or now - self.drawn < INTERVAL: return
        self.drawn, left = now, (now - self.started) / self.done * (self.steps - self.done)
        count = f"{self.bar()}  {self.done}/{self.steps}  {self.rate()}"
        self.redraw(f"{self.title} {count}  eta {clock(left)}  {values(logs)}")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        spent = clock(time.perf_counter() - self.started)
        line = f"  {self.done}/{self.steps}  {self.rate()}  {spent}  {values(logs)}"
        self.summary(f"{self.title} {self.bar()}" if self.live else self.title, line)

    def summary(self, title: str, content: Any) -> None:
        """A line that stays."""
        line = title + (content if isinstance(content, str) else f"  {values(content)}")
        if self.live: self.redraw(line)
        print("" if self.live else line, file=self.out, flush=True)
        self.width = 0

    def redraw(self, line: str) -> None:
        line = line[:get_terminal_size().columns - 1]             # a line that wraps cannot be redrawn
        self.out.write("\r" + line.ljust(self.width))
        self.out.flush()
        self.width = len(line)

    def bar(self) -> str:
        full, rest = "━─" if "utf" in (self.out.encoding or "").lower() else "=-"
        n = WIDTH * self.done // max(self.steps, 1)
        return full * n + rest * (WIDTH - n)

    def rate(self) -> str:
        seconds = (time.perf_counter() - self.started) / max(self.done, 1)
        return f"{seconds:.2f} s/step" if seconds >= 1 else f"{seconds * 1e3:.3g} ms/step"


def values(logs: dict[str, float]) -> str:
    plain = (f"{name} {v:.4f}" if 1e-3 < abs(v) < 1e4 or v == 0 else f"{name} {v:.3e}" for name, v in logs.items())
    return "  ".join(plain)


def clock(seconds: float) -> str:
    """3.2s, 42s, 5m07s, 1h05m."""
    if seconds < 10: return f"{seconds:.2g}s"
    whole = round(seconds)
    if whole < 60: return f"{whole}s"
    return f"{whole // 60}m{whole % 60:02d}s" if whole < 3600 else f"{whole // 3600}h{whole // 60 % 60:02d}m"
