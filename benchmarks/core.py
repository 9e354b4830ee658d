"""How long one small op takes, forward and backward: `python benchmarks/core.py [--against FILE.py]`.

A chain of tanh(0.9 h + 0.1) on a number and on a vector of three.  FILE is another engine with the same names (leaf,
tanh, backward), timed in turn with ours; the ratio is the median over the rounds.
"""
import argparse
import importlib.util
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any

import numpy as np

import tinyfm as fm
from tinyfm.engine import backward, leaf


def chain(leaf: Callable[..., Any], tanh: Callable[..., Any], backward: Callable[..., Any], start: np.ndarray,
          steps: int = 1000) -> float:
    """Nanoseconds an op, of three ops in each step."""
    began, h = time.perf_counter(), leaf(start)
    for _ in range(steps): h = tanh(h * 0.9 + 0.1)
    backward(h, np.ones(start.shape))
    return (time.perf_counter() - began) / (3 * steps) * 1e9


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("other_engine", path)
    if spec is None or spec.loader is None: raise SystemExit(f"{path} is not a Python file.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", type=Path, help="another engine, as a file")
    parser.add_argument("--rounds", type=int, default=25)
    settings = parser.parse_args()
    other = load(settings.against) if settings.against else None
    for name, start in (("number", np.array(0.5)), ("vector of 3", np.array([0.1, 0.5, -0.3]))):
        ours, theirs = [], []
        for _ in range(settings.rounds):
            ours.append(chain(leaf, fm.tanh, backward, start))
            if other: theirs.append(chain(other.leaf, other.tanh, other.backward, start))
        line = f"{name:<12} tinyfm {median(ours):7.0f} ns an op (from {min(ours):.0f} to {max(ours):.0f})"
        if other: line += f"   other {median(theirs):7.0f} ns   ratio {median(a / b for a, b in zip(ours, theirs)):.3f}"
        print(line)


if __name__ == "__main__":
    main()
