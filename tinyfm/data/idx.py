"""IDX, the format of MNIST: a magic number, the dimensions, then the values, all big-endian.

    0 0 dtype ndim | ndim x uint32 | values in row-major order

LeCun, Cortes, Burges: The MNIST database of handwritten digits, 1998.
"""

from __future__ import annotations

import math
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tinyfm.data.files import StrPath, opened, read_at_most, unpacked
from tinyfm.errors import FormatError

DTYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
CODES = {np.dtype(dtype): code for code, dtype in DTYPES.items()}
MAX_NDIM = 32


def read_idx(path: StrPath, *, max_bytes: int = 200_000_000) -> NDArray[Any]:
    """The array in an IDX file, plain or packed with gzip, in the machine's byte order.

    max_bytes: the largest array that is accepted (MNIST: 47 MB); a packed file cannot expand beyond it.
    Raises FileNotFoundError, and FormatError for anything that is not exactly one IDX array.
    """
    with opened(path) as stream:
        return decode_idx(unpacked(stream), str(path), max_bytes)


def decode_idx(stream: BinaryIO, name: str, max_bytes: int) -> NDArray[Any]:
    """The one array that the stream holds; `name` is for the error messages."""
    dtype, shape = _header(stream, name)
    size = dtype.itemsize * math.prod(max(n, 1) for n in shape)     # of what NumPy would have to address
    if size > max_bytes:
        raise FormatError(f"{name} announces {shape} {dtype.name} values, {size:,} bytes; at most {max_bytes:,} are "
                          "accepted. Pass a larger max_bytes if the file is right.")
    size = dtype.itemsize * math.prod(shape)
    values = read_at_most(stream, size)
    if len(values) < size:
        raise FormatError(f"{name} is truncated: it announces {shape} {dtype.name} values, {size:,} bytes, "
                          f"and holds {len(values):,}. Get a fresh copy of the file.")
    if stream.read(1):
        raise FormatError(f"{name} goes on after the {size:,} bytes of the {shape} values that it announces.")
    array = np.frombuffer(values, dtype).reshape(shape)
    return array if dtype.isnative else array.byteswap(inplace=True).view(dtype.newbyteorder())


def _header(stream: BinaryIO, name: str) -> tuple[np.dtype[Any], tuple[int, ...]]:
    magic = read_at_most(stream, 4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        raise FormatError(f"{name} is not an IDX file: it starts with {bytes(magic)!r}, expected two zero bytes, "
                          "a type code and a number of dimensions.")
    code, ndim = magic[2], magic[3]
    if code not in DTYPES or not 1 <= ndim <= MAX_NDIM:
        raise FormatError(f"{name} is not an IDX file: type code {code} (one of {sorted(DTYPES)} expected), "
                          f"{ndim} dimensions (1 to {MAX_NDIM} expected).")
    sizes = read_at_most(stream, 4 * ndim)
    if len(sizes) < 4 * ndim:
        raise FormatError(f"{name} is truncated: it ends within its header of {ndim} dimensions.")
    return np.dtype(DTYPES[code]), tuple(np.frombuffer(sizes, ">u4").tolist())


def write_idx(path: StrPath, array: ArrayLike) -> None:
    """Write an array of uint8, int8, int16, int32, float32 or float64; packed when `path` ends in .gz.

    The same array always gives the same bytes.  Raises TypeError for other dtypes, ValueError for 0 dimensions.
    """
    array = np.asarray(array)
    big = array.dtype.newbyteorder(">")
    if big not in CODES:
        raise TypeError(f"IDX has no code for {array.dtype}; it knows {', '.join(t.name for t in CODES)}.")
    if not 1 <= array.ndim <= MAX_NDIM or max(array.shape) >= 2**32:
        raise ValueError(f"IDX holds 1 to {MAX_NDIM} dimensions below 2^32, received shape {array.shape}.")
    header = bytes([0, 0, CODES[big], array.ndim]) + np.array(array.shape, ">u4").tobytes()
    content = header + array.astype(big).tobytes()
    if str(path).endswith(".gz"):
        import gzip
        content = gzip.compress(content, mtime=0)
    from tinyfm.atomic import replacing
    with replacing(path) as stream:
        stream.write(content)
