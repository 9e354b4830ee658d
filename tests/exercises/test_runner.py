"""The child process: what it does, what it refuses, and how it ends."""
import io
import os
import time

import numpy as np
import pytest

from tinyfm.exercises import runner
from tinyfm.exercises.child import MalformedError, receive, send
from tinyfm.exercises.diagnosis import Wrong
from tinyfm.exercises.laws import vectorised
from tinyfm.exercises.runner import Child, EndedError, Limits, NotWrittenError, Student, StudentError


@pytest.fixture(scope="module")
def child():
    with Child() as child: yield child


def loaded(child, source):
    child.load(source, "student.py")
    return Student(child)


VALUES = [None, True, 3, -2.5, float("inf"), "text", [1, [2.0, "x"]], (1, (2,)), {"a": 1, 2: [3]},
          np.arange(6).reshape(2, 3), np.float32(1.5),
          np.zeros((0, 3)), np.array(7), np.array([True, False]), np.array(["ab", "c"]),
          np.array([1 + 2j]), np.ones((2, 3, 4), np.float32)[::-1, ::2].T]


@pytest.mark.parametrize("value", VALUES, ids=lambda v: f"{type(v).__name__} {v}"[:30].replace("\n", ""))
def test_what_goes_out_comes_back(child, value):
    found = loaded(child, "def f(x): return x").f(value)
    if isinstance(value, np.ndarray | np.generic):
        assert found.dtype == value.dtype and found.shape == value.shape and np.array_equal(found, value)
        assert not found.flags.writeable
    else: assert found == value and type(found) is type(value)


@pytest.mark.parametrize("content", [
    b"", b"\x01", b"\xff" * 8, (5).to_bytes(8, "little") + b"[1,2", (4).to_bytes(8, "little") + b"oops",
    *((len(t)).to_bytes(8, "little") + t for t in (
        b'{"array": ["<f8", [1000000000000]]}', b'{"array": ["|O8", [1]]}', b'{"array": ["<f8", [-1]]}',
        b'{"array": 3}',
        b'{"array": ["<f8", [3]]}', b'{"pickle": "x"}', b'{"list": 3}', b'{"a": 1, "b": 2}', b'{"function": 0}',
        b'{"array": ["<f99999", [1]]}', b'{"dict": [[{"list": []}, 1]]}', b"[" * 100000, b'{"array": ["<V8", [1]]}',
        b'{"array": ["<f8", ["3"]]}', b'{"array": ["<f8", [1e3]]}',
        b'{"array": ["<f8", ' + str([1] * 40).encode() + b"]}"))])
def test_a_forged_message_is_refused(content):
    with pytest.raises((EOFError, MalformedError)): receive(io.BytesIO(content), 1 << 20)


def test_arrays_arrive_read_only(child):
    student = loaded(child, "def f(x):\n    x += 1\n    return x\ndef g(x):\n    x.flags.writeable = True\n")
    with pytest.raises(StudentError) as caught: student.f(np.ones(3))
    assert caught.value.kind == "modifies-input" and caught.value.line == 2
    with pytest.raises(StudentError): student.g(np.ones(3))


def test_errors_arrive_with_their_name_and_line(child):
    student = loaded(child, "import numpy as np\n\ndef f(x):\n    return help(x)\n\ndef help(x):\n    return x @ x[1:]")
    with pytest.raises(StudentError) as caught: student.f(np.ones((2, 2)))
    assert type(caught.value).__name__ == "ValueError" and caught.value.line == 7
    with pytest.raises(StudentError, match="there is no g"): student.g(1)
    with pytest.raises(NotWrittenError): loaded(child, "def f(x):\n    raise NotImplementedError").f(1)
    with pytest.raises(StudentError) as caught: child.load("def f(x:\n  pass", "student.py")
    assert type(caught.value).__name__ == "SyntaxError" and caught.value.line == 1


@pytest.mark.parametrize("leaving", ["raise SystemExit(0)", "raise KeyboardInterrupt", "import sys; sys.exit(3)",
                                     "f(x)", "class E(BaseException): pass\n    raise E"])
def test_nothing_that_is_raised_ends_the_child(child, leaving):
    with pytest.raises(StudentError): loaded(child, f"def f(x):\n    {leaving}\n").f(1)
    assert loaded(child, "def f(x): return 2 * x").f(2) == 4


def test_functions_stay_here_and_are_asked(child):
    student = loaded(child, "def slope(f, x): return (f(x + 1e-5) - f(x - 1e-5)) / 2e-5\ndef bad(f): return f('a')")
    assert abs(student.slope(np.exp, np.array(0.0)) - 1) < 1e-9
    with pytest.raises(StudentError, match="TypeError"): student.bad(lambda x: x + 1)


def scenario(module, x):
    counter = module.Counter()
    counter.add(x)
    x = x.copy()
    x += 1
    counter.add(x)
    return [counter.total, np.sum(x)]


def test_a_scenario_runs_beside_the_students_code(child):
    student = loaded(child, "class Counter:\n    total = 0.0\n    def add(self, x): self.total += x.sum()\n")
    assert student(scenario, np.ones(3)) == [9.0, 6.0]


def test_print_reaches_nobody_but_printed(child):
    loaded(child, "import os\ndef f(): print('{\"value\": 1}', flush=True); os.write(1, b'raw')").f()
    assert "raw" in child.printed() and '{"value": 1}' in child.printed()


