"""The line of code behind a rule, as it stands in the op table."""
from __future__ import annotations

import ast
import copy
import linecache
from collections.abc import Callable
from functools import cache
from typing import Any

from tinyfm.engine import Op

Function = Callable[..., Any]
LONGEST = 14                                     # lines of a function that are shown


@cache
def functions(file: str) -> list[Any]:
    """Every lambda and def of a file, the inner ones last."""
    try: tree = ast.parse("".join(linecache.getlines(file)))
    except SyntaxError: return []
    return [n for n in ast.walk(tree) if isinstance(n, ast.Lambda | ast.FunctionDef)]


def found(function: Function) -> Any:
    """The syntax of this very function: two lambdas may stand on one line, so columns are compared."""
    code = getattr(function, "__code__", None)
    if code is None: return None
    line, _, column, _ = next(((a, b, c, d) for a, b, c, d in code.co_positions() if a and c is not None and
                               (c > 0 or d)), (code.co_firstlineno, 0, 0, 0))
    inside = [n for n in functions(code.co_filename) if (n.lineno, n.col_offset) <= (line, column) and
              (line, column) <= (n.end_lineno, n.end_col_offset)]
    return min(inside, key=lambda n: (n.end_lineno - n.lineno, n.end_col_offset - n.col_offset), default=None)


def source(function: Function) -> str:
    """The body of a lambda, or the return of a short function, in one line; "" where it cannot be found."""
    node = found(function)
    if node is None: return ""
    if isinstance(node, ast.Lambda): return ast.unparse(node.body)
    last = node.body[-1]
    if isinstance(last, ast.Return) and last.value is not None:
        return ast.unparse(last.value) if len(node.body) <= 2 else f"{node.name}(...)"
    return f"{node.name}(...)"


def rule_line(op: Op, arg: str) -> str:
    """a=lambda g, b: g * b, as the table has it."""
    rule = op.rules[op.args.index(arg)]
    if rule is None: return ""
    names = ", ".join(["g", *rule.needs])
    body = source(rule.rule)
    return f"{arg}: lambda {names}: {body}" if body else f"{arg}: {getattr(rule.rule, '__name__', 'rule')}({names})"


def forward_line(op: Op) -> str:
    """def multiply(a, b): return a * b"""
    body, settings = source(op.forward), list(op.settings)
    names = ", ".join([*op.args, *(["*", *settings] if settings else [])])
    return f"def {op.name}({names}): " + (body if body.endswith("(...)") else f"return {body}") if body else op.name


# ------------------------------------------------------------ functions of several lines, for those who step

def rule_code(op: Op, arg: str) -> str:
    """rule_line, or the function that the table names where the rule is one of several lines."""
    rule = op.rules[op.args.index(arg)]
    body = whole(rule.rule) if rule else ""
    return f"{arg}: {body}" if body else rule_line(op, arg)


def forward_code(op: Op) -> str: return whole(op.forward) or forward_line(op)


def whole(function: Function) -> str:
    """A def of several statements without its docstring, its annotations and what it does on errors; else ""."""
    node = copy.deepcopy(found(function))
    if not isinstance(node, ast.FunctionDef): return ""
    if ast.get_docstring(node) is not None: node.body = node.body[1:]
    if len(node.body) == 1 and isinstance(node.body[0], ast.Return): return ""
    node.body = [s for part in node.body for s in (part.body if isinstance(part, ast.Try) else [part])
                 if not (isinstance(s, ast.If) and isinstance(s.body[0], ast.Raise))]
    node.decorator_list, node.returns = [], None
    for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg):
        if a is not None: a.annotation = None
    lines = ast.unparse(node).splitlines()
    return "\n".join(lines if len(lines) <= LONGEST else [*lines[:LONGEST], "    ..."])
