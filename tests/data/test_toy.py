"""Toy sets: seeded, balanced, of the shape that their formulas say."""

import numpy as np
import pytest

from tinyfm.data import toy

POINTS = [(toy.moons, 2, 2), (toy.circles, 2, 2), (toy.spirals, 2, 3), (toy.blobs, 2, 3), (toy.iris_like, 4, 3)]
each_set = pytest.mark.parametrize("make, features, classes", POINTS, ids=lambda v: getattr(v, "__name__", ""))


@each_set
@pytest.mark.parametrize("n", [1, 10, 151])
def test_shapes_dtypes_and_balance(make, features, classes, n):
    x, y = make(n)
    assert x.shape == (n, features) and x.dtype == np.float32 and y.shape == (n,) and y.dtype == np.int64
    assert set(np.bincount(y, minlength=classes)) <= {n // classes, n // classes + 1} and y.max() < classes


@each_set
def test_the_seed_alone_decides(make, features, classes):
    (a, y), (b, z), (c, _) = make(50), make(50), make(50, seed=1)
    assert np.array_equal(a, b) and np.array_equal(y, z) and not np.array_equal(a, c)
    assert np.array_equal(make(50, seed=np.random.default_rng(1))[0], c)


@each_set
def test_rows_come_in_random_order(make, features, classes):
    y = make(300)[1]
    assert 0.5 * 300 / classes < np.sum(y[:-1] == y[1:]) < 1.5 * 300 / classes      # neighbours agree by chance


def test_without_noise_the_points_lie_on_their_curves():
    x, y = toy.moons(500, noise=0)
    upper, lower = x[y == 0], x[y == 1]
    np.testing.assert_allclose(np.hypot(*upper.T), 1, atol=1e-6)
    np.testing.assert_allclose(np.hypot(*(lower - [1, 0.5]).T), 1, atol=1e-6)
    assert upper[:, 1].min() >= 0 and lower[:, 1].max() <= 0.5
    x, y = toy.circles(500, radius=0.3, noise=0)
    np.testing.assert_allclose(np.hypot(*x.T), np.where(y, 0.3, 1), atol=1e-6)
    x, y = toy.spirals(500, 4, turns=0.5, noise=0)
    turned = np.arctan2(x[:, 1], x[:, 0]) - np.pi * np.hypot(*x.T) - np.pi / 2 * y
    np.testing.assert_allclose(np.cos(turned), 1, atol=1e-5)


def test_blobs_spread_as_asked():
    x, y = toy.blobs(3000, 3, features=5, spread=0.25)
    for label in range(3):
        np.testing.assert_allclose(x[y == label].std(axis=0), 0.25, rtol=0.15)
    assert np.ptp([x[y == label].mean(axis=0) for label in range(3)]) > 1


def test_iris_like_has_the_statistics_it_is_drawn_from():
    x, y = toy.iris_like(30_000)
    for label in range(3):
        np.testing.assert_allclose(x[y == label].mean(axis=0), toy._IRIS_MEANS[label], atol=0.03)
        np.testing.assert_allclose(np.cov(x[y == label].T), toy._IRIS_COVARIANCES[label], atol=0.02)
    assert x.min() > 0 and np.allclose(10 * x, np.round(10 * x), atol=1e-4)
    assert len(toy.IRIS_FEATURES) == 4 and len(toy.IRIS_CLASSES) == 3 and len(toy.iris_like()[0]) == 150


def test_flats_are_untidy_as_described():
    flats = toy.flats()
    assert len(flats) == 620 and len(flats.drop_duplicates()) == 600
    assert flats.numeric() == ["area", "rooms", "floor", "distance"] and flats.text() == ["district", "heating", "let"]
    gaps = flats.missing()
    assert gaps.pop("let") == 0 and all(15 < n < 65 for n in gaps.values())
    assert sum(toy.flats(missing=0, duplicates=0).missing().values()) == 0
    assert 0.3 < np.mean(flats["let"] == "yes") < 0.7
    assert repr(toy.flats(seed=5)) == repr(toy.flats(seed=5)) != repr(toy.flats(seed=6))
