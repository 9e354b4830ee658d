"""Neighbouring layers as one op, where there is one: the same numbers with fewer trips to memory.

Sequential asks here on every call, so nothing has to be remembered when a layer changes.  Whoever calls the layers one
by one gets them one by one.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod
from typing import Any

from tinyfm import ops
from tinyfm.engine import state
from tinyfm.errors import ShapeError
from tinyfm.kernels.fused import NARROW
from tinyfm.kernels.windows import resolve_padding
from tinyfm.nn.convolution import Conv1D, Conv2D, MaxPooling1D, MaxPooling2D
from tinyfm.nn.module import Layer
from tinyfm.nn.shapes import located

POOLS = {Conv1D: MaxPooling1D, Conv2D: MaxPooling2D}


def steps(layers: Sequence[Layer]) -> Iterator[Callable[[Any], Any]]:
    """What to apply one after the other instead of the layers: themselves, or two of them as one."""
    i = 0
    while i < len(layers):
        pair = layers[i:i + 2]
        fused = len(pair) == 2 and pools_alike(*pair) and not getattr(state.watch, "unfold", False)
        yield ConvReluPool(*pair) if fused else layers[i]
        i += 2 if fused else 1


def pools_alike(conv: Any, pool: Any) -> bool:
    """Whether the two are max_pool(relu(x * W + b)) over windows side by side, and gain by being one."""
    return (type(pool) is POOLS.get(type(conv)) and conv.activation is ops.relu and conv.groups == 1 and conv.use_bias
            and pool.strides == pool.pool_size and pool.padding == "valid" and conv.built and pool.built
            and prod(conv.kernel.shape[:-1]) <= NARROW)


class ConvReluPool:
    """A convolution with relu and the max pooling behind it, as one op."""

    def __init__(self, conv: Any, pool: Any) -> None: self.conv, self.pool = conv, pool

    def __call__(self, x: Any) -> Any:
        conv, x = self.conv, self.conv.admit(x)
        padding = resolve_padding(conv.padding, x.shape[1:-1], conv.kernel_size, conv.strides, conv.dilation_rate)
        try:
            return ops.conv_relu_pool(x, conv.kernel, conv.bias, pool_size=self.pool.pool_size, strides=conv.strides,
                                      padding=padding, dilation=conv.dilation_rate)
        except ShapeError as error:
            raise located(conv, error) from None
