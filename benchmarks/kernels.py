"""Each kernel alone against the roofline: the larger of flops / GEMM peak and bytes / copy bandwidth.

    python benchmarks/kernels.py                one thread
    python benchmarks/kernels.py --threads 2
    python benchmarks/kernels.py --json

flops and bytes are what the formula cannot do without: every multiplication, every array argument read once and every
result written once.  Peak and bandwidth are measured between the repetitions of each kernel, because a shared machine
drifts; times are lower quartiles, of processor time for one thread and of wall time for more.  "bare" is the kernel's
heart alone, on data laid out for it beforehand (the matrix product, the copies, the passes): what is lost above it is
the kernel's, what is lost below it is NumPy's or BLAS's.
Roofline: Williams, Waterman & Patterson 2009.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

arguments = argparse.ArgumentParser(description="kernels against the roofline")
arguments.add_argument("--threads", type=int, default=1)
arguments.add_argument("--rounds", type=int, default=25)
arguments.add_argument("--json", action="store_true")
options = arguments.parse_args()
if min(options.threads, options.rounds) < 1: arguments.error("--threads and --rounds are whole numbers of at least 1")
os.environ["OPENBLAS_NUM_THREADS"] = str(options.threads)          # read once, when NumPy is first imported

import numpy as np  # noqa: E402

sys.path.insert(0, str(Path(__file__).parent.parent))
from tinyfm.kernels import conv, fused, pool, rows, updates  # noqa: E402

Run = Callable[[], Any]


class Row(NamedTuple):
    """A kernel at one shape, what it cannot do without, and its heart alone."""

    kernel: str
    shape: str
    flops: float
    bytes: float
    run: Run
    heart: str
    bare: Run


class Result(NamedTuple):
    kernel: str
    shape: str
    ms: float
    bound: str
    roofline_ms: float
    percent: float
    heart: str
    bare_percent: float


def size(*arrays: Any) -> float:
    return float(sum(a.nbytes for a in arrays))


def convolutions(batch: int, rng: np.random.Generator) -> Iterator[Row]:
    """Conv2D(32, 3 x 3) on 28 x 28 x 1, alone and with bias, relu and 2 x 2 max pooling."""
    how: dict[str, Any] = {"strides": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1)}
    block = how | {"pool_size": (2, 2)}
    x, w, b = (rng.standard_normal(s, np.float32) for s in ((batch, 28, 28, 1), (3, 3, 1, 32), (32,)))
    y, (z, kept) = conv.conv(x, w, **how), fused.conv_relu_pool_kept(x, w, b, **block)
    g, gz = (rng.standard_normal(a.shape, np.float32) for a in (y, z))
    patches, kernel = rng.standard_normal((9, y.size // 32), np.float32), w.reshape(9, 32)
    out = np.empty((y.size // 32, 32), np.float32)
    flops, shape, product = 2 * 9 * y.size, f"{batch} x 28 x 28 x 1 -> 32", "the matrix product"
    gradient = np.zeros((9, 32), np.float32)
    forward = lambda: conv.matmul(patches.T, kernel, out=out)
    weights = lambda: conv.add_matmul(patches.T, out, out=gradient)
    yield Row("conv", shape, flops, size(x, w, y), lambda: conv.conv(x, w, **how), product, forward)
    yield Row("conv_w", shape, flops, size(x, w, y), lambda: conv.conv_w(x, g, size=(3, 3), **how), product, weights)
    yield Row("conv_x", shape, flops, size(x, w, y), lambda: conv.conv_x(g, w, size=(28, 28), **how), product,
              lambda: conv.matmul(out, kernel.T, out=patches.T))
    yield Row("conv_relu_pool", shape, flops, size(x, w, b, z), lambda: fused.conv_relu_pool(x, w, b, **block),
              product, forward)
    yield Row("conv_relu_pool_gradients", shape, flops, size(x, w, gz, kept.won, w, b),
              lambda: fused.conv_relu_pool_gradients(gz, x, w, kept, **block, wants=(False, True, True)),
              product, weights)


def pools(batch: int, rng: np.random.Generator) -> Iterator[Row]:
    """MaxPool 2 x 2 of 26 x 26 x 32."""
    how: dict[str, Any] = {"pool_size": (2, 2), "strides": (2, 2), "padding": ((0, 0), (0, 0)), "dilation": (1, 1)}
    x = rng.standard_normal((batch, 26, 26, 32), np.float32)
    y = pool.max_pool(x, **how)
    g, dx, quarter = rng.standard_normal(y.shape, np.float32), np.empty_like(x), np.empty_like(y)
    corners = [x[:, i::2, j::2] for i in range(2) for j in range(2)]
    targets = [dx[:, i::2, j::2] for i in range(2) for j in range(2)]
    shape = f"{batch} x 26 x 26 x 32"
    yield Row("max_pool", shape, 0, size(x, y), lambda: pool.max_pool(x, **how), "reading the four corners",
              lambda: [np.copyto(quarter, c) for c in corners])
    yield Row("max_pool_x", shape, 0, size(x, y, g, dx), lambda: pool.max_pool_x(g, x, y, **how),
              "reading and writing the corners",
              lambda: [np.copyto(quarter, c) for c in corners] + [np.copyto(t, g) for t in targets])


def products(batch: int, rng: np.random.Generator) -> Iterator[Row]:
    """Dense 5408 -> 128: plain matrix products, which is what the layer does."""
    x, w, g = (rng.standard_normal(s, np.float32) for s in ((batch, 5408), (5408, 128), (batch, 128)))
    flops, shape, itself = 2 * batch * w.size, f"{batch} x 5408 -> 128", "itself"
    y, dw, dx = np.empty_like(g), np.empty_like(w), np.empty_like(x)
    for name, a, b, out in (("x W", x, w, y), ("x^T g", x.T, g, dw), ("g W^T", g, w.T, dx)):
        run = lambda a=a, b=b, out=out: np.matmul(a, b, out=out)
        yield Row(f"dense, {name}", shape, flops, size(x, w, y), run, itself, run)


def rest(rng: np.random.Generator) -> Iterator[Row]:
    logits, labels = rng.standard_normal((128, 10), np.float32), rng.integers(0, 10, 128)
    exponentials = np.empty_like(logits)
    yield Row("softmax_cross_entropy", "128 x 10", 0, 2 * size(logits) + size(labels),
              lambda: rows.softmax_cross_entropy(logits, labels), "exp",
              lambda: np.exp(logits, out=exponentials))
    x, g, scale = (rng.standard_normal(s, np.float32) for s in ((768, 128), (768, 128), (128,)))
    z, kept = np.empty_like(x), rows.layer_norm(x, scale, scale, epsilon=1e-5)[1]
    yield Row("layer_norm", "768 x 128", 0, 2 * size(x), lambda: rows.layer_norm(x, scale, scale, epsilon=1e-5),
              "two of its passes", lambda: (np.multiply(x, scale, out=z), np.add(z, scale, out=z)))
    yield Row("layer_norm_gradients", "768 x 128", 0, 3 * size(x),
              lambda: rows.layer_norm_gradients(g, *kept, scale),
              "two of its passes", lambda: (np.multiply(x, scale, out=z), np.add(z, g, out=z)))
    p, dp, m, v, d = (rng.random(693_962, np.float32) for _ in range(5))
    yield Row("sgd", "693,962", 0, 3 * size(p), lambda: updates.sgd(p, dp, learning_rate=1e-3), "its 2 passes",
              lambda: (np.multiply(dp, 1e-3, out=d), np.subtract(p, d, out=p)))
    yield Row("adam", "693,962", 0, 7 * size(p), lambda: updates.adam(p, dp, m, v, step=9, learning_rate=1e-3),
              "10 additions, / and sqrt", lambda: passes(p, dp, d))


def passes(p: Any, g: Any, d: Any) -> None:
    """As many passes as Adam makes, over three arrays only, which the cache holds."""
    tile = slice(0, updates.TILE)
    for _ in range(-(-p.size // updates.TILE)):
        for _ in range(10): np.add(p[tile], g[tile], out=d[tile])
        np.sqrt(g[tile], out=d[tile])
        np.divide(p[tile], g[tile], out=d[tile])


def lower_quartiles(runs: list[Run], rounds: int) -> list[float]:
    """Seconds per call of each, interleaved; each call comes right after an untimed one of its own."""
    now = time.thread_time if options.threads == 1 else time.perf_counter
    times: list[list[float]] = [[] for _ in runs]
    for _ in range(rounds):
        for run, taken in zip(runs, times, strict=True):
            run()
            start = now()
            run()
            taken.append(now() - start)
    return [float(np.quantile(taken, 0.25)) for taken in times]


def measure(row: Row, rounds: int, square: Any, block: Any) -> tuple[Result, float, float]:
    """The row's result, with the peak (flops per second) and the bandwidth (bytes per second) of the same minute."""
    product, copy = np.empty_like(square), np.empty_like(block)
    gemm, moved, taken, bare = lower_quartiles(
        [lambda: np.matmul(square, square, out=product), lambda: np.copyto(copy, block), row.run, row.bare], rounds)
    peak, bandwidth = 2 * len(square) ** 3 / gemm, 2 * block.nbytes / moved
    compute, memory = row.flops / peak, row.bytes / bandwidth
    roofline = max(compute, memory)
    bound = "compute" if compute > memory else "memory"
    return Result(row.kernel, row.shape, taken * 1e3, bound, roofline * 1e3, 100 * roofline / taken, row.heart,
                  100 * bare / taken), peak, bandwidth


