"""The learner's commands, as they are typed, and the watch, as it is used."""
import json
import os
import select
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest

from tinyfm.cli import main
from tinyfm.exercises import learner, progress
from tinyfm.exercises.exercise import ExerciseError
from tinyfm.exercises.watch import Watch

ROOT = {"PYTHONPATH": str(Path(__file__).parents[2])}
SETS = {"01_first/01_double.py": '''"""Twice as much

Return 2 x.
"""


def double(x):
    """2 x"""
    # BEGIN SOLUTION
    return 2 * x
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check

minutes = 5
hints = ["Add it to itself.", "x + x", "return ..."]
after = "Twice is twice."


@check
def doubles(student, rng): agree(student.double, lambda x: 2 * x, 3.0, -1.0)


@check(hidden=True)
def doubles_nothing(student, rng): agree(student.double, lambda x: 2 * x, 0.0)


mistakes = {"That is the square": "return x * x"}
''', "02_second/01_half.py": '''"""Half of it

Return x / 2.
"""


def half(x):
    # BEGIN SOLUTION
    return x / 2
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check

hints = ["a", "b", "c"]


@check
def halves(student, rng): agree(student.half, lambda x: x / 2, 3.0)
'''}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A new folder with two small exercises in it."""
    for name, text in SETS.items():
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "set" / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    assert main(["exercises", "init", "--from", "set"]) == 0
    return tmp_path / "exercises"


@pytest.fixture
def ask(folder, capsys):
    def answer(*words):
        capsys.readouterr()
        try: code = main(["exercises", *words])
        except SystemExit as leaving: code = leaving.code
        out, err = capsys.readouterr()
        return code, out + err
    return answer


def write(folder, name, code):
    path = next(folder.glob(f"*/*_{name}.py"))
    path.write_text(path.read_text().split("# YOUR CODE HERE")[0].rstrip() + f"\n    {code}\n")
    return path


def test_from_init_to_done(ask, folder):
    assert ask("check")[0] == 3
    write(folder, "double", "return x + 1")
    code, out = ask("check")
    assert code == 1 and "doubles" in out and "yours 4, expected 6" in out
    assert "0/1 public checks passed; 1 more" in out
    (folder / "01_first/01_double.py").write_text("def double(x): return x + x\n")
    code, out = ask("check")
    assert code == 0 and "1/1 public checks passed" in out and "Twice is twice." in out
    code, out = ask("start")
    assert code == 0 and "Return x / 2." in out
    assert "1/2" in ask("list")[1]
    assert "half" not in ask("list", "--done")[1] and "double" not in ask("list", "--open")[1]


def test_a_known_mistake_is_named(ask, folder):
    write(folder, "double", "return x ** 2")
    assert "That is the square" in ask("check")[1]


def test_an_endless_loop_is_waited_for_once(folder):
    work = progress.open_work(folder)
    text = (folder.parent / "set/01_first/01_double.py").read_text()
    (folder.parent / "set/01_first/01_double.py").write_text(text.replace("hidden=True", "seconds=0.3").replace(
        "@check\ndef doubles(", "@check(seconds=0.3)\ndef doubles("))
    work.path(work.find("double")).write_text("def double(x):\n    while True: pass\n")
    code, outcomes, _ = learner.check(work, work.find("double"))
    assert code == learner.FAIL and [o.kind for o in outcomes] == ["ended", "waits"]


@pytest.mark.slow
def test_never_advances_by_itself(ask, folder):
    write(folder, "double", "return x + x")
    assert ask("check")[0] == 0 and progress.here().current == "double"


def test_hints_come_one_after_the_other(ask):
    assert ["x + x" in ask("hint")[1] for _ in range(3)] == [False, True, True]
    assert json.loads((Path("exercises") / progress.STATE).read_text())["exercises"]["double"]["hints"] == 3
    assert "return ..." in ask("hint", "-n", "3")[1]


@pytest.mark.slow
def test_the_solution_opens_after_the_pass_or_is_revealed(ask, folder):
    assert ask("solution", "double")[0] == 2
    assert "return x / 2" in ask("solution", "half", "--reveal")[1]
    assert progress.here().records["half"]["revealed"]
    write(folder, "double", "return x + x")
    ask("check")
    code, out = ask("solution", "--diff")
    assert code == 0 and "+    return 2 * x" in out and "BEGIN" not in out


def test_reset_keeps_yours(ask, folder):
    path = write(folder, "double", "return 'mine'")
    assert ask("reset", "double", "--yes")[0] == 0 and "YOUR CODE HERE" in path.read_text()
    assert any("'mine'" in p.read_text() for p in path.parent.glob("*.bak-*"))


@pytest.mark.slow
def test_submit_is_the_same_bytes_twice(ask, folder):
    write(folder, "double", "return x + x")
    code, _ = ask("submit", "-o", "a.zip")
    ask("submit", "-o", "b.zip")
    assert code == 0 and Path("a.zip").read_bytes() == Path("b.zip").read_bytes()
    with zipfile.ZipFile("a.zip") as archive:
        assert archive.namelist() == [".tinyfm/progress.json", "01_first/01_double.py", "report.json"]
        assert json.loads(archive.read("report.json"))["double"] == {"of": 1, "passed": 1, "status": "pass"}


@pytest.mark.parametrize("words", ["check nothing", "hint nothing", "start nothing", "check --loud",
                                   "submit -o work.tar", "init --from nowhere"])
def test_a_mistake_is_told_in_a_line(ask, words):
    code, out = ask(*words.split())
    assert code == 2 and out.count("\n") == 1 and out.startswith("tinyfm")


@pytest.mark.slow
def test_json_is_for_programs(ask, folder):
    write(folder, "double", "return 3 * x")
    code, out = ask("check", "--json")
    found = json.loads(out)
    assert code == 1 and found["status"] == "fail" and found["checks"][0]["kind"] == "wrong-values"
    assert [e["name"] for e in json.loads(ask("list", "--json")[1])] == ["double", "half"]
    assert [e["status"] for e in json.loads(ask("check", "--all", "--json")[1])] == ["fail", "stub"]


def test_init_again_adds_and_never_overwrites(ask, folder):
    path = write(folder, "double", "return 'mine'")
    next(folder.glob("*/*_half.py")).unlink()
    code, out = ask("init")
    assert code == 0 and out.startswith("1 exercises written") and "'mine'" in path.read_text()


def test_a_broken_state_is_told_not_overwritten(ask, folder):
    (folder / progress.STATE).write_text("<<<<<<< yours")
    code, out = ask("list")
    assert code == 2 and "progress" in out and (folder / progress.STATE).read_text() == "<<<<<<< yours"


def test_names_may_be_short_and_must_be_clear(folder):
    work = progress.open_work(folder)
    assert work.find("dou").name == "double" and work.find("exercises/02_second/01_half.py").name == "half"
    with pytest.raises(ExerciseError, match="which"): work.find("01")
    with pytest.raises(ExerciseError, match="did you mean double"): work.find("duble")


@pytest.mark.slow
def test_plain_ascii_only(ask, folder):
    for words in (["list"], ["start"], ["check"], ["hint"], ["--help"]): assert ask(*words)[1].isascii()


class Fingers:
    """Keys that are pressed when what has been printed says so."""

    def __init__(self, *keys): self.waiting = list(keys)

    def __call__(self, seconds):
        time.sleep(seconds / 10)
        return self.waiting.pop(0) if self.waiting else "q"


def test_watch_has_a_key_for_everything(folder, capsys):
    work = progress.open_work(folder)
    assert Watch(work, work.find("double"), Fingers("h", "l", "s", "n", "r", "q"), interval=0.01).run() == 0
    out = capsys.readouterr().out
    assert "Add it to itself." in out and "opens when" in out and "Return x / 2." in out and "q quit" in out
    assert progress.open_work(folder).current == "half" and out.isascii()


@pytest.mark.slow
def test_watch_reacts_within_a_second_of_saving(folder):
    """In a process of its own, with pipes for a terminal."""
    command = [sys.executable, "-u", "-m", "tinyfm", "exercises", "watch"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder,
                          env={**os.environ, **ROOT, "NO_COLOR": "1"}) as process:
        lines = []
        threading.Thread(target=lambda: [lines.append(line) for line in process.stdout], daemon=True).start()

        def appeared(text, since=0): return any(text in line for line in lines[since:])
        until(lambda: appeared("q quit"), 20)
        for code, words in (("return x + 1", "0/1 public"), ("return 2 * x", "1/1 public"), ("return x", "0/1")):
            since, began = len(lines), time.perf_counter()
            (folder / "01_first/01_double.py").write_text(f"def double(x):\n    {code}\n")
            until(lambda since=since, words=words: appeared(words, since), 5)
            assert time.perf_counter() - began < 1 + 0.5                     # 1 s to react, the rest for a busy machine
        process.stdin.write("q\n")
        process.stdin.flush()
        assert process.wait(5) == 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_watch_in_a_plain_terminal_that_is_killed(folder):
    """A terminal that knows neither colour nor more than ASCII; kill -9 leaves a state that can be read."""
    import pty
    ours, theirs = pty.openpty()
    plain = {"TERM": "dumb", "LC_ALL": "C", "PYTHONIOENCODING": "ascii:strict"}
    command = [sys.executable, "-m", "tinyfm", "exercises", "watch"]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, close_fds=True,
                          env={**os.environ, **ROOT, **plain}) as process:
        shown = bytearray()

        def appeared(words):
            if select.select([ours], [], [], 0)[0]: shown.extend(os.read(ours, 4096))
            return words in shown
        until(lambda: appeared(b"q quit"), 20)
        for code, words in (("return x + 1", b"yours 4, expected 6"), ("return 2 * x", b"Press n")):
            began = time.perf_counter()
            (folder / "01_first/01_double.py").write_text(f"def double(x):\n    {code}\n")
            until(lambda words=words: appeared(words), 5)
            assert time.perf_counter() - began < 1 + 0.5
        os.write(ours, b"h")
        until(lambda: appeared(b"Add it to itself."), 5)
        process.kill()
    os.close(ours)
    os.close(theirs)
    assert shown.isascii() and b"\x1b" not in shown
    record = json.loads((folder / progress.STATE).read_text("utf-8"))
    assert record["exercises"]["double"]["passed"] and str(folder) not in json.dumps(record)


def until(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


@pytest.mark.slow
def test_state_survives_a_kill(folder):
    """Killed again and again while it writes its state, the file is whole each time."""
    script = ("import sys; from tinyfm.exercises import progress\nfrom pathlib import Path\n"
              "w = progress.open_work(Path(sys.argv[1]))\n"
              "for n in range(10**9):\n    w.records['double'] = {'hints': n}; w.save()\n"
              "    if n == 2: print('writing', flush=True)")
    for i in range(4):
        command = [sys.executable, "-c", script, str(folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **ROOT}) as process:
            process.stdout.readline()
            time.sleep(0.01 * i)
            process.kill()
        assert progress.open_work(folder).records["double"]["hints"] >= 0


def test_the_nudge_fits_the_last_result(folder):
    work = progress.open_work(folder)
    exercise = work.find("double")
    work.path(exercise).write_text("def double(x):\n    while True: pass\n")
    work.record(exercise)["last"] = "ended"
    assert "loop" in "".join(learner.hints(work, exercise))
