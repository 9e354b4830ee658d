"""The plain layers: Dense, activations, Dropout, Embedding."""
from __future__ import annotations

from typing import Any

import numpy as np

from tinyfm import ops
from tinyfm.errors import SettingError
from tinyfm.nn import activations, init
from tinyfm.nn.module import Layer, Shape


class Dense(Layer):
    """y = activation(x W + b), W: (inputs, units)."""

    expects: Any = (..., "inputs")

    def __init__(self, units: int, activation: Any = None, use_bias: bool = True, *,
                 kernel_initializer: Any = "glorot_uniform", bias_initializer: Any = "zeros", **options: Any) -> None:
        super().__init__(**options)
        self.units, self.use_bias = positive("Dense", units=units), use_bias
        self.activation = activations.get(activation)
        self.kernel_initializer, self.bias_initializer = init.get(kernel_initializer), init.get(bias_initializer)

    def build(self, input_shape: Shape) -> None:
        inputs = input_shape[-1]
        self.kernel = self.weight(self.kernel_initializer, (inputs, self.units))
        self.bias = self.weight(self.bias_initializer, (self.units,)) if self.use_bias else None
        self.expects = (..., inputs)

    def call(self, x: Any) -> Any:                        # (..., inputs) -> (..., units)
        return activations.dense(x, self.kernel, self.bias, self.activation)


class Activation(Layer):
    """y = activation(x): a name such as 'relu', or any function of one tensor."""

    def __init__(self, activation: Any, **options: Any) -> None:
        super().__init__(**options)
        self.activation = activations.get(activation)

    def call(self, x: Any) -> Any: return self.activation(x)


class Dropout(Layer):
    """In training 0 with probability `rate`, else x / (1 - rate), each element by itself; in inference x.

    Srivastava et al. 2014.
    """

    def __init__(self, rate: float, **options: Any) -> None:
        super().__init__(**options)
        if not 0 <= rate < 1: raise SettingError(f"Dropout: rate is a probability below 1, received {rate}.")
        self.rate = rate

    def call(self, x: Any, training: bool) -> Any:
        if not training or self.rate == 0: return x
        kept = self.rng.random(x.shape, np.float32) >= self.rate
        return x * (kept * x.dtype.type(1 / (1 - self.rate)))


class Embedding(Layer):
    """y = E[x]: for each integer its row of E: (input_dim, output_dim)."""

    takes_integers = True

    def __init__(self, input_dim: int, output_dim: int, *, embeddings_initializer: Any = "uniform",
                 **options: Any) -> None:
        super().__init__(**options)
        self.input_dim = positive("Embedding", input_dim=input_dim)
        self.output_dim = positive("Embedding", output_dim=output_dim)
        self.embeddings_initializer = init.get(embeddings_initializer)

    def build(self, input_shape: Shape) -> None:
        self.embeddings = self.weight(self.embeddings_initializer, (self.input_dim, self.output_dim))

    def call(self, x: Any) -> Any:                        # (...) -> (..., output_dim)
        return ops.embedding(x, self.embeddings)


def positive(layer: str, **sizes: Any) -> int:
    """The size, if it is an integer of at least 1."""
    (name, value), = sizes.items()
    if isinstance(value, int | np.integer) and value >= 1 and not isinstance(value, bool): return int(value)
    raise SettingError(f"{layer}: {name} must be an integer of at least 1, received {value!r}.")
