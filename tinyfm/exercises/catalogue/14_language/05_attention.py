"""Attention, with a causal mask

Every position asks a question q, offers a key k and has something to say, v:

    weights = softmax(q k^T / sqrt(d))          each row over all keys
    y = weights v

    q: (..., queries, d)    k: (..., keys, d)    v: (..., keys, e)    y: (..., queries, e)

With causal=True a position may look at itself and at what came before only: scores of later keys become -inf before the
softmax, so their weight is exactly 0.  Queries and keys are then equally many.
"""
import numpy as np


def attention(q, k, v, causal=False):
    """softmax(q k^T / sqrt(d)) v, each query looking back only if causal."""
    # BEGIN SOLUTION
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    if causal:
        past = np.tri(*scores.shape[-2:], dtype=bool)
        scores = np.where(past, scores, -np.inf)
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True) @ v
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, normal, vectorised
from tinyfm.ops import scaled_dot_product_attention as of_engine

minutes = 25
requires = ["causal_mask", "matmul"]
hints = [
    "Shapes: (queries, d) times (d, keys) gives a score for each query and key. Over which axis must the weights sum to 1?",
    "swapaxes(-1, -2) transposes the last two axes. np.tri(n, n) is 1 where key <= query. Mask first, then softmax.",
    "scores = q @ k.swapaxes(-1, -2) / ...\nif causal: scores = np.where(np.tri(..., dtype=bool), scores, -np.inf)\n"
    "e = np.exp(scores - ...)\nreturn e / ... @ v",
]
after = """
Without the root the scores of long vectors grow, the softmax becomes a maximum and its gradient nearly 0.  The mask is
what allows training on all positions of a text at once: no position can see what it has to predict.
"""
compare = ["tinyfm.ops.attention:attention_weights"]


def ours(q, k, v, causal=False): return of_engine(q, k, v, causal=causal)


def case(rng, *lead, queries=4, keys=5, d=3, e=2): return normal(rng, *lead, queries, d), normal(rng, *lead, keys, d), normal(rng, *lead, keys, e)


@check
def one_query(student, rng): agree(student.attention, ours, case(rng, queries=1, keys=3), case(rng, queries=1, keys=1))


@check
def many_queries_and_heads(student, rng):
    agree(student.attention, ours, case(rng), case(rng, 2, 3), case(rng, queries=4, keys=4, d=4, e=4), case(rng, d=16))


@check(points=2)
def looking_back_only(student, rng):
    agree(student.attention, ours, (*case(rng, queries=4, keys=4), True), (*case(rng, 2, 2, queries=5, keys=5, d=5), True))


@check
def large_scores(student, rng): agree(student.attention, ours, tuple(30 * a for a in case(rng)), (*(40 * a for a in case(rng, queries=4, keys=4)), True))


@check(hidden=True)
def no_loops(student, rng): return vectorised(student.attention, ours, *case(rng, 4, queries=64, keys=64, d=16, e=16))


mistakes = {
    "The scores are not divided by the root of d": (" / np.sqrt(q.shape[-1])", ""),
    "Divided by d, not by its root": ("np.sqrt(q.shape[-1])", "q.shape[-1]"),
    "Divided by the root of the number of keys": ("np.sqrt(q.shape[-1])", "np.sqrt(k.shape[-2])"),
    "The weights sum to 1 over the queries, not over the keys": ("e / e.sum(axis=-1, keepdims=True)", "e / e.sum(axis=-2, keepdims=True)"),
    "The mask is turned round: only the future is seen": ("np.where(past, scores, -np.inf)", "np.where(past.T, scores, -np.inf)"),
    "A position may not look at itself; the first then sees nothing": ("past = np.tri(*scores.shape[-2:], dtype=bool)",
        "past = np.tri(*scores.shape[-2:], k=-1, dtype=bool); past[0, 0] = True"),
    "One key of the future is seen": ("np.tri(*scores.shape[-2:], dtype=bool)", "np.tri(*scores.shape[-2:], k=1, dtype=bool)"),
    "Masked scores become 0, which still gets a weight": ("np.where(past, scores, -np.inf)", "np.where(past, scores, 0)"),
    "The mask is applied after the softmax, and the rows no longer sum to 1": (
        "scores = np.where(past, scores, -np.inf)\n", "return (lambda e: e / e.sum(-1, keepdims=True) * past)(np.exp(scores - scores.max(-1, keepdims=True))) @ v\n"),
    "The mask is always on": ("if causal:", "if q.shape[-2] == k.shape[-2]:"),
    "e^scores overflows": ("np.exp(scores - scores.max(axis=-1, keepdims=True))", "np.exp(scores)"),
}
