"""Each mistake of an update or a policy in plain words: what it is, and what to do."""

ADVICE = {
    "wrong-sign": (
        "A sign is turned round.",
        "Q[s, a] moves towards the target: + alpha (r + gamma max Q[s2] - Q[s, a]).",
    ),
    "ignores-terminated": (
        "The value after the end is not left out.",
        "Multiply gamma max Q[s2] by (1 - terminated): nothing comes after a terminal state.",
    ),
    "terminated-inverted": (
        "The bootstrap is used at the end and left out before it.",
        "Use (1 - terminated), not terminated.",
    ),
    "terminated-drops-reward": (
        "At the end the reward is dropped too.",
        "Only the bootstrap is multiplied by (1 - terminated); r is always earned.",
    ),
    "wrong-axis": (
        "The maximum (or the sum) runs over states where it should run over actions.",
        "Q is indexed [state, action]: take the maximum over the last axis of Q[s2].",
    ),
    "bootstraps-from-s": (
        "The bootstrap comes from the state that was left, s, not from the one that was reached, s2.",
        "Use Q[s2].",
    ),
    "missing-discount": ("The discount gamma is missing.", "Multiply the value of the next state by gamma."),
    "discount-on-reward": (
        "The discount is applied to the reward.",
        "Only what comes later is discounted: r + gamma max Q[s2].",
    ),
    "mean-for-max": (
        "The mean over the actions stands where the maximum is due.",
        "The greedy value of s2 is Q[s2].max().",
    ),
    "min-for-max": (
        "The minimum over the actions stands where the maximum is due.",
        "The greedy value of s2 is Q[s2].max().",
    ),
    "same-action-for-max": (
        "The bootstrap uses the same action a in s2, not the best one.",
        "Q-learning is greedy in s2: Q[s2].max().",
    ),
    "argmax-for-max": ("The index of the best action is used as its value.", "Use max, not argmax."),
    "missing-step-size": (
        "The step size alpha is missing: the new value is the target itself.",
        "Move by a share alpha of the difference.",
    ),
    "step-size-inverted": ("alpha and 1 - alpha are exchanged.", "New = (1 - alpha) old + alpha target."),
    "old-value-kept": (
        "alpha times the target is added, and the old value is not taken off.",
        "Add alpha (target - Q[s, a]).",
    ),
    "missing-reward": ("The reward is missing.", "The target is r + gamma max Q[s2]."),
    "wrong-entry": ("The right change is made at the wrong entry.", "Change Q[s, a] and nothing else."),
    "new-for-old": (
        "Values that were already changed in this step are used where the old ones are due.",
        "Compute the target from a copy, then write.",
    ),
    "reward-after-max": (
        "The maximum is taken over the parts, not over their sum.",
        "The best action maximises R + gamma P V as a whole.",
    ),
    "wrong-shape": (
        "The result has shape {returned}; expected {expected}.",
        "Return the whole table, of the shape that came in.",
    ),
    "overflow": (
        "exp overflows (or gives 0/0) when alpha Q is large.",
        "Subtract the maximum first: exp(z - max z); the quotient is the same.",
    ),
    "temperature-inverted": (
        "Q is divided by alpha where it should be multiplied.",
        "alpha is the inverse temperature: larger alpha, greedier policy.",
    ),
    "temperature-ignored": ("alpha has no effect.", "Use exp(alpha Q)."),
    "not-normalised": ("The probabilities do not sum to one.", "Divide by the sum over the actions."),
    "greedy": (
        "All the probability is on the best action.",
        "A softmax policy gives every action exp(alpha Q) / sum exp(alpha Q).",
    ),
    "raises": ("It raised {raised}.", "Run it on one small example and read the traceback."),
    "unknown": (
        "The numbers are wrong, and none of the known mistakes explains them.",
        "Compute one small example by hand.",
    ),
}
