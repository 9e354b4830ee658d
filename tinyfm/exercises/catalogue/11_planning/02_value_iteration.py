"""Value iteration

The best value of a state is that of its best action:

    V[s] <- max over a of  R[s, a] + gamma * sum over s' of  P[s, a, s'] V[s']

Begin with V = 0 and apply this to all states at once ("a sweep") until no value changes by more than `tolerance`.
Return the V of the last sweep, and the greedy policy for it: for each state the action whose Q is largest.
"""
import numpy as np


def value_iteration(P, R, gamma, tolerance=1e-8):
    """(V, policy): (states,) values and (states,) actions."""
    # BEGIN SOLUTION
    V = np.zeros(len(R))
    while True:
        old, V = V, (R + gamma * (P @ V)).max(axis=1)
        if np.abs(V - old).max() <= tolerance:
            return V, (R + gamma * (P @ V)).argmax(axis=1)
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import Wrong, agree, check, same
from tinyfm.rl.environments.frozen_lake import FrozenLake
from tinyfm.rl.planning import value_iteration as plan

minutes = 15
requires = ["bellman_backup"]
hints = [
    "One sweep is one line, with Q = R + gamma * (P @ V). Keep the old V to see how much has changed.",
    "V = Q.max(axis=1); stop when the largest |V - old| <= tolerance; the policy is Q.argmax(axis=1) for the last V.",
    "V = np.zeros(...)\nwhile True:\n    old, V = V, (...).max(axis=...)\n    if np.abs(V - old).max() <= tolerance:\n"
    "        return V, (...).argmax(axis=...)",
]
after = """
Each sweep brings V closer to the truth by the factor gamma at least: with gamma = 0.9 a digit takes 22 sweeps.  The policy
is usually right long before the values are.  No learning so far: P and R were given.
"""
compare = ["tinyfm.rl.planning:value_iteration"]
equivalent = {
    "if np.abs(V - old).max() <= tolerance -> if np.abs(V - old).max() < tolerance": "a change is hardly ever the tolerance itself",
    "if np.abs(V - old).max() <= tolerance -> if np.abs(old - V).max() <= tolerance": "|a - b| = |b - a|",
}


def ours(P, R, gamma, tolerance=1e-10):
    found = plan(P, R, gamma, tolerance=1e-12)
    return found.V, found.policy


def corridor(n):
    """Two actions, left and right; 1 for reaching the right end, which holds you."""
    P, R = np.zeros((n, 2, n)), np.zeros((n, 2))
    for s in range(n - 1): P[s, 0, max(s - 1, 0)] = P[s, 1, s + 1] = 1
    P[n - 1, :, n - 1], R[n - 2, 1] = 1, 1
    return P, R


@check
def a_corridor(student, rng):
    V, policy = student.value_iteration(*corridor(5), 0.9)
    same(V, np.array([0.9 ** 3, 0.9 ** 2, 0.9, 1.0, 0.0]), rtol=1e-6)
    same(np.asarray(policy)[:4], np.ones(4, int))


@check
def the_frozen_lake(student, rng):
    env = FrozenLake()
    V, policy = student.value_iteration(env.P, env.R, 0.95, 1e-10)
    best = plan(env.P, env.R, 0.95)
    same(V, best.V, rtol=1e-6)
    values = best.Q[np.arange(16), policy]
    if not np.allclose(values, best.V, atol=1e-6): raise Wrong("wrong-policy", "the values are right, but the policy is not"
                                                               " greedy for them", "argmax over the actions.")


@check
def costs_and_no_patience(student, rng):
    for gamma in (0.0, 0.2, 0.4):
        P = rng.random((8, 3, 8)) ** 8
        P /= P.sum(-1, keepdims=True)
        R = rng.normal(size=(8, 3)) - 1
        agree(student.value_iteration, ours, (P, R, gamma, 1e-12), rtol=1e-6)


@check
def the_tolerance_counts(student, rng):
    P, R = corridor(8)
    agree(student.value_iteration, solution.value_iteration, (P, R, 0.9, 0.6), (P, R + 1.0, 0.9, 0.3))


mistakes = {
    "The mean over the actions: that is the value of acting at random": (
        "old, V = V, (R + gamma * (P @ V)).max(axis=1)", "old, V = V, (R + gamma * (P @ V)).mean(axis=1)"),
    "The worst action is taken": ("old, V = V, (R + gamma * (P @ V)).max(axis=1)", "old, V = V, (R + gamma * (P @ V)).min(axis=1)"),
    "The future is not discounted in the sweep": (
        "old, V = V, (R + gamma * (P @ V)).max(axis=1)",
        "old, V = V, np.minimum((R + (P @ V)).max(axis=1), 1e3)"),
    "One sweep only": ("if np.abs(V - old).max() <= tolerance:", "if True:"),
    "The policy looks at the rewards only": ("return V, (R + gamma * (P @ V)).argmax(axis=1)", "return V, R.argmax(axis=1)"),
    "The policy takes the worst action": ("return V, (R + gamma * (P @ V)).argmax(axis=1)", "return V, (R + gamma * (P @ V)).argmin(axis=1)"),
    "It stops when the first state does not change": ("np.abs(V - old).max()", "np.abs(V - old)[0]"),
    "It stops when the changes cancel: without absolute values": ("np.abs(V - old).max()", "(old - V).max()"),
    "The values before the last sweep are returned": ("return V, (R", "return old, (R"),
}
