"""Attention alone, forward and backward: batch 4, 8 heads, 256 queries and keys of 64 numbers; the sum is the loss."""
from typing import Any

import numpy as np

NAME, UNIT, STEPS = "attention 4x8x256x64, forward and backward", ("ms", 1e3), 12
CASES: dict[str, dict[str, Any]] = {"": {}, "causal": {"causal": True}}
TARGETS = {"fastest": 1.1}


def inputs(rng: Any, causal: bool = False) -> dict[str, Any]:
    return {name: rng.standard_normal((4, 8, 256, 64)).astype(np.float32) for name in "qkvg"} | {
        "causal": np.array(causal)}


def with_tinyfm(a: Any) -> Any:
    import tinyfm as fm
    causal = bool(a["causal"])

    def step() -> float:
        q, k, v = (fm.tensor(a[name], requires_grad=True) for name in "qkv")
        y = fm.scaled_dot_product_attention(q, k, v, causal=causal)
        y.backward(a["g"])
        return float(y.data[-1, -1, -1, -1] + q.grad[-1, -1, -1, -1])
    return step


def with_torch(a: Any) -> Any:
    import torch
    causal, g = bool(a["causal"]), torch.from_numpy(a["g"])

    def step() -> float:
        q, k, v = (torch.tensor(a[name], requires_grad=True) for name in "qkv")
        y = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=causal)
        y.backward(g)
        return float(y[-1, -1, -1, -1] + q.grad[-1, -1, -1, -1])
    return step


def with_jax(a: Any) -> Any:
    import jax
    import jax.numpy as jnp
    causal, (q, k, v, g) = bool(a["causal"]), (jnp.asarray(a[name].swapaxes(1, 2)) for name in "qkvg")

    @jax.jit
    def both(q: Any, k: Any, v: Any, g: Any) -> Any:
        y, pull = jax.vjp(lambda q, k, v: jax.nn.dot_product_attention(q, k, v, is_causal=causal), q, k, v)
        return y, pull(g)

    def step() -> float:
        y, (dq, _, _) = jax.block_until_ready(both(q, k, v, g))
        return float(y[-1, -1, -1, -1] + dq[-1, -1, -1, -1])
    return step
