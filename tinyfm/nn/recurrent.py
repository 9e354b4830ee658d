"""Layers that read a sequence step by step, or all steps at once: SimpleRNN, LSTM, GRU, MultiHeadAttention."""
from __future__ import annotations

from typing import Any

import numpy as np

from tinyfm import ops
from tinyfm.nn import init
from tinyfm.nn.layers import positive
from tinyfm.nn.module import Layer, Shape

SEQUENCE = ("batch", "time", "inputs")


class Recurrent(Layer):
    """What the three have in common: a kernel for the input, one for the state, and a state that starts at zero.

    x: (batch, time, inputs).  return_sequences: all states (batch, time, units), else the last (batch, units).
    """

    expects: Any = SEQUENCE
    gates = 1

    def __init__(self, units: int, use_bias: bool = True, return_sequences: bool = False, *,
                 kernel_initializer: Any = "glorot_uniform", recurrent_initializer: Any = "orthogonal",
                 bias_initializer: Any = "zeros", **options: Any) -> None:
        super().__init__(**options)
        self.units, self.use_bias = positive(type(self).__name__, units=units), use_bias
        self.return_sequences = return_sequences
        self.kernel_initializer, self.bias_initializer = init.get(kernel_initializer), init.get(bias_initializer)
        self.recurrent_initializer = init.get(recurrent_initializer)

    def build(self, input_shape: Shape) -> None:
        inputs, width = input_shape[-1], self.gates * self.units
        self.kernel = self.weight(self.kernel_initializer, (inputs, width))
        self.recurrent_kernel = self.weight(self.recurrent_initializer, (self.units, width))
        self.bias = self.weight(self.bias_initializer, (width,)) if self.use_bias else None
        self.expects = (*SEQUENCE[:2], inputs)

    def start(self, x: Any) -> Any:
        """The state before the first step."""
        return np.zeros((x.shape[0], self.units), x.dtype)

    def states(self, x: Any) -> tuple[Any, Any]:
        """All states, and the last."""
        raise NotImplementedError

    def call(self, x: Any) -> Any:
        everything, last = self.states(x)
        return everything if self.return_sequences else last


class SimpleRNN(Recurrent):
    """h_t = tanh(x_t W + h_{t-1} U + b).  Elman 1990.  activation: tanh or relu."""

    def __init__(self, units: int, activation: str = "tanh", **options: Any) -> None:
        super().__init__(units, **options)
        self.activation = activation

    def states(self, x: Any) -> tuple[Any, Any]:
        return ops.rnn(x, self.start(x), self.kernel, self.recurrent_kernel, self.bias, activation=self.activation)


class LSTM(Recurrent):
    """Gates i, f, g, o; c_t = s(f) c_{t-1} + s(i) tanh(g);  h_t = s(o) tanh(c_t).  Hochreiter & Schmidhuber 1997.

    unit_forget_bias: the forget gate starts open, its bias at 1.  Jozefowicz et al. 2015.
    """

    gates = 4

    def __init__(self, units: int, unit_forget_bias: bool = True, **options: Any) -> None:
        super().__init__(units, **options)
        self.unit_forget_bias = unit_forget_bias

    def build(self, input_shape: Shape) -> None:
        super().build(input_shape)
        if self.bias is not None and self.unit_forget_bias: self.bias.data[self.units:2 * self.units] = 1

    def states(self, x: Any) -> tuple[Any, Any]:
        return ops.lstm(x, self.start(x), self.start(x), self.kernel, self.recurrent_kernel, self.bias)[:2]


class GRU(Recurrent):
    """h_t = (1 - z) n + z h_{t-1} with the gates z, r and the candidate n; see `ops.gru_cell`.  Cho et al. 2014.

    The state has a bias of its own, inside the reset gate, as in Keras (reset_after) and PyTorch.
    """

    gates = 3

    def build(self, input_shape: Shape) -> None:
        super().build(input_shape)
        self.recurrent_bias = self.weight(self.bias_initializer, (3 * self.units,)) if self.use_bias else None

    def states(self, x: Any) -> tuple[Any, Any]:
        return ops.gru(x, self.start(x), self.kernel, self.recurrent_kernel, self.bias, self.recurrent_bias)


class MultiHeadAttention(Layer):
    """Every head looks with its own q, k, v = x W + b; the heads' answers, side by side, are mixed by one more product.

    Vaswani et al. 2017.  call(query, value=query, key=value): (batch, time, inputs), the same number of inputs each.
    attention_mask: broadcasts to (batch, heads, queries, keys); use_causal_mask: a query sees no later key.
    """

    expects: Any = SEQUENCE
    output_kernel: Any
    output_bias: Any

    def __init__(self, num_heads: int, key_dim: int, use_bias: bool = True, *,
                 kernel_initializer: Any = "glorot_uniform", bias_initializer: Any = "zeros", **options: Any) -> None:
        super().__init__(**options)
        self.num_heads = positive("MultiHeadAttention", num_heads=num_heads)
        self.key_dim, self.use_bias = positive("MultiHeadAttention", key_dim=key_dim), use_bias
        self.kernel_initializer, self.bias_initializer = init.get(kernel_initializer), init.get(bias_initializer)

    def build(self, input_shape: Shape) -> None:
        inputs, width = input_shape[-1], self.num_heads * self.key_dim
        for name, shape in (("query", (inputs, width)), ("key", (inputs, width)), ("value", (inputs, width)),
                            ("output", (width, inputs))):
            setattr(self, f"{name}_kernel", self.weight(self.kernel_initializer, shape))
            setattr(self, f"{name}_bias", self.weight(self.bias_initializer, shape[1:]) if self.use_bias else None)
        self.expects = (*SEQUENCE[:2], inputs)

    def project(self, x: Any, name: str) -> Any:          # (batch, time, inputs) -> (batch, heads, time, key_dim)
        y = ops.linear(x, getattr(self, f"{name}_kernel"), getattr(self, f"{name}_bias"))
        return ops.swapaxes(ops.reshape(y, shape=(*x.shape[:2], self.num_heads, self.key_dim)), axis1=1, axis2=2)

    def call(self, *inputs: Any, attention_mask: Any = None, use_causal_mask: bool = False) -> Any:
        query, value = inputs[0], inputs[1] if len(inputs) > 1 else inputs[0]
        q, v = self.project(query, "query"), self.project(value, "value")
        k = self.project(inputs[2] if len(inputs) > 2 else value, "key")
        heads = ops.scaled_dot_product_attention(q, k, v, attention_mask, causal=use_causal_mask)
        width = self.num_heads * self.key_dim
        joined = ops.reshape(ops.swapaxes(heads, axis1=1, axis2=2), shape=(*query.shape[:2], width))
        return ops.linear(joined, self.output_kernel, self.output_bias)
