"""Blocks of layers as one op each: the same numbers as their parts, with fewer trips to memory."""
from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

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

# name -> (the op, the same in place, the gradient before it from the one after it and the result)
ACTIVATIONS: dict[str, tuple[Callable[..., Any], Callable[[Array], Array], Callable[[Array, Array], Array]]] = {
    "relu": (relu, lambda y: np.maximum(y, 0, out=y), lambda g, y: g * (y > 0)),
    "tanh": (tanh, lambda y: np.tanh(y, out=y), lambda g, y: g * (1 - y * y)),
    "sigmoid": (sigmoid, special.sigmoid, lambda g, y: g * (y * (1 - y))),
}


# ------------------------------------------------------------ a dense layer

GELU = {"gelu": False, "gelu_tanh": True}        # whether by tanh; the slope does not follow from the result: kept


def dense_by_parts(x: Any, w: Any, b: Any, *, activation: str) -> Any:
    y = linear(x, w, b)
    return gelu(y, approximate=GELU[activation]) if activation in GELU else ACTIVATIONS[activation][0](y)


def dense_kept(x: Array, w: Array, b: Array | None = None, *, activation: str) -> tuple[Array, Array | None]:
    y = linear.forward(x, w, b)
    if activation in GELU: return special.gelu_both(y, GELU[activation], out=y)
    return ACTIVATIONS[activation][1](y), None


def dense_joint(g: Array, wanted: list[bool], x: Array, w: Array, b: Array | None, out: Array, kept: Array | None,
                activation: str) -> list[Any]:
    if activation in GELU: d = g * (dense_kept(x, w, b, activation=activation)[1] if kept is None else kept)
    else: d = ACTIVATIONS[activation][2](g, out)
    d = d.reshape(-1, w.shape[1])
    return [(d @ w.T).reshape(x.shape) if wanted[0] else None,
            x.reshape(-1, x.shape[-1]).T @ d if wanted[1] else None,
            sum_to.forward(d, shape=d.shape[-1:]) if wanted[2] else None]


@fused(r"y = f(x W + b)", dense_by_parts, joint=dense_joint, keep=dense_kept)
def dense(x: Array, w: Array, b: Array | None = None, *, activation: str) -> Array:
    """linear and its activation: relu, tanh, sigmoid, gelu or gelu_tanh.

    x: (..., inputs), w: (inputs, units), b: (units,) or None.
    """
    if activation in GELU: return gelu.forward(linear.forward(x, w, b), approximate=GELU[activation])
    return ACTIVATIONS[activation][1](linear.forward(x, w, b))


# ------------------------------------------------------------ a convolution, its activation, and a pool

def conv_activated_by_parts(x: Any, w: Any, b: Any, *, activation: str, strides: Sizes, padding: Pairs, dilation: Sizes,
                        groups: int) -> Any:
    y = conv(x, w, strides=strides, padding=padding, dilation=dilation, groups=groups)
    return ACTIVATIONS[activation][0](y + b)


def conv_activated_joint(g: Array, wanted: list[bool], x: Array, w: Array, out: Array, activation: str, strides: Sizes,
                     padding: Pairs, dilation: Sizes, groups: int) -> list[Any]:
    d, how = ACTIVATIONS[activation][2](g, out), (strides, padding, dilation, groups)
    names = dict(zip(("strides", "padding", "dilation", "groups"), how))
    return [conv_kernels.conv_x(d, w, size=x.shape[1:-1], **names) if wanted[0] else None,  # type: ignore[arg-type]
            conv_kernels.conv_w(x, d, size=w.shape[:-2], **names) if wanted[1] else None,  # type: ignore[arg-type]
            sum_to.forward(d, shape=d.shape[-1:]) if wanted[2] else None]


def finished(y: Array, b: Array, activation: str) -> Array:
    """f(y + b) in the memory of y.  The bias is laid out for a whole row of pixels: its few channels, one pixel at a
    time, are added 4 x slower."""
    rows = y.reshape(prod(y.shape[:-2]), y.shape[-2] * y.shape[-1])
    rows += np.tile(b, y.shape[-2])
    return ACTIVATIONS[activation][1](y)


@fused(r"y = f(x * w + b)", conv_activated_by_parts, joint=conv_activated_joint)
def conv_activated(x: Array, w: Array, b: Array, *, activation: str, strides: Sizes, padding: Pairs, dilation: Sizes,
               groups: int = 1) -> Array:
    """conv, a bias and an activation: relu, tanh or sigmoid."""
    y = conv_kernels.conv(x, w, strides=strides, padding=padding, dilation=dilation, groups=groups)
    return finished(y, b, activation)


def conv_x_activated_by_parts(x: Any, w: Any, b: Any, *, activation: str, size: Sizes, strides: Sizes, padding: Pairs,
                              dilation: Sizes, groups: int) -> Any:
    y = conv_x(x, w, size=size, strides=strides, padding=padding, dilation=dilation, groups=groups)
    return ACTIVATIONS[activation][0](y + b)


def conv_x_activated_joint(g: Array, wanted: list[bool], x: Array, w: Array, out: Array, activation: str,
                           strides: Sizes, padding: Pairs, dilation: Sizes, groups: int) -> list[Any]:
    d = ACTIVATIONS[activation][2](g, out)
    how: Any = {"strides": strides, "padding": padding, "dilation": dilation, "groups": groups}
    return [conv_kernels.conv(d, w, **how) if wanted[0] else None,
            conv_kernels.conv_w(d, x, size=w.shape[:-2], **how) if wanted[1] else None,
            sum_to.forward(d, shape=d.shape[-1:]) if wanted[2] else None]


@fused(r"y = f(x *^\top w + b)", conv_x_activated_by_parts, joint=conv_x_activated_joint)
def conv_x_activated(x: Array, w: Array, b: Array, *, activation: str, size: Sizes, strides: Sizes, padding: Pairs,
                     dilation: Sizes, groups: int = 1) -> Array:
    """conv_x, a bias and an activation: relu, tanh or sigmoid."""
    y = conv_kernels.conv_x(x, w, size=size, strides=strides, padding=padding, dilation=dilation, groups=groups)
    return finished(y, b, activation)


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
