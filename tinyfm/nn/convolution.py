"""Convolution and pooling layers.  Channels last: (batch, time, channels) or (batch, height, width, channels)."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from tinyfm import ops
from tinyfm.errors import SettingError
from tinyfm.nn import activations, init
from tinyfm.nn.layers import positive
from tinyfm.nn.module import Layer, Shape
from tinyfm.ops.conv import geometry, transposed_geometry

Entries = int | Sequence[int]
LINE, PLANE = ("batch", "time", "channels"), ("batch", "height", "width", "channels")


class Convolution(Layer):
    """What the convolution layers share: arguments and kernel; every tuple has one entry per spatial axis."""

    op: ClassVar[Callable[..., Any]]
    transposed: ClassVar[bool] = False

    def __init__(self, filters: int, kernel_size: Entries, strides: Entries = 1, padding: str = "valid",
                 dilation_rate: Entries = 1, groups: int = 1, activation: Any = None, use_bias: bool = True, *,
                 kernel_initializer: Any = "glorot_uniform", bias_initializer: Any = "zeros", **options: Any) -> None:
        super().__init__(**options)
        kind, dims = type(self).__name__, len(self.expects) - 2
        self.filters, self.groups = positive(kind, filters=filters), positive(kind, groups=groups)
        self.kernel_size = entries(kind, dims, kernel_size=kernel_size)
        self.strides = entries(kind, dims, strides=strides)
        self.dilation_rate = entries(kind, dims, dilation_rate=dilation_rate)
        self.padding = known_padding(kind, padding)
        self.activation, self.use_bias = activations.get(activation), use_bias
        self.kernel_initializer, self.bias_initializer = init.get(kernel_initializer), init.get(bias_initializer)

    def build(self, input_shape: Shape) -> None:
        channels = input_shape[-1]
        if channels % self.groups or self.filters % self.groups:
            raise SettingError(f"{self.described()}: {channels} channels in and {self.filters} out do not both divide "
                               f"into {self.groups} groups.")
        inside, outside = (self.filters, channels) if self.transposed else (channels, self.filters)
        self.kernel = self.weight(self.kernel_initializer, (*self.kernel_size, inside // self.groups, outside))
        self.bias = self.weight(self.bias_initializer, (self.filters,)) if self.use_bias else None
        self.expects = (*self.expects[:-1], channels)

    def call(self, x: Any) -> Any:                        # (batch, *space, channels) -> (batch, *space, filters)
        how = {"strides": self.strides, "padding": self.padding, "dilation": self.dilation_rate, "groups": self.groups}
        if self.activation in activations.FUSED and self.use_bias: return self.with_activation(x, how)
        return self.activation(type(self).op(x, self.kernel, self.bias, **how))

    def with_activation(self, x: Any, how: Any) -> Any:
        """All as one op: the same numbers with fewer trips to memory."""
        dims, name = len(self.kernel_size), activations.FUSED[self.activation]
        spelt = transposed_geometry if self.transposed else geometry
        fused = ops.conv_x_activated if self.transposed else ops.conv_activated
        return fused(x, self.kernel, self.bias, activation=name, **spelt(dims, x, self.kernel, **how))


class Conv1D(Convolution):
    """y = activation(x * W + b) along time, W: (kernel_size, channels / groups, filters)."""

    expects: Any = LINE
    op = ops.conv1d


class Conv2D(Convolution):
    """y = activation(x * W + b) over height and width, W: (*kernel_size, channels / groups, filters).

    LeCun et al. 1989.
    """

    expects: Any = PLANE
    op = ops.conv2d


class Conv1DTranspose(Convolution):
    """The transpose of Conv1D: every input spreads over a window.  W: (kernel_size, filters / groups, channels)."""

    expects: Any = LINE
    op = ops.conv1d_transpose
    transposed = True


class Conv2DTranspose(Convolution):
    """The transpose of Conv2D: every pixel spreads over a window.  W: (*kernel_size, filters / groups, channels)."""

    expects: Any = PLANE
    op = ops.conv2d_transpose
    transposed = True


class Pooling(Layer):
    """What the pooling layers share: a window, by default as far from the next as it is wide."""

    op: ClassVar[Callable[..., Any]]

    def __init__(self, pool_size: Entries = 2, strides: Entries | None = None, padding: str = "valid",
                 **options: Any) -> None:
        super().__init__(**options)
        kind, dims = type(self).__name__, len(self.expects) - 2
        self.pool_size, self.padding = entries(kind, dims, pool_size=pool_size), known_padding(kind, padding)
        self.strides = self.pool_size if strides is None else entries(kind, dims, strides=strides)

    def call(self, x: Any) -> Any:
        return type(self).op(x, self.pool_size, self.strides, self.padding)


class MaxPooling1D(Pooling):
    """y_p = the largest x under window p."""

    expects: Any = LINE
    op = ops.max_pool1d


class MaxPooling2D(Pooling):
    """y_p = the largest x under window p."""

    expects: Any = PLANE
    op = ops.max_pool2d


class AveragePooling1D(Pooling):
    """y_p = the mean of x under window p; padding does not count."""

    expects: Any = LINE
    op = ops.average_pool1d


class AveragePooling2D(Pooling):
    """y_p = the mean of x under window p; padding does not count."""

    expects: Any = PLANE
    op = ops.average_pool2d


class GlobalAveragePooling1D(Layer):
    """The mean over time: (batch, time, channels) -> (batch, channels)."""

    expects: Any = LINE

    def call(self, x: Any) -> Any: return ops.mean(x, axis=1)


class GlobalAveragePooling2D(Layer):
    """The mean over height and width: (batch, height, width, channels) -> (batch, channels)."""

    expects: Any = PLANE

    def call(self, x: Any) -> Any: return ops.mean(x, axis=(1, 2))


class GlobalMaxPooling1D(Layer):
    """The largest over time: (batch, time, channels) -> (batch, channels)."""

    expects: Any = LINE

    def call(self, x: Any) -> Any: return ops.max(x, axis=1)


class GlobalMaxPooling2D(Layer):
    """The largest over height and width: (batch, height, width, channels) -> (batch, channels)."""

    expects: Any = PLANE

    def call(self, x: Any) -> Any: return ops.max(x, axis=(1, 2))


class ZeroPadding2D(Layer):
    """Zeros around an image.  padding: one number, (height, width), or ((top, bottom), (left, right))."""

    expects: Any = PLANE

    def __init__(self, padding: Any = 1, **options: Any) -> None:
        super().__init__(**options)
        pairs = np.broadcast_to(np.reshape(padding, (-1, 1)) if np.ndim(padding) == 1 else padding, (2, 2))
        self.padding = tuple((int(before), int(after)) for before, after in pairs)

    def call(self, x: Any) -> Any:
        return ops.pad_constant(x, widths=((0, 0), *self.padding, (0, 0)))


class UpSampling2D(Layer):
    """Each pixel repeated `size` times in height and width."""

    expects: Any = PLANE

    def __init__(self, size: Entries = 2, **options: Any) -> None:
        super().__init__(**options)
        self.size = entries("UpSampling2D", 2, size=size)

    def call(self, x: Any) -> Any:
        (n, h, w, c), (rows, columns) = x.shape, self.size
        spread = ops.broadcast_to(ops.reshape(x, shape=(n, h, 1, w, 1, c)), shape=(n, h, rows, w, columns, c))
        return ops.reshape(spread, shape=(n, h * rows, w * columns, c))


def entries(layer: str, dims: int, **sizes: Any) -> tuple[int, ...]:
    """One integer of at least 1 for each spatial axis."""
    (name, value), = sizes.items()
    values = (value,) * dims if isinstance(value, int | np.integer) else tuple(value)
    if len(values) != dims:
        raise SettingError(f"{layer}: {name} must be one integer or {dims} of them, received {value!r}.")
    return tuple(positive(layer, **{name: v}) for v in values)


def known_padding(layer: str, padding: str) -> str:
    if str(padding).lower() in ("valid", "same"): return padding.lower()
    raise SettingError(f"{layer}: padding must be 'valid' or 'same', received {padding!r}.")
