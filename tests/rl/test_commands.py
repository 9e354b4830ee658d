"""tinyfm train and tinyfm play, for agents: what they print, what they draw, what they say to mistakes."""

import io
import os
import re
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.image import imread

from tinyfm import rl
from tinyfm.cli import keys, main, play, worlds


@pytest.fixture
def ask(capsys, monkeypatch):
    """ask("play maze", keys="dd"): (exit code, stdout, stderr)."""
    def answer(words, keys=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(keys))
        try:
            code = main(words.split())
        except SystemExit as leaving:
            code = leaving.code
        return (code, *capsys.readouterr())
    return answer


def number(name, out):
    return float(re.search(rf"{name} +(-?[\d.]+)", out)[1])


@pytest.mark.parametrize(("words", "best"), [
    ("maze --rooms 4", None), ("cliff", -13), ("cliff --method sarsa", -13),
    ("windy --episodes 250", -15), ("maze --rooms 3 --method expected-sarsa --generator loops", None),
    ("lake --episodes 300", 0.74419),
])
def test_train_compares_what_was_learnt_with_the_best_there_is(ask, words, best):
    code, out, err = ask(f"train {words}")
    assert (code, err) == (0, "")
    found, most = number("greedy policy", out), number("on the map", out)
    assert best is None or most == best
    if words != "cliff --method sarsa" and "lake" not in words:
        assert found == most
    else:
        assert found < most
    assert f"tinyfm play {words.split()[0]}" in out


def test_train_draws_what_was_learnt(ask, tmp_path):
    code, out, err = ask(f"train maze --rooms 3 --picture {tmp_path / 'maze.png'}")
    assert (code, err) == (0, "") and "maze.png" in out
    picture = imread(tmp_path / "maze.png")
    assert picture.shape[1] > 2 * picture.shape[0] > 600 and len(np.unique(picture[..., 0])) > 20


def test_a_maze_from_a_file_is_learnt_and_its_way_counted(ask, tmp_path):
    (tmp_path / "maze.txt").write_text("S.#\n..#\n#.G\n")
    assert number("greedy policy", ask(f"train maze --map {tmp_path / 'maze.txt'}")[1]) == -4
    assert "Out of the maze: 4 steps, return -4; the shortest way takes 4." in (
        ask(f"play maze --map {tmp_path / 'maze.txt'}")[1])


@pytest.mark.parametrize("method", ["dqn", *(pytest.param(m, marks=pytest.mark.slow) for m in worlds.NETWORKS if
                                             m != "dqn")])
def test_a_network_is_trained_saved_and_watched(ask, tmp_path, method):
    path = tmp_path / "cart.npz"
    code, out, err = ask(f"train cartpole --method {method} --steps 600 --save {path} "
                         f"--picture {tmp_path / 'curve.png'}")
    assert (code, err) == (0, "") and method in out and str(path) in out
    assert 8 < number("mean return", out) <= 500 and number("worst episode", out) >= 8
    assert min(imread(tmp_path / "curve.png").shape[:2]) > 300
    code, out, err = ask(f"play cartpole --model {path}")
    assert (code, err) == (0, "") and re.search(r"The end: \d+ steps", out)


def test_the_same_seed_trains_the_same_agent(ask):
    lines = [ask(f"train cartpole --method dqn --steps 300 --seed {seed}")[1].splitlines() for seed in (1, 1, 2)]
    mean = [[line for line in out if "mean return" in line] for out in lines]
    assert mean[0] == mean[1] != mean[2]


# ------------------------------------------------------------ walking

def test_you_walk_where_the_keys_say(ask):
    code, out, err = ask("play cliff --walk", keys="w\nddd?!\n" + "d" * 8 + "s")
    assert (code, err) == (0, "") and "The end: 13 steps, return -13." in out
    assert "Left after 2 steps, return -200" in ask("play cliff --walk", keys="ddq")[1]
    assert "Left after 0 steps" in ask("play maze --walk")[1]


def test_letters_of_an_editor_walk_too(ask):
    env = rl.Maze.random(3, 3, seed=0)
    letter = dict(zip([tuple(m) for m in env.moves.tolist()], "kljh"))
    squares = [env.square(s) for s in env.shortest_path()]
    way = "".join(letter[b[0] - a[0], b[1] - a[1]] for a, b in pairwise(squares))
    assert f"Out of the maze: {len(way)} steps" in ask("play maze --rooms 3 --walk", keys=way)[1]


