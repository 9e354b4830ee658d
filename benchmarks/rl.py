"""Reinforcement learning: the figures of Sutton & Barto (2018) beside ours, mazes, and steps per second.

    python benchmarks/rl.py --book      every figure that the book prints, and what our functions find
    python benchmarks/rl.py --mazes     100 random mazes of 15 x 15 rooms, learnt without the map
    python benchmarks/rl.py --speed     steps per second, scalar and vectorised, against Gymnasium's own loops
    python benchmarks/rl.py --deep      CartPole with networks, five seeds of each algorithm; --picture draws the curves
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from tinyfm import rl
from tinyfm.rl.deep import actor_critic, dqn, ppo, reinforce
from tinyfm.rl.deep.copies import evaluate

Row = tuple[str, float, float]                                 # what, the book's figure, ours


def example_3_5() -> Iterator[Row]:
    """Gridworld, gamma 0.9: values of the random policy and of the best one."""
    env = rl.JumpGridworld()
    even = rl.solve_policy(env.P, env.R, 0.9, np.full((25, 4), 0.25)).V.reshape(5, 5)
    best = rl.value_iteration(env.P, env.R, 0.9).V.reshape(5, 5)
    for name, V, rows in [
        ("random policy", even, {0: [3.31, 8.79, 4.43, 5.32, 1.49], 4: [-1.86, -1.35, -1.23, -1.42, -1.98]}),
        ("optimal", best, {0: [21.98, 24.42, 21.98, 19.42, 17.48], 4: [14.42, 16.02, 14.42, 12.98, 11.68]}),
    ]:
        for row, values in rows.items():
            for column, book in enumerate(values):
                yield f"{name}, v({row}, {column})", book, V[row, column]


def example_4_1() -> Iterator[Row]:
    """4 x 4 gridworld, random policy: after ten sweeps, and in the limit."""
    env = rl.CornerGridworld()
    even = np.full((16, 4), 0.25)
    ten = rl.evaluate_policy(env.P, env.R, 1.0, even, sweeps=10).V
    for s, book in zip([1, 2, 3], [-6.138, -8.352, -8.967], strict=True):
        yield f"v_10(0, {s})", book, ten[s]
    V = rl.evaluate_policy(env.P, env.R, 1.0, even, tolerance=1e-12).V
    for s, book in enumerate([0, -14, -20, -22, -14, -18, -20, -20, -20, -20, -18, -14, -22, -20, -14, 0]):
        yield f"v({s // 4}, {s % 4})", book, V[s]


def example_4_3() -> Iterator[Row]:
    """Gambler's problem, heads 0.4: the chance to reach 100 dollars."""
    env = rl.Gambler()
    V = rl.value_iteration(env.outcomes, env.R, 1.0, tolerance=1e-15).V
    for capital, book in [(25, 0.16), (50, 0.4), (75, 0.64)]:
        yield f"v({capital})", book, V[capital]


def example_5_4(episodes: int = 100_000, rng: int = 0) -> Iterator[Row]:
    """Blackjack, dealer shows 2, player 13 with a usable ace, sticks on 20 and 21: exactly, and off policy."""
    env = rl.Blackjack()
    s, totals = env.state_of(13, 2, True), np.array([env.hand(s)[0] for s in range(361)])
    target = np.eye(2)[(totals < 20).astype(int)]
    exact = rl.evaluate_policy(env.outcomes, env.R, 1.0, target)
    yield "value of the state, exactly", -0.27726, exact.V[s]
    there = rl.Blackjack()
    there.starts = np.eye(361)[s]
    Q = rl.off_policy_mc_prediction(there, target, np.full((361, 2), 0.5), episodes, rng=rng)
    yield f"value of the state, {episodes:,} episodes", -0.27726, Q[s] @ target[s]


