"""GPT-2 as its authors trained it: the checkpoints that Hugging Face keeps, read into models.gpt.GPT.

    model = gpt2.load("gpt2/")                   # model.safetensors, and config.json where it is
    tokenizer = gpt2.tokenizer("gpt2/")
    print(tokenizer.decode(generate(model, tokenizer.encode("Hello"), 20, temperature=0)))

The file is `model.safetensors` of openai-community/gpt2, -medium, -large or -xl; nothing is downloaded here.  What
`load` returns is an ordinary model: call it, train it further, `save` it under the same names.  Radford et al. 2019.
"""
from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfm import checkpoint
from tinyfm.data.text import BytePairs, load_gpt2
from tinyfm.errors import FormatError
from tinyfm.models.gpt import GPT
from tinyfm.nn.module import loading

Array = NDArray[Any]

HEADS = {768: 12, 1024: 16, 1280: 20, 1600: 25}  # width: heads of the four sizes that were published
BUFFERS = (".attn.bias", ".attn.masked_bias")    # the causal mask, which older files hold
OUTER = {"wte.weight": "tokens", "wpe.weight": "places", "ln_f.weight": "norm.gamma", "ln_f.bias": "norm.beta"}
INNER = {"ln_1.weight": "norm_1.gamma", "ln_1.bias": "norm_1.beta",
         "attn.c_attn.weight": "attention.kernel", "attn.c_attn.bias": "attention.bias",
         "attn.c_proj.weight": "attention.output_kernel", "attn.c_proj.bias": "attention.output_bias",
         "ln_2.weight": "norm_2.gamma", "ln_2.bias": "norm_2.beta",
         "mlp.c_fc.weight": "expand_kernel", "mlp.c_fc.bias": "expand_bias",
         "mlp.c_proj.weight": "contract_kernel", "mlp.c_proj.bias": "contract_bias"}    # all (in, out), as ours


def load(path: Any, *, num_heads: int | None = None, dtype: Any = "float32", dropout: float = 0.0,
         seed: int | None = None) -> GPT:
    """The model in a .safetensors file (F32, F16 or BF16), or in a folder that holds model.safetensors.

    num_heads: where no config.json lies beside the file and the width is not one of the published four.
    dtype: what to compute in, "float32" or "float64".  Raises FormatError that lists every tensor that is missing,
    unknown or of a wrong shape.
    """
    file = weights_file(Path(path))
    arrays = published(checkpoint.load_safetensors(file))
    config = read_config(file.parent / "config.json")
    sizes = measured(file, arrays)
    if disagree := [f"{name} = {config[name]}, the tensors say {n}" for name, n in sizes.items() if
                    config.get(name, n) != n]:
        raise FormatError(f"{file.parent / 'config.json'} does not belong to {file.name}: {'; '.join(disagree)}.")
    heads = num_heads or config.get("n_head") or HEADS.get(sizes["n_embd"])
    if not heads or sizes["n_embd"] % heads:
        raise FormatError(f"{file}: how many heads has a width of {sizes['n_embd']}? {heads or 'None'} does not do. "
                          "Pass num_heads=, or put config.json beside the file.")
    with loading(2 * sum(a.size for a in arrays.values())):
        model = GPT(sizes["vocab_size"], sizes["n_positions"], sizes["n_layer"], heads, sizes["n_embd"],
                    dropout=dropout, epsilon=config.get("layer_norm_epsilon", 1e-5),
                    tie_weights="lm_head.weight" not in arrays, dtype=dtype, seed=seed).built_now()
    fill(model, arrays, file)
    return model


def save(model: GPT, path: Any) -> None:
    """Write the weights under the names that `load` and the transformers library read."""
    names = {ours: theirs for theirs, ours in layout(model.num_layers, model.tie_weights).items()}
    checkpoint.save_safetensors(path, {names[name]: w.data for name, w in model.named_weights()}, {"format": "pt"})


def tokenizer(path: Any = None) -> BytePairs:
    """GPT-2's tokenizer from the files beside the model, where they are, else from where `load_gpt2` looks."""
    folder = Path(path if path is not None else ".")
    folder = folder if folder.is_dir() else folder.parent
    beside = path is not None and any((folder / name).exists() for name in ("vocab.json", "encoder.json"))
    return load_gpt2(folder if beside else None)


# ------------------------------------------------------------ what a file holds

