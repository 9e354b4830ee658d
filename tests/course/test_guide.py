"""The instructor's guide: each of its commands does what it says, in the order in which they stand there."""
import csv
import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tinyfm.cli import parser
from tinyfm.exercises.exercise import CATALOGUE

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "tutorials" / "instructors.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(bash|python)\n(.*?)^```", GUIDE, re.M | re.S)
OWN, CLUSTER = (text for language, text in BLOCKS if language == "python")
COMMANDS = [text for language, text in BLOCKS if language == "bash"]


def run(folder, commands):
    """A block as typed into a shell; `tinyfm` and `python` are ours."""
    script = f'set -eu\ntinyfm() {{ "{sys.executable}" -m tinyfm "$@"; }}\npython() {{ "{sys.executable}" "$@"; }}\n'
    script += f'export TINYFM_PYTHON="{sys.executable}"\n' + commands.replace("TINYFM_PYTHON=python ", "")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TINYFM_COURSE_SECRET": "0" * 64}
    done = subprocess.run(["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and "Traceback" not in done.stderr, commands + done.stdout + done.stderr
    return done.stdout


def scores(path):
    with path.open() as file: return {row["student"]: int(row["score"]) for row in csv.DictReader(file)}


@pytest.mark.slow
def test_every_command_of_the_guide(tmp_path):
    new, check, build, grade, _, gradescope, classroom = COMMANDS
    run(tmp_path, new)
    (tmp_path / "hw1" / "99_own" / "02_mse.py").write_text(OWN)
    assert "4 of 4 hold; 0 leaks." in run(tmp_path, check)
    assert "3 students, 15 points" in run(tmp_path, build)
    said = run(tmp_path, grade)
    assert "3 students" in said and "pairs of submissions alike: 1" in said
    found = scores(tmp_path / "grades.totals.csv")
    assert found["ann"] == 15 and found["bob"] == 0 and 0 < found["eve"] < 15
    assert (tmp_path / "report.similar.csv").read_text().splitlines()[1].startswith("ann,eve,1.0000,")
    for table in re.findall(r"^\| `([\w./]+?)(?:ID/)?` \|", GUIDE.split("in `dist/`")[1].split("\n\n")[0], re.M):
        assert (tmp_path / "dist" / table).exists(), table
    assert run(tmp_path, gradescope).splitlines()[-1] == "15.0"
    run(tmp_path, classroom)
    result = json.loads((tmp_path / "submissions" / "ann" / "result.json").read_text())
    assert result["usernames"] == ["ann"] and result["score"] == result["max-score"] == 15
    assert "4 exercises written" in run(tmp_path, "tinyfm exercises init practice --from hw1")


@pytest.mark.reference
def test_the_cluster_of_the_guide(tmp_path):
    pytest.importorskip("dask.distributed")
    run(tmp_path, "tinyfm course new hw1\nmkdir -p submissions/ann\n")
    (tmp_path / "cluster.py").write_text(CLUSTER)
    run(tmp_path, COMMANDS[4])
    assert scores(tmp_path / "again.totals.csv") == {"ann": 0}


def test_the_commands_are_such_as_there_are():
    """Quickly: every `tinyfm ...` of the guide can be parsed."""
    words = re.findall(r"^tinyfm (.*)$", "\n".join(COMMANDS), re.M)
    assert len(COMMANDS) == 7 and len(words) == 6 and find_spec("tinyfm.course.report")
    for line in words: assert parser().parse_args(line.split()).run


def test_an_own_assignment_has_the_form_of_a_built_in_one(tmp_path):
    from tinyfm.course.course import named, new
    new(tmp_path / "hw", ["matmul"])
    copies = {p.name: p.read_bytes() for p in (tmp_path / "hw" / "04_matmul").glob("*.py")}
    assert copies == {p.name: p.read_bytes() for p in named("matmul")} and named("matmul")[0].parent.parent == CATALOGUE
