"""Finding data: folder, TINYFM_DATA, cache, mirrors, in this order, and nothing is believed without its checksum."""

import gzip
import threading
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tinyfm.data import fetch
from tinyfm.errors import DataNotFoundError, FormatError

CONTENT = b"tensors flow " * 500
PACKED = gzip.compress(CONTENT, mtime=0)
FILE = fetch.File("words.txt", len(CONTENT), sha256(CONTENT).hexdigest())


@pytest.fixture(autouse=True)
def empty_machine(tmp_path, monkeypatch):
    """An empty cache, no TINYFM_DATA, no proxy between us and 127.0.0.1."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("TINYFM_DATA", raising=False)
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def server():
    """A mirror on this machine: server.answers maps a path to bytes, or to a function of the handler."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.answers, server.asked = {}, []
    server.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        answer = self.server.answers.get(self.path)
        if callable(answer):
            answer(self)
        elif answer is None:
            self.send_error(404)
        else:
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    def log_message(self, *args):
        pass


def dataset(*mirrors, file=FILE, suffix=".gz"):
    return fetch.DataSet("words", (file,), mirrors, suffix)


def cached(tmp_path):
    return tmp_path / "cache" / "tinyfm" / "words" / "words.txt.gz"


def put(folder, content, name="words.txt"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder


def test_downloads_once_then_reads_the_cache(server, tmp_path, capfd):
    server.answers["/a/words.txt.gz"] = PACKED
    data = dataset(f"{server.address}/a/")
    assert fetch.read(data) == [CONTENT]
    assert cached(tmp_path).read_bytes() == PACKED
    assert capfd.readouterr().err == f"downloading {server.address}/a/words.txt.gz\n"    # no terminal: one plain line
    assert fetch.read(data) == [CONTENT]
    assert server.asked == ["/a/words.txt.gz"]


def test_the_first_mirror_that_is_right_wins_and_the_others_are_not_asked(server, tmp_path):
    server.answers |= {"/wrong/words.txt.gz": gzip.compress(CONTENT[:-1] + b"!"),
                       "/short/words.txt.gz": PACKED[:-20],
                       "/page/words.txt.gz": b"<html>log in to the wireless network</html>",
                       "/right/words.txt.gz": PACKED, "/late/words.txt.gz": PACKED}
    order = ["missing", "wrong", "short", "page", "right", "late"]
    assert fetch.read(dataset(*(f"{server.address}/{name}/" for name in order))) == [CONTENT]
    assert server.asked == [f"/{name}/words.txt.gz" for name in order[:-1]]
    assert [path.name for path in cached(tmp_path).parent.iterdir()] == ["words.txt.gz"]    # nothing half-done stays


def test_mirrors_may_pack_anew_or_not_at_all(server):
    server.answers["/a/words.txt.gz"] = gzip.compress(CONTENT, 1)
    server.answers["/b/words.txt.gz"] = CONTENT            # some servers unpack on the way
    assert fetch.read(dataset(f"{server.address}/a/")) == [CONTENT]
    assert fetch.read(dataset(f"{server.address}/b/")) == [CONTENT]


def test_an_answer_that_breaks_off_is_the_next_mirrors_turn(server):
    def break_off(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(PACKED)))
        handler.end_headers()
        handler.wfile.write(PACKED[:100])
    server.answers |= {"/a/words.txt.gz": break_off, "/b/words.txt.gz": PACKED}
    assert fetch.read(dataset(f"{server.address}/a/", f"{server.address}/b/")) == [CONTENT]


@pytest.mark.parametrize("flood", [b"\0" * (1 << 20), b"\x1f\x8b" + b"\0" * (1 << 20)], ids=["plain", "gzip"])
def test_an_endless_answer_is_cut_off(server, flood):
    sent = []

    def endless(handler):
        handler.send_response(200)
        handler.end_headers()
        try:
            while len(sent) < 500:
                handler.wfile.write(flood)
                sent.append(1)
        except OSError:
            pass
    server.answers["/words.txt.gz"] = endless
    with pytest.raises(DataNotFoundError, match="longer than"):
        fetch.read(dataset(f"{server.address}/"))
    assert len(sent) < 100


def test_a_bomb_does_not_expand(server):
    bomb = gzip.compress(bytes(60_000_000), 9)
    server.answers["/words.txt.gz"] = bomb
    assert len(bomb) < fetch.GZIP_OVERHEAD + len(CONTENT)
    with pytest.raises(DataNotFoundError, match="more than 6,500 bytes"):
        fetch.read(dataset(f"{server.address}/"))


def test_offline_says_which_file_to_put_where(tmp_path):
    nobody = "http://127.0.0.1:9/"                         # the discard port: refused at once
    with pytest.raises(DataNotFoundError) as caught:
        fetch.read(dataset(nobody, "not an address: "))
    message = str(caught.value)
    assert "words.txt.gz" in message and str(cached(tmp_path).parent) in message
    assert nobody in message and "TINYFM_DATA is not set" in message
    put(cached(tmp_path).parent, CONTENT)                  # and doing what it says helps
    assert fetch.read(dataset(nobody)) == [CONTENT]


