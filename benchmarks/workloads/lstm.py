"""An LSTM from 32 inputs to 128 units over 64 steps, whose last state names one of 10 classes; Adam."""
from typing import Any

import numpy as np

from workloads.training import (
    EPSILON,
    RATE,
    jax_cross_entropy,
    jax_steps,
    keras_adam,
    keras_steps,
    tinyfm_steps,
    torch_adam,
    torch_steps,
    weight,
)

NAME, UNIT, STEPS = "LSTM 32-128, 64 steps, batch 32, Adam", ("ms", 1e3), 20
CASES: dict[str, dict[str, Any]] = {"": {}}
TARGETS = {"fastest": 1.0}


def inputs(rng: Any) -> dict[str, Any]:
    return {"w": weight(rng, 32, 512), "u": weight(rng, 128, 512), "v": weight(rng, 128, 10),
            "x": rng.standard_normal((4, 32, 64, 32)).astype("float32"), "y": rng.integers(0, 10, (4, 32))}


def weights(a: Any) -> list[Any]:
    return [a["w"], a["u"], np.zeros(512, np.float32), a["v"], np.zeros(10, np.float32)]


def with_tinyfm(a: Any) -> Any:
    from tinyfm.nn import LSTM, Dense, Sequential
    from tinyfm.optim import Adam
    model = Sequential([LSTM(128), Dense(10, activation="softmax")])
    model.compile(Adam(RATE, epsilon=EPSILON), loss="sparse_categorical_crossentropy")
    return tinyfm_steps(model, weights(a), a["x"], a["y"])


def with_torch(a: Any) -> Any:
    import torch
    from torch import nn

    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm, self.out = nn.LSTM(32, 128, batch_first=True), nn.Linear(128, 10)

        def forward(self, x: Any) -> Any: return self.out(self.lstm(x)[0][:, -1])
    model, (w, u, b, v, c) = Reader(), weights(a)
    model.lstm.bias_hh_l0.requires_grad_(False)               # a second bias, which the others do not have
    with torch.no_grad():
        for p, value in zip(model.parameters(), (w, u, b, b, v, c), strict=True): p.copy_(torch.from_numpy(value.T))
    return torch_steps(model, nn.functional.cross_entropy, torch_adam(model),
                       *map(torch.from_numpy, (a["x"], a["y"])))


def with_jax(a: Any) -> Any:
    import jax
    import jax.numpy as jnp

    def loss(w: Any, x: Any, y: Any) -> Any:
        def cell(state: Any, z: Any) -> Any:
            h, c = state
            i, f, g, o = jnp.split(z + h @ w[1], 4, axis=-1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None
        zero = jnp.zeros((len(x), 128), x.dtype)
        (h, _), _ = jax.lax.scan(cell, (zero, zero), (x @ w[0] + w[2]).swapaxes(0, 1))
        return jax_cross_entropy(h @ w[3] + w[4], y)
    return jax_steps(loss, weights(a), a["x"], a["y"])


def with_keras(a: Any) -> Any:
    import keras
    layers = keras.layers
    model = keras.Sequential([keras.Input((64, 32)), layers.LSTM(128), layers.Dense(10)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return keras_steps(model, weights(a), loss, keras_adam(), a["x"], a["y"])
