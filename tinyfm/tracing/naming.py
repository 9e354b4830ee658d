"""What the user calls things: the variables of the frame that called us."""
from __future__ import annotations

from collections.abc import Iterator
from types import FrameType
from typing import Any

import numpy as np

from tinyfm.engine import Tensor

MOST = 64                                        # entries looked at within one list or dict


class Names:
    """Variables seen so far: of tensors by their node, of arrays by where their numbers are."""

    def __init__(self) -> None:
        self.nodes: dict[Any, str] = {}
        self.arrays: dict[Any, tuple[str, Any]] = {}
        self.optimizers: list[Any] = []

    def look(self, frame: FrameType | None) -> Iterator[tuple[Any, str]]:
        """Read the variables of a frame; yield (node, name) of every tensor in them."""
        if frame is None: return
        for name, value in variables(dict(frame.f_locals)):
            if type(value) is Tensor:
                if value.node is not None:
                    self.nodes.setdefault(value.node, name)
                    yield value.node, name
                self.arrays.setdefault(address(value.data), (name, value.data))
            elif isinstance(value, np.ndarray): self.arrays.setdefault(address(value), (name, value))
            elif hasattr(value, "parameters") and hasattr(value, "zero_grad") and value not in self.optimizers:
                self.optimizers.append(value)
            if hasattr(value, "optimizer") and value.optimizer is not None and value.optimizer not in self.optimizers:
                self.optimizers.append(value.optimizer)

    def tensor(self, node: Any) -> str: return self.nodes.get(node, "")

    def array(self, value: Any) -> str:
        """The variable that holds this array, or one with the same numbers in another shape or dtype."""
        if not isinstance(value, np.ndarray) or value.ndim == 0: return ""
        if address(value) in self.arrays: return self.arrays[address(value)][0]
        for name, other in self.arrays.values():
            if other.size == value.size > 1 and other.dtype.kind in "fiub" and \
                    np.array_equal(np.asarray(other, value.dtype).ravel(), value.ravel()): return name
        return ""

    def rule(self, tensor: Tensor) -> str:
        """How the optimiser that owns this tensor moves it: "SGD, learning rate 0.1"."""
        for optimizer in self.optimizers:
            if any(p is tensor for p in getattr(optimizer, "parameters", ()) or ()):
                rate = getattr(optimizer, "now", None)
                return type(optimizer).__name__ + (f", learning rate {rate:.4g}" if rate else "")
        return ""


def variables(scope: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every variable, and what stands in lists, dicts and the user's own objects, one level deep."""
    for name, value in scope.items():
        if name.startswith("_"): continue
        yield name, value
        if type(value) in (list, tuple): yield from ((f"{name}[{i}]", v) for i, v in enumerate(value[:MOST]))
        elif type(value) is dict: yield from ((f"{name}[{k!r}]", v) for k, v in list(value.items())[:MOST])
        elif hasattr(value, "__dict__") and not isinstance(value, type) and hasattr(type(value), "__module__"):
            prefix = "" if name == "self" else f"{name}."
            if own(value): yield from ((f"{prefix}{k}", v) for k, v in list(vars(value).items())[:MOST])


def own(value: Any) -> bool:
    """An object of a class of the user's, not a module, function or one of ours."""
    return type(value).__module__.split(".")[0] not in ("builtins", "types", "numpy", "tinyfm", "matplotlib")


def address(array: Any) -> Any:
    """Where the numbers are, in which shape: the same for a view that shows the whole."""
    interface = np.asarray(array).__array_interface__
    return interface["data"][0], np.size(array), np.asarray(array).dtype.str
