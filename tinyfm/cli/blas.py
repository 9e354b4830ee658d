"""The library that multiplies matrices for NumPy: its name, the kernels it picked for this CPU, its threads."""
from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np


class Blas(NamedTuple):
    """kernels: "Haswell", "SkylakeX", ...; threads: at most so many; both None where the library does not tell."""

    name: str
    version: str
    kernels: str | None
    threads: int | None


def blas() -> Blas:
    """What NumPy was built with, and what the loaded library says of itself."""
    built = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    name = str(built.get("name", "unknown")).removeprefix("scipy-")
    return Blas(name, str(built.get("version", "")), *(loaded() or (None, None)))


def loaded() -> tuple[str, int] | None:
    """(kernels, threads) of the OpenBLAS in this process, or None."""
    for path in libraries():
        with suppress(OSError):
            library = ctypes.CDLL(str(path))     # the very one that NumPy has loaded
            kernels, threads = (symbol(library, f"openblas_get_{what}") for what in ("corename", "num_threads"))
            if kernels and threads:
                kernels.restype = ctypes.c_char_p
                return kernels().decode(), threads()
    return None


def libraries() -> Iterator[Path]:
    """Files that may be NumPy's OpenBLAS: those mapped into this process, then those beside NumPy and Python."""
    with suppress(OSError):
        maps = Path("/proc/self/maps").read_text().splitlines()
        yield from map(Path, sorted({line.split(maxsplit=5)[5].strip() for line in maps if "openblas" in line}))
    numpy, python = Path(np.__file__).parent, Path(sys.prefix)
    for folder in (numpy.parent / "numpy.libs", numpy / ".dylibs", python / "lib", python / "Library" / "bin"):
        yield from sorted(folder.glob("*openblas*"))


def symbol(library: Any, name: str) -> Any:
    """The function under the name that this build gave it, or None."""
    names = (f"{prefix}{name}{suffix}" for prefix, suffix in product(("scipy_", ""), ("64_", "", "_64")))
    return next((getattr(library, full) for full in names if hasattr(library, full)), None)


def has_avx512() -> bool:
    """Whether this CPU has the 512-bit instructions, as NumPy sees it."""
    found = np.show_config(mode="dicts")["SIMD Extensions"]["found"]
    return any(feature.startswith("AVX512") or feature == "X86_V4" for feature in found)


def cores() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"): return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


NARROW = ("Haswell", "Zen")                      # kernels for AVX2, which OpenBLAS also picks on some wider CPUs
WIDE = "SkylakeX"                                # its kernels for AVX-512


def better(library: Blas, wide: bool, environment: Mapping[str, str]) -> str | None:
    """The core type to set where that is safe: the CPU has AVX-512, OpenBLAS uses half of it, and nobody chose."""
    if wide and library.kernels in NARROW and "OPENBLAS_CORETYPE" not in environment: return WIDE
    return None


def tune() -> None:
    """Start this very command again with the better kernels, if there are some: OpenBLAS picks only once, on loading.

    Says so.  Never twice, as the variable is set then.
    """
    library = blas()
    kernels = better(library, has_avx512(), os.environ)
    if kernels is None or os.name != "posix": return
    print(f"tinyfm: OpenBLAS picked its {library.kernels} kernels on a CPU with AVX-512; starting again with "
          f"OPENBLAS_CORETYPE={kernels}, which is faster (tinyfm --keep-blas leaves it)", file=sys.stderr, flush=True)
    os.execve(sys.executable, sys.orig_argv, os.environ | {"OPENBLAS_CORETYPE": kernels})


def advice(library: Blas, wide: bool, busy: float) -> list[str]:
    """What would make training faster on this machine; busy: how many programs want to run at the same time."""
    found = []
    if wide and library.kernels in NARROW:
        found.append(f"this CPU has AVX-512, and OpenBLAS picked its {library.kernels} kernels. Set "
                     f"OPENBLAS_CORETYPE={WIDE} before Python starts, and matrix products become faster; the commands "
                     "demo and train do so themselves")
    if (library.threads or 1) > 1 and busy > 1.2 * cores():
        found.append(f"{busy:.1f} programs want to run on {cores()} cores. The {library.threads} threads of a matrix "
                     "product wait for each other then, and training takes far longer. Set OPENBLAS_NUM_THREADS=1")
    return found


def advice_here() -> list[str]:
    """The same for this very machine, now."""
    return advice(blas(), has_avx512(), load_average())


def load_average() -> float:
    """How many programs wanted to run during the last minute; 0 where the system does not count."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
