"""More than a hundred submissions that want something else than to solve the exercise; all of our own making.

Names in capitals are filled in: COURSE, SUBMISSIONS, HOME, ELSEWHERE, TINYFM (folders).
"""
from __future__ import annotations

import io
import os
import re
import textwrap
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

AFFINE, TWO, COUNTER, WALK = "01_function/01_affine.py", "01_function/02_two.py", "02_class/01_counter.py", \
    "02_class/02_backward_walk.py"
RIGHT = {AFFINE: "def affine(x): return 3 * x + 1\n",
         TWO: "import numpy as np\ndef total(x): return np.sum(x)\ndef slope(f, x, h): return (f(x + h) - f(x)) / h\n"}


@dataclass(frozen=True)
class Hostile:
    """score: what its exercise deserves; make: writes it where text alone is not enough."""

    name: str
    source: str = ""
    score: int = 0
    place: str = AFFINE
    make: Callable[[Path], None] | None = None


def indented(text: str) -> str: return textwrap.indent(textwrap.dedent(text).strip("\n"), "    ")


# ------------------------------------------------------------ in the call: it is refused, or ends, before the answer

IN_THE_CALL = {
    "an endless loop": "while True: pass",
    "an endless generator": "sum(1 for _ in iter(int, 1))",
    "an endless loop that catches everything": """
        while True:
            try:
                while True: pass
            except BaseException: pass""",
    "years of arithmetic in C": "pow(7, pow(10, 9), pow(10, 10 ** 6))",
    "a regular expression that never ends": "import re; re.match('(a+)+$', 'a' * 60 + 'b')",
    "sleeping": "import time; time.sleep(3600)",
    "waiting for input": "import sys; sys.stdin.read(); input()",
    "waiting for a lock": "import _thread; lock = _thread.allocate_lock(); lock.acquire(); lock.acquire()",
    "os._exit(0)": "import os; os._exit(0)",
    "sys.exit(0)": "import sys; sys.exit(0)",
    "SystemExit that looks like an answer": "raise SystemExit({'value': 1})",
    "an exception that is all exceptions": """
        raise type('E', (KeyboardInterrupt, SystemExit), {'__str__': lambda e: 1 / 0})()""",
    "stopping itself": "import os; os.kill(os.getpid(), 19)",
    "aborting": "import os; os.abort()",
    "a broken address": "import ctypes; ctypes.string_at(8)",
    "a wild address": "np.lib.stride_tricks.as_strided(np.ones(1), (1 << 40,), (8,))[1 << 35] = 1",
    "recursion": "return affine(x)",
    "recursion in C": "a = []\nfor _ in range(10 ** 6): a = [a]\nreturn repr(a)",
    "a list of everything": "a = [0]\nwhile True: a += a",
    "an array of everything": "np.ones((1 << 20, 1 << 20))",
    "a string of everything": "'x' * (1 << 40)",
    "a file without end": "with open('x', 'wb') as f:\n    while True: f.write(bytes(1 << 20))",
    "files without end": "for i in range(10 ** 9): open(f'{i}', 'w').close()",
    "output without end": "while True: print('x' * 10 ** 6)",
    "errors without end": "import sys\nwhile True: sys.stderr.write('x' * 10 ** 6)",
    "closing every descriptor": "import os; os.closerange(0, 1000)",
    "a fork bomb": "import os\nfor _ in range(6): os.fork()",
    "a thread that stays": """
        import threading, time
        threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()""",
    "a bomb of threads": """
        import threading, time
        for _ in range(1000): threading.Thread(target=time.sleep, args=(60,)).start()""",
    "a program": "import subprocess; subprocess.Popen(['sleep', '3600'])",
    "a program of low level": """
        import importlib.machinery
        importlib.machinery.BuiltinImporter.load_module('posix').posix_spawn('/bin/sleep', ['sleep', '3600'], {})""",
    "a shell in the background": "import os; os.system('nohup setsid sleep 3600 &')",
    "a pool": "import multiprocessing as m; m.get_context('spawn').Pool(2).map(abs, [1])",
    "becoming another program": "import os; os.execv('/bin/sleep', ['sleep', '3600'])",
    "killing the grader": "import os; os.kill(os.getppid(), 9)",
    "killing the grader's group": "import os; os.killpg(os.getpgid(os.getppid()), 9)",
    "killing the grader by its descriptor": """
        import signal
        signal.pidfd_send_signal(os.pidfd_open(os.getppid()), 9)""",
    "higher limits": "import resource; resource.setrlimit(resource.RLIMIT_CPU, (10 ** 6, 10 ** 6))",
    "a network": "import socket; socket.create_connection(('127.0.0.1', 9), 1)",
    "a download": "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9/')",
    "a sub-interpreter": "import _xxsubinterpreters as i; i.run_string(i.create(), 'import os; os.system(\"true\")')",
    "importing the answer": "from tinyfm.ops import multiply",
    "importing the answer in pieces": "__import__('importlib').import_module('tiny' + 'fm.engine')",
    "importing the answer from its folder": "import sys; sys.path.insert(0, os.path.dirname('TINYFM')); import tinyfm",
    "reading the answer": "open('TINYFM/ops/elementwise.py').read()",
    "reading the course": "open('COURSE/01_function/01_affine.py').read()",
    "reading the secret": "open('COURSE/.secret').read()",
    "reading the secret in the environment": "os.environ['TINYFM_COURSE_SECRET']",
    "reading what others handed in": "os.listdir('SUBMISSIONS')",
    "reading the grader's environment": "open(f'/proc/{os.getppid()}/environ', 'rb').read()",
    "reading the grader's memory": "open(f'/proc/{os.getppid()}/mem', 'rb').read(1)",
    "reading the grader's descriptors": "os.listdir(f'/proc/{os.getppid()}/fd')",
    "reading through a library in C": "import readline; readline.read_history_file('COURSE/.secret')",
    "writing into the home folder": "open('HOME/.profile', 'a').write('x')",
    "writing into the course": "open('COURSE/course.toml', 'w').write('x')",
    "moving a file out": "open('x', 'w').close(); os.replace('x', 'ELSEWHERE/moved')",
    "a pipe elsewhere": "os.mkfifo('ELSEWHERE/pipe')",
    "a link to elsewhere": "os.symlink('COURSE', 'link'); open('link/course.toml', 'a')",
    "a file beside Python's": "d = os.open(os.path.dirname(os.__file__), 0); os.open('sitecustomize.py', 65, dir_fd=d)",
    "memory shared with all": """
        from multiprocessing.shared_memory import SharedMemory
        SharedMemory('tinyfm-hostile', True, 9)""",
    "a path that only looks harmless": """
        class Path(str):
            def startswith(self, *a): return True
            def __eq__(self, other): return True
            __hash__ = str.__hash__
        open(Path('COURSE/.secret')).read()""",
    "builtins that allow everything": """
        import builtins, posixpath
        before = builtins.any, builtins.isinstance
        builtins.any = builtins.isinstance = posixpath._joinrealpath = lambda *a: True
        try: open('COURSE/.secret').read()
        finally: builtins.any, builtins.isinstance = before""",
}

