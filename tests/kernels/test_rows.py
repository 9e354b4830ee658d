"""Layer normalisation, log-softmax and cross entropy against their formulas in float64."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyfm.kernels import windows
from tinyfm.kernels.rows import layer_norm, layer_norm_gradients, log_softmax, log_softmax_x, softmax_cross_entropy

from .test_conv import strange_layout


@st.composite
def batches(draw, least=1):
    """x: (..., n) in any layout and dtype, with the rng that drew it."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = (*draw(st.lists(st.integers(0, 4), max_size=3)), draw(st.integers(least, 9)))
    x = (rng.standard_normal(shape) * draw(st.sampled_from([1, 100]))).astype(draw(st.sampled_from(["f4", "f8"])))
    return strange_layout(x, draw(st.sampled_from(["plain", "reversed", "fortran"]))) if x.ndim > 1 else x, rng


@pytest.fixture(params=[1, 200, windows.TILE_BYTES], autouse=True)
def tile_bytes(request):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windows, "TILE_BYTES", request.param)
        yield


def close(fast, exact, dtype, lost=1.0):
    """lost: by how much the difference x - mean(x) magnifies the rounding of x."""
    assert fast.dtype == dtype
    rtol = (3e-5 if dtype == "f4" else 1e-11) * lost
    np.testing.assert_allclose(fast, exact, rtol=rtol, atol=rtol * max(1, np.max(np.abs(exact), initial=0)))


def layer_norm_by_parts(x, scale, offset, epsilon):
    x = x.astype("f8")
    r = 1 / np.sqrt(x.var(-1, keepdims=True) + epsilon)
    return (x - x.mean(-1, keepdims=True)) * r, r, (x - x.mean(-1, keepdims=True)) * r * scale + offset


@given(batches(), st.sampled_from([1e-5, 0.1]))
def test_layer_norm_and_its_gradients_are_the_formula(case, epsilon):
    x, rng = case
    n, axes = x.shape[-1], tuple(range(x.ndim - 1))
    scale, offset, g = (rng.standard_normal(s).astype(x.dtype) for s in (n, n, x.shape))
    z, r, y = layer_norm_by_parts(x, scale, offset, epsilon)
    lost = max(1, np.max(r * np.max(np.abs(x), -1, keepdims=True), initial=1))
    fast_y, kept = layer_norm(x, scale, offset, epsilon=epsilon)
    close(fast_y, y, x.dtype, lost)
    if n == 1: return                                         # z is 0 but for rounding, and r is huge
    d = g.astype("f8") * scale
    exact = (r * (d - d.mean(-1, keepdims=True) - z * (d * z).mean(-1, keepdims=True)),
             (g.astype("f8") * z).sum(axes), g.astype("f8").sum(axes))
    for fast, formula in zip(layer_norm_gradients(g, *kept, scale), exact, strict=True):
        close(fast, formula, x.dtype, lost)


def test_layer_norm_of_constants_is_the_offset_and_far_from_zero_it_is_exact():
    offset, one = np.array([1.0, 2.0, 3.0]), np.ones(3)
    np.testing.assert_array_equal(layer_norm(np.full((2, 3), 7.0), one, offset, epsilon=1e-5)[0], [offset, offset])
    x = np.array([[-1.0, 0.0, 1.0]])
    far, near = (layer_norm(a, one, 0 * one, epsilon=0)[0] for a in (x + 1e8, x))
    np.testing.assert_allclose(far, near)


@given(batches())
def test_log_softmax_and_its_gradient_are_the_formula(case):
    x, rng = case
    y, g = log_softmax(x), rng.standard_normal(x.shape).astype(x.dtype)
    top = x.max(-1, keepdims=True).astype("f8")
    exact = x - top - np.log(np.exp(x - top).sum(-1, keepdims=True))
    close(y, exact, x.dtype)
    close(log_softmax_x(g, y), g - np.exp(exact) * g.sum(-1, keepdims=True, dtype="f8"), x.dtype)


@given(batches())
def test_cross_entropy_is_minus_log_softmax_and_its_gradient_softmax_minus_one(case):
    x, rng = case
    labels = rng.integers(0, x.shape[-1], x.shape[:-1])
    losses, gradient = softmax_cross_entropy(x, labels)
    y = log_softmax(x.astype("f8"))
    assert losses.shape == labels.shape
    close(losses, -np.take_along_axis(y, labels[..., None], -1)[..., 0], x.dtype)
    close(gradient, np.exp(y) - (np.arange(x.shape[-1]) == labels[..., None]), x.dtype)


def test_extreme_logits_are_exact():
    inf = np.inf
    x = np.array([[1e4, -1e4], [0, 1e5], [0, -inf]])
    losses, gradient = softmax_cross_entropy(x, np.array([0, 0, 0]))
    np.testing.assert_array_equal(losses, [0, 1e5, 0])
    np.testing.assert_array_equal(gradient, [[0, 0], [-1, 1], [0, 0]])
    np.testing.assert_array_equal(log_softmax(x), [[0, -2e4], [-1e5, 0], [0, -inf]])
    assert np.isnan(log_softmax(np.full((1, 2), -inf))).all()
