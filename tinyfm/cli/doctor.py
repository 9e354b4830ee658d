"""tinyfm doctor: what this machine offers, and what would make it better."""
from __future__ import annotations

import os
import platform
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import tinyfm
from tinyfm.cli import blas, table

Line = tuple[str, str, str]                      # ok | note | FAIL, what, how it is


def add(commands: Any) -> None:
    """Declare the arguments."""
    what = "look at Python, NumPy, its BLAS, the data and the disk"
    commands.add_parser("doctor", help=what, description=__doc__).set_defaults(run=doctor)


def doctor(arguments: Namespace) -> int:
    """Print one line for each thing; 1 if one of them does not work."""
    print(f"tinyfm {tinyfm.__version__} in {Path(tinyfm.__file__).parent}")
    found = [*software(), *processor(), *data_sets(), *folders()]
    print(*table.lines(found), sep="\n")
    return int(any(mark == "FAIL" for mark, _, _ in found))


def software() -> Iterator[Line]:
    """Python and the two libraries that are needed."""
    yield "ok", "Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    for name, least in (("numpy", 2), ("matplotlib", 3)):
        try: installed = version(name)
        except PackageNotFoundError: yield "FAIL", name, "is not installed: python -m pip install " + name
        else:
            old = int(installed.split(".")[0]) < least
            yield "FAIL" if old else "ok", name, installed + f" is too old: python -m pip install -U {name}" * old


def processor() -> Iterator[Line]:
    """The library behind matrix products, and what holds it back."""
    library = blas.blas()
    inside = f", kernels for {library.kernels}, threads: {library.threads}" if library.kernels else ""
    yield "ok", "BLAS", f"{library.name} {library.version}{inside}, cores: {blas.cores()}"
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        if name in os.environ: yield "ok", "BLAS", f"the environment sets {name}={os.environ[name]}"
    for advice in blas.advice_here(): yield "note", "speed", advice


def data_sets() -> Iterator[Line]:
    """Which data sets lie here."""
    from tinyfm.data import fashion_mnist, fetch, mnist
    yield "ok", "data", "digits: built in"
    for files in (mnist.FILES, fashion_mnist.FILES):
        places = [fetch.locate(files, file) for file in files.files]
        if all(places): yield "ok", "data", f"{files.name}: {places[0].parent}"  # type: ignore[union-attr]
        else:
            searched = " or ".join(map(str, fetch.places(files)))
            yield "note", "data", f"{files.name}: not in {searched}; it is downloaded when first asked for"


def folders() -> Iterator[Line]:
    """Where tinyfm writes, and whether it may."""
    from tinyfm.data.fetch import cache_folder
    yield writable("this folder", Path.cwd())
    yield writable("cache", next(folder for folder in (cache_folder(), *cache_folder().parents) if folder.exists()))


def writable(name: str, folder: Path) -> Line:
    try:
        with tempfile.TemporaryFile(dir=folder): return "ok", name, f"{folder} can be written to"
    except OSError as error: return "FAIL", name, f"{folder} cannot be written to: {error.strerror}"
