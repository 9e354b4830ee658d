"""Malformed and hostile checkpoints: each one clear FormatError, quickly, without allocating what the file asks for.

Every file is built here from its bytes.  The slow test opens each in a process of its own and measures it.
"""

import io
import json
import pickle
import random
import struct
import subprocess
import sys
import zipfile
import zlib

import numpy as np
import pytest

from tinyfm import checkpoint
from tinyfm.errors import FormatError


def safetensors(header, data=b"", length=None):
    line = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(line) if length is None else length) + line + data


def entry(dtype="F32", shape=(2,), begin=0, end=8, **extra):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end], **extra}


def one(**settings):
    return safetensors({"x": entry(**settings)}, bytes(8))


def npy(header="{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", data=bytes(8), version=1, length=None):
    text = header.encode()
    size = struct.pack("<H" if version == 1 else "<I", len(text) if length is None else length)
    return b"\x93NUMPY" + bytes([version, 0]) + size + text + data


def npz(*members, method=zipfile.ZIP_STORED):
    """Members are .npy contents, or pairs of a name and contents."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for i, member in enumerate(members):
            name, content = member if isinstance(member, tuple) else (f"x{i}.npy", member)
            archive.writestr(name, content)
    return file.getvalue()


def numpy_npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def forged(content, signature, at, code, value):
    """An archive with one field of its first local header (PK 3 4), listed entry (1 2) or end record (5 6) changed."""
    content = bytearray(content)
    struct.pack_into(code, content, content.index(signature) + at, value)
    return bytes(content)


def with_metadata(text):
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({len(text)},), }}"
    return npz(npy(), ("__metadata__.npy", npy(header, text)))


def state(tree):
    return safetensors({"__metadata__": {"state": tree}, "x": entry()}, bytes(8))


def bomb():
    """200 MB of zeros, deflated to 200 kB, with every size told truly."""
    return npz(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (50000000,), }", bytes(200_000_000)),
               method=zipfile.ZIP_DEFLATED)  # fmt: skip


def overlapping_bomb():
    """One deflated member of 20 MB, listed 2,000 times under different names."""
    content = npz(npy("{'descr': '|u1', 'fortran_order': False, 'shape': (20000000,), }", bytes(20_000_000)),
                  method=zipfile.ZIP_DEFLATED)  # fmt: skip
    start, end = content.index(b"PK\1\2"), content.index(b"PK\5\6")
    listed = content[start:end]
    central = b"".join(listed[:28] + struct.pack("<H", 10) + listed[30:46] + b"%06d.npy" % i for i in range(2_000))
    return content[:start] + central + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 2_000, 2_000, len(central), start, 0)


def member_beyond_the_largest_offset():
    """The offset of its local header, 2^64 - 1, stands in the extra field of a large archive."""
    content = forged(forged(npz(npy()), b"PK\1\2", 42, "<L", 2**32 - 1), b"PK\1\2", 30, "<H", 12)
    end = content.index(b"PK\5\6")
    content = content[:end] + struct.pack("<HHQ", 1, 8, 2**64 - 1) + content[end:]
    return forged(content, b"PK\5\6", 12, "<L", len(content) - 22 - content.index(b"PK\1\2"))


def member_that_runs_over_the_end():
    """8,000 bytes of nothing make room in the file's size for a claim of 7,000, of which 200 are left."""
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1750,), }"
    content, size = npz(npy(header)), len(npy(header, b"")) + 7_000
    for signature, at in ((b"PK\3\4", 18), (b"PK\3\4", 22), (b"PK\1\2", 20), (b"PK\1\2", 24)):
        content = forged(content, signature, at, "<L", size)
    return bytes(8_000) + content


def many_members():
    """600,000 entries of a list of contents, 31 MB, over a single member."""
    content = npz(npy())
    start, end = content.index(b"PK\1\2"), content.index(b"PK\5\6")
    central = content[start:end] * 600_000
    return content[:start] + central + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, len(central), start, 0)


def twice():
    with pytest.warns(UserWarning, match="Duplicate name"):
        return npz(("x.npy", npy()), ("x.npy", npy()))


