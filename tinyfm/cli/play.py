"""tinyfm play WHAT: watch an agent that has learnt, or walk yourself."""
from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import closing
from shutil import get_terminal_size
from typing import Any

from tinyfm.cli import keys, options, worlds

STEPS = {"up": (-1, 0), "right": (0, 1), "down": (1, 0), "left": (0, -1)}
PUSHES = {"left": 0, "right": 1}


def add(commands: Any) -> None:
    """Declare the arguments."""
    parser = commands.add_parser("play", help="watch an agent that has learnt to act, or walk yourself",
                                 description=__doc__)
    things = parser.add_subparsers(title="what to play", metavar="WHAT", required=True)
    for name, world in worlds.WORLDS.items():
        thing = things.add_parser(name, help=world.about, description=f"Play in {world.about}.")
        worlds.add_world(thing, name)
        add_playing(thing, frames_per_second=10)
    thing = things.add_parser("cartpole", help="a pole to be balanced on a cart", description="Balance a pole.")
    worlds.add_cartpole(thing)
    thing.add_argument("--model", metavar="PATH", help="what `tinyfm train cartpole --save` wrote; else it trains now")
    add_playing(thing, frames_per_second=50)


def add_playing(parser: Any, frames_per_second: int) -> None:
    parser.add_argument("--walk", action="store_true", help="you play: arrow keys or w a s d; q leaves")
    parser.add_argument("--speed", type=options.rate, default=frames_per_second, metavar="N",
                        help=f"frames per second ({frames_per_second})")
    parser.set_defaults(run=play)


def play(arguments: Namespace) -> int:
    """Show one episode, and say how it went."""
    from tinyfm import rl
    env = rl.CartPole() if arguments.name == "cartpole" else worlds.WORLDS[arguments.name].make(arguments)
    env.reset(seed=arguments.seed)
    check_room(env.text())
    if arguments.walk:
        print("Arrow keys or w a s d; q leaves.")
        with closing(keys.pressed()) as pressed:
            episode = rl.watch(env, yours(env, pressed), seed=arguments.seed, most_steps=10_000, frames_per_second=1e6)
    else:
        act = learnt(env, arguments)
        print("It plays:")
        episode = rl.watch(env, act, seed=arguments.seed, frames_per_second=arguments.speed)
    print(told(env, episode))
    return 0


def check_room(text: str) -> None:
    """ValueError for a picture that is larger than the terminal: it could not be redrawn in place."""
    lines = text.splitlines()
    width, height = max(map(len, lines)), len(lines) + 2
    columns, rows = get_terminal_size()
    if sys.stdout.isatty() and (width > columns or height > rows):
        raise ValueError(f"this needs a terminal of {height} lines and {width} columns, yours has {rows} and "
                         f"{columns}; make it larger, or a maze smaller: --rooms 8")


def yours(env: Any, pressed: Iterator[str]) -> Callable[[Any], int | None]:
    """The action of the next key that means one; None when there are no more."""
    moves = PUSHES
    if hasattr(env, "moves"):
        actions = [tuple(move) for move in env.moves.tolist()]
        moves = {key: actions.index(step) for key, step in STEPS.items()}
    return lambda obs: next((moves[key] for key in pressed if key in moves), None)


def learnt(env: Any, arguments: Namespace) -> Any:
    """Q, or a function obs -> action, learnt now or read from a file."""
    if arguments.name != "cartpole":
        print(f"Learning by {arguments.method}, {arguments.episodes:,} episodes ...", flush=True)
        return worlds.learn(env, arguments).Q
    if arguments.model: return read(arguments.model)
    print(f"Learning by {arguments.method} ...", flush=True)
    return worlds.learn_cartpole(arguments).act


def read(path: str) -> Callable[[Any], int]:
    """How the network in a file acts on the cart.  ValueError for a network that is none for it."""
    import numpy as np

    from tinyfm.nn import load_model
    from tinyfm.rl.deep.copies import Agent
    network = load_model(path)
    if tuple(network.input_shape or ()) != (4,) or network.output_shape != (None, 2):
        raise ValueError(f"{path}: a network for the cart takes 4 numbers and gives 2; this one takes "
                         f"{network.input_shape} and gives {(network.output_shape or [None])[1:]}")
    return Agent(network, None, np.zeros(0), np.zeros(0)).act


def told(env: Any, episode: Any) -> str:
    """One line at the end."""
    steps = f"{len(episode.actions)} steps, return {sum(episode.rewards):g}"
    if hasattr(env, "shortest_path") and episode.terminated:
        return f"Out of the maze: {steps}; the shortest way takes {len(env.shortest_path()) - 1}."
    return f"The end: {steps}." if env.over else f"Left after {steps}."
