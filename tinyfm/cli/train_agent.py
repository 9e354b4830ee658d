"""tinyfm train maze | cliff | windy | lake | cartpole: an agent learns to act."""
from __future__ import annotations

import time
from argparse import Namespace
from math import inf
from typing import Any

import numpy as np

from tinyfm.cli import options, table, worlds


def add(things: Any) -> None:
    """Declare the arguments."""
    for name, world in worlds.WORLDS.items():
        parser = things.add_parser(name, help=world.about, description=f"Learn to act in {world.about}.")
        worlds.add_world(parser, name)
        parser.add_argument("--picture", type=options.picture_file, metavar="PATH", help="draw what was learnt")
        parser.set_defaults(run=train_world)
    parser = things.add_parser("cartpole", help="a pole to be balanced on a cart, with networks",
                               description="Learn to balance a pole on a cart, with networks.")
    worlds.add_cartpole(parser)
    parser.add_argument("--picture", type=options.picture_file, metavar="PATH", help="draw the learning curve")
    parser.add_argument("--save", type=options.model_file, metavar="PATH", help="write the network")
    parser.set_defaults(run=train_cartpole)


def train_world(arguments: Namespace) -> int:
    """Learn by trial and error, then compare the greedy policy with the best there is."""
    from tinyfm import rl
    env, started = worlds.WORLDS[arguments.name].make(arguments), time.perf_counter()
    learned = worlds.learn(env, arguments)
    seconds, found = time.perf_counter() - started, greedy_return(env, learned.Q)
    sweeps = None if env.max_episode_steps == inf else int(env.max_episode_steps)
    best = float(rl.value_iteration(env.outcomes, env.R, 1.0, sweeps=sweeps).V @ env.starts)
    print(*table.lines([
        ("return of the greedy policy", f"{found:.5g}"), ("best possible, by planning on the map", f"{best:.5g}"),
        ("last 100 episodes while learning", f"{learned.returns[-100:].mean():.5g}"),
        ("episodes", f"{arguments.episodes:,}, {learned.lengths.sum():,} steps, {seconds:.1f} s")]), sep="\n")
    if arguments.picture:
        draw(env, learned, arguments)
        print(f"picture: {arguments.picture}")
    print(f"now try: tinyfm play {arguments.name}")
    return 0


def greedy_return(env: Any, Q: Any) -> float:
    """Of one episode where the world knows no chance, else the mean of 1,000."""
    from tinyfm import rl
    certain = env.outcomes.probability.shape[2] == 1
    if not certain: return rl.average_return(env, Q, episodes=1000, rng=0)
    path = rl.greedy_path(env, Q)
    return sum(path.rewards) if path.terminated else -inf


def draw(env: Any, learned: Any, arguments: Namespace) -> None:
    """Values with arrows, the greedy path, and the learning curve, side by side."""
    from tinyfm import rl
    axes = rl.seeing.new_axes(3)
    rl.plot_values(env, learned.Q, axes[0], title="What it has learnt: values and greedy actions")
    env.reset(seed=0)
    rl.plot_path(env, rl.greedy_path(env, learned.Q).states, axes[1], title="One episode of its greedy policy")
    window = max(1, len(learned.returns) // 20)
    rl.plot_learning_curves({arguments.method: learned.returns}, axes[2], window=window,
                            title="Learning curve")
    axes[0].figure.savefig(arguments.picture, dpi=120)


def train_cartpole(arguments: Namespace) -> int:
    """Train a network to act, and let it play 100 episodes that it has not learnt from."""
    from tinyfm import rl
    from tinyfm.rl.deep.copies import evaluate
    started = time.perf_counter()
    agent = worlds.learn_cartpole(arguments)
    seconds, returns = time.perf_counter() - started, evaluate(agent, rl.CartPole(), seed=arguments.seed + 1)
    print(*table.lines([
        ("mean return", f"{returns.mean():.1f}", "of 100 new episodes; the most possible is 500"),
        ("worst episode", f"{returns.min():.0f}", ""),
        ("training", f"{seconds:.1f} s", f"{arguments.method}, {len(agent.returns):,} episodes")]), sep="\n")
    if arguments.picture:
        draw_curve(agent, arguments)
        print(f"picture: {arguments.picture}")
    if arguments.save:
        agent.network.save(arguments.save)
        print(f"saved: {arguments.save}; now try: tinyfm play cartpole --model {arguments.save}")
    return 0


def draw_curve(agent: Any, arguments: Namespace) -> None:
    """Return of every episode against the steps taken when it ended, and the mean of twenty."""
    from tinyfm import rl
    ax = rl.seeing.new_axes()
    ax.plot(agent.ends, agent.returns, ".", markersize=3, alpha=0.4, label="episode")
    if (window := min(20, len(agent.returns))) > 1:
        ax.plot(agent.ends[window - 1:], np.convolve(agent.returns, np.full(window, 1 / window), "valid"),
                label=f"mean of {window} episodes")
    ax.set(xlabel="steps of all copies together", ylabel="return", title=f"CartPole, {arguments.method}")
    ax.legend()
    ax.figure.savefig(arguments.picture, dpi=120)
