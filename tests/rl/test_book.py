"""Sutton & Barto's printed figures. `python benchmarks/rl.py --book` prints the same rows beside the book's."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from tinyfm import rl


def load_benchmark():
    specification = importlib.util.spec_from_file_location(
        "benchmarks_rl", Path(__file__).parents[2] / "benchmarks" / "rl.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


book = load_benchmark()


def test_example_3_5_all_fifty_values():
    """Figures 3.2 and 3.5 of the book to their one decimal, the outer rows to two."""
    env = rl.JumpGridworld()
    even = [[3.3, 8.8, 4.4, 5.3, 1.5], [1.5, 3.0, 2.3, 1.9, 0.5], [0.1, 0.7, 0.7, 0.4, -0.4],
            [-1.0, -0.4, -0.4, -0.6, -1.2], [-1.9, -1.3, -1.2, -1.4, -2.0]]
    best = [[22.0, 24.4, 22.0, 19.4, 17.5], [19.8, 22.0, 19.8, 17.8, 16.0], [17.8, 19.8, 17.8, 16.0, 14.4],
            [16.0, 17.8, 16.0, 14.4, 13.0], [14.4, 16.0, 14.4, 13.0, 11.7]]
    assert np.array_equal(rl.solve_policy(env.P, env.R, 0.9, np.full((25, 4), 0.25)).V.reshape(5, 5).round(1), even)
    assert np.array_equal(rl.value_iteration(env.P, env.R, 0.9).V.reshape(5, 5).round(1), best)
    for what, figure, ours in book.example_3_5():
        assert round(ours, 2) == figure, what


def test_example_3_5_optimal_policy():
    env = rl.JumpGridworld()
    best = rl.optimal_actions(rl.value_iteration(env.P, env.R, 0.9).Q)
    shown = ["".join(arrow for arrow, good in zip("^>v<", row, strict=True) if good) for row in best]
    assert shown == [">", "^>v<", "<", "^>v<", "<", "^>", "^", "^<", "<", "<",
                     *["^>", "^", "^<", "^<", "^<"] * 3]


def test_example_4_1_is_exact_and_its_greedy_policy_optimal():
    for what, figure, ours in book.example_4_1():
        assert ours == pytest.approx(figure, abs=5e-4 if "v_10" in what else 1e-8), what
    env = rl.CornerGridworld()
    even = rl.evaluate_policy(env.P, env.R, 1.0, np.full((16, 4), 0.25))
    best = rl.value_iteration(env.P, env.R, 1.0)
    assert best.V.reshape(4, 4).tolist() == [[0, -1, -2, -3], [-1, -2, -3, -2], [-2, -3, -2, -1], [-3, -2, -1, 0]]
    assert np.array_equal(rl.optimal_actions(even.Q)[1:15] & ~rl.optimal_actions(best.Q)[1:15], np.zeros((14, 4), bool))


def test_example_4_3_is_exact():
    for what, figure, ours in book.example_4_3():
        assert ours == pytest.approx(figure, abs=1e-12), what
    env = rl.Gambler()
    stakes = rl.value_iteration(env.outcomes, env.R, 1.0, tolerance=1e-15).policy + 1
    assert stakes[50] == 50 and stakes[25] == 25 and stakes[75] == 25 and stakes[51] == 1      # Figure 4.3


def test_figure_5_2_and_example_5_4_exactly():
    env = rl.Blackjack()
    best = rl.value_iteration(env.outcomes, env.R, 1.0).policy[:360].reshape(2, 18, 10)        # ace, total, dealer
    hard = [21 - int(column[::-1].argmax()) + 1 for column in best[0].T]                       # where sticking begins
    soft = [21 - int(column[::-1].argmax()) + 1 for column in best[1].T]
    assert hard == [17, 13, 13, 12, 12, 12, 17, 17, 17, 17] and soft == [19, 18, 18, 18, 18, 18, 18, 18, 19, 19]
    exact = next(book.example_5_4(episodes=1))
    assert exact[2] == pytest.approx(exact[1], abs=3e-4)       # the book's own estimate has a deviation of 1e-4


def test_example_6_5_optimal_lengths():
    for what, figure, ours in book.example_6_5():
        assert ours == figure, what
    for kings, steps in [(False, 15), (True, 7)]:
        env = rl.WindyGridworld(kings_moves=kings)
        assert rl.value_iteration(env.outcomes, env.R, 1.0).V[30] == -steps


def test_example_13_1_value_of_the_best_blind_policy():
    env = rl.ShortCorridor()
    p = np.linspace(0.5, 0.7, 2001)
    values = [rl.solve_policy(env.P, env.R, 1.0, np.tile([1 - x, x], (4, 1))).V[0] for x in p]
    assert p[np.argmax(values)] == pytest.approx(2 - np.sqrt(2), abs=1e-4)
    assert max(values) == pytest.approx(-11.657, abs=1e-3)


def test_q_learning_with_softmax_solves_mazes_without_the_map():
    for seed, generator in enumerate(["depth_first", "prim", "loops"]):
        assert book.learn_maze(seed, generator, rooms=7)[0]


@pytest.mark.slow
def test_example_6_2_within_five_percent():
    for what, figure, ours in book.example_6_2(runs=500):
        assert ours == pytest.approx(figure, rel=0.05), what


@pytest.mark.slow
def test_example_6_6_online_and_greedy_returns():
    for what, figure, ours in book.example_6_6(runs=40):
        assert ours == pytest.approx(figure, rel=0.05 if "online" in what else 0), what


@pytest.mark.slow
def test_example_8_1_planning_saves_episodes():
    rows = [ours for _, _, ours in book.example_8_1()]
    assert rows[0] == 14 and rows[3] <= 4 and rows[3] <= rows[2] < rows[1] / 2


@pytest.mark.slow
def test_example_13_1_reinforce_finds_the_probability():
    rows = list(book.example_13_1(runs=12))
    assert rows[0][2] == pytest.approx(0.5858, abs=0.02) and rows[1][2] == pytest.approx(-11.657, abs=0.1)


@pytest.mark.slow
def test_the_ten_armed_testbed():
    for what, figure, ours in book.testbed():
        assert ours == pytest.approx(figure, abs=0.03 if "best arm" in what else 0.05), what


@pytest.mark.slow
def test_mazes_of_fifteen_by_fifteen():
    """The first of the hundred that `benchmarks/rl.py --mazes` solves."""
    solved = [book.learn_maze(seed, ("depth_first", "prim", "loops")[seed % 3])[0] for seed in range(15)]
    assert all(solved)
