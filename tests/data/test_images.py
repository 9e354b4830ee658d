"""Pictures: what is written is read, what is broken is a FormatError, and a digit of any size is brought to 28 x 28."""

import gzip
import os
import struct
import zlib

import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinyfm.data import mnist, read_image, to_digit
from tinyfm.data.images import resize
from tinyfm.errors import FormatError, ShapeError

matplotlib.use("Agg")


def png(pixels, kind, depth=8, size=None, palette=b""):
    """A PNG file made by hand.  kind: 0 grey, 2 RGB, 3 palette, 4 grey + opacity, 6 RGB + opacity."""
    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    height, width = size or pixels.shape[:2]
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0))
            + (chunk(b"PLTE", palette) if palette else b"") + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("images") / "picture"


@pytest.mark.parametrize("kind, channels", [(0, ()), (2, (3,)), (6, (4,))])
@given(data=st.data())
def test_png_is_read_exactly(path, kind, channels, data):
    pixels = data.draw(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9).map(
        lambda shape: shape + channels)))
    path.write_bytes(png(pixels, kind))
    image = read_image(path)
    assert image.dtype == np.float32 and image.shape == pixels.shape
    np.testing.assert_array_equal(np.round(image * 255), pixels)


def test_other_kinds_of_png_are_read(path):
    path.write_bytes(png(np.array([[0, 65535]], ">u2"), 0, depth=16))
    np.testing.assert_allclose(read_image(path), [[0, 1]], atol=1e-3)
    path.write_bytes(png(np.array([[0b01000000]], np.uint8), 0, depth=1, size=(1, 2)))
    np.testing.assert_array_equal(read_image(path), [[0, 1]])
    path.write_bytes(png(np.array([[0, 1]], np.uint8), 3, palette=bytes([0, 0, 0, 255, 0, 0])))
    np.testing.assert_array_equal(read_image(path)[0, 1, :3], [1, 0, 0])
    path.write_bytes(png(np.array([[[0, 255], [255, 255]]], np.uint8), 4))
    np.testing.assert_array_equal(read_image(path)[..., 0], [[0, 1]])


@given(pixels=hnp.arrays(np.uint16, hnp.array_shapes(min_dims=2, max_dims=2, max_side=6)), comment=st.booleans(),
       kind=st.sampled_from("2356"), wide=st.booleans())
def test_pgm_and_ppm_are_read_exactly(path, pixels, comment, kind, wide):
    pixels = pixels if wide else pixels % 256
    colours = np.stack([pixels, pixels[::-1], pixels], axis=2) if kind in "36" else pixels
    largest = 65535 if wide else 255
    header = f"P{kind}\n{'# made by hand' + chr(10) if comment else ''}{pixels.shape[1]} {pixels.shape[0]}\n{largest}\n"
    body = (colours.astype(">u2" if wide else "u1").tobytes() if kind in "56"
            else "\n".join(map(str, colours.ravel())).encode())
    path.write_bytes(header.encode() + body)
    np.testing.assert_array_equal(np.round(read_image(path) * np.float64(largest)), colours)


GOOD = png(np.zeros((4, 4), np.uint8), 0)
BROKEN = {
    "empty": b"", "text": b"hello", "jpeg": b"\xff\xd8\xff\xe0" + bytes(50), "gif": b"GIF89a" + bytes(50),
    "png magic alone": GOOD[:8], "png header alone": GOOD[:33], "truncated png": GOOD[:45],
    "png with a wrong checksum": GOOD[:40] + b"\x01" + GOOD[41:],
    "png of 2^31 pixels": png(np.zeros((4, 4), np.uint8), 0, size=(2**16, 2**15)),
    "png of no pixels": png(np.zeros((4, 4), np.uint8), 0, size=(0, 4)),
    "png bomb": png(np.zeros((4, 5000), np.uint8), 0, size=(5000, 5000)),
    "png of an unknown kind": png(np.zeros((4, 4), np.uint8), 9),
    "pgm without numbers": b"P5\n", "truncated pgm": b"P5 3 3 255\n" + bytes(8), "pgm of zeros": b"P5 0 0 255\n",
    "pgm bomb": b"P5 99999999 99999999 255\n", "pgm with a wrong maximum": b"P5 1 1 99999\n\0\0",
    "pgm beyond its maximum": b"P5 1 1 7\n\x08", "pgm with letters": b"P2 2 1 9\n1 x",
    "pgm with signs": b"P2 2 1 9\n1 -1",
    "pgm with too few": b"P2 2 1 9\n1", "pgm of long numbers": b"P2 1 1 9\n" + b"9" * 5000,
    "pgm with digits without end": b"P5 " + b"1" * 100_000}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_picture_is_a_format_error_that_names_it(tmp_path, name):
    (tmp_path / "broken.png").write_bytes(BROKEN[name])
    with pytest.raises(FormatError, match=r"broken\.png"):
        read_image(tmp_path / "broken.png")


def test_folders_and_missing_files(tmp_path):
    with pytest.raises(FormatError, match="not a file"):
        read_image(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_image(tmp_path / "nowhere.png")


# -- resizing --------------------------------------------------------------------------------------------------------

images = hnp.arrays(np.float32, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12),
                    elements=st.floats(0, 1, width=32))
sides = st.integers(1, 30)