@pytest.mark.parametrize("make", [rl.CliffWalking, rl.FrozenLake, rl.WindyGridworld, rl.CartPole])
def test_every_key_is_the_action_that_moves_this_way(make):
    env = make()
    act = play.yours(env, iter(["up", "right", "x", "down", "left"]))
    if make is rl.CartPole:
        assert [act(None) for _ in range(3)] == [1, 0, None]
    else:
        assert [tuple(env.moves[act(None)]) for _ in range(4)] == [(-1, 0), (0, 1), (1, 0), (0, -1)]
        assert act(None) is None


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="a terminal of POSIX")
def test_a_terminal_sends_arrows_without_enter_and_gets_its_settings_back(monkeypatch):
    import termios
    outside, inside = os.openpty()
    with os.fdopen(inside) as terminal:
        before = termios.tcgetattr(inside)
        monkeypatch.setattr("sys.stdin", terminal)
        pressed = keys.pressed()
        os.write(outside, b"s")                                # typed ahead
        for sent, key in [(b"", "down"), (b"\x1b[A", "up"), (b"\x1bOD", "left"), (b"x", "x")]:
            os.write(outside, sent)
            assert next(pressed) == key
        assert termios.tcgetattr(inside) != before
        os.write(outside, b"q")
        assert next(pressed, "over") == "over" and termios.tcgetattr(inside) == before
    os.close(outside)


def test_a_terminal_that_is_too_small_is_told_so(monkeypatch):
    monkeypatch.setattr("sys.stdout", type("Terminal", (io.StringIO,), {"isatty": lambda self: True})())
    monkeypatch.setattr(play, "get_terminal_size", lambda: (80, 24))
    play.check_room("#" * 80 + "\n" * 10)
    for text in ("#" * 81, "#\n" * 23):
        with pytest.raises(ValueError, match="--rooms 8"):
            play.check_room(text)


# ------------------------------------------------------------ mistakes

MISTAKES = {
    "train maze --rooms 1": "at least two rooms", "train maze --rooms -3": "-3",
    "train maze --rooms 3 --map x": "--map",
    "train maze --map nowhere.txt": "nowhere.txt: No such file", "train maze --map blocked.txt": "no way leads",
    "train maze --map letters.txt": "letters.txt: Maze: row 0, column 1 holds 'x'",
    "train maze --generator magic": "magic", "train maze --method dqn": "dqn", "train cliff --episodes 0": "--episodes",
    "train cliff --rooms 4": "--rooms", "train lake --seed -1": "--seed", "train cliff --picture a.txt": ".png",
    "train cliff --picture nowhere/a.png": "nowhere", "train cartpole --method sarsa": "sarsa",
    "train cartpole --steps 0": "--steps", "train cartpole --save a.txt": ".safetensors or .npz",
    "play": "WHAT", "play chess": "chess", "play maze --speed 0": "--speed", "play maze --speed fast": "fast",
    "play cartpole --model none.npz": "none.npz: No such file",
    "play cartpole --model blocked.txt": ".safetensors or .npz",
    "play cartpole --model other.npz": "takes 4 numbers and gives 2",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    from tinyfm.nn import Dense, Sequential
    folder = tmp_path_factory.mktemp("files")
    (folder / "blocked.txt").write_text("S#G\n")
    (folder / "letters.txt").write_text("SxG\n")
    Sequential([Dense(3, input_shape=(4,))]).save(folder / "other.npz")
    return folder


@pytest.mark.parametrize("words", MISTAKES)
def test_a_mistake_is_one_line_that_names_it(ask, files, monkeypatch, words):
    monkeypatch.chdir(files)
    code, _, err = ask(words)
    assert code == 2 and err.startswith("tinyfm") and MISTAKES[words] in err and err.count("\n") == 1


@pytest.mark.parametrize("words", ["train maze", "train cartpole", "play", "play maze", "play cartpole"])
def test_help_is_there(ask, words):
    code, out, err = ask(f"{words} --help")
    assert (code, err) == (0, "") and out.startswith("usage: tinyfm")
