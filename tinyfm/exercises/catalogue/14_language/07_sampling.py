"""From logits to the probabilities that are drawn from

    temperature T   softmax(logits / T): below 1 bolder, above 1 more even
    top_k           only the k most likely tokens may be drawn, the others get probability 0; None: all may

Return the probabilities: the k largest logits keep their softmax(logits / T) among themselves, so they sum to 1 again.
If several logits tie for the last place, the tokens with the smaller numbers stay.   logits: (vocabulary,)
"""
import numpy as np


def probabilities(logits, temperature=1.0, top_k=None):
    """What a token is drawn with, (vocabulary,); temperature > 0."""
    # BEGIN SOLUTION
    z = logits / temperature
    if top_k is not None:
        kept = np.argsort(-z, kind="stable")[:top_k]
        only = np.full(z.shape, -np.inf)
        only[kept] = z[kept]
        z = only
    e = np.exp(z - z.max())
    return e / e.sum()
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, normal

minutes = 15
requires = ["softmax"]
hints = [
    "What logit has probability 0? Put it where a token may not be drawn, and take the softmax after that.",
    "The k largest: np.argsort(-z, kind='stable')[:top_k]. All others become -inf.",
    "z = logits / temperature\nif top_k is not None:\n    kept = np.argsort(...)[:...]\n    only = np.full(z.shape, -np.inf)\n"
    "    only[kept] = ...\n...",
]
after = """
At temperature 1 you draw from the model as it is; a language model's long tail of unlikely tokens is then hit every few
words, and one such word leads it astray.  Cutting the tail (top_k) keeps the variety among the sensible ones.
"""
compare = ["tinyfm.models.generate:choose"]


def ours(logits, temperature=1.0, top_k=None):
    z = logits / temperature
    order = sorted(range(len(z)), key=lambda i: (-z[i], i))[:top_k]
    p = np.zeros(len(z))
    p[order] = np.exp(z[order] - z[order].max())
    return p / p.sum()


@check
def the_model_as_it_is(student, rng): agree(student.probabilities, ours, normal(rng, 5), np.array([0.0, 0.0]))


@check
def temperature(student, rng): agree(student.probabilities, ours, (normal(rng, 5), 0.5), (normal(rng, 5), 3.0), (normal(rng, 5), 0.001))


@check
def top_k(student, rng):
    agree(student.probabilities, ours, *[(normal(rng, 6), 1.0, k) for k in (1, 2, 5, 6, 9)], (normal(rng, 6), 0.7, 3), (-9 - np.abs(normal(rng, 5)), 1.0, 2))


@check
def ties(student, rng):
    agree(student.probabilities, ours, (np.array([1.0, 2.0, 2.0, 2.0]), 1.0, 2), (np.zeros(4), 1.0, 1), (np.array([3.0, 1.0, 3.0, 1.0]), 2.0, 3))


@check
def large_logits(student, rng): agree(student.probabilities, ours, (1000 * normal(rng, 4), 0.5, 3), (np.array([-2000.0, -2001.0]),))


equivalent = {"if top_k is not None -> if True": "[:None] keeps all"}
mistakes = {
    "Multiplied by the temperature": ("logits / temperature", "logits * temperature"),
    "The temperature is not used": ("logits / temperature", "logits / 1.0"),
    "The k smallest stay": ("np.argsort(-z", "np.argsort(z"),
    "What may not be drawn gets the logit 0, which is a probability": ("np.full(z.shape, -np.inf)", "np.zeros(z.shape)"),
    "The cut is made after the softmax: the rest does not sum to 1": ("e / e.sum()", "e / np.exp(logits / temperature - (logits / temperature).max()).sum()"),
    "top_k is not used": ("if top_k is not None:", "if False:"),
    "One too many stays": ("[:top_k]", "[:top_k + 1]"),
    "One too few stays": ("[:top_k]", "[:max(top_k - 1, 1)]"),
    "All that tie with the last one stay": ("only[kept] = z[kept]", "only[z >= z[kept].min()] = z[z >= z[kept].min()]"),
    "e^z overflows": ("np.exp(z - z.max())", "np.exp(z)"),
    "Among equals the larger numbers stay": ('np.argsort(-z, kind="stable")[:top_k]', '(len(z) - 1 - np.argsort(-z[::-1], kind="stable"))[:top_k]'),
}
