"""Updates and policies of reinforcement learning: the right one of each beside the mistakes that are commonly made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Formula = Callable[..., Any]


# ------------------------------------------------------------ one step of Q-learning


def stepped(target: Formula, error: Formula | None = None) -> Formula:
    """Q with Q[s, a] moved towards the target: Q[s, a] += alpha (target - Q[s, a])."""
    move = error or (lambda q, t, alpha: q + alpha * (t - q))

    def update(Q: Any, s: int, a: int, r: float, s2: int, terminated: bool, alpha: float, gamma: float) -> Any:
        new = Q.copy()
        new[s, a] = move(Q[s, a], target(Q, s, a, r, s2, 1.0 - terminated, gamma), alpha)
        return new

    return update


def elsewhere(place: Callable[[int, int, int], Any]) -> Formula:
    """The right change at another entry."""

    def update(Q: Any, s: int, a: int, r: float, s2: int, terminated: bool, alpha: float, gamma: float) -> Any:
        new = Q.copy()
        new[place(s, a, s2)] += alpha * (r + gamma * (1 - terminated) * Q[s2].max() - Q[s, a])
        return new

    return update


def newest(Q: Any, s: int, a: int, r: float, s2: int, terminated: bool, alpha: float, gamma: float) -> Any:
    """Forgets a share of Q[s, a] first, and bootstraps from what is left."""
    new = Q.copy()
    new[s, a] *= 1 - alpha
    new[s, a] += alpha * (r + gamma * (1 - terminated) * new[s2].max())
    return new


RIGHT_STEP = stepped(lambda Q, s, a, r, s2, goes_on, gamma: r + gamma * goes_on * Q[s2].max())
STEPS: Mapping[str, list[Formula]] = {
    "wrong-sign": [
        stepped(
            lambda Q, s, a, r, s2, on, gamma: r + gamma * on * Q[s2].max(), lambda q, t, alpha: q - alpha * (t - q)
        ),
        stepped(lambda Q, s, a, r, s2, on, gamma: r - gamma * on * Q[s2].max()),
        stepped(
            lambda Q, s, a, r, s2, on, gamma: r + gamma * on * Q[s2].max(), lambda q, t, alpha: q + alpha * (t + q)
        ),
    ],
    "ignores-terminated": [stepped(lambda Q, s, a, r, s2, on, gamma: r + gamma * Q[s2].max())],
    "terminated-inverted": [stepped(lambda Q, s, a, r, s2, on, gamma: r + gamma * (1 - on) * Q[s2].max())],
    "terminated-drops-reward": [stepped(lambda Q, s, a, r, s2, on, gamma: on * (r + gamma * Q[s2].max()))],
    "wrong-axis": [
        stepped(lambda Q, s, a, r, s2, on, gamma: r + gamma * on * Q[:, a].max()),
        stepped(lambda Q, s, a, r, s2, on, gamma: r + gamma * on * Q.max()),
    ],
    "bootstraps-from-s": [stepped(lambda Q, s, a, r, s2, on, gamma: r + gamma * on * Q[s].max())],
    "missing-discount": [stepped(lambda Q, s, a, r, s2, on, gamma: r + on * Q[s2].max())],
    "discount-on-reward": [
        stepped(lambda Q, s, a, r, s2, on, gamma: gamma * (r + on * Q[s2].max())),
        stepped(lambda Q, s, a, r, s2, on, gamma: gamma * r + on * Q[s2].max()),
        stepped(lambda Q, s, a, r, s2, on, gamma: gamma * r + gamma * on * Q[s2].max()),
    ],
    "mean-for-max": [stepped(lambda Q, s, a, r, s2, on, gamma: r + gamma * on * Q[s2].mean())],
    "min-for-max": [stepped(lambda Q, s, a, r, s2, on, gamma: r + gamma * on * Q[s2].min())],
    "same-action-for-max": [stepped(lambda Q, s, a, r, s2, on, gamma: r + gamma * on * Q[s2, a])],
    "argmax-for-max": [stepped(lambda Q, s, a, r, s2, on, gamma: r + gamma * on * Q[s2].argmax())],
    "missing-step-size": [
        stepped(lambda Q, s, a, r, s2, on, gamma: r + gamma * on * Q[s2].max(), lambda q, t, alpha: t)
    ],
    "step-size-inverted": [
        stepped(
            lambda Q, s, a, r, s2, on, gamma: r + gamma * on * Q[s2].max(),
            lambda q, t, alpha: alpha * q + (1 - alpha) * t,
        )
    ],
    "old-value-kept": [
        stepped(lambda Q, s, a, r, s2, on, gamma: r + gamma * on * Q[s2].max(), lambda q, t, alpha: q + alpha * t)
    ],
    "missing-reward": [stepped(lambda Q, s, a, r, s2, on, gamma: gamma * on * Q[s2].max())],
    "wrong-entry": [elsewhere(lambda s, a, s2: (s2, a)), elsewhere(lambda s, a, s2: (s, slice(None)))],
    "new-for-old": [newest],
}


# ------------------------------------------------------------ one sweep of value iteration


def swept(backup: Formula) -> Formula:
    return lambda V, P, R, gamma: backup(V, P, R, gamma)


def in_place(V: Any, P: Any, R: Any, gamma: float) -> Any:
    """Each state uses the values of this sweep for the states before it."""
    new = V.copy()
    for s in range(len(V)):
        new[s] = (R[s] + gamma * P[s] @ new).max()
    return new


RIGHT_SWEEP = swept(lambda V, P, R, gamma: (R + gamma * P @ V).max(1))
SWEEPS: Mapping[str, list[Formula]] = {
    "wrong-sign": [swept(lambda V, P, R, gamma: (R - gamma * P @ V).max(1))],
    "mean-for-max": [swept(lambda V, P, R, gamma: (R + gamma * P @ V).mean(1))],
    "min-for-max": [swept(lambda V, P, R, gamma: (R + gamma * P @ V).min(1))],
    "wrong-axis": [
        swept(lambda V, P, R, gamma: (R + gamma * P @ V).max(0)),
        swept(lambda V, P, R, gamma: (R + gamma * np.einsum("tas,t->sa", P, V)).max(1)),
    ],
    "missing-discount": [swept(lambda V, P, R, gamma: (R + P @ V).max(1))],
    "discount-on-reward": [
        swept(lambda V, P, R, gamma: (gamma * (R + P @ V)).max(1)),
        swept(lambda V, P, R, gamma: (gamma * R + P @ V).max(1)),
    ],
    "missing-reward": [swept(lambda V, P, R, gamma: (gamma * P @ V).max(1))],
    "bootstraps-from-s": [swept(lambda V, P, R, gamma: (R + gamma * V[:, None]).max(1))],
    "argmax-for-max": [swept(lambda V, P, R, gamma: (R + gamma * P @ V).argmax(1))],
    "reward-after-max": [swept(lambda V, P, R, gamma: R.max(1) + gamma * (P @ V).max(1))],
    "new-for-old": [in_place],
}


# ------------------------------------------------------------ softmax policies


def softmax(Q: Any, alpha: float, axis: int = -1) -> Any:
    e = np.exp(alpha * (Q - Q.max(axis, keepdims=True)))
    return e / e.sum(axis, keepdims=True)


POLICIES: Mapping[str, list[Formula]] = {
    "wrong-axis": [lambda Q, alpha: softmax(Q, alpha, 0), lambda Q, alpha: np.exp(alpha * Q) / np.exp(alpha * Q).sum()],
    "temperature-inverted": [lambda Q, alpha: softmax(Q, 1 / alpha)],
    "temperature-ignored": [lambda Q, alpha: softmax(Q, 1.0)],
    "wrong-sign": [lambda Q, alpha: softmax(Q, -alpha)],
    "not-normalised": [
        lambda Q, alpha: np.exp(alpha * Q),
        lambda Q, alpha: np.exp(alpha * (Q - Q.max(-1, keepdims=True))),
        lambda Q, alpha: np.exp(alpha * Q) / np.exp(alpha * Q).max(-1, keepdims=True),
    ],
    "greedy": [lambda Q, alpha: (Q == Q.max(-1, keepdims=True)) * 1.0],
}
