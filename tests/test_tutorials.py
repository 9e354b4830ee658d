"""The lessons run, as scripts and as notebooks, and are made of the parts that were promised."""
import importlib.util
import os
import re
import subprocess
import sys
from functools import reduce
from pathlib import Path

import pytest

import tinyfm
from tinyfm.exercises.exercise import catalogue

FOLDER = Path(__file__).parents[1] / "tutorials"
LESSONS = sorted(FOLDER.glob("[0-9][0-9]_*.py"))
each = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


def run(*words):
    environment = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    done = subprocess.run([sys.executable, *map(str, words)], capture_output=True, text=True,
                          env={**environment, "PYTHONPATH": str(FOLDER.parent)})
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@each
def test_begins_with_a_question_and_ends_with_a_summary(path):
    text = path.read_text("utf-8")
    number = path.stem[:2]
    assert text.startswith(f"# %% [markdown]\n# # {number} ")
    for part in (r"\*\*Question:\*\* .*\?", r"\*\*Needs:\*\*", r"\*\*Minutes:\*\* \d+", r"\*\*You will have built:\*\*",
                 r"## Summary\n", r"\*\*Exercises that follow:\*\*"):
        assert re.search(part, text), part
    summary = re.sub(r"\n# ?", " ", text.split("## Summary\n", 1)[1].split("**Exercises", 1)[0])
    assert 2 <= len(re.findall(r"[.!?] +(?=[A-Z`]|$)", summary)) <= 5
    assert text.count("\nassert ") + text.count("    assert ") >= 5 and "plt.show()" in text


def test_the_exercises_that_are_named_exist():
    known = {exercise.name for exercise in catalogue()}
    for path in LESSONS:
        named = re.findall(r"`(\w+)`", path.read_text("utf-8").split("**Exercises that follow:**")[1])
        assert named and set(named) <= known, f"{path.name}: {set(named) - known}"


@each
def test_typeset_formulas_are_closed(path):
    for i, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.startswith("#"): assert line.count("$$") % 2 == 0, f"{path.name}:{i}: a formula stands on one line"


@pytest.mark.slow
@each
def test_runs_as_a_script_and_shows_pictures(path, tmp_path):
    out = run(FOLDER / "run.py", path.stem[:2], "--pictures", tmp_path)
    assert int(re.search(r"(\d+) pictures", out)[1]) == len(list(tmp_path.glob("*.png"))) >= 1


@pytest.mark.reference
@each
def test_runs_as_a_notebook(path, tmp_path):
    assert importlib.util.find_spec("jupytext") and importlib.util.find_spec("nbconvert"), "pip install -e .[notebook]"
    book = tmp_path / f"{path.stem}.ipynb"
    run("-m", "jupytext", "--quiet", "--to", "ipynb", "--set-kernel", "python3", "--execute", path, "--output", book)
    text = book.read_text("utf-8")
    assert '"output_type": "error"' not in text and "image/png" in text


def test_the_glossary_names_what_exists():
    rows = [row for row in (FOLDER / "glossary.md").read_text("utf-8").splitlines() if re.match(r"\| [^-t]", row)]
    for row in rows:
        english, chinese, code, meaning = (cell.strip() for cell in row.strip("|").split(" | "))
        assert english and meaning and re.search("[\u4e00-\u9fff]", chinese), row
        names = re.fullmatch(r"`([\w.]+)`", code)[1].split(".")
        if names[0] == "fm": assert reduce(getattr, names[1:], tinyfm) is not None
    assert len(rows) >= 60


def test_the_instructors_guide_counts_right():
    text, exercises = (FOLDER / "instructors.md").read_text("utf-8"), catalogue()
    minutes = dict.fromkeys((e.topic for e in exercises), 0)
    for e in exercises: minutes[e.topic] += e.minutes
    assert f"{len(exercises)} exercises in {len(minutes)} topics" in text
    rows = re.findall(r"^\| \d+ \| .*? \| (.*?) \| (\d+) \|$", text, re.M)
    assert len(rows) == 12 and {t for row in rows for t in re.findall(r"\d\d_\w+", row[0])} == set(minutes)
    for topics, said in rows:
        if "half" not in topics: assert sum(minutes[t] for t in re.findall(r"\d\d_\w+", topics)) == int(said), topics
