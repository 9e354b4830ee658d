"""Save then load is the identity: for every dtype, shape and memory layout, in both formats, and for nested state."""

import io
import os
import random
import signal
import struct
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinyfm import checkpoint
from tinyfm.checkpoint import contents
from tinyfm.errors import FormatError

SUFFIXES = [".npz", ".safetensors"]
each_format = pytest.mark.parametrize("suffix", SUFFIXES)
DTYPES = ["?", "u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8", "c8"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One folder for all the draws of a law."""
    return tmp_path_factory.mktemp("checkpoints")


def laid_out(array, layout):
    """The same values in another memory layout."""
    if layout == "fortran":
        return np.array(array, order="F")
    if layout == "transposed":
        return np.array(array.T, order="C").T
    if layout == "reversed":
        return np.flip(np.flip(array).copy())
    if layout == "strided":
        room = np.zeros([2 * n for n in array.shape], array.dtype)
        every_other = room[(..., *(slice(None, None, 2) for _ in array.shape))]
        every_other[...] = array
        return every_other
    return array


arrays_of = st.builds(
    laid_out,
    st.sampled_from(DTYPES).flatmap(
        lambda dtype: hnp.arrays(
            st.sampled_from([np.dtype("<" + dtype), np.dtype(">" + dtype)]),
            hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
        )
    ),
    st.sampled_from(["c", "fortran", "transposed", "reversed", "strided"]),
)
texts = st.text(st.characters(codec="utf-8"), max_size=8)
names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


def assert_same_array(loaded, saved):
    """Bit for bit (nan too), in the machine's own byte order, and a stranger to the file."""
    native = saved.astype(saved.dtype.newbyteorder("="))
    assert loaded.dtype == native.dtype and loaded.shape == native.shape
    assert loaded.tobytes() == native.tobytes()
    assert type(loaded) is np.ndarray and loaded.flags.writeable and loaded.flags.aligned
    assert not isinstance(loaded.base, np.memmap)


@each_format
@given(arrays=st.dictionaries(names, arrays_of, max_size=5), metadata=st.dictionaries(texts, texts, max_size=3))
def test_load_undoes_save(folder, suffix, arrays, metadata):
    path = folder / f"law{suffix}"
    checkpoint.save(path, arrays, metadata)
    loaded, text = checkpoint.load(path)
    assert text == checkpoint.load_metadata(path) == metadata
    assert set(loaded) == set(arrays)
    for name in arrays:
        assert_same_array(loaded[name], arrays[name])


@each_format
@given(arrays=st.dictionaries(names, arrays_of, max_size=5), metadata=st.dictionaries(texts, texts, max_size=3))
def test_equal_contents_give_equal_bytes(folder, suffix, arrays, metadata):
    first, second = folder / f"first{suffix}", folder / f"second{suffix}"
    checkpoint.save(first, arrays, metadata)
    checkpoint.save(second, arrays, dict(reversed(metadata.items())))
    assert first.read_bytes() == second.read_bytes()


@given(arrays=st.dictionaries(names.filter(lambda name: name not in ("file", "allow_pickle")), arrays_of, max_size=5))
def test_npz_is_numpys_npz(folder, arrays):
    """numpy.load reads ours, and we read what numpy.savez writes, compressed or not."""
    path = folder / "numpy.npz"
    checkpoint.save_npz(path, arrays)
    with np.load(path, allow_pickle=False) as theirs:
        assert set(theirs) == set(arrays)
        for name in arrays:
            assert theirs[name].tobytes() == np.asarray(arrays[name], arrays[name].dtype.newbyteorder("<")).tobytes()
    for write in (np.savez, np.savez_compressed):
        write(path, **arrays)
        loaded = checkpoint.load_npz(path)
        assert set(loaded) == set(arrays)
        for name in arrays:
            assert_same_array(loaded[name], arrays[name])


@pytest.mark.reference
@given(
    arrays=st.dictionaries(names, arrays_of, max_size=6),
    metadata=st.dictionaries(texts, texts, min_size=1, max_size=1),      # the package orders several at random
)
def test_safetensors_equals_the_package_byte_for_byte(folder, arrays, metadata):
    package = pytest.importorskip("safetensors.numpy")
    path = folder / "reference.safetensors"
    plain = {name: np.array(array, array.dtype.newbyteorder("="), order="C") for name, array in arrays.items()}
    for text in ({}, metadata):
        checkpoint.save_safetensors(path, arrays, text)
        assert path.read_bytes() == package.save(plain, text or None)
    package.save_file(plain, path, metadata)
    loaded, text = checkpoint.load(path)
    assert text == metadata and set(loaded) == set(arrays)
    for name in arrays:
        assert_same_array(loaded[name], arrays[name])


@pytest.mark.reference
def test_bfloat16_equals_torch(tmp_path):
    torch, package = pytest.importorskip("torch"), pytest.importorskip("safetensors.torch")
    every_value = torch.arange(-(2**15), 2**15, dtype=torch.int16).view(torch.bfloat16)
    package.save_file({"x": every_value, "none": torch.zeros(0, 3, dtype=torch.bfloat16)}, tmp_path / "x.safetensors")
    loaded = checkpoint.load_safetensors(tmp_path / "x.safetensors")
    assert loaded["none"].shape == (0, 3) and loaded["none"].dtype == np.float32
    assert loaded["x"].tobytes() == every_value.to(torch.float32).numpy().tobytes()


def test_bfloat16_is_the_upper_half_of_float32(tmp_path):
    path = tmp_path / "x.safetensors"
    header = b'{"x":{"dtype":"BF16","shape":[2,2],"data_offsets":[0,8]}}       '
    path.write_bytes(struct.pack("<Q", len(header)) + header + struct.pack("<4H", 0x3F80, 0xC000, 0x7F80, 0x0001))
    x = checkpoint.load_safetensors(path)["x"]
    assert x.dtype == np.float32
    assert x.tolist() == [[1.0, -2.0], [np.inf, 2.0**-133]]


def test_a_header_may_have_any_order_and_spaces(tmp_path):
    path = tmp_path / "x.safetensors"
    header = b'{ "b" : {"shape":[],"data_offsets":[4,5],"dtype":"U8"},\n'
    header += b'"a":{"data_offsets":[0,4],"dtype":"I32","shape":[1]},'
    header += b'"none":{"data_offsets":[0,0],"dtype":"I8","shape":[0]}} '
    path.write_bytes(struct.pack("<Q", len(header)) + header + b"\x01\0\0\0\x02")
    assert {name: x.tolist() for name, x in checkpoint.load_safetensors(path).items()} == {"a": [1], "b": 2, "none": []}


def test_a_file_that_shrinks_while_it_is_read_ends_in_an_error():
    with pytest.raises(FormatError, match="ends within an array"):
        contents.read_array(io.BytesIO(bytes(7)), np.dtype("<f4"), [2])


@each_format
def test_only_reads_what_it_is_asked_for(tmp_path, suffix):
    path = tmp_path / f"x{suffix}"
    arrays = {name: np.full(3, i) for i, name in enumerate("abc")}
    checkpoint.save(path, arrays, {"epoch": "3"})
    loaded, text = checkpoint.load(path, only=["c", "a"])
    assert {name: x.tolist() for name, x in loaded.items()} == {"c": [2] * 3, "a": [0] * 3}
    assert text == {"epoch": "3"}
    with pytest.raises(KeyError, match=r"no array 'd'; there are 'a', 'b', 'c'"):
        checkpoint.load(path, only=["a", "d"])


@each_format
def test_a_loaded_array_outlives_its_file(tmp_path, suffix):
    path = tmp_path / f"x{suffix}"
    checkpoint.save(path, {"x": np.zeros(100_000)})
    old = checkpoint.load(path)[0]["x"]
    checkpoint.save(path, {"x": np.ones(100_000)})
    path.write_bytes(b"")
    assert not old.any()


@each_format
@pytest.mark.parametrize(
    ("arrays", "metadata", "error", "words"),
    [
        ({"w": [1.0, 2.0]}, None, TypeError, "'w' is a list"),
        ({"w": np.array([None])}, None, TypeError, "'w' has dtype object"),
        ({"w": np.array(["a"])}, None, TypeError, "'w' has dtype <U1"),
        ({"w": np.zeros(2, "datetime64[s]")}, None, TypeError, "'w' has dtype datetime64"),
        ({"w": np.zeros(2, [("a", "f4")])}, None, TypeError, "'w' has dtype"),
        ({"w": np.ma.masked_array([1.0, 2.0], [True, False])}, None, TypeError, "'w' is a MaskedArray"),
        ({3: np.zeros(2)}, None, TypeError, "must be a str, received 3"),
        ({"__metadata__": np.zeros(2)}, None, ValueError, "'__metadata__' cannot name"),
        ({"a\0b": np.zeros(2)}, None, ValueError, "cannot name"),
        ({"n" * 20_000: np.zeros(2)}, None, ValueError, "too long"),
        ({"\ud800": np.zeros(2)}, None, ValueError, "surrogates"),
        ({"w": np.zeros(2)}, {"epoch": 3}, TypeError, "text to text, received .'epoch': 3"),
        ({"w": np.zeros(2)}, "epoch", TypeError, "text to text, received epoch"),
    ],
)
def test_what_no_checkpoint_holds_is_refused_by_name(tmp_path, suffix, arrays, metadata, error, words):
    path = tmp_path / f"x{suffix}"
    checkpoint.save(path, {"w": np.zeros(1)})
    before = path.read_bytes()
    with pytest.raises(error, match=words):
        checkpoint.save(path, arrays, metadata)
    assert path.read_bytes() == before and os.listdir(tmp_path) == [path.name]


@each_format
def test_no_more_text_is_saved_than_is_read(tmp_path, suffix):
    path, most = tmp_path / f"x{suffix}", 4_000_000
    with pytest.raises(FormatError, match="bytes of names and text; the limit is 4000000"):
        checkpoint.save(path, {}, {"notes": "x" * most})
    assert not os.listdir(tmp_path)
    checkpoint.save(path, {}, {"notes": "x" * (most - 200)})
    assert len(checkpoint.load_metadata(path)["notes"]) == most - 200


def test_safetensors_refuses_what_only_npz_holds(tmp_path):
    arrays = {"z": np.zeros(2, "c16")}
    with pytest.raises(TypeError, match="'z' is complex128; safetensors knows U64"):
        checkpoint.save(tmp_path / "x.safetensors", arrays)
    checkpoint.save(tmp_path / "x.npz", arrays)
    assert_same_array(checkpoint.load(tmp_path / "x.npz")[0]["z"], arrays["z"])


def test_the_suffix_chooses(tmp_path):
    checkpoint.save(tmp_path / "X.NPZ", {})
    assert (tmp_path / "X.NPZ").read_bytes().startswith(b"PK")
    for path in ("model.h5", "model", ".npz"):
        with pytest.raises(ValueError, match=r"expected \.safetensors or \.npz"):
            checkpoint.save(path, {})
        with pytest.raises(ValueError, match=r"expected \.safetensors or \.npz"):
            checkpoint.load(path)
    with pytest.raises(FileNotFoundError):
        checkpoint.load(tmp_path / "nowhere.npz")


# nested state

leaves = st.one_of(
    arrays_of, st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=6), st.integers(2**60, 2**200)
)
keys = st.sampled_from(["a", "b", "a.b", "0", "", "__metadata__", "a'"]) | names
states = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)


