"""The command line: what it prints, what it writes, and what it says to mistakes."""
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread, imsave

import tinyfm
from tinyfm.checkpoint import load
from tinyfm.cli import blas, doctor, main, options, table
from tinyfm.data import digits
from tinyfm.models.digits import Settings, network
from tinyfm.nn import Dense, Flatten, Sequential

PICTURES = ["learning_curve.png", "confusion_matrix.png", "predictions.png"]


def run(*words):
    """(exit code, stdout, stderr) of a command run in a process of its own."""
    done = subprocess.run([sys.executable, "-m", "tinyfm", *map(str, words)], capture_output=True, text=True,
                          env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def ask(capsys):
    """ask("doctor"): (exit code, stdout, stderr) of a command run in this process."""
    def answer(*words):
        try: code = main([str(word) for word in words])
        except SystemExit as leaving: code = leaving.code
        return (code, *capsys.readouterr())
    return answer


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """A folder that a small demonstration has filled, and what it printed."""
    folder = tmp_path_factory.mktemp("demo") / "new" / "folder"
    code, out, err = run("demo", "--output", folder, "--limit", 1200, "--epochs", 2, "--steps", 25)
    assert (code, err) == (0, "")
    return folder, out


# ------------------------------------------------------------ demo

@pytest.mark.slow
def test_demo_learns_and_says_so(shown):
    accuracy = float(re.search(r"test accuracy +(0\.\d{4})", shown[1])[1])
    assert accuracy > 0.7
    assert "epoch 2/2" in shown[1]


@pytest.mark.slow
def test_demo_names_every_file_that_it_writes(shown):
    folder, out = shown
    files = {path.name for path in folder.iterdir()}
    assert files >= {*PICTURES, "digits.safetensors", "digit.png"}
    assert all(name in out for name in files) and str(folder) in out


@pytest.mark.slow
@pytest.mark.parametrize("name", PICTURES)
def test_demo_draws_pictures_that_show_something(shown, name):
    picture = imread(shown[0] / name)
    colours = np.unique((255 * picture[..., :3]).astype(int) @ [1 << 16, 1 << 8, 1])
    assert min(picture.shape[:2]) > 300 and len(colours) > 20


@pytest.mark.slow
def test_the_accuracy_printed_is_that_of_the_model_saved(shown):
    folder, out = shown
    (images, labels) = digits.load_data()[1]
    model = tinyfm.nn.load_model(folder / "digits.safetensors")
    accuracy = np.mean(model.predict(images / np.float32(255)).argmax(1) == labels)
    assert f"{accuracy:.4f}" in out


@pytest.mark.slow
def test_the_next_step_that_demo_proposes_works(shown):
    command = shown[1].strip().splitlines()[-1].split()
    assert command[:2] == ["tinyfm", "predict"]
    code, out, err = run(*command[1:])
    assert (code, err) == (0, "")
    assert re.search(r"digit\.png +[0-9] ", out)


# ------------------------------------------------------------ train, predict

def test_train_saves_what_it_trained(ask, tmp_path):
    path = tmp_path / "model.npz"
    code, out, err = ask("train", "digits", "--limit", 300, "--epochs", 1, "--batch-size", 50, "--save", path)
    assert (code, err) == (0, "")
    assert "6/6" in out and "test accuracy" in out and str(path) in out
    assert load(path)[0]["conv2d.kernel"].shape == (3, 3, 1, 32)


def test_train_with_the_same_seed_gives_the_same_weights(ask, tmp_path):
    paths = [tmp_path / f"{i}.safetensors" for i in range(3)]
    for path, seed in zip(paths, (1, 1, 2)):
        ask("train", "digits", "--limit", 64, "--epochs", 1, "--seed", seed, "--save", path)
    first, again, other = (load(path)[0]["dense.kernel"] for path in paths)
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_the_learning_rate_arrives(ask, tmp_path):
    slow, fast = tmp_path / "slow.npz", tmp_path / "fast.npz"
    for path, rate in ((slow, "1e-9"), (fast, "0.01")):
        ask("train", "digits", "--limit", 64, "--epochs", 1, "--learning-rate", rate, "--save", path)
    moved = np.abs(load(fast)[0]["dense.bias"]).max(), np.abs(load(slow)[0]["dense.bias"]).max()
    assert moved[0] > 1e-3 and 0 < moved[1] < 1e-7


def test_training_that_diverges_is_no_success(ask):
    with np.errstate(all="ignore"): code, _, err = ask("train", "digits", "--limit", 64, "--learning-rate", "1e30")
    assert code == 1 and err.startswith("tinyfm: The loss became") and len(err.splitlines()) == 1


@pytest.mark.slow
def test_predict_prints_the_largest_of_ten_probabilities(ask, shown, tmp_path):
    (images, labels) = digits.load_data(0, 40)[1]
    paths = [tmp_path / f"{i}.png" for i in range(40)]
    for path, image in zip(paths, images): imsave(path, image.repeat(3, 0).repeat(3, 1), cmap="gray_r")
    code, out, err = ask("predict", shown[0] / "digits.safetensors", *paths)
    rows = [line.split() for line in out.splitlines()]
    assert (code, err) == (0, "") and rows[0][:3] == ["image", "class", "p(0)"]
    assert [row[0] for row in rows[1:]] == [str(path) for path in paths]
    shares = np.array([row[2:] for row in rows[1:]], float)
    read = np.array([row[1] for row in rows[1:]], int)
    assert shares.shape == (40, 10) and np.allclose(shares.sum(1), 1, atol=0.006)
    assert (shares[np.arange(40), read] == shares.max(1)).all() and np.mean(read == labels) > 0.7


@pytest.mark.slow
def test_predict_takes_any_size_and_either_colour(ask, shown, tmp_path):
    folder, _ = shown
    digit = imread(folder / "digit.png")[..., 0]                          # dark on light, 224 x 224
    page = np.ones((500, 400), np.float32)
    page[200:424, 100:324] = digit
    for name, picture in (("small", digit[::4, ::4]), ("light", 1 - digit), ("page", page)):
        imsave(tmp_path / f"{name}.png", picture, cmap="gray", vmin=0, vmax=1)
    out = ask("predict", folder / "digits.safetensors", folder / "digit.png", *tmp_path.glob("*.png"))[1]
    assert len({line.split()[1] for line in out.splitlines()[1:]}) == 1


# ------------------------------------------------------------ mistakes

@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with a good model, broken ones, and pictures that are none."""
    folder = tmp_path_factory.mktemp("files")
    network(Settings()).save(folder / "good.safetensors")
    good = (folder / "good.safetensors").read_bytes()
    (folder / "cut.safetensors").write_bytes(good[:len(good) // 2])
    (folder / "forged.safetensors").write_bytes(b"\xff" * 8 + good[8:])
    (folder / "text.npz").write_text("no model")
    (folder / "empty.npz").write_bytes(b"")
    (folder / "text.png").write_text("no picture")
    imsave(folder / "blank.png", np.ones((30, 30)), cmap="gray", vmin=0, vmax=1)
    imsave(folder / "digit.png", digits.load_data(0, 1)[1][0][0])
    (folder / "cut.png").write_bytes((folder / "digit.png").read_bytes()[:300])
    for name, layers in (("table", [Dense(3, activation="softmax", input_shape=(4,))]),
                         ("number", [Flatten(input_shape=(28, 28)), Dense(1)])):
        Sequential(layers).save(folder / f"{name}.npz")
    return folder


MISTAKES = {
    "trian": "trian", "train": "WHAT", "train cats": "cats", "train digits --epochs 0": "--epochs",
    "train digits --epochs many": "many", "train digits --batch-size -3": "-3",
    "train digits --learning-rate nan": "nan", "train digits --learning-rate 0": "--learning-rate",
    "train digits --seed -1": "--seed",
    "train digits --colour": "--colour",
    "train digits --data .": "--data", "train digits --save model.txt": ".safetensors or .npz",
    "train digits --save nowhere/model.npz": "nowhere", "train mnist --data nowhere": "train-images-idx3-ubyte.gz",
    "train fashion --data nowhere": "train-images-idx3-ubyte.gz",
    "predict": "MODEL", "predict good.safetensors": "IMAGE",
    "predict none.npz digit.png": "none.npz: No such file", "predict . digit.png": ".safetensors or .npz",
    "predict digit.png digit.png": ".safetensors or .npz", "predict cut.safetensors digit.png": "cut.safetensors",
    "predict forged.safetensors digit.png": "forged.safetensors", "predict text.npz digit.png": "text.npz",
    "predict empty.npz digit.png": "empty.npz", "predict good.safetensors none.png": "none.png: No such file",
    "predict good.safetensors text.png": "text.png", "predict good.safetensors cut.png": "cut.png",
    "predict good.safetensors blank.png": "blank.png: There is no digit", "predict good.safetensors .": "not a file",
    "predict table.npz digit.png": "28 x 28", "predict number.npz digit.png": "probabilities",
    "demo --output text.npz": "text.npz: File exists", "demo --limit 1": "at least 12", "doctor --loud": "--loud",
}


@pytest.mark.parametrize("words", MISTAKES)
def test_a_mistake_is_told_in_a_line_with_exit_code_2(ask, files, monkeypatch, words):
    monkeypatch.chdir(files)
    code, _, err = ask(*words.split())
    assert code == 2 and err.startswith("tinyfm") and MISTAKES[words] in err and "Traceback" not in err
    assert err.count("\n") == 1 or "--data nowhere" in words             # where to get the data takes a few lines
    assert "nan" in words or len(err) < 1000


def test_a_mistake_in_another_process_is_told_too(files):
    code, out, err = run("predict", files / "text.npz", files / "digit.png")
    assert (code, out) == (2, "") and "text.npz" in err and "Traceback" not in err


def test_ctrl_c_ends_politely(ask, monkeypatch):
    monkeypatch.setattr(digits, "load_data", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    code, _, err = ask("train", "digits")
    assert code == 130 and err.startswith("tinyfm: stopped") and err.count("\n") == 1


def test_nobody_reading_on_is_no_error():
    command = [sys.executable, "-m", "tinyfm", "doctor"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.close()
        assert process.stderr.read() == "" and process.wait() == 1


# ------------------------------------------------------------ doctor, help, version

def test_version_and_module_and_command_agree(ask):
    assert ask("--version") == (0, f"tinyfm {tinyfm.__version__}\n", "")
    assert run("--version") == (0, f"tinyfm {tinyfm.__version__}\n", "")


@pytest.mark.parametrize("words", ["", "--help", "demo --help", "train --help", "train mnist --help", "predict --help"])
def test_help_is_there(ask, words):
    code, out, err = ask(*words.split())
    assert (code, err) == (0, "") and out.startswith("usage: tinyfm")


def test_doctor_finds_python_numpy_and_the_data(ask, monkeypatch, tmp_path):
    monkeypatch.setenv("TINYFM_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "fashion_mnist").mkdir()
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (tmp_path / "fashion_mnist" / f"{name}-ubyte.gz").touch()
    code, out, err = ask("doctor")
    lines = {tuple(line.split()[:3]): line for line in out.splitlines()[1:]}
    assert (code, err) == (0, "")
    assert np.__version__ in lines["ok", "numpy", np.__version__]
    assert str(tmp_path / "fashion_mnist") in lines["ok", "data", "fashion_mnist:"]
    assert "not in" in lines["note", "data", "mnist:"]


def test_doctor_fails_where_nothing_can_be_written(monkeypatch, tmp_path):
    missing = tmp_path / "gone"
    assert doctor.writable("this folder", missing)[0] == "FAIL"
    assert doctor.writable("this folder", tmp_path)[0] == "ok"
    monkeypatch.setattr(doctor, "folders", lambda: [doctor.writable("this folder", missing)])
    assert doctor.doctor(None) == 1


def test_openblas_is_asked_which_kernels_it_runs():
    wanted = {**os.environ, "OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_NUM_THREADS": "1"}
    script = "from tinyfm.cli import blas; print(*blas.blas(), blas.has_avx512())"
    out = subprocess.run([sys.executable, "-c", script], env=wanted, capture_output=True, text=True, check=True).stdout
    if not out.startswith("openblas"): pytest.skip(f"NumPy runs on another library: {out}")
    _, _, kernels, threads, _ = out.split()
    assert threads == "1" and (kernels == "Haswell" or platform.machine() != "x86_64")


@pytest.mark.parametrize(("kernels", "threads", "wide", "busy", "expected"), [
    ("Haswell", 2, True, 0, ["OPENBLAS_CORETYPE=SkylakeX"]), ("Zen", 1, True, 0, ["OPENBLAS_CORETYPE=SkylakeX"]),
    ("Haswell", 2, False, 0, []), ("SkylakeX", 2, True, 0, []), (None, None, True, 99, []),
    ("SkylakeX", 2, True, 1e4, ["OPENBLAS_NUM_THREADS=1"]), ("SkylakeX", 1, True, 1e4, []),
    ("Haswell", 8, True, 1e4, ["OPENBLAS_CORETYPE=SkylakeX", "OPENBLAS_NUM_THREADS=1"]),
])
def test_advice_fits_the_machine(kernels, threads, wide, busy, expected):
    found = blas.advice(blas.Blas("openblas", "0.3", kernels, threads), wide, busy)
    assert len(found) == len(expected) and all(setting in text for setting, text in zip(expected, found))


def test_a_table_keeps_its_columns():
    rows = [["a", "long head", "x"], ["bb", "1.5", "yes"], ["c", "22", "no"]]
    assert table.lines(rows) == ["  a   long head  x", "  bb        1.5  yes", "  c          22  no"]


def test_options_take_what_they_say():
    assert options.count("12") == 12 and options.seed("0") == 0 and options.rate("1e-3") == 1e-3
    assert options.model_file("model.NPZ") == Path("model.NPZ")


@pytest.mark.parametrize("kernels, wide, environment, expected", [
    ("Haswell", True, {}, "SkylakeX"), ("Zen", True, {}, "SkylakeX"), ("Haswell", False, {}, None),
    ("SkylakeX", True, {}, None), (None, True, {}, None), ("Haswell", True, {"OPENBLAS_CORETYPE": "Haswell"}, None),
])
def test_better_kernels_are_set_only_where_that_is_safe(kernels, wide, environment, expected):
    assert blas.better(blas.Blas("openblas", "0.3", kernels, 2), wide, environment) == expected


@pytest.mark.skipif(os.name != "posix", reason="a process replaces itself on POSIX only")
def test_a_long_command_starts_again_with_better_kernels_and_says_so(monkeypatch, capsys):
    class Gone(BaseException): pass

    def replace(path, argv, environment): raise Gone(path, argv, environment["OPENBLAS_CORETYPE"])
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
    monkeypatch.setattr(blas, "has_avx512", lambda: True)
    monkeypatch.setattr(blas, "blas", lambda: blas.Blas("openblas", "0.3", "Haswell", 2))
    monkeypatch.setattr(os, "execve", replace)
    monkeypatch.setattr(sys, "argv", ["tinyfm", "train", "mnist", "--data", "nowhere"])
    with pytest.raises(Gone) as gone: main()
    assert gone.value.args == (sys.executable, sys.orig_argv, "SkylakeX")
    assert "OPENBLAS_CORETYPE=SkylakeX" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["tinyfm", "--keep-blas", "train", "mnist", "--data", "nowhere"])
    assert main() == 2


# ------------------------------------------------------------ notebook

def test_lessons_are_listed_with_their_questions(ask):
    code, out, err = ask("notebook")
    assert (code, err) == (0, "") and re.search(r"^ *03 +how do I know .*\?$", out, re.M)


def test_a_lesson_that_is_not_there_is_named(ask):
    code, out, err = ask("notebook", "77")
    assert (code, out) == (2, "") and "'77'" in err and "01, 02" in err


@pytest.mark.reference
def test_a_lesson_becomes_a_notebook_and_overwrites_nothing(ask, tmp_path):
    target = tmp_path / "lesson.ipynb"
    assert ask("notebook", 3, "--output", target)[0] == 0
    book = target.read_text("utf-8")
    assert '"cell_type": "markdown"' in book and "check_backward" in book
    code, _, err = ask("notebook", 3, "--output", target)
    assert code == 2 and "exists already" in err and target.read_text("utf-8") == book
