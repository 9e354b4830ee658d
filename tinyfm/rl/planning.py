"""Planning: values and policies from a known model, by Bellman's equations as array expressions.

A model is P (S, A, S'), R (S, A) and gamma. P may be a dense array or an environment's `outcomes`, the same numbers
without the zeros. Terminal states lead to themselves for nothing, so V = 0 there. Every planner ends in a `Plan`, whose
`bound` is what is proven: no value is farther than that from the truth (infinite when gamma = 1, where nothing is).
"""

from __future__ import annotations

import heapq
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .environments.tabular import Outcomes, check_distribution
from .spaces import Array

Transitions = Array | Outcomes
MOST_SWEEPS = 100_000


class Plan(NamedTuple):
    """V (S,), Q (S, A), the greedy policy (S,), the sweeps (or backups / S) it took, and the bound on |V - truth|."""

    V: Array
    Q: Array
    policy: Array
    sweeps: float
    bound: float


def evaluate_policy(P: Any, R: ArrayLike, gamma: float, policy: ArrayLike, *, tolerance: float = 1e-10,
                    sweeps: int | None = None) -> Plan:
    """v(s) = sum_a pi(a|s) (R + gamma P v), applied until it holds to `tolerance`. Iterative policy evaluation, p. 75.

    policy: probabilities (S, A) or actions (S,). `sweeps`: that many from V = 0, without regard to the tolerance.
    """
    P, R, pi = *check_model(P, R, gamma), check_policy(policy, P)
    V = np.zeros(len(R))
    for sweep in range(1, limit(sweeps) + 1):
        old, V = V, (pi * (R + gamma * (P @ V))).sum(axis=1)
        if sweeps is None and contraction(gamma) * change(V, old) <= tolerance:
            return plan(P, R, gamma, V, sweep, contraction(gamma) * change(V, old))
    return stopped(P, R, gamma, V, sweeps, contraction(gamma) * change(V, old))


def evaluate_policy_in_place(P: Any, R: ArrayLike, gamma: float, policy: ArrayLike, *,
                             tolerance: float = 1e-10) -> Plan:
    """The same with one array, each state using the newest values of the others: the box of page 75."""
    P, R, pi = *check_model(P, R, gamma), check_policy(policy, P)
    V = np.zeros(len(R))
    for sweep in range(1, MOST_SWEEPS + 1):
        old = V.copy()
        for s in range(len(V)):
            V[s] = pi[s] @ (R[s] + gamma * (P[s] @ V))
        if contraction(gamma) * change(V, old) <= tolerance:
            return plan(P, R, gamma, V, sweep, contraction(gamma) * change(V, old))
    return stopped(P, R, gamma, V, None, np.inf)


def solve_policy(P: Any, R: ArrayLike, gamma: float, policy: ArrayLike) -> Plan:
    """v = (I - gamma P_pi)^-1 R_pi, Bellman's equation solved as the linear system that it is.

    ValueError when gamma = 1 and the policy never ends from some state.
    """
    P, R, pi = *check_model(P, R, gamma), check_policy(policy, P)
    P_pi, R_pi = under_policy(P, pi), (pi * R).sum(axis=1)
    over = np.isclose(np.diag(P_pi), 1, atol=1e-12) & (R_pi == 0)     # there V = 0 and nothing more happens
    if gamma == 1 and not can_reach(P_pi, over).all():
        stuck = int(np.argmin(can_reach(P_pi, over)))
        raise ValueError(f"With gamma = 1 this policy goes on forever from state {stuck}: its value does not exist. "
                         "Discount (gamma < 1), or give every state a way to the end.")
    V = np.zeros(len(R))
    V[~over] = np.linalg.solve(np.eye(len(R))[~over][:, ~over] - gamma * P_pi[~over][:, ~over], R_pi[~over])
    return plan(P, R, gamma, V, 1, 0.0)


def policy_iteration(P: Any, R: ArrayLike, gamma: float) -> Plan:
    """Evaluate, improve, until no action improves: the box of page 80, with the values solved for. S x S numbers.

    Begins with the policy that tries all actions evenly. Ends when no action is better than the policy's by more than
    rounding, so that ties cannot alternate forever.
    """
    P, R = check_model(P, R, gamma)
    states, pi = np.arange(len(R)), np.full(R.shape, 1 / R.shape[1])
    for iteration in range(1, MOST_SWEEPS + 1):
        V, Q, _, _, bound = solve_policy(P, R, gamma, pi)
        best, policy = optimal_actions(Q, 1e-10 * (1 + abs(V).max())), pi.argmax(axis=1)
        if iteration > 1 and best[states, policy].all():
            return Plan(V, Q, policy, iteration, bound)
        pi = np.eye(R.shape[1])[best.argmax(axis=1)]
    return stopped(P, R, gamma, V, None, np.inf)


