"""Wrong versions of a solution: one change each, of the kinds that slip into a student's code.

    x - x.max()   ->   x + x.max(),  x,  -x.max(),  x - x.min()

Only what stands between BEGIN and END SOLUTION is changed.  A mutant is named by the statement that it changes, so a
name does not depend on line numbers: "return e / e.sum(axis=-1) -> return e / e.sum(axis=0)".
"""
from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tinyfm.exercises.exercise import Exercise

Change = Callable[[Any], Iterator[Any]]
STATEMENTS = ast.Assign | ast.AugAssign | ast.Return | ast.Expr | ast.If | ast.For | ast.While | ast.AnnAssign

SWAPPED: dict[type, list[Any]] = {
    ast.Add: [ast.Sub], ast.Sub: [ast.Add], ast.Mult: [ast.Div], ast.Div: [ast.Mult], ast.FloorDiv: [ast.Mult],
    ast.Pow: [ast.Mult]}
COMPARED: dict[type, list[Any]] = {
    ast.Lt: [ast.LtE, ast.GtE], ast.LtE: [ast.Lt, ast.Gt], ast.Gt: [ast.GtE, ast.LtE], ast.GtE: [ast.Gt, ast.Lt],
    ast.Eq: [ast.NotEq], ast.NotEq: [ast.Eq], ast.Is: [ast.IsNot], ast.IsNot: [ast.Is], ast.In: [ast.NotIn],
    ast.NotIn: [ast.In]}
OTHER = {"max": "min", "min": "max", "sum": "mean", "mean": "sum", "maximum": "minimum", "minimum": "maximum",
         "argmax": "argmin", "argmin": "argmax", "zeros": "ones", "zeros_like": "ones_like", "ones": "zeros",
         "ones_like": "zeros_like", "sin": "cos", "cos": "sin", "any": "all", "all": "any", "exp": "expm1",
         "log": "log1p", "sqrt": "square", "append": "remove", "triu": "tril", "tril": "triu", "cumsum": "cumprod",
         "std": "var", "floor": "ceil", "keys": "values"}


SYMMETRIC = {"range", "isinstance", "getattr", "map", "maximum", "minimum", "max", "min", "add", "multiply", "hypot",
             "enumerate", "swapaxes", "array_equal", "logical_and", "logical_or"}


@dataclass(frozen=True)
class Mutant:
    """name: what was changed into what; source: the whole file."""

    name: str
    source: str


def mutants(exercise: Exercise) -> list[Mutant]:
    """The listed mistakes first, then every single change that makes other code."""
    listed = [Mutant(name, exercise.mistaken(name)) for name in exercise.mistakes]
    tree = ast.parse(exercise.key)
    seen, found = {ast.unparse(tree)}, []
    for place, change, number in changes(tree, solution_lines(exercise.key)):
        changed = copy.deepcopy(tree)
        target = list(ast.walk(changed))[place]
        statement = enclosing(changed, target)
        before = head(statement)
        new = list(change(target))[number]
        replace(changed, target, new)
        try: source = ast.unparse(ast.fix_missing_locations(changed))
        except (ValueError, TypeError, AttributeError): continue
        if source in seen: continue
        seen.add(source)
        after = head(statement if statement is not target else new)
        found.append(Mutant(f"{before} -> {after}", source))
    return listed + distinct(found)


def distinct(found: list[Mutant]) -> list[Mutant]:
    """The same change of two equal statements gets two names."""
    count: dict[str, int] = {}
    named = []
    for m in found:
        count[m.name] = count.get(m.name, 0) + 1
        named.append(m if count[m.name] == 1 else Mutant(f"{m.name} ({count[m.name]})", m.source))
    return named


def solution_lines(source: str) -> set[int]:
    lines, inside = set(), False
    for number, line in enumerate(source.split("\n"), 1):
        if re.fullmatch(r"\s*# END SOLUTION *", line) or re.fullmatch(r"\s*# INSTEAD *", line): inside = False
        if inside: lines.add(number)
        if re.fullmatch(r"\s*# BEGIN SOLUTION *", line): inside = True
    return lines


def changes(tree: ast.AST, lines: set[int]) -> Iterator[tuple[int, Change, int]]:
    """(place in ast.walk, change, its number)."""
    for place, node in enumerate(ast.walk(tree)):
        if getattr(node, "lineno", None) not in lines and not isinstance(node, ast.keyword): continue
        if isinstance(node, ast.keyword) and node.value.lineno not in lines: continue
        for change in CHANGES.get(type(node), ()):
            for number, _ in enumerate(change(node)): yield place, change, number


def enclosing(tree: ast.AST, target: ast.AST) -> Any:
    """The innermost statement around a node."""
    found: Any = target
    for node in ast.walk(tree):
        if isinstance(node, STATEMENTS) and any(n is target for n in ast.walk(node)): found = node
    return found


def head(statement: Any) -> str:
    """A statement in one line; of a loop or condition only the first."""
    return ast.unparse(statement).split("\n")[0].rstrip(":")


def replace(tree: ast.AST, target: ast.AST, new: ast.AST) -> None:
    """Put `new` where `target` stands."""
    for node in ast.walk(tree):
        for field, value in ast.iter_fields(node):
            if value is target: setattr(node, field, new)
            elif isinstance(value, list): value[:] = [new if v is target else v for v in value]


