"""What is proposed for a task fits its data and learns it."""
import re
from pathlib import Path

import numpy as np
import pytest

import tinyfm
from tinyfm import metrics
from tinyfm.data import digits, toy
from tinyfm.errors import SettingError
from tinyfm.models.choose import CHOICES, choose

ROOT = Path(__file__).parents[1]


def pictures():
    (x, y), (x_test, y_test) = digits.load_data(1500, 300)
    return x / 255, y, x_test / 255, y_test


def halves(x, y):
    n = len(x) // 2
    return x[:n], y[:n], x[n:], y[n:]


def two_moons(rng):
    x, y = toy.moons(1200, seed=rng)
    return halves(x, y[:, None])


def directions(rng):
    x = rng.normal(size=(1200, 2))
    return halves(x, (x > 0).astype(int))


def waves(rng):
    x = rng.uniform(-2, 2, (1200, 1))
    return halves(x, np.hstack([np.sin(2 * x), x**2 / 2]))


def bent_sheet(rng):
    """Twelve features, and only two numbers behind them."""
    x = np.tanh(rng.uniform(-1, 1, (1200, 2)) @ rng.normal(size=(2, 12)))
    return halves(x, x)


EXAMPLES = {                                     # task: data, outputs, epochs, (metric, least that it must reach)
    "image classification": (lambda rng: pictures(), 10, 4, (metrics.accuracy, 0.8)),
    "classification": (lambda rng: halves(*toy.spirals(1200, seed=rng)), 3, 60, (metrics.accuracy, 0.9)),
    "binary classification": (two_moons, 1, 30, (metrics.roc_auc, 0.95)),
    "multi-label classification": (directions, 2, 15, (metrics.binary_accuracy, 0.95)),
    "regression": (waves, 2, 60, (metrics.r2_score, 0.95)),
    "no labels": (bent_sheet, 12, 60, (metrics.r2_score, 0.95)),
}


def test_every_task_has_an_example():
    assert [choice.task for choice in CHOICES] == list(EXAMPLES)


@pytest.mark.slow
@pytest.mark.parametrize("task", EXAMPLES)
def test_what_is_proposed_learns(task):
    data, outputs, epochs, (metric, least) = EXAMPLES[task]
    x, y, x_test, y_test = data(np.random.default_rng(0))
    model = choose(task).model(outputs, seed=0)
    model.fit(x[..., None] if x.ndim == 3 else x, y, epochs=epochs, verbose=0)
    predicted = model.predict(x_test[..., None] if x.ndim == 3 else x_test)
    assert predicted.shape[-1] == outputs
    assert metric(*((y_test[:, 0], predicted[:, 0]) if outputs == 1 else (y_test, predicted))) > least


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: choice.task)
def test_every_choice_names_what_exists(choice):
    text = str(choice)
    written = choice.network.replace("outputs", "5").split(" - ")
    for words, layer in zip(written, choice.layers(5), strict=True):
        name, *settings = re.findall(r"\w+", words)
        config = str(list(layer.get_config().values()))                  # [32, (3, 3), ..., 'relu', ...]
        assert name == type(layer).__name__ and all(re.search(rf"\b{setting}\b", config) for setting in settings)
    assert choice.network in text and choice.loss in text
    for name in re.findall(r"\b(metrics|plot|data)((?:\.\w+)+)", choice.read):
        thing = __import__(f"tinyfm.{name[0]}", fromlist=["_"])
        for part in name[1].split(".")[1:]: thing = getattr(thing, part)
    for path in re.findall(r"\w+/[\w/]+\.py", choice.read):
        assert (ROOT / path).exists() or (ROOT / "tinyfm" / path).exists()


def test_the_readme_lists_the_tasks():
    listed = (ROOT / "README.md").read_text("utf-8")
    assert all(f"| {choice.task} |" in listed for choice in CHOICES)


def test_names_are_taken_as_people_write_them():
    assert tinyfm.choose("Image_Classification") is choose("image classification")
    with pytest.raises(SettingError, match=r"No task is called 'chess'.*regression"): choose("chess")
