"""Break every rule of the table on purpose and count how many breaks are noticed: `python benchmarks/mutants.py`.

Each rule (with its kernel) is multiplied by 1.001, turned round in sign, emptied, made to return its transpose; each
sum in the source of a rule loses its left or its right term; the engine takes one slice where it should add up a
stretched axis.  A break is noticed when a test of the plain suite fails: the gradient checker on the whole table, or a
law within the few draws that the plain suite makes.
"""
from __future__ import annotations

import argparse
import ast
import inspect
import sys
import textwrap
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests import laws
from tests.ops.examples import EXAMPLES, Line
from tests.ops.test_laws import few, seeds
from tinyfm.engine import Op, Tensor, named
from tinyfm.gradcheck.samples import sample
from tinyfm.gradcheck.tensors import check_op
from tinyfm.operators import table

Change = Callable[[Any], Any]
WHOLE: dict[str, Change] = {
    "x 1.001": lambda d: d * 1.001,
    "sign": lambda d: -d,
    "zero": lambda d: d * 0.0,
    "transposed": lambda d: d if len(d.shape) < 2 else table["reshape"](
        table["swapaxes"](d, axis1=-1, axis2=-2), shape=d.shape),
}
HARMLESS = {"stop_gradient": "no gradient passes, on purpose"}
REASONS = {"logsumexp.x: term 1 right dropped": "normalised afterwards, so it only overflows earlier"}


# ------------------------------------------------------------ what is broken

def changed(call: Any, change: Change) -> Any:
    """A rule of the engine's form whose gradient is changed."""
    def broken(g: Any, saved: Any) -> Any: return change(call(g, saved))
    broken.needs, broken.rule = call.needs, call.rule
    return broken


def changed_joint(joint: Any, i: int, change: Change) -> Any:
    def broken(g: Any, saved: Any, wanted: Any) -> Any:
        return [change(d) if k == i and d is not None else d for k, d in enumerate(joint(g, saved, wanted))]
    broken.needs = joint.needs
    return broken


@contextmanager
def put(op: Op, i: int, rule: Any, kernel: Any, joint: Any) -> Iterator[None]:
    """For a while, another rule for argument i."""
    before = op.rules, op.kernels, op.joint
    op.rules = [rule if k == i else r for k, r in enumerate(op.rules)]
    op.kernels = [kernel if k == i else r for k, r in enumerate(op.kernels)]
    op.joint = joint
    try: yield
    finally: op.rules, op.kernels, op.joint = before


class Noting:
    """A change that notes whether it ever made a difference: one that never does is no mutant."""

    def __init__(self, change: Change) -> None: self.change, self.effective = change, False

    def __call__(self, d: Any) -> Any:
        after = self.change(d)
        self.effective = self.effective or not np.array_equal(value(d), value(after), equal_nan=True)
        return after


def value(d: Any) -> Any: return d.data if type(d) is Tensor else d


def whole(op: Op, i: int, notes: list[Noting]) -> Iterator[tuple[str, Any]]:
    """Changes of the gradient as a whole."""
    for name, plain in WHOLE.items():
        change = Noting(plain)
        notes.append(change)
        joint = changed_joint(op.joint, i, change) if op.joint else None
        yield name, put(op, i, changed(op.rules[i], change), changed(op.kernels[i], change), joint)


class Drop(ast.NodeTransformer):
    """Replace the n-th sum or difference by its left or right side."""

    def __init__(self, n: int, left: bool) -> None: self.n, self.left, self.seen = n, left, -1

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Add | ast.Sub):
            self.seen += 1
            if self.seen == self.n: return node.left if self.left else node.right
        return node


def terms(op: Op, i: int) -> Iterator[tuple[str, Any]]:
    """Rules with one term of a sum left out, where their source can be read by itself."""
    function = op.rules[i].rule
    tree = source(function)
    if tree is None: return
    sums = sum(isinstance(n, ast.BinOp) and isinstance(n.op, ast.Add | ast.Sub) for n in ast.walk(tree))
    for n in range(sums):
        for left in (True, False):
            mutant = Drop(n, left).visit(source(function))
            rule = compiled(ast.fix_missing_locations(mutant), function)
            side = "right" if left else "left"
            if rule is not None: yield f"term {n + 1} {side} dropped", put(op, i, rule, rule, None)


