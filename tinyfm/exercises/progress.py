"""Where a learner stands: a folder of exercises and one small text file in it, safe to commit.

    exercises/
      .tinyfm/progress.json         which one is current; what is passed, hinted at, revealed
      01_neuron/01_neuron.py        the files to edit
"""
from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

from tinyfm.atomic import replacing
from tinyfm.exercises.exercise import CATALOGUE, Exercise, ExerciseError, folder

STATE = Path(".tinyfm", "progress.json")
README = """# Exercises

Each file holds one exercise: read what stands at its top, write the code, and let it be checked.

    tinyfm exercises                the next one, checked each time you save it
    tinyfm exercises list           all of them, and which are done
    tinyfm exercises check          the current one, once
    tinyfm exercises hint           a nudge; again for the formula; again for the shape of the code

`.tinyfm/progress.json` is where you stand. Commit it with your work.
"""


@dataclass
class Work:
    """A learner's folder.  source: the exercises that it was made from, tinyfm's own unless said otherwise."""

    root: Path
    source: Path = CATALOGUE
    current: str = ""
    records: dict[str, dict[str, Any]] = field(default_factory=dict)

    @cached_property
    def exercises(self) -> list[Exercise]: return list(folder(self.source))

    def path(self, exercise: Exercise) -> Path: return self.root / exercise.topic / exercise.file

    def record(self, exercise: Exercise) -> dict[str, Any]:
        """{"passed": True, "hints": 2, "revealed": True, "last": "wrong-sign"}, as far as it has come to that."""
        return self.records.setdefault(exercise.name, {})

    def done(self, exercise: Exercise) -> bool: return bool(self.records.get(exercise.name, {}).get("passed"))

    def find(self, name: str | None) -> Exercise:
        """The exercise of that name, or whose name or path ends or begins so; without a name the current one."""
        name = Path(name).name.removesuffix(".py") if name else self.current
        for matches in (lambda e: e.name == name, lambda e: e.file == f"{name}.py",
                        lambda e: e.name.startswith(name), lambda e: name in e.place):
            found = [e for e in self.exercises if matches(e)]
            if len(found) == 1: return found[0]
            if found: raise ExerciseError(f"{name!r} may be {', '.join(e.name for e in found[:6])}: say which.")
        near = get_close_matches(name, [e.name for e in self.exercises], 3)
        raise ExerciseError(f"there is no exercise {name!r}; " + (f"did you mean {', '.join(near)}?" if near else
                                                                  "tinyfm exercises list shows them all"))

    def next_open(self, after: Exercise | None = None) -> Exercise | None:
        """The next one that is not passed, in order, from the beginning again at the end; None when all are done."""
        names = [e.name for e in self.exercises]
        start = names.index(after.name) + 1 if after else 0
        return next((e for e in self.exercises[start:] + self.exercises[:start] if not self.done(e)), None)

    def save(self) -> None:
        """Written aside and renamed: a kill leaves the old state or the new one."""
        (self.root / STATE.parent).mkdir(parents=True, exist_ok=True)
        source = None if self.source == CATALOGUE else os.path.relpath(self.source, self.root)
        state = {"version": 1, "current": self.current, "from": source,
                 "exercises": {name: r for name, r in self.records.items() if r}}
        text = json.dumps(state, indent=1, sort_keys=True) + "\n"
        with replacing(self.root / STATE) as file: file.write(text.encode())

    def write(self, exercise: Exercise, text: str) -> None:
        path = self.path(exercise)
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file: file.write(text.encode())


def init(root: Path, source: Path = CATALOGUE) -> tuple[Work, int]:
    """Make the folder, or add to it what is new; nothing that is there is touched.  Returns how many files are new."""
    if not any(folder(source)): raise ExerciseError(f"{source}: there are no exercises.")
    work = open_work(root) if (root / STATE).exists() else Work(root, source.resolve())
    new = [e for e in work.exercises if not work.path(e).exists()]
    for exercise in new: work.write(exercise, exercise.stub)
    if not work.current: work.current = work.exercises[0].name
    if not (root / "README.md").exists(): (root / "README.md").write_text(README, "utf-8")
    work.save()
    return work, len(new)


def open_work(root: Path) -> Work:
    """Read the state.  ExerciseError where it is no state of ours."""
    path = root / STATE
    try:
        state = json.loads(path.read_text("utf-8"))
        records = {str(name): dict(r) for name, r in state["exercises"].items()}
        source = CATALOGUE if state["from"] is None else (root / state["from"]).resolve()
        return Work(root, source, str(state["current"]), records)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ExerciseError(f"{path}: this is no progress file of tinyfm ({type(error).__name__}: {error}). Move it "
                            "away; tinyfm exercises init then begins a new one and leaves your code alone.") from None


def here(start: Path | None = None) -> Work:
    """The learner's folder around the current one, or `exercises` in it."""
    start = (start or Path.cwd()).resolve()
    for root in (start, start / "exercises", *start.parents):
        if (root / STATE).exists(): return open_work(root)
    raise ExerciseError("there are no exercises here yet: tinyfm exercises init makes the folder `exercises`")
