"""`tinyfm notebook NN`: a lesson as a Jupyter notebook in the current folder; `tinyfm notebook` lists the lessons."""
from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

import tinyfm
from tinyfm.atomic import replacing
from tinyfm.cli import table

LESSONS = Path(tinyfm.__file__).parents[1] / "tutorials"


def add(commands: Any) -> None:
    parser = commands.add_parser("notebook", help="a lesson as a notebook",
                                 description="Write a lesson as a Jupyter notebook; without a number, list them all. "
                                             'Needs the package jupytext: python -m pip install -e ".[notebook]"')
    parser.add_argument("lesson", nargs="?", metavar="NN", help="its number, such as 03")
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: its name, in the current folder")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    files = {file.name[:2]: file for file in sorted(LESSONS.glob("[0-9][0-9]_*.py"))}
    if not files: raise ValueError(f"there are no lessons in {LESSONS}: they come with the source, not with a wheel; "
                                   "clone the project")
    if arguments.lesson is None:
        print(*table.lines([("lesson", "question"), *((n, question(file)) for n, file in files.items())]), sep="\n")
        return 0
    number = arguments.lesson.zfill(2)
    if number not in files: raise ValueError(f"there is no lesson {arguments.lesson!r}; there are {', '.join(files)}")
    target = arguments.output or Path(f"{files[number].stem}.ipynb")
    write(files[number], target)
    print(f"{target}: open it in Jupyter or VS Code")
    return 0


def question(file: Path) -> str:
    """What the lesson asks, from its header."""
    found = re.search(r"\*\*Question:\*\* ([^?]*\?)", file.read_text("utf-8"))
    return found[1].replace("\n# ", " ") if found else file.stem


def write(file: Path, target: Path) -> None:
    try:
        import jupytext
    except ImportError:
        raise ValueError('a notebook needs the package jupytext: python -m pip install -e ".[notebook]"') from None
    if target.exists(): raise ValueError(f"{target} exists already, and you may have written in it: move it away, or "
                                         "choose another name with --output")
    text = jupytext.writes(jupytext.read(file), fmt="ipynb")
    with replacing(target) as out: out.write(text.encode())