def example_6_2(runs: int = 1000, rng: int = 0) -> Iterator[Row]:
    """Random walk: RMS error over the states, mean of the runs."""
    env, coin = rl.RandomWalk(), np.full((7, 2), 0.5)
    for name, learn, alpha, book in [
        ("TD(0), alpha .05", rl.td_prediction, 0.05, {0: 0.2357, 10: 0.1745, 25: 0.1100, 50: 0.0538, 100: 0.0353}),
        ("TD(0), alpha .1", rl.td_prediction, 0.1, {0: 0.2357, 10: 0.1280, 25: 0.0575, 50: 0.0499, 100: 0.0553}),
        ("Monte Carlo, alpha .02", every_visit, 0.02, {0: 0.2357, 100: 0.0812}),
    ]:
        draws, V = np.random.default_rng(rng), [first_guess() for _ in range(runs)]
        done = 0
        for episodes, figure in book.items():
            if episodes > done:
                V = [learn(env, coin, episodes - done, alpha=alpha, rng=draws, V=v) for v in V]
                done = episodes
            errors = np.sqrt(np.mean((np.array(V) - env.true_values)[:, 1:-1] ** 2, axis=1))
            yield f"{name}, {episodes} episodes", figure, errors.mean()


def first_guess() -> np.ndarray:
    return np.array([0, *[0.5] * 5, 0])


def every_visit(*arguments: object, **settings: object) -> np.ndarray:
    return rl.mc_prediction(*arguments, first_visit=False, **settings)  # type: ignore[arg-type]


def example_6_5(rng: int = 0) -> Iterator[Row]:
    """Windy gridworld: steps of the learnt greedy path, four moves and king's moves."""
    for name, kings, book in [("four moves", False, 15), ("king's moves", True, 7)]:
        env = rl.WindyGridworld(kings_moves=kings)
        cooling = rl.EpsilonGreedy(rl.linear(0.1, 0.0, 400))
        Q = rl.sarsa(env, 500, alpha=0.5, policy=cooling, rng=rng).Q
        yield f"Sarsa, {name}: steps", book, len(rl.greedy_path(env, Q).actions)


def example_6_6(runs: int = 100, rng: int = 0) -> Iterator[Row]:
    """Cliff walking, epsilon .1, alpha .5: online return of episodes 101-500, and of the greedy policy at the end."""
    env = rl.CliffWalking()
    for name, learn, online, offline in [("Sarsa", rl.sarsa, -27.4, -17), ("Q-learning", rl.q_learning, -50.4, -13)]:
        results = [learn(env, 500, alpha=0.5, policy=rl.EpsilonGreedy(0.1), rng=rng + i) for i in range(runs)]
        yield f"{name}, online return", online, float(np.mean([r.returns[100:] for r in results]))
        paths = [rl.greedy_path(env, r.Q) for r in results]
        greedy = [sum(path.rewards) if path.terminated else -np.inf for path in paths]
        yield f"{name}, greedy return (median of the runs)", offline, float(np.median(greedy))


def example_8_1(runs: int = 10, rng: int = 0) -> Iterator[Row]:
    """Dyna maze: the shortest path, and how many episodes it takes to walk within 14 to 16 steps."""
    env = rl.DynaMaze()
    yield "steps of the shortest path", 14, float(len(env.shortest_path()) - 1)
    for n, book in [(0, 25), (5, 5), (50, 3)]:
        lengths = np.mean([rl.dyna_q(env, 40, planning_steps=n, rng=rng + i).lengths for i in range(runs)], axis=0)
        yield f"{n} planning steps: about so many episodes to 20 steps", book, 1 + int(np.argmax(lengths < 20))


def example_13_1(runs: int = 20, episodes: int = 4000, rng: int = 0) -> Iterator[Row]:
    """Short corridor: the probability to go right that REINFORCE finds, and the value of that policy."""
    env = rl.ShortCorridor()
    which = np.broadcast_to(np.eye(2), (4, 2, 2))              # x(s, a): which action it is, the same in every state
    found = []
    for i in range(runs):
        theta = None
        for alpha in [2**-9, 2**-11, 2**-13]:                  # smaller and smaller steps, to stop wandering
            theta, policy, _, _ = rl.reinforce(env, episodes // 3, which, alpha=alpha, baseline=2**-6, theta=theta,
                                               rng=1000 * rng + i)
        found.append(policy)
    yield "probability of right", 2 - np.sqrt(2), float(np.mean(found, axis=0)[0, 1])
    values = [rl.solve_policy(env.P, env.R, 1.0, policy).V[0] for policy in found]
    yield "value of the start", -11.657, float(np.mean(values))


