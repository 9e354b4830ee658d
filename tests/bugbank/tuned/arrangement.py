"""Broadcasting, joining, indexing, transposing: no arithmetic, and still wrong."""
import numpy as np

from .. import bug, draw, integers, mask, signed
from ..forwards import add, scale


@bug("add", "the rule of equal shapes", b="not-summed-over-broadcast | wrong-shape | passes-through | other-argument")
def add_row_not_summed():
    return add, lambda g, a, b: (g, g), draw(signed(7, 5), signed(5))

@bug("add", "the batch is as long as the row, and the sum takes the wrong one", b="wrong-axis")
def add_square_wrong_axis():
    return add, lambda g, a, b: (g, g.sum(1)), draw(signed(5, 5), signed(5))

@bug("add", "takes the first column for the sum of the columns", b="one-slice-of-broadcast")
def add_first_column():
    return add, lambda g, a, b: (g, g[:, :1]), draw(signed(4, 5), signed(4, 1))

@bug("add", "leading axes are summed, an axis of length one is not", b="not-summed-over-broadcast | wrong-shape")
def add_leading_axes_only():
    return add, lambda g, a, b: (g, g.sum(0)), draw(signed(6, 4, 5), signed(4, 1))

@bug("scale", "a number for all, averaged over what it multiplies", s="mean-for-sum-over-broadcast | extra-1/N")
def multiply_number_averaged():
    return scale, lambda g, x, s: (g * s, (g * x).mean()), draw(signed(4, 5), signed())

@bug("scale and shift", "the shift's sum and the scale's factor exchanged", s="other-argument", b="other-argument")
def scale_and_shift_exchanged():
    def forward(x, s, b):
        return x * s + b
    return forward, lambda g, x, s, b: (g * s, g.sum(0), (g * x).sum(0)), draw(signed(7, 5), signed(5), signed(5))

@bug("residual", "the branch is written, the skip forgotten", x="missing-term")
def residual_branch_only():
    return lambda x: x + np.tanh(x), lambda g, x: g * (1 - np.tanh(x)**2), draw(signed(4, 5))

@bug("residual", "x.grad = for the branch, then x.grad = for the skip",
     x="overwrites-instead-of-accumulates | missing-term")
def residual_skip_overwritten():
    def backward(g, x):
        grad = {"x": g}
        grad["x"] = g * 2 * x
        return grad["x"]
    return lambda x: x + x * x, backward, draw(signed(4, 5))

@bug("concat", "the second part is read from the start", b="other-argument")
def concat_offset_forgotten():
    def forward(a, b):
        return np.concatenate([a, b])
    return forward, lambda g, a, b: (g[:len(a)], g[:len(b)]), draw(signed(7, 3), signed(4, 3))

@bug("concat", "everybody gets the whole gradient", a="wrong-shape | passes-through", b="wrong-shape | passes-through")
def concat_whole_gradient():
    def forward(a, b):
        return np.concatenate([a, b])
    return forward, lambda g, a, b: (g, g), draw(signed(3, 5), signed(4, 5))

@bug("concat", "cut across the wrong axis", a="wrong-axis | wrong-shape", b="wrong-axis | wrong-shape")
def concat_cut_across():
    def forward(a, b):
        return np.concatenate([a, b], 1)
    return forward, lambda g, a, b: (g[:3], g[3:]), draw(signed(7, 3), signed(7, 5))

@bug("stack", "counted from behind: the last for the first", a="other-argument", c="other-argument")
def stack_from_behind():
    def forward(a, b, c):
        return np.stack([a, b, c])
    return forward, lambda g, a, b, c: (g[2], g[1], g[0]), draw(signed(4, 5), signed(4, 5), signed(4, 5))

@bug("slice", "every second column, put back side by side", x="unknown | partial")
def slice_step_forgotten():
    def backward(g, x):
        dx = np.zeros_like(x)
        dx[:, :g.shape[1]] = g
        return dx
    return lambda x: x[:, ::2], backward, draw(signed(4, 7))

@bug("index", "an index that repeats is written, not added", x="overwrites-instead-of-accumulates | partial")
def index_written_not_added():
    def backward(g, x, rows):
        dx = np.zeros_like(x)
        dx[rows] = g
        return dx, None
    def inputs(rng):
        return rng.standard_normal((6, 4)), rng.permutation([0, 0, 1, 2, 2, 3, 5])
    return lambda x, rows: x[rows], backward, inputs

