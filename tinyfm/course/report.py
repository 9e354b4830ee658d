"""What a class found hard: from grades.csv, which checks fail, of what, and which submissions are alike."""
from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tinyfm.course import submissions
from tinyfm.course.course import Course, CourseError, write
from tinyfm.course.grade import COLUMNS, as_csv
from tinyfm.course.similarity import Pair, alike

WORDS = {                                        # what so many percent of the students did, of the checker's kinds
    "wrong-shape": "returned another shape", "not-summed-over-broadcast": "forgot the sum over the batch",
    "mean-for-sum-over-broadcast": "took the mean over the batch, not the sum",
    "one-slice-of-broadcast": "kept one term of the sum over the batch", "zero": "returned zeros",
    "nan": "met NaN or infinity", "wrong-sign": "had the sign wrong",
    "constant-factor": "were off by a constant factor", "constant-offset": "were off by a constant",
    "missing-1/N": "forgot to divide by the count",
    "extra-1/N": "divided by the count once too often", "batch-for-size": "divided by another count",
    "transposed": "returned the transpose", "operand-not-transposed": "did not transpose a factor of a product",
    "operands-swapped": "multiplied in the wrong order", "other-argument": "returned another argument's gradient",
    "ignores-upstream": "ignored the incoming gradient g", "not-linear-in-upstream": "were not linear in g",
    "wrong-axis": "worked along the wrong axis", "off-diagonal-missing": "left out the terms off the diagonal",
    "missing-mean-term": "left out the path through the mean",
    "missing-variance-term": "left out the path through the variance",
    "input-for-output": "used the input where the output belongs", "missing-factor": "left out a factor",
    "passes-through": "passed the gradient on unchanged", "missing-term": "left out a term",
    "partial": "were right for some elements only", "stale-cache": "used a value kept from an earlier call",
    "overwrites-instead-of-accumulates": "wrote = where += belongs", "modifies-input": "wrote into their input",
    "low-precision": "were right to a few digits only", "kink": "were judged at a kink",
    "wrong-order": "had the right numbers in the wrong places", "wrong-dtype": "returned another dtype",
    "wrong-type": "returned something else than numbers", "none": "returned nothing", "slow": "were too slow: loops",
    "error": "raised an error", "ended": "took too long, or ended the process", "stub": "had not written it yet",
    "missing": "did not hand it in", "unreadable": "handed in what cannot be read", "late": "ran out of time before it",
    "waits": "did not reach it: what comes before it failed", "does-not-learn": "had a model that does not learn",
    "numpy-warning": "met a warning of NumPy on the way", "wrong-answer": "answered the question wrongly",
    "leak": "let the test data into the training", "grader-error": "could not be graded: look at them by hand",
}
UNKNOWN = "returned other numbers"
NOTHING = {"stub", "missing", "waits", "late"}   # where there was nothing to judge


@dataclass(frozen=True)
class Row:
    """A line of grades.csv."""

    student: str
    exercise: str
    check: str
    score: int
    points: int
    passed: bool
    hidden: bool
    kind: str
    mistake: str
    message: str

    @property
    def diagnosis(self) -> str:
        """What the student did, in words."""
        if self.mistake: return self.mistake
        said = WORDS.get(self.kind, UNKNOWN)
        name = self.message.partition(":")[0].removeprefix("raised ")
        return f"raised {name}" if self.kind == "error" and name.isidentifier() else said


@dataclass(frozen=True)
class Hard:
    """One check: how many failed it, of what most; said: that diagnosis."""

    exercise: str
    check: str
    points: int
    hidden: bool
    failed: int
    students: int
    said: str

    @property
    def rate(self) -> float: return self.failed / self.students


@dataclass(frozen=True)
class Common:
    """One diagnosis in one exercise: students who had it, in any of its checks; checks: where."""

    exercise: str
    said: str
    students: int
    of: int
    checks: tuple[str, ...]

    @property
    def rate(self) -> float: return self.students / self.of


