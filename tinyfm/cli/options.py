"""Values that several commands take, checked before any work is done."""
from __future__ import annotations

import math
from argparse import ArgumentTypeError
from pathlib import Path


def count(text: str) -> int:
    """A whole number of at least 1."""
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ArgumentTypeError(f"expected a whole number of at least 1, received {text!r}")
    return int(text)


def images(text: str) -> int:
    """A whole number of at least 12: one image in twelve is kept aside while training."""
    if count(text) < 12: raise ArgumentTypeError(f"expected at least 12 images, received {text}")
    return int(text)


def seed(text: str) -> int:
    """A whole number of at least 0."""
    if not (text.isascii() and text.isdigit()):
        raise ArgumentTypeError(f"expected a whole number of at least 0, received {text!r}")
    return int(text)


def rate(text: str) -> float:
    """A positive number."""
    try: value = float(text)
    except ValueError: value = math.nan
    if not 0 < value < math.inf: raise ArgumentTypeError(f"expected a positive number, received {text!r}")
    return value


def new_file(text: str, *endings: str) -> Path:
    """A file that something can be written to: better known before the work than after it."""
    path = Path(text)
    if path.suffix.lower() not in endings:
        *some, last = endings
        raise ArgumentTypeError(f"{text!r} should end in {', '.join(some)}{' or ' * bool(some)}{last}, "
                                "which names the format")
    if not path.parent.is_dir(): raise ArgumentTypeError(f"there is no folder {str(path.parent)!r}; create it first")
    return path


def model_file(text: str) -> Path: return new_file(text, ".safetensors", ".npz")


def picture_file(text: str) -> Path: return new_file(text, ".png", ".svg", ".pdf")


def json_file(text: str) -> Path: return new_file(text, ".json")
