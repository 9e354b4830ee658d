"""What an op keeps for its joint kernel saves time and changes nothing."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyfm.engine import Tensor, gradients, leaf
from tinyfm.kernels import attention
from tinyfm.operators import table

POOLED = {"pool_size": (2, 2), "strides": (1, 1), "padding": ((1, 1), (0, 0)), "dilation": (1, 1)}
STRIDES = {"strides": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1), "groups": 1}
CASES: dict[str, tuple[list[tuple[int, ...]], dict[str, Any]]] = {
    "lstm_states": ([(2, 5, 3), (2, 4), (2, 4), (3, 16), (4, 16), (16,)], {}),
    "attention": ([(2, 150, 4), (2, 130, 4), (2, 130, 3), (150, 130)], {"causal": True, "scale": 0.5}),
    "self_attention": ([(2, 140, 12)], {"num_heads": 2, "causal": True}),
    "dense": ([(5, 3), (3, 4), (4,)], {"activation": "gelu_tanh"}),
    "standardize": ([(4, 5), (5,), (5,)], {"axis": -1, "epsilon": 1e-5}),
    "conv_activated": ([(2, 5, 5, 2), (2, 2, 2, 3), (3,)], {"activation": "gelu", **STRIDES}),
    "conv_x_activated": ([(2, 4, 4, 3), (2, 2, 2, 3), (2,)], {"activation": "gelu", "size": (5, 5), **STRIDES}),
    "conv_relu_pool": ([(3, 6, 5, 2), (3, 2, 2, 3), (3,)], POOLED),
}


def made(name: str, seed: int, dtype: Any) -> tuple[list[Tensor], Tensor, Any]:
    shapes, settings = CASES[name]
    rng = np.random.default_rng(seed)
    leaves = [leaf(rng.standard_normal(s).astype(dtype)) for s in shapes]
    y = table[name](*leaves, **settings)
    return leaves, y, rng.standard_normal(y.shape).astype(dtype)


@pytest.mark.parametrize("name", CASES)
@given(seed=st.integers(0, 2**32 - 1), dtype=st.sampled_from([np.float32, np.float64]))
def test_without_what_was_kept_the_gradients_are_the_same(name: str, seed: int, dtype: Any) -> None:
    leaves, y, g = made(name, seed, dtype)
    assert y.node is not None and y.node.saved["kept"] is not None
    expected = gradients(y, leaves, g)
    y.node.saved["kept"] = None
    for a, b in zip(gradients(y, leaves, g), expected):
        assert a.dtype == dtype
        np.testing.assert_array_equal(a, b)


def test_plain_arrays_keep_nothing() -> None:
    leaves, y, _ = made("lstm_states", 0, np.float64)
    np.testing.assert_array_equal(table["lstm_states"](*[x.data for x in leaves]), y.data)


@given(seed=st.integers(0, 2**32 - 1))
def test_attention_that_is_too_long_to_keep_is_computed_again(seed: int) -> None:
    leaves, y, g = made("attention", seed, np.float64)
    expected = gradients(y, leaves, g)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attention, "KEEP_BYTES", 0)
        leaves, again, g = made("attention", seed, np.float64)
        np.testing.assert_array_equal(again.data, y.data)
        assert again.node is not None and again.node.saved["kept"][0].size == 0
        for a, b in zip(gradients(again, leaves, g), expected): np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)