def assert_same_state(left, right):
    right = np.asarray(right) if isinstance(right, np.generic) else right
    assert type(left) is type(right)
    if isinstance(right, dict):
        assert list(left) == list(right)
        left, right = list(left.values()), list(right.values())
    if isinstance(right, list):
        assert len(left) == len(right)
        for a, b in zip(left, right, strict=True):
            assert_same_state(a, b)
    elif isinstance(right, np.ndarray):
        assert_same_array(left, right)
    elif isinstance(right, float):
        assert np.float64(left).tobytes() == np.float64(right).tobytes() or left != left
    else:
        assert left == right


@given(states)
def test_unflatten_undoes_flatten(state):
    arrays, metadata = checkpoint.flatten(state)
    assert all(isinstance(name, str) and type(array) is np.ndarray for name, array in arrays.items())
    assert all(isinstance(text, str) for pair in metadata.items() for text in pair)
    native = {name: array.astype(array.dtype.newbyteorder("=")) for name, array in arrays.items()}
    assert_same_state(checkpoint.unflatten(native, metadata), state)


@each_format
@given(state=states)
@example(state={"__metadata__": np.ones(2)})              # the name that the formats keep for themselves
def test_load_state_undoes_save_state(folder, suffix, state):
    checkpoint.save_state(folder / f"state{suffix}", state)
    assert_same_state(checkpoint.load_state(folder / f"state{suffix}"), state)


