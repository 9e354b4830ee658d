"""Safetensors: u64 length of the header | JSON header, padded with spaces | the arrays, little-endian, C order, packed.

    {"__metadata__": {"epoch": "3"}, "kernel": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}

Offsets count from the end of the header; the arrays follow each other without holes up to the end of the file.
"""

import json
import math
import os
from collections.abc import Collection, Mapping
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tinyfm.atomic import replacing
from tinyfm.checkpoint.contents import (
    METADATA,
    Arrays,
    FilePath,
    Metadata,
    blaming,
    checked_arrays,
    checked_length,
    checked_metadata,
    chosen,
    parse_json,
    read_array,
)
from tinyfm.errors import FormatError

TYPES = {                     # in the order in which the arrays are written
    "U64": "<u8", "I64": "<i8", "F64": "<f8", "C64": "<c8", "F32": "<f4", "U32": "<u4", "I32": "<i4",
    "BF16": "<u2",            # read only: NumPy has no bfloat16; these are the upper halves of float32
    "F16": "<f2", "U16": "<u2", "I16": "<i2", "I8": "|i1", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip
NAMES = {stored: name for name, stored in TYPES.items() if name != "BF16"}


class Entry(NamedTuple):
    name: str
    dtype: str
    shape: list[int]
    begin: int
    end: int


def save_safetensors(
    path: FilePath, arrays: Mapping[str, NDArray[Any]], metadata: Mapping[str, str] | None = None
) -> None:
    """Write a .safetensors file, byte for byte as the safetensors package does.

    Raises TypeError for a dtype that the format does not know, with the array's name.
    """
    arrays, text = checked_arrays(arrays), checked_metadata(metadata or {})
    entries = _entries(arrays)
    header: dict[str, Any] = {METADATA: text} if text else {}
    for name, dtype, shape, begin, end in entries:
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}
    line = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    line += b" " * (-len(line) % 8)
    with replacing(path) as file:
        file.write(checked_length(len(line)).to_bytes(8, "little") + line)
        for entry in entries:
            packed = np.asarray(arrays[entry.name], dtype=TYPES[entry.dtype], order="C")
            file.write(packed.reshape(-1).view(np.uint8).data)


def _entries(arrays: Arrays) -> list[Entry]:
    types = {name: _type(name, array.dtype) for name, array in arrays.items()}
    entries, end = [], 0
    for name in sorted(arrays, key=lambda name: (list(TYPES).index(types[name]), name)):
        begin, end = end, end + arrays[name].nbytes
        entries.append(Entry(name, types[name], list(arrays[name].shape), begin, end))
    return entries


def _type(name: str, dtype: np.dtype[Any]) -> str:
    stored = dtype.newbyteorder("<").str
    if stored not in NAMES:
        raise TypeError(f"array {name!r} is {dtype}; safetensors knows {', '.join(NAMES.values())}")
    return NAMES[stored]


def load_safetensors(path: FilePath, *, only: Collection[str] | None = None) -> Arrays:
    """The arrays of a .safetensors file; bfloat16 becomes float32.

    only: names to read.  Raises FormatError for anything but a sound file, duplicate names included.
    """
    return read(path, only=only)[0]


def read(path: FilePath, *, only: Collection[str] | None = None) -> tuple[Arrays, Metadata]:
    with open(path, "rb") as file, blaming(path):
        entries, metadata = _read_header(file)
        start = file.tell()
        arrays = {}
        for name in chosen(entries, only):
            file.seek(start + entries[name].begin)
            arrays[name] = _read_entry(file, entries[name])
        return arrays, metadata


def _read_entry(file: IO[bytes], entry: Entry) -> NDArray[Any]:
    array = read_array(file, np.dtype(TYPES[entry.dtype]), entry.shape)
    return (array.astype(np.uint32) << 16).view(np.float32) if entry.dtype == "BF16" else array


def _read_header(file: IO[bytes]) -> tuple[dict[str, Entry], Metadata]:
    rest = os.fstat(file.fileno()).st_size - 8
    length = int.from_bytes(file.read(8), "little")
    if length > rest:
        raise FormatError(f"its header claims {length} bytes, the file has {rest + 8} in all")
    line = file.read(checked_length(length))
    if not line.startswith(b"{"):
        raise FormatError(f"its header begins with {line[:8]!r} instead of '{{'")
    header = parse_json(line)
    metadata = checked_metadata(header.pop(METADATA, {}), FormatError)
    entries = {name: _parse_entry(name, entry) for name, entry in header.items()}
    _check_packed(list(entries.values()), rest - length)
    return entries, metadata


def _parse_entry(name: str, entry: Any) -> Entry:
    match entry:
        case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [begin, end], **extra} if not extra:
            pass
        case _:
            raise FormatError(f"array {name!r} is described by {str(entry)[:100]}, not by dtype, shape, data_offsets")
    if dtype not in TYPES:
        raise FormatError(f"array {name!r} has the dtype {dtype[:20]!r}, known are {', '.join(TYPES)}")
    if len(shape) > 64 or not all(type(n) is int for n in (*shape, begin, end)):
        raise FormatError(f"array {name!r} has a shape or offsets that are not counts: {str(entry)[:100]}")
    if math.prod(shape) * np.dtype(TYPES[dtype]).itemsize != end - begin:
        raise FormatError(f"array {name!r} of {dtype} {str(shape)[:100]} does not fill {end - begin} bytes")
    return Entry(name, dtype, shape, begin, end)


def _check_packed(entries: list[Entry], size: int) -> None:
    """Each array begins where the one before it ends, and the last one ends with the file."""
    position = 0
    for name, _, _, begin, end in sorted(entries, key=lambda entry: (entry.begin, entry.end)):
        if begin != position:
            raise FormatError(f"array {name!r} begins at byte {begin}, the one before it ends at {position}")
        position = end
    if position != size:
        raise FormatError(f"its arrays take {position} bytes, the file has {size}")
