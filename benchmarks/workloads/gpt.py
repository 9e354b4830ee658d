"""A GPT of 4 layers, 4 heads and width 128 over 65 tokens: 12 sequences of 64, AdamW."""
from typing import Any

import numpy as np

from workloads.training import EPSILON, RATE, torch_steps

NAME, UNIT, STEPS = "GPT 4x4x128, 12x64 tokens, AdamW", ("ms", 1e3), 4
CASES: dict[str, dict[str, Any]] = {"": {}}
TARGETS = {"torch": 1.0}
VOCABULARY, TIME, LAYERS, HEADS, WIDTH = 65, 64, 4, 4, 128
SHAPES = [(VOCABULARY, WIDTH), (TIME, WIDTH)]                      # tokens, places; then layer by layer; then the norm
LAYER = [(WIDTH,), (WIDTH,), (WIDTH, 3 * WIDTH), (3 * WIDTH,), (WIDTH, WIDTH), (WIDTH,), (WIDTH,), (WIDTH,),
         (WIDTH, 4 * WIDTH), (4 * WIDTH,), (4 * WIDTH, WIDTH), (WIDTH,)]
DECAY = 0.01


def inputs(rng: Any) -> dict[str, Any]:
    shapes = [*SHAPES, *LAYER * LAYERS, (WIDTH,), (WIDTH,)]
    a = {f"w{i}": (0.02 * rng.standard_normal(shape)).astype(np.float32) for i, shape in enumerate(shapes)}
    ids = rng.integers(0, VOCABULARY, (4, 12, TIME + 1))
    return a | {"x": ids[..., :-1], "y": ids[..., 1:]}


def with_tinyfm(a: Any) -> Any:
    from itertools import cycle

    from tinyfm.models.gpt import GPT
    from tinyfm.optim import AdamW
    from tinyfm.train.loop import train_batch
    model = GPT(VOCABULARY, TIME, LAYERS, HEADS, WIDTH).built_now()
    place(named(a), dict(model.named_parameters()))
    model.compile(AdamW(RATE, DECAY, epsilon=EPSILON), loss="sparse_categorical_crossentropy")
    model.loss.from_logits = True
    model.optimizer.build(model.parameters())
    batches = cycle(zip(a["x"], a["y"]))

    def step() -> float:
        x, y = next(batches)
        return train_batch(model, (x,), y)[0]
    return step


def named(a: Any) -> dict[str, Any]:
    """The weights by tinyfm's names."""
    layer = ["norm_1.gamma", "norm_1.beta", "attention.kernel", "attention.bias", "attention.output_kernel",
             "attention.output_bias", "norm_2.gamma", "norm_2.beta", "expand_kernel", "expand_bias", "contract_kernel",
             "contract_bias"]
    names = ["tokens", "places", *(f"blocks.{i}.{n}" for i in range(LAYERS) for n in layer), "norm.gamma", "norm.beta"]
    return {name: a[f"w{i}"] for i, name in enumerate(names)}


def place(weights: dict[str, Any], parameters: dict[str, Any]) -> None:
    if weights.keys() != parameters.keys(): raise SystemExit(f"unlike: {sorted(weights.keys() ^ parameters.keys())}")
    for name, w in weights.items(): parameters[name].data[...] = w


def with_torch(a: Any) -> Any:
    import torch
    from torch import nn
    from torch.nn import functional as F  # noqa: N812

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm_1, self.qkv, self.out = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
            self.norm_2, self.up, self.down = (
                nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH))

        def forward(self, x: Any) -> Any:
            q, k, v = self.qkv(self.norm_1(x)).view(*x.shape[:2], 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.out(y.transpose(1, 2).reshape(x.shape))
            return x + self.down(F.gelu(self.up(self.norm_2(x)), approximate="tanh"))

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tokens, self.places = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(TIME, WIDTH)
            self.blocks, self.norm = nn.ModuleList(Block() for _ in range(LAYERS)), nn.LayerNorm(WIDTH)
            self.positions = torch.arange(TIME)

        def forward(self, ids: Any) -> Any:
            x = self.tokens(ids) + self.places(self.positions)
            for block in self.blocks: x = block(x)
            return self.norm(x) @ self.tokens.weight.T

    model = Model()
    with torch.no_grad():
        for i, (name, p) in enumerate(model.named_parameters()):
            transposed = p.ndim == 2 and name.split(".")[0] == "blocks"
            p.copy_(torch.from_numpy(a[f"w{i}"].T if transposed else a[f"w{i}"]))
    loss = lambda logits, y: F.cross_entropy(logits.flatten(0, 1), y.flatten())
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, eps=EPSILON, weight_decay=DECAY, fused=True)
    return torch_steps(model, loss, optimizer, *map(torch.from_numpy, (a["x"], a["y"])))
