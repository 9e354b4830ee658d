"""From a course: what students get, what autograders get, what the instructor keeps."""
from __future__ import annotations

import csv
import io
import json
import re
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path

from tinyfm.atomic import replacing
from tinyfm.course.course import Course, CourseError, has_variants, write
from tinyfm.course.record import recorded
from tinyfm.exercises.exercise import Exercise

PACKAGE = Path(__file__).parents[1]
REPLAY = Path(__file__).with_name("test_public.txt")
README = """# {title}

Write what is missing in these files (each stub says what it wants), then check it:

    python -m pip install numpy pytest
    python -m pytest

These are the public checks; {hidden} more run at grading. Hand in this folder, or a zip of it.

| file | what | points |
| --- | --- | ---: |
{rows}
"""
SETUP = """#!/usr/bin/env bash
# Runs once, when Gradescope builds the image: a Python that is new enough, and NumPy.
set -euo pipefail
apt-get update && apt-get install -y python3-pip
pip3 install uv
export UV_PYTHON_INSTALL_DIR=/opt/python
uv venv --python 3.12 /opt/tinyfm
uv pip install --python /opt/tinyfm/bin/python "numpy>=2.0"
"""
RUN = """#!/usr/bin/env bash
# Runs for each submission: source/ is this zip, submission/ the student's work, results/results.json the grade.
root=$(cd "$(dirname "$0")" && pwd)
python=${TINYFM_PYTHON:-/opt/tinyfm/bin/python}
cd "$root/source" && exec "$python" -B -m tinyfm.course gradescope "$root"
"""
CLASSROOM = '''"""Classroom 50: the working folder is the checkout; writes ./result.json; code 0: the grader ran."""
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

if __name__ == "__main__":
    from tinyfm.course.__main__ import classroom50
    sys.exit(classroom50(HERE / "course", Path.cwd()))
'''


def build(course: Course, target: Path, students: list[str]) -> list[str]:
    """Write everything below `target`; returns the names of what was written."""
    course.runs()
    varied = course.variants and any(map(has_variants, course.files))
    if varied and not students:
        raise CourseError("this course has variants: name the students with --students ids.csv (the first column).")
    for student in students or [""]:
        folder = target / "student" / student if students else target / "student"
        laid(folder, student_files(course, student))
        laid(target / "solutions" / student, {e.place: e.key for e in course.exercises(student)})
    files = autograder(course)
    zipped(target / "autograder.zip", {"setup.sh": SETUP.encode(), "run_autograder": RUN.encode(), **files})
    laid(target / "classroom50", {"autograder.py": CLASSROOM, **files})
    write(target / "points.csv", points(course))
    return ["student/", "solutions/", "autograder.zip", "classroom50/", "points.csv"]


def ids(path: Path) -> list[str]:
    """The first column of a CSV file, without a head that says so; each a name that a folder may have."""
    rows = [row[0].strip() for row in csv.reader(io.StringIO(path.read_text("utf-8-sig"))) if row and row[0].strip()]
    if rows and rows[0].lower() in ("id", "student", "sid", "email", "username", "login"): rows = rows[1:]
    for row in rows:
        if not re.fullmatch(r"[\w@+-][\w.@+-]*", row): raise CourseError(f"{path}: {row!r} cannot be a folder's name.")
    if len(set(rows)) != len(rows): raise CourseError(f"{path}: a student stands there twice.")
    if not rows: raise CourseError(f"{path} names no students.")
    return rows


# ------------------------------------------------------------ what students get

def student_files(course: Course, student: str) -> dict[str, str]:
    """name -> content: stubs, the public checks as calls, a README."""
    exercises = course.exercises(student)
    calls = {e.place: recorded(e, course.seed(student, Path(e.file).stem)) for e in exercises}
    rows = "\n".join(f"| {e.place} | {e.title} | {e.points} |" for e in exercises)
    hidden = sum(c.hidden for e in exercises for c in e.checks)
    readme = README.format(title=course.title, hidden=hidden, rows=rows)
    return {**{e.place: e.stub for e in exercises}, "README.md": readme,
            "public_checks.json": json.dumps({k: v for k, v in calls.items() if v}) + "\n",
            "test_public.py": REPLAY.read_text("utf-8")}


def points(course: Course) -> str:
    """A row for each check."""
    lines = ["exercise,check,points,hidden"]
    for e in course.exercises(""): lines += [f"{e.place},{c.name},{c.points},{int(c.hidden)}" for c in e.checks]
    return "\n".join(lines) + "\n"


def total(exercises: list[Exercise]) -> int: return sum(e.points for e in exercises)


# ------------------------------------------------------------ what autograders get

def autograder(course: Course) -> dict[str, bytes]:
    """The course, its secret, and tinyfm itself, as files."""
    files = {f"course/{f.relative_to(course.folder).as_posix()}": f.read_bytes() for f in course.files}
    files["course/course.toml"] = (course.folder / "course.toml").read_bytes()
    if course.variants: files["course/.secret"] = course.secret + b"\n"
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE.parent).as_posix()
        if not name.startswith("tinyfm/exercises/catalogue"): files[name] = path.read_bytes()
    return files


def laid(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Hundreds of files that can be built again: no write waits for the disk."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def zipped(target: Path, files: dict[str, bytes]) -> None:
    """The same bytes for the same files, wherever and whenever; scripts are executable; no folder above."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as out, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            mode = 0o755 if name in ("run_autograder", "setup.sh") else 0o600 if name.endswith(".secret") else 0o644
            entry.external_attr, entry.create_system = (stat.S_IFREG | mode) << 16, 3
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name])
