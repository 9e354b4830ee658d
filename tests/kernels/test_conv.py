"""conv, conv_x, conv_w against loops over every pixel, and against each other."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyfm.errors import ShapeError
from tinyfm.kernels import conv as conv_module
from tinyfm.kernels import windows
from tinyfm.kernels.conv import conv, conv_w, conv_x
from tinyfm.kernels.windows import output_size, resolve_padding

PLAIN = {"strides": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1)}


def terms(x_shape, w_shape, *, strides, padding, dilation, groups=1):
    """Every product y[a] x[b] w[c] that the trilinear form <y, x * w> sums, as (a, b, c); all images at once."""
    kernel, (per_group, c_out) = w_shape[:-2], w_shape[-2:]
    spatial = list(zip(x_shape[1:], kernel, strides, padding, dilation, strict=False))
    out = [(n + sum(p) - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in spatial]
    for p, k, o, c in product(np.ndindex(*out), np.ndindex(*kernel), range(c_out), range(per_group)):
        pixel = [i * s + j * d - b for i, j, (_, _, s, (b, _), d) in zip(p, k, spatial, strict=True)]
        if all(0 <= i < n for i, n in zip(pixel, x_shape[1:], strict=False)):
            every = slice(None)
            yield (every, *p, o), (every, *pixel, o // (c_out // groups) * per_group + c), (*k, c, o)


def strange_layout(a, layout):
    """The same values as `a`, held in memory in another order."""
    if layout == "reversed": return a[::-1, ..., ::-1].copy()[::-1, ..., ::-1]
    if layout == "fortran": return np.asfortranarray(a)
    if layout == "sparse": return np.repeat(np.repeat(a, 2, axis=1), 3, axis=-1)[:, ::2, ..., ::3]
    return a


@st.composite
def convolutions(draw):
    """x, w and settings that fit together, of one or two spatial axes."""
    rank, small = draw(st.integers(1, 2)), st.integers(1, 3)
    per_axis = lambda values: tuple(draw(values) for _ in range(rank))
    kernel, strides, dilation = per_axis(small), per_axis(small), per_axis(small)
    padding = per_axis(st.tuples(st.integers(0, 3), st.integers(0, 3)))
    size = tuple(max(1, d * (k - 1) + 1 - sum(p)) + draw(st.integers(0, 5))
                 for k, d, p in zip(kernel, dilation, padding, strict=True))
    groups, per_group, out_per_group, batch = draw(small), draw(st.integers(1, 6)), draw(small), draw(st.integers(0, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    dtype, layouts = draw(st.sampled_from(["f4", "f8"])), st.sampled_from(["plain", "reversed", "fortran", "sparse"])
    x = strange_layout(rng.standard_normal((batch, *size, groups * per_group)).astype(dtype), draw(layouts))
    w = strange_layout(rng.standard_normal((*kernel, per_group, groups * out_per_group)).astype(dtype), draw(layouts))
    return x, w, {"strides": strides, "padding": padding, "dilation": dilation, "groups": groups}, rng


def tolerance(dtype): return {"rtol": 1e-4, "atol": 1e-4} if dtype == "f4" else {"rtol": 1e-12, "atol": 1e-12}


@given(convolutions())
def test_each_contraction_is_its_formula(case):
    x, w, how, rng = case
    y = conv(x, w, **how)
    g = strange_layout(rng.standard_normal(y.shape).astype(x.dtype), rng.choice(["plain", "reversed"]))
    dx, dw = conv_x(g, w, size=x.shape[1:-1], **how), conv_w(x, g, size=w.shape[:-2], **how)
    expected = np.zeros(y.shape), np.zeros(x.shape), np.zeros(w.shape)
    for a, b, c in terms(x.shape, w.shape, **how):
        expected[0][a] += x[b] * w[c]
        expected[1][b] += g[a] * w[c]
        expected[2][c] += g[a] @ x[b]
    for fast, formula in zip([y, dx, dw], expected, strict=True):
        assert fast.dtype == x.dtype
        np.testing.assert_allclose(fast, formula, **tolerance(x.dtype))


@given(convolutions())
def test_the_three_contractions_are_adjoints(case):
    x, w, how, rng = case
    y = strange_layout(rng.standard_normal(conv(x, w, **how).shape).astype(x.dtype), rng.choice(["plain", "reversed"]))
    dx, dw = conv_x(y, w, size=x.shape[1:-1], **how), conv_w(x, y, size=w.shape[:-2], **how)
    assert (dx.shape, dx.dtype) == (x.shape, x.dtype) and (dw.shape, dw.dtype) == (w.shape, x.dtype)
    expected = np.sum(np.multiply(y, conv(x, w, **how), dtype="f8"))
    np.testing.assert_allclose(np.sum(np.multiply(dx, x, dtype="f8")), expected, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(np.sum(np.multiply(dw, w, dtype="f8")), expected, rtol=1e-3, atol=1e-3)


@given(convolutions(), st.integers(0, 6))
def test_from_either_end_and_in_either_layout_it_is_the_same(case, few_channels):
    x, w, how, _ = case
    groups = how.pop("groups")
    relation, kernels = windows.slide(x.shape[1:-1], w.shape[:-2], **how), conv_module.per_offset(w, groups)
    y = conv(x, w, **how, groups=groups)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conv_module, "FEW_CHANNELS", few_channels)
        for found in (conv_module.gather(x, kernels, relation),
                      conv_module.scatter(x, kernels[::-1], relation.mirrored())):
            np.testing.assert_allclose(found, y, **tolerance(x.dtype))
        x_way, y_way = (conv_module.products(x, y, relation, groups),
                        conv_module.products(y, x, relation.mirrored(), groups)[::-1].swapaxes(2, 3))
        np.testing.assert_allclose(x_way, y_way, **tolerance(x.dtype))


@given(convolutions(), st.integers(1, 2000))
def test_tiles_change_nothing(case, tile_bytes):
    x, w, how, rng = case
    x = np.concatenate([x, x, x])
    y = rng.standard_normal(conv(x, w, **how).shape).astype(x.dtype)
    run = lambda: (conv(x, w, **how), conv_x(y, w, size=x.shape[1:-1], **how), conv_w(x, y, size=w.shape[:-2], **how))
    whole = run()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windows, "TILE_BYTES", tile_bytes)
        for tiled, expected in zip(run(), whole, strict=True):
            np.testing.assert_allclose(tiled, expected, **tolerance(x.dtype))


def test_no_argument_is_written_to_and_no_result_shares_memory():
    rng = np.random.default_rng(0)
    for kernel in (1, 3):
        x, w = rng.standard_normal((2, 5, 5, 3)), rng.standard_normal((kernel, kernel, 3, 4))
        before = x.copy(), w.copy()
        y = conv(x, w, **PLAIN)
        dx, dw = conv_x(y, w, size=(5, 5), **PLAIN), conv_w(x, y, size=(kernel, kernel), **PLAIN)
        np.testing.assert_array_equal(x, before[0])
        np.testing.assert_array_equal(w, before[1])
        arrays = [x, w, y, dx, dw]
        assert not any(np.shares_memory(a, b) for i, a in enumerate(arrays) for b in arrays[:i])


@pytest.mark.parametrize("kernel", [1, 3])
@pytest.mark.parametrize("c_in, c_out", [(1, 70), (70, 1), (70, 60)])
def test_many_channels_and_no_images(kernel, c_in, c_out):
    """Shapes past every switch between ways of computing."""
    rng = np.random.default_rng(0)
    for batch in (0, 3):
        x, w = rng.standard_normal((batch, 15, 15, c_in)), rng.standard_normal((kernel, kernel, c_in, c_out))
        y = conv(x, w, **PLAIN)
        n = 16 - kernel
        patches = np.stack([x[:, i:i + n, j:j + n] for i in range(kernel) for j in range(kernel)], -2)
        np.testing.assert_allclose(y, np.einsum("nhvkc,kco->nhvo", patches, w.reshape(-1, c_in, c_out)), atol=1e-10)
        dx, dw = conv_x(y, w, size=(15, 15), **PLAIN), conv_w(x, y, size=(kernel, kernel), **PLAIN)
        np.testing.assert_allclose([np.sum(dx * x), np.sum(dw * w)], np.sum(y * y), rtol=1e-10)


def test_mixed_dtypes_meet_in_the_wider_one():
    x, w = np.ones((1, 4, 4, 2), "f4"), np.ones((3, 3, 2, 2))
    y = conv(x, w, **PLAIN)
    assert y.dtype == conv_x(y, w, size=(4, 4), **PLAIN).dtype == conv_w(x, y, size=(3, 3), **PLAIN).dtype == "f8"


@pytest.mark.parametrize("x, w, how, message", [
    ((1, 4, 4, 2), (5, 3, 2, 1), {}, "does not fit an input of 4 pixels"),
    ((1, 4, 4, 2), (3, 3, 2, 1), {"dilation": (1, 2)}, "spans 5"),
    ((1, 4, 4, 2), (3, 3, 3, 1), {}, "x has 2 channels"),
    ((1, 4, 4, 4), (3, 3, 2, 3), {"groups": 2}, "3 output channels"),
    ((1, 4, 4), (3, 3, 1, 1), {}, "same number of spatial axes"),
    ((1, 4, 4, 1), (3, 3, 1, 1), {"strides": (1,)}, "strides must be 2 positive"),
    ((1, 4, 4, 1), (3, 3, 1, 1), {"strides": (1, 0)}, "strides must be 2 positive"),
    ((1, 4, 4, 1), (3, 3, 1, 1), {"padding": ((0, 0), (0, -1))}, "padding must be 2 pairs"),
])
def test_what_does_not_fit_is_said_clearly(x, w, how, message):
    with pytest.raises(ShapeError, match=message):
        conv(np.zeros(x), np.zeros(w), **(PLAIN | how))


def test_a_gradient_of_the_wrong_size_is_refused():
    with pytest.raises(ShapeError, match=r"gives an output of shape \(1, 2, 2"):
        conv_x(np.zeros((1, 3, 3, 1)), np.zeros((3, 3, 1, 1)), size=(4, 4), **PLAIN)
    with pytest.raises(ShapeError, match=r"gives an output of shape \(1, 2, 2"):
        conv_w(np.zeros((1, 4, 4, 1)), np.zeros((2, 2, 2, 1)), size=(3, 3), **PLAIN)


@given(st.integers(1, 40), st.integers(1, 6), st.integers(1, 4), st.integers(1, 3))
def test_same_padding_gives_one_window_per_stride(size, kernel, stride, dilation):
    (before, after), = resolve_padding("same", (size,), (kernel,), (stride,), (dilation,))
    assert 0 <= after - before <= 1
    assert output_size(size, kernel, stride, (before, after), dilation, False) == -(-size // stride)


def test_padding_in_every_spelling():
    resolve = lambda padding: resolve_padding(padding, (5, 6), (3, 2), (1, 1), (1, 1))
    assert resolve("valid") == ((0, 0), (0, 0))
    assert resolve("same") == ((1, 1), (0, 1))                # an even kernel pads one more after, as in Keras
    assert resolve(2) == ((2, 2), (2, 2))
    assert resolve((1, 2)) == ((1, 1), (2, 2))
    assert resolve([(1, 2), (3, 4)]) == ((1, 2), (3, 4))
    with pytest.raises(ValueError, match="'full'"): resolve("full")
    with pytest.raises(ShapeError, match="one entry for each of 2"): resolve((1, 2, 3))