@bug("boolean mask", "the chosen values were a list, so is the gradient", x="wrong-shape | passes-through")
def boolean_mask_not_put_back():
    def forward(x, chosen):
        return x[chosen > 0]
    def inputs(rng):
        return rng.standard_normal((4, 5)), rng.permutation(20).reshape(4, 5) % 3
    return forward, lambda g, x, chosen: (g, None), inputs

@bug("flip", "turned along the wrong axis", x="wrong-axis")
def flip_wrong_axis():
    return lambda x: x[:, ::-1], lambda g, x: g[::-1], draw(signed(4, 5))

@bug("roll", "rolls on in the same direction", x="operand-not-transposed")
def roll_further():
    return lambda x: np.roll(x, 2, 1), lambda g, x: np.roll(g, 2, 1), draw(signed(4, 7))

@bug("embedding", "the gradient of the rows, in the shape of the sentence", w="wrong-shape | passes-through")
def embedding_not_scattered():
    return lambda w, ids: w[ids], lambda g, w, ids: (g, None), draw(signed(6, 4), integers(6, 11))

@bug("embedding", "row 0 is padding and does not learn, says a habit from elsewhere", w="partial")
def embedding_padding_row():
    def backward(g, w, ids):
        dw = np.zeros_like(w)
        np.add.at(dw, ids, g)
        dw[0] = 0
        return dw, None
    def inputs(rng):
        return rng.standard_normal((6, 4)), np.r_[0, rng.integers(6, size=10)]
    return lambda w, ids: w[ids], backward, inputs

@bug("embedding", "divides by the number of words, since the loss is a mean", w="extra-1/N")
def embedding_averaged_over_words():
    def backward(g, w, ids):
        dw = np.zeros_like(w)
        np.add.at(dw, ids, g / len(ids))
        return dw, None
    return lambda w, ids: w[ids], backward, draw(signed(6, 4), integers(6, 11))

@bug("embedding", "one-hot columns for one-hot rows: counts in the wrong direction",
     w="operand-not-transposed | wrong-shape")
def embedding_one_hot_untransposed():
    return lambda w, ids: w[ids], lambda g, w, ids: (np.eye(len(w))[ids] @ g, None), draw(signed(6, 4), integers(6, 11))

@bug("permute", "the permutation once more, not its inverse", x="transposed | wrong-shape")
def permute_once_more():
    return lambda x: x.transpose(1, 2, 0), lambda g, x: g.transpose(1, 2, 0), draw(signed(3, 4, 5))

@bug("transpose", "turns round the wrong pair of axes", x="transposed | wrong-shape")
def transpose_wrong_pair():
    return lambda x: x.swapaxes(-1, -2), lambda g, x: g.swapaxes(0, 1), draw(signed(3, 4, 5))

@bug("transpose", "a square matrix, and its gradient is not turned back", x="transposed | passes-through | partial")
def transpose_square():
    return lambda x: x.T, lambda g, x: g, draw(signed(5, 5))

@bug("reshape", "flat comes in, flat goes out", x="wrong-shape | passes-through")
def reshape_left_flat():
    return lambda x: x.reshape(-1), lambda g, x: g, draw(signed(4, 5))

@bug("split heads", "reshaped back without moving the axes back", x="unknown | partial")
def split_heads_axes_not_moved():
    def forward(x):
        return x.reshape(5, 3, 4).transpose(1, 0, 2)               # (time, heads * size) -> (heads, time, size)
    return forward, lambda g, x: g.reshape(x.shape), draw(signed(5, 12))

@bug("tile", "one of the copies", x="one-slice-of-broadcast")
def tile_one_copy():
    return lambda x: np.tile(x, (3, 1)), lambda g, x: g[:4], draw(signed(4, 5))

@bug("lower triangle", "what was masked on the way forward learns on the way back",
     x="passes-through | missing-factor | partial")
def lower_triangle_passes():
    return np.tril, lambda g, x: g, draw(signed(5, 5))

@bug("masked mean", "divides by all positions, forward by those that count", x="batch-for-size | constant-factor")
def masked_mean_divided_by_all():
    def forward(x, mask):
        return (x * mask).sum() / mask.sum()
    return forward, lambda g, x, mask: (g * mask / mask.size, None), draw(signed(4, 7), mask(4, 7))
