"""Prove a course before students see it: `tinyfm course check`."""
from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tinyfm.course.build import student_files
from tinyfm.course.course import Course, has_variants
from tinyfm.exercises.exercise import BLOCK, Exercise, ExerciseError, load
from tinyfm.exercises.judge import judge
from tinyfm.exercises.prove import Proof, prove
from tinyfm.exercises.runner import Child, Limits

SEEDS = range(1, 6)                              # no draw of the checks may fail the solution
VARIANTS = (1, 2, 3)                             # seeds that are tried of an exercise with VARIANT lines


@dataclass
class Result:
    """What was found of one file; proof: None when it cannot be judged."""

    place: str
    proof: Proof | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool: return not self.problems and self.proof is not None and self.proof.ok


def examined(file: Path, seconds: float, with_mutants: bool) -> Result:
    """Everything that must hold of one file, in processes of its own."""
    result = Result(f"{file.parent.name}/{file.name}")
    try:
        exercise = load(file)
        result.proof = prove(exercise, with_mutants=with_mutants)
        result.proof.exercise = load(file)       # without what was run: that cannot travel
        result.problems = [*result.proof.problems, *scores(exercise), *repeated(file, exercise, seconds)]
    except ExerciseError as error: result.problems.append(str(error))
    except Exception as error: result.problems.append(f"cannot be judged: {type(error).__name__}: {error}")
    return result


def scores(exercise: Exercise) -> Iterator[str]:
    """Points are whole and positive, and add up."""
    for c in exercise.checks:
        if type(c.points) is not int or c.points < 1: yield f"{c.name}: {c.points!r} points"
    names = [c.name for c in exercise.checks]
    if len(set(names)) != len(names): yield "two checks have the same name"
    if not names: yield "no checks"
    if all(c.hidden for c in exercise.checks): yield "every check is hidden"


def repeated(file: Path, exercise: Exercise, seconds: float) -> Iterator[str]:
    """Two runs agree, each check is within its time, and each variant is solved by its own solution."""
    variants = [load(file, variant=v) for v in VARIANTS] if has_variants(file) else []
    pairs = [(exercise, 7), (exercise, 7), *((exercise, s) for s in SEEDS), *((v, 11) for v in variants)]
    with Child(Limits(cpu=3600)) as child:
        runs = [list(judge(e, e.key, hidden=True, seed=seed, child=child, naming=False)) for e, seed in pairs]
    if [(o.check, o.passed, o.kind) for o in runs[0]] != [(o.check, o.passed, o.kind) for o in runs[1]]:
        yield "two runs with the same seed differ"
    for check, o in zip(exercise.checks, runs[0]):
        limit = min(seconds, check.seconds) if check.seconds <= 10 else check.seconds
        if o.seconds > limit / 2: yield f"{o.check}: takes {o.seconds:.1f} s of its {limit:g} s"
    yield from dict.fromkeys(f"fails with another variant or seed: {o.check}: {o.message}"
                             for run in runs for o in run if not o.passed)


def leaks(course: Course, student: str) -> Iterator[str]:
    """Lines of solutions, hidden checks and marks in the folder that the student gets."""
    files = student_files(course, student)
    for e in course.exercises(student):
        if any(mark in files[e.place] for mark in ("BEGIN SOLUTION", "END SOLUTION", "# CHECKS", "# VARIANT")):
            yield f"{e.place}: a mark is left in the student's file"
        everything = "\n".join(v for k, v in files.items() if k != "test_public.py")
        instead = {line.strip() for line in e.stub.split("\n")} if "# INSTEAD" in e.key else set()
        inside = {line.strip() for _, body in BLOCK.findall(e.key) for line in body.split("# INSTEAD")[0].split("\n")}
        given = {line.strip() for line in everything.replace("\\n", "\n").split("\n")}
        yield from (f"{e.place}: a line of the solution: {line}"
                    for line in sorted((inside - instead) & given) if len(line) > 12)
        hidden = [c for c in e.checks if c.hidden]
        yield from (f"{e.place}: the hidden check {c.name!r} is named" for c in hidden
                    if c.run.__name__ in everything or f'"check": "{c.name}"' in everything_of(files, e.place))


def everything_of(files: dict[str, str], place: str) -> str:
    """The recorded checks of one exercise."""
    return "\n".join(f'"check": "{c["check"]}"' for c in json.loads(files["public_checks.json"]).get(place, []))


def prove_all(files: list[Path], seconds: float, *, jobs: int = 2, with_mutants: bool = True) -> Iterator[Result]:
    """In order, as they come."""
    if jobs == 1: yield from (examined(f, seconds, with_mutants) for f in files)
    else:
        with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
            yield from pool.map(examined, files, [seconds] * len(files), [with_mutants] * len(files))
