"""A sample lies in its space; what lies outside is refused by name; same seed, same samples."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyfm.rl import Box, Discrete

BOXES = [Box(-1, 1, (3,)), Box([0, -np.inf], [np.inf, np.inf]), Box(-np.inf, [1.0, 2.0]), Box(0, 255, (2, 3), np.uint8)]


@given(st.integers(1, 50), st.integers(-9, 9), st.integers(0, 9))
def test_a_sample_of_discrete_lies_in_it(n, start, seed):
    space = Discrete(n, start, seed)
    samples = [space.sample() for _ in range(20)]
    assert all(s in space and space.one(s) == s for s in samples)
    assert start - 1 not in space and start + n not in space


@pytest.mark.parametrize("space", BOXES, ids=str)
def test_a_sample_of_a_box_lies_in_it_in_its_dtype(space):
    for _ in range(50):
        x = space.sample()
        assert x in space and x.dtype == space.dtype and x.shape == space.shape


@pytest.mark.parametrize("space", [Discrete(1000), *BOXES], ids=str)
def test_the_same_seed_gives_the_same_samples_and_another_gives_others(space):
    def draw(seed):
        space.seed(seed)
        return np.array([space.sample() for _ in range(5)])
    assert np.array_equal(draw(1), draw(1))
    assert not np.array_equal(draw(1), draw(2))


def test_many_agrees_with_one():
    assert Discrete(4).many([0, 3, 2], 3).tolist() == [Discrete(4).one(a) for a in (0, 3, 2)]
    box = Box(-2, 2, (2,))
    actions = np.array([[0.5, -9.0], [1.0, 2.0], [9.0, 0.0]])
    assert box.many(actions, 3).T.tolist() == [list(box.one(a)) for a in actions]


def test_a_box_clips_and_refuses_nan_and_other_shapes():
    box = Box(-2, 2, (1,))
    assert box.one([5.0]) == (2.0,)
    with pytest.raises(ValueError, match="NaN"):
        box.one([np.nan])
    with pytest.raises(ValueError, match="shape"):
        box.one([1.0, 2.0])
    with pytest.raises(ValueError, match="low must not exceed high"):
        Box(1, 0)


@pytest.mark.parametrize("action", [4, -1, 10**30, np.int64(7)])
def test_an_action_out_of_range_is_named(action):
    with pytest.raises(ValueError, match=f"Action {action} is out of range: expected one of 0 to 3"):
        Discrete(4).one(action)


@pytest.mark.parametrize("action", [1.0, "1", None, [1], np.array([1])])
def test_an_action_that_is_no_whole_number_is_a_type_error(action):
    with pytest.raises(TypeError, match="whole number"):
        Discrete(4).one(action)


def test_many_names_the_copy_whose_action_is_wrong():
    with pytest.raises(ValueError, match="Action 4 of copy 1 is out of range"):
        Discrete(4).many([0, 4, 5], 3)
    with pytest.raises(ValueError, match=r"shape \(3,\); received shape \(2,\)"):
        Discrete(4).many([0, 1], 3)
    with pytest.raises(TypeError, match="float64"):
        Discrete(4).many([0.0, 1.0], 2)


def test_spaces_are_equal_when_they_hold_the_same():
    assert Discrete(3) == Discrete(3) != Discrete(4)
    assert Discrete(3) != Discrete(3, start=1)
    assert Box(0, 1, (2,)) == Box([0, 0], [1, 1]) != Box(0, 2, (2,))
    assert "3" in repr(Discrete(3)) and "start=1" in repr(Discrete(3, 1))
    with pytest.raises(ValueError, match="at least 1"):
        Discrete(0)
