"""What PyTorch can be asked for and we cannot."""
from __future__ import annotations

from typing import Any


class UnsupportedError(Exception):
    """An option of PyTorch's that we do not have; the message is the reason in the table."""


def need(condition: Any, reason: str) -> None:
    if not condition: raise UnsupportedError(reason)
