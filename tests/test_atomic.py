"""A file is old or new, whatever happens to its writer; dead writers' leftovers are swept, living ones' are not."""

import os
import subprocess
import sys
import threading

import pytest

from tinyfm.atomic import replacing

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions and limits")


def write(path, content):
    with replacing(path) as file:
        file.write(content)


def leftover_of(path):
    return path.with_name(f".{path.name}.{os.urandom(8).hex()}.aside")


def test_writes_a_new_file_and_replaces_an_old_one(tmp_path):
    path = tmp_path / "a.bin"
    for content in (b"old" * 1000, b"new", b""):
        write(path, content)
        assert path.read_bytes() == content
        assert os.listdir(tmp_path) == ["a.bin"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_exception_keeps_the_old_file_and_leaves_nothing(tmp_path, error):
    path = tmp_path / "a.bin"
    write(path, b"old")
    with pytest.raises(error), replacing(path) as file:
        file.write(b"half of the n")
        raise error
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_until_the_block_ends_the_old_file_stands(tmp_path):
    path = tmp_path / "a.bin"
    write(path, b"old")
    with replacing(path) as file:
        file.write(b"new" * 100_000)
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new" * 100_000


def test_sweeps_only_its_own_leftovers(tmp_path):
    path = tmp_path / "a[1].bin"                          # a name that a glob would misread
    strangers = {"a.bin", ".a[1].bin.swp", ".a[1].bin.0123456789abcdef.aside.old", ".b.0123456789abcdef.aside"}
    for name in strangers:
        (tmp_path / name).write_bytes(b"mine")
    for _ in range(3):
        leftover_of(path).write_bytes(b"torn")
    write(path, b"new")
    assert set(os.listdir(tmp_path)) == strangers | {path.name}


def test_a_living_neighbour_is_not_swept(tmp_path):
    path = tmp_path / "a.bin"
    with replacing(path) as slow:
        slow.write(b"slow")
        write(path, b"quick")
        assert path.read_bytes() == b"quick"
    assert path.read_bytes() == b"slow"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_many_writers_at_once_end_with_one_whole_file(tmp_path):
    path, contents = tmp_path / "a.bin", [bytes([i]) * 50_000 for i in range(8)]
    failures = []

    def writer(content):
        try:
            for _ in range(10):
                write(path, content)
                assert path.read_bytes() in contents
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=writer, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert os.listdir(tmp_path) == ["a.bin"]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"create the folder .*nowhere"):
        write(tmp_path / "nowhere" / "a.bin", b"")


def test_a_folder_is_not_replaced(tmp_path):
    (tmp_path / "model").mkdir()
    with pytest.raises(OSError):
        write(tmp_path / "model", b"x")
    assert os.listdir(tmp_path) == ["model"]


@posix_only
def test_links_are_followed_and_permissions_kept(tmp_path):
    real, link = tmp_path / "real.bin", tmp_path / "link.bin"
    write(real, b"old")
    assert real.stat().st_mode & 0o777 == 0o666 & ~current_umask()
    real.chmod(0o640)
    link.symlink_to(real)
    write(link, b"new")
    assert link.is_symlink() and real.read_bytes() == b"new"
    assert real.stat().st_mode & 0o777 == 0o640


def current_umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


@posix_only
def test_a_full_disk_keeps_the_old_file_and_leaves_nothing(tmp_path):
    """A limit on the size of files stands for the full disk: the write fails, and so does the flush on closing."""
    path = tmp_path / "a.bin"
    write(path, b"old")
    script = (
        "import resource, sys; from tinyfm.atomic import replacing\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
        "with replacing(sys.argv[1]) as file:\n    file.write(b'x' * 9_000); file.write(b'y' * 5_000)\n"
    )
    ended = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True)
    assert ended.returncode == 1 and "OSError" in ended.stderr
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.bin"]
