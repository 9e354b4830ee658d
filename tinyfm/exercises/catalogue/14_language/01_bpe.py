"""Byte pair encoding: one merge

A tokenizer begins with single characters (here: numbers) and learns to join what often stands side by side.  Write the
two halves of one step:

    most_frequent(ids)          the pair of neighbours that occurs most often; among equals the smallest pair
    merge(ids, pair, new)       ids with every occurrence of the pair replaced by `new`, from left to right:
                                [1, 1, 1] with (1, 1) -> 9 becomes [9, 1]

ids is a list of at least two whole numbers.  Pairs may overlap when they are counted: [1, 1, 1] holds (1, 1) twice.
"""


def most_frequent(ids):
    """The most frequent pair, a tuple of two numbers."""
    # BEGIN SOLUTION
    counts = {}
    for pair in zip(ids, ids[1:]):
        counts[pair] = counts.get(pair, 0) + 1
    return min(counts, key=lambda pair: (-counts[pair], pair))
    # END SOLUTION


def merge(ids, pair, new):
    """A new list; `ids` stays as it is."""
    # BEGIN SOLUTION
    found, i = [], 0
    while i < len(ids):
        if tuple(ids[i:i + 2]) == tuple(pair):
            found.append(new)
            i += 2
        else:
            found.append(ids[i])
            i += 1
    return found
    # END SOLUTION


# CHECKS
from tinyfm.data.text.pairs import merged
from tinyfm.exercises.laws import agree, check

minutes = 20
hints = [
    "Neighbours: zip(ids, ids[1:]). To replace, walk with an index that jumps by 2 after a hit.",
    "Count pairs in a dict; min with the key (-count, pair). Merge: if ids[i], ids[i+1] is the pair, append new, i += 2.",
    "counts[pair] = counts.get(pair, 0) + 1\nreturn min(counts, key=lambda pair: (-..., ...))\n\n"
    "while i < len(ids):\n    if ...: found.append(new); i += 2\n    else: found.append(ids[i]); i += 1",
]
after = """
Repeat both until the vocabulary is full: frequent words become one token, rare ones stay in pieces, and nothing is ever
unknown.  To encode a new text the same merges are applied in the order in which they were learnt.
"""
compare = ["tinyfm.data.text.pairs:merged"]


def ours(ids, pair, new): return merged(list(ids), tuple(pair), new)


def text(rng, n, letters): return [int(i) for i in rng.integers(0, letters, n)]


def frequent(ids):
    pairs = list(zip(ids, ids[1:]))
    return sorted(set(pairs), key=lambda p: (-pairs.count(p), p))[0]


@check
def the_most_frequent_pair(student, rng):
    agree(student.most_frequent, frequent, ([1, 2, 3, 2, 3, 1, 2, 3],), ([5, 4],), ([7, 7, 7, 1, 2],))


@check
def ties_go_to_the_smallest(student, rng):
    agree(student.most_frequent, frequent, ([9, 8, 1, 2],), ([3, 1, 2, 5, 3, 1, 2],), ([2, 9, 2, 1],))


@check
def merging(student, rng):
    agree(student.merge, ours, ([1, 2, 3, 1, 2], (1, 2), 9), ([4, 5], (4, 5), 9), ([1, 3], (1, 2), 9), ([2, 1, 1, 2], (1, 2), 7))


@check
def overlaps_go_from_left_to_right(student, rng):
    agree(student.merge, ours, ([1, 1, 1], (1, 1), 9), ([1, 1, 1, 1], (1, 1), 9), ([2, 1, 1, 1, 1, 1, 2], (1, 1), 9))


@check(hidden=True)
def longer_texts(student, rng):
    for _ in range(4):
        ids = text(rng, 60, 4)
        agree(student.most_frequent, frequent, (ids,))
        agree(student.merge, ours, (ids, frequent(ids), 99))


equivalent = {"counts[pair] = counts.get(pair, 0) + 1 -> counts[pair] = counts.get(pair, 0) + 2": "twice all counts",
              "counts[pair] = counts.get(pair, 0) + 1 -> counts[pair] = counts.get(pair, 1) + 1": "all counts one more"}
mistakes = {
    "The second of the pair stays": ("found.append(new)\n            i += 2", "found.append(new)\n            i += 1"),
    "The last number is lost": ("while i < len(ids):", "while i < len(ids) - 1:"),
    "The new number is added behind the pair": ("found.append(new)", "found += [*pair, new]"),
    "Only the first occurrence is replaced": ("if tuple(ids[i:i + 2]) == tuple(pair):", "if tuple(ids[i:i + 2]) == tuple(pair) and new not in found:"),
    "The order of the pair does not matter here, and it should": ("tuple(ids[i:i + 2]) == tuple(pair)", "sorted(ids[i:i + 2]) == sorted(pair)"),
    "Among equals the largest pair": ("(-counts[pair], pair)", "(-counts[pair], -pair[0], -pair[1])"),
    "Among equals the first pair": ("key=lambda pair: (-counts[pair], pair)", "key=lambda pair: -counts[pair]"),
    "The rarest pair": ("-counts[pair]", "counts[pair]"),
    "Every second pair is counted": ("zip(ids, ids[1:])", "zip(ids[::2], ids[1::2])"),
}
