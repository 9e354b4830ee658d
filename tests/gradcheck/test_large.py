"""Arguments of thousands of elements: right ones pass, wrong ones are located or named, recorded or not."""
import numpy as np
import pytest

from tinyfm.gradcheck import check_backward
from tinyfm.gradcheck.numeric import astray


def recordable(x):
    return np.sin(x)


def unrecordable(x):
    """Written into an array, which no graph can follow."""
    y = np.empty_like(x)
    y[...] = np.sin(x)
    return y


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


both = pytest.mark.parametrize("forward", [recordable, unrecordable])


@both
def test_a_right_gradient_passes(forward):
    assert check_backward(forward, lambda g, x: g * np.cos(x), drawn(60, 50)).ok


@both
def test_two_wrong_elements_are_located(forward):
    def backward(g, x):
        d = g * np.cos(x)
        d[3, 4] *= 2
        d[41, 7] = 0
        return d
    (found,) = check_backward(forward, backward, drawn(60, 50)).findings
    assert found.kind == "partial" and "[3, 4]" in found.message and "[41, 7]" in found.message


@pytest.mark.parametrize("factor", [1.00001, -3.0])
def test_a_factor_everywhere_is_named(factor):
    (found,) = check_backward(recordable, lambda g, x: factor * g * np.cos(x), drawn(60, 50)).findings
    assert found.kind == "constant-factor" and np.isclose(found.evidence["factor"], factor, rtol=1e-8)


def test_a_loss_of_many_elements_has_its_count_named():
    loss = lambda p, t: np.mean((p - t) ** 2)
    report = check_backward(loss, lambda g, p, t: (2 * g * (p - t), None), drawn(60, 50), drawn(60, 50, seed=1))
    assert [(f.argument, f.kind, f.evidence["count"]) for f in report.findings] == [("p", "missing-1/N", 3000)]


def test_elements_on_a_kink_are_no_mistake():
    x = drawn(60, 50)
    x[:2] = 0.0
    half_at_zero = lambda g, x: g * ((x > 0) + 0.5 * (x == 0))
    assert check_backward(lambda x: np.maximum(x, 0), half_at_zero, x).ok


def test_the_layer_of_a_digit_classifier_is_judged_in_all_arguments():
    forward = lambda x, w, b: np.maximum(x @ w + b, 0)
    def backward(g, x, w, b):
        g = g * (x @ w + b > 0)
        return g @ w.T, x.T @ g, -g.sum(0)
    report = check_backward(forward, backward, drawn(32, 196), drawn(196, 64, seed=1), drawn(64, seed=2))
    assert [(f.argument, f.kind) for f in report.findings] == [("b", "wrong-sign")]


def test_halving_finds_every_wrong_element_and_gives_up_on_many():
    x, rng = drawn(1000), np.random.default_rng(0)
    g = np.ones(1000)
    d = np.cos(x)
    d[[0, 17, 999]] += 0.1
    assert astray(np.sin, [x], 0, g, d, rng, 64).tolist() == [0, 17, 999]
    assert astray(np.sin, [x], 0, g, 2 * d, rng, 64) is None
    assert astray(np.sin, [np.zeros(0)], 0, np.zeros(0), np.zeros(0), rng, 64).size == 0
