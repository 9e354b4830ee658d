"""A tree of layers: what is found in it by looking, and what is done to all of it at once.

A weight is any tensor that a layer holds as an attribute, directly or in a list or dict; so is a layer within a layer.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tinyfm.elsewhere import WRITE, missing
from tinyfm.engine import Tensor

Array: TypeAlias = NDArray[Any]


class Tree:
    """What `Layer` knows of the tensors and layers that it holds."""

    built: bool = False
    _trainable: bool = True

    if not TYPE_CHECKING:
        def __getattr__(self, name: str) -> Any:
            if name in WRITE: raise missing(f"A {type(self).__name__}", name)
            return object.__getattribute__(self, name)          # raises what Python has to say

    def build(self, input_shape: tuple[Any, ...]) -> None:
        """Make the weights.  input_shape: of the first batch, the batch axis included."""

    def described(self) -> str:
        """What messages call it."""
        return type(self).__name__

    def held(self) -> Iterator[tuple[str, Any]]:
        """Everything that this layer holds, by dotted name: attributes, and what lists and dicts among them hold."""
        for name, value in vars(self).items(): yield from within(name, value)

    def children(self) -> Iterator[tuple[str, Any]]:
        """The layers directly below, by name."""
        return ((name, item) for name, item in self.held() if isinstance(item, Tree))

    def own_weights(self) -> Iterator[tuple[str, Tensor]]:
        """The tensors that this very layer holds, trainable or not."""
        return ((name, item) for name, item in self.held() if type(item) is Tensor)

    def named_layers(self, path: str = "") -> Iterator[tuple[str, Any]]:
        """This layer and all below it, with their paths; one that is used in two places comes once."""
        found: dict[int, tuple[str, Any]] = {}
        self.collect(path, found)
        yield from found.values()

    def collect(self, path: str, found: dict[int, tuple[str, Any]]) -> None:
        if id(self) in found: return
        found[id(self)] = path, self
        for name, layer in self.children(): layer.collect(f"{path}.{name}" if path else name, found)

    def named_weights(self) -> Iterator[tuple[str, Tensor]]:
        """All that is saved: trainable tensors and buffers.  Raises ValueError where a layer has not been built."""
        seen: set[int] = set()
        for path, layer in self.named_layers():
            if not layer.built and type(layer).build is not Tree.build:
                raise ValueError(f"{layer.described()} has no weights yet: it makes them when it sees the first batch. "
                                 "Call the model on one, or give its first layer input_shape=.")
            for name, weight in layer.own_weights():
                if id(weight) not in seen: yield (f"{path}.{name}" if path else name), weight
                seen.add(id(weight))

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        """What training changes, as (dotted name, tensor)."""
        return ((name, weight) for name, weight in self.named_weights() if weight.requires_grad)

    def named_buffers(self) -> Iterator[tuple[str, Tensor]]:
        """What gradients do not change: moving means and the like, and the weights of frozen layers."""
        return ((name, weight) for name, weight in self.named_weights() if not weight.requires_grad)

    def parameters(self) -> list[Tensor]:
        """The tensors that training changes."""
        return [weight for _, weight in self.named_parameters()]

    def count_params(self) -> int:
        """How many numbers the weights hold, buffers included."""
        return sum(weight.size for _, weight in self.named_weights())

    @property
    def trainable(self) -> bool:
        """Whether training may change the weights of this layer and of those below; a frozen weight is a constant."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for _, layer in self.named_layers():
            layer._trainable = value
            leaves = vars(layer).setdefault("_leaves", {})
            for name, weight in layer.own_weights():
                if weight.node is not None: leaves[name] = weight.node
                if name in leaves: weight.node = leaves[name] if value else None

    def state_dict(self) -> dict[str, Array]:
        """A copy of every weight and buffer, by dotted name."""
        return {name: np.array(weight.data) for name, weight in self.named_weights()}

    def load_state_dict(self, state: Mapping[str, Array]) -> None:
        """Take over the values of `state_dict`.  ValueError lists what is missing, unknown or of another shape."""
        weights = dict(self.named_weights())
        wrong = [f"missing: {name} {w.shape}" for name, w in weights.items() if name not in state]
        wrong += [f"unknown: {name} {np.shape(state[name])}" for name in state if name not in weights]
        wrong += [f"{name} has shape {np.shape(state[name])}, expected {w.shape}" for name, w in weights.items()
                  if name in state and np.shape(state[name]) != w.shape]
        if wrong: raise ValueError(f"These weights do not fit {self.described()}:\n  " + "\n  ".join(wrong))
        for name, weight in weights.items(): weight.data[...] = state[name]

    def random_state(self) -> dict[str, Any]:
        """Where the random numbers of every layer that draws some stand, by path."""
        return {path: layer._rng.bit_generator.state for path, layer in self.named_layers() if "_rng" in vars(layer)}

    def load_random_state(self, state: Mapping[str, Any]) -> None:
        """Let every layer draw on from where `random_state` stood."""
        for path, layer in self.named_layers():
            if path in state: layer.rng.bit_generator.state = state[path]
            else: vars(layer).pop("_rng", None)


def within(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """A value, or what lists and dicts hold at any depth, by dotted name."""
    if isinstance(value, list | tuple): value = dict(enumerate(value))
    if not isinstance(value, dict): yield name, value
    else:
        for key, item in value.items(): yield from within(f"{name}.{key}", item)
