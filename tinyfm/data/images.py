"""Pictures as arrays, and a drawn digit of any size made to look like one of MNIST's."""

from __future__ import annotations

import math
import re
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from tinyfm.data.files import StrPath, opened, read_at_most
from tinyfm.errors import FormatError, ShapeError

Image = NDArray[np.float32]
MAX_PIXELS = 16_000_000
PNG = b"\x89PNG\r\n\x1a\n"
LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)    # ITU-R BT.601


def read_image(path: StrPath, *, max_pixels: int = MAX_PIXELS) -> Image:
    """(height, width) grey, or (height, width, 3 or 4) red, green, blue, opacity; float32 in [0, 1].

    Reads PNG, and PGM and PPM (P2, P3, P5, P6), told by their first bytes.
    Raises FileNotFoundError; FormatError for anything else, for damaged files and for more than max_pixels.
    """
    with opened(path) as stream:
        content = bytes(read_at_most(stream, 100 + 20 * max_pixels))
    if content.startswith(PNG):
        return _read_png(content, str(path), max_pixels)
    if content[:2] in (b"P2", b"P3", b"P5", b"P6"):
        return _read_pnm(content, str(path), max_pixels)
    raise FormatError(f"{path} is neither PNG nor PGM/PPM: it starts with {content[:8]!r}. Save it as a PNG.")


def to_floats(images: ArrayLike) -> Image:
    """(n, height, width, channels) from 0 to 1, of grey values 0 to 255, (n, height, width) or with a channel axis."""
    x = np.asarray(images)
    if x.dtype != np.uint8 or x.ndim not in (3, 4) or not x.size:
        raise ShapeError("to_floats takes grey values 0 to 255 as uint8, (n, height, width) or (n, height, width, "
                         f"channels), received {x.dtype} of shape {x.shape}.")
    return np.divide(x if x.ndim == 4 else x[..., None], 255, dtype=np.float32)


def _read_png(content: bytes, path: str, max_pixels: int) -> Image:
    width, height = (int.from_bytes(content[at:at + 4]) for at in (16, 20))    # the IHDR chunk always comes first
    _check_size(width, height, path, max_pixels)
    from matplotlib.image import imread
    try:
        return np.asarray(imread(BytesIO(content), format="png"), np.float32)
    except Exception as error:                             # the PNG reader has no error class of its own
        raise FormatError(f"{path} is not a readable PNG: {error}") from error


def _read_pnm(content: bytes, path: str, max_pixels: int) -> Image:
    """Netpbm: a kind, width, height and the largest value as text, # starts a comment, then the values."""
    header = re.match(rb"P([2356])" + rb"(?:\s|#[^\n]*\n)+(\d{1,9})" * 3 + rb"\s", content)
    if header is None:
        raise FormatError(f"{path} has no PGM/PPM header: P5, width, height, largest value expected.")
    kind, width, height, largest = map(int, header.groups())
    _check_size(width, height, path, max_pixels)
    if not 1 <= largest <= 65535:
        raise FormatError(f"{path}: the largest value should be 1 to 65535, received {largest}.")
    shape = (height, width) if kind in (2, 5) else (height, width, 3)
    values = _pnm_values(content[header.end():], kind, ">u2" if largest > 255 else "u1", math.prod(shape))
    if values is None or values.max() > largest:
        raise FormatError(f"{path} is damaged: {math.prod(shape):,} values from 0 to {largest} expected.")
    return (values.reshape(shape) / largest).astype(np.float32)


def _pnm_values(data: bytes, kind: int, dtype: DTypeLike, size: int) -> NDArray[Any] | None:
    if kind in (5, 6):
        return np.frombuffer(data, dtype, size) if len(data) >= size * np.dtype(dtype).itemsize else None
    words = data.split(None, size)[:size]
    valid = len(words) == size and all(word.isdigit() and len(word) <= 5 for word in words)
    return np.array(words, int) if valid else None


def _check_size(width: int, height: int, path: str, max_pixels: int) -> None:
    if not 0 < width * height <= max_pixels:
        raise FormatError(f"{path} announces {width} x {height} pixels; 1 to {max_pixels:,} in all are accepted.")


