"""Convolution, pooling, upsampling, padding. Channels come last."""
import numpy as np

from .. import bug, draw, signed
from ..forwards import average_pool, conv1d, conv2d, conv2d_same, max_pool, padded, upsample


def conv2d_backward(g, x, w, b):
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    rows, columns = g.shape[1:3]
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            dx[:, i:i + rows, j:j + columns] += g @ w[i, j].T
            dw[i, j] = np.einsum("nhwc,nhwo->co", x[:, i:i + rows, j:j + columns], g)
    return dx, dw, g.sum((0, 1, 2))

small_images = draw(signed(3, 5, 6, 2), signed(3, 2, 2, 4), signed(4))


@bug("conv1d", "slides the kernel over the gradient without turning it round", x="operand-not-transposed")
def conv1d_kernel_not_turned():
    def backward(g, x, w, b):
        dx, steps = np.zeros_like(x), g.shape[1]
        for k in range(len(w)):
            dx[:, k:k + steps] += g @ w[len(w) - 1 - k].T
        dw = np.stack([np.einsum("ntc,nto->co", x[:, k:k + steps], g) for k in range(len(w))])
        return dx, dw, g.sum((0, 1))
    return conv1d, backward, draw(signed(3, 8, 5), signed(3, 5, 4), signed(4))

@bug("conv1d", "averages the kernel over the positions", w="mean-for-sum-over-broadcast | extra-1/N")
def conv1d_kernel_averaged_over_time():
    def backward(g, x, w, b):
        dx, steps = np.zeros_like(x), g.shape[1]
        for k in range(len(w)):
            dx[:, k:k + steps] += g @ w[k].T
        dw = np.stack([np.einsum("ntc,nto->co", x[:, k:k + steps], g) / steps for k in range(len(w))])
        return dx, dw, g.sum((0, 1))
    return conv1d, backward, draw(signed(2, 9, 5), signed(3, 5, 4), signed(4))

@bug("conv2d", "windows overlap, and the last one to write wins",
     x="overwrites-instead-of-accumulates | missing-term | partial")
def conv2d_windows_overwrite():
    def backward(g, x, w, b):
        dx = np.zeros_like(x)
        for i in range(g.shape[1]):
            for j in range(g.shape[2]):
                dx[:, i:i + w.shape[0], j:j + w.shape[1]] = np.einsum("no,ijco->nijc", g[:, i, j], w)
        return dx, *conv2d_backward(g, x, w, b)[1:]
    return conv2d, backward, small_images

@bug("conv2d", "the gradient of the padding is not cut off", x="wrong-shape")
def conv2d_padding_kept():
    def backward(g, x, w):
        return conv2d_backward(g, padded(x), w, None)[:2]
    return conv2d_same, backward, draw(signed(2, 4, 5, 3), signed(3, 3, 3, 2))

@bug("conv2d", "written for one image, then given a batch", w="one-slice-of-broadcast")
def conv2d_first_image_only():
    def backward(g, x, w, b):
        dx, _, db = conv2d_backward(g, x, w, b)
        return dx, conv2d_backward(g[:1], x[:1], w, b)[1], db
    return conv2d, backward, small_images

@bug("conv2d", "sums the bias over batch and rows, and forgets the columns",
     b="not-summed-over-broadcast | wrong-shape")
def conv2d_bias_keeps_columns():
    def backward(g, x, w, b):
        return *conv2d_backward(g, x, w, b)[:2], g.sum((0, 1))
    return conv2d, backward, small_images

@bug("conv2d", "kernel stored as (out, in), gradient returned as such", w="transposed | wrong-shape")
def conv2d_channels_exchanged():
    def backward(g, x, w, b):
        dx, dw, db = conv2d_backward(g, x, w, b)
        return dx, dw.swapaxes(2, 3), db
    return conv2d, backward, small_images

@bug("conv2d", "divides the kernel's gradient by the batch, the loss has done so",
     w="extra-1/N | mean-for-sum-over-broadcast")
def conv2d_kernel_averaged_over_batch():
    def backward(g, x, w, b):
        dx, dw, db = conv2d_backward(g, x, w, b)
        return dx, dw / len(x), db
    return conv2d, backward, draw(signed(7, 4, 5, 2), signed(3, 2, 2, 3), signed(3))

@bug("max-pool", "hands the gradient to the whole window", x="passes-through | missing-factor | partial")
def max_pool_to_the_whole_window():
    return max_pool, lambda g, x: upsample(g), draw(signed(3, 4, 6, 2))

@bug("max-pool", "pixels are whole numbers, so two can win the same window and both are paid in full",
     x="kink | partial")
def max_pool_ties():
    def backward(g, x):
        return upsample(g) * (x == upsample(max_pool(x)))
    return max_pool, backward, lambda rng: (rng.integers(4, size=(3, 4, 6, 2)).astype(float),)

@bug("max-pool", "loops over rows, columns and channels, and writes dx[0]", x="partial")
def max_pool_first_image_only():
    def backward(g, x):
        dx = np.zeros_like(x)
        dx[0] = (upsample(g) * (x == upsample(max_pool(x))))[0]
        return dx
    return max_pool, backward, draw(signed(3, 4, 6, 2))

@bug("average pool", "spreads the gradient and does not share it out", x="missing-1/N | passes-through")
def average_pool_not_shared_out():
    return average_pool, lambda g, x: upsample(g), draw(signed(3, 4, 6, 2))

@bug("average pool", "divides by the pixels of the picture, not of the window", x="batch-for-size | extra-1/N")
def average_pool_divided_by_the_picture():
    return average_pool, lambda g, x: upsample(g) / (x.shape[1] * x.shape[2]), draw(signed(3, 6, 10, 2))

@bug("upsample", "takes every second pixel: one of the four copies", x="one-slice-of-broadcast")
def upsample_every_second_pixel():
    return upsample, lambda g, x: g[:, ::2, ::2], draw(signed(3, 4, 5, 2))

