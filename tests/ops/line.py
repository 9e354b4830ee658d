"""One line of the list of examples."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tests.ops.draw import Strategy


class Line(NamedTuple):
    """name: of the op, public or in the table; f: what is called with the drawn arrays and settings."""

    name: str
    f: Callable[..., Any]
    cases: Strategy
    reference: Callable[..., Any] | None = None
    smooth: bool = True                          # False: no derivative (integers, booleans), only the value is tested


def line(f: Any, cases: Strategy, reference: Any = None, smooth: bool = True, name: str = "") -> Line:
    name = name or f.__name__
    return Line(name, f, cases, reference or getattr(np, name, None), smooth)


def call(name: str, cases: Strategy, f: Any, reference: Any = None, smooth: bool = True) -> Line:
    """For functions that do not take their arrays one by one."""
    return line(f, cases, reference, smooth, name)
