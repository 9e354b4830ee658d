"""The loop behind fit, evaluate and predict.

It knows no layer.  A model, to it, is something that is called on a batch and has parameters(), a loss, an optimizer,
metrics as {name: function of (y_true, y_pred)}, a seed, and two counters: `epoch`, how many it has been trained, and
`stop_training`.  The order of the examples in an epoch depends on the seed and on model.epoch alone, so training that
goes on from a checkpoint meets the same batches as training that was never interrupted.
"""
from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tinyfm.data.split import batches
from tinyfm.engine import Tensor, no_grad
from tinyfm.errors import SettingError
from tinyfm.train.callbacks import Callback, Callbacks, History
from tinyfm.train.examples import Examples, class_weights, examples, held_out, split_off
from tinyfm.train.progress import Progress

Array: TypeAlias = NDArray[Any]
Bar: TypeAlias = Callable[[Iterable[Any]], Iterable[Any]]


def train_batch(model: Any, x: tuple[Array, ...], y: Any, weight: Array | None = None) -> tuple[float, Any]:
    """One step: predict, cost, gradients, update.  Returns the loss and the prediction; stops short of NaN."""
    y_pred = model(*x, training=True)
    loss = model.loss(y, y_pred, weight)
    if math.isfinite(value := loss.item()):
        model.optimizer.zero_grad()
        loss.backward()
        model.optimizer.step()
    return value, y_pred


def fit(model: Any, x: Any, y: Any = None, *, batch_size: int = 32, epochs: int = 1, verbose: int = 1,
        callbacks: Sequence[Callback] = (), validation_split: float = 0.0, validation_data: Any = None,
        shuffle: bool = True, class_weight: Mapping[int, float] | None = None, sample_weight: Any = None,
        initial_epoch: int = 0, seed: int | None = None, progress: Bar | None = None) -> History:
    """Train for the epochs initial_epoch + 1 ... epochs; see `Model.fit`."""
    data = examples(x, y, sample_weight)
    validation = None if validation_data is None else held_out(validation_data)
    if validation_split: data, validation = split_off(data, validation_split)
    if class_weight: data.weight = class_weights(data, class_weight)
    if batch_size < 1: raise SettingError(f"A batch holds at least one example, received batch_size={batch_size}.")
    start(model, data)
    history = History()
    watchers = Callbacks(model, [*callbacks, history, *([Progress(verbose, epochs)] if verbose else [])])
    watchers.on_train_begin({"steps": math.ceil(len(data) / batch_size)})
    for epoch in range(initial_epoch, epochs):
        watchers.on_epoch_begin(epoch)
        order = np.random.default_rng([model.seed if seed is None else seed, model.epoch]) if shuffle else None
        logs = train_epoch(model, data, batches(len(data), batch_size, order), watchers, progress)
        if validation is not None:
            logs |= {f"val_{name}": value for name, value in evaluate_examples(model, validation).items()}
        model.epoch += 1
        watchers.on_epoch_end(epoch, logs)
        if model.stop_training: break
    watchers.on_train_end()
    return history


def start(model: Any, data: Examples) -> None:
    """Show the model one example, and the loss all targets; hand the parameters to the optimiser."""
    model.stop_training = False
    x, y, weight = data.at(slice(0, 1))
    with no_grad():
        y_pred = model(*x)
        if data.y is not None: model.loss.check(data.y, y_pred)
        model.loss(y, y_pred, weight)
    parameters = model.parameters()
    if not parameters: raise ValueError("The model has no parameters to train; is every layer frozen?")
    if [id(p) for p in parameters] != [id(p) for p in model.optimizer.parameters]: model.optimizer.build(parameters)


def train_epoch(model: Any, data: Examples, order: Iterable[Any], watchers: Callbacks,
                progress: Bar | None = None) -> dict[str, float]:
    """Every example once.  Returns the loss and the metrics, averaged over the examples as the model was learning."""
    running = Averages()
    for step, rows in enumerate(order if progress is None else progress(list(order))):
        watchers.on_train_batch_begin(step)
        x, y, weight = data.at(rows)
        loss, y_pred = train_batch(model, x, y, weight)
        if not math.isfinite(loss): return running.means() | {"loss": halt(model, data, rows, step, loss)}
        running.add(len(x[0]), loss, model.metrics, y, y_pred)
        watchers.on_train_batch_end(step, running.means())
        if model.stop_training: break
    return running.means()


def halt(model: Any, data: Examples, rows: Any, step: int, loss: float) -> float:
    """The loss is NaN or infinite: blame the data if they are, else warn and stop, the weights as they were before."""
    data.blame(rows)
    model.stop_training = True
    largest, name = max((float(np.abs(p.data).max(initial=0)), p.name or "a parameter") for p in model.parameters())
    warnings.warn(
        f"The loss became {loss} in epoch {model.epoch + 1}, step {step + 1}, on finite data. Training stops before "
        f"it changes the weights; the largest is in {name}: {largest:.3g}. Try a smaller learning rate (it is "
        f"{model.optimizer.rate:.3g}) or clipnorm=1.0; tinyfm.debug() finds the first op that goes wrong.",
        RuntimeWarning, stacklevel=5)
    return loss


class Averages:
    """Means over examples, so that a short last batch counts for what it is."""

    def __init__(self) -> None: self.count, self.totals = 0, dict[str, float]()

    def add(self, n: int, loss: float, metrics: Mapping[str, Any], y: Any, y_pred: Any) -> None:
        self.count += n
        self.totals["loss"] = self.totals.get("loss", 0.0) + n * loss
        for name, metric in metrics.items():
            self.totals[name] = self.totals.get(name, 0.0) + n * float(metric(y, y_pred.data))

    def means(self) -> dict[str, float]: return {name: total / self.count for name, total in self.totals.items()}


def evaluate(model: Any, x: Any, y: Any = None, *, batch_size: int = 128, verbose: int = 1,
             sample_weight: Any = None) -> dict[str, float]:
    """The loss and the metrics of the model as it is, averaged over the examples."""
    data = examples(x, y, sample_weight)
    values = evaluate_examples(model, data, batch_size)
    if verbose: Progress(verbose, 1).summary(f"evaluated {len(data)} examples", values)
    return values


def evaluate_examples(model: Any, data: Examples, batch_size: int = 128) -> dict[str, float]:
    running = Averages()
    with no_grad():
        for rows in batches(len(data), batch_size):
            x, y, weight = data.at(rows)
            y_pred = model(*x, training=False)
            loss = model.loss(y, y_pred, weight).item()
            if not math.isfinite(loss): data.blame(rows)
            running.add(len(x[0]), loss, model.metrics, y, y_pred)
    return running.means()


def predict(model: Any, x: Any, *, batch_size: int = 128) -> Array:
    """The model's output for every example, as one array."""
    data = examples(x)
    with no_grad():
        parts = [model(*data.at(rows)[0], training=False) for rows in batches(len(data), batch_size)]
    return np.concatenate([part.data if isinstance(part, Tensor) else part for part in parts])
