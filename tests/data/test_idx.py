"""IDX: what is written is read back bit for bit, and a broken or hostile file is one quick, small FormatError."""

import gzip
import os
import struct
import subprocess
import sys
import time
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinyfm.data import read_idx, write_idx
from tinyfm.data.idx import CODES
from tinyfm.errors import FormatError

DTYPES = [np.uint8, np.int8, np.int16, np.int32, np.float32, np.float64]
arrays = st.sampled_from(DTYPES).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=1, max_dims=5, min_side=0, max_side=4)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("idx")


@given(array=arrays, suffix=st.sampled_from(["", ".gz"]))
def test_write_then_read_is_the_identity(folder, array, suffix):
    write_idx(folder / f"a{suffix}", array)
    back = read_idx(folder / f"a{suffix}")
    assert back.dtype == array.dtype and back.shape == array.shape and back.dtype.isnative
    assert back.tobytes() == array.tobytes()               # bit for bit: NaN payloads and -0.0 too
    assert back.flags.writeable


@given(array=arrays)
def test_strides_and_byte_order_do_not_matter(folder, array):
    write_idx(folder / "plain", array)
    twisted = array[::-1].copy()[::-1].astype(array.dtype.newbyteorder())
    write_idx(folder / "twisted", twisted)
    assert (folder / "plain").read_bytes() == (folder / "twisted").read_bytes()


def test_gz_in_the_name_packs_and_the_bytes_depend_on_the_array_alone(tmp_path):
    array = np.zeros((100, 100), np.uint8)
    for name in ("a", "a.gz", "b.gz"):
        write_idx(tmp_path / name, array)
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()) == (tmp_path / "a").read_bytes()
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


def test_the_bytes_are_those_of_the_published_format(tmp_path):
    write_idx(tmp_path / "a", np.array([[1, -2, 3]], np.int16))
    assert (tmp_path / "a").read_bytes() == bytes.fromhex("00000b02 00000001 00000003 0001 fffe 0003".replace(" ", ""))
    assert {dtype.name: code for dtype, code in CODES.items()} == {
        "uint8": 8, "int8": 9, "int16": 11, "int32": 12, "float32": 13, "float64": 14}


@pytest.mark.parametrize("array, error", [
    (np.zeros(3, np.int64), TypeError), (np.zeros(3, bool), TypeError), (np.array(["a"]), TypeError),
    (np.uint8(3), ValueError)])
def test_refuses_to_write_what_idx_cannot_hold(tmp_path, array, error):
    with pytest.raises(error, match="IDX"):
        write_idx(tmp_path / "a", array)
    assert not os.listdir(tmp_path)


def header(*dims, code=8, ndim=None):
    return bytes([0, 0, code, len(dims) if ndim is None else ndim]) + struct.pack(f">{len(dims)}I", *dims)


GOOD = header(2, 3) + bytes(6)
PACKED = gzip.compress(header(300) + np.random.default_rng(0).bytes(300))
BOMB = 400_000_000                                         # zeros, in 400 kB of gzip


