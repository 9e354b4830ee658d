"""The comparison with other engines: its arithmetic, and every workload of ours for one step."""
import math
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = str(Path(__file__).parent.parent / "benchmarks")
sys.path.insert(0, BENCHMARKS)
import compare  # noqa: E402
import workloads  # noqa: E402

sys.path.remove(BENCHMARKS)                      # other libraries look for packages called as files there are

CASES = [(key, case) for key in workloads.FILES if key != "W7" for case in workloads.workload(key).CASES]


def row(**engines):
    """A row of W3: engine -> (times in seconds, loss, megabytes)."""
    return {"key": "W3", "case": "batch 32", "engines": {
        e: {"times": times, "loss": loss, "memory": memory} for e, (times, loss, memory) in engines.items()}}


@pytest.mark.parametrize("key, case", CASES)
def test_every_workload_makes_a_step(key, case):
    work = workloads.workload(key)
    arrays = work.inputs(np.random.default_rng(0), **work.CASES[case])
    assert math.isfinite(float(work.with_tinyfm(arrays)()))


def test_the_ratio_is_to_the_fastest_peer_round_by_round():
    found = row(tinyfm=([2.0, 4.0, 3.0], 1.0, 40), torch=([1.0, 4.0, 1.0], 1.0, 300), jax=([5.0, 5.0, 5.0], 1.0, 200))
    assert compare.fastest(found) == "torch"
    assert compare.ratios(found, "torch") == [2.0, 1.0, 3.0]
    assert compare.ratio_cell(found) == "2.00 (1.00-3.00)"
    assert [line.split()[0] for line in compare.targets([found])] == ["MISSED"]


def test_losses_that_differ_are_shown():
    same = row(tinyfm=([1.0], 2.0, 40), torch=([1.0], 2.001, 300))
    other = row(tinyfm=([1.0], 2.0, 40), torch=([1.0], 2.2, 300))
    lines = compare.table([same, other], ["tinyfm", "torch"])
    assert "equal" in lines[2] and "DIFFER by 10.0%" in lines[3]


def test_an_engine_that_is_missing_says_so():
    found = row(tinyfm=([1.0], 2.0, 40))
    found["engines"]["jax"] = {"times": [], "missing": "not installed (jax)"}
    assert compare.fastest(found) is None and compare.cell(found, "jax") == "not installed (jax)"


def test_the_same_row_of_several_runs_is_one_of_all_rounds():
    first = row(tinyfm=([1.0, 2.0], 1.0, 40), torch=([1.0, 1.0], 1.0, 300), jax=([1.0, 1.0], 1.0, 200))
    other = row(tinyfm=([8.0], 1.0, 40)) | {"case": "batch 128"}
    again = row(tinyfm=([3.0], 1.0, 50), torch=([1.0], 1.0, 9))
    found, alone = compare.pooled([first, other, again])
    assert compare.ran(found) == ["tinyfm", "torch"]                              # jax did not run again
    assert compare.ratios(found, "torch") == [1.0, 2.0, 3.0] and compare.cell(found, "tinyfm").endswith("50M")
    assert compare.ratios(alone, "tinyfm") == [1.0] and alone["case"] == "batch 128"


def test_runs_are_shown_with_their_dates_if_one_machine_made_them():
    assert compare.runs(["2030-01-01; EPYC; 2 threads"]) == "2030-01-01; EPYC; 2 threads"
    assert compare.runs(["2030-01-02; A; B", "2030-01-01; A; B", "2030-01-02; A; B"]) == (
        "3 runs of 2030-01-01, 2030-01-02; A; B")
    with pytest.raises(SystemExit, match="different"): compare.runs(["2030-01-01; A; B", "2030-01-01; A; C"])


@pytest.mark.parametrize("words, said", [
    ("--only W99", "no 'W99'; choose among W1,"), ("--engines tinyfm,foo", "no 'foo'; choose among tinyfm,"),
    ("--rounds 0", "at least 1, received '0'"), ("--threads 0", "at least 1, received '0'"),
    ("--python keras", "expected ENGINE=PATH"), ("--python keras=nowhere/python", "received 'keras=nowhere/python'"),
    ("--json nowhere/x.json", "no folder 'nowhere'"), ("--picture x.txt", "should end in .png, .svg or .pdf"),
    ("--show none.json", "cannot read 'none.json': No such file"), ("--show cut.json", "'cut.json' is damaged, or no"),
    ("--show list.json", "'list.json' is damaged, or no"), ("--show odd.json", "'odd.json' is damaged, or no"),
    ("--show odd.png", "'odd.png' is damaged, or no")])
def test_a_mistake_is_told_in_a_line_before_anything_is_measured(words, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("cut.json").write_text('{"machine": "2030-01-01; A; B", "rows": [')
    Path("list.json").write_text("[1]")
    Path("odd.json").write_text('{"machine": "2030-01-01; A", "rows": [{"key": "W3", "case": "", "engines": 3}]}')
    Path("odd.png").write_bytes(b"\x89PNG\r\n")
    monkeypatch.setattr(sys, "argv", ["compare.py", *words.split()])
    with pytest.raises(SystemExit) as caught: compare.main()
    assert caught.value.code == 2
    *usage, last = capsys.readouterr().err.splitlines()
    assert usage[0].startswith("usage: compare.py") and said in last, last


def test_no_engine_at_all_is_a_table_without_columns(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["compare.py", "--only", "W3", "--engines", "micrograd", "--rounds", "1"])
    compare.main()
    assert "| W3 MLP" in capsys.readouterr().out
