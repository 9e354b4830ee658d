"""Convolution, pooling, upsampling, padding. Channels come last."""
import numpy as np

from .. import bug, draw, signed
from ..forwards import (
    average_pool,
    conv1d,
    conv2d,
    conv2d_strided,
    max_pool,
    max_pool_overlapping,
    tiles,
    untile,
    upsample,
)


def conv1d_backward(g, x, w, b):
    dx, dw, steps = np.zeros_like(x), np.zeros_like(w), g.shape[1]
    for k in range(len(w)):
        dx[:, k:k + steps] += g @ w[k].T
        dw[k] = np.einsum("ntc,nto->co", x[:, k:k + steps], g)
    return dx, dw, g.sum((0, 1))

def conv2d_backward(g, x, w, b):
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    rows, columns = g.shape[1:3]
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            dx[:, i:i + rows, j:j + columns] += g @ w[i, j].T
            dw[i, j] = np.einsum("nhwc,nhwo->co", x[:, i:i + rows, j:j + columns], g)
    return dx, dw, g.sum((0, 1, 2))

sequences = draw(signed(3, 8, 5), signed(3, 5, 4), signed(4))
pictures = draw(signed(3, 5, 6, 2), signed(3, 2, 2, 4), signed(4))


@bug("conv1d", "the bias is summed over the batch, time is left", b="not-summed-over-broadcast | wrong-shape")
def conv1d_bias_keeps_time():
    return conv1d, lambda g, x, w, b: (*conv1d_backward(g, x, w, b)[:2], g.sum(0)), sequences

@bug("conv1d", "dw[k] = inside the loop over positions", w="overwrites-instead-of-accumulates | one-slice-of-broadcast")
def conv1d_kernel_overwritten():
    def backward(g, x, w, b):
        dw = np.zeros_like(w)
        for t in range(g.shape[1]):
            for k in range(len(w)):
                dw[k] = x[:, t + k].T @ g[:, t]
        return conv1d_backward(g, x, w, b)[0], dw, g.sum((0, 1))
    return conv1d, backward, sequences

@bug("conv1d", "as many channels in as out: the kernel's channels are not transposed", x="operand-not-transposed")
def conv1d_channels_untransposed():
    def backward(g, x, w, b):
        return conv1d_backward(g, x, w.swapaxes(1, 2), b)[0], *conv1d_backward(g, x, w, b)[1:]
    return conv1d, backward, draw(signed(3, 8, 4), signed(3, 4, 4), signed(4))

@bug("conv1d", "only the middle tap of the kernel reaches the input", x="missing-term")
def conv1d_middle_tap_only():
    def backward(g, x, w, b):
        dx = np.zeros_like(x)
        dx[:, 1:-1] = g @ w[1].T
        return dx, *conv1d_backward(g, x, w, b)[1:]
    return conv1d, backward, sequences

@bug("conv2d", "the kernel's gradient comes out turned by 180 degrees: convolution for correlation", w="unknown")
def conv2d_kernel_turned():
    def backward(g, x, w, b):
        dx, dw, db = conv2d_backward(g, x, w, b)
        return dx, dw[::-1, ::-1], db
    return conv2d, backward, pictures

@bug("conv2d", "the bias is averaged over the picture", b="mean-for-sum-over-broadcast | extra-1/N")
def conv2d_bias_averaged():
    return conv2d, lambda g, x, w, b: (*conv2d_backward(g, x, w, b)[:2], g.mean((1, 2)).sum(0)), pictures

@bug("conv2d", "rows and columns of the kernel are exchanged; it is square", w="transposed | partial")
def conv2d_rows_and_columns_exchanged():
    def backward(g, x, w, b):
        dx, dw, db = conv2d_backward(g, x, w, b)
        return dx, dw.swapaxes(0, 1), db
    return conv2d, backward, draw(signed(2, 5, 6, 2), signed(3, 3, 2, 4), signed(4))

@bug("conv2d", "the input's gradient is summed over the batch", x="wrong-shape")
def conv2d_input_summed():
    def backward(g, x, w, b):
        dx, dw, db = conv2d_backward(g, x, w, b)
        return dx.sum(0), dw, db
    return conv2d, backward, pictures