@given(image=images, height=sides, width=sides)
def test_resizing_stays_within_the_values_and_commutes_with_mirrors(image, height, width):
    small = resize(image, height, width)
    assert small.shape == (height, width) and small.dtype == np.float32
    assert small.min() >= image.min() - 1e-5 and small.max() <= image.max() + 1e-5
    np.testing.assert_allclose(resize(image[::-1], height, width), small[::-1], atol=1e-5)
    np.testing.assert_allclose(resize(image.T, width, height), small.T, atol=1e-5)
    np.testing.assert_allclose(resize(image, *image.shape), image, atol=1e-6)


# -- digits ----------------------------------------------------------------------------------------------------------

def drawn_digit(seed=0):
    """Something like a digit: a box of 20 x 20 of ink on a page of 28 x 28, its centre of mass in the middle."""
    rng = np.random.default_rng(seed)
    page = np.zeros((28, 28), np.float32)
    page[4:24, 4:24] = np.where(rng.random((20, 20)) < 0.3, rng.random((20, 20)), 0)
    page[4, 13] = page[23, 14] = page[13, 4] = page[14, 23] = 1      # the box is full
    return to_digit(page)


def test_mnists_own_form_is_a_fixed_point():
    digit = drawn_digit()
    np.testing.assert_allclose(to_digit(digit), digit, atol=1e-6)
    assert digit.shape == (28, 28) and digit.dtype == np.float32 and digit.max() == 1 and digit.min() == 0


@given(seed=st.integers(0, 99), scale=st.integers(1, 4), light=st.booleans(),
       kind=st.sampled_from(["grey", "rgb", "rgba", "bytes"]),
       margins=st.tuples(*[st.integers(0, 12)] * 4), strength=st.floats(0.3, 1))
def test_size_place_colour_and_strength_do_not_matter(seed, scale, light, kind, margins, strength):
    digit = drawn_digit(seed)
    ink = np.kron(np.pad(digit, (margins[:2], margins[2:])), np.ones((scale, scale))) * strength
    picture = ink if light else 1 - ink
    picture = {"grey": picture, "bytes": np.round(picture * 255).astype(np.uint8),
               "rgb": np.stack([picture] * 3, axis=2),
               "rgba": np.stack([picture] * 3 + [np.ones_like(picture)], axis=2)}[kind]
    found = to_digit(picture)
    expected = resize(np.kron(inked(digit), np.ones((scale, scale))), 20, 20)     # only the resizing remains
    np.testing.assert_allclose(inked(found), expected / expected.max(), atol=0.03)


def inked(page):
    rows, columns = (np.flatnonzero(page.max(axis=axis)) for axis in (1, 0))
    return page[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1]


@pytest.mark.parametrize("ink", [0.0, 1.0])
def test_ink_on_a_transparent_page_is_found(ink):
    digit = drawn_digit()
    picture = np.stack([np.full((28, 28), ink)] * 3 + [digit], axis=2)
    np.testing.assert_allclose(to_digit(picture), digit, atol=1e-6)


@given(height=st.integers(1, 60), width=st.integers(1, 60), top=st.integers(1, 30), left=st.integers(1, 30))
def test_a_bar_fills_20_pixels_and_is_centred(height, width, top, left):
    page = np.ones((100, 100))
    page[top:top + height, left:left + width] = 0
    digit = to_digit(page)
    rows, columns = (np.flatnonzero(digit.max(axis=axis)) for axis in (1, 0))
    assert max(np.ptp(rows), np.ptp(columns)) == 19
    for axis in (0, 1):
        assert abs(np.average(np.arange(28), weights=digit.sum(axis=1 - axis)) - 14) <= 0.5 + 1e-6


def test_noisy_paper_is_still_paper():
    rng = np.random.default_rng(0)
    digit = drawn_digit()
    ink = np.kron(np.pad(digit, 6), np.ones((8, 8)))
    noisy = np.clip(0.85 - 0.7 * ink + 0.04 * rng.standard_normal(ink.shape), 0, 1)
    clean, found = to_digit(1 - ink), to_digit(noisy)
    assert np.abs(found - clean).mean() < 0.02
    assert np.mean(found[clean == 0] == 0) > 0.9


@pytest.mark.parametrize("image, error, message", [
    (np.ones((40, 40)), ValueError, "one colour"), (np.zeros((5, 5, 4)), ValueError, "one colour"),
    (np.zeros((2, 2, 2)), ShapeError, r"\(2, 2, 2\)"), (np.zeros(784), ShapeError, r"\(784,\)"),
    (np.zeros((0, 3)), ShapeError, r"\(0, 3\)"), (np.full((3, 3), np.nan), ValueError, "NaN")])
def test_pictures_that_are_no_digits(image, error, message):
    with pytest.raises(error, match=message):
        to_digit(image)


@pytest.mark.skipif(not os.environ.get("TINYFM_DATA"), reason="TINYFM_DATA is not set: no real MNIST to read")
def test_mnists_convention_is_ours():
    images = mnist.load_data()[1][0][:500]
    assert np.mean([np.abs(to_digit(image) - image / image.max()).max() < 1e-5 for image in images]) > 0.99


def test_no_picture_is_read_as_gzip(tmp_path):
    (tmp_path / "a.png").write_bytes(gzip.compress(GOOD))
    with pytest.raises(FormatError, match="neither PNG"):
        read_image(tmp_path / "a.png")
