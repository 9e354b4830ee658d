"""The student's code at arm's length: a child process that is told what to call and answers with arrays.

    with Child() as child:
        child.load(source, "softmax.py")
        student = Student(child)
        with child.within(seconds=5): y = student.softmax(x)

Nothing of the parent's enters the child but inputs; nothing comes out but what `child.send` can write.  Functions among
the inputs stay here: the child asks for each of their values.
"""
from __future__ import annotations

import inspect
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event, Thread, get_native_id
from types import ModuleType
from typing import Any, Self

import numpy as np

from tinyfm.exercises.child import MalformedError, flatten, receive, send

NUMPY = {"numpy": str(Path(np.__file__).parents[1])}
REPLY = 1 << 28                                  # bytes that one reply may hold


@dataclass(frozen=True)
class Limits:
    """For one child: seconds of CPU, bytes of memory, bytes of one file."""

    cpu: int = 120
    memory: int = 2 << 30
    file: int = 1 << 22


class StudentError(Exception):
    """What the student's code raised, as text.  line: in the student's file, or 0."""

    kind = "error"
    line = 0

    def __str__(self) -> str:
        return self.args[0] + (f" (line {self.line})" if self.line else "")


class NotWrittenError(StudentError):
    """The stub's NotImplementedError."""

    kind = "stub"


class EndedError(StudentError):
    """The child is gone: too slow, killed, or it left by itself."""

    kind = "ended"


READ_ONLY = "assignment destination is read-only", "output array is read-only"


def student_error(name: str, message: str, line: Any) -> StudentError:
    """An exception of the student's, with the name of its class."""
    if name == "NotImplementedError": error: StudentError = NotWrittenError(message or "not written yet")
    else:
        error = type(name if name.isidentifier() else "Error", (StudentError,), {})(message)
        if any(text in message for text in READ_ONLY): error.kind = "modifies-input"
    error.line = line if isinstance(line, int) else 0
    return error


