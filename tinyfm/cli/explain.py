"""`tinyfm explain OP`: an op's formula, rules, shapes, conventions, source, and its name elsewhere."""
from __future__ import annotations

import argparse
import textwrap
from pathlib import Path
from typing import Any

from tinyfm.atomic import replacing


def add(commands: Any) -> None:
    parser = commands.add_parser("explain", help="formula, rules and conventions of an op",
                                 description="What there is to say about an op; without a name, list them all.")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("op", nargs="?", metavar="OP", help="its name, such as softmax")
    what.add_argument("--page", type=Path, metavar="FILE", help="write the page of all ops, as Markdown")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from tinyfm import reference
    from tinyfm.reference.names import names
    if arguments.page:
        with replacing(arguments.page) as out: out.write(reference.op_page().encode())
        print(f"{arguments.page}: {len(names())} ops")
    elif arguments.op is None:
        print(textwrap.fill("  ".join(names()), 100, break_on_hyphens=False))
    else:
        try: print(reference.explain(arguments.op))
        except KeyError as error: raise ValueError(error.args[0]) from None
    return 0