def testbed(problems: int = 2000, rng: int = 0) -> Iterator[Row]:
    """Ten-armed testbed, steps 901-1000: mean reward, and share of pulls of the best arm."""
    env = rl.KArmedBandit(10).vector(problems)
    for epsilon, reward, share in [(0, 1.04, 0.36), (0.01, 1.32, 0.60), (0.1, 1.38, 0.80)]:
        pulls = rl.epsilon_greedy_bandit(env, 1000, epsilon=epsilon, rng=rng)
        yield f"epsilon {epsilon}: mean reward", reward, pulls.mean_reward[900:].mean()
        yield f"epsilon {epsilon}: best arm", share, pulls.share_optimal[900:].mean()


FIGURES: list[Callable[[], Iterator[Row]]] = [
    example_3_5, example_4_1, example_4_3, example_5_4, example_6_2, example_6_5, example_6_6, example_8_1,
    example_13_1, testbed,
]


def print_book() -> None:
    for figures in FIGURES:
        began = time.perf_counter()
        rows = list(figures())
        print(f"\n{figures.__name__.replace('_', ' ')}: {figures.__doc__}  ({time.perf_counter() - began:.1f} s)")
        print(f"    {'':52}{'book':>10}{'ours':>12}")
        for what, book, ours in rows:
            print(f"    {what:52}{book:10.4g}{ours:12.5g}")


def learn_maze(seed: int, generator: str, rooms: int = 15) -> tuple[bool, float, int]:
    """Q-learning with a softmax policy; (is the greedy path as short as breadth-first search's?, seconds, steps)."""
    env = rl.Maze.random(rooms, rooms, generator=generator, seed=seed)
    began = time.perf_counter()
    learned = rl.q_learning(env, 500, alpha=1.0, policy=rl.Softmax(10.0), rng=seed)
    seconds = time.perf_counter() - began
    path = rl.greedy_path(env, learned.Q)
    shortest = path.terminated and len(path.actions) == len(env.shortest_path()) - 1
    return shortest, seconds, int(learned.lengths.sum())


def print_mazes(mazes: int = 100, rooms: int = 15) -> None:
    """Q-learning, alpha 1, softmax with inverse temperature 10, 500 episodes; it sees states and rewards only."""
    for generator in ["depth_first", "prim", "loops"]:
        shortest, seconds, steps = zip(*[learn_maze(seed, generator, rooms) for seed in range(mazes)], strict=True)
        print(f"{generator:12} {rooms} x {rooms} rooms: shortest path in {sum(shortest)} of {mazes} mazes, "
              f"{np.median(seconds):.2f} s a maze (median, most {max(seconds):.2f}), {np.median(steps):,.0f} steps",
              flush=True)


def scalar_speed(env: object, steps: int) -> float:
    """Steps per second of the plain loop: step, and reset at each end."""
    env.reset(seed=0)                                          # type: ignore[attr-defined]
    actions = np.random.default_rng(0).integers(env.action_space.n, size=steps).tolist()  # type: ignore[attr-defined]
    step = env.step                                            # type: ignore[attr-defined]
    began = time.perf_counter()
    for a in actions:
        _, _, terminated, truncated, _ = step(a)
        if terminated or truncated:
            env.reset()                                        # type: ignore[attr-defined]
    return steps / (time.perf_counter() - began)


def vector_speed(env: object, steps: int, n: int) -> float:
    many = env.vector(n)                                       # type: ignore[attr-defined]
    many.reset(seed=0)
    actions = np.random.default_rng(0).integers(env.action_space.n, size=(steps, n))  # type: ignore[attr-defined]
    began = time.perf_counter()
    for a in actions:
        many.step(a)
    return steps * n / (time.perf_counter() - began)


def print_speed(n: int = 4096, rounds: int = 5) -> None:
    """Interleaved rounds in one process, one thread; the median of the ratios to Gymnasium's faster loop."""
    import gymnasium

    for name, ours in [("CartPole-v1", rl.CartPole()), ("CliffWalking-v1", rl.CliffWalking())]:
        rates = np.array([[
            scalar_speed(gymnasium.make(name), 30_000), scalar_speed(gymnasium.make(name).unwrapped, 30_000),
            scalar_speed(ours, 100_000), vector_speed(ours, 200, n)] for _ in range(rounds)])
        made, bare, scalar, vector = np.median(rates, axis=0)
        fastest = rates[:, :2].max(axis=1)
        print(f"{name:16} Gymnasium make() {made:10,.0f}/s, unwrapped {bare:10,.0f}/s;  ours scalar {scalar:11,.0f}/s "
              f"({np.median(rates[:, 2] / fastest):.1f}x), {n} copies {vector:12,.0f}/s "
              f"({np.median(rates[:, 3] / fastest):.0f}x)", flush=True)


