"""What a learner is told: the result of a check, the next hint, the explanation.  Plain words, ASCII, no colour."""
from __future__ import annotations

import importlib
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any

from tinyfm.engine import Op
from tinyfm.exercises.exercise import BLOCK, Exercise
from tinyfm.exercises.judge import WAITS, Outcome, judge
from tinyfm.exercises.progress import Work

PASS, FAIL, STUB = 0, 1, 3                       # exit codes; 2 is a mistake in what was asked
STATUS = {PASS: "pass", FAIL: "fail", STUB: "stub"}

NUDGES = {
    "wrong-shape": "Shapes first: write the shape of each array beside its line. In which line does it go wrong?",
    "not-summed-over-broadcast": "What was stretched on the way forward is summed on the way back.",
    "transposed": "Which axis is which? Try it with sizes that all differ.",
    "wrong-sign": "One minus is missing, or one is too many. Take one number and follow its sign.",
    "constant-factor": "Everything is off by the same factor: look for a 2, an n or a 1/n.",
    "nan": "Which intermediate result is not a number first? Print them one after the other.",
    "zero": "Nothing arrived. Is the result written where you return it from?",
    "partial": "Some are right: what do the wrong ones have in common?",
    "modifies-input": "Somebody else still needs that array. Make a new one.",
    "stale-cache": "Something is remembered between two calls.",
    "ignores-upstream": "Where does g come in?",
    "wrong-dtype": "A Python float keeps float32 as it is; np.float64 and np.zeros(...) without dtype do not.",
    "numpy-warning": "The result is right, and a number on the way to it was not.",
    "slow": "Which operation on whole arrays does the work of the inner loop?",
    "ended": "What must change in the loop so that it ends?",
    "none": "Does every path through the function end in a return?",
}


def check(work: Work, exercise: Exercise) -> tuple[int, list[Outcome], str]:
    """Run the public checks on the learner's file and keep the result: (exit code, outcomes, what the code printed)."""
    path, printed = work.path(exercise), [""]
    source = path.read_text("utf-8", errors="replace")
    outcomes: list[Outcome] = []
    for outcome in judge(exercise, source, told=lambda text: printed.__setitem__(0, text)):
        outcomes.append(outcome)
        if outcome.kind == "ended": break        # the next check would loop as long again
    waiting = [c for c in exercise.checks if not c.hidden][len(outcomes):]
    outcomes += [Outcome(c.name, c.points, False, False, *WAITS) for c in waiting]
    code = status(outcomes)
    record = work.record(exercise)
    failed = next((o for o in outcomes if not o.passed), None)
    if code == PASS: record["passed"] = True
    before = dict(record)
    record.pop("last", None)
    if failed is not None and code == FAIL: record["last"] = failed.kind
    if record != before or code == PASS: work.save()
    return code, outcomes, printed[0]


def status(outcomes: list[Outcome]) -> int:
    if all(o.passed for o in outcomes): return PASS
    return STUB if {o.kind for o in outcomes if not o.passed} <= {"stub", "waits"} else FAIL


# ------------------------------------------------------------ in words

def heading(work: Work, exercise: Exercise) -> str:
    return f"{exercise.name}: {exercise.title}   ({exercise.minutes} minutes)\n  {shown_path(work, exercise)}"


def shown_path(work: Work, exercise: Exercise) -> str:
    from pathlib import Path
    path = work.path(exercise)
    try: return str(path.relative_to(Path.cwd()))
    except ValueError: return str(path)


def report(exercise: Exercise, outcomes: list[Outcome], printed: str = "") -> Iterator[str]:
    """One line for each check; the first that failed in full."""
    told: set[str] = set()
    for o in outcomes:
        yield f"  {'ok     ' if o.passed else 'not yet'}  {o.check}" + f"   ({o.note})" * bool(o.passed and o.note)
        if not o.passed and o.message not in told and (not told or o.kind != "stub"):
            if not told: yield from said(o)
            told.add(o.message)
    if printed.strip(): yield textwrap.indent("your code printed:\n" + printed.strip()[-800:], "    | ")
    right, hidden = sum(o.passed for o in outcomes), sum(c.hidden for c in exercise.checks)
    more = f"; {hidden} more run{'s' * (hidden == 1)} at grading" if hidden else ""
    yield f"{right}/{len(outcomes)} public checks passed{more}."


def said(o: Outcome) -> Iterator[str]:
    yield textwrap.indent(o.message, "           ")
    if o.fix and o.fix not in o.message: yield f"           What to do: {o.fix}"


def explanation(exercise: Exercise) -> Iterator[str]:
    """Why it works, and our own code beside it."""
    yield "\nWhy it works\n" + textwrap.indent(exercise.after, "  ")
    for name in exercise.compare:
        if source := own_source(name): yield f"\nHow tinyfm writes it: {name}\n" + textwrap.indent(source, "  | ")


def own_source(name: str, lines: int = 24) -> str:
    """The text of one thing of ours, "module:name", cut where it gets long."""
    module, _, path = name.partition(":")
    thing: Any = importlib.import_module(module)
    for part in path.split("."): thing = getattr(thing, part)
    try: text = textwrap.dedent(inspect.getsource(thing.forward if isinstance(thing, Op) else thing))
    except (OSError, TypeError): return ""
    found = text.rstrip().split("\n")
    return "\n".join(found if len(found) <= lines else [*found[:lines], f"...   ({len(found) - lines} more lines)"])


def hints(work: Work, exercise: Exercise, level: int | None = None) -> Iterator[str]:
    """The next hint (or the first `level` of them), after a nudge that fits the last result; all after the pass."""
    record, every = work.record(exercise), exercise.hints
    if work.done(exercise): level = len(every)
    elif level is None: level = record.get("hints", 0) + 1
    level = max(1, min(level, len(every)))
    if nudge := NUDGES.get(record.get("last", "")): yield f"  Your last result: {nudge}"
    for number, hint in enumerate(every[:level], 1):
        yield f"  Hint {number} of {len(every)}\n" + textwrap.indent(hint, "    ")
    if not work.done(exercise) and level > record.get("hints", 0):
        record["hints"] = level
        work.save()


def solution(exercise: Exercise) -> str:
    """The key without its marks."""
    return BLOCK.sub(lambda block: block[2].split("# INSTEAD")[0].rstrip(" \n"), exercise.key)


def bar(work: Work, width: int = 30) -> str:
    """12/40 [#########.....................]"""
    done, total = sum(map(work.done, work.exercises)), len(work.exercises)
    full = round(width * done / max(total, 1))
    return f"{done}/{total} [{'#' * full}{'.' * (width - full)}]"
