"""Judge a student's file: every check in turn, in a child process, each within its time."""
from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from tinyfm.exercises.diagnosis import Wrong, alike
from tinyfm.exercises.exercise import Exercise
from tinyfm.exercises.laws import Check
from tinyfm.exercises.runner import Child, EndedError, Limits, Local, Student, StudentError

LIMITS = Limits()
NAMING = 2.0                                     # seconds for finding the name of a mistake
DIFFERENCES = {"unknown", "wrong-values", "wrong-value", "low-precision", "wrong-answer", "does-not-learn",
               "wrong-order"}                    # kinds that say no more than that something differs
LONG = 10.0                                      # seconds; what takes longer waits for the others
WAITS = "waits", "runs when the checks before it pass"
LOADING = 5.0                                    # seconds that the student's file may take to be run


@dataclass(frozen=True)
class Outcome:
    """What one check found.  kind: "" when passed, else what is wrong, in a word; message, fix: in sentences.

    mistake: the known mistake that it is, if any; note: what a passed check has to show.
    """

    check: str
    points: int
    passed: bool
    hidden: bool = False
    kind: str = ""
    message: str = ""
    fix: str = ""
    mistake: str = ""
    note: str = ""
    seconds: float = 0.0

    @property
    def score(self) -> int: return self.points if self.passed else 0


def judge(exercise: Exercise, source: str, *, hidden: bool = False, seed: int = 0, limits: Limits = LIMITS,
          seconds: float | None = None, child: Child | None = None, told: Callable[[str], None] | None = None,
          naming: bool = True, until: float = math.inf) -> Iterator[Outcome]:
    """One outcome for each check, as soon as it is there; the hidden ones only when asked for.

    seconds: for each check but the long ones, in place of its own limit.  child: one to use as long as it lives; else
    each call starts its own.  told: takes what the student's code printed.  naming: look for the mistake among those we
    know.  What is drawn depends on `seed` and the check's name only.  A check of more than 10 seconds waits until all
    before it pass.  until: on time.perf_counter(); nothing begins later, nothing lasts longer.
    """
    bench = Bench(exercise, source, limits, child, naming, until)
    wrong = False
    try:
        for check in exercise.checks:
            if check.hidden and not hidden: continue
            if time.perf_counter() >= until: return
            if wrong and check.seconds > LONG: outcome = Outcome(check.name, check.points, False, check.hidden, *WAITS)
            else: outcome = bench.outcome(check, seed, seconds if seconds and check.seconds <= LONG else check.seconds)
            wrong = wrong or not outcome.passed
            yield outcome
        if told and bench.child is not None: told(bench.child.printed())
    finally: bench.close()


class Bench:
    """The child at work, started anew when it was ended."""

    def __init__(self, exercise: Exercise, source: str, limits: Limits, child: Child | None,
                 naming: bool, until: float) -> None:
        self.exercise, self.source, self.limits, self.child, self.given = exercise, source, limits, child, child
        self.naming, self.loaded, self.until = naming, False, until
        self.unloadable: StudentError | None = None

    def left(self, seconds: float) -> float:
        """Of so many seconds those that there still are."""
        return max(0.0, min(seconds, self.until - time.perf_counter()))

    def close(self) -> None:
        if self.child is not None and self.child is not self.given: self.child.close()

    def ready(self) -> Child:
        """A child that has loaded the file.  StudentError when the file cannot be run: what ended one child at that is
        not tried on another.
        """
        if self.unloadable is not None: raise self.unloadable
        if self.child is None or not self.child.alive:
            self.close()
            self.child, self.loaded = Child(self.limits), False
        if not self.loaded:
            try:
                with self.child.within(LOADING, self.until): self.child.load(self.source, self.exercise.file)
            except EndedError as error:
                self.unloadable = error
                raise
            self.loaded = True
        return self.child

    def outcome(self, check: Check, seed: int, seconds: float) -> Outcome:
        """Run one check and put what it found into words."""
        began = time.perf_counter()
        with warnings.catch_warnings():          # what NumPy says of a student's numbers is no message of ours
            warnings.simplefilter("ignore")
            return self.judged(check, seed, seconds, began)

    def judged(self, check: Check, seed: int, seconds: float, began: float) -> Outcome:
        def said(passed: bool, **words: str) -> Outcome:
            return Outcome(check.name, check.points, passed, check.hidden, seconds=time.perf_counter() - began, **words)

        try:
            child = self.ready()
            student = Student(child, self.exercise.module)
            with child.within(seconds, self.until): note = check.run(student, generator(check, seed))
        except Wrong as wrong:
            mistake = recognised(self.exercise, check, seed, wrong, self.left(NAMING)) if self.naming else ""
            kind = "known-mistake" if mistake and wrong.kind in DIFFERENCES else wrong.kind
            message = f"{mistake}.\n{wrong.message}" if mistake else wrong.message
            return said(False, kind=kind, message=message, fix="" if mistake else wrong.fix, mistake=mistake)
        except StudentError as error: return said(False, **in_words(error, self.source))
        except RecursionError: return said(False, kind="wrong-type", message="returned something nested without end")
        except Exception as error:               # an answer so strange that the check itself stumbled over it
            if passes_here(self.exercise, check, seed):
                message = f"the result could not be used: {type(error).__name__}: {error}"
                return said(False, kind="wrong-type", message=message)
            raise
        return said(True, note=note or "")


