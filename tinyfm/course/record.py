"""The public checks as calls and their results, so that students can run them without tinyfm."""
from __future__ import annotations

import json
from typing import Any

import numpy as np

from tinyfm.course.course import CourseError
from tinyfm.exercises.diagnosis import Wrong
from tinyfm.exercises.exercise import Exercise
from tinyfm.exercises.judge import generator
from tinyfm.exercises.runner import Local, StudentError, source_of

SIZE = 20000                                     # characters of one call; the larger ones are left to the grader


class UnrecordableError(TypeError):
    """A function, a generator: something that cannot be written down."""


class Recorder(Local):
    """Our own solution as the student, and all that it was asked."""

    def __init__(self, exercise: Exercise) -> None:
        super().__init__(exercise.module)
        self.calls: list[dict[str, Any]] = []

    def ask(self, do: str, **request: Any) -> Any:
        if do == "drive": call = {"name": request["scenario"].__name__, "scenario": source_of(request["scenario"])}
        else: call = {"name": request["name"], "settings": noted(request["settings"])}
        try: call["args"] = [written(a) for a in request["args"]]
        except UnrecordableError: return super().ask(do, **request)
        try: value = super().ask(do, **request)
        except StudentError as error:
            self.calls.append(call | {"raises": type(error).__name__})
            raise
        try: self.calls.append(call | {"returns": written(value)})
        except UnrecordableError: pass
        return value


def noted(settings: dict[str, Any]) -> Any:
    try: return written(settings)
    except UnrecordableError: return None


def written(value: Any) -> Any:
    """As JSON; arrays with their dtype and shape, floats to the last bit."""
    if value is None or type(value) in (bool, int, float, str): return value
    if isinstance(value, list): return [written(v) for v in value]
    if isinstance(value, tuple): return {"tuple": [written(v) for v in value]}
    if isinstance(value, dict): return {"dict": [[written(k), written(v)] for k, v in value.items()]}
    if not isinstance(value, np.ndarray | np.generic) or value.dtype.kind not in "biufcU": raise UnrecordableError
    flat = np.asarray(value).ravel()
    numbers = [[z.real, z.imag] for z in flat.tolist()] if flat.dtype.kind == "c" else flat.tolist()
    return {"array" if isinstance(value, np.ndarray) else "number": [value.dtype.str, list(value.shape), numbers]}


def recorded(exercise: Exercise, seed: int) -> list[dict[str, Any]]:
    """(check, calls) for each public check.  Answers to questions are no calls, and never leave."""
    found = []
    for check in exercise.checks:
        if check.hidden: continue
        runs = []
        for _ in range(2):
            recorder = Recorder(exercise)
            try: check.run(recorder, generator(check, seed))
            except Wrong as wrong:
                raise CourseError(f"{exercise.place}: {check.name}: our own solution fails: {wrong}") from None
            runs.append([json.dumps(c) for c in recorder.calls])
        calls = [json.loads(a) for a, b in zip(*runs) if a == b and len(a) <= SIZE]
        calls = [c for c in calls if not (c["name"] == "read" and "getattr" in c.get("scenario", ""))
                 and c.get("settings", {}) is not None]
        if calls: found.append({"check": check.name, "calls": calls})
    return found
