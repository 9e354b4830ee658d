"""Recurrent layers and multi-head attention equal PyTorch's to 1e-9 in float64, gradients included."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinyfm as fm
from tinyfm import nn

pytestmark = pytest.mark.reference
torch = pytest.importorskip("torch")
BATCH, TIME, INPUTS, UNITS = 3, 5, 4, 6


def x_and_g(*shape: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    return rng.standard_normal((BATCH, TIME, INPUTS)), rng.standard_normal(shape)


def reordered(w: Any, order: list[int]) -> Any:
    """The blocks of the last axis in PyTorch's order of gates, as its (out, in)."""
    blocks = np.split(w, len(order), -1)
    return torch.tensor(np.concatenate([blocks[i] for i in order], -1).T.copy())


@pytest.mark.parametrize("kind, order", [("SimpleRNN", [0]), ("LSTM", [0, 1, 2, 3]), ("GRU", [1, 0, 2])])
def test_recurrent_layers(kind: str, order: list[int]) -> None:
    x, g = x_and_g(BATCH, TIME, UNITS)
    layer = getattr(nn, kind)(UNITS, return_sequences=True, dtype="float64", seed=1, bias_initializer="uniform")
    t = fm.tensor(x, requires_grad=True)
    y = layer(t)
    y.backward(g)
    theirs = getattr(torch.nn, {"SimpleRNN": "RNN"}.get(kind, kind))(INPUTS, UNITS, batch_first=True).double()
    second = layer.recurrent_bias.data if kind == "GRU" else np.zeros_like(layer.bias.data)
    with torch.no_grad():
        for name, w in (("weight_ih_l0", layer.kernel.data), ("weight_hh_l0", layer.recurrent_kernel.data),
                        ("bias_ih_l0", layer.bias.data), ("bias_hh_l0", second)):
            getattr(theirs, name).copy_(reordered(w, order))
    tx = torch.tensor(x, requires_grad=True)
    ty, _ = theirs(tx)
    ty.backward(torch.tensor(g))
    np.testing.assert_allclose(y.data, ty.detach().numpy(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(t.grad, tx.grad.numpy(), rtol=1e-9, atol=1e-12)
    weights = (layer.kernel, "weight_ih_l0"), (layer.recurrent_kernel, "weight_hh_l0"), (layer.bias, "bias_ih_l0")
    for ours, name in weights:
        np.testing.assert_allclose(reordered(ours.grad, order), getattr(theirs, name).grad, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("causal", [False, True])
def test_multi_head_attention(causal: bool) -> None:
    x, g = x_and_g(BATCH, TIME, INPUTS)
    layer = nn.MultiHeadAttention(2, INPUTS // 2, dtype="float64", seed=1, bias_initializer="uniform")
    t = fm.tensor(x, requires_grad=True)
    y = layer(t, use_causal_mask=causal)
    y.backward(g)
    theirs = torch.nn.MultiheadAttention(INPUTS, 2, batch_first=True).double()
    names = ("query", "key", "value")
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.tensor(np.concatenate([getattr(layer, f"{n}_kernel").data.T for n in names])))
        theirs.in_proj_bias.copy_(torch.tensor(np.concatenate([getattr(layer, f"{n}_bias").data for n in names])))
        theirs.out_proj.weight.copy_(torch.tensor(layer.output_kernel.data.T.copy()))
        theirs.out_proj.bias.copy_(torch.tensor(layer.output_bias.data))
    tx = torch.tensor(x, requires_grad=True)
    mask = torch.ones(TIME, TIME, dtype=torch.bool).triu(1) if causal else None
    ty, _ = theirs(tx, tx, tx, attn_mask=mask)
    ty.backward(torch.tensor(g))
    np.testing.assert_allclose(y.data, ty.detach().numpy(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(t.grad, tx.grad.numpy(), rtol=1e-9, atol=1e-12)
    ours = np.concatenate([getattr(layer, f"{n}_kernel").grad.T for n in names])
    np.testing.assert_allclose(ours, theirs.in_proj_weight.grad.numpy(), rtol=1e-9, atol=1e-12)
