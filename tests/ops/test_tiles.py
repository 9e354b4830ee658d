"""Arrays that fill several tiles: kernel = formula, and float32 is as exact as float32 can be."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tests.ops.references as ref
import tinyfm.ops as fm
from tinyfm.engine import gradients, leaf
from tinyfm.operators import table

rng = np.random.default_rng(0)
wide, tall = (300, 257), (3000,
                          40)                                  # more than one block of 2^14 elements, not a multiple
labels = rng.integers(0, 257, 300)
ids = np.concatenate([rng.integers(0, 5000, 3000), np.full(700, 17), np.full(9, 3), np.full(8, 4)])

CASES: list[tuple[str, Any, list[tuple[int, ...]], Any]] = [
    *[(f.__name__, f, [wide], r) for f, r in ((fm.erf, ref.erf), (fm.erfc, ref.erfc), (fm.sigmoid, ref.sigmoid),
                                              (fm.softplus, ref.softplus),
                                              (fm.silu, ref.silu), (fm.gelu, ref.gelu))],
    ("gelu tanh", lambda x: fm.gelu(x, approximate=True), [wide], lambda x: ref.gelu(x, True)),
    ("softmax", fm.softmax, [wide], ref.softmax),
    ("log_softmax", fm.log_softmax, [wide], lambda x: np.log(ref.softmax(x))),
    ("cross entropy", lambda x: fm.softmax_cross_entropy(x, labels, reduction="none"), [wide],
     lambda x: ref.cross_entropy(x, labels, reduction="none")),
    ("layer_norm", fm.layer_norm, [tall, (40,), (40,)], lambda x, s, o: ref.standardize(x, s, o, axis=1, epsilon=1e-5)),
    ("batch_norm", fm.batch_norm, [tall, (40,), (40,)], lambda x, s, o: ref.standardize(x, s, o, axis=0, epsilon=1e-3)),
    ("group_norm", lambda x, s, o: fm.group_norm(x, s, o, groups=5), [(3, 900, 40), (40,), (40,)],
     lambda x, s, o: ref.group_norm(x, s, o, 5)),
    ("attention", lambda q, k, v: fm.scaled_dot_product_attention(q, k, v, causal=True),
     [(7, 160, 4), (7, 160, 4), (7, 160, 5)],
     lambda q, k, v: ref.attention(q, k, v, causal=True)),
    ("embedding_transpose", lambda y: table["embedding_transpose"](ids, y, rows=5000), [(len(ids), 3)],
     lambda y: ref.scatter(y, (ids,), (5000, 3))),
    ("sum_to", lambda x: fm.sum_to(x, shape=(40,)), [tall], lambda x: x.sum(0)),
    ("sum_to, short inner axes", lambda x: fm.sum_to(x, shape=(9, 1, 20, 1, 6)), [(9, 3, 20, 8, 6)],
     lambda x: x.sum((1, 3), keepdims=True)),
    ("sum_to, axes of all kinds", lambda x: fm.sum_to(x, shape=(1, 30, 1, 1)), [(5, 4, 30, 2, 20)],
     lambda x: x.sum((0, 1, 3, 4)).reshape(1, 30, 1, 1)),
    ("linear", fm.linear, [(20, 300, 4), (4, 40), (40,)], lambda x, w, b: x @ w + b),
]
each = pytest.mark.parametrize("f, shapes, reference", [c[1:] for c in CASES], ids=[c[0] for c in CASES])


@each
@pytest.mark.parametrize("layout", ["plain", "transposed"])
def test_kernel_in_tiles_equals_formula(f: Any, shapes: Any, reference: Any, layout: str) -> None:
    arrays = [rng.standard_normal(s) for s in shapes]
    if layout == "transposed": arrays = [a.T.copy().T for a in arrays]
    leaves = [leaf(a) for a in arrays]
    y = f(*leaves)
    np.testing.assert_allclose(y.data, reference(*arrays), rtol=1e-10, atol=1e-11)
    u = rng.standard_normal(y.shape)
    for a, b in zip(gradients(y, leaves, u), gradients(y, leaves, u, create_graph=True)):
        np.testing.assert_allclose(a, b.data, rtol=1e-9, atol=1e-10 * (1 + np.max(np.abs(b.data))))


@each
def test_float32_is_close_to_float64(f: Any, shapes: Any, reference: Any) -> None:
    arrays = [rng.standard_normal(s) for s in shapes]
    u = rng.standard_normal(f(*arrays).shape)
    found: dict[Any, list[Any]] = {}
    for dtype in (np.float32, np.float64):
        leaves = [leaf(a.astype(dtype)) for a in arrays]
        y = f(*leaves)
        found[dtype] = [y.data, *gradients(y, leaves, u.astype(dtype))]
    for a, b in zip(found[np.float32], found[np.float64]):
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5 * (1 + np.max(np.abs(b))))


def test_erf_in_float32_is_exact_to_a_few_last_digits() -> None:
    x = np.linspace(-6, 6, 100_001).astype(np.float32)
    assert np.max(np.abs(fm.erf(x) - ref.erf(x.astype(float)))) < 5e-7
    assert np.all(np.abs(fm.erf(x)) <= 1) and np.all(np.diff(fm.gelu(x[x > 0])) >= 0)
