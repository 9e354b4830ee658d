"""Model: a layer that can be compiled, trained, evaluated and saved.  Sequential: layers one after the other."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import inf
from typing import Any

import numpy as np

from tinyfm import metrics as scores
from tinyfm import optim, train
from tinyfm.engine import no_grad, watching
from tinyfm.nn import fusion, losses, saving
from tinyfm.nn.module import Layer, Shape, mode, snake_case
from tinyfm.nn.summary import summary
from tinyfm.nn.tree import Array


class Model(Layer):
    """A network of your own: hold layers as attributes, write `call`, then compile and fit.

        class Net(Model):
            def __init__(self):
                super().__init__()
                self.hidden, self.out = Dense(16, activation="tanh"), Dense(1)

            def call(self, x):
                return self.out(self.hidden(x))

    seed: where all random numbers start: weights, dropout, the order of the examples.  By default a fresh one; it can
    be read there, so that a run can be repeated.
    """

    takes_integers = True
    optimizer: Any = None
    loss: Any = None
    metrics: Mapping[str, Callable[..., Any]] = {}
    stop_training: bool = False
    epoch: int = 0                               # how many epochs it has been trained, in all calls of fit together

    @property
    def layers(self) -> list[Layer]:
        """The layers directly below."""
        return [layer for _, layer in self.children()]

    def compile(self, optimizer: Any = "rmsprop", loss: Any = None, metrics: str | Sequence[Any] = ()) -> None:
        """Say how to train: an optimiser, a loss, and what else to report; each by its Keras name or as an object."""
        self.optimizer = optim.get(optimizer)
        self.loss = None if loss is None else losses.get(loss)
        listed = [metrics] if isinstance(metrics, str) else metrics
        self.metrics = {m if isinstance(m, str) else getattr(m, "__name__", repr(m)): scores.get(m) for m in listed}

    def fit(self, x: Any, y: Any = None, batch_size: int = 32, epochs: int = 1, verbose: int = 1,
            callbacks: Sequence[train.Callback] = (), validation_split: float = 0.0, validation_data: Any = None,
            shuffle: bool = True, class_weight: Mapping[int, float] | None = None, sample_weight: Any = None,
            initial_epoch: int = 0, seed: int | None = None, progress: Any = None) -> train.History:
        """Train on the examples x with the targets y until epoch `epochs`; returns what happened, epoch by epoch.

        x, y: arrays with one entry for each example; x may be a tuple of arrays, one for each argument of `call`.
        verbose: 0 silent, 1 a progress line, 2 one line for each epoch.
        validation_split: the share of the examples, the last ones, that is only evaluated on; validation_data: (x, y)
        for that, or (x, y, weights).  class_weight: {class: weight}; sample_weight: (n,).
        initial_epoch: where counting starts.  seed: of the order of the examples, by default the model's.
        progress: such as tqdm, wraps the batches of an epoch.
        """
        self.check_compiled("fit")
        return train.fit(self, x, y, batch_size=batch_size, epochs=epochs, verbose=verbose, callbacks=callbacks,
                         validation_split=validation_split, validation_data=validation_data, shuffle=shuffle,
                         class_weight=class_weight, sample_weight=sample_weight, initial_epoch=initial_epoch, seed=seed,
                         progress=progress)

    def evaluate(self, x: Any, y: Any = None, batch_size: int = 128, verbose: int = 1, sample_weight: Any = None,
                 return_dict: bool = False) -> Any:
        """[loss, metric, ...] over the examples; the loss alone where there is no metric; a dict with return_dict."""
        self.check_compiled("evaluate")
        values = train.evaluate(self, x, y, batch_size=batch_size, verbose=verbose, sample_weight=sample_weight)
        if return_dict: return values
        return list(values.values()) if len(values) > 1 else values["loss"]

    def predict(self, x: Any, batch_size: int = 128) -> Array:
        """The model's output for every example, as one array, batch by batch."""
        return train.predict(self, x, batch_size=batch_size)

    def summary(self, print_fn: Callable[[str], Any] = print) -> None:
        """Print a table: every layer with the shape of its output and the number of its weights."""
        print_fn(summary(self))

    def check_compiled(self, method: str) -> None:
        if self.loss is None:
            raise RuntimeError(f"{method}() needs a loss. Call compile(optimizer='adam', loss=...) with one that "
                               f"fits your targets: {', '.join(losses.NAMED)}.")

    def save(self, path: Any) -> None:
        """Write everything into one .safetensors or .npz file: weights, architecture, optimiser, random state.

        `load_model` makes the same model of it; training goes on there with the same bits as if it had never stopped.
        """
        saving.save(self, path)

    def restore(self, path: Any) -> None:
        """Take over all that `save` wrote, into this model: weights, optimiser, random state, epoch."""
        saving.restore(self, path)

    def save_weights(self, path: Any) -> None:
        """Write the weights and buffers by name, nothing else, into a .safetensors or .npz file."""
        saving.save_weights(self, path)

    def load_weights(self, path: Any) -> None:
        """Read the weights and buffers of a file that `save` or `save_weights` wrote."""
        saving.load_weights(self, path)


