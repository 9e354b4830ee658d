"""Generalised advantage estimation

How much better was an action than expected?  One step ahead, with values V:

    delta[t] = r[t] + gamma * V[t+1] - V[t]            V[t+1] counts as 0 when step t terminated the episode

That is biased by V; the whole return is noisy.  The mixture (Schulman et al. 2016) walks backwards:

    A[t] = delta[t] + gamma * lam * A[t+1]             with A[t+1] = 0 when step t terminated, and after the last step

V has one element more than r: the last one is the value of the state after the last step.
"""
import numpy as np


def advantages(rewards, values, terminated, gamma, lam):
    """A: (T,);  rewards, terminated: (T,), values: (T + 1,)."""
    # BEGIN SOLUTION
    A = np.zeros(len(rewards))
    ahead = 0.0
    for t in reversed(range(len(rewards))):
        alive = 1.0 - terminated[t]
        delta = rewards[t] + gamma * alive * values[t + 1] - values[t]
        ahead = delta + gamma * lam * alive * ahead
        A[t] = ahead
    return A
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, normal
from tinyfm.rl.deep.actor_critic import advantages as of_engine

minutes = 20
requires = ["reinforce"]
hints = [
    "The same backward walk as for returns, with delta in the place of the reward and gamma * lam in that of gamma.",
    "alive = 1 - terminated[t] stands twice: before V[t+1], and before A[t+1].",
    "for t in reversed(range(T)):\n    alive = ...\n    delta = rewards[t] + gamma * alive * ... - ...\n"
    "    ahead = delta + ... * ahead\n    A[t] = ahead",
]
after = """
lam = 0 trusts V and looks one step ahead; lam = 1 gives the return minus V.  0.95 is what everybody uses.  The sum over
episodes in one array works because `alive` cuts at every end.
"""
compare = ["tinyfm.rl.deep.actor_critic:advantages"]


def ours(rewards, values, terminated, gamma, lam):
    column = lambda x: np.asarray(x, float)[:, None]
    end = column(terminated)
    return of_engine(column(rewards), column(values[:-1]), column(values[1:]), end, end, gamma, lam)[:, 0]


def episode(rng, T, gamma, lam, ends=()):
    terminated = np.zeros(T)
    terminated[list(ends)] = 1.0
    return normal(rng, T), normal(rng, T + 1), terminated, gamma, lam


@check
def one_step(student, rng): agree(student.advantages, ours, episode(rng, 1, 0.9, 0.8), episode(rng, 1, 0.9, 0.8, [0]))


@check
def without_an_end(student, rng): agree(student.advantages, ours, episode(rng, 6, 0.9, 0.8), episode(rng, 5, 0.5, 0.5))


@check
def lam_zero_and_one(student, rng): agree(student.advantages, ours, episode(rng, 5, 0.9, 0.0), episode(rng, 5, 0.9, 1.0))


@check
def ends_cut_it(student, rng):
    agree(student.advantages, ours, episode(rng, 6, 0.9, 0.95, [2]), episode(rng, 6, 0.9, 0.95, [0, 3, 5]))


equivalent = {"A = np.zeros(len(rewards)) -> A = np.ones(len(rewards))": "every element is written"}
mistakes = {
    "The value of the next state counts after the end": ("gamma * alive * values[t + 1]", "gamma * values[t + 1]"),
    "The advantage of the next episode leaks over the end": ("gamma * lam * alive * ahead", "gamma * lam * ahead"),
    "The value of this state is not subtracted": (" - values[t]", ""),
    "lam is left out: the return minus V": ("gamma * lam * alive", "gamma * alive"),
    "gamma is left out of the walk": ("gamma * lam * alive", "lam * alive"),
    "The next value is not discounted": ("gamma * alive * values[t + 1]", "alive * values[t + 1]"),
    "Only one step ahead: lam is ignored as if 0": ("ahead = delta + gamma * lam * alive * ahead", "ahead = delta"),
    "The walk goes forwards": ("reversed(range(len(rewards)))", "range(len(rewards))"),
    "The value of this state in the place of the next": ("values[t + 1] - values[t]", "values[t] - values[t]"),
    "The mixture of delta is weighed by 1 - lam": ("ahead = delta + gamma", "ahead = (1 - lam) * delta + gamma"),
}
