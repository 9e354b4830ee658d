"""The bank checks itself: wrong is what is called wrong, in the arguments named and in no other; right is right."""
import inspect

import numpy as np
import pytest

from . import KINDS, load

HALVES = {half: load(half) for half in ("held_out", "tuned")}
BUGS = [entry for half in HALVES.values() for entry in half]
RIGHT = load("correct")


def numeric_gradient(forward, g, inputs, k, step):
    """sum(g dforward/dinputs[k]), by central differences."""
    inputs = list(inputs)
    x = inputs[k] = inputs[k].copy()
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        at = x[i]
        x[i] = at + step
        above = np.array(forward(*inputs))
        x[i] = at - step
        gradient[i] = (g * (above - forward(*inputs))).sum() / (2 * step)
        x[i] = at
    return gradient


def agrees(given, true):
    given = np.asarray(given)
    if given.shape != true.shape or not np.isfinite(given).all():
        return False
    scale = max(np.abs(true).max(initial=0), np.abs(given).max(initial=0), 1e-3)
    return bool(np.abs(given - true).max(initial=0) <= 1e-8 * scale)


def wrong_arguments(pair, names, inputs, rng, step):
    """The arguments that one call gets wrong, or writes to; None if backward raises."""
    forward, backward, _ = pair
    kept = [value.copy() for value in inputs]
    out = np.array(forward(*inputs))
    g = np.asarray(rng.standard_normal(out.shape))
    upstream = g.copy()
    try:
        given = backward(upstream, *inputs)
    except ValueError:
        return None
    given = [np.array(d) if d is not None else None for d in (given if isinstance(given, tuple) else (given,))]
    assert len(given) == len(inputs)
    wrong = {name for name, a, b in zip(["g", *names], [g, *kept], [upstream, *inputs], strict=True) if (a != b).any()}
    for k, (name, d) in enumerate(zip(names, given, strict=True)):
        assert (d is None) == (kept[k].dtype.kind != "f"), f"{name}: None is for integers and booleans"
        if d is not None and not agrees(d, numeric_gradient(forward, g, kept, k, step)):
            wrong.add(name)
    return wrong


def all_wrong_arguments(entry, step=6e-6):
    """Over two calls of the same pair, so that a value kept from the first is found in the second."""
    pair, rng = entry.make(), np.random.default_rng(4)
    names = list(inspect.signature(pair[1]).parameters)[1:]
    calls = [wrong_arguments(pair, names, pair[2](rng), rng, step) for _ in range(2)]
    return None if None in calls else set.union(*calls)


@pytest.mark.parametrize("entry", BUGS, ids=lambda entry: entry.name)
def test_wrong_where_it_says_so_and_nowhere_else(entry):
    wrong = all_wrong_arguments(entry)
    if wrong is None:
        assert len(entry.expected) == 1               # it raises: one culprit
    else:
        assert wrong == set(entry.expected)


@pytest.mark.parametrize("entry", RIGHT, ids=lambda entry: entry.name)
def test_right_pairs_are_right(entry):
    assert all_wrong_arguments(entry, entry.step) == set()


@pytest.mark.parametrize("half", HALVES)
def test_each_half_is_large_and_has_every_kind(half):
    expected = [expected for entry in HALVES[half] for expected in entry.expected.values()]
    kinds = [e.kind for e in expected]
    assert len(HALVES[half]) >= 120
    assert len({entry.of for entry in HALVES[half]}) >= 32
    assert set(kinds) == set(KINDS)
    assert sum(e.kind == "unknown" and not e.also for e in expected) <= 0.08 * len(expected)
    assert sum(len(entry.expected) > 1 for entry in HALVES[half]) >= 10


def test_entries_are_well_formed():
    names = [entry.name for entry in BUGS]
    assert len(set(names)) == len(names) and len({entry.name for entry in RIGHT}) == len(RIGHT) >= 120
    for entry in BUGS:
        assert entry.note and entry.expected
        for expected in entry.expected.values():
            assert {expected.kind} | expected.also <= set(KINDS)
            assert expected.kind not in expected.also and "unknown" not in expected.also


def test_every_op_has_a_right_pair_with_the_same_arguments():
    def arguments(entry):
        return tuple(inspect.signature(entry.make()[1]).parameters)
    right = {(entry.of, arguments(entry)) for entry in RIGHT}
    assert {(entry.of, arguments(entry)) for entry in BUGS} <= right


def test_forward_and_backward_name_their_arguments_alike():
    for entry in BUGS + RIGHT:
        forward, backward, _ = entry.make()
        if inspect.isfunction(forward) and forward.__module__.startswith(__package__):
            assert list(inspect.signature(forward).parameters) == list(inspect.signature(backward).parameters)[1:]


def test_the_halves_share_no_entry():
    def body(entry):
        return entry.of, "".join(inspect.getsource(entry.make).split("():", 1)[1].split())
    assert not {body(entry) for entry in HALVES["held_out"]} & {body(entry) for entry in HALVES["tuned"]}
