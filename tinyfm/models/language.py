"""Training language models.  Each takes ids (batch, time), and returns logits of the next (batch, time, vocabulary).

    corpus = text.load("shakespeare")
    model = GPT(corpus.tokenizer.size)
    history = train(model, corpus, Settings(steps=2000))

AdamW, a warm-up and then half a cosine, clipped gradients: the recipe of GPT-2's many retrainings, such as nanoGPT
(Karpathy 2022), whose settings for a small machine are the defaults.
"""
from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfm import ops, optim, schedules
from tinyfm.data.text import Corpus
from tinyfm.engine import Tensor, no_grad
from tinyfm.errors import SettingError
from tinyfm.models.generate import generate

Array = NDArray[Any]
History = dict[str, list[float]]                 # step, loss (of the last batch), val_loss; one entry an evaluation


@dataclass(frozen=True)
class Settings:
    """What may be turned."""

    steps: int = 2_000
    batch_size: int = 12
    learning_rate: float = 1e-3
    final_rate: float = 1e-4                     # where the cosine ends
    warmup: int = 100                            # steps; AdamW's averages know nothing yet
    beta_2: float = 0.99                         # small batches: forget the second moment sooner than 0.999
    weight_decay: float = 0.1                    # of matrices only
    clip: float = 1.0                            # of the norm of all gradients
    accumulate: int = 1                          # batches whose gradients make one step
    every: int = 250                             # steps between two evaluations
    seed: int = 0                                # of the order in which the text is read


def train(model: Any, corpus: Corpus, settings: Settings = Settings(), *, context: int = 0, sample: int = 0,
          verbose: int = 1) -> History:
    """Train on random windows of the corpus; evaluates, and prints, every so many steps.

    context: of every window that is evaluated, how many tokens only serve to be looked back at.
    sample: how many tokens to write at each evaluation.  verbose: 0 prints nothing.
    """
    if len(corpus.train) <= model.block_size:
        raise SettingError(f"{corpus.name} has {len(corpus.train)} tokens to train on; a window has "
                           f"{model.block_size + 1}. Take a longer text or a smaller block_size.")
    rng, parameters = np.random.default_rng(settings.seed), built(model).parameters()
    optimizers, history, started = optimizers_of(parameters, settings), History(step=[], loss=[], val_loss=[]), clock()
    for step in range(1, settings.steps + 1):
        loss = learn(model, corpus.train, parameters, optimizers, settings, rng)
        if verbose and sys.stderr.isatty(): print(f"\rstep {step}  loss {loss:.4f}", end="", file=sys.stderr)
        if step % settings.every and step < settings.steps: continue
        found = evaluate(model, corpus.validation, context=context, windows=200 if step < settings.steps else None)
        for name, value in (("step", step), ("loss", loss), ("val_loss", found)): history[name].append(value)
        if not verbose: continue
        if sys.stderr.isatty(): print("\r", end="", file=sys.stderr)
        print(f"step {step}/{settings.steps}  loss {loss:.4f}  val_loss {found:.4f}  "
              f"{said(found)}  {clock() - started:.1f} s", flush=True)
        if sample: print(written(model, corpus, sample), flush=True)
    return history


def learn(model: Any, ids: Array, parameters: Sequence[Tensor], optimizers: Sequence[optim.Optimizer],
          settings: Settings, rng: np.random.Generator) -> float:
    """One step of training; returns the loss of the last batch, in nats per token."""
    for p in parameters: p.grad = None
    for _ in range(settings.accumulate):
        x = windows(ids, rng.integers(0, len(ids) - model.block_size, settings.batch_size), model.block_size)
        loss = ops.softmax_cross_entropy(model(x[:, :-1], training=True), x[:, 1:])
        (loss * (1 / settings.accumulate)).backward()
    if (norm := global_norm(parameters)) > settings.clip:
        for p in parameters: p.grad = p.grad * (settings.clip / norm)  # type: ignore[operator]
    for optimizer in optimizers: optimizer.step()
    return loss.item()


def global_norm(parameters: Sequence[Tensor]) -> float:
    """||g||, g being all gradients as one vector."""
    return sqrt(sum(float(np.vdot(p.grad, p.grad)) for p in parameters if p.grad is not None))


def optimizers_of(parameters: Sequence[Tensor], settings: Settings) -> list[optim.Optimizer]:
    """AdamW with decay for the matrices, without it for biases and norms."""
    down = schedules.CosineDecay(settings.learning_rate, max(1, settings.steps - settings.warmup),
                             alpha=settings.final_rate / settings.learning_rate)
    rate = schedules.LinearWarmup(settings.warmup, down)
    parts = [([p for p in parameters if p.ndim > 1], settings.weight_decay), ([p for p in parameters if p.ndim < 2], 0)]
    return [optim.AdamW(rate, decay, beta_2=settings.beta_2, epsilon=1e-8, parameters=some)
            for some, decay in parts if some]


def built(model: Any) -> Any:
    """The same model, its weights made."""
    with no_grad(): model(np.zeros((1, 1), int))
    return model


def windows(ids: Array, starts: Array, block: int) -> Array:
    """block + 1 tokens from each start: (n, block + 1)."""
    return ids[np.asarray(starts)[:, None] + np.arange(block + 1)]


# ------------------------------------------------------------ what a model is worth

def evaluate(model: Any, ids: Array, *, context: int = 0, windows: int | None = None) -> float:
    """Nats per token over a text, read in windows of model.block_size.

    context: how many tokens of each window are only read; then the windows overlap, and every token that counts has at
    least as many before it.  windows: look at so many of them, evenly spread, instead of all.
    """
    total = count = 0.0
    with no_grad():
        for x in reading(ids, model.block_size, context, windows):
            logits = model(x[:, :-1])
            losses = ops.softmax_cross_entropy(logits, x[:, 1:], reduction="none")
            losses = (losses.data if type(losses) is Tensor else losses)[:, context:]
            total, count = total + float(losses.sum(dtype=float)), count + losses.size
    return total / count


def reading(ids: Array, block: int, context: int, limit: int | None) -> Iterator[Array]:
    """The windows of a text, 64 at a time."""
    if not 0 <= context < block:
        raise SettingError(f"evaluate: context must lie in 0 ... {block - 1}, the block less one; received {context}.")
    starts = np.arange(0, len(ids) - block, block - context)
    if not len(starts):
        raise SettingError(f"evaluate: a text of {len(ids)} tokens is shorter than one window of {block + 1}.")
    if limit is not None: starts = starts[np.linspace(0, len(starts) - 1, min(limit, len(starts))).astype(int)]
    for i in range(0, len(starts), 64): yield windows(ids, starts[i:i + 64], block)


def perplexity(loss: float) -> float:
    """e^loss: among how many equally likely tokens one would have to guess to lose as much."""
    return exp(loss)


def bits(loss: float) -> float:
    """Nats as bits; per character where a token is one."""
    return loss / log(2)


def said(loss: float) -> str: return f"perplexity {perplexity(loss):.2f}  bits {bits(loss):.3f}"


def written(model: Any, corpus: Corpus, count: int, seed: int = 0, temperature: float = 1.0) -> str:
    """What the model writes after the first token of the text to be judged by."""
    ids = generate(model, corpus.validation[:1], count, temperature=temperature, rng=np.random.default_rng(seed))
    return str(corpus.tokenizer.decode([corpus.validation[0], *ids]))


def clock() -> float: return time.perf_counter()
