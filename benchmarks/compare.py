"""tinyfm beside what you would take instead: one table, times, memory, and the ratio to the fastest.

    python -m pip install -r benchmarks/peers.txt      the others; who is not installed is left out of the table
    python benchmarks/compare.py                       --quick in less than 2 minutes
    python benchmarks/compare.py --only W4 --engines tinyfm,torch
    python benchmarks/compare.py --json results.json --picture results.png
    python benchmarks/compare.py --python keras=other/bin/python      an engine that lives in another environment

Every engine runs in a process of its own, as its users would write it (`workloads/`), with the same threads, the same
starting weights and the same data.  All do the same number of steps in turn, round after round, because a machine that
others use drifts: only ratios within a round count.  Times are medians over the rounds, and so are ratios, with their
lowest and highest.  Afterwards all must have the same loss, so all did the same work.  Memory is the process's peak.
OpenBLAS, which multiplies matrices for NumPy, picks its kernels by the CPU; on one with AVX-512 a second column shows
tinyfm with those that it did not pick (OPENBLAS_CORETYPE, Haswell for AVX2 or SkylakeX for AVX-512).
    python benchmarks/compare.py --show a.json b.json      the table of timings that were written before

The same row in several files is one row of all their rounds: a machine has moods that outlast a run.
"""
from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from workloads import ENGINES, FILES, workload

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from tinyfm.atomic import replacing  # noqa: E402
from tinyfm.cli import options  # noqa: E402
from tinyfm.cli.blas import blas, has_avx512  # noqa: E402

OTHER = "Haswell" if blas().kernels == "SkylakeX" else "SkylakeX"
TITLES = {"tinyfm": "tinyfm", "other": "tinyfm, other BLAS", "torch": "PyTorch", "jax": "JAX jit", "keras": "Keras/TF",
          "autograd": "autograd", "micrograd": "micrograd"}
OURS = ("tinyfm", "other")
CLOSE = 0.01                                     # relative: how far losses may be apart
Row = dict[str, Any]


class Worker:
    """One engine at work in its own process."""

    def __init__(self, engine: str, key: str, arrays: str, settings: argparse.Namespace) -> None:
        environment = os.environ | {"PYTHONPATH": str(HERE.parent), "TF_CPP_MIN_LOG_LEVEL": "3"}
        environment.pop("OPENBLAS_CORETYPE", None)
        if engine == "other": environment["OPENBLAS_CORETYPE"] = OTHER
        command = [settings.python.get(engine, sys.executable), HERE / "worker.py", engine, key, arrays]
        self.engine, self.process = engine, subprocess.Popen(
            [*map(str, command), str(settings.threads)], env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL if settings.quiet else None)

    def hear(self) -> dict[str, Any]:
        """The next thing it says."""
        line = self.process.stdout.readline()  # type: ignore[union-attr]
        if not line: return {"missing": f"stopped with code {self.process.wait()}"}
        return dict(json.loads(line))

    def ask(self, steps: int) -> dict[str, Any]:
        """Let it make so many steps."""
        print(steps, file=self.process.stdin, flush=True)
        return self.hear()

    def close(self) -> None:
        self.process.stdin.close()  # type: ignore[union-attr]
        self.process.wait()
        self.process.stdout.close()  # type: ignore[union-attr]


def measure(key: str, case: str, settings: argparse.Namespace) -> Row:
    """One row: for each engine its times a step in seconds, losses, memory, version; or why it is missing."""
    work = workload(key)
    print(f"{key} {case} ...", file=sys.stderr)
    row: Row = {"key": key, "case": case, "engines": {e: {"times": []} for e in settings.engines}}
    with tempfile.TemporaryDirectory() as folder:
        arrays = str(Path(folder) / "arrays.npz")
        np.savez(arrays, **work.inputs(np.random.default_rng(0), **work.CASES[case]))
        session = fresh if hasattr(work, "FRESH") else together
        for _ in range(settings.sessions): session(key, arrays, work.STEPS, row["engines"], settings)
    return row


