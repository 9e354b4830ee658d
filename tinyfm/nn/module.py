"""Layer: a function with weights.

    class Dense(Layer):
        def build(self, input_shape): self.kernel = self.weight(glorot_uniform, (input_shape[-1], self.units))
        def call(self, x): return linear(x, self.kernel)

A weight is any tensor that a layer holds as an attribute, directly or in a list or dict; so is a layer within a layer.
They are found by looking (`tree`), not by registering.  Nothing random is global: every layer draws from
generators of its own, made from the seed of the outermost layer and from the path on which it is found there.
"""
from __future__ import annotations

import inspect
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import inf, prod
from typing import Any, ClassVar, TypeAlias

import numpy as np

from tinyfm.arguments import given
from tinyfm.engine import Tensor, leaf
from tinyfm.errors import SettingError, ShapeError, spell
from tinyfm.nn import activations, init
from tinyfm.nn.shapes import fits, located, refusal
from tinyfm.nn.tree import Array, Tree

Shape: TypeAlias = tuple[Any, ...]


class Mode(threading.local):
    """Whether this thread is inside a call with training=True."""

    training: bool = False
    room: float = inf                            # how many numbers new weights may take; see `loading`


mode = Mode()


@contextmanager
def loading(numbers: int) -> Iterator[None]:
    """Within the block, on this thread, new weights are zeros and take no more than so many numbers together."""
    mode.room = numbers
    try: yield
    finally: mode.room = inf


