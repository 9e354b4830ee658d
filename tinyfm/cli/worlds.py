"""The environments that `tinyfm train` and `tinyfm play` know, and an agent that has learnt in one of them."""
from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tinyfm.cli import options

METHODS = ("q-learning", "sarsa", "expected-sarsa", "double-q-learning")
NETWORKS = ("ppo", "actor-critic", "dqn", "reinforce")


@dataclass(frozen=True)
class World:
    """A gridworld, and settings that let tabular learning find its best policy."""

    about: str
    make: Callable[[Namespace], Any]
    policy: Callable[[int], Any]                 # number of episodes -> how to explore
    episodes: int
    alpha: float
    gamma: float = 1.0


def make_maze(arguments: Namespace) -> Any:
    from tinyfm.rl import Maze
    if arguments.map: return Maze.load(arguments.map)
    return Maze.random(arguments.rooms, arguments.rooms, generator=arguments.generator, seed=arguments.seed)


def make(name: str) -> Callable[[Namespace], Any]:
    """An environment of tinyfm.rl by its name; imported when it is made."""
    from importlib import import_module
    return lambda arguments: getattr(import_module("tinyfm.rl"), name)()


def softmax(episodes: int) -> Any:
    from tinyfm.rl import Softmax
    return Softmax(10.0)


def epsilon_greedy(episodes: int) -> Any:
    from tinyfm.rl import EpsilonGreedy
    return EpsilonGreedy(0.1)


def cooling(episodes: int) -> Any:
    """Epsilon-greedy, its epsilon falling from 1 to 0 during the first four fifths of the episodes."""
    from tinyfm.rl import EpsilonGreedy, linear
    return EpsilonGreedy(linear(1.0, 0.0, max(1, 4 * episodes // 5)))


WORLDS = {
    "maze": World("a random maze, or one from a text file", make_maze, softmax, 300, 1.0),
    "cliff": World("cliff walking: a short way along the edge, a safe one around", make("CliffWalking"),
                   epsilon_greedy, 500, 0.5),
    "windy": World("a gridworld in which the wind blows upwards", make("WindyGridworld"), cooling, 1000, 0.5),
    "lake": World("a frozen lake: slippery ice with holes", make("FrozenLake"), cooling, 10_000, 0.1, 0.99),
}


def add_world(parser: ArgumentParser, name: str) -> None:
    """The arguments that choose a gridworld and how to learn in it."""
    world = WORLDS[name]
    if name == "maze":
        size = parser.add_mutually_exclusive_group()
        size.add_argument("--rooms", type=options.count, default=10, metavar="N", help="N x N rooms (10)")
        size.add_argument("--map", metavar="FILE", help="a text file: '#' wall, ' ' or '.' free, S start, G goal")
        parser.add_argument("--generator", choices=("depth_first", "prim", "loops"), default="depth_first",
                            help="how the random maze is drawn (depth_first)")
    parser.add_argument("--method", choices=METHODS, default="q-learning", help="how to learn (q-learning)")
    parser.add_argument("--episodes", type=options.count, default=world.episodes, metavar="N",
                        help=f"how often to start anew ({world.episodes:,})")
    parser.add_argument("--seed", type=options.seed, default=0, metavar="N", help="where all random numbers start (0)")
    parser.set_defaults(name=name)


def add_cartpole(parser: ArgumentParser) -> None:
    """The arguments that choose how to learn to balance a pole."""
    parser.add_argument("--method", choices=NETWORKS, default="actor-critic", help="how to learn (actor-critic)")
    parser.add_argument("--steps", type=options.count, metavar="N", help="of the cart, in all episodes together")
    parser.add_argument("--seed", type=options.seed, default=0, metavar="N", help="where all random numbers start (0)")
    parser.set_defaults(name="cartpole")


def learn(env: Any, arguments: Namespace) -> Any:
    """Tabular learning: rl.Learned."""
    from tinyfm import rl
    world, method = WORLDS[arguments.name], getattr(rl, arguments.method.replace("-", "_"))
    return method(env, arguments.episodes, alpha=world.alpha, gamma=world.gamma,
                  policy=world.policy(arguments.episodes), rng=arguments.seed)


def learn_cartpole(arguments: Namespace) -> Any:
    """Learning with networks: rl.deep's Agent."""
    from dataclasses import replace
    from importlib import import_module

    from tinyfm import rl
    algorithm = import_module(f"tinyfm.rl.deep.{arguments.method.replace('-', '_')}")
    settings = algorithm.Settings(seed=arguments.seed)
    if arguments.steps: settings = replace(settings, steps=arguments.steps)
    return algorithm.train(rl.CartPole(), settings, verbose=1)