@pytest.mark.parametrize("depth", [900, 100_000])
def test_text_nested_too_deeply_is_a_format_error(depth):
    with pytest.raises(FormatError, match="nested too deeply"):
        checkpoint.unflatten({}, {"state": "[" * depth + "]" * depth})


def test_flat_names_are_paths():
    state = {"layers": [{"kernel": np.ones(2)}, {"kernel": np.zeros(2)}], "layers.0": {"kernel": np.full(2, 7.0)}}
    arrays, _ = checkpoint.flatten(state)
    assert {name: x.tolist() for name, x in arrays.items()} == {
        "layers.0.kernel": [1, 1], "layers.1.kernel": [0, 0], "layers.0.kernel'": [7, 7]
    }  # fmt: skip


def test_scalars_become_arrays_and_tuples_lists():
    back = checkpoint.unflatten(*checkpoint.flatten({"loss": np.float32(0.1), "ok": np.True_, "betas": (0.9, 0.999)}))
    assert back["loss"].dtype == np.float32 and back["loss"].shape == () and back["loss"] == np.float32(0.1)
    assert back["ok"].dtype == bool and back["betas"] == [0.9, 0.999]


@each_format
@pytest.mark.parametrize("bits", [np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64])
def test_a_random_generator_goes_on_where_it_was_saved(tmp_path, suffix, bits):
    rng = np.random.Generator(bits(3))
    rng.normal(size=7)
    rng.integers(10, size=1, dtype=np.uint32)
    checkpoint.save_state(tmp_path / f"x{suffix}", {"random": rng.bit_generator.state, "order": rng.permutation(5)})
    state = checkpoint.load_state(tmp_path / f"x{suffix}")
    other = np.random.Generator(bits(4))
    other.bit_generator.state = state["random"]
    other.permutation(5)
    assert other.normal(size=100).tobytes() == rng.normal(size=100).tobytes()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"model": {"w": {1, 2}}}, "model.w is a set"),
        ({"model": [0, b"bytes"]}, r"model\.1 is a bytes"),
        ({"epochs": {1: "a"}}, "epochs is a dict"),
        (object(), "state is a object"),
        ({"z": 1j}, "z is a complex"),
    ],
)
def test_state_that_cannot_be_saved_is_named_by_its_path(state, words):
    with pytest.raises(TypeError, match=words):
        checkpoint.flatten(state)


