"""Layers: names, weights, seeds, modes, errors."""
from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinyfm as fm
from tinyfm.engine import Tensor, leaf
from tinyfm.errors import SettingError, ShapeError
from tinyfm.nn import (
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    Layer,
    Model,
    Reshape,
    Sequential,
)
from tinyfm.nn.module import snake_case
from tinyfm.nn.shapes import fits


class Scale(Layer):
    """A layer that does not call super().__init__, has a weight of its own making and a list of layers."""

    def __init__(self) -> None:
        self.factor = leaf(np.array([2.0], np.float32))
        self.blocks = [[Dense(3)], (Dense(3),)]
        self.heads = {"left": Dense(2)}

    def call(self, x: Any) -> Any:
        for block, in self.blocks: x = block(x) * self.factor
        return self.heads["left"](x)


class Both(Model):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.scale, self.tail = Scale(), Sequential([Dense(4, name="first"), Dense(4)])
        self.again = self.tail                   # the same layer under two names

    def call(self, x: Any) -> Any: return self.tail(fm.concat([self.scale(x), x[:, :1]], axis=1))


NAMES = ["scale.factor", "scale.blocks.0.0.kernel", "scale.blocks.0.0.bias",
         "scale.blocks.1.0.kernel", "scale.blocks.1.0.bias",
         "scale.heads.left.kernel", "scale.heads.left.bias", "tail.first.kernel", "tail.first.bias",
         "tail.dense.kernel", "tail.dense.bias"]
X = np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32)


def test_every_weight_is_found_once_under_its_path() -> None:
    model = Both(seed=0)
    model(X)
    assert [name for name, _ in model.named_parameters()] == NAMES
    assert [w.name for _, w in model.named_parameters()] == NAMES
    assert [path for path, _ in model.named_layers()] == [
        "", "scale", "scale.blocks.0.0", "scale.blocks.1.0", "scale.heads.left", "tail", "tail.first", "tail.dense"]
    assert model.layers == [model.scale, model.tail, model.tail]


def test_a_weight_that_two_layers_share_comes_once_and_learns_from_both() -> None:
    class Tied(Model):
        def __init__(self) -> None:
            super().__init__(seed=0)
            self.there, self.back = Dense(3, use_bias=False), Dense(3, use_bias=False)

        def call(self, x: Any) -> Any:
            y = self.there(x)
            self.back(y)                         # builds it
            self.back.kernel = self.there.kernel
            return self.back(y)

    model = Tied()
    model(X).sum().backward()
    (name, kernel), = model.named_parameters()
    ones = np.ones((5, 3), np.float32)
    assert name == "there.kernel" and model.count_params() == 9 and kernel.grad is not None
    np.testing.assert_allclose(kernel.grad, X.T @ (ones @ kernel.data.T) + (X @ kernel.data).T @ ones, rtol=1e-5)


def test_weights_are_there_only_after_the_first_batch() -> None:
    with pytest.raises(ValueError, match=r'Dense "d" has no weights yet.*input_shape'): Dense(3, name="d").parameters()
    model = Sequential([Dense(3), Dense(2)])
    with pytest.raises(ValueError, match="no weights yet"): model.state_dict()
    assert "not built yet" in repr(model)
    assert len(Sequential([Dense(3, input_shape=(4,)), Dense(2)]).parameters()) == 4


# ------------------------------------------------------------ seeds

def weights(model: Model) -> list[np.ndarray]:
    model(X)
    return [w.data for _, w in model.named_weights()]


def equal(a: list[np.ndarray], b: list[np.ndarray]) -> bool: return all(np.array_equal(x, y) for x, y in zip(a, b))


def test_the_seed_decides_every_weight() -> None:
    assert equal(weights(Both(seed=3)), weights(Both(seed=3)))
    assert not equal(weights(Both(seed=3)), weights(Both(seed=4)))
    assert not equal(weights(Both()), weights(Both()))
    unseeded = Both()
    first = weights(unseeded)
    assert equal(first, weights(Both(seed=unseeded.seed)))


def test_equal_layers_of_one_model_begin_differently() -> None:
    model = Sequential([Dense(3), Dense(3), Dense(3)], seed=0)
    model(X)
    a, b, c = (w.data for name, w in model.named_weights() if name.endswith("kernel"))
    assert not np.array_equal(a, b) and not np.array_equal(b, c)


def test_a_weight_depends_on_its_path_not_on_its_neighbours() -> None:
    short, long = (Sequential([Dense(3), *more], seed=0) for more in ([], [Dense(7), Dropout(0.5)]))
    assert equal(weights(short), weights(long)[:2])


def test_a_layers_own_seed_wins() -> None:
    a, b = (Sequential([Dense(3, seed=5)], seed=s) for s in (1, 2))
    assert equal(weights(a), weights(b))


def test_nothing_global_is_touched() -> None:
    np.random.seed(0)  # noqa: NPY002
    before, errors = np.random.get_state()[1].copy(), np.geterr()  # type: ignore[index, union-attr]  # noqa: NPY002
    model = Sequential([Dense(3), Dropout(0.5)])
    model(X, training=True)
    assert np.array_equal(before, np.random.get_state()[1]) and np.geterr() == errors  # type: ignore[index]  # noqa: NPY002


