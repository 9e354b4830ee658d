"""Precision, recall and F1 of each class

For class c

    precision   of those called c, the share that is c              TP / (TP + FP)
    recall      of those that are c, the share that was called c    TP / (TP + FN)
    F1          2 precision recall / (precision + recall)

A share of nothing (nobody is c, or nobody was called c) counts as 0.  Build the confusion matrix first: M[i, j] counts
the examples of class i that were called j.   y_true, y_pred: (n,) whole numbers from 0 to classes - 1
"""
import numpy as np


def per_class(y_true, y_pred, classes):
    """(M, precision, recall, f1): (classes, classes) whole numbers and three arrays (classes,)."""
    # BEGIN SOLUTION
    M = np.zeros((classes, classes), int)
    np.add.at(M, (y_true, y_pred), 1)
    right, called, are = np.diag(M), M.sum(axis=0), M.sum(axis=1)
    precision = right / np.maximum(called, 1)
    recall = right / np.maximum(are, 1)
    f1 = 2 * right / np.maximum(called + are, 1)
    return M, precision, recall, f1
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check
from tinyfm.metrics import classification

minutes = 15
requires = ["lookup"]
hints = [
    "The diagonal of M are the hits. What is a column's sum, what a row's?",
    "precision = diag / column sums, recall = diag / row sums, F1 = 2 diag / (column sums + row sums); 0 where it is 0 / 0.",
    "np.add.at(M, (..., ...), 1)\nright, called, are = np.diag(M), M.sum(axis=...), M.sum(axis=...)\n"
    "precision = right / np.maximum(called, 1)\n...",
]
after = """
With 99 % healthy people "healthy" for everyone is 99 % accurate, with recall 0 for the sick.  Which of precision and recall
matters depends on what a mistake costs; F1 is large only when both are.
"""
compare = ["tinyfm.metrics.classification:per_class"]


def ours(y_true, y_pred, classes):
    found = classification.per_class(y_true, y_pred, classes=classes)
    return classification.confusion_matrix(y_true, y_pred, classes=classes), found.precision, found.recall, found.f1


@check
def by_hand(student, rng):
    agree(student.per_class, ours, (np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 0]), 2))


@check
def several_classes(student, rng):
    agree(student.per_class, ours, *[(rng.integers(0, c, n), rng.integers(0, c, n), c) for c, n in ((3, 30), (5, 40))])


@check
def classes_that_never_come(student, rng):
    agree(student.per_class, ours, (np.array([0, 0, 2]), np.array([0, 1, 1]), 4), (np.array([1, 1]), np.array([0, 0]), 3))


@check
def all_right(student, rng): agree(student.per_class, ours, (np.arange(4), np.arange(4), 4))


equivalent = {"f1 = 2 * right / np.maximum(called + are, 1) -> f1 = 2 * right / np.maximum(called + are, 2)":
              "where the sum is 1 the hits are 0"}
mistakes = {
    "Precision and recall are exchanged": ("M.sum(axis=0), M.sum(axis=1)", "M.sum(axis=1), M.sum(axis=0)"),
    "Rows and columns of M are exchanged": ("(y_true, y_pred), 1)", "(y_pred, y_true), 1)"),
    "M[y_true, y_pred] += 1 counts repeated pairs once": ("np.add.at(M, (y_true, y_pred), 1)", "M[y_true, y_pred] += 1"),
    "F1 is the mean of precision and recall": ("2 * right / np.maximum(called + are, 1)", "(precision + recall) / 2"),
    "F1 without the 2": ("f1 = 2 * right", "f1 = right"),
    "F1 is the geometric mean": ("2 * right / np.maximum(called + are, 1)", "np.sqrt(precision * recall)"),
    "Precision is the accuracy of all": ("precision = right / np.maximum(called, 1)", "precision = right / max(len(y_true), 1)"),
    "0 / 0 becomes NaN": ("recall = right / np.maximum(are, 1)", "recall = right / np.where(are == 0, np.nan, are)"),
    "A class that never comes gets 1": ("recall = right / np.maximum(are, 1)", "recall = np.where(are == 0, 1.0, right / np.maximum(are, 1))"),
    "One is added to every count": ("recall = right / np.maximum(are, 1)", "recall = right / (are + 1)"),
}
