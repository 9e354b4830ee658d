"""The training step of each engine, around a model that the workload wrote.  Batches are ready in the engine's form."""
from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Any

RATE = 1e-4            # small, so that losses stay comparable over thousands of steps
EPSILON = 1e-10        # of Adam, for all; small, because Keras adds it to a root without its correction


def tinyfm_steps(model: Any, weights: Sequence[Any], x: Any, y: Any) -> Callable[[], float]:
    """What `fit` does with one batch."""
    from tinyfm.train.examples import examples
    from tinyfm.train.loop import start, train_batch
    start(model, examples(x[0], y[0]))
    for p, w in zip(model.parameters(), weights, strict=True): p.data[...] = w
    batches = cycle(zip(x, y))

    def step() -> float:
        a, b = next(batches)
        return train_batch(model, (a,), b)[0]
    return step


def torch_steps(model: Any, loss: Any, optimizer: Any, x: Any, y: Any) -> Callable[[], Any]:
    """x, y: lists of tensors."""
    batches = cycle(zip(x, y))

    def step() -> Any:
        a, b = next(batches)
        optimizer.zero_grad()
        value = loss(model(a), b)
        value.backward()
        optimizer.step()
        return value.detach()
    return step


def torch_adam(model: Any) -> Any:
    """PyTorch's own fused update."""
    import torch
    return torch.optim.Adam(model.parameters(), lr=RATE, eps=EPSILON, fused=True)


def jax_steps(loss: Callable[..., Any], weights: Any, x: Any, y: Any, *, sgd: float | None = None,
              decay: float = 0.0) -> Callable[[], Any]:
    """loss(weights, x, y), any tree of weights; the whole step is compiled, and the old state's memory given away.

    Adam, with decay AdamW; plain descent at the rate `sgd` if that is given.
    """
    import jax
    import jax.numpy as jnp
    batches = cycle([(jnp.asarray(a), jnp.asarray(b)) for a, b in zip(x, y)])

    def descent(state: Any, x: Any, y: Any) -> Any:
        value, g = jax.value_and_grad(loss)(state, x, y)
        return jax.tree.map(lambda p, g: p - sgd * g, state, g), value

    def adam(state: Any, x: Any, y: Any) -> Any:
        w, m, v, t = state
        value, g = jax.value_and_grad(loss)(w, x, y)
        t = t + 1
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
        w = jax.tree.map(lambda w, m, v: w * (1 - RATE * decay) - RATE * (m / (1 - 0.9 ** t)) / (
            jnp.sqrt(v / (1 - 0.999 ** t)) + EPSILON), w, m, v)
        return (w, m, v, t), value

    w = jax.tree.map(jnp.asarray, weights)
    zeros = lambda: jax.tree.map(jnp.zeros_like, w)
    state = w if sgd else (w, zeros(), zeros(), jnp.zeros((), jnp.float32))
    update = jax.jit(descent if sgd else adam, donate_argnums=0)

    def step() -> Any:
        nonlocal state
        state, value = update(state, *next(batches))
        return value
    return step


def jax_cross_entropy(logits: Any, labels: Any) -> Any:
    import jax
    import jax.numpy as jnp
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1))


def keras_steps(model: Any, weights: Sequence[Any], loss: Any, optimizer: Any, x: Any, y: Any) -> Callable[[], Any]:
    """A step compiled by tf.function: 2.4 times as quick as train_on_batch on W3; XLA (jit_compile) adds nothing."""
    import tensorflow as tf
    model.set_weights(list(weights))
    optimizer.build(model.trainable_variables)

    @tf.function
    def update(a: Any, b: Any) -> Any:
        with tf.GradientTape() as tape: value = loss(b, model(a, training=True))
        optimizer.apply(tape.gradient(value, model.trainable_variables))
        return value

    batches = cycle([(tf.constant(a), tf.constant(b)) for a, b in zip(x, y)])
    return lambda: update(*next(batches))


def keras_adam() -> Any:
    import keras
    return keras.optimizers.Adam(RATE, epsilon=EPSILON)


def weight(rng: Any, *shape: int) -> Any:
    """Normal numbers that keep the size of what they multiply, float32."""
    from math import prod
    return (rng.standard_normal(shape) / prod(shape[:-1]) ** 0.5).astype("float32")
