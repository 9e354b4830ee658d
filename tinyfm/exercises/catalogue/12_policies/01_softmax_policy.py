"""A softmax policy with a temperature

    pi(a | s) = e^{alpha Q(s, a)} / sum over a' of  e^{alpha Q(s, a')}

alpha is the inverse temperature: 0 chooses evenly, a large one nearly always the best.  Q: (..., actions).  It must not
overflow, not even for alpha Q = 10,000.
"""
import numpy as np


def softmax_policy(Q, alpha):
    """Probabilities of the actions, along the last axis."""
    # BEGIN SOLUTION
    weights = np.exp(alpha * (Q - Q.max(axis=-1, keepdims=True)))
    return weights / weights.sum(axis=-1, keepdims=True)
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import Wrong, agree, check, normal
from tinyfm.gradcheck import check_policy
from tinyfm.rl.policies import softmax as ours

minutes = 10
requires = ["softmax"]
hints = [
    "It is the softmax of alpha Q. What may be subtracted without changing it?",
    "e^{alpha (Q - max Q)} along the last axis, divided by its sum.",
    "weights = np.exp(alpha * (Q - ...))\nreturn weights / weights.sum(axis=..., keepdims=...)",
]
after = """
Exploration is in the values themselves: nearly equal actions are tried nearly equally often, bad ones hardly ever.
Epsilon-greedy does not make that difference.  Cooling alpha up during learning moves from exploring to exploiting.
"""
compare = ["tinyfm.rl.policies:softmax"]


@check
def even_at_alpha_zero_and_greedy_at_a_large_one(student, rng):
    agree(student.softmax_policy, ours, (np.array([1.0, 2.0, 3.0]), 0.0), (np.array([1.0, 2.0, 3.0]), 50.0))


@check(points=2)
def judged_by_the_policy_checker(student, rng):
    def policy(Q, alpha): return student.softmax_policy(Q, alpha)
    report = check_policy(policy)
    if not report.ok: raise Wrong(report.findings[0].kind, str(report), report.findings[0].fix)


@check
def many_states_and_large_values(student, rng):
    agree(student.softmax_policy, ours, (normal(rng, 4, 4), 2.0), (1e4 * normal(rng, 3, 2), 1.0), (normal(rng, 2, 3, 4), 0.5))


mistakes = {
    "alpha divides, as a temperature; it is the inverse temperature": ("np.exp(alpha * (Q", "np.exp(1 / (alpha + 1e-12) * (Q"),
    "alpha is not used": ("np.exp(alpha * (Q", "np.exp((Q"),
    "The weights are not divided by their sum": ("return weights / weights.sum(axis=-1, keepdims=True)", "return weights"),
    "Normalised over the states, not over the actions": ("weights.sum(axis=-1, keepdims=True)", "weights.sum(axis=0, keepdims=True)"),
    "Normalised over everything": ("weights.sum(axis=-1, keepdims=True)", "weights.sum()"),
    "The largest is not subtracted: e^10000 overflows": ("(Q - Q.max(axis=-1, keepdims=True))", "Q"),
    "The sign: the worst action is the likeliest": ("np.exp(alpha * (Q - Q.max", "np.exp(-alpha * (Q - Q.min"),
    "The greedy action only": ("return weights / weights.sum(axis=-1, keepdims=True)",
                               "return (Q == Q.max(axis=-1, keepdims=True)) / (Q == Q.max(axis=-1, keepdims=True)).sum(axis=-1, keepdims=True)"),
    "The values are weighed without the exponential": ("np.exp(alpha * (Q - Q.max(axis=-1, keepdims=True)))",
                                                       "1 + alpha * (Q - Q.min(axis=-1, keepdims=True))"),
}
