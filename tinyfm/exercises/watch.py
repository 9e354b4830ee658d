"""Check the current exercise each time its file is saved; keys for all else.  Works in any terminal, or without."""
from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from tinyfm.exercises import learner
from tinyfm.exercises.exercise import Exercise
from tinyfm.exercises.progress import Work

KEYS = "r run   h hint   n next   l list   s solution   q quit"
SETTLED = 0.1                                    # seconds without a change: an editor may write a file twice


class Keys(Protocol):
    """Waits so many seconds for a key: the key, or "" when none came."""

    def __call__(self, seconds: float) -> str: ...


class Watch:
    """One screen: the result, where we are, the keys.  Nothing is advanced unless the learner says so."""

    def __init__(self, work: Work, exercise: Exercise, keys: Keys, *, manual: bool = False, interval: float = 0.2,
                 clear: bool = False) -> None:
        self.work, self.exercise, self.keys = work, exercise, keys
        self.manual, self.interval, self.clear = manual, interval, clear

    def run(self) -> int:
        """Until q.  Returns 0."""
        self.enter(self.exercise)
        while True:
            match self.keys(self.interval):
                case "q": return 0
                case "r": self.check()
                case "h": self.say(*learner.hints(self.work, self.exercise))
                case "n": self.next()
                case "l": self.say(*(f"  {'done' if self.work.done(e) else '-   '}  {e.topic[3:]:<14} {e.name}"
                                     for e in self.work.exercises))
                case "s": self.solution()
            if not self.manual and self.changed(): self.check()

    def enter(self, exercise: Exercise) -> None:
        self.exercise = exercise
        self.work.current = exercise.name
        self.work.save()
        self.check()

    def next(self) -> None:
        following = self.work.next_open(self.exercise)
        if following is None: self.say("All exercises are done.")
        else: self.enter(following)

    def solution(self) -> None:
        record = self.work.record(self.exercise)
        if self.work.done(self.exercise) or record.get("revealed"): self.say(learner.solution(self.exercise))
        else: self.say("It opens when the checks pass; tinyfm exercises solution --reveal shows it before.")

    def changed(self) -> bool:
        """Has the file been saved, and is it quiet now?"""
        if stamp(self.path) == self.seen: return False
        now = stamp(self.path)
        while True:
            time.sleep(SETTLED)
            before, now = now, stamp(self.path)
            if before == now: return now is not None

    @property
    def path(self) -> Path: return self.work.path(self.exercise)

    def check(self) -> None:
        """Run the checks and show the screen."""
        self.seen = stamp(self.path)
        if self.seen is None: return self.say(f"{self.path} is gone: tinyfm exercises reset {self.exercise.name}")
        if self.clear: print("\033[2J\033[H", end="")
        self.say(learner.heading(self.work, self.exercise), "")
        code, outcomes, printed = learner.check(self.work, self.exercise)
        self.say(*learner.report(self.exercise, outcomes, printed))
        if code == learner.PASS: self.say(*learner.explanation(self.exercise), "\nDone. Press n for the next one.")
        if code == learner.STUB: self.say("", self.exercise.statement)
        self.say("", f"{learner.bar(self.work)}   checked at {time.strftime('%H:%M:%S')}", KEYS)

    def say(self, *lines: str) -> None: print(*lines, sep="\n", flush=True)


def stamp(path: Path) -> tuple[int, int] | None:
    """When and how large; None where there is no file (an editor may be replacing it)."""
    try: found = os.stat(path)
    except OSError: return None
    return found.st_mtime_ns, found.st_size


@contextmanager
def keyboard() -> Iterator[Any]:
    """Keys as they are pressed in a terminal, else the first letter of each line that arrives."""
    if sys.platform == "win32":
        yield windows_key
        return
    try:
        import termios
        import tty
        before = termios.tcgetattr(sys.stdin)
    except (ImportError, OSError, ValueError, termios.error):
        yield piped_key
        return
    tty.setcbreak(sys.stdin)
    try: yield pressed_key
    finally: termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def ready(seconds: float) -> bool:
    import select
    try: return bool(select.select([sys.stdin], [], [], seconds)[0])
    except (OSError, ValueError):
        time.sleep(seconds)
        return False


def pressed_key(seconds: float) -> str:
    return os.read(sys.stdin.fileno(), 1).decode(errors="ignore") if ready(seconds) else ""


def piped_key(seconds: float) -> str:
    """From a pipe; at its end only the file is watched."""
    if not ready(seconds): return ""
    letter = os.read(sys.stdin.fileno(), 1).decode(errors="ignore")
    if not letter: time.sleep(seconds)
    return letter.strip()


def windows_key(seconds: float) -> str:
    import msvcrt
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if msvcrt.kbhit(): return str(msvcrt.getwch())  # type: ignore[attr-defined,unused-ignore]
        time.sleep(0.02)
    return ""
