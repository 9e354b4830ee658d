"""Model and Sequential."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinyfm as fm
from tests.nn.test_layers import plain
from tinyfm.engine import leaf
from tinyfm.errors import SettingError
from tinyfm.nn import (
    Activation,
    Conv1D,
    Conv2D,
    Dense,
    Embedding,
    Flatten,
    GlobalAveragePooling1D,
    MaxPooling1D,
    MaxPooling2D,
    Model,
    Sequential,
)
from tinyfm.nn.fusion import ConvReluPool, steps

SUMMARY = """\
Model: "digits"
Layer (type)                    Output Shape            Param #
───────────────────────────────────────────────────────────────
conv2d (Conv2D)                 (None, 26, 26, 32)          320
max_pooling2d (MaxPooling2D)    (None, 13, 13, 32)            0
flatten (Flatten)               (None, 5408)                  0
dense (Dense)                   (None, 128)             692,352
dense_1 (Dense)                 (None, 10)                1,290
───────────────────────────────────────────────────────────────
Total params: 693,962 (2.65 MB)
Trainable params: 693,962
Non-trainable params: 0"""


def brief(**options: Any) -> Sequential:
    return Sequential([Conv2D(32, (3, 3), activation="relu", input_shape=(28, 28, 1)), MaxPooling2D((2, 2)), Flatten(),
                       Dense(128, activation="relu"), Dense(10, activation="softmax")], **options)


def test_the_briefs_network_in_a_table(capsys: Any) -> None:
    brief(name="digits").summary()
    assert capsys.readouterr().out == SUMMARY + "\n"
    lines: list[str] = []
    model = brief()
    model.layers[0].trainable = False
    model.summary(print_fn=lines.append)
    assert "Trainable params: 693,642\nNon-trainable params: 320" in lines[0]


def test_sequential_is_composition() -> None:
    x = np.random.default_rng(0).standard_normal((3, 4))
    a, b = Dense(5, "tanh"), Dense(2)
    model = Sequential([a, b], seed=0)
    np.testing.assert_array_equal(model(x).data, b(a(x)).data)
    model.add(Activation(fm.exp))
    np.testing.assert_array_equal(model(x).data, np.exp(b(a(x)).data))
    assert model.layers[:2] == [a, b] and [n for n, _ in model.children()] == ["dense", "dense_1", "activation"]


def test_open_axes_stay_open() -> None:
    model = Sequential([Embedding(9, 4, input_shape=(None,)), Conv1D(5, 3), GlobalAveragePooling1D(), Dense(2)])
    assert [layer.output_shape for layer in model.layers] == [(None, None, 4), (None, None, 5), (None, 5), (None, 2)]
    assert model(np.ones((2, 7), int)).shape == (2, 2) and model(np.ones((2, 30), int)).shape == (2, 2)


def test_a_model_may_have_several_inputs() -> None:
    class Distance(Model):
        def __init__(self) -> None:
            super().__init__(seed=0)
            self.embed = Dense(4)

        def call(self, a: Any, b: Any) -> Any: return fm.sum(fm.square(self.embed(a) - self.embed(b)), axis=-1)

    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 40, 3))
    model = Distance()
    model.compile("adam", "mse")
    history = model.fit((a, b), np.ones(40), epochs=20, verbose=0)
    assert history["loss"][-1] < history["loss"][0] and model.predict((a, b)).shape == (40,)


def test_float64_all_the_way() -> None:
    model = Sequential([Dense(3, "relu"), Dense(1)], dtype="float64", seed=0)
    model.compile("adam", "mse")
    model.fit(np.ones((8, 2), np.float32), np.ones((8, 1)), verbose=0)
    assert all(p.dtype == np.float64 for p in model.parameters()) and model.predict(np.ones((1, 2))).dtype == np.float64


@pytest.mark.parametrize("call, kind, words", [
    (lambda: Sequential([lambda x: x]), TypeError, r"Activation\(function\)"),
    (lambda: Sequential([Dense(1, name="a"), Dense(1, name="a")]), ValueError, "Two layers are called 'a'"),
    (lambda: brief().compile(loss="mse", metrics=["accurracy"]), ValueError, "'accurracy'.*accuracy"),
    (lambda: brief().compile("adam", "mze"), SettingError, "'mze'.*mse"),
    (lambda: brief().compile("adan", "mse"), SettingError, "'adan'.*adam"),
])
def test_mistakes_are_named(call: Any, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words): call()


# ------------------------------------------------------------ two layers as one op

pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


@settings(max_examples=25, deadline=None, derandomize=True)
@given(kernel=pairs, strides=pairs, pool=pairs, padding=st.sampled_from(["valid", "same"]), channels=st.integers(1, 3),
       size=st.tuples(st.integers(9, 13), st.integers(9, 13)), seed=st.integers(0, 99))
def test_layers_as_one_op_are_the_layers(kernel: Any, strides: Any, pool: Any, padding: str, channels: int, size: Any,
                                         seed: int) -> None:
    model = Sequential([Conv2D(3, kernel, strides, padding, activation="relu", bias_initializer="normal"),
                        MaxPooling2D(pool), Flatten(), Dense(2)], seed=seed, dtype="float64")
    x = np.random.default_rng(seed).standard_normal((4, *size, channels))
    model(x)
    assert [type(step) for step in steps(model.layers)] == [ConvReluPool, Flatten, Dense]

    def results(call: Any) -> list[np.ndarray]:
        source = leaf(x)
        for p in model.parameters(): p.grad = None
        y = call(source)
        (y * y).sum().backward()
        return [plain(y), *(t.grad for t in (source, *model.parameters()))]  # type: ignore[misc]

    def one_by_one(t: Any) -> Any:
        for layer in model.layers: t = layer(t)
        return t

    for a, b in zip(results(model), results(one_by_one)): np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-10)


def test_in_one_dimension_too() -> None:
    model = Sequential([Conv1D(3, 3, activation="relu"), MaxPooling1D(2)], seed=0)
    x = np.random.default_rng(0).standard_normal((2, 9, 2))
    first = model(x)
    assert [type(step) for step in steps(model.layers)] == [ConvReluPool]
    np.testing.assert_allclose(model(x).data, first.data, rtol=1e-6)


@pytest.mark.parametrize("conv, pool", [
    (Conv2D(3, 3, activation="tanh"), MaxPooling2D(2)), (Conv2D(3, 3, activation="relu"), MaxPooling2D(3, strides=2)),
    (Conv2D(3, 3, activation="relu"), MaxPooling2D(2, padding="same")),
    (Conv2D(4, 3, activation="relu", groups=2), MaxPooling2D(2)),
    (Conv2D(3, 3, activation="relu", use_bias=False), MaxPooling2D(2))])
def test_others_stay_two(conv: Any, pool: Any) -> None:
    Sequential([conv, pool])(np.zeros((1, 9, 9, 2)))
    assert list(steps([conv, pool])) == [conv, pool]


def test_a_wrong_shape_is_refused_by_the_pairs_first_layer() -> None:
    with pytest.raises(ValueError, match=r'Conv2D "conv2d" \(layer 1 of Sequential\) expects \(batch, .*, 1\)'):
        brief()(leaf(np.zeros((2, 28, 28, 3))))
