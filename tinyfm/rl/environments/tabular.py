"""Environments that are a table: what follows each state and action, with which probability and reward."""

from __future__ import annotations

from bisect import bisect
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..spaces import Array, Discrete
from .environment import ONE, Environment


class Outcomes:
    """The transitions P(s, a, s') and rewards of a decision process, without the zeros.

    Outcome k of action a in state s comes with probability[s, a, k], leads to next_state[s, a, k] and pays
    reward[s, a, k]. Stands wherever a dense P of shape (S, A, S) may stand: `P @ V` is sum_s' P(s, a, s') V(s'),
    np.asarray(P) the dense array. A 100 x 100 gridworld is 40,000 numbers instead of 400 million.
    """

    def __init__(self, probability: ArrayLike, next_state: ArrayLike, reward: ArrayLike) -> None:
        parts = np.asarray(probability, float), np.asarray(next_state), np.asarray(reward, float)
        laid_out = map(np.asfortranarray, np.broadcast_arrays(*parts))                    # outcome after outcome: P @ V
        self.probability, self.next_state, self.reward = laid_out                         # runs 4 times as fast

    @classmethod
    def from_dictionary(cls, P: dict[int, dict[int, list[tuple[float, int, float, bool]]]]) -> Outcomes:
        """From Gymnasium's env.unwrapped.P[s][a] = [(probability, next state, reward, terminated), ...]."""
        longest = max(len(outcomes) for row in P.values() for outcomes in row.values())
        parts = np.zeros((3, len(P), len(P[0]), longest))
        terminal = np.zeros(len(P), bool)
        for s, row in P.items():
            for a, outcomes in row.items():
                for k, (p, s2, r, terminated) in enumerate(outcomes):
                    parts[:, s, a, k] = p, s2, r
                    terminal[s2] |= terminated
        return cls(parts[0], parts[1].astype(int), parts[2]).absorb(terminal)

    @property
    def shape(self) -> tuple[int, int, int]:
        states, actions = self.probability.shape[:2]
        return states, actions, states

    @property
    def R(self) -> Array:                                       # noqa: N802
        """R(s, a) = sum_k probability reward, the expected reward."""
        return np.asarray((self.probability * self.reward).sum(axis=-1))

    def __matmul__(self, V: Array) -> Array:
        return np.asarray(np.einsum("...k,...k->...", self.probability, V[self.next_state]))

    def __getitem__(self, s: int) -> Outcomes:
        """The rows P[s], for `P[s] @ V`."""
        row = object.__new__(Outcomes)
        row.probability, row.next_state, row.reward = self.probability[s], self.next_state[s], self.reward[s]
        return row

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        states, actions, outcomes = self.probability.shape
        dense = np.zeros(self.shape, dtype or float)
        s, a, _ = np.indices((states, actions, outcomes), sparse=True)
        np.add.at(dense, (s, a, self.next_state), self.probability)
        return dense

    def absorb(self, terminal: Array) -> Outcomes:
        """The same with each terminal state leading to itself for nothing, so that V = 0 there by itself."""
        first = np.arange(self.probability.shape[2]) == 0
        at, here = terminal[:, None, None], np.arange(len(terminal))[:, None, None]
        return Outcomes(np.where(at, first, self.probability), np.where(at, here, self.next_state),
                        np.where(at, 0.0, self.reward))

    def check(self) -> Outcomes:
        """ValueError naming the worst place, if these are not probabilities of existing states."""
        check_distribution(self.probability, "P[s={}, a={}]")
        if self.next_state.min() < 0 or self.next_state.max() >= self.shape[0]:
            raise ValueError(f"Next states must lie in 0 to {self.shape[0] - 1}, received "
                             f"{self.next_state.min()} to {self.next_state.max()}.")
        if not np.isfinite(self.reward).all():
            raise ValueError("Every reward must be a finite number.")
        return self


def check_distribution(p: Array, name: str) -> None:
    """ValueError unless p >= 0 and the last axis sums to one; `name` is a format string for the other indices."""
    if not (p >= 0).all():
        *place, k = (int(i) for i in np.argwhere(~(p >= 0))[0])
        raise ValueError(f"{name.format(*place)}: probability {k} is {p[(*place, k)]}, expected a number >= 0.")
    off = abs(p.sum(axis=-1) - 1)
    if off.size and off.max() > 1e-8:
        worst = np.unravel_index(int(off.argmax()), off.shape)
        raise ValueError(f"{name.format(*map(int, worst))} sums to {p[worst].sum():.9g}, expected 1: "
                         "the probabilities of everything that can follow.")


