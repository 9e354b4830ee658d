"""Small data sets that need no download.  The same seed gives the same rows.

Points are float32 (n, 2), labels int64 (n,), classes as equal in number as they can be, rows in random order.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tinyfm.data.table import Table

Points = tuple[NDArray[np.float32], NDArray[np.int64]]
Seed: TypeAlias = "int | np.random.Generator"            # quoted: naming it would import numpy.random here


def moons(n: int = 200, *, noise: float = 0.1, seed: Seed = 0) -> Points:
    """Two half circles that reach into each other: (cos t, sin t) and (1 - cos t, 1/2 - sin t), t in [0, pi]."""
    rng, labels = _start(n, 2, seed)
    t = rng.uniform(0, np.pi, n)
    upper, lower = (np.cos(t), np.sin(t)), (1 - np.cos(t), 0.5 - np.sin(t))
    return _noisy(np.where(labels, lower, upper).T, labels, noise, rng)


def circles(n: int = 200, *, radius: float = 0.5, noise: float = 0.05, seed: Seed = 0) -> Points:
    """A circle of radius 1 (label 0) around one of the given radius (label 1)."""
    rng, labels = _start(n, 2, seed)
    t = rng.uniform(0, 2 * np.pi, n)
    return _noisy((np.where(labels, radius, 1.0) * [np.cos(t), np.sin(t)]).T, labels, noise, rng)


def spirals(n: int = 300, classes: int = 3, *, turns: float = 0.75, noise: float = 0.02, seed: Seed = 0) -> Points:
    """One arm per class: radius r in [0.05, 1], angle 2 pi (turns r + label / classes)."""
    rng, labels = _start(n, classes, seed)
    r = rng.uniform(0.05, 1, n)
    t = 2 * np.pi * (turns * r + labels / classes)
    return _noisy((r * [np.cos(t), np.sin(t)]).T, labels, noise, rng)


def blobs(n: int = 300, classes: int = 3, *, features: int = 2, spread: float = 0.5, seed: Seed = 0) -> Points:
    """Normal clouds of deviation `spread` around one centre per class, drawn from [-3, 3]: (n, features)."""
    rng, labels = _start(n, classes, seed)
    centres = rng.uniform(-3, 3, (classes, features))
    return _noisy(centres[labels], labels, spread, rng)


IRIS_FEATURES = ("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)")
IRIS_CLASSES = ("setosa", "versicolor", "virginica")
_IRIS_MEANS = np.array([[5.01, 3.42, 1.46, 0.24], [5.94, 2.77, 4.26, 1.33], [6.59, 2.97, 5.55, 2.03]])
_IRIS_COVARIANCES = np.array([
    [[.124, .100, .016, .011], [.100, .145, .012, .011], [.016, .012, .030, .006], [.011, .011, .006, .011]],
    [[.266, .085, .183, .056], [.085, .098, .083, .041], [.183, .083, .221, .073], [.056, .041, .073, .039]],
    [[.404, .094, .303, .049], [.094, .104, .071, .048], [.303, .071, .305, .049], [.049, .048, .049, .075]]])


def iris_like(n: int = 150, *, seed: Seed = 0) -> Points:
    """Synthetic flowers (n, 4), NOT Fisher's measurements: normal draws with the mean and covariance of each of his
    three species, rounded to millimetres as his are.

    IRIS_FEATURES names the columns, IRIS_CLASSES the labels.  Fisher 1936, The use of multiple measurements.
    """
    rng, labels = _start(n, 3, seed)
    roots = np.linalg.cholesky(_IRIS_COVARIANCES)          # (3, 4, 4)
    x = _IRIS_MEANS[labels] + np.einsum("nij,nj->ni", roots[labels], rng.standard_normal((n, 4)))
    return np.maximum(x.round(1), 0.1).astype(np.float32), labels


def flats(n: int = 600, *, missing: float = 0.06, duplicates: int = 20, seed: Seed = 0) -> Table:
    """Synthetic adverts of flats as a Table, made untidy on purpose: n adverts, the first ones once more at random
    places, and a share `missing` of gaps in every column except the label.

    area (m2), rooms, floor, distance (km to the centre), district, heating; label `let`: "yes" where the flat was let
    within a week.  The chance of that falls with area and distance and depends on district and heating.
    """
    rng = np.random.default_rng(seed)
    rooms = rng.integers(1, 6, n)
    columns: dict[str, Any] = {
        "area": (18 * rooms + rng.normal(12, 6, n)).clip(14).round(),
        "rooms": rooms,
        "floor": rng.integers(0, 8, n),
        "distance": rng.gamma(2.0, 2.0, n).round(1),
        "district": rng.choice(["harbour", "hill", "old town", "station"], n, p=[0.2, 0.25, 0.2, 0.35]),
        "heating": rng.choice(["electric", "gas", "heat pump"], n, p=[0.25, 0.5, 0.25])}
    score = (3.2 - 0.03 * columns["area"] - 0.35 * columns["distance"] + 1.2 * (columns["district"] == "old town")
             - 1.5 * (columns["heating"] == "electric"))
    let = np.where(rng.random(n) < 1 / (1 + np.exp(-2 * score)), "yes", "no")
    untidy = Table({name: _with_gaps(column, missing, rng) for name, column in columns.items()} | {"let": let})
    return untidy[rng.permutation(np.concatenate([np.arange(n), np.arange(min(duplicates, n))]))]


def _start(n: int, classes: int, seed: Seed) -> tuple[np.random.Generator, NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    return rng, rng.permutation(np.arange(n) % classes)


def _noisy(points: NDArray[np.float64], labels: NDArray[np.int64], noise: float, rng: np.random.Generator) -> Points:
    return (points + noise * rng.standard_normal(points.shape)).astype(np.float32), labels


def _with_gaps(column: NDArray[Any], share: float, rng: np.random.Generator) -> NDArray[Any]:
    return np.where(rng.random(len(column)) < share, "" if column.dtype.kind == "U" else np.nan, column)