def damaged_data():
    content = bytearray(numpy_npz(x=np.arange(1000.0)))
    content[2000] ^= 1
    return bytes(content)


SAFETENSORS = {
    "empty": lambda: b"",
    "shorter than the length": lambda: b"\x08\0\0",
    "only a length": lambda: struct.pack("<Q", 0),
    "length of 8 exabytes": lambda: safetensors({"x": entry()}, bytes(8), length=2**63),
    "length of 100 MB": lambda: safetensors({"x": entry()}, bytes(8), length=100_000_000),
    "length beyond the end by one": lambda: safetensors({}, length=3),
    "header cut short": lambda: safetensors({"x": entry()}, bytes(8), length=20),
    "header a list": lambda: safetensors(b"[]      "),
    "header begins with a space": lambda: safetensors(b' {"x":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}'),
    "header not UTF-8": lambda: safetensors(b'{"\xff":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', bytes(8)),
    "header with more after it": lambda: safetensors(b"{}{}"),
    "header of 20 MB of lists": lambda: safetensors(b'{"x":[' + b"[]," * 7_000_000 + b"[]]}"),
    "header at the limit, of lists": lambda: safetensors(b'{"x":[' + b"[]," * 1_333_000 + b"[]]}"),
    "header at the limit, of dicts": lambda: safetensors(b'{"x":[' + b"{}," * 1_333_000 + b"{}]}"),
    "header at the limit, of numbers": lambda: safetensors(b'{"x":[' + b"1e9," * 999_000 + b"1]}"),
    "header nested 100,000 deep": lambda: safetensors(b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "name twice": lambda: safetensors(
        b'{"x":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"x":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}'),
    "key twice": lambda: safetensors(b'{"x":{"dtype":"F64","dtype":"F32","shape":[2],"data_offsets":[0,8]}}', bytes(8)),
    "metadata twice": lambda: safetensors(b'{"__metadata__":{},"__metadata__":{}}'),
    "metadata a number": lambda: safetensors({"__metadata__": {"epoch": 3}}),
    "metadata a list": lambda: safetensors({"__metadata__": []}),
    "entry a list": lambda: safetensors({"x": [0, 8]}, bytes(8)),
    "entry without a shape": lambda: safetensors({"x": {"dtype": "F32", "data_offsets": [0, 8]}}, bytes(8)),
    "entry with an older key": lambda: safetensors({"x": {"dtype": "F32", "shape": [2], "offsets": [0, 8]}}, bytes(8)),
    "entry with a key too many": lambda: one(extra=1),
    "three offsets": lambda: safetensors({"x": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8, 8]}}, bytes(8)),
    "unknown dtype": lambda: one(dtype="F31"),
    "float8": lambda: one(dtype="F8_E4M3", shape=[8]),
    "negative sides": lambda: one(shape=[-1, -2]),
    "fractional side": lambda: one(shape=[2.0]),
    "boolean side": lambda: one(shape=[2, True]),
    "side not a number": lambda: safetensors(b'{"x":{"dtype":"F32","shape":[NaN],"data_offsets":[0,8]}}', bytes(8)),
    "side of 5,000 digits": lambda: safetensors(
        b'{"x":{"dtype":"F32","shape":[' + b"9" * 5000 + b'],"data_offsets":[0,8]}}', bytes(8)),
    "shape too large": lambda: one(shape=[3]),
    "shape too small": lambda: one(shape=[1]),
    "shape of a terabyte": lambda: safetensors({"x": entry(shape=[2**40], end=2**42)}, bytes(8)),
    "shape that wraps around to 8 bytes": lambda: one(shape=[3, (2**64 + 2) // 3]),
    "900 sides of 4,000 digits": lambda: safetensors(
        b'{"x":{"dtype":"F32","shape":[' + b",".join([b"9" * 4000] * 900) + b'],"data_offsets":[0,8]}}', bytes(8)),
    "65 axes": lambda: one(shape=[1] * 64 + [2]),
    "empty, with an impossible side": lambda: safetensors({"x": entry(shape=[0, 2**70], end=0)}),
    "offsets backwards": lambda: one(begin=8, end=0),
    "a hole at the start": lambda: safetensors({"x": entry(begin=4, end=12)}, bytes(12)),
    "a hole between": lambda: safetensors({"x": entry(), "y": entry(begin=9, end=17)}, bytes(17)),
    "an overlap": lambda: safetensors({"x": entry(), "y": entry(begin=4, end=12)}, bytes(12)),
    "the same bytes twice": lambda: safetensors({"x": entry(), "y": entry()}, bytes(8)),
    "one byte too many": lambda: safetensors({"x": entry()}, bytes(9)),
    "one byte too few": lambda: safetensors({"x": entry()}, bytes(7)),
    "a boolean of 2": lambda: safetensors({"x": entry(dtype="BOOL", end=2)}, b"\1\2"),
    "an npz": lambda: npz(npy()),
    "a pickle": lambda: pickle.dumps({"x": np.zeros(2)}),
}  # fmt: skip

NPZ = {
    "empty": lambda: b"",
    "a pickle": lambda: pickle.dumps({"x": np.zeros(2)}),
    "a safetensors file": lambda: one(),
    "a lone npy": lambda: npy(),
    "end cut off": lambda: npz(npy())[:-10],
    "start cut off": lambda: npz(npy(data=bytes(8000)))[4000:],
    "list of contents cut out": lambda: npz(npy())[:60] + npz(npy())[-22:],
    "list of contents of 4 GB": lambda: forged(npz(npy()), b"PK\5\6", 12, "<L", 2**32 - 2),
    "list of contents elsewhere": lambda: forged(npz(npy()), b"PK\5\6", 16, "<L", 2**31),
    "600,000 members": many_members,
    "member far outside": lambda: forged(npz(npy()), b"PK\1\2", 42, "<L", 2**31),
    "member beyond the largest offset": member_beyond_the_largest_offset,
    "member that runs over the end": member_that_runs_over_the_end,
    "member with another name inside": lambda: forged(npz(npy()), b"PK\3\4", 30, "<B", 65),
    "member no npy": lambda: npz(npy(), ("x1", npy())),
    "member twice": twice,
    "member encrypted": lambda: forged(forged(npz(npy()), b"PK\1\2", 8, "<H", 1), b"PK\3\4", 6, "<H", 1),
    "member packed with bzip2": lambda: npz(npy(), method=zipfile.ZIP_BZIP2),
    "member packed with lzma": lambda: npz(npy(), method=zipfile.ZIP_LZMA),
    "member packed with method 99": lambda: forged(npz(npy()), b"PK\1\2", 10, "<H", 99),
    "stored member claims 3 GB": lambda: forged(npz(npy()), b"PK\1\2", 24, "<L", 3 * 10**9),
    "stored member claims 3 GB both ways": lambda: forged(
        forged(npz(npy()), b"PK\1\2", 24, "<L", 3 * 10**9), b"PK\1\2", 20, "<L", 3 * 10**9),
    "deflated member claims 3 GB": lambda: forged(
        npz(npy(), method=zipfile.ZIP_DEFLATED), b"PK\1\2", 24, "<L", 3 * 10**9),
    "deflated member claims less than it is": lambda: forged(
        npz(npy(data=bytes(4000)), method=zipfile.ZIP_DEFLATED), b"PK\1\2", 24, "<L", 100),
    "deflated garbage": lambda: npz(npy(), method=zipfile.ZIP_DEFLATED).replace(
        zlib.compress(npy(), wbits=-15)[5:15], b"\xff" * 10),
    "data changed": damaged_data,
    "checksum changed": lambda: forged(npz(npy()), b"PK\1\2", 16, "<L", 1),
    "checksum changed, of an empty array": lambda: forged(
        npz(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }", b"")), b"PK\1\2", 16, "<L", 1),
    "checksum changed, of a deflated array": lambda: forged(
        npz(npy(), method=zipfile.ZIP_DEFLATED), b"PK\1\2", 16, "<L", 1),
    "bomb": bomb,
    "overlapping bomb": overlapping_bomb,
    "header claims a terabyte": lambda: npz(
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (274877906944,), }")),
    "header wraps around to 8 bytes": lambda: npz(
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 6148914691236517206), }")),
    "header claims too little": lambda: npz(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }")),
    "header with a negative side": lambda: npz(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }")),
    "header with a side of 5,000 digits": lambda: npz(
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (" + "9" * 5000 + ",), }")),
    "header with 65 axes": lambda: npz(
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (" + "1, " * 64 + "2,), }")),
    "header with an impossible empty shape": lambda: npz(
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 1180591620717411303424), }", b"")),
    "header with an unknown dtype": lambda: npz(npy("{'descr': '<f3', 'fortran_order': False, 'shape': (2,), }")),
    "header that is code": lambda: npz(npy("__import__('os').abort()")),
    "header nested deeply": lambda: npz(npy("(" * 9_000 + ")" * 900)),
    "header unfinished": lambda: npz(npy(length=5_000)),
    "header of 4 GB": lambda: npz(npy(version=2, length=2**32 - 1)),
    "header of 120 MB": lambda: npz(npy("{" + " " * 120_000_000, version=2), method=zipfile.ZIP_DEFLATED),
    "header half of which would be the data": lambda: npz(
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2500,), }".ljust(20_000), b"", version=2)),
    "version 9": lambda: npz(npy(version=9)),
    "no magic": lambda: npz(b"NUMPY" + bytes(100)),
    "member empty": lambda: npz(b""),
    "python objects": lambda: numpy_npz(x=np.array([{"a": 1}], object)),
    "text": lambda: numpy_npz(x=np.array(["a"])),
    "records": lambda: numpy_npz(x=np.zeros(2, [("a", "f4")])),
    "dates": lambda: numpy_npz(x=np.zeros(2, "datetime64[s]")),
    "void": lambda: numpy_npz(x=np.zeros(2, "V4")),
    "a boolean of 2": lambda: npz(npy("{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }", b"\1\2")),
    "metadata no JSON": lambda: with_metadata(b"{"),
    "metadata a list": lambda: with_metadata(b"[]"),
    "metadata of numbers": lambda: with_metadata(b'{"epoch":3}'),
    "metadata of 20 MB": lambda: with_metadata(b'{"x":"' + b"x" * 20_000_000 + b'"}'),
}  # fmt: skip