def bomb(start):
    """gzip of `start` and BOMB zeros, made without ever holding them."""
    packer = zlib.compressobj(9, wbits=31)
    pieces = [packer.compress(start)] + [packer.compress(bytes(1_000_000)) for _ in range(BOMB // 1_000_000)]
    return b"".join(pieces) + packer.flush()


BROKEN = {
    "empty": b"",
    "one byte": b"\0",
    "a magic number and nothing else": header(ndim=3),
    "half a header": header(5, 5)[:-2],
    "wrong first byte": b"\1" + GOOD[1:],
    "wrong second byte": b"\0\1" + GOOD[2:],
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "text": b"5,0,4,1,9,2\n" * 20,
    "little-endian magic": GOOD[3::-1] + GOOD[4:],
    "unknown dtype 10": header(4, code=10) + bytes(4),
    "unknown dtype 255": header(4, code=255) + bytes(4),
    "no dimension": header() + bytes(1),
    "255 dimensions": header(*[1] * 255) + bytes(1),
    "truncated": GOOD[:-1],
    "one byte too many": GOOD + b"\0",
    "megabytes too many": GOOD + bytes(3_000_000),
    "forged count": header(60_000, 28, 28) + bytes(784),
    "negative dimension": header(2**32 - 1) + bytes(10),
    "a product that wraps to 0 in 64 bits": header(2**31, 2**31, 4) + bytes(10),
    "a product that wraps to 6 in 32 bits": header(2**31 + 3, 2) + bytes(6),
    "no values of an enormous shape": header(0, 2**32 - 1, 2**32 - 1, 2**32 - 1),
    "just above the limit": header(25_000_001, code=14),
    "just below the limit, and empty": header(25_000_000, code=14),
    "gzip of nothing": gzip.compress(b""),
    "gzip of a forged count": gzip.compress(header(180_000_000) + bytes(1000)),
    "truncated gzip": PACKED[:-30],
    "gzip without its checksum": PACKED[:-8],
    "gzip with a flipped bit": PACKED[:60] + bytes([PACKED[60] ^ 4]) + PACKED[61:],
    "gzip with a broken stream": PACKED[:10] + b"\xff" * 50,
    "gzip header alone": PACKED[:10],
    "gzip magic alone": b"\x1f\x8b",
    "gzip and rubbish": PACKED + b"rubbish",
    "gzip with trailing values": gzip.compress(GOOD + b"\0"),
    "gzip in gzip": gzip.compress(gzip.compress(GOOD)),
    "bomb behind a small array": bomb(GOOD),
    "bomb that announces itself": bomb(header(BOMB)),
    "bomb of empty members": gzip.compress(GOOD[:-1]) + gzip.compress(b"") * 20_000,
}


def test_the_good_ones_are_good(tmp_path):
    (tmp_path / "plain").write_bytes(GOOD)
    (tmp_path / "packed").write_bytes(PACKED)
    assert read_idx(tmp_path / "plain").shape == (2, 3)
    assert read_idx(tmp_path / "packed").shape == (300,)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_a_quick_format_error_that_names_it(tmp_path, name):
    path = tmp_path / "broken-idx1-ubyte"
    path.write_bytes(BROKEN[name])
    start = time.perf_counter()
    with pytest.raises(FormatError, match="broken-idx1-ubyte"):
        read_idx(path)
    assert time.perf_counter() - start < 5                 # the promise to the user, not a benchmark


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of one process is read in /proc")
@pytest.mark.parametrize("name", ["bomb behind a small array", "bomb that announces itself", "forged count",
                                  "gzip of a forged count", "just below the limit, and empty", "negative dimension"])
def test_a_hostile_file_costs_little_memory(tmp_path, name):
    (tmp_path / "a").write_bytes(BROKEN[name])
    script = """if True:
        import re, resource, sys
        from tinyfm.data import read_idx
        from tinyfm.errors import FormatError
        resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))
        try:
            read_idx(sys.argv[1])
        except FormatError:
            print(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
    """
    run = subprocess.run([sys.executable, "-c", script, str(tmp_path / "a")], capture_output=True, text=True,
                         env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})
    assert run.returncode == 0, run.stderr
    assert 10_000 < int(run.stdout) < 300_000              # kB; ru_maxrss would count the parent too


def test_a_packed_file_may_be_read_up_to_the_limit_and_not_beyond(tmp_path):
    path = tmp_path / "a.gz"
    write_idx(path, np.zeros((1000, 10), np.uint8))
    assert read_idx(path, max_bytes=10_000).shape == (1000, 10)
    with pytest.raises(FormatError, match="max_bytes"):
        read_idx(path, max_bytes=9_999)


@pytest.mark.parametrize("make", [
    lambda path: path.mkdir(),
    pytest.param(os.mkfifo, id="pipe") if hasattr(os, "mkfifo") else lambda path: path.mkdir()], ids=["folder", "pipe"])
def test_what_is_not_a_file_is_a_format_error(tmp_path, make):
    make(tmp_path / "a")
    with pytest.raises(FormatError, match="not a file"):
        read_idx(tmp_path / "a")


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="needs a device")
def test_an_endless_device_is_a_format_error():
    with pytest.raises(FormatError, match="not a file"):
        read_idx("/dev/zero")


def test_a_file_that_may_not_be_read_is_a_format_error(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(GOOD)
    monkeypatch.setattr("builtins.open", refuse)           # root may read everything, so permissions alone do not tell
    with pytest.raises(FormatError, match="Permission denied"):
        read_idx(tmp_path / "a")


def refuse(path, *args, **kwargs):
    raise PermissionError(13, "Permission denied", str(path))


def test_a_missing_file_is_file_not_found(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_idx(tmp_path / "a")
