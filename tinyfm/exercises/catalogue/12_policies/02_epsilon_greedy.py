"""Epsilon-greedy, as probabilities

With probability epsilon the action is drawn evenly from ALL actions, else from the best ones.  So with A actions

    pi(a) = epsilon / A  +  (1 - epsilon) / (number of best actions)  if a is a best one

Ties are exact: all actions with the largest Q share.   Q: (..., actions), epsilon between 0 and 1.
"""
import numpy as np


def epsilon_greedy(Q, epsilon):
    """Probabilities of the actions, along the last axis."""
    # BEGIN SOLUTION
    best = Q == Q.max(axis=-1, keepdims=True)
    share = best / best.sum(axis=-1, keepdims=True)
    return epsilon / Q.shape[-1] + (1 - epsilon) * share
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, normal
from tinyfm.rl.policies import EpsilonGreedy

minutes = 10
hints = [
    "Two parts that are added: one the same for all actions, one for the best only.",
    "best = (Q == its maximum); the best share 1 - epsilon; everyone gets epsilon / A.",
    "best = Q == Q.max(axis=..., keepdims=...)\nshare = best / ...\nreturn epsilon / ... + (1 - epsilon) * share",
]
after = """
The best action gets 1 - epsilon + epsilon / A: the random draw may hit it as well.  The rows sum to 1, which is a good
check for any policy.  Breaking ties evenly matters most at the start, when all values are 0.
"""
compare = ["tinyfm.rl.policies:EpsilonGreedy"]


def ours(Q, epsilon): return EpsilonGreedy(epsilon).probabilities(Q)


@check
def by_hand(student, rng):
    agree(student.epsilon_greedy, np.array([0.1, 0.8, 0.1]), (np.array([0.0, 2.0, 1.0]), 0.3))


@check
def at_the_ends(student, rng): agree(student.epsilon_greedy, ours, (normal(rng, 4), 0.0), (normal(rng, 4), 1.0))


@check
def ties_share(student, rng):
    agree(student.epsilon_greedy, ours, (np.zeros(4), 0.2), (np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]]), 0.1))


@check
def many_states(student, rng): agree(student.epsilon_greedy, ours, (normal(rng, 3, 3), 0.5), (normal(rng, 2, 3, 4), 0.1))


mistakes = {
    "The random draw is from the other actions only": ("epsilon / Q.shape[-1] + (1 - epsilon) * share",
                                                       "np.where(best, (1 - epsilon) * share, epsilon / np.maximum(Q.shape[-1] - best.sum(axis=-1, keepdims=True), 1))"),
    "The first of equals gets it all": ("best = Q == Q.max(axis=-1, keepdims=True)",
                                        "best = np.arange(Q.shape[-1]) == Q.argmax(axis=-1)[..., None]"),
    "The best get the same again for each of them: the row does not sum to 1": ("best / best.sum(axis=-1, keepdims=True)", "best * 1.0"),
    "epsilon is the probability of the best": ("epsilon / Q.shape[-1] + (1 - epsilon) * share",
                                               "(1 - epsilon) / Q.shape[-1] + epsilon * share"),
    "Each random action gets epsilon, not epsilon / A": ("epsilon / Q.shape[-1] + ", "epsilon + "),
    "The best get 1, not 1 - epsilon": ("(1 - epsilon) * share", "share"),
    "The worst action is preferred": ("Q.max(axis=-1, keepdims=True)", "Q.min(axis=-1, keepdims=True)"),
    "The best of all states is compared with": ("Q.max(axis=-1, keepdims=True)", "Q.max()"),
    "Nothing is explored": ("epsilon / Q.shape[-1] + (1 - epsilon) * share", "share"),
}
