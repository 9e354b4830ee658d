"""Examples of normalisation, losses, attention, recurrence and fused blocks."""
from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

import tests.ops.references as ref
import tinyfm.ops as fm
from tests.ops.draw import (
    axis,
    booleans,
    broadcasting,
    case,
    exactly,
    flags,
    integers,
    layouts,
    nonzero,
    normal,
    positive,
    probabilities,
    same,
    shapes,
    sizes,
    uniform,
    unit,
)
from tests.ops.line import call, line
from tinyfm.operators import table

one, two = shapes(), broadcasting()
full = shapes(min_side=1)                        # nothing empty
solid = shapes(min_dims=1, min_side=1)

NORMS = [
    line(fm.standardize, case(sizes(lambda n, m: ((n, 3, m), (m,), (3, m)), (1, 3), (2, 4)),
                              axis=st.sampled_from([-1, (0, 1), (1, 2), 0]), epsilon=0.1), ref.standardize),
    line(fm.standardize, case(exactly((3, 4)), axis=1, epsilon=st.sampled_from([0.1, 1e-5])), ref.standardize),
    call("standardize", case(exactly((2, 3, 4), (3, 1)), axis=st.sampled_from([-1, (1, 2), 0])),
         lambda x, o, axis: fm.standardize(x, None, o, axis=axis, epsilon=0.1),
         lambda x, o, axis: ref.standardize(x, None, o, axis=axis, epsilon=0.1)),
    line(fm.standardize, case(exactly((2, 3, 2, 2, 2), (2, 2), (2, 2)), axis=st.sampled_from([(1, 2, 4), (1, 2)]),
                              epsilon=0.1), ref.standardize),
    line(fm.layer_norm, case(sizes(lambda n, m: ((n, 2, m), (m,), (m,)), (0, 3), (2, 4)), layout=layouts, axis=-1,
                             epsilon=st.sampled_from([0.1, 1e-3])), ref.standardize),
    call("layer_norm", case(exactly((2, 3, 4), (3, 4), (3, 4))), lambda x, s, o: fm.layer_norm(x, s, o, axis=(-2, -1)),
         lambda x, s, o: ref.standardize(x, s, o, axis=(1, 2), epsilon=1e-5)),
    line(fm.rms_norm, case(sizes(lambda n, m: ((n, 2, m), (m,)), (0, 3), (1, 4)), epsilon=st.sampled_from([0.1, 1e-6])),
         ref.rms_norm),
    line(fm.group_norm, case(sizes(lambda n, g: ((n, 3, 2, 4), (4,), (4,)), (1, 2), (1, 2)),
                             groups=st.sampled_from([1, 2, 4])), ref.group_norm),
    call("batch_norm", case(sizes(lambda n, m: ((n, 2, m), (m,), (m,)), (2, 4), (1, 3)), layout=layouts),
         lambda x, s, o: fm.batch_norm(x, s, o, epsilon=0.1),
         lambda x, s, o: ref.standardize(x, s, o, axis=(0, 1), epsilon=0.1)),
    call("batch_norm", case(exactly((3, 2, 4), (2,), (2,)), layout=layouts),
         lambda x, s, o: fm.batch_norm(x, s, o, axis=1),
         lambda x, s, o: ref.standardize(x, s[:, None], o[:, None], axis=(0, 2), epsilon=1e-3)),
    call("batch_norm", case(exactly((3, 2), (2,), (2,), (2,), (2,)), normal, normal, normal, normal, positive),
         fm.batch_norm,
         lambda x, s, o, m, v: (x - m) / np.sqrt(v + 1e-3) * s + o),
    call("batch_norm", case(exactly((3, 2), (2,), (2,)), normal, normal, positive),
         lambda x, m, v: fm.batch_norm(x, mean=m, variance=v),
         lambda x, m, v: (x - m) / np.sqrt(v + 1e-3)),
    line(fm.normalize, case(solid, nonzero, axis=axis, ord=st.sampled_from([2, 1])),
         lambda x, axis, ord: x / ref.norm(x, ord, axis, True)),
]