def value_iteration(P: Any, R: ArrayLike, gamma: float, *, tolerance: float = 1e-10,
                    sweeps: int | None = None) -> Plan:
    """v(s) = max_a (R + gamma P v), applied until it holds to `tolerance`: the box of page 83.

    Stops when gamma / (1 - gamma) times the last change, the proven distance from v*, is at most `tolerance`;
    with gamma = 1 when the last change is. `sweeps`: that many, without regard to the tolerance.
    """
    P, R = check_model(P, R, gamma)
    V = np.zeros(len(R))
    for sweep in range(1, limit(sweeps) + 1):
        old, V = V, (R + gamma * (P @ V)).max(axis=1)
        if sweeps is None and contraction(gamma) * change(V, old) <= tolerance:
            return plan(P, R, gamma, V, sweep, contraction(gamma) * change(V, old))
    return stopped(P, R, gamma, V, sweeps, contraction(gamma) * change(V, old))


def value_iteration_in_place(P: Any, R: ArrayLike, gamma: float, *, order: ArrayLike | None = None,
                             tolerance: float = 1e-10) -> Plan:
    """The same with one array, state after state in `order`: news travels along the order within one sweep."""
    P, R = check_model(P, R, gamma)
    V, states = np.zeros(len(R)), np.arange(len(R)) if order is None else np.asarray(order)
    for sweep in range(1, MOST_SWEEPS + 1):
        old = V.copy()
        for s in states.tolist():
            V[s] = (R[s] + gamma * (P[s] @ V)).max()
        if contraction(gamma) * change(V, old) <= tolerance:
            return plan(P, R, gamma, V, sweep, contraction(gamma) * change(V, old))
    return stopped(P, R, gamma, V, None, np.inf)


def value_iteration_asynchronous(P: Any, R: ArrayLike, gamma: float, *, rng: int | np.random.Generator | None = None,
                                 tolerance: float = 1e-10) -> Plan:
    """Back up one state after the other, drawn at random; section 4.5. Every S backups it looks whether it is done."""
    P, R = check_model(P, R, gamma)
    V, draw = np.zeros(len(R)), np.random.default_rng(rng)
    for sweep in range(1, MOST_SWEEPS + 1):
        for s in draw.integers(len(V), size=len(V)).tolist():
            V[s] = (R[s] + gamma * (P[s] @ V)).max()
        error = residual(P, R, gamma, V)
        if error * horizon(gamma) <= tolerance:
            return plan(P, R, gamma, V, sweep, error * horizon(gamma))
    return stopped(P, R, gamma, V, None, np.inf)


def prioritized_sweeping(P: Any, R: ArrayLike, gamma: float, *, tolerance: float = 1e-10) -> Plan:
    """Back up the state with the largest Bellman error first, then look at those that lead to it. Moore & Atkeson 1993.

    Stops when no state's error exceeds tolerance (1 - gamma), or `tolerance` when gamma = 1.
    """
    P, R = check_model(P, R, gamma)
    V, smallest = np.zeros(len(R)), tolerance / horizon(gamma)
    before, error = predecessors(P), abs(R.max(axis=1)).tolist()
    queue = [(-e, s) for s, e in enumerate(error) if e > smallest]
    heapq.heapify(queue)
    backups = 0
    while queue and backups < MOST_SWEEPS * len(V):
        e, s = heapq.heappop(queue)
        if -e != error[s]:                                     # a newer entry speaks for this state
            continue
        backups += 1
        V[s] = (R[s] + gamma * (P[s] @ V)).max()
        for s2 in before[s] | {s}:
            error[s2] = abs(float((R[s2] + gamma * (P[s2] @ V)).max() - V[s2]))
            if error[s2] > smallest:
                heapq.heappush(queue, (-error[s2], s2))
    if queue:
        return stopped(P, R, gamma, V, None, np.inf)
    return plan(P, R, gamma, V, backups / len(V), residual(P, R, gamma, V) * horizon(gamma))


def optimal_actions(Q: ArrayLike, tolerance: float = 1e-8) -> Array:
    """True for each action within `tolerance` of the best of its state, (S, A): all the arrows of an optimal policy."""
    Q = np.asarray(Q)
    return np.asarray(Q >= Q.max(axis=-1, keepdims=True) - tolerance)


def residual(P: Transitions, R: Array, gamma: float, V: Array) -> float:
    """max_s |max_a (R + gamma P V) - V|, how far V is from satisfying Bellman's optimality equation."""
    return change((R + gamma * (P @ V)).max(axis=1), V)


