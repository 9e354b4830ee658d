"""The training loop and those who look on."""
from __future__ import annotations

import io
import tracemalloc
import warnings
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyfm import optim, schedules, train
from tinyfm.errors import SettingError, ShapeError
from tinyfm.nn import (
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPooling2D,
    Model,
    Sequential,
    load_model,
)
from tinyfm.train import Callback, CSVLogger, EarlyStopping, LearningRateScheduler, ModelCheckpoint
from tinyfm.train.progress import Progress, clock

few = settings(max_examples=5, deadline=None, derandomize=True)


def blobs(n: int = 96, seed: int = 0, classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Points around the corners of a triangle, and which corner."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, n)
    return rng.standard_normal((n, 2)) + 3 * np.stack([np.cos(2 * labels), np.sin(2 * labels)], -1), labels


def network(seed: int | None = 1, **compiled: Any) -> Sequential:
    """With dropout and batch normalisation: everything that has a state besides weights."""
    layers = [Dense(8, activation="relu"), BatchNormalization(), Dropout(0.3), Dense(3, activation="softmax")]
    model = Sequential(layers, seed=seed)
    options = {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}
    model.compile(**options | compiled)
    return model


def same(a: Model, b: Model) -> bool:
    """Bit for bit: weights, buffers, optimiser."""
    x, y = a.state_dict(), b.state_dict()
    return x.keys() == y.keys() and all(np.array_equal(x[k], y[k]) for k in x) and all(
        np.array_equal(p, q) for ps, qs in zip(a.optimizer.arrays, b.optimizer.arrays) for p, q in zip(ps, qs))


# ------------------------------------------------------------ laws

@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adagrad", "adam", "adamw"])
def test_the_loss_goes_down_and_the_points_are_told_apart(optimizer: str) -> None:
    x, y = blobs()
    model = Sequential([Dense(16, activation="tanh"), Dense(3, activation="softmax")], seed=2)
    rate = optim.get({"class": optimizer, "learning_rate": 0.05})
    model.compile(rate, "sparse_categorical_crossentropy", ["accuracy"])
    history = model.fit(x, y, epochs=30, verbose=0)
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    assert model.evaluate(x, y, verbose=0)[1] > 0.9


def test_same_seed_same_bits_and_another_seed_others() -> None:
    x, y = blobs()
    runs = [network(seed).fit(x, y, epochs=3, verbose=0) for seed in (1, 1, 2)]
    assert runs[0].history == runs[1].history
    assert runs[0].history != runs[2].history


def test_without_a_seed_runs_differ_but_tell_theirs() -> None:
    x, y = blobs()
    first, second = network(None), network(None)
    a, b = (m.fit(x, y, epochs=2, verbose=0) for m in (first, second))
    assert a.history != b.history
    assert network(first.seed).fit(x, y, epochs=2, verbose=0).history == a.history


@pytest.mark.parametrize("suffix", ["safetensors", "npz"])
@few
@given(cut=st.integers(1, 4))
def test_resumed_is_uninterrupted_bit_for_bit(suffix: str, cut: int, tmp_path_factory: Any) -> None:
    x, y = blobs()
    path = tmp_path_factory.mktemp("resume") / f"run.{suffix}"
    options = {"optimizer": optim.Adam(schedules.CosineDecay(0.01, 20), clipnorm=1.0)}
    whole, first = network(**options), network(**options | {"optimizer": optim.get(optim.config(options["optimizer"]))})
    expected = whole.fit(x, y, batch_size=10, epochs=5, verbose=0)
    before = first.fit(x, y, batch_size=10, epochs=cut, verbose=0)
    first.save(path)
    second = load_model(path)
    after = second.fit(x, y, batch_size=10, epochs=5, initial_epoch=cut, verbose=0)
    assert before["loss"] + after["loss"] == expected["loss"]
    assert after.epoch == list(range(cut, 5))
    assert same(whole, second) and second.optimizer.time == whole.optimizer.time
    assert whole.random_state() == second.random_state()


class Net(Model):
    """A model of one's own."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.hidden, self.dropout, self.out = Dense(8, activation="relu"), Dropout(0.3), Dense(3)

    def call(self, x: Any) -> Any: return self.out(self.dropout(self.hidden(x)))


def test_a_model_of_ones_own_resumes_too(tmp_path: Path) -> None:
    x, y = blobs()

    def made() -> Net:
        model = Net(seed=4)
        from tinyfm.nn import SparseCategoricalCrossentropy
        model.compile("adam", SparseCategoricalCrossentropy(from_logits=True))
        return model

    whole, first, second = made(), made(), made()
    expected = whole.fit(x, y, epochs=4, verbose=0)["loss"]
    before = first.fit(x, y, epochs=2, verbose=0)["loss"]
    first.save(tmp_path / "net.npz")
    second(x[:1])
    second.restore(tmp_path / "net.npz")
    assert before + second.fit(x, y, epochs=4, initial_epoch=2, verbose=0)["loss"] == expected
    assert same(whole, second)


class Watch(Callback):
    """Remembers which examples were shown, by their first feature."""

    def __init__(self) -> None: self.epochs = list[list[float]]()
    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None: self.epochs.append([])


class Recorder(Sequential):
    def call(self, x: Any) -> Any:
        if self.watch.epochs: self.watch.epochs[-1].extend(float(v) for v in np.asarray(x)[:, 0])
        return super().call(x)


@few
@given(n=st.integers(1, 40), batch_size=st.integers(1, 17), shuffle=st.booleans())
def test_every_epoch_shows_every_example_once(n: int, batch_size: int, shuffle: bool) -> None:
    x, y = np.arange(n, dtype=np.float32)[:, None] / 64, np.zeros((n, 1))
    model = Recorder([Dense(1)], seed=3)
    model.watch = Watch()
    model.compile("sgd", "mse")
    model.fit(x, y, batch_size=batch_size, epochs=3, shuffle=shuffle, verbose=0, callbacks=[model.watch])
    orders = [tuple(round(64 * v) for v in epoch) for epoch in model.watch.epochs]
    assert all(sorted(order) == list(range(n)) for order in orders)
    if not shuffle: assert set(orders) == {tuple(range(n))}
    elif n > 20: assert len(set(orders)) == 3


def gradients_of(weights: dict[str, Any], x: Any, y: Any) -> list[np.ndarray]:
    """Of the summed loss: n times the mean."""
    model = Sequential([Dense(3, activation="softmax")], seed=5, dtype="float64")
    model.compile(optim.SGD(1.0), "sparse_categorical_crossentropy")
    model(x[:1])
    before = model.state_dict()
    model.fit(x, y, batch_size=len(x), verbose=0, shuffle=False, **weights)
    return [(before[k] - v) * len(x) for k, v in model.state_dict().items()]


@few
@given(counts=st.lists(st.integers(0, 3), min_size=3, max_size=3), seed=st.integers(0, 99))
def test_class_weights_are_repeated_examples(counts: list[int], seed: int) -> None:
    x, y = blobs(12, seed)
    repeated = np.repeat(np.arange(12), np.array(counts)[y])
    if not len(repeated): return
    expected = gradients_of({}, x[repeated], y[repeated])
    for weights in ({"class_weight": dict(enumerate(counts))}, {"sample_weight": np.array(counts)[y]}):
        for a, b in zip(gradients_of(weights, x, y), expected): np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


@few
@given(n=st.integers(1, 50), batch_size=st.integers(1, 60))
def test_evaluation_and_prediction_do_not_depend_on_the_batches(n: int, batch_size: int) -> None:
    x, y = blobs(n, 3)
    model = network()
    model(x)
    whole, parts = (model.evaluate(x, y, batch_size=b, verbose=0) for b in (n, batch_size))
    assert parts == pytest.approx(whole, rel=1e-5)
    np.testing.assert_allclose(model.predict(x, batch_size), model.predict(x), rtol=1e-5, atol=1e-7)
    assert model.evaluate(x, y, verbose=0, return_dict=True).keys() == {"loss", "accuracy"}


def test_the_reported_loss_is_the_mean_over_the_examples() -> None:
    x, y = blobs(50)
    model = Sequential([Dense(3, activation="softmax")], seed=0)
    model.compile(optim.SGD(0.0), "sparse_categorical_crossentropy", ["accuracy"])
    history = model.fit(x, y, batch_size=16, verbose=0)
    assert [history["loss"][0], history["accuracy"][0]] == pytest.approx(model.evaluate(x, y, verbose=0), rel=1e-5)


def test_two_epochs_at_once_are_two_fits() -> None:
    x, y = blobs()
    a, b = network(), network()
    a.fit(x, y, epochs=2, verbose=0)
    for _ in range(2): b.fit(x, y, verbose=0)
    assert same(a, b)


# ------------------------------------------------------------ validation

def test_the_split_is_the_last_part_and_not_trained_on() -> None:
    x, y = blobs(40)
    split, given_ = network(), network()
    a = split.fit(x, y, validation_split=0.25, epochs=2, verbose=0)
    b = given_.fit(x[:30], y[:30], validation_data=(x[30:], y[30:]), epochs=2, verbose=0)
    assert dict(a) == a.history == b.history and set(a) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert a["val_loss"][-1] == split.evaluate(x[30:], y[30:], verbose=0)[0]


# ------------------------------------------------------------ callbacks

class Fake(Callback):
    """Turns val_loss into a given course."""

    def __init__(self, course: list[float]) -> None: self.course = course
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None: logs["val_loss"] = self.course[epoch]


@pytest.mark.parametrize("patience, last", [(0, 3), (1, 3), (2, 6), (3, 7), (9, 9)])
def test_early_stopping_waits_for_its_patience_and_restores_the_best(patience: int, last: int) -> None:
    x, y = blobs(32)
    course = [5.0, 4.0, 3.0, 3.5, 2.0, 2.5, 2.4, 2.3, 2.2, 9.0]
    model, saved = network(), {}
    keep = Callback()
    keep.on_epoch_end = lambda epoch, logs=None: saved.update({epoch: model.state_dict()})  # type: ignore[method-assign]
    stopping = EarlyStopping(patience=patience, restore_best_weights=True)
    history = model.fit(x, y, epochs=10, verbose=0, callbacks=[Fake(course), keep, stopping])
    best = int(np.argmin(course[:len(history.epoch)]))
    assert history.epoch[-1] == last and stopping.best_epoch == best
    assert all(np.array_equal(saved[best][k], v) for k, v in model.state_dict().items())


def test_checkpoints_hold_every_epoch_or_the_best(tmp_path: Path) -> None:
    x, y = blobs(32)
    model = network()
    model.fit(x, y, epochs=3, verbose=0, callbacks=[
        Fake([3.0, 1.0, 2.0]), ModelCheckpoint(tmp_path / "{epoch:02d}-{val_loss:.1f}.npz"),
        ModelCheckpoint(tmp_path / "best.safetensors", save_best_only=True),
        ModelCheckpoint(tmp_path / "weights.safetensors", save_weights_only=True)])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["01-3.0.npz", "02-1.0.npz", "03-2.0.npz", "best.safetensors",
                                                         "weights.safetensors"]
    best, second = load_model(tmp_path / "best.safetensors"), load_model(tmp_path / "02-1.0.npz")
    assert same(best, second) and best.epoch == second.epoch
    other = network()
    other(x)
    other.load_weights(tmp_path / "weights.safetensors")
    assert all(np.array_equal(v, other.state_dict()[k]) for k, v in model.state_dict().items())


def test_what_does_not_get_better_is_watched_by_its_name() -> None:
    assert EarlyStopping("val_accuracy").sign == 1 and EarlyStopping("loss").sign == -1
    assert EarlyStopping("loss", mode="max").sign == 1
    x, y = blobs(8)
    with pytest.raises(SettingError, match=r"watches 'val_loss'.*loss, accuracy.*validation_data"):
        network().fit(x, y, verbose=0, callbacks=[EarlyStopping()])


def test_the_learning_rate_follows_its_schedule() -> None:
    x, y = blobs(8)
    model = network(optimizer=optim.SGD(1.0))
    history = model.fit(x, y, epochs=3, verbose=0, callbacks=[LearningRateScheduler(lambda epoch, rate: rate / 2)])
    assert history["learning_rate"] == [0.5, 0.25, 0.125]


def test_the_log_is_a_table_of_the_history(tmp_path: Path) -> None:
    x, y = blobs(16)
    model, path = network(), tmp_path / "log.csv"
    first = model.fit(x, y, epochs=2, verbose=0, callbacks=[CSVLogger(path)])
    second = model.fit(x, y, epochs=3, initial_epoch=2, verbose=0, callbacks=[CSVLogger(path, append=True)])
    head, *rows = [line.split(",") for line in path.read_text().splitlines()]
    assert head == ["epoch", "loss", "accuracy"]
    assert [float(row[1]) for row in rows] == first["loss"] + second["loss"]
    assert [int(row[0]) for row in rows] == [0, 1, 2]


def test_callbacks_are_told_of_every_moment_in_order() -> None:
    told: list[str] = []
    moments = [m for m in vars(Callback) if m.startswith("on_")]
    spy = type("Spy", (Callback,), {m: lambda self, *a, m=m: told.append(m) for m in moments})()
    x, y = blobs(4)
    network().fit(x, y, batch_size=2, epochs=1, verbose=0, callbacks=[spy])
    batch = ["on_train_batch_begin", "on_train_batch_end"]
    assert told == ["on_train_begin", "on_epoch_begin", *batch, *batch, "on_epoch_end", "on_train_end"]


def test_a_callback_may_stop_in_the_middle_of_an_epoch() -> None:
    class Stop(Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None: self.model.stop_training = batch == 2
    x, y = blobs(100)
    model = network()
    assert model.fit(x, y, batch_size=10, epochs=5, verbose=0, callbacks=[Stop()]).epoch == [0]
    assert model.optimizer.time == 3


def test_batches_may_pass_through_any_iterable() -> None:
    x, y = blobs(40)
    seen: list[int] = []
    def bar(batches: Any) -> Any:
        seen.append(len(batches))
        yield from batches
    network().fit(x, y, batch_size=16, epochs=2, verbose=0, progress=bar)
    assert seen == [3, 3]


# ------------------------------------------------------------ the progress line

class Terminal(io.StringIO):
    encoding = "utf-8"
    def isatty(self) -> bool: return True


def test_elsewhere_than_on_a_terminal_an_epoch_is_one_plain_line(capsys: Any) -> None:
    x, y = blobs(20)
    network().fit(x, y, epochs=2, batch_size=10, validation_split=0.5)
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert len(lines) == 2 and not err and "\r" not in out and "\x1b" not in out
    assert lines[1].startswith("epoch 2/2  1/1  ") and "ms/step" in lines[1]
    assert all(word in lines[1] for word in ("loss ", "accuracy ", "val_loss ", "val_accuracy "))
    network().fit(x, y, verbose=0)
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_one_line_is_redrawn(monkeypatch: Any, capsys: Any) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr("tinyfm.train.progress.INTERVAL", 0.0)
    x, y = blobs(40)
    network().fit(x, y, epochs=2, batch_size=10)
    text = terminal.getvalue()
    assert text.count("\n") == 2 and capsys.readouterr().out == ""
    drawn = text.split("\n")[0].split("\r")[1:]
    assert "━━━━━───────────────  1/4" in drawn[0] and "eta" in drawn[0] and "━" * 20 + "  4/4" in drawn[-1]
    assert all(len(b.rstrip()) <= len(a) or len(b) >= len(a) for a, b in pairwise(drawn))
    assert "\x1b" not in text


@pytest.mark.parametrize("seconds, text",
                         [(0.034, "0.034s"), (3.21, "3.2s"), (42, "42s"), (307, "5m07s"), (3900, "1h05m")])
def test_times_are_short(seconds: float, text: str) -> None: assert clock(seconds) == text


def test_ascii_where_the_terminal_knows_no_more(monkeypatch: Any) -> None:
    terminal = Terminal()
    terminal.encoding = "ascii"  # type: ignore[misc]
    monkeypatch.setattr("sys.stderr", terminal)
    x, y = blobs(10)
    network().fit(x, y)
    terminal.getvalue().encode("ascii")
    assert Progress(2, 1).live is False


# ------------------------------------------------------------ mistakes

def test_wrong_lengths_empty_data_and_text_are_named() -> None:
    x, y = blobs(10)
    with pytest.raises(ShapeError, match="x of length 10, y of length 9"): network().fit(x, y[:9])
    with pytest.raises(ShapeError, match="no examples"): network().fit(x[:0], y[:0])
    with pytest.raises(ShapeError, match="sample_weight of length 3"): network().fit(x, y, sample_weight=np.ones(3))
    with pytest.raises(TypeError, match="x must hold numbers, received dtype <U1"): network().fit([["a"]], y[:1])
    with pytest.raises(SettingError, match="without any"): network().fit(x[:1], y[:1], validation_split=0.5)
    with pytest.raises(SettingError, match="share between 0 and 1"): network().fit(x, y, validation_split=1.5)
    with pytest.raises(SettingError, match="no weight for class"): network().fit(x, y, class_weight={0: 1.0})
    with pytest.raises(TypeError, match="validation_data"): network().fit(x, y, validation_data=x)
    with pytest.raises(ValueError, match="batch_size=0"): network().fit(x, y, batch_size=0)
    with pytest.raises(RuntimeError, match=r"fit\(\) needs a loss.*compile"): Sequential([Dense(3)]).fit(x, y)
    with pytest.raises(RuntimeError, match=r"evaluate\(\) needs a loss"): Sequential([Dense(3)]).evaluate(x, y)


def test_labels_out_of_range_are_named_before_the_first_step() -> None:
    x, y = blobs(200)
    y[137] = 3
    model = network()
    with pytest.raises(ValueError, match=r"y\[137\] is 3; with 3 outputs the labels are 0 to 2. 1 of 200"):
        model.fit(x, y)
    assert model.optimizer.time == 0
    binary = Sequential([Dense(1, activation="sigmoid")])
    binary.compile("adam", "binary_crossentropy")
    with pytest.raises(ValueError, match=r"y\[1, 0\] is 2.* between 0 and 1"): binary.fit(x[:2], np.array([[0], [2]]))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_in_the_inputs_is_named_with_its_row(bad: float) -> None:
    x, y = blobs(50)
    x[31, 1] = bad
    with warnings.catch_warnings(), pytest.raises(ValueError, match=r"x\[31, 1\] is (nan|inf); 1 of the 50 examples"):
        warnings.simplefilter("ignore", RuntimeWarning)          # NumPy's own, of inf - inf
        network().fit(x, y, batch_size=50)
    model = network()
    model(blobs(3)[0])
    with warnings.catch_warnings(), pytest.raises(ValueError, match=r"x\[31, 1\]"):
        warnings.simplefilter("ignore", RuntimeWarning)
        model.evaluate(x, y)


def test_a_loss_that_explodes_stops_training_with_a_warning() -> None:
    x, y = blobs(64)
    model = Sequential([Dense(8), Dense(1)], seed=0)
    model.compile(optim.SGD(1e3), "mse")
    text = r"The loss became (inf|nan) in epoch \d+, step \d+.*largest is in dense.*rate \(it is 1e\+03\)"
    with np.errstate(all="ignore"), pytest.warns(RuntimeWarning, match=text) as caught:
        history = model.fit(x, y[:, None], epochs=50, verbose=0)
    assert caught[0].filename == __file__
    assert len(history.epoch) < 50 and not np.isfinite(history["loss"][-1])
    assert all(np.isfinite(w).all() for w in model.state_dict().values())


def test_a_loss_refuses_to_broadcast() -> None:
    model = Sequential([Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ShapeError, match=r"\(1, 1\).*\(1,\)"): model.fit(np.ones((4, 2)), np.ones(4))


def test_a_frozen_layer_does_not_move_and_nothing_left_to_train_is_an_error() -> None:
    x, y = blobs(30)
    model = network()
    model(x)
    model.layers[0].trainable = False
    before = model.state_dict()
    model.fit(x, y, verbose=0)
    moved = {k for k, v in model.state_dict().items() if not np.array_equal(v, before[k])}
    assert moved and not any(k.startswith("dense.") for k in moved)
    model.trainable = False
    with pytest.raises(ValueError, match="frozen"): model.fit(x, y, verbose=0)


# ------------------------------------------------------------ memory

def test_data_are_cast_batch_by_batch() -> None:
    x, y = np.zeros((20_000, 100)), np.zeros((20_000, 1))        # 16 MB; as float32 it would be 8 more
    model = Sequential([Dense(1)], seed=0)
    model.compile("sgd", "mse")
    model.fit(x[:64], y[:64], verbose=0)
    tracemalloc.start()
    model.fit(x, y, verbose=0)
    model.evaluate(x, y, verbose=0)
    model.predict(x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2e6


# ------------------------------------------------------------ images

def test_the_briefs_network_runs_on_images_as_they_come() -> None:
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (40, 28, 28)).astype(np.uint8), rng.integers(0, 10, 40).astype(np.uint8)
    model = Sequential([Conv2D(32, (3, 3), activation="relu", input_shape=(28, 28, 1)), MaxPooling2D((2, 2)), Flatten(),
                        Dense(128, activation="relu"), Dense(10, activation="softmax")], seed=0)
    assert model.count_params() == 693_962
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(images / 255.0, labels, batch_size=8, epochs=8, verbose=0)
    assert history["loss"][-1] < 0.5 * history["loss"][0] and history["accuracy"][-1] > 0.8
    assert model.predict(images).shape == (40, 10)
    assert all(p.dtype == np.float32 and p.grad.dtype == np.float32 for p in model.parameters())


def test_the_loop_knows_no_layer() -> None:
    import ast
    for path in Path(train.__file__).parent.glob("*.py"):
        imported = [n.module or "" for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.ImportFrom)]
        assert not any(m.startswith("tinyfm.nn") for m in imported)