def test_warnings_come_with_the_line(child):
    student = loaded(child, "import numpy as np\ndef f(x): return np.exp(x)")
    student.f(np.array([1000.0]))
    assert "overflow" in student.f.warned[0] and "line 2" in student.f.warned[0]


def test_chance_is_the_same_in_each_child(child):
    source = ("import random\nimport numpy as np\nfirst = random.random(), np.random.rand()\n"
              "def f(): return [*first, random.random(), np.random.rand(), hash('text'), list({'a', 'b', 'c', 'd'})]\n")
    with Child() as other: assert loaded(child, source).f() == loaded(other, source).f()


def test_speed_is_judged_by_the_processor(child):
    """A machine that is busy with others makes no right answer slow; a loop is slow anywhere."""
    x = np.ones(6000)
    student = loaded(child, "import time\ndef waits(x):\n    time.sleep(0.1)\n    return 2 * x\n"
                     "def loops(x):\n    return [float(2 * v) for v in x for _ in range(20)][::20]\n")
    assert "ours takes" in vectorised(student.waits, lambda x: 2 * x, x)
    with pytest.raises(Wrong) as caught: vectorised(student.loops, lambda x: 2 * x, x)
    assert caught.value.kind == "slow"


def test_what_is_quick_and_wrong_is_told_to_be_wrong(child):
    student = loaded(child, "import numpy as np\ndef zeros(x): return np.zeros_like(x)\n")
    with pytest.raises(Wrong) as caught: vectorised(student.zeros, lambda x: 2 * x, np.ones(6))
    assert caught.value.kind == "zero"


TRICKS = {
    "imports the answer": "import tinyfm", "imports it in pieces": "__import__('tin' + 'yfm.ops')",
    "reads the answer": "open(PATH)", "lists the folder": "import os; os.listdir(os.path.dirname(PATH))",
    "starts a program": "import subprocess; subprocess.run(['true'])", "a shell": "import os; os.system('true')",
    "forks": "import os; os.fork()", "replaces itself": "import os; os.execv('/bin/true', ['true'])",
    "writes outside": "open('/tmp/tinyfm-escaped', 'w')", "removes": "import os; os.remove(PATH)",
    "writes elsewhere": "open('../tinyfm-escaped', 'w')",
    "talks": "import socket; socket.socket()", "kills": "import os; os.kill(os.getppid(), 0)",
    "loads C": "import ctypes; ctypes.CDLL(None)", "looks around": "import gc; gc.get_objects()",
    "reads the parent": "open('/proc/self/environ')", "links": "import os; os.symlink(PATH, 'here'); open('here')",
}


@pytest.mark.parametrize("trick", TRICKS.values(), ids=TRICKS)
def test_a_trick_is_refused(child, trick):
    source = f"PATH = {str(os.path.abspath(__file__))!r}\ndef f():\n    {trick}\n    return 1\n"
    with pytest.raises(StudentError): loaded(child, source).f()
    assert not os.path.exists("/tmp/tinyfm-escaped")


ENDINGS = {"os._exit": "import os; os._exit(0)", "endless": "while True: pass",
           "sleeps": "import time; time.sleep(60)", "closes the pipe": "import os; [os.close(n) for n in range(3, 20)]",
           "writes into the pipe": "import os\n    for n in range(4, 5): os.write(n, b'x' * 100)"}


@pytest.mark.slow
@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_the_end_of_the_child_is_told_in_time(ending):
    with Child() as child:
        began = time.perf_counter()
        with child.within(0.7), pytest.raises(EndedError): loaded(child, f"def f():\n    {ending}\n    return 1").f()
        assert time.perf_counter() - began < 4 and not child.alive


@pytest.mark.slow
def test_waiting_for_a_processor_does_not_count(monkeypatch):
    """As if half of the time were spent in the queue; the last moment is the last moment all the same."""
    source = "import time\ndef f(s):\n    time.sleep(s)\n    return 1"
    with Child() as child:
        student = loaded(child, source)
        monkeypatch.setattr(runner, "queued", lambda pid: time.perf_counter() / 4)
        with child.within(0.4): assert student.f(0.6) == 1
        with pytest.raises(EndedError, match=r"longer than 0.3 s"), child.within(5, time.perf_counter() + 0.3):
            student.f(5)
    with Child() as child:
        student = loaded(child, source)
        with pytest.raises(EndedError), child.within(0.4): student.f(1.2)


def test_the_queue_is_told_where_linux_tells():
    assert runner.queued(os.getpid()) >= 0 and runner.queued(-1) == 0


def test_memory_and_files_have_a_limit():
    with Child(Limits(memory=1 << 30, file=1 << 16)) as child:
        student = loaded(child, "import numpy as np\ndef f(): np.ones(1 << 30)\n"
                         "def g():\n    with open('x', 'w') as o: o.write('x' * 100000)\n")
        with pytest.raises(StudentError, match="allocate"): student.f()
        with pytest.raises(StudentError, match="large"): student.g()
        folder = child.folder
    assert not folder.exists()


def test_a_message_survives_any_nesting():
    stream, value = io.BytesIO(), [{"a": (np.arange(3), [np.ones(2)])}, None]
    send(stream, value)
    stream.seek(0)
    found = receive(stream, 1 << 20)
    assert np.array_equal(found[0]["a"][0], np.arange(3)) and found[1] is None
