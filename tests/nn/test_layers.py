"""Every layer obeys every law; a new layer is tested by one more line."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tinyfm.nn as nn
from tests import laws
from tinyfm.engine import Tensor, leaf
from tinyfm.errors import ShapeError
from tinyfm.nn import Sequential, load_model
from tinyfm.nn.saving import layer_config, layer_from


class Example(NamedTuple):
    """A layer, the shape of one input and one output, and how many numbers its weights hold."""

    kind: str
    options: dict[str, Any]
    input: tuple[int, ...]
    output: tuple[int, ...]
    weights: int = 0
    wrong: tuple[int, ...] | None = None         # an input that it must refuse
    integers: int = 0                            # the input is integers below this

    def layer(self, **more: Any) -> Any: return getattr(nn, self.kind)(**self.options, **more)

    def batch(self, n: int, seed: int, dtype: Any = np.float64) -> np.ndarray:
        rng = np.random.default_rng(seed)
        if self.integers: return rng.integers(0, self.integers, (n, *self.input))
        return rng.standard_normal((n, *self.input)).astype(dtype)


EXAMPLES = [
    Example("Dense", {"units": 5, "activation": "tanh"}, (3,), (5,), 20, wrong=(4,)),
    Example("Dense", {"units": 2, "use_bias": False, "activation": "softmax"}, (4, 3), (4, 2), 6, wrong=(4, 2)),
    Example("Dense", {"units": 4, "activation": "relu", "bias_initializer": "uniform"}, (3,), (4,), 16, wrong=()),
    Example("Activation", {"activation": "gelu"}, (3, 2), (3, 2)),
    Example("Activation", {"activation": "sigmoid"}, (3,), (3,)),
    Example("ReLU", {"max_value": 1.0, "negative_slope": 0.2}, (7,), (7,)),
    Example("LeakyReLU", {"negative_slope": 0.1}, (7,), (7,)),
    Example("Softmax", {}, (2, 5), (2, 5)),
    Example("Softmax", {"axis": 1}, (5, 2), (5, 2)),
    Example("Dropout", {"rate": 0.4}, (6, 2), (6, 2)),
    Example("Embedding", {"input_dim": 7, "output_dim": 3}, (4,), (4, 3), 21, integers=7),
    Example("SimpleRNN", {"units": 4}, (3, 2), (4,), 28, wrong=(3,)),
    Example("SimpleRNN", {"units": 3, "return_sequences": True, "use_bias": False}, (4, 2), (4, 3), 15, wrong=(4, 3)),
    Example("LSTM", {"units": 3}, (4, 2), (3,), 72, wrong=(4, 3)),
    Example("LSTM", {"units": 2, "return_sequences": True, "unit_forget_bias": False}, (3, 2), (3, 2), 40),
    Example("GRU", {"units": 3}, (4, 2), (3,), 63, wrong=(4, 1)),
    Example("GRU", {"units": 2, "return_sequences": True, "use_bias": False}, (3, 2), (3, 2), 24),
    Example("MultiHeadAttention", {"num_heads": 2, "key_dim": 3}, (4, 5), (4, 5), 143, wrong=(4, 6)),
    Example("SelfAttention", {"num_heads": 2}, (5, 4), (5, 4), 80, wrong=(5, 6)),
    Example("SelfAttention", {"num_heads": 1, "causal": False, "rotary": True}, (3, 4), (3, 4), 80, wrong=(4,)),
    Example("TransformerBlock", {"num_heads": 2}, (5, 4), (5, 4), 244, wrong=(5, 6)),
    Example("TransformerBlock", {"num_heads": 2, "hidden": 3, "activation": "relu", "dropout": 0.2, "rotary": True},
            (3, 4), (3, 4), 127, wrong=(3, 2)),
    Example("SinusoidalPositions", {}, (5, 4), (5, 4)),
    Example("LearnedPositions", {"length": 5}, (5, 4), (5, 4), 20),
    Example("Flatten", {}, (2, 3, 2), (12,)),
    Example("Reshape", {"target_shape": (3, -1)}, (2, 6), (3, 4), wrong=(2, 5)),
    Example("Permute", {"dims": (2, 1)}, (2, 3), (3, 2)),
    Example("Conv1D", {"filters": 4, "kernel_size": 3, "padding": "same", "strides": 2}, (7, 2), (4, 4), 28, (7, 3)),
    Example("Conv2D", {"filters": 4, "kernel_size": (2, 3), "activation": "tanh"}, (5, 6, 2), (4, 4, 4), 52, (5, 6, 1)),
    Example("Conv2D", {"filters": 4, "kernel_size": 3, "groups": 2, "padding": "same", "dilation_rate": 2,
                       "use_bias": False}, (5, 4, 2), (5, 4, 4), 36, wrong=(5, 4)),
    Example("Conv1DTranspose", {"filters": 2, "kernel_size": 3, "strides": 2}, (4, 3), (9, 2), 20, wrong=(4, 4)),
    Example("Conv2DTranspose", {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same"}, (3, 4, 3), (6, 8, 2),
            56, wrong=(3, 4, 2)),
    Example("MaxPooling1D", {}, (7, 2), (3, 2), wrong=(7,)),
    Example("MaxPooling2D", {"pool_size": (2, 3), "strides": 1}, (4, 5, 2), (3, 3, 2), wrong=(4, 5)),
    Example("MaxPooling2D", {"padding": "same"}, (5, 5, 2), (3, 3, 2), wrong=(5,)),
    Example("AveragePooling1D", {"pool_size": 3, "padding": "same", "strides": 2}, (7, 2), (4, 2), wrong=(7,)),
    Example("AveragePooling2D", {}, (4, 5, 2), (2, 2, 2), wrong=(4, 5)),
    Example("GlobalAveragePooling1D", {}, (4, 3), (3,), wrong=(4,)),
    Example("GlobalAveragePooling2D", {}, (4, 3, 2), (2,), wrong=(4, 3)),
    Example("GlobalMaxPooling1D", {}, (4, 3), (3,), wrong=(4,)),
    Example("GlobalMaxPooling2D", {}, (4, 3, 2), (2,), wrong=(4, 3)),
    Example("ZeroPadding2D", {"padding": ((1, 0), (2, 3))}, (2, 3, 2), (3, 8, 2), wrong=(2, 3)),
    Example("ZeroPadding2D", {"padding": (1, 2)}, (2, 3, 2), (4, 7, 2), wrong=(2, 3)),
    Example("UpSampling2D", {"size": (2, 3)}, (2, 3, 2), (4, 9, 2), wrong=(2, 3)),
    Example("BatchNormalization", {}, (3, 4), (3, 4), 16, wrong=(3, 1)),
    Example("BatchNormalization", {"axis": 1, "scale": False}, (3, 4), (3, 4), 9, wrong=(4, 3)),
    Example("LayerNormalization", {"epsilon": 1e-5}, (3, 4), (3, 4), 8, wrong=(3, 1)),
    Example("LayerNormalization", {"axis": (1, 2), "center": False}, (3, 4), (3, 4), 12, wrong=(3, 5)),
    Example("RMSNormalization", {}, (3, 4), (3, 4), 4, wrong=(3, 1)),
    Example("GroupNormalization", {"groups": 2}, (3, 2, 4), (3, 2, 4), 8, wrong=(3, 2, 2)),
    Example("GroupNormalization", {"groups": -1}, (5, 4), (5, 4), 8, wrong=(5, 1)),
]


def plain(y: Any) -> np.ndarray: return y.data if isinstance(y, Tensor) else y


def name(example: Example) -> str: return f"{example.kind}{example.input}"


each_layer = pytest.mark.parametrize("example", EXAMPLES, ids=name)
few = settings(max_examples=3, deadline=None, derandomize=True, database=None,
               suppress_health_check=[HealthCheck.differing_executors])
sizes, seeds = st.integers(2, 4), st.integers(0, 2**32 - 1)


def test_every_layer_has_an_example() -> None:
    layers = {n for n in nn.__all__ if isinstance(getattr(nn, n), type) and issubclass(getattr(nn, n), nn.Layer)}
    assert layers - {"Layer", "Model", "Sequential"} <= {e.kind for e in EXAMPLES}


@each_layer
@few
@given(n=sizes, seed=seeds)
def test_output_shape_and_weights(example: Example, n: int, seed: int) -> None:
    layer = example.layer(seed=seed)
    assert layer(example.batch(n, seed)).shape == (n, *example.output)
    assert layer.output_shape == (None, *example.output)
    assert layer.count_params() == example.weights
    assert sum(w.size for w in layer.parameters()) <= example.weights


@each_layer
@few
@given(n=sizes, seed=seeds, training=st.booleans())
def test_gradients_match_central_differences(example: Example, n: int, seed: int, training: bool) -> None:
    layer = example.layer(seed=seed, dtype="float64")
    x = example.batch(n, seed)
    layer(x)
    draws, weights, rng = layer.random_state(), layer.parameters(), np.random.default_rng(seed)
    for w in weights: w.data[...] = rng.standard_normal(w.shape)

    def value(*arrays: Any) -> Any:
        layer.load_random_state(draws)
        for w, a in zip(weights, arrays): w.data = a
        return layer(Tensor(arrays[-1]), training=training).data

    arrays = [w.data for w in weights] + [x]
    source = x if example.integers else leaf(x)
    layer.load_random_state(draws)
    y = layer(source, training=training)
    u = rng.standard_normal(y.shape)
    v = laws.normals(rng, [a for a in arrays if a.dtype.kind == "f"])
    found = []
    for i in range(len(v)):                      # one array at a time, so that no error hides behind another
        found.append(laws.difference(value, arrays, [d if i == j else 0 * d for j, d in enumerate(v)]))
    for i, (numeric, direction, target) in enumerate(zip(found, v, [*weights, source])):
        sure = np.where(numeric.sure, u, 0.0)
        g, = laws.gradients(y, [target], sure)
        expected = float(np.sum(sure * np.where(numeric.sure, numeric.value, 0)))
        assert laws.close(np.sum(g * direction), expected), f"gradient {i} of {layer}"
        assert np.mean(numeric.sure) > 0.5


@each_layer
@few
@given(seed=seeds)
def test_a_batch_of_one_is_a_slice_of_a_batch(example: Example, seed: int) -> None:
    layer, x = example.layer(seed=seed, dtype="float64"), example.batch(3, seed)
    together = plain(layer(x))
    for i in range(3):
        np.testing.assert_allclose(plain(layer(x[i:i + 1])), together[i:i + 1], rtol=1e-12, atol=1e-14)


@each_layer
@few
@given(seed=seeds, training=st.booleans())
def test_float32_stays_float32(example: Example, seed: int, training: bool) -> None:
    layer, x = example.layer(seed=seed), example.batch(2, seed, np.float32)
    source = x if example.integers else leaf(x)
    y = layer(source, training=training)
    assert y.dtype == np.float32
    assert all(w.dtype == np.float32 for _, w in layer.named_weights())
    y.backward(np.ones(y.shape, np.float32))
    for t in (*layer.parameters(), *([] if example.integers else [source])):
        assert t.grad is not None and t.grad.dtype == np.float32 and t.grad.shape == t.shape
    again, u = layer(source, training=training), np.ones(y.shape, np.float32)
    if not again.is_leaf: assert all(d.dtype == np.float32 for _, d in laws.raw_pull(again, u))


@each_layer
def test_float64_arrays_are_cast_to_the_layers_dtype(example: Example) -> None:
    layer = example.layer(seed=1)
    assert layer(example.batch(2, 0)).dtype == np.float32
    if not example.integers: assert layer(np.ones((2, *example.input), np.int64)).dtype == np.float32


@each_layer
@pytest.mark.parametrize("suffix", ["safetensors", "npz"])
def test_save_then_load_is_the_identity(example: Example, suffix: str, tmp_path: Path) -> None:
    model, x = Sequential([example.layer()]), example.batch(3, 0)
    model(x, training=True)                      # moves the moving averages too
    model.save(tmp_path / f"model.{suffix}")
    again = load_model(tmp_path / f"model.{suffix}")
    before, after = model.state_dict(), again.state_dict()
    assert before.keys() == after.keys() and all(np.array_equal(before[k], after[k]) for k in before)
    np.testing.assert_array_equal(model.predict(x), again.predict(x))


@each_layer
def test_its_config_makes_the_same_layer(example: Example) -> None:
    layer = example.layer(name="mine", seed=3, trainable=False)
    config = json.loads(json.dumps(layer_config(layer)))
    again = layer_from(config, vars(nn))
    assert type(again) is type(layer) and layer_config(again) == layer_config(layer)
    x = example.batch(2, 0)
    np.testing.assert_array_equal(plain(layer(x)), plain(again(x)))
    assert repr(again) == repr(layer) == f'<{example.kind} "mine": {layer.output_shape}, {example.weights} weights>'


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.wrong is not None], ids=name)
def test_a_wrong_shape_is_refused_by_name(example: Example) -> None:
    model = Sequential([nn.Activation("linear"), example.layer(name="mine")])
    model(example.batch(2, 0))
    assert example.wrong is not None
    with pytest.raises(ShapeError) as caught: model(leaf(np.zeros((2, *example.wrong))))
    text = str(caught.value)
    assert text.startswith(f'{example.kind} "mine" (layer 2 of Sequential)'), text
    assert str((2, *example.wrong)) in text or str(example.wrong) in text, text
    assert Path(__file__).name in text, text


@pytest.mark.parametrize("layer", [nn.SimpleRNN, nn.LSTM, nn.GRU])
def test_a_sequence_of_no_steps_is_one_clear_error(layer: Any) -> None:
    assert layer(3)(np.ones((0, 5, 2), np.float32)).shape == (0, 3)
    with pytest.raises(ShapeError, match=r"at least one step.*time 0, and batch 4"):
        layer(3)(np.ones((4, 0, 2), np.float32))
