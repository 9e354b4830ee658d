"""The network of the digits: 32 convolutions of 3 x 3, max pooling, 128 hidden units, 10 classes; Adam."""
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

NAME, UNIT, STEPS = "CNN 28x28-32c3-pool-128-10, Adam", ("ms", 1e3), 20
CASES: dict[str, dict[str, Any]] = {"batch 32": {"batch": 32}, "batch 128": {"batch": 128}}
TARGETS = {"fastest": 0.8}
MEMORY_TARGETS = {"torch": 0.5}


def inputs(rng: Any, batch: int) -> dict[str, Any]:
    return {"w0": weight(rng, 3, 3, 1, 32), "w1": weight(rng, 5408, 128), "w2": weight(rng, 128, 10),
            "x": rng.random((4, batch, 28, 28, 1), np.float32), "y": rng.integers(0, 10, (4, batch))}


def weights(a: Any) -> list[Any]:
    return [v for i, n in enumerate((32, 128, 10)) for v in (a[f"w{i}"], np.zeros(n, np.float32))]


def with_tinyfm(a: Any) -> Any:
    from tinyfm.nn import Conv2D, Dense, Flatten, MaxPooling2D, Sequential
    from tinyfm.optim import Adam
    model = Sequential([Conv2D(32, 3, activation="relu"), MaxPooling2D(), Flatten(), Dense(128, activation="relu"),
                        Dense(10, activation="softmax")])
    model.compile(Adam(RATE, epsilon=EPSILON), loss="sparse_categorical_crossentropy")
    return tinyfm_steps(model, weights(a), a["x"], a["y"])


def with_torch(a: Any) -> Any:
    """Channels last, PyTorch's faster layout here."""
    import torch
    from torch import nn
    model = nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(5408, 128),
                          nn.ReLU(), nn.Linear(128, 10))
    rows = a["w1"].reshape(13, 13, 32, 128).transpose(2, 0, 1, 3).reshape(5408, 128)      # flattened channels first
    with torch.no_grad():
        for p, w in zip(model.parameters(), weights(a | {"w0": a["w0"].T, "w1": rows})):
            p.copy_(torch.from_numpy(w.swapaxes(2, 3) if w.ndim == 4 else w.T))
    model = model.to(memory_format=torch.channels_last)
    x = [torch.from_numpy(x).permute(0, 3, 1, 2) for x in a["x"]]
    x = [x.contiguous(memory_format=torch.channels_last) for x in x]
    return torch_steps(model, nn.functional.cross_entropy, torch_adam(model), x, torch.from_numpy(a["y"]))


def with_jax(a: Any) -> Any:
    import jax
    from jax import lax

    def loss(w: Any, x: Any, y: Any) -> Any:
        h = lax.conv_general_dilated(x, w[0], (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))
        h = lax.reduce_window(jax.nn.relu(h + w[1]), -np.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
        h = jax.nn.relu(h.reshape(len(x), -1) @ w[2] + w[3])
        return jax_cross_entropy(h @ w[4] + w[5], y)
    return jax_steps(loss, weights(a), a["x"], a["y"])


def with_keras(a: Any) -> Any:
    import keras
    layers = keras.layers
    model = keras.Sequential([keras.Input((28, 28, 1)), layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(),
                              layers.Flatten(), layers.Dense(128, "relu"), layers.Dense(10)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return keras_steps(model, weights(a), loss, keras_adam(), a["x"], a["y"])