@dataclass
class Report:
    """Everything that the page and the tables show.  pairs: None when no submissions were given."""

    title: str
    rows: list[Row]
    pairs: list[Pair] | None = None

    @cached_property
    def students(self) -> list[str]: return sorted({r.student for r in self.rows})

    @cached_property
    def totals(self) -> list[int]:
        """The score of each student, in their order."""
        sums: Counter[str] = Counter()
        for r in self.rows: sums[r.student] += r.score
        return [sums[s] for s in self.students]

    @cached_property
    def points(self) -> int:
        """What a student can have."""
        return sum({(r.exercise, r.check): r.points for r in self.rows}.values())

    @cached_property
    def checks(self) -> list[Hard]:
        """In the order of the course."""
        groups: dict[tuple[str, str], list[Row]] = {}
        for r in self.rows: groups.setdefault((r.exercise, r.check), []).append(r)
        return [hard(rows) for rows in groups.values()]

    @cached_property
    def diagnoses(self) -> list[Common]:
        """The most frequent first."""
        had: dict[tuple[str, str], dict[str, None]] = {}
        where: dict[tuple[str, str], dict[str, None]] = {}
        for r in self.rows:
            if r.passed: continue
            had.setdefault((r.exercise, r.diagnosis), {})[r.student] = None
            where.setdefault((r.exercise, r.diagnosis), {})[r.check] = None
        every = [Common(e, said, len(who), len(self.students), tuple(where[e, said])) for (e, said), who in had.items()]
        return sorted(every, key=lambda c: (-c.students, c.exercise, c.said))


def hard(rows: list[Row]) -> Hard:
    first, failed = rows[0], [r for r in rows if not r.passed]
    said = Counter(r.diagnosis for r in ([r for r in failed if r.kind not in NOTHING] or failed)).most_common(1)
    return Hard(first.exercise, first.check, first.points, first.hidden, len(failed), len(rows),
                said[0][0] if said else "")


# ------------------------------------------------------------ in and out

def report(course: Course, grades: Path, works: Path | None = None) -> Report:
    """Read the grades, and compare the submissions if they are given."""
    return Report(course.title, read(grades), compared(course, works) if works else None)


def read(path: Path) -> list[Row]:
    """The rows of grades.csv.  CourseError: it is none."""
    try: found = list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))
    except UnicodeDecodeError as error: raise CourseError(f"{path} is not UTF-8 text: {error}") from None
    if not found: raise CourseError(f"{path} holds no grades (tinyfm course grade writes them).")
    lacking = set(COLUMNS) - set(found[0])
    if lacking: raise CourseError(f"{path} is no grades.csv: it has no column {', '.join(sorted(lacking))}.")
    try: return [row(cells) for cells in found]
    except (TypeError, ValueError) as error: raise CourseError(f"{path} is no grades.csv: {error}") from None


def row(cells: dict[str, str]) -> Row:
    def text(name: str) -> str: return plain(cells[name] or "")
    return Row(text("student"), text("exercise"), text("check"), int(cells["score"]), int(cells["points"]),
               cells["passed"] == "1", cells["hidden"] == "1", text("kind"), text("mistake"), text("message"))


def plain(cell: str) -> str: return cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@", "\t") else cell


def compared(course: Course, folder: Path) -> list[Pair]:
    """Which of the submissions in the folder are alike."""
    stubs = {e.place: e.stub for e in course.exercises("")}
    return alike({s: texts(path, stubs) for s, path in submissions.students(folder).items()}, stubs)


def texts(work: Path, places: Iterable[str]) -> dict[str, str]:
    """exercise -> source, of what can be read."""
    found = {}
    for place in places:
        try: source = submissions.source(work, place)
        except (submissions.SubmissionError, OSError): continue
        if source is not None: found[place] = source
    return found


def tables(r: Report) -> dict[str, str]:
    """The name of each table, and its CSV."""
    checks = (("exercise", "check", "points", "hidden", "failed", "students", "share", "most"),
              [(c.exercise, c.check, c.points, int(c.hidden), c.failed, c.students, f"{c.rate:.4f}", c.said)
               for c in r.checks])
    diagnoses = (("exercise", "diagnosis", "students", "of", "share", "checks"),
                 [(d.exercise, d.said, d.students, d.of, f"{d.rate:.4f}", "; ".join(d.checks)) for d in r.diagnoses])
    pairs = (("one", "other", "share", "shared", "exercises"),
             [(p.one, p.other, f"{p.share:.4f}", p.shared, "; ".join(p.places)) for p in r.pairs or ()])
    named = {"checks": as_csv(*checks), "diagnoses": as_csv(*diagnoses)}
    return named if r.pairs is None else named | {"similar": as_csv(*pairs)}


def save(r: Report, target: Path) -> list[Path]:
    """The page, and a CSV file for each table beside it; returns their names."""
    from tinyfm.course.page import page
    files = {target: page(r)} | {target.with_name(f"{target.stem}.{k}.csv"): text for k, text in tables(r).items()}
    for path, text in files.items(): write(path, text)
    return list(files)