reductions = st.sampled_from(["none", "mean", "sum"])
alike = same(2, min_side=1)
WEIGHTS = np.array([0.5, 2.0, 1.0, 1.5])


def classes(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray: return rng.integers(0, 4, shape)


def counted_classes(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Labels of which the first is never the one that an example ignores."""
    labels = rng.integers(0, 4, shape)
    labels[0] = 0
    return labels


labelled = sizes(lambda n, m: ((n, m, 4), (n, m)), (1, 3), (1, 3))

LOSSES = [
    line(fm.mean_squared_error, case(alike, reduction=reductions),
         lambda p, t, reduction: ref.reduced((p - t) ** 2, reduction)),
    line(fm.mean_absolute_error, case(alike, reduction=reductions),
         lambda p, t, reduction: ref.reduced(np.abs(p - t), reduction)),
    line(fm.huber, case(alike, delta=st.sampled_from([1.0, 0.3]), reduction=reductions), ref.huber),
    line(fm.smooth_l1, case(alike, beta=st.sampled_from([1.0, 0.3]), reduction=reductions),
         lambda p, t, beta, reduction: ref.huber(p, t, beta, reduction) / beta),
    call("smooth_l1", case(alike), lambda p, t: fm.smooth_l1(p, t, beta=0.0), lambda p, t: np.mean(np.abs(p - t))),
    line(fm.log_cosh, case(alike, reduction=reductions),
         lambda p, t, reduction: ref.reduced(np.log(np.cosh(p - t)), reduction)),
    line(fm.hinge, case(alike, normal, lambda rng, s: np.asarray(rng.choice([-1.0, 1.0], s)), reduction=reductions),
         lambda p, t, reduction: ref.reduced(np.maximum(1 - t * p, 0), reduction)),
    line(fm.poisson_negative_log_likelihood, case(alike, normal, positive, reduction=reductions),
         lambda p, t, reduction: ref.reduced(np.exp(p) - t * p, reduction)),
    line(fm.poisson_negative_log_likelihood, case(alike, positive, uniform(0.2, 3.0), log_input=False, full=flags),
         lambda p, t, log_input, full: np.mean(p - t * np.log(p + 1e-8) + full * (t > 1)
                                               * (t * np.log(t) - t + np.log(2 * np.pi * t) / 2))),
    line(fm.gaussian_negative_log_likelihood, case(same(3, min_side=1), normal, normal, positive, full=flags,
                                                   reduction=reductions),
         lambda p, t, v, full, reduction: ref.reduced(np.log(v) / 2 + (p - t) ** 2 / (2 * v) + full * np.log(2 * np.pi)
                                                      / 2, reduction)),
    line(fm.cosine_similarity, case(same(2, min_dims=1, min_side=1), nonzero, axis=axis),
         lambda a, b, axis: (a * b).sum(axis) / np.sqrt((a * a).sum(axis) * (b * b).sum(axis))),
    line(fm.info_nce, case(sizes(lambda n, d: ((n, d), (n, d)), (1, 3), (2, 3)), nonzero,
                           temperature=st.sampled_from([0.5, 1.0]), reduction=reductions), ref.info_nce),
    line(fm.kl_divergence, case(alike, normal, positive, reduction=reductions),
         lambda p, t, reduction: ref.reduced(t * (np.log(t) - p), reduction)),
    line(fm.kl_divergence, case(alike, normal, normal, log_target=True),
         lambda p, t, log_target: np.mean(np.exp(t) * (t - p))),
    line(fm.binary_cross_entropy, case(alike, unit, unit, reduction=reductions),
         lambda p, t, reduction: ref.reduced(-t * np.log(p) - (1 - t) * np.log(1 - p), reduction)),
    call("binary_cross_entropy", case(same(3, min_side=1), unit, unit, positive),
         lambda p, t, w: fm.binary_cross_entropy(p, t, weight=w),
         lambda p, t, w: np.mean(w * (-t * np.log(p) - (1 - t) * np.log(1 - p)))),
    line(table["bernoulli_cost"], case(two, normal, unit),
         lambda x, t: ref.binary_cross_entropy_with_logits(x, t, reduction="none")),
    line(fm.binary_cross_entropy_with_logits, case(alike, normal, unit, reduction=reductions),
         ref.binary_cross_entropy_with_logits),
    call("binary_cross_entropy_with_logits", case(exactly((3, 2), (3, 2), (3, 2), (2,)), normal, unit, positive),
         lambda x, t, w, p: fm.binary_cross_entropy_with_logits(x, t, weight=w, pos_weight=p),
         lambda x, t, w, p: ref.binary_cross_entropy_with_logits(x, t, w, p)),
    line(table["categorical_cost"], case(labelled, normal, classes),
         lambda x, t: ref.cross_entropy(x, t, reduction="none")),
    line(fm.softmax_cross_entropy, case(labelled, normal, classes, reduction=reductions), ref.cross_entropy),
    line(fm.softmax_cross_entropy, case(exactly((4,), ()), normal, classes), ref.cross_entropy),
    line(fm.softmax_cross_entropy, case(exactly((6, 4), (6,)), normal, counted_classes,
                                        weight=st.sampled_from([None, WEIGHTS]),
                                        label_smoothing=st.sampled_from([0.0, 0.2]),
                                        ignore_index=st.sampled_from([None, 1, -100]), reduction=reductions),
         ref.cross_entropy),
    line(fm.softmax_cross_entropy, case(same(2, min_dims=1, min_side=1), normal, probabilities,
                                        label_smoothing=st.sampled_from([0.0, 0.2]), reduction=reductions),
         ref.soft_cross_entropy),
    call("softmax_cross_entropy", case(exactly((6, 4), (6, 4), (4,)), normal, probabilities, positive),
         lambda x, t, w: fm.softmax_cross_entropy(x, t, weight=w),
         lambda x, t, w: ref.soft_cross_entropy(x, t, w)),
    call("softmax_cross_entropy", case(exactly((6, 4), (6,), (4,)), normal, classes, positive),
         lambda x, t, w: fm.softmax_cross_entropy(x, t, weight=w),
         lambda x, t, w: ref.cross_entropy(x, t, w)),
    line(fm.negative_log_likelihood, case(labelled, normal, classes, weight=st.sampled_from([None, WEIGHTS]),
                                          ignore_index=st.sampled_from([None, -100]), reduction=reductions),
         lambda x, t, weight, ignore_index, reduction:
         nll_by_hand(x, t, weight, reduction)),
]


def nll_by_hand(x: Any, t: Any, weight: Any, reduction: str) -> Any:
    w = np.ones(4)[t] if weight is None else weight[t]
    losses = np.array([-v * x[at][t[at]] for at, v in np.ndenumerate(w)]).reshape(t.shape)
    return losses.sum() / w.sum() if reduction == "mean" else ref.reduced(losses, reduction)


def lstm_shapes(n: int, time: int, inputs: int, units: int) -> tuple[tuple[int, ...], ...]:
    return (n, time, inputs), (n, units), (n, units), (inputs, 4 * units), (units, 4 * units), (4 * units,)


def gru_shapes(n: int, time: int, inputs: int, units: int) -> tuple[tuple[int, ...], ...]:
    return (n, time, inputs), (n, units), (inputs, 3 * units), (units, 3 * units), (3 * units,), (3 * units,)


def rnn_shapes(n: int, time: int, inputs: int, units: int) -> tuple[tuple[int, ...], ...]:
    return (n, time, inputs), (n, units), (inputs, units), (units, units), (units,)


sequence = (1, 2), (1, 3), (1, 2), (1, 2)
TEXTS, FRAMES, LENGTHS = np.array([[1, 2], [2, 2], [1, 0]]), np.array([4, 3, 2]), np.array([2, 2, 1])
lookups = [(fm.embedding, lambda ids, w: w[ids])]

BENDS = {"relu": lambda z: np.maximum(z, 0), "tanh": np.tanh, "sigmoid": ref.sigmoid, "gelu": ref.gelu,
         "gelu_tanh": lambda z: ref.gelu(z, True)}
TRANSPOSED: Any = {"size": (4, 8), "strides": (1, 2), "padding": ((1, 1), (0, 0)), "dilation": (1, 1), "groups": 2}

NETWORKS = [
    call("embedding", case(sizes(lambda n, m: ((n, m), (4, 3)), (0, 3), (0, 3)), integers(0, 4), normal),
         lambda i, w: fm.embedding(i, w), lambda i, w: w[i]),
    line(table["embedding_transpose"], case(sizes(lambda n, m: ((n, m), (n, m, 3)), (0, 3), (0, 3)), integers(0, 4),
                                            normal, rows=4),
         lambda i, y, rows: ref.scatter(y, (i,), (rows, 3))),
    line(fm.one_hot, case(one, integers(0, 4), classes=4), lambda i, classes: np.eye(classes)[i], smooth=False),
    line(table["attention"], case(exactly((2, 3, 2), (2, 4, 2), (1, 4, 3), (3, 4)), causal=flags, scale=0.7),
         ref.attention),
    line(fm.scaled_dot_product_attention, case(st.sampled_from([((3, 2), (4, 2), (4, 3)),
                                                                ((2, 1, 3, 2), (2, 2, 4, 2), (1, 1, 4, 3))]),
                                                                causal=flags, scale=st.sampled_from([None, 0.3])),
                                                                ref.attention),
    line(fm.scaled_dot_product_attention, case(exactly((2, 2, 3, 2), (2, 2, 3, 2), (2, 2, 3, 3), (2, 1, 3, 3)), normal,
                                               normal, normal, booleans, causal=flags), ref.attention),
    line(table["self_attention"], case(exactly((2, 3, 12)), layout=layouts, num_heads=st.sampled_from([1, 2]),
                                       causal=flags), ref.self_attention),
    call("attention_weights", case(exactly((2, 3, 2), (2, 4, 2), (3, 4)), normal, normal, booleans, causal=flags),
         lambda q, k, m, causal: fm.attention_weights(q, k, m, causal=causal),
         lambda q, k, m, causal: ref.attention(q, k, np.eye(4), m, causal)),
    line(table["self_attention"], case(exactly((2, 3, 12)), layout=layouts, num_heads=st.sampled_from([1, 2]),
                                       causal=flags), ref.self_attention),
    call("attention_weights", case(exactly((2, 3, 2), (2, 4, 2), (1, 4)), causal=flags),
         lambda q, k, m, causal: fm.attention_weights(q, k, m, causal=causal),
         lambda q, k, m, causal: ref.attention(q, k, np.eye(4), m, causal)),
    line(table["lstm_states"], case(sizes(lstm_shapes, *sequence)), ref.lstm),
    call("lstm", case(sizes(lambda *n: lstm_shapes(*n)[:5], *sequence)),
         lambda *a: fm.concat(list(fm.lstm(*a)[1:]), -1), lambda *a: ref.lstm(*a)[:, -1]),
    call("lstm", case(sizes(lstm_shapes, *sequence)), lambda *a: fm.lstm(*a)[0],
         lambda *a: ref.lstm(*a)[..., :a[1].shape[1]]),
    call("lstm_cell", case(sizes(lambda n, i, u: ((n, i), *lstm_shapes(n, 1, i, u)[1:]), (1, 3), (1, 3), (1, 3))),
         lambda *a: fm.concat(list(fm.lstm_cell(*a)), -1),
         lambda x, *a: ref.lstm(x[:, None], *a)[:, 0]),
    line(table["gru_states"], case(sizes(gru_shapes, *sequence)), ref.gru),
    call("gru", case(sizes(lambda *n: gru_shapes(*n)[:4], *sequence)), lambda *a: fm.gru(*a)[1],
         lambda *a: ref.gru(*a)[:, -1]),
    call("gru", case(sizes(lambda *n: gru_shapes(*n)[:5], *sequence)), lambda *a: fm.gru(*a)[0], ref.gru),
    line(fm.gru_cell, case(sizes(lambda n, i, u: ((n, i), *gru_shapes(n, 1, i, u)[1:]), (1, 3), (1, 3), (1, 3))),
         lambda x, *a: ref.gru(x[:, None], *a)[:, 0]),
    line(table["rnn_states"], case(sizes(rnn_shapes, *sequence), activation=st.sampled_from(["tanh", "relu"])),
         ref.rnn),
    call("rnn", case(sizes(lambda *n: rnn_shapes(*n)[:4], *sequence)), lambda *a: fm.rnn(*a)[1],
         lambda *a: ref.rnn(*a)[:, -1]),
    line(fm.rnn_cell, case(sizes(lambda n, i, u: ((n, i), *rnn_shapes(n, 1, i, u)[1:]), (1, 3), (1, 3), (1, 3)),
                           activation=st.sampled_from(["tanh", "relu"])),
         lambda x, *a, **s: ref.rnn(x[:, None], *a, **s)[:, 0]),
    call("ctc_cost", case(exactly((3, 4, 3))), lambda x: table["ctc_cost"](x, TEXTS, FRAMES, LENGTHS, blank=0),
         lambda x: ref.ctc(x, TEXTS, FRAMES, LENGTHS)),
    call("ctc_loss", case(exactly((3, 4, 3)), reduction=reductions),
         lambda x, reduction: fm.ctc_loss(fm.log_softmax(x), TEXTS, FRAMES, LENGTHS, reduction=reduction),
         lambda x, reduction: ref.reduced(ref.ctc(np.log(ref.softmax(x)), TEXTS, FRAMES, LENGTHS)
                                          / (LENGTHS if reduction == "mean" else 1), reduction)),
    line(table["dense"], case(sizes(lambda n, i, o: ((n, i), (i, o), (o,)), (0, 3), (1, 3), (1, 3)), activation="tanh"),
         lambda x, w, b, activation: np.tanh(x @ w + b)),
    line(table["dense"], case(exactly((2, 3, 2), (2, 4), (4,)), activation=st.sampled_from(list(BENDS))),
         lambda x, w, b, activation: BENDS[activation](x @ w + b)),
    call("conv_activated", case(exactly((2, 4, 5, 2), (3, 2, 1, 2), (2,)), activation=st.sampled_from(list(BENDS))),
         lambda x, w, b, activation: table["conv_activated"](x, w, b, activation=activation, strides=(1, 2),
                                                             padding=((1, 1), (0, 0)), dilation=(1, 1), groups=2),
         lambda x, w, b, activation: BENDS[activation](ref.conv(x, w, (1, 2), ((1, 1), (0, 0)), (1, 1), 2) + b)),
    call("conv_x_activated", case(exactly((2, 4, 4, 2), (3, 2, 1, 2), (2,)), activation=st.sampled_from(list(BENDS))),
         lambda x, w, b, activation: table["conv_x_activated"](x, w, b, activation=activation, **TRANSPOSED),
         lambda x, w, b, activation: BENDS[activation](ref.conv_x(x, w, **TRANSPOSED) + b)),
    call("conv_relu_pool", case(exactly((2, 6, 5, 2), (3, 2, 2, 3), (3,))),
         lambda x, w, b: table["conv_relu_pool"](x, w, b, pool_size=(2, 2), strides=(1, 1), padding=((1, 1), (0, 0)),
                                                 dilation=(1, 1)),
         lambda x, w, b: ref.max_pool(np.maximum(ref.conv(x, w, (1, 1), ((1, 1), (0, 0)), (1, 1)) + b, 0), (2, 2),
                                      (2, 2), ((0, 0),) * 2, (1, 1))),
]
