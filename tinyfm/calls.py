"""How an op is called: arguments sorted out by name, and NumPy's complaints in our words."""
from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from tinyfm.elsewhere import instead
from tinyfm.errors import SettingError, ShapeError, spell, user_line


def bind(op: Any, args: tuple[Any, ...], settings: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Sort out arguments given by keyword or left to their default; name what does not fit."""
    unknown = settings.keys() - op.settings.keys() - set(op.args[len(args):])
    if len(args) > len(op.args) or unknown:
        what = f"no argument {min(unknown)!r}" if unknown else f"{op.arity} positional arguments, got {len(args)}"
        if unknown: what += f". {instead(min(unknown))}".removesuffix(". ")
        raise TypeError(f"{op.name}{op.__signature__}: {what}. Arrays go by position, settings by keyword.")
    given = [*args, *(settings.pop(a, d) for a, d in zip(op.args[len(args):], op.defaults[len(args):]))]
    missing = [a for a, value in zip(op.args, given) if value is inspect.Parameter.empty]
    if missing: raise TypeError(f"{op.name}{op.__signature__}: {missing[0]} is missing.")
    return tuple(given), settings


def complaint(op: Any, error: ValueError, values: list[Any], settings: dict[str, Any]) -> ValueError:
    """NumPy's ValueError in our words: the op, every argument with its shape, and the line that called."""
    received = ", ".join(f"{a}: {spell(v)}" for a, v in [*zip(op.args, values), *settings.items()])
    kind = type(error) if isinstance(error, ShapeError | SettingError) else ShapeError
    text = str(error)
    if isinstance(error, np.exceptions.AxisError) and values:
        n = np.ndim(values[0])
        text += f"; {op.args[0]} has {f'axes 0 to {n - 1}, which are also -{n} to -1' if n else 'no axes'}."
    return kind(f"{op.name}: {text}\n  received {received}\n  at {user_line()}")
