"""Finding a data set: a given folder, TINYFM_DATA, the cache, then a verified download.

A file is believed only when its checksum agrees, wherever it came from.
"""

from __future__ import annotations

import os
import sys
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from tinyfm.data.files import PIECE, StrPath, blaming, opened, read_at_most, unpacked
from tinyfm.errors import DataNotFoundError, FormatError

TIMEOUT = 15                                               # seconds of silence before the next mirror is tried
GZIP_OVERHEAD = 1 << 16                                    # gzip adds 5 bytes to each 16 KiB it cannot shrink


class File(NamedTuple):
    """One file of a data set.  Mirrors pack anew, so the sha256 is that of the unpacked bytes wherever it is known.

    Where only the checksum of the packed file was ever published, `sha256` is empty and `packed_sha256` is checked;
    an unpacked copy of such a file is checked for its size only.
    """

    name: str                                              # without .gz
    size: int                                              # bytes, unpacked
    sha256: str = ""
    packed_sha256: str = ""


class DataSet(NamedTuple):
    """Files that belong together, the folder's name they live in, and base addresses to download them from."""

    name: str
    files: tuple[File, ...]
    mirrors: tuple[str, ...]
    suffix: str = ""                                       # ".gz" where the mirrors pack


def read(dataset: DataSet, path: StrPath | None = None) -> list[bytearray]:
    """The unpacked, verified bytes of every file of the data set, in order.

    path: a folder that holds the files, or holds a folder named like the data set; nowhere else is looked then.
    Without it: $TINYFM_DATA/<name>, then the cache, then the mirrors in order (what arrives goes into the cache).
    Raises DataNotFoundError, which says which file to put where; FormatError for a file with a wrong checksum.
    """
    return [_read_file(dataset, file, path) for file in dataset.files]


def locate(dataset: DataSet, file: File, path: StrPath | None = None) -> Path | None:
    """Where the file lies, packed or not, or None; its checksum has not been looked at."""
    here = [place / name for place in places(dataset, path) for name in (file.name, file.name + ".gz")]
    return next((candidate for candidate in here if candidate.exists()), None)


def places(dataset: DataSet, path: StrPath | None = None) -> list[Path]:
    """The folders that are searched, in order."""
    if path is not None:
        return [Path(path).expanduser(), Path(path).expanduser() / dataset.name]
    roots = [Path(given)] if (given := os.environ.get("TINYFM_DATA")) else []
    return [root / dataset.name for root in [*roots, cache_folder()]]


def cache_folder() -> Path:
    """$XDG_CACHE_HOME/tinyfm, or where this system keeps caches (~/.cache/tinyfm on Linux)."""
    if given := os.environ.get("XDG_CACHE_HOME"):
        return Path(given) / "tinyfm"
    if sys.platform == "win32" and (local := os.environ.get("LOCALAPPDATA")):
        return Path(local) / "tinyfm" / "cache"
    return Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "tinyfm"


def verified(file: File, content: bytes | bytearray, name: str) -> bytearray:
    """The unpacked bytes of `content`, whose size and checksum agree with `file`; else FormatError about `name`."""
    from hashlib import sha256
    with blaming(name):
        raw = read_at_most(unpacked(BytesIO(content)), file.size + 1)
    if len(raw) != file.size:
        size = f"more than {file.size:,}" if len(raw) > file.size else f"{len(raw):,}"
        raise FormatError(f"{name} holds {size} bytes when unpacked, {file.name} has {file.size:,}. "
                          "It is another file, or damaged: delete it or get a fresh copy.")
    expected, checked = (file.sha256, raw) if file.sha256 else (file.packed_sha256, content)
    nothing_published = not file.sha256 and len(content) == len(raw)
    if not nothing_published and (received := sha256(checked).hexdigest()) != expected:
        raise FormatError(f"{name} has a wrong checksum: its sha256{'' if file.sha256 else ' (packed)'} is {received}, "
                          f"that of {file.name} is {expected}. It is another file, or damaged: delete it or get a "
                          "fresh copy.")
    return raw


