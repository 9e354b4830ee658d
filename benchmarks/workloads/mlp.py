"""784-128-10 with relu on images as long rows, Adam."""
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

NAME, UNIT, STEPS = "MLP 784-128-10, Adam", ("ms", 1e3), 200
CASES: dict[str, dict[str, Any]] = {"batch 32": {"batch": 32}, "batch 128": {"batch": 128}}
TARGETS = {"fastest": 0.9}


def inputs(rng: Any, batch: int) -> dict[str, Any]:
    return {"w0": weight(rng, 784, 128), "w1": weight(rng, 128, 10),
            "x": rng.random((8, batch, 784), np.float32), "y": rng.integers(0, 10, (8, batch))}


def weights(a: Any) -> list[Any]:
    return [a["w0"], np.zeros(128, np.float32), a["w1"], np.zeros(10, np.float32)]


def with_tinyfm(a: Any) -> Any:
    from tinyfm.nn import Dense, Sequential
    from tinyfm.optim import Adam
    model = Sequential([Dense(128, activation="relu"), Dense(10, activation="softmax")])
    model.compile(Adam(RATE, epsilon=EPSILON), loss="sparse_categorical_crossentropy")
    return tinyfm_steps(model, weights(a), a["x"], a["y"])


def with_torch(a: Any) -> Any:
    import torch
    from torch import nn
    model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    with torch.no_grad():
        for p, w in zip(model.parameters(), weights(a)): p.copy_(torch.from_numpy(w.T))
    return torch_steps(model, nn.functional.cross_entropy, torch_adam(model),
                       *map(torch.from_numpy, (a["x"], a["y"])))


def with_jax(a: Any) -> Any:
    import jax

    def loss(w: Any, x: Any, y: Any) -> Any:
        return jax_cross_entropy(jax.nn.relu(x @ w[0] + w[1]) @ w[2] + w[3], y)
    return jax_steps(loss, weights(a), a["x"], a["y"])


def with_keras(a: Any) -> Any:
    import keras
    layers = keras.layers
    model = keras.Sequential([keras.Input((784,)), layers.Dense(128, "relu"), layers.Dense(10)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return keras_steps(model, weights(a), loss, keras_adam(), a["x"], a["y"])
