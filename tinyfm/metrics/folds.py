"""Cross-validation: every example is tested once, by a model that has not seen it."""

from collections.abc import Callable, Iterator

import numpy as np

from tinyfm.metrics.inputs import Floats, Labels


def k_fold(n: int, *, folds: int = 5, seed: int = 0) -> Iterator[tuple[Labels, Labels]]:
    """(train, test) indices of n shuffled examples; each is tested once, in folds of equal sizes or one apart."""
    if not 2 <= folds <= n:
        raise ValueError(f"folds must be between 2 and the number of examples, {n}; received {folds}")
    parts = np.array_split(np.random.default_rng(seed).permutation(n), folds)
    for i, test in enumerate(parts):
        yield np.concatenate([*parts[:i], *parts[i + 1 :]]), test


def cross_validate(
    evaluate: Callable[[Labels, Labels], float], n: int, *, folds: int = 5, seed: int = 0
) -> Floats:
    """The scores of `evaluate(train, test)`, (folds,), which fits a new model on some indices and tests it on others.

        cross_validate(lambda train, test: fit(x[train], y[train]).evaluate(x[test], y[test])[1], len(x))

    Whatever is fitted, preprocessing too, belongs inside `evaluate`, so that it sees the training part only.
    """
    return np.array([float(evaluate(train, test)) for train, test in k_fold(n, folds=folds, seed=seed)])
