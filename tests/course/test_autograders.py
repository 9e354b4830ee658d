"""The built autograders, run in the folders that they will find, write what Gradescope and Classroom 50 read.

The schemas are those of their public documentation, checked here by hand: no unknown key, each value of its type.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from tests.course.hostile.submissions import AFFINE, RIGHT, TWO, placed
from tinyfm.course import build
from tinyfm.course.course import opened

HERE = Path(__file__).parent / "hostile" / "course"
number = int | float
FORMATS = {"text", "html", "simple_format", "md", "ansi"}
VISIBLE = {"visible", "hidden", "after_due_date", "after_published"}
TEST = {"score": number, "max_score": number, "status": {"passed", "failed"}, "name": str, "name_format": FORMATS,
        "number": str, "output": str, "output_format": FORMATS, "tags": [str], "visibility": VISIBLE,
        "extra_data": dict}
RESULTS = {"score": number, "execution_time": number, "output": str, "output_format": FORMATS,
           "test_output_format": FORMATS, "test_name_format": FORMATS, "visibility": VISIBLE,
           "stdout_visibility": VISIBLE, "extra_data": dict, "tests": [TEST], "leaderboard": [dict]}
RESULT = {"schema": {"classroom50/result/v1"}, "classroom": str, "assignment": str, "usernames": [str],
          "submission": str, "commit": str, "release": str, "review": str,
          "datetime": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "score": int, "max-score": int,
          "tests": [{"test-name": str, "passed": bool, "score": int, "max-score": int}]}


def fits(value, schema, where="results") -> None:
    """The value is of the schema: a type, the allowed texts, a pattern, [of each item], {key: of its value}."""
    if isinstance(schema, set): assert value in schema, f"{where}: {value!r} is none of {schema}"
    elif isinstance(schema, re.Pattern): assert schema.fullmatch(value), f"{where}: {value!r}"
    elif isinstance(schema, list):
        assert isinstance(value, list), where
        for i, item in enumerate(value): fits(item, schema[0], f"{where}[{i}]")
    elif isinstance(schema, dict):
        assert isinstance(value, dict) and value.keys() <= schema.keys(), f"{where}: {set(value) - set(schema)}"
        for key, item in value.items(): fits(item, schema[key], f"{where}.{key}")
    else: assert isinstance(value, schema) and (schema is bool) == isinstance(value, bool), f"{where}: {value!r}"


def fits_gradescope(results) -> None:
    fits(results, RESULTS)
    assert "score" in results or "tests" in results
    for test in results.get("tests", []):
        assert 0 <= test["score"] <= test["max_score"] and test["name"]
        assert test["visibility"] != "hidden" or not test["max_score"], "hidden tests carry no points"


def fits_classroom50(result) -> None:
    fits(result, RESULT)
    assert result.keys() == RESULT.keys() and 0 <= result["score"] <= result["max-score"]
    for test in result["tests"]: assert 0 <= test["score"] <= test["max-score"]


@pytest.mark.parametrize("broken", [
    {"tests": [{"score": "2", "max_score": 2, "name": "a"}]}, {"score": 1, "tests": {}}, {"points": 3}, {},
    {"tests": [{"score": 3, "max_score": 2, "name": "a", "visibility": "visible"}]}, {"score": True},
    {"score": 1, "visibility": "no"},
    {"tests": [{"score": 1, "max_score": 1, "name": "a", "visibility": "hidden"}]}])
def test_the_schema_refuses(broken):
    with pytest.raises((AssertionError, KeyError)): fits_gradescope(broken)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A course with two exercises, and what is built from it."""
    course, target = tmp_path_factory.mktemp("course"), tmp_path_factory.mktemp("built")
    for place in (AFFINE, TWO): shutil.copyfile(HERE / place, placed(course, place))
    (course / "course.toml").write_text('title = "t"\nvariants = true\nseconds = 5\ntimeout = 20\n')
    (course / ".secret").write_text("1" * 64)
    build.build(opened(course), target, ["ada"])
    return target


STUDENT = {"id": 1, "email": "ada@example.org", "name": "Ada"}
METADATA = {"id": 7, "created_at": "2026-01-01T00:00:00.0Z", "users": [STUDENT], "previous_submissions": [],
            "assignment": {"id": 1, "title": "t", "total_points": "6.0"}}


def laid_out(built: Path, root: Path, files: dict[str, str]) -> None:
    """As Gradescope does it: source/ is the zip, its run_autograder stands in the root."""
    for name in ("source", "submission", "results"): (root / name).mkdir()
    with zipfile.ZipFile(built / "autograder.zip") as archive: archive.extractall(root / "source")
    shutil.copyfile(root / "source" / "run_autograder", root / "run_autograder")
    (root / "run_autograder").chmod(0o755)
    for place, text in files.items(): placed(root / "submission", place).write_text(text)
    (root / "submission_metadata.json").write_text(json.dumps(METADATA))


ENVIRONMENT = {"PATH": os.environ["PATH"], "TINYFM_PYTHON": sys.executable}


