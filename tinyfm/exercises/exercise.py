"""One exercise: a file that is the student's file, its solution and its checks in one.  See the package's docstring."""
from __future__ import annotations

import ast
import importlib
import inspect
import re
import textwrap
import types
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tinyfm.exercises.laws import Check

CATALOGUE = Path(__file__).with_name("catalogue")
CHECKS = re.compile(r"^# CHECKS\b.*$", re.M)
BLOCK = re.compile(r"^([ \t]*)# BEGIN SOLUTION *\n(.*?)^[ \t]*# END SOLUTION *$", re.M | re.S)
HOLE = re.compile(r"^# CUT (?P<module>[\w.]+):(?P<name>\w+)(?:\.(?P<argument>\w+))?(?: as (?P<new>\w+))?$", re.M)
VARIANT = re.compile(r"^(\w+ = )(.+?)( *# VARIANT )(.+)$", re.M)


class ExerciseError(ValueError):
    """A file that is no exercise, or an exercise that nobody knows."""


@dataclass(frozen=True)
class Exercise:
    """text: the whole file, after CUT and VARIANT; topic: its folder; name: its file without the number."""

    topic: str
    file: str
    text: str

    @property
    def name(self) -> str: return re.sub(r"^\d+_", "", self.file.removesuffix(".py"))
    @property
    def place(self) -> str: return f"{self.topic}/{self.file}"
    @property
    def key(self) -> str:
        """The student's part with the solution in it."""
        return self.parts[0]
    @property
    def title(self) -> str: return self.statement.split("\n")[0].rstrip(".")
    @property
    def minutes(self) -> int: return int(self.facts.get("minutes", 10))
    @property
    def points(self) -> int: return sum(check.points for check in self.checks)
    @property
    def requires(self) -> list[str]: return list(self.facts.get("requires", ()))
    @property
    def hints(self) -> list[str]: return [clean(h) for h in self.facts.get("hints", ())]
    @property
    def after(self) -> str: return clean(self.facts.get("after", ""))
    @property
    def equivalent(self) -> dict[str, str]: return dict(self.facts.get("equivalent", {}))
    @property
    def compare(self) -> list[str]: return list(self.facts.get("compare", ()))

    @cached_property
    def parts(self) -> tuple[str, str]:
        """What stands before and after the line `# CHECKS`."""
        found = CHECKS.split(self.text)
        if len(found) != 2:
            raise ExerciseError(f"{self.place}: one line must begin with '# CHECKS', found {len(found) - 1}.")
        return found[0].rstrip() + "\n", found[1]

    @cached_property
    def statement(self) -> str: return inspect.cleandoc(ast.get_docstring(ast.parse(self.key)) or "")

    @cached_property
    def facts(self) -> dict[str, Any]:
        """The names that the checks' part sets to literals: read without running anything."""
        found = {}
        for node in ast.parse(self.parts[1]).body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                try: found[node.targets[0].id] = ast.literal_eval(node.value)
                except ValueError: continue
        return found

    @cached_property
    def stub(self) -> str:
        """The student's file: what stood in the solution's place is not written yet."""
        balanced(self)
        return BLOCK.sub(lambda block: emptied(block[1], block[2]), self.key)

    @cached_property
    def module(self) -> types.ModuleType:
        """The whole file, run here: the solution, and the checks with their reference."""
        module = types.ModuleType(self.name)
        module.__dict__["__texts__"] = {node.name: ast.get_source_segment(self.text, node) for node in
                                        ast.parse(self.text).body if isinstance(node, ast.FunctionDef)}
        module.__dict__["solution"] = module
        exec(compile(self.text, self.place, "exec"), module.__dict__)
        return module

    @cached_property
    def checks(self) -> list[Check]: return [v for v in vars(self.module).values() if isinstance(v, Check)]

    def mistaken(self, mistake: str) -> str:
        """The solution with one of the listed mistakes in it."""
        change = self.facts["mistakes"][mistake]
        if isinstance(change, str):
            blocks = len(BLOCK.findall(self.key))
            if blocks != 1: raise ExerciseError(f"{self.place}: {blocks} solution blocks; give the mistake {mistake!r} "
                                                "as (old text, new text).")
            return BLOCK.sub(lambda b: textwrap.indent(clean(change), b[1]), self.key)
        old, new = change
        count = sum(body.split("# INSTEAD")[0].count(old) for _, body in BLOCK.findall(self.key))
        if count != 1: raise ExerciseError(f"{self.place}: {old!r} stands {count} times in the solution, not once.")
        return BLOCK.sub(lambda b: b[0].replace(old, new, 1) if old in b[2].split("# INSTEAD")[0] else b[0], self.key)

    @property
    def mistakes(self) -> list[str]: return list(self.facts.get("mistakes", {}))

    @cached_property
    def known_mistakes(self) -> dict[str, types.ModuleType]:
        """Each listed mistake, run here: a result that equals one of theirs has that name."""
        return {mistake: run(self.mistaken(mistake), f"{self.name}: {mistake}") for mistake in self.mistakes}


