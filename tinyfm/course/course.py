"""A course: a folder with course.toml, a secret and exercises in topics."""
from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tinyfm.atomic import replacing
from tinyfm.exercises.exercise import CATALOGUE, CHECKS, VARIANT, Exercise, load

SECRET = "TINYFM_COURSE_SECRET"
SETTINGS = {"title": str, "seconds": int | float, "timeout": int | float, "variants": bool}
TOML = '''title = "{title}"
variants = true       # each student has constants and data of their own
seconds = 5           # what one check may take
timeout = 60          # what one exercise may take
'''
OWN = '''"""Half of it

Return x / RATE for each element of x.  An example: copy this file, and change everything in it.
"""
import numpy as np

RATE = 2.0  # VARIANT 2.0 3.0 4.0 5.0


def part(x):
    """x / RATE;  x: any shape."""
    # BEGIN SOLUTION
    return x / RATE
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, normal

minutes = 5
hints = ["Read the formula aloud.", "x / RATE", "return x / ..."]
after = "Division is elementwise, whatever the shape."


def ours(x): return x / RATE


@check
def each_element(student, rng): agree(student.part, ours, np.array([2.0, -4.0]), normal(rng, 3, 4))


@check(points=2, hidden=True)
def of_nothing_and_of_much(student, rng): agree(student.part, ours, np.zeros(0), normal(rng, 50, 4))


mistakes = {"That is x times RATE": "return x * RATE", "RATE is left out": "return x"}
'''


class CourseError(ValueError):
    """A folder that is no course, or a course that cannot be built."""


@dataclass(frozen=True)
class Course:
    """seconds: for one check; timeout: for one exercise; variants: does each student have their own?"""

    folder: Path
    title: str
    seconds: float = 5.0
    timeout: float = 60.0
    variants: bool = False

    @property
    def files(self) -> list[Path]:
        """The exercises, in order."""
        return [f for f in sorted(self.folder.glob("*/*.py")) if CHECKS.search(f.read_text("utf-8"))]

    @property
    def secret(self) -> bytes:
        """From the environment, else from the file .secret."""
        if found := os.environ.get(SECRET): return found.encode()
        try: return (self.folder / ".secret").read_bytes().strip()
        except FileNotFoundError:
            raise CourseError(f"{self.folder}: variants need a secret: set {SECRET}, or restore the file .secret "
                              "(with another one every student would have another variant).") from None

    def seed(self, student: str, name: str) -> int:
        """HMAC-SHA256(secret, student, exercise), 0 where all students have the same."""
        if not self.variants: return 0
        text = f"{len(student)}:{student}:{name}".encode()
        return int.from_bytes(hmac.new(self.secret, text, hashlib.sha256).digest()[:8], "big")

    def exercise(self, file: Path, student: str) -> Exercise:
        """The exercise as this student has it."""
        seed = self.seed(student, file.stem) if self.variants else None
        return load(file, variant=seed)

    def runs(self) -> None:
        """CourseError for an exercise that Python cannot run, before anything is built or graded with it."""
        for file in self.files:
            try: _ = load(file).checks
            except Exception as error: raise CourseError(f"{file}: {type(error).__name__}: {error}") from None

    def exercises(self, student: str) -> list[Exercise]: return [self.exercise(f, student) for f in self.files]


def opened(folder: Path) -> Course:
    """Read course.toml.  Raises CourseError for what it does not know."""
    path = folder / "course.toml"
    if not path.is_file(): raise CourseError(f"{folder} is no course: it has no course.toml (tinyfm course new DIR)")
    try: found = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error: raise CourseError(f"{path}: {error}") from None
    for name, value in found.items():
        if name not in SETTINGS: raise CourseError(f"{path}: {name} is unknown; it may have {', '.join(SETTINGS)}.")
        if not isinstance(value, SETTINGS[name]) or (isinstance(value, bool) and name != "variants"):
            raise CourseError(f"{path}: {name} = {value!r} is of the wrong type.")
    course = Course(folder, **{"title": folder.name} | found)
    if course.seconds <= 0 or course.timeout <= 0: raise CourseError(f"{path}: seconds and timeout must be positive.")
    if not course.files: raise CourseError(f"{folder} holds no exercises: TOPIC/FILE.py with a line '# CHECKS'.")
    return course


def new(folder: Path, sources: list[str]) -> Course:
    """Make a course of the named exercises or topics and one example of an own one.  Raises if the folder exists."""
    if folder.exists() and any(folder.iterdir()): raise CourseError(f"{folder} exists and is not empty.")
    chosen = [path for word in sources for path in named(word)]
    for path in dict.fromkeys(chosen):
        write(folder / path.parent.name / path.name, path.read_text("utf-8"))
    write(folder / "99_own" / "01_example.py", OWN)
    write(folder / "course.toml", TOML.format(title=folder.name.replace('"', "").replace("\\", "")))
    write(folder / ".secret", secrets.token_hex(32) + "\n")
    (folder / ".secret").chmod(0o600)
    write(folder / ".gitignore", ".secret\ndist/\n")
    return opened(folder)


def named(word: str) -> list[Path]:
    """The built-in files of an exercise's or a topic's name."""
    found = [p for p in sorted(CATALOGUE.glob("*/*.py"))
             if word in (p.stem, p.stem[3:], p.parent.name, p.parent.name[3:])]
    if not found: raise CourseError(f"--from {word}: no exercise and no topic has this name; tinyfm exercises list")
    return found


def write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file: file.write(content.encode() if isinstance(content, str) else content)


def has_variants(file: Path) -> bool: return bool(VARIANT.search(file.read_text("utf-8")))
