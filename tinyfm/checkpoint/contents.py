"""What a checkpoint holds, checked on the way out and on the way in."""

import json
import os
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, TypeAlias
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from tinyfm.errors import FormatError

FilePath: TypeAlias = str | os.PathLike[str]
Arrays: TypeAlias = dict[str, NDArray[Any]]
Metadata: TypeAlias = dict[str, str]

METADATA = "__metadata__"     # both formats keep the text under this name
NUMBERS = ("b1", "u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8", "c8", "c16")    # the same everywhere
TEXT_LIMIT = 4_000_000        # bytes of names and text, some 40,000 arrays: once parsed they may take thirty times more
CHUNK = 1 << 20


def checked_arrays(arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    """The same arrays; TypeError or ValueError, with the name, for what no checkpoint holds."""
    for name, array in arrays.items():
        if not isinstance(name, str):
            raise TypeError(f"an array's name must be a str, received {name!r}")
        if name == METADATA or "\0" in name or len(name) > 10_000:
            raise ValueError(f"{name[:40]!r} cannot name an array: reserved, with a NUL character, or too long")
        if not isinstance(array, np.ndarray | np.generic) or isinstance(array, np.ma.MaskedArray):
            raise TypeError(f"array {name!r} is a {type(array).__name__}; expected a NumPy array")
        if array.dtype.str[1:] not in NUMBERS:
            raise TypeError(f"array {name!r} has dtype {array.dtype}; only numbers and booleans fit, text is metadata")
    return {name: np.asarray(array) for name, array in arrays.items()}


def checked_metadata(metadata: Any, error: type[Exception] = TypeError) -> Metadata:
    if not isinstance(metadata, Mapping) or not all(isinstance(n, str) for pair in metadata.items() for n in pair):
        raise error(f"metadata must map text to text, received {str(metadata)[:100]}")
    return dict(sorted(metadata.items()))


def checked_length(length: int) -> int:
    if length > TEXT_LIMIT:
        raise FormatError(f"{length} bytes of names and text; the limit is {TEXT_LIMIT}")
    return length


def chosen(names: Collection[str], only: Collection[str] | None) -> Collection[str]:
    """The names to read."""
    if only is None:
        return names
    if missing := sorted(set(only) - set(names)):
        raise KeyError(f"no array {missing[0]!r}; there are {', '.join(map(repr, sorted(names)[:20]))}")
    return only


def parse_json(text: bytes) -> Any:
    """JSON in UTF-8 that names nothing twice."""
    try:
        return json.loads(text.decode(), object_pairs_hook=_without_repetition)
    except ValueError as error:
        raise FormatError(f"unreadable JSON: {error}") from error


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        raise FormatError(f"{next(name for name in names if names.count(name) > 1)!r} is named twice")
    return content


def read_array(file: IO[bytes], dtype: np.dtype[Any], shape: list[int], *, fortran: bool = False) -> NDArray[Any]:
    """A new array with the file's next bytes, in the machine's byte order.  Its size has been checked by the caller."""
    try:
        array = np.empty(shape, dtype, order="F" if fortran else "C")
    except ValueError as error:
        raise FormatError(f"impossible shape {shape}") from error
    room = array.reshape(-1, order="A").view(np.uint8).data
    while room:
        chunk = file.read(min(len(room), CHUNK))
        if not chunk:
            raise FormatError("the file ends within an array")
        room[: len(chunk)] = chunk
        room = room[len(chunk) :]
    if array.dtype == bool and array.view(np.uint8).max(initial=0) > 1:
        raise FormatError("a boolean array holds bytes other than 0 and 1")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


@contextmanager
def blaming(path: FilePath) -> Iterator[None]:
    """Whatever the reading of a malformed file raises, here or in zipfile, as one error with the file's name."""
    try:
        yield
    except (ValueError, OSError, EOFError, RuntimeError, BadZipFile, zlib.error) as error:
        raise FormatError(f"{os.fspath(path)!r} is damaged or no checkpoint: {error}") from error