class Sequential(Model):
    """y = the last layer of ... of the second layer of the first layer of x."""

    def __init__(self, layers: Sequence[Layer] = (), **options: Any) -> None:
        super().__init__(**options)
        self.stack: list[Layer] = []
        for layer in layers: self.add(layer)
        if self.input_shape is None and self.stack: self.input_shape = self.stack[0].input_shape
        if self.input_shape is not None and mode.room == inf: self.build_for(self.input_shape)

    @property
    def layers(self) -> list[Layer]:
        """The layers, in order."""
        return self.stack

    def add(self, layer: Layer) -> None:
        """Put one more layer at the end."""
        if not isinstance(layer, Layer):
            raise TypeError(f"Sequential is made of layers, received {layer!r}. Wrap a function: Activation(function).")
        taken = {other.name for other in self.stack}
        plain = snake_case(type(layer).__name__)
        if layer.name in taken and layer not in self.stack:
            raise ValueError(f"Two layers are called {layer.name!r}; give one another name=.")
        if not layer.name:
            numbered = (f"{plain}_{i}" if i else plain for i in range(len(taken) + 1))
            layer.name = next(name for name in numbered if name not in taken)
        self.stack.append(layer)
        self.built = False

    def children(self) -> Iterator[tuple[str, Layer]]: return ((layer.name, layer) for layer in self.stack)

    def placed(self, name: str) -> str:
        number = [layer.name for layer in self.stack].index(name) + 1
        return f"layer {number} of {type(self).__name__}"

    def call(self, x: Any) -> Any:
        for step in fusion.steps(self.stack): x = step(x)
        return x

    def build_for(self, input_shape: Shape) -> None:
        """Build every layer at once by sending zeros through.  input_shape: without the batch axis; None stays open."""
        self.adopt()
        with no_grad(), watching(None):            # zeros are no data: debug mode has nothing to say of them
            for size in (16, 17) if None in input_shape else (1,):    # an axis that differs between the two is open
                x: Any = np.zeros((1, *(size if n is None else n for n in input_shape)), int)
                for layer in self.stack:
                    x = layer(x)
                    layer.output_shape = merged(layer.output_shape, x.shape)
        self.built, self.built_for, self.output_shape = True, tuple(input_shape), self.stack[-1].output_shape
        for _, layer in self.named_layers(): layer.built_from = "input_shape"
        self.finish()

    def get_config(self) -> dict[str, Any]:
        """The arguments that make the same model again, fit for JSON."""
        return {**super().get_config(), "layers": [saving.layer_config(layer) for layer in self.stack]}


def merged(known: Shape | None, shape: Shape) -> Shape:
    """The shape of an output, None where two inputs of different size made it differ."""
    if known is None or len(known) != len(shape): return (None, *shape[1:])
    return (None, *(n if n == m else None for n, m in zip(known[1:], shape[1:])))
