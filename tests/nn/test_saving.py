"""Models in files.  What save and load keep is in test_layers and test_train; here is what they refuse."""
from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinyfm import checkpoint, optim, schedules
from tinyfm.errors import FormatError
from tinyfm.nn import BatchNormalization, Dense, Dropout, Huber, Layer, Model, Sequential, load_model

X = np.random.default_rng(0).standard_normal((6, 3))


def model(**compiled: Any) -> Sequential:
    inner = Sequential([BatchNormalization(), Dropout(0.5)], name="inner")
    net = Sequential([Dense(4, "relu"), inner, Dense(1)], seed=1)
    net.compile(**{"optimizer": optim.Adam(schedules.CosineDecay(0.1, 50), clipnorm=2.0), "loss": Huber(0.7),
                   "metrics": ["mae"]} | compiled)
    net.fit(X, np.ones((6, 1)), verbose=0)
    return net


def test_everything_comes_back(tmp_path: Path) -> None:
    net = model()
    net.save(tmp_path / "m.safetensors")
    again = load_model(tmp_path / "m.safetensors")
    assert again.loss.delta == 0.7 and list(again.metrics) == ["mae"] and again.optimizer.time == 1
    assert again.optimizer.clipnorm == 2.0 and again.optimizer.learning_rate == schedules.CosineDecay(0.1, 50)
    assert (again.seed, again.epoch) == (net.seed, net.epoch) == (1, 1)
    tables: list[str] = []
    for m in (net, again): m.summary(tables.append)
    assert tables[0] == tables[1]
    assert {w.name for _, w in again.named_weights()} == set(net.state_dict())


def test_the_weights_lie_under_their_names_for_any_reader(tmp_path: Path) -> None:
    net = model()
    net.save(tmp_path / "m.safetensors")
    arrays, _ = checkpoint.load(tmp_path / "m.safetensors")
    assert all(np.array_equal(arrays[name], value) for name, value in net.state_dict().items())
    assert "inner.batch_normalization.gamma" in arrays and "training.optimizer.arrays.dense.kernel.m" in arrays


class Double(Layer):
    """A layer of one's own."""

    def __init__(self, times: float = 2.0, **options: Any) -> None:
        super().__init__(**options)
        self.times = times

    def build(self, input_shape: Any) -> None: self.shift = self.weight("ones", input_shape[-1:])
    def call(self, x: Any) -> Any: return x * self.times + self.shift


def test_a_layer_of_ones_own_is_named_to_the_loader(tmp_path: Path) -> None:
    net = Sequential([Dense(2), Double(3.0)])
    net(X)
    net.save(tmp_path / "m.npz")
    again = load_model(tmp_path / "m.npz", custom_objects={"Double": Double})
    np.testing.assert_array_equal(net.predict(X), again.predict(X))
    with pytest.raises(FormatError, match=r"no layer 'Double'.*custom_objects"): load_model(tmp_path / "m.npz")


class Net(Model):
    def __init__(self) -> None:
        super().__init__(seed=1)
        self.out = Dense(1)

    def call(self, x: Any) -> Any: return self.out(x)


class Forgetful(Layer):
    def __init__(self, times: float) -> None:
        super().__init__()
        self.factor = times

    def call(self, x: Any) -> Any: return x * self.factor


@pytest.mark.parametrize("make, reason", [
    (Net, "Net is your own code"),
    (lambda: Sequential([Dense(2, seed=0), Forgetful(2.0)]), "Forgetful keeps no attribute 'times'"),
    (lambda: Sequential([Dense(2, activation=lambda x: x)]), "function of your own"),
])
def test_what_no_file_can_hold_is_restored_into_a_model_made_by_hand(make: Any, reason: str, tmp_path: Path) -> None:
    net, again = make(), make()
    net(X), again(X)
    net.save(tmp_path / "m.npz")
    with pytest.raises(FormatError, match=rf"{reason}.*restore\(path\)"): load_model(tmp_path / "m.npz")
    again.restore(tmp_path / "m.npz")
    np.testing.assert_array_equal(net.predict(X), again.predict(X))


def test_weights_alone(tmp_path: Path) -> None:
    net, other = model(), model()
    net.save_weights(tmp_path / "w.npz")
    net.save(tmp_path / "m.npz")
    with pytest.raises(FormatError, match=r"not written by Model\.save.*load_weights"): load_model(tmp_path / "w.npz")
    for name in ("w.npz", "m.npz"):
        for w in other.parameters(): w.data += 1
        other.load_weights(tmp_path / name)
        np.testing.assert_array_equal(net.predict(X), other.predict(X))
    smaller = Sequential([Dense(2)])
    smaller(X)
    with pytest.raises(ValueError, match=r"dense.kernel has shape \(3, 4\), expected \(3, 2\)"):
        smaller.load_weights(tmp_path / "w.npz")


@pytest.mark.parametrize("own", [{"loss": lambda t, y: (y - t) ** 2}, {"optimizer": optim.SGD(lambda step: 0.1)}])
def test_functions_of_ones_own_are_left_out_and_said_so_by_fit(own: Any, tmp_path: Path) -> None:
    net = model(**own, metrics=["mae", lambda t, y: 0.0])
    net.save(tmp_path / "m.npz")
    again = load_model(tmp_path / "m.npz")
    np.testing.assert_array_equal(net.predict(X), again.predict(X))
    with pytest.raises(RuntimeError, match="needs a loss"): again.fit(X, np.ones((6, 1)))


