"""Mazes are always solvable, breadth-first search is optimal, and what is no maze is refused by name."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyfm import rl
from tinyfm.rl.environments.maze_generators import GENERATORS, depth_first, loops, prim

sizes = st.tuples(st.integers(1, 9), st.integers(1, 9)).filter(lambda size: size[0] * size[1] > 1)
each_generator = pytest.mark.parametrize("generator", GENERATORS)


@each_generator
@given(size=sizes, seed=st.integers(0, 10**6))
def test_every_room_of_a_random_maze_is_reached(generator, size, seed):
    env = rl.Maze.random(*size, generator=generator, seed=seed)
    assert env.shape == (2 * size[0] + 1, 2 * size[1] + 1)
    assert (env.distance[1::2, 1::2] >= 0).all() and env.walls[[0, -1]].all() and env.walls[:, [0, -1]].all()


@pytest.mark.parametrize("carve", [depth_first, prim])
@given(size=sizes, seed=st.integers(0, 10**6))
def test_a_perfect_maze_is_a_tree(carve, size, seed):
    walls = carve(*size, np.random.default_rng(seed))
    rooms, opened = size[0] * size[1], int((~walls).sum()) - size[0] * size[1]
    assert opened == rooms - 1


def test_loops_open_the_share_of_walls_that_was_asked_for():
    def opened(share):
        return int((~loops(30, 30, np.random.default_rng(0), share)).sum()) - 900
    assert opened(0) == 899 and opened(1) == 2 * 30 * 29
    assert opened(0.5) == pytest.approx((899 + 1740) / 2, rel=0.05)
    with pytest.raises(ValueError, match="between 0 and 1"):
        opened(1.5)


@each_generator
def test_the_same_seed_gives_the_same_maze_and_another_another(generator):
    draw = lambda seed: rl.Maze.random(8, 8, generator=generator, seed=seed).text()
    assert draw(1) == draw(1) != draw(2)


@given(size=sizes, seed=st.integers(0, 10**6), generator=st.sampled_from(sorted(GENERATORS)))
def test_breadth_first_distance_is_the_optimal_value(size, seed, generator):
    env = rl.Maze.random(*size, generator=generator, seed=seed)
    V = rl.value_iteration(env.outcomes, env.R, 1.0).V.reshape(env.shape)
    assert np.array_equal(-V[~env.walls], env.distance[~env.walls])


@given(size=sizes, seed=st.integers(0, 10**6))
def test_the_shortest_path_can_be_walked(size, seed):
    env = rl.Maze.random(*size, generator="loops", seed=seed)
    path = env.shortest_path()
    assert len(path) - 1 == env.distance[1, 1] and len(set(path)) == len(path)
    env.reset()
    for s, s2 in pairwise(path):
        action = env.next_state[s].tolist().index(s2)
        obs, reward, terminated, _, _ = env.step(action)
        assert obs == s2 and reward == -1 and terminated == (s2 == path[-1])


def test_text_array_and_file_give_the_same_maze(tmp_path):
    text = "S #\n  #\n# G\n"
    walls = np.array([[0, 0, 1], [0, 0, 1], [1, 0, 0]])
    (tmp_path / "maze.txt").write_text(text)
    mazes = [rl.Maze(text), rl.Maze(walls, start=(0, 0), goal=(2, 2)), rl.Maze.load(tmp_path / "maze.txt"),
             rl.Maze(np.array([list("S.#"), list("..#"), list("#.G")]))]
    assert len({m.text() for m in mazes}) == 1 and all(m.distance[0, 0] == 4 for m in mazes)
    again = rl.Maze(mazes[0].text())
    assert again.text() == mazes[0].text()


def test_walls_and_borders_hold_the_walker():
    env = rl.Maze("S#\n G")
    env.reset()
    assert [env.step(a)[0] for a in (0, 1, 3, 2)] == [0, 0, 0, 2]


def test_rewards_can_be_chosen():
    env = rl.DynaMaze()
    path = env.shortest_path()
    assert len(path) == 15 and env.R.sum() == 1 and env.R[17].argmax() == 0        # one way in: up, from (1, 8)


@pytest.mark.parametrize(("maze", "settings", "message"), [
    ("S#G", {}, r"no way leads from the start \(0, 0\) to the goal \(0, 2\): only 1 of 2"),
    ("", {}, "empty"),
    ("\n\n", {}, "empty"),
    ("S X G", {}, r"row 0, column 2 holds 'X'"),
    ("S  ", {}, "exactly one 'G'"),
    ("SSG", {}, r"exactly one 'S' \(start\), found 2"),
    (np.zeros(3), {}, r"two axes, received shape \(3,\)"),
    (np.zeros((0, 3)), {}, "two axes"),
    (np.zeros((2, 2)), {}, "exactly one 'S'"),
    (np.zeros((2, 2)), {"start": (0, 0), "goal": (0, 0)}, "same square"),
    (np.zeros((2, 2)), {"start": (0, 0), "goal": (2, 0)}, "outside the grid of 2 x 2"),
    (np.eye(2), {"start": (0, 0), "goal": (0, 1)}, r"start \(0, 0\) is a wall"),
    ("S" + " " * 1001 + "G\n" + "\n" * 1000 + " ", {}, "at most 1,000,000"),
    (np.zeros((1001, 1001)), {"start": (0, 0), "goal": (0, 1)}, "at most 1,000,000"),
])
def test_what_is_no_maze_is_refused(maze, settings, message):
    with pytest.raises(ValueError, match=message):
        rl.Maze(maze, **settings)


def test_a_bad_file_is_named(tmp_path):
    (tmp_path / "bad.txt").write_text("S#G")
    with pytest.raises(ValueError, match=r"bad\.txt: Maze: no way"):
        rl.Maze.load(tmp_path / "bad.txt")
    (tmp_path / "huge.txt").write_bytes(b" " * 4_000_001)
    with pytest.raises(ValueError, match="at most 1,000,000 squares"):
        rl.Maze.load(tmp_path / "huge.txt")
    (tmp_path / "binary.txt").write_bytes(bytes(range(256)))
    with pytest.raises(ValueError, match=r"binary\.txt"):
        rl.Maze.load(tmp_path / "binary.txt")


def test_unknown_generator_and_impossible_size():
    with pytest.raises(ValueError, match="depth_first, prim, loops"):
        rl.Maze.random(3, 3, generator="kruskal")
    with pytest.raises(ValueError, match="at least two rooms"):
        rl.Maze.random(1, 1)
    assert len(rl.Maze.random(1, 2, seed=0).shortest_path()) == 3


def test_text_marks_the_agent_and_a_path():
    env = rl.Maze("S  \n## \nG  ")
    assert env.text(path=env.shortest_path()) == "Soo\n##o\nGoo"
    env.reset()
    env.step(1)
    assert env.text() == "S@ \n## \nG  "
