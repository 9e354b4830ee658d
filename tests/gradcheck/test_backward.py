"""The checker itself: what it must catch, what it must not, and that it says where."""

import numpy as np
import pytest

import tinyfm as fm
from tinyfm.errors import ShapeError
from tinyfm.gradcheck import check_backward, check_gradients, check_rule, check_table
from tinyfm.gradcheck.report import KINDS


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def linear(x, w, b):
    return x @ w + b


def linear_backward(g, x, w, b):
    return g @ w.T, x.T @ g, g.sum(0)


def test_a_factor_of_1_00001_is_caught_and_told():
    report = check_backward(linear, lambda g, x, w, b: (g @ w.T, x.T @ g * 1.00001, g.sum(0)), (7, 5), (5, 3), (3,))
    (found,) = report.findings
    assert (
        found.argument == "w"
        and found.kind == "constant-factor"
        and np.isclose(found.evidence["factor"], 1.00001, rtol=1e-9)
    )


def test_one_wrong_sign_among_ten_thousand_is_caught_and_located():
    def backward(g, x):
        d = g * np.cos(x)
        d[37, 61] *= -1
        return d

    report = check_backward(np.sin, backward, normal(100, 100))
    (found,) = report.findings
    assert found.kind == "partial" and report.rows[0].worst == (37, 61) and "[37, 61]" in str(report)


def test_shapes_are_drawn_and_guessed():
    assert check_backward(linear, linear_backward, (7, 5), (5, 3), (3,)).ok
    assert check_backward(linear, linear_backward).ok
    assert check_backward(np.exp, lambda g, x: g * np.exp(x)).ok
    assert check_backward(np.log, lambda g, x: g / x).ok


def test_the_same_seed_gives_the_same_report():
    wrong = lambda g, x: g * x
    assert str(check_backward(np.exp, wrong, (4, 5), seed=3)) == str(check_backward(np.exp, wrong, (4, 5), seed=3))


def test_inputs_drawn_from_the_same_seed_do_not_hide_a_mistake():
    """g must not be the numbers that the user drew for x: then g (g > 0) looks like g (x > 0)."""
    relu = lambda x: np.maximum(x, 0)
    assert not check_backward(relu, lambda g, x: g * (g > 0), np.random.default_rng(0).standard_normal((4, 5))).ok


def test_an_exception_in_backward_is_a_finding_with_its_line():
    def backward(g, x):
        return g * undefined_name  # noqa: F821

    (found,) = check_backward(np.exp, backward, (4, 5)).findings
    assert (
        found.kind == "unknown" and "undefined_name" in found.message and "return g * undefined_name" in found.message
    )


def test_several_bugs_are_each_named():
    report = check_backward(linear, lambda g, x, w, b: (-g @ w.T, (x.T @ g).T, g.mean(0)), (7, 5), (5, 3), (3,))
    assert {f.argument: f.kind for f in report.findings} == {
        "x": "wrong-sign",
        "w": "transposed",
        "b": "mean-for-sum-over-broadcast",
    }


def test_the_gradient_printed_in_the_brief_lacks_its_sign_and_its_input():
    """dC/dW = -sum dL/dz delta, as printed, for z = xW + b: the minus does not belong, and x^T is missing."""
    printed = lambda g, x, w, b: (g @ w.T, -np.broadcast_to(g.sum(0), w.shape), g.sum(0))
    report = check_backward(linear, printed, (7, 5), (5, 3), (3,))
    assert [(f.argument, f.kind) for f in report.findings] == [("w", "wrong-sign"), ("w", "missing-factor")]
    assert (
        check_backward(linear, lambda g, x, w, b: (g @ w.T, -x.T @ g, g.sum(0)), (7, 5), (5, 3), (3,)).findings[0].kind
        == "wrong-sign"
    )
    assert check_backward(linear, linear_backward, (7, 5), (5, 3), (3,)).ok


def test_a_forward_that_is_not_finite_or_not_floating_is_refused():
    with pytest.raises(ValueError, match="NaN or infinite"):
        check_backward(np.log, lambda g, x: g / x, np.array([-1.0, 2.0]))
    with pytest.raises(TypeError, match="int64"):
        check_backward(np.argsort, lambda g, x: g, (4,))
    with pytest.raises(ShapeError, match="pass arrays or shapes"):
        check_backward(lambda a, b, c, d, e, f: a, lambda *a: a)


def test_the_report_shows_a_table_and_a_picture():
    report = check_backward(linear, lambda g, x, w, b: (g @ w.T, 2 * x.T @ g, g), (7, 5), (5, 3), (3,))
    text = str(report)
    assert "constant-factor" in text and "not-summed-over-broadcast" in text and "yours" in text and "seed=0" in text
    titles = [ax.get_title() for ax in report.plot().axes if ax.get_title()]
    assert len(titles) == 9 and titles[5] == "yours - true: constant-factor (o: worst)"
    assert {f.kind for f in report.findings} <= set(KINDS)


def test_the_whole_table_is_right():
    for report in check_table():
        assert report.ok, str(report)


def test_a_rule_can_be_swapped_in():
    assert check_rule("exp", {"x": lambda g, out: g * out}).ok
    assert check_rule("add", {"b": lambda g: g}).ok  # the engine sums for broadcasting
    assert check_rule("exp", {"x": lambda g, x: g * x}).findings[0].kind == "input-for-output"
    assert (
        check_rule("matmul", {"a": lambda g, b: g @ b}, normal(4, 4), normal(4, 4, seed=1)).findings[0].kind
        == "operand-not-transposed"
    )
    with pytest.raises(ValueError, match="did you mean"):
        check_rule("sigmoids", {})
    with pytest.raises(ValueError, match="its arguments are x"):
        check_rule("exp", {"y": lambda g: g})


def test_gradients_of_functions_of_tensors_are_checked_to_second_order():
    assert check_gradients(lambda x, w: fm.sum(fm.tanh(fm.matmul(x, w)), axis=0), (4, 5), (5, 3), order=2).ok


def test_the_op_to_blame_is_named(monkeypatch):
    rule = fm.table["tanh"].kernels[0]
    monkeypatch.setattr(fm.table["tanh"], "kernels", [lambda g, saved: -rule(g, saved)])
    report = check_gradients(lambda x: fm.sum(fm.exp(fm.tanh(x * 2.0)), axis=0), (4, 5))
    assert {f.argument: f.kind for f in report.findings}["tanh.x"] == "wrong-sign"
