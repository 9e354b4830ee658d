"""`tinyfm check FILE.py[:function]`: judge hand-written backward passes; `tinyfm check --all`: the whole op table."""
from __future__ import annotations

import argparse
from typing import Any

from tinyfm.cli import table


def add(commands: Any) -> None:
    parser = commands.add_parser("check", help="judge a hand-written backward, and name what is wrong with it",
                                 description="Judge every pair of forward(*inputs) and backward(g, *inputs), or name "
                                             "and name_backward, in a file. Exit code 0: right, 1: not.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("target", nargs="?", metavar="FILE.py[:function]", help="a file, or one pair of it")
    what.add_argument("--all", action="store_true", help="check every op of tinyfm's own table")
    parser.add_argument("--seed", type=int, default=0, help="of the random inputs and gradients (default 0)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from tinyfm.gradcheck import check_table
    from tinyfm.gradcheck.files import check_file
    if arguments.all:
        reports = check_table(arguments.seed)
        rows = [(r.name, "right" if r.ok else "wrong", ", ".join(row.argument for row in r.rows)) for r in reports]
        print(*table.lines([("op", "verdict", "arguments"), *rows]), sep="\n")
        reports = [r for r in reports if not r.ok]
        print(f"{len(rows) - len(reports)} of {len(rows)} ops are right.")
    else:
        try: reports = check_file(arguments.target, seed=arguments.seed)
        except (LookupError, ImportError) as error: raise ValueError(error.args[0] if error.args else error) from None
    for report in reports: print(f"\n{report}")
    return 0 if all(r.ok for r in reports) else 1
