"""Every picture has a title and axes; what it shows is what it was given."""

import io

import numpy as np
import pytest

from tinyfm import rl
from tinyfm.rl.seeing import mean_interval, moving_average

from .examples import TABULAR


@pytest.mark.parametrize("make", TABULAR.values(), ids=TABULAR)
def test_values_and_greedy_actions_have_axes_and_title(make):
    env = make()
    plan = rl.value_iteration(env.outcomes, env.R, 0.9)
    for values in (plan.V, plan.Q):
        ax = rl.plot_values(env, values)
        assert ax.get_xlabel() and ax.get_ylabel() and type(env).__name__ in ax.get_title()
    with pytest.raises(ValueError, match="Expected V of shape"):
        rl.plot_values(env, plan.V[:-1])


def test_arrows_point_where_the_best_actions_lead():
    env = rl.CornerGridworld()
    ax = rl.plot_values(env, rl.value_iteration(env.P, env.R, 1.0).Q)
    quiver = next(c for c in ax.collections if hasattr(c, "U"))
    arrows = {(round(x), round(y), round(u), round(v)) for x, y, u, v in
              zip(quiver.X, quiver.Y, quiver.U, quiver.V, strict=True)}
    assert (1, 0, -1, 0) in arrows and (0, 1, 0, -1) in arrows       # towards the corner (0, 0); rows grow downwards
    assert {(u, v) for x, y, u, v in arrows if (x, y) == (1, 1)} == {(-1, 0), (0, -1)}
    assert not [a for a in arrows if a[:2] in {(0, 0), (3, 3)}]


def test_walls_have_no_value():
    env = rl.Maze("S#\n G")
    image = rl.plot_values(env, np.arange(4.0)).images[0].get_array()
    assert image.mask.tolist() == [[False, True], [False, False]]


def test_a_path_is_drawn_square_by_square():
    env = rl.Maze.random(3, 3, seed=0)
    path = env.shortest_path()
    ax = rl.plot_path(env, path)
    line = ax.lines[0]
    assert [(int(y), int(x)) for x, y in zip(*line.get_data(), strict=True)] == [env.square(s) for s in path]
    assert f"{len(path) - 1} steps" in line.get_label()


def test_learning_curves_show_mean_and_interval():
    curves = np.random.default_rng(0).normal(size=(20, 50)) + np.arange(50)
    ax = rl.plot_learning_curves({"ours": curves, "theirs": curves[:, ::-1]}, window=5)
    x, y = ax.lines[0].get_data()
    assert x[0] == 5 and x[-1] == 50 and y[0] == pytest.approx(curves[:, :5].mean())
    assert ax.lines[0].get_linestyle() != ax.lines[1].get_linestyle() and len(ax.collections) == 2
    assert "95% interval" in ax.get_title() and "20 seeds" in ax.get_legend().get_texts()[0].get_text()


def test_moving_average_is_the_mean_of_the_window():
    x = np.random.default_rng(0).normal(size=(2, 9))
    assert np.allclose(moving_average(x, 3), np.lib.stride_tricks.sliding_window_view(x, 3, axis=1).mean(axis=2))
    assert np.allclose(moving_average(x, 1), x)
    with pytest.raises(ValueError, match="window"):
        moving_average(x, 10)


def test_the_interval_holds_the_true_mean_as_often_as_it_says():
    rng, hits = np.random.default_rng(0), 0
    for _ in range(20):
        low, high = mean_interval(rng.normal(size=(30, 50)))
        hits += int(((low <= 0) & (0 <= high)).sum())
    assert 0.90 < hits / 1000 < 0.97


def test_blackjack_policy_has_two_maps():
    env = rl.Blackjack()
    axes = env.plot_policy(rl.value_iteration(env.outcomes, env.R, 1.0).policy)
    assert [ax.get_xlabel() for ax in axes] == ["dealer shows (1 = ace)"] * 2
    assert sum(text.get_text() == "H" for text in axes[1].texts) == 63    # always below 18; on 18 against 9, 10 and ace


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_watching_plays_the_policy_and_shows_every_step():
    env, screen = rl.Maze("S  G"), Terminal()
    episode = rl.watch(env, rl.value_iteration(env.P, env.R, 1.0).Q, stream=screen, frames_per_second=1e6)
    assert episode.terminated and episode.rewards == [-1, -1, -1]
    shown = screen.getvalue()
    assert [f"step {i}, return {-i}" in shown for i in range(4)] == [True] * 4
    assert shown.count("\x1b[2A") == 3                         # each later frame goes back over two lines


def test_watching_without_a_terminal_prints_beginning_and_end_only():
    env, out = rl.CartPole(), io.StringIO()
    episode = rl.watch(env, lambda obs: int(obs[2] > 0), stream=out, seed=0)
    assert episode.terminated and out.getvalue().count("return") == 2 and "\x1b" not in out.getvalue()
    out = io.StringIO()
    assert len(rl.watch(rl.CliffWalking(), np.zeros((48, 4)), stream=out, most_steps=5).actions) == 5
