"""The rules of diagnosis in the order in which they are tried, the most specific first, and what they agree on.

Each takes a Case and returns (kind, evidence) or None, and says only what is true.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinyfm.gradcheck import axes, factors, leftovers, mistakes, products, replay, scales
from tinyfm.gradcheck.breaks import first_match, share_of
from tinyfm.gradcheck.case import Case, Named

Kinds = list[tuple[str, dict[str, Any]]]
Rule = Callable[[Case], Named]


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
    rule_broken,
    path_lost,
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
        found = [f for f in map(rule, cases) if f is not None]
        if len(found) < len(cases) or any(f[0] != found[0][0] for f in found):
            continue
        kind, evidence = found[0]
        if kind in ("constant-factor", "missing-1/N", "extra-1/N", "batch-for-size") and differ(
            [f[1]["factor"] for f in found]
        ):
            kind, evidence = factors.number_left_out(list(cases), [f[1]["factor"] for f in found])
        elif "all" in evidence:
            shared = [name for name in evidence["all"] if all(name in f[1].get("all", ()) for f in found)]
            if not shared:
                continue
            evidence = evidence | {"factor": shared[0]}
        elif any(told(f) != told(found[0]) for f in found):
            continue
        return with_companions(kind, evidence)
    return [("unknown", {})]


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
    first: Kinds = (
        [("wrong-sign", {"factor": -1.0})] if negative and kind not in ("wrong-sign", "constant-factor") else []
    )
    extra: Kinds = [(evidence["also"], {})] if "also" in evidence else []
    return [*first, (kind, evidence), *extra]
