"""From the name of an op to its entry: those of the table, and those that are made for a number of operands."""
from __future__ import annotations

from tinyfm.engine import Op
from tinyfm.operators import table
from tinyfm.ops.contraction import einsum_op
from tinyfm.ops.shape import concat_op


def name_of(op: Op) -> str:
    """What a trace calls an op: "add", or "einsum ij,jk->ik"."""
    if op.name != "einsum": return op.name
    return "einsum " + op.formula.removeprefix(r"\text{").removesuffix("}").replace(r" \to ", "->")


def entry(name: str, operands: int) -> Op:
    """The op of this name.  KeyError if there is none."""
    if name in table: return table[name]
    if name == "concat": return concat_op(operands)
    if not name.startswith("einsum "): raise KeyError(name)
    terms, _, out = name.removeprefix("einsum ").partition("->")
    return einsum_op(tuple(terms.split(",")), out)
