"""From nothing to a first gradient: import the library, differentiate sum x^2; each time in a fresh process.

micrograd has no arrays and imports nothing, so it is not here.
"""
from typing import Any

NAME, UNIT, STEPS = "cold import and first gradient", ("ms", 1e3), 1
CASES: dict[str, dict[str, Any]] = {"": {}}
TARGETS = {"torch": 0.15}
FRESH = True                                         # a new process for every timing, which begins before the import


def inputs(rng: Any) -> dict[str, Any]: return {}


def with_tinyfm(a: Any) -> Any:
    import tinyfm as fm

    def step() -> float:
        x = fm.tensor([1.0, 2.0, 3.0], requires_grad=True)
        fm.sum(x * x).backward()
        return float(x.grad[2])
    return step


def with_torch(a: Any) -> Any:
    import torch

    def step() -> float:
        x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
        (x * x).sum().backward()
        return float(x.grad[2])
    return step


def with_jax(a: Any) -> Any:
    import jax
    import jax.numpy as jnp
    return lambda: float(jax.grad(lambda x: jnp.sum(x * x))(jnp.array([1.0, 2.0, 3.0]))[2])


def with_keras(a: Any) -> Any:
    import tensorflow as tf

    def step() -> float:
        x = tf.Variable([1.0, 2.0, 3.0])
        with tf.GradientTape() as tape: y = tf.reduce_sum(x * x)
        return float(tape.gradient(y, x)[2])
    return step


def with_autograd(a: Any) -> Any:
    import autograd
    import autograd.numpy as anp
    return lambda: float(autograd.grad(lambda x: anp.sum(x * x))(anp.array([1.0, 2.0, 3.0]))[2])

