"""Broadcasting, joining, indexing, windows: once more."""
import numpy as np

from .. import bug, draw, integers, mask, signed
from ..forwards import (
    add,
    average_pool,
    average_pool_overlapping,
    conv1d,
    conv2d,
    conv2d_same,
    embedding_bag,
    max_pool,
    padded,
    scale,
    tiles,
    untile,
    upsample,
)
from .windows import conv1d_backward, conv2d_backward, pictures, sequences

some = draw(signed(4, 5))

def repeating(rng):
    return rng.standard_normal((6, 4)), rng.permutation([0, 0, 1, 2, 2, 2, 5])


@bug("add", "a column, summed over the batch", b="wrong-axis | wrong-shape")
def add_column_summed_over_the_batch():
    return add, lambda g, a, b: (g, g.sum(0)), draw(signed(4, 5), signed(4, 1))

@bug("add", "three axes, one of two is summed", b="not-summed-over-broadcast | wrong-shape")
def add_one_of_two_axes():
    return add, lambda g, a, b: (g, g.sum(0)), draw(signed(6, 4, 5), signed(5))

@bug("add", "the mean over two axes", b="mean-for-sum-over-broadcast | extra-1/N")
def add_mean_over_two_axes():
    return add, lambda g, a, b: (g, g.mean((0, 1))), draw(signed(3, 4, 5), signed(5))

@bug("add", "the mean over one of two axes, and the sum over the other", b="mean-for-sum-over-broadcast | extra-1/N")
def add_mean_over_one_axis():
    return add, lambda g, a, b: (g, g.sum(0).mean(0)), draw(signed(3, 4, 5), signed(5))

@bug("add", "one for both, whatever comes in", a="ignores-upstream", b="ignores-upstream")
def add_ones():
    return add, lambda g, a, b: (np.ones_like(a), np.ones_like(b)), draw(signed(4, 5), signed(4, 5))

@bug("add", "a minus for the second", b="wrong-sign")
def add_as_subtract():
    return add, lambda g, a, b: (g, -g), draw(signed(4, 5), signed(4, 5))

@bug("add", "the last row of the batch", b="one-slice-of-broadcast")
def add_last_row():
    return add, lambda g, a, b: (g, g[-1]), draw(signed(7, 5), signed(5))

@bug("broadcast", "the largest of the copies", x="not-linear-in-upstream")
def broadcast_largest_copy():
    return lambda x: np.broadcast_to(x, (7, 5)), lambda g, x: g.max(0), draw(signed(5))

@bug("scale and shift", "a row each, and x is forgotten in the scale's gradient", s="missing-factor | other-argument")
def scale_and_shift_without_x():
    def forward(x, s, b):
        return x * s + b
    return forward, lambda g, x, s, b: (g * s, g.sum(0), g.sum(0)), draw(signed(7, 5), signed(5), signed(5))

@bug("scale and shift", "the shifted output for the input", s="unknown")
def scale_and_shift_of_the_output():
    def forward(x, s, b):
        return x * s + b
    return forward, lambda g, x, s, b: (g * s, (g * forward(x, s, b)).sum(0), g.sum(0)), draw(
        signed(7, 5), signed(5), signed(5))

@bug("scale", "a column of scales, averaged along its row", s="mean-for-sum-over-broadcast")
def scale_column_averaged():
    return scale, lambda g, x, s: (g * s, (g * x).mean(1, keepdims=True)), draw(signed(4, 6), signed(4, 1))

@bug("residual", "multiplies the two ways", x="unknown | missing-term")
def residual_multiplied():
    return lambda x: x + x * x, lambda g, x: g * 1 * 2 * x, some

@bug("concat", "the second part, one column too early", b="unknown | partial")
def concat_one_too_early():
    def forward(a, b):
        return np.concatenate([a, b], 1)
    return forward, lambda g, a, b: (g[:, :3], g[:, 2:-1]), draw(signed(6, 3), signed(6, 4))

@bug("concat", "the parts in the wrong order; they are of one size", a="other-argument", b="other-argument")
def concat_parts_exchanged():
    def forward(a, b):
        return np.concatenate([a, b], 1)
    return forward, lambda g, a, b: (g[:, 4:], g[:, :4]), draw(signed(6, 4), signed(6, 4))

