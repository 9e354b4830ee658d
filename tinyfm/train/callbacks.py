"""What may look on while a model is trained, and step in."""
from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tinyfm.atomic import replacing
from tinyfm.errors import SettingError


class Callback:
    """Override what you need.  self.model is the model; self.model.stop_training = True ends training.

    logs: in on_train_begin {"steps": batches in an epoch}; after a batch the loss and the metrics of the epoch so far;
    after an epoch those of the epoch, and val_... of the validation data.  Epochs and batches count from 0.
    """

    model: Any = None

    def on_train_begin(self, logs: Any = None) -> None: ...
    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None: ...
    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None: ...
    def on_train_batch_end(self, batch: int, logs: Any = None) -> None: ...
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None: ...
    def on_train_end(self, logs: Any = None) -> None: ...


class Callbacks(Callback):
    """Several as one.  For each moment only those are asked that have something to do then."""

    def __init__(self, model: Any, callbacks: Sequence[Callback]) -> None:
        for callback in callbacks: callback.model = model
        for moment in (name for name in vars(Callback) if name.startswith("on_")):
            handlers = [getattr(callback, moment) for callback in callbacks]
            idle = getattr(Callback, moment)
            setattr(self, moment, self.each([h for h in handlers if getattr(h, "__func__", h) is not idle]))

    @staticmethod
    def each(handlers: list[Callable[..., None]]) -> Callable[..., None]:
        def all_of_them(*args: Any) -> None:
            for handler in handlers: handler(*args)
        return all_of_them


class History(Callback, Mapping[str, list[float]]):
    """What fit returns, as a mapping: history["loss"] is the loss of every epoch; likewise the metrics and val_..."""

    def __init__(self) -> None: self.epoch, self.history = list[int](), dict[str, list[float]]()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.epoch.append(epoch)
        for name, value in logs.items(): self.history.setdefault(name, []).append(value)

    def __getitem__(self, name: str) -> list[float]: return self.history[name]
    def __iter__(self) -> Iterator[str]: return iter(self.history)
    def __len__(self) -> int: return len(self.history)

    def __repr__(self) -> str:
        last = "  ".join(f"{name} {values[-1]:.4g}" for name, values in self.history.items())
        return f"<History of {len(self.epoch)} epochs, at the end {last}>"


class Monitor(Callback):
    """What EarlyStopping and ModelCheckpoint share: one number of the logs, and the best that it has been."""

    def __init__(self, monitor: str, mode: str, min_delta: float = 0.0) -> None:
        if mode not in ("auto", "min", "max"): raise SettingError(f"mode must be auto, min or max, received {mode!r}.")
        grows = any(word in monitor for word in ("acc", "auc", "f1", "precision", "recall", "r2", "top_"))
        self.monitor, self.sign = monitor, 1 if mode == "max" or (mode == "auto" and grows) else -1
        self.min_delta, self.best = abs(min_delta), -math.inf

    def on_train_begin(self, logs: Any = None) -> None: self.best = -math.inf

    def improved(self, logs: dict[str, float]) -> bool:
        """Whether this epoch is better than all before, by more than min_delta."""
        if self.monitor not in logs:
            cure = " Pass validation_data= to fit." if self.monitor.startswith("val_") else ""
            raise SettingError(f"{type(self).__name__} watches {self.monitor!r}; there is {', '.join(logs)}.{cure}")
        value = self.sign * logs[self.monitor]
        if not value > self.best + self.min_delta: return False
        self.best = value
        return True


class EarlyStopping(Monitor):
    """Stop when `monitor` has not improved by more than min_delta for `patience` epochs; Prechelt 1998.

    restore_best_weights: go back to the weights of the best epoch.  mode: "min", "max", or "auto", by the name.
    """

    def __init__(self, monitor: str = "val_loss", min_delta: float = 0.0, patience: int = 0, mode: str = "auto",
                 restore_best_weights: bool = False, start_from_epoch: int = 0) -> None:
        super().__init__(monitor, mode, min_delta)
        self.patience, self.restore_best_weights = patience, restore_best_weights
        self.start_from_epoch, self.waited = start_from_epoch, 0
        self.best_epoch, self.stopped_epoch, self.best_weights = 0, 0, dict[str, Any]()

    def on_train_begin(self, logs: Any = None) -> None:
        super().on_train_begin(logs)
        self.waited, self.best_weights = 0, {}

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if epoch < self.start_from_epoch: return
        if self.improved(logs):
            self.waited, self.best_epoch = 0, epoch
            if self.restore_best_weights: self.best_weights = self.model.state_dict()
            return
        self.waited += 1
        if self.waited >= max(self.patience, 1): self.model.stop_training, self.stopped_epoch = True, epoch

    def on_train_end(self, logs: Any = None) -> None:
        if self.best_weights: self.model.load_state_dict(self.best_weights)


class ModelCheckpoint(Monitor):
    """Save the model after every epoch, or only when `monitor` is the best so far.

    filepath: ends in .safetensors or .npz; may name the epoch and the logs, "{epoch:02d}-{val_loss:.3f}.safetensors".
    save_weights_only: without the optimiser and all else that is needed to go on training.
    """

    def __init__(self, filepath: str | Path, monitor: str = "val_loss", save_best_only: bool = False,
                 save_weights_only: bool = False, mode: str = "auto") -> None:
        super().__init__(monitor, mode)
        self.filepath, self.save_best_only, self.save_weights_only = str(filepath), save_best_only, save_weights_only

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.save_best_only and not self.improved(logs): return
        path = self.filepath.format(epoch=epoch + 1, **logs)
        if self.save_weights_only: self.model.save_weights(path)
        else: self.model.save(path)


class LearningRateScheduler(Callback):
    """Before each epoch set the learning rate to schedule(epoch, learning rate so far)."""

    def __init__(self, schedule: Callable[[int, float], float]) -> None: self.schedule = schedule

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        optimizer = self.model.optimizer
        optimizer.learning_rate = float(self.schedule(epoch, optimizer.rate))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None: logs["learning_rate"] = self.model.optimizer.rate


class CSVLogger(Callback):
    """A table with one line per epoch, whole on disk after each.  append: go on with the file that is there."""

    def __init__(self, filename: str | Path, separator: str = ",", append: bool = False) -> None:
        self.filename, self.separator, self.append = Path(filename), separator, append

    def on_train_begin(self, logs: Any = None) -> None:
        old = self.filename.read_text("utf-8").splitlines() if self.append and self.filename.exists() else []
        self.names, self.lines = (old[0].split(self.separator) if old else []), old

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if not self.names:
            self.names = ["epoch", *logs]
            self.lines.append(self.separator.join(self.names))
        row: Iterable[Any] = [epoch, *(logs.get(name, "") for name in self.names[1:])]
        self.lines.append(self.separator.join(str(value) for value in row))
        with replacing(self.filename) as file: file.write("".join(f"{line}\n" for line in self.lines).encode())