STATES = {
    "no JSON": lambda: state("{"),
    "a missing array": lambda: state('["array:x", "array:y"]'),
    "an array twice": lambda: state('["array:x", "array:x"]'),
    "an array without a place": lambda: state('{"a": 1}'),
    "text that is neither": lambda: state('["array:x", "x"]'),
    "nested deeply": lambda: state("[" * 900 + '"array:x"' + "]" * 900),
    "nested too deeply for JSON": lambda: state("[" * 100_000 + '"array:x"' + "]" * 100_000),
    "a key twice": lambda: state('{"a": "array:x", "a": 1}'),
}

LARGE = {"header at the limit, of lists", "header of 120 MB", "bomb"}     # a second each to build and to refuse
HOSTILE = [
    pytest.param(suffix, build, id=f"{suffix[1:]}: {name}", marks=[pytest.mark.slow] if name in LARGE else [])
    for suffix, files in ((".safetensors", SAFETENSORS), (".npz", NPZ), (".safetensors", STATES))
    for name, build in files.items()
]
each_hostile_file = pytest.mark.parametrize(("suffix", "build"), HOSTILE)


@each_hostile_file
def test_a_hostile_file_is_one_clear_error(tmp_path, suffix, build):
    path = tmp_path / f"hostile{suffix}"
    path.write_bytes(build())
    with pytest.raises(FormatError) as caught:
        checkpoint.load_state(path)
    message = str(caught.value)
    assert message.startswith(f"{str(path)!r} is damaged or no checkpoint: ")
    assert "holds no nested state" not in message         # it was refused for what is wrong with it
    assert len(message) < len(str(path)) + 400


