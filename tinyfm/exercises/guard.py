"""What the student's code may not do, in its own process: limits, another user, and an audit hook.

The hook stops accidents and the usual tricks on every system.  It is Python among Python: whoever takes its frame from
a traceback and changes its names, or writes to memory, gets past it, and meets what the kernel refuses (`confine`,
limits, the other user), where there is any.
`child.py` reads this file by its path: it stands alone too.
"""
from __future__ import annotations

import builtins
import os
import stat
import sys
import types
from typing import Any


def limit_resources(cpu: int, memory: int, file: int) -> None:
    """Seconds, bytes, bytes; no new processes or threads; where the system knows such limits."""
    try:
        import resource
    except ImportError: return
    for what, soft, hard in (("CPU", cpu, cpu + 1), ("AS", memory, memory), ("FSIZE", file, file),
                             ("NPROC", 1, 1), ("CORE", 0, 0), ("MSGQUEUE", 0, 0), ("MEMLOCK", 0, 0)):
        try: resource.setrlimit(getattr(resource, f"RLIMIT_{what}"), (soft, hard))
        except (AttributeError, ValueError, OSError): pass


def become(user: int, folders: list[str]) -> bool:
    """From root to a user that owns nothing, so that the kernel keeps the grader's files and processes from us.

    Not where other users cannot get into these folders, Python's own: then late imports would fail.
    """
    if not user or not all(os.stat(path).st_mode & 1 for folder in folders for path in parents(folder)): return False
    try:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    except OSError: return False                 # a container that maps few users
    return True


def parents(path: str) -> list[str]:
    return [path] if os.path.dirname(path) == path else [path, *parents(os.path.dirname(path))]


def apart(function: Any, **names: Any) -> Any:
    """The same function in a copy of its module's names and of Python's own: what is replaced there changes nothing."""
    if type(function) is not types.FunctionType: return function             # in C: nothing to replace
    scope = function.__globals__ | names | {"__builtins__": dict(vars(builtins))}
    for name, f in list(scope.items()):
        if type(f) is types.FunctionType and f.__globals__ is function.__globals__:
            scope[name] = types.FunctionType(f.__code__, scope, f.__name__, f.__defaults__, f.__closure__)
            scope[name].__kwdefaults__ = f.__kwdefaults__
    return scope[function.__name__]


UNSEEN = {"os": ("mkfifo", "mknod", "pidfd_open", "memfd_create", "setpriority", "sched_setaffinity", "setsid",
                 "eventfd", "copy_file_range"), "signal": ("pidfd_send_signal",)}        # these tell no audit hook
CLOSED = {"_posixsubprocess", "_posixshmem", "_multiprocessing", "_winapi", "_ctypes_test", "_xxsubinterpreters",
          "_interpreters", "readline", "_dbm", "_gdbm", "_tkinter", "_curses", "spwd", "nis", "ossaudiodev", "termios",
          "_testcapi", "_testinternalcapi", "_testmultiphase", "_testsinglephase", "_testclinic", "xxlimited"}
OPENED = 100                                     # times that a file may be opened for writing


def guard(folder: str, libraries: list[str]) -> None:
    """From now on: no tinyfm, no processes, no network, nothing read or written outside but Python and its libraries.

    An audit hook cannot be taken off again, whatever is put in place of os, open or import.
    """
    own, separator, left = os.path.realpath(folder), os.sep, [OPENED]
    kept = {"os": types.SimpleNamespace(**vars(os)), "stat": types.SimpleNamespace(**vars(stat))}
    real, folder_at = apart(os.path.realpath, **kept), apart(os.path.isdir, **kept)
    roots = (*libraries, "/dev/null", "/dev/urandom", "/usr/share/zoneinfo", "/etc/localtime")
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    never = ("os.fork", "os.exec", "os.spawn", "os.posix_spawn", "os.system", "os.kill", "os.putenv", "subprocess.",
             "pty.", "socket.", "ctypes.", "gc.get", "signal.", "os.startfile", "_winapi.", "os.setxattr", "ftplib.",
             "urllib.", "http.", "sqlite3.", "mmap.", "fcntl.", "resource.", "cpython.", "os.link", "os.symlink",
             "os.chroot", "syslog.", "os.lockf", "shutil.", "webbrowser.", "tempfile.mkfifo")
    changing = {"os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.chmod", "os.chown", "os.truncate", "os.utime",
                "os.chdir", "os.chflags"}
    looking = {"os.listdir", "os.scandir", "os.walk", "glob.glob"}

    def inside(path: str, root: str) -> bool: return path == root or path.startswith(root + separator)

    def readable(path: str) -> bool:
        return any(inside(path, root) and f"{separator}tinyfm" not in path[len(root):] for root in roots)

    def text(path: Any) -> str:
        """The path as a str and nothing that only behaves like one, without links."""
        if isinstance(path, bytes): return real(bytes.decode(path, "utf-8", "surrogateescape"))
        if not isinstance(path, str): raise PermissionError("exercises may not touch other files")
        return real(bytes.decode(str.encode(path, "utf-8", "surrogateescape"), "utf-8", "surrogateescape"))

    def imported(name: str, file: Any) -> None:
        if name.split(".")[0] == "tinyfm":
            raise ImportError("this exercise is done without tinyfm: write it with NumPy")
        if name.split(".")[-1] in CLOSED or str(file or "").split(separator)[-1].split(".")[0] in CLOSED:
            raise ImportError(f"exercises run without {name}")

    def opened(path: str, flags: int) -> None:
        """Raises PermissionError unless this file may be opened so."""
        if folder_at(path): raise PermissionError(f"exercises may not open the folder {path}")
        if inside(path, own):
            left[0] -= bool(flags & writing)
            if left[0] >= 0: return
        elif not flags & writing and readable(path): return
        raise PermissionError(f"exercises may not touch {path}")

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event == "import": imported(str(args[0]), args[1])
        elif event == "open":
            if not isinstance(args[0], int): opened(text(args[0]), args[2] or 0)
        elif event in looking:
            path = text("." if args[0] is None else args[0])
            if not (inside(path, own) or readable(path)): raise PermissionError(f"exercises may not touch {path}")
        elif event in changing:
            for path in args[:2] if event == "os.rename" else args[:1]:
                if not inside(text(path), own): raise PermissionError(f"exercises may not touch {path}")
        elif event.startswith(never):
            raise PermissionError(f"exercises run without {event}")

    for module, names in UNSEEN.items():
        for name in names:
            for place in (sys.modules.get(module), sys.modules.get({"os": "posix"}.get(module, f"_{module}"))):
                if place is not None: vars(place).pop(name, None)
    sys.addaudithook(hook)
