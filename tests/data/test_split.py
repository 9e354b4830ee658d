"""Splitting loses nothing, doubles nothing and keeps the classes' shares; batches pass every row once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyfm.data import Table, batches, kfold, train_test_split
from tinyfm.errors import ShapeError

seeds = st.integers(0, 2**32 - 1)


@given(n=st.integers(2, 60), data=st.data(), seed=seeds)
def test_a_split_is_a_partition_and_keeps_rows_together(n, data, seed):
    size = data.draw(st.integers(1, n - 1))
    rows = np.arange(n)
    train, test, x_train, x_test, list_train, list_test, table_train, table_test = train_test_split(
        rows, np.stack([rows, -rows], axis=1), rows.tolist(), Table({"row": rows}), test_size=size, seed=seed)
    assert len(test) == size and sorted([*train, *test]) == rows.tolist()
    assert x_train[:, 0].tolist() == (-x_train[:, 1]).tolist() == train.tolist() == list_train
    assert x_test[:, 0].tolist() == test.tolist() == list_test
    assert table_train["row"].tolist() == train.tolist() and table_test["row"].tolist() == test.tolist()


@given(counts=st.lists(st.integers(1, 30), min_size=2, max_size=5), data=st.data(), seed=seeds)
def test_a_stratified_split_keeps_every_share_to_within_one_row(counts, data, seed):
    labels = np.random.default_rng(seed).permutation(np.repeat([f"class {i}" for i in range(len(counts))], counts))
    n = len(labels)
    size = data.draw(st.integers(1, n - 1))
    train, test = train_test_split(labels, test_size=size, seed=seed, stratify=labels)
    assert len(train) + len(test) == n and len(test) == size
    for i, count in enumerate(counts):
        assert abs(np.sum(test == f"class {i}") - count * size / n) < 1


def test_the_seed_alone_decides():
    rows = np.arange(1000)
    first, again, other = (train_test_split(rows, seed=seed)[1].tolist() for seed in (0, 0, 1))
    assert first == again != other
    assert len(first) == 250
    assert train_test_split(rows, seed=np.random.default_rng(1))[1].tolist() == other


def test_every_row_is_as_likely_to_be_tested_on_and_in_any_company():
    chosen, companies = np.zeros(12), set()
    for seed in range(2000):
        test = train_test_split(np.arange(12), test_size=3, seed=seed, stratify=[0] * 10 + [1] * 2)[1]
        chosen[test] += 1
        companies.add(frozenset(test.tolist()))
    assert np.all(np.abs(chosen / 2000 - 0.25) < 0.05)     # 5 standard deviations
    assert len(companies) == 120 + 45 * 2                  # 3 of ten, or 2 of ten and 1 of two


@given(n=st.integers(2, 40), data=st.data(), seed=seeds)
def test_every_row_is_tested_on_exactly_once(n, data, seed):
    folds = data.draw(st.integers(2, n))
    labels = np.random.default_rng(seed).integers(0, 3, n)
    pairs = list(kfold(n, folds, seed=seed, stratify=labels))
    assert len(pairs) == folds
    assert sorted(np.concatenate([test for _, test in pairs])) == list(range(n))
    for train, test in pairs:
        assert sorted([*train, *test]) == list(range(n))
        assert n // folds <= len(test) <= -(-n // folds)
        for label in range(3):
            assert abs(np.sum(labels[test] == label) - np.sum(labels == label) / folds) < 1


@given(n=st.integers(0, 50), batch_size=st.integers(1, 60), seed=seeds)
def test_batches_pass_every_row_once(n, batch_size, seed):
    rows = np.arange(n)
    ordered = [rows[batch] for batch in batches(n, batch_size)]
    shuffled = [rows[batch] for batch in batches(n, batch_size, np.random.default_rng(seed))]
    assert [len(batch) for batch in ordered] == [len(batch) for batch in shuffled]
    assert all(len(batch) == batch_size for batch in ordered[:-1])
    assert np.concatenate([[], *ordered]).tolist() == rows.tolist()
    assert sorted(np.concatenate([[], *shuffled])) == rows.tolist()


def test_batches_shuffle_anew_each_time_and_copy_nothing_without_rng():
    rng = np.random.default_rng(0)
    first, second = (np.concatenate(list(batches(100, 10, rng))).tolist() for _ in range(2))
    assert first != second != list(range(100))
    x = np.arange(100)
    slices = list(batches(100, 30))
    assert all(np.shares_memory(x, x[batch]) for batch in slices)
    assert [batch.stop - batch.start for batch in slices] == [30, 30, 30, 10]


@pytest.mark.parametrize("call, error, message", [
    (lambda: train_test_split(np.arange(4), np.arange(5)), ShapeError, r"lengths \[4, 5\]"),
    (lambda: train_test_split(np.arange(4), test_size=0.01), ValueError, "0 of 4 rows"),
    (lambda: train_test_split(np.arange(4), test_size=4), ValueError, "4 of 4 rows"),
    (lambda: train_test_split(np.arange(1)), ValueError, "of 1 rows"),
    (lambda: train_test_split(np.arange(4), stratify=[0, 1]), ShapeError, r"\(4,\), received shape \(2,\)"),
    (lambda: list(kfold(3, 4)), ValueError, "2 to 3 folds"),
    (lambda: list(kfold(3, 1)), ValueError, "folds=1"),
    (lambda: list(batches(3, 0)), ValueError, "batch_size=0")])
def test_impossible_splits_say_why(call, error, message):
    with pytest.raises(error, match=message):
        call()
