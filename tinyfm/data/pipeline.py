"""From a table with numbers, text and gaps to one array for a network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tinyfm.data.encode import OneHotEncoder
from tinyfm.data.preprocess import Imputer, Preprocessor, StandardScaler
from tinyfm.data.table import Table
from tinyfm.errors import ShapeError


class Pipeline(Preprocessor):
    """Preprocessors one after the other, each fitted on what the one before makes of the training part."""

    def __init__(self, *steps: Preprocessor) -> None:
        self.steps = steps

    def learn(self, x: NDArray[Any]) -> None:
        for step in self.steps:
            x = step.fit_transform(x)
        self.outputs = x.shape[1:]

    def apply(self, x: NDArray[Any]) -> NDArray[Any]:
        for step in self.steps:
            x = step.transform(x)
        return x

    def undo(self, y: NDArray[Any]) -> NDArray[Any]:
        for step in reversed(self.steps):
            y = step.inverse_transform(y)
        return y


class TableTransformer:
    """A Table becomes a float32 array (rows, features), every column by a Pipeline of its own.

    numeric: the steps for columns of numbers; by default gaps get the median, then (x - mean) / deviation.
    text: the steps for columns of text; by default a gap becomes the category "(missing)", then one-hot; a category
        that was not in the training part becomes zeros.
    columns: {name: steps} for columns that need others; {name: None} leaves a column out.
    Errors are those of the steps, and name the column.
    """

    def __init__(self, *, numeric: Sequence[Preprocessor] | None = None, text: Sequence[Preprocessor] | None = None,
                 columns: Mapping[str, Sequence[Preprocessor] | None] | None = None) -> None:
        self.numeric = [Imputer("median"), StandardScaler()] if numeric is None else numeric
        self.text = [Imputer("constant", "(missing)"), OneHotEncoder(unknown="ignore")] if text is None else text
        self.special = dict(columns or {})
        self.pipelines: dict[str, Pipeline] = {}

    def fit(self, table: Table) -> Self:
        """Learn from the training part.  Raises KeyError where `columns` names one that the table has not."""
        default = {name: self.numeric for name in table.numeric()} | {name: self.text for name in table.text()}
        special = {name: steps for name, steps in self.special.items() if table.select(name)}
        chosen = {name: special.get(name, default[name]) for name in table.names}
        pipelines = {name: Pipeline(*deepcopy(steps)) for name, steps in chosen.items() if steps is not None}
        if not pipelines:
            raise ValueError(f"TableTransformer has no column to work on: {', '.join(table.names) or 'none'}.")
        for name, pipeline in pipelines.items():
            with _naming(name):
                pipeline.fit(table[name][:, None])
        self.pipelines = pipelines
        return self

    def transform(self, table: Table) -> NDArray[np.float32]:
        """Apply what fit has learnt; columns that were not there in fit are ignored."""
        parts = []
        for name, pipeline in self._fitted("transform").items():
            with _naming(name):
                parts.append(pipeline.transform(table[name][:, None]).reshape(len(table), -1))
        return np.concatenate(parts, axis=1, dtype=np.float32)

    def fit_transform(self, table: Table) -> NDArray[np.float32]:
        """fit and transform the training part."""
        return self.fit(table).transform(table)

    def inverse_transform(self, features: ArrayLike) -> Table:
        """The table back again, gaps filled as the steps filled them."""
        pipelines, features = self._fitted("inverse_transform"), np.asarray(features)
        widths = [int(np.prod(pipeline.outputs)) for pipeline in pipelines.values()]
        if features.ndim != 2 or features.shape[1] != sum(widths):
            raise ShapeError(f"TableTransformer.inverse_transform expects (rows, {sum(widths)}), "
                             f"received shape {features.shape}.")
        parts = zip(pipelines.items(), np.split(features, np.cumsum(widths)[:-1], axis=1), strict=True)
        return Table({name: pipeline.inverse_transform(part)[:, 0] for (name, pipeline), part in parts})

    @property
    def feature_names(self) -> list[str]:
        """What stands in each column of the result: "age", "sex=Female", "sex=Male", ..."""
        return [label for name, pipeline in self._fitted("feature_names").items() for label in _labels(name, pipeline)]

    def _fitted(self, method: str) -> dict[str, Pipeline]:
        if not self.pipelines:
            raise RuntimeError(f"TableTransformer.{method} before fit: call fit(training part) first.")
        return self.pipelines


def _labels(name: str, pipeline: Pipeline) -> list[str]:
    last = pipeline.steps[-1] if pipeline.steps else None
    if isinstance(last, OneHotEncoder):
        return [f"{name}={category}" for category in last.categories[0]]
    return [name]


@contextmanager
def _naming(column: str) -> Iterator[None]:
    """Let the errors of a column's steps say which column it is."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise type(error)(f"Column {column!r}: {error}") from error
