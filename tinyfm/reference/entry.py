"""The facts about one op or function of `tinyfm.ops`, gathered from the code itself."""
from __future__ import annotations

import ast
import difflib
import inspect
import textwrap
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinyfm import nn, ops, optim, schedules
from tinyfm.elsewhere import WRITE, instead
from tinyfm.engine import Op
from tinyfm.operators import table
from tinyfm.reference.names import names, ours, row
from tinyfm.tracing.code import rule_code

PACKAGE = Path(__file__).parents[2]
KINDS = {"elementwise": "element by element", "linear": "linear in each argument", None: ""}


@dataclass(frozen=True)
class Entry:
    """name; thing: the Op, or the function that is made of ops."""

    name: str
    thing: Any

    @property
    def op(self) -> Op | None: return self.thing if isinstance(self.thing, Op) else None
    @property
    def function(self) -> Any: return self.op.forward if self.op else self.thing
    @property
    def signature(self) -> str:
        """exp(x), without types."""
        bare = [p.replace(annotation=p.empty) for p in inspect.signature(self.function).parameters.values()]
        return f"{self.name}{inspect.Signature(bare)}"

    @property
    def words(self) -> str:
        """The docstring: shapes, conventions, errors, source."""
        return inspect.cleandoc(self.function.__doc__ or "")

    @property
    def file(self) -> str:
        return Path(inspect.getsourcefile(inspect.unwrap(self.function)) or "").relative_to(PACKAGE).as_posix()

    @property
    def line(self) -> int: return inspect.getsourcelines(inspect.unwrap(self.function))[1]
    @property
    def elsewhere(self) -> dict[str, str]:
        """{library: its name there}, for public ops."""
        if self.name not in names(): return {}
        found = zip(("NumPy", "PyTorch", "Keras"), row(self.name)[1:4])
        return {library: name for library, name in found if name != "-"}

    @property
    def convention(self) -> str: return row(self.name)[4] if self.name in names() else ""

    def rules(self) -> Iterator[tuple[str, str, str]]:
        """(argument, LaTeX, lines of code) for each argument that has a rule."""
        if self.op is not None:
            for argument, latex in self.op.latex.items():
                yield argument, latex, rule_code(self.op, argument).partition(": ")[2]

    def made_of(self) -> list[str]:
        """The ops that a function names in its source."""
        if self.op is not None: return []
        tree = ast.parse(textwrap.dedent(inspect.getsource(self.function)))
        found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        return sorted((found & set(table)) - {self.name})


def entry(name: str) -> Entry:
    """The op of that name.  Raises KeyError that proposes the nearest ones."""
    everything = {**table, **{n: getattr(ops, n) for n in names()}}
    if name in everything: return Entry(name, everything[name])
    if len(same := ours(name)) == 1: return Entry(same[0], everything[same[0]])
    raise KeyError(f"there is no op {name!r}" + (nearest(name, same, everything) or "; tinyfm explain lists them all"))


def nearest(name: str, same: list[str], everything: Collection[str]) -> str:
    """What may have been meant: a class of ours, an op that another library calls so, one that is spelled alike."""
    last = name.rpartition(".")[2]
    for room in (nn, optim, schedules):
        for found in dir(room):
            alike = found == last or (found.lower() == last.lower() not in everything)
            if alike and inspect.isclass(getattr(room, found)):
                return f"; it is a class: python -c \"help('{room.__name__}.{found}')\""
    if last in WRITE: return f". {instead(last)}"
    near = same or difflib.get_close_matches(name, everything, 4, 0.5)
    near = near or [n for n in sorted(everything) if name in n][:4]
    return f"; did you mean {', '.join(near)}?" if near else ""


def public() -> list[Entry]: return [entry(name) for name in names()]
def internal() -> list[Entry]: return [entry(name) for name in sorted(set(table) - set(names()))]
