"""Recurrent networks, attention and CTC equal PyTorch's to 1e-9 in float64: values, and gradients of every argument."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinyfm as fm
from tinyfm.engine import Tensor, gradients, leaf

pytestmark = [pytest.mark.reference, pytest.mark.filterwarnings("ignore")]
torch: Any = None
rng = np.random.default_rng(0)
BATCH, TIME, INPUTS, UNITS = 3, 7, 4, 5


@pytest.fixture(autouse=True, scope="module")
def load_torch() -> None:
    """Only when a test of this file runs: the import takes seconds."""
    global torch
    torch = pytest.importorskip("torch")


def equal(ours: Any, theirs: Any) -> None:
    value = ours.data if isinstance(ours, Tensor) else ours
    np.testing.assert_allclose(value, theirs.detach().numpy(), rtol=1e-9, atol=1e-9)


def reordered(gates: list[int]) -> Any:
    """Columns of our weights from the blocks of rows of theirs, in our order of gates."""
    return lambda w: np.concatenate([np.split(w, len(gates))[i] for i in gates]).T.copy()


def parameters(module: Any, gates: list[int]) -> list[Tensor]:
    """weight_ih, weight_hh, bias_ih, bias_hh as ours."""
    return [leaf(reordered(gates)(p.detach().numpy())) for p in module._flat_weights]


def compare(module: Any, x: np.ndarray, states: list[np.ndarray], run: Any, gates: list[int]) -> None:
    tx, ts = torch.tensor(x, requires_grad=True), [torch.tensor(s, requires_grad=True) for s in states]
    out, last = module(tx, ts[0][None] if len(ts) == 1 else tuple(s[None] for s in ts))
    last = list(last) if isinstance(last, tuple) else [last]
    ours, mine = [leaf(x), *map(leaf, states)], parameters(module, gates)
    found = run(ours, mine)
    us = [rng.standard_normal(o.shape) for o in found]
    for a, b in zip(found, [out, *[s[0] for s in last]]): equal(a, b)
    theirs = torch.autograd.grad([out, *[s[0] for s in last]], [tx, *ts, *module._flat_weights],
                                 [torch.tensor(u) for u in us])
    total = sum((fm.sum(a * u) for a, u in zip(found[1:], us[1:])), fm.sum(found[0] * us[0]))
    d = gradients(total, [*ours, *mine])
    for a, b in zip(d[:len(ours)], theirs): equal(a, b)
    for a, b in zip(d[len(ours):], theirs[len(ours):]): np.testing.assert_allclose(a, reordered(gates)(b.numpy()),
                                                                                   rtol=1e-9, atol=1e-9)


def inputs(states: int) -> tuple[np.ndarray, list[np.ndarray]]:
    return rng.standard_normal((BATCH, TIME, INPUTS)), [rng.standard_normal((BATCH, UNITS)) for _ in range(states)]


def test_lstm() -> None:
    module = torch.nn.LSTM(INPUTS, UNITS, batch_first=True, dtype=torch.float64)
    compare(module, *inputs(2), lambda s, p: fm.lstm(*s, p[0], p[1], p[2] + p[3]), [0, 1, 2, 3])


def test_gru() -> None:
    module = torch.nn.GRU(INPUTS, UNITS, batch_first=True, dtype=torch.float64)
    compare(module, *inputs(1), lambda s, p: fm.gru(*s, *p), [1, 0, 2])


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_rnn(activation: str) -> None:
    module = torch.nn.RNN(INPUTS, UNITS, nonlinearity=activation, batch_first=True, dtype=torch.float64)
    compare(module, *inputs(1), lambda s, p: fm.rnn(*s, p[0], p[1], p[2] + p[3], activation=activation), [0])


@pytest.mark.parametrize("causal, kind", [(False, None), (False, "boolean"), (False, "added"), (True, None)])
def test_scaled_dot_product_attention(causal: bool, kind: str | None) -> None:
    q, k, v = (rng.standard_normal((2, 3, n, d)) for n, d in ((6, 4), (6, 4), (6, 5)))
    mask = {None: None, "boolean": rng.random((2, 1, 6, 6)) > 0.3, "added": rng.standard_normal((6, 6))}[kind]
    theirs = [torch.tensor(a, requires_grad=True) for a in (q, k, v)]
    y = torch.nn.functional.scaled_dot_product_attention(*theirs, None if mask is None else torch.tensor(mask),
                                                         is_causal=causal)
    ours = [leaf(a) for a in (q, k, v)]
    found, u = fm.scaled_dot_product_attention(*ours, mask, causal=causal), rng.standard_normal(y.shape)
    equal(found, y)
    for a, b in zip(gradients(found, ours, u), torch.autograd.grad(y, theirs, torch.tensor(u))): equal(a, b)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("zero_infinity", [False, True])
def test_ctc(reduction: str, zero_infinity: bool) -> None:
    scores = rng.standard_normal((4, 12, 6))
    targets = rng.integers(1, 6, (4, 5))
    targets[0] = 2                                                     # repeats, which need blanks between
    frames, lengths = np.array([12, 9, 7, 4 if zero_infinity else 12]), np.array([5, 4, 0, 5])
    t = torch.tensor(scores, requires_grad=True)
    loss = torch.nn.functional.ctc_loss(torch.log_softmax(t, -1).transpose(0, 1), torch.tensor(targets),
                                        torch.tensor(frames), torch.tensor(lengths),
                                        reduction=reduction, zero_infinity=zero_infinity)
    x = leaf(scores)
    found = fm.ctc_loss(fm.log_softmax(x), targets, frames, lengths, reduction=reduction, zero_infinity=zero_infinity)
    equal(found, loss)
    u = rng.standard_normal(loss.shape)
    equal(gradients(found, [x], u)[0], torch.autograd.grad(loss, t, torch.tensor(u))[0])