def run(built: Path, root: Path, files: dict[str, str], spoil=lambda root: None):
    """What stands in results/ after run_autograder."""
    laid_out(built, root, files)
    spoil(root)
    found = subprocess.run([root / "run_autograder"], cwd=root, capture_output=True, text=True, env=ENVIRONMENT)
    assert found.returncode == 0, found.stderr
    return written(root)


def written(root: Path):
    results = json.loads((root / "results" / "results.json").read_text())
    fits_gradescope(results)
    return results


def stubs(built: Path) -> dict[str, str]:
    return {place: (built / "student" / "ada" / place).read_text() for place in (AFFINE, TWO)}


def test_the_zip_has_no_folder_above_and_its_scripts_can_be_run(built):
    with zipfile.ZipFile(built / "autograder.zip") as archive:
        modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
    assert modes["run_autograder"] & 0o111 and modes["setup.sh"] & 0o111 and modes["course/.secret"] & 0o077 == 0


def test_gradescope_partly_right(built, tmp_path):
    results = run(built, tmp_path, {AFFINE: RIGHT[AFFINE].replace("3", "2"), TWO: RIGHT[TWO]})
    assert results["score"] == 3 and [t["score"] for t in results["tests"]] == [0, 0, 1, 2]
    assert all(t["output"] for t in results["tests"] if t["status"] == "failed")
    assert [t["visibility"] for t in results["tests"]] == ["visible", "after_due_date", "visible", "visible"]


def broken_course(root: Path) -> None: (root / "source" / "course" / ".secret").unlink()


def broken_check(root: Path) -> None:
    path = root / "source" / "course" / AFFINE
    path.write_text(path.read_text().replace("def ours(x): return 3 * x + 1", "def ours(x): return 1 / 0"))


def no_metadata(root: Path) -> None: (root / "submission_metadata.json").write_text("{")


@pytest.mark.slow
def test_gradescope_stub_right_missing(built, tmp_path):
    for name, files, score in (("stub", stubs(built), 0), ("right", RIGHT, 6), ("missing", {TWO: RIGHT[TWO]}, 3)):
        (tmp_path / name).mkdir()
        results = run(built, tmp_path / name, files)
        assert results["score"] == score and len(results["tests"]) == 4 and not results["output"], name
        assert sum(t["score"] for t in results["tests"]) == score


@pytest.mark.slow
@pytest.mark.parametrize("spoil", [broken_course, broken_check, no_metadata], ids=lambda spoil: spoil.__name__)
def test_gradescope_when_the_grader_itself_fails(built, tmp_path, spoil):
    results = run(built, tmp_path, RIGHT, spoil)
    said = results["output"] + "".join(t["output"] for t in results["tests"])
    assert "tell your instructor" in said and results["score"] == (3 if spoil is broken_check else 0)


@pytest.mark.slow
def test_gradescope_killed_half_way_has_written_what_it_knows(built, tmp_path):
    """Gradescope ends a container that takes too long: what stands in results.json then is valid, and has the rest."""
    endless = {AFFINE: RIGHT[AFFINE], TWO: RIGHT[TWO].replace("return (f", "\n    while True: pass\n    return (f")}
    laid_out(built, tmp_path, endless)
    target = tmp_path / "results" / "results.json"
    with subprocess.Popen([tmp_path / "run_autograder"], cwd=tmp_path, env=ENVIRONMENT) as process:
        until = time.monotonic() + 60
        while time.monotonic() < until and not (target.exists() and len(written(tmp_path)["tests"]) == 3):
            time.sleep(0.05)
        process.kill()
    results = written(tmp_path)
    assert results["score"] == 4 and len(results["tests"]) == 3 and "not finished" in results["output"]


NAMES = {"CLASSROOM": "c", "ASSIGNMENT": "a", "USERNAME": "ada", "SUBMISSION_TAG": "s", "COMMIT_URL": "u",
         "RELEASE_URL": "r", "REVIEW_URL": "v"}


@pytest.mark.slow
@pytest.mark.parametrize(("files", "score"), [({}, 0), (RIGHT, 6), ({AFFINE: RIGHT[AFFINE]}, 3)],
                         ids=["nothing", "right", "half"])
def test_classroom_50(built, tmp_path, files, score):
    for place, text in files.items(): placed(tmp_path, place).write_text(text)
    found = subprocess.run([sys.executable, built / "classroom50" / "autograder.py"], cwd=tmp_path, text=True,
                           env={"PATH": os.environ["PATH"], **NAMES}, capture_output=True)
    assert found.returncode == 0, found.stderr
    result = json.loads((tmp_path / "result.json").read_text())
    fits_classroom50(result)
    assert (result["score"], result["max-score"]) == (score, 6) and len(result["tests"]) == 4
    assert result["usernames"] == ["ada"] and result["submission"] == "s"
    assert [t["passed"] for t in result["tests"]] == [bool(t["score"]) for t in result["tests"]]
