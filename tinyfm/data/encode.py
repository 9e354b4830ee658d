"""Categories become numbers, and numbers categories again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from tinyfm.data.preprocess import Array, Preprocessor, refuse
from tinyfm.data.table import is_missing
from tinyfm.errors import ShapeError


class Encoder(Preprocessor):
    """Categories to numbers, column by column.  `categories`: one array per column, sorted or as given."""

    categories: list[Array]

    def learn(self, x: Array) -> None:
        if x.ndim > 2:
            raise ShapeError(f"{self._name} takes (rows,) or (rows, columns), received shape {x.shape}.")
        refuse(is_missing(x), x, self._name, "Fill or drop missing values first (Imputer, Table.drop_missing).")
        self.categories = [np.unique(column) for column in _columns(x)]

    def codes(self, x: Array) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """(rows, columns): the place of each value among its column's categories, and whether it is one of them."""
        pairs = [_places(column, known) for column, known in zip(_columns(x), self.categories, strict=True)]
        return np.stack([p for p, _ in pairs], axis=1), np.stack([k for _, k in pairs], axis=1)

    def known_codes(self, x: Array) -> NDArray[np.intp]:
        codes, known = self.codes(x)
        unknown = ~known.reshape(x.shape)
        refuse(unknown, x, self._name, "It was not in the training part: is the split stratified, the text clean?")
        return codes

    def decode(self, codes: Array) -> Array:
        """(rows, columns) of places among the categories -> the categories."""
        for j, (column, known) in enumerate(zip(codes.T, self.categories, strict=True)):
            if column.size and not (0 <= column.min() and column.max() < len(known)):
                raise ValueError(f"{self._name}: codes of column {j} are 0 to {len(known) - 1}, received "
                                 f"{column.min()} to {column.max()}.")
        values = [known[column] for column, known in zip(codes.T, self.categories, strict=True)]
        return np.stack(values, axis=1).reshape(len(codes), *(self.inputs or ()))


class OrdinalEncoder(Encoder):
    """Each category becomes its place, 0, 1, 2, ..., in the order given, or sorted.

    categories: one list per column, for categories that have an order of their own ("low", "middle", "high").
    """

    def __init__(self, categories: Sequence[ArrayLike] | None = None) -> None:
        self.given = categories

    def learn(self, x: Array) -> None:
        super().learn(x)
        if self.given is not None:
            if len(self.given) != len(self.categories):
                raise ShapeError(f"{self._name} has categories for {len(self.given)} columns, received {x.shape}.")
            self.categories = [np.asarray(known) for known in self.given]
            self.known_codes(x)

    def apply(self, x: Array) -> Array:
        return self.known_codes(x).reshape(x.shape)

    def undo(self, y: Array) -> Array:
        return self.decode(_whole(y, self._name).reshape(len(y), -1))


class LabelEncoder(OrdinalEncoder):
    """Labels (n,) become 0, 1, 2, ... in sorted order; `classes` names them."""

    def __init__(self) -> None:
        super().__init__()

    def learn(self, x: Array) -> None:
        if x.ndim != 1:
            raise ShapeError(f"LabelEncoder takes labels (rows,), received shape {x.shape}.")
        super().learn(x)

    @property
    def classes(self) -> list[Any]:
        return list(self.categories[0].tolist())


class OneHotEncoder(Encoder):
    """Each category becomes a column of its own that is 1 where it is present and 0 elsewhere.

    (rows,) or (rows, columns) -> (rows, all categories of all columns), columns in order.
    unknown: "error", or "ignore": a category that was not in the training part becomes zeros, and "" on the way back.
    """

    def __init__(self, *, unknown: Literal["error", "ignore"] = "error", dtype: DTypeLike = np.float32) -> None:
        if unknown not in ("error", "ignore"):
            raise ValueError(f'unknown should be "error" or "ignore", received {unknown!r}.')
        self.unknown, self.dtype = unknown, dtype

    def learn(self, x: Array) -> None:
        super().learn(x)
        self.starts = np.cumsum([0, *map(len, self.categories)])
        self.outputs = (int(self.starts[-1]),)

    def apply(self, x: Array) -> Array:
        codes, known = self.codes(x) if self.unknown == "ignore" else (self.known_codes(x), None)
        y = np.zeros((len(x), *self.outputs), self.dtype)
        np.put_along_axis(y, codes + self.starts[:-1], 1 if known is None else known.astype(self.dtype), axis=1)
        return y

    def undo(self, y: Array) -> Array:
        blocks = np.split(y, self.starts[1:-1], axis=1)
        absent = np.stack([block.max(axis=1) <= 0 for block in blocks], axis=1)
        values = self.decode(np.stack([block.argmax(axis=1) for block in blocks], axis=1))
        absent = absent.reshape(values.shape)
        if values.dtype.kind != "U":
            refuse(absent, values, self._name, "The row has no category: all its entries are zero.")
            return values
        return np.where(absent, "", values)


def _columns(x: Array) -> list[Array]:
    return [x] if x.ndim == 1 else list(x.T)


def _places(values: Array, categories: Array) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    order = np.argsort(categories)
    places = order[np.searchsorted(categories, values, sorter=order).clip(max=len(categories) - 1)]
    return places, categories[places] == values


def _whole(codes: Array, name: str) -> NDArray[np.intp]:
    if codes.dtype.kind not in "biu" and not np.array_equal(codes, np.round(codes)):
        raise ValueError(f"{name}.inverse_transform needs whole numbers, received {codes.dtype}.")
    return codes.astype(np.intp)
