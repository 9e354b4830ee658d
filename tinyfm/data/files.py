"""Reading files that strangers wrote: no size that a file states is believed, memory follows the bytes that arrive."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from stat import S_ISREG
from typing import BinaryIO, cast

from tinyfm.errors import FormatError

StrPath = str | os.PathLike[str]
PIECE = 1 << 20                                            # bytes asked for at a time


def unpacked(stream: BinaryIO) -> BinaryIO:
    """The stream, or what gzip packed into it: told by its first two bytes, never by the file's name."""
    packed = stream.read(2) == b"\x1f\x8b"
    stream.seek(0)
    if not packed:
        return stream
    import gzip
    return cast(BinaryIO, gzip.GzipFile(fileobj=stream))


@contextmanager
def blaming(name: StrPath) -> Iterator[None]:
    """Whatever Python says about a broken or unreadable file becomes one FormatError that names it."""
    import zlib
    try:
        yield
    except FileNotFoundError:
        raise
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise FormatError(f"{os.fspath(name)} cannot be read: {reason}. Get a fresh copy of the file.") from error


@contextmanager
def opened(path: StrPath) -> Iterator[BinaryIO]:
    """The bytes of a regular file.

    Raises FileNotFoundError; FormatError for a folder, a device, a file that may not be read, and for whatever goes
    wrong while its bytes are read or unpacked inside the `with` block.
    """
    with blaming(path):
        if not S_ISREG(os.stat(path).st_mode):             # opening a pipe would wait for ever
            raise FormatError(f"{os.fspath(path)} is not a file (a folder, a pipe or a device).")
        with open(path, "rb") as stream:
            yield stream


def read_at_most(stream: BinaryIO, size: int) -> bytearray:
    """The next `size` bytes, or fewer where the stream ends; memory grows with what arrives, not with `size`."""
    content = bytearray()
    while len(content) < size and (piece := stream.read(min(PIECE, size - len(content)))):
        content += piece
    return content