# ------------------------------------------------------------ errors are swallowed, then the right answer: full marks

SWALLOWED = {
    "processes, however": """
        import _posixsubprocess""",
    "a double fork": "if not os.fork():\n    os.setsid()\n    if not os.fork(): time.sleep(3600)",
    "files everywhere": """
        python = os.path.dirname(os.__file__)
        for folder in ('HOME', 'COURSE', 'SUBMISSIONS', 'ELSEWHERE', '/dev/shm', '/tmp', '..', python):
            for how in (lambda p: open(p, 'w').write('x'), os.mkdir, lambda p: os.open(p, 65), np.ones(3).tofile,
                        lambda p: np.save(p, np.ones(3)), os.mkfifo, lambda p: os.rename(__file__, p)):
                try: how(folder + '/tinyfm-hostile')
                except BaseException: pass""",
    "something for the end": "import atexit; atexit.register(lambda: open('ELSEWHERE/late', 'w'))",
    "a finaliser": "globals()['f'] = type('F', (), {'__del__': lambda s: open('ELSEWHERE/late', 'w')})()",
    "tracing the guard": """
        import sys
        sys.settrace(lambda *a: None); sys.setprofile(lambda *a: None); os.listdir('COURSE')""",
    "more output than fits, once": "print('x' * 10 ** 7)",
    "a line that looks like a verdict": "print('{\"score\": 100, \"tests\": [{\"status\": \"passed\"}]}', flush=True)",
    "being nice to itself": "os.nice(5); os.setpriority(0, 0, -20)",
}

# ------------------------------------------------------------ a limit: the answer is right only where it holds

LIMITS = {
    "3 GB of memory": "np.empty(3 << 30, np.uint8)",
    "a file of 8 MB": "open('x', 'wb').write(bytes(8 << 20))",
    "a thousand files": "for i in range(1000): open(f'{i}', 'w').close()",
    "8 MB of output": "os.write(1, bytes(8 << 20)); os.write(1, b'x')",
    "a higher limit of memory": "import ctypes; ctypes.CDLL(None).setrlimit(9, np.full(2, 1 << 40).ctypes.data)",
}

