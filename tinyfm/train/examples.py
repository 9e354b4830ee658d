"""What is trained on: inputs, targets and weights with one length, checked before the first step."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tinyfm.engine import Tensor
from tinyfm.errors import SettingError, ShapeError

Array: TypeAlias = NDArray[Any]


@dataclass
class Examples:
    """x: one array for each input of the model; y: targets, or None; weight: how much each example counts, or None."""

    x: tuple[Array, ...]
    y: Any
    weight: Array | None
    role: str = ""

    def __len__(self) -> int: return len(self.x[0])

    def at(self, rows: Any) -> tuple[tuple[Array, ...], Any, Array | None]:
        """The examples in these rows."""
        return (tuple(x[rows] for x in self.x), None if self.y is None else self.y[rows],
                None if self.weight is None else self.weight[rows])

    def named(self) -> list[tuple[str, Array]]:
        """Every array with the name it goes by in messages."""
        inputs = [("x" if len(self.x) == 1 else f"x[{i}]", x) for i, x in enumerate(self.x)]
        rest = [("y", self.y), ("sample_weight", self.weight)]
        return [(f"{self.role + ': ' if self.role else ''}{name}", a) for name, a in inputs + rest if a is not None]

    def blame(self, rows: Any) -> None:
        """Raise ValueError if an array holds NaN or an infinity in these rows, saying which and where."""
        numbers = np.arange(len(self))[rows]
        for name, array in self.named():
            if array.dtype.kind != "f": continue
            bad = np.argwhere(~np.isfinite(array[rows]))
            if len(bad):
                row, *rest = (int(i) for i in bad[0])
                place, hurt = (int(numbers[row]), *rest), len({int(i) for i in bad[:, 0]})
                raise ValueError(f"{name}[{', '.join(map(str, place))}] is {array[place]}; {hurt} of the {len(numbers)}"
                                 " examples in this batch hold NaN or infinities. Fill or drop them first, for example "
                                 "with tinyfm.data.Imputer.")


def examples(x: Any, y: Any = None, sample_weight: Any = None, role: str = "") -> Examples:
    """Arrays out of what was given; a tuple is several inputs.  ShapeError for no examples or unequal lengths."""
    inputs = tuple(as_array(part, "x") for part in (x if isinstance(x, tuple) else (x,)))
    data = Examples(inputs, None if y is None else as_array(y, "y"),
                    None if sample_weight is None else as_array(sample_weight, "sample_weight"), role)
    lengths = {name: len(array) for name, array in data.named()}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name} of length {length}" for name, length in lengths.items())
        raise ShapeError(f"Every example needs one entry in each array; received {found}.")
    if not len(data): raise ShapeError(f"{role or 'x'} holds no examples: shape {inputs[0].shape}.")
    return data


def as_array(value: Any, name: str) -> Array:
    array = np.asarray(value.data if isinstance(value, Tensor) else value)
    if array.ndim == 0: raise ShapeError(f"{name} must hold one entry for each example, received {value!r}.")
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold numbers, received dtype {array.dtype}. Encode text and gaps first, "
                        "for example with tinyfm.data.TableTransformer.")
    return array


def held_out(validation_data: Any) -> Examples:
    """validation_data: (x, y) or (x, y, sample_weight)."""
    if not isinstance(validation_data, tuple | list) or len(validation_data) not in (2, 3):
        raise TypeError(f"validation_data is (x, y) or (x, y, weights), received {type(validation_data).__name__}.")
    x, y, weight = (*validation_data, None)[:3]
    return examples(x, y, weight, role="validation")


def split_off(data: Examples, share: float) -> tuple[Examples, Examples]:
    """(what stays, the last `share` of the examples), before any shuffling, as in Keras."""
    if not 0 < share < 1: raise SettingError(f"validation_split is a share between 0 and 1, received {share}.")
    cut = int(len(data) * (1 - share))
    if not 0 < cut < len(data):
        raise SettingError(f"validation_split={share} of {len(data)} examples leaves one part without any.")
    first, last = slice(0, cut), slice(cut, len(data))
    return Examples(*data.at(first)), Examples(*data.at(last), role="validation")


def class_weights(data: Examples, class_weight: Mapping[int, float]) -> Array:
    """The weight of each example: that of its class, times its own.  Raises SettingError for a class without one."""
    if data.y is None: raise SettingError("class_weight needs labels, and y is None.")
    labels = data.y.argmax(-1) if data.y.ndim > 1 and data.y.shape[-1] > 1 else data.y.reshape(len(data))
    classes, places = np.unique(labels, return_inverse=True)
    missing = [int(c) for c in classes if int(c) not in class_weight]
    if missing: raise SettingError(f"class_weight has no weight for class {missing[0]}; it has {sorted(class_weight)}.")
    weight = np.array([class_weight[int(c)] for c in classes], float)[places]
    return weight if data.weight is None else weight * data.weight
