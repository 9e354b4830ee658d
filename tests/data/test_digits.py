"""The built-in digits: MNIST's format and normalisation, the seed decides, and a reader can learn from them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyfm.data import digits, strokes
from tinyfm.data.digits import Hand, draw
from tinyfm.errors import SettingError

EVERY_DIGIT = np.arange(10).repeat(20)
amount = st.floats(0, 1)


def generator(seed=0):
    return np.random.default_rng(seed)


def grey(images):
    return images.astype(float) / 255


# ---- the sets ----

@pytest.mark.parametrize("n_train, n_test", [(0, 1), (57, 30), (600, 0)])
def test_parts_have_mnists_format_and_balanced_labels(n_train, n_test):
    for (x, y), n in zip(digits.load_data(n_train, n_test), (n_train, n_test), strict=True):
        assert x.shape == (n, 28, 28) and x.dtype == np.uint8 and y.shape == (n,) and y.dtype == np.uint8
        assert set(np.bincount(y, minlength=10)) <= {n // 10, n // 10 + 1} and len(np.bincount(y, minlength=10)) == 10


def test_the_seed_alone_decides():
    (x, y), (_, test_labels) = digits.load_data(300, 300)
    (again, same), _ = digits.load_data(300, 0)
    (other, labels), _ = digits.load_data(300, 0, seed=1)
    assert x.tobytes() == again.tobytes() and y.tobytes() == same.tobytes()
    assert not np.array_equal(x, other) and not np.array_equal(y, labels) and not np.array_equal(y, test_labels)


def test_the_test_part_does_not_depend_on_the_training_part():
    (_, (x, y)), (_, (again, same)) = digits.load_data(0, 50), digits.load_data(123, 50)
    assert np.array_equal(x, again) and np.array_equal(y, same)


def test_no_image_is_drawn_twice():
    (train, _), (test, _) = digits.load_data(1500, 500)
    assert len({image.tobytes() for image in [*train, *test]}) == 2000


def test_labels_come_in_random_order():
    y = digits.load_data(3000, 0)[0][1]
    assert 200 < np.sum(y[:-1] == y[1:]) < 400                           # neighbours agree by chance: 300


def test_global_random_state_is_neither_read_nor_written():
    before = np.random.get_state()[1].copy()                             # noqa: NPY002
    digits.load_data(20, 0)
    assert np.array_equal(before, np.random.get_state()[1])              # noqa: NPY002


@pytest.mark.parametrize("sizes, name", [((-1, 5), "n_train"), ((5, -1), "n_test")])
def test_a_negative_size_is_refused_by_name(sizes, name):
    with pytest.raises(SettingError, match=f"{name} .* received -1"):
        digits.load_data(*sizes)


# ---- drawing ----

@given(st.lists(st.integers(0, 9), max_size=12), st.integers(0, 2**32 - 1), st.integers(1, 13))
def test_drawing_one_by_one_is_drawing_all_at_once(labels, seed, chunk):
    together = draw(np.array(labels, int), generator(seed))
    rng = generator(seed)
    singly = [draw([label], rng)[0] for label in labels]
    assert np.array_equal(together, np.reshape(singly, together.shape))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digits, "CHUNK", chunk)
        assert np.array_equal(draw(np.array(labels, int), generator(seed)), together)


@given(seed=st.integers(0, 2**32 - 1), jitter=amount, bend=amount, slant=amount, turn=amount, stretch=amount,
       pen=st.floats(0.4, 1), rim=st.floats(0.5, 2))
def test_any_hand_fills_the_box_around_the_centre_of_mass(seed, **amounts):
    images = draw(EVERY_DIGIT[::7], generator(seed), Hand(**amounts))
    place = np.arange(28)
    for image in grey(images):
        rows, columns = (np.flatnonzero(image.any(axis=axis)) for axis in (1, 0))
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert 19 <= max(height, width) <= 20
        down, across = image.sum(axis=1) @ place / image.sum(), image.sum(axis=0) @ place / image.sum()
        for centre, ends in ((down, rows), (across, columns)):
            assert abs(centre - 14) <= 0.51 or ends[0] == 0 or ends[-1] == 27      # or the edge of the page stops it


@pytest.mark.parametrize("labels", [[10], [-1], [1.0], [[1]], 3, ["7"], [True], np.array([0, 200], np.uint8)])
def test_labels_that_are_not_digits_are_refused(labels):
    with pytest.raises(SettingError, match="integers from 0 to 9, received"):
        draw(labels, generator())


def test_without_any_straying_a_way_of_writing_always_looks_the_same():
    steady = Hand(jitter=0, bend=0, slant=0, turn=0, stretch=0, spread=0, pressure=0)
    for digit in range(10):
        images = draw(np.full(200, digit), generator(digit), steady)
        assert len(np.unique(images, axis=0)) == len(strokes.SKELETONS[digit])     # so each is drawn, too


@pytest.mark.parametrize("habit", ["jitter", "bend", "slant", "turn", "stretch", "spread", "pressure"])
def test_each_habit_alone_makes_every_image_different(habit):
    steady = dict.fromkeys(["jitter", "bend", "slant", "turn", "stretch", "spread", "pressure"], 0)
    images = draw(EVERY_DIGIT, generator(), Hand(**{**steady, habit: getattr(Hand(), habit)}))
    assert len(np.unique(images, axis=0)) > 0.95 * len(images)


def lean(images):
    """x per y of the ink: covariance over variance, upwards and to the right being positive."""
    y, x = np.indices((28, 28)) - 14
    ink = grey(images)
    return np.mean(-(ink * x * y).sum(axis=(1, 2)) / (ink * y * y).sum(axis=(1, 2)))


def test_habits_do_what_they_are_called():
    draws = lambda **habit: draw(EVERY_DIGIT, generator(), Hand(**habit))
    ones = lambda **habit: draw(np.ones(99, int), generator(), Hand(**habit))
    assert lean(ones(upright=-0.4)) < lean(ones(upright=0.0)) - 0.2 < lean(ones(upright=0.4)) - 0.4
    assert 1.2 * draws(pen=0.5).mean() < draws(pen=0.8).mean()
    assert draws(width=0.4).any(axis=1).sum() < 0.8 * draws(width=0.8).any(axis=1).sum()      # columns with ink
    between = lambda images: np.mean((images > 20) & (images < 235))
    assert between(draws(rim=0.2)) < 0.5 * between(draws(rim=1.5))


def test_ink_is_the_union_of_discs_with_a_grey_rim():
    rng = generator()
    x, y = rng.uniform(2, 18, (2, 3, strokes.DOTS))
    radius, rim = np.array([0.5, 1.0, 2.0])[:, None], 1.5
    pixel = np.arange(20) + 0.5
    distance = np.hypot(pixel[:, None, None] - y[:, None, None], pixel[:, None] - x[:, None, None]).min(axis=-1)
    expected = np.clip(0.5 - (distance - radius[:, :, None]) / rim, 0, 1)
    ink = digits._ink(x, y, radius * np.ones(strokes.DOTS), rim)
    np.testing.assert_allclose(ink, expected, atol=1e-3)


# ---- skeletons ----

def every_skeleton():
    return [(digit, text) for digit in range(10) for text in strokes.SKELETONS[digit]]


def test_skeletons_are_well_formed():
    texts = [text for _, text in every_skeleton()]
    assert sorted(strokes.SKELETONS) == list(range(10)) and len(set(texts)) == len(texts)
    for stroke in (stroke.split() for text in texts for stroke in text.split("/")):
        assert len(set(stroke)) >= 2 and all(len(name) == 2 and name.isdigit() for name in stroke)
    assert strokes.alphabet().points.shape == (len(texts), strokes.POINTS, 2)


def test_each_digit_is_written_in_its_own_ways_and_in_all_of_them():
    digit_of = np.array([digit for digit, _ in every_skeleton()])
    rng = generator()
    labels = rng.integers(0, 10, 5000)
    ways = strokes.ways(labels, rng.random(5000))
    assert np.array_equal(digit_of[ways], labels) and set(ways) == set(range(len(digit_of)))


@given(st.integers(0, 2**32 - 1))
def test_curves_pass_through_their_control_points_wherever_these_are_moved(seed):
    points, ways = strokes.alphabet().points, np.arange(len(every_skeleton()))
    jitter = generator(seed).uniform(-0.4, 0.4, points.shape)
    dots = np.stack(strokes.trace(ways, jitter), axis=-1)
    used = [len(set(text.replace("/", "").split())) for _, text in every_skeleton()]
    for dot, moved, k in zip(dots, points + jitter, used, strict=True):
        assert np.hypot(*(dot - moved[:k, None]).T).min(axis=0).max() < 0.35       # never between two dots' reach


def test_curves_move_with_their_points():
    ways = np.arange(len(every_skeleton()))
    still = np.stack(strokes.trace(ways, np.zeros((len(ways), strokes.POINTS, 2))))
    shifted = np.stack(strokes.trace(ways, np.broadcast_to([1.5, -2], (len(ways), strokes.POINTS, 2))))
    np.testing.assert_allclose(shifted, still + np.reshape([1.5, -2], (2, 1, 1)), atol=1e-12)


def test_a_point_named_twice_in_a_row_is_a_corner_and_a_stroke_of_two_points_is_straight():
    points, near, weight = strokes._curve(*strokes._read("00 90 90 99"))
    dots = np.einsum("dj,djc->dc", weight, points[near])
    assert np.all((np.abs(dots[:, 1]) < 1e-12) | (np.abs(dots[:, 0] - 9) < 1e-12)) and dots.max() < 9 + 1e-12


# ---- what they are for ----

def test_a_linear_reader_learns_to_read_unseen_digits():
    (x, y), (x_test, y_test) = digits.load_data(3000, 1000)
    x, x_test = (grey(images).reshape(len(images), -1) for images in (x, x_test))
    weights = np.linalg.solve(x.T @ x + 30 * np.eye(784), x.T @ np.eye(10)[y])
    assert np.mean((x_test @ weights).argmax(axis=1) == y_test) > 0.75
    assert np.mean((x_test @ weights).argmax(axis=1) == np.roll(y_test, 1)) < 0.2


def test_every_digit_has_a_mean_of_its_own():
    (x, y), (x_test, y_test) = digits.load_data(2000, 1000, seed=3)
    means = np.array([grey(x[y == digit]).mean(axis=0) for digit in range(10)])
    nearest = np.square(grey(x_test)[:, None] - means).sum(axis=(2, 3)).argmin(axis=1)
    for digit in range(10):
        assert np.mean(nearest[y_test == digit] == digit) > 0.3, digit
