"""Grade 300 made-up submissions through our own processes and through a local Dask cluster: seconds, and equal grades.

    python benchmarks/grading.py [--students 300] [--jobs 2] [--through processes again dask]    --quick: 30 students

Six exercises, a variant for each student.  Of the files 55 % are right, 20 % have a known mistake, the rest are stubs,
missing, no Python, or hostile.  Dask: pip install "tinyfm[dask]".
"""
from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tinyfm.cli.table import lines
from tinyfm.course.course import Course, new, write
from tinyfm.course.course import opened as read
from tinyfm.course.grade import Grades, grade_all
from tinyfm.exercises.exercise import BLOCK, Exercise

EXERCISES = ["sigmoid", "matmul_backward", "cross_entropy", "backward_walk", "adam"]
SHARES = {"right": 0.55, "mistake": 0.20, "stub": 0.08, "hostile": 0.08, "no Python": 0.05, "missing": 0.04}
HOSTILE = [                                      # each stands before the right answer
    "while True: pass", "import os; os._exit(0)", "import sys; sys.exit(0)", "import os; os.fork()",
    "a = [0]\nwhile True: a += a", "for _ in range(200): print('x' * 100_000)", "open('/etc/passwd').read()",
    "open('../grades.csv', 'w').write('100')", "import subprocess; subprocess.run(['sleep', '99'])", "import tinyfm",
    "import threading; threading.Thread(target=print).start()", "import os; os.closerange(0, 99)",
    "import os; os.write(4, b'passed')", "import os; os.kill(os.getppid(), 9)",
    "import numpy as np; np.abs = np.allclose = lambda *a, **k: True\nreturn 0.0",
]


def handed_in(exercise: Exercise, kind: str, rng: np.random.Generator) -> str | None:
    """A student's file; None: it is missing."""
    match kind:
        case "right": return exercise.key
        case "mistake": return exercise.mistaken(str(rng.choice(exercise.mistakes)))
        case "stub": return exercise.stub
        case "no Python": return exercise.key.replace("def ", "define ", 1)
        case "hostile":
            trick = str(rng.choice(HOSTILE))
            return BLOCK.sub(lambda block: textwrap.indent(trick, block[1]) + "\n" + block[2], exercise.key)
    return None


def submissions(course: Course, folder: Path, students: int) -> tuple[dict[str, Path], Counter[str]]:
    """The same for the same number; where they are, and how many files are of each kind."""
    rng, works, count = np.random.default_rng(0), dict[str, Path](), Counter[str]()
    for i in range(students):
        works[f"s{i:03}"] = folder / f"s{i:03}"
        works[f"s{i:03}"].mkdir(parents=True)
        for exercise in course.exercises(f"s{i:03}"):
            kind = str(rng.choice(list(SHARES), p=list(SHARES.values())))
            count[kind] += 1
            if (text := handed_in(exercise, kind, rng)) is not None: write(folder / f"s{i:03}" / exercise.place, text)
    return works, count


@contextmanager
def ours(jobs: int) -> Iterator[None]:
    """grade_all makes its own processes."""
    yield None


@contextmanager
def dask(jobs: int) -> Iterator[Executor]:
    from distributed import Client, LocalCluster
    with LocalCluster(n_workers=jobs, threads_per_worker=1, dashboard_address=None) as cluster:
        with Client(cluster) as client: yield client.get_executor()


WAYS = {"processes": ours, "again": ours, "dask": dask}

Graded = tuple[str, str, str, int, str, str]     # who, exercise, check, score, kind, known mistake


def graded(every: list[Grades]) -> list[Graded]:
    """All that counts; messages may name a time or a folder."""
    return sorted((g.student, place, o.check, o.score, o.kind, o.mistake)
                  for g in every for place, found in g.outcomes.items() for o in found)


def run(name: str, start: Callable[..., object], course: Course, works: dict[str, Path],
        jobs: int) -> tuple[tuple[str, ...], list[Graded]]:
    """A row of the table, and the grades."""
    began = time.perf_counter()
    with start(jobs) as executor: every = grade_all(course, works, executor=executor, jobs=jobs)  # type: ignore
    seconds = time.perf_counter() - began
    assert all(g.complete for g in every)
    lost = sum(o.kind == "grader-error" for g in every for found in g.outcomes.values() for o in found)
    row = (name, f"{seconds:.0f}", f"{1000 * seconds / len(works):.0f}", f"{np.mean([g.score for g in every]):.3f}",
           str(lost), hashlib.sha256(repr(graded(every)).encode()).hexdigest()[:16])
    print(*row, file=sys.stderr, flush=True)
    return row, graded(every)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--through", nargs="+", choices=WAYS, default=list(WAYS), help="default: each once")
    parser.add_argument("--quick", action="store_true", help="30 students")
    options = parser.parse_args()
    students = 30 if options.quick else options.students
    with tempfile.TemporaryDirectory() as root:
        folder = new(Path(root) / "course", EXERCISES).folder
        (folder / ".secret").write_text("1" * 64)
        course = read(folder)
        works, count = submissions(course, Path(root) / "works", students)
        kinds = ", ".join(f"{n} {kind}" for kind, n in count.most_common())
        print(f"{students} students, {sum(count.values())} files: {kinds}")
        rows, grades = zip(*[run(way, WAYS[way], course, works, options.jobs) for way in options.through])
    head = ("through", "seconds", "ms each", "mean", "lost", "grades, as a hash")
    print(*lines([head, *rows]), sep="\n")
    for first, *others in zip(*grades):
        if set(others) != {first}: print("differs:", first, *(other[3:] for other in others))
    equal = all(other == grades[0] for other in grades)
    if len(rows) > 1: print(f"{options.jobs} jobs; all grades are {'equal' if equal else 'NOT EQUAL'}")
    return 0 if equal else 1


if __name__ == "__main__": sys.exit(main())
