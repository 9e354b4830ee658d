"""nanoGPT's settings for a small machine on tiny Shakespeare, here and in PyTorch: loss and time.

    python benchmarks/shakespeare.py                    tinyfm, seed 0
    python benchmarks/shakespeare.py --torch --seed 1   the same run in PyTorch (eager)
    python benchmarks/shakespeare.py --both             both in turn, 20 steps each

4 layers, 4 heads, width 128, blocks of 64, batches of 12, 2,000 steps, no dropout, AdamW 1e-3 -> 1e-4.  The loss is
that of the whole validation part (the last tenth), in windows of 64, every token counted; the time is that of the
2,000 steps alone.  Needs the data set (TINYFM_DATA, the cache or a download of 1.1 MB).  nanoGPT: Karpathy 2022.
"""
from __future__ import annotations

import argparse
import time

import numpy as np

from tinyfm.data import text
from tinyfm.models.gpt import GPT
from tinyfm.models.language import Settings, built, evaluate, learn, optimizers_of, windows

BLOCK, LAYERS, HEADS, WIDTH = 64, 4, 4, 128
DEVIATION = 0.02 * (768 / WIDTH) ** 0.5           # of the weights at the beginning, as in models/gpt.py


class Ours:
    """The run in tinyfm."""

    def __init__(self, corpus, settings):
        self.corpus, self.settings, self.rng = corpus, settings, np.random.default_rng(settings.seed)
        self.model = built(GPT(corpus.tokenizer.size, BLOCK, LAYERS, HEADS, WIDTH, seed=settings.seed))
        self.parameters = self.model.parameters()
        self.optimizers = optimizers_of(self.parameters, settings)

    def step(self):
        learn(self.model, self.corpus.train, self.parameters, self.optimizers, self.settings, self.rng)

    def loss(self): return evaluate(self.model, self.corpus.validation)


class Theirs:
    """The same run in PyTorch."""

    def __init__(self, corpus, settings):
        import torch
        torch.manual_seed(settings.seed)
        self.torch, self.corpus, self.settings = torch, corpus, settings
        self.rng, self.made, self.ids = np.random.default_rng(settings.seed), 0, torch.from_numpy(corpus.train)
        self.model = network(corpus.tokenizer.size)
        matrices, vectors = ([p for p in self.model.parameters() if (p.ndim > 1) == wide] for wide in (True, False))
        self.optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": settings.weight_decay},
                                            {"params": vectors, "weight_decay": 0.0}], betas=(0.9, settings.beta_2))
        self.rate = optimizers_of(built(GPT(2, 2, 1, 1, 2)).parameters(), settings)[0].learning_rate

    def step(self):
        for group in self.optimizer.param_groups: group["lr"] = self.rate(self.made)
        starts = self.rng.integers(0, len(self.ids) - BLOCK, self.settings.batch_size)
        self.optimizer.zero_grad(set_to_none=True)
        self.cost(self.torch.stack([self.ids[i:i + BLOCK + 1] for i in starts])).backward()
        self.torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.clip)
        self.optimizer.step()
        self.made += 1

    def cost(self, x):
        return self.torch.nn.functional.cross_entropy(self.model(x[:, :-1]).flatten(0, 1), x[:, 1:].flatten())

    def loss(self):
        starts = np.arange(0, len(self.corpus.validation) - BLOCK, BLOCK)
        x = self.torch.from_numpy(windows(self.corpus.validation, starts, BLOCK))
        with self.torch.no_grad(): return float(np.mean([self.cost(row[None]).item() for row in x]))


def network(vocabulary):
    """The GPT of models/gpt.py in PyTorch: the same weights, the same beginning."""
    from torch import nn
    from torch.nn import functional as f

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
            self.tokens, self.places = nn.Embedding(vocabulary, WIDTH), nn.Embedding(BLOCK, WIDTH)
            self.blocks, self.norm = nn.ModuleList(Block() for _ in range(LAYERS)), nn.LayerNorm(WIDTH)
            for name, p in self.named_parameters():
                last = "mix" in name or "contract" in name
                if p.ndim > 1: nn.init.normal_(p, 0, DEVIATION / (2 * LAYERS) ** 0.5 if last else DEVIATION)
                elif name.endswith("bias"): nn.init.zeros_(p)

        def forward(self, ids):
            x = self.tokens(ids) + self.places.weight[:ids.shape[1]]
            for block in self.blocks: x = block(x)
            return f.linear(self.norm(x), self.tokens.weight)

    return Network()


def race(runs, steps, turn=20):
    """Seconds of each run for all its steps; they take turns, so that a busy machine disturbs them alike."""
    seconds = [0.0] * len(runs)
    for made in range(0, steps, turn):
        for i, run in enumerate(runs):
            started = time.perf_counter()
            for _ in range(min(turn, steps - made)): run.step()
            seconds[i] += time.perf_counter() - started
    return seconds


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--torch", action="store_true", help="PyTorch instead of tinyfm")
    parser.add_argument("--both", action="store_true", help="both in turn, 20 steps each")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=2_000, help="how far to go; the learning rate is that of 2,000")
    options = parser.parse_args()
    corpus, settings = text.load("shakespeare"), Settings(seed=options.seed)
    kinds = [Ours, Theirs] if options.both else [Theirs] if options.torch else [Ours]
    runs = [kind(corpus, settings) for kind in kinds]
    for run, seconds in zip(runs, race(runs, options.steps)):
        name = {"Ours": "tinyfm", "Theirs": "PyTorch"}[type(run).__name__]
        print(f"{name:8} seed {options.seed}  {options.steps} steps  {seconds:6.1f} s  loss {run.loss():.4f}",
              flush=True)