def stranger(folder: Path) -> int:
    """Where we are root: a user that nobody is, who owns the folder now.  Else 0."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0: return 0
    user = 30000 + int.from_bytes(os.urandom(2), "big") % 30000
    try: os.chown(folder, user, user)
    except OSError: return 0
    return user


def queued(pid: int) -> float:
    """Seconds that a process or thread has waited for a processor, where Linux tells."""
    try: return int(Path(f"/proc/{pid}/schedstat").read_bytes().split()[1]) / 1e9
    except (OSError, ValueError, IndexError): return 0.0


class Child:
    """A process for one student's code, with limits, an empty working folder and a clean environment."""

    def __init__(self, limits: Limits = Limits()) -> None:
        self.limits, self.late, self.ended, self.seconds = limits, False, False, 0.0
        self.warned: list[str] = []
        self.mark = os.urandom(16).hex()
        self.folder = Path(tempfile.mkdtemp(prefix="tinyfm-"))
        self.output = tempfile.TemporaryFile()
        keep = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "OPENBLAS_CORETYPE") if name in os.environ}
        environment = keep | {"HOME": str(self.folder), "TMPDIR": str(self.folder), "LANG": "C.UTF-8",
                              "TINYFM_CHILD": self.mark, "PYTHONHASHSEED": "0",
                              "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        script = str(Path(__file__).with_name("child.py"))
        told = asdict(limits) | NUMPY | {"user": stranger(self.folder)}
        self.process = subprocess.Popen(
            [sys.executable, "-s", "-P", "-B", script, json.dumps(told)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self.output, cwd=self.folder, env=environment, start_new_session=True)

    def __enter__(self) -> Self: return self
    def __exit__(self, *_: object) -> None: self.close()

    @property
    def alive(self) -> bool: return not (self.late or self.ended) and self.process.poll() is None

    @contextmanager
    def within(self, seconds: float, until: float = math.inf) -> Iterator[None]:
        """Whatever is asked of the child in this block, together, takes no longer: then it is killed.

        The time for which it, or we, could have run but had to wait for a processor does not count: a busy machine
        fails nobody.  until: on time.perf_counter(); then it is ended all the same.
        """
        done = Event()
        Thread(target=self.watch, args=(seconds, until, done, get_native_id()), daemon=True).start()
        try: yield
        finally: done.set()

    def watch(self, seconds: float, until: float, done: Event, master: int) -> None:
        began, before = time.perf_counter(), queued(self.process.pid) + queued(master)
        left = min(seconds, until - began)
        while not done.wait(max(0.0, left)):
            now, waited = time.perf_counter(), queued(self.process.pid) + queued(master) - before
            left = min(seconds - (now - began) + waited, until - now)
            if left < 0.01: return self.expire(min(seconds, until - began))

    def expire(self, seconds: float) -> None:
        self.late, self.seconds = True, seconds
        self.kill()
        self.sweep()                             # whoever else holds the pipe would keep us waiting for its end

    def kill(self) -> None:
        """End the process and all that it started."""
        with suppress(OSError):
            if hasattr(os, "killpg"): os.killpg(self.process.pid, signal.SIGKILL)
        with suppress(OSError): self.process.kill()

    def sweep(self) -> None:
        """End what has left the group: whatever has our mark in its environment, where /proc tells; until none has."""
        for _ in range(100):
            if not any([self.ended_by_mark(path) for path in Path("/proc").glob("[0-9]*/environ")]): return

    def ended_by_mark(self, environment: Path) -> bool:
        try:
            if self.mark.encode() not in environment.read_bytes(): return False
            os.kill(int(environment.parent.name), signal.SIGKILL)
        except OSError: return False
        return True

    def close(self) -> None:
        self.kill()
        self.sweep()
        for stream in (self.process.stdin, self.process.stdout):
            with suppress(OSError): stream.close()  # type: ignore[union-attr]
        self.process.wait()
        self.output.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def processor_seconds(self) -> float:
        """What it has used so far; time as such where the system does not tell."""
        try: return time.clock_gettime(~self.process.pid << 3 | 2)       # clock_getcpuclockid(3) of Linux
        except (AttributeError, OSError): return time.perf_counter()

    def printed(self, size: int = 2000) -> str:
        """The end of what the student's code has printed."""
        end = self.output.seek(0, os.SEEK_END)
        self.output.seek(max(0, end - size))
        return self.output.read().decode(errors="replace")

    def ask(self, do: str, **request: Any) -> Any:
        """One request and its answer; raises StudentError, and EndedError when no answer will ever come."""
        writer, reader = self.process.stdin, self.process.stdout
        assert writer is not None and reader is not None
        try:
            functions = send(writer, {"do": do, "with": request})  # type: ignore[arg-type]
            reply = receive(reader, REPLY)  # type: ignore[arg-type]
            while isinstance(reply, dict) and "ask" in reply:
                send(writer, answered(functions, reply))  # type: ignore[arg-type]
                reply = receive(reader, REPLY)  # type: ignore[arg-type]
        except (EOFError, OSError, ValueError, MalformedError) as error:
            reason, self.ended = self.reason(error), True
            self.kill()
            raise EndedError(reason) from None
        if isinstance(reply, dict) and isinstance(found := reply.get("error"), dict):
            raise student_error(str(found.get("type")), str(found.get("message")), found.get("line", 0)) from None
        if not isinstance(reply, dict) or "value" not in reply:
            self.ended = True
            self.kill()
            raise EndedError("sent something that is no answer")
        self.warned = [str(w) for w in reply.get("warnings") or []]
        return reply["value"]

    def reason(self, error: Exception) -> str:
        """Why the child answers no more."""
        if self.late: return f"took longer than {round(self.seconds, 1):g} s: is there an endless loop?"
        if isinstance(error, MalformedError): return f"sent something that is no answer: {error}"
        with suppress(subprocess.TimeoutExpired): self.process.wait(1)
        code = self.process.poll()
        if self.late: return f"took longer than {round(self.seconds, 1):g} s: is there an endless loop?"
        names = {-signal.SIGXCPU: f"used up its {self.limits.cpu} s of CPU"} if hasattr(signal, "SIGXCPU") else {}
        return names.get(code or 0, f"ended the process (exit code {code})")

    def held(self) -> list[str]:
        """By what of the kernel: "landlock", "seccomp"; ask before the student's code is loaded."""
        return list(self.ask("held"))

    def load(self, source: str, file: str) -> None:
        """Run the student's file; what was loaded before is forgotten."""
        self.ask("load", source=source, file=file)


def answered(functions: list[Any], reply: dict[str, Any]) -> dict[str, Any]:
    """The value of one of our functions, or why there is none."""
    try:
        value = functions[reply["ask"]](*reply["args"])
        flatten(value, [], [])
        return {"answer": value}
    except Exception as error: return {"raise": f"{type(error).__name__}: {error}"[:500]}


# ------------------------------------------------------------ what a check calls

class Student:
    """The student's file as a check sees it: student.softmax(x) calls its function, student(scenario, x) a scenario.

    A scenario is a function of ours, scenario(module, *args), that runs beside the student's code and returns arrays;
    it may use nothing but its arguments and `np`.
    """

    def __init__(self, child: Child, solution: Any = None) -> None: self._child, self._solution = child, solution

    def __getattr__(self, name: str) -> Function:
        if name.startswith("__"): raise AttributeError(name)
        return Function(self, name)

    def __call__(self, scenario: Callable[..., Any], *args: Any) -> Any:
        source = textwrap.dedent(source_of(scenario))
        return self._child.ask("drive", source=source, name=scenario.__name__, args=list(args))


class Function:
    """One function of the student's, as if it were here."""

    def __init__(self, student: Any, name: str) -> None:
        self.student, self.__name__ = student, name
        original = getattr(student._solution, name, None)
        if callable(original): self.__signature__ = inspect.signature(original)

    def __call__(self, *args: Any, **settings: Any) -> Any:
        child = self.student._child
        return child.ask("call", name=self.__name__, args=list(args), settings=settings)

    @property
    def warned(self) -> list[str]:
        """What NumPy said during the last call."""
        return self.student._child.warned


def source_of(scenario: Callable[..., Any]) -> str:
    """The text of a scenario: exercises keep theirs, as they are no files that Python has imported."""
    texts = scenario.__globals__.get("__texts__", {})
    return texts[scenario.__name__] if scenario.__name__ in texts else inspect.getsource(scenario)


class Local(Student):
    """The same for code of our own, in this process: solutions and the mistakes that we know."""

    _child: Any

    def __init__(self, module: ModuleType | Any, solution: Any = None) -> None:
        self._module, self._solution, self._child = module, solution or module, self

    warned: list[str] = []  # noqa: RUF012
    processor_seconds = staticmethod(time.thread_time)

    def __call__(self, scenario: Callable[..., Any], *args: Any) -> Any:
        return self.ask("drive", scenario=scenario, args=args)

    def ask(self, do: str, **request: Any) -> Any:
        args = [locked(a) for a in request["args"]]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", RuntimeWarning)
            try:
                if do == "drive": value = request["scenario"](self._module, *args)
                else: value = getattr(self._module, request["name"])(*args, **request["settings"])
            except Exception as error: raise student_error(type(error).__name__, str(error), 0) from None
        self.warned = [str(w.message) for w in caught if issubclass(w.category, RuntimeWarning)]
        return value


def locked(value: Any) -> Any:
    """A read-only copy, as the child gets."""
    if isinstance(value, list): return [locked(v) for v in value]
    if isinstance(value, tuple): return tuple(locked(v) for v in value)
    if isinstance(value, dict): return {k: locked(v) for k, v in value.items()}
    if not isinstance(value, np.ndarray): return value
    copy = np.array(value)
    copy.flags.writeable = False
    return copy
