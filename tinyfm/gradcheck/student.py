"""Call a hand-written backward with care: fresh copies, errors caught, writes noticed, state exposed."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Arrays = Sequence[Any]


@dataclass
class Answer:
    """What one call of backward gave: a gradient (or None) for each argument, or the error; what it wrote into."""

    gradients: list[Any]
    error: str = ""
    modified: tuple[str, ...] = ()
    count: int = 0  # how many gradients came back


def argument_names(forward: Callable[..., Any], backward: Callable[..., Any], count: int) -> list[str]:
    """The student's own names: backward's parameters after g, else forward's, else x0, x1, ..."""
    for function, skip in ((backward, 0 if backward is forward else 1), (forward, 0)):
        try:
            parameters = list(inspect.signature(function).parameters.values())[skip:]
        except (TypeError, ValueError):
            continue
        names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        if len(names) >= count:
            return names[:count]
    return ["x"] if count == 1 else [f"x{i}" for i in range(count)]


def fresh(x: Any) -> Any:
    return np.array(x) if isinstance(x, np.ndarray) else x


class Student:
    """A forward and backward pair under examination."""

    def __init__(self, forward: Callable[..., Any], backward: Callable[..., Any], names: Sequence[str]) -> None:
        self.forward, self.backward, self.names = forward, backward, list(names)

    def value(self, inputs: Arrays) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.array(self.forward(*map(fresh, inputs)))

    def answer(self, inputs: Arrays, g: Any) -> Answer:
        """forward(*inputs), then backward(g, *inputs), on copies that are compared afterwards."""
        given, upstream = [fresh(x) for x in inputs], np.array(g)
        upstream = upstream if upstream.ndim else upstream[()]
        try:
            with np.errstate(all="ignore"):
                self.forward(*given)
                touched = self.changed(inputs, given)
                given = [fresh(x) for x in inputs] if touched else given
                out = self.backward(upstream, *given)
        except Exception as error:  # a student's mistake, whatever it is, is a finding
            return Answer([None] * len(inputs), explain(error))
        modified = {*touched, *self.changed(inputs, given), *(["g"] if differ(upstream, g) else [])}
        listed = list(out) if isinstance(out, tuple | list) else [out]
        gradients = [None if d is None else np.array(d) for d in listed][: len(inputs)]
        gradients += [None] * (len(inputs) - len(gradients))
        return Answer(gradients, "", tuple(n for n in ["g", *self.names] if n in modified), len(listed))

    def changed(self, before: Arrays, after: Arrays) -> list[str]:
        return [name for name, a, b in zip(self.names, before, after) if differ(a, b)]


def differ(a: Any, b: Any) -> bool:
    """NaN equals NaN here: an array that was not written to never differs."""
    a, b = np.asarray(a), np.asarray(b)
    return a.shape != b.shape or a.tobytes() != b.tobytes()


def explain(error: Exception) -> str:
    """The error and the student's line that raised it."""
    frames = [
        f for f in traceback.extract_tb(error.__traceback__)
        if not any(room in f.filename.replace("\\", "/") for room in ("tinyfm/gradcheck", "tinyfm/exercises"))
    ]
    where = f" in line {frames[0].lineno}: {frames[0].line}" if frames and frames[0].line else ""
    return f"{type(error).__name__}: {error}{where}"
