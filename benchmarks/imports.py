"""What `import tinyfm` costs beside `import numpy`, each in a fresh interpreter, in turn; and where the time goes.

    python benchmarks/imports.py            the target is 1.3 times
"""
import os
import subprocess
import sys
from statistics import median

ROUNDS = 31
SCRIPT = "import time; wall, busy = time.perf_counter(), time.process_time(); import {}; " \
         "print(time.perf_counter() - wall, time.process_time() - busy)"
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def cost(module: str) -> list[float]:
    """(wall clock, processor time) of one import, in milliseconds."""
    return [1e3 * float(seconds) for seconds in python("-c", SCRIPT.format(module)).stdout.split()]


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter, in which compiled modules are kept, as they are everywhere by default."""
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True, env=ENVIRONMENT)


def slowest(count: int) -> list[str]:
    """The modules on which `import tinyfm` spends most, without what they import in turn and without NumPy's."""
    report = python("-X", "importtime", "-c", "import numpy; import tinyfm").stderr
    rows = [line.removeprefix("import time:").split("|") for line in report.splitlines()[1:]]
    names = [name.strip() for _, _, name in rows]
    after = rows[names.index("numpy") + 1:]
    spent = sorted(((int(own), name.strip()) for own, _, name in after), reverse=True)
    return [f"{own / 1e3:7.1f} ms  {name}" for own, name in spent[:count]]


if __name__ == "__main__":
    for module in ("numpy", "tinyfm"): cost(module)                  # compile and bring into the disk cache
    pairs = [(cost("numpy"), cost("tinyfm")) for _ in range(ROUNDS)]
    for i, clock in enumerate(("wall clock", "processor")):
        alone, ours = ([pair[which][i] for pair in pairs] for which in (0, 1))
        ratio = median(b / a for a, b in zip(alone, ours))
        print(f"{clock:10}  numpy {median(alone):6.1f} ms  tinyfm {median(ours):6.1f} ms  ratio {ratio:.2f}, "
              f"of the fastest {min(ours) / min(alone):.2f}")
    print("own time of modules beyond NumPy's:", *slowest(8), sep="\n")