def source(function: Any) -> Any:
    """The lambda or function as a tree of its own, or None where a line holds several."""
    try: text = textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError): return None
    if function.__name__ != "<lambda>": return ast.parse(text)
    start = text.find("lambda")
    for end in range(len(text), start, -1):
        try: tree = ast.parse(text[start:end].strip(), mode="eval")
        except SyntaxError: continue
        return tree if text.count("lambda") == 1 and isinstance(tree.body, ast.Lambda) else None
    return None


def compiled(tree: Any, function: Any) -> Any:
    scope = dict(function.__globals__)
    try:
        if isinstance(tree, ast.Expression): return named(eval(compile(tree, "<mutant>", "eval"), scope))
        exec(compile(tree, "<mutant>", "exec"), scope)
        return named(scope[function.__name__])
    except (NameError, SyntaxError): return None


@contextmanager
def one_slice_for_the_sum() -> Iterator[None]:
    """The engine takes one slice where it should add up a stretched axis."""
    op, before = table["sum_to"], table["sum_to"].forward

    def first(x: Any, *, shape: tuple[int, ...]) -> Any:
        extra = np.ndim(x) - len(shape)
        return x[(0,) * extra + tuple(slice(0, 1) if n == 1 else slice(None) for n in shape)].reshape(shape)
    op.forward = first
    try: yield
    finally: op.forward = before


# ------------------------------------------------------------ is it noticed?

def noticed(line: Line) -> bool:
    """Does a law fail on the draws of the plain suite?"""
    @settings(few, phases=[Phase.generate], print_blob=False)
    @given(data=st.data(), seed=seeds)
    def trial(data: Any, seed: int) -> None:
        case = laws.Case(line.f, *data.draw(line.cases), seed)
        assume(np.all(case.first_order()) or case.y.size > 1)
        assume(case.second_order())
        case.kernel_is_formula()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trial()
    except Exception: return True
    return False


def blamed(op: Op) -> bool:
    """Does the gradient checker blame the op, at the inputs at which the plain suite checks the whole table?"""
    inputs, options = sample(op, np.random.default_rng([0, 2]))
    try: return not check_op(op, inputs, options, {}, 0).ok
    except Exception: return True


def lines_for(op: Op) -> list[Line]:
    """The examples that run this op: its own first, then those in whose graph it stands."""
    own = [x for x in EXAMPLES if x.smooth and (x.name == op.name or x.f is op)]
    return own or [x for x in EXAMPLES if x.smooth and op.name in x.name]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="ops whose name holds this")
    wanted = parser.parse_args().only or ""
    began, killed, survivors = time.perf_counter(), 0, []
    chosen = [o for o in table.values() if o.reads is not None and wanted in o.name and o.name not in HARMLESS]
    for op in chosen:
        for i, arg in enumerate(op.args):
            if op.rules[i] is None: continue
            notes: list[Noting] = []
            breaks = [*whole(op, i, notes), *terms(op, i)]
            for k, (name, breaking) in enumerate(breaks):
                with breaking: dead = blamed(op) or any(noticed(line) for line in lines_for(op))
                killed += dead
                if not dead and (k >= len(notes) or notes[k].effective): survivors.append(f"{op.name}.{arg}: {name}")
    with one_slice_for_the_sum():
        for op in (table["add"], table["multiply"], table["where"]):
            dead = noticed(lines_for(op)[0])
            killed += dead
            if not dead: survivors.append(f"{op.name}: one slice for the sum over a stretched axis")
    total = killed + len(survivors)
    seconds = time.perf_counter() - began
    print(f"{killed} of {total} broken rules are noticed ({killed / total:.2%}), in {seconds:.0f} s")
    for survivor in survivors: print(f"  survives {survivor}{': ' + REASONS[survivor] if survivor in REASONS else ''}")
    return 0 if killed >= 0.98 * total else 1


if __name__ == "__main__":
    sys.exit(main())
