"""One line for each op of the table: inputs and settings at which it is smooth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Rng = np.random.Generator
Sample = tuple[list[Any], dict[str, Any]]


def signed(*shape: int) -> Callable[[Rng], Any]:
    """Normal numbers of both signs, none within 0.1 of zero."""

    def draw(rng: Rng) -> Any:
        x = rng.standard_normal(shape)
        return x + np.copysign(0.1, x)

    return draw


def between(low: float, high: float, *shape: int) -> Callable[[Rng], Any]:
    return lambda rng: rng.uniform(low, high, shape)


def integers(below: int, *shape: int) -> Callable[[Rng], Any]:
    return lambda rng: rng.integers(below, size=shape)


def given(value: Any) -> Callable[[Rng], Any]:
    return lambda rng: value


def regular(n: int) -> Callable[[Rng], Any]:
    return lambda rng: rng.standard_normal((n, n)) + n * np.eye(n)


def log_probabilities(*shape: int) -> Callable[[Rng], Any]:
    def draw(rng: Rng) -> Any:
        x = rng.standard_normal(shape)
        return x - np.log(np.exp(x).sum(-1, keepdims=True))

    return draw


POSITIVE, UNIT = [between(0.4, 2.5, 4, 5)], [between(-0.8, 0.8, 4, 5)]
CONV = {"strides": (2, 1), "padding": ((1, 0), (0, 1)), "dilation": (1, 2)}
POOL = {"pool_size": (2, 2), "strides": (2, 1), "padding": ((1, 0), (0, 1))}
ROWS = {"axis": -1}

SAMPLES: dict[str, tuple[list[Callable[[Rng], Any]], dict[str, Any]]] = {
    **{name: (POSITIVE, {}) for name in ("log", "log2", "log10", "log1p", "sqrt", "rsqrt")},
    **{name: (UNIT, {}) for name in ("arcsin", "arccos", "arctanh")},
    "arccosh": ([between(1.3, 3, 4, 5)], {}),
    "where": ([given(np.arange(20).reshape(4, 5) % 3 > 0), signed(4, 5), signed(5)], {}),
    "pow": ([between(0.4, 2.5, 4, 5), signed(5)], {}),
    "remainder": ([signed(4, 5), between(1, 3, 5)], {}),
    "floor_divide": ([signed(4, 5), between(1, 3, 5)], {}),
    "clip": ([signed(4, 5), between(-1, -0.3, 5), between(0.3, 1, 5)], {}),
    "threshold": ([signed(4, 5)], {"threshold": 0.3, "value": -1.0}),
    "astype": ([signed(4, 5)], {"dtype": float}),
    "reshape": ([signed(4, 5)], {"shape": (2, 10)}),
    "sum_to": ([signed(4, 5)], {"shape": (5,)}),
    "broadcast_to": ([signed(5)], {"shape": (4, 5)}),
    "permute_dims": ([signed(2, 4, 5)], {"axes": (2, 0, 1)}),
    "swapaxes": ([signed(2, 4, 5)], {"axis1": 0, "axis2": 2}),
    "expand_dims": ([signed(4, 5)], {"axis": 1}),
    "squeeze": ([signed(4, 1, 5)], {"axis": 1}),
    "flip": ([signed(4, 5)], {"axis": 1}),
    "roll": ([signed(4, 5)], {"shift": 2, "axis": 1}),
    "getitem": ([signed(4, 5)], {"index": ([0, 0, 2],)}),
    "scatter": ([signed(3, 5)], {"index": ([0, 0, 2],), "shape": (4, 5)}),
    "take_along_axis": ([signed(4, 5), integers(5, 4, 3)], {"axis": 1}),
    "scatter_along_axis": ([signed(4, 3), integers(5, 4, 3)], {"axis": 1, "shape": (4, 5)}),
    "from_diagonal": ([signed(4)], {"shape": (4, 5)}),
    "pad_constant": ([signed(4, 5)], {"widths": ((1, 2), (0, 1))}),
    **{
        name: ([signed(4, 5)], ROWS)
        for name in (
            "sum",
            "mean",
            "var",
            "std",
            "max",
            "min",
            "cumsum",
            "cumprod",
            "prod",
            "norm",
            "logsumexp",
            "softmax",
            "log_softmax",
        )
    },
    "linear_recurrence": ([signed(4, 5), signed(4, 5)], {}),
    "matmul": ([signed(4, 5), signed(5, 3)], {}),
    "linear": ([signed(7, 5), signed(5, 3), signed(3)], {}),
    "inv": ([regular(4)], {}),
    "det": ([regular(3)], {}),
    "logabsdet": ([regular(4)], {}),
    "solve_matrix": ([regular(4), signed(4, 3)], {}),
    "conv": ([signed(2, 5, 6, 2), signed(2, 3, 2, 3)], CONV),
    "conv_x": ([signed(2, 3, 3, 3), signed(2, 3, 2, 3)], CONV | {"size": (5, 6)}),
    "conv_w": ([signed(2, 5, 6, 2), signed(2, 3, 3, 3)], CONV | {"size": (2, 3)}),
    "max_pool": ([signed(2, 5, 6, 3)], POOL | {"dilation": (1, 1)}),
    "average_pool": ([signed(2, 5, 6, 3)], POOL),
    "average_pool_x": ([signed(2, 3, 6, 3)], POOL | {"size": (5, 6)}),
    "pool_take": ([signed(2, 5, 6, 3), integers(2, 2, 3, 6, 3)], POOL | {"dilation": (1, 1)}),
    "pool_place": ([signed(2, 3, 6, 3), integers(2, 2, 3, 6, 3)], POOL | {"dilation": (1, 1), "size": (5, 6)}),
    "standardize": ([signed(6, 5), signed(5), signed(5)], ROWS | {"epsilon": 1e-5}),
    "embedding": ([integers(6, 11), signed(6, 4)], {}),
    "embedding_transpose": ([integers(6, 11), signed(11, 4)], {"rows": 6}),
    "bernoulli_cost": ([signed(4, 5), between(0, 1, 4, 5)], {}),
    "categorical_cost": ([signed(7, 5), integers(5, 7)], {}),
    "attention": ([signed(2, 4, 3), signed(2, 5, 3), signed(2, 5, 2), given(None)], {"causal": False, "scale": 0.6}),
    "rnn_states": ([signed(2, 4, 3), signed(2, 5), signed(3, 5), signed(5, 5), signed(5)], {"activation": "tanh"}),
    "lstm_states": ([signed(2, 3, 3), signed(2, 4), signed(2, 4), signed(3, 16), signed(4, 16), signed(16)], {}),
    "gru_states": ([signed(2, 3, 3), signed(2, 4), signed(3, 12), signed(4, 12), signed(12), signed(12)], {}),
    "ctc_cost": (
        [
            log_probabilities(2, 6, 4),
            given(np.array([[1, 2, 1], [3, 3, 0]])),
            given(np.array([6, 5])),
            given(np.array([3, 2])),
        ],
        {"blank": 0},
    ),
    "dense": ([signed(7, 5), signed(5, 3), signed(3)], {"activation": "tanh"}),
    "conv_activated": ([signed(2, 5, 6, 2), signed(2, 3, 2, 3), signed(3)], CONV | {"activation": "tanh"}),
    "self_attention": ([signed(2, 5, 18)], {"num_heads": 2, "causal": True}),
    "conv_x_activated": (
        [signed(2, 3, 3, 3), signed(2, 3, 2, 3), signed(2)],
        CONV | {"size": (5, 6), "activation": "tanh"},
    ),
    "conv_relu_pool": (
        [signed(2, 7, 8, 2), signed(2, 3, 2, 3), signed(3)],
        {"pool_size": (2, 2), "strides": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1)},
    ),
}


def sample(op: Any, rng: Rng) -> Sample:
    """Inputs and settings for an op; for one without a line, arrays of shape (4, 5), broadcast against (5,)."""
    draws, settings = SAMPLES.get(op.name, ([signed(4, 5), *[signed(5)] * (op.arity - 1)], {}))
    return [draw(rng) for draw in draws], dict(settings)
