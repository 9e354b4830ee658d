"""One engine on one workload, in a process of its own: `worker.py ENGINE WORKLOAD ARRAYS.npz THREADS`; see compare.py.

Says on its standard output, in lines of JSON, that it is ready; then does as many steps as each line of its input asks
for, and reports the seconds, the loss and its own peak memory.
"""
import json
import os
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any


def confine(threads: int) -> None:
    """So many processors for this process, whatever library runs in it."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
        os.environ[name] = str(threads)
    if hasattr(os, "sched_setaffinity"): os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def peak_memory() -> float | None:
    """Megabytes that this process ever held at once; its own, not what it inherited from who started it."""
    if Path("/proc/self/status").exists():
        return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1e3
    try:
        from resource import RUSAGE_SELF, getrusage
    except ImportError:                                          # Windows
        return None
    return getrusage(RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def kernels(engine: str) -> str | None:
    """What OpenBLAS picked, where it is our engine."""
    if engine not in ("tinyfm", "other"): return None
    from tinyfm.cli.blas import blas
    return blas().kernels


def main() -> None:
    engine, key, arrays, threads = sys.argv[1:]
    answers, sys.stdout = sys.stdout, sys.stderr                 # some libraries talk
    tell = lambda **what: print(json.dumps(what), file=answers, flush=True)
    confine(int(threads))
    began = time.perf_counter()
    from workloads import ENGINES, workload
    work = workload(key)
    prepare = getattr(work, f"with_{'tinyfm' if engine == 'other' else engine}", None)
    if prepare is None: return tell(missing="-")
    fresh = hasattr(work, "FRESH")
    try: step = prepare({} if fresh else load(arrays))
    except ImportError as error: return tell(missing=f"not installed ({error.name})")
    if step is None: return tell(missing="-")
    try: found = version(ENGINES[engine])
    except PackageNotFoundError: found = "?"
    if fresh: tell(loss=float(step()), seconds=time.perf_counter() - began)
    tell(version=found, python=sys.version.split()[0], kernels=kernels(engine), memory=peak_memory())
    for line in sys.stdin:
        loss: Any = 0.0
        began = time.perf_counter()
        for _ in range(int(line)): loss = step()
        loss = float(loss)                                       # waits for engines that run ahead
        tell(seconds=time.perf_counter() - began, loss=loss, memory=peak_memory())


def load(arrays: str) -> dict[str, Any]:
    import numpy as np
    with np.load(arrays) as stored: return dict(stored)


if __name__ == "__main__":
    main()
