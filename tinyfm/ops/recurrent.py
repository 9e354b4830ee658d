r"""Networks that read a sequence step by step: plain RNN, LSTM and GRU, one step (`_cell`) or the whole sequence.

Sequences are (batch, time, features); weights (inputs, gates * units) and (units, gates * units), with the gates side
by side: LSTM i, f, g, o (PyTorch's order, and Keras's i, f, c, o); GRU z, r, n (Keras's order; PyTorch's is r, z, n).
The GRU resets after the product, as PyTorch and Keras (reset_after=True) do, so that it has two biases.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinyfm.engine import Array
from tinyfm.errors import SettingError, ShapeError
from tinyfm.kernels import recurrent as kernels
from tinyfm.ops.activations import relu
from tinyfm.ops.composite import fused
from tinyfm.ops.elementwise import sigmoid, tanh
from tinyfm.ops.linear import linear, matmul
from tinyfm.ops.shape import concat, getitem, split, stack

ACTIVATIONS: dict[str, Callable[..., Any]] = {"tanh": tanh, "relu": relu}


def columns(x: Any, start: int, stop: int) -> Any: return getitem(x, index=(..., slice(start, stop)))


def at(x: Any, t: int) -> Any: return getitem(x, index=(slice(None), t))


def last(states: Any) -> Any:
    """The state after the last step: (batch, units).  ShapeError if there was none."""
    if states.shape[1] == 0:
        raise ShapeError(f"A recurrent network reads at least one step; x is (batch, time, features) with time 0, and "
                         f"batch {states.shape[0]}. Give it sequences that are not empty, or leave those out.")
    return at(states, -1)


# ------------------------------------------------------------ one step

def rnn_cell(x: Any, h: Any, w: Any, u: Any, b: Any = None, *, activation: str = "tanh") -> Any:
    """h' = tanh(x W + h U + b).  x: (batch, inputs), h: (batch, units), w: (inputs, units), u: (units, units).

    activation: tanh or relu.  Elman 1990.
    """
    return ACTIVATIONS[activation](linear(x, w, b) + matmul(h, u))


def lstm_cell(x: Any, h: Any, c: Any, w: Any, u: Any, b: Any = None) -> tuple[Any, Any]:
    """(h', c'):  i, f, g, o = x W + h U + b;  c' = s(f) c + s(i) tanh(g);  h' = s(o) tanh(c'),  s the sigmoid.

    x: (batch, inputs), h, c: (batch, units), w: (inputs, 4 units), u: (units, 4 units), b: (4 units,).
    Hochreiter & Schmidhuber 1997; forget gate of Gers et al. 2000.
    """
    i, f, g, o = split(linear(x, w, b) + matmul(h, u), 4, -1)
    c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    return sigmoid(o) * tanh(c), c


def gru_cell(x: Any, h: Any, w: Any, u: Any, b: Any = None, b_recurrent: Any = None) -> Any:
    """h' = (1 - z) n + z h;  z, r = s(x W + b + h U + b_r) of their columns;  n = tanh(x W_n + b_n + r (h U_n + b_rn)).

    x: (batch, inputs), h: (batch, units), w: (inputs, 3 units), u: (units, 3 units), biases (3 units,).
    Cho et al. 2014.
    """
    xz, xr, xn = split(linear(x, w, b), 3, -1)
    hz, hr, hn = split(linear(h, u, b_recurrent), 3, -1)
    z = sigmoid(xz + hz)
    n = tanh(xn + sigmoid(xr + hr) * hn)
    return n + z * (h - n)


# ------------------------------------------------------------ whole sequences, as one op each

def rnn_by_steps(x: Any, h0: Any, w: Any, u: Any, b: Any, *, activation: str) -> Any:
    states, h = [], h0
    for t in range(x.shape[1]): states.append(h := rnn_cell(at(x, t), h, w, u, b, activation=activation))
    return stack(states, 1)


@fused(r"h_t = \tanh(x_t W + h_{t-1} U + b)", rnn_by_steps,
       joint=lambda g, wanted, x, h0, w, u, out, activation:
       kernels.rnn_gradients(g, wanted, x, h0, w, u, out, activation))
def rnn_states(x: Array, h0: Array, w: Array, u: Array, b: Array | None, *, activation: str) -> Array:
    """All states of a plain recurrent network: (batch, time, units)."""
    return kernels.rnn(x, h0, w, u, b, activation)


def lstm_by_steps(x: Any, h0: Any, c0: Any, w: Any, u: Any, b: Any) -> Any:
    states, h, c = [], h0, c0
    for t in range(x.shape[1]):
        h, c = lstm_cell(at(x, t), h, c, w, u, b)
        states.append(concat([h, c], -1))
    return stack(states, 1)


@fused(r"h_t, c_t = \mathrm{LSTM}(x_t, h_{t-1}, c_{t-1})", lstm_by_steps, keep=kernels.lstm,
       joint=lambda g, wanted, x, h0, c0, w, u, b, kept: kernels.lstm_gradients(g, wanted, x, h0, c0, w, u, b, kept))
def lstm_states(x: Array, h0: Array, c0: Array, w: Array, u: Array, b: Array | None) -> Array:
    """All states h and c of an LSTM, side by side: (batch, time, 2 units)."""
    return kernels.lstm(x, h0, c0, w, u, b)[0]


def gru_by_steps(x: Any, h0: Any, w: Any, u: Any, b: Any, b_recurrent: Any) -> Any:
    states, h = [], h0
    for t in range(x.shape[1]): states.append(h := gru_cell(at(x, t), h, w, u, b, b_recurrent))
    return stack(states, 1)


@fused(r"h_t = \mathrm{GRU}(x_t, h_{t-1})", gru_by_steps,
       joint=lambda g, wanted, x, h0, w, u, b, b_recurrent, out:
       kernels.gru_gradients(g, wanted, x, h0, w, u, b, b_recurrent, out))
def gru_states(x: Array, h0: Array, w: Array, u: Array, b: Array | None, b_recurrent: Array | None) -> Array:
    """All states of a GRU: (batch, time, units)."""
    return kernels.gru(x, h0, w, u, b, b_recurrent)


def rnn(x: Any, h0: Any, w: Any, u: Any, b: Any = None, *, activation: str = "tanh") -> tuple[Any, Any]:
    """(all states (batch, time, units), the last): h_t = activation(x_t W + h_{t-1} U + b), activation tanh or relu.

    x: (batch, time, inputs), h0: (batch, units), w: (inputs, units), u: (units, units), b: (units,) or None.
    """
    if activation not in ACTIVATIONS:
        raise SettingError(f"rnn: activation must be one of {', '.join(ACTIVATIONS)}; received {activation!r}.")
    states = rnn_states(x, h0, w, u, b, activation=activation)
    return states, last(states)


def lstm(x: Any, h0: Any, c0: Any, w: Any, u: Any, b: Any = None) -> tuple[Any, Any, Any]:
    """(all h (batch, time, units), the last h, the last c); equations and shapes as in lstm_cell.

    x: (batch, time, inputs).
    """
    both, n = lstm_states(x, h0, c0, w, u, b), h0.shape[-1]
    end = last(both)
    return columns(both, 0, n), columns(end, 0, n), columns(end, n, 2 * n)


def gru(x: Any, h0: Any, w: Any, u: Any, b: Any = None, b_recurrent: Any = None) -> tuple[Any, Any]:
    """(all h (batch, time, units), the last); equations and shapes as in gru_cell, x: (batch, time, inputs)."""
    states = gru_states(x, h0, w, u, b, b_recurrent)
    return states, last(states)
