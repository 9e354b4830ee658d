"""Checkpoints: named arrays and a little text in one file, `.safetensors` or `.npz`.  Never pickle, never torn.

    save("model.safetensors", {"kernel": w, "bias": b}, {"epoch": "3"})
    arrays, metadata = load("model.safetensors")
    save_state("run.npz", {"weights": [w, b], "step": 120, "random": rng.bit_generator.state})
    state = load_state("run.npz")

A file is written aside and renamed (`tinyfm.atomic`).  A reader believes no number in a file before it has compared it
with the file's real size; whatever is wrong ends in one FormatError that names the file.  Loaded arrays are new,
writable, contiguous, in the machine's own byte order, and share nothing with the file.

Reading order: `contents` (what a checkpoint holds), `safetensors`, `npz`, `state` (nested training state).
"""

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from tinyfm.checkpoint import npz, safetensors
from tinyfm.checkpoint.contents import Arrays, FilePath, Metadata, blaming
from tinyfm.checkpoint.npz import load_npz, save_npz
from tinyfm.checkpoint.safetensors import load_safetensors, save_safetensors
from tinyfm.checkpoint.state import flatten, unflatten

__all__ = [
    "flatten", "load", "load_metadata", "load_npz", "load_safetensors", "load_state",
    "save", "save_npz", "save_safetensors", "save_state", "unflatten",
]  # fmt: skip


def save(path: FilePath, arrays: Mapping[str, NDArray[Any]], metadata: Mapping[str, str] | None = None) -> None:
    """Write arrays and text in the format that the suffix names, `.safetensors` or `.npz`."""
    (save_npz if _is_npz(path) else save_safetensors)(path, arrays, metadata)


def load(path: FilePath, *, only: Collection[str] | None = None) -> tuple[Arrays, Metadata]:
    """The arrays and the text of one file, `.safetensors` or `.npz` by its suffix.

    only: names to read; the other arrays are passed over.  Raises KeyError if the file lacks one of them, FormatError
    if the file is malformed.
    """
    return (npz.read if _is_npz(path) else safetensors.read)(path, only=only)


def load_metadata(path: FilePath) -> Metadata:
    """The text alone, without reading an array."""
    return load(path, only=())[1]


def save_state(path: FilePath, state: Any) -> None:
    """Write nested dicts and lists of arrays, numbers, text, booleans and None; see `flatten`."""
    save(path, *flatten(state))


def load_state(path: FilePath) -> Any:
    """What `save_state` wrote."""
    arrays, metadata = load(path)
    with blaming(path):
        return unflatten(arrays, metadata)


def _is_npz(path: FilePath) -> bool:
    suffix = Path(path).suffix.lower()
    if suffix not in (".safetensors", ".npz"):
        raise ValueError(f"{os.fspath(path)!r}: the suffix names the format, expected .safetensors or .npz")
    return suffix == ".npz"
