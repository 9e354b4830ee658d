"""Two inputs, two hidden layers of 16, one output: the network of every first lesson, 100 points, plain descent."""
from itertools import pairwise
from typing import Any

from workloads.training import jax_steps, keras_steps, tinyfm_steps, torch_steps, weight

NAME, UNIT, STEPS = "MLP 2-16-16-1, batch 100, SGD", ("ms", 1e3), 300
CASES: dict[str, dict[str, Any]] = {"": {}}
TARGETS = {"torch": 0.7, "jax": 1.2}
SIZES = (2, 16, 16, 1)
RATE = 0.01


def inputs(rng: Any) -> dict[str, Any]:
    a = {f"w{i}": weight(rng, n, m) for i, (n, m) in enumerate(pairwise(SIZES))}
    x = rng.standard_normal((4, 100, 2)).astype("float32")
    return a | {"x": x, "y": (x[..., :1] * x[..., 1:]).astype("float32")}


def weights(a: Any) -> list[Any]:
    import numpy as np
    return [v for i, m in enumerate(SIZES[1:]) for v in (a[f"w{i}"], np.zeros(m, "float32"))]


def with_tinyfm(a: Any) -> Any:
    from tinyfm.nn import Dense, Sequential
    from tinyfm.optim import SGD
    model = Sequential([Dense(16, activation="tanh"), Dense(16, activation="tanh"), Dense(1)])
    model.compile(SGD(RATE), loss="mean_squared_error")
    return tinyfm_steps(model, weights(a), a["x"], a["y"])


def with_torch(a: Any) -> Any:
    import torch
    from torch import nn
    model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1))
    with torch.no_grad():
        for p, w in zip(model.parameters(), weights(a)): p.copy_(torch.from_numpy(w.T))
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE, fused=True)
    return torch_steps(model, nn.functional.mse_loss, optimizer, *map(torch.from_numpy, (a["x"], a["y"])))


def with_jax(a: Any) -> Any:
    import jax.numpy as jnp

    def loss(w: Any, x: Any, y: Any) -> Any:
        h = jnp.tanh(x @ w[0] + w[1])
        h = jnp.tanh(h @ w[2] + w[3])
        return jnp.mean((h @ w[4] + w[5] - y) ** 2)
    return jax_steps(loss, weights(a), a["x"], a["y"], sgd=RATE)


def with_keras(a: Any) -> Any:
    import keras
    layers = keras.layers
    model = keras.Sequential([keras.Input((2,)), layers.Dense(16, "tanh"), layers.Dense(16, "tanh"), layers.Dense(1)])
    return keras_steps(model, weights(a), keras.losses.MeanSquaredError(), keras.optimizers.SGD(RATE), a["x"], a["y"])


def with_autograd(a: Any) -> Any:
    from itertools import cycle

    import autograd
    import autograd.numpy as anp

    def loss(w: Any, x: Any, y: Any) -> Any:
        h = anp.tanh(x @ w[0] + w[1])
        h = anp.tanh(h @ w[2] + w[3])
        return anp.mean((h @ w[4] + w[5] - y) ** 2)
    gradient, batches, w = autograd.value_and_grad(loss), cycle(zip(a["x"], a["y"])), weights(a)

    def step() -> Any:
        value, g = gradient(w, *next(batches))
        for p, d in zip(w, g): p -= RATE * d
        return value
    return step
