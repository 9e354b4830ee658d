"""Q-learning

After one step  (s, a) -> reward r, next state s2  the table moves towards what was seen:

    Q[s, a] <- Q[s, a] + alpha * (r + gamma * max over a' of Q[s2, a']  -  Q[s, a])

If the episode has terminated in s2 nothing follows, so there the target is r alone.  Return a new table; the given one
must stay as it is.  (Watkins 1989)
"""
import numpy as np


def q_update(Q, s, a, r, s2, terminated, alpha, gamma):
    """The table after one step;  Q: (states, actions)."""
    # BEGIN SOLUTION
    Q = Q.copy()
    target = r + gamma * (1 - terminated) * Q[s2].max()
    Q[s, a] += alpha * (target - Q[s, a])
    return Q
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import Wrong, agree, check, normal
from tinyfm.gradcheck import check_bellman
from tinyfm.rl.environments.frozen_lake import FrozenLake
from tinyfm.rl.planning import value_iteration

minutes = 15
requires = ["bellman_backup", "epsilon_greedy"]
hints = [
    "First the target: the reward and the best that can be had from s2. Then move Q[s, a] a part alpha of the way there.",
    "target = r + gamma * (1 - terminated) * max Q[s2]; Q[s, a] += alpha * (target - Q[s, a]), on a copy.",
    "Q = Q.copy()\ntarget = r + gamma * ... * Q[s2].max()\nQ[s, a] += alpha * (...)\nreturn Q",
]
after = """
The maximum asks what the best action would bring, whatever is done next: so it learns the best policy while following an
exploring one.  With the action that is really taken next in its place, it is Sarsa.
"""
compare = ["tinyfm.rl.tabular.temporal_difference:q_learning"]


def ours(Q, s, a, r, s2, terminated, alpha, gamma):
    Q = Q.copy()
    Q[s, a] = (1 - alpha) * Q[s, a] + alpha * (r + (0.0 if terminated else gamma * np.max(Q[s2])))
    return Q


@check
def one_step(student, rng):
    Q = np.array([[0.0, 1.0], [2.0, 5.0]])
    agree(student.q_update, ours, (Q, 0, 1, 1.0, 1, False, 0.5, 0.9), (Q, 1, 0, -1.0, 0, False, 0.1, 0.5))


@check
def the_end_of_an_episode(student, rng):
    agree(student.q_update, ours, (normal(rng, 3, 2), 0, 1, 2.0, 1, True, 0.5, 0.9), (normal(rng, 3, 2), 2, 0, 0.0, 2, True, 0.1, 0.9))


@check(points=2)
def judged_by_the_bellman_checker(student, rng):
    def update(Q, s, a, r, s2, terminated, alpha, gamma):
        return student.q_update(Q, int(s), int(a), float(r), int(s2), bool(terminated), float(alpha), float(gamma))
    report = check_bellman(update)
    if not report.ok: raise Wrong(report.findings[0].kind, str(report), report.findings[0].fix)


@check
def a_lake_without_slipping_is_learnt(student, rng):
    env, Q = FrozenLake(slippery=False), np.zeros((16, 4))
    best = value_iteration(env.P, env.R, 0.9)
    steps = [(s, a) for s in range(16) for a in range(4) if not env.terminal[s]]
    for s, a in rng.permutation(np.tile(steps, (50, 1))):            # every step 50 times, in any order
        s2 = env.P[s, a].argmax()
        Q = np.asarray(student.q_update(Q, int(s), int(a), float(env.R[s, a]), int(s2), bool(env.terminal[s2]), 0.5, 0.9))
    found = 0.9 ** 5 / max(Q[0].max(), 1e-9)
    if not 0.9 < found < 1.1: raise Wrong("does-not-learn", f"after 50 times every step the start is worth {Q[0].max():.3f}; "
                                          f"the truth is {best.V[0]:.3f}")
    return f"after 50 times every step the start is worth {Q[0].max():.3f}; the truth is {best.V[0]:.3f}"


mistakes = {
    "The future counts after the end of the episode": ("(1 - terminated) * ", ""),
    "The future is not discounted": ("gamma * (1 - terminated)", "(1 - terminated)"),
    "The mean over the next actions, not the best": ("Q[s2].max()", "Q[s2].mean()"),
    "The value of the same action in the next state: nearly Sarsa": ("Q[s2].max()", "Q[s2, a]"),
    "Q moves away from the target": ("Q[s, a] += alpha", "Q[s, a] -= alpha"),
    "Q is replaced by the target: alpha is missing": ("Q[s, a] += alpha * (target - Q[s, a])", "Q[s, a] = target"),
    "The old value is not subtracted": ("(target - Q[s, a])", "target"),
    "The best of the state that was left, not of the one that was reached": ("Q[s2].max()", "Q[s].max()"),
    "The whole row of the state moves": ("Q[s, a] += alpha * (target - Q[s, a])", "Q[s] += alpha * (target - Q[s])"),
    "The best of the whole table": ("Q[s2].max()", "Q.max()"),
    "The reward counts twice": ("target = r +", "target = 2 * r +"),
}