def print_planning(side: int = 100) -> None:
    """Value iteration on side x side squares: a maze without walls, and a slippery lake without holes."""
    lake = ["S" + "F" * (side - 1), *["F" * side] * (side - 2), "F" * (side - 1) + "G"]
    for name, env, gamma in [
        ("open maze", rl.Maze(np.zeros((side, side)), start=(0, 0), goal=(side - 1, side - 1)), 1.0),
        ("slippery lake", rl.FrozenLake(lake), 0.99),
    ]:
        began = time.perf_counter()
        plan = rl.value_iteration(env.outcomes, env.R, gamma, tolerance=1e-6)
        print(f"value iteration, {side} x {side} {name}: {time.perf_counter() - began:.2f} s, {plan.sweeps} sweeps, "
              f"bound {plan.bound:.1e}")


DEEP = {"ppo": ppo, "actor-critic": actor_critic, "dqn": dqn, "reinforce": reinforce}


def print_deep(names: list[str], picture: str | None, seeds: int = 5) -> None:
    """Train with the settings as they stand in each file, then 100 new episodes of the greedy policy."""
    curves = {}
    for name in names:
        agents, seconds, returns = [], [], []
        for seed in range(seeds):
            began = time.perf_counter()
            agents.append(DEEP[name].train(rl.CartPole(), replace(DEEP[name].Settings(), seed=seed)))
            seconds.append(time.perf_counter() - began)
            returns.append(evaluate(agents[-1], rl.CartPole(), seed=1000 + seed).mean())
        shown = "  ".join(f"{mean:.1f}" for mean in returns)
        print(f"{name:13} {DEEP[name].Settings().steps:9,} steps: return {np.median(returns):.1f} (median of {shown}), "
              f"{np.median(seconds):.1f} s (median, most {max(seconds):.1f})", flush=True)
        curves[name] = [learning_curve(agent) for agent in agents]
    if picture:
        draw_curves(curves, picture)


def learning_curve(agent: object, window: int = 20, every: int = 1000) -> np.ndarray:
    """Mean return of the last `window` episodes (of all, while there are fewer), after each `every` steps."""
    returns, ends = agent.returns, agent.ends                  # type: ignore[attr-defined]
    total, done = np.concatenate([[0.0], np.cumsum(returns)]), np.arange(1, len(returns) + 1)
    first = np.maximum(0, done - window)
    means = (total[done] - total[first]) / (done - first)
    steps = np.arange(every, ends[-1] + 1, every)
    return means[np.maximum(np.searchsorted(ends, steps, side="right") - 1, 0)]


def draw_curves(curves: dict[str, list[np.ndarray]], picture: str) -> None:
    axes = np.atleast_1d(rl.seeing.new_axes(len(curves), width=4.2, height=3.6))
    for ax, (name, runs) in zip(axes, curves.items(), strict=True):
        shortest = min(map(len, runs))
        rl.plot_learning_curves({name: [run[:shortest] for run in runs]}, ax, xlabel="thousand steps",
                                ylabel="return, mean of 20 episodes", title="CartPole")
        ax.axhline(500, color="0.6", linewidth=0.8, linestyle=":")
        ax.set_ylim(0, 520)
    axes[0].figure.savefig(picture, dpi=110)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--book", action="store_true")
    parser.add_argument("--mazes", action="store_true")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--deep", nargs="*", choices=DEEP, metavar="ALGORITHM")
    parser.add_argument("--picture", metavar="PATH")
    chosen = parser.parse_args()
    everything = not (chosen.book or chosen.mazes or chosen.speed or chosen.deep is not None)
    if chosen.book or everything:
        print_book()
    if chosen.mazes or everything:
        print_mazes()
    if chosen.speed or everything:
        print_speed()
        print_planning()
    if chosen.deep is not None or everything:
        print_deep(chosen.deep or list(DEEP), chosen.picture)
