"""Nobody may look into the future

A language model reads a text of n tokens at once and predicts, at EVERY position, the next token.  That is only honest
if position i sees the tokens 0 ... i and none of those after it.  scores[i, j] says how much position i would like to
look at position j:

    weights[i, j] = e^{scores[i, j]} / sum over k <= i of e^{scores[i, k]}    for j <= i,    else 0

Every row sums to 1.  The scores may be large, also those of the future, which must not count in any way.
"""
import numpy as np


def causal_weights(scores):
    """The weights, (..., n, n);  row: who looks, column: who is looked at."""
    # BEGIN SOLUTION
    past = np.tri(scores.shape[-1], dtype=bool)
    seen = np.where(past, scores, -np.inf)
    e = np.exp(seen - seen.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import Wrong, agree, check, normal
from tinyfm.ops import attention_weights

minutes = 10
requires = ["softmax"]
hints = [
    "It is a softmax of each row, over part of the row. Which score gets the weight e^score = 0?",
    "Where j > i put -inf, then the softmax along the last axis; np.tri(n, dtype=bool) is True where j <= i.",
    "past = np.tri(..., dtype=bool)\nseen = np.where(past, scores, ...)\ne = np.exp(seen - seen.max(axis=..., keepdims=True))\n"
    "return e / ...",
]
after = """
The largest is subtracted after masking: a huge score of the future would otherwise push all that may be seen down to 0 / 0.
To test any language model for a leak, change the last token: nothing before it may change, not in the last digit.
"""
compare = ["tinyfm.ops.attention:visible"]


def ours(scores):
    eye = np.eye(scores.shape[-1])
    return attention_weights(scores, np.broadcast_to(eye, scores.shape), causal=True, scale=1.0)


@check
def the_first_sees_itself_only(student, rng):
    agree(student.causal_weights, np.array([[1.0, 0.0], [0.5, 0.5]]), np.array([[0.0, 9.0], [2.0, 2.0]]))


@check
def any_text(student, rng): agree(student.causal_weights, ours, normal(rng, 4, 4), normal(rng, 1, 1), normal(rng, 2, 3, 5, 5))


@check
def the_future_counts_in_no_way(student, rng):
    scores = normal(rng, 5, 5)
    before = student.causal_weights(scores)
    after = student.causal_weights(scores + np.triu(np.full((5, 5), 1000.0), 1))
    if not np.array_equal(before, after): raise Wrong("leak", "weights change when scores of the future change",
                                                      "Mask first, and only then take the largest and the sum.")


@check
def large_scores(student, rng): agree(student.causal_weights, ours, 1000 * normal(rng, 4, 4))


equivalent = {"past = np.tri(scores.shape[-1], dtype=bool) -> past = np.tri(scores.shape[-2], dtype=bool)": "the scores are square"}
mistakes = {
    "The mask is turned round: only the future is seen": ("np.where(past, scores, -np.inf)", "np.where(past.T, scores, -np.inf)"),
    "One token of the future is seen": ("np.tri(scores.shape[-1], dtype=bool)", "np.tri(scores.shape[-1], k=1, dtype=bool)"),
    "A position does not see itself": ("np.tri(scores.shape[-1], dtype=bool)", "np.tri(scores.shape[-1], k=-1, dtype=bool)"),
    "The future gets the score 0, which has a weight": ("np.where(past, scores, -np.inf)", "np.where(past, scores, 0)"),
    "Masked after the softmax: the rows do not sum to 1": ("    return e / e.sum(axis=-1, keepdims=True)", "    e = np.exp(scores - scores.max(axis=-1, keepdims=True))\n    return past * e / e.sum(axis=-1, keepdims=True)"),
    "The largest of the future is subtracted: 0 / 0": ("seen.max(axis=-1, keepdims=True)", "scores.max(axis=-1, keepdims=True)"),
    "The columns sum to 1": ("e / e.sum(axis=-1, keepdims=True)", "e / e.sum(axis=-2, keepdims=True)"),
    "Nothing is subtracted: e^1000 overflows": ("np.exp(seen - seen.max(axis=-1, keepdims=True))", "np.exp(seen)"),
    "Everybody sees everything": ("np.where(past, scores, -np.inf)", "scores"),
    "All that is seen weighs the same": ("np.where(past, scores, -np.inf)", "np.where(past, 0, -np.inf)"),
}
