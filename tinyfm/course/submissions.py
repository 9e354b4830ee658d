"""What students handed in: a folder or a zip for each, read and never unpacked."""
from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

SIZE = 1 << 20                                   # bytes of one student's file
ENTRIES = 5000                                   # files of one submission


class SubmissionError(ValueError):
    """Something that cannot be read; its text is for the student."""


def students(folder: Path) -> dict[str, Path]:
    """The id of each student (the name of the folder or zip), and where the work is."""
    if not folder.is_dir(): raise ValueError(f"{folder}: expected a folder with a folder or a zip for each student")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.is_symlink(): continue
        if path.is_dir(): found[path.name] = path
        elif path.suffix == ".zip": found.setdefault(path.stem, path)
    return found


def source(submission: Path, place: str) -> str | None:
    """The student's file for the exercise `topic/file.py`, wherever in the submission; None if there is none.

    Raises SubmissionError: too large, several, broken, a link, folders without end.
    """
    read = from_zip if submission.suffix == ".zip" and submission.is_file() else from_folder
    content = read(submission, place)
    return None if content is None else content.decode("utf-8-sig", errors="replace").replace("\r\n", "\n")


def chosen(names: list[str], place: str) -> str | None:
    """The path that ends in topic/file, else the only one of that file name."""
    parts = PurePosixPath(place).parts
    for length in (2, 1):
        found = [n for n in names if PurePosixPath(n).parts[-length:] == parts[-length:]]
        if len(found) > 1: raise SubmissionError(f"{len(found)} files are named {place}: {', '.join(found[:3])}")
        if found: return found[0]
    return None


def from_folder(folder: Path, place: str) -> bytes | None:
    names = list(walked(folder))
    name = chosen(names, place)
    if name is None: return None
    path = folder / name
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode): raise SubmissionError(f"{name} is no plain file")
        return limited(file.read(SIZE + 1), name)


def walked(folder: Path) -> Iterator[str]:
    """Plain files below, links not followed."""
    count = 0
    for root, folders, files in os.walk(folder, followlinks=False):
        folders[:] = sorted(f for f in folders if not f.startswith((".", "__")))
        for name in sorted(files):
            count += 1
            if count > ENTRIES: raise SubmissionError(f"more than {ENTRIES} files")
            path = Path(root) / name
            if path.is_file() and not path.is_symlink(): yield path.relative_to(folder).as_posix()


def from_zip(path: Path, place: str) -> bytes | None:
    """One member, read into memory up to its limit: no path of the archive is ever written to."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > ENTRIES: raise SubmissionError(f"more than {ENTRIES} files")
            plain = [e for e in entries if not e.is_dir() and not stat.S_ISLNK(e.external_attr >> 16)
                     and not any(part.startswith((".", "__")) for part in PurePosixPath(e.filename).parts)]
            name = chosen([e.filename for e in plain], place)
            if name is None: return None
            with archive.open(name) as file: return limited(file.read(SIZE + 1), name)
    except SubmissionError: raise
    except Exception as error:                   # of zipfile, struct, zlib, bz2, lzma: a broken archive raises anything
        raise SubmissionError(f"the zip file cannot be read: {error}") from None


def limited(content: bytes, name: str) -> bytes:
    if len(content) > SIZE: raise SubmissionError(f"{name} is larger than {SIZE} bytes")
    return content
