"""Wrong Q-updates, sweeps and policies, each named; right ones, written in several ways, pass."""

import numpy as np
import pytest

from tinyfm.gradcheck import check_bellman, check_policy


def q_learning(Q, s, a, r, s2, terminated, alpha, gamma):
    Q[s, a] += alpha * (r + gamma * (1 - terminated) * Q[s2].max() - Q[s, a])


def q_learning_as_an_average(Q, s, a, r, s2, terminated, alpha, gamma):
    new, target = Q.copy(), r if terminated else r + gamma * np.max(Q[s2])
    new[s, a] = (1 - alpha) * Q[s, a] + alpha * target
    return new


def value_iteration(V, P, R, gamma):
    return np.max(R + gamma * np.einsum("sat,t->sa", P, V), axis=1)


@pytest.mark.parametrize("update", [q_learning, q_learning_as_an_average, value_iteration])
def test_right_updates_pass(update):
    for seed in range(20):
        assert check_bellman(update, seed=seed).ok


def step(text):
    """An update from its target, as a student would write it."""

    def update(Q, s, a, r, s2, terminated, alpha, gamma):
        exec(
            text,
            {"np": np},
            {"Q": Q, "s": s, "a": a, "r": r, "s2": s2, "terminated": terminated, "alpha": alpha, "gamma": gamma},
        )

    return update


WRONG = {
    "Q[s, a] -= alpha * (r + gamma * (1 - terminated) * Q[s2].max() - Q[s, a])": "wrong-sign",
    "Q[s, a] += alpha * (r + gamma * Q[s2].max() - Q[s, a])": "ignores-terminated",
    "Q[s, a] += alpha * (r + gamma * terminated * Q[s2].max() - Q[s, a])": "terminated-inverted",
    "Q[s, a] += alpha * (r + gamma * (1 - terminated) * Q[:, a].max() - Q[s, a])": "wrong-axis",
    "Q[s, a] += alpha * (r + gamma * (1 - terminated) * Q[s].max() - Q[s, a])": "bootstraps-from-s",
    "Q[s, a] += alpha * (r + (1 - terminated) * Q[s2].max() - Q[s, a])": "missing-discount",
    "Q[s, a] += alpha * (gamma * (r + (1 - terminated) * Q[s2].max()) - Q[s, a])": "discount-on-reward",
    "Q[s, a] += alpha * (r + gamma * (1 - terminated) * Q[s2].mean() - Q[s, a])": "mean-for-max",
    "Q[s, a] += alpha * (r + gamma * (1 - terminated) * Q[s2, a] - Q[s, a])": "same-action-for-max",
    "Q[s, a] += alpha * (r + gamma * (1 - terminated) * Q[s2].argmax() - Q[s, a])": "argmax-for-max",
    "Q[s, a] = r + gamma * (1 - terminated) * Q[s2].max()": "missing-step-size",
    "Q[s, a] += alpha * (r + gamma * (1 - terminated) * Q[s2].max())": "old-value-kept",
    "Q[s2, a] += alpha * (r + gamma * (1 - terminated) * Q[s2].max() - Q[s, a])": "wrong-entry",
    "Q[s, a] *= 1 - alpha; Q[s, a] += alpha * (r + gamma * (1 - terminated) * Q[s2].max())": "new-for-old",
    "Q[s, a] += alpha * (r + gamma * (1 - terminated) * Q[s2].max() - Q[s, a]) * 1.01": "unknown",
}


@pytest.mark.parametrize("text", WRONG)
def test_wrong_steps_are_named(text):
    (found,) = check_bellman(step(text)).findings
    assert found.kind == WRONG[text] and found.fix


def sweep_in_place(V, P, R, gamma):
    for s in range(len(V)):
        V[s] = (R[s] + gamma * P[s] @ V).max()


@pytest.mark.parametrize(
    "update, kind",
    [
        (sweep_in_place, "new-for-old"),
        (lambda V, P, R, gamma: (R + gamma * P @ V).mean(1), "mean-for-max"),
        (lambda V, P, R, gamma: (R + P @ V).max(1), "missing-discount"),
        (lambda V, P, R, gamma: R.max(1) + gamma * (P @ V).max(1), "reward-after-max"),
        (lambda V, P, R, gamma: R + gamma * P @ V, "wrong-shape"),
        (lambda V, P, R, gamma: V @ P @ R, "raises"),
    ],
)
def test_wrong_sweeps_are_named(update, kind):
    assert [f.kind for f in check_bellman(update).findings] == [kind]


def soft(Q, alpha):
    z = alpha * Q
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


@pytest.mark.parametrize(
    "policy, kinds",
    [
        (soft, []),
        (lambda Q, alpha: np.exp(alpha * Q) / np.exp(alpha * Q).sum(-1, keepdims=True), ["overflow"]),
        (lambda Q, alpha: soft(Q / alpha, 1), ["temperature-inverted"]),
        (lambda Q, alpha: soft(Q, 1), ["temperature-ignored"]),
        (lambda Q, alpha: soft(Q.T, alpha).T, ["wrong-axis"]),
        (lambda Q, alpha: np.exp(alpha * Q), ["not-normalised"]),
        (lambda Q, alpha: soft(-Q, alpha), ["wrong-sign"]),
        (lambda Q, alpha: np.eye(Q.shape[-1])[Q.argmax(-1)], ["greedy"]),
    ],
)
def test_policies_are_named(policy, kinds):
    assert [f.kind for f in check_policy(policy).findings] == kinds
