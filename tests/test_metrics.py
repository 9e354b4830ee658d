"""Metrics against their definitions, counted example by example, and against scikit-learn."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tinyfm import metrics
from tinyfm.errors import ShapeError

CLASSES = 4


@st.composite
def classified(draw, classes=CLASSES):
    """True labels and scores with many ties."""
    n = draw(st.integers(1, 30))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    scores = rng.integers(0, draw(st.sampled_from([2, 4, 1000])), (n, classes)) / 8
    return rng.integers(0, draw(st.integers(1, classes)), n), scores.astype(draw(st.sampled_from(["f4", "f8"])))


@st.composite
def ranked(draw):
    """Binary labels, both present, and scores with many ties."""
    n = draw(st.integers(2, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    y = rng.integers(0, 2, n)
    y[:2] = 0, 1
    return y, rng.integers(-4, draw(st.sampled_from([-2, 0, 1000])), n) / 4


def distribution(scores):
    p = np.exp(scores - scores.max(-1, keepdims=True))
    return p / p.sum(-1, keepdims=True)


# accuracy


@given(classified())
def test_accuracy_counts_the_right_ones(example):
    y, scores = example
    right = sum(list(row).index(max(row)) == label for row, label in zip(scores, y, strict=True))
    assert metrics.accuracy(y, scores) == pytest.approx(right / len(y))


@given(classified())
def test_accuracy_reads_labels_columns_one_hot_rows_and_predicted_labels_alike(example):
    y, scores = example
    expected = metrics.accuracy(y, scores)
    one_hot = np.eye(CLASSES)[y]
    assert metrics.accuracy(y[:, None], scores) == expected
    assert metrics.accuracy(y.astype(float), scores) == expected
    assert metrics.accuracy(one_hot, scores) == metrics.accuracy(one_hot.astype(int), scores) == expected
    assert metrics.accuracy(y, scores.argmax(-1)) == expected
    assert metrics.accuracy(y.tolist(), scores.tolist()) == expected


def test_accuracy_of_sequences_counts_every_step():
    y = np.array([[0, 1, 2], [2, 2, 2]])
    scores = np.eye(3)[[[0, 1, 1], [2, 0, 2]]]
    assert metrics.accuracy(y, scores) == metrics.accuracy(np.eye(3)[y], scores) == pytest.approx(4 / 6)
    assert metrics.top_k_accuracy(y, scores, k=1) == pytest.approx(4 / 6)


@pytest.mark.parametrize("true_shape", [(4,), (4, 1)])
@pytest.mark.parametrize("pred_shape", [(4,), (4, 1)])
def test_one_probability_per_example_counts_above_a_half(true_shape, pred_shape):
    y, p = np.array([0, 1, 1, 0]).reshape(true_shape), np.array([0.5, 0.51, 0.2, 0.9]).reshape(pred_shape)
    assert metrics.accuracy(y, p) == metrics.binary_accuracy(y, p) == 0.5
    assert metrics.accuracy(y == 1, p) == 0.5
    assert metrics.binary_accuracy(y, p, threshold=0.1) == 0.5
    assert metrics.confusion_matrix(y, p).tolist() == [[1, 1], [1, 1]]


def test_binary_accuracy_counts_every_label_of_an_example():
    assert metrics.binary_accuracy([[1, 0, 1], [0, 0, 1]], [[0.9, 0.6, 0.1], [0.1, 0.2, 0.8]]) == pytest.approx(4 / 6)


def test_classes_may_be_many_where_no_matrix_is_made():
    y = np.array([50_000, 3])
    scores = np.zeros((2, 50_257), np.float32)
    scores[0, 50_000] = 1
    assert metrics.accuracy(y, scores) == 0.5
    assert metrics.accuracy(y, np.array([50_000, 4])) == 0.5
    with pytest.raises(ValueError, match=r"50257 classes.*limit is 10000"):
        metrics.confusion_matrix(y, scores)


@given(classified())
def test_top_1_is_accuracy_and_top_k_grows_to_1(example):
    y, scores = example
    tops = [metrics.top_k_accuracy(y, scores, k=k) for k in range(1, CLASSES + 1)]
    assert tops[0] == metrics.accuracy(y, scores)
    assert tops == sorted(tops) and tops[-1] == 1
    assert metrics.top_k_accuracy(np.eye(CLASSES)[y], scores, k=2) == tops[1]


def test_constant_scores_earn_no_top_k():
    assert metrics.top_k_accuracy(np.arange(10), np.zeros((10, 10)), k=3) == pytest.approx(0.3)


# per class


@given(classified())
def test_the_confusion_matrix_counts_pairs(example):
    y, scores = example
    matrix = metrics.confusion_matrix(y, scores)
    predicted = scores.argmax(-1)
    for i in range(CLASSES):
        for j in range(CLASSES):
            assert matrix[i, j] == sum((y == i) & (predicted == j))
    assert np.trace(matrix) / matrix.sum() == pytest.approx(metrics.accuracy(y, scores))
    larger = metrics.confusion_matrix(y, predicted, classes=7)
    assert larger.shape == (7, 7) and (larger[:CLASSES, :CLASSES] == matrix).all() and larger.sum() == len(y)


@given(classified())
def test_per_class_rates_follow_their_definitions(example):
    y, scores = example
    predicted = scores.argmax(-1)
    rates = metrics.per_class(y, scores)
    for i in range(CLASSES):
        hits = sum((y == i) & (predicted == i))
        expected = [
            hits / sum(predicted == i) if sum(predicted == i) else 0,
            hits / sum(y == i) if sum(y == i) else 0,
            2 * hits / (sum(y == i) + sum(predicted == i)) if hits else 0,
        ]
        assert [rate[i] for rate in rates[:3]] == pytest.approx(expected)
        assert rates.support[i] == sum(y == i)
        if hits:
            assert rates.f1[i] == pytest.approx(2 / (1 / rates.precision[i] + 1 / rates.recall[i]))


def test_averages_by_hand():
    y, predicted = np.array([0, 0, 0, 0, 1, 1, 2, 2]), np.array([0, 0, 0, 1, 1, 0, 2, 1])
    assert metrics.per_class(y, predicted).precision.tolist() == pytest.approx([3 / 4, 1 / 3, 1])
    assert metrics.precision(y, predicted) == pytest.approx((3 / 4 + 1 / 3 + 1) / 3)
    assert metrics.recall(y, predicted) == pytest.approx((3 / 4 + 1 / 2 + 1 / 2) / 3)
    assert metrics.precision(y, predicted, average="weighted") == pytest.approx((4 * 3 / 4 + 2 / 3 + 2) / 8)
    assert metrics.recall(y, predicted, average="weighted") == metrics.accuracy(y, predicted)
    for rate in (metrics.precision, metrics.recall, metrics.f1_score):
        assert rate(y, predicted, average="micro") == metrics.accuracy(y, predicted) == 5 / 8


def test_macro_leaves_out_classes_that_do_not_occur():
    y, predicted = np.array([0, 2]), np.array([0, 2])
    assert metrics.precision(y, predicted) == metrics.recall(y, predicted) == metrics.f1_score(y, predicted) == 1
    assert metrics.per_class(y, predicted).recall.tolist() == [1, 0, 1]


def test_macro_counts_a_class_that_is_only_predicted():
    assert metrics.precision([0, 0], [0, 2]) == 1 / 2
    assert metrics.recall([0, 0], [0, 2]) == 1 / 4


def test_report_reads_well():
    y, predicted = np.array([0, 0, 0, 0, 1, 1, 3, 3]), np.array([0, 0, 0, 1, 1, 0, 3, 1])
    assert metrics.report(y, predicted, names=["cat", "dog", "yak", "zebra"]) == (
        "               precision  recall      F1  support\n"
        "          cat     0.7500  0.7500  0.7500        4\n"
        "          dog     0.3333  0.5000  0.4000        2\n"
        "        zebra     1.0000  0.5000  0.6667        2\n"
        "   macro mean     0.6944  0.5833  0.6056        8\n"
        "weighted mean     0.7083  0.6250  0.6417        8\n"
        "     accuracy     0.6250"
    )
    assert "0     0.7500" in metrics.report(y, predicted)
    with pytest.raises(ValueError, match="3 classes; the arrays need 4"):
        metrics.report(y, predicted, names=["cat", "dog", "yak"])


# probabilities


@given(ranked())
def test_roc_auc_is_the_chance_of_ranking_a_pair_rightly(example):
    y, score = example
    ones, zeros = score[y == 1][:, None], score[y == 0]
    expected = np.mean((ones > zeros) + (ones == zeros) / 2)
    assert metrics.roc_auc(y, score) == pytest.approx(expected)
    assert metrics.roc_auc(y, -score) == pytest.approx(1 - expected)
    assert metrics.roc_auc(y == 1, np.exp(score)) == pytest.approx(expected)


@given(ranked())
def test_the_roc_curve_gives_the_rates_at_its_thresholds(example):
    y, score = example
    curve = metrics.roc_curve(y, score)
    assert curve.thresholds[0] == np.inf and (np.diff(curve.thresholds) < 0).all()
    assert len(curve.thresholds) == len(np.unique(score)) + 1
    for false, true, threshold in zip(*curve, strict=True):
        assert true == pytest.approx(np.mean(score[y == 1] >= threshold))
        assert false == pytest.approx(np.mean(score[y == 0] >= threshold))


def test_log_loss_is_the_mean_surprise():
    p = np.array([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]])
    expected = -(math.log(0.25) + math.log(0.8)) / 2
    assert metrics.log_loss([1, 2], p) == metrics.log_loss(np.eye(3)[[1, 2]], p) == pytest.approx(expected)
    assert metrics.log_loss([[1], [0]], [[0.7], [0.1]]) == pytest.approx(-(math.log(0.7) + math.log(0.9)) / 2)
    assert str(metrics.log_loss([1, 0], [1.0, 0.0])) == "0.0"
    assert metrics.log_loss([0], np.array([1.0], np.float32)) == pytest.approx(-math.log(2.0**-23))


@given(classified(), st.integers(1, 12))
def test_calibration_follows_its_definition(example, bins):
    y, scores = example
    p = distribution(scores)
    confidence, right = p.max(-1).astype(float), p.argmax(-1) == y
    result = metrics.calibration(y, p, bins=bins)
    error = 0.0
    for b in range(bins):
        inside = (confidence > np.linspace(0, 1, bins + 1)[b]) & (confidence <= np.linspace(0, 1, bins + 1)[b + 1])
        assert result.counts[b] == inside.sum()
        if inside.any():
            assert result.confidence[b] == pytest.approx(confidence[inside].mean())
            assert result.accuracy[b] == pytest.approx(right[inside].mean())
            error += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())
        else:
            assert np.isnan(result.confidence[b]) and np.isnan(result.accuracy[b])
    assert result.error == metrics.expected_calibration_error(y, p, bins=bins) == pytest.approx(error)


def test_calibration_of_one_probability_compares_it_with_the_frequency_of_class_1():
    p = np.array([0.0, 0.1, 0.3, 0.5, 1.0, 1.0])           # 0.5 belongs to the lower bin, 1 to the upper one
    result = metrics.calibration([0, 1, 0, 1, 1, 1], p, bins=2)
    assert result.counts.tolist() == [4, 2]
    assert result.confidence.tolist() == pytest.approx([0.225, 1.0])
    assert result.accuracy.tolist() == [0.5, 1.0]
    assert result.error == pytest.approx(4 / 6 * 0.275)


def test_what_is_drawn_from_its_probabilities_is_calibrated():
    rng = np.random.default_rng(0)
    p = rng.random(200_000)
    happened = rng.random(200_000) < p
    assert metrics.expected_calibration_error(happened, p) < 0.005
    assert metrics.expected_calibration_error(happened, np.sqrt(p)) > 0.1


# numbers


def test_regression_by_hand():
    y, predicted = [1.0, 2.0, 4.0], [1.0, 3.0, 2.0]
    assert metrics.mean_squared_error(y, predicted) == pytest.approx(5 / 3)
    assert metrics.mean_absolute_error(y, predicted) == 1
    assert metrics.r2_score(y, predicted) == pytest.approx(1 - 5 / (14 / 3))


def test_unsigned_integers_do_not_wrap_around():
    y, predicted = np.array([0, 200], np.uint8), np.array([200, 0], np.uint8)
    assert metrics.mean_squared_error(y, predicted) == 40_000
    assert metrics.mean_absolute_error(y, predicted) == 200
    assert metrics.r2_score(y, predicted) == -3


@given(st.integers(2, 20), st.integers(0, 2**32), st.floats(-3, 3), st.floats(0.1, 3))
def test_r2_is_0_for_the_mean_1_for_the_truth_and_blind_to_units(n, seed, shift, scale):
    y = np.random.default_rng(seed).normal(size=(n, 2))
    predicted = y + np.random.default_rng(seed + 1).normal(size=(n, 2))
    assert metrics.r2_score(y, y) == 1
    assert metrics.r2_score(y, np.broadcast_to(y.mean(0), y.shape)) == pytest.approx(0, abs=1e-9)
    same = metrics.r2_score(y * scale + shift, predicted * scale + shift)
    assert same == pytest.approx(metrics.r2_score(y, predicted))
    columns = [metrics.r2_score(y[:, i], predicted[:, i]) for i in range(2)]
    assert metrics.r2_score(y, predicted) == pytest.approx(np.mean(columns))


def test_r2_of_a_constant():
    assert metrics.r2_score([2.0, 2.0], [2.0, 2.0]) == 1
    assert metrics.r2_score([2.0, 2.0], [2.0, 3.0]) == 0


# cross-validation


@given(st.integers(2, 50), st.integers(2, 10), st.integers(0, 100))
def test_each_example_is_tested_once_by_a_model_that_has_not_seen_it(n, folds, seed):
    assume(folds <= n)
    parts = list(metrics.k_fold(n, folds=folds, seed=seed))
    assert sorted(np.concatenate([test for _, test in parts])) == list(range(n))
    for train, test in parts:
        assert sorted([*train, *test]) == list(range(n))
    sizes = {len(test) for _, test in parts}
    assert len(parts) == folds and max(sizes) - min(sizes) <= 1
    again = metrics.k_fold(n, folds=folds, seed=seed)
    assert all((a == c).all() and (b == d).all() for (a, b), (c, d) in zip(parts, again, strict=True))


def test_folds_are_shuffled_by_the_seed():
    first, second = (np.concatenate([test for _, test in metrics.k_fold(100, seed=seed)]) for seed in (0, 1))
    assert (first != second).any() and (first != np.arange(100)).any()


def test_cross_validate_scores_each_fold():
    x = np.random.default_rng(0).normal(size=(60, 3))
    y = x @ [1.0, -2.0, 0.5] + 3

    def evaluate(train, test):
        w, *_ = np.linalg.lstsq(np.c_[x[train], np.ones(len(train))], y[train])
        return metrics.r2_score(y[test], np.c_[x[test], np.ones(len(test))] @ w)

    assert metrics.cross_validate(evaluate, 60, folds=4) == pytest.approx(np.ones(4))
    shares = metrics.cross_validate(lambda train, test: len(test) / (len(train) + len(test)), 10, folds=4)
    assert shares.dtype == np.float64 and shares.tolist() == pytest.approx([0.3, 0.3, 0.2, 0.2])


@pytest.mark.parametrize(("n", "folds"), [(10, 1), (3, 4), (0, 2)])
def test_impossible_folds(n, folds):
    with pytest.raises(ValueError, match="folds must be between 2"):
        metrics.cross_validate(lambda train, test: 0.0, n, folds=folds)


# names


@pytest.mark.parametrize("name", metrics.BY_NAME)
def test_every_name_gives_a_mean_over_the_examples(name):
    """So the mean of the batches, weighted by their sizes, is the metric of the whole."""
    rng = np.random.default_rng(3)
    y, p = rng.integers(0, 2, 30), rng.random(30)
    if "categorical" in name:
        y, p = rng.integers(0, 7, 30), distribution(rng.normal(size=(30, 7)))
    metric = metrics.get(name)
    batches = [metric(y[i : i + 7], p[i : i + 7]) * len(y[i : i + 7]) for i in range(0, 30, 7)]
    assert isinstance(metric(y, p), float)
    assert sum(batches) / 30 == pytest.approx(metric(y, p))


def test_get_hands_a_function_back_and_names_the_names():
    assert metrics.get(metrics.r2_score) is metrics.r2_score
    with pytest.raises(ValueError, match=r"unknown metric 'acuracy'.*accuracy, acc, .*mse.*mae"):
        metrics.get("acuracy")


# bad input

TWO_ARRAYS = [
    metrics.accuracy, metrics.binary_accuracy, metrics.confusion_matrix, metrics.precision,
    metrics.recall, metrics.f1_score, metrics.per_class, metrics.report, metrics.roc_curve, metrics.roc_auc,
    metrics.log_loss, metrics.calibration, metrics.expected_calibration_error, metrics.mean_squared_error,
    metrics.mean_absolute_error, metrics.r2_score,
]  # fmt: skip
each_metric = pytest.mark.parametrize("metric", TWO_ARRAYS)


@each_metric
@pytest.mark.parametrize(
    ("y_true", "y_pred", "error", "words"),
    [
        (np.zeros(3), np.array([0.1, np.nan, np.nan]), ValueError, r"y_(pred|score) holds 2 NaN among 3"),
        (np.array([np.nan, 1.0]), np.array([0.1, 0.2]), ValueError, "y_true holds 1 NaN among 2"),
        (np.zeros(0), np.zeros(0), ShapeError, "at least one example"),
        (np.float64(1), np.float64(1), ShapeError, "at least one example"),
        (np.array(["a", "b"]), np.array(["a", "b"]), TypeError, "encode text labels"),
        (np.zeros(3), np.array([None, 1, 2]), TypeError, "must hold numbers, received dtype object"),
        (np.zeros(3), np.full(4, 0.5), ShapeError, r"\(4,"),
        (np.zeros((3, 2)), np.full((4, 2), 0.5), ShapeError, r"\(3, 2\)"),
    ],
)  # fmt: skip
def test_bad_arrays_are_named(metric, y_true, y_pred, error, words):
    with pytest.raises(error, match=words):
        metric(y_true, y_pred)


@pytest.mark.parametrize("metric", [metrics.mean_squared_error, metrics.mean_absolute_error, metrics.r2_score])
def test_a_column_against_a_row_is_refused_not_broadcast(metric):
    y = np.array([1.0, 2.0, 3.0])
    for a, b in ((y[:, None], y), (y, y[:, None])):
        with pytest.raises(ShapeError, match=r"y_true has shape \(3,.*reshape one"):
            metric(a, b)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: metrics.accuracy([0, 1, 2], [0.1, 0.9, 0.3]), ValueError, r"must be 0 or 1, received \[0 1 2\]"),
        (lambda: metrics.accuracy([0, 5], [[0.1, 0.9], [0.3, 0.7]]), ValueError, "0, 1, ..., 1, received 0 to 5"),
        (lambda: metrics.accuracy([-1, 0], [[0.1, 0.9], [0.3, 0.7]]), ValueError, "received -1 to 0"),
        (lambda: metrics.accuracy([0.5, 0], [[0.1, 0.9], [0.3, 0.7]]), ValueError, "labels must be 0, 1"),
        (lambda: metrics.accuracy([0, -2], [0, 1]), ValueError, "received -2 to 0"),
        (lambda: metrics.accuracy(np.zeros((2, 3)), np.zeros((2, 4))), ShapeError, r"labels \(2,\) or one-hot"),
        (lambda: metrics.accuracy([[0], [1]], [0, 1]), ShapeError, r"\(2, 1\), y_pred \(2,\)"),
        (lambda: metrics.top_k_accuracy([0, 1], [0.1, 0.9]), ShapeError, r"scores \(..., classes\)"),
        (lambda: metrics.top_k_accuracy([0, 1], [[0.1, np.nan], [0.3, 0.7]]), ValueError, "y_pred holds 1 NaN"),
        (lambda: metrics.top_k_accuracy([0, 2], [[0.1, 0.9], [0.3, 0.7]]), ValueError, "received 0 to 2"),
        (lambda: metrics.top_k_accuracy([0, 1], [[0.1, 0.9], [0.3, 0.7]], k=0), ValueError, "k must be at least 1"),
        (lambda: metrics.precision([0, 1], [0, 1], average="none"), ValueError, "'weighted', received 'none'"),
        (lambda: metrics.roc_auc([1, 1], [0.1, 0.9]), ValueError, "only one of them"),
        (lambda: metrics.roc_auc([0, 2], [0.1, 0.9]), ValueError, "must be 0 or 1"),
        (lambda: metrics.roc_auc([[0, 1]], [[0.1, 0.9]]), ShapeError, r"shape \(n,\), received \(1, 2\)"),
        (lambda: metrics.log_loss([0, 1], [0.1, 1.9]), ValueError, "from 0.1 to 1.9; apply a softmax"),
        (lambda: metrics.log_loss([0, 1], [-0.1, 0.9]), ValueError, "from -0.1 to 0.9"),
        (lambda: metrics.log_loss([0, 1], [[0.1, 0.5], [0.3, 0.7]]), ValueError, "sums from 0.6 to 1.0"),
        (lambda: metrics.calibration([0, 1], [0.1, 0.9], bins=0), ValueError, "bins must be at least 1"),
        (lambda: metrics.r2_score([1.0], [1.0]), ValueError, "at least two"),
    ],
)
def test_bad_settings_and_values_are_named(call, error, words):
    with pytest.raises(error, match=words):
        call()


# reference


@pytest.mark.reference
@given(classified())
@pytest.mark.filterwarnings("ignore")
def test_classification_equals_scikit_learn(example):
    theirs = pytest.importorskip("sklearn.metrics")
    y, scores = example
    predicted, p = scores.argmax(-1), distribution(scores)
    assert metrics.accuracy(y, scores) == pytest.approx(theirs.accuracy_score(y, predicted))
    matrix = theirs.confusion_matrix(y, predicted, labels=range(CLASSES))
    assert (metrics.confusion_matrix(y, scores) == matrix).all()
    pairs = [(metrics.precision, theirs.precision_score), (metrics.recall, theirs.recall_score),
             (metrics.f1_score, theirs.f1_score)]  # fmt: skip
    for ours, reference in pairs:
        for average in ("micro", "macro", "weighted"):
            assert ours(y, predicted, average=average) == pytest.approx(reference(y, predicted, average=average))
    columns = theirs.precision_recall_fscore_support(y, predicted, labels=range(CLASSES))
    for ours, reference in zip(metrics.per_class(y, scores), columns, strict=True):
        assert ours == pytest.approx(reference)
    assert metrics.log_loss(y, p) == pytest.approx(theirs.log_loss(y, p, labels=range(CLASSES)), rel=1e-5, abs=1e-6)


@pytest.mark.reference
@given(ranked())
def test_ranking_equals_scikit_learn(example):
    theirs = pytest.importorskip("sklearn.metrics")
    calibration_curve = pytest.importorskip("sklearn.calibration").calibration_curve
    y, score = example
    assert metrics.roc_auc(y, score) == pytest.approx(theirs.roc_auc_score(y, score))
    for ours, reference in zip(
        metrics.roc_curve(y, score), theirs.roc_curve(y, score, drop_intermediate=False), strict=True
    ):
        assert ours == pytest.approx(reference)
    p = 1 / (1 + np.exp(-score))
    ours = metrics.calibration(y, p, bins=5)
    accuracy, confidence = calibration_curve(y, p, n_bins=5)
    assert ours.accuracy[ours.counts > 0] == pytest.approx(accuracy)
    assert ours.confidence[ours.counts > 0] == pytest.approx(confidence)


@pytest.mark.reference
@given(classified(classes=6), st.integers(1, 5))
@pytest.mark.filterwarnings("ignore")
def test_top_k_equals_scikit_learn_where_nothing_ties(example, k):
    theirs = pytest.importorskip("sklearn.metrics")
    y, scores = example
    scores = scores + np.random.default_rng(0).random(scores.shape) / 100
    assert metrics.top_k_accuracy(y, scores, k=k) == pytest.approx(
        theirs.top_k_accuracy_score(y, scores, k=k, labels=range(6))
    )


@pytest.mark.reference
@given(st.integers(2, 20), st.integers(1, 3), st.integers(0, 2**32))
def test_regression_equals_scikit_learn(n, columns, seed):
    theirs = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(seed)
    y, predicted = rng.normal(size=(n, columns)).round(1), rng.normal(size=(n, columns))
    if seed % 3 == 0:
        y[:, 0] = 1.0
    assert metrics.mean_squared_error(y, predicted) == pytest.approx(theirs.mean_squared_error(y, predicted))
    assert metrics.mean_absolute_error(y, predicted) == pytest.approx(theirs.mean_absolute_error(y, predicted))
    assert metrics.r2_score(y, predicted) == pytest.approx(theirs.r2_score(y, predicted))