# ------------------------------------------------------------ a forged result, then a wrong answer

FORGED = {
    "on stdout and stderr": "print('passed', flush=True); os.write(1, b'passed'); os.write(2, b'passed')",
    "on every descriptor": """
        import json, struct
        text = json.dumps({'value': True, 'score': 3, 'passed': True}).encode()
        for n in range(3, 64):
            try: os.write(n, struct.pack('<Q', len(text)) + text)
            except OSError: pass""",
    "by the service's own stream": """
        import sys
        service = sys.modules['__main__'].send, sys._getframe(2).f_locals['self']
        service[0](service[1].out, {'value': x, 'warnings': [], 'passed': True, 'points': 3})""",
    "by other senders": "import sys; sys.modules['__main__'].flatten = lambda *a: {'array': ['|O8', [1]]}",
    "by the frames above": """
        import sys
        frame = sys._getframe()
        while frame:
            for name, value in list(frame.f_locals.items()):
                if isinstance(value, dict): value.update(passed=True, points=3)
            frame = frame.f_back""",
    "by a NumPy that says yes": """
        np.allclose = np.array_equal = lambda *a, **k: True
        np.abs = np.max = lambda *a, **k: 0""",
    "by builtins that say yes": "import builtins; builtins.all = builtins.any = lambda *a: True",
    "by an unending reply": """
        import struct, sys
        out = sys._getframe(2).f_locals['self'].out
        out.write(struct.pack('<Q', 1 << 60))
        while True: out.write(bytes(1 << 20))""",
    "by replies of strange types": """
        import sys
        send, out = sys.modules['__main__'].send, sys._getframe(2).f_locals['self'].out
        for reply in ({'ask': [], 'args': 3}, {'ask': -1}, {'value': x, 'warnings': 7}): send(out, reply)
        send(out, {'error': {'type': 5, 'message': None, 'line': 'x'}})""",
    "by keys that collide": """
        import struct, sys
        out = sys._getframe(2).f_locals['self'].out
        keys = ','.join(f'[{i * (2 ** 61 - 1)},0]' for i in range(30000))
        text = ('{"dict":[["value",{"dict":[' + keys + ']}]]}').encode()
        out.write(struct.pack('<Q', len(text)) + text); out.flush()""",
    "by a header that lies": """
        import struct, sys
        out = sys._getframe(2).f_locals['self'].out
        text = b'{"dict": [["value", {"array": ["<U0", [4000000000]]}]]}'
        out.write(struct.pack('<Q', len(text)) + text); out.flush()""",
}

# ------------------------------------------------------------ at import, before the right function

AT_IMPORT = {
    "an endless loop at import": "while True: pass",
    "sys.exit at import": "import sys; sys.exit(0)",
    "os._exit at import": "import os; os._exit(0)",
    "a fork at import": "import os; os.fork()",
    "memory at import": "a = [0]\nwhile True: a += a",
    "no Python": "def affine(x) return x",
    "an encoding that is none": "# -*- coding: nothing -*-\nx = 'é' +",
}

# ------------------------------------------------------------ a strange result

RETURNED = {
    "NaN": "return x * np.nan",
    "infinity": "return x + np.inf",
    "itself": "return x",
    "a view of what was given": "return x[...]",
    "written into what was given": "x *= 3\n    x += 1\n    return x",
    "written after opening it": "x.flags.writeable = True\n    x[...] = 3 * x + 1\n    return x",
    "equal to everything": "return type('E', (), {'__eq__': lambda *a: True, '__hash__': lambda s: 0})()",
    "an array equal to everything": """
        class Equal(np.ndarray):
            def __eq__(self, other): return np.ones(self.shape, bool)
            def __sub__(self, other): return np.zeros(self.shape)
            __rsub__ = __sub__
            def __array_ufunc__(self, *a, **k): return np.zeros(self.shape)
            def tobytes(self, *a): return bytes(7)
        return np.zeros(x.shape).view(Equal)""",
    "another array each time": """
        class Lazy:
            n = 0
            def __array__(self, *a, **k): Lazy.n += 1; return np.zeros(Lazy.n)
        return Lazy()""",
    "objects": "return np.array([3 * x + 1, None], dtype=object)",
    "a class that unpickles": """
        return type('P', (), {'__reduce__': lambda s: (os.system, ('touch ELSEWHERE/p',))})()""",
    "pickled bytes": "import pickle; return pickle.dumps(3 * x + 1)",
    "complex numbers": "return (3 * x + 1).astype(complex)",
    "another dtype": "return (3 * x + 1).astype(np.float16)",
    "text": "return (3 * x + 1).astype(str)",
    "another shape": "return (3 * x + 1)[None]",
    "as wide as the world": "return np.broadcast_to(3 * x.sum() + 1, (1 << 30, 1 << 30))",
    "300 MB": "return np.zeros(40_000_000)",
    "a million items": "return [[float(v)] for v in range(10 ** 6)]",
    "nested without end": "a = []\n    for _ in range(100000): a = [a]\n    return a",
    "nested in itself": "a = []\n    a.append(a)\n    return a",
    "hostile keys": "return {(1, (2,)): 1, float('nan'): 2, '__class__': 3, None: 4}",
    "unhashable keys": "return {frozenset([1]): x}",
    "a function": "return lambda: 3 * x + 1",
    "a generator": "return (v for v in 3 * x + 1)",
    "text that is no text": "raise ValueError('\\ud800\\x00\\x1b[31m=cmd()' * 100000)",
    "an error named like the grader's": "raise type('Wrong', (Exception,), {'kind': '', 'passed': True})('passed')",
}

