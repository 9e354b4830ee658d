"""The fused block against its formula, max_pool(relu(conv(x, w) + b)), made of the plain kernels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyfm.errors import ShapeError
from tinyfm.kernels import windows
from tinyfm.kernels.conv import conv, conv_w, conv_x
from tinyfm.kernels.fused import Kept, conv_relu_pool, conv_relu_pool_gradients, conv_relu_pool_kept
from tinyfm.kernels.pool import max_pool, max_pool_x

from .test_conv import strange_layout, tolerance


def formula(x, w, b, pool_size, **how):
    """(y, the gradients of x, w and b as a function of y's)."""
    pooling = {"pool_size": pool_size, "strides": pool_size, "padding": ((0, 0),) * len(pool_size),
               "dilation": (1,) * len(pool_size)}
    a = np.maximum(conv(x, w, **how) + b, 0)
    y = max_pool(a, **pooling)

    def gradients(g):
        before_relu = max_pool_x(g, a, y, **pooling) * (a > 0)
        return (conv_x(before_relu, w, size=x.shape[1:-1], **how), conv_w(x, before_relu, size=w.shape[:-2], **how),
                before_relu.sum(axis=tuple(range(x.ndim - 1))))

    return y, gradients


@st.composite
def blocks(draw):
    """x, w, b and settings that fit together.  Half of them are small integers: exact, with many ties and zeros."""
    rank, small = draw(st.integers(1, 2)), st.integers(1, 3)
    per_axis = lambda values: tuple(draw(values) for _ in range(rank))
    kernel, strides, dilation, pool_size = per_axis(small), per_axis(small), per_axis(small), per_axis(small)
    padding = per_axis(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    fits = [max(1, (m - 1) * s + d * (k - 1) + 1 - sum(p)) for k, s, d, p, m
            in zip(kernel, strides, dilation, padding, pool_size, strict=True)]
    size = tuple(n + draw(st.integers(0, 6)) for n in fits)
    c_in, c_out, batch = draw(st.integers(1, 6)), draw(st.sampled_from([1, 2, 3, 20])), draw(st.integers(0, 4))
    rng, dtype = np.random.default_rng(draw(st.integers(0, 2**32 - 1))), draw(st.sampled_from(["f4", "f8"]))
    normal = rng.standard_normal if draw(st.booleans()) else lambda shape: rng.integers(-2, 3, shape)
    layout = draw(st.sampled_from(["plain", "reversed", "sparse"]))
    x = strange_layout(normal((batch, *size, c_in)).astype(dtype), layout)
    w, b = normal((*kernel, c_in, c_out)).astype(dtype), normal((c_out,)).astype(dtype)
    return x, w, b, {"pool_size": pool_size, "strides": strides, "padding": padding, "dilation": dilation}, rng


@given(blocks(), st.integers(1, 3000) | st.just(windows.TILE_BYTES))
def test_the_block_and_its_gradients_are_the_formula(case, tile_bytes):
    x, w, b, how, rng = case
    expected, gradients = formula(x, w, b, **how)
    g = strange_layout(rng.standard_normal(expected.shape).astype(x.dtype), rng.choice(["plain", "reversed"]))
    before = [a.copy() for a in (x, w, b, g)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windows, "TILE_BYTES", tile_bytes)
        y, kept = conv_relu_pool_kept(x, w, b, **how)
        np.testing.assert_array_equal(y, conv_relu_pool(x, w, b, **how))
        found = conv_relu_pool_gradients(g, x, w, kept, **how)
    assert y.dtype == x.dtype
    np.testing.assert_allclose(y, expected, **tolerance(x.dtype))
    for fast, exact in zip(found, gradients(g), strict=True):
        assert fast.dtype == x.dtype
        np.testing.assert_allclose(fast, exact, **tolerance(x.dtype))
    for a, was in zip((x, w, b, g), before, strict=True): np.testing.assert_array_equal(a, was)


@given(blocks(), st.tuples(st.booleans(), st.booleans(), st.booleans()))
def test_only_the_gradients_that_are_wanted_are_made(case, wants):
    x, w, b, how, rng = case
    y, kept = conv_relu_pool_kept(x, w, b, **how)
    g = rng.standard_normal(y.shape).astype(x.dtype)
    everything = conv_relu_pool_gradients(g, x, w, kept, **how)
    found = conv_relu_pool_gradients(g, x, w, kept, **how, wants=wants)
    for one, wanted, full in zip(found, wants, everything, strict=True):
        assert (one is not None) == wanted
        if wanted: np.testing.assert_array_equal(one, full)


def test_what_does_not_fit_is_said_clearly():
    how = {"pool_size": (2, 2), "strides": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1)}
    with pytest.raises(ShapeError, match="a window of 2 pixels"):
        conv_relu_pool(np.zeros((1, 3, 4, 1)), np.zeros((3, 3, 1, 1)), np.zeros(1), **how)
    with pytest.raises(ShapeError, match="x has 2 channels"):
        conv_relu_pool(np.zeros((1, 5, 5, 2)), np.zeros((3, 3, 1, 1)), np.zeros(1), **how)
    with pytest.raises(ShapeError, match="gives an output of shape"):
        conv_relu_pool_gradients(np.zeros((1, 2, 2, 1)), np.zeros((1, 5, 5, 1)), np.zeros((3, 3, 1, 1)),
                                 Kept(np.zeros((4, 1, 1, 1, 1), bool), []), **how)
