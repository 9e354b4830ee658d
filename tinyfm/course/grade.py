"""Grade all submissions on any concurrent.futures.Executor; what is known is written while the rest is under way."""
from __future__ import annotations

import csv
import io
import multiprocessing
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from tinyfm.course import submissions
from tinyfm.course.course import Course, write
from tinyfm.course.task import FAILED, Task, each, exercise, grade, none
from tinyfm.exercises.exercise import load
from tinyfm.exercises.judge import Outcome

COLUMNS = ("student", "exercise", "check", "score", "points", "passed", "hidden", "kind", "mistake", "message", "fix")
EVERY = 2.0                                      # seconds between two writings of the same file


@dataclass
class Grades:
    """The outcomes of one student, for each exercise in its order: perhaps not all of its checks yet."""

    student: str
    tasks: list[Task]
    outcomes: dict[str, list[Outcome]] = field(default_factory=dict)

    @property
    def complete(self) -> bool: return all(len(self.outcomes.get(t.place, ())) == t.checks for t in self.tasks)
    @property
    def score(self) -> int: return sum(o.score for found in self.outcomes.values() for o in found)
    @property
    def points(self) -> int: return sum(t.points for t in self.tasks)

    @property
    def listed(self) -> list[tuple[Task, list[Outcome]]]:
        """What is known, in the order of the course."""
        return [(t, self.outcomes[t.place]) for t in self.tasks if t.place in self.outcomes]


def tasks(course: Course, student: str, work: Path, seconds: float | None, timeout: float | None,
          sizes: dict[Path, tuple[int, int]]) -> list[Task]:
    """One for each exercise of the course; sizes: points and number of checks of each file, in every variant."""
    found = []
    for file, (points, checks) in sizes.items():
        subject, problem, source = course.exercise(file, student), "", None
        try: source = submissions.source(work, subject.place)
        except Exception as error: problem = f"{error}" or type(error).__name__       # theirs may stop no one else's
        found.append(Task(student, subject.topic, subject.file, subject.text, source, course.seed(student, file.stem),
                          seconds or course.seconds, timeout or course.timeout, points, checks, problem))
    return found


def grade_all(course: Course, works: dict[str, Path], *, executor: Executor | None = None, jobs: int = 2,
              seconds: float | None = None, timeout: float | None = None,
              told: Callable[[Grades, list[Grades]], None] = lambda one, every: None) -> list[Grades]:
    """Grade these submissions; told is called after each exercise, and with one job and no executor after each check.

    executor: any; it is not shut down.  Without one: `jobs` processes of our own, or for one job this process.  A
    student's code runs in none of them: each grader starts children for it.
    """
    sizes = {file: (subject.points, len(subject.checks)) for file in course.files if (subject := load(file))}
    every = [Grades(s, tasks(course, s, work, seconds, timeout, sizes)) for s, work in works.items()]
    owner = {(t.student, t.place): g for g in every for t in g.tasks}
    for task, outcomes in results([t for g in every for t in g.tasks], executor, jobs):
        one = owner[task.student, task.place]
        one.outcomes[task.place] = outcomes
        told(one, every)
    return every


def results(work: list[Task], executor: Executor | None, jobs: int) -> Iterator[tuple[Task, list[Outcome]]]:
    if executor is None and jobs == 1:
        for task in work:
            found: list[Outcome] = []
            for outcome in each(task):
                found.append(outcome)
                yield task, list(found)
        return
    left = {(t.student, t.place): t for t in work}
    with workers(jobs) if executor is None else nullcontext(executor) as those:
        try:
            for task, outcomes in submitted(those, work, jobs):
                del left[task.student, task.place]
                yield task, outcomes
        except BrokenExecutor: pass
    for task in left.values(): yield task, alone(task)


@contextmanager
def workers(jobs: int) -> Iterator[Executor]:
    """Our own processes; they end at once when the block is left by Ctrl-C."""
    before = set(multiprocessing.active_children())
    with pool(jobs) as own:
        try: yield own
        except BaseException:
            own.shutdown(wait=False, cancel_futures=True)
            while left := set(multiprocessing.active_children()) - before:
                for process in left: process.terminate()         # ends its task; one more may be waiting for it
                for process in left: process.join(0.5)
            raise


def pool(jobs: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"), initializer=obedient)


def obedient() -> None:
    """A worker leaves Ctrl-C to its master, and ends its child when it is told to end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


def alone(task: Task) -> list[Outcome]:
    """In a process of its own, after one of the others has been killed: only the culprit goes without a grade."""
    with pool(1) as own:
        try: return own.submit(grade, task).result()
        except BrokenExecutor: return lost(task, "its process was killed")


def lost(task: Task, why: str) -> list[Outcome]:
    subject = exercise(task.topic, task.file, task.text)
    return none(subject, "grader-error", f"{FAILED}: {why}")


def submitted(executor: Executor, work: Iterable[Task], jobs: int) -> Iterator[tuple[Task, list[Outcome]]]:
    """As they come.  Not more than a few at a time are under way, so that stopping is quick."""
    waiting, running = iter(work), dict[Future[list[Outcome]], Task]()
    ahead = max(4 * jobs, 32)
    while True:
        while len(running) < ahead and (task := next(waiting, None)): running[executor.submit(grade, task)] = task
        if not running: return
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            task = running.pop(future)
            try: yield task, future.result()
            except BrokenExecutor: raise
            except Exception as error: yield task, lost(task, f"{type(error).__name__}: {error}")


# ------------------------------------------------------------ tables

class Writer:
    """grades.csv (a row for each check) and its totals beside it, replaced whole every two seconds, and by flush()."""

    def __init__(self, path: Path) -> None: self.path, self.last, self.every = path, 0.0, list[Grades]()

    def __call__(self, every: list[Grades]) -> None:
        self.every = every
        if time.monotonic() - self.last >= EVERY: self.flush()

    def flush(self) -> None:
        """What is known so far."""
        every = self.every
        write(self.path, as_csv(COLUMNS, (row for g in every for row in rows(g))))
        write(self.path.with_name(f"{self.path.stem}.totals.csv"),
              as_csv(("student", "score", "points"), ((g.student, g.score, g.points) for g in every if g.complete)))
        self.last = time.monotonic()


def rows(grades: Grades) -> Iterator[tuple[object, ...]]:
    for task, outcomes in grades.listed:
        for o in outcomes:
            yield (grades.student, task.place, o.check, o.score, o.points, int(o.passed), int(o.hidden), o.kind,
                   o.mistake, o.message, o.fix)


def as_csv(head: Iterable[str], lines: Iterable[tuple[object, ...]]) -> str:
    """CSV whose texts no spreadsheet takes for formulas."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([safe(cell) if isinstance(cell, str) else cell for cell in line] for line in lines)
    return out.getvalue()


def safe(text: str) -> str: return "'" + text if text[:1] in ("=", "+", "-", "@", "\t") else text
