"""What shape a layer expects, and how it says so."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinyfm.errors import ShapeError, user_line


def fits(expects: Sequence[Any], shape: tuple[int, ...]) -> bool:
    """Whether a shape is of the expected form: numbers must agree, words stand for any number, ... for any axes."""
    if expects[0] is ...:
        expects = expects[1:]
        if len(shape) < len(expects): return False
        shape = shape[len(shape) - len(expects):]
    return len(shape) == len(expects) and all(type(e) is str or e == n for e, n in zip(expects, shape))


def refusal(layer: Any, x: Any) -> ShapeError:
    """Why x cannot come into the layer, and what that was built for."""
    axes = ", ".join("..." if a is ... else str(a) for a in layer.expects)
    text = f"{layer.described()} expects ({axes}), received x of shape {tuple(x.shape)}."
    for name, weight in layer.own_weights():
        return blamed(f"{text} Its {name} was built as {weight.shape} from {layer.built_from}.")
    if len(x.shape) + 1 == len(layer.expects) and layer.expects[-1] == "channels":
        text += " If it has one channel, add that axis: x[..., None], or give the layer input_shape=(..., 1)."
    return blamed(text)


def located(layer: Any, error: ShapeError) -> ShapeError:
    """The error with the layer's name in front, unless a layer further in has put its own there."""
    return error if hasattr(error, "blamed") else blamed(f"{layer.described()}: {error}")


def blamed(text: str) -> ShapeError:
    """An error that names its layer, with the line of the user's call at the end."""
    line = user_line()
    error = ShapeError(text if "\n  at " in text or not line else f"{text}\n  at {line}")
    error.blamed = True  # type: ignore[attr-defined]
    return error
