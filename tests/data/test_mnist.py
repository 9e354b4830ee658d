"""The real MNIST, where TINYFM_DATA says it is."""

import gzip
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from tinyfm.data import fashion_mnist, fetch, mnist, read_idx, write_idx
from tinyfm.errors import FormatError

FOLDER = Path(os.environ.get("TINYFM_DATA") or ".") / "mnist"
needs_mnist = pytest.mark.skipif(not os.environ.get("TINYFM_DATA"),
                                 reason="TINYFM_DATA is not set: no real MNIST to read")


@needs_mnist
def test_load_data_gives_what_keras_gives():
    (x_train, y_train), (x_test, y_test) = mnist.load_data()
    assert x_train.shape == (60_000, 28, 28) and x_test.shape == (10_000, 28, 28)
    assert y_train.shape == (60_000,) and y_test.shape == (10_000,)
    assert {array.dtype for array in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}
    assert y_train[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert y_test[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert np.bincount(y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert abs(x_train.mean() / 255 - 0.1307) < 1e-4 and abs(x_train.std() / 255 - 0.3081) < 1e-4


@needs_mnist
def test_a_given_folder_may_hold_unpacked_and_repacked_files(tmp_path):
    for file in mnist.FILES.files:
        raw = gzip.decompress((FOLDER / f"{file.name}.gz").read_bytes())
        if "images" in file.name:
            (tmp_path / file.name).write_bytes(raw)
        else:
            (tmp_path / f"{file.name}.gz").write_bytes(gzip.compress(raw, 1))
    (x_train, _), (_, y_test) = mnist.load_data(tmp_path)
    assert x_train.shape == (60_000, 28, 28) and y_test[0] == 7


@needs_mnist
def test_the_writer_makes_the_published_file_again(tmp_path):
    name = "t10k-images-idx3-ubyte"
    write_idx(tmp_path / name, read_idx(FOLDER / f"{name}.gz"))
    assert (tmp_path / name).read_bytes() == gzip.decompress((FOLDER / f"{name}.gz").read_bytes())


@needs_mnist
@pytest.mark.slow
def test_one_changed_pixel_is_noticed_and_the_file_named(tmp_path):
    for file in mnist.FILES.files:
        shutil.copy(FOLDER / f"{file.name}.gz", tmp_path)
    path = tmp_path / "t10k-images-idx3-ubyte.gz"
    images = read_idx(path)
    images[77, 14, 14] ^= 1
    write_idx(path, images)
    with pytest.raises(FormatError, match=r"t10k-images-idx3-ubyte\.gz has a wrong checksum"):
        mnist.load_data(tmp_path)


@needs_mnist
def test_mnist_is_not_taken_for_fashion_mnist(tmp_path):
    with pytest.raises(FormatError, match="wrong checksum"):
        fashion_mnist.load_data(FOLDER)
    for file in mnist.FILES.files:                         # unpacked, no checksum is published: the labels tell
        (tmp_path / file.name).write_bytes(gzip.decompress((FOLDER / f"{file.name}.gz").read_bytes()))
    with pytest.raises(FormatError, match="not its labels"):
        fashion_mnist.load_data(tmp_path)


def forged_fashion(folder, train=None):
    """Four unpacked files with the sizes and the balance of Fashion-MNIST."""
    for n, part in ((60_000, "train"), (10_000, "t10k")):
        images = np.zeros((n, 28, 28), np.uint8) if train is None or part != "train" else train
        write_idx(folder / f"{part}-images-idx3-ubyte", images)
        write_idx(folder / f"{part}-labels-idx1-ubyte", (np.arange(n) % 10).astype(np.uint8))


def test_unpacked_fashion_files_of_the_right_make_are_read(tmp_path):
    forged_fashion(tmp_path)
    (x_train, y_train), (x_test, _) = fashion_mnist.load_data(tmp_path)
    assert x_train.shape == (60_000, 28, 28) and x_test.shape == (10_000, 28, 28)
    assert len(fashion_mnist.CLASSES) == len(set(y_train.tolist())) == 10


def test_images_of_the_right_size_and_the_wrong_shape_are_refused(tmp_path):
    forged_fashion(tmp_path, train=np.zeros((60_000 * 2, 28, 14), np.uint8))
    with pytest.raises(FormatError, match=r"\(120000, 28, 14\)"):
        fashion_mnist.load_data(tmp_path)


@pytest.mark.parametrize("dataset", [mnist.FILES, fashion_mnist.FILES], ids=lambda d: d.name)
def test_every_file_has_a_checksum_and_every_mirror_an_address(dataset):
    assert [file.size for file in dataset.files] == [47_040_016, 60_008, 7_840_016, 10_008]
    assert all(len(file.sha256 or file.packed_sha256) == 64 for file in dataset.files)
    assert len({file.sha256 or file.packed_sha256 for file in dataset.files}) == 4
    assert len(dataset.mirrors) >= 3 and all(mirror.endswith("/") for mirror in dataset.mirrors)
    assert isinstance(dataset, fetch.DataSet)
