"""Nested state, as training leaves it, taken apart into named arrays and text, and put together again.

    {"layers": [{"kernel": w}], "step": 120}
        -> {"layers.0.kernel": w},  {"state": '{"layers": [{"kernel": "array:layers.0.kernel"}], "step": 120}'}
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfm.checkpoint.contents import METADATA, Arrays, Metadata, parse_json
from tinyfm.errors import FormatError


def flatten(state: Any) -> tuple[Arrays, Metadata]:
    """Take nested dicts and lists apart: arrays by their dotted paths, all else as JSON in metadata["state"].

    Leaves: arrays of numbers, int of any size, float (also nan and inf), str, bool, None.  NumPy scalars come back as
    arrays without axes, tuples as lists.  Nothing is copied.  Raises TypeError with the path for anything else.
    """
    arrays: Arrays = {}
    tree = _take_apart(state, (), arrays)
    return arrays, {"state": json.dumps(tree)}


def unflatten(arrays: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> Any:
    """Undo `flatten`.  Raises FormatError if text and arrays do not belong together."""
    if "state" not in metadata:
        raise FormatError("it holds no nested state; read it with load()")
    rest = dict(arrays)
    try:
        state = _put_together(parse_json(metadata["state"].encode()), rest)
    except RecursionError as error:
        raise FormatError("its state is nested too deeply") from error
    if rest:
        raise FormatError(f"no place in its state for array {next(iter(rest))!r}")
    return state


def _take_apart(value: Any, path: tuple[str, ...], arrays: Arrays) -> Any:
    match value:
        case np.ndarray() | np.number() | np.bool():
            return "array:" + _add(arrays, ".".join(path), np.asarray(value))
        case str():
            return "text:" + value
        case None | int() | float():
            return value
        case dict() if all(isinstance(key, str) for key in value):
            return {key: _take_apart(item, (*path, key), arrays) for key, item in value.items()}
        case list() | tuple():
            return [_take_apart(item, (*path, str(i)), arrays) for i, item in enumerate(value)]
    here = ".".join(path) or "state"
    raise TypeError(f"{here} is a {type(value).__name__} ({str(value)[:60]}); state is made of dicts with str keys, "
                    "lists, NumPy arrays, numbers, text and None")  # fmt: skip


def _add(arrays: Arrays, name: str, array: NDArray[Any]) -> str:
    while name in arrays or name == METADATA:             # {"a.b": x, "a": {"b": y}}: the tree knows which is which
        name += "'"
    arrays[name] = array
    return name


def _put_together(tree: Any, rest: Arrays) -> Any:
    match tree:
        case dict():
            return {key: _put_together(item, rest) for key, item in tree.items()}
        case list():
            return [_put_together(item, rest) for item in tree]
        case str():
            kind, _, content = tree.partition(":")
            if kind == "text":
                return content
            if kind == "array" and content in rest:
                return rest.pop(content)
            raise FormatError(f"its state mentions {tree[:100]!r}, which it does not hold")
    return tree