@each_format
def test_a_file_of_plain_arrays_holds_no_state(tmp_path, suffix):
    path = tmp_path / f"x{suffix}"
    checkpoint.save(path, {"w": np.zeros(2)})
    with pytest.raises(FormatError, match=rf"x{suffix}.*holds no nested state; read it with load"):
        checkpoint.load_state(path)


# killed writers

WRITER = """
import os, sys
import numpy as np
from tinyfm import checkpoint
from tinyfm.checkpoint import contents
path, version, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
while True:
    version += 1
    arrays = {"w": np.random.default_rng(version).integers(0, 256, size, np.uint8), "step": np.array(version)}
    os.write(1, b"s")
    checkpoint.save(path, arrays, {"version": str(version)})
    os.write(1, b"d")
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
@each_format
def test_a_killed_writer_leaves_the_old_or_the_new_checkpoint(tmp_path, suffix):
    """kill -9 at 25 random moments of saving; every load gives one whole version, bit for bit."""
    path, size, version, torn = tmp_path / f"x{suffix}", 3_000_000, 0, 0
    moments = random.Random(suffix)
    first = np.random.default_rng(0).integers(0, 256, size, np.uint8)
    checkpoint.save(path, {"w": first, "step": np.array(0)}, {"version": "0"})
    for _ in range(25):
        command = [sys.executable, "-c", WRITER, str(path), str(version), str(size)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout.read(1) == b"s"          # the first save begins
            time.sleep(moments.uniform(0, 0.06))
            writer.send_signal(signal.SIGKILL)
            log = b"s" + writer.stdout.read()
        torn += any(name.endswith(".aside") for name in os.listdir(tmp_path))
        finished = version + log.count(b"d")
        arrays, metadata = checkpoint.load(path)
        version = int(metadata["version"])
        assert version in (finished, finished + 1)
        assert arrays["step"] == version
        assert np.array_equal(arrays["w"], np.random.default_rng(version).integers(0, 256, size, np.uint8))
    assert torn >= 5, f"only {torn} of 25 kills hit a writer at work"
    checkpoint.save(path, {})
    assert os.listdir(tmp_path) == [path.name]