def together(key: str, arrays: str, steps: int, results: dict[str, Any], settings: argparse.Namespace) -> None:
    """All engines side by side, each waiting for its turn; a session of several rounds."""
    workers = []
    for worker in [Worker(engine, key, arrays, settings) for engine in settings.engines]:
        results[worker.engine].update(worker.hear())
        if "missing" in results[worker.engine]: worker.close()
        else: workers.append(worker)
    for turn in range(-1, settings.rounds if workers else -1):   # the first is for compilers and caches
        for worker in workers[turn % len(workers):] + workers[:turn % len(workers)]:
            time.sleep(0.15)                                     # OpenBLAS' threads stay awake for a tenth of a second
            worker.ask(1 + steps // 20)
            said = worker.ask(steps)
            results[worker.engine].update(said)
            if turn >= 0: results[worker.engine]["times"].append(said["seconds"] / steps)
    for worker in workers: worker.close()


def fresh(key: str, arrays: str, steps: int, results: dict[str, Any], settings: argparse.Namespace) -> None:
    """A new process for every timing."""
    for turn in range(-1, settings.rounds):
        for engine in settings.engines:
            if "missing" in results[engine]: continue
            worker = Worker(engine, key, arrays, settings)
            said = worker.hear()
            results[engine].update(said if "missing" in said else said | worker.hear())
            if turn >= 0 and "missing" not in said: results[engine]["times"].append(said["seconds"])
            worker.close()


# ------------------------------------------------------------ what is made of it

def ran(row: Row, among: Sequence[str] = tuple(ENGINES)) -> list[str]:
    return [e for e in among if e in row["engines"] and row["engines"][e]["times"]]


def ratios(row: Row, engine: str, ours: str = "tinyfm") -> list[float]:
    """Our time over the engine's, round by round."""
    mine, theirs = (row["engines"][e]["times"] for e in (ours, engine))
    return [a / b for a, b in zip(mine, theirs)]


def fastest(row: Row) -> str | None:
    """The peer with the smallest median."""
    return min((e for e in ran(row) if e not in OURS), key=lambda e: median(row["engines"][e]["times"]), default=None)


def apart(row: Row) -> float:
    """How far the losses are apart, relative to ours."""
    losses = [row["engines"][e]["loss"] for e in ran(row)]
    return max((abs(a - losses[0]) / abs(losses[0]) for a in losses), default=0.0)


def number(value: float) -> str: return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def cell(row: Row, engine: str) -> str:
    """'4.21 +-3% 210M': the median time, half the range of the middle 80 %, the peak memory."""
    result = row["engines"].get(engine, {"missing": "-"})
    if not result.get("times"): return str(result.get("missing", "-"))
    times = np.array(result["times"]) * workload(row["key"]).UNIT[1]
    low, high = np.quantile(times, (0.1, 0.9))
    memory = f" {result['memory']:.0f}M" if result.get("memory") else ""
    return f"{number(float(np.median(times)))} ±{50 * (high - low) / np.median(times):.0f}%{memory}"


def ratio_cell(row: Row, ours: str = "tinyfm") -> str:
    """'0.62 (0.55-0.70) of PyTorch'."""
    peer = fastest(row)
    if peer is None or ours not in ran(row): return "-"
    found = ratios(row, peer, ours)
    return f"{median(found):.2f} ({min(found):.2f}-{max(found):.2f})"


def table(rows: Sequence[Row], engines: Sequence[str]) -> list[str]:
    """As Markdown, which can also be read as it stands."""
    shown = [e for e in engines if any(ran(row, [e]) for row in rows)]
    head = ["workload", *(TITLES[e] for e in shown), "ratio to the fastest", "other BLAS", "losses"]
    body = []
    for row in rows:
        work, peer = workload(row["key"]), fastest(row)
        name = f"{row['key']} {work.NAME}{', ' if row['case'] else ''}{row['case']}, {work.UNIT[0]}"
        cells = [("**{}**" if e == peer else "{}").format(cell(row, e)) for e in shown]
        losses = "equal" if apart(row) <= CLOSE else f"DIFFER by {100 * apart(row):.1f}%"
        body.append([name, *cells, ratio_cell(row), ratio_cell(row, "other"), losses])
    widths = [max(map(len, column)) for column in zip(head, *body)]
    lines = [" | ".join(c.ljust(w) for c, w in zip(line, widths)) for line in (head, ["-" * w for w in widths], *body)]
    return [f"| {line} |" for line in lines]


def targets(rows: Sequence[Row]) -> Iterator[str]:
    """What we set ourselves, and whether it holds."""
    for row in rows:
        work = workload(row["key"])
        wanted = [(e, bound, "time") for e, bound in work.TARGETS.items()]
        wanted += [(e, bound, "memory") for e, bound in getattr(work, "MEMORY_TARGETS", {}).items()]
        for engine, bound, what in wanted:
            peer = fastest(row) if engine == "fastest" else engine
            if peer not in ran(row) or "tinyfm" not in ran(row): continue
            mine, theirs = row["engines"]["tinyfm"], row["engines"][peer]
            value = median(ratios(row, peer)) if what == "time" else mine["memory"] / theirs["memory"]
            yield (f"{'holds ' if value <= bound else 'MISSED'} {row['key']} {row['case']:9} {what:6} "
                   f"{value:5.2f} of {TITLES[peer]}, at most {bound:.2f} wanted")


def machine(rows: Sequence[Row], settings: argparse.Namespace) -> str:
    """The date, the processor and the versions, in one line."""
    found = {e: row["engines"][e] for row in rows for e in ran(row)}
    versions = [f"{'NumPy' if e == 'tinyfm' else TITLES[e]} {r['version']}" for e, r in found.items() if e != "other"]
    picked = [f"{TITLES[e]}: OpenBLAS kernels for {found[e]['kernels']}" for e in OURS if e in found]
    return "; ".join([time.strftime("%Y-%m-%d"), processor(), f"{settings.threads} threads",
                      f"Python {platform.python_version()}", ", ".join(versions), *picked])


def processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"): return line.split(":")[1].strip()
    return platform.processor() or platform.machine()


def picture(rows: Sequence[Row], engines: Sequence[str], path: Path, about: str) -> None:
    """Each engine's time as a multiple of tinyfm's, on a logarithmic axis, with the range over the rounds."""
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    shown = [e for e in engines if e != "tinyfm" and any(ran(row, [e]) for row in rows)]
    rows = [row for row in rows if "tinyfm" in ran(row)]
    figure, axes = pyplot.subplots(figsize=(9, 0.42 * len(rows) + 1.8), layout="constrained")
    for marker, engine in zip("D^osvPX", shown):
        points = [(i, [1 / r for r in ratios(row, engine)]) for i, row in enumerate(rows) if engine in ran(row)]
        y = [i + 0.09 * (shown.index(engine) - (len(shown) - 1) / 2) for i, _ in points]
        x = [median(r) for _, r in points]
        bars = [[m - min(r) for m, (_, r) in zip(x, points)], [max(r) - m for m, (_, r) in zip(x, points)]]
        axes.errorbar(x, y, xerr=bars, fmt=marker, markersize=5, capsize=2, linewidth=1, label=TITLES[engine])
    axes.axvline(1, color="black", linewidth=1)
    names = [f"{row['key']} {workload(row['key']).NAME.removesuffix(', Adam')} {row['case']}" for row in rows]
    axes.set(xscale="log", xlabel="time as a multiple of tinyfm's (right of the line: tinyfm is faster)")
    figure.suptitle(f"Medians and ranges beside tinyfm's; {about}", fontsize=11)
    marks = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20]
    axes.set_xticks(marks, [f"{m:g}" for m in marks])
    axes.xaxis.set_minor_formatter("")
    axes.set_yticks(range(len(rows)), names)
    axes.invert_yaxis()
    axes.grid(axis="x", which="both", linewidth=0.3)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
    figure.savefig(path, dpi=150)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, in less than 2 minutes")
    parser.add_argument("--only", type=among(FILES), default=[*FILES], help="W3,W4: these workloads")
    parser.add_argument("--engines", type=among(ENGINES), default=[*ENGINES], help="tinyfm,torch: these engines")
    parser.add_argument("--rounds", type=options.count, default=7)
    parser.add_argument("--sessions", type=options.count, default=1, help="how often all processes start anew")
    parser.add_argument("--threads", type=options.count, default=2)
    parser.add_argument("--python", type=interpreter, action="append", default=[], metavar="ENGINE=PATH",
                        help="its own interpreter")
    parser.add_argument("--json", type=options.json_file, metavar="FILE", help="write every timing")
    parser.add_argument("--show", type=stored, nargs="+", metavar="FILE",
                        help="measure nothing, print what --json wrote")
    parser.add_argument("--picture", type=options.picture_file, metavar="FILE", help="draw the ratios")
    parser.add_argument("--loud", dest="quiet", action="store_false", help="let the engines write their warnings")
    settings = parser.parse_args()
    if settings.quick: settings.rounds, settings.sessions = 3, 1
    if not (has_avx512() or settings.show) and "other" in settings.engines: settings.engines.remove("other")
    settings.python = dict(settings.python)
    return settings