def _read_file(dataset: DataSet, file: File, path: StrPath | None) -> bytearray:
    found = locate(dataset, file, path)
    if found is None:
        return _download(dataset, file, path)
    try:
        with opened(found) as stream:
            return verified(file, read_at_most(stream, file.size + GZIP_OVERHEAD), str(found))
    except FormatError:
        if path is not None or cache_folder() not in found.parents:    # somebody put it there: not ours to replace
            raise
    return _download(dataset, file, path)


def _download(dataset: DataSet, file: File, path: StrPath | None) -> bytearray:
    """The bytes from the first mirror that delivers them whole and right; a copy is kept in the cache."""
    failures = []
    for mirror in dataset.mirrors if path is None else ():
        address = mirror + file.name + dataset.suffix
        try:
            content = _receive(address, file.size + GZIP_OVERHEAD)
            raw = verified(file, content, address)
        except (OSError, ValueError) as error:             # ValueError: FormatError, or an address that is none
            failures.append(f"{address}: {error}")
            continue
        _keep(content, cache_folder() / dataset.name / (file.name + dataset.suffix))
        return raw
    raise DataNotFoundError(_what_to_do(dataset, path, failures))


def _receive(address: str, limit: int) -> bytearray:
    """What the address answers, in at most `limit` bytes.  Raises OSError."""
    from http.client import HTTPException
    from urllib.request import urlopen
    try:
        with urlopen(address, timeout=TIMEOUT) as answer:
            content = _with_progress(address, answer, limit + 1)
    except HTTPException as error:
        raise OSError(f"the answer broke off ({error})") from error
    if len(content) > limit:
        raise OSError(f"the answer is longer than the {limit:,} bytes that the file can have")
    return content


def _with_progress(address: str, answer: Any, limit: int) -> bytearray:
    """Read like read_at_most, telling how far it is: a living line on a terminal, one plain line elsewhere."""
    live = bool(sys.stderr and sys.stderr.isatty())
    total = answer.headers.get("Content-Length", "")
    of_total = f" of {int(total) / 1e6:.1f}" if total.isdigit() else ""
    print(f"downloading {address}", end="" if live else "\n", file=sys.stderr, flush=True)
    content = bytearray()
    while len(content) < limit and (piece := answer.read(min(PIECE, limit - len(content)))):
        content += piece
        if live:
            print(f"\rdownloading {address}  {len(content) / 1e6:.1f}{of_total} MB",
                  end="", file=sys.stderr, flush=True)
    if live:
        print(file=sys.stderr)
    return content


def _keep(content: bytes | bytearray, path: Path) -> None:
    from tinyfm.atomic import replacing
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as stream:
            stream.write(content)
    except OSError as error:                               # the data is here and right; only the next run is slower
        print(f"no copy kept in {path}: {error}", file=sys.stderr)


def _what_to_do(dataset: DataSet, path: StrPath | None, failures: list[str]) -> str:
    missing = [file.name + dataset.suffix for file in dataset.files if locate(dataset, file, path) is None]
    folders = places(dataset, path)
    source = f" from {dataset.mirrors[0]}" if dataset.mirrors else ""
    return "\n  ".join([
        f"The data set {dataset.name} is not complete here.",
        f"Looked in {' and '.join(map(str, folders))}" + ("." if path or os.environ.get("TINYFM_DATA") else
                                                         "; TINYFM_DATA is not set."),
        *(f"Tried {failure}" for failure in failures),
        f"What to do: put {', '.join(missing) or 'a fresh copy'}{source} (unpacked is fine too)",
        f"into {folders[0 if path is not None else -1]}",
        f"or into a folder {dataset.name}{os.sep} of the one that TINYFM_DATA names, or pass path= the folder."])
