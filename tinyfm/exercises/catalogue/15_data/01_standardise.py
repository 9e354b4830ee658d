"""Standardise without looking at the test data

Each feature is shifted and scaled to mean 0 and standard deviation 1.  The mean and the deviation are part of what is
LEARNT: they come from the training data alone, and are then applied to everything.  A feature that is constant in the
training data has deviation 0: leave its scale alone (divide by 1).

Return both parts.    train: (n, features)   test: (m, features), perhaps a single row
"""
import numpy as np


def standardise(train, test):
    """(train, test), both with the mean and deviation of train."""
    # BEGIN SOLUTION
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    deviation = np.where(deviation == 0, 1.0, deviation)
    return (train - mean) / deviation, (test - mean) / deviation
    # END SOLUTION


# CHECKS
from tinyfm.data.preprocess import StandardScaler
from tinyfm.exercises.laws import agree, check, normal

minutes = 10
hints = [
    "What would you know about a single new example when it arrives? Only what you learnt before.",
    "mean and std of train over axis 0; (x - mean) / std for train and for test with the same two.",
    "mean, deviation = train.mean(axis=...), train.std(axis=...)\ndeviation = np.where(deviation == 0, ..., deviation)\n"
    "return (train - mean) / ..., (test - mean) / ...",
]
after = """
With statistics from train and test together the test result looks a little better than the truth: information has leaked.
Filling gaps, choosing features, balancing classes leak the same way.  Whatever is fitted is fitted on the training part.
"""
compare = ["tinyfm.data.preprocess:StandardScaler"]


def ours(train, test):
    scaler = StandardScaler().fit(train)
    return scaler.transform(train), scaler.transform(test)


def case(rng, n, m, features): return 3 * normal(rng, n, features) + 5, 3 * normal(rng, m, features) + 7


@check
def the_training_part(student, rng):
    train, _ = case(rng, 8, 1, 3)
    agree(student.standardise, ours, (train, train), case(rng, 5, 5, 5))


@check
def the_test_part_uses_the_same_numbers(student, rng): agree(student.standardise, ours, case(rng, 8, 5, 3))


@check
def a_single_test_row(student, rng): agree(student.standardise, ours, case(rng, 6, 1, 4))


@check
def constant_features(student, rng):
    train, test = case(rng, 6, 3, 3)
    train[:, 1] = 4.0
    agree(student.standardise, ours, (train, test))


mistakes = {
    "The test data has its own mean and deviation": ("(test - mean) / deviation", "(test - test.mean(axis=0)) / np.where(test.std(axis=0) == 0, 1.0, test.std(axis=0))"),
    "Mean and deviation come from both parts together: a leak": ("mean, deviation = train.mean(axis=0), train.std(axis=0)",
        "both = np.concatenate([train, test]); mean, deviation = both.mean(axis=0), both.std(axis=0)"),
    "The test data is left as it is": ("(test - mean) / deviation", "test"),
    "Each row is standardised, not each feature": ("mean, deviation = train.mean(axis=0), train.std(axis=0)",
        "mean, deviation = train.mean(), train.std()"),
    "Divided by the variance": ("train.std(axis=0)", "train.var(axis=0)"),
    "A constant feature is divided by 0": ("np.where(deviation == 0, 1.0, deviation)", "deviation"),
    "A small number is added to every deviation": ("np.where(deviation == 0, 1.0, deviation)", "deviation + 1e-3"),
    "The mean is not subtracted": ("(train - mean) / deviation, (test - mean) / deviation", "train / deviation, test / deviation"),
    "The deviation of a sample, with n - 1": ("train.std(axis=0)", "train.std(axis=0, ddof=1)"),
    "The mean of the test data, the deviation of the training data": ("(test - mean) / deviation", "(test - test.mean(axis=0)) / deviation"),
}