def test_a_metric_of_ones_own_is_left_out(tmp_path: Path) -> None:
    net = model(metrics=["mae", lambda t, y: 0.5])
    assert list(net.metrics.values())[1](0, 0) == 0.5
    net.save(tmp_path / "m.npz")
    assert list(load_model(tmp_path / "m.npz").metrics) == ["mae"]


# ------------------------------------------------------------ forged files

def forged(change: Any, path: Path) -> Path:
    """A sound file whose description has been changed."""
    model().save(path)
    arrays, metadata = checkpoint.load(path)
    found = json.loads(metadata["architecture"])
    found = change(found, arrays) or found
    checkpoint.save(path, arrays, metadata | {"architecture": found if isinstance(found, str) else json.dumps(found)})
    return path


def layer(found: Any, i: int = 0) -> Any: return found["config"]["layers"][i]["config"]


FORGERIES: dict[str, Any] = {
    "no JSON": lambda f, a: "{",
    "a list": lambda f, a: "[]",
    "deep": lambda f, a: "[" * 100_000,
    "no class": lambda f, a: {"config": {}},
    "unknown class": lambda f, a: f.update({"class": "os.system"}),
    "not a layer": lambda f, a: f.update({"class": "Loss"}),
    "abstract": lambda f, a: f.update({"class": "Layer"}),
    "unknown argument": lambda f, a: layer(f).update({"unit": 3}),
    "too many units": lambda f, a: layer(f).update({"units": 10**12}),
    "a little too large": lambda f, a: layer(f).update({"units": 10**5}),
    "more units": lambda f, a: layer(f).update({"units": 5}),
    "negative units": lambda f, a: layer(f).update({"units": -1}),
    "text for units": lambda f, a: layer(f).update({"units": "4"}),
    "no shapes": lambda f, a: f.pop("shapes") and None,
    "huge shape": lambda f, a: f["shapes"].update({"dense": [[10**12], None]}),
    "bad shape": lambda f, a: f["shapes"].update({"dense": "abc"}),
    "no shape of one": lambda f, a: f["shapes"].pop("dense") and None,
    "bad activation": lambda f, a: layer(f).update({"activation": "eval"}),
    "bad initialiser": lambda f, a: layer(f).update({"kernel_initializer": {"class": "Path"}}),
    "bad dtype": lambda f, a: f["config"].update({"dtype": "object"}),
    "complex": lambda f, a: f["config"].update({"dtype": "complex128"}),
    "bad optimiser": lambda f, a: f["compile"]["optimizer"].update({"class": "Optimizer"}),
    "bad rate": lambda f, a: f["compile"]["optimizer"].update({"learning_rate": "fast"}),
    "bad loss": lambda f, a: f["compile"]["loss"].update({"class": "Function"}),
    "bad metric": lambda f, a: f["compile"].update({"metrics": ["exec"]}),
    "missing array": lambda f, a: a.pop("dense.kernel") is None or None,
    "extra array": lambda f, a: a.update({"evil": np.zeros(3)}),
    "missing state": lambda f, a: a.pop("training.optimizer.arrays.dense.kernel.m") is None or None,
    "wide input": lambda f, a: f["config"].update({"input_shape": [10**6, 10**6]}),
    "wide layer input": lambda f, a: layer(f).update({"input_shape": [10**6, 10**6]}),
}
HARMLESS = {"wide input", "wide layer input"}


@pytest.mark.parametrize("name", FORGERIES)
@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_a_forged_description_is_one_clear_error_and_quick(name: str, suffix: str, tmp_path: Path) -> None:
    path = forged(FORGERIES[name], tmp_path / f"m.{suffix}")
    started = time.perf_counter()
    if name in HARMLESS:
        load_model(path)
    else:
        with pytest.raises(FormatError) as caught: load_model(path)
        assert path.name in str(caught.value)
        if name in ("too many units", "a little too large", "huge shape"):
            assert "more weights than the file holds" in str(caught.value)
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize("state, words", [({"seed": -1}, "seed is -1"), ({"epoch": "two"}, "epoch is 'two'"),
                                          ({"random": {"inner.dropout": {"bit_generator": "PCG64"}}}, "m.npz"),
                                          ({"random": 3}, "m.npz")])
def test_a_forged_state_is_one_clear_error(state: Any, words: str, tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    model().save(path)
    arrays, metadata = checkpoint.load(path)
    told = checkpoint.unflatten({k: v for k, v in arrays.items() if k.startswith("training.")}, metadata)
    more, text = checkpoint.flatten({"training": told["training"] | state})
    checkpoint.save(path, {k: v for k, v in arrays.items() if not k.startswith("training.")} | more, metadata | text)
    with pytest.raises(FormatError, match=words): load_model(path)


def test_a_torn_file(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    model().save(path)
    whole = path.read_bytes()
    for cut in (0, 7, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(FormatError, match=r"m\.safetensors"): load_model(path)


def test_a_model_that_was_compiled_and_never_trained_is_saved_and_trained_later(tmp_path):
    net = Sequential([Dense(3, input_shape=(2,))], seed=0)
    net.compile("adam", "mean_squared_error")
    net.save(tmp_path / "new.npz")
    again = load_model(tmp_path / "new.npz")
    x = np.ones((4, 2), np.float32)
    assert np.array_equal(again.predict(x), net.predict(x))
    again.fit(x, np.ones((4, 3)), verbose=0)
