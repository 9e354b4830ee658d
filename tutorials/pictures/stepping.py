"""Draws the README's picture of the step-through page; needs chromium, chromedriver and selenium.

    python tutorials/pictures/stepping.py [OUTPUT.png]

A neuron, just when the last contributions meet the first one at h.
"""
import shutil
import sys
import tempfile
from pathlib import Path

import tinyfm as fm
from tinyfm.optim import SGD


def trace():
    """A neuron whose result is used twice, a loss, one step of gradient descent."""
    x1, x2 = 2.0, -1.0
    w1, w2 = fm.tensor(0.5, requires_grad=True), fm.tensor(1.5, requires_grad=True)
    b = fm.tensor(0.9, requires_grad=True)
    optimizer = SGD(0.1, parameters=[w1, w2, b])
    with fm.trace() as t:
        a = w1 * x1 + w2 * x2 + b
        h = fm.tanh(a)
        y = h * h - 3 * h
        loss = (y - 1) ** 2
        loss.backward()
        optimizer.step()
    return t


def photograph(page, address, target):
    """The page at that address, 1280 x 800, in a browser that knows nothing else."""
    from selenium import webdriver
    profile = tempfile.mkdtemp()
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
                 "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
                 "--force-prefers-reduced-motion",
                 f"--user-data-dir={profile}"): options.add_argument(word)
    driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                               {"width": 1280, "height": 800, "deviceScaleFactor": 1, "mobile": False})
        driver.get(page.as_uri() + address)
        driver.execute_script("fit(); zoom(2.05); reveal(T.events[viewer.t - 1].n)")
        driver.save_screenshot(str(target))
    finally:
        driver.quit()
        shutil.rmtree(profile, ignore_errors=True)


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_suffix(".png"))
    t = trace()
    meets = max(k for k, e in enumerate(t.events, 1) if any(s.to == t["h"].id for s in e.sent))
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "lesson.html"
        t.save(page)
        photograph(page, f"#t={meets}", target)
    print(f"{target}: step {meets} of {len(t)}, {target.stat().st_size / 1000:.0f} kB")