def run(source: str, name: str) -> types.ModuleType:
    """Our own code as a module; a mistake that cannot even be run is an empty one."""
    module = types.ModuleType(name)
    try: exec(compile(source, name, "exec"), module.__dict__)
    except Exception: return types.ModuleType(name)
    return module


def clean(text: str) -> str: return textwrap.dedent(text).strip("\n")


def emptied(indent: str, body: str) -> str:
    """The place of a solution in the student's file: what follows `# INSTEAD`, or NotImplementedError."""
    _, found, rest = body.partition(f"{indent}# INSTEAD\n")
    if found: return re.sub(rf"^{indent}# ?", indent, rest.rstrip("\n"), flags=re.M)
    return f"{indent}# YOUR CODE HERE\n{indent}raise NotImplementedError"


def balanced(exercise: Exercise) -> None:
    """ExerciseError unless every BEGIN SOLUTION has its END, and there is one."""
    marks = re.findall(r"^[ \t]*# (BEGIN|END) SOLUTION *$", exercise.key, re.M)
    if not marks or marks != ["BEGIN", "END"] * (len(marks) // 2):
        raise ExerciseError(f"{exercise.place}: '# BEGIN SOLUTION' and '# END SOLUTION' must alternate; found {marks}.")


# ------------------------------------------------------------ holes in the engine, variants

def cut(hole: re.Match[str]) -> str:
    """`# CUT tinyfm.ops:multiply.a as multiply_a`: that rule of the engine, or that function, as a block to write."""
    thing = getattr(importlib.import_module(hole["module"]), hole["name"])
    argument = hole["argument"]
    if argument: return rule_as_function(thing, argument, hole["new"] or f"{hole['name']}_{argument}")
    return function_with_block(inspect.getsource(getattr(thing, "forward", thing)), hole["new"])


def function_with_block(source: str, new: str | None) -> str:
    """A function of the engine, without decorators and annotations, its body between the marks."""
    node = ast.parse(textwrap.dedent(source)).body[0]
    assert isinstance(node, ast.FunctionDef)
    node.decorator_list, node.name, node.returns = [], new or node.name, None
    for a in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]: a.annotation = None
    text = ast.get_docstring(node)
    body = [ast.unparse(statement) for statement in node.body[bool(text):]]
    return written(f"def {node.name}({ast.unparse(node.args)}):", text or "", "\n".join(body))


def rule_as_function(op: Any, argument: str, name: str) -> str:
    """The rule (vjp) of one argument of an op, as a NumPy function."""
    decorator = ast.parse(textwrap.dedent(inspect.getsource(op.forward))).body[0].decorator_list[0]  # type: ignore
    entry = next(k.value for k in decorator.keywords if k.arg == argument)      # x=(LaTeX, rule[, kernel])
    node = entry.elts[1]
    if not isinstance(node, ast.Lambda): raise ExerciseError(f"{op.name}.{argument}: its rule is no lambda.")
    body = Numpy().visit(node.body)
    facts = {"g": "the gradient of y", "out": "y itself", argument: "the argument"}
    told = "; ".join(f"{a.arg}: {facts[a.arg]}" for a in node.args.args if a.arg in facts)
    text = f"{op.formula}\n\nReturns the gradient of {argument}.  {told}."
    return written(f"def {name}({', '.join(a.arg for a in node.args.args)}):", text, f"return {ast.unparse(body)}")


class Numpy(ast.NodeTransformer):
    """Ops have NumPy's names: where(...) -> np.where(...)."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and hasattr(np, node.func.id):
            node.func = ast.Attribute(ast.Name("np", ast.Load()), node.func.id, ast.Load())
        return node


def written(head: str, text: str, body: str) -> str:
    marked = f"# BEGIN SOLUTION\n{body}\n# END SOLUTION"
    docstring = f'r"""{text}\n"""\n' if "\n" in text else f'r"""{text}"""\n' if text else ""
    return head + "\n" + textwrap.indent(docstring + marked, "    ", lambda line: bool(line.strip()))


def varied(text: str, rng: np.random.Generator) -> str:
    """`RATE = 0.1  # VARIANT 0.05 0.1 0.2`: one of the values, and no trace of the others."""
    return VARIANT.sub(lambda m: m[1] + str(rng.choice(m[4].split())), text)


def plain(text: str) -> str: return VARIANT.sub(r"\1\2", text)


# ------------------------------------------------------------ reading

def load(path: Path, variant: int | None = None) -> Exercise:
    """The exercise in a file; variant: a seed that chooses each of its VARIANT values."""
    text = path.read_text("utf-8")
    text = plain(text) if variant is None else varied(text, np.random.default_rng(variant))
    return Exercise(path.parent.name, path.name, HOLE.sub(cut, text))


def folder(path: Path, variant: int | None = None) -> Iterator[Exercise]:
    """All exercises of a folder of topics (or of a folder without any), in order."""
    for file in sorted([*path.glob("*.py"), *path.glob("*/*.py")]):
        if CHECKS.search(file.read_text("utf-8")): yield load(file, variant)


def catalogue() -> list[Exercise]:
    """Every exercise that comes with tinyfm, in order."""
    return list(folder(CATALOGUE))
