"""Hostile submissions get what they deserve and nothing more; nothing of them stays; the grader ends in time."""
import json
import os
import shutil
import time
from concurrent.futures import Executor
from pathlib import Path

import pytest

import tinyfm
from tests.course.hostile.submissions import AFFINE, EVERY, RIGHT, SAID, TWO, WALK, write
from tinyfm.course import grade as grading
from tinyfm.course.course import opened
from tinyfm.course.task import Task
from tinyfm.exercises.exercise import CATALOGUE
from tinyfm.exercises.judge import Outcome

HERE = Path(__file__).parent / "hostile" / "course"
SLACK = 2.0                                      # seconds that may pass beyond what an exercise may take
SECRET = "TINYFM_COURSE_SECRET"
FEW = ["os._exit at import", "reading the secret", "tried: files everywhere", "forged: on every descriptor",
       "a zip that climbs"]                      # quick ones; the slow tests take all
ORDER = {name: f"s{i:03}" for i, name in enumerate(EVERY)}


class Timed(Executor):
    """Another executor that also notes how long each task took."""

    def __init__(self, inner: Executor, folder: Path) -> None: self.inner, self.folder = inner, folder

    def submit(self, function, task): return self.inner.submit(timed, function, task, self.folder)


def timed(function, task: Task, folder: Path) -> list[Outcome]:
    began = time.perf_counter()
    outcomes = function(task)
    seconds = time.perf_counter() - began
    (folder / f"{task.student}-{task.file}.json".replace("/", "_")).write_text(json.dumps(seconds))
    return outcomes


def everything(*folders: Path) -> dict[str, object]:
    """Whatever is below: name -> size, mode, time of change."""
    found = {}
    for folder in folders:
        for path in [folder, *folder.rglob("*")]:
            about = path.lstat()
            found[str(path)] = about.st_mode, about.st_size * (not path.is_dir()), about.st_mtime_ns
    return found


def names() -> set[str]:
    """What stands where hostile code would like to leave something."""
    places = [Path("/dev/shm"), Path("/tmp"), Path(os.__file__).parent, Path.cwd()]
    return {str(p) for place in places if place.is_dir() for p in place.glob("*")
            if "hostile" in p.name or "sitecustomize" in p.name}


def running(home: Path) -> list[str]:
    """Processes with such a home, or what hostile code starts."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try: words, environment = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
        except OSError: continue
        if f"HOME={home}/tinyfm-".encode() in environment or b"sleep\x003600" in words: found.append(str(words))
    return found


def graded(chosen, root: Path, jobs: int):
    """Grade these; returns name -> (Grades, seconds of each task), and what has changed."""
    folders = course, works, home, elsewhere, temporary, times = \
        [root / n for n in ("course", "submissions", "home", "elsewhere", "temporary", "times")]
    shutil.copytree(HERE, course)
    shutil.copyfile(CATALOGUE / "06_engine" / "01_backward_walk.py", course / WALK)
    (course / ".secret").write_text("1" * 64)
    for folder in folders[1:]: folder.mkdir()
    words = {"COURSE": course, "SUBMISSIONS": works, "HOME": home, "ELSEWHERE": elsewhere,
             "TINYFM": Path(tinyfm.__file__).parent}
    for name in chosen: write(EVERY[name], works / ORDER[name], {k: str(v) for k, v in words.items()})
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"TMPDIR": temporary, "HOME": home, SECRET: "2" * 64}.items(): patch.setenv(name, str(value))
        before, beside = everything(course, works, home, elsewhere, temporary), names()
        handed_in = {name: max((works / ORDER[name], (works / ORDER[name]).with_suffix(".zip")), key=Path.exists)
                     for name in chosen}
        with grading.pool(jobs) as pool:
            found = grading.grade_all(opened(course), handed_in, executor=Timed(pool, times))
        left = running(temporary)
    after = everything(course, works, home, elsewhere, temporary)
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    changed.discard(str(temporary))                                # its own time changes
    seconds = {path.stem: json.loads(path.read_text()) for path in times.iterdir()}
    return {one.student: one for one in found}, seconds, changed | names() - beside, left


def assert_deserved(name, every, seconds) -> None:
    """The score of each exercise, a message where it fails, and in time."""
    hostile, one = EVERY[name], every[name]
    neighbour = AFFINE if hostile.place == TWO else TWO
    scores = {place: sum(o.score for o in outcomes) for place, outcomes in one.outcomes.items()}
    said = [(o.check, o.kind, o.message) for outcomes in one.outcomes.values() for o in outcomes]
    assert scores[hostile.place] == hostile.score, said
    assert scores[neighbour] == 3, f"the right file beside it suffers: {said}"
    assert SAID.get(name, "") in one.outcomes[hostile.place][0].message
    assert sum(scores.values()) == hostile.score + 3 and one.complete
    for outcomes in one.outcomes.values():
        for o in outcomes: assert o.passed or (o.kind and o.message and o.kind != "grader-error"), o
    for task in one.tasks:
        took = seconds[f"{name}-{task.file}".replace("/", "_")]
        assert took <= task.timeout + SLACK, f"{task.place} took {took:.1f} s"


@pytest.fixture(scope="module")
def few(tmp_path_factory): return graded(FEW, tmp_path_factory.mktemp("few"), 2)


@pytest.mark.parametrize("name", FEW)
def test_a_few_get_what_they_deserve(few, name): assert_deserved(name, few[0], few[1])


def test_a_few_leave_nothing(few):
    _, _, changed, left = few
    assert not changed and not left


@pytest.fixture(scope="module")
def hundred(tmp_path_factory): return graded(EVERY, tmp_path_factory.mktemp("hundred"), 4)


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY)
def test_each_gets_what_it_deserves(hundred, name): assert_deserved(name, hundred[0], hundred[1])


@pytest.mark.slow
def test_nothing_is_left(hundred):
    _, _, changed, left = hundred
    assert len(EVERY) >= 100 and not changed and not left


def test_the_right_files_are_right():
    assert set(RIGHT) == {AFFINE, TWO} and all(RIGHT.values())
