"""tinyfm course: assignments from exercises: build, prove, grade, look back."""
from __future__ import annotations

import importlib
import sys
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

from tinyfm.cli.exercises import command
from tinyfm.cli.table import lines

FOLDER = ("folder", {"metavar": "DIR", "help": "the course", "type": Path})


def add(commands: Any) -> None:
    """Declare the commands."""
    parser = commands.add_parser("course", help="for instructors: build, prove and grade assignments",
                                 description="One folder of exercises with solutions and checks is the only source.")
    parser.set_defaults(run=lambda _: print(parser.format_help(), end="") or 0)
    inner = parser.add_subparsers(title="commands", metavar="COMMAND")
    number, path = {"type": float, "metavar": "SECONDS"}, {"type": Path, "metavar": "DIR"}
    command(inner, "new", new, "make a course from exercises and topics that come with tinyfm", FOLDER,
            ("--from", {"dest": "sources", "nargs": "+", "action": "extend", "default": [], "metavar": "NAME"}))
    command(inner, "build", build, "write the student folders, the autograders, the solutions and the points", FOLDER,
            ("-o", {"dest": "output", "type": Path, "default": Path("dist"), "metavar": "DIST"}),
            ("--students", {"type": Path, "metavar": "IDS.csv", "help": "a folder for each: needed for variants"}))
    command(inner, "check", check, "prove it: stubs fail, solutions pass, nothing leaks, wrong versions are caught",
            ("folder", {"nargs": "?", "metavar": "DIR", "type": Path}),
            ("--all", {"action": "store_true", "help": "the exercises that come with tinyfm"}),
            ("--quick", {"action": "store_true", "help": "without the wrong versions"}),
            ("--jobs", {"type": int, "default": 2, "metavar": "N"}),
            ("--page", {"type": Path, "metavar": "FILE", "help": "write the table as Markdown"}))
    command(inner, "grade", grade, "grade a folder that holds a folder or a zip for each student", FOLDER,
            ("submissions", {"type": Path, "metavar": "SUBMISSIONS"}),
            ("-o", {"dest": "output", "type": Path, "default": Path("grades.csv"), "metavar": "GRADES.csv"}),
            ("--jobs", {"type": int, "default": 2, "metavar": "N"}),
            ("--executor", {"metavar": "MODULE:CALLABLE", "help": "makes a concurrent.futures.Executor"}),
            ("--gradescope", path | {"help": "also a results.json for each student"}),
            ("--classroom50", path | {"help": "also a result.json for each student"}),
            ("--json", path | {"help": "also everything, for each student"}),
            ("--seconds", number | {"help": "for one check, in place of the course's"}),
            ("--timeout", number | {"help": "for one exercise, in place of the course's"}),
            ("--only", {"metavar": "STUDENT"}))
    command(inner, "report", report, "look back: which checks fail, of what, and which submissions are alike", FOLDER,
            ("grades", {"type": Path, "metavar": "GRADES.csv"}),
            ("--submissions", {"type": Path, "metavar": "DIR", "help": "compare them, too"}),
            ("-o", {"dest": "output", "type": Path, "default": Path("report.html"), "metavar": "REPORT.html"}))


def new(arguments: Namespace) -> int:
    from tinyfm.course import course
    made = course.new(arguments.folder, arguments.sources)
    print(f"{arguments.folder}: course.toml, .secret (keep it: variants come from it), {len(made.files)} exercises")
    for file in made.files: print(f"  {file.relative_to(arguments.folder)}")
    print(f"Next: tinyfm course check {arguments.folder}")
    return 0


def build(arguments: Namespace) -> int:
    from tinyfm.course.build import build, ids, total
    from tinyfm.course.course import opened
    course = opened(arguments.folder)
    students = ids(arguments.students) if arguments.students else []
    written = build(course, arguments.output, students)
    points = total(course.exercises(""))
    print(f"{arguments.output}: {', '.join(written)}; {len(students) or 'one for all'} students, {points} points")
    return 0


def check(arguments: Namespace) -> int:
    from tinyfm.course.course import opened, write
    from tinyfm.course.prove import leaks, prove_all
    from tinyfm.exercises.exercise import CATALOGUE
    from tinyfm.exercises.prove import page, table
    if arguments.all == bool(arguments.folder): raise ValueError("name the course to check, or --all")
    if arguments.page and arguments.quick: raise ValueError("--page tells of the wrong versions: leave out --quick")
    course = None if arguments.all else opened(arguments.folder)
    files, seconds = (course.files, course.seconds) if course else (sorted(CATALOGUE.glob("*/*.py")), 10.0)
    results = []
    for result in prove_all(files, seconds, jobs=arguments.jobs, with_mutants=not arguments.quick):
        results.append(result)
        print(f"{len(results)}/{len(files)} {result.place}: {'holds' if result.ok else 'FAILS'}", file=sys.stderr)
        for problem in result.problems: print(f"  {problem}")
        for survivor in result.proof.survivors if result.proof else (): print(f"  survives: {survivor}")
    proofs = [r.proof for r in results if r.proof]
    try: found = list(leaks(course, "student")) if course and len(proofs) == len(results) else []
    except ValueError as error: found = [str(error)]
    for leak in found: print(f"  {leak}")
    print(*table(proofs), sep="\n")
    print(f"{sum(r.ok for r in results)} of {len(results)} hold; {len(found)} leaks.")
    if arguments.page: write(arguments.page, page(proofs))
    return 0 if all(r.ok for r in results) and not found else 1


