"""What goes wrong is told in one clear line: to the instructor on the terminal, to the student in the message."""
import csv
import os
import zipfile

import pytest

from tests.course.kit import BEST, DOUBLE, course, hand_in, told
from tinyfm.course.build import student_files
from tinyfm.course.course import opened
from tinyfm.course.submissions import SIZE, SubmissionError, source, students

PLACE = "01_first/01_double.py"


@pytest.fixture
def hw(tmp_path): return course(tmp_path / "hw")


def refused(capsys, *words):
    """The one line that is said."""
    code, out = told(capsys, *words)
    assert code == 2 and out.count("\n") == 1 and out.startswith("tinyfm") and "Traceback" not in out, out
    return out


@pytest.mark.parametrize("words", ["check {}", "build {}", "grade {} {}"])
def test_a_folder_without_course_toml(tmp_path, capsys, words):
    assert "course.toml" in refused(capsys, *words.format(tmp_path, tmp_path).split())


@pytest.mark.parametrize(("toml", "said"), [
    ("title = ", "line 1"), ('titel = "x"', "titel is unknown"), ("title = 3", "title = 3"),
    ("seconds = 0", "positive"),
    ("variants = 1", "variants = 1"), ("seconds = true", "seconds = True"), ("timeout = -3.0", "positive")])
def test_a_bad_course_toml(hw, capsys, toml, said):
    (hw / "course.toml").write_text(toml + "\n")
    message = refused(capsys, "build", hw)
    assert said in message and "course.toml" in message


def test_an_exercise_that_python_cannot_read(hw, capsys, tmp_path):
    (hw / PLACE).write_text(DOUBLE.replace("(x):", "(x:"))
    (tmp_path / "ids.csv").write_text("ann\n")
    assert "01_double.py" in refused(capsys, "build", hw, "-o", tmp_path / "dist", "--students", tmp_path / "ids.csv")


def test_no_exercises(hw, capsys):
    (hw / PLACE).unlink()
    assert "holds no exercises" in refused(capsys, "build", hw)


def test_the_secret_is_lost(hw, capsys, tmp_path):
    (hw / ".secret").unlink()
    (tmp_path / "ids.csv").write_text("ann\n")
    message = refused(capsys, "build", hw, "-o", tmp_path / "dist", "--students", tmp_path / "ids.csv")
    assert "TINYFM_COURSE_SECRET" in message and "another variant" in message


def test_variants_need_the_students(hw, capsys, tmp_path):
    assert "--students" in refused(capsys, "build", hw, "-o", tmp_path / "dist")
    assert not (tmp_path / "dist").exists()


@pytest.mark.parametrize(("ids", "said"), [
    ("id\n", "names no students"), ("ann\nann\n", "twice"), ("../eve\n", "cannot be a folder's name"),
    ("a/b\n", "cannot be a folder's name"), (".hidden\n", "cannot be a folder's name")])
def test_bad_lists_of_students(hw, capsys, tmp_path, ids, said):
    (tmp_path / "ids.csv").write_text(ids)
    assert said in refused(capsys, "build", hw, "-o", tmp_path / "dist", "--students", tmp_path / "ids.csv")


def test_new_overwrites_nothing_and_knows_its_exercises(hw, capsys, tmp_path):
    assert "not empty" in refused(capsys, "new", hw)
    assert "no exercise and no topic" in refused(capsys, "new", tmp_path / "other", "--from", "nonsense")
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("words", ["check", "check {hw} --all", "check {hw} --quick --page p.md",
                                   "grade {hw} nowhere", "grade {hw} {empty}",
                                   "build {hw} --students nowhere.csv", "grade {hw} {work} --only eve",
                                   "grade {hw} {work} --executor nothing", "grade {hw} {work} --executor no:thing"])
def test_a_mistake_on_the_command_line(hw, capsys, tmp_path, words):
    (tmp_path / "empty").mkdir()
    (tmp_path / "work" / "ann").mkdir(parents=True)
    words = words.format(hw=hw, empty=tmp_path / "empty", work=tmp_path / "work")
    refused(capsys, *words.split())


@pytest.mark.slow
@pytest.mark.parametrize(("old", "new", "said"), [
    ("    # END SOLUTION\n", "", "must alternate"), ("minutes = 5", "minutes = 500", "500 minutes"),
    ("points=2", "points=0", "0 points"),
    ("np.multiply(x, RATE)\n    # END", "np.add(x, RATE)\n    # END", "solution:"),
    ("hidden=True", "seconds=0.0001", "takes"), ("import agree", "import agre", "agre"),
    ("(x):", "(x:", "SyntaxError")])
