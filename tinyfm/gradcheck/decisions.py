"""check_bellman and check_policy: the updates and policies of reinforcement learning, judged and named like gradients.

The truth is computed beside every mistake that is commonly made; the student's function is run on small random decision
processes, and the mistake that gives exactly the student's numbers, every time, is the diagnosis.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinyfm.gradcheck.report import Finding, Report

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

ADVICE = {
    "wrong-sign": (
        "A sign is turned round.",
        "Q[s, a] moves towards the target: + alpha (r + gamma max Q[s2] - Q[s, a]).",
    ),
    "ignores-terminated": (
        "The value after the end is not left out.",
        "Multiply gamma max Q[s2] by (1 - terminated): nothing comes after a terminal state.",
    ),
    "terminated-inverted": (
        "The bootstrap is used at the end and left out before it.",
        "Use (1 - terminated), not terminated.",
    ),
    "terminated-drops-reward": (
        "At the end the reward is dropped too.",
        "Only the bootstrap is multiplied by (1 - terminated); r is always earned.",
    ),
    "wrong-axis": (
        "The maximum (or the sum) runs over states where it should run over actions.",
        "Q is indexed [state, action]: take the maximum over the last axis of Q[s2].",
    ),
    "bootstraps-from-s": (
        "The bootstrap comes from the state that was left, s, not from the one that was reached, s2.",
        "Use Q[s2].",
    ),
    "missing-discount": ("The discount gamma is missing.", "Multiply the value of the next state by gamma."),
    "discount-on-reward": (
        "The discount is applied to the reward.",
        "Only what comes later is discounted: r + gamma max Q[s2].",
    ),
    "mean-for-max": (
        "The mean over the actions stands where the maximum is due.",
        "The greedy value of s2 is Q[s2].max().",
    ),
    "min-for-max": (
        "The minimum over the actions stands where the maximum is due.",
        "The greedy value of s2 is Q[s2].max().",
    ),
    "same-action-for-max": (
        "The bootstrap uses the same action a in s2, not the best one.",
        "Q-learning is greedy in s2: Q[s2].max().",
    ),
    "argmax-for-max": ("The index of the best action is used as its value.", "Use max, not argmax."),
    "missing-step-size": (
        "The step size alpha is missing: the new value is the target itself.",
        "Move by a share alpha of the difference.",
    ),
    "step-size-inverted": ("alpha and 1 - alpha are exchanged.", "New = (1 - alpha) old + alpha target."),
    "old-value-kept": (
        "alpha times the target is added, and the old value is not taken off.",
        "Add alpha (target - Q[s, a]).",
    ),
    "missing-reward": ("The reward is missing.", "The target is r + gamma max Q[s2]."),
    "wrong-entry": ("The right change is made at the wrong entry.", "Change Q[s, a] and nothing else."),
    "new-for-old": (
        "Values that were already changed in this step are used where the old ones are due.",
        "Compute the target from a copy, then write.",
    ),
    "reward-after-max": (
        "The maximum is taken over the parts, not over their sum.",
        "The best action maximises R + gamma P V as a whole.",
    ),
    "wrong-shape": (
        "The result has shape {returned}; expected {expected}.",
        "Return the whole table, of the shape that came in.",
    ),
    "overflow": (
        "exp overflows (or gives 0/0) when alpha Q is large.",
        "Subtract the maximum first: exp(z - max z); the quotient is the same.",
    ),
    "temperature-inverted": (
        "Q is divided by alpha where it should be multiplied.",
        "alpha is the inverse temperature: larger alpha, greedier policy.",
    ),
    "temperature-ignored": ("alpha has no effect.", "Use exp(alpha Q)."),
    "not-normalised": ("The probabilities do not sum to one.", "Divide by the sum over the actions."),
    "greedy": (
        "All the probability is on the best action.",
        "A softmax policy gives every action exp(alpha Q) / sum exp(alpha Q).",
    ),
    "raises": ("It raised {raised}.", "Run it on one small example and read the traceback."),
    "unknown": (
        "The numbers are wrong, and none of the known mistakes explains them.",
        "Compute one small example by hand.",
    ),
}


def finding(argument: str, kind: str, **facts: Any) -> Finding:
    message, fix = ADVICE[kind]
    return Finding(argument, kind, message.format(**facts), fix, facts, 0.0 if kind == "unknown" else 0.9)


def named(results: list[tuple[Any, Any, dict[str, Any]]], known: Mapping[str, list[Any]]) -> str:
    """The one mistake that gives the student's numbers at every sample; 'unknown' when none does, or several kinds."""
    kinds = [
        kind
        for kind, formulas in known.items()
        if any(all(agrees(mine, f(**given)) for mine, _, given in results) for f in formulas)
    ]
    return kinds[0] if len(kinds) == 1 else "unknown"