@bug("concat", "the second part is not thought of", b="zero")
def concat_second_zero():
    def forward(a, b):
        return np.concatenate([a, b])
    return forward, lambda g, a, b: (g[:7], np.zeros_like(b)), draw(signed(7, 3), signed(4, 3))

@bug("stack", "along the second axis, and taken apart along the first", a="wrong-axis | partial",
     b="wrong-axis | partial")
def stack_taken_apart_along_the_first():
    def forward(a, b):
        return np.stack([a, b], 1)
    return forward, lambda g, a, b: (g[0], g[1]), draw(signed(2, 5), signed(2, 5))

@bug("slice", "the same slice of g", x="wrong-shape")
def slice_of_the_gradient():
    return lambda x: x[:, 1:4], lambda g, x: g[:, 1:4], draw(signed(4, 7))

@bug("slice", "starts at zero", x="unknown | partial")
def slice_starts_at_zero():
    def backward(g, x):
        dx = np.zeros_like(x)
        dx[:, :3] = g
        return dx
    return lambda x: x[:, 2:5], backward, draw(signed(4, 7))

@bug("slice", "odd and even rows exchanged", x="unknown")
def slice_odd_for_even():
    def backward(g, x):
        dx = np.zeros_like(x)
        dx[1::2] = g
        return dx
    return lambda x: x[::2], backward, draw(signed(6, 4))

@bug("slice", "the whole row is filled with the first", x="passes-through | partial")
def slice_fills_the_row():
    def backward(g, x):
        return np.repeat(g[:, None], x.shape[1], 1)
    return lambda x: x[:, 0], backward, some

@bug("pad", "the crop starts one too early", x="unknown | partial")
def pad_crop_too_early():
    return lambda x: np.pad(x, ((0, 0), (2, 2))), lambda g, x: g[:, 1:-3], draw(signed(4, 7))

@bug("edge pad", "what the border repeats is not added", x="missing-term | partial | overwrites-instead-of-accumulates")
def edge_pad_border_dropped():
    return lambda x: np.pad(x, ((0, 0), (2, 2)), mode="edge"), lambda g, x: g[:, 2:-2], draw(signed(4, 7))

@bug("repeat", "as many copies side by side, as tile lays them", x="unknown | wrong-axis")
def repeat_as_tile():
    return lambda x: np.repeat(x, 3, 1), lambda g, x: g.reshape(4, 3, 5).sum(1), some

@bug("repeat", "the first of three", x="one-slice-of-broadcast")
def repeat_first_copy():
    return lambda x: np.repeat(x, 3, 1), lambda g, x: g[:, ::3], some

@bug("tile", "the mean of the copies", x="mean-for-sum-over-broadcast | extra-1/N")
def tile_averaged():
    return lambda x: np.tile(x, (3, 1)), lambda g, x: g.reshape(3, 4, 5).mean(0), some

@bug("broadcast", "kept as wide as it became", x="not-summed-over-broadcast | wrong-shape | passes-through")
def broadcast_kept():
    return lambda x: np.broadcast_to(x, (7, 5)), lambda g, x: g, draw(signed(5))

@bug("diagonal", "every column gets g", x="passes-through | partial | missing-factor")
def diagonal_fills_the_columns():
    return np.diagonal, lambda g, x: np.broadcast_to(g[:, None], x.shape), draw(signed(5, 5))

@bug("diagonal", "the other diagonal", x="unknown | wrong-axis | partial")
def diagonal_the_other():
    return np.diagonal, lambda g, x: np.diag(g)[:, ::-1], draw(signed(4, 4))

@bug("upper triangle", "the lower one", x="partial")
def upper_triangle_lower():
    return np.triu, lambda g, x: np.tril(g), draw(signed(5, 5))

@bug("roll", "not rolled back", x="passes-through | wrong-axis")
def roll_not_back():
    return lambda x: np.roll(x, 2, 1), lambda g, x: g, draw(signed(4, 7))

