"""tinyfm train gpt: train a small GPT on a text, print what it is worth and what it writes, save it."""
from __future__ import annotations

import time
from argparse import Namespace
from typing import Any

from tinyfm.cli import blas, options, table

CORPORA = "grammar (built in; its entropy is known), pydoc (Python's documentation), names, shakespeare, or a text FILE"


def add(things: Any) -> None:
    """Declare the arguments.  The defaults are nanoGPT's for a small machine."""
    parser = things.add_parser("gpt", help="a GPT on a text: characters, words or byte pairs", description=__doc__)
    parser.add_argument("--data", default="grammar", metavar="TEXT", help=CORPORA)
    parser.add_argument("--tokens", type=options.count, metavar="N", help="train N byte pairs; default: characters")
    for name, default, what in (("steps", 2_000, "steps of training"), ("batch-size", 12, "windows in one step"),
                                ("block-size", 64, "tokens of a window"), ("layers", 4, "blocks"),
                                ("heads", 4, "heads of a block"), ("width", 128, "numbers for each token")):
        parser.add_argument(f"--{name}", type=options.count, default=default, metavar="N", help=f"{what} ({default:,})")
    parser.add_argument("--learning-rate", type=options.rate, default=0.001, metavar="R", help="AdamW's (0.001)")
    parser.add_argument("--seed", type=options.seed, default=0, metavar="N", help="where all random numbers start (0)")
    parser.add_argument("--save", type=options.model_file, metavar="PATH", help="write the model: .safetensors or .npz")
    parser.set_defaults(run=train_gpt)


def train_gpt(arguments: Namespace) -> int:
    """Train, print a table and a sample."""
    from tinyfm.data import text
    from tinyfm.models import language, saved
    from tinyfm.models.gpt import GPT
    corpus = text.load(arguments.data, tokens=arguments.tokens)
    settings = language.Settings(
        steps=arguments.steps, batch_size=arguments.batch_size, learning_rate=arguments.learning_rate,
        final_rate=arguments.learning_rate / 10, warmup=min(100, arguments.steps // 10), seed=arguments.seed)
    for advice in blas.advice_here(): print(f"note: {advice}")
    model = language.built(GPT(corpus.tokenizer.size, arguments.block_size, arguments.layers, arguments.heads,
                               arguments.width, seed=arguments.seed))
    print(f"Training {model.count_params():,} weights on {len(corpus.train):,} tokens of {corpus.name} ...", flush=True)
    started = time.perf_counter()
    loss = language.train(model, corpus, settings)["val_loss"][-1]
    seconds = time.perf_counter() - started
    kind = "character" if arguments.tokens is None and corpus.name != "grammar" else "token"
    rows = [("validation loss", f"{loss:.4f} nats per {kind}"), ("perplexity", f"{language.perplexity(loss):.2f}"),
            (f"bits per {kind}", f"{language.bits(loss):.3f}"), ("time", f"{seconds:.1f} s")]
    if corpus.entropy is not None: rows[1:1] = [("entropy", f"{corpus.entropy:.4f}; no model can lose less")]
    print(*table.lines(rows), "", language.written(model, corpus, 300, arguments.seed, 0.8), "", sep="\n")
    if arguments.save:
        saved.save(arguments.save, model, corpus.tokenizer)
        print(f"saved: {arguments.save}; now try: tinyfm generate --model {arguments.save} "
              f"\"{corpus.tokenizer.decode(corpus.validation[:40]).split()[0]}\"")
    return 0