def generator(check: Check, seed: int) -> np.random.Generator:
    return np.random.default_rng([seed, crc32(check.name.encode())])


def recognised(exercise: Exercise, check: Check, seed: int, wrong: Wrong, seconds: float) -> str:
    """The known mistake of ours that fails the check with the same results; "" when none does, or it takes too long."""
    until = time.perf_counter() + seconds
    for mistake, module in exercise.known_mistakes.items():
        if time.perf_counter() > until: break
        try: check.run(Local(module, exercise.module), generator(check, seed))
        except Wrong as theirs:
            if theirs.kind == wrong.kind and alike(theirs.evidence, wrong.evidence): return mistake
        except Exception: continue
    return ""


def passes_here(exercise: Exercise, check: Check, seed: int) -> bool:
    """Does our own solution pass?  Then a check that stumbles does so over the student's answer."""
    try: check.run(Local(exercise.module), generator(check, seed))
    except Exception: return False
    return True


def in_words(error: StudentError, source: str) -> dict[str, str]:
    """kind, message and fix for what the student's code raised."""
    name, lines = type(error).__name__, source.split("\n")
    line = f"\n  line {error.line}: {lines[error.line - 1].strip()}" if 0 < error.line <= len(lines) else ""
    match error.kind:
        case "stub": return {"kind": "stub", "message": f"not written yet{line}", "fix": ""}
        case "ended": return {"kind": "ended", "message": f"your code {error.args[0]}", "fix": ""}
        case "modifies-input":
            return {"kind": "modifies-input", "message": f"writes into an array that it was given{line}",
                    "fix": "Work on a copy (x.copy()), or make a new array: x = x - 1 instead of x -= 1."}
    return {"kind": "error", "message": f"raised {name}: {error.args[0]}{line}", "fix": advice(name, error.args[0])}


def advice(name: str, message: str) -> str:
    """What to do about an exception of that name and message; "" when we know of nothing."""
    return next((fix for words, fix in ONE_NUMBER.items() if words in message), ADVICE.get(name, ""))


ONE_NUMBER = {                                   # what NumPy says when an array stands where Python wants one number
    "truth value of an array": "if, max, min, and, or take one number; np.where, np.maximum, np.minimum, &, | take "
                               "arrays. Or was the array to be summed first?",
    "converted to Python scalars": "The functions of math take one number: np.exp, np.log, np.sqrt take arrays.",
}
ADVICE = {
    "NameError": "Is the name spelled right, and set before it is used?",
    "SyntaxError": "Python cannot read that line: look at brackets and colons there and in the line before.",
    "IndentationError": "The lines of one block begin in the same column.",
    "RecursionError": "The function calls itself without end: walk in a loop, or check when to stop.",
    "ValueError": "Print the shapes of the arrays in that line.",
    "IndexError": "An index is beyond the last one, which is n - 1.",
    "MemoryError": "An array is far larger than it should be: are two axes multiplied by broadcasting?",
}


def passed(outcomes: Iterable[Outcome]) -> bool: return all(outcome.passed for outcome in outcomes)
