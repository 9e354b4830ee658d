"""What a policy is worth, solved as linear equations

A policy pi chooses action a in state s with probability pi[s, a].  Under it

    P_pi[s, s'] = sum over a of  pi[s, a] P[s, a, s']          R_pi[s] = sum over a of  pi[s, a] R[s, a]

and its values solve  V = R_pi + gamma P_pi V.  These are as many linear equations as there are states: solve them with
np.linalg.solve, without any loop.  gamma < 1.
"""
import numpy as np


def policy_values(P, R, gamma, pi):
    """V of the policy, (states,);  pi: (states, actions), rows sum to 1."""
    # BEGIN SOLUTION
    P_pi = np.einsum("sa,sat->st", pi, P)
    R_pi = (pi * R).sum(axis=1)
    return np.linalg.solve(np.eye(len(R)) - gamma * P_pi, R_pi)
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, normal
from tinyfm.rl.environments.frozen_lake import FrozenLake
from tinyfm.rl.planning import solve_policy

minutes = 15
requires = ["bellman_backup"]
hints = [
    "Bring V to one side: V - gamma P_pi V = R_pi.",
    "(I - gamma P_pi) V = R_pi. np.einsum('sa,sat->st', pi, P) is P_pi.",
    "P_pi = np.einsum('sa,sat->st', ..., ...)\nR_pi = (... * ...).sum(axis=...)\n"
    "return np.linalg.solve(np.eye(...) - gamma * ..., ...)",
]
after = """
Policy iteration alternates this with taking the greedy action, and needs surprisingly few rounds.  With a million states
the system is too large to solve, and iterating V <- R_pi + gamma P_pi V, or sampling it, takes its place.
"""
compare = ["tinyfm.rl.planning:solve_policy"]


def ours(P, R, gamma, pi): return solve_policy(P, R, gamma, pi).V


def model(rng, states, actions):
    P, pi = rng.random((states, actions, states)), rng.random((states, actions))
    return P / P.sum(-1, keepdims=True), normal(rng, states, actions), 0.9, pi / pi.sum(1, keepdims=True)


@check
def one_state(student, rng):
    agree(student.policy_values, np.array([15.0]), (np.ones((1, 2, 1)), np.array([[1.0, 2.0]]), 0.9, np.array([[0.5, 0.5]])))


@check
def other_models(student, rng): agree(student.policy_values, ours, model(rng, 4, 3), model(rng, 3, 3), model(rng, 6, 2))


@check
def acting_at_random_on_the_frozen_lake(student, rng):
    env = FrozenLake()
    agree(student.policy_values, ours, (env.P, env.R, 0.99, np.full((16, 4), 0.25)))


mistakes = {
    "The discount is left out: the system has no solution, or another": ("gamma * P_pi", "0.999 * P_pi"),
    "The sign: I + gamma P": ("- gamma * P_pi", "+ gamma * P_pi"),
    "P_pi is transposed": ("- gamma * P_pi", "- gamma * P_pi.T"),
    "The rewards are averaged over all actions alike, not by the policy": ("(pi * R).sum(axis=1)", "R.mean(axis=1)"),
    "The transitions of all actions are averaged alike, not by the policy": ('np.einsum("sa,sat->st", pi, P)', "P.mean(axis=1)"),
    "The best action's reward, not the policy's": ("(pi * R).sum(axis=1)", "R.max(axis=1)"),
    "Only one step into the future": ("np.linalg.solve(np.eye(len(R)) - gamma * P_pi, R_pi)", "R_pi + gamma * P_pi @ R_pi"),
    "The rewards are summed, not weighed by the policy": ("(pi * R).sum(axis=1)", "R.sum(axis=1)"),
    "The future is not counted at all": ("np.linalg.solve(np.eye(len(R)) - gamma * P_pi, R_pi)", "R_pi"),
}
