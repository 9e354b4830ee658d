"""The score on the bank of wrong backwards: detected, named, given a wrong name."""
import warnings
from collections import Counter
from functools import cache

import numpy as np
import pytest

from tests.bugbank import load
from tinyfm.gradcheck import check_backward


def outcomes(entry):
    """For each argument that is wrong: named, misnamed, unknown or missed; and false alarms.

    Where the bank itself says `unknown` (and perhaps a kind that is also true) nothing can be named: "nameless".
    """
    forward, backward, draw = entry.make()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = check_backward(forward, backward, *draw(np.random.default_rng(0)))
    kinds = {}
    for f in report.findings: kinds.setdefault(f.argument, []).append(f.kind)
    blamed = kinds.pop("backward", [])
    for argument, expected in entry.expected.items():
        found = kinds.pop(argument, []) or blamed
        if not found: yield "missed"
        elif any(expected.accepts(kind) for kind in found): yield "nameless" if expected.kind == "unknown" else "named"
        else: yield "unknown" if set(found) == {"unknown"} else "misnamed"
    yield from ("false alarm" for _ in kinds)


@cache
@cache
def score(half):
    """Counts, the number of wrong gradients, and of those that have a name."""
    counts = Counter(outcome for entry in load(half) for outcome in outcomes(entry))
    total = counts.total() - counts["false alarm"]
    print(f"\n{half}: {total} wrong gradients, " + ", ".join(f"{k} {v} ({v / total:.1%})" for k, v in counts.items()))
    return counts, total, total - counts["nameless"]


def test_every_fifteenth_of_the_tuned_half_is_detected_and_nearly_all_named():
    counts = Counter(outcome for entry in load("tuned")[::15] for outcome in outcomes(entry))
    assert counts["missed"] == counts["false alarm"] == 0
    assert counts["named"] >= 0.95 * (counts.total() - counts["nameless"])


@pytest.mark.slow
def test_tuned_half():
    counts, total, with_a_name = score("tuned")
    assert counts["missed"] == counts["false alarm"] == 0
    assert counts["named"] >= 0.95 * with_a_name and counts["misnamed"] <= 0.02 * total


@pytest.mark.slow
def test_half_set_aside():
    counts, _, with_a_name = score("held_out")
    assert counts["missed"] == counts["false alarm"] == 0
    assert counts["named"] >= 0.9 * with_a_name


@pytest.mark.slow
@pytest.mark.xfail(strict=True, reason="not reached yet: 6 of 256 get a wrong name, 2.3 %")
def test_half_set_aside_is_seldom_given_a_wrong_name():
    counts, total, _ = score("held_out")
    assert counts["misnamed"] <= 0.02 * total
