"""One op for a terminal."""
from __future__ import annotations

import textwrap
from collections.abc import Iterator

from tinyfm.reference.entry import KINDS, Entry, entry
from tinyfm.tracing.mathml import text


def explain(name: str) -> str:
    """Formula, rules, shapes, conventions, source and names elsewhere.  KeyError proposes the nearest names."""
    return "\n".join(lines(entry(name)))


def lines(e: Entry) -> Iterator[str]:
    yield f"{e.signature}\n"
    if e.op is not None:
        kind = KINDS[e.op.kind]
        yield f"  {text(e.op.formula)}{f'      ({kind})' if kind else ''}\n"
        rules = [(a, text(latex), code) for a, latex, code in e.rules()]
        for argument, formula, _ in rules: yield f"  gradient of {argument}:  {formula}"
        if rules:
            yield "\n  as it stands in the table (g: the gradient of y, out: y)"
            for argument, _, code in rules: yield textwrap.indent(f"{argument}: {code}", "    ")
        yield f"  keeps for the way back: {', '.join(n for n, _ in e.op.reads or ()) or 'nothing'}\n" if rules else \
            "  no derivative: a constant to every rule\n"
    elif e.made_of():
        yield f"  made of ops, whose rules give its derivative: {', '.join(e.made_of())}\n"
    if e.words: yield textwrap.indent(e.words, "  ") + "\n"
    if e.convention: yield f"  convention: {e.convention}"
    if e.elsewhere: yield "  elsewhere:  " + "   ".join(f"{library} {name}" for library, name in e.elsewhere.items())
    yield f"  source:     {e.file}:{e.line}"
