"""What an image may undergo: laws that hold for every image, batch and strength."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyfm.data import augmentation as aug
from tinyfm.errors import SettingError, ShapeError

STRENGTHS = {                                    # name: (at a strength of 0, at some strength)
    "shift": (lambda x, rng: aug.shift(x, rng, 0), lambda x, rng: aug.shift(x, rng, 3)),
    "rotate": (lambda x, rng: aug.rotate(x, rng, 0), lambda x, rng: aug.rotate(x, rng, 40)),
    "scale": (lambda x, rng: aug.scale(x, rng, 0), lambda x, rng: aug.scale(x, rng, 0.5)),
    "shear": (lambda x, rng: aug.shear(x, rng, 0), lambda x, rng: aug.shear(x, rng, 0.5)),
    "random_affine": (lambda x, rng: aug.random_affine(x, rng, 0, 0, 0, 0), aug.random_affine),
    "elastic": (lambda x, rng: aug.elastic(x, rng, 0), lambda x, rng: aug.elastic(x, rng, 2.0)),
    "flip": (lambda x, rng: aug.flip(x, rng, 0), aug.flip),
    "crop": (lambda x, rng: aug.crop(x, rng, 1), aug.crop),
    "noise": (lambda x, rng: aug.noise(x, rng, 0), lambda x, rng: aug.noise(x, rng, 0.5)),
    "erase": (lambda x, rng: aug.erase(x, rng, 0), lambda x, rng: aug.erase(x, rng, 0.8)),
    "mixup": (lambda x, rng: aug.mixup(x, labels(x), rng, 0)[0], lambda x, rng: aug.mixup(x, labels(x), rng, 1)[0]),
    "cutmix": (lambda x, rng: aug.cutmix(x, labels(x), rng, 0)[0], lambda x, rng: aug.cutmix(x, labels(x), rng)[0]),
}
each = pytest.mark.parametrize("name", STRENGTHS)
seeds = st.integers(0, 2**32 - 1)


def labels(x): return np.eye(len(x), dtype=np.float32)


@st.composite
def images(draw, square=False, most_channels=3):
    """(n, height, width, channels) of each dtype, values from all of its range, some with odd strides."""
    n, h, w, c = draw(st.tuples(st.integers(1, 4), st.integers(1, 8), st.integers(1, 8),
                             st.integers(1, most_channels)))
    x = np.random.default_rng(draw(seeds)).random((n, h, h if square else w, c))
    dtype = draw(st.sampled_from([np.uint8, np.float32, np.float64, np.float16]))
    x = np.rint(255 * x).astype(np.uint8) if dtype == np.uint8 else x.astype(dtype)
    return x[:, :, ::-1] if draw(st.booleans()) else x


@each
@given(images(), seeds)
def test_a_strength_of_zero_changes_nothing(name, x, seed):
    np.testing.assert_array_equal(STRENGTHS[name][0](x, np.random.default_rng(seed)), x)


@each
@given(images(), seeds)
def test_dtype_shape_and_range_are_kept_and_the_input_is_left_alone(name, x, seed):
    before = x.copy()
    y = STRENGTHS[name][1](x, np.random.default_rng(seed))
    assert y.dtype == x.dtype and y.shape == x.shape
    assert x.dtype == np.uint8 or (0 <= y.min() and y.max() <= 1)
    assert not np.shares_memory(x, y)
    np.testing.assert_array_equal(x, before)


@each
def test_it_does_something_and_the_same_seed_does_the_same(name):
    x = np.random.default_rng(0).random((8, 9, 7, 2))
    one, again, other = (STRENGTHS[name][1](x, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other) and not np.array_equal(one, x)


@each
def test_every_example_draws_for_itself(name):
    """Of many equal images not all become the same; mixing equal images would leave them as they are."""
    if name in ("mixup", "cutmix"): return
    x = np.repeat(np.random.default_rng(0).random((1, 9, 9, 1)), 20, axis=0)
    y = STRENGTHS[name][1](x, np.random.default_rng(0))
    assert len({image.tobytes() for image in y}) > 1


@each
def test_no_image_is_no_trouble(name):
    assert STRENGTHS[name][1](np.zeros((0, 4, 5, 1), np.uint8), np.random.default_rng(0)).shape == (0, 4, 5, 1)


# ------------------------------------------------------------ geometry against NumPy

@given(images(square=True), st.integers(-4, 4))
def test_rotation_by_right_angles_is_rot90(x, quarters):
    y = aug.affine(x, aug.rotation(90 * quarters))
    np.testing.assert_allclose(y, np.rot90(x, quarters, (1, 2)), atol=1e-6 if x.dtype != np.float16 else 1e-3)


@given(images(), st.integers(-9, 9), st.integers(-9, 9), st.sampled_from([0, 1]))
def test_translation_is_roll_with_fill(x, down, right, fill):
    expected = np.roll(x, (down, right), (1, 2))
    h, w = x.shape[1:3]
    rows, columns = np.arange(h) - down, np.arange(w) - right
    expected[:, (rows < 0) | (rows >= h)] = fill
    expected[:, :, (columns < 0) | (columns >= w)] = fill
    np.testing.assert_array_equal(aug.affine(x, aug.translation(down, right), fill), expected)


@given(images(most_channels=1))
def test_shear_slides_rows_as_whole_pixels(x):
    """Slope 2: from one row to the next, two pixels.  Only odd heights have a row in the middle, which stays."""
    x = x[:, : len(x[0]) - 1 + len(x[0]) % 2]
    y, middle = aug.affine(x, aug.shearing(2)), x.shape[1] // 2
    for i in range(x.shape[1]):
        np.testing.assert_array_equal(y[:, i:i + 1], aug.affine(x[:, i:i + 1], aug.translation(0, 2 * (middle - i))))


@given(images(), st.integers(1, 3))
def test_scaling_by_a_whole_number_is_undone_by_looking_at_every_so_many_th_pixel(x, times):
    """Enlarged about the middle: pixel middle + k is found again at middle + times k."""
    x = x[:, : x.shape[1] - 1 + x.shape[1] % 2, : x.shape[2] - 1 + x.shape[2] % 2]
    y, (h, w) = aug.affine(x, aug.scaling(times)), (n // 2 for n in x.shape[1:3])
    i, j = h // times, w // times
    np.testing.assert_allclose(y[:, h - i * times:h + i * times + 1:times, w - j * times:w + j * times + 1:times],
                               x[:, h - i:h + i + 1, w - j:w + j + 1], atol=2e-3)


def test_cropping_shows_the_window_and_nothing_else():
    x = np.random.default_rng(0).random((2, 9, 9, 1))
    y = aug.affine(x, aug.cropping(0.5, 2, -2))                          # the lower left quarter, twice as large
    np.testing.assert_allclose(y[:, ::2, ::2], x[:, 4:, :5], atol=1e-12)


def test_a_crop_never_looks_outside():
    x = np.ones((500, 6, 9, 1))
    assert aug.crop(x, np.random.default_rng(0), 0.3).min() > 0.999


@given(seeds)
def test_matrices_compose(seed):
    """B then A is A B, up to the blur of sampling twice: exact for a linear image, away from the border."""
    rng = np.random.default_rng(seed)
    i, j = np.mgrid[:41, :41] / 40
    x = (0.3 + 0.3 * i + 0.2 * j)[None, :, :, None]
    a = aug.rotation(rng.uniform(-90, 90)) @ aug.scaling(rng.uniform(0.8, 1.2))
    b = aug.shearing(rng.uniform(-0.3, 0.3)) @ aug.translation(*rng.uniform(-2, 2, 2))
    inner = (0, slice(16, 25), slice(16, 25))
    np.testing.assert_allclose(aug.affine(aug.affine(x, b), a)[inner], aug.affine(x, a @ b)[inner], atol=1e-12)


@given(images(), seeds)
def test_a_batch_of_one_is_a_slice_of_the_batch(x, seed):
    rng = np.random.default_rng(seed)
    m = aug.translation(*rng.uniform(-2, 2, (2, len(x)))) @ aug.rotation(rng.uniform(-180, 180, len(x)))
    rows, columns = rng.uniform(-1, 9, (2, *x.shape[:3]))
    for i in range(len(x)):
        one = slice(i, i + 1)
        np.testing.assert_array_equal(aug.affine(x[one], m[i]), aug.affine(x, m)[one])
        np.testing.assert_array_equal(aug.warp(x[one], rows[one], columns[one]), aug.warp(x, rows, columns)[one])


@given(images(), seeds)
def test_warp_is_the_weighted_mean_of_four_neighbours(x, seed):
    rng = np.random.default_rng(seed)
    rows, columns = rng.uniform(-2, 9, (2, *x.shape[:3]))
    y = aug.warp(x, rows, columns, 0.25)
    for _ in range(5):
        n, i, j = (rng.integers(size) for size in x.shape[:3])
        total = np.zeros(x.shape[3])
        r, c = rows[n, i, j].clip(-1, x.shape[1]), columns[n, i, j].clip(-1, x.shape[2])
        for k in range(-1, x.shape[1] + 1):
            for l in range(-1, x.shape[2] + 1):
                inside = 0 <= k < x.shape[1] and 0 <= l < x.shape[2]
                total += max(0, 1 - abs(r - k)) * max(0, 1 - abs(c - l)) * (x[n, k, l] if inside else 0.25)
        np.testing.assert_allclose(y[n, i, j], total, rtol=0, atol=0.501 if x.dtype == np.uint8 else 2e-3)   # rounded


def test_flip_mirrors_about_half_of_the_images():
    x = np.random.default_rng(0).random((1000, 2, 3, 1))
    y = aug.flip(x, np.random.default_rng(0), 0.3)
    mirrored = (y == x[:, :, ::-1]).all((1, 2, 3))
    assert (mirrored | (y == x).all((1, 2, 3))).all() and 0.25 < mirrored.mean() < 0.35


def test_elastic_moves_by_its_pixels_alike_for_neighbours():
    """A ramp shows by how much each pixel moved: standard deviation 1.5 everywhere, neighbours together."""
    ramp = np.broadcast_to((np.arange(40) / 40)[None, :, None, None], (200, 40, 40, 1)).astype(np.float64)
    moved = 40 * (aug.elastic(ramp, np.random.default_rng(0), 1.5, 5) - ramp)[:, 10:30, 10:30, 0]
    assert abs(moved.std() - 1.5) < 0.05 and abs(moved.mean()) < 0.05
    assert np.corrcoef(moved[:, :, 0].ravel(), moved[:, :, 1].ravel())[0, 1] > 0.95
    assert abs(np.corrcoef(moved[:, :, 0].ravel(), moved[:, :, 19].ravel())[0, 1]) < 0.2


# ------------------------------------------------------------ pixels and mixtures

@pytest.mark.parametrize("x", [np.full((50, 8, 8, 1), 0.5), np.full((50, 8, 8, 1), 128, np.uint8)])
def test_noise_has_its_strength(x):
    moved = aug.noise(x, np.random.default_rng(0), 0.1) - x.astype(float)
    full = 255 if x.dtype == np.uint8 else 1
    assert abs(moved.std() / full - 0.1) < 0.004 and abs(moved.mean() / full) < 0.004


def test_erase_leaves_a_rectangle_of_at_most_its_share():
    x = np.ones((500, 10, 10, 1))
    hole = aug.erase(x, np.random.default_rng(0), 0.5)[..., 0] == 0
    shares = hole.mean((1, 2))
    assert shares.max() <= 0.52 and 0.2 < shares.mean() < 0.3
    assert (hole == (hole.any(2)[:, :, None] & hole.any(1)[:, None, :])).all()       # rectangles, without gaps
    assert all((np.diff(np.flatnonzero(row)) == 1).all() for row in hole.any(2))
    assert hole[:, 0].any() and hole[:, -1].any()                                    # also at the border


@given(images(), seeds)
def test_mixtures_of_images_and_of_labels_agree(x, seed):
    """An image that is 1 in its own channel only: what is left of it is what its label says."""
    n = len(x)
    own = np.zeros((n, *x.shape[1:3], n), np.float64)
    own[np.arange(n), :, :, np.arange(n)] = 1
    for mix in (aug.mixup, aug.cutmix):
        image, label = mix(own, labels(x).astype(float), np.random.default_rng(seed), 1.0)
        np.testing.assert_allclose(image.mean((1, 2)), label, atol=1e-9)
        np.testing.assert_allclose(label.sum(1), 1)


def test_cutmix_cuts_and_mixup_blends():
    x = np.repeat(np.array([0.0, 1.0])[:, None, None, None], 64, axis=1).repeat(64, axis=2)
    cut = [aug.cutmix(x, np.eye(2), np.random.default_rng(seed))[0] for seed in range(20)]
    assert all(np.isin(y, (0, 1)).all() for y in cut) and any(0 < y[0].mean() < 1 for y in cut)
    assert all(np.ptp(aug.mixup(x, np.eye(2), np.random.default_rng(seed))[0], (1, 2)).max() == 0 for seed in range(20))


# ------------------------------------------------------------ tokens

@given(st.integers(1, 4), st.integers(0, 9), st.floats(0, 1), seeds)
def test_masked_tokens(n, time, share, seed):
    tokens = np.random.default_rng(0).integers(0, 50, (n, time))
    masked, hidden = aug.mask_tokens(tokens, np.random.default_rng(seed), 99, share)
    assert (masked[hidden] == 99).all() and (masked[~hidden] == tokens[~hidden]).all() and masked.dtype == tokens.dtype


@given(st.integers(1, 4), st.integers(0, 70), st.floats(0, 1), seeds)
def test_deleted_tokens_leave_the_rest_in_order(n, time, share, seed):
    tokens = np.arange(n * time).reshape(n, time)
    left = aug.delete_tokens(tokens, np.random.default_rng(seed), -1, share)
    assert left.shape == tokens.shape
    for before, after in zip(tokens, left):
        kept = after[after >= 0]
        assert np.isin(kept, before).all() and (np.diff(kept) > 0).all() and (after[len(kept):] == -1).all()


def test_shares_of_tokens():
    tokens, rng = np.ones((100, 100), np.int32), np.random.default_rng(0)
    assert abs(aug.mask_tokens(tokens, rng, 0, 0.15)[1].mean() - 0.15) < 0.01
    assert abs((aug.delete_tokens(tokens, rng, 0, 0.3) == 0).mean() - 0.3) < 0.02
    np.testing.assert_array_equal(aug.delete_tokens(tokens, rng, 0, 0), tokens)


# ------------------------------------------------------------ what does not fit

X, RNG = np.zeros((2, 4, 4, 1)), np.random.default_rng(0)


@pytest.mark.parametrize("call, error, words", [
    (lambda: aug.shift(X[..., 0], RNG), ShapeError, r"shift takes images \(n, height.*x\[\.\.\., None\]"),
    (lambda: aug.noise(X.astype(int), RNG), TypeError, "noise takes images as uint8 .* received int64"),
    (lambda: aug.rotate(X - 1, RNG), ValueError, "rotate takes floating images from 0 to 1, received .* -1"),
    (lambda: aug.rotate(X * np.nan, RNG), ValueError, "from 0 to 1"),
    (lambda: aug.crop(X, RNG, 0), SettingError, "crop: smallest must lie between"),
    (lambda: aug.flip(X, RNG, 2), SettingError, "flip: chance must lie between 0 and 1, received 2"),
    (lambda: aug.scale(X, RNG, -0.1), SettingError, "scale: strength"),
    (lambda: aug.elastic(X, RNG, 1, 0), SettingError, "elastic: smoothness"),
    (lambda: aug.noise(X, RNG, -1), SettingError, "noise: strength"),
    (lambda: aug.erase(X, RNG, 1.5), SettingError, "erase: share"),
    (lambda: aug.mixup(X, [0, 1], RNG), ShapeError, r"mixup mixes labels \(n, classes\).*one_hot"),
    (lambda: aug.cutmix(X, np.eye(2), RNG, -1), SettingError, "cutmix: alpha"),
    (lambda: aug.affine(X, np.eye(2)), ShapeError, r"\(3, 3\) or \(2, 3, 3\)"),
    (lambda: aug.affine(X, aug.scaling(0)), ValueError, "scale by 0"),
    (lambda: aug.warp(X, np.zeros((2, 3)), np.zeros((2, 3))), ShapeError, r"one entry for each pixel"),
    (lambda: aug.mask_tokens([1, 2], RNG, 0), ShapeError, r"mask_tokens takes integers \(n, time\)"),
    (lambda: aug.delete_tokens([[1.0]], RNG, 0), ShapeError, "delete_tokens takes integers"),
    (lambda: aug.mask_tokens([[1]], RNG, 0, 1.1), SettingError, "mask_tokens: share"),
])
def test_bad_input_is_one_clear_error(call, error, words):
    with pytest.raises(error, match=words): call()
