"""What the kernel refuses, without the audit hook; and what right code may still do."""
import builtins
import json
import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

import tinyfm
from tinyfm.exercises import confine, guard
from tinyfm.exercises.runner import Child

PACKAGE = Path(tinyfm.__file__).parent
ATTEMPTS = {                                     # what must refuse it: landlock or seccomp, or nothing may
    "fork": ("seccomp", "os.fork()"), "a thread": ("seccomp", "threading.Thread(target=print).start()"),
    "a program": ("seccomp", "os.execv('/bin/true', ['true'])"), "a signal": ("seccomp", "os.kill(os.getppid(), 0)"),
    "a socket": ("seccomp", "socket.socket()"), "a datagram": ("seccomp", "socket.socket(type=socket.SOCK_DGRAM)"),
    "the grader's memory": ("landlock", "open(f'/proc/{os.getppid()}/mem', 'rb')"),
    "the grader's environment": ("landlock", "open(f'/proc/{os.getppid()}/environ', 'rb')"),
    "shared memory": ("landlock", "open('/dev/shm/tinyfm-hostile', 'w')"),
    "a file outside": ("landlock", "open('../tinyfm-hostile', 'w')"),
    "the folder above": ("landlock", "os.listdir('..')"),
    "a name": ("landlock", "open('c', 'w').close(); os.rename('c', '../c')"),
    "tinyfm": ("landlock", "open(TINYFM)"), "the system's users": ("landlock", "open('/etc/passwd')"),
    "a file in the folder": (None, "open('a', 'w').write('x'); open('a').read(); os.remove('a'); os.mkdir('b')"),
    "a late module": (None, "import decimal, sqlite3, fractions, numpy.polynomial"),
    "the time": (None, "__import__('datetime').datetime.now()"), "chance": (None, "os.urandom(8)"),
}
SCRIPT = """
import json, os, runpy, socket, sys, threading
import numpy as np
up, real = os.path.dirname, os.path.realpath
folders = [up(real(os.__file__)), up(up(real(np.__file__)))]
TINYFM, attempts = sys.argv[1] + "/__init__.py", json.loads(sys.argv[2])
force = runpy.run_path(sys.argv[1] + "/exercises/confine.py")["confine"](os.getcwd(), folders)
found = {}
for name, text in attempts.items():
    try: exec(text)
    except Exception as error: found[name] = type(error).__name__
    else: found[name] = ""
print(json.dumps([force, found]))
"""


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    folder = tmp_path_factory.mktemp("above") / "own"
    folder.mkdir()
    said = subprocess.run([sys.executable, "-c", SCRIPT, PACKAGE, json.dumps({k: v[1] for k, v in ATTEMPTS.items()})],
                          cwd=folder, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has these")
@pytest.mark.parametrize("name", ATTEMPTS)
def test_the_kernel_refuses(outcome, name):
    force, found = outcome
    by = ATTEMPTS[name][0]
    if by is None: assert not found[name]
    elif by in force: assert found[name] in ("PermissionError", "RuntimeError", "OSError"), f"{name} was allowed"


def test_the_child_says_what_holds_it(outcome):
    with Child() as child: assert child.held() == outcome[0]


def test_libraries_are_readable_but_for_tinyfm(tmp_path):
    library = tmp_path / "lib" / "python3"
    for name in ("numpy", "tinyfm", "__editable___tinyfm_finder", "tinyfm-1.dist-info", "site-packages"):
        (library / name).mkdir(parents=True)
    (library.parent / "libz.so.1").touch()
    (library.parent / "secret.txt").touch()
    found = {Path(path): rights for path, rights in confine.allowed("/own", [str(library)])}
    assert found.pop(library) == confine.READ_DIR
    assert {path.name for path in found if tmp_path in path.parents} == {"numpy", "libz.so.1"}


def test_no_number_stands_twice():
    for _, numbers in confine.FORBIDDEN.values(): assert len(set(numbers)) == len(numbers) < 250


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become another user")
def test_root_becomes_a_user_that_cannot_come_back(tmp_path):
    script = ("import os, runpy, sys\nbecome = runpy.run_path(sys.argv[1])['become']\n"
              "assert not become(31234, [sys.argv[2]]) and os.getuid() == 0\n"
              "assert become(31234, ['/']) and os.getresuid() == (31234,) * 3 and os.getgroups() == []\n"
              "try: os.setuid(0)\nexcept PermissionError: print('stays')\n")
    tmp_path.chmod(0o700)
    said = subprocess.run([sys.executable, "-c", script, guard.__file__, tmp_path], capture_output=True, text=True)
    assert said.stdout == "stays\n", said.stderr


def test_a_function_apart_sees_no_changes(monkeypatch):
    kept = guard.apart(guard.parents, os=types.SimpleNamespace(path=types.SimpleNamespace(dirname=os.path.dirname)))
    for name in ("parents", "os"): monkeypatch.setattr(guard, name, None)
    assert kept("/a/b") == ["/a/b", "/a", "/"]
    assert kept.__globals__["__builtins__"] is not vars(builtins)
