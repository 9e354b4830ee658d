"""Actor-critic with generalized advantage estimation. Mnih et al. 2016 (A3C, here in step); Schulman et al. 2016 (GAE).

The critic learns V(s), what to expect. The actor makes likely what went better than expected:

    delta_t = r_t + gamma V(s_{t+1}) - V(s_t)                    how much better one step went
    A_t     = delta_t + gamma lambda A_{t+1}                     lambda 0: that step only; lambda 1: all that followed
    loss    = -mean A_t log pi(a_t|s_t) - bonus mean H(pi(.|s_t)) + mean (V(s_t) - (A_t + V_t))^2

`python -m tinyfm.rl.deep.actor_critic` prints the mean return of 100 episodes of CartPole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tinyfm import ops
from tinyfm.nn import Dense, Sequential
from tinyfm.nn.init import Orthogonal
from tinyfm.optim import Adam

from ..policies import draw_rows, linear, softmax
from ..spaces import Array
from .copies import Agent, Copies, evaluate, outputs


@dataclass(frozen=True)
class Settings:
    """What may be turned."""

    steps: int = 600_000                         # of all copies together
    copies: int = 32                             # different episodes at once stand in for a replay memory
    horizon: int = 32                            # steps of each copy between two updates
    units: int = 64                              # of each of two hidden layers
    learning_rate: float = 0.003                 # falls to 0: late steps should not undo what was learnt
    gamma: float = 0.99
    lam: float = 0.95                            # GAE's lambda
    entropy_bonus: float = 0.01                  # keeps the actor from becoming certain too early
    max_norm: float = 0.5                        # of the gradient: the critic's first errors are large
    seed: int = 0


def networks(features: int, actions: int, settings: Settings) -> tuple[Sequential, Sequential]:
    """Actor: (n, features) -> preferences (n, actions). Critic: -> values (n, 1). They share nothing."""
    def network(outputs: int, gain: float, seed: int) -> Sequential:
        return Sequential([
            Dense(settings.units, "tanh", kernel_initializer=Orthogonal(2**0.5), input_shape=(features,)),
            Dense(settings.units, "tanh", kernel_initializer=Orthogonal(2**0.5)),
            Dense(outputs, kernel_initializer=Orthogonal(gain)),
        ], seed=seed)
    # The actor begins with nearly even chances: Andrychowicz et al. 2021 find that this matters.
    return network(actions, 0.01, settings.seed), network(1, 1.0, settings.seed + 1)


def advantages(reward: Array, value: Array, next_value: Array, terminated: Array, ended: Array, gamma: float,
               lam: float) -> Array:
    """A_t = sum_k (gamma lam)^k delta_{t+k} up to the end of the episode, (T, n). Schulman et al. 2016, equation 16.

    All arguments are (T, n). next_value: V of what followed, at the end of an episode its last observation. Terminated,
    an episode is worth nothing more; truncated, only cut off, it is still worth next_value.
    """
    delta = reward + gamma * (1 - terminated) * next_value - value
    A, ahead = np.empty_like(delta), np.zeros_like(delta[0])
    for t in reversed(range(len(delta))):
        A[t] = ahead = delta[t] + gamma * lam * (1 - ended[t]) * ahead
    return A


def train(env: Any, settings: Settings | None = None, *, verbose: int = 0) -> Agent:
    """Play `horizon` steps in every copy, take one step along the gradient, forget the data, repeat."""
    settings = settings or Settings()
    rng = np.random.default_rng(settings.seed)
    copies = Copies(env, settings.copies, rng, settings.steps * verbose)
    actor, critic = networks(copies.features, copies.actions, settings)
    updates = -(-settings.steps // (copies.n * settings.horizon))
    optimizer = Adam(linear(settings.learning_rate, 0.0, updates), global_clipnorm=settings.max_norm,
                     parameters=[*actor.parameters(), *critic.parameters()])
    for _ in range(updates):
        obs, action, reward, terminated, ended, following = play(copies, actor, settings.horizon, rng)
        value, next_value = values(critic, obs), values(critic, following)
        A = advantages(reward, value, next_value, terminated, ended, settings.gamma, settings.lam)

        log_pi = ops.log_softmax(actor(flat(obs)))             # (T n, actions)
        chosen = ops.take_along_axis(log_pi, action.reshape(-1, 1), axis=1)
        entropy = -ops.mean(ops.sum(ops.exp(log_pi) * log_pi, axis=1))
        surprise = ops.mean(ops.square(critic(flat(obs)) - (A + value).reshape(-1, 1)))
        loss = -ops.mean(chosen * A.reshape(-1, 1)) - settings.entropy_bonus * entropy + surprise
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return copies.agent(actor, critic)


def play(copies: Copies, actor: Sequential, horizon: int, rng: np.random.Generator) -> list[Array]:
    """`horizon` steps of every copy: obs, action, reward, terminated, ended, following, each (horizon, n, ...)."""
    steps = []
    for _ in range(horizon):
        obs, action = copies.obs, draw_rows(softmax(outputs(actor, copies.obs)), rng)
        following, reward, terminated, ended = copies.step(action)
        steps.append((obs, action, reward, terminated, ended, following))
    return [np.stack(column) for column in zip(*steps, strict=True)]


def values(critic: Sequential, obs: Array) -> Array:
    """V of observations (T, n, features), as (T, n)."""
    return outputs(critic, flat(obs)).reshape(obs.shape[:2])


def flat(x: Array) -> Array:
    """(T, n, ...) -> (T n, ...)."""
    return x.reshape(-1, *x.shape[2:])


if __name__ == "__main__":
    from ..environments.cartpole import CartPole
    agent = train(CartPole(), verbose=1)
    print(f"actor-critic, mean return of 100 episodes of CartPole: {evaluate(agent, CartPole()).mean():.1f}")