def main() -> None:
    rng = np.random.default_rng(0)
    np.empty((32 << 20) - (64 << 10), np.uint8)             # freed at once: from now on glibc keeps what is freed
    square, block = rng.standard_normal((768, 768), np.float32), rng.standard_normal(1 << 24, np.float32)
    table = [row for batch in (32, 128) for make in (convolutions, pools, products) for row in make(batch, rng)]
    table += rest(rng)
    results, peaks, bandwidths = zip(*(measure(row, options.rounds, square, block) for row in table), strict=True)
    if options.json: return json.dump([r._asdict() for r in results], sys.stdout, indent=1)
    print(f"{options.threads} thread(s): GEMM peak {np.median(peaks) / 1e9:.0f} GFLOP/s, "
          f"copy {np.median(bandwidths) / 1e9:.0f} GB/s (medians over all rows; each row is held against its own)\n")
    print(f"{'kernel':26}{'shape':26}{'ms':>8}{'roofline ms':>13}{'bound':>9}{'reached':>9}   bare, part of the time")
    for r in results:
        print(f"{r.kernel:26}{r.shape:26}{r.ms:8.3f}{r.roofline_ms:13.3f}{r.bound:>9}{r.percent:8.0f}%"
              f"   {r.bare_percent:3.0f}% {r.heart}{held(r)}")


def held(r: Result) -> str:
    """What keeps a kernel below half of its roofline: its heart, which is NumPy's or BLAS's, or what is around it."""
    if r.percent >= 50: return ""
    alone = 100 * r.percent / r.bare_percent
    if alone < 50: return f"; held by it: alone it reaches {alone:.0f}%"
    return f"; held by the passes around it, {100 - r.bare_percent:.0f}% of the time"


if __name__ == "__main__":
    main()
