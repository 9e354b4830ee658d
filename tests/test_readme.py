"""What README.md and CONTRIBUTING.md show is what happens."""
import contextlib
import io
import os
import re
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import find

import tinyfm
import tinyfm.ops as fm
from tests import laws
from tests.ops.draw import case, shapes
from tests.ops.line import line
from tinyfm.engine import op
from tinyfm.operators import table

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
CHINESE = (ROOT / "README.zh-CN.md").read_text("utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")


def blocks(text, language):
    """The contents of every fenced block of a language, indentation of the list around it removed."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", text, re.M | re.S)
    return [re.sub(rf"^{indent}", "", block, flags=re.M) for indent, block in found]


def test_the_snippets_print_what_stands_below_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    programs, outputs = blocks(README, "python"), blocks(README, "text")
    assert len(programs) == len(outputs) >= 1
    for program, expected in zip(programs, outputs):
        assert len(program.splitlines()) <= 12
        with contextlib.redirect_stdout(io.StringIO()) as printed: exec(program, {})
        assert printed.getvalue() == expected


def test_the_two_commands_stand_there_as_promised():
    assert blocks(README, "bash") == ["python -m pip install -e . && tinyfm demo\n",
                                      'python -m pip install -e ".[test]" && python -m pytest\n']


def test_a_picture_comes_first_and_is_small():
    path = ROOT / re.match(r"!\[[^\]]{40,}\]\(([^)]+)\)", README)[1]
    content = path.read_bytes()
    width, height = struct.unpack(">II", content[16:24])
    assert content.startswith(b"\x89PNG") and len(content) < 150_000 and width > 600 and height > 200


def test_the_chinese_readme_shows_the_same():
    for language in ("python", "text", "bash"): assert blocks(CHINESE, language) == blocks(README, language)
    links = [re.findall(r"\]\(((?:tutorials|CONTRIBUTING)[\w./]*)\)", text) for text in (README, CHINESE)]
    assert links[0] == links[1]
    table = re.search(r"^\| planted in .*?\n\n", README, re.M | re.S)[0]
    commands = [set(re.findall(r"`(tinyfm [^`]+)`", text)) for text in (README, CHINESE)]
    assert table in CHINESE and commands[0] == commands[1]
    others = [set(re.findall(r"`(python (?!tutorials)[^`]+)`", text)) for text in (README, CHINESE)]
    assert others[0] == others[1] and len(others[0]) > 5


@pytest.mark.slow
def test_the_grammars_figures_are_those_quoted(tmp_path):
    run = subprocess.run([sys.executable, "-m", "tinyfm.models.compare_language"], capture_output=True, text=True,
                         cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)
    above = dict(re.findall(r"^(GPT|counts: trigram) .*?([+-][\d.]+) +[\d.]+ +[\d.]+$", run.stdout, re.M))
    gpt, trigram = re.search(r"GPT ([\d.]+) % above it, a trigram (\d+) %", README).groups()
    assert abs(float(above["GPT"]) - float(gpt)) <= 0.3 and round(float(above["counts: trigram"])) == int(trigram)


COMMANDS = sorted(set(re.findall(r"`(tinyfm (?!demo|predict)[^`]+)`", README)))


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_that_is_named_runs(command, tmp_path):
    (tmp_path / "homework.py").write_text(blocks(README, "python")[2].split("\n\nprint")[0])
    script = "import tinyfm as fm\nx = fm.tensor(2.0, requires_grad=True)\n(x * x).backward()\n"
    (tmp_path / "FILE.py").write_text(script)
    words = command.split()[1:]
    run = subprocess.run([sys.executable, "-m", "tinyfm", *words], capture_output=True, text=True, cwd=tmp_path,
                         stdin=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert run.returncode == (1 if words[0] == "check" else 0), run.stderr
    assert "Traceback" not in run.stderr and run.stdout.strip()


@pytest.mark.parametrize("text", [README, CHINESE, CONTRIBUTING], ids=["README", "README.zh-CN", "CONTRIBUTING"])
def test_every_file_that_is_named_exists(text):
    names = re.findall(r"`((?:\w+/)[\w./]*|\w+\.py|\.ci/run)`", text) + re.findall(r"\]\(([\w./]+)\)", text)
    missing = [name for name in names if not ((ROOT / name).exists() or (ROOT / "tinyfm" / name).exists())]
    assert len(names) >= 4 and missing in ([], ["tinyfm-demo/"])


def test_the_rooms_that_are_named_exist():
    rooms = re.search(r"\| room \| what \|\n\| --- .*?\n(.*?)\n\n", README, re.S)[1]
    names = [name for row in rooms.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert len(names) > 8
    for name in names:
        assert (ROOT / "tinyfm" / name).is_dir() or (ROOT / "tinyfm" / f"{name}.py").is_file()


def test_the_table_of_planted_errors_is_what_the_command_prints(tmp_path):
    """Our own column always; those of the others where they are installed."""
    script = ("import sys; sys.path.insert(0, 'benchmarks'); import checkers; "
              "print(*('|'.join(row) for row in checkers.table()), sep=chr(10))")
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    printed = [line.split("|") for line in run.stdout.splitlines()]
    shown = [[cell.strip() for cell in line.strip("|").split("|")] for line in
             re.search(r"^(\| planted in .*?)\n\n", README, re.M | re.S)[1].splitlines() if "---" not in line]
    assert len(printed) == len(shown) == 7
    for ours, theirs in zip(printed, shown):
        assert [a for a in ours if a != "not installed"] == [b for a, b in zip(ours, theirs) if a != "not installed"]


def test_the_table_of_times_is_what_the_command_printed():
    """The timings that were written down, shown again: every line, and each of the machine's, in both languages."""
    stored = sorted((ROOT / "benchmarks" / "results").glob("*.json"))
    words = [sys.executable, "benchmarks/compare.py", "--show", *map(str, stored)]
    run = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=True)
    machine, _, *rest = run.stdout.splitlines()
    table = "\n".join(line for line in rest if line.startswith("|"))
    assert stored[-1].stem[:10] in machine and table.count("\n") > 10
    for text in (README, CHINESE): assert machine in text and table in text


