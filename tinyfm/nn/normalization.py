"""Layers that give their input mean 0 and variance 1, and then a learnt scale (gamma) and offset (beta)."""
from __future__ import annotations

from typing import Any

from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from tinyfm import ops
from tinyfm.engine import Tensor
from tinyfm.errors import SettingError
from tinyfm.nn import init
from tinyfm.nn.layers import positive
from tinyfm.nn.module import Layer, Shape


class Normalization(Layer):
    """What these layers share: gamma, that scales, and beta, that shifts; either may be left out."""

    def __init__(self, *, epsilon: float = 1e-3, center: bool = True, scale: bool = True,
                 beta_initializer: Any = "zeros", gamma_initializer: Any = "ones", **options: Any) -> None:
        super().__init__(**options)
        self.epsilon, self.center, self.scale = epsilon, center, scale
        self.beta_initializer, self.gamma_initializer = init.get(beta_initializer), init.get(gamma_initializer)

    def make(self, shape: Shape) -> None:
        """gamma and beta, of this shape."""
        self.gamma = self.weight(self.gamma_initializer, shape) if self.scale else None
        self.beta = self.weight(self.beta_initializer, shape) if self.center else None


class BatchNormalization(Normalization):
    """Mean 0 and variance 1 for each channel over the batch; in inference with moving averages.  Ioffe & Szegedy 2015.

        moving <- momentum moving + (1 - momentum) batch,    the batch's variance being that of its examples (1 / n)

    A frozen layer (trainable=False) works as in inference, as in Keras.
    """

    expects: Any = (..., "channels")

    def __init__(self, axis: int = -1, momentum: float = 0.99, **options: Any) -> None:
        super().__init__(**options)
        self.axis, self.momentum = axis, momentum

    def build(self, input_shape: Shape) -> None:
        axis = normalize_axis_index(self.axis, len(input_shape))
        channels = input_shape[axis]
        self.make((channels,))
        self.moving_mean, self.moving_variance = self.buffer("zeros", (channels,)), self.buffer("ones", (channels,))
        self.expects = tuple(channels if i == axis else f"axis{i}" if i else "batch" for i in range(len(input_shape)))

    def call(self, x: Any, training: bool) -> Any:
        if not (training and self.trainable):
            return ops.batch_norm(x, self.gamma, self.beta, self.moving_mean, self.moving_variance, axis=self.axis,
                                  epsilon=self.epsilon)
        self.follow(x.data if type(x) is Tensor else x)
        return ops.batch_norm(x, self.gamma, self.beta, axis=self.axis, epsilon=self.epsilon)

    def follow(self, x: Any) -> None:
        """Move the averages towards this batch."""
        others = tuple(i for i in range(x.ndim) if i != self.axis % x.ndim)
        for moving, seen in ((self.moving_mean, x.mean(others)), (self.moving_variance, x.var(others))):
            moving.data = moving.data * self.momentum + seen * (1 - self.momentum)


class LayerNormalization(Normalization):
    """Mean 0 and variance 1 for each example by itself, over the last axes, `axis`.  Ba, Kiros & Hinton 2016."""

    expects: Any = (..., "features")

    def __init__(self, axis: int | tuple[int, ...] = -1, **options: Any) -> None:
        super().__init__(**options)
        self.axis = axis if isinstance(axis, int) else tuple(axis)

    def build(self, input_shape: Shape) -> None:
        dims = len(input_shape)
        axes = tuple(sorted(normalize_axis_tuple(self.axis, dims)))
        if axes != tuple(range(dims - len(axes), dims)):
            raise SettingError(f"{self.described()}: axis={self.axis} must name the last axes of {input_shape}.")
        self.make(input_shape[dims - len(axes):])
        self.expects = (..., *input_shape[dims - len(axes):])

    def call(self, x: Any) -> Any:
        return ops.layer_norm(x, self.gamma, self.beta, axis=self.axis, epsilon=self.epsilon)


class RMSNormalization(Layer):
    """y = gamma x / sqrt(mean(x^2) + epsilon) over the last axis.  Zhang & Sennrich 2019."""

    expects: Any = (..., "features")

    def __init__(self, epsilon: float = 1e-6, **options: Any) -> None:
        super().__init__(**options)
        self.epsilon = epsilon

    def build(self, input_shape: Shape) -> None:
        self.scale, self.expects = self.weight("ones", input_shape[-1:]), (..., input_shape[-1])

    def call(self, x: Any) -> Any: return ops.rms_norm(x, self.scale, epsilon=self.epsilon)


class GroupNormalization(Normalization):
    """Mean 0 and variance 1 for each example and each group of channels, over space.  Wu & He 2018.

    groups: how many; -1 for one channel each (instance normalisation).
    """

    expects: Any = (..., "channels")

    def __init__(self, groups: int = 32, **options: Any) -> None:
        super().__init__(**options)
        self.groups = groups if groups == -1 else positive("GroupNormalization", groups=groups)

    def build(self, input_shape: Shape) -> None:
        channels = input_shape[-1]
        if channels % self.groups:
            raise SettingError(f"{self.described()}: {channels} channels do not divide into {self.groups} groups.")
        self.make((channels,))
        self.expects = (..., channels)

    def call(self, x: Any) -> Any:
        groups = x.shape[-1] if self.groups == -1 else self.groups
        return ops.group_norm(x, self.gamma, self.beta, groups=groups, epsilon=self.epsilon)
