"""REINFORCE: rewards to returns, and the gradient of a policy

The return of step t is all reward from then on, discounted:  G[t] = r[t] + gamma * r[t+1] + gamma^2 * r[t+2] + ...

A policy softmax(logits) took the actions a[t] and was rewarded.  The loss whose descent makes good actions likelier is

    L = - mean over t of  G[t] * ln softmax(logits[t])[a[t]]

Write the returns (walk backwards: G[t] = r[t] + gamma G[t+1]) and dL / dlogits.  For one step the derivative of
ln softmax(z)[a] with respect to z is  one_hot(a) - softmax(z).
"""
import numpy as np


def returns(rewards, gamma):
    """G, of the shape of rewards: (T,)."""
    # BEGIN SOLUTION
    G = np.zeros(len(rewards))
    after = 0.0
    for t in reversed(range(len(rewards))):
        after = rewards[t] + gamma * after
        G[t] = after
    return G
    # END SOLUTION


def policy_gradient(logits, actions, G):
    """dL / dlogits;  logits: (T, actions), actions: (T,), G: (T,)."""
    # BEGIN SOLUTION
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = p / p.sum(axis=1, keepdims=True)
    p[np.arange(len(actions)), actions] -= 1
    return p * G[:, None] / len(actions)
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import Wrong, agree, check, gradients, normal, sparkline
from tinyfm.rl.deep.reinforce import returns as ours_of

minutes = 20
requires = ["softmax_policy", "cross_entropy_backward"]
hints = [
    "Returns: begin at the end, where G is the last reward. Gradient: it is that of cross entropy, each step weighed by G[t].",
    "G[t] = r[t] + gamma G[t+1].  dL/dlogits[t] = G[t] (softmax(logits[t]) - one_hot(a[t])) / T.",
    "for t in reversed(range(T)):\n    after = rewards[t] + gamma * after\n...\np[np.arange(T), actions] -= 1\n"
    "return p * G[...] / ...",
]
after = """
It is supervised learning with the actions as labels and the returns as weights: what worked is imitated, in proportion.
Subtracting a baseline from G leaves the mean of the gradient as it is and makes it far less noisy.
"""
compare = ["tinyfm.rl.deep.reinforce:returns", "tinyfm.rl.tabular.policy_gradient:reinforce"]


@check
def returns_by_hand(student, rng): agree(student.returns, np.array([2.75, 3.5, 3.0]), (np.array([1.0, 2.0, 3.0]), 0.5))


@check
def returns_of_any_episode(student, rng):
    agree(student.returns, lambda r, gamma: ours_of(r, 0.0, gamma), (normal(rng, 6), 0.9), (normal(rng, 5), 1.0),
          (normal(rng, 4), 0.0), (normal(rng, 1), 0.9))


@check(points=2)
def the_gradient_against_central_differences(student, rng):
    actions, G = np.array([0, 2, 1, 2]), normal(rng, 4)
    def loss(z): return -np.mean(G * (z[np.arange(4), actions] - np.logaddexp.reduce(z, 1)))
    def policy_gradient(g, z): return g * student.policy_gradient(z, actions, G)
    gradients(policy_gradient, loss, normal(rng, 4, 3))


@check
def a_bandit_is_learnt(student, rng):
    z, won = np.zeros(3), []
    for _ in range(60):
        p = np.exp(z - z.max())
        actions = rng.choice(3, 32, p=p / p.sum())
        rewards = np.array([0.1, 0.9, 0.5])[actions] + 0.1 * normal(rng, 32)
        won.append(np.mean(rewards))
        z = z - np.sum(student.policy_gradient(np.tile(z, (32, 1)), actions, rewards - 0.5), axis=0)
    if not np.mean(won[-10:]) > 0.75: raise Wrong("does-not-learn", f"the reward did not rise: {sparkline(won)}")
    return f"a bandit with three arms, reward {sparkline(won)}"


@check(hidden=True)
def large_logits(student, rng):
    agree(student.policy_gradient, solution.policy_gradient, (1000 * normal(rng, 4, 3), np.array([0, 1, 2, 0]), normal(rng, 4)))


equivalent = {"G = np.zeros(len(rewards)) -> G = np.ones(len(rewards))": "every element is written"}
mistakes = {
    "Each reward alone: what came later is left out": ("after = rewards[t] + gamma * after", "after = rewards[t]"),
    "The return is not discounted": ("rewards[t] + gamma * after", "rewards[t] + after"),
    "The rewards so far, not those to come": ("reversed(range(len(rewards)))", "range(len(rewards))"),
    "The reward itself is discounted": ("rewards[t] + gamma * after", "gamma * (rewards[t] + after)"),
    "Uphill and downhill are exchanged: the gradient of -L": ("return p * G[:, None] / len(actions)", "return -p * G[:, None] / len(actions)"),
    "The returns are left out: every action is imitated": ("return p * G[:, None] / len(actions)", "return p / len(actions)"),
    "The mean over the steps is missing": ("return p * G[:, None] / len(actions)", "return p * G[:, None]"),
    "1 is not subtracted at the action that was taken": ("p[np.arange(len(actions)), actions] -= 1", "pass"),
    "The logit is pushed without the softmax: only the taken action moves": (
        "return p * G[:, None] / len(actions)", "return np.minimum(p, 0) * G[:, None] / len(actions)"),
    "The largest logit is not subtracted: e^1000 overflows": ("np.exp(logits - logits.max(axis=1, keepdims=True))", "np.exp(logits)"),
}
