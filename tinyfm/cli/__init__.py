"""The command line.  It parses, calls and prints; the work is done in the other rooms.

Each command is a module with `add(commands)`, which declares its arguments and says, as `run`, which function takes
them and returns the exit code: 0 done, 1 done and found wanting, 2 the user's mistake, 130 interrupted.
"""
from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from typing import NoReturn

import tinyfm
from tinyfm.cli import (
    blas,
    check,
    course,
    demo,
    doctor,
    exercises,
    explain,
    generate,
    notebook,
    play,
    predict,
    step,
    train,
)

COMMANDS = (demo, train, play, predict, generate, check, step, explain, exercises, course, notebook, doctor)
LONG = ("demo", "train")                         # commands worth starting again for better kernels


class Parser(argparse.ArgumentParser):
    """argparse, with errors of one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; {self.prog} --help shows what there is\n")


def parser() -> Parser:
    """All commands with their arguments."""
    top = Parser(prog="tinyfm", description="A pure-NumPy engine in which you can see every gradient.")
    top.add_argument("--version", action="version", version=f"tinyfm {tinyfm.__version__}")
    top.add_argument("--keep-blas", action="store_true", help="do not start again for better kernels")
    top.set_defaults(run=lambda _: print(top.format_help(), end="") or 0)
    commands = top.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    for command in COMMANDS: command.add(commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code.  A mistake in what was asked is one line on stderr, never a traceback."""
    arguments = parser().parse_args(argv)
    if argv is None and arguments.command in LONG and not arguments.keep_blas: blas.tune()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("default", RuntimeWarning)
            warnings.showwarning = lambda message, *place, **more: print(f"tinyfm: {message}", file=sys.stderr)
            return int(arguments.run(arguments))
    except KeyboardInterrupt:
        return complain("stopped by you; what was being written is whole or absent", 130)
    except BrokenPipeError:                      # tinyfm ... | head: nobody reads on, nor at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        return complain(f"{error.filename}: {error.strerror}" if error.filename else error)
    except ValueError as error:
        return complain(error)


def complain(what: object, code: int = 2) -> int:
    print(f"tinyfm: {what}", file=sys.stderr)
    return code