# ------------------------------------------------------------ training and inference

class Asks(Layer):
    def call(self, x: Any, training: bool) -> Any:
        self.seen = training
        return x


class Nested(Model):
    def __init__(self) -> None:
        super().__init__()
        self.inner = Sequential([Asks()])

    def call(self, x: Any) -> Any: return self.inner(x)


def test_training_reaches_layers_that_ask_and_ends_with_the_call() -> None:
    model = Nested()
    asks = model.inner.layers[0]
    for training, seen in ((True, True), (False, False), (None, False)):
        model(X, training=training)
        assert asks.seen is seen  # type: ignore[attr-defined]


def test_training_ends_with_an_exception_and_stays_in_its_thread() -> None:
    class Breaks(Layer):
        def call(self, x: Any, training: bool) -> Any: raise KeyError("inside")
    with pytest.raises(KeyError): Breaks()(X, training=True)
    asks = Asks()
    asks(X)
    assert asks.seen is False

    class Elsewhere(Layer):
        def call(self, x: Any) -> Any:
            thread = threading.Thread(target=lambda: asks(X))
            thread.start()
            thread.join()
            return x
    Elsewhere()(X, training=True)
    assert asks.seen is False


@settings(deadline=None, derandomize=True, max_examples=20)
@given(rate=st.floats(0.05, 0.95))
def test_dropout_keeps_the_mean_and_its_share(rate: float) -> None:
    layer, x = Dropout(rate, seed=0), np.ones((100, 1000), np.float32)
    y = layer(x, training=True)
    assert set(np.unique(y)) == {np.float32(0), np.float32(1) * np.float32(1 / (1 - rate))}
    assert np.mean(y == 0) == pytest.approx(rate, abs=0.01)      # 100,000 draws: deviation at most 0.0016
    assert np.mean(y) == pytest.approx(1, abs=6 * np.sqrt(rate / (1 - rate) / 1e5))
    assert not np.array_equal(y, layer(x, training=True))
    np.testing.assert_array_equal(layer(x), x)


