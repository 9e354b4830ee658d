"""The functions between layers, by name."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from tinyfm import ops
from tinyfm.engine import Tensor
from tinyfm.errors import SettingError, spell

Activation: TypeAlias = Callable[[Any], Any]


def linear(x: Any) -> Any:
    """x itself."""
    return x


def softmax(x: Any) -> Any:
    """e^x / sum e^x over the last axis.  The result remembers its logits, from which a loss is exact at any size."""
    return remembering(ops.softmax(x), x)


def sigmoid(x: Any) -> Any:
    """1 / (1 + e^-x).  The result remembers its logits."""
    return remembering(ops.sigmoid(x), x)


def leaky_relu(x: Any) -> Any:
    """x where x > 0, else 0.2 x: Keras' slope under this name."""
    return ops.leaky_relu(x, negative_slope=0.2)


def gelu_tanh(x: Any) -> Any:
    """gelu with its tanh in place of the normal distribution, as in GPT-2."""
    return ops.gelu(x, approximate=True)


def remembering(y: Any, logits: Any) -> Any:
    if type(y) is Tensor: y.logits = logits
    return y


NAMED: dict[str, Activation] = {
    "linear": linear, "relu": ops.relu, "leaky_relu": leaky_relu, "relu6": ops.relu6, "elu": ops.elu,
    "selu": ops.selu, "gelu": ops.gelu, "gelu_tanh": gelu_tanh, "silu": ops.silu, "swish": ops.silu,
    "mish": ops.mish, "softplus": ops.softplus, "softsign": ops.softsign, "tanh": ops.tanh, "sigmoid": sigmoid,
    "hard_sigmoid": ops.hard_sigmoid, "log_sigmoid": ops.log_sigmoid, "exponential": ops.exp, "softmax": softmax,
    "log_softmax": ops.log_softmax,
}

# those that a layer computes together with its product
FUSED: dict[Any, str] = {ops.relu: "relu", ops.tanh: "tanh", ops.gelu: "gelu", gelu_tanh: "gelu_tanh"}


def dense(x: Any, w: Any, b: Any, activation: Activation) -> Any:
    """activation(x W + b), as one op where there is one."""
    if name := FUSED.get(activation): return ops.dense(x, w, b, activation=name)
    return activation(ops.linear(x, w, b))


def get(activation: str | Activation | None) -> Activation:
    """The function of that name; None is `linear`; any function as it is."""
    if activation is None: return linear
    if callable(activation): return activation
    if activation in NAMED: return NAMED[activation]
    if isinstance(activation, int):
        raise SettingError(f"An activation is a name or a function, received {activation}. A layer is told its outputs "
                           "only: it sees its inputs in the first batch.")
    raise SettingError(f"No activation is called {spell(activation)}; there are {', '.join(NAMED)}. "
                       "A function of one tensor works too.")


def config(activation: Activation) -> str:
    """The name under which `get` finds the function."""
    for name, known in NAMED.items():
        if activation is known: return name
    raise SettingError(f"A function of your own, {spell(activation)}, cannot be written into a file as an activation.")
