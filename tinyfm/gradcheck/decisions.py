"""check_bellman and check_policy: the updates and policies of reinforcement learning, judged and named like gradients.

The truth is computed beside every mistake that is commonly made; the student's function is run on small random decision
processes, and the mistake that gives exactly the student's numbers, every time, is the diagnosis.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinyfm.gradcheck.advice import ADVICE
from tinyfm.gradcheck.checks import compared
from tinyfm.gradcheck.report import Finding, Report
from tinyfm.gradcheck.updates import POLICIES, RIGHT_STEP, RIGHT_SWEEP, STEPS, SWEEPS, Formula, softmax

Mistakes = Mapping[str, list[Formula]]
Result = tuple[Any, Any, dict[str, Any]]  # the student's, the truth, and what both were given


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
    function: Formula, right: Formula, known: Mistakes, samples: list[dict[str, Any]], argument: str, seed: int
) -> Report:
    """Run the student's function on every sample and name what is wrong."""
    report = Report(getattr(function, "__name__", argument), [], [], f"seed={seed}")
    try:
        results = [(answer(function, given), right(**given), given) for given in samples]
    except Exception as error:  # a student's mistake, whatever it is, is a finding
        report.findings.append(finding(argument, "raises", raised=f"{type(error).__name__}: {error}"))
        return report
    wrong = [(mine, true) for mine, true, _ in results if not agrees(mine, true)]
    mine, true = map(np.asarray, wrong[0] if wrong else results[0][:2])
    report.rows.append(compared(argument, mine, true, np.ones(true.shape, bool), np.zeros(true.shape)))
    if np.shape(mine) != np.shape(true):
        report.findings.append(finding(argument, "wrong-shape", returned=np.shape(mine), expected=np.shape(true)))
    elif wrong:
        report.findings.append(finding(argument, named(results, known)))
    return report


def answer(function: Callable[..., Any], given: dict[str, Any]) -> Any:
    """What the function returns, or the first argument when it writes into that."""
    copies = {k: np.array(v) if isinstance(v, np.ndarray) else v for k, v in given.items()}
    with np.errstate(all="ignore"):
        out = function(*copies.values())
    return next(iter(copies.values())) if out is None else np.asarray(out)


def finding(argument: str, kind: str, **facts: Any) -> Finding:
    message, fix = ADVICE[kind]
    return Finding(argument, kind, message.format(**facts), fix, facts, 0.0 if kind == "unknown" else 0.9)


def named(results: list[Result], known: Mistakes) -> str:
    """The one mistake that gives the student's numbers at every sample; 'unknown' when none does, or several kinds."""
    kinds = [
        kind
        for kind, formulas in known.items()
        if any(all(agrees(mine, f(**given)) for mine, _, given in results) for f in formulas)
    ]
    return kinds[0] if len(kinds) == 1 else "unknown"


def agrees(a: Any, b: Any) -> bool:
    return np.shape(a) == np.shape(b) and bool(np.allclose(a, b, rtol=1e-9, atol=1e-12))