@bug("conv2d", "raises: windows are taken without the stride, g is smaller", w="wrong-shape")
def conv2d_stride_left_out():
    def backward(g, x, w):
        full = np.zeros(conv2d(x, w, 0).shape)
        full[:, ::2, ::2] = g
        dw = np.einsum("nhwcij,nhwo->ijco", np.lib.stride_tricks.sliding_window_view(x, w.shape[:2], (1, 2)), g)
        return conv2d_backward(full, x, w, None)[0], dw
    return conv2d_strided, backward, draw(signed(2, 7, 6, 3), signed(3, 2, 3, 2))

@bug("conv2d", "the batch is averaged twice, and the bias forgotten",
     w="extra-1/N | mean-for-sum-over-broadcast", b="zero")
def conv2d_averaged_and_no_bias():
    def backward(g, x, w, b):
        dx, dw, _ = conv2d_backward(g, x, w, b)
        return dx, dw / len(x), np.zeros_like(b)
    return conv2d, backward, draw(signed(5, 4, 6, 2), signed(3, 2, 2, 3), signed(3))

@bug("depthwise", "one filter for each channel, its gradient takes the first channel for all",
     w="partial | other-argument")
def depthwise_first_channel():
    def forward(x, w):
        return sum(x[:, k:x.shape[1] - 2 + k] * w[k] for k in range(3))
    def backward(g, x, w):
        dx, steps = np.zeros_like(x), g.shape[1]
        for k in range(3):
            dx[:, k:k + steps] += g * w[k]
        dw = np.stack([(x[:, k:k + steps, :1] * g).sum((0, 1)) for k in range(3)])
        return dx, dw
    return forward, backward, draw(signed(2, 7, 5), signed(3, 5))

@bug("max-pool", "the gradient of average pooling", x="unknown")
def max_pool_as_average_pool():
    return max_pool, lambda g, x: upsample(g) / 4, draw(signed(3, 4, 6, 5))

@bug("max-pool", "windows overlap, and a pixel that wins twice is paid once",
     x="overwrites-instead-of-accumulates | partial")
def max_pool_wins_twice():
    def backward(g, x):
        dx = np.zeros_like(x)
        for t in range(g.shape[1]):
            dx[np.arange(len(x)), t + x[:, t:t + 3].argmax(1)] = g[:, t]
        return dx
    return max_pool_overlapping, backward, draw(signed(5, 11))

@bug("max-pool", "the winner of the first channel is the winner of all", x="partial")
def max_pool_winner_of_the_first_channel():
    def backward(g, x):
        winner = tiles(x)[..., :1].argmax(3, keepdims=True)
        dt = np.zeros_like(tiles(x))
        np.put_along_axis(dt, np.broadcast_to(winner, (*g.shape[:3], 1, x.shape[3])), g[:, :, :, None], 3)
        return untile(dt)
    return max_pool, backward, draw(signed(3, 4, 6, 2))

@bug("max-pool", "writes the window's maximum where its gradient should go",
     x="ignores-upstream | not-linear-in-upstream")
def max_pool_value_for_gradient():
    return max_pool, lambda g, x: np.where(x == upsample(max_pool(x)), x, 0), draw(signed(3, 4, 6, 2))

@bug("average pool", "divides by the window's area twice", x="extra-1/N")
def average_pool_divided_twice():
    return average_pool, lambda g, x: upsample(g) / 16, draw(signed(3, 4, 6, 5))

@bug("average pool", "divides by the batch, as every mean does", x="batch-for-size")
def average_pool_divided_by_the_batch():
    return average_pool, lambda g, x: upsample(g) / len(x), draw(signed(7, 4, 6, 2))

@bug("global average pool", "spreads over the picture, not divided by its pixels", x="missing-1/N | passes-through")
def global_average_pool_not_divided():
    def forward(x):
        return x.mean((1, 2))
    return forward, lambda g, x: np.broadcast_to(g[:, None, None], x.shape), draw(signed(3, 4, 5, 2))

@bug("upsample", "the mean of the four copies", x="mean-for-sum-over-broadcast | extra-1/N")
def upsample_averaged():
    return upsample, lambda g, x: average_pool(g), draw(signed(3, 5, 3, 2))

@bug("pad", "the gradient of the border is kept", x="wrong-shape | passes-through")
def pad_border_kept():
    def forward(x):
        return np.pad(x, ((0, 0), (2, 2)))
    return forward, lambda g, x: g, draw(signed(4, 7))
