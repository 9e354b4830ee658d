"""What the step-through page of 500 nodes costs: `python benchmarks/tracing.py`.

The size of the file, the time to write it, one step in chromium (where it and selenium are installed) with every box
open, and what a training step pays for the trace while nobody traces.
"""
from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
import tinyfm as fm
from tests.tracing import scenes
from tinyfm.engine import Op
from tinyfm.ops.fused import dense


def fastest(f, times: int) -> float:
    """Seconds of the fastest of so many calls."""
    found = []
    for _ in range(times):
        begin = time.perf_counter()
        f()
        found.append(time.perf_counter() - begin)
    return min(found)


def in_browser(path: Path) -> tuple[float, float]:
    """(median, slowest) milliseconds of a step, every step of the run, from the call to the laid-out page."""
    from selenium import webdriver
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    profile = tempfile.mkdtemp()
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                 "--window-size=1280,800", f"--user-data-dir={profile}"): options.add_argument(word)
    driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        driver.get(path.as_uri())
        times = driver.execute_script("""
            document.querySelector("#open").click();
            const times = [];
            for (let t = 0; t <= T.events.length; t++) {
                const begin = performance.now();
                go(t);
                document.body.getBoundingClientRect();
                times.push(performance.now() - begin);
            }
            return times;""")
    finally:
        driver.quit()
        shutil.rmtree(profile, ignore_errors=True)
    return float(np.median(times)), float(np.max(times))


def main() -> None:
    t = scenes.large()
    path = Path(tempfile.mkdtemp()) / "large.html"
    seconds = fastest(lambda: t.save(path), 5)
    print(f"nodes {len(t.nodes)}, steps {len(t)}: {path.stat().st_size / 1000:.0f} kB, written in {seconds:.2f} s")
    if shutil.which("chromium"):
        median, slowest = in_browser(path)
        print(f"a step in chromium, all boxes open: median {median:.1f} ms, slowest {slowest:.1f} ms")
    x, b = np.ones((32, 64)), fm.tensor(np.ones(32), requires_grad=True)
    w = fm.tensor(np.ones((64, 32)), requires_grad=True)
    ours = fastest(lambda: [dense(x, w, b, activation="relu") for _ in range(200)], 50) / 200
    bare = fastest(lambda: [Op.__call__(dense, x, w, b, activation="relu") for _ in range(200)], 50) / 200
    print(f"a fused op while nobody traces: {ours * 1e6:.2f} us; not asking whether somebody does: {bare * 1e6:.2f} us")
    shutil.rmtree(path.parent)


if __name__ == "__main__": main()
