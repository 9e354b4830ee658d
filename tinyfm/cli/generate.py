"""tinyfm generate --model PATH PROMPT: let a language model write on, word by word."""
from __future__ import annotations

import sys
from argparse import Namespace
from typing import Any

import numpy as np

from tinyfm.cli import options


def add(commands: Any) -> None:
    """Declare the arguments."""
    parser = commands.add_parser("generate", help="let a language model write on from a prompt", description=(
        "Let a language model write on: one that `tinyfm train gpt --save` wrote, or GPT-2's model.safetensors, or the "
        "folder that it lies in (with vocab.json and merges.txt, or encoder.json and vocab.bpe)."))
    parser.add_argument("prompt", metavar="PROMPT", help="the text to begin with")
    parser.add_argument("--model", required=True, metavar="PATH", help="the file, or the folder, of the model")
    parser.add_argument("--tokens", type=options.count, default=200, metavar="N", help="how many to write (200)")
    parser.add_argument("--temperature", type=options.rate, default=0.8, metavar="T",
                        help="near 0 the likeliest word, at 1 words as often as the model thinks (0.8)")
    parser.add_argument("--greedy", action="store_true", help="always the likeliest token")
    parser.add_argument("--top-k", type=options.count, metavar="K", help="only the K likeliest tokens")
    parser.add_argument("--top-p", type=options.rate, metavar="P", help="only the likeliest, together of probability P")
    parser.add_argument("--repetition-penalty", type=options.rate, default=1.0, metavar="R",
                        help="above 1 what was said before becomes less likely (1)")
    parser.add_argument("--seed", type=options.seed, default=0, metavar="N", help="where all random numbers start (0)")
    parser.set_defaults(run=generate)


def generate(arguments: Namespace) -> int:
    """Print the prompt and what follows it, as it comes."""
    from tinyfm.models import saved
    from tinyfm.models.generate import stream
    model, tokenizer = saved.load(arguments.model)
    ids = stream(model, tokenizer.encode(arguments.prompt), arguments.tokens, top_k=arguments.top_k,
                 top_p=arguments.top_p, repetition_penalty=arguments.repetition_penalty,
                 temperature=0.0 if arguments.greedy else arguments.temperature, stop=end_of(tokenizer),
                 rng=np.random.default_rng(arguments.seed))
    pieces = tokenizer.pieces(ids)
    first = next(pieces)                         # what is wrong with the settings is said before the prompt is repeated
    sys.stdout.write(arguments.prompt + first)
    for piece in pieces:
        sys.stdout.write(piece)
        sys.stdout.flush()
    print()
    return 0


def end_of(tokenizer: Any) -> int | None:
    """The token that ends a text, where there is one."""
    end = b"<|endoftext|>"
    return tokenizer.tokens.index(end) if end in tokenizer.tokens else None