def grade(arguments: Namespace) -> int:
    from tinyfm.course import formats, submissions
    from tinyfm.course.course import opened
    from tinyfm.course.grade import Writer, grade_all
    course, writer = opened(arguments.folder), Writer(arguments.output)
    course.runs()
    works, shown = submissions.students(arguments.submissions), Tally()
    if arguments.only: works = {k: v for k, v in works.items() if k == arguments.only}
    if not works: raise ValueError(f"{arguments.submissions} holds no submissions" +
                                   (f" of {arguments.only}" if arguments.only else ""))

    def told(one: Any, every: list[Any]) -> None:
        if arguments.gradescope: formats.write_json(arguments.gradescope / one.student / "results.json",
                                                    formats.gradescope(one))
        if arguments.classroom50: formats.write_json(arguments.classroom50 / one.student / "result.json",
                                                     formats.classroom50(one, {}))
        if arguments.json: formats.write_json(arguments.json / f"{one.student}.json", formats.plain(one))
        writer(every)
        shown(every)

    executor = made(arguments.executor) if arguments.executor else None
    try: every = grade_all(course, works, executor=executor, jobs=arguments.jobs, seconds=arguments.seconds,
                           timeout=arguments.timeout, told=told)
    finally: writer.flush()
    shown(every, now=True)
    print(*lines(summary(every)), sep="\n")
    print(f"{len(every)} students, mean {sum(g.score for g in every) / len(every):.1f} of {every[0].points} points: "
          f"{arguments.output}")
    if missing := not_held():
        print(f"note: no {' and no '.join(missing)} here, so student code was held by limits and an audit hook alone: "
              "that stops the usual tricks, not an attacker (use a container)")
    lost = sum(o.kind == "grader-error" for g in every for _, found in g.listed for o in found)
    if lost: print(f"{lost} checks could not be graded (kind grader-error): look at them by hand")
    return int(bool(lost))


def not_held() -> list[str]:
    """What of the kernel does not hold student code on this machine."""
    from tinyfm.exercises.runner import Child
    with Child() as child: force = child.held()
    return [name for name in ("landlock", "seccomp") if name not in force]


class Tally:
    """How many students are done, on stderr: a line that changes in a terminal, else a line for each tenth."""

    def __init__(self) -> None: self.began, self.last = time.monotonic(), -1

    def __call__(self, every: list[Any], *, now: bool = False) -> None:
        done, alive = sum(g.complete for g in every), sys.stderr.isatty()
        if done == self.last or not (alive or now or done * 10 // len(every) > self.last * 10 // len(every)): return
        self.last, seconds = done, time.monotonic() - self.began
        left = f", {seconds / done * (len(every) - done):.0f} s left" if 0 < done < len(every) else ""
        text = f"graded {done} of {len(every)} students in {seconds:.0f} s{left}"
        print(f"\r{text:60}" if alive else text, end="\n" if now or not alive else "", file=sys.stderr, flush=True)


def summary(every: list[Any]) -> list[tuple[str, ...]]:
    """A row for each exercise: points, their mean, and how many students have all of them or none."""
    rows: list[tuple[str, ...]] = [("exercise", "points", "mean", "all", "none")]
    for place, points in {t.place: t.points for t in every[0].tasks}.items():
        scores = [sum(o.score for o in g.outcomes[place]) for g in every]
        rows.append((place, str(points), f"{sum(scores) / len(scores):.2f}", str(scores.count(points)),
                     str(scores.count(0))))
    return rows


def report(arguments: Namespace) -> int:
    from tinyfm.course.course import opened
    from tinyfm.course.report import report, save
    found = report(opened(arguments.folder), arguments.grades, arguments.submissions)
    for d in found.diagnoses[:10]: print(f"{d.rate:4.0%}  {d.exercise}: {d.said}")
    pairs = f", pairs of submissions alike: {len(found.pairs)}" if found.pairs is not None else ""
    files = ", ".join(map(str, save(found, arguments.output)))
    print(f"{len(found.students)} students, {len(found.checks)} checks{pairs}: {files}")
    return 0


def made(name: str) -> Any:
    """What module:callable returns."""
    module, _, attribute = name.partition(":")
    if not attribute: raise ValueError(f"--executor {name}: give module:callable")
    sys.path.insert(0, "")
    try: return getattr(importlib.import_module(module), attribute)()
    except (ImportError, AttributeError) as error: raise ValueError(f"--executor {name}: {error}") from None
