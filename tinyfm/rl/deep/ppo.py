"""Proximal policy optimization. Schulman et al. 2017, algorithm 1, with generalized advantages (Schulman et al. 2016).

The same data serve for many steps, so the policy moves away from the one that played. The ratio says how far:

    rho_t = pi(a_t|s_t) / pi_old(a_t|s_t)
    L     = mean min(rho_t A_t, clip(rho_t, 1 - epsilon, 1 + epsilon) A_t)       equation 7, to be made large

Once rho_t has left the interval in the direction that A_t asks for, its gradient is 0: nobody gains by going further.

`python -m tinyfm.rl.deep.ppo` prints the mean return of 100 episodes of CartPole.
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
from .actor_critic import advantages
from .copies import Agent, Copies, evaluate, outputs


@dataclass(frozen=True)
class Settings:
    """What may be turned."""

    steps: int = 150_000                         # of all copies together
    copies: int = 16
    horizon: int = 128                           # steps of each copy between two updates
    epochs: int = 10                             # how often each step is learnt from before it is forgotten
    batch_size: int = 256                        # large: one NumPy call costs about as much for 64
    units: int = 64                              # of each of two hidden layers
    learning_rate: float = 0.001                 # falls to 0: late steps should not undo what was learnt
    gamma: float = 0.99
    lam: float = 0.95                            # GAE's lambda
    epsilon: float = 0.2                         # how far the ratio may move, as in the paper
    entropy_bonus: float = 0.01                  # the paper's c2
    max_norm: float = 0.5                        # of the gradient: the critic's first errors are large
    seed: int = 0


def network(features: int, outputs: int, gain: float, settings: Settings, seed: int) -> Sequential:
    """(n, features) -> (n, outputs): preferences of the actor, the value of the critic."""
    return Sequential([
        Dense(settings.units, "tanh", kernel_initializer=Orthogonal(2**0.5), input_shape=(features,)),
        Dense(settings.units, "tanh", kernel_initializer=Orthogonal(2**0.5)),
        Dense(outputs, kernel_initializer=Orthogonal(gain)),
    ], seed=seed)


def clipped(log_pi: Any, old_log_pi: Array, A: Array, epsilon: float) -> Any:
    """mean min(rho A, clip(rho, 1 - epsilon, 1 + epsilon) A), rho = exp(log pi - log pi_old). Equation 7."""
    rho = ops.exp(log_pi - old_log_pi)
    return ops.mean(ops.minimum(rho * A, ops.clip(rho, 1 - epsilon, 1 + epsilon) * A))


def train(env: Any, settings: Settings | None = None, *, verbose: int = 0) -> Agent:
    """Play `horizon` steps in every copy, learn from them `epochs` times in small batches, forget them, repeat."""
    settings = settings or Settings()
    rng = np.random.default_rng(settings.seed)
    copies = Copies(env, settings.copies, rng, settings.steps * verbose)
    # The actor begins with nearly even chances: Andrychowicz et al. 2021 find that this matters.
    actor = network(copies.features, copies.actions, 0.01, settings, settings.seed)
    critic = network(copies.features, 1, 1.0, settings, settings.seed + 1)
    size = copies.n * settings.horizon
    rounds, batches = -(-settings.steps // size), -(-size // settings.batch_size)
    optimizer = Adam(linear(settings.learning_rate, 0.0, rounds * settings.epochs * batches),
                     global_clipnorm=settings.max_norm, parameters=[*actor.parameters(), *critic.parameters()])
    for _ in range(rounds):
        data = play(copies, actor, critic, settings, rng)
        for _ in range(settings.epochs):
            for i in np.array_split(rng.permutation(size), batches):
                obs, action, old_log_pi, A, goal = (column[i] for column in data)
                A = (A - A.mean()) / (A.std() + 1e-8)          # of each batch: a step is then never much too long

                log_pi = ops.log_softmax(actor(obs))           # (batch, actions)
                gain = clipped(ops.take_along_axis(log_pi, action, axis=1), old_log_pi, A, settings.epsilon)
                entropy = -ops.mean(ops.sum(ops.exp(log_pi) * log_pi, axis=1))
                surprise = ops.mean(ops.square(critic(obs) - goal))
                loss = -gain - settings.entropy_bonus * entropy + surprise         # equation 9
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    return copies.agent(actor, critic)


def play(copies: Copies, actor: Sequential, critic: Sequential, settings: Settings,
         rng: np.random.Generator) -> list[Array]:
    """One round of play: obs, action, log pi_old, A and the critic's goal, each (steps, ...), copies after copies."""
    steps = []
    for _ in range(settings.horizon):
        obs, pi = copies.obs, softmax(outputs(actor, copies.obs))
        action = draw_rows(pi, rng)[:, None]
        following, reward, terminated, ended = copies.step(action[:, 0])
        log_pi = np.log(np.take_along_axis(pi, action, axis=1))
        value, next_value = outputs(critic, obs)[:, 0], outputs(critic, following)[:, 0]
        steps.append((obs, action, log_pi, reward, value, next_value, terminated, ended))
    obs, action, log_pi, reward, value, next_value, terminated, ended = (np.stack(c) for c in zip(*steps, strict=True))
    A = advantages(reward, value, next_value, terminated, ended, settings.gamma, settings.lam)
    return [x.reshape(-1, x.shape[2] if x.ndim == 3 else 1) for x in (obs, action, log_pi, A, A + value)]


if __name__ == "__main__":
    from ..environments.cartpole import CartPole
    agent = train(CartPole(), verbose=1)
    print(f"PPO, mean return of 100 episodes of CartPole: {evaluate(agent, CartPole()).mean():.1f}")
