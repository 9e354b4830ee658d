"""Bellman's backup: the value of an action

In state s, action a brings the reward R[s, a] and leads to state s' with probability P[s, a, s'].  If V says what each
state is worth, then the action is worth what it brings now, plus what comes after, discounted:

    Q[s, a] = R[s, a] + gamma * sum over s' of  P[s, a, s'] V[s']

    P: (states, actions, states)   R: (states, actions)   V: (states,)   Q: (states, actions)
"""
import numpy as np


def action_values(P, R, gamma, V):
    """Q of all states and actions, for the values V of what comes after."""
    # BEGIN SOLUTION
    return R + gamma * (P @ V)
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, normal
from tinyfm.rl.environments.frozen_lake import FrozenLake

minutes = 10
hints = [
    "The sum over s' runs along the last axis of P. Which product does that?",
    "P @ V has the shape (states, actions): the expected value of the next state.",
    "return R + gamma * (... @ ...)",
]
after = """
Everything in planning and in Q-learning is this line: planning has P and takes the mean over what may happen, learning
has no P and takes what did happen.  gamma < 1 makes the far future small, and the equation solvable.
"""
compare = ["tinyfm.rl.planning:value_iteration"]


def ours(P, R, gamma, V): return np.einsum("ijk,k->ij", P, V) * gamma + R


def model(rng, states, actions):
    P = rng.random((states, actions, states))
    return P / P.sum(-1, keepdims=True), normal(rng, states, actions), 0.9, normal(rng, states)


@check
def by_hand(student, rng):
    P = np.array([[[0.5, 0.5], [0.0, 1.0]], [[0.0, 1.0], [0.0, 1.0]]])
    agree(student.action_values, np.array([[3.0, 5.0], [4.0, 4.0]]), (P, np.array([[1.0, 1.0], [0.0, 0.0]]), 0.5,
                                                                       np.array([0.0, 8.0])))


@check
def other_models(student, rng): agree(student.action_values, ours, model(rng, 4, 3), model(rng, 3, 3), model(rng, 5, 2))


@check
def the_frozen_lake(student, rng):
    env = FrozenLake()
    agree(student.action_values, ours, (env.P, env.R, 0.99, rng.random(16)))


mistakes = {
    "The future is not discounted": "return R + P @ V",
    "The reward is discounted too": "return gamma * (R + P @ V)",
    "The reward is left out": "return gamma * (P @ V)",
    "V of the state itself, where that of the next state belongs": "return R + gamma * V[:, None]",
    "The best next state, where the mean over all belongs": "return R + gamma * (P * V).max(axis=-1)",
    "The future is subtracted": "return R - gamma * (P @ V)",
    "The mean over the next states, without their probabilities": "return R + gamma * (P * V).mean(axis=-1)",
    "P is used backwards: from the next state to this one": "return R + gamma * np.einsum('kai,k->ia', P, V)",
    "That is the advantage: V of the state is subtracted": "return R + gamma * (P @ V) - V[:, None]",
}
