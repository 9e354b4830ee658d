"""nanoGPT's settings for a small machine on tiny Shakespeare, here and in PyTorch: loss and time.

    python benchmarks/shakespeare.py                    tinyfm, seed 0
    python benchmarks/shakespeare.py --torch --seed 1   the same run in PyTorch (eager)
    python benchmarks/shakespeare.py --both             one after the other

4 layers, 4 heads, width 128, blocks of 64, batches of 12, 2,000 steps, no dropout, AdamW 1e-3 -> 1e-4.  The loss is
that of the whole validation part (the last tenth), in windows of 64, every token counted; the time is that of the 2,000
steps alone.  Needs the data set (TINYFM_DATA, the cache or a download of 1.1 MB).  nanoGPT: Karpathy 2022.
"""
from __future__ import annotations

import argparse
import statistics
import time

import numpy as np

from tinyfm.data import text
from tinyfm.models.gpt import GPT
from tinyfm.models.language import Settings, built, evaluate, learn, optimizers_of, windows

BLOCK, LAYERS, HEADS, WIDTH = 64, 4, 4, 128


def ours(corpus, settings):
    """(validation loss, seconds) of tinyfm."""
    model = built(GPT(corpus.tokenizer.size, BLOCK, LAYERS, HEADS, WIDTH, seed=settings.seed))
    parameters, rng = model.parameters(), np.random.default_rng(settings.seed)
    optimizers, started = optimizers_of(parameters, settings), time.perf_counter()
    for _ in range(settings.steps): learn(model, corpus.train, parameters, optimizers, settings, rng)
    seconds = time.perf_counter() - started
    return evaluate(model, corpus.validation), seconds


def theirs(corpus, settings):
    """(validation loss, seconds) of the same run in PyTorch."""
    import torch
    from torch import nn
    from torch.nn import functional as f
    torch.manual_seed(settings.seed)

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm_1, self.norm_2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
            self.qkv, self.mix = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
            self.expand, self.contract = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

        def forward(self, x):
            b, t, c = x.shape
            q, k, v = (a.view(b, t, HEADS, c // HEADS).transpose(1, 2) for a in self.qkv(self.norm_1(x)).split(c, 2))
            y = f.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.mix(y.transpose(1, 2).reshape(b, t, c))
            return x + self.contract(f.gelu(self.expand(self.norm_2(x)), approximate="tanh"))

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.tokens, self.places = nn.Embedding(corpus.tokenizer.size, WIDTH), nn.Embedding(BLOCK, WIDTH)
            self.blocks, self.norm = nn.ModuleList(Block() for _ in range(LAYERS)), nn.LayerNorm(WIDTH)
            for name, p in self.named_parameters():
                if p.ndim > 1: nn.init.normal_(p, 0, 0.02 / (2 * LAYERS) ** 0.5 if "mix" in name or "contract" in name
                                               else 0.02)
                elif name.endswith("bias"): nn.init.zeros_(p)

        def forward(self, ids):
            x = self.tokens(ids) + self.places.weight[:ids.shape[1]]
            for block in self.blocks: x = block(x)
            return f.linear(self.norm(x), self.tokens.weight)

    model, rng = Network(), np.random.default_rng(settings.seed)
    matrices, vectors = ([p for p in model.parameters() if (p.ndim > 1) == wide] for wide in (True, False))
    optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": settings.weight_decay},
                                   {"params": vectors, "weight_decay": 0.0}], betas=(0.9, settings.beta_2))
    rate = optimizers_of(built(GPT(2, 2, 1, 1, 2)).parameters(), settings)[0].learning_rate
    ids, started = torch.from_numpy(corpus.train), time.perf_counter()
    for step in range(settings.steps):
        for group in optimizer.param_groups: group["lr"] = rate(step)
        starts = rng.integers(0, len(ids) - BLOCK, settings.batch_size)
        x = torch.stack([ids[i:i + BLOCK + 1] for i in starts])
        loss = f.cross_entropy(model(x[:, :-1]).flatten(0, 1), x[:, 1:].flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), settings.clip)
        optimizer.step()
    seconds, losses = time.perf_counter() - started, []
    with torch.no_grad():
        for i in np.array_split(np.arange(0, len(corpus.validation) - BLOCK, BLOCK), 30):
            x = torch.from_numpy(windows(corpus.validation, i, BLOCK))
            losses += f.cross_entropy(model(x[:, :-1]).flatten(0, 1), x[:, 1:].flatten(), reduction="none").tolist()
    return statistics.fmean(losses), seconds


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--torch", action="store_true", help="PyTorch instead of tinyfm")
    parser.add_argument("--both", action="store_true", help="tinyfm, then PyTorch")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=2_000)
    options = parser.parse_args()
    corpus, settings = text.load("shakespeare"), Settings(steps=options.steps, seed=options.seed)
    for name, run in (("tinyfm", ours), ("PyTorch", theirs)):
        if not (options.both or options.torch == (name == "PyTorch")): continue
        loss, seconds = run(corpus, settings)
        print(f"{name:8} seed {settings.seed}  {settings.steps} steps  validation loss {loss:.4f}  {seconds:.1f} s",
              flush=True)
