"""Pooling against loops over every window, and each kernel against its adjoint."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tinyfm.errors import ShapeError
from tinyfm.kernels import windows
from tinyfm.kernels.pool import avg_pool, avg_pool_x, max_pool, max_pool_x, place, take, winners

from .test_conv import strange_layout, tolerance

PLAIN = {"pool_size": (2, 2), "strides": (2, 2), "padding": ((0, 0), (0, 0)), "dilation": (1, 1)}


def naive_windows(size, *, pool_size, strides, padding, dilation=(1, 1), ceil_mode=False):
    """{window: ([(offset, pixel inside the input), ...] in row-major order, number of pixels inside or in padding)}."""
    out = []
    for n, k, s, (before, after), d in zip(size, pool_size, strides, padding, dilation, strict=False):
        starts = list(range(-before, n + after - d * (k - 1), s))
        partial = starts[-1] + s < n and starts[-1] + d * (k - 1) + 1 < n + after
        out.append(starts + [starts[-1] + s] * (ceil_mode and partial))
    found = {}
    for p in np.ndindex(*map(len, out)):
        start = [starts[i] for starts, i in zip(out, p, strict=True)]
        taps = [(k, tuple(i + j * d for i, j, d in zip(start, offset, dilation, strict=False)))
                for k, offset in enumerate(np.ndindex(*pool_size))]
        inside = [(k, pixel) for k, pixel in taps if all(0 <= i < n for i, n in zip(pixel, size, strict=True))]
        found[p] = inside, sum(all(i < n + a for i, n, (_, a) in zip(pixel, size, padding, strict=True))
                               for _, pixel in taps)
    return found


@st.composite
def poolings(draw, dilated=True, for_torch=False):
    """x with many ties, and settings that fit it."""
    rank = 2 if for_torch else draw(st.integers(1, 2))
    per_axis = lambda values: tuple(draw(values) for _ in range(rank))
    pool_size, strides = per_axis(st.integers(1, 4)), per_axis(st.integers(1, 4))
    dilation = per_axis(st.integers(1, 2)) if dilated else (1,) * rank
    padding = tuple((draw(st.integers(0, k // 2)), draw(st.integers(0, k // 2))) for k in pool_size)
    if for_torch: padding = tuple((min(pair),) * 2 for pair in padding)
    size = tuple(max(1, d * (k - 1) + 1 - sum(p)) + draw(st.integers(0, 6))
                 for k, d, p in zip(pool_size, dilation, padding, strict=True))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = rng.integers(-2, 3, (draw(st.integers(for_torch, 3)), *size, draw(st.integers(1, 3))))
    special = [np.inf, -np.inf] if for_torch else [np.inf, -np.inf, np.nan]
    if draw(st.booleans()): x = np.where(rng.random(x.shape) < 0.2, rng.choice(special, x.shape), x)
    dtype, layout = draw(st.sampled_from(["f4", "f8"])), draw(st.sampled_from(["plain", "reversed", "sparse"]))
    x = strange_layout(x.astype(dtype), layout)
    how = {"pool_size": pool_size, "strides": strides, "padding": padding, "ceil_mode": draw(st.booleans())}
    if dilated: how["dilation"] = dilation
    assume(all(taps for taps, _ in naive_windows(size, **how).values()))
    return x, how, rng


@given(poolings())
def test_max_pool_finds_the_first_largest_pixel_and_nan_beats_all(case):
    x, how, _ = case
    y = max_pool(x, **how)
    won = winners(x, y, **how)
    assert y.dtype == x.dtype
    for p, (taps, _) in naive_windows(x.shape[1:-1], **how).items():
        values = np.stack([x[(slice(None), *pixel)] for _, pixel in taps])              # (taps, batch, channels)
        first = np.argmax(values, axis=0) if len(x) else np.zeros(values.shape[1:], int)
        np.testing.assert_array_equal(y[(slice(None), *p)], values.max(axis=0))
        np.testing.assert_array_equal(won[(slice(None), *p)], np.array([k for k, _ in taps])[first])


@given(poolings())
def test_max_pool_x_gives_each_gradient_to_the_winner(case):
    x, how, rng = case
    y = max_pool(x, **how)
    g, expected = rng.standard_normal(y.shape).astype(rng.choice(["f4", "f8"])), np.zeros(x.shape)
    won = winners(x, y, **how)
    for p, (taps, _) in naive_windows(x.shape[1:-1], **how).items():
        for k, pixel in taps:
            expected[(slice(None), *pixel)] += np.where(won[(slice(None), *p)] == k, g[(slice(None), *p)], 0)
    dx = max_pool_x(g, x, y, **how)
    assert dx.dtype == g.dtype
    np.testing.assert_allclose(dx, expected, **tolerance(g.dtype))


@given(poolings())
def test_take_and_place_are_adjoints(case):
    x, how, rng = case
    y = max_pool(x, **how)
    won, u, g = winners(x, y, **how), rng.standard_normal(x.shape), rng.standard_normal(y.shape)
    np.testing.assert_allclose(np.sum(take(u, won, **how) * g),
                               np.sum(u * place(g, won, size=x.shape[1:-1], **how)), atol=1e-10)
    finite = np.nan_to_num(x, posinf=9, neginf=-9)
    won = winners(finite, max_pool(finite, **how), **how)
    np.testing.assert_array_equal(take(finite, won, **how), max_pool(finite, **how))


@given(poolings(dilated=False), st.booleans())
def test_avg_pool_is_the_mean_of_what_counts(case, count_include_pad):
    x, how, _ = case
    x = np.nan_to_num(x, posinf=9, neginf=-9)
    y = avg_pool(x, **how, count_include_pad=count_include_pad)
    assert y.dtype == x.dtype
    for p, (taps, with_padding) in naive_windows(x.shape[1:-1], **how).items():
        total = sum(x[(slice(None), *pixel)] for _, pixel in taps)
        expected = total / (with_padding if count_include_pad else len(taps))
        np.testing.assert_allclose(y[(slice(None), *p)], expected, **tolerance(x.dtype))


@given(poolings(dilated=False), st.booleans())
def test_avg_pool_x_is_the_adjoint(case, count_include_pad):
    x, how, rng = case
    x, how = rng.standard_normal(x.shape), how | {"count_include_pad": count_include_pad}
    y = avg_pool(x, **how)
    g = rng.standard_normal(y.shape)
    dx = avg_pool_x(g, size=x.shape[1:-1], **how)
    np.testing.assert_allclose(np.sum(g * y), np.sum(dx * x), atol=1e-10)


@given(poolings(), st.integers(1, 500))
def test_tiles_change_nothing(case, tile_bytes):
    x, how, rng = case
    x = np.concatenate([x, x[::-1], x])
    run = lambda y, g: (y, max_pool_x(g, x, y, **how))
    y = max_pool(x, **how)
    g = rng.standard_normal(y.shape).astype(x.dtype)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windows, "TILE_BYTES", tile_bytes)
        tiled = run(max_pool(x, **how), g)
    for a, b in zip(tiled, run(y, g), strict=True): np.testing.assert_array_equal(a, b)


def test_windows_of_more_than_255_pixels_know_their_winner():
    x = np.zeros((1, 20, 20, 1))
    x[0, 19, 18] = 1
    how = PLAIN | {"pool_size": (20, 20)}
    assert winners(x, max_pool(x, **how), **how).item() == 19 * 20 + 18
    assert max_pool_x(np.ones((1, 1, 1, 1)), x, max_pool(x, **how), **how)[0, 19, 18, 0] == 1


@pytest.mark.parametrize("how, message", [
    ({"pool_size": (5, 2)}, "does not fit an input of 4 pixels"),
    ({"padding": ((2, 0), (0, 0))}, "nothing but padding"),
    ({"pool_size": (2,), "strides": (2,), "padding": ((0, 0),), "dilation": (1,)}, "as many spatial axes"),
    ({"strides": (0, 2)}, "strides must be 2 positive"),
])
def test_what_does_not_fit_is_said_clearly(how, message):
    with pytest.raises(ShapeError, match=message):
        max_pool(np.zeros((1, 4, 4, 1)), **(PLAIN | how))


def test_a_gradient_of_the_wrong_size_is_refused():
    with pytest.raises(ShapeError, match="gives an output of shape"):
        max_pool_x(np.zeros((1, 3, 3, 1)), np.zeros((1, 4, 4, 1)), np.zeros((1, 3, 3, 1)), **PLAIN)


@pytest.mark.reference
@given(poolings(for_torch=True))
def test_pytorch_agrees(case):
    torch = pytest.importorskip("torch")
    x, how, rng = case
    first = lambda a: torch.tensor(np.moveaxis(a, -1, 1).copy())                # channels first
    settings = how["pool_size"], how["strides"], [p for p, _ in how["padding"]]
    ours = max_pool(x, **how)
    g = rng.standard_normal(ours.shape).astype(x.dtype)
    t = first(x).requires_grad_()
    y = torch.nn.functional.max_pool2d(t, *settings, how["dilation"], how["ceil_mode"])
    y.backward(first(g))
    np.testing.assert_array_equal(first(ours), y.detach())
    np.testing.assert_allclose(first(max_pool_x(g, x, ours, **how)), t.grad, **tolerance(x.dtype))
    if how.pop("dilation") != (1, 1): return
    x = np.nan_to_num(x, posinf=9, neginf=-9)
    for with_padding in (False, True):
        y = torch.nn.functional.avg_pool2d(first(x), *settings, how["ceil_mode"], with_padding)
        np.testing.assert_allclose(first(avg_pool(x, **how, count_include_pad=with_padding)), y, rtol=1e-5, atol=1e-6)
