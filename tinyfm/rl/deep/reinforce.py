"""REINFORCE with baseline. Williams 1992; Sutton & Barto 2018, page 330.

Play one whole episode; make every action of it more likely, as much as its return G_t was better than expected:

    G_t  = r_t + gamma G_{t+1}
    loss = -sum_t (G_t - v(S_t)) log pi(A_t|S_t) + sum_t (v(S_t) - G_t)^2

The baseline v, a second network, changes nothing on average, since sum_a pi(a|s) grad log pi(a|s) = 0; it takes away
noise. (The book has gamma^t before each term; here, as nearly everywhere, it is left out.)

`python -m tinyfm.rl.deep.reinforce` prints the mean return of 100 episodes of CartPole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tinyfm import ops
from tinyfm.nn import Dense, Sequential
from tinyfm.optim import Adam

from ..policies import draw_rows, softmax
from ..spaces import Array
from .copies import Agent, Copies, evaluate, outputs


@dataclass(frozen=True)
class Settings:
    """What may be turned."""

    steps: int = 150_000                         # the last episode is played to its end
    units: int = 64                              # of one hidden layer
    learning_rate: float = 0.003
    gamma: float = 0.99                          # below 1 for its smaller noise, though the task is to last
    seed: int = 0


def network(features: int, outputs: int, settings: Settings, seed: int) -> Sequential:
    """(n, features) -> (n, outputs): preferences of the policy, the value of the baseline."""
    return Sequential([
        Dense(settings.units, "tanh", input_shape=(features,)),
        Dense(outputs),
    ], seed=seed)


def returns(reward: Array, last: float, gamma: float) -> Array:
    """G_t = r_t + gamma G_{t+1}, (T,). last: what follows the last step, 0 after the end, v(S_T) after a truncation."""
    G = np.empty_like(reward)
    for t in reversed(range(len(reward))):
        G[t] = last = reward[t] + gamma * last
    return G


def train(env: Any, settings: Settings | None = None, *, verbose: int = 0) -> Agent:
    """Play one episode, take one step along the gradient, forget it, repeat."""
    settings = settings or Settings()
    rng = np.random.default_rng(settings.seed)
    copies = Copies(env, 1, rng, settings.steps * verbose)
    if copies.n > 1:
        raise ValueError(f"REINFORCE plays one episode after the other: pass one environment, received {copies.n}.")
    policy = network(copies.features, copies.actions, settings, settings.seed)
    baseline = network(copies.features, 1, settings, settings.seed + 1)
    optimizer = Adam(settings.learning_rate, parameters=[*policy.parameters(), *baseline.parameters()])
    while copies.steps < settings.steps:
        obs, action, reward, last, terminated = play(copies, policy, rng)
        G = returns(reward, (1 - terminated) * outputs(baseline, last).item(), settings.gamma)[:, None]
        A = G - outputs(baseline, obs)                         # (T, 1)

        log_pi = ops.take_along_axis(ops.log_softmax(policy(obs)), action, axis=1)
        loss = -ops.sum(A * log_pi) + ops.sum(ops.square(baseline(obs) - G))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return copies.agent(policy, baseline)


def play(copies: Copies, policy: Sequential, rng: np.random.Generator) -> tuple[Array, Array, Array, Array, float]:
    """One episode: obs (T, features), action (T, 1), reward (T,), the last observation, and whether it terminated."""
    steps, ended = [], False
    while not ended:
        obs, action = copies.obs, draw_rows(softmax(outputs(policy, copies.obs)), rng)
        following, reward, terminated, over = copies.step(action)
        steps.append((obs, action[:, None], reward))
        ended = over.item()
    return *(np.concatenate(column) for column in zip(*steps, strict=True)), following, terminated.item()


if __name__ == "__main__":
    from ..environments.cartpole import CartPole
    agent = train(CartPole(), verbose=1)
    print(f"REINFORCE, mean return of 100 episodes of CartPole: {evaluate(agent, CartPole()).mean():.1f}")
