"""Pictures say what the numbers say, in the axes they are given, without a display or a change of global state."""

import io
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from tinyfm import metrics, plot

RNG = np.random.default_rng(0)
HISTORY = {"loss": [0.9, 0.4], "accuracy": [0.7, 0.8], "val_loss": [1.0, 0.6], "val_accuracy": [0.6, 0.7]}
LABELS, SCORES = RNG.integers(0, 4, 60), RNG.dirichlet(np.ones(4), 60)
IMAGES = RNG.random((9, 8, 8))
DRAW = {
    "learning_curve": lambda ax: plot.learning_curve(HISTORY, ax=ax),
    "confusion_matrix": lambda ax: plot.confusion_matrix(metrics.confusion_matrix(LABELS, SCORES), ax=ax),
    "predictions": lambda ax: plot.predictions(IMAGES, LABELS[:9], SCORES[:9].argmax(1), SCORES[:9], ax=ax),
    "filters": lambda ax: plot.filters(RNG.normal(size=(3, 3, 1, 5)), ax=ax),
    "filters over inputs": lambda ax: plot.filters(RNG.normal(size=(3, 2, 4, 5)), ax=ax),
    "feature_maps": lambda ax: plot.feature_maps(RNG.random((6, 7, 8)), ax=ax),
    "roc": lambda ax: plot.roc(metrics.roc_curve(LABELS == 1, SCORES[:, 1]), ax=ax),
    "reliability": lambda ax: plot.reliability(metrics.calibration(LABELS, SCORES), ax=ax),
}
each_picture = pytest.mark.parametrize("draw", DRAW.values(), ids=DRAW)


def lines_of(ax):
    """Every line by its label, of the axes and of those laid over them."""
    return {line.get_label(): line for axes in ax.figure.axes for line in axes.lines}


def words_in(ax):
    return [text.get_text() for text in ax.texts]


@each_picture
def test_draws_into_the_axes_given_and_hands_them_back(draw):
    left, right = Figure().subplots(1, 2)
    assert draw(right) is right
    assert right.get_title() and not left.get_title() and not left.has_data()


@each_picture
def test_makes_a_figure_of_its_own_that_can_be_written(draw):
    """A warning, such as a missing glyph or no room for the layout, is an error here."""
    ax = draw(None)
    assert ax.get_title()
    file = io.BytesIO()
    ax.figure.savefig(file, format="png")
    assert file.getvalue().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["learning_curve", "confusion_matrix", "roc", "reliability", "filters over inputs"])
def test_both_axes_are_named(name):
    ax = DRAW[name](None)
    assert ax.get_xlabel() and ax.get_ylabel()


def test_learning_curve_draws_every_number_and_tells_validation_by_its_dashes():
    ax = plot.learning_curve(HISTORY)
    lines = lines_of(ax)
    for name, values in HISTORY.items():
        assert lines[name].get_xdata().tolist() == [1, 2]
        assert list(lines[name].get_ydata()) == values
        assert lines[name].get_linestyle() == ("--" if name.startswith("val_") else "-")
    assert lines["loss"].axes is not lines["accuracy"].axes
    assert {text.get_text() for text in ax.get_legend().get_texts()} == set(HISTORY)


def test_learning_curve_takes_metrics_alone_and_one_epoch():
    ax = plot.learning_curve({"accuracy": [0.5]})
    assert ax.get_ylabel() == "accuracy" and len(ax.figure.axes) == 1


def test_confusion_matrix_writes_the_counts_where_they_belong():
    matrix = np.array([[5, 0, 1], [0, 0, 0], [2, 0, 7]])
    ax = plot.confusion_matrix(matrix, labels=["cat", "dog", "zebra"])
    written = {(int(text.get_position()[1]), int(text.get_position()[0])): int(text.get_text()) for text in ax.texts}
    assert written == {(i, j): matrix[i, j] for i, j in zip(*np.nonzero(matrix), strict=True)}
    assert [text.get_text() for text in ax.get_yticklabels()] == ["cat", "dog", "zebra"]
    assert ax.images[0].get_array()[0].tolist() == pytest.approx([5 / 6, 0, 1 / 6])
    assert ax.get_title() == "Confusion matrix: 12 of 15 right"


def test_the_wrong_predictions_are_framed_crossed_and_told():
    y_true, y_pred = np.array([3, 1, 2, 0]), np.array([3, 2, 2, 1])
    ax = plot.predictions(np.zeros((4, 8, 8, 1)), y_true, y_pred, [0.9, 0.456, 1.0, 0.7], columns=3)
    assert words_in(ax) == ["3 90%", "\N{BALLOT X} 2 46%\nis 1", "2 100%", "\N{BALLOT X} 1 70%\nis 0"]
    frames = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    assert [frame.get_xy() for frame in frames] == [(9.5, 0.5), (0.5, 12.5)]      # 8 wide, 1 apart, 3 for the caption
    assert ax.get_title().startswith("Predictions: 2 of 4 wrong")


