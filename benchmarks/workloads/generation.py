"""Writing with a cache of keys and values at GPT-2 small's shape, random weights, one text, always the likeliest token.

12 layers, 12 heads, width 768, 50,257 tokens.  The loss is the sum of the tokens written.
"""
from typing import Any

import numpy as np

NAME, UNIT, STEPS = "GPT-2 small writes, KV cache", ("ms a token", 1e3 / 8), 1
CASES: dict[str, dict[str, Any]] = {"": {}}
TARGETS = {"torch": 1.0}
VOCABULARY, ROOM, LAYERS, HEADS, WIDTH, COUNT = 50257, 1024, 12, 12, 768, 8


def inputs(rng: Any) -> dict[str, Any]: return {"prompt": rng.integers(0, VOCABULARY, 32)}


def layer_weights(i: int) -> list[Any]:
    """Norm, q k v, output, norm, up, down: drawn by each process, as a file would be big."""
    rng = np.random.default_rng(i)
    kernels = [(WIDTH, 3 * WIDTH), (WIDTH, WIDTH), (WIDTH, 4 * WIDTH), (4 * WIDTH, WIDTH)]
    return [rng.standard_normal(shape, np.float32) * np.float32(0.02) for shape in kernels]


def tables() -> list[Any]:
    rng = np.random.default_rng(LAYERS)
    return [rng.standard_normal((n, WIDTH), np.float32) * np.float32(0.02) for n in (VOCABULARY, ROOM)]


def with_tinyfm(a: Any) -> Any:
    from tinyfm.models.generate import generate
    from tinyfm.models.gpt import GPT
    model = GPT(VOCABULARY, ROOM, LAYERS, HEADS, WIDTH).built_now()
    model.tokens.data[...], model.places.data[...] = tables()
    for i, block in enumerate(model.blocks):
        kernels = block.attention.kernel, block.attention.output_kernel, block.expand_kernel, block.contract_kernel
        for p, w in zip(kernels, layer_weights(i)): p.data[...] = w
    return lambda: float(np.sum(generate(model, a["prompt"], COUNT, temperature=0)))


def with_torch(a: Any) -> Any:
    """Plain functions on tensors under inference_mode: nothing between them and PyTorch's kernels."""
    import torch
    from torch.nn import functional as F  # noqa: N812
    tokens, places = map(torch.from_numpy, tables())
    layers = [[torch.from_numpy(np.ascontiguousarray(w.T)) for w in layer_weights(i)] for i in range(LAYERS)]
    zeros = [torch.zeros(w.shape[0]) for w in layers[0]]
    one, zero, prompt = torch.ones(WIDTH), torch.zeros(WIDTH), torch.from_numpy(a["prompt"])

    def read(ids: Any, start: int, memory: list[Any]) -> Any:
        x, time = tokens[ids] + places[start:start + len(ids)], len(ids)
        for (qkv, out, up, down), (keys, values) in zip(layers, memory):
            z = F.linear(F.layer_norm(x, (WIDTH,), one, zero), qkv, zeros[0])
            q, k, v = z.view(time, 3, HEADS, WIDTH // HEADS).permute(1, 2, 0, 3)
            keys[:, start:start + time], values[:, start:start + time] = k, v
            y = F.scaled_dot_product_attention(q, keys[:, :start + time], values[:, :start + time], is_causal=time > 1)
            x = x + F.linear(y.transpose(0, 1).reshape(time, WIDTH), out, zeros[1])
            h = F.gelu(F.linear(F.layer_norm(x, (WIDTH,), one, zero), up, zeros[2]), approximate="tanh")
            x = x + F.linear(h, down, zeros[3])
        return F.layer_norm(x[-1], (WIDTH,), one, zero) @ tokens.T

    @torch.inference_mode()
    def step() -> float:
        memory = [[torch.empty(HEADS, ROOM, WIDTH // HEADS) for _ in "kv"] for _ in range(LAYERS)]
        ids, total, start = prompt, 0, 0
        for _ in range(COUNT):
            following = int(read(ids, start, memory).argmax())
            start, ids, total = start + len(ids), torch.tensor([following]), total + following
        return float(total)
    return step
