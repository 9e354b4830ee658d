"""The transformer: where a token stands, self-attention with a memory of what was read, and the block of the two.

Vaswani et al. 2017; the order of norm and attention is that of GPT-2, Radford et al. 2019.
"""
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfm import ops
from tinyfm.engine import Tensor
from tinyfm.errors import SettingError, ShapeError
from tinyfm.nn import activations, init
from tinyfm.nn.layers import Dropout, positive
from tinyfm.nn.module import Layer, Shape
from tinyfm.nn.normalization import LayerNormalization
from tinyfm.nn.recurrent import SEQUENCE
from tinyfm.ops.attention import cut, self_attention, side_by_side

Array = NDArray[Any]

# ------------------------------------------------------------ where a token stands


def angles(positions: Array, pairs: int) -> Array:
    """Position p turns pair i by p / 10000^(i / pairs): (...) -> (..., pairs)."""
    return np.asarray(positions)[..., None] / 10000.0 ** (np.arange(pairs) / pairs)


def sinusoids(positions: Array, width: int) -> Array:
    """sin and cos of the angles in turn: (...) -> (..., width), width even.  Vaswani et al. 2017, section 3.5."""
    if width % 2: raise SettingError(f"sinusoids: width must be even, a sine and a cosine each; received {width}.")
    turn = angles(positions, width // 2)
    return np.stack([np.sin(turn), np.cos(turn)], -1).reshape(*turn.shape[:-1], width)


def rotate(x: Any, positions: Array) -> Any:
    """Rotary positions: pair (x_i, x_{i + d/2}) is turned by its angle.  x: (batch, heads, time, d).

    The product of a rotated query and a rotated key depends on their distance only.  Su et al. 2021.
    positions: (time,) or (batch, time).
    """
    half = x.shape[-1] // 2
    if x.shape[-1] % 2: raise SettingError(f"rotate: the width of a head must be even, received {x.shape[-1]}.")
    turn = angles(positions, half)
    if turn.ndim == 3: turn = turn[:, None]                # (batch, 1, time, half)
    cos = np.concatenate([np.cos(turn)] * 2, -1).astype(x.dtype)
    sin = np.concatenate([-np.sin(turn), np.sin(turn)], -1).astype(x.dtype)
    return x * cos + ops.roll(x, shift=half, axis=-1) * sin


class SinusoidalPositions(Layer):
    """y_t = x_t + sinusoids(t): nothing to learn, any length.  x: (batch, time, width)."""

    expects: Any = SEQUENCE

    def call(self, x: Any) -> Any:
        return x + sinusoids(np.arange(x.shape[1]), x.shape[2]).astype(x.dtype)


class LearnedPositions(Layer):
    """y_t = x_t + P_t, P: (length, width) learnt.  x: (batch, time, width), time at most `length`."""

    expects: Any = SEQUENCE

    def __init__(self, length: int, *, embeddings_initializer: Any = "uniform", **options: Any) -> None:
        super().__init__(**options)
        self.length = positive("LearnedPositions", length=length)
        self.embeddings_initializer = init.get(embeddings_initializer)

    def build(self, input_shape: Shape) -> None:
        self.embeddings = self.weight(self.embeddings_initializer, (self.length, input_shape[-1]))

    def call(self, x: Any) -> Any:
        if x.shape[1] > self.length:
            raise ShapeError(f"a sequence of {x.shape[1]} steps is longer than the {self.length} learnt positions.")
        return x + ops.getitem(self.embeddings, index=slice(0, x.shape[1]))


# ------------------------------------------------------------ attention

class KeyValues:
    """The keys and values of everything that one attention layer has read: (batch, heads, time, d) each.

    room: how many steps it can hold.  It holds plain arrays, so no gradient flows through it.
    """

    def __init__(self, room: int) -> None:
        self.room, self.length = room, 0
        self.keys: Any = None
        self.values: Any = None

    def add(self, k: Any, v: Any) -> tuple[Array, Array]:
        """Take in the next steps; all keys and all values so far, as views."""
        k, v = (a.data if type(a) is Tensor else a for a in (k, v))
        batch, heads, time, d = k.shape
        if self.keys is None: self.keys, self.values = (np.empty((batch, heads, self.room, d), k.dtype) for _ in "kv")
        if self.length + time > self.room:
            raise ShapeError(f"the memory has room for {self.room} steps and would have to hold {self.length + time}.")
        stop = self.length + time
        self.keys[:, :, self.length:stop], self.values[:, :, self.length:stop], self.length = k, v, stop
        return self.keys[:, :, :stop], self.values[:, :, :stop]


class SelfAttention(Layer):
    """MultiHeadAttention of a sequence with itself: one product makes q, k, v, cut into heads.

    x: (batch, time, width); width a multiple of num_heads.  causal: no step sees a later one.  rotary: see `rotate`.
    mask: booleans that broadcast to (batch, heads, time, keys), in place of the causal ones.
    memory: steps read before, to which these are added.  positions: (time,) or (batch, time), for rotary.
    """

    expects: Any = SEQUENCE

    def __init__(self, num_heads: int, *, causal: bool = True, rotary: bool = False,
                 kernel_initializer: Any = "glorot_uniform", output_initializer: Any = None, **options: Any) -> None:
        super().__init__(**options)
        self.num_heads, self.causal, self.rotary = positive("SelfAttention", num_heads=num_heads), causal, rotary
        self.kernel_initializer = init.get(kernel_initializer)
        self.output_initializer = init.get(kernel_initializer if output_initializer is None else output_initializer)

    def build(self, input_shape: Shape) -> None:
        width = input_shape[-1]
        if width % self.num_heads:
            raise SettingError(f"{self.described()}: a width of {width} does not divide into {self.num_heads} heads.")
        self.kernel = self.weight(self.kernel_initializer, (width, 3 * width))
        self.bias = self.weight("zeros", (3 * width,))
        self.output_kernel = self.weight(self.output_initializer, (width, width))
        self.output_bias = self.weight("zeros", (width,))
        self.expects = (*SEQUENCE[:2], width)

    def heads(self, x: Any, positions: Any = None) -> list[Any]:
        """q, k, v: (batch, heads, time, d) each."""
        q, k, v = ops.unstack(cut(ops.linear(x, self.kernel, self.bias), self.num_heads))
        if not self.rotary: return [q, k, v]
        positions = np.arange(x.shape[1]) if positions is None else positions
        return [rotate(q, positions), rotate(k, positions), v]

    def call(self, x: Any, mask: Any = None, memory: KeyValues | None = None, positions: Any = None) -> Any:
        if mask is None and memory is None and not self.rotary:
            y = self_attention(ops.linear(x, self.kernel, self.bias), num_heads=self.num_heads, causal=self.causal)
        else: y = side_by_side(self.look(x, mask, memory, positions))
        return ops.linear(y, self.output_kernel, self.output_bias)

    def look(self, x: Any, mask: Any, memory: KeyValues | None, positions: Any) -> Any:
        """What every head sees: (batch, heads, time, d)."""
        q, k, v = self.heads(x, positions)
        if memory is not None: k, v = memory.add(k, v)
        if x.shape[1] == 1: return ops.matmul(ops.attention_weights(q, k, mask), v)  # copies no key and no value
        return ops.scaled_dot_product_attention(q, k, v, mask, causal=self.causal and mask is None)

    def weights(self, x: Any, positions: Any = None) -> Any:
        """Who looks where, for pictures: (batch, heads, time, time), rows of sum 1."""
        q, k, _ = self.heads(self.cast(x), positions)
        return ops.attention_weights(q, k, causal=self.causal)


class TransformerBlock(Layer):
    """x <- x + attention(norm(x));  x <- x + mlp(norm(x)),  mlp = W2 f(W1 x): the pre-norm block of GPT-2.

    x: (batch, time, width).  hidden: the width inside the mlp, 4 width by default.  dropout: of what is added to x.
    Further arguments of `call` go to SelfAttention.
    """

    expects: Any = SEQUENCE

    def __init__(self, num_heads: int, hidden: int | None = None, *, activation: Any = "gelu_tanh",
                 dropout: float = 0.0, causal: bool = True, rotary: bool = False, epsilon: float = 1e-5,
                 kernel_initializer: Any = "glorot_uniform", output_initializer: Any = None, **options: Any) -> None:
        super().__init__(**options)
        self.num_heads, self.hidden, self.dropout, self.causal, self.rotary = num_heads, hidden, dropout, causal, rotary
        self.activation, self.epsilon = activations.get(activation), epsilon
        self.kernel_initializer = init.get(kernel_initializer)
        self.output_initializer = init.get(kernel_initializer if output_initializer is None else output_initializer)
        self.norm_1, self.norm_2 = LayerNormalization(epsilon=epsilon), LayerNormalization(epsilon=epsilon)
        self.attention = SelfAttention(num_heads, causal=causal, rotary=rotary, kernel_initializer=kernel_initializer,
                                       output_initializer=output_initializer)
        self.drop_1, self.drop_2 = Dropout(dropout), Dropout(dropout)

    def build(self, input_shape: Shape) -> None:
        width = input_shape[-1]
        hidden = self.hidden or 4 * width
        self.expand_kernel = self.weight(self.kernel_initializer, (width, hidden))
        self.expand_bias = self.weight("zeros", (hidden,))
        self.contract_kernel = self.weight(self.output_initializer, (hidden, width))
        self.contract_bias = self.weight("zeros", (width,))
        self.expects = (*SEQUENCE[:2], width)

    def casts_integers(self) -> bool: return True

    def mlp(self, x: Any) -> Any:
        h = activations.dense(x, self.expand_kernel, self.expand_bias, self.activation)
        return ops.linear(h, self.contract_kernel, self.contract_bias)

    def call(self, x: Any, mask: Any = None, memory: KeyValues | None = None, positions: Any = None) -> Any:
        x = x + self.drop_1(self.attention(self.norm_1(x), mask=mask, memory=memory, positions=positions))
        return x + self.drop_2(self.mlp(self.norm_2(x)))