def test_predictions_take_names_and_distributions():
    ax = plot.predictions(np.zeros((2, 8, 8, 3)), [0, 1], [1, 1], [[0.4, 0.6], [0.2, 0.8]], labels=["cat", "dog"])
    assert words_in(ax) == ["\N{BALLOT X} dog 60%\nis cat", "dog 80%"]


def test_every_tile_is_on_the_page():
    kernel = RNG.normal(size=(3, 2, 4, 5))
    ax = plot.filters(kernel)
    picture = ax.images[0].get_array().filled(np.nan)
    assert picture.shape == (1 + 4 * (3 + 1), 1 + 5 * (2 + 1))                    # rows are inputs, columns outputs
    assert (picture[1 + 2 * 4 : 4 + 2 * 4, 1 + 3 * 3 : 3 + 3 * 3] == kernel[:, :, 2, 3]).all()
    assert np.isnan(picture).sum() == picture.size - kernel.size
    lowest, highest = ax.images[0].get_clim()
    assert -lowest == highest == np.abs(kernel).max()
    maps = RNG.random((6, 7, 5))
    picture = plot.feature_maps(maps).images[0].get_array().filled(np.nan)
    assert (picture[1 + 7 : 7 + 7, 1 + 8 : 8 + 8] == maps[:, :, 4]).all()         # fifth of three columns


def test_roc_curves_share_axes_and_differ_in_more_than_colour():
    curve = metrics.roc_curve([0, 1, 1, 0], [0.1, 0.9, 0.4, 0.4])
    ax = plot.roc(curve, label="first")
    plot.roc(metrics.roc_curve([0, 1], [1, 0]), label="second", ax=ax)
    labels = ["chance: area 0.5", "first: area 0.875", "second: area 0.000"]
    assert [line.get_label() for line in ax.lines] == labels
    assert len({line.get_linestyle() for line in ax.lines}) == 3
    assert ax.lines[1].get_xdata().tolist() == curve.false_positive_rate.tolist()


def test_reliability_draws_the_bins_that_hold_something():
    ax = plot.reliability(metrics.calibration([0, 1, 1, 1], [0.2, 0.3, 0.9, 1.0], bins=4))
    model = lines_of(ax)["model"]
    assert model.get_xdata().tolist() == pytest.approx([0.2, 0.3, 0.95])
    assert model.get_ydata().tolist() == [0, 1, 1]
    assert [bar.get_height() for bar in ax.patches] == [0.25, 0.25, 0, 0.5]


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda: plot.learning_curve({}), "holds no epoch"),
        (lambda: plot.confusion_matrix(np.zeros((2, 3))), r"square matrix.*received \(2, 3\)"),
        (lambda: plot.confusion_matrix(np.eye(3), labels=["a"]), "1 labels for 3 classes"),
        (lambda: plot.predictions(np.zeros((3, 8, 8)), [1, 2], [1, 2]), r"\(3, 8, 8\), y_true \(2,\), y_pred \(2,\)"),
        (lambda: plot.predictions(np.zeros((3, 8, 8)), [1, 2, 3], SCORES[:3]), r"y_pred \(3, 4\)"),
        (lambda: plot.predictions(np.zeros((3, 8, 8, 2)), [1, 2, 3], [1, 2, 3]), r"\(3, 8, 8, 2\)"),
        (lambda: plot.predictions(np.zeros((0, 8, 8)), [], []), r"\(0, 8, 8\)"),
        (lambda: plot.predictions(np.zeros((2, 8, 8)), [0, 1], [0, 1], [0.5]), r"probabilities.*\(1,\)"),
        (lambda: plot.filters(np.zeros((3, 3, 4))), r"\(h, w, in, out\), received \(3, 3, 4\)"),
        (lambda: plot.feature_maps(np.zeros((1, 3, 3, 4))), r"\(h, w, channels\), received \(1, 3, 3, 4\)"),
    ],
)
def test_wrong_arrays_are_named(draw, words):
    with pytest.raises(ValueError, match=words):
        draw()


HEADLESS = """
import sys
from tinyfm import metrics, plot
assert not any(name.startswith("matplotlib") for name in sys.modules), "imported at import"
ax = plot.learning_curve({"loss": [2.0, 1.0]})
ax.figure.savefig(sys.argv[1])
import matplotlib
assert "matplotlib.pyplot" not in sys.modules
assert dict(matplotlib.rcParams) == dict(matplotlib.rcParamsOrig)
from matplotlib import pyplot
assert not pyplot.get_fignums()
matplotlib.use("agg")
assert plot.learning_curve({"loss": [2.0, 1.0]}).figure is pyplot.gcf() and len(pyplot.get_fignums()) == 1
"""


def test_needs_no_display_changes_nothing_global_and_joins_pyplot_where_it_is_used(tmp_path):
    command = [sys.executable, "-W", "error", "-c", HEADLESS, tmp_path / "curve.png"]
    ended = subprocess.run(command, capture_output=True, text=True, env={"PATH": "", "HOME": str(tmp_path)})
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "curve.png").stat().st_size > 5_000