def among(known: Iterable[str]) -> Callable[[str], list[str]]:
    """Names with commas between them, all of them known."""
    def names(text: str) -> list[str]:
        for name in (given := text.split(",")):
            if name not in known: raise ArgumentTypeError(f"there is no {name!r}; choose among {','.join(known)}")
        return given
    return names


def interpreter(text: str) -> tuple[str, str]:
    """ENGINE=PATH of a Python."""
    engine, _, path = text.partition("=")
    if engine not in ENGINES or not Path(path).is_file():
        raise ArgumentTypeError(f"expected ENGINE=PATH, one of {','.join(ENGINES)} and a Python; received {text!r}")
    return engine, path


def stored(text: str) -> dict[str, Any]:
    """What --json wrote into this file; it is shown once for a trial."""
    try:
        found = dict(json.loads(Path(text).read_text("utf-8")))
        runs([found["machine"]])
        rows = pooled(found["rows"])
        _ = [*table(rows, [*ENGINES]), *targets(rows)]
        return found
    except OSError as error: raise ArgumentTypeError(f"cannot read {text!r}: {error.strerror}") from None
    except (ValueError, LookupError, TypeError, AttributeError):
        raise ArgumentTypeError(f"{text!r} is damaged, or no file that --json wrote") from None


def pooled(rows: Sequence[Row]) -> list[Row]:
    """The rounds of the same row in several runs as one row; of the engines, those that ran in all of them."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows: found.setdefault((row["key"], row["case"]), []).append(row)
    return [same[0] | {"engines": {e: joined([row["engines"][e] for row in same])
                                   for e in ENGINES if all(ran(row, [e]) for row in same)}} for same in found.values()]


def joined(results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One engine's results: all its times, the most memory, else the last."""
    return results[-1] | {"times": [t for r in results for t in r["times"]],
                          "memory": max((r["memory"] for r in results if r.get("memory")), default=None)}


def runs(machines: Sequence[str]) -> str:
    """What to say of where several runs were made: all dates, or that they were not all made on one machine."""
    dates, rest = zip(*(m.split("; ", 1) for m in machines), strict=True)
    if len({*rest}) > 1: raise SystemExit("These runs were made with different machines or versions; show one by one.")
    counted = f"{len(dates)} runs of " if len(dates) > 1 else ""
    return f"{counted}{', '.join(sorted({*dates}))}; {rest[0]}"


def main() -> None:
    settings = arguments()
    if settings.show:
        rows = pooled([row for one in settings.show for row in one["rows"]])
        about = runs([one["machine"] for one in settings.show])
    else:
        rows = [measure(key, case, settings) for key in settings.only for case in workload(key).CASES]
        about = machine(rows, settings)
    print(about, "", *table(rows, settings.engines), "", *targets(rows), sep="\n")
    if settings.json:
        with replacing(settings.json) as file: file.write(json.dumps({"machine": about, "rows": rows}).encode())
    if settings.picture: picture(rows, settings.engines, settings.picture, ", ".join(about.split("; ")[:3]))


if __name__ == "__main__":
    main()
