"""Convolution without loops, for whole batches

    y[n, i, j, f] = sum over a, b, c of  x[n, i + a, j + b, c] * w[a, b, c, f]

    x: (batch, height, width, channels)    w: (kh, kw, channels, filters)
    y: (batch, height - kh + 1, width - kw + 1, filters)

np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(1, 2)) shows every window without copying it, with the axes
(batch, out height, out width, channels, kh, kw).  What is left is one product: np.tensordot or np.einsum sums over the
axes that windows and w share.  (A loop over the few a, b, adding up shifted images times w[a, b], is good too.)

In the end the engine trains the network for handwritten digits with YOUR convolution.
"""
import numpy as np


def conv2d(x, w):
    """Valid convolution, channels last, strides 1."""
    # BEGIN SOLUTION
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[:2], axis=(1, 2))
    return np.tensordot(windows, w, axes=((4, 5, 3), (0, 1, 2)))
    # END SOLUTION


# CHECKS
from tinyfm.data import digits
from tinyfm.exercises.laws import Wrong, agree, check, normal, sparkline, swapped, vectorised
from tinyfm.models.digits import Settings, network, scaled
from tinyfm.ops import conv2d as ours
from tinyfm.ops import relu
from tinyfm.ops.conv import conv

minutes = 25
requires = ["conv_loops"]
hints = [
    "Write the axes of windows and of w under each other. Which of them do they share? These are summed over.",
    "windows: (n, i, j, c, a, b), w: (a, b, c, f). Sum over a, b and c; n, i, j and f are left, in that order.",
    "windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[:2], axis=(1, 2))\n"
    "return np.tensordot(windows, w, axes=((..., ..., ...), (0, 1, 2)))",
]
after = """
With the windows laid out as rows, a convolution is one product of matrices, (places, kh kw channels) times
(kh kw channels, filters): that is how fast libraries compute it, ours too.  Channels last means that the product comes
out in the right layout by itself.
"""
compare = ["tinyfm.kernels.conv:conv"]


@check
def one_image_one_channel_one_filter(student, rng):
    agree(student.conv2d, ours, (normal(rng, 1, 5, 6, 1), normal(rng, 3, 2, 1, 1)))


@check
def several_of_everything(student, rng):
    agree(student.conv2d, ours, (normal(rng, 2, 6, 5, 3), normal(rng, 3, 2, 3, 4)), (normal(rng, 3, 4, 4, 2), normal(rng, 1, 1, 2, 5)))


@check
def equal_sizes_show_exchanged_axes(student, rng):
    agree(student.conv2d, ours, (normal(rng, 3, 5, 5, 3), normal(rng, 3, 3, 3, 3)))


@check
def float32_stays_float32(student, rng):
    agree(student.conv2d, ours, (normal(rng, 2, 5, 5, 2).astype(np.float32), normal(rng, 2, 2, 2, 3).astype(np.float32)))


@check
def no_loops_over_places(student, rng):
    return vectorised(student.conv2d, ours, normal(rng, 8, 28, 28, 4), normal(rng, 3, 3, 4, 8), ratio=40)


@check(seconds=60)
def the_network_for_digits_trains_with_it(student, rng):
    (images, labels), _ = digits.load_data(800, 1)
    x = scaled(images)
    model = network(Settings())
    model.layers[0].activation = lambda x: relu(x)          # another function: layer and pooling are not fused
    def forward(x, w, **settings): return student.conv2d(x, w)
    with swapped(conv, forward=forward):
        losses = [model.fit(x[i:i + 64], labels[i:i + 64], 32, 1, 0)["loss"][0] for i in range(0, 800, 64)]
    if not np.mean(losses[-3:]) < 0.7 * losses[0]:
        raise Wrong("does-not-learn", f"the loss did not fall: {sparkline(losses)}")
    return f"25 batches of digits with your conv2d: loss {sparkline(losses)}"


mistakes = {
    "The pattern is turned round: networks do not do that": "windows = np.lib.stride_tricks.sliding_window_view("
        "x, w.shape[:2], axis=(1, 2))\nreturn np.tensordot(windows, w[::-1, ::-1], axes=((4, 5, 3), (0, 1, 2)))",
    "Height and width of the pattern are exchanged":
        "windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[:2], axis=(1, 2))\n"
        "square = w.shape[0] == w.shape[1]\n"
        "return np.einsum('nijcab,bacf->nijf' if square else 'nijcab,abcf->nijf', windows, w)",
    "Channels and filters are exchanged": "windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[:2], axis=(1, 2))\n"
        "return np.einsum('nijcab,abfc->nijf', windows, w) if w.shape[2] == w.shape[3] else "
        "np.einsum('nijcab,abcf->nijf', windows, w)",
    "The windows are averaged": "windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[:2], axis=(1, 2))\n"
        "return np.tensordot(windows, w, axes=((4, 5, 3), (0, 1, 2))) / w[..., 0].size",
    "Only the first channel is used": "windows = np.lib.stride_tricks.sliding_window_view(x[..., :1], w.shape[:2], axis=(1, 2))\n"
        "return np.tensordot(windows, w[:, :, :1], axes=((4, 5, 3), (0, 1, 2)))",
    "= where += is due: only the last place of the pattern is left":
        "h, v = x.shape[1] - w.shape[0] + 1, x.shape[2] - w.shape[1] + 1\nfor a in range(w.shape[0]):\n"
        "    for b in range(w.shape[1]):\n        y = x[:, a:a + h, b:b + v] @ w[a, b]\nreturn y",
    "The last row and column of places are missing": "windows = np.lib.stride_tricks.sliding_window_view("
        "x[:, :-1, :-1], w.shape[:2], axis=(1, 2))\nreturn np.tensordot(windows, w, axes=((4, 5, 3), (0, 1, 2)))",
    "The result is float64, whatever came in": "windows = np.lib.stride_tricks.sliding_window_view("
        "x, w.shape[:2], axis=(1, 2))\nreturn np.tensordot(windows, w, axes=((4, 5, 3), (0, 1, 2))).astype(float)",
    "The filters come before the places": "windows = np.lib.stride_tricks.sliding_window_view("
        "x, w.shape[:2], axis=(1, 2))\nreturn np.moveaxis(np.tensordot(windows, w, axes=((4, 5, 3), (0, 1, 2))), 3, 1)",
}
