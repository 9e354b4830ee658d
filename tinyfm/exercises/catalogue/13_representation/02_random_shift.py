"""Augmentation: shift each picture a little

A digit one pixel further left is the same digit.  Move each picture of a batch by its own number of rows and columns,
and fill what comes in with 0; what leaves is lost (nothing comes in on the other side, as np.roll would have it).

    shift(x, down, right)    x: (batch, height, width)    down, right: (batch,) whole numbers from -k to k

Positive moves down or right, negative up or left.  A loop over the pictures is fine.  No step is larger than they are.
"""
import numpy as np


def shift(x, down, right):
    """A new batch, each picture moved by its own steps."""
    # BEGIN SOLUTION
    h, w = x.shape[1:]
    wide = np.pad(x, ((0, 0), (h, h), (w, w)))
    moved = [wide[i, h - d:2 * h - d, w - r:2 * w - r] for i, (d, r) in enumerate(zip(down, right))]
    return np.stack(moved)
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, normal

minutes = 15
hints = [
    "Think of each picture on a large sheet of zeros. Moving the picture down is cutting out a window further up.",
    "Pad by h rows and w columns on every side (np.pad); the window for (d, r) begins at row h - d and column w - r.",
    "wide = np.pad(x, ((0, 0), (h, h), (w, w)))\nmoved = [wide[i, h - d:..., w - r:...] for i, (d, r) in ...]\n"
    "return np.stack(moved)",
]
after = """
Each picture needs its own draw: if a whole batch moves the same way, the network sees ten batches, not a million pictures.
Augmentation is for training only; who shifts the test set measures something else.
"""
compare = ["tinyfm.data.augmentation:shift"]


def ours(x, down, right):
    y, (h, w) = np.zeros_like(x), x.shape[1:]
    for i, (d, r) in enumerate(zip(down, right)):
        y[i, max(d, 0):h + min(d, 0), max(r, 0):w + min(r, 0)] = x[i, max(-d, 0):h + min(-d, 0), max(-r, 0):w + min(-r, 0)]
    return y


def case(rng, n, h, w, k): return normal(rng, n, h, w), rng.integers(-k, k + 1, n), rng.integers(-k, k + 1, n)


@check
def down_and_right(student, rng):
    x = np.arange(1.0, 7.0).reshape(1, 2, 3)
    agree(student.shift, np.array([[[0.0, 0, 0], [0, 1, 2]]]), (x, np.array([1]), np.array([1])))


@check
def up_and_left(student, rng):
    x = np.arange(1.0, 7.0).reshape(1, 2, 3)
    agree(student.shift, np.array([[[5.0, 6, 0], [0, 0, 0]]]), (x, np.array([-1]), np.array([-1])))


@check
def every_picture_its_own_way(student, rng): agree(student.shift, ours, case(rng, 12, 5, 6, 2), case(rng, 6, 4, 4, 3))


@check
def nothing_and_everything(student, rng):
    agree(student.shift, ours, (normal(rng, 2, 3, 3), np.array([0, 0]), np.array([0, 0])))
    agree(student.shift, np.zeros((2, 3, 3)), (normal(rng, 2, 3, 3), np.array([3, -3]), np.array([0, 1])))


equivalent = {"wide = np.pad(x, ((0, 0), (h, h), (w, w))) -> wide = np.pad(x, ((0, 1), (h, h), (w, w)))":
              "one more picture, which nobody looks at"}
mistakes = {
    "What leaves on one side comes in on the other": ("np.pad(x, ((0, 0), (h, h), (w, w)))", 'np.pad(x, ((0, 0), (h, h), (w, w)), mode="wrap")'),
    "The edge is repeated, where 0 comes in": ("np.pad(x, ((0, 0), (h, h), (w, w)))", 'np.pad(x, ((0, 0), (h, h), (w, w)), mode="edge")'),
    "Up and down are exchanged": ("h - d:2 * h - d", "h + d:2 * h + d"),
    "Left and right are exchanged": ("w - r:2 * w - r", "w + r:2 * w + r"),
    "Rows and columns are exchanged": ("enumerate(zip(down, right))", "enumerate(zip(right, down))"),
    "All pictures move as the first one does": ("enumerate(zip(down, right))", "enumerate([(down[0], right[0])] * len(x))"),
    "The rows stay where they are": ("h - d:2 * h - d", "h:2 * h"),
    "The columns stay where they are": ("w - r:2 * w - r", "w:2 * w"),
    "Only the first picture is taken": ("wide[i,", "wide[0,"),
}
