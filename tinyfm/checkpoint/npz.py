"""Npz: a zip archive with one .npy member per array, as `numpy.savez` writes and `numpy.load` reads it.

Text lies in a member `__metadata__`, as the bytes of a JSON object.  Python objects are neither written nor read.
"""

import io
import json
import math
import os
import re
import zipfile
from collections.abc import Collection, Mapping
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from tinyfm.atomic import replacing
from tinyfm.checkpoint.contents import (
    METADATA,
    NUMBERS,
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

RATIO = {zipfile.ZIP_STORED: 1, zipfile.ZIP_DEFLATED: 1032}       # the most that a packed byte can stand for
HEADER_LIMIT = 10_000         # bytes, NumPy's own limit
HEADER = re.compile(
    rf"\{{'descr': '([<>|=]?(?:{'|'.join(NUMBERS)}))', 'fortran_order': (True|False), 'shape': \(([\d, ]*)\),? ?\}}\s*"
)


def save_npz(path: FilePath, arrays: Mapping[str, NDArray[Any]], metadata: Mapping[str, str] | None = None) -> None:
    """Write a .npz file, little-endian and not compressed; equal arrays give equal bytes.

    Raises TypeError for arrays that are not of numbers or booleans, with the name.
    """
    arrays, text = checked_arrays(arrays), checked_metadata(metadata or {})
    if text:
        line = json.dumps(text).encode()
        checked_length(len(line))
        arrays = arrays | {METADATA: np.frombuffer(line, np.uint8)}
    with replacing(path) as file, zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                little_endian = np.asarray(array, dtype=array.dtype.newbyteorder("<"))
                np.lib.format.write_array(member, little_endian, allow_pickle=False)


def load_npz(path: FilePath, *, only: Collection[str] | None = None, max_bytes: int | None = None) -> Arrays:
    """The arrays of a .npz file, compressed or not.

    only: names to read.  max_bytes: what the arrays may take unpacked, by default 16 times the file or 128 MiB,
    whichever is more.  Raises FormatError for anything but a sound file of numbers and booleans.
    """
    return read(path, only=only, max_bytes=max_bytes)[0]


def read(
    path: FilePath, *, only: Collection[str] | None = None, max_bytes: int | None = None
) -> tuple[Arrays, Metadata]:
    with _Wary(io.FileIO(path)) as file, blaming(path), zipfile.ZipFile(file) as archive:
        members = _members(archive, os.fstat(file.fileno()).st_size, max_bytes)
        text = members.pop(METADATA, None)
        arrays = {name: _read_member(archive, members[name]) for name in chosen(members, only)}
        return arrays, _read_metadata(archive, text) if text else {}


def _read_metadata(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Metadata:
    checked_length(info.file_size)
    return checked_metadata(parse_json(_read_member(archive, info).tobytes()), FormatError)


class _Wary(io.BufferedReader):
    """zipfile reads the list of contents at once, however long the file says it is."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(checked_length(size) if size else size)


def _members(archive: zipfile.ZipFile, file_size: int, max_bytes: int | None) -> dict[str, zipfile.ZipInfo]:
    """The members by the names of their arrays, their claims compared with the size of the file."""
    members: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        name = member.filename.removesuffix(".npy")
        if name == member.filename or name in members:
            raise FormatError(f"its member {member.filename[:100]!r} is no .npy or is there twice")
        if member.compress_type not in RATIO:
            raise FormatError(f"array {name!r} is packed by method {member.compress_type}; known are 0 and 8, deflate")
        if member.file_size > RATIO[member.compress_type] * member.compress_size:
            raise FormatError(f"array {name!r} claims {member.file_size} bytes in {member.compress_size} packed ones")
        members[name] = member
    packed = sum(member.compress_size for member in members.values())
    unpacked = sum(member.file_size for member in members.values())
    budget = max(16 * file_size, 1 << 27) if max_bytes is None else max_bytes
    if packed > file_size:
        raise FormatError(f"its members claim {packed} bytes of a file of {file_size}")
    if unpacked > budget:
        raise FormatError(f"its arrays would take {unpacked} bytes, the budget is {budget}: pass max_bytes= for more")
    return members


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> NDArray[Any]:
    with archive.open(info) as member:
        dtype, fortran, shape = _read_header(member)
        if member.tell() + math.prod(shape) * dtype.itemsize != info.file_size:
            raise FormatError(f"{info.filename!r}, {dtype} of {str(shape)[:100]}, does not fill {info.file_size} bytes")
        return read_array(member, dtype, shape, fortran=fortran)         # at the end zipfile compares the checksum


def _read_header(member: IO[bytes]) -> tuple[np.dtype[Any], bool, list[int]]:
    """magic | version | length of the header | a Python literal, of which only NumPy's own form is understood."""
    start = member.read(8)
    width = {b"\x93NUMPY\1\0": 2, b"\x93NUMPY\2\0": 4, b"\x93NUMPY\3\0": 4}.get(start)
    if width is None:
        raise FormatError(f"{member.name!r} begins with {start!r}, which is no .npy")
    length = int.from_bytes(member.read(width), "little")
    header = member.read(min(length, HEADER_LIMIT)).decode("latin-1")
    match = HEADER.fullmatch(header)
    if not match or length != len(header):
        raise FormatError(f"{member.name!r} is not an array of numbers: {header[:200]!r}")
    return np.dtype(match[1]), match[2] == "True", [int(n) for n in match[3].split(",") if n.strip()]
