"""Mini-batches

One epoch shows every example once, in random order, a few at a time.  Shuffle the NUMBERS of the examples, once, with
rng.permutation(n), and cut that list into pieces of batch_size; the last piece may be smaller.  x and y must stay
together: both are indexed with the same piece.

    minibatches(x, y, batch_size, rng)  ->  a list of pairs (x[piece], y[piece])
"""
import numpy as np


def minibatches(x, y, batch_size, rng):
    """All examples once, in random order, as a list of (x, y) batches."""
    # BEGIN SOLUTION
    order = rng.permutation(len(x))
    pieces = [order[i:i + batch_size] for i in range(0, len(x), batch_size)]
    return [(x[piece], y[piece]) for piece in pieces]
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import Wrong, check, normal, play, same

minutes = 10
hints = [
    "Shuffle indices, not the arrays: x[piece] takes those rows, y[piece] the labels that belong to them.",
    "order = rng.permutation(n); the pieces are order[0:b], order[b:2b], ...; slicing beyond the end is allowed.",
    "order = rng.permutation(len(x))\npieces = [order[i:i + ...] for i in range(0, ..., ...)]\n"
    "return [(x[piece], ...) for piece in pieces]",
]
after = """
Without shuffling, a batch of a sorted data set holds one class only, and each step undoes the last.  Dropping the small
last batch is common too, when an operation needs a fixed size; here every example counts.
"""
compare = ["tinyfm.train.loop:train_epoch"]


def batched(module, x, y, batch_size, seed):
    return [tuple(pair) for pair in module.minibatches(x, y, batch_size, np.random.default_rng(seed))]


def sizes(module, x, y, batch_size, seed):
    return [len(a) for a, _ in module.minibatches(x, y, batch_size, np.random.default_rng(seed))]


@check
def the_sizes_are_right(student, rng):
    play(student, sizes, [4, 4, 2], normal(rng, 10, 3), np.arange(10), 4, 1)
    play(student, sizes, [3, 3], normal(rng, 6, 3), np.arange(6), 3, 1)
    play(student, sizes, [5], normal(rng, 5, 3), np.arange(5), 8, 1)


@check
def every_example_once_with_its_label(student, rng):
    n = 11
    found = student(batched, np.arange(n) * 10.0, np.arange(n), 4, 2)
    xs, ys = (np.concatenate([pair[k] for pair in found]) for k in (0, 1))
    if not np.array_equal(xs, 10.0 * ys): raise Wrong("torn-apart", "examples and labels do not belong together",
                                                      "Index both with the same piece of one permutation.")
    if not np.array_equal(np.sort(ys), np.arange(n)):
        raise Wrong("not-once", f"of the examples 0 to {n - 1} these came: {np.sort(ys).tolist()}")


@check
def the_order_is_that_of_one_permutation(student, rng):
    play(student, batched, solution, normal(rng, 10, 2), np.arange(10), 4, 3)
    play(student, batched, solution, normal(rng, 7, 2, 2), np.arange(7.0), 1, 4)


mistakes = {
    "Nothing is shuffled": ("rng.permutation(len(x))", "np.arange(len(x))"),
    "x and y are shuffled separately, so labels belong to others":
        ("(x[piece], y[piece])", "(x[rng.permutation(len(x))[:len(piece)]], y[piece])"),
    "The last, smaller batch is lost": ("range(0, len(x), batch_size)", "range(0, len(x) - batch_size + 1, batch_size)"),
    "The pieces overlap": ("range(0, len(x), batch_size)", "range(0, len(x), 1)"),
    "Each piece is one too small": ("order[i:i + batch_size]", "order[i:i + batch_size - 1]"),
    "Every batch is drawn anew, so examples come twice or never": ("x[piece], y[piece]",
        "*[(x[k], y[k]) for k in [rng.integers(0, len(x), len(piece))]][0],"),
    "batch_size is taken for the number of batches": ("order[i:i + batch_size] for i in range(0, len(x), batch_size)",
                                                      "p for p in np.array_split(order, batch_size)"),
    "The labels are not shuffled": ("y[piece])", "y[np.sort(piece)])"),
}
