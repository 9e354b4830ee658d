"""The process in which the student's code runs: python -s -P -B child.py LIMITS.  It stands alone and knows no tinyfm.

It reads requests from what was its standard input and writes replies to what was its standard output; by then both
names mean something else, so that print() reaches neither.  A message is

    length of the header (8 bytes) | header: JSON, in which an array is its dtype and shape | the arrays' bytes

so nothing but numbers, text, lists, tuples, dicts and arrays can come out of here, and never a verdict.  The parent
uses `send` and `receive` too.  Limits and the audit hook stop honest accidents and the usual tricks; they are no
sandbox against an attacker: for that, run the whole grader in a container.
"""
from __future__ import annotations

import json
import os
import random
import re
import struct
import sys
import types
import warnings
from collections.abc import Callable
from typing import Any, BinaryIO

if __name__ == "__main__": sys.path.append(json.loads(sys.argv[1])["numpy"])        # python -s sees no user's folder

import numpy as np

HEADER = 1 << 20                                 # bytes of JSON at most
KEYS = 5000                                      # of one dict at most: their hashes may all be the same
DTYPE = re.compile(r"[<>|=]?[?biufcU]\d{0,5}")


class MalformedError(Exception):
    """A message that is none."""


# ------------------------------------------------------------ the wire

def send(stream: BinaryIO, value: Any) -> list[Any]:
    """Write a value; returns the functions in it, which travel as numbers."""
    arrays: list[Any] = []
    functions: list[Any] = []
    header = json.dumps(flatten(value, arrays, functions)).encode()
    stream.write(struct.pack("<Q", len(header)) + header)
    for a in arrays: stream.write(a.tobytes())
    stream.flush()
    return functions


def flatten(value: Any, arrays: list[Any], functions: list[Any]) -> Any:
    """The value as JSON, its arrays put aside."""
    if value is None or type(value) in (bool, int, float, str): return value
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [flatten(v, arrays, functions) for v in value]}
    if isinstance(value, dict):
        return {"dict": [[flatten(k, arrays, functions), flatten(v, arrays, functions)] for k, v in value.items()]}
    if callable(value) and not isinstance(value, np.ndarray | np.generic):
        functions.append(value)
        return {"function": len(functions) - 1}
    a = np.asarray(value)
    if a.dtype.kind not in "biufcU": raise TypeError(f"a {type(value).__name__} is neither a number nor an array")
    arrays.append(a)
    return {"array": [a.dtype.str, list(a.shape)]}


def receive(stream: BinaryIO, limit: int, function: Callable[[int], Any] | None = None) -> Any:
    """Read one value; its arrays are read-only.  EOFError, MalformedError; limit: bytes of all its arrays together."""
    size, = struct.unpack("<Q", exactly(stream, 8))
    if size > HEADER: raise MalformedError(f"a header of {size} bytes")
    try: tree = json.loads(exactly(stream, size))
    except (ValueError, RecursionError) as error: raise MalformedError(str(error)) from None
    return restored(tree, stream, [limit], function)


def restored(tree: Any, stream: BinaryIO, left: list[int], function: Callable[[int], Any] | None) -> Any:
    """The value whose JSON this is; left: the bytes that may still come."""
    if not isinstance(tree, dict): return tree
    try: (kind, content), = tree.items()
    except ValueError: raise MalformedError("an object of several keys") from None
    def again(t: Any) -> Any: return restored(t, stream, left, function)
    try:
        match kind:
            case "list": return [again(t) for t in content]
            case "tuple": return tuple(again(t) for t in content)
            case "dict" if len(content) <= KEYS: return {again(k): again(v) for k, v in content}
            case "array": return array(content, stream, left)
            case "function" if function is not None: return function(int(content))
    except (TypeError, ValueError, RecursionError, OverflowError) as error: raise MalformedError(str(error)) from None
    raise MalformedError(f"a {kind!r} that is unknown or too large")


def array(content: Any, stream: BinaryIO, left: list[int]) -> Any:
    text, shape = content
    if not (isinstance(text, str) and DTYPE.fullmatch(text)): raise MalformedError(f"the dtype {text!r}")
    if len(shape) > 32 or any(type(n) is not int or n < 0 for n in shape): raise MalformedError(f"the shape {shape}")
    dtype, count = np.dtype(text), 1
    for n in shape: count *= n
    left[0] -= count * max(1, dtype.itemsize)
    if left[0] < 0: raise MalformedError(f"more than is allowed: an array of shape {tuple(shape)}")
    if count and dtype.itemsize: return np.frombuffer(exactly(stream, count * dtype.itemsize), dtype).reshape(shape)
    empty = np.zeros(shape, dtype)
    empty.flags.writeable = False
    return empty


