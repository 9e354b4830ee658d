"""Tables: columns with names, numbers and text side by side, read from CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import TextIOWrapper
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from tinyfm.data.files import StrPath, opened
from tinyfm.errors import FormatError, ShapeError

Column = NDArray[Any]


class Table:
    """Named columns of one length.  A number is a float64, missing: NaN; a text is a str, missing: "" (empty).

    table["age"] is a column; table[rows] with a slice, a mask or indices is a Table of these rows.
    Columns are never changed in place: every method returns a new Table.
    Raises ShapeError for columns of different lengths.
    """

    def __init__(self, columns: Mapping[str, ArrayLike]) -> None:
        self.columns = {name: _column(name, values) for name, values in columns.items()}
        lengths = {name: len(column) for name, column in self.columns.items()}
        if len(set(lengths.values())) > 1:
            raise ShapeError(f"The columns of a Table have one length, received {lengths}.")

    @property
    def names(self) -> list[str]:
        return list(self.columns)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return self._named(key)
        rows: Any = [key] if isinstance(key, int | np.integer) else key
        return Table({name: column[rows] for name, column in self.columns.items()})

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return self.array(dtype=dtype)

    def _named(self, name: str) -> Column:
        if name not in self.columns:
            raise KeyError(f"This table has no column {name!r}; it has {', '.join(self.names)}.")
        return self.columns[name]

    def select(self, *names: str) -> Table:
        """The table of these columns, in this order."""
        return Table({name: self._named(name) for name in names})

    def without(self, *names: str) -> Table:
        """The table without these columns."""
        unwanted = {name: self._named(name) for name in names}
        return Table({name: column for name, column in self.columns.items() if name not in unwanted})

    def with_columns(self, **columns: ArrayLike) -> Table:
        """The table with these columns replaced or added at the end."""
        return Table({**self.columns, **columns})

    def numeric(self) -> list[str]:
        """The names of the columns of numbers."""
        return [name for name, column in self.columns.items() if column.dtype.kind == "f"]

    def text(self) -> list[str]:
        """The names of the columns of text."""
        return [name for name, column in self.columns.items() if column.dtype.kind == "U"]

    def missing(self) -> dict[str, int]:
        """How many values each column lacks."""
        return {name: int(np.sum(is_missing(column))) for name, column in self.columns.items()}

    def drop_missing(self, *names: str) -> Table:
        """The rows in which none of these columns (default: none of all) lacks its value."""
        lacking = [is_missing(self._named(name)) for name in names or self.names]
        return self[~np.any(lacking, axis=0)] if lacking else self

    def drop_duplicates(self, *names: str) -> Table:
        """The first of all rows that agree in these columns (default: in all); missing equals missing."""
        codes = [np.unique(self._named(name), return_inverse=True)[1] for name in names or self.names]
        _, first = np.unique(np.stack(codes, axis=1), axis=0, return_index=True)
        return self[np.sort(first)]

    def array(self, *names: str, dtype: DTypeLike | None = None) -> NDArray[Any]:
        """(rows, columns): these columns (default: all) side by side; all of them numbers, or all of them text."""
        table = self.select(*names) if names else self
        if table.numeric() and table.text():
            raise TypeError(f"{', '.join(table.text())}: text cannot stand in one array with the numbers of "
                            f"{', '.join(table.numeric())}. Select columns of one kind, or use TableTransformer.")
        side_by_side = np.stack([self._named(name) for name in names or self.names], axis=1)
        return side_by_side if dtype is None else side_by_side.astype(dtype)

    def split(self, test_size: float = 0.25, *, seed: int = 0, stratify: str | None = None) -> tuple[Table, Table]:
        """(train, test), see train_test_split; stratify: the name of a column whose shares both parts keep."""
        from tinyfm.data.split import train_test_split
        train, test = train_test_split(self, test_size=test_size, seed=seed,
                                       stratify=None if stratify is None else self._named(stratify))
        return train, test

    def __repr__(self) -> str:
        shown = [[name, *map(_shown, column[:5])] for name, column in self.columns.items()]
        widths = [max(map(len, cells)) for cells in shown]
        lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
                 for row in zip(*shown, strict=True)]
        more = ["..."] if len(self) > 5 else []
        return "\n".join([*lines, *more, f"{len(self):,} rows x {len(self.columns)} columns"])


def is_missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    """NaN in numbers, "" in text."""
    if values.dtype.kind == "U":
        return np.asarray(values == "")
    return np.isnan(values) if values.dtype.kind == "f" else np.zeros(values.shape, bool)


def as_text_or_numbers(values: ArrayLike) -> NDArray[Any]:
    """The array, where Python objects became text (None: "") or float64 (None: NaN).  Raises TypeError."""
    array = np.asarray(values)
    if array.dtype.kind != "O":
        return array
    if all(item is None or isinstance(item, str) for item in array.flat):
        return np.array(["" if item is None else item for item in array.flat], np.str_).reshape(array.shape)
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"Expected numbers only or text only (None where missing), received a mixture: {error}.") \
            from error


def read_csv(path: StrPath, *, names: Sequence[str] | None = None, delimiter: str = ",",
             missing: Sequence[str] = ("", "?"), text: Sequence[str] = ()) -> Table:
    """The table in a CSV file (UTF-8, quoted fields as RFC 4180 has them).

    names: the columns' names of a file that has no header line; without it the first line is the header.
    missing: cells that mean "no value".  Cells are stripped of blanks around them, blank lines are skipped.
    A column whose every value reads as a number is one of numbers; `text` names columns that stay text all the same.
    Raises FileNotFoundError, and FormatError naming the line for ragged rows, open quotes, wrong encodings, no rows.
    """
    with opened(path) as stream, TextIOWrapper(stream, "utf-8-sig", newline="") as content:
        lines = _records(content, str(path), delimiter)
        header = list(names) if names is not None else next(lines, (0, []))[1]
        _check_names(header, str(path))
        rows = [_of_width(cells, header, line, str(path)) for line, cells in lines]
    if not rows:
        raise FormatError(f"{path} has no rows" + (" below its header." if names is None else "."))
    unknown = set(text) - set(header)
    if unknown:
        raise KeyError(f"text= names {sorted(unknown)}; {path} has the columns {', '.join(header)}.")
    columns = zip(header, zip(*rows, strict=True), strict=True)
    return Table({name: _typed(cells, frozenset(missing), name in text) for name, cells in columns})


def _records(content: Iterable[str], path: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """(line number, stripped cells) of every line that is not blank."""
    import csv
    reader = csv.reader(content, delimiter=delimiter, skipinitialspace=True, strict=True)
    try:
        for cells in reader:
            if cells:
                yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise FormatError(f"{path}, line {reader.line_num}: {error}. Is it really CSV?") from error
    except UnicodeDecodeError as error:
        raise FormatError(f"{path}, after line {reader.line_num}: {error}. Save it as UTF-8.") from error


def _check_names(header: list[str], path: str) -> None:
    twice = sorted({name for name in header if header.count(name) > 1})
    if not header or twice:
        raise FormatError(f"{path}: the columns need names that differ, received {header or 'none'}"
                          + (f" ({', '.join(twice)} twice)" if twice else "")
                          + ". Has the file a header line? If not, pass names=[...].")


def _of_width(cells: list[str], header: list[str], line: int, path: str) -> list[str]:
    if len(cells) != len(header):
        raise FormatError(f"{path}, line {line}: {len(cells)} cells, expected {len(header)}, from {header[0]!r} to "
                          f"{header[-1]!r}.")
    return cells


def _typed(cells: Iterable[str], missing: frozenset[str], as_text: bool) -> Column:
    cells = ["" if cell in missing else cell for cell in cells]
    if not as_text:
        try:
            return np.array([_number(cell) for cell in cells])
        except ValueError:
            pass
    return np.array(cells, dtype=np.str_)


def _number(cell: str) -> float:
    if "_" in cell:                                        # float("1_000") is 1000 in Python, not in a table
        raise ValueError(cell)
    return float(cell or "nan")


def _column(name: str, values: ArrayLike) -> Column:
    column = as_text_or_numbers(values)
    if column.ndim != 1 or column.dtype.kind not in "biufU":
        raise ShapeError(f"Column {name!r} should be a vector of numbers or text, received {column.dtype} of shape "
                         f"{column.shape}.")
    return column if column.dtype.kind == "U" else column.astype(np.float64)


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, str) else f"{value:.6g}"
