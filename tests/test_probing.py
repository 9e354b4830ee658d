"""The probe of features: its classifiers are what they say, and it measures what it should."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyfm import metrics
from tinyfm.errors import ShapeError
from tinyfm.metrics import probing

RNG = np.random.default_rng(0)


def clusters(n, classes, features, spread, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    return np.eye(classes, features)[y] * 3 + spread * rng.standard_normal((n, features)), y


def slope(x, y, w, penalty):
    """The gradient of the penalised cost by the textbook."""
    scores = np.exp(x @ w)
    p = scores / scores.sum(1, keepdims=True)
    return x.T @ (p - np.eye(w.shape[1])[y]) / len(x) + penalty * w


@given(st.integers(2, 30), st.integers(1, 40), st.integers(2, 5), st.sampled_from([1e-2, 1.0, 10.0]),
       st.integers(0, 2**32 - 1))
def test_the_linear_probe_is_where_the_gradient_is_zero(n, features, classes, penalty, seed):
    """The cost is convex, so that is the minimum; in fewer dimensions than examples, and in more."""
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((n, features)) / np.sqrt(features), rng.integers(0, classes, n)
    w, = probing.logistic_regression(x, y, classes, np.array([penalty]))
    assert np.abs(slope(x, y, w, penalty)).max() < 1e-4 * (1 + penalty)


def test_several_penalties_at_once_are_each_by_itself():
    x, y = clusters(40, 4, 10, 1.0)
    together = probing.logistic_regression(x, y, 4, probing.PENALTIES)
    for penalty, w in zip(probing.PENALTIES[2:], together[2:]):
        np.testing.assert_allclose(w, probing.logistic_regression(x, y, 4, np.array([penalty]))[0], atol=2e-2)


def test_cross_validation_takes_the_penalty_that_generalises():
    """What tells is small beside a nuisance: a strong penalty, which goes by the class means alone, drowns in it."""
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    x = np.stack([0.02 * (2 * y - 1) + 0.004 * rng.standard_normal(60), rng.standard_normal(60)], axis=1)
    assert probing.best_penalty(x, y, 2, rng) <= 1e-3


@pytest.mark.reference
def test_the_linear_probe_is_scikit_learns():
    linear_model = pytest.importorskip("sklearn.linear_model")
    x, y = clusters(60, 3, 8, 1.5)
    ours, = probing.logistic_regression(x, y, 3, np.array([0.1]))
    theirs = linear_model.LogisticRegression(C=1 / (0.1 * len(x)), fit_intercept=False, tol=1e-10, max_iter=1000)
    np.testing.assert_allclose(ours, theirs.fit(x, y).coef_.T, atol=1e-4)


@given(st.integers(5, 12), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_nearest_neighbours_one_by_one(n, k, seed):
    rng = np.random.default_rng(seed)
    x, y, test = rng.standard_normal((n, 3)), rng.integers(0, 3, n), rng.standard_normal((6, 3))
    for row, found in zip(test, probing.nearest(x, y, test, k, 3)):
        angles = [float(np.arccos(np.clip(row @ a / np.linalg.norm(row) / np.linalg.norm(a), -1, 1))) for a in x]
        near = [int(y[i]) for i in np.argsort(angles)[:k]]
        most = max(near.count(c) for c in near)
        assert found in [c for c in near if near.count(c) == most]
        if k <= 2: assert found == near[0]


def test_what_is_easy_is_found_and_what_is_hopeless_is_not():
    x, y = clusters(400, 5, 12, 0.3)
    x_test, y_test = clusters(200, 5, 12, 0.3, seed=1)
    easy = metrics.probe(x, y, x_test, y_test, n_labels=25)
    assert easy.linear.min() > 0.99 and easy.neighbours.min() > 0.99 and len(easy.linear) == 5
    hopeless = metrics.probe(RNG.standard_normal((400, 12)), y, RNG.standard_normal((200, 12)), y_test, n_labels=25)
    assert 0.1 < hopeless.linear.mean() < 0.3 and 0.1 < hopeless.neighbours.mean() < 0.3
    assert hopeless.penalty.mean() > easy.penalty.mean() or hopeless.penalty.max() >= 0.1
    assert "linear" in str(easy) and "neighbours" in str(easy)


def test_only_the_examples_shown_count():
    """All other training features become something else: nothing changes, neither scale nor penalty."""
    x, y = clusters(200, 2, 4, 2.0)
    shown = probing.balanced(y, 20, np.random.default_rng(3))
    other = 100 * RNG.standard_normal(x.shape)
    other[shown] = x[shown]
    one, same, different = (metrics.probe(z, y, x, y, n_labels=20, draws=1, seed=3) for z in (x, other, -other))
    np.testing.assert_array_equal(one.linear, same.linear)
    np.testing.assert_array_equal(one.penalty, same.penalty)
    assert one.linear != different.linear and (np.bincount(y[shown]) == 10).all()


def test_scale_and_place_of_the_features_do_not_matter():
    x, y = clusters(300, 3, 6, 1.5)
    x_test, y_test = clusters(300, 3, 6, 1.5, seed=1)
    one, other = (metrics.probe(a * x + b, y, a * x_test + b, y_test, n_labels=30) for a, b in ((1, 0), (1e3, 50)))
    np.testing.assert_allclose(one.linear, other.linear, atol=0.01)
    np.testing.assert_allclose(one.neighbours, other.neighbours, atol=0.01)


def test_more_labels_help_and_seeds_repeat():
    x, y = clusters(600, 4, 30, 1.8)
    x_test, y_test = clusters(600, 4, 30, 1.8, seed=1)
    few_labels, many, again = (metrics.probe(x, y, x_test, y_test, n_labels=n, draws=3, seed=1) for n in (12, 400, 12))
    assert many.linear.mean() > few_labels.linear.mean() + 0.05
    np.testing.assert_array_equal(few_labels.linear, again.linear)


@pytest.mark.parametrize("change, words", [
    ({"labels": np.zeros(3, int)}, r"labels \(3,\) for features of 40 examples"),
    ({"test_labels": np.zeros(7, int)}, r"labels \(7,\) for features of 40 examples"),
    ({"test_features": np.zeros((40, 2))}, "8 columns, test_features 2"),
])
def test_shapes_that_do_not_fit(change, words):
    x, y = clusters(40, 4, 8, 1.0)
    arguments = {"features": x, "labels": y, "test_features": x, "test_labels": y} | change
    with pytest.raises(ShapeError, match=words): metrics.probe(**arguments, n_labels=8)


@pytest.mark.parametrize("numbers, words", [
    ({"n_labels": 10}, "as many labels of each class; 10 of 4 classes"), ({"n_labels": 44}, "rarest has 10"),
    ({"n_labels": 8, "k": 0}, "k must be"), ({"n_labels": 8, "k": 9}, "k must be"),
    ({"n_labels": 8, "draws": 0}, "draws must be at least 1"),
])
def test_numbers_that_cannot_be(numbers, words):
    x, y = clusters(40, 4, 8, 1.0)
    with pytest.raises(ValueError, match=words): metrics.probe(x, y, x, y, **numbers)
