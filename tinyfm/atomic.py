"""A file is replaced whole or not at all: written aside in the same folder, flushed, renamed over the old one.

Whoever opens the path meets the old content or the new, never a mixture, whatever kills the writer.  The file aside is
locked while its writer lives, so the next writer can tell a killed one's leftover from a neighbour's work.
"""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

if sys.platform != "win32":
    import fcntl


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A binary file that takes the place of `path` when the block ends, and vanishes if the block raises.

        with replacing("model.npz") as file:
            file.write(content)

    A link is followed; an existing file keeps its permissions.  Raises FileNotFoundError if the folder does not exist.
    """
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(f"cannot write {os.fspath(path)!r}: create the folder {str(target.parent)!r} first")
    _sweep(target)
    with _open_aside(target) as file:
        aside = Path(file.name)
        try:
            yield file
            file.flush()
            if target.exists():
                shutil.copymode(target, aside)
            os.fsync(file.fileno())
            if sys.platform == "win32":
                file.close()                              # Windows renames no open file
            os.replace(aside, target)                     # elsewhere under the lock, so nobody sweeps it before
        except BaseException:
            with suppress(OSError):
                file.close()                              # a full disk complains here a second time
            aside.unlink(missing_ok=True)
            raise
    _flush_folder(target.parent)


def _open_aside(target: Path) -> BinaryIO:
    while True:
        file = open(target.with_name(f".{target.name}.{os.urandom(8).hex()}.aside"), "xb")
        with suppress(OSError):                           # some network folders know no locks; none is swept there
            _lock(file, wait=True)
        if os.fstat(file.fileno()).st_nlink:
            return file
        file.close()                                      # swept between its making and its lock


def _sweep(target: Path) -> None:
    """Remove what killed writers of this very file left behind; what is locked has a living writer."""
    leftover = re.compile(re.escape(f".{target.name}.") + r"[0-9a-f]{16}\.aside")
    for name in filter(leftover.fullmatch, os.listdir(target.parent)):
        with suppress(OSError):
            _remove_abandoned(target.with_name(name))


def _remove_abandoned(aside: Path) -> None:
    """Raises OSError if somebody still writes it."""
    if sys.platform == "win32":
        os.unlink(aside)                                  # refused while it is open
    else:
        with open(aside, "rb") as file:
            _lock(file, wait=False)
            os.unlink(aside)


def _lock(file: BinaryIO, *, wait: bool) -> None:
    """Hold the file alone, or raise OSError."""
    if sys.platform != "win32":
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)


def _flush_folder(folder: Path) -> None:
    """The rename itself outlives a power cut, on systems that can flush a folder."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