def to_digit(image: ArrayLike) -> Image:
    """(28, 28) in [0, 1], ink 1 on 0, as MNIST has it: the ink scaled into a box of 20 x 20, its centre of mass
    in the middle.

    image: (h, w), (h, w, 3) or (h, w, 4), floats in [0, 1] or bytes, of any size; dark on light or light on dark:
    the colour of the border is taken for that of the paper.
    Raises ShapeError for other shapes, ValueError for a picture without ink.  LeCun et al. 1998, section III.A.
    """
    ink = _ink(_grey(image))
    rows, columns = (np.flatnonzero(ink.max(axis=axis)) for axis in (1, 0))
    ink = ink[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1]
    scale = 20 / max(ink.shape)
    height, width = (max(1, round(n * scale)) for n in ink.shape)
    digit = resize(ink, height, width)
    return _centred(digit / digit.max())


def resize(image: ArrayLike, height: int, width: int) -> Image:
    """Another size for an image (h, w): linear interpolation upwards, weighted averages downwards."""
    image = np.asarray(image, np.float32)
    resized: Image = _weights(image.shape[0], height) @ image @ _weights(image.shape[1], width).T
    return resized


def _weights(old: int, new: int) -> Image:
    """(new, old), rows of sum 1: a triangle around each new pixel's centre, as wide as the coarser of both grids."""
    step = old / new
    centres = (np.arange(new) + 0.5) * step - 0.5
    weights = np.maximum(0, 1 - np.abs(centres[:, None] - np.arange(old)) / max(step, 1))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def _grey(image: ArrayLike) -> Image:
    given = np.asarray(image)
    if given.ndim not in (2, 3) or given.size == 0 or given.shape[2:] not in ((), (1,), (3,), (4,)):
        raise ShapeError(f"An image has the shape (h, w), (h, w, 3) or (h, w, 4), received {given.shape}.")
    pixels = given.astype(np.float32) / np.float32(255 if given.dtype == np.uint8 else 1)
    if not np.all(np.isfinite(pixels)):
        raise ValueError("The image holds NaN or infinite values.")
    if given.ndim == 2 or given.shape[2] == 1:
        return pixels.reshape(given.shape[:2])
    grey = np.asarray(pixels[..., :3] @ LUMINANCE, np.float32)
    if given.shape[2] == 3:
        return grey
    opacity = pixels[..., 3]
    on_white, on_black = grey * opacity + 1 - opacity, grey * opacity
    return np.asarray(on_white if np.ptp(on_white) >= np.ptp(on_black) else on_black)


def _ink(grey: Image) -> Image:
    """How far each pixel is from the paper, 0 to 1.  What the border shows is paper, and how noisy paper is."""
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    paper = np.median(border)
    noise = 2 * np.quantile(np.abs(border - paper), 0.9)   # 3 standard deviations of normal noise ...
    if noise > 0:                                          # ... are 9 once nine neighbours are averaged
        grey = np.lib.stride_tricks.sliding_window_view(np.pad(grey, 1, "edge"), (3, 3)).mean(axis=(2, 3))
    ink = np.abs(grey - paper)
    ink = np.where(ink <= min(noise, ink.max() / 2), 0, ink)
    if ink.max() < 0.05:
        raise ValueError("There is no digit in this picture: it is of one colour.")
    return (ink / ink.max()).astype(np.float32)


def _centred(digit: Image) -> Image:
    """The digit on a page of 28 x 28, moved by whole pixels so that its centre of mass is nearest to the middle."""
    page = np.zeros((28, 28), np.float32)
    top, left = (14 - round(float(np.average(np.arange(n) + 0.0, weights=digit.sum(axis=1 - axis))))
                 for axis, n in enumerate(digit.shape))
    top, left = (min(max(at, 0), 28 - n) for at, n in zip((top, left), digit.shape, strict=True))
    page[top:top + digit.shape[0], left:left + digit.shape[1]] = digit
    return page