def test_a_given_folder_is_the_only_place(server, tmp_path, monkeypatch):
    server.answers["/words.txt.gz"] = PACKED
    put(cached(tmp_path).parent, CONTENT)
    monkeypatch.setenv("TINYFM_DATA", str(put(tmp_path / "data" / "words", CONTENT).parent))
    with pytest.raises(DataNotFoundError, match="empty"):
        fetch.read(dataset(f"{server.address}/"), tmp_path / "empty")
    assert not server.asked
    assert fetch.read(dataset(), put(tmp_path / "flat", CONTENT)) == [CONTENT]
    assert fetch.read(dataset(), put(tmp_path / "deep" / "words", PACKED, "words.txt.gz").parent) == [CONTENT]


def test_tinyfm_data_comes_before_the_cache_and_the_mirrors(server, tmp_path, monkeypatch):
    server.answers["/words.txt.gz"] = PACKED
    put(cached(tmp_path).parent, b"rubbish")
    monkeypatch.setenv("TINYFM_DATA", str(put(tmp_path / "data" / "words", PACKED, "words.txt.gz").parent))
    assert fetch.read(dataset(f"{server.address}/")) == [CONTENT]
    assert not server.asked


@pytest.mark.parametrize("content, complaint", [
    (CONTENT[:-1] + b"?", "wrong checksum"), (CONTENT + b"?", "more than 6,500 bytes"), (CONTENT[:7], "7 bytes"),
    (PACKED[:-9], "cannot be read"), (gzip.compress(CONTENT[::-1]), "wrong checksum")],
    ids=["changed", "longer", "shorter", "truncated gzip", "other gzip"])
@pytest.mark.parametrize("given", [True, False], ids=["path", "TINYFM_DATA"])
def test_a_wrong_file_that_somebody_put_there_is_named_and_not_replaced(
        server, tmp_path, monkeypatch, content, complaint, given):
    server.answers["/words.txt.gz"] = PACKED
    folder = put(tmp_path / "data" / "words", content)
    monkeypatch.setenv("TINYFM_DATA", str(tmp_path / "data"))
    with pytest.raises(FormatError, match=complaint) as caught:
        fetch.read(dataset(f"{server.address}/"), folder if given else None)
    assert str(folder / "words.txt") in str(caught.value)
    assert (folder / "words.txt").read_bytes() == content and not server.asked


def test_a_damaged_file_in_the_cache_is_fetched_again(server, tmp_path):
    server.answers["/words.txt.gz"] = PACKED
    put(cached(tmp_path).parent, PACKED[:-1], "words.txt.gz")
    assert fetch.read(dataset(f"{server.address}/")) == [CONTENT]
    assert cached(tmp_path).read_bytes() == PACKED


def test_where_only_the_packed_checksum_is_published_packing_anew_is_refused(tmp_path):
    file = fetch.File("words.txt", len(CONTENT), packed_sha256=sha256(PACKED).hexdigest())
    data = dataset(file=file)
    assert fetch.read(data, put(tmp_path / "published", PACKED, "words.txt.gz")) == [CONTENT]
    assert fetch.read(data, put(tmp_path / "unpacked", CONTENT)) == [CONTENT]
    with pytest.raises(FormatError, match="wrong checksum"):
        fetch.read(data, put(tmp_path / "repacked", gzip.compress(CONTENT, 1), "words.txt.gz"))
    with pytest.raises(FormatError, match="7 bytes"):
        fetch.read(data, put(tmp_path / "short", CONTENT[:7]))


def test_a_cache_that_cannot_be_written_costs_nothing_but_the_copy(server, tmp_path, monkeypatch, capfd):
    server.answers["/words.txt.gz"] = PACKED
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert fetch.read(dataset(f"{server.address}/")) == [CONTENT]
    assert "no copy kept" in capfd.readouterr().err


def test_a_terminal_sees_how_far_it_is(server, monkeypatch):
    import io
    import sys
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", terminal)
    server.answers["/words.txt.gz"] = PACKED
    fetch.read(dataset(f"{server.address}/"))
    assert f"{len(PACKED) / 1e6:.1f} of {len(PACKED) / 1e6:.1f} MB\n" in terminal.getvalue()


@pytest.mark.parametrize("platform, environment, expected", [
    ("linux", {}, ".cache/tinyfm"), ("darwin", {}, "Library/Caches/tinyfm"),
    ("win32", {"LOCALAPPDATA": "/local"}, "/local/tinyfm/cache"), ("darwin", {"XDG_CACHE_HOME": "/x"}, "/x/tinyfm")])
def test_the_cache_is_where_the_system_keeps_caches(monkeypatch, platform, environment, expected):
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr("sys.platform", platform)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert fetch.cache_folder().as_posix().endswith(expected)
