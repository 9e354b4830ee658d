"""From one folder to student folders, autograders and grades: what is built is what was meant, and nothing more."""
import csv
import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.course.kit import BEST, DOUBLE, SECRET, course, hand_in, told
from tinyfm.course.build import REPLAY, build, student_files
from tinyfm.course.course import SECRET as VARIABLE
from tinyfm.course.course import new, opened
from tinyfm.course.grade import grade_all
from tinyfm.course.prove import leaks, scores
from tinyfm.course.record import written
from tinyfm.exercises.exercise import CATALOGUE

PLACE = "01_first/01_double.py"
THREADS = ["--executor", "concurrent.futures:ThreadPoolExecutor"]


@pytest.fixture
def small(tmp_path): return opened(course(tmp_path / "hw"))


def stub(small, student): return student_files(small, student)[PLACE]


def graded(small, folder, names):
    with ThreadPoolExecutor(1) as executor:
        return {g.student: g for g in grade_all(small, {n: folder / n for n in names}, executor=executor)}


def rate(small, student): return re.search(r"RATE = ([\d.]+)$", stub(small, student), re.M)[1]


def test_from_new_to_grades(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv(VARIABLE, SECRET)
    hw, dist, work, ids = (tmp_path / n for n in ("hw", "dist", "work", "ids.csv"))
    code, out = told(capsys, "new", hw)
    assert code == 0 and "99_own/01_example.py" in out and (hw / ".secret").stat().st_mode & 0o77 == 0
    assert ".secret" in (hw / ".gitignore").read_text()
    code, out = told(capsys, "check", hw, "--quick", "--jobs", "1")
    assert code == 0 and "1 of 1 hold; 0 leaks" in out and "| not tried | - |" in out and "%" not in out
    ids.write_text("id,name\nann,Ann\nbob,Bob\n")
    code, out = told(capsys, "build", hw, "-o", dist, "--students", ids)
    assert code == 0 and "2 students, 3 points" in out
    for student, source in (("ann", dist / "solutions" / "ann"), ("bob", dist / "student" / "bob")):
        target = work / student / "99_own"
        target.mkdir(parents=True)
        (target / "01_example.py").write_bytes((source / "99_own" / "01_example.py").read_bytes())
    first, second = tmp_path / "one.csv", tmp_path / "two.csv"
    code, out = told(capsys, "grade", hw, work, "-o", first, *THREADS)
    assert code == 0 and "2 students, mean 1.5 of 3 points" in out
    assert told(capsys, "grade", hw, work, "-o", second, *THREADS)[0] == 0
    assert first.read_bytes() == second.read_bytes()
    totals = list(csv.reader((tmp_path / "one.totals.csv").read_text().splitlines()))
    assert totals == [["student", "score", "points"], ["ann", "3", "3"], ["bob", "0", "3"]]


@pytest.mark.slow
def test_check_counts_the_wrong_versions_and_writes_a_page(tmp_path, capsys):
    code, out = told(capsys, "check", course(tmp_path / "hw"), "--jobs", "1", "--page", tmp_path / "page.md")
    page = (tmp_path / "page.md").read_text()
    assert code == 0 and "| first/double | 5 | 5 | fails | passes |" in out
    assert "| first/double | 5 | 5 | fails | passes |" in page and "| first | 1 | 1 | 0 | 0 | 100.0% |" in page


@pytest.mark.slow
def test_check_finds_a_check_that_checks_nothing(tmp_path, capsys):
    folder = course(tmp_path / "hw")
    text = DOUBLE.replace("agree(student.double, lambda x: x * RATE, normal(rng, 3))", "pass")
    (folder / PLACE).write_text(text.replace("lambda x: x * RATE, normal(rng, 2, 5)", "0.0, 0.0"))
    code, out = told(capsys, "check", folder, "--jobs", "1")
    assert code == 1 and "stub passes: doubles a row" in out and "survives: That is the square" in out


@pytest.mark.slow
def test_check_finds_that_two_runs_differ(tmp_path, capsys):
    folder = course(tmp_path / "hw")
    text = DOUBLE.replace("def doubles_a_row(student, rng): agree(student.double, lambda x: x * RATE, normal(rng, 3))",
                          "def doubles_a_row(student, rng):\n    RUNS.append(1)\n"
                          "    agree(student.double, lambda x: RATE * x + len(RUNS) % 2, normal(rng, 3))\nRUNS = []\n")
    (folder / PLACE).write_text(text)
    code, out = told(capsys, "check", folder, "--jobs", "1", "--quick")
    assert code == 1 and "two runs with the same seed differ" in out


# ------------------------------------------------------------ variants

def test_a_variant_is_an_hmac_of_the_secret(small):
    digest = hmac.new(SECRET.encode(), b"3:ann:01_double", hashlib.sha256).digest()
    assert small.seed("ann", "01_double") == int.from_bytes(digest[:8], "big")
    assert opened(small.folder).seed("ann", "01_double") == small.seed("ann", "01_double")
    assert len({small.seed(s, e) for s in ("ann", "bob", "a", "") for e in ("nn", "x", "01_double")}) == 12


def test_the_environment_has_the_secret_first(small, monkeypatch):
    before = small.seed("ann", "x")
    monkeypatch.setenv(VARIABLE, "another")
    assert small.seed("ann", "x") != before
    (small.folder / ".secret").unlink()
    monkeypatch.setenv(VARIABLE, SECRET)
    assert small.seed("ann", "x") == before


def arguments(files):
    """What the public checks call the student's function with."""
    return [call["args"] for c in json.loads(files["public_checks.json"])[PLACE] for call in c["calls"]]


def test_two_students_differ_and_each_again_is_the_same(small):
    assert rate(small, "ann") != rate(small, "bob")
    ann, bob = student_files(small, "ann"), student_files(small, "bob")
    assert ann == student_files(small, "ann") and arguments(ann) != arguments(bob)
    assert len({rate(small, f"s{i}") for i in range(100)}) == 8


def test_without_variants_all_have_the_same(tmp_path):
    small = opened(course(tmp_path / "hw", variants=False))
    (small.folder / ".secret").unlink()
    assert student_files(small, "ann") == student_files(small, "bob") and rate(small, "ann") == "2.0"


def test_a_key_passes_its_own_variant_only(small, tmp_path):
    for student in ("ann", "bob"): hand_in(tmp_path, student, BEST, stub(small, student))
    hand_in(tmp_path, "eve", BEST, stub(small, "ann"))
    found = graded(small, tmp_path, ["ann", "bob", "eve"])
    assert {s: g.score for s, g in found.items()} == {"ann": 5, "bob": 5, "eve": 0}


def test_part_of_the_work_is_part_of_the_points(small, tmp_path):
    hand_in(tmp_path, "ann", "    return np.multiply(x, RATE) if x.ndim == 1 else x", stub(small, "ann"))
    hand_in(tmp_path, "bob", "    return x * x", stub(small, "bob"))
    found = graded(small, tmp_path, ["ann", "bob"])
    assert found["ann"].score == 2 and found["bob"].score == 0
    assert {o.mistake for _, every in found["bob"].listed for o in every} == {"That is the square"}


# ------------------------------------------------------------ what is built

def test_nothing_of_the_answer_is_in_the_students_folder(small, tmp_path):
    build(small, tmp_path, ["ann"])
    files = [p for p in (tmp_path / "student").rglob("*") if p.is_file()]
    text = "\n".join(p.read_text() for p in files)
    assert len(files) == 4 and "np.multiply" not in text and "VARIANT" not in text and SECRET not in text
    assert "table" not in text and "doubles a row" in text and not list(leaks(small, "ann"))


@pytest.mark.parametrize(("old", "new", "said"), [
    ("RATE = 2.0", "# see # VARIANT below\nRATE = 2.0", "a mark is left"),
    ('"""RATE x"""', '"""RATE x; doubles_a_table"""', "the hidden check"),
    ("Return RATE x.", "Return RATE x:\n\n    return np.multiply(x, RATE)", "line of the solution: return np"),
])
def test_a_planted_leak_is_found(small, old, new, said):
    (small.folder / PLACE).write_text(DOUBLE.replace(old, new))
    assert any(said in leak for leak in leaks(small, "ann"))


def test_points_add_up_everywhere(small, tmp_path):
    build(small, tmp_path / "dist", ["ann"])
    rows = list(csv.DictReader((tmp_path / "dist/points.csv").read_text().splitlines()))
    readme = (tmp_path / "dist/student/ann/README.md").read_text()
    shown = sum(map(int, re.findall(r"\| (\d+) \|$", readme, re.M)))
    hand_in(tmp_path, "ann", BEST, stub(small, "ann"))
    grades = graded(small, tmp_path, ["ann"])["ann"]
    assert sum(int(r["points"]) for r in rows) == shown == grades.points == grades.score == 5
    assert [r["hidden"] for r in rows] == ["0", "1"] and "1 more run at grading" in readme


@pytest.mark.parametrize("points", ["0", "-1", "0.5", "True"])
def test_points_that_cannot_be_added_are_told(small, points):
    (small.folder / PLACE).write_text(DOUBLE.replace("points=2", f"points={points}"))
    assert any("points" in problem for problem in scores(small.exercises("")[0]))


def test_checks_of_one_name_and_hidden_ones_alone_are_told(small):
    (small.folder / PLACE).write_text(DOUBLE.replace("points=2", "points=2, hidden=True"))
    assert list(scores(small.exercises("")[0])) == ["every check is hidden"]
    twin = "again = check(lambda s, r: None)\nagain.run.__name__ = 'doubles_a_row'\n"
    (small.folder / PLACE).write_text(DOUBLE + twin)
    assert list(scores(small.exercises("")[0])) == ["two checks have the same name"]


def test_the_zip_is_the_same_bytes_again(small, tmp_path, monkeypatch):
    build(small, tmp_path / "a", ["ann"])
    for path in small.folder.rglob("*.*"): os.utime(path, (1, 1))
    build(small, tmp_path / "b", ["ann"])
    one, two = (tmp_path / n / "autograder.zip" for n in "ab")
    assert one.read_bytes() == two.read_bytes()
    with zipfile.ZipFile(one) as archive:
        names = archive.namelist()
        assert {e.date_time for e in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        modes = {e.filename: e.external_attr >> 16 & 0o777 for e in archive.infolist()}
    assert {"setup.sh", "run_autograder", "course/course.toml", f"course/{PLACE}", "tinyfm/__init__.py"} <= set(names)
    assert modes["run_autograder"] == 0o755 and modes["course/.secret"] == 0o600
    assert not any(n.startswith("tinyfm/exercises/catalogue") for n in names)


def test_new_takes_exercises_and_topics(tmp_path):
    made = new(tmp_path / "hw", ["05_softmax", "layer", "02_layer"])
    names = [f"{f.parent.name}/{f.name}" for f in made.files]
    assert "01_neuron/02_layer.py" in names and "99_own/01_example.py" in names
    assert len(names) == len(set(names)) == 2 + len(list((CATALOGUE / "05_softmax").glob("*.py")))


# ------------------------------------------------------------ the student's own pytest

@pytest.fixture
def replay(tmp_path):
    """The functions of test_public.py, which stands in each student's folder."""
    (tmp_path / "public_checks.json").write_text("{}")
    scope = {"__file__": str(tmp_path / "test_public.py"), "__name__": "test_public"}
    exec(REPLAY.read_text("utf-8"), scope)
    return scope


SAME = [1.5, np.ones((2, 3)), np.float32(0.1), np.array([np.nan, np.inf]), [1.0, (2, "x")], {"a": np.arange(3)}, None]


@pytest.mark.parametrize("value", SAME, ids=str)
def test_what_is_recorded_equals_itself(replay, value):
    replay["equal"](value, replay["restored"](json.loads(json.dumps(written(value)))))


@pytest.mark.parametrize(("found", "expected"), [
    (1.5, 1.5 + 1e-5), (np.ones((2, 3)), np.ones((3, 2))), (np.ones(3), 1.0), (np.zeros(2), np.array([0, 1e-3])),
    (np.array([np.nan]), np.ones(1)), ([1.0], [1.0, 2.0]), (2.0, [2.0]), ({"a": 1}, {"b": 1}), ("x", "y"), (0, None),
    (np.float64(0.1), np.float32(0.1)), (np.array([1, 2]), np.array([1, 3]))], ids=str)
def test_what_differs_fails(replay, found, expected):
    with pytest.raises(AssertionError): replay["equal"](found, replay["restored"](written(expected)))


def run_pytest(folder):
    """In a clean folder, without tinyfm: only numpy and pytest."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTEST_ADDOPTS")}
    alone = ("import sys; sys.modules['tinyfm'] = None; import pytest; "
             "sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider']))")
    return subprocess.run([sys.executable, "-c", alone], cwd=folder, env=environment, capture_output=True, text=True)


@pytest.mark.slow
def test_the_students_pytest_fails_the_stub_and_passes_the_solution(tmp_path):
    made = new(tmp_path / "hw", ["neuron", "softmax", "two_paths"])
    build(made, tmp_path / "dist", ["ann"])
    folder = tmp_path / "dist/student/ann"
    before = run_pytest(folder)
    assert before.returncode == 1 and "passed" not in before.stdout and "NotImplementedError" in before.stdout
    for path in (tmp_path / "dist/solutions/ann").rglob("*.py"):
        (folder / path.relative_to(tmp_path / "dist/solutions/ann")).write_bytes(path.read_bytes())
    after = run_pytest(folder)
    assert after.returncode == 0 and "failed" not in after.stdout, after.stdout[-2000:]