class Layer(Tree):
    """A function of tensors that may have weights.

    name: what errors, tables and files call it.  trainable: whether training may change its weights.
    dtype: of its weights, and what floating arrays are cast to; float32.  seed: where its random numbers start; by
    default the seed of the layer that it is part of, and a fresh one for the outermost.
    input_shape: without the batch axis; a Sequential then builds its weights at once, else on first use.

    A subclass writes `call(x)`, and `build(input_shape)` if it has weights; `call(x, training)` if it must know.
    """

    expects: Any = ()                            # the axes of the input: (..., 128) or ("batch", "time", 128)
    takes_integers: ClassVar[bool] = False       # whether integer arrays are left as they are
    takes_training: ClassVar[bool] = False
    name: str = ""
    path: str = ""                               # where it is found in the outermost layer: "encoder.hidden"
    place: str = ""                              # the same in words: "layer 2 of Sequential"
    dtype: Any = None
    seed: int | None = None
    built_from: str = "the first batch"
    input_shape: Shape | None = None
    output_shape: Shape | None = None
    built_for: Shape | None = None               # the shape of the first input, without the batch axis

    def __init__(self, *, name: str | None = None, trainable: bool = True, dtype: Any = None, seed: int | None = None,
                 input_shape: Shape | None = None) -> None:
        self.name, self._trainable, self.seed = name or "", trainable, seed
        self.dtype = None if dtype is None else np.dtype(dtype)
        if dtype is not None and self.dtype.kind != "f":
            raise SettingError(f"{type(self).__name__}: dtype must be floating, received {dtype!r}.")
        self.input_shape = None if input_shape is None else tuple(input_shape)

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.takes_training = "training" in inspect.signature(cls.call).parameters

    def call(self, *inputs: Any) -> Any:
        """The function itself, of tensors."""
        raise NotImplementedError(f"{type(self).__name__} has no call(self, x): write there what it computes.")

    def __call__(self, x: Any, *more: Any, training: bool | None = None, **options: Any) -> Any:
        first = not self.built
        if first: self.prepare(x)
        x, more = self.admit(x), tuple(self.cast(other) for other in more)
        before = mode.training
        if training is not None: mode.training = training
        if self.takes_training: options["training"] = mode.training
        try:
            out = self.call(x, *more, **options)
            if first and self.output_shape is None and hasattr(out, "shape"): self.output_shape = (None, *out.shape[1:])
            return out
        except ShapeError as error:
            raise located(self, error) from None
        finally:
            mode.training = before

    # ------------------------------------------------------------ the way in

    def prepare(self, x: Any) -> None:
        """Before the first use: tell the layers below who they are, look at the input's shape, make the weights."""
        self.adopt()
        shape = self.admit(x).shape
        self.build(shape)
        self.built, self.built_for = True, shape[1:]
        self.finish()

    def finish(self) -> None:
        """Name the new weights by their paths; make them constants where nothing is to be trained."""
        for name, weight in self.own_weights(): weight.name = f"{self.path}.{name}" if self.path else name
        if not self._trainable: self.trainable = False

    def adopt(self, known: set[int] | None = None) -> None:
        """Give every layer below its path, dtype and seed; one that is found twice keeps its first path."""
        known = known or {id(self)}
        self.name = self.name or snake_case(type(self).__name__)
        self.dtype = self.dtype or np.dtype(np.float32)
        if self.seed is None: self.seed = int(np.random.SeedSequence().entropy & 0xFFFFFFFF)  # type: ignore[operator]
        for name, layer in self.children():
            if id(layer) in known: continue
            known.add(id(layer))
            layer.path, layer.place = f"{self.path}.{name}" if self.path else name, self.placed(name)
            layer.name = layer.name or name
            if layer.dtype is None: layer.dtype = self.dtype
            if layer.seed is None: layer.seed = self.seed
            layer.adopt(known)

    def placed(self, name: str) -> str:
        """Where the layer below called `name` stands, in words."""
        return f"{name} of {type(self).__name__}"

    def admit(self, x: Any) -> Any:
        """The first input as the layer takes it: in its dtype, and of a shape that it expects."""
        x = self.cast(x)
        if not self.expects or fits(self.expects, x.shape): return x
        grey = isinstance(x, np.ndarray) and self.expects[-1] == 1 and fits(self.expects[:-1], x.shape)
        if not grey: raise refusal(self, x)
        return x[..., None]                      # images (n, 28, 28) are images with one channel, as in Keras

    def cast(self, x: Any) -> Any:
        """Arrays in the layer's dtype, integers too where they are to be computed with; tensors as they are."""
        if type(x) is Tensor: return x
        x = np.asarray(x)
        same = x.dtype == self.dtype or (x.dtype.kind != "f" and not self.casts_integers())
        return x if same else x.astype(self.dtype)

    def casts_integers(self) -> bool:
        """Integers become floating on their way into a layer that computes; a layer of layers hands them on."""
        return not self.takes_integers and next(self.children(), None) is None

    # ------------------------------------------------------------ weights

    def weight(self, initializer: Any, shape: Shape) -> Tensor:
        """A new trainable tensor; its name is the attribute that you put it under."""
        return leaf(self.initial(initializer, shape))

    def buffer(self, initializer: Any, shape: Shape) -> Tensor:
        """A new tensor that is saved with the weights and that no gradient changes, such as a moving mean."""
        return Tensor(self.initial(initializer, shape))

    def initial(self, initializer: Any, shape: Shape) -> Array:
        if self.dtype is None: self.adopt()
        if mode.room < inf: return self.blank(shape)
        if "_beginning" not in vars(self): self._beginning = self.generator(0)
        return init.get(initializer)(shape, self._beginning).astype(self.dtype)

    def blank(self, shape: Shape) -> Array:
        """Zeros, to be overwritten by what a file holds."""
        mode.room -= prod(shape)
        if mode.room < 0: raise ShapeError(f"{self.described()} would have more weights than the file holds.")
        return np.zeros(shape, self.dtype)

    def rebuild(self, shapes: Mapping[str, Any]) -> None:
        """Make all weights without seeing a batch; shapes: path -> [built_for, output_shape]."""
        self.adopt()
        for path, layer in self.named_layers():
            input_shape, output_shape = (None if s is None else tuple(s) for s in shapes[path])
            layer.build((1, *(input_shape or ())))
            layer.built, layer.built_for, layer.built_from = True, input_shape, "the file"
            layer.output_shape = output_shape
            layer.finish()

    @property
    def rng(self) -> np.random.Generator:
        """This layer's own random numbers, for use in `call`; where they stand is part of a training checkpoint."""
        if "_rng" not in vars(self): self._rng = self.generator(1)
        return self._rng

    def generator(self, purpose: int) -> np.random.Generator:
        if self.seed is None: self.adopt()
        return np.random.default_rng([self.seed, purpose, *self.path.encode()])

    # ------------------------------------------------------------ words

    def described(self) -> str:
        """'Dense "hidden" (layer 2 of Sequential)'."""
        name = f' "{self.name}"' if self.name else ""
        return f"{type(self).__name__}{name}{f' ({self.place})' if self.place else ''}"

    def get_config(self) -> dict[str, Any]:
        """The arguments that make the same layer again, fit for JSON."""
        return {name: written(name, value) for name, value in given(self).items() if name != "layers"}

    def __repr__(self) -> str:
        state = f"{self.output_shape}, {self.count_params():,} weights" if self.built else "not built yet"
        return f"<{self.described()}: {state}>"


def snake_case(name: str) -> str:
    """'MaxPooling2D' -> 'max_pooling2d'."""
    return re.sub(r"(?<=[a-zD])(?=[A-Z][a-z])", "_", name).lower()


def written(name: str, value: Any) -> Any:
    """One argument of a layer as JSON can hold it."""
    if callable(value):
        return init.config(value) if name.endswith("initializer") else activations.config(value)
    if isinstance(value, np.dtype): return value.name
    if isinstance(value, Layer): return {"class": type(value).__name__, "config": value.get_config()}
    if isinstance(value, list | tuple): return [written(name, v) for v in value]
    if value is None or isinstance(value, str | int | float | bool): return value
    raise SettingError(f"{name}={spell(value)} cannot be written into a file.")
