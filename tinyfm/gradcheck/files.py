"""Check the forward and backward pairs of a file: what `tinyfm check FILE.py[:function]` does."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from tinyfm.gradcheck.checks import check_backward
from tinyfm.gradcheck.report import Report

Pair = tuple[str, Callable[..., Any], Callable[..., Any]]


def check_file(target: str, *, seed: int = 0) -> list[Report]:
    """Judge every pair in "FILE.py", or one in "FILE.py:name".

    A pair is `forward` and `backward`, or `name` (or `name_forward`) and `name_backward`.  Inputs come from
    `name_inputs` or `inputs` in the file (a tuple of arrays or shapes, or a function that returns one), else shapes
    are guessed.
    FileNotFoundError, ImportError and LookupError say what is missing.
    """
    path, _, wanted = target.partition(".py:") if ".py:" in target else (target, "", "")
    module = load(Path(path + ".py" if wanted else path))
    found = [pair for pair in pairs(module) if wanted in ("", pair[0], pair[2].__name__, pair[1].__name__)]
    if not found:
        raise LookupError(
            f"{target}: no pair of functions to check{f' called {wanted!r}' if wanted else ''}. Write forward(*inputs) "
            "and backward(g, *inputs), or name(*inputs) and name_backward(g, *inputs)."
        )
    return [check_backward(f, b, *inputs_of(module, name), seed=seed, name=name) for name, f, b in found]


def load(path: Path) -> ModuleType:
    """Run a file as a module of its own."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such file.")
    spec = importlib.util.spec_from_file_location(f"checked_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path}: this is not a Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ImportError(f"{path}: running it raised {type(error).__name__}: {error}") from error
    finally:
        sys.path.remove(str(path.parent))
    return module


def pairs(module: ModuleType) -> Iterator[Pair]:
    """(name, forward, backward) in the order of the file."""
    functions = {name: f for name, f in vars(module).items() if callable(f) and not name.startswith("_")}
    for name, backward in functions.items():
        base = "" if name == "backward" else name.removesuffix("_backward")
        if name != "backward" and not name.endswith("_backward"):
            continue
        forward = functions.get(f"{base}_forward" if base else "forward") or functions.get(base)
        if forward is not None:
            yield base or "backward", forward, backward


def inputs_of(module: ModuleType, name: str) -> tuple[Any, ...]:
    found = getattr(module, f"{name}_inputs", getattr(module, "inputs", ()))
    return tuple(found() if callable(found) else found)