def test_batch_normalisation_moves_towards_what_it_sees() -> None:
    layer, rng = BatchNormalization(momentum=0.9, dtype="float64"), np.random.default_rng(0)
    x = 3 + 2 * rng.standard_normal((1000, 4))
    y = layer(x, training=True)
    np.testing.assert_allclose(y.data.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(y.data.var(0), 1, rtol=1e-3)
    np.testing.assert_allclose(layer.moving_mean.data, 0.1 * x.mean(0))
    np.testing.assert_allclose(layer.moving_variance.data, 0.9 + 0.1 * x.var(0))
    for _ in range(200): layer(x, training=True)
    np.testing.assert_allclose(layer(x).data, y.data, atol=1e-6)
    before = layer.state_dict()
    layer(10 * x)
    layer.trainable = False
    layer(10 * x, training=True)
    assert all(np.array_equal(v, before[k]) for k, v in layer.state_dict().items())


# ------------------------------------------------------------ freezing

def test_a_frozen_layer_is_a_constant_until_it_thaws() -> None:
    model = Both(seed=0)
    model(X)
    model.scale.trainable = False
    assert [n for n, _ in model.named_parameters()] == [n for n in NAMES if not n.startswith("scale")]
    assert [n for n, _ in model.named_buffers()] == [n for n in NAMES if n.startswith("scale")]
    assert not model.scale(X).requires_grad and model(X).requires_grad
    model.scale.trainable = True
    model(X).sum().backward()
    assert all(p.grad is not None for p in model.parameters()) and len(model.parameters()) == len(NAMES)


def test_frozen_from_the_start() -> None:
    layer = Dense(3, trainable=False)
    assert not layer(X).requires_grad and layer.parameters() == [] and layer.count_params() == 12


# ------------------------------------------------------------ weights in and out

def test_state_goes_round_and_is_a_copy() -> None:
    a, b = Both(seed=1), Both(seed=2)
    a(X), b(X)
    state = a.state_dict()
    b.load_state_dict(state)
    np.testing.assert_array_equal(a(X).data, b(X).data)
    state["scale.factor"][...] = 7
    assert b.scale.factor.data != 7 and a.scale.factor.data != 7


def test_weights_that_do_not_fit_are_all_named() -> None:
    model = Sequential([Dense(3), Dense(2)], seed=0)
    model(X)
    state, before = model.state_dict(), model.state_dict()
    del state["dense.bias"]
    state["extra"], state["dense_1.kernel"] = np.zeros(2), np.zeros((2, 3))
    state["dense.kernel"] = state["dense.kernel"] + 1
    with pytest.raises(ValueError) as caught: model.load_state_dict(state)
    text = str(caught.value)
    for part in ("missing: dense.bias (3,)", "unknown: extra (2,)", "dense_1.kernel has shape (2, 3), expected (3, 2)"):
        assert part in text
    assert all(np.array_equal(v, before[k]) for k, v in model.state_dict().items())      # all or nothing


# ------------------------------------------------------------ shapes

def message(call: Any, kind: type[Exception] = ShapeError) -> str:
    with pytest.raises(kind) as caught: call()
    return str(caught.value)


def test_the_error_of_the_style_guide() -> None:
    model = Sequential([Flatten(), Dense(10, name="hidden")])
    model(np.zeros((32, 128), np.float32))
    assert message(lambda: model(np.zeros((32, 64)))).startswith(
        'Dense "hidden" (layer 2 of Sequential) expects (..., 128), received x of shape (32, 64). '
        "Its kernel was built as (128, 10) from the first batch.\n  at " + __file__)


def test_where_a_layer_stands_in_a_model_of_ones_own() -> None:
    model = Both(seed=0)
    model(X)
    text = message(lambda: model.tail(np.zeros((2, 9))))
    assert text.startswith('Dense "first" (layer 1 of Sequential) expects (..., 3), received x of shape (2, 9).')
    text = message(lambda: model.scale.blocks[1][0](np.zeros((2, 9))))
    assert text.startswith('Dense "blocks.1.0" (blocks.1.0 of Scale)')
    ready = Sequential([Dense(2, input_shape=(3,))])
    assert "Its kernel was built as (3, 2) from input_shape." in message(lambda: ready(np.zeros((2, 9))))


def test_an_op_that_refuses_names_the_layer_around_it_once() -> None:
    class Wrong(Layer):
        def call(self, x: Any) -> Any: return fm.matmul(x, np.zeros((7, 2), np.float32))
    text = message(lambda: Sequential([Sequential([Wrong(name="odd")])])(X))
    assert text.startswith('Wrong "odd" (layer 1 of Sequential): matmul: ') and text.count("Wrong") == 1
    assert __file__ in text


def test_grey_images_get_their_channel_and_others_a_hint() -> None:
    images = np.zeros((2, 8, 8))
    assert Sequential([Conv2D(3, 3, input_shape=(8, 8, 1))])(images).shape == (2, 6, 6, 3)
    text = message(lambda: Sequential([Conv2D(3, 3)])(images))
    assert "expects (batch, height, width, channels), received x of shape (2, 8, 8)" in text and "x[..., None]" in text
    assert "received x of shape (8, 8)" in message(lambda: Sequential([Conv2D(3, 3, input_shape=(8, 8, 1))])(images[0]))


@pytest.mark.parametrize("expects, shape, ok", [
    ((..., 3), (3,), True), ((..., 3), (1, 2, 3), True), ((..., 3), (2,), False), ((..., 3), (), False),
    (("batch", 4), (9, 4), True), (("batch", 4), (9, 9, 4), False), (("batch", 4), (4,), False)])
def test_fits(expects: Any, shape: Any, ok: bool) -> None: assert fits(expects, shape) is ok


@pytest.mark.parametrize("name, snake", [("MaxPooling2D", "max_pooling2d"), ("Dense", "dense"), ("LSTM", "lstm"),
                                         ("ReLU", "relu"), ("Conv2DTranspose", "conv2d_transpose")])
def test_names(name: str, snake: str) -> None: assert snake_case(name) == snake


# ------------------------------------------------------------ mistakes in arguments

@pytest.mark.parametrize("call, words", [
    (lambda: Dense(0), "Dense: units must be an integer of at least 1, received 0"),
    (lambda: Dense(2.5), "units.*2.5"),  # type: ignore[arg-type]
    (lambda: Dense(True), "units.*True"),
    (lambda: Dense(3, activation="rellu"), r"'rellu'.*relu, leaky_relu"),
    (lambda: Dense(3, kernel_initializer="he"), r"'he'.*he_normal"),
    (lambda: Dropout(1.0), "probability below 1"),
    (lambda: Conv2D(3, (3, 3, 3)), r"kernel_size must be one integer or 2 of them, received \(3, 3, 3\)"),
    (lambda: Conv2D(3, 3, padding="full"), "padding must be 'valid' or 'same', received 'full'"),
    (lambda: Conv2D(4, 3, groups=3)(np.zeros((1, 5, 5, 2))), "2 channels in and 4 out do not both divide into 3"),
    (lambda: Embedding(3, 0), "output_dim"),
])
def test_wrong_arguments_are_named(call: Any, words: str) -> None:
    with pytest.raises(SettingError, match=words): call()


def test_other_mistakes_are_named() -> None:
    with pytest.raises(TypeError, match="unit"): Dense(unit=3)  # type: ignore[call-arg]
    with pytest.raises(NotImplementedError, match="Layer has no call"): Layer()(X)
    with pytest.raises(ShapeError, match=r"Embedding.*0 \.\.\. 2; received 0 to 3"): Embedding(3, 2)(np.array([0, 3]))
    with pytest.raises(ShapeError, match="ids must be integers"): Embedding(3, 2)(np.array([0.5]))
    with pytest.raises(ShapeError, match=r"3 elements .*shape \(3,\), do not fill \(2, -1\)"): Reshape((2, -1))(X)


def test_arrays_in_an_unweighted_layer_stay_arrays() -> None:
    assert isinstance(Activation("relu")(X), np.ndarray) and isinstance(Activation("relu")(Tensor(X)), Tensor)
