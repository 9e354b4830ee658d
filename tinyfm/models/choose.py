"""From a task to a network, its loss, and a recipe to read.

    choice = tinyfm.choose("regression")
    print(choice)
    model = choice.model(outputs=1)
    model.fit(x, y, epochs=20)

What a network ends in and what it is told to make small follow from what the targets are; this is the table of it.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tinyfm.errors import SettingError, spell
from tinyfm.nn import Conv2D, Dense, Flatten, Layer, MaxPooling2D, Sequential


@dataclass(frozen=True)
class Choice:
    """A network for a task; print it to see why."""

    task: str
    data: str                                    # the shapes of what goes in and of what is wanted
    network: str
    layers: Callable[[int], Sequence[Layer]]
    loss: str
    metrics: Sequence[str]
    why: str
    read: str                                    # a whole recipe, and what shows whether it worked

    def model(self, outputs: int, seed: int | None = None) -> Sequential:
        """The network, compiled with Adam.  outputs: how many classes, labels or numbers."""
        model = Sequential(self.layers(outputs), seed=seed)
        model.compile(optimizer="adam", loss=self.loss, metrics=self.metrics)
        return model

    def __str__(self) -> str:
        names = ("task", "data", "network", "loss", "metrics", "why", "read")
        texts = {**vars(self), "metrics": ", ".join(self.metrics)}
        return "\n".join(f"{name:8} {texts[name]}" for name in names)


def choose(task: str) -> Choice:
    """What to take for a task.  Raises SettingError that lists the tasks."""
    for choice in CHOICES:
        if choice.task == task.lower().replace("_", " "): return choice
    raise SettingError(f"No task is called {spell(task)}; there are {', '.join(choice.task for choice in CHOICES)}.")


def images(outputs: int) -> Sequence[Layer]:
    return [Conv2D(32, 3, activation="relu"), MaxPooling2D(2), Flatten(), Dense(128, activation="relu"),
            Dense(outputs, activation="softmax")]


def features(end: str | None) -> Callable[[int], Sequence[Layer]]:
    return lambda outputs: [Dense(64, activation="relu"), Dense(64, activation="relu"), Dense(outputs, activation=end)]


def bottleneck(outputs: int) -> Sequence[Layer]:
    return [Dense(64, activation="relu"), Dense(8), Dense(64, activation="relu"), Dense(outputs)]


CHOICES = [
    Choice("image classification", "x (n, height, width, channels) from 0 to 1, y (n,) integers",
           "Conv2D(32, 3, relu) - MaxPooling2D(2) - Flatten - Dense(128, relu) - Dense(outputs, softmax)", images,
           "sparse_categorical_crossentropy", ["accuracy"],
           "a pattern means the same wherever it stands: a convolution looks for it everywhere with the same weights",
           "models/digits.py, tinyfm train digits; metrics.confusion_matrix, plot.predictions"),
    Choice("classification", "x (n, features) scaled, y (n,) integers",
           "Dense(64, relu) - Dense(64, relu) - Dense(outputs, softmax)", features("softmax"),
           "sparse_categorical_crossentropy", ["accuracy"],
           "classes exclude each other: softmax shares a probability of 1 among them",
           "benchmarks/adult_census.py, data.TableTransformer; metrics.report, metrics.cross_validate"),
    Choice("binary classification", "x (n, features) scaled, y (n, 1) of 0 and 1",
           "Dense(64, relu) - Dense(64, relu) - Dense(outputs, sigmoid)", features("sigmoid"),
           "binary_crossentropy", ["accuracy"],
           "yes or no needs one probability; where one of them is rare, look at more than accuracy",
           "data.toy.moons; metrics.roc_auc, plot.roc, class_weight of fit"),
    Choice("multi-label classification", "x (n, features) scaled, y (n, labels) of 0 and 1",
           "Dense(64, relu) - Dense(64, relu) - Dense(outputs, sigmoid)", features("sigmoid"),
           "binary_crossentropy", ["binary_accuracy"],
           "labels do not exclude each other: every one has a probability of its own",
           "metrics.binary_accuracy, metrics.calibration of each label"),
    Choice("regression", "x (n, features) scaled, y (n, numbers), scaled as well",
           "Dense(64, relu) - Dense(64, relu) - Dense(outputs)", features(None),
           "mean_squared_error", ["mean_absolute_error"],
           "a number may be anything, so nothing bounds the output; the squared error asks for the mean",
           "data.StandardScaler and its inverse_transform; metrics.r2_score"),
    Choice("no labels", "x (n, features) scaled, y the same x",
           "Dense(64, relu) - Dense(8) - Dense(64, relu) - Dense(outputs)", bottleneck,
           "mean_squared_error", ["mean_absolute_error"],
           "what passes through the narrow layer is what the examples have in common; a few labels may then be enough",
           "models/autoencoder.py, models/denoising.py, models/simclr.py; metrics.probe, plot.contact_sheet"),
]
