"""A language model in one .safetensors or .npz file: its weights, what it was made with, and its tokenizer.

    save("bard.safetensors", model, corpus.tokenizer)
    model, tokenizer = load("bard.safetensors")

A folder or a file of GPT-2's is read too, as models.gpt2 does.  What a file says is data: only the classes named here
are made from it, and for no more weights than it holds.
"""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tinyfm import checkpoint
from tinyfm.data.text import BytePairs, Characters, Words
from tinyfm.errors import FormatError
from tinyfm.models import gpt2
from tinyfm.models.bigram import Bigram
from tinyfm.models.gpt import GPT
from tinyfm.models.language import built
from tinyfm.models.mlp import MLP
from tinyfm.models.recurrent import Recurrent
from tinyfm.nn.module import loading

MODELS: dict[str, Any] = {kind.__name__: kind for kind in (Bigram, MLP, Recurrent, GPT)}
TOKENIZERS: dict[str, Any] = {kind.__name__: kind for kind in (Characters, Words)}


def save(path: Any, model: Any, tokenizer: Any) -> None:
    """Write the model and its tokenizer; the suffix names the format."""
    made = {"class": type(model).__name__, "config": model.get_config()}
    checkpoint.save(path, model.state_dict(), {"language_model": json.dumps(made), "tokenizer": spelled(tokenizer)})


def load(path: Any) -> tuple[Any, Any]:
    """(model, tokenizer).  Raises FormatError for a file that holds no language model, or only a part of one."""
    if Path(path).is_dir(): return gpt2.load(path), gpt2.tokenizer(path)
    arrays, text = checkpoint.load(path)
    if "language_model" not in text:
        if "wte.weight" in gpt2.published(arrays): return gpt2.load(path), gpt2.tokenizer(path)
        raise FormatError(f"{path} holds no language model; `tinyfm train gpt --save` writes one.")
    try:
        made = json.loads(text["language_model"])
        with loading(sum(a.size for a in arrays.values())):
            model = built(MODELS[made["class"]](**made["config"]))
        model.load_state_dict(arrays)
        return model, understood(json.loads(text["tokenizer"]))
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"{path} does not describe its language model rightly: {error}") from None


def spelled(tokenizer: Any) -> str:
    """A tokenizer as JSON."""
    if isinstance(tokenizer, BytePairs):
        return json.dumps({"class": "BytePairs", "tokens": [list(token) for token in tokenizer.tokens],
                           "merges": [[*pair, new] for pair, new in tokenizer.merges.items()]})
    return json.dumps({"class": type(tokenizer).__name__, "tokens": tokenizer.tokens})


def understood(made: Any) -> Any:
    """Undo `spelled`."""
    if made["class"] != "BytePairs": return TOKENIZERS[made["class"]](made["tokens"])
    return BytePairs([bytes(token) for token in made["tokens"]], {(a, b): new for a, b, new in made["merges"]})
