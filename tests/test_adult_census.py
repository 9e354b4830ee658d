"""A mixed table goes from raw CSV to a classifier in a short script, and the test part stays out of the fitting."""
import os
import runpy
from pathlib import Path

import numpy as np
import pytest

from tinyfm import metrics

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "adult_census.py"
DATA = Path(os.environ.get("TINYFM_DATA", "."), "adult")
needs_data = pytest.mark.skipif(not DATA.exists(), reason="needs TINYFM_DATA with the folder adult")


def test_the_script_is_short():
    assert len(SCRIPT.read_text().splitlines()) <= 25


@pytest.mark.slow
@needs_data
def test_it_is_right_about_845_of_1000_strangers():
    run = runpy.run_path(str(SCRIPT))
    assert len(run["y_test"]) == 16_281
    assert metrics.accuracy(run["y_test"], run["model"].predict(run["x_test"])) >= 0.845


@pytest.mark.slow
@needs_data
def test_nothing_of_the_test_part_is_used_in_fitting(tmp_path, monkeypatch):
    (tmp_path / "adult").mkdir()
    train = (DATA / "adult-train.csv").read_text().splitlines()[:2_000]
    (tmp_path / "adult" / "adult-train.csv").write_text("\n".join(train))
    tests = {"real": (DATA / "adult-test.csv").read_text().splitlines()[:300],
             "absurd": ["999, Wizard, 1, Hogwarts, -7, Single, Magic, Owl, Elf, Other, 1e9, 1, 0, Nowhere, >50K."] * 7}
    monkeypatch.setenv("TINYFM_DATA", str(tmp_path))
    fitted = {}
    for name, rows in tests.items():
        (tmp_path / "adult" / "adult-test.csv").write_text("\n".join(rows))
        fitted[name] = runpy.run_path(str(SCRIPT))
    assert fitted["real"]["x"].tobytes() == fitted["absurd"]["x"].tobytes()
    real, absurd = (fitted[name]["model"].state_dict() for name in tests)
    assert all(np.array_equal(real[name], absurd[name]) for name in real)
