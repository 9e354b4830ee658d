"""MNIST: 70,000 handwritten digits, 28 x 28 grey values.  LeCun, Cortes, Burges 1998; CC BY-SA 3.0."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfm.data import fetch
from tinyfm.data.files import StrPath
from tinyfm.data.idx import decode_idx
from tinyfm.errors import FormatError

Part = tuple[NDArray[Any], NDArray[Any]]

FILES = fetch.DataSet(
    "mnist",
    files=(fetch.File("train-images-idx3-ubyte", 16 + 60_000 * 28 * 28,
                      "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
           fetch.File("train-labels-idx1-ubyte", 8 + 60_000,
                      "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
           fetch.File("t10k-images-idx3-ubyte", 16 + 10_000 * 28 * 28,
                      "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
           fetch.File("t10k-labels-idx1-ubyte", 8 + 10_000,
                      "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2")),
    mirrors=("https://storage.googleapis.com/cvdf-datasets/mnist/",
             "https://ossci-datasets.s3.amazonaws.com/mnist/",
             "https://raw.githubusercontent.com/fgnt/mnist/master/"),
    suffix=".gz")


def load_data(path: StrPath | None = None) -> tuple[Part, Part]:
    """(x_train, y_train), (x_test, y_test): images (n, 28, 28) and labels 0..9, uint8, n = 60,000 and 10,000.

    path: a folder that holds the four IDX files; without it: TINYFM_DATA, the cache, a download (11 MB).
    Each file's sha256 is checked.  Raises DataNotFoundError, which says which file to put where, and FormatError.
    """
    return load_parts(FILES, path)


def load_parts(dataset: fetch.DataSet, path: StrPath | None) -> tuple[Part, Part]:
    """The four arrays of a data set that is laid out like MNIST."""
    x_train, y_train, x_test, y_test = (
        decode_idx(BytesIO(raw), file.name, file.size)
        for file, raw in zip(dataset.files, fetch.read(dataset, path), strict=True))
    for x, y in ((x_train, y_train), (x_test, y_test)):
        if x.shape != (y.size, 28, 28) or y.ndim != 1 or x.dtype != np.uint8 or y.dtype != np.uint8:
            raise FormatError(f"{dataset.name} should hold uint8 images (n, 28, 28) and labels (n,), received "
                              f"{x.dtype} {x.shape} and {y.dtype} {y.shape}. Get fresh copies of its files.")
    return (x_train, y_train), (x_test, y_test)
