"""Monte Carlo: wait for the end of the episode and learn from what it was worth. Sutton & Barto, chapter 5.

A return needs an end. Where an episode was truncated instead, the value of the state reached stands for the rest.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..episodes import Episode, Learned, Seed, begin, play, play_table
from ..policies import EpsilonGreedy, Policy
from ..spaces import Array


def returns_of(episode: Episode, gamma: float, value: float) -> list[float]:
    """G_t for every t, backwards: G_t = R_t+1 + gamma G_t+1; `value` of the last state stands in for what a cut hid."""
    G = 0.0 if episode.terminated else float(value)
    G_t = []
    for r in reversed(episode.rewards):
        G = r + gamma * G
        G_t.append(G)
    return G_t[::-1]


def mc_prediction(env: Any, policy: ArrayLike, episodes: int, *, gamma: float = 1.0, first_visit: bool = True,
                  alpha: float | None = None, rng: Seed = None, V: ArrayLike | None = None) -> Array:
    """V(s) = mean of the returns that followed s: page 92. Returns V (S,); policy: probabilities (S, A).

    `first_visit`: only the first time in each episode, else every time. `alpha`: a constant step instead of the mean.
    """
    env, rng, Q = begin(env, rng)
    pi, V = np.asarray(policy), np.zeros(len(Q)) if V is None else np.array(V, float)
    visits = np.zeros(len(V))
    for _ in range(episodes):
        episode = play_table(env, pi, rng)
        G = returns_of(episode, gamma, V[episode.states[-1]])
        seen = set()
        for t, s in enumerate(episode.states[:-1]):
            if first_visit and s in seen:
                continue
            seen.add(s)
            visits[s] += 1
            V[s] += (alpha or 1 / visits[s]) * (G[t] - V[s])
    return V


def mc_control(env: Any, episodes: int, *, gamma: float = 1.0, policy: Policy | None = None, first_visit: bool = True,
               alpha: float | None = None, rng: Seed = None, Q: ArrayLike | None = None) -> Learned:
    """Q(s, a) = mean of the returns that followed (s, a), acting by `policy` on Q: on-policy, page 101."""
    env, rng, Q = begin(env, rng, Q)
    visits, policy = np.zeros(Q.shape), policy or EpsilonGreedy(0.1)
    for t in range(episodes):
        episode = play(env, lambda s, t=t: policy.sample(Q[s], rng, t))
        average_into(Q, visits, episode, gamma, first_visit, alpha)
    return Learned(Q, env.returns, env.lengths)


def mc_exploring_starts(env: Any, episodes: int, *, gamma: float = 1.0, rng: Seed = None,
                        Q: ArrayLike | None = None) -> Learned:
    """Greedy after a random first state and action: Monte Carlo ES, page 99.

    First states are drawn evenly from those that are not terminal, so `env` must be a tabular environment of ours.
    """
    starts = np.flatnonzero(~env.terminal)
    env, rng, Q = begin(env, rng, Q)
    visits = np.zeros(Q.shape)
    for _ in range(episodes):
        first = [int(rng.integers(Q.shape[1]))]
        episode = play(env, lambda s, first=first: first.pop() if first else int(Q[s].argmax()),
                       options={"state": int(rng.choice(starts))}, most_steps=10 * len(Q))
        average_into(Q, visits, episode, gamma, True, None)
    return Learned(Q, env.returns, env.lengths)


def average_into(Q: Array, visits: Array, episode: Episode, gamma: float, first_visit: bool,
                 alpha: float | None) -> None:
    G = returns_of(episode, gamma, Q[episode.states[-1]].max())
    seen = set()
    for t, (s, a) in enumerate(zip(episode.states, episode.actions, strict=False)):
        if first_visit and (s, a) in seen:
            continue
        seen.add((s, a))
        visits[s, a] += 1
        Q[s, a] += (alpha or 1 / visits[s, a]) * (G[t] - Q[s, a])


def off_policy_mc_prediction(env: Any, target: ArrayLike, behaviour: ArrayLike, episodes: int, *, gamma: float = 1.0,
                             weighted: bool = True, rng: Seed = None) -> Array:
    """Q of the policy `target` from episodes of `behaviour`, by importance sampling: page 110. Returns Q (S, A).

    Each return counts W = product of target / behaviour over the actions that came after. `weighted`: divide by the sum
    of W (biased, small variance), else by the number of returns (unbiased, and possibly of infinite variance).
    """
    env, rng, Q = begin(env, rng)
    pi, b, C = np.asarray(target, float), np.asarray(behaviour, float), np.zeros(Q.shape)
    if (b[pi > 0] <= 0).any():
        raise ValueError("behaviour must give every action that target may take a probability above 0.")
    for _ in range(episodes):
        episode = play_table(env, b, rng)
        last = episode.states[-1]
        G = returns_of(episode, gamma, pi[last] @ Q[last])
        W = 1.0
        for t in reversed(range(len(G))):
            s, a = episode.states[t], episode.actions[t]
            C[s, a] += W if weighted else 1.0
            if C[s, a]:
                Q[s, a] += (W * G[t] - (W if weighted else 1.0) * Q[s, a]) / C[s, a]
            W *= pi[s, a] / b[s, a]
            if weighted and W == 0:
                break
    return Q


def off_policy_mc_control(env: Any, episodes: int, *, behaviour: ArrayLike | None = None, gamma: float = 1.0,
                          rng: Seed = None, Q: ArrayLike | None = None) -> Learned:
    """The greedy policy from episodes of a soft `behaviour` (even, unless given), by weighted sampling: page 111.

    Learns only from the tails of episodes in which every action was greedy: begin with a low Q, for an untried action
    that looks best cuts every tail.
    """
    env, rng, Q = begin(env, rng, Q)
    b, C = np.full(Q.shape, 1 / Q.shape[1]) if behaviour is None else np.asarray(behaviour, float), np.zeros(Q.shape)
    for _ in range(episodes):
        episode = play_table(env, b, rng)
        G = returns_of(episode, gamma, Q[episode.states[-1]].max())
        W = 1.0
        for t in reversed(range(len(G))):
            s, a = episode.states[t], episode.actions[t]
            C[s, a] += W
            Q[s, a] += W / C[s, a] * (G[t] - Q[s, a])
            if a != Q[s].argmax():
                break
            W /= b[s, a]
    return Learned(Q, env.returns, env.lengths)
