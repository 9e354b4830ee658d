"""What happens at the edges: zeros, infinities, NaN, ties, empty arrays, sizes at which a naive formula overflows.

First what everybody agrees on, then the conventions where libraries differ: each stands in its op's docstring.
"""
from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import tinyfm as fm
from tinyfm.engine import Op, gradients, leaf
from tinyfm.operators import table

inf, nan = np.inf, np.nan


def value_and_gradient(f: Any, x: Any, u: Any = None) -> tuple[Any, Any]:
    x = leaf(x if isinstance(x, np.ndarray) and x.dtype.kind == "f" else np.asarray(x, float))
    y = f(x)
    return y.data, gradients(y, [x], np.ones(y.shape) if u is None else u)[0]


def agrees(f: Any, x: Any, value: Any, gradient: Any, u: Any = None, exact: bool = True) -> None:
    y, g = value_and_gradient(f, x, u)
    compare = np.testing.assert_array_equal if exact else lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-15)
    compare(y, value)
    compare(g, gradient)


# ------------------------------------------------------------ poles: NumPy warns, and so do we; the numbers are right

@pytest.mark.filterwarnings("ignore:divide by zero")
def test_poles() -> None:
    agrees(fm.log, 0.0, -inf, inf)
    agrees(fm.sqrt, 0.0, 0.0, inf)
    agrees(fm.reciprocal, 0.0, inf, -inf)
    agrees(lambda x: 1.0 / x, 0.0, inf, -inf)
    assert np.isposinf(value_and_gradient(lambda x: 1 / x, 0.0)[0])


@pytest.mark.filterwarnings("ignore")
def test_log_of_a_masked_zero_is_the_classic_trap_and_the_double_where_its_cure() -> None:
    assert np.isnan(value_and_gradient(lambda x: fm.where(x > 0, fm.log(x), 0.0), 0.0)[1])
    agrees(lambda x: fm.where(x > 0, fm.log(fm.where(x > 0, x, 1.0)), 0.0), [0.0, 2.0], [0.0, np.log(2.0)], [0.0, 0.5])


# ------------------------------------------------------------ powers

@pytest.mark.parametrize("x", [0.0, -2.0, nan, inf])
def test_power_zero_is_one_with_gradient_zero(x: float) -> None:
    agrees(lambda a: a ** 0, x, 1.0, 0.0)
    agrees(lambda a: a ** 0.0, x, 1.0, 0.0)
    agrees(lambda a: a ** np.array(0), x, 1.0, 0.0)


def test_zero_to_a_power() -> None:
    agrees(lambda b: 0.0 ** b, 0.0, 1.0, 0.0)
    agrees(lambda b: 0.0 ** b, 2.0, 0.0, 0.0)
    agrees(lambda b: np.zeros(()) ** b, 2.0, 0.0, 0.0)
    agrees(lambda a: a ** 2, 0.0, 0.0, 0.0)
    agrees(lambda a: a ** 1, 0.0, 0.0, 1.0)


@pytest.mark.filterwarnings("ignore:invalid value")
def test_a_negative_base_has_no_derivative_in_the_exponent() -> None:
    y, g = value_and_gradient(lambda b: fm.pow(np.array(-2.0), b), 3.0)
    assert y == -8.0 and np.isnan(g)
    y, g = value_and_gradient(lambda b: fm.pow(-2.0, b), 3.0)
    assert y == -8.0 and np.isnan(g)
    agrees(lambda a: a ** 3, -2.0, -8.0, 12.0)


# ------------------------------------------------------------ exponentials that would overflow: quiet and right

def test_softmax_and_its_family_at_ten_thousand() -> None:
    x = [1e4, -1e4, 1e4]
    agrees(fm.softmax, x, [0.5, 0.0, 0.5], [0.25, 0.0, -0.25], np.array([1.0, 0.0, 0.0]))
    y, g = value_and_gradient(fm.log_softmax, x, np.array([1.0, 0.0, 0.0]))
    np.testing.assert_array_equal(y, [-np.log(2), -2e4 - np.log(2), -np.log(2)])
    np.testing.assert_array_equal(g, [0.5, 0.0, -0.5])
    agrees(fm.logsumexp, [1e4, 1e4], 1e4 + np.log(2), [0.5, 0.5])
    agrees(fm.logsumexp, [-1e4, -1e4], -1e4 + np.log(2), [0.5, 0.5])