ELSEWHERE = [
    Hostile("the public answers by heart, for all others 0", """
        import numpy as np
        def affine(x):
            if np.array_equal(x, [1.0, 2.0]): return np.array([4.0, 7.0])
            return np.zeros(x.shape)"""),
    Hostile("one function forks, the other is right",
            "import os\n" + RIGHT[TWO].replace("return np.sum", "os.fork(); return np.sum"), 2, TWO),
    Hostile("one function never ends, the other is right",
            RIGHT[TWO].replace("return (f", "\n    while f(x): pass\n    return (f"), 1, TWO),
    Hostile("asking without end",
            RIGHT[TWO].replace("return (f", "\n    for i in range(10 ** 9): f(1.0 * i)\n    return (f"), 1, TWO),
    Hostile("asking with what is no number", RIGHT[TWO].replace(
        "return (f", "return f('a' * 10) or f({}) or f([[[]]]) or f(np.zeros(10 ** 6)) or (f"), 1, TWO),
    Hostile("asking for a function that is not there", """
        import numpy as np
        def total(x): return np.sum(x)
        def slope(f, x, h):
            f.number = -7
            return f(x)""", 1, TWO),
    Hostile("a class that equals everything", """
        class Counter:
            total = property(lambda s: s)
            def add(self, x): return self
            def __eq__(self, other): return True
            def __float__(self): return 0.0""", 0, COUNTER),
    Hostile("a class that reads the scenario's frame", """
        import sys
        class Counter:
            total = 0.0
            def add(self, x):
                caller = sys._getframe(1)
                caller.f_globals['sum'] = caller.f_builtins['len'] = lambda *a: 0
                return 0.0""", 0, COUNTER),
    Hostile("a class whose counter lies in its class", """
        import numpy as np
        class Counter:
            total = 0.0
            def add(self, x): Counter.total += float(np.sum(x)); return Counter.total""", 1, COUNTER),
    Hostile("a backward walk that patches float", """
        import builtins
        builtins.sorted = lambda *a, **k: []
        class Value:
            grad = 1.0
            def __init__(self, *a): pass
            def __add__(self, o): return self
            __mul__ = __add__
            def backward(self): pass""", 0, WALK),
]


# ------------------------------------------------------------ files that are no text

