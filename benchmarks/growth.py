"""How time and memory of a training step grow: with the batch, the depth, the width, the length of a sequence.

    python benchmarks/growth.py [--picture growth.png] [--json FILE]

Every point is measured in a process of its own, in turn over several rounds; time is the median of a step, memory what
the process held at most beyond what it held after the imports.  The exponent e is the slope of a straight line through
the logarithms, y ~ n^e: 1 is proportional.  What the mathematics asks for: batch, depth, length 1; the width of a
matrix 2, of which small ones show less because of the fixed cost of a call.
"""
from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from worker import peak_memory

sys.path.insert(0, str(Path(__file__).parent.parent))
from tinyfm.atomic import replacing
from tinyfm.cli import options

SIZES = {"batch": (16, 32, 64, 128, 256, 512), "depth": (2, 4, 8, 16, 32), "width": (128, 256, 512, 1024),
         "length": (16, 32, 64, 128, 256)}
WHAT = {"batch": "CNN of W4, batch n", "depth": "n layers of 128, batch 128", "width": "4 layers of n, batch 128",
        "length": "LSTM 32-128, n steps, batch 32"}
LIMITS = {"batch": 1.05, "depth": 1.05, "width": 2.05, "length": 1.05}


def network(axis: str, n: int) -> tuple[Any, tuple[int, ...]]:
    """The model, and the shape of a batch."""
    from tinyfm.nn import LSTM, Conv2D, Dense, Flatten, MaxPooling2D, Sequential
    out = Dense(10, activation="softmax")
    if axis == "batch":
        return Sequential([Conv2D(32, 3, activation="relu"), MaxPooling2D(), Flatten(), Dense(128, activation="relu"),
                           out]), (n, 28, 28, 1)
    if axis == "depth": return Sequential([*(Dense(128, activation="relu") for _ in range(n)), out]), (128, 128)
    if axis == "width": return Sequential([*(Dense(n, activation="relu") for _ in range(4)), out]), (128, n)
    return Sequential([LSTM(128), out]), (32, n, 32)


def point(axis: str, n: int) -> dict[str, float]:
    """Seconds and megabytes of one size, here."""
    from tinyfm.optim import Adam
    from tinyfm.train.loop import train_batch
    rng, before = np.random.default_rng(0), peak_memory()
    model, shape = network(axis, n)
    model.compile(Adam(1e-4), loss="sparse_categorical_crossentropy")
    x, y = rng.random(shape, np.float32), rng.integers(0, 10, shape[0])
    model(x)
    model.optimizer.build(model.parameters())
    times, until = [], time.perf_counter() + 0.4
    while len(times) < 5 or time.perf_counter() < until:
        began = time.perf_counter()
        train_batch(model, (x,), y)
        times.append(time.perf_counter() - began)
    return {"seconds": median(times), "megabytes": (peak_memory() or 0) - (before or 0)}


def elsewhere(axis: str, n: int) -> dict[str, float]:
    """The same in a fresh process."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    run = subprocess.run([sys.executable, __file__, "--point", axis, str(n)], capture_output=True, text=True,
                         check=True, env=environment)
    return dict(json.loads(run.stdout))


def measure(axis: str, rounds: int) -> dict[str, list[float]]:
    found = [[elsewhere(axis, n) for n in SIZES[axis]] for _ in range(rounds)]
    return {key: [median(turn[i][key] for turn in found) for i in range(len(SIZES[axis]))]
            for key in ("seconds", "megabytes")}


def exponent(sizes: Any, values: Any) -> float: return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def picture(results: dict[str, Any], path: Path) -> None:
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    figure, all_axes = pyplot.subplots(2, 4, figsize=(13, 6), layout="constrained", sharex="col")
    for column, (axis, found) in zip(all_axes.T, results.items()):
        for axes, key, unit, factor in zip(column, ("seconds", "megabytes"), ("ms a step", "MB"), (1e3, 1)):
            n, y = np.array(SIZES[axis]), np.array(found[key]) * factor
            slope, start = np.polyfit(np.log(n), np.log(y), 1)
            axes.loglog(n, y, "o", label="measured")
            axes.loglog(n, np.exp(start) * n ** slope, "--", label=f"n^{slope:.2f}")
            axes.set(ylabel=unit)
            axes.grid(which="both", linewidth=0.3)
            axes.set_xticks(n, map(str, n))
            axes.minorticks_off()
            marks = [m for m in (0.5, 1, 2, 5, 10, 20, 50, 100, 200) if y.min() <= m <= y.max()]
            axes.set_yticks(marks, [f"{m:g}" for m in marks])
            axes.legend()
        column[0].set_title(WHAT[axis], fontsize=10)
        column[1].set_xlabel(f"n: {axis}")
    figure.suptitle("How a training step grows: time above, memory below")
    figure.savefig(path, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--point", nargs=2, metavar=("AXIS", "N"), help=f"one size of {', '.join(SIZES)}; as JSON")
    parser.add_argument("--rounds", type=options.count, default=3)
    parser.add_argument("--picture", type=options.picture_file, metavar="FILE")
    parser.add_argument("--json", type=options.json_file, metavar="FILE")
    settings = parser.parse_args()
    if settings.point:
        axis, n = settings.point
        if axis not in SIZES or not n.isdecimal(): parser.error(f"--point takes one of {', '.join(SIZES)} and a number")
        return print(json.dumps(point(axis, int(n))))
    results = {axis: measure(axis, settings.rounds) for axis in SIZES}
    print(f"{'':36}{'time, ms':>24}{'exponent':>10}{'memory, MB':>20}{'exponent':>10}")
    for axis, found in results.items():
        slopes = [exponent(SIZES[axis], found[key]) for key in ("seconds", "megabytes")]
        ms, mb = ([f"{v * k:.4g}" for v in (found[key][0], found[key][-1])]
                  for key, k in (("seconds", 1e3), ("megabytes", 1)))
        name = f"{WHAT[axis]}, {SIZES[axis][0]} to {SIZES[axis][-1]}"
        verdict = "holds" if max(slopes) <= LIMITS[axis] else "MISSED"
        print(f"{name:36}{' to '.join(ms):>24}{slopes[0]:10.2f}{' to '.join(mb):>20}{slopes[1]:10.2f}  {verdict}, "
              f"at most {LIMITS[axis]}")
    if settings.json:
        with replacing(settings.json) as file: file.write(json.dumps(results).encode())
    if settings.picture: picture(results, settings.picture)


if __name__ == "__main__":
    main()
