"""Fashion-MNIST: 70,000 photographs of clothes in MNIST's format.  Xiao, Rasul, Vollgraf 2017; MIT licence."""

from __future__ import annotations

import numpy as np

from tinyfm.data import fetch
from tinyfm.data.files import StrPath
from tinyfm.data.mnist import Part, load_parts
from tinyfm.errors import FormatError

CLASSES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")

FILES = fetch.DataSet(
    "fashion_mnist",
    files=(fetch.File("train-images-idx3-ubyte", 16 + 60_000 * 28 * 28, packed_sha256=
                      "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
           fetch.File("train-labels-idx1-ubyte", 8 + 60_000, packed_sha256=
                      "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
           fetch.File("t10k-images-idx3-ubyte", 16 + 10_000 * 28 * 28, packed_sha256=
                      "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
           fetch.File("t10k-labels-idx1-ubyte", 8 + 10_000, packed_sha256=
                      "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5")),
    mirrors=("https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
             "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
             "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"),
    suffix=".gz")


def load_data(path: StrPath | None = None) -> tuple[Part, Part]:
    """(x_train, y_train), (x_test, y_test): images (n, 28, 28) and labels 0..9, uint8, n = 60,000 and 10,000.

    path: a folder that holds the four IDX files; without it: TINYFM_DATA, the cache, a download (31 MB).
    Packed files must have the published sha256 (Keras, TensorFlow Datasets).  Nobody published that of the unpacked
    bytes, so an unpacked copy is checked for its sizes, and that every class is there equally often, which is true
    of this data set and not of MNIST.  CLASSES names the labels.
    Raises DataNotFoundError, which says which file to put where, and FormatError.
    """
    parts = load_parts(FILES, path)
    for _, labels in parts:
        if np.bincount(labels, minlength=10).tolist() != [len(labels) // 10] * 10:
            raise FormatError("These files have Fashion-MNIST's names and sizes, but not its labels (every class "
                              "equally often). Are they MNIST's? Each data set needs a folder of its own.")
    return parts
