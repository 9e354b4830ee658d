"""Where a sliding window touches its input.

    output pixel p, window offset k  ->  input pixel  p * stride + k * dilation - padding before

Convolution and pooling are loops over the few offsets k, each one a slice over all pixels p at once.
Slices that stop at the border do the padding: outside pixels are simply never touched.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

from numpy.typing import NDArray

from tinyfm.errors import ShapeError

Sizes = tuple[int, ...]
Pairs = tuple[tuple[int, int], ...]
Touch = tuple[tuple[slice, ...], tuple[slice, ...]]
Padding = str | int | Sequence[int] | Sequence[tuple[int, int]]

TILE_BYTES = 2 << 20    # what the scratch of one tile may fill: about the second-level caches of two cores


class Grid(NamedTuple):
    """Offset k of the window at output pixel p reads the input pixel  p * strides + first + k * dilation."""

    first: Sizes
    strides: Sizes
    kernel: Sizes
    dilation: Sizes


class Windows(NamedTuple):
    """The geometry of one sliding window.

    size, out: the spatial sizes of the input and the output.
    touches: for each offset of the window, in row-major order, two indices into (batch, *spatial, channels) arrays:
        the input pixels read, and the output pixels that read them.
    inside: whether no window reaches past the border; disjoint: whether no two windows share an input pixel.
    grid: the same as numbers, where there are such.
    """

    size: Sizes
    out: Sizes
    touches: list[Touch]
    inside: bool
    disjoint: bool
    grid: Grid | None = None

    @property
    def pointwise(self) -> bool:
        """Whether each output pixel reads the input pixel in its place and no other."""
        return len(self.touches) == 1 and self.inside and self.touches[0][0] == self.touches[0][1]

    def mirrored(self) -> "Windows":
        """The same relation of pixels told from the output: what each input pixel is read by, the last offset first.

        (The pixel before is what the next offset reads: backwards, the offsets run along memory again.)
        """
        grid, touches = self.grid, [(by, read) for read, by in reversed(self.touches)]
        if grid is not None:
            last = tuple(-f - (k - 1) * d for f, k, d in zip(grid.first, grid.kernel, grid.dilation, strict=True))
            grid = Grid(last, *grid[1:]) if set(grid.strides) == {1} else None
        return Windows(self.out, self.size, touches, self.inside, disjoint=False, grid=grid)


@lru_cache(maxsize=512)
def slide(size: Sizes, kernel: Sizes, strides: Sizes, padding: Pairs, dilation: Sizes,
          ceil_mode: bool = False) -> Windows:
    """Slide a window of `kernel` pixels over an input of `size` pixels, one entry per spatial axis.

    ceil_mode also keeps a last, partial window if it starts inside the input or the padding before it.
    Raises ShapeError if the window is larger than the padded input, or the settings do not fit together.
    """
    check_geometry(size, kernel, strides, padding, dilation)
    out = tuple(map(output_size, size, kernel, strides, padding, dilation, [ceil_mode] * len(size)))
    before = tuple(pair[0] for pair in padding)
    axes = list(zip(size, kernel, strides, before, dilation, out, strict=True))
    inside = all(b == 0 and (o - 1) * s + d * (k - 1) < n for n, k, s, b, d, o in axes)
    disjoint = all(s > d * (k - 1) for _, k, s, _, d, _ in axes)
    grid = Grid(tuple(-b for b in before), strides, kernel, dilation)
    return Windows(size, out, touching(size, kernel, strides, before, dilation, out), inside, disjoint, grid)


def touching(size: Sizes, kernel: Sizes, strides: Sizes, before: Sizes, dilation: Sizes, out: Sizes) -> list[Touch]:
    """The `touches` of Windows; `before` may be negative: the first window then starts inside the input."""
    axes = zip(size, kernel, strides, before, dilation, out, strict=True)
    spans = [[span(n, s, b, i * d, o) for i in range(k)] for n, k, s, b, d, o in axes]
    return [(index(read for read, _ in pairs), index(by for _, by in pairs)) for pairs in product(*spans)]


def index(spatial: Iterator[slice]) -> tuple[slice, ...]:
    return (slice(None), *spatial, slice(None))


def span(size: int, stride: int, before: int, shift: int, out: int) -> tuple[slice, slice]:
    """(input pixels, output pixels) along one axis for one offset, leaving out what falls outside the input."""
    first = max(0, -((shift - before) // stride))
    last = min(out - 1, (size - 1 - shift + before) // stride)
    count = max(0, last - first + 1)
    return run(first * stride + shift - before, count, stride), run(first, count, 1)


def within(touch: Touch, rows: slice) -> Touch:
    """The part of a touch whose output pixels lie in these rows (of the first spatial axis), counted from there."""
    (images, read, *others), (_, by, *places) = touch
    first = max(0, -((by.start - rows.start) // by.step))
    last = min(len(range(by.start, by.stop, by.step)), -((by.start - rows.stop) // by.step))
    count = max(0, last - first)
    return ((images, run(read.start + first * read.step, count, read.step), *others),
            (images, run(by.start + first * by.step - rows.start, count, by.step), *places))


def run(start: int, count: int, step: int) -> slice:
    """start, start + step, ...: count of them."""
    return slice(start, start + (count - 1) * step + 1, step) if count else slice(0, 0, step)


def output_size(size: int, kernel: int, stride: int, padding: tuple[int, int], dilation: int, ceil_mode: bool) -> int:
    """floor((size + padding - dilation (kernel - 1) - 1) / stride) + 1."""
    room = size + sum(padding) - dilation * (kernel - 1) - 1
    if room < 0:
        raise ShapeError(f"a window of {kernel} pixels (dilation {dilation}: spans {dilation * (kernel - 1) + 1}) does "
                         f"not fit an input of {size} pixels padded by {padding}; use a smaller window, padding='same' "
                         "or a larger input")
    count = room // stride + 1
    starts_inside = count * stride < size + padding[0]
    return count + 1 if ceil_mode and room % stride and starts_inside else count


def check_geometry(size: Sizes, kernel: Sizes, strides: Sizes, padding: Pairs, dilation: Sizes) -> None:
    """Raise ShapeError unless there is one valid entry per spatial axis."""
    settings = {"kernel size": kernel, "strides": strides, "dilation": dilation}
    for name, value in settings.items():
        if len(value) != len(size) or min(value, default=1) < 1:
            raise ShapeError(f"{name} must be {len(size)} positive integers (one per spatial axis), received {value}")
    if len(padding) != len(size) or any(len(pair) != 2 or min(pair) < 0 for pair in padding):
        raise ShapeError(f"padding must be {len(size)} pairs (before, after) of integers >= 0, received {padding}")


def resolve_padding(padding: Padding, size: Sizes, kernel: Sizes, strides: Sizes, dilation: Sizes) -> Pairs:
    """The explicit ((before, after), ...) behind "valid", "same", one int, one int per axis, or pairs.

    "same" pads, as Keras does, until there are ceil(size / stride) windows; an odd pixel goes to the end.
    """
    if padding == "valid": return ((0, 0),) * len(size)
    if padding == "same": return tuple(map(same_padding, size, kernel, strides, dilation))
    if isinstance(padding, str):
        raise ValueError(f"padding must be 'same', 'valid', an integer or pairs of integers, received {padding!r}")
    per_axis: list[Any] = [padding] * len(size) if isinstance(padding, int) else list(padding)
    if len(per_axis) != len(size):
        raise ShapeError(f"padding needs one entry for each of {len(size)} spatial axes, received {padding}")
    pairs = [(p, p) if isinstance(p, int) else p for p in per_axis]
    return tuple((int(before), int(after)) for before, after in pairs)


def same_padding(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    total = max(0, (-(-size // stride) - 1) * stride + dilation * (kernel - 1) + 1 - size)
    return total // 2, total - total // 2


def tiles(count: int, bytes_each: int) -> Iterator[slice]:
    """Cut a batch of `count` images, `bytes_each` of scratch per image, into slices that stay in cache."""
    most = max(1, TILE_BYTES // max(1, bytes_each))
    number = max(1, -(-count // most))
    step = max(1, -(-count // number))                                              # equal shares reuse scratch best
    for start in range(0, count, step):
        yield slice(start, min(count, start + step))


def copy_pixels(target: NDArray[Any], source: NDArray[Any]) -> None:
    """target[...] = source, each pixel's channels moved as one item where they lie together: up to 1.7 x faster."""
    item = source.itemsize
    if (source.strides[-1] == target.strides[-1] == item and source.dtype == target.dtype
            and source.shape == target.shape and source.size):
        pixel = f"V{item * source.shape[-1]}"
        target, source = target.view(pixel), source.view(pixel)
    target[...] = source


def check_output(x: Sizes, y: Sizes, windows: Windows) -> None:
    """Raise ShapeError unless y has one row per image of x and one pixel per window."""
    expected = (x[0], *windows.out)
    if y[:-1] != expected:
        raise ShapeError(f"x of shape {x} gives an output of shape {(*expected, '...')}, received one of shape {y}; "
                         "use the size, strides, padding and dilation of the forward pass")
