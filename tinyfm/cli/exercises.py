"""tinyfm exercises: learn by writing the engine's own functions, checked as you save."""
from __future__ import annotations

import difflib
import json
import os
import shutil
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tinyfm.cli import table


def add(commands: Any) -> None:
    """Declare the commands."""
    parser = commands.add_parser("exercises", help="learn by writing the engine's own functions, checked as you save",
                                 description="Without a command: watch the next exercise that is open. Exit codes of "
                                             "check: 0 pass, 1 fail, 2 nothing to check, 3 not written yet.")
    parser.set_defaults(run=lambda a: watch(Namespace(name=None, manual=False, interval=0.2)))
    inner = parser.add_subparsers(title="commands", metavar="COMMAND")
    name = ("name", {"nargs": "?", "metavar": "NAME", "help": "an exercise; the current one without it"})
    as_json = ("--json", {"action": "store_true", "help": "for programs"})
    command(inner, "init", init, "make the folder with all exercises, or add what is new",
            ("folder", {"nargs": "?", "default": "exercises", "metavar": "FOLDER"}),
            ("--from", {"dest": "source", "metavar": "FOLDER", "help": "exercises other than tinyfm's own"}))
    command(inner, "list", listed, "all exercises, and which are done", ("--open", {"action": "store_true"}),
            ("--done", {"action": "store_true"}), ("--topic", {"default": "", "metavar": "TOPIC"}), as_json)
    command(inner, "start", start, "go to an exercise, or to the next that is open, and read it", name,
            ("--edit", {"action": "store_true", "help": "open it in $VISUAL or $EDITOR"}))
    command(inner, "check", check, "check the current exercise", name, ("--all", {"action": "store_true"}), as_json)
    command(inner, "hint", hint, "a nudge; again: the formula; again: the shape of the code", name,
            ("-n", {"type": int, "choices": (1, 2, 3), "metavar": "1|2|3", "help": "that many hints"}))
    command(inner, "watch", watch, "check each time the file is saved", name,
            ("--manual", {"action": "store_true", "help": "only when r is pressed"}),
            ("--interval", {"type": float, "default": 0.2, "metavar": "SECONDS"}))
    command(inner, "solution", solution, "ours; opens when the checks pass", name,
            ("--diff", {"action": "store_true", "help": "against yours"}),
            ("--reveal", {"action": "store_true", "help": "before the checks pass; this is recorded"}))
    command(inner, "reset", reset, "begin an exercise anew; yours is kept beside it", name,
            ("--yes", {"action": "store_true", "help": "do not ask"}))
    command(inner, "submit", submit, "all that you have written as one zip file",
            ("-o", {"dest": "output", "default": "submission.zip", "metavar": "FILE.zip"}))


def command(inner: Any, name: str, run: Callable[[Namespace], int], what: str, *options: tuple[str, Any]) -> None:
    parser = inner.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".")
    for option, settings in options: parser.add_argument(option, **settings)
    parser.set_defaults(run=run)


def init(arguments: Namespace) -> int:
    from tinyfm.exercises import progress
    from tinyfm.exercises.exercise import CATALOGUE
    work, new = progress.init(Path(arguments.folder), Path(arguments.source or CATALOGUE))
    print(f"{new} exercises written to {arguments.folder}; {len(work.exercises)} in all.")
    print(f"The first one:  {work.path(work.find(None))}")
    print("Open it in your editor, and let it be checked each time you save it:  tinyfm exercises")
    return 0


def listed(arguments: Namespace) -> int:
    from tinyfm.exercises import learner, progress
    work = progress.here()
    chosen = [e for e in work.exercises if arguments.topic in e.topic
              and not (arguments.open and work.done(e)) and not (arguments.done and not work.done(e))]
    if arguments.json:
        print(json.dumps([{"name": e.name, "topic": e.topic, "title": e.title, "minutes": e.minutes, "path": e.place,
                           "requires": e.requires, "done": work.done(e), "current": e.name == work.current}
                          for e in chosen], indent=1))
        return 0
    rows = [("done" if work.done(e) else "now" if e.name == work.current else "-", e.topic[3:].replace("_", " "),
             e.name, e.title[:60], str(e.minutes)) for e in chosen]
    if rows: print(*table.lines([("", "topic", "name", "what", "minutes"), *rows]), sep="\n")
    print(learner.bar(work))
    return 0


def start(arguments: Namespace) -> int:
    from tinyfm.exercises import learner, progress
    work = progress.here()
    exercise = work.find(arguments.name) if arguments.name else work.next_open()
    if exercise is None:
        print("All exercises are done.")
        return 0
    work.current = exercise.name
    if not work.path(exercise).exists(): work.write(exercise, exercise.stub)
    work.save()
    print(learner.heading(work, exercise), exercise.statement, "Next: edit the file, then  tinyfm exercises check",
          sep="\n\n")
    if arguments.edit: return edit(work.path(exercise))
    return 0