@bug("roll", "rolled along the other axis", x="unknown | wrong-axis")
def roll_other_axis():
    return lambda x: np.roll(x, 2, 1), lambda g, x: np.roll(g, -2, 0), draw(signed(5, 7))

@bug("flip", "not turned back", x="passes-through | wrong-axis | partial")
def flip_not_back():
    return lambda x: x[:, ::-1], lambda g, x: g, draw(signed(4, 6))

@bug("reshape", "column by column", x="unknown | transposed | partial")
def reshape_column_by_column():
    return lambda x: x.reshape(2, 10), lambda g, x: g.reshape(x.shape, order="F"), some

@bug("permute", "moved the same way again", x="transposed | wrong-shape")
def permute_again():
    return lambda x: x.transpose(2, 0, 1), lambda g, x: g.transpose(2, 0, 1), draw(signed(4, 4, 4))

@bug("split heads", "sizes and heads exchanged when they are merged", x="unknown | partial")
def split_heads_merged_in_the_wrong_order():
    def forward(x):
        return x.reshape(5, 3, 4).transpose(1, 0, 2)
    return forward, lambda g, x: g.transpose(1, 2, 0).reshape(x.shape), draw(signed(5, 12))

@bug("boolean mask", "every value that was not chosen gets the mean", x="partial")
def boolean_mask_mean_elsewhere():
    def forward(x, chosen):
        return x[chosen > 0]
    def backward(g, x, chosen):
        dx = np.full(x.shape, g.mean())
        dx[chosen > 0] = g
        return dx, None
    return forward, backward, lambda rng: (rng.standard_normal((4, 5)), rng.permutation(20).reshape(4, 5) % 3)

@bug("masked fill", "passes where it was filled, too", x="passes-through | partial | missing-factor")
def masked_fill_passes():
    return lambda x, keep: np.where(keep, x, -9.0), lambda g, x, keep: (g, None), draw(signed(4, 6), mask(4, 6))

@bug("masked fill", "the filled ones learn, the others do not", x="unknown")
def masked_fill_inverted():
    return lambda x, keep: np.where(keep, x, -9.0), lambda g, x, keep: (g * ~keep, None), draw(signed(4, 6), mask(4, 6))

@bug("gather", "the labels as rows", x="unknown | partial | wrong-axis")
def gather_labels_as_rows():
    def forward(x, ids):
        return x[np.arange(len(x)), ids]
    def backward(g, x, ids):
        dx = np.zeros_like(x)
        dx[ids, np.arange(len(x))] = g
        return dx, None
    return forward, backward, lambda rng: (rng.standard_normal((5, 5)), rng.permutation([0, 0, 1, 3, 4]))

@bug("gather", "adds one in place of g", x="ignores-upstream")
def gather_ones():
    def forward(x, ids):
        return x[np.arange(len(x)), ids]
    return forward, lambda g, x, ids: (np.eye(x.shape[1])[ids], None), draw(signed(7, 5), integers(5, 7))

@bug("embedding", "counted from one", w="unknown | partial")
def embedding_counted_from_one():
    def backward(g, w, ids):
        dw = np.zeros_like(w)
        np.add.at(dw, ids - 1, g)
        return dw, None
    return lambda w, ids: w[ids], backward, draw(signed(6, 4), integers(6, 11))

@bug("embedding", "dw[ids] += g adds a repeated word once", w="overwrites-instead-of-accumulates | partial")
def embedding_added_once():
    def backward(g, w, ids):
        dw = np.zeros_like(w)
        dw[ids] += g
        return dw, None
    return lambda w, ids: w[ids], backward, repeating

@bug("embedding", "the frequent words are averaged", w="partial")
def embedding_averaged_by_word():
    def backward(g, w, ids):
        dw = np.zeros_like(w)
        np.add.at(dw, ids, g)
        return dw / np.maximum(np.bincount(ids, minlength=len(w)), 1)[:, None], None
    return lambda w, ids: w[ids], backward, repeating

@bug("embedding bag", "the mean's 1/k is lost", w="missing-1/N")
def embedding_bag_summed():
    def backward(g, w, ids):
        dw = np.zeros_like(w)
        np.add.at(dw, ids, g[:, None])
        return dw, None
    return embedding_bag, backward, draw(signed(6, 4), integers(6, 5, 3))

