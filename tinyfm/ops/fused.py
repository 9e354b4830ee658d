"""Blocks of layers as one op each: the same numbers as their parts, with fewer trips to memory."""
from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

import numpy as np

from tinyfm.engine import Array
from tinyfm.kernels import conv as conv_kernels
from tinyfm.kernels import fused as kernels
from tinyfm.kernels import special
from tinyfm.kernels.windows import Pairs, Sizes
from tinyfm.ops.activations import gelu, relu
from tinyfm.ops.composite import fused
from tinyfm.ops.conv import conv, conv_x, max_pool
from tinyfm.ops.elementwise import sigmoid, tanh
from tinyfm.ops.linear import linear
from tinyfm.ops.shape import sum_to


class Activation(NamedTuple):
    """What a block does to the result of its product.

    op: as one sees it.  value: the same in place.  both: the same in place, and what `back` asks for.
    back: the gradient before it, from the one after it and that.
    """

    op: Callable[..., Any]
    value: Callable[[Array], Array]
    both: Callable[[Array], tuple[Array, Array]]
    back: Callable[[Array, Array], Array]


def by_result(op: Callable[..., Any], value: Callable[[Array], Array],
              back: Callable[[Array, Array], Array]) -> Activation:
    """One whose slope follows from its result."""
    return Activation(op, value, lambda y: (value(y),) * 2, back)


ACTIVATIONS = {
    "relu": by_result(relu, lambda y: np.maximum(y, 0, out=y), lambda g, y: g * (y > 0)),
    "tanh": by_result(tanh, lambda y: np.tanh(y, out=y), lambda g, y: g * (1 - y * y)),
    "sigmoid": by_result(sigmoid, special.sigmoid, lambda g, y: g * (y * (1 - y))),
    "gelu": Activation(gelu, special.gelu, lambda y: special.gelu_both(y, False, out=y), np.multiply),
    "gelu_tanh": Activation(lambda x: gelu(x, approximate=True), special.gelu_tanh,
                            lambda y: special.gelu_both(y, True, out=y), np.multiply),
}


# ------------------------------------------------------------ a dense layer

def dense_by_parts(x: Any, w: Any, b: Any, *, activation: str) -> Any:
    return ACTIVATIONS[activation].op(linear(x, w, b))


def dense_kept(x: Array, w: Array, b: Array | None = None, *, activation: str) -> tuple[Array, Array]:
    return ACTIVATIONS[activation].both(linear.forward(x, w, b))


def dense_joint(g: Array, wanted: list[bool], x: Array, w: Array, b: Array | None, kept: Array | None,
                activation: str) -> list[Any]:
    if kept is None: kept = dense_kept(x, w, b, activation=activation)[1]
    d = ACTIVATIONS[activation].back(g, kept).reshape(-1, w.shape[1])
    return [(d @ w.T).reshape(x.shape) if wanted[0] else None,
            x.reshape(-1, x.shape[-1]).T @ d if wanted[1] else None,
            sum_to.forward(d, shape=d.shape[-1:]) if wanted[2] else None]


@fused(r"y = f(x W + b)", dense_by_parts, joint=dense_joint, keep=dense_kept)
def dense(x: Array, w: Array, b: Array | None = None, *, activation: str) -> Array:
    """linear and its activation: relu, tanh, sigmoid, gelu or gelu_tanh.

    x: (..., inputs), w: (inputs, units), b: (units,) or None.
    """
    return ACTIVATIONS[activation].value(linear.forward(x, w, b))


# ------------------------------------------------------------ a convolution, its activation, and a pool

def biased(y: Array, b: Array) -> Array:
    """y + b in the memory of y.  The bias is laid out for a whole row of pixels: its few channels, one pixel at a
    time, are added 4 x slower."""
    rows = y.reshape(prod(y.shape[:-2]), y.shape[-2] * y.shape[-1])
    rows += np.tile(b, y.shape[-2])
    return y


def conv_activated_by_parts(x: Any, w: Any, b: Any, *, activation: str, strides: Sizes, padding: Pairs, dilation: Sizes,
                        groups: int) -> Any:
    y = conv(x, w, strides=strides, padding=padding, dilation=dilation, groups=groups)
    return ACTIVATIONS[activation].op(y + b)


def conv_activated_kept(x: Array, w: Array, b: Array, *, activation: str, **how: Any) -> tuple[Array, Array]:
    return ACTIVATIONS[activation].both(biased(conv_kernels.conv(x, w, **how), b))


