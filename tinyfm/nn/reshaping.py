"""Layers that only change a shape."""
from __future__ import annotations

from math import prod
from typing import Any

from tinyfm import ops
from tinyfm.errors import ShapeError
from tinyfm.nn.module import Layer, Shape


class Flatten(Layer):
    """(batch, a, b, ...) -> (batch, a b ...)."""

    def call(self, x: Any) -> Any: return ops.reshape(x, shape=(x.shape[0], prod(x.shape[1:])))


class Reshape(Layer):
    """(batch, ...) -> (batch, *target_shape); one entry may be -1."""

    def __init__(self, target_shape: Shape, **options: Any) -> None:
        super().__init__(**options)
        self.target_shape = tuple(target_shape)

    def call(self, x: Any) -> Any:
        have, want = prod(x.shape[1:]), prod(n for n in self.target_shape if n != -1)
        if have != want and not (-1 in self.target_shape and want and have % want == 0):
            raise ShapeError(f"{have} elements an example, shape {x.shape[1:]}, do not fill {self.target_shape}.")
        return ops.reshape(x, shape=(x.shape[0], *self.target_shape))


class Permute(Layer):
    """The axes after the batch axis in another order, counted from 1: Permute((2, 1)) swaps two."""

    def __init__(self, dims: Shape, **options: Any) -> None:
        super().__init__(**options)
        self.dims = tuple(dims)

    def call(self, x: Any) -> Any: return ops.permute_dims(x, axes=(0, *self.dims))