def agrees(a: Any, b: Any) -> bool:
    return np.shape(a) == np.shape(b) and bool(np.allclose(a, b, rtol=1e-9, atol=1e-12))


def check_bellman(update: Callable[..., Any], *, seed: int = 0) -> Report:
    """Judge one step of Q-learning, or one sweep of value iteration.

    update(Q, s, a, r, s2, terminated, alpha, gamma) -> Q, or None when it writes into Q (Watkins 1989), or
    update(V, P, R, gamma) -> V, with P[s, a, s2] and R[s, a] (Bellman 1957).
    """
    rng = np.random.default_rng([seed, 3])
    sweep = len(inspect.signature(update).parameters) == 4
    right, known, samples = (RIGHT_SWEEP, SWEEPS, sweeps(rng)) if sweep else (RIGHT_STEP, STEPS, steps(rng))
    return judged(update, right, known, samples, "V" if sweep else "Q", seed)


def check_policy(policy: Callable[..., Any], *, seed: int = 0) -> Report:
    """Judge a softmax policy: policy(Q, alpha) -> exp(alpha Q) / sum exp(alpha Q) along the last axis."""
    rng = np.random.default_rng([seed, 4])
    samples = [
        {"Q": rng.standard_normal(shape), "alpha": alpha} for shape in ((4, 5), (5,), (3, 4)) for alpha in (0.7, 2.5)
    ]
    report = judged(policy, softmax, POLICIES, samples, "policy", seed)
    if report.ok:
        large: dict[str, Any] = {"Q": rng.standard_normal((4, 5)), "alpha": 1e4}
        with np.errstate(all="ignore"):
            p = np.asarray(policy(np.array(large["Q"]), large["alpha"]))
        if not agrees(p, softmax(**large)):
            report.findings.append(finding("policy", "overflow"))
    return report


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


def steps(rng: np.random.Generator) -> list[dict[str, Any]]:
    """Transitions on tables of 5 states and 3 actions: among them ends, and a state that leads to itself."""
    drawn = []
    for k in range(12):
        s, s2 = rng.permutation(5)[:2]
        drawn.append(
            {
                "Q": rng.standard_normal((5, 3)) - 0.5,
                "s": int(s),
                "a": int(rng.integers(3)),
                "r": float(rng.standard_normal()),
                "s2": int(s if k % 4 == 3 else s2),
                "terminated": k % 3 == 1,
                "alpha": float(rng.uniform(0.1, 0.45)),
                "gamma": float(rng.uniform(0.6, 0.95)),
            }
        )
    return drawn


def sweeps(rng: np.random.Generator) -> list[dict[str, Any]]:
    """Random decision processes with 4 states and 3 actions."""
    return [
        {
            "V": rng.standard_normal(4),
            "P": rng.dirichlet(np.ones(4), (4, 3)),
            "R": rng.standard_normal((4, 3)),
            "gamma": float(rng.uniform(0.6, 0.95)),
        }
        for _ in range(6)
    ]


def judged(
    function: Callable[..., Any],
    right: Formula,
    known: Mapping[str, list[Any]],
    samples: list[dict[str, Any]],
    argument: str,
    seed: int,
) -> Report:
    """Run the student's function on every sample and name what is wrong."""
    results, report = [], Report(getattr(function, "__name__", argument), [], [], f"seed={seed}")
    for given in samples:
        copies = {k: np.array(v) if isinstance(v, np.ndarray) else v for k, v in given.items()}
        try:
            with np.errstate(all="ignore"):
                out = function(*copies.values())
        except Exception as error:  # a student's mistake, whatever it is, is a finding
            report.findings.append(finding(argument, "raises", raised=f"{type(error).__name__}: {error}"))
            return report
        results.append((copies[next(iter(copies))] if out is None else np.asarray(out), right(**given), given))
    wrong = [(mine, true, given) for mine, true, given in results if not agrees(mine, true)]
    if wrong and np.shape(wrong[0][0]) != np.shape(wrong[0][1]):
        report.findings.append(
            finding(argument, "wrong-shape", returned=np.shape(wrong[0][0]), expected=np.shape(wrong[0][1]))
        )
    elif wrong:
        report.findings.append(finding(argument, named(results, known)))
    return report