def conv_activated_joint(g: Array, wanted: list[bool], x: Array, w: Array, b: Array, kept: Array | None,
                         activation: str, strides: Sizes, padding: Pairs, dilation: Sizes, groups: int) -> list[Any]:
    how: Any = {"strides": strides, "padding": padding, "dilation": dilation, "groups": groups}
    if kept is None: kept = conv_activated_kept(x, w, b, activation=activation, **how)[1]
    d = ACTIVATIONS[activation].back(g, kept)
    return [conv_kernels.conv_x(d, w, size=x.shape[1:-1], **how) if wanted[0] else None,
            conv_kernels.conv_w(x, d, size=w.shape[:-2], **how) if wanted[1] else None,
            sum_to.forward(d, shape=d.shape[-1:]) if wanted[2] else None]


@fused(r"y = f(x * w + b)", conv_activated_by_parts, joint=conv_activated_joint, keep=conv_activated_kept)
def conv_activated(x: Array, w: Array, b: Array, *, activation: str, strides: Sizes, padding: Pairs, dilation: Sizes,
               groups: int = 1) -> Array:
    """conv, a bias and an activation as in `dense`."""
    y = conv_kernels.conv(x, w, strides=strides, padding=padding, dilation=dilation, groups=groups)
    return ACTIVATIONS[activation].value(biased(y, b))


def conv_x_activated_by_parts(x: Any, w: Any, b: Any, *, activation: str, size: Sizes, strides: Sizes, padding: Pairs,
                              dilation: Sizes, groups: int) -> Any:
    y = conv_x(x, w, size=size, strides=strides, padding=padding, dilation=dilation, groups=groups)
    return ACTIVATIONS[activation].op(y + b)


def conv_x_activated_kept(x: Array, w: Array, b: Array, *, activation: str, **how: Any) -> tuple[Array, Array]:
    return ACTIVATIONS[activation].both(biased(conv_kernels.conv_x(x, w, **how), b))


def conv_x_activated_joint(g: Array, wanted: list[bool], x: Array, w: Array, b: Array, kept: Array | None,
                           activation: str, size: Sizes, strides: Sizes, padding: Pairs, dilation: Sizes,
                           groups: int) -> list[Any]:
    how: Any = {"strides": strides, "padding": padding, "dilation": dilation, "groups": groups}
    if kept is None: kept = conv_x_activated_kept(x, w, b, activation=activation, size=size, **how)[1]
    d = ACTIVATIONS[activation].back(g, kept)
    return [conv_kernels.conv(d, w, **how) if wanted[0] else None,
            conv_kernels.conv_w(d, x, size=w.shape[:-2], **how) if wanted[1] else None,
            sum_to.forward(d, shape=d.shape[-1:]) if wanted[2] else None]


@fused(r"y = f(x *^\top w + b)", conv_x_activated_by_parts, joint=conv_x_activated_joint, keep=conv_x_activated_kept)
def conv_x_activated(x: Array, w: Array, b: Array, *, activation: str, size: Sizes, strides: Sizes, padding: Pairs,
                     dilation: Sizes, groups: int = 1) -> Array:
    """conv_x, a bias and an activation as in `dense`."""
    y = conv_kernels.conv_x(x, w, size=size, strides=strides, padding=padding, dilation=dilation, groups=groups)
    return ACTIVATIONS[activation].value(biased(y, b))


def conv_relu_pool_by_parts(x: Any, w: Any, b: Any, *, pool_size: Sizes, strides: Sizes, padding: Pairs,
                            dilation: Sizes) -> Any:
    y = relu(conv(x, w, strides=strides, padding=padding, dilation=dilation) + b)
    none, ones = ((0, 0),) * len(pool_size), (1,) * len(pool_size)
    return max_pool(y, pool_size=pool_size, strides=pool_size, padding=none, dilation=ones)


def conv_relu_pool_joint(g: Array, wanted: list[bool], x: Array, w: Array, b: Array, kept: kernels.Kept | None,
                         pool_size: Sizes, strides: Sizes, padding: Pairs, dilation: Sizes) -> Any:
    how: Any = {"pool_size": pool_size, "strides": strides, "padding": padding, "dilation": dilation}
    if kept is None: kept = kernels.conv_relu_pool_kept(x, w, b, **how)[1]
    return kernels.conv_relu_pool_gradients(g, x, w, kept, **how, wants=(wanted[0], wanted[1], wanted[2]))


@fused(r"y = \max_{pool} \max(x * w + b, 0)", conv_relu_pool_by_parts, joint=conv_relu_pool_joint,
       keep=kernels.conv_relu_pool_kept)
def conv_relu_pool(x: Array, w: Array, b: Array, *, pool_size: Sizes, strides: Sizes, padding: Pairs,
                   dilation: Sizes) -> Array:
    """conv, a bias, relu and max pooling over windows that do not overlap (the pool's strides are its size)."""
    return kernels.conv_relu_pool(x, w, b, pool_size=pool_size, strides=strides, padding=padding, dilation=dilation)