def test_check_says_what_does_not_hold(hw, capsys, old, new, said):
    (hw / PLACE).write_text(DOUBLE.replace(old, new))
    code, out = told(capsys, "check", hw, "--quick", "--jobs", "1")
    assert code == 1 and said in out and "0 of 1 hold" in out and "Traceback" not in out


# ------------------------------------------------------------ submissions

def zipped(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items(): archive.writestr(name, content)
    return path


def test_a_folder_and_a_zip_are_found_wherever_the_file_lies(tmp_path):
    (tmp_path / "ann" / "deep").mkdir(parents=True)
    (tmp_path / "ann" / "deep" / "01_double.py").write_bytes(b"\xef\xbb\xbfx = 1\r\n")
    zipped(tmp_path / "bob.zip", {"hw/01_first/01_double.py": "x = 2", "__MACOSX/01_first/01_double.py": "x = 3"})
    found = students(tmp_path)
    assert list(found) == ["ann", "bob"]
    assert source(found["ann"], PLACE) == "x = 1\n" and source(found["bob"], PLACE) == "x = 2"
    assert source(found["ann"], "01_first/02_other.py") is None


def test_a_path_upwards_is_never_written(tmp_path):
    path = zipped(tmp_path / "bob.zip", {"../../01_first/01_double.py": "x = 2"})
    before = sorted(tmp_path.rglob("*"))
    assert source(path, PLACE) is None
    assert sorted(tmp_path.rglob("*")) == before and not (tmp_path.parent / "01_first").exists()


@pytest.mark.parametrize(("kind", "said"), [("large", "larger than"), ("several", "2 files are named"),
                                            ("broken", "zip file cannot be read"), ("large in a zip", "larger than")])
def test_a_submission_that_cannot_be_read_is_told(tmp_path, kind, said):
    work = tmp_path / "ann"
    work.mkdir()
    match kind:
        case "large": (work / "01_double.py").write_bytes(b"#" * (SIZE + 1))
        case "several":
            for name in "ab":
                (work / name).mkdir()
                (work / name / "01_double.py").write_text("x = 1")
        case "broken": (work := tmp_path / "ann.zip").write_bytes(b"PK\x03\x04 no zip")
        case _: work = zipped(tmp_path / "ann.zip", {"01_double.py": b"#" * (SIZE + 1)})
    with pytest.raises(SubmissionError, match=said): source(work, PLACE)


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links here")
def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "key.py").write_text("the key")
    (tmp_path / "work" / "ann").mkdir(parents=True)
    (tmp_path / "work" / "ann" / "01_double.py").symlink_to(tmp_path / "key.py")
    (tmp_path / "work" / "bob").symlink_to(tmp_path)
    assert list(students(tmp_path / "work")) == ["ann"] and source(tmp_path / "work" / "ann", PLACE) is None


def test_each_gets_a_message_and_nobody_touches_another(hw, capsys, tmp_path):
    work, stub = tmp_path / "work", student_files(opened(hw), "ann")[PLACE]
    hand_in(work, "ann", BEST, stub)
    hand_in(work, "latin", "", "").write_bytes("# caf\xe9\nx = 1\n".encode("latin-1"))
    hand_in(work, "nul", "", "").write_bytes(b"x = 1\0\n")
    hand_in(work, "large", "", "").write_bytes(b"#" * (SIZE + 1))
    (work / "missing").mkdir()
    (work / "broken.zip").write_bytes(b"PK")
    code, out = told(capsys, "grade", hw, work, "-o", tmp_path / "g.csv", "--executor",
                     "concurrent.futures:ThreadPoolExecutor")
    rows = {r["student"]: r for r in csv.DictReader((tmp_path / "g.csv").read_text("utf-8").splitlines())}
    assert code == 0 and "6 students" in out and "Traceback" not in out
    assert {s: r["kind"] for s, r in rows.items()} == {"ann": "", "broken": "unreadable", "large": "unreadable",
                                                       "latin": "error", "missing": "missing", "nul": "error"}
    assert PLACE in rows["missing"]["message"] and "zip" in rows["broken"]["message"]
