"""A memory of keys and values

When a text is written token by token, the keys and values of all earlier tokens are the same in every step: keep them.

Write `step`.  It receives x, the new token's vector (d,), puts its key and value behind those that are kept, and
returns what the new query sees: softmax(q K^T / sqrt(d)) V over everything so far, the new token included.

    q = x Wq    k = x Wk    v = x Wv        all weights: (d, d)

Feeding the tokens one by one must give the same as causal attention over the whole text.
"""
import numpy as np


class Attention:
    """Causal self-attention that reads one token at a time."""

    def __init__(self, Wq, Wk, Wv):
        self.Wq, self.Wk, self.Wv = Wq, Wk, Wv
        self.keys, self.values = [], []

    def step(self, x):
        """The output for the next token, (d,)."""
        # BEGIN SOLUTION
        self.keys.append(x @ self.Wk)
        self.values.append(x @ self.Wv)
        K, V = np.array(self.keys), np.array(self.values)
        scores = K @ (x @ self.Wq) / np.sqrt(len(x))
        e = np.exp(scores - scores.max())
        return e / e.sum() @ V
        # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import check, normal, play
from tinyfm.ops import scaled_dot_product_attention

minutes = 20
requires = ["attention"]
hints = [
    "What must be kept from one call to the next, and what is needed only once?",
    "Append k and v first, so that the token can look at itself; then K: (tokens, d), scores = K q / sqrt(d).",
    "self.keys.append(x @ ...)\nself.values.append(x @ ...)\nK, V = np.array(self.keys), np.array(self.values)\n"
    "scores = ... / np.sqrt(...)\n...",
]
after = """
Without the memory the n-th token costs n times the work of the first; with it, one key, one value and n dot products.  The
price is memory: two vectors for each token, layer and head.  No mask is needed: the future is not there yet.
"""
compare = ["tinyfm.models.generate:Remembering"]


def read(module, text, Wq, Wk, Wv):
    layer = module.Attention(Wq, Wk, Wv)
    return np.array([layer.step(x) for x in text])


def two_texts(module, text, other, Wq, Wk, Wv):
    """Two layers at once: neither may see the other's text."""
    one, two = module.Attention(Wq, Wk, Wv), module.Attention(Wq, Wk, Wv)
    return [np.array([a for x, y in zip(text, other) for a in (one.step(x), two.step(y))])]


def whole(text, Wq, Wk, Wv):
    return scaled_dot_product_attention(text @ Wq, text @ Wk, text @ Wv, causal=True)


def weights(rng, d): return [normal(rng, d, d) for _ in range(3)]


@check
def the_first_token_sees_itself(student, rng):
    text, w = normal(rng, 1, 4), weights(rng, 4)
    play(student, read, whole(text, *w), text, *w)


@check(points=2)
def one_by_one_is_the_same_as_all_at_once(student, rng):
    for d, n in ((3, 2), (4, 7)):
        text, w = normal(rng, n, d), weights(rng, d)
        play(student, read, whole(text, *w), text, *w)


@check
def every_layer_has_its_own_memory(student, rng):
    text, other, w = normal(rng, 4, 3), normal(rng, 4, 3), weights(rng, 3)
    truth = np.empty((8, 3))
    truth[::2], truth[1::2] = whole(text, *w), whole(other, *w)
    play(student, two_texts, [truth], text, other, *w)


@check
def large_scores(student, rng):
    text, w = 30 * normal(rng, 5, 3), weights(rng, 3)
    play(student, read, whole(text, *w), text, *w)


mistakes = {
    "Keys and values are exchanged": ("K, V = np.array(self.keys), np.array(self.values)", "V, K = np.array(self.keys), np.array(self.values)"),
    "The values are not remembered, only the new one": ("self.values.append(x @ self.Wv)", "self.values = [x @ self.Wv] * len(self.keys)"),
    "The keys are made with the weights of the query": ("x @ self.Wk", "x @ self.Wq"),
    "The query is made with the weights of the key": ("x @ self.Wq", "x @ self.Wk"),
    "The root of d is left out": (" / np.sqrt(len(x))", ""),
    "The root of the number of tokens, not of d": ("np.sqrt(len(x))", "np.sqrt(len(K))"),
    "Every earlier token weighs the same": ("e = np.exp(scores - scores.max())", "e = np.ones(len(scores))"),
    "The inputs are kept where the values belong": ("self.values.append(x @ self.Wv)", "self.values.append(x)"),
    "The weights do not sum to 1": ("e / e.sum() @ V", "e @ V"),
    "e^scores overflows": ("np.exp(scores - scores.max())", "np.exp(scores)"),
    "The memory is shared by all layers": ("self.keys.append(x @ self.Wk)",
        "self.keys = self.__class__.__dict__.get('all_keys', self.keys); self.__class__.all_keys = self.keys; self.keys.append(x @ self.Wk); "
        "self.values = self.__class__.__dict__.get('all_values', self.values); self.__class__.all_values = self.values"),
}
