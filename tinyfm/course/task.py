"""Grade one exercise of one student: what a worker does, anywhere.  Text goes in, plain values come out."""
from __future__ import annotations

import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from threading import Lock

from tinyfm.exercises.exercise import Exercise
from tinyfm.exercises.judge import Outcome, judge
from tinyfm.exercises.runner import Limits

ALONE = Lock()                                   # checks swap rules of the engine: one at a time in a process
PATIENCE = 2                                     # checks of one exercise that may run out of time
FAILED = "the grader failed here, please tell your instructor"
WORDS = 2000                                     # characters of a message


@dataclass(frozen=True)
class Task:
    """source: the student's file, None if it is missing or cannot be read (problem: why).

    points, checks: how many points, and how many checks, the exercise has.
    """

    student: str
    topic: str
    file: str
    text: str
    source: str | None
    seed: int
    seconds: float
    timeout: float
    points: int
    checks: int
    problem: str = ""

    @property
    def place(self) -> str: return f"{self.topic}/{self.file}"


@lru_cache(maxsize=32)
def exercise(topic: str, file: str, text: str) -> Exercise: return Exercise(topic, file, text)


def grade(task: Task) -> list[Outcome]:
    """An outcome for each check, whatever happens."""
    return list(each(task))


def each(task: Task) -> Iterator[Outcome]:
    """The same one by one, as they come."""
    with ALONE:
        subject = exercise(task.topic, task.file, task.text)
        rest, done = problem(task), 0
        try:
            for outcome in outcomes(subject, task) if task.source is not None else ():
                done += 1
                yield short(outcome)
        except Exception:                        # our mistake, not the student's: it is told, and others go on
            rest = "grader-error", f"{FAILED}: {traceback.format_exc().strip().split(chr(10))[-1]}"
        yield from map(short, none(subject, *rest)[done:])


def outcomes(subject: Exercise, task: Task) -> Iterator[Outcome]:
    """Until the time is used up."""
    until, endless = time.perf_counter() + task.timeout, 0
    limits = Limits(cpu=int(task.timeout) + 5)
    for outcome in judge(subject, task.source or "", hidden=True, seed=task.seed, limits=limits, seconds=task.seconds,
                         until=until):
        yield outcome
        endless += outcome.kind == "ended"
        if endless >= PATIENCE: return


def problem(task: Task) -> tuple[str, str]:
    """What is to be said of the checks that were not run."""
    if task.problem: return "unreadable", task.problem
    if task.source is None: return "missing", f"there is no {task.place} in what you handed in"
    return "late", f"not run: the checks before it took the {task.timeout:g} s that an exercise has"


def none(subject: Exercise, kind: str, message: str) -> list[Outcome]:
    return [Outcome(c.name, c.points, False, c.hidden, kind, message) for c in subject.checks]


def short(outcome: Outcome) -> Outcome:
    """Text that can be written into any file."""
    def cut(text: str) -> str: return "".join(c if c.isprintable() or c == "\n" else "?" for c in text[:WORDS])
    return replace(outcome, message=cut(outcome.message), fix=cut(outcome.fix), note=cut(outcome.note))