def edit(path: Path) -> int:
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor: raise ValueError("--edit needs $VISUAL or $EDITOR to name your editor")
    return subprocess.call([*editor.split(), str(path)])


def check(arguments: Namespace) -> int:
    from tinyfm.exercises import learner, progress
    work = progress.here()
    if arguments.all: return check_all(work, arguments.json)
    exercise = work.find(arguments.name)
    code, outcomes, printed = learner.check(work, exercise)
    if arguments.json: print(json.dumps(as_data(exercise, code, outcomes), indent=1))
    else:
        print(learner.heading(work, exercise), "", *learner.report(exercise, outcomes, printed), sep="\n")
        if code == learner.PASS: print(*learner.explanation(exercise), "\nNext: tinyfm exercises start", sep="\n")
        if code == learner.FAIL: print("Next: mend it; a nudge:  tinyfm exercises hint")
    return code


def check_all(work: Any, with_json: bool) -> int:
    """Every exercise: 0 when all pass, else 1."""
    from tinyfm.exercises import learner
    found = []
    for e in work.exercises:
        if not work.path(e).exists(): continue
        code, outcomes, _ = learner.check(work, e)
        found.append(as_data(e, code, outcomes))
        right = sum(o.passed for o in outcomes)
        if not with_json: print(f"  {learner.STATUS[code]}  {e.name:<30} {right}/{len(outcomes)}")
    if with_json: print(json.dumps(found, indent=1))
    else: print(learner.bar(work))
    return int(any(e["status"] != "pass" for e in found))


def as_data(exercise: Any, code: int, outcomes: Any) -> dict[str, Any]:
    from tinyfm.exercises import learner
    return {"exercise": exercise.name, "status": learner.STATUS[code],
            "hidden": sum(c.hidden for c in exercise.checks),
            "checks": [{"name": o.check, "passed": o.passed, "kind": o.kind, "message": o.message, "fix": o.fix,
                        "note": o.note, "seconds": round(o.seconds, 3)} for o in outcomes]}


def hint(arguments: Namespace) -> int:
    from tinyfm.exercises import learner, progress
    work = progress.here()
    exercise = work.find(arguments.name)
    print(learner.heading(work, exercise), *learner.hints(work, exercise, arguments.n), sep="\n")
    return 0


def watch(arguments: Namespace) -> int:
    from tinyfm.exercises import progress
    from tinyfm.exercises.watch import Watch, keyboard
    work = progress.here()
    exercise = work.find(arguments.name or None)
    if not arguments.name and work.done(exercise): exercise = work.next_open(exercise) or exercise
    with keyboard() as keys:
        plain = not sys.stdout.isatty() or os.environ.get("TERM", "dumb") == "dumb" or "NO_COLOR" in os.environ
        return Watch(work, exercise, keys, manual=arguments.manual, interval=arguments.interval, clear=not plain).run()


def solution(arguments: Namespace) -> int:
    from tinyfm.exercises import learner, progress
    work = progress.here()
    exercise = work.find(arguments.name)
    record = work.record(exercise)
    if not work.done(exercise) and not record.get("revealed"):
        if not arguments.reveal:
            raise ValueError(f"the solution of {exercise.name} opens when its checks pass; --reveal shows it before, "
                             "and is recorded")
        if sys.stdin.isatty() and not confirmed("Show it before the checks pass? This is recorded."): return 1
        record["revealed"] = True
        work.save()
    ours = learner.solution(exercise)
    if arguments.diff:
        mine = work.path(exercise).read_text("utf-8", errors="replace")
        print(*difflib.unified_diff(mine.split("\n"), ours.split("\n"), "yours", "ours", lineterm=""), sep="\n")
    else: print(ours)
    return 0


def reset(arguments: Namespace) -> int:
    from tinyfm.exercises import learner, progress
    work = progress.here()
    exercise = work.find(arguments.name)
    path = work.path(exercise)
    if not arguments.yes and not confirmed(f"Begin {exercise.name} anew? Yours is kept beside it."): return 1
    if path.exists():
        kept = path.with_name(f"{path.name}.bak-{time.strftime('%Y%m%d-%H%M%S')}")
        shutil.copyfile(path, kept)
        print(f"yours is kept as {kept.name}")
    work.write(exercise, exercise.stub)
    print(f"{learner.shown_path(work, exercise)} is as it was at the beginning")
    return 0


def confirmed(question: str) -> bool:
    try: return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError: return False


def submit(arguments: Namespace) -> int:
    from tinyfm.exercises import progress
    from tinyfm.exercises.submission import submit as write
    target = Path(arguments.output)
    if target.suffix != ".zip": raise ValueError(f"{target}: the name of a submission ends in .zip")
    for name, size in write(progress.here(), target): print(f"  {size:>8,} bytes  {name}")
    print(f"{target}: nothing was sent anywhere; hand it in as your instructor says")
    return 0
