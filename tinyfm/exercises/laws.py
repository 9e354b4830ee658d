"""What an exercise's checks are made of.  A check returns (perhaps with a line to show) or raises Wrong.

    @check
    def agrees_with_ours(student, rng):
        agree(student.softmax, ours, normal(rng, 3, 5), np.array([[1000.0, 0.0]]))
"""
from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from tinyfm.engine import Op, named
from tinyfm.exercises.diagnosis import Wrong, compare, shown
from tinyfm.exercises.runner import StudentError
from tinyfm.gradcheck import check_backward

__all__ = ["Check", "Wrong", "agree", "answers", "check", "gradients", "normal", "play", "refuses", "same", "sparkline",
           "swapped", "vectorised"]


@dataclass(frozen=True)
class Check:
    """run(student, rng); hidden: only at grading; seconds: then it is ended."""

    run: Callable[..., Any]
    points: int = 1
    hidden: bool = False
    seconds: float = 10.0

    @property
    def name(self) -> str: return self.run.__name__.replace("_", " ")


def check(run: Any = None, *, points: int = 1, hidden: bool = False, seconds: float = 10.0) -> Any:
    """Make a function (student, rng) a check; its name is what the learner reads."""
    if run is None: return lambda f: Check(f, points, hidden, seconds)
    return Check(run, points, hidden, seconds)


def normal(rng: np.random.Generator, *shape: int) -> Any: return rng.standard_normal(shape)


def agree(mine: Any, truth: Any, *cases: Any, rtol: float = 1e-8, quiet: bool = True) -> None:
    """mine(*case) equals truth(*case): shape, dtype, values; for each case, a tuple of arguments or one argument.

    truth: a function of ours, or the value for the only case.  A dict at a case's end is settings.  quiet: NumPy may
    not warn of overflow and the like.  Functions among the arguments are called here.
    """
    calls = [arguments(case) for case in cases or ((),)]
    for args, settings in calls:
        with np.errstate(all="ignore"):
            expected = truth(*map(fresh, args), **settings) if callable(truth) else truth
        if wrong := compare(mine(*args, **settings), expected, rtol, args):
            every = [result(partial(mine, *a, **s)) for a, s in calls]
            raise Wrong(wrong.kind, f"{wrong.message}\n{spelt(args, settings)}".rstrip(), wrong.fix, every)
        if quiet and mine.warned and not warns(truth, args, settings):
            raise Wrong("numpy-warning", f"the values are right, but NumPy warned: {mine.warned[0]}\n"
                        f"{spelt(args, settings)}", "Rearrange: no intermediate result should overflow or divide by 0.")


def same(found: Any, expected: Any, rtol: float = 1e-8, said: str = "") -> None:
    """What was found is what is expected: for results that a check has put together itself; said: where."""
    if wrong := compare(found, expected, rtol):
        raise Wrong(wrong.kind, f"{wrong.message}\n{said}".rstrip(), wrong.fix, found)


def warns(truth: Any, args: Any, settings: Any) -> bool:
    """Does our own function warn here as well?"""
    if not callable(truth): return False
    try:
        with np.errstate(all="raise", under="ignore"): truth(*map(fresh, args), **settings)
    except FloatingPointError: return True
    return False


def arguments(case: Any) -> tuple[list[Any], dict[str, Any]]:
    args = list(case) if isinstance(case, tuple) else [case]
    return (args[:-1], args[-1]) if args and isinstance(args[-1], dict) else (args, {})


def fresh(x: Any) -> Any: return np.array(x) if isinstance(x, np.ndarray) else x


def result(call: Callable[[], Any]) -> Any:
    """What a call returns, or the name of what it raises."""
    try: return call()
    except StudentError as error:
        if error.kind == "ended": raise
        return f"raised {type(error).__name__}"


def spelt(args: Any, settings: dict[str, Any]) -> str:
    words = [shown(a) for a in args] + [f"{k}={shown(v)}" for k, v in settings.items()]
    return f"for {', '.join(words)}" if words else ""


def play(student: Any, scenario: Any, expected: Any, *args: Any, rtol: float = 1e-8) -> None:
    """A scenario, run beside the student's code, returns what is expected: a value, or what it returns for a module.

    expected: numbers, arrays, lists of them; or whatever else has the student's functions and classes: `solution`.
    """
    value = expected is None or isinstance(expected, np.ndarray | np.generic | list | tuple | dict | float | int | str)
    truth = expected if value else scenario(expected, *map(fresh, args))
    found = student(scenario, *args)
    if wrong := compare(found, truth, rtol, args):
        raise Wrong(wrong.kind, f"{wrong.message}\n{spelt(args, {})}".rstrip(), wrong.fix, found)


