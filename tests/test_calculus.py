"""Derivatives of functions: against closed forms and central differences, nested, over trees."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinyfm as fm
from tests.laws import directional
from tinyfm.errors import ShapeError


def normal(*shape, seed=0): return np.random.default_rng(seed).standard_normal(shape)


def polynomial(x, order=5): return x ** order


@given(st.integers(0, 5), st.floats(-2, 2).filter(lambda x: abs(x) > 1e-3))
def test_grad_nests_to_any_order(times, x):
    f, expected = polynomial, float(np.polyval(np.polyder([1, 0, 0, 0, 0, 0], times), x))
    for _ in range(times): f = fm.grad(f)
    assert np.isclose(f(x), expected, rtol=1e-12, atol=1e-12)


def test_an_inner_derivative_does_not_confuse_the_outer_variable():
    assert fm.grad(lambda x: x * fm.grad(lambda y: x * y * y)(3.0))(2.0) == 24.0
    assert fm.grad(lambda x: x * fm.grad(lambda y: x + y)(1.0))(5.0) == 1.0
    assert fm.grad(lambda x: fm.jvp(lambda y: x * y * y, (x,), (1.0,))[1])(2.0) == 8.0
    assert fm.jvp(lambda x: fm.grad(lambda y: x * y ** 3)(x), (2.0,), (1.0,))[1] == 3 * 3 * 2.0 ** 2


def network(p):
    h = fm.tanh(fm.matmul(p["x"], p["w"][0]) + p["w"][1])
    return fm.sum(h ** 2) + fm.logsumexp(h)


def tree(): return {"x": normal(3, 4), "w": [normal(4, 2, seed=1), normal(2, seed=2)]}


def test_gradients_come_in_the_form_of_the_argument():
    p, v = tree(), {"x": normal(3, 4, seed=3), "w": [normal(4, 2, seed=4), normal(2, seed=5)]}
    g = fm.grad(network)(p)
    assert sorted(g) == ["w", "x"] and isinstance(g["w"], list)
    along = sum(np.sum(a * b) for a, b in zip([g["x"], *g["w"]], [v["x"], *v["w"]]))
    f = lambda x, a, b: network({"x": x, "w": [a, b]})
    assert np.isclose(along, directional(f, [p["x"], *p["w"]], [v["x"], *v["w"]]), rtol=1e-8)
    assert np.isclose(fm.jvp(network, (p,), (v,))[1], along, rtol=1e-12)


def test_vjp_and_jvp_are_transposes_for_several_outputs():
    f = lambda a, b: (a * fm.sin(b), [fm.cumsum(a, axis=0) + b])
    a, b, va, vb = normal(3, seed=1), normal(3, seed=2), normal(3, seed=3), normal(3, seed=4)
    u = (normal(3, seed=5), [normal(3, seed=6)])
    (y0, [_]), pull = fm.vjp(f, a, b)
    _, (t0, [t1]) = fm.jvp(f, (a, b), (va, vb))
    ga, gb = pull(u)
    np.testing.assert_allclose(y0, a * np.sin(b))
    assert np.isclose(u[0] @ t0 + u[1][0] @ t1, ga @ va + gb @ vb)


@given(st.integers(1, 3), st.integers(1, 3))
def test_jacobian_by_rows_equals_jacobian_by_columns(n, m):
    w, x = normal(n, m), normal(m, seed=1)
    j = fm.jacobian(lambda x: fm.tanh(fm.matmul(w, x)))(x)
    assert j.shape == (n, m)
    np.testing.assert_allclose(j, (1 - np.tanh(w @ x) ** 2)[:, None] * w, rtol=1e-12)


def test_hessian_is_symmetric_and_agrees_with_hvp():
    f, x, v = lambda x: fm.sum(fm.exp(x) * fm.sin(fm.flip(x))), normal(4), normal(4, seed=1)
    h = fm.hessian(f)(x)
    np.testing.assert_allclose(h, h.T, atol=1e-12)
    np.testing.assert_allclose(h @ v, fm.hvp(f, x, v), rtol=1e-10)


def test_hessian_of_a_tree_holds_every_pair():
    h = fm.hessian(network)(tree())
    assert h["x"]["w"][0].shape == (3, 4, 4, 2)
    np.testing.assert_allclose(h["x"]["w"][1], np.moveaxis(h["w"][1]["x"], 0, -1), atol=1e-12)


def test_gradient_penalty_equals_central_differences():
    """(||dD(x)/dx|| - 1)^2 of a small critic, differentiated with respect to its weights.  Gulrajani et al. 2017."""
    x, v = normal(5, 3), [normal(3, 4, seed=1), normal(4, 1, seed=2)]
    critic = lambda x, a, b: fm.sum(fm.matmul(fm.tanh(fm.matmul(x, a)), b))
    def penalty(a, b):
        slope = fm.grad(critic)(x, a, b)
        return fm.mean((fm.norm(slope, axis=1) - 1.0) ** 2)
    w = [normal(3, 4, seed=3), normal(4, 1, seed=4)]
    g = fm.grad(penalty, argnums=(0, 1))(*w)
    assert np.isclose(sum(np.sum(a * b) for a, b in zip(g, v)), directional(penalty, w, v), rtol=1e-6)


def test_a_maml_meta_gradient_equals_central_differences():
    """Loss after three steps of gradient descent, differentiated with respect to the start.  Finn et al. 2017."""
    x, y, v = normal(6, 2), normal(6, seed=1), [normal(2, seed=2), normal(seed=3)]
    loss = lambda w, b: fm.mean((fm.tanh(fm.matmul(x, w)) + b - y) ** 2)
    def after_adapting(w, b):
        for _ in range(3):
            dw, db = fm.grad(loss, argnums=(0, 1))(w, b)
            w, b = w - 0.3 * dw, b - 0.3 * db
        return loss(w, b)
    start = [normal(2, seed=4), np.array(0.3)]
    g = fm.grad(after_adapting, argnums=(0, 1))(*start)
    assert np.isclose(sum(np.sum(a * b) for a, b in zip(g, v)), directional(after_adapting, start, v), rtol=1e-6)


def test_arrays_in_arrays_out_and_tensors_in_tensors_out():
    assert isinstance(fm.grad(lambda x: x * x)(3.0), np.ndarray | np.floating)
    assert isinstance(fm.grad(lambda x: x * x)(fm.tensor(3.0)), fm.Tensor)
    with fm.no_grad():
        assert fm.grad(lambda x: x * x)(3.0) == 6.0


def test_results_share_no_memory():
    x = normal(3)
    a, b = fm.grad(lambda x, y: fm.sum(x + y), argnums=(0, 1))(x, x)
    assert not any(np.shares_memory(p, q) for p, q in [(a, b), (a, x), (b, x)])


def test_a_constant_function_has_gradient_zero():
    np.testing.assert_array_equal(fm.grad(lambda x: 3.0)(normal(2)), np.zeros(2))
    np.testing.assert_array_equal(fm.jacobian(lambda x: np.ones(3))(normal(2)), np.zeros((3, 2)))


def test_errors_say_what_to_do():
    with pytest.raises(ShapeError, match="jacobian or vjp"): fm.grad(lambda x: x)(normal(3))
    with pytest.raises(TypeError, match=r"write 1\.0 for 1"): fm.grad(lambda x: x)(3)
    with pytest.raises(TypeError, match="argument 2"): fm.grad(lambda x: x, argnums=2)(3.0)
    with pytest.raises(ShapeError, match=r"\(2,\).*expected.*\(3,\)"): fm.vjp(lambda x: x, normal(3))[1](normal(2))
