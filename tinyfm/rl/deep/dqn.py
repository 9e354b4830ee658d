"""Deep Q-learning. Mnih et al. 2015, algorithm 1, with the double update of van Hasselt, Guez & Silver 2016.

Q-learning with a network for the table. Two things keep it from chasing its own tail: it learns from random steps of a
long memory, not from the last one, and its goal is computed by an older copy of itself, the target network Q':

    a*   = argmax_a Q(s', a)                                     the network chooses
    goal = r + gamma (1 - terminated) Q'(s', a*)                 its older copy says what that is worth
    loss = mean (Q(s, a) - goal)^2

The paper bounds the gradient of each error by 1. Here values reach 100 and one step in thirty is a fall: bounded, the
many small errors outvoted the falls, and Q grew without end. So the error is squared as it is.

`python -m tinyfm.rl.deep.dqn` prints the mean return of 100 episodes of CartPole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tinyfm import ops
from tinyfm.nn import Dense, Sequential
from tinyfm.optim import Adam

from ..policies import linear
from ..spaces import Array
from .copies import Agent, Copies, evaluate, outputs


@dataclass(frozen=True)
class Settings:
    """What may be turned."""

    steps: int = 100_000                         # of all copies together
    copies: int = 8
    memory: int = 50_000                         # steps remembered; the newest take the place of the oldest
    begin_at: int = 1_000                        # steps played at random before the first update
    updates: int = 4                             # after each step of all copies
    batch_size: int = 128
    units: int = 64                              # of each of two hidden layers
    learning_rate: float = 0.001                 # falls to 0: late steps should not undo what was learnt
    gamma: float = 0.99
    sync_every: int = 100                        # updates, until the target network is made equal again
    epsilon_end: float = 0.04                    # chance of a random action, which falls from 1 ...
    epsilon_share: float = 0.1                   # ... during this share of the steps
    seed: int = 0


def network(features: int, actions: int, settings: Settings) -> Sequential:
    """(n, features) -> Q (n, actions)."""
    return Sequential([
        Dense(settings.units, "relu", kernel_initializer="he_uniform", input_shape=(features,)),
        Dense(settings.units, "relu", kernel_initializer="he_uniform"),
        Dense(actions),
    ], seed=settings.seed)


class Memory:
    """The last `size` steps (s, a, r, s', terminated), in a ring; `draw` takes some at random, with replacement."""

    def __init__(self, size: int, features: int) -> None:
        self.size, self.added = size, 0
        self.columns: list[Array] = [np.zeros((size, features), np.float32), np.zeros((size, 1), np.int64),
                        np.zeros((size, 1), np.float32), np.zeros((size, features), np.float32),
                        np.zeros((size, 1), np.float32)]

    def add(self, *step: Array) -> None:
        """One step of each copy: arrays of n rows."""
        place = (self.added + np.arange(len(step[0]))) % self.size
        for column, new in zip(self.columns, step, strict=True):
            column[place] = new.reshape(len(place), -1)
        self.added += len(place)

    def draw(self, n: int, rng: np.random.Generator) -> list[Array]:
        i = rng.integers(min(self.added, self.size), size=n)
        return [column[i] for column in self.columns]


def goals(reward: Array, following: Array, terminated: Array, online: Sequential, target: Sequential,
          gamma: float) -> Array:
    """r + gamma (1 - terminated) Q'(s', argmax_a Q(s', a)), (n, 1): the choice and its value from two networks.

    The maximum of one network's noisy values is too high on average. Truncated steps are not terminated: s' counts.
    """
    best = outputs(online, following).argmax(axis=1)[:, None]
    return reward + gamma * (1 - terminated) * np.take_along_axis(outputs(target, following), best, axis=1)


def train(env: Any, settings: Settings | None = None, *, verbose: int = 0) -> Agent:
    """One step of every copy into the memory, then `updates` steps along the gradient, from what the memory holds."""
    settings = settings or Settings()
    rng = np.random.default_rng(settings.seed)
    copies = Copies(env, settings.copies, rng, settings.steps * verbose)
    online = network(copies.features, copies.actions, settings)
    target = network(copies.features, copies.actions, settings)                # the same seed: equal at first
    memory = Memory(settings.memory, copies.features)
    rounds = -(-settings.steps // copies.n)
    epsilon = linear(1.0, settings.epsilon_end, max(1, round(settings.epsilon_share * rounds)))
    optimizer = Adam(linear(settings.learning_rate, 0.0, rounds * settings.updates), parameters=online.parameters())
    for t in range(rounds):
        obs = copies.obs
        action = outputs(online, obs).argmax(axis=1)
        explore = rng.random(copies.n) < epsilon(t)
        action[explore] = rng.integers(copies.actions, size=explore.sum())
        following, reward, terminated, _ = copies.step(action)
        memory.add(obs, action, reward, following, terminated)
        if copies.steps < settings.begin_at:
            continue
        for _ in range(settings.updates):
            obs, action, reward, following, terminated = memory.draw(settings.batch_size, rng)
            goal = goals(reward, following, terminated, online, target, settings.gamma)
            Q = ops.take_along_axis(online(obs), action, axis=1)               # Q(s, a), (batch, 1)
            optimizer.zero_grad()
            ops.mean(ops.square(Q - goal)).backward()
            optimizer.step()
            if optimizer.time % settings.sync_every == 0:
                target.load_state_dict(online.state_dict())
    return copies.agent(online)


if __name__ == "__main__":
    from ..environments.cartpole import CartPole
    agent = train(CartPole(), verbose=1)
    print(f"DQN, mean return of 100 episodes of CartPole: {evaluate(agent, CartPole()).mean():.1f}")
