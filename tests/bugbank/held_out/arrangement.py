"""Broadcasting, joining, indexing, transposing: no arithmetic, and still wrong."""
import numpy as np

from .. import bug, draw, integers, signed
from ..forwards import add, multiply


@bug("add", "sums the column away together with its axis", b="wrong-shape")
def add_column_axis_lost():
    return add, lambda g, a, b: (g, g.sum(1)), draw(signed(4, 5), signed(4, 1))

@bug("add", "the smaller operand is averaged", b="mean-for-sum-over-broadcast | extra-1/N")
def add_row_averaged():
    return add, lambda g, a, b: (g, g.mean(0)), draw(signed(7, 5), signed(5))

@bug("add", "both operands are broadcast, only one is summed",
     a="not-summed-over-broadcast | wrong-shape | passes-through")
def add_outer_sum():
    return add, lambda g, a, b: (g, g.sum(0, keepdims=True)), draw(signed(4, 1), signed(1, 5))

@bug("multiply", "takes one row for the sum of all of them", b="one-slice-of-broadcast")
def multiply_first_row():
    return multiply, lambda g, a, b: (g * b, (g * a)[0]), draw(signed(7, 5), signed(5))

@bug("multiply", "the batch is square, and the sum runs along it", b="wrong-axis")
def multiply_square_wrong_axis():
    return multiply, lambda g, a, b: (g * b, (g * a).sum(1)), draw(signed(5, 5), signed(5))

@bug("broadcast", "np.mean undoes np.broadcast_to", x="mean-for-sum-over-broadcast | extra-1/N")
def broadcast_undone_by_a_mean():
    return lambda x: np.broadcast_to(x, (7, 5)), lambda g, x: g.mean(0), draw(signed(5))

@bug("residual", "the skip is written, the branch is held fixed", x="passes-through | missing-term")
def residual_skip_only():
    return lambda x: x + np.tanh(x), lambda g, x: g, draw(signed(4, 5))

@bug("concat", "equal halves, returned in the wrong order", a="other-argument", b="other-argument")
def concat_halves_exchanged():
    def forward(a, b):
        return np.concatenate([a, b], 1)
    return forward, lambda g, a, b: (g[:, 5:], g[:, :5]), draw(signed(4, 5), signed(4, 5))

@bug("concat", "split in the middle, the parts are not equal", a="wrong-shape", b="wrong-shape")
def concat_split_in_the_middle():
    def forward(a, b):
        return np.concatenate([a, b], 1)
    return forward, lambda g, a, b: tuple(np.split(g, 2, 1)), draw(signed(4, 3), signed(4, 5))

@bug("stack", "the loop index was meant and zero was typed", b="other-argument")
def stack_first_for_both():
    def forward(a, b):
        return np.stack([a, b])
    return forward, lambda g, a, b: (g[0], g[0]), draw(signed(4, 5), signed(4, 5))

@bug("slice", "the rows that were not looked at are missing", x="wrong-shape | passes-through")
def slice_not_put_back():
    return lambda x: x[1:4], lambda g, x: g, draw(signed(7, 5))

@bug("flip", "is its own inverse, and so is left out", x="passes-through | partial")
def flip_not_turned_back():
    return lambda x: x[:, ::-1], lambda g, x: g, draw(signed(4, 5))

@bug("embedding", "+= with an index that repeats adds once", w="overwrites-instead-of-accumulates | partial")
def embedding_fancy_plus():
    def backward(g, w, ids):
        dw = np.zeros_like(w)
        dw[ids] += g
        return dw, None
    return lambda w, ids: w[ids], backward, draw(signed(6, 4), repeating(6, 11))

@bug("embedding", "averages over the appearances of a word", w="partial")
def embedding_averaged_over_appearances():
    def backward(g, w, ids):
        dw = np.zeros_like(w)
        np.add.at(dw, ids, g)
        return dw / np.maximum(np.bincount(ids, minlength=len(w)), 1)[:, None], None
    return lambda w, ids: w[ids], backward, draw(signed(9, 4), repeating(9, 7))

@bug("embedding", "one sentence at a time: only the last one stays",
     w="overwrites-instead-of-accumulates | one-slice-of-broadcast")
def embedding_last_sentence():
    def backward(g, w, ids):
        for sentence, gradient in zip(ids, g, strict=True):
            dw = np.zeros_like(w)
            np.add.at(dw, sentence, gradient)
        return dw, None
    return lambda w, ids: w[ids], backward, draw(signed(6, 4), integers(6, 3, 7))

def repeating(below, count):
    """Indices of which at least one appears twice and at least one once."""
    return lambda rng: rng.permutation(np.r_[0, 0, 1, rng.integers(2, below, count - 3)])

@bug("transpose", "the view goes out transposed and its gradient comes back as it is",
     x="transposed | wrong-shape | passes-through")
def transpose_not_turned_back():
    return lambda x: x.T, lambda g, x: g, draw(signed(4, 5))

@bug("transpose", "reshape gives the right shape, and the wrong order", x="unknown | partial")
def transpose_by_reshape():
    return lambda x: x.T, lambda g, x: g.reshape(x.shape), draw(signed(4, 5))

@bug("diagonal", "the vector of the diagonal, not a matrix", x="wrong-shape | passes-through")
def diagonal_left_a_vector():
    return np.diagonal, lambda g, x: g, draw(signed(5, 5))

@bug("repeat", "each value went out three times, one copy comes back", x="one-slice-of-broadcast")
def repeat_one_copy():
    return lambda x: np.repeat(x, 3, 1), lambda g, x: g[:, ::3], draw(signed(4, 5))

@bug("gather", "picks the gradient as it picked the value", x="wrong-shape")
def gather_picks_the_gradient():
    def forward(x, ids):
        return x[np.arange(len(x)), ids]
    return forward, lambda g, x, ids: (g[ids], None), draw(signed(7, 5), integers(5, 7))
