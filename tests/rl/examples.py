"""The environments that every law is tried on: a new one is tested by adding a line here."""

from tinyfm import rl

TABULAR = {
    "jump": rl.JumpGridworld,
    "corner": rl.CornerGridworld,
    "cliff": rl.CliffWalking,
    "slippery cliff": lambda **s: rl.CliffWalking(slippery=True, **s),
    "windy": rl.WindyGridworld,
    "stochastic wind, king": lambda **s: rl.WindyGridworld(kings_moves=True, stochastic=True, **s),
    "lake": rl.FrozenLake,
    "8x8 lake": lambda **s: rl.FrozenLake("8x8", success_rate=0.8, **s),
    "maze": lambda **s: rl.Maze.random(4, 5, seed=0, generator="loops", **s),
    "dyna maze": rl.DynaMaze,
    "walk": rl.RandomWalk,
    "long walk": lambda **s: rl.RandomWalk(19, left_reward=-1, **s),
    "corridor": rl.ShortCorridor,
    "gambler": rl.Gambler,
    "blackjack": rl.Blackjack,
}
OTHERS = {
    "bandit": rl.KArmedBandit,
    "drifting bandit": lambda **s: rl.KArmedBandit(4, drift=0.1, **s),
    "bernoulli bandit": rl.BernoulliBandit,
    "cartpole": rl.CartPole,
    "mountain car": rl.MountainCar,
    "pendulum": rl.Pendulum,
}
ALL = TABULAR | OTHERS