def weights_file(path: Path) -> Path:
    """The one .safetensors file that is meant."""
    if not path.is_dir(): return path
    if (path / "model.safetensors").exists(): return path / "model.safetensors"
    there = sorted(f.name for f in path.glob("*.safetensors"))
    if len(there) == 1: return path / there[0]
    raise FormatError(f"{path} holds {f'{len(there)} .safetensors files ({there[0]}, ...)' if there else 'none'}; "
                      "expected one, model.safetensors. A model in several parts must be joined first.")


def published(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """The tensors under the published names: without the prefix `transformer.`, and without the buffers."""
    plain = {name.removeprefix("transformer."): a for name, a in arrays.items() if not name.endswith(BUFFERS)}
    head, tokens = plain.get("lm_head.weight"), plain.get("wte.weight")
    if head is not None and tokens is not None and np.array_equal(head, tokens): del plain["lm_head.weight"]
    return plain


def layout(num_layers: int, tied: bool) -> dict[str, str]:
    """{their name: our name} of all weights."""
    blocks = {f"h.{i}.{theirs}": f"blocks.{i}.{ours}" for i in range(num_layers) for theirs, ours in INNER.items()}
    return {**OUTER, **blocks, **({} if tied else {"lm_head.weight": "output"})}


def measured(file: Path, arrays: Mapping[str, Array]) -> dict[str, int]:
    """The sizes of the model, from the two embeddings and the numbers of the blocks."""
    for name in ("wte.weight", "wpe.weight"):
        if name not in arrays or arrays[name].ndim != 2:
            what = f"{name} has shape {arrays[name].shape}" if name in arrays else f"there is no tensor {name}"
            raise FormatError(f"{file}: {what}; a GPT-2 has one of shape (rows, width). It holds "
                              f"{some(arrays) or 'nothing'}.")
    blocks = {int(number) for name in arrays if name.startswith("h.") and (number := name.split(".")[1]).isdecimal()}
    return {"vocab_size": arrays["wte.weight"].shape[0], "n_positions": arrays["wpe.weight"].shape[0],
            "n_layer": len(blocks), "n_embd": arrays["wte.weight"].shape[1]}


def read_config(path: Path) -> dict[str, Any]:
    """The settings of config.json that matter here; nothing where there is no such file."""
    if not path.exists(): return {}
    try: config = json.loads(path.read_text("utf-8"))
    except ValueError as error: raise FormatError(f"{path} is no JSON, or only a part of it ({error}).") from None
    kinds = {"vocab_size": int, "n_positions": int, "n_layer": int, "n_embd": int, "n_head": int,
             "layer_norm_epsilon": float}
    if not isinstance(config, dict) or any(type(config.get(k, t())) is not t for k, t in kinds.items()):
        raise FormatError(f"{path}: expected an object with {', '.join(kinds)} as numbers.")
    if config.get("activation_function", "gelu_new") not in ("gelu_new", "gelu_pytorch_tanh"):
        raise FormatError(f"{path}: the activation is {config['activation_function']!r}; GPT-2's is 'gelu_new'.")
    return {name: config[name] for name in kinds if name in config}


def fill(model: GPT, arrays: Mapping[str, Array], file: Path) -> None:
    """Give every weight its tensor, without a copy where the dtype is right; or say all that is wrong."""
    names, weights = layout(model.num_layers, model.tie_weights), dict(model.named_weights())
    wrong = [f"missing: {name} {weights[ours].shape}" for name, ours in names.items() if name not in arrays]
    wrong += [f"unknown: {name} {a.shape}" for name, a in arrays.items() if name not in names]
    wrong += [f"{name} has shape {a.shape}, expected {weights[names[name]].shape}" for name, a in arrays.items()
              if name in names and a.shape != weights[names[name]].shape]
    wrong += [f"{name} is {a.dtype}, expected floating numbers" for name, a in arrays.items() if a.dtype.kind != "f"]
    if wrong:
        more = f"\n  and {len(wrong) - 12} more" if len(wrong) > 12 else ""
        raise FormatError(f"{file} is no GPT-2 of {model.num_layers} blocks and width {model.width}:\n  "
                          + "\n  ".join(wrong[:12]) + more)
    for name, ours in names.items(): weights[ours].data = arrays[name].astype(model.dtype, copy=False)


def some(names: Iterable[str]) -> str: return ", ".join(list(names)[:3])