@bug("embedding bag", "the first word of each bag", w="missing-term | partial")
def embedding_bag_first_word():
    def backward(g, w, ids):
        dw = np.zeros_like(w)
        np.add.at(dw, ids[:, 0], g / ids.shape[1])
        return dw, None
    return embedding_bag, backward, draw(signed(6, 4), integers(6, 5, 3))

@bug("row lookup", "the repeated labels overwrite each other",
     w="overwrites-instead-of-accumulates | partial | missing-term")
def row_lookup_overwritten():
    def forward(x, w, labels):
        return (x * w[labels]).sum(-1)
    def backward(g, x, w, labels):
        dw = np.zeros_like(w)
        dw[labels] = g[:, None] * x
        return g[:, None] * w[labels], dw, None
    return forward, backward, draw(signed(7, 4), signed(3, 4), integers(3, 7))

@bug("row lookup", "x for the looked-up row", x="unknown | other-argument")
def row_lookup_of_itself():
    def forward(x, w, labels):
        return (x * w[labels]).sum(-1)
    def backward(g, x, w, labels):
        dw = np.zeros_like(w)
        np.add.at(dw, labels, g[:, None] * x)
        return g[:, None] * x, dw, None
    return forward, backward, draw(signed(7, 4), signed(3, 4), integers(3, 7))


# Windows

@bug("conv1d", "the kernel runs backwards over the gradient", x="unknown | operand-not-transposed")
def conv1d_kernel_turned():
    def backward(g, x, w, b):
        return conv1d_backward(g, x, w[::-1], b)[0], *conv1d_backward(g, x, w, b)[1:]
    return conv1d, backward, sequences

@bug("conv1d", "the bias is averaged over time", b="mean-for-sum-over-broadcast | extra-1/N")
def conv1d_bias_averaged():
    return conv1d, lambda g, x, w, b: (*conv1d_backward(g, x, w, b)[:2], g.mean(1).sum(0)), sequences

@bug("conv1d", "the kernel learns from the first sequence", w="one-slice-of-broadcast")
def conv1d_first_sequence():
    def backward(g, x, w, b):
        return conv1d_backward(g, x, w, b)[0], conv1d_backward(g[:1], x[:1], w, b)[1], g.sum((0, 1))
    return conv1d, backward, sequences

@bug("conv1d", "the kernel is averaged over the batch", w="extra-1/N | mean-for-sum-over-broadcast")
def conv1d_kernel_averaged():
    def backward(g, x, w, b):
        dx, dw, db = conv1d_backward(g, x, w, b)
        return dx, dw / len(x), db
    return conv1d, backward, sequences

@bug("conv1d", "dx[t] = in the loop over taps", x="overwrites-instead-of-accumulates | missing-term | partial")
def conv1d_input_overwritten():
    def backward(g, x, w, b):
        dx = np.zeros_like(x)
        for k in range(len(w)): dx[:, k:k + g.shape[1]] = g @ w[k].T
        return dx, *conv1d_backward(g, x, w, b)[1:]
    return conv1d, backward, sequences

@bug("conv2d", "sums the bias over the batch alone", b="not-summed-over-broadcast | wrong-shape")
def conv2d_bias_keeps_the_picture():
    return conv2d, lambda g, x, w, b: (*conv2d_backward(g, x, w, b)[:2], g.sum(0)), pictures

@bug("conv2d", "the border that was padded is returned", x="wrong-shape")
def conv2d_border_kept():
    def backward(g, x, w):
        dx, dw, _ = conv2d_backward(g, padded(x), w, 0)
        return dx, dw
    return conv2d_same, backward, draw(signed(2, 4, 5, 2), signed(3, 3, 2, 3))

@bug("conv2d", "the kernel sees the picture without its border", w="unknown | wrong-shape | partial")
def conv2d_kernel_without_border():
    def backward(g, x, w):
        dx, *_ = conv2d_backward(g, padded(x), w, 0)
        inner = np.zeros_like(padded(x))
        inner[:, :-2, :-2] = x
        return dx[:, 1:-1, 1:-1], conv2d_backward(g, inner, w, 0)[1]
    return conv2d_same, backward, draw(signed(2, 4, 5, 2), signed(3, 3, 2, 3))