def exactly(stream: BinaryIO, size: int) -> bytes:
    found = stream.read(size)
    if len(found) != size: raise EOFError
    return found


# ------------------------------------------------------------ the student's code

class Ask:
    """A function that stays with the parent: called here, it is answered there."""

    def __init__(self, number: int, service: Service) -> None: self.number, self.service = number, service

    def __call__(self, *args: Any) -> Any:
        send(self.service.out, {"ask": self.number, "args": list(args)})
        reply = self.service.receive()
        if "raise" in reply: raise ValueError(reply["raise"])
        return reply["answer"]


class Service:
    """Loads code, calls it, and says what came out."""

    def __init__(self, source: BinaryIO, out: BinaryIO, confined: list[str]) -> None:
        self.source, self.out, self.confined = source, out, confined
        self.module, self.file = types.ModuleType("exercise"), ""

    def receive(self) -> Any:
        return receive(self.source, 1 << 40, lambda number: Ask(number, self))

    def run(self) -> None:
        while True:
            try: request = self.receive()
            except EOFError: return
            functions: list[Any] = []
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", RuntimeWarning)
                try:
                    value = getattr(self, request["do"])(**request["with"])
                    reply = {"value": value, "warnings": self.said(caught)}
                    flatten(value, [], functions)
                    if functions: raise TypeError("a function was returned, where numbers or arrays are due")
                except BaseException as error: reply = {"error": self.told(error)}
            send(self.out, reply)

    def held(self) -> list[str]: return self.confined

    def load(self, source: str, file: str) -> None:
        self.module = sys.modules["exercise"] = types.ModuleType("exercise")
        self.file = file
        np.random.seed(0)  # noqa: NPY002        # whoever draws from the global generators draws the same again
        random.seed(0)
        exec(compile(source, file, "exec"), self.module.__dict__)

    def call(self, name: str, args: list[Any], settings: dict[str, Any]) -> Any:
        if not hasattr(self.module, name): raise NameError(f"there is no {name} in the file any more")
        return getattr(self.module, name)(*args, **settings)

    def drive(self, source: str, name: str, args: list[Any]) -> Any:
        scope: dict[str, Any] = {"np": np}
        exec(compile(source, "the check", "exec"), scope)
        return scope[name](self.module, *args)

    def said(self, caught: list[Any]) -> list[str]:
        return [f"{w.message}" + f" (line {w.lineno})" * (w.filename == self.file) for w in caught
                if issubclass(w.category, RuntimeWarning)][:5]

    def told(self, error: BaseException) -> dict[str, Any]:
        """The error as text, and the last line of the student's file on its way."""
        line, trace = 0, error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == self.file: line = trace.tb_lineno
            trace = trace.tb_next
        if isinstance(error, SyntaxError) and error.filename == self.file: line = error.lineno or 0
        return {"type": type(error).__name__[:60], "message": str(error)[:2000], "line": line}


def libraries() -> list[str]:
    """The folders of Python's modules, and of NumPy."""
    real, up = os.path.realpath, os.path.dirname
    return sorted({real(up(os.__file__)), real(up(up(np.__file__)))})


def beside(name: str) -> dict[str, Any]:
    """What a file of this folder defines; python -P knows no folder of ours."""
    scope: dict[str, Any] = {"__name__": name}
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{name}.py"), encoding="utf-8") as file:
        exec(compile(file.read(), name, "exec"), scope)
    return scope


def main() -> None:
    limits = json.loads(sys.argv[1])
    source, out = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.dont_write_bytecode = True
    np.random.default_rng(0).random()            # what NumPy loads late is loaded before the doors close
    np.linalg.norm(np.ones(2))
    guard, confine, folder, known = beside("guard"), beside("confine"), os.getcwd(), libraries()
    guard["become"](limits["user"], [*known, os.path.dirname(folder)])
    guard["limit_resources"](limits["cpu"], limits["memory"], limits["file"])
    confined = confine["confine"](folder, known)
    guard["apart"](guard["guard"])(folder, known)
    Service(source, out, confined).run()


if __name__ == "__main__": main()