def test_the_scores_of_the_exercises_are_those_of_their_page():
    page = (ROOT / "tutorials" / "mutation_scores.md").read_text("utf-8")
    caught, tried = re.search(r"^(\d+) of (\d+) wrong versions are caught", page, re.M).groups()
    exercises = re.search(r"^(\d+) exercises: ", page, re.M)[1]
    for text in (README, CHINESE):
        figures = re.findall(r"\d+", text.replace(",", ""))
        assert {caught, tried, exercises} <= set(figures)
    assert f"{int(caught):,} of {int(tried):,} wrong versions" in README and f"the {exercises} exercises" in README


def test_the_length_of_the_census_script_is_right():
    lines = len((ROOT / "benchmarks" / "adult_census.py").read_text().splitlines())
    assert f"`benchmarks/adult_census.py`, {lines} lines" in README


@pytest.mark.slow
def test_the_accuracy_of_the_digits_is_the_one_quoted():
    run = subprocess.run([sys.executable, "-m", "tinyfm.models.digits"], capture_output=True, text=True, cwd=ROOT)
    accuracy = float(re.search(r"built-in digits: (0\.\d+)", run.stdout)[1])
    quoted = float(re.search(r"reads (0\.\d+) of 2,000", README)[1])
    assert abs(accuracy - quoted) < 0.01


def test_the_op_that_contributing_adds_obeys_the_laws():
    definition, example = blocks(CONTRIBUTING, "python")
    names: dict[str, Any] = {"op": op, "np": np, "Array": Any}
    try:
        exec("from __future__ import annotations\n" + definition, names)
        ours = type("ops", (), {"gaussian": names["gaussian"]})
        scope = {"fm": ours, "case": case, "line": line, "one": shapes(), "np": np}
        entry, = eval(f"[{example}]", scope)
        arrays, settings = find(entry.cases, lambda drawn: drawn[0][0].size > 3)
        np.testing.assert_allclose(entry.f(*arrays), entry.reference(*arrays))
        checked = laws.Case(entry.f, arrays, settings, 0)
        checked.first_order(), checked.second_order()
    finally:
        table.pop("gaussian", None)
    assert not hasattr(fm, "gaussian") and tinyfm.__version__