def gradients(mine: Any, forward: Callable[..., Any], *inputs: Any, seed: int = 0) -> None:
    """mine(g, *inputs) returns the gradient of forward for each input; the gradient checker names what is wrong."""
    caught: list[StudentError] = []

    def backward(g: Any, *args: Any) -> Any:
        try: return mine(g, *args)
        except StudentError as error:
            caught.append(error)
            if error.kind in ("stub", "ended"): raise Stop from error
            raise
    backward.__name__ = mine.__name__
    if hasattr(mine, "__signature__"): backward.__signature__ = mine.__signature__  # type: ignore[attr-defined]
    try: report = check_backward(forward, backward, *inputs, seed=seed, name=mine.__name__)
    except Stop: raise caught[-1] from None
    if report.ok: return
    written = next((e for e in caught if e.kind == "modifies-input"), None)
    if written: raise written
    kind = report.findings[0].kind
    said = [(f.argument, f.kind) for f in report.findings]
    yours = [row.yours for row in report.rows]
    raise Wrong(kind, str(report), report.findings[0].fix, [str(said), *yours])


class Stop(BaseException):
    """Ends a check of gradients whose student answers no more."""


def answers(student: Any, name: str, truth: Any, rtol: float = 1e-6) -> None:
    """The student's module has this value under this name: for questions."""
    def read(module: Any, name: str) -> Any: return getattr(module, name)
    found = student(read, name)
    if isinstance(truth, str):
        if isinstance(found, str) and found.strip().lower() == truth.lower(): return
    elif compare(found, truth, rtol, ()) is None: return
    if isinstance(found, str): found = found.strip().lower()
    raise Wrong("wrong-answer", f"{name} = {shown(found)} is not it", "Work it out on paper with the smallest numbers.",
                found)


def refuses(mine: Any, *args: Any, error: str = "ValueError", **settings: Any) -> None:
    """mine(*args) raises that error, as it should."""
    try: found = mine(*args, **settings)
    except StudentError as raised:
        if type(raised).__name__ == error: return
        raise
    raise Wrong("accepts", f"returned {shown(found)} where it should raise {error}.\n{spelt(args, settings)}")


def vectorised(mine: Any, ours: Callable[..., Any], *args: Any, ratio: float = 30.0, **settings: Any) -> str:
    """mine is right, and takes at most `ratio` times as long as ours: loops over elements take hundreds of times.

    Seconds of the processor, so that a busy machine gives the same verdict.
    """
    agree(mine, ours, (*args, settings) if settings else args, quiet=False)
    slack = 2e-3                                 # of the pipe between the two processes
    clock = mine.student._child.processor_seconds
    yours = truth = np.inf
    for _ in range(3):                           # on a busy machine one measurement says little
        yours = min(yours, best(lambda: mine(*args, **settings), clock))
        truth = min(truth, best(lambda: ours(*args, **settings), time.thread_time))
        if yours <= ratio * truth + slack or yours > 1: break
    if yours > ratio * truth + slack:
        raise Wrong("slow", f"right, but {yours / truth:.0f} times as slow as ours ({1e3 * yours:.1f} ms against "
                    f"{1e3 * truth:.2f} ms)\n{spelt(args, settings)}", "Replace loops by operations on whole arrays.")
    return f"{1e3 * yours:.1f} ms; ours takes {1e3 * truth:.2f} ms"


def best(call: Callable[[], Any], clock: Callable[[], float], tries: int = 2) -> float:
    times = []
    for _ in range(tries):
        began = clock()
        call()
        times.append(clock() - began)
    return min(times)


@contextmanager
def swapped(op: Op, forward: Any = None, **rules: Any) -> Iterator[None]:
    """For a while the engine's op runs the student's forward, and the student's rule for each argument named.

    A student's rule takes its arguments in the order of the engine's rule: `g` first, then what that one names.
    """
    before = op.forward, op.rules, op.kernels, op.joint
    if forward is not None: op.forward = forward
    op.joint = None
    for argument, mine in rules.items():
        i = op.args.index(argument)
        call = renamed(mine, op.rules[i].needs)  # type: ignore[union-attr]
        call.reads = op.rules[i].reads  # type: ignore[union-attr]
        op.rules = [call if k == i else r for k, r in enumerate(op.rules)]
        op.kernels = [call if k == i else r for k, r in enumerate(op.kernels)]
    try: yield
    finally: op.forward, op.rules, op.kernels, op.joint = before


def renamed(mine: Any, needs: list[str]) -> Any:
    """A student's rule in the engine's form, which reads parameter names."""
    scope = {"mine": mine}
    return named(eval(f"lambda {', '.join(['g', *needs])}: mine({', '.join(['g', *needs])})", scope))


def sparkline(values: Any, width: int = 40) -> str:
    """A curve in one line of ASCII, from the first value to the last; "!" is NaN or infinite."""
    values = np.asarray(values, float)
    values = values[np.linspace(0, len(values) - 1, min(width, len(values))).round().astype(int)]
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    steps = "_.-=+*#"
    def mark(v: float) -> str: return steps[round((v - low) / ((high - low) or 1) * 6)] if np.isfinite(v) else "!"
    return f"{values[0]:.3g} {''.join(map(mark, values))} {values[-1]:.3g}"
