"""Preparing data: scaling and filling gaps (encoding is next door, in encode).

Whatever is learnt from data (a mean, a list of categories) is learnt by fit, from the training part alone;
transform applies it to any part, inverse_transform undoes it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tinyfm.data.table import as_text_or_numbers, is_missing
from tinyfm.errors import ShapeError

Array = NDArray[Any]


class Preprocessor(ABC):
    """fit learns from rows x: (n, ...), transform applies, inverse_transform undoes.

    Subclasses write learn, apply and undo.  Raises RuntimeError before fit, ShapeError for rows of another shape,
    ValueError for no rows, missing or unknown values, TypeError for text where numbers belong.
    """

    inputs: tuple[int, ...] | None = None                  # the shape of one row; None before fit
    outputs: tuple[int, ...] = ()                          # the shape of one transformed row

    @abstractmethod
    def learn(self, x: Array) -> None: ...

    @abstractmethod
    def apply(self, x: Array) -> Array: ...

    @abstractmethod
    def undo(self, y: Array) -> Array: ...

    def fit(self, x: ArrayLike) -> Self:
        """Learn from the training part."""
        x = as_text_or_numbers(x)
        if x.ndim == 0 or x.size == 0:
            raise ValueError(f"{self._name}.fit needs at least one row and one column, received shape {x.shape}.")
        self.outputs = x.shape[1:]
        self.learn(x)
        self.inputs = x.shape[1:]
        return self

    def transform(self, x: ArrayLike) -> Array:
        """Apply what fit has learnt."""
        return self.apply(self._rows(x, self.inputs, "transform"))

    def inverse_transform(self, y: ArrayLike) -> Array:
        """Undo transform."""
        return self.undo(self._rows(y, None if self.inputs is None else self.outputs, "inverse_transform"))

    def fit_transform(self, x: ArrayLike) -> Array:
        """fit and transform the training part."""
        return self.fit(x).transform(x)

    @property
    def _name(self) -> str:
        return type(self).__name__

    def _rows(self, x: ArrayLike, expected: tuple[int, ...] | None, method: str) -> Array:
        if expected is None:
            raise RuntimeError(f"{self._name}.{method} before fit: call fit(training part) first.")
        x = as_text_or_numbers(x)
        if x.ndim == 0 or x.shape[1:] != expected:
            raise ShapeError(f"{self._name}.{method} expects (rows, {', '.join(map(str, expected))}) as in fit, "
                             f"received shape {x.shape}.")
        return x


class Scaler(Preprocessor):
    """y = (x - centre) / spread, each column by its own two numbers; float32 stays float32, all else is float64.

    A constant column has no spread to divide by: its spread is taken as 1.
    """

    centre: Array
    spread: Array

    @abstractmethod
    def statistics(self, x: Array) -> tuple[Array, Array]: ...   # centre and spread of the columns

    def learn(self, x: Array) -> None:
        x = self._numbers(x).astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            centre, spread = self.statistics(x)
        if not np.all(np.isfinite(spread)):
            raise ValueError(f"{self._name}: the spread of the values overflows float64. Scale them down first.")
        constant = (x.min(axis=0) == x.max(axis=0)) | (spread == 0)
        self.centre, self.spread = centre, np.where(constant, 1.0, spread)

    def apply(self, x: Array) -> Array:
        x = self._numbers(x)
        return ((x - self.centre) / self.spread).astype(x.dtype, copy=False)

    def undo(self, y: Array) -> Array:
        y = self._numbers(y)
        return (y * self.spread + self.centre).astype(y.dtype, copy=False)

    def _numbers(self, x: Array) -> Array:
        if x.dtype.kind not in "biuf":
            raise TypeError(f"{self._name} needs numbers, received {x.dtype}. Encode text first (OneHotEncoder).")
        x = x if x.dtype == np.float32 else x.astype(np.float64)
        refuse(~np.isfinite(x), x, self._name, "Fill or drop missing values first (Imputer, Table.drop_missing).")
        return x


class MinMaxScaler(Scaler):
    """y = low + (high - low) (x - min) / (max - min)."""

    def __init__(self, low: float = 0.0, high: float = 1.0) -> None:
        if not low < high:
            raise ValueError(f"MinMaxScaler needs low < high, received low={low}, high={high}.")
        self.low, self.high = low, high

    def statistics(self, x: Array) -> tuple[Array, Array]:
        least, most = x.min(axis=0), x.max(axis=0)
        spread = (most - least) / (self.high - self.low)
        return least - self.low * np.where(spread == 0, 1.0, spread), spread


class StandardScaler(Scaler):
    """y = (x - mean) / standard deviation."""

    def statistics(self, x: Array) -> tuple[Array, Array]:
        return x.mean(axis=0), x.std(axis=0)


class RobustScaler(Scaler):
    """y = (x - median) / (third quartile - first quartile): outliers hardly move it.

    A column of which half is one value has equal quartiles; the standard deviation stands in for their difference.
    """

    def statistics(self, x: Array) -> tuple[Array, Array]:
        first, median, third = np.quantile(x, [0.25, 0.5, 0.75], axis=0)
        return median, np.where(third > first, third - first, x.std(axis=0))


class Imputer(Preprocessor):
    """Fill what is missing (NaN in numbers, "" in text) with one value per column, learnt from the training part.

    strategy: "mean", "median" (numbers only), "most_frequent" (the smallest of equals), "constant" (`fill_value`).
    inverse_transform gives the filled values back as they are: that they were missing is forgotten.
    """

    def __init__(self, strategy: Literal["mean", "median", "most_frequent", "constant"] = "median",
                 fill_value: float | str | None = None) -> None:
        if strategy not in ("mean", "median", "most_frequent", "constant"):
            raise ValueError(f'Imputer knows "mean", "median", "most_frequent", "constant"; received {strategy!r}.')
        if (fill_value is None) == (strategy == "constant"):
            raise ValueError('Imputer takes fill_value with strategy="constant", and only then; '
                             f"received strategy={strategy!r}, fill_value={fill_value!r}.")
        self.strategy, self.fill_value = strategy, fill_value

    def learn(self, x: Array) -> None:
        if x.dtype.kind == "U" and (self.strategy in ("mean", "median") or isinstance(self.fill_value, float | int)):
            raise TypeError(f"Imputer({self.strategy!r}, {self.fill_value!r}) received text; take "
                            '"most_frequent", or "constant" with a text as fill_value.')
        columns = x.reshape(len(x), -1).T
        self.fill = np.array([self._filling(column, j) for j, column in enumerate(columns)]).reshape(x.shape[1:])

    def apply(self, x: Array) -> Array:
        if (x.dtype.kind == "U") != (self.fill.dtype.kind == "U"):
            raise TypeError(f"Imputer was fitted on {self.fill.dtype}, received {x.dtype}.")
        filled = np.where(is_missing(x), self.fill, x)
        return filled if filled.dtype.kind == "U" else filled.astype(x.dtype, copy=False)

    def undo(self, y: Array) -> Array:
        return y

    def _filling(self, column: Array, j: int) -> Any:
        if self.strategy == "constant":
            return self.fill_value
        present = column[~is_missing(column)]
        if not len(present):
            raise ValueError(f"Imputer: column {j} has no value at all; drop it, or take strategy=\"constant\".")
        if self.strategy == "most_frequent":
            values, counts = np.unique(present, return_counts=True)
            return values[np.argmax(counts)]
        return np.mean(present) if self.strategy == "mean" else np.median(present)


def refuse(bad: NDArray[np.bool_], x: Array, name: str, what_to_do: str) -> None:
    """Raise ValueError that names the first bad value and where it stands."""
    if bad.any():
        row, *column = (int(i) for i in np.argwhere(bad)[0])
        where = f"row {row}" + (f", column {', '.join(map(str, column))}" if column else "")
        value = x[(row, *column)].item()
        raise ValueError(f"{name} received {value!r} in {where} ({int(bad.sum())} such values). {what_to_do}")
