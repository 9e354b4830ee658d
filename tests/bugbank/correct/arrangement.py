"""Transposing, joining, indexing, broadcasting."""
import numpy as np

from .. import draw, integers, right, signed
from .. import forwards as f

some = draw(signed(4, 5))
two = draw(signed(4, 5), signed(4, 5))
classes = draw(signed(7, 5), integers(5, 7))

@right("transpose", "views out and views back")
def transpose_plain():
    return lambda x: x.T, lambda g, x: g.T, some

@right("permute")
def permute_plain():
    return lambda x: x.transpose(1, 2, 0), lambda g, x: g.transpose(2, 0, 1), draw(signed(3, 4, 5))

@right("reshape")
def reshape_plain():
    return lambda x: x.reshape(-1), lambda g, x: g.reshape(x.shape), some

@right("concat")
def concat_plain():
    def forward(a, b):
        return np.concatenate([a, b], 1)
    return forward, lambda g, a, b: (g[:, :3], g[:, 3:]), draw(signed(4, 3), signed(4, 5))

@right("concat", "one of the two is empty")
def concat_empty():
    def forward(a, b):
        return np.concatenate([a, b], 1)
    return forward, lambda g, a, b: (g[:, :0], g), draw(signed(4, 0), signed(4, 5))

@right("stack")
def stack_plain():
    return lambda a, b: np.stack([a, b]), lambda g, a, b: tuple(g), two

@right("stack", "three arrays")
def stack_three():
    return lambda a, b, c: np.stack([a, b, c]), lambda g, a, b, c: tuple(g), draw(*[signed(4, 5)] * 3)

@right("slice", "a view comes out")
def slice_plain():
    def backward(g, x):
        dx = np.zeros_like(x)
        dx[1:4] = g
        return dx
    return lambda x: x[1:4], backward, draw(signed(7, 5))

@right("flip")
def flip_plain():
    return lambda x: x[:, ::-1], lambda g, x: g[:, ::-1], some

@right("roll")
def roll_plain():
    return lambda x: np.roll(x, 2, 1), lambda g, x: np.roll(g, -2, 1), draw(signed(4, 7))

@right("embedding", "indices repeat")
def embedding_plain():
    def backward(g, w, ids):
        dw = np.zeros_like(w)
        np.add.at(dw, ids, g)
        return dw, None
    return lambda w, ids: w[ids], backward, draw(signed(6, 4), integers(6, 11))

@right("embedding", "by a product with one-hot rows, and most words never occur")
def embedding_one_hot():
    inputs = draw(signed(23, 4), integers(23, 5))
    return lambda w, ids: w[ids], lambda g, w, ids: (np.eye(len(w))[ids].T @ g, None), inputs

@right("gather")
def gather_plain():
    def forward(x, ids):
        return x[np.arange(len(x)), ids]
    return forward, lambda g, x, ids: (g[:, None] * np.eye(x.shape[1])[ids], None), classes

@right("diagonal")
def diagonal_plain():
    return np.diagonal, lambda g, x: np.diag(g), draw(signed(5, 5))

@right("repeat")
def repeat_plain():
    return lambda x: np.repeat(x, 3, 1), lambda g, x: g.reshape(*x.shape, 3).sum(-1), some

@right("broadcast")
def broadcast_plain():
    return lambda x: np.broadcast_to(x, (7, 5)), lambda g, x: g.sum(0), draw(signed(5))

@right("lower triangle")
def lower_triangle():
    return np.tril, lambda g, x: np.tril(g), draw(signed(5, 5))

@right("split heads")
def split_heads():
    def forward(x):
        return x.reshape(5, 3, 4).transpose(1, 0, 2)
    return forward, lambda g, x: g.transpose(1, 0, 2).reshape(x.shape), draw(signed(5, 12))

@right("residual")
def residual():
    return lambda x: x + np.tanh(x), lambda g, x: g + g * (1 - np.tanh(x)**2), some

@right("list of one", "a tuple of one gradient for one argument")
def tuple_of_one():
    return f.square, lambda g, x: (2 * g * x,), some

@right("scratch", "the gradient is written into an array that is used again in the next call")
def scratch_reused():
    scratch = np.empty((4, 5))
    return f.square, lambda g, x: np.multiply(2 * g, x, out=scratch), some

@right("index", "rows repeat")
def index_plain():
    inputs = draw(signed(6, 4), integers(6, 7))
    return lambda x, rows: x[rows], lambda g, x, rows: (np.eye(len(x))[rows].T @ g, None), inputs

@right("boolean mask")
def boolean_mask():
    def backward(g, x, chosen):
        dx = np.zeros_like(x)
        dx[chosen] = g
        return dx, None
    def inputs(rng):
        return rng.standard_normal((4, 5)), rng.permutation(20).reshape(4, 5) < 9
    return lambda x, chosen: x[chosen], backward, inputs

@right("boolean mask", "nothing is chosen")
def boolean_mask_empty():
    inputs = draw(signed(4, 5), lambda rng: np.zeros((4, 5), bool))
    return lambda x, chosen: x[chosen], lambda g, x, chosen: (np.zeros_like(x), None), inputs

@right("tile")
def tile_plain():
    return lambda x: np.tile(x, (3, 1)), lambda g, x: g.reshape(3, *x.shape).sum(0), some

@right("scale and shift")
def scale_and_shift():
    def forward(x, s, b):
        return x * s + b
    return forward, lambda g, x, s, b: (g * s, (g * x).sum(0), g.sum(0)), draw(signed(7, 5), signed(5), signed(5))

@right("row lookup", "the rows chosen by labels, each multiplied with its input")
def row_lookup():
    def forward(x, w, labels):
        return (x * w[labels]).sum(-1)
    def backward(g, x, w, labels):
        dw = np.zeros_like(w)
        np.add.at(dw, labels, g[:, None] * x)
        return g[:, None] * w[labels], dw, None
    return forward, backward, draw(signed(7, 4), signed(3, 4), integers(3, 7))