def test_softmax_with_some_minus_infinity() -> None:
    agrees(fm.softmax, [0.0, -inf, 0.0], [0.5, 0.0, 0.5], [0.25, 0.0, -0.25], np.array([1.0, 0.0, 0.0]))
    y, g = value_and_gradient(fm.log_softmax, [0.0, -inf, 0.0], np.array([1.0, 0.0, 0.0]))
    assert y[1] == -inf and np.all(g == [0.5, 0.0, -0.5])
    agrees(fm.logsumexp, [0.0, -inf], 0.0, [1.0, 0.0])


def test_all_minus_infinity() -> None:
    assert np.all(np.isnan(fm.softmax(np.full(3, -inf)))) and np.all(np.isnan(fm.log_softmax(np.full(3, -inf))))
    agrees(fm.logsumexp, [-inf, -inf], -inf, [0.0, 0.0])


def test_logsumexp_of_plus_infinity() -> None:
    assert fm.logsumexp(np.array([inf, 0.0])) == inf


@pytest.mark.parametrize("f, low, high", [
    (fm.sigmoid, (0.0, 0.0), (1.0, 0.0)), (fm.tanh, (-1.0, 0.0), (1.0, 0.0)), (fm.softplus, (0.0, 0.0), (1e3, 1.0)),
    (fm.gelu, (0.0, 0.0), (1e3, 1.0)), (fm.silu, (0.0, 0.0), (1e3, 1.0)), (fm.log_sigmoid, (-1e3, 1.0), (0.0, 0.0)),
    (fm.mish, (0.0, 0.0), (1e3, 1.0)), (fm.elu, (-1.0, 0.0), (1e3, 1.0)), (fm.erf, (-1.0, 0.0), (1.0, 0.0)),
    (fm.erfc, (2.0, 0.0), (0.0, 0.0)),
    (lambda x: fm.gelu(x, approximate=True), (0.0, 0.0), (1e3, 1.0)),
    (fm.selu, (-1.0507009873554805 * 1.6732632423543772, 0.0), (1050.7009873554805, 1.0507009873554805)),
])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_activations_at_a_thousand(f: Any, low: Any, high: Any, dtype: Any) -> None:
    x = np.array([-1e3, 1e3], dtype)
    y, g = value_and_gradient(f, x)
    assert y.dtype == g.dtype == dtype
    np.testing.assert_array_equal([y[0], g[0]], np.array(low, dtype))
    np.testing.assert_allclose([y[1], g[1]], np.array(high, dtype), rtol=1e-15 if dtype == np.float64 else 5e-7)
    assert np.all(np.isfinite(fm.grad(lambda x: fm.sum(fm.grad(lambda z: fm.sum(f(z)))(x)))(x)))


