"""Activations that have settings, as layers; those without go by name: Dense(128, activation="relu")."""
from __future__ import annotations

from typing import Any

from tinyfm import ops
from tinyfm.nn import activations
from tinyfm.nn.module import Layer


class ReLU(Layer):
    """y = min(max(x, 0), max_value), with slope `negative_slope` below 0."""

    def __init__(self, max_value: float | None = None, negative_slope: float = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.max_value, self.negative_slope = max_value, negative_slope

    def call(self, x: Any) -> Any:
        y = ops.leaky_relu(x, negative_slope=self.negative_slope) if self.negative_slope else ops.relu(x)
        return y if self.max_value is None else ops.minimum(y, self.max_value)


class LeakyReLU(Layer):
    """y = x where x > 0, else negative_slope x.  Maas et al. 2013."""

    def __init__(self, negative_slope: float = 0.3, **options: Any) -> None:
        super().__init__(**options)
        self.negative_slope = negative_slope

    def call(self, x: Any) -> Any: return ops.leaky_relu(x, negative_slope=self.negative_slope)


class Softmax(Layer):
    """y = e^x / sum e^x along an axis."""

    def __init__(self, axis: int = -1, **options: Any) -> None:
        super().__init__(**options)
        self.axis = axis

    def call(self, x: Any) -> Any:
        return activations.softmax(x) if self.axis == -1 else ops.softmax(x, axis=self.axis)
