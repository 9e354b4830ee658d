"""The grader at work: what it tells when, how it stops, and that any executor gives the same."""
import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path

import pytest

from tests.course.hostile.submissions import AFFINE, RIGHT, TWO, placed
from tinyfm.cli import course as cli
from tinyfm.cli import main
from tinyfm.course import submissions
from tinyfm.course.course import opened
from tinyfm.course.grade import Grades, grade_all
from tinyfm.exercises import judge as judging
from tinyfm.exercises.exercise import load
from tinyfm.exercises.runner import Child

HERE = Path(__file__).parent / "hostile" / "course"
WRONG = "def affine(x): return 3 * x\n"
ENDLESS = "def affine(x):\n    while True: pass\n"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    for place in (AFFINE, TWO): shutil.copyfile(HERE / place, placed(folder, place))
    (folder / "course.toml").write_text('title = "t"\nvariants = true\nseconds = 5\ntimeout = 20\n')
    (folder / ".secret").write_text("1" * 64)
    return folder


@pytest.fixture(scope="module")
def works(tmp_path_factory):
    """Four students: right, wrong, half, nothing."""
    folder = tmp_path_factory.mktemp("works")
    for name, files in {"ada": RIGHT, "bob": RIGHT | {AFFINE: WRONG}, "cyd": {TWO: RIGHT[TWO]}, "dan": {}}.items():
        (folder / name).mkdir()
        for place, text in files.items(): placed(folder / name, place).write_text(text)
    return {path.name: path for path in sorted(folder.iterdir())}


def plain(every: list[Grades]):
    """All but the seconds."""
    return [(g.student, {place: [replace(o, seconds=0) for o in found] for place, found in sorted(g.outcomes.items())})
            for g in every]


@pytest.fixture(scope="module")
def told(course, works):
    """With one job: what was told after each check."""
    seen = []
    every = grade_all(opened(course), works, jobs=1, told=lambda one, every: seen.append(
        (one.student, sum(map(len, one.outcomes.values())), one.score, one.complete)))
    return every, seen


def test_each_gets_what_it_deserves(told):
    assert {g.student: (g.score, g.points, g.complete) for g in told[0]} == {
        "ada": (6, 6, True), "bob": (3, 6, True), "cyd": (3, 6, True), "dan": (0, 6, True)}
    kinds = {(g.student, place): {o.kind for o in found} for g in told[0] for place, found in g.outcomes.items()}
    assert kinds["bob", AFFINE] == {"constant-offset"} and kinds["cyd", AFFINE] == kinds["dan", TWO] == {"missing"}


def test_one_job_tells_after_each_check(told):
    assert [(n, done) for student, n, _, done in told[1] if student == "ada"] == \
        [(1, False), (2, False), (3, False), (4, True)]
    assert [score for student, _, score, _ in told[1] if student == "ada"] == [1, 3, 4, 6]


class Breaking(Executor):
    """Its second task kills it."""

    def __init__(self) -> None: self.count = 0

    def submit(self, function, *args):
        self.count += 1
        future = Future()
        if self.count == 2: future.set_exception(BrokenProcessPool("killed"))
        else: future.set_result(function(*args))
        return future


@pytest.mark.slow
@pytest.mark.parametrize("executor", [None, ThreadPoolExecutor(2), Breaking()],
                         ids=["two processes", "threads", "one that breaks"])
def test_any_executor_gives_the_same(course, works, told, executor):
    few = {name: works[name] for name in ("bob", "cyd")}
    expected = [g for g in plain(told[0]) if g[0] in few]
    assert plain(grade_all(opened(course), few, executor=executor, jobs=2)) == expected


def test_what_cannot_be_read_stops_nobody_else(course, works, monkeypatch):
    """A submission of 1500 folders, one in the other, ends os.walk so before Python 3.12."""
    read = submissions.source
    def source(work, place):
        if work.name == "ada": raise RecursionError("deep")
        return read(work, place)
    monkeypatch.setattr(submissions, "source", source)
    ada, cyd = grade_all(opened(course), {name: works[name] for name in ("ada", "cyd")}, jobs=1)
    assert {(o.kind, o.message) for found in ada.outcomes.values() for o in found} == {("unreadable", "deep")}
    assert cyd.score == 3