class TabularEnvironment(Environment):
    """A finite decision process given by its `Outcomes`, its terminal states and its distribution of first states.

    `env.P` (S, A, S) and `env.R` (S, A) are the model that planning uses and learning must do without.
    """

    observation_space: Discrete
    action_space: Discrete

    def __init__(self, outcomes: Outcomes, terminal: ArrayLike, starts: ArrayLike, *,
                 max_episode_steps: float | None = None, render_mode: str = "ansi") -> None:
        super().__init__(max_episode_steps=max_episode_steps, render_mode=render_mode)
        self.terminal = np.asarray(terminal, bool)                                        # (S,)
        self.outcomes = outcomes.absorb(self.terminal).check()
        self.starts = np.asarray(starts, float)                                           # (S,), sums to one
        check_distribution(self.starts, "The distribution of first states")
        states, actions, self._K = self.outcomes.probability.shape
        self.observation_space, self.action_space = Discrete(states), Discrete(actions)

    @cached_property
    def _arrays(self) -> Flat:
        return Flat(self.outcomes, self.terminal)

    @cached_property
    def _lists(self) -> Flat:
        return Flat(self.outcomes, self.terminal, as_lists=True)

    @property
    def P(self) -> Array:                                       # noqa: N802
        """P[s, a, s'], dense. ValueError when it would not fit: `outcomes` then stands in its place."""
        states, actions, _ = self.outcomes.shape
        if states * actions * states > 2**27:
            raise ValueError(f"P would hold {states} x {actions} x {states} numbers: "
                             "hand env.outcomes to the planner in place of env.P.")
        return np.asarray(self.outcomes)

    @property
    def R(self) -> Array:                                       # noqa: N802
        """R[s, a], the expected reward."""
        return self.outcomes.R

    def start(self, n: int, rng: np.random.Generator) -> Array:
        states = np.flatnonzero(self.starts)
        if len(states) == 1:
            return np.full(n, states[0])
        return np.asarray(states[np.searchsorted(self.starts[states].cumsum()[:-1], rng.random(n), side="right")])

    def move(self, state: Any, action: Any, rng: np.random.Generator, m: Any) -> tuple[Any, Any, Any]:
        table = self._lists if m is ONE else self._arrays
        i = state * self.action_space.n + action
        if self._K > 1:
            i = i * self._K + table.pick(i, rng)
        return table.next_state[i], table.reward[i], table.terminated[i]

    def observe(self, state: Any) -> Any:
        return state if type(state) is int else state.copy()

    def single(self, states: Array) -> int:
        return int(states[0])

    def check_states(self, states: Any, n: int) -> Array:
        values = np.asarray(states)
        if values.dtype.kind not in "iu" or values.shape not in [(), (n,)] or (
                values.size and not 0 <= values.min() <= values.max() < self.observation_space.n):
            raise ValueError(f"{type(self).__name__}: a state is a whole number from 0 to "
                             f"{self.observation_space.n - 1}, one for all copies or {n} of them; received {states!r}.")
        return np.broadcast_to(values, (n,)).copy()


class Flat:
    """Outcomes laid flat, entry (s A + a) K + k: as arrays for thousands of copies, as lists for one."""

    def __init__(self, outcomes: Outcomes, terminal: Array, as_lists: bool = False) -> None:
        lay: Any = (lambda x: x.ravel().tolist()) if as_lists else (lambda x: x.ravel())
        self.next_state, self.reward = lay(outcomes.next_state), lay(outcomes.reward)
        self.terminated = lay(terminal[outcomes.next_state])
        cumulative = np.concatenate(outcomes.probability.cumsum(axis=-1)[..., :-1])       # (S A, K - 1)
        self.cumulative: Any = cumulative.tolist() if as_lists else cumulative

    def pick(self, i: Any, rng: np.random.Generator) -> Any:
        """An outcome for row(s) i: the number of cumulative probabilities that a uniform draw has passed."""
        if type(i) is int:
            return bisect(self.cumulative[i], rng.random())
        return (self.cumulative[i] <= rng.random(len(i))[:, None]).sum(axis=1)
