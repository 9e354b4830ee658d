"""The whole table as one page of Markdown, its formulas in LaTeX, which GitHub, VS Code and Jupyter typeset."""
from __future__ import annotations

from collections.abc import Iterator

from tinyfm.reference.entry import KINDS, Entry, internal, public

HEAD = """# Every op

Made by `tinyfm explain --page tutorials/ops.md` from the code itself; a test holds that it is not stale. In a terminal:
`tinyfm explain softmax`. In rules $\\bar y$ (`g`) is the gradient that arrives, `out` is the result $y$.
"""


def op_page() -> str:
    """All public ops, then those that only serve other ops."""
    return "\n".join(page()) + "\n"


def page() -> Iterator[str]:
    yield HEAD
    yield "| op | NumPy | PyTorch | Keras | convention |\n| --- | --- | --- | --- | --- |"
    for e in public():
        cells = [f"`{e.elsewhere[l]}`" if l in e.elsewhere else "-" for l in ("NumPy", "PyTorch", "Keras")]
        yield f"| [`{e.name}`](#{e.name}) | {' | '.join(cells)} | {e.convention} |"
    for e in public(): yield from section(e)
    yield "\n# Ops that serve other ops\n\nConvolutions, pools, recurrent nets in their general form; transposes."
    for e in internal(): yield from section(e)


def section(e: Entry) -> Iterator[str]:
    yield f"\n## {e.name}\n\n`{e.signature}`  \n*{e.file}*" + (f", {KINDS[e.op.kind]}" if e.op and e.op.kind else "")
    if e.op is not None: yield f"\n$${e.op.formula}$$"
    rules = list(e.rules())
    if rules:
        yield "\n| argument | its gradient | the rule |\n| --- | --- | --- |"
        for argument, latex, code in rules: yield f"| `{argument}` | ${latex_cell(latex)}$ | {code_cell(code)} |"
    elif e.made_of():
        links = ", ".join(f"[`{n}`](#{n})" for n in e.made_of())
        yield f"\nMade of ops, whose rules give its derivative: {links}."
    if e.words: yield "\n" + e.words


# A bar would end the cell of a table.
def latex_cell(latex: str) -> str: return latex.replace("|", "\\vert ")
def code_cell(code: str) -> str:
    """Each line in backticks; a browser would swallow the spaces before it."""
    lines = [line.lstrip(" ") for line in code.split("\n")]
    spaces = ["\u00a0" * (len(line) - len(bare)) for line, bare in zip(code.split("\n"), lines)]
    return "<br>".join(f"`{space}{line}`" for space, line in zip(spaces, lines)).replace("|", "\\|")