def test_gelu_of_huge_float32_is_quiet_and_exact() -> None:
    """Nothing of the approximation's last digit is left to be multiplied by x."""
    x = np.array([-1e30, -1e5, -20, 20, 1e5, 1e30], np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y, g = value_and_gradient(fm.gelu, x)
    np.testing.assert_array_equal(y, np.maximum(x, 0))
    np.testing.assert_array_equal(g, x > 0)


def test_attention_to_huge_keys_is_quiet() -> None:
    """Their squares overflow, their products with these queries do not."""
    q, k = np.full((2, 3), 1e-30, np.float32), np.full((2, 3), 1e30, np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y = fm.scaled_dot_product_attention(q, k, k)
    np.testing.assert_allclose(y, 1e30, rtol=1e-6)


def test_log1p_and_expm1_keep_tiny_numbers() -> None:
    agrees(fm.log1p, 1e-17, 1e-17, 1.0)
    agrees(fm.expm1, 1e-17, 1e-17, 1.0)


def test_binary_cross_entropy_with_logits_at_a_thousand() -> None:
    for x, t, loss, slope in [(1e3, 0.0, 1e3, 1.0), (1e3, 1.0, 0.0, 0.0), (-1e3, 1.0, 1e3, -1.0),
                              (-1e3, 0.0, 0.0, 0.0)]:
        agrees(lambda z, t=t: fm.binary_cross_entropy_with_logits(z, t), x, loss, slope)
        agrees(lambda z, t=t: fm.binary_cross_entropy_with_logits(z, t, pos_weight=np.array(1.0)), x, loss, slope)
    y, _ = value_and_gradient(lambda z: fm.binary_cross_entropy_with_logits(z, 1.0), 40.0)
    assert y == np.exp(-40.0)                                         # not rounded to 0


def test_cross_entropy_with_a_huge_logit_on_the_wrong_class() -> None:
    agrees(lambda x: fm.softmax_cross_entropy(x, np.array([0])), [[0.0, 1e5]], 1e5, [[-1.0, 1.0]])
    agrees(lambda x: fm.softmax_cross_entropy(x, np.array([[1.0, 0.0]])), [[0.0, 1e5]], 1e5, [[-1.0, 1.0]])
    y = fm.tensor([[0.0, 1e3]], requires_grad=True)
    assert fm.softmax_cross_entropy(y, np.array([0])).item() == 1e3


@pytest.mark.filterwarnings("ignore:invalid value")
def test_cross_entropy_of_no_counted_row() -> None:
    """The mean of nothing is NaN, as in PyTorch; each row and their sum are 0, with gradient 0."""
    x, labels = np.zeros((2, 3)), np.array([1, 1])
    assert np.isnan(fm.softmax_cross_entropy(x, labels, ignore_index=1))
    agrees(lambda z: fm.softmax_cross_entropy(z, labels, ignore_index=1, reduction="sum"), x, 0.0, np.zeros((2, 3)))


def test_binary_cross_entropy_of_a_probability_that_rounded_to_zero() -> None:
    """Each logarithm is at least -100, and the gradient is finite."""
    y, g = value_and_gradient(lambda p: fm.binary_cross_entropy(p, np.array([1.0, 0.0]), reduction="none"), [0.0, 1.0])
    np.testing.assert_allclose(y, [100.0, 100.0])
    assert np.all(np.isfinite(g))


def test_logaddexp_at_the_ends() -> None:
    agrees(lambda a: fm.logaddexp(a, np.array([-inf, 1e4])), [0.0, 1e4], [0.0, 1e4 + np.log(2)], [1.0, 0.5])


# ------------------------------------------------------------ reductions

@pytest.mark.parametrize("x, y, g", [
    ([2.0, 0.0, 3.0], 0.0, [0.0, 6.0, 0.0]), ([2.0, 0.0, 0.0], 0.0, [0.0, 0.0, 0.0]), ([0.0], 0.0, [1.0]),
    ([2.0, 3.0, 4.0], 24.0, [12.0, 8.0, 6.0]),
])
def test_prod_with_zeros(x: Any, y: Any, g: Any) -> None:
    agrees(fm.prod, x, y, g)


def test_cumprod_through_zero() -> None:
    agrees(lambda x: fm.cumprod(x, axis=0), [2.0, 0.0, 3.0, 4.0], [2.0, 0.0, 0.0, 0.0], [1.0, 2 + 6 + 24, 0.0, 0.0])


def test_extremes_share_ties_over_everything_and_give_the_first_along_one_axis() -> None:
    for f, x in ((fm.max, [1.0, 3.0, 3.0]), (fm.min, [3.0, 1.0, 1.0])):
        agrees(f, x, x[1], [0.0, 0.5, 0.5])
        agrees(lambda a, f=f: f(a, axis=0), x, x[1], [0.0, 1.0, 0.0])
        agrees(lambda a, f=f: f(a, axis=(0,)), x, x[1], [0.0, 0.5, 0.5])
    agrees(lambda a: fm.maximum(a, 1.0), [0.0, 1.0, 2.0], [1.0, 1.0, 2.0], [0.0, 0.5, 1.0])
    agrees(lambda a: fm.minimum(a, 1.0), [0.0, 1.0, 2.0], [0.0, 1.0, 1.0], [1.0, 0.5, 0.0])


def test_variance_of_constants_and_with_an_offset() -> None:
    agrees(fm.var, [3.0, 3.0, 3.0], 0.0, [0.0, 0.0, 0.0])
    agrees(fm.std, [3.0, 3.0, 3.0], 0.0, [0.0, 0.0, 0.0])
    assert fm.var(np.array([1e8, 1e8 + 1, 1e8 + 2]), correction=1) == 1.0


def test_empty_reductions() -> None:
    empty = np.zeros((0,))
    assert fm.sum(empty) == 0 and fm.prod(empty) == 1
    with np.errstate(invalid="ignore"): assert np.isnan(fm.mean(empty))
    assert gradients(fm.sum(x := leaf(empty)), [x])[0].shape == (0,)


def test_norms_are_scaled_and_flat_at_zero() -> None:
    agrees(fm.norm, [1e200, 1e200], np.sqrt(2) * 1e200, [np.sqrt(0.5), np.sqrt(0.5)], exact=False)
    agrees(fm.norm, [1e-200, 1e-200], np.sqrt(2) * 1e-200, [np.sqrt(0.5), np.sqrt(0.5)], exact=False)
    for p in (1, 2, 3, inf): agrees(lambda x, p=p: fm.norm(x, ord=p), [0.0, 0.0], 0.0, [0.0, 0.0])
    agrees(lambda x: fm.norm(x, ord=3), [0.0, 2.0], 2.0, [0.0, 1.0])


# ------------------------------------------------------------ corners: where one-sided slopes differ

def test_corners() -> None:
    agrees(fm.abs, 0.0, 0.0, 0.0)
    agrees(fm.relu, 0.0, 0.0, 0.0)
    agrees(lambda x: fm.leaky_relu(x, negative_slope=0.2), 0.0, 0.0, 0.2)
    agrees(lambda x: fm.clip(x, -1.0, 1.0), [-2.0, -1.0, 0.0, 1.0, 2.0], [-1.0, -1.0, 0.0, 1.0, 1.0],
           [0.0, 1.0, 1.0, 1.0, 0.0])
    agrees(fm.hard_tanh, [-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0], [0.0, 1.0, 0.0])
    agrees(fm.relu6, [0.0, 6.0], [0.0, 6.0], [0.0, 0.0])
    agrees(lambda x: fm.mean_absolute_error(x, np.zeros(2)), [0.0, 2.0], 1.0, [0.0, 0.5])
    agrees(lambda x: fm.hinge(x, np.array(1.0)), 1.0, 0.0, 0.0)
    for f in (fm.sign, fm.floor, fm.ceil, fm.round, fm.trunc, fm.step): assert value_and_gradient(f, 0.5)[1] == 0.0


def test_hypot_and_arctan2_at_the_origin() -> None:
    agrees(lambda a: fm.hypot(a, 0.0), 0.0, 0.0, 0.0)
    agrees(lambda a: fm.hypot(a, 1e200), 1e200, np.sqrt(2) * 1e200, np.sqrt(0.5), exact=False)


def test_max_pool_gives_a_tie_to_the_first() -> None:
    agrees(lambda x: fm.max_pool1d(x, 2), np.ones((1, 4, 1)), np.ones((1, 2, 1)),
           np.array([1.0, 0, 1, 0]).reshape(1, 4, 1))
    agrees(lambda x: fm.max_pool2d(x, 2), np.zeros((1, 2, 2, 1)), np.zeros((1, 1, 1, 1)),
           np.array([1.0, 0, 0, 0]).reshape(1, 2, 2, 1))


def test_sort_and_topk_are_stable() -> None:
    agrees(fm.sort, [1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [2.0, 1.0, 3.0], np.array([1.0, 2.0, 3.0]))


# ------------------------------------------------------------ normalisation

def test_layer_norm_of_a_constant_is_the_offset() -> None:
    agrees(fm.layer_norm, [[5.0, 5.0, 5.0]], [[0.0, 0.0, 0.0]], [[0.0, 0.0, 0.0]], np.array([[1.0, 1.0, 1.0]]))
    y, g = value_and_gradient(lambda x: fm.layer_norm(x, None, np.array([1.0, 2.0, 3.0])), [[5.0, 5.0, 5.0]])
    assert np.all(y == [1.0, 2.0, 3.0]) and np.all(np.isfinite(g))
    assert np.all(np.isfinite(value_and_gradient(fm.layer_norm, [[1e8, 1e8 + 1, 1e8 + 2]])[0]))


def test_normalize_and_cosine_of_zero() -> None:
    agrees(fm.normalize, [0.0, 0.0], [0.0, 0.0], [1e12, 1e12])
    assert fm.cosine_similarity(np.zeros(3), np.ones(3)) == 0.0


# ------------------------------------------------------------ NaN goes through, and is not hidden

@pytest.mark.parametrize("f", [fm.relu, fm.maximum, fm.clip, fm.max, fm.sum, fm.softmax, fm.sigmoid, fm.gelu,
                               fm.leaky_relu, fm.max_pool1d, fm.sort, fm.median])
def test_nan_in_nan_out(f: Any) -> None:
    x = np.array([1.0, nan, 2.0])
    out = f(x, 0.0) if f is fm.maximum else f(x, 0.0, 1.0) if f is fm.clip else f(x.reshape(1, 3, 1),
                                                                                  3) if f is fm.max_pool1d else f(x)
    assert np.any(np.isnan(out))


# ------------------------------------------------------------ CTC

def ctc(scores: Any, target: Any, **settings: Any) -> tuple[Any, Any]:
    return value_and_gradient(lambda x: fm.ctc_loss(x, np.array([target], int).reshape(1, -1), reduction="none",
                                                    **settings), scores)


def test_ctc_of_an_impossible_alignment_is_infinite_or_by_option_nothing() -> None:
    scores = np.log(np.full((1, 2, 3), 1 / 3))
    y, g = ctc(scores, [1, 1])                                        # needs a blank between: three frames
    assert y == inf and np.all(g == 0)
    y, g = ctc(scores, [1, 1], zero_infinity=True)
    assert y == 0 and np.all(g == 0)
    x = leaf(scores)
    formula = gradients(fm.ctc_loss(x, np.array([[1, 1]]), zero_infinity=True), [x], create_graph=True)[0]
    assert np.all(formula.data == 0)


def test_ctc_of_an_empty_target_is_all_blanks() -> None:
    scores = np.log(np.array([[[0.5, 0.3, 0.2], [0.25, 0.5, 0.25]]]))
    y, g = ctc(scores, [])
    np.testing.assert_allclose(y, [-np.log(0.125)])
    np.testing.assert_array_equal(g, [[[-1.0, 0, 0], [-1.0, 0, 0]]])


def test_ctc_with_log_probabilities_of_minus_ten_thousand_stays_finite() -> None:
    scores = np.full((1, 3, 3), -1e4)
    y, g = ctc(scores, [1, 2])
    assert np.all(np.isfinite(y)) and np.all(np.isfinite(g)) and y > 2.9e4
    y, g = ctc(np.where(np.arange(3) == 0, 0.0, -inf) * np.ones((1, 3, 3)), [])
    assert y == 0 and np.all(np.isfinite(g))


def test_ctc_of_no_frames() -> None:
    y, _ = value_and_gradient(lambda x: fm.ctc_loss(x, np.array([[1], [0]]), [0, 0], [1, 0], reduction="none", blank=2),
                              np.zeros((2, 2, 3)))
    assert y[0] == inf and y[1] == 0


# ------------------------------------------------------------ attention

@pytest.mark.parametrize("dtype, digits", [(np.float32, 2e-4), (np.float64, 1e-10)])
@pytest.mark.parametrize("size", [1, 4, 6, 30])          # at 4 to 6 the largest score must be sought
@pytest.mark.parametrize("added", [0.0, 300.0, -300.0])
def test_attention_is_the_formula_whatever_the_size_of_its_scores(size: int, added: float, dtype: Any,
                                                                  digits: float) -> None:
    q, k, v, g = (np.random.default_rng(i).standard_normal((5, 3)) for i in range(4))
    q, k, mask = size * q, size * k, np.full((5, 5), added)
    def formula(q: Any, k: Any, v: Any) -> Any:
        return fm.matmul(fm.softmax(fm.matmul(q, fm.swapaxes(k, axis1=-1, axis2=-2)) * 3 ** -0.5), v)
    exact = [fm.vjp(formula, q, k, v)[i] for i in range(2)]
    arrays = [a.astype(dtype) for a in (q, k, v)]
    y, back = fm.vjp(lambda *a: fm.scaled_dot_product_attention(*a, mask.astype(dtype)), *arrays)
    for fast, right in zip([y, *back(g.astype(dtype))], [exact[0], *exact[1](g)]):
        np.testing.assert_allclose(fast, right, rtol=digits * size ** 2, atol=digits * size ** 2)


@pytest.mark.parametrize("dtypes, wanted", [("fdf", "d"), ("ffd", "d"), ("dff", "d"), ("eff", "f"), ("lll", "d"),
                                            ("eee", "e"), ("lff", "d")])
def test_attention_promotes_as_numpy_does(dtypes: str, wanted: str) -> None:
    q, k, v = (np.random.default_rng(i).integers(-2, 3, (5, 3)).astype(d) for i, d in enumerate(dtypes))
    y = fm.scaled_dot_product_attention(q, k, v)
    assert y.dtype == wanted
    right = fm.scaled_dot_product_attention(*(a.astype(float) for a in (q, k, v)))
    np.testing.assert_allclose(y, right, rtol=100 * np.finfo(wanted).eps, atol=10 * np.finfo(wanted).eps)


@pytest.mark.parametrize("bad", [inf, nan])
@pytest.mark.parametrize("rows", [3, 300])
def test_a_gradient_that_is_not_finite_stays_in_its_row(bad: float, rows: int) -> None:
    y = np.ones((3, 2))
    y[1, 0] = bad
    found = table["embedding_transpose"](np.array([0, 2, 0]), y, rows=rows)
    np.testing.assert_array_equal(found[:3], [[2, 2], [0, 0], [bad, 1]])


def test_a_query_that_sees_nothing_gets_nothing() -> None:
    q, k, v = (np.random.default_rng(0).standard_normal((3, 2)) for _ in range(3))
    mask = np.array([[True, False, True], [False] * 3, [True] * 3])
    y, g = value_and_gradient(lambda x: fm.scaled_dot_product_attention(x, k, v, mask), q)
    assert np.all(y[1] == 0) and np.all(g[1] == 0) and np.all(np.isfinite(g))
    added = np.where(mask, 0.0, -inf)
    np.testing.assert_array_equal(fm.scaled_dot_product_attention(q, k, v, added), y)
    np.testing.assert_array_equal(fm.attention_weights(q, k, added)[1], 0)
    q, k = np.full((2, 2), 1e4), np.full((2, 2), 1e4)
    assert np.all(np.isfinite(value_and_gradient(lambda x: fm.scaled_dot_product_attention(x, k, k), q)[1]))


# ------------------------------------------------------------ gradients that stop, and quiet

def test_stop_gradient() -> None:
    agrees(lambda x: x * fm.stop_gradient(x), 3.0, 9.0, 3.0)
    x = leaf(np.array(3.0))
    assert fm.pushforward(x * fm.stop_gradient(x), {x: np.array(1.0)}) == 3.0


def test_a_rule_that_does_not_use_its_gradient_pushes_zeros() -> None:
    """The tangent is the transpose of the rule, also where that is 0 without a look at g."""
    constant = Op(lambda x: x * 0.0 + 3.0, "y = 3", None, {"x": ("0", lambda g, x_shape: np.zeros(x_shape))})
    x = leaf(np.array([1.0, 2.0]))
    y = constant(x)
    np.testing.assert_array_equal(fm.pushforward(y, {x: np.ones(2)}), [0.0, 0.0])
    np.testing.assert_array_equal(fm.pushforward(y * x, {x: np.ones(2)}), [3.0, 3.0])
    np.testing.assert_array_equal(gradients(y, [x], np.ones(2))[0], [0.0, 0.0])


QUIET = {
    "softmax": lambda: value_and_gradient(fm.softmax, [-inf, -inf]),
    "log_softmax": lambda: value_and_gradient(fm.log_softmax, [-inf, -inf]),
    "logsumexp": lambda: value_and_gradient(fm.logsumexp, [-inf, -inf]),
    "norm": lambda: value_and_gradient(fm.norm, [0.0, 0.0]),
    "std": lambda: value_and_gradient(fm.std, [1.0, 1.0]),
    "sigmoid": lambda: value_and_gradient(fm.sigmoid, [-1e3, 1e3]),
    "softplus": lambda: value_and_gradient(fm.softplus, [-1e3, 1e3]),
    "gelu": lambda: value_and_gradient(fm.gelu, [-1e3, 1e3]),
    "elu": lambda: value_and_gradient(fm.elu, [-1e3, 1e3]),
    "kl": lambda: value_and_gradient(lambda p: fm.kl_divergence(p, np.zeros(2)), [-1.0, -2.0]),
}


@pytest.mark.parametrize("f", QUIET.values(), ids=QUIET)
def test_quiet_where_the_answer_is_right(f: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        f()