THREADS = "from concurrent.futures import ThreadPoolExecutor\ndef two(): return ThreadPoolExecutor(2)\n"


def test_the_command_shows_a_table_and_writes_the_files(course, works, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cluster.py").write_text(THREADS)
    words = ["-o", "grades.csv", "--gradescope", "g", "--classroom50", "c", "--json", "j", "--executor", "cluster:two"]
    assert main(["course", "grade", str(course), str(works["ada"].parent), *words]) == 0
    said = capsys.readouterr()
    assert "graded 4 of 4 students" in said.err and "4 students, mean 3.0 of 6 points: grades.csv" in said.out
    assert ("note: no landlock" in said.out) == (cli.not_held()[:1] == ["landlock"])
    rows = [line.split() for line in said.out.splitlines()]
    assert [AFFINE, "3", "0.75", "1", "3"] in rows and [TWO, "3", "2.25", "3", "1"] in rows
    totals = (tmp_path / "grades.totals.csv").read_text()
    assert totals == "student,score,points\nada,6,6\nbob,3,6\ncyd,3,6\ndan,0,6\n"
    scores = {p.parent.name: json.loads(p.read_text())["score"] for p in tmp_path.glob("[gc]/*/result*.json")}
    assert scores == {"ada": 6, "bob": 3, "cyd": 3, "dan": 0}
    assert json.loads((tmp_path / "j" / "bob.json").read_text())["complete"]


@pytest.mark.slow
def test_a_second_run_reproduces_every_grade(course, works, told):
    few = {name: works[name] for name in ("ada", "bob")}
    assert plain(grade_all(opened(course), few, jobs=1)) == plain(told[0])[:2]


def test_a_file_that_never_loads_is_tried_once(course, monkeypatch):
    made = []
    monkeypatch.setattr(judging, "LOADING", 0.3)
    monkeypatch.setattr(judging, "Child", lambda *a: made.append(Child(*a)) or made[-1])
    outcomes = list(judging.judge(load(course / AFFINE), "while True: pass", hidden=True))
    assert [o.kind for o in outcomes] == ["ended", "ended"] and len(made) == 1


def test_nothing_lasts_longer_than_until(course):
    began = time.perf_counter()
    outcomes = list(judging.judge(load(course / AFFINE), ENDLESS, hidden=True, until=began + 0.8))
    assert [o.kind for o in outcomes] == ["ended"] and time.perf_counter() - began < 5


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="there is no Ctrl-C to send")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_leaves_whole_files_and_nothing_running(course, tmp_path, jobs):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    for i in range(9):
        placed(tmp_path / "works" / f"s{i}", AFFINE).write_text(ENDLESS if i > 1 else RIGHT[AFFINE])
    words = ["course", "grade", course, tmp_path / "works", "-o", tmp_path / "grades.csv", "--jobs", jobs,
             "--seconds", "9"]
    with subprocess.Popen([sys.executable, "-m", "tinyfm", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, env=os.environ | {"TMPDIR": str(temporary)}) as process:
        until = time.monotonic() + 60
        while time.monotonic() < until and not (tmp_path / "grades.csv").exists(): time.sleep(0.05)
        time.sleep(1)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=20)
    assert process.returncode == 130 and time.monotonic() - began < 9, said
    assert "Traceback" not in said and "stopped by you" in said
    with open(tmp_path / "grades.csv", newline="") as file: rows = list(csv.DictReader(file))
    assert rows and all(None not in row.values() for row in rows) and rows[0]["student"] == "s0"
    assert not list(temporary.glob("tinyfm-*")), "the folder of a child is left"
    assert not [p for p in Path("/proc").glob("[0-9]*/environ") if str(temporary).encode() in read(p)]


def read(path: Path) -> bytes:
    try: return path.read_bytes()
    except OSError: return b""
