"""A convolutional autoencoder: 28 x 28 pixels through 7 x 7 x 8 numbers and back; batch 32, Adam."""
from itertools import pairwise
from typing import Any

import numpy as np

from workloads.training import (
    EPSILON,
    RATE,
    jax_steps,
    keras_adam,
    keras_steps,
    tinyfm_steps,
    torch_adam,
    torch_steps,
    weight,
)

NAME, UNIT, STEPS = "conv autoencoder, batch 32, Adam", ("ms", 1e3), 12
CASES: dict[str, dict[str, Any]] = {"": {}}
TARGETS = {"fastest": 1.0}
CHANNELS = (1, 16, 8, 8, 16, 1)                      # pooled after the first two convolutions, enlarged after the next


def inputs(rng: Any) -> dict[str, Any]:
    a = {f"w{i}": weight(rng, 3, 3, n, m) for i, (n, m) in enumerate(pairwise(CHANNELS))}
    return a | {"x": rng.random((4, 32, 28, 28, 1), np.float32)}


def weights(a: Any) -> list[Any]:
    return [v for i, m in enumerate(CHANNELS[1:]) for v in (a[f"w{i}"], np.zeros(m, np.float32))]


def with_tinyfm(a: Any) -> Any:
    from tinyfm.nn import Conv2D, MaxPooling2D, Sequential, UpSampling2D
    from tinyfm.optim import Adam
    convolution = lambda n: Conv2D(n, 3, padding="same", activation="relu")
    model = Sequential([convolution(16), MaxPooling2D(), convolution(8), MaxPooling2D(),
                        convolution(8), UpSampling2D(), convolution(16), UpSampling2D(),
                        Conv2D(1, 3, padding="same", activation="sigmoid")])
    model.compile(Adam(RATE, epsilon=EPSILON), loss="binary_crossentropy")
    return tinyfm_steps(model, weights(a), a["x"], a["x"])


def with_torch(a: Any) -> Any:
    import torch
    from torch import nn
    layers: list[Any] = []
    for i, (n, m) in enumerate(pairwise(CHANNELS)):
        layers.append(nn.Conv2d(n, m, 3, padding=1))
        if i < 4: layers += [nn.ReLU(), nn.MaxPool2d(2) if i < 2 else nn.Upsample(scale_factor=2)]
    model = nn.Sequential(*layers).to(memory_format=torch.channels_last)
    with torch.no_grad():
        for p, w in zip(model.parameters(), weights(a)):
            p.copy_(torch.from_numpy(w.transpose(3, 2, 0, 1) if w.ndim == 4 else w))
    x = [torch.from_numpy(x).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last) for x in a["x"]]
    return torch_steps(model, nn.functional.binary_cross_entropy_with_logits, torch_adam(model), x, x)


def with_jax(a: Any) -> Any:
    import jax
    import jax.numpy as jnp
    from jax import lax

    def loss(w: Any, x: Any, y: Any) -> Any:
        for i in range(5):
            x = lax.conv_general_dilated(x, w[2 * i], (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
            x = x + w[2 * i + 1]
            if i < 4: x = jax.nn.relu(x)
            if i < 2: x = lax.reduce_window(x, -np.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
            elif i < 4: x = jnp.repeat(jnp.repeat(x, 2, axis=1), 2, axis=2)
        return jnp.mean(jax.nn.softplus(x) - x * y)
    return jax_steps(loss, weights(a), a["x"], a["x"])


def with_keras(a: Any) -> Any:
    import keras
    layers = keras.layers
    convolution = lambda n: layers.Conv2D(n, 3, padding="same", activation="relu")
    model = keras.Sequential([keras.Input((28, 28, 1)), convolution(16), layers.MaxPooling2D(), convolution(8),
                              layers.MaxPooling2D(), convolution(8), layers.UpSampling2D(), convolution(16),
                              layers.UpSampling2D(), layers.Conv2D(1, 3, padding="same")])
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    return keras_steps(model, weights(a), loss, keras_adam(), a["x"], a["x"])