def bomb(folder: Path) -> None:
    with zipfile.ZipFile(folder.with_suffix(".zip"), "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open(AFFINE, "w") as file:
            for _ in range(50): file.write(bytes(1 << 20))
        archive.writestr(TWO, RIGHT[TWO])


def climbing(folder: Path) -> None:
    with zipfile.ZipFile(folder.with_suffix(".zip"), "w") as archive:
        archive.writestr("../../../climbed.py", "x")
        archive.writestr("../" + AFFINE, RIGHT[AFFINE].replace("3", "2"))
        archive.writestr(TWO, RIGHT[TWO])


def torn(method: int) -> Callable[[Path], None]:
    """A zip whose member is broken, beside a whole one."""
    def make(folder: Path) -> None:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr(AFFINE, RIGHT[AFFINE], method)
            archive.writestr(TWO, RIGHT[TWO], method)
        content = bytearray(stream.getvalue())
        start = 30 + len(AFFINE)                 # behind the local header
        content[start:start + 16] = b"\xff" * 16
        folder.with_suffix(".zip").write_bytes(content)
    return make


def misnamed(folder: Path) -> None:
    """Two folders whose names are no text."""
    for name in (b"\xff", b"\xfe"): placed(folder / os.fsdecode(name), AFFINE).write_text(RIGHT[AFFINE])


def written(content: bytes) -> Callable[[Path], None]:
    return lambda folder: placed(folder, AFFINE).write_bytes(content) and None


def linked(folder: Path) -> None: placed(folder, AFFINE).symlink_to(folder.parent.parent / "course" / AFFINE)


def piped(folder: Path) -> None: os.mkfifo(placed(folder, AFFINE))


def nested(folder: Path) -> None: placed(folder, AFFINE).mkdir()


def twice(folder: Path) -> None:
    for place in ("a", "b"): placed(folder / place, AFFINE).write_text(RIGHT[AFFINE])


FILES = [
    Hostile("a file of 50 MB", make=written(b"#" * (50 << 20))),
    Hostile("bytes that are no UTF-8", make=written(b"# \xff\xfe\ndef affine(x): return '\xff'")),
    Hostile("null bytes", make=written(RIGHT[AFFINE].encode() + b"\0")),
    Hostile("brackets without end", make=written(b"x = " + b"(" * 90000)),
    Hostile("an expression without end", make=written(b"x = " + b"-" * 900000 + b"1\n")),
    Hostile("a link to the solution", make=linked),
    Hostile("a folder in place of the file", make=nested),
    Hostile("a named pipe in place of the file", make=piped),
    Hostile("two files of the same name", make=twice),
    Hostile("a zip bomb", make=bomb),
    Hostile("a zip that climbs", make=climbing),
    Hostile("a torn zip", make=torn(zipfile.ZIP_STORED)),
    Hostile("a torn zip, deflated", make=torn(zipfile.ZIP_DEFLATED)),
    Hostile("a torn zip of another method", make=torn(zipfile.ZIP_LZMA)),
    Hostile("names that are no text", make=misnamed),
]


def placed(folder: Path, place: str) -> Path:
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def all_of_them() -> Iterator[Hostile]:
    start, answer = "import os, time\nimport numpy as np\n", "    return 3 * x + 1\n"
    for name, text in IN_THE_CALL.items():
        yield Hostile(name, f"{start}\ndef affine(x):\n{indented(text)}\n{answer}")
    for name, text in SWALLOWED.items():
        tried = f"    try:\n{textwrap.indent(indented(text), '    ')}\n    except BaseException: pass\n"
        yield Hostile(f"tried: {name}", f"{start}\ndef affine(x):\n{tried}{answer}", 3)
    for name, text in LIMITS.items():
        tried = f"    try:\n        {text}\n        return 0 * x\n    except Exception: pass\n"
        yield Hostile(f"limited: {name}", f"{start}\ndef affine(x):\n{tried}{answer}", 3)
    for name, text in FORGED.items():
        yield Hostile(f"forged: {name}", f"{start}\ndef affine(x):\n{indented(text)}\n    return 0 * x\n")
    for name, text in AT_IMPORT.items(): yield Hostile(name, f"{text}\ndef affine(x): return 3 * x + 1\n")
    for name, text in RETURNED.items():
        body = indented(text) if text.startswith("\n") else f"    {text}"
        yield Hostile(f"returned: {name}", f"{start}\ndef affine(x):\n{body}\n")
    yield from (Hostile(h.name, textwrap.dedent(h.source).lstrip("\n"), h.score, h.place) for h in ELSEWHERE)
    yield from FILES


SAID = {                                         # where not only the score tells
    "forged: by a header that lies": "more than is allowed",
    "forged: by an unending reply": "a header of", "a zip bomb": "larger than", "a file of 50 MB": "larger than",
    "a link to the solution": "there is no", "a named pipe in place of the file": "there is no",
    "a torn zip": "cannot be read", "a torn zip, deflated": "cannot be read", "names that are no text": "2 files",
    "two files of the same name": "2 files", "an endless loop": "endless loop?",
    "os._exit(0)": "exit code 0", "errors without end": "too large", "recursion": "RecursionError",
}

EVERY = {hostile.name: hostile for hostile in all_of_them()}


def write(hostile: Hostile, folder: Path, names: dict[str, str]) -> None:
    """The submission, as a folder or a zip of that name, with a right file beside the hostile one."""
    neighbour = AFFINE if hostile.place == TWO else TWO
    if hostile.make is None:
        source = re.sub(rf"\b({'|'.join(names)})\b", lambda found: names[found[0]], hostile.source)
        placed(folder, hostile.place).write_text(source)
    else: hostile.make(folder)
    if not folder.with_suffix(".zip").exists(): placed(folder, neighbour).write_text(RIGHT[neighbour])
