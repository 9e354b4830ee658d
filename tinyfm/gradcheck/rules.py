"""The rules of diagnosis in the order in which they are tried, the most specific first, and what they agree on.

Each takes a Case and returns (kind, evidence) or None, and says only what is true.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinyfm.gradcheck import axes, factors, leftovers, mistakes, products, replay, scales
from tinyfm.gradcheck.breaks import first_match, share_of
from tinyfm.gradcheck.case import Case, Kinds, Named

Rule = Callable[[Case], Named]
NUMBERS = ("constant-factor", "missing-1/N", "extra-1/N", "batch-for-size")


def rule_broken(c: Case) -> Named:
    return first_match(c, mistakes.wrong_rules)


def stretch_skipped(c: Case) -> Named:
    return first_match(c, mistakes.stretches_skipped)


def several_paths_lost(c: Case) -> Named:
    return first_match(c, mistakes.several_paths)


def path_lost(c: Case) -> Named:
    """One way from the result to the argument is left out."""
    for make in (mistakes.paths, mistakes.statistics_fixed):
        for b, part in share_of(c, make):
            if part == 0:
                return b.kind, b.evidence
    return None


def path_scaled(c: Case) -> Named:
    """One of the terms stands with a wrong sign or number: no kind of its own, but worth saying."""
    for make in (mistakes.paths, mistakes.statistics_fixed):
        for b, part in share_of(c, make):
            if part != 0:
                return "unknown", {"part": part, "path": b.evidence["path"]}
    return None


RULES: tuple[Rule, ...] = (
    scales.not_finite,
    scales.nothing,
    scales.scaled,
    scales.too_few_digits,
    axes.axes_exchanged,
    axes.of_another,
    axes.passes,
    axes.only_diagonal,
    axes.one_slice,
    axes.wrong_rows_summed,
    axes.turned_round,
    axes.normalised_elsewhere,
    leftovers.right_by_sign_of_input,
    factors.operand_left_out,
    factors.operand_taken_for_one,
    factors.operand_taken_for_zero,
    factors.input_where_output,
    scales.one_forgotten,
    scales.power_forgotten,
    products.matrix_product,
    products.adjoint_forgotten,
    replay.statistics_along_another_axis,
    replay.softmax_broken,
    path_lost,
    rule_broken,
    leftovers.overwritten,
    leftovers.right_by_value,
    stretch_skipped,
    several_paths_lost,
    factors.result_left_out,
    factors.times_the_input,
    products.other_transposed,
    leftovers.contributions_lost,
    leftovers.right_for_some,
    path_scaled,
    leftovers.right_for_many,
)


def diagnosed(cases: Sequence[Case]) -> Kinds:
    """What the first rule says that says the same of every case; unknown when there is none."""
    for rule in RULES if cases else ():
        found = said_of_each(rule, cases)
        if found and (agreed := agreement(found, cases)):
            return with_companions(*agreed)
    return [("unknown", {})]


def said_of_each(rule: Rule, cases: Sequence[Case]) -> Kinds:
    """The rule's word on every case; nothing as soon as it has none on one of them."""
    found = []
    for case in cases:
        word = rule(case)
        if word is None:
            return []
        found.append(word)
    return found


def agreement(found: Kinds, cases: Sequence[Case]) -> Named:
    """What holds at every point alike: one kind, and one factor, path or place."""
    kind, evidence = found[0]
    if any(k != kind for k, _ in found):
        return None
    if kind in NUMBERS and differ([e["factor"] for _, e in found]):
        return factors.number_left_out(list(cases), [e["factor"] for _, e in found])
    if "all" in evidence:
        shared = [name for name in evidence["all"] if all(name in e.get("all", ()) for _, e in found)]
        return (kind, evidence | {"factor": shared[0]}) if shared else None
    return (kind, evidence) if all(told(f) == told(found[0]) for f in found) else None


def differ(numbers: list[float]) -> bool:
    return not np.allclose(numbers, numbers[0], rtol=1e-6)


def told(named: tuple[str, dict[str, Any]]) -> Any:
    """What must be the same at every point."""
    kind, evidence = named
    return evidence.get(
        {"missing-factor": "factor", "missing-term": "path", "unknown": "part", "partial": "where"}.get(kind, "")
    )


def with_companions(kind: str, evidence: dict[str, Any]) -> Kinds:
    """The kind, with a wrong sign before it where the sign is wrong as well, and what else is implied after it."""
    factor = evidence.get("factor")
    negative = float(evidence.get("sign", factor if isinstance(factor, float) else 1.0)) < 0
    turned = negative and kind not in ("wrong-sign", "constant-factor")
    first: Kinds = [("wrong-sign", {"factor": -1.0, "besides": "sign"})] if turned else []
    extra: Kinds = [(evidence["also"], {})] if "also" in evidence else []
    return [*first, (kind, evidence), *extra]