def test_a_file_cut_short_says_how_much_is_missing(tmp_path):
    path = tmp_path / "x.safetensors"
    path.write_bytes(safetensors({"x": entry()}, bytes(8))[:50])
    with pytest.raises(FormatError, match="claims 61 bytes, the file has 50 in all"):
        checkpoint.load(path)


MEASURE = """
import os, resource, sys, time
from tinyfm import checkpoint
from tinyfm.errors import FormatError
unit = 1 if sys.platform == "darwin" else 1024
for path in sys.argv[1:]:
    if not os.fork():                                     # a process for each, so that each peak is its own
        begin = time.perf_counter()
        try:
            checkpoint.load_state(path)
        except FormatError:
            print(time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit, flush=True)
        os._exit(0)
    os.wait()
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and getrusage")
def test_a_hostile_file_takes_neither_time_nor_memory(tmp_path):
    paths = []
    for i, (suffix, build) in enumerate(file.values for file in HOSTILE):
        paths.append(tmp_path / f"{i}{suffix}")
        paths[-1].write_bytes(build())
    ended = subprocess.run([sys.executable, "-c", MEASURE, *paths], capture_output=True, text=True, check=True)
    measured = [tuple(map(float, line.split())) for line in ended.stdout.splitlines()]
    assert len(measured) == len(HOSTILE) >= 80
    for file, (seconds, peak) in zip(HOSTILE, measured, strict=True):
        assert seconds < 5, f"{file.id} took {seconds:.1f} s"
        assert peak < 300e6, f"{file.id} took {peak / 1e6:.0f} MB"


def test_what_an_archive_claims_is_compared_with_its_size(tmp_path):
    path, size = tmp_path / "x.npz", 100_000_000          # within the budget
    deflated = forged(npz(npy(), method=zipfile.ZIP_DEFLATED), b"PK\1\2", 24, "<L", size)
    stored = forged(forged(npz(npy()), b"PK\1\2", 24, "<L", size), b"PK\1\2", 20, "<L", size)
    for content, words in ((deflated, "claims 100000000 bytes in 67"), (stored, "claim 100000000 bytes of a file")):
        path.write_bytes(content)
        with pytest.raises(FormatError, match=words):
            checkpoint.load(path)


def test_the_budget_of_a_compressed_file_can_be_raised(tmp_path):
    path = tmp_path / "zeros.npz"
    np.savez_compressed(path, x=np.zeros(1_000_000, np.int8))
    with pytest.raises(FormatError, match="1000128 bytes, the budget is 1000000: pass max_bytes="):
        checkpoint.load_npz(path, max_bytes=1_000_000)
    assert checkpoint.load_npz(path, max_bytes=1_000_128)["x"].shape == (1_000_000,)


def sound_files(folder):
    state = {"w": [np.arange(6.0).reshape(2, 3), np.array([True, False])], "none": np.zeros((0, 3)), "text": ["ä", 1]}
    np.savez_compressed(folder / "numpy.npz", a=np.zeros(3000), b=np.arange(5))
    yield ".npz", (folder / "numpy.npz").read_bytes()
    for suffix in (".npz", ".safetensors"):
        checkpoint.save_state(folder / f"sound{suffix}", state)
        yield suffix, (folder / f"sound{suffix}").read_bytes()


def test_a_file_damaged_anywhere_loads_or_is_a_format_error(tmp_path):
    """Bytes changed, cut out, put in, repeated: 800 times from sound files."""
    chance, refused = random.Random(5), 0
    files = list(sound_files(tmp_path))
    for _ in range(800):
        suffix, content = chance.choice(files)
        content = bytearray(content)
        for _ in range(chance.choice([1, 1, 2, 5])):
            at, length = chance.randrange(len(content)), chance.randrange(1, 9)
            junk = chance.choice([bytes(length), b"\xff" * length, chance.randbytes(length), content[:length]])
            content[at : at + chance.choice([0, length, length, 10_000])] = junk
        path = tmp_path / f"damaged{suffix}"
        path.write_bytes(content)
        try:
            checkpoint.load(path)
        except FormatError:
            refused += 1
    assert refused > 600
