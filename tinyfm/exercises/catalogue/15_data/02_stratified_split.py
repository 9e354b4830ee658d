"""A split that keeps the classes

Hold out a share of the examples for testing so that every class gives the same share of its own: of a class with n
examples, round(share * n) go to the test part.  Which ones is drawn.

    split(labels, share, rng)  ->  (train, test), two arrays of indices, each in ascending order

Go through the classes in ascending order; for each, shuffle its indices with rng.permutation(indices), and the FIRST
ones are the test part.   labels: (n,) whole numbers
"""
import numpy as np


def split(labels, share, rng):
    """(train, test): which examples go where; every example exactly once."""
    # BEGIN SOLUTION
    test = []
    for c in np.unique(labels):
        order = rng.permutation(np.flatnonzero(labels == c))
        test.extend(order[:round(share * len(order))])
    test = np.sort(np.array(test, int))
    return np.setdiff1d(np.arange(len(labels)), test), test
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import Wrong, check, play

minutes = 15
hints = [
    "One class at a time: np.flatnonzero(labels == c) are its indices.",
    "Shuffle them, take the first round(share * n) for the test part; what is in no test part is for training.",
    "for c in np.unique(labels):\n    order = rng.permutation(np.flatnonzero(...))\n    test.extend(order[:...])\n"
    "return np.setdiff1d(np.arange(...), test), np.sort(...)",
]
after = """
A class with ten examples may have none in a plain random test part, and then its error cannot be seen.  Draw the split
once, write the seed down, and look at the test part only at the end.
"""
compare = ["tinyfm.data.split:train_test_split"]


def drawn(module, labels, share, seed): return [np.asarray(a) for a in module.split(labels, share, np.random.default_rng(seed))]


@check
def every_example_once(student, rng):
    labels = rng.integers(0, 3, 20)
    train, test = student(drawn, labels, 0.3, 1)
    if not np.array_equal(np.sort(np.concatenate([train, test])), np.arange(20)):
        raise Wrong("not-once", f"train {train.tolist()} and test {test.tolist()} do not hold each of 0 to 19 once")


@check
def each_class_gives_its_share(student, rng):
    labels = np.repeat([0, 1, 2], [10, 20, 6])
    _, test = student(drawn, labels, 0.5, 2)
    counts = np.bincount(labels[test.astype(int)], minlength=3).tolist()
    if counts != [5, 10, 3]: raise Wrong("not-stratified", f"of 10, 20 and 6 examples {counts} are in the test part, not 5, 10, 3")


@check
def drawn_as_described(student, rng):
    play(student, drawn, solution, rng.integers(0, 4, 40), 0.25, 3)
    play(student, drawn, solution, np.repeat([7, 3], [9, 4]), 0.4, 4)


@check
def nothing_and_everything(student, rng):
    play(student, drawn, solution, np.array([0, 1, 0, 1]), 0.0, 5)
    play(student, drawn, solution, np.array([0, 1, 0, 1]), 1.0, 5)


mistakes = {
    "All classes in one draw: small ones may be missing": (
        "    for c in np.unique(labels):\n        order = rng.permutation(np.flatnonzero(labels == c))\n        test.extend(order[:round(share * len(order))])",
        "    order = rng.permutation(len(labels))\n    test.extend(order[:round(share * len(order))])"),
    "Nothing is drawn: always the first ones": ("rng.permutation(np.flatnonzero(labels == c))", "np.flatnonzero(labels == c)"),
    "The share goes to training": ("return np.setdiff1d(np.arange(len(labels)), test), test", "return test, np.setdiff1d(np.arange(len(labels)), test)"),
    "The test examples are in the training part as well: a leak": ("np.setdiff1d(np.arange(len(labels)), test), test", "np.arange(len(labels)), test"),
    "The last ones are taken": ("order[:round(share * len(order))]", "order[len(order) - round(share * len(order)):]"),
    "Rounded down": ("round(share * len(order))", "int(share * len(order))"),
    "The labels are returned, not the indices": ("test = np.sort(np.array(test, int))", "test = labels[np.array(test, int)]"),
    "The classes are visited in order of appearance": ("np.unique(labels)", "list(dict.fromkeys(labels.tolist()))"),
    "Not in ascending order": ("np.sort(np.array(test, int))", "np.array(test, int)"),
}
