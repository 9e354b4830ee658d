"""The errors that are ours.  Each says what arrived, what was expected, what to do, and where."""
from __future__ import annotations

import os
import sys
from types import FrameType
from typing import Any

PACKAGE = os.path.dirname(__file__) + os.sep


class ShapeError(ValueError):
    """Arrays whose shapes do not fit an op, a layer or a loss."""


class SettingError(ValueError):
    """A setting of an op, a layer or a function that is unknown or out of range."""


class GraphError(RuntimeError):
    """A gradient was asked of something that recorded none, or twice of a graph that was freed."""


class StaleGradientWarning(UserWarning):
    """A gradient that an optimiser has already used is added to."""


class MixedPrecisionWarning(UserWarning):
    """An op was given float32 and float64 arrays together; said in debug mode."""


class FormatError(ValueError):
    """A file that is not what it claims to be: truncated, malformed or hostile."""


class DataNotFoundError(FileNotFoundError):
    """A data set that is nowhere to be found; the message says which file to put where."""


def user_frame() -> FrameType | None:
    """The innermost frame that is not ours: the line of the user's call."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame = frame.f_back
    return frame


def user_line() -> str:
    """'file.py:12', where the user called us; '' when there is no such frame."""
    frame = user_frame()
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else ""


def spell(value: Any) -> str:
    """An argument as an error message shows it: dtype and shape of an array, the value of anything small."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{value.dtype} {tuple(value.shape)}"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
