"""The page of reports names each mistake, and is not stale."""
from pathlib import Path

import pytest

from benchmarks import reports

ROOT = Path(__file__).resolve().parent.parent

KINDS = {
    "the_sum_that_broadcasting_needs": {"b": ["not-summed-over-broadcast"]},
    "the_gradient_printed_in_the_brief": {"w": ["wrong-sign", "missing-factor"]},
    "square_matrices_hide_a_missing_transpose": {"a": ["operand-not-transposed"]},
    "the_mean_over_the_wrong_count": {"p": ["batch-for-size"], "t": ["batch-for-size"]},
    "tanh_of_x_where_y_belongs": {"x": ["input-for-output"]},
    "softmax_as_if_it_were_a_sigmoid": {"x": ["off-diagonal-missing"]},
    "layer_norm_with_a_constant_variance": {"x": ["missing-variance-term"]},
    "repeated_words_overwrite_each_other": {"table": ["overwrites-instead-of-accumulates"]},
    "the_mask_of_the_gradient": {"x": ["not-linear-in-upstream"]},
    "a_value_kept_from_the_first_call": {"x": ["stale-cache"]},
    "one_wrong_sign_among_ten_thousand": {"x": ["partial"]},
    "three_mistakes_at_once": {"x": ["wrong-sign"], "w": ["transposed"], "b": ["mean-for-sum-over-broadcast"]},
}


@pytest.mark.parametrize("mistake", reports.MISTAKES, ids=lambda f: f.__name__)
def test_each_report_names_its_mistake(mistake):
    found = {}
    for f in mistake().findings: found.setdefault(f.argument, []).append(f.kind)
    assert found == KINDS[mistake.__name__]


def test_the_right_rule_passes():
    assert reports.the_right_rule().ok


def test_the_page_is_not_stale():
    assert (ROOT / "tutorials" / "reports.md").read_text(encoding="utf-8") == reports.page()