# ------------------------------------------------------------ the changes

def other_operator(node: ast.BinOp) -> Iterator[ast.AST]:
    for operator in SWAPPED.get(type(node.op), ()): yield ast.BinOp(node.left, operator(), node.right)


def one_side(node: ast.BinOp) -> Iterator[ast.AST]:
    """A term or a factor left out."""
    if isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div): yield node.left
    if isinstance(node.op, ast.Add | ast.Mult): yield node.right
    if isinstance(node.op, ast.Sub): yield ast.UnaryOp(ast.USub(), node.right)


def exchanged(node: ast.BinOp) -> Iterator[ast.AST]:
    if isinstance(node.op, ast.MatMult | ast.Sub | ast.Div): yield ast.BinOp(node.right, node.op, node.left)


def without_minus(node: ast.UnaryOp) -> Iterator[ast.AST]:
    if isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant): return
    yield node.operand


def other_comparison(node: ast.Compare) -> Iterator[ast.AST]:
    for operator in COMPARED.get(type(node.ops[0]), ()):
        yield ast.Compare(node.left, [operator(), *node.ops[1:]], node.comparators)


def other_number(node: ast.Constant) -> Iterator[ast.AST]:
    if type(node.value) is bool: yield ast.Constant(not node.value)
    elif type(node.value) is int: yield ast.Constant(node.value + 1)
    elif type(node.value) is float: yield ast.Constant(node.value * 1.25 if node.value else 1.0)


def other_axis(node: ast.keyword) -> Iterator[ast.AST]:
    if node.arg == "axis":
        yield ast.keyword("axis", ast.Constant(-1 if ast.unparse(node.value) == "0" else 0))
        yield ast.keyword("axis", ast.Constant(None))


def other_name(node: ast.Attribute) -> Iterator[ast.AST]:
    """x.T -> x; np.max -> np.min."""
    if node.attr in ("T", "mT"): yield node.value
    if node.attr in OTHER: yield ast.Attribute(node.value, OTHER[node.attr], ast.Load())


def other_call(node: ast.Call) -> Iterator[ast.AST]:
    """f(x) -> x for an array; range(n) -> range(1, n); exchanged arguments."""
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name in ("max", "min", "sum", "any", "all"):
        twin = {"max": "min", "min": "max", "any": "all", "all": "any"}.get(name)
        if twin: yield ast.Call(ast.Name(twin, ast.Load()), node.args, node.keywords)
    if name == "range" and len(node.args) == 1: yield ast.Call(node.func, [ast.Constant(1), *node.args], [])
    if name == "range" and len(node.args) > 1:
        first, end, *step = node.args
        yield ast.Call(node.func, [first, ast.BinOp(end, ast.Sub(), ast.Constant(1)), *step], [])
    if name == "reversed": yield node.args[0]
    if len(node.args) == 2 and ast.unparse(node.func).split(".")[-1] not in SYMMETRIC:
        yield ast.Call(node.func, node.args[::-1], node.keywords)
    match ast.unparse(node.func), node.args:
        case "np.where", [condition, a, b]:
            yield a
            yield ast.Call(node.func, [condition, b, a], [])
        case ("np.exp" | "np.log" | "np.sqrt" | "np.abs" | "np.tanh" | "np.square" | "np.sign" | "np.clip"), [x, *_]:
            yield x


def other_assignment(node: ast.AugAssign) -> Iterator[ast.AST]:
    """+= -> =, -=; or left out."""
    yield ast.Assign([node.target], node.value)
    for operator in SWAPPED.get(type(node.op), ()): yield ast.AugAssign(node.target, operator(), node.value)
    yield ast.Pass()


def other_result(node: ast.Return) -> Iterator[ast.AST]:
    """return y -> return -y, for what is computed; one of several values left out or exchanged."""
    if isinstance(node.value, ast.BinOp | ast.Call): yield ast.Return(ast.UnaryOp(ast.USub(), node.value))
    if isinstance(node.value, ast.Tuple) and len(node.value.elts) > 1:
        yield ast.Return(ast.Tuple([*node.value.elts[1:], node.value.elts[0]], ast.Load()))


def other_choice(node: Any) -> Iterator[ast.AST]:
    """Always, never."""
    new = copy.copy(node)
    new.test = ast.Constant(True)
    yield new
    new = copy.copy(node)
    new.test = ast.Constant(False)
    yield new


def other_word(node: ast.BoolOp) -> Iterator[ast.AST]:
    yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)


def left_out(node: ast.Expr) -> Iterator[ast.AST]:
    if isinstance(node.value, ast.Call): yield ast.Pass()


CHANGES: dict[type, tuple[Change, ...]] = {
    ast.BinOp: (other_operator, one_side, exchanged), ast.UnaryOp: (without_minus,), ast.Compare: (other_comparison,),
    ast.Constant: (other_number,), ast.keyword: (other_axis,), ast.Attribute: (other_name,), ast.Call: (other_call,),
    ast.AugAssign: (other_assignment,), ast.Return: (other_result,), ast.IfExp: (other_choice,),
    ast.If: (other_choice,), ast.BoolOp: (other_word,), ast.Expr: (left_out,),
}