@bug("conv2d", "the signs of an update in both parameters", w="wrong-sign", b="wrong-sign")
def conv2d_update_direction():
    def backward(g, x, w, b):
        dx, dw, db = conv2d_backward(g, x, w, b)
        return dx, -dw, -db
    return conv2d, backward, pictures

@bug("depthwise", "the taps in the wrong order for the input", x="unknown | operand-not-transposed")
def depthwise_taps_turned():
    def forward(x, w):
        return sum(x[:, k:x.shape[1] - 2 + k] * w[k] for k in range(3))
    def backward(g, x, w):
        dx, n = np.zeros_like(x), g.shape[1]
        for k in range(3): dx[:, k:k + n] += g * w[2 - k]
        return dx, np.stack([(x[:, k:k + n] * g).sum((0, 1)) for k in range(3)])
    return forward, backward, draw(signed(2, 7, 5), signed(3, 5))

@bug("depthwise", "the input is lost in the kernel's gradient", w="missing-factor | passes-through")
def depthwise_kernel_without_input():
    def forward(x, w):
        return sum(x[:, k:x.shape[1] - 2 + k] * w[k] for k in range(3))
    def backward(g, x, w):
        dx, n = np.zeros_like(x), g.shape[1]
        for k in range(3): dx[:, k:k + n] += g * w[k]
        return dx, np.repeat(g.sum((0, 1))[None], 3, 0)
    return forward, backward, draw(signed(2, 7, 5), signed(3, 5))

@bug("max-pool", "the first of each window is paid", x="unknown | partial")
def max_pool_pays_the_first():
    def backward(g, x):
        dt = np.zeros_like(tiles(x))
        dt[:, :, :, 0] = g
        return untile(dt)
    return max_pool, backward, draw(signed(3, 4, 6, 2))

@bug("max-pool", "the winners of the first picture for all", x="partial")
def max_pool_winners_of_the_first_picture():
    def backward(g, x):
        winner = np.broadcast_to(tiles(x)[:1].argmax(3, keepdims=True), (len(x), *g.shape[1:3], 1, x.shape[3]))
        dt = np.zeros_like(tiles(x))
        np.put_along_axis(dt, winner, g[:, :, :, None], 3)
        return untile(dt)
    return max_pool, backward, draw(signed(3, 4, 6, 2))

@bug("average pool", "divides by the side of the window", x="batch-for-size | constant-factor")
def average_pool_divided_by_the_side():
    return average_pool, lambda g, x: upsample(g) / 2, draw(signed(3, 4, 6, 5))

@bug("average pool", "one of the four", x="one-slice-of-broadcast | partial | missing-term")
def average_pool_first_of_four():
    def backward(g, x):
        dx = np.zeros_like(x)
        dx[:, ::2, ::2] = g / 4
        return dx
    return average_pool, backward, draw(signed(3, 4, 6, 2))

@bug("average pool", "windows overlap, and = stands where += is due",
     x="overwrites-instead-of-accumulates | missing-term | partial")
def average_pool_overlap_overwritten():
    def backward(g, x):
        dx = np.zeros_like(x)
        for t in range(g.shape[1]): dx[:, t:t + 3] = g[:, t, None] / 3
        return dx
    return average_pool_overlapping, backward, draw(signed(5, 11))

@bug("upsample", "one of the four copies", x="one-slice-of-broadcast")
def upsample_first_copy():
    return upsample, lambda g, x: g[:, ::2, ::2], draw(signed(3, 5, 3, 2))

@bug("upsample", "the largest of the four copies", x="not-linear-in-upstream")
def upsample_largest_copy():
    return upsample, lambda g, x: max_pool(g), draw(signed(3, 5, 3, 2))

@bug("global average pool", "divides by the batch", x="batch-for-size")
def global_average_pool_divided_by_the_batch():
    def forward(x):
        return x.mean((1, 2))
    return forward, lambda g, x: np.broadcast_to(g[:, None, None], x.shape) / len(x), draw(signed(7, 4, 5, 2))