def change(V: Array, old: Array) -> float:
    return float(abs(V - old).max())


def contraction(gamma: float) -> float:
    """|V_k+1 - v| <= gamma / (1 - gamma) |V_k+1 - V_k|; 1 when gamma = 1 and no such bound exists."""
    return gamma / (1 - gamma) if gamma < 1 else 1.0


def horizon(gamma: float) -> float:
    """|V - v| <= 1 / (1 - gamma) |TV - V|; 1 when gamma = 1 and no such bound exists."""
    return 1 / (1 - gamma) if gamma < 1 else 1.0


def limit(sweeps: int | None) -> int:
    if sweeps is not None and sweeps < 1:
        raise ValueError(f"sweeps must be at least 1, received {sweeps}.")
    return MOST_SWEEPS if sweeps is None else sweeps


def plan(P: Transitions, R: Array, gamma: float, V: Array, sweeps: float, bound: float) -> Plan:
    Q = R + gamma * (P @ V)
    return Plan(V, Q, optimal_actions(Q).argmax(axis=1), sweeps, bound if gamma < 1 else np.inf)


def stopped(P: Transitions, R: Array, gamma: float, V: Array, sweeps: int | None, bound: float) -> Plan:
    """After the sweeps that were asked for; else the values have not settled, which is an error."""
    if sweeps is None:
        raise RuntimeError(f"The values had not settled after {MOST_SWEEPS:,} sweeps. With gamma = 1 every policy that "
                           "matters must come to an end; discount (gamma < 1), or limit `sweeps`.")
    return plan(P, R, gamma, V, sweeps, bound)


def under_policy(P: Transitions, pi: Array) -> Array:
    """P_pi(s, s') = sum_a pi(a|s) P(s, a, s')."""
    if not isinstance(P, Outcomes):
        return np.asarray(np.einsum("sa,sat->st", pi, P))
    P_pi = np.zeros((len(pi), len(pi)))
    np.add.at(P_pi, (np.arange(len(pi))[:, None, None], P.next_state), pi[..., None] * P.probability)
    return P_pi


def can_reach(P_pi: Array, goal: Array) -> Array:
    """The states from which some way leads into `goal`, itself included."""
    reached, more = goal, goal | (P_pi[:, goal] > 0).any(axis=1)
    while (more != reached).any():
        reached, more = more, more | (P_pi[:, more] > 0).any(axis=1)
    return more


def predecessors(P: Transitions) -> list[set[int]]:
    """For each state those that may lead to it."""
    before: list[set[int]] = [set() for _ in range(P.shape[0])]
    places = np.nonzero(P.probability if isinstance(P, Outcomes) else P)
    after = P.next_state[places] if isinstance(P, Outcomes) else places[2]
    for s, s2 in zip(places[0].tolist(), after.tolist(), strict=True):
        before[s2].add(s)
    return before


def check_model(P: Any, R: Any, gamma: float) -> tuple[Any, Array]:
    """P and R as arrays; R (S, A, S') is averaged to R (S, A). ValueError for shapes or numbers that cannot be."""
    if not 0 <= gamma <= 1:
        raise ValueError(f"gamma must lie between 0 and 1, received {gamma}.")
    R = np.asarray(R, float)
    if isinstance(P, Outcomes):
        P.check()
    else:
        P = np.asarray(P, float)
        if P.ndim != 3 or P.shape[0] != P.shape[2]:
            raise ValueError(f"P has shape (S, A, S), received {P.shape}.")
        check_distribution(P, "P[s={}, a={}]")
        if R.shape == P.shape:
            R = (P * R).sum(axis=2)
    if R.shape != P.shape[:2]:
        raise ValueError(f"R has shape (S, A) = {P.shape[:2]} or (S, A, S), received {R.shape}.")
    if not np.isfinite(R).all():
        raise ValueError("Every reward must be a finite number.")
    return P, R


def check_policy(policy: ArrayLike, P: Transitions) -> Array:
    """`policy` as probabilities (S, A), from those or from actions (S,)."""
    (S, A), pi = P.shape[:2], np.asarray(policy)
    if pi.shape == (S,) and pi.dtype.kind in "iu" and ((pi >= 0) & (pi < A)).all():
        return np.asarray(np.eye(A)[pi])
    if pi.shape != (S, A):
        raise ValueError(f"A policy is probabilities of shape {(S, A)}, or {S} whole numbers from 0 to {A - 1}; "
                         f"received shape {pi.shape} of {pi.dtype}.")
    check_distribution(pi, "policy[s={}]")
    return pi.astype(float)
