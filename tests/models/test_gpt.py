"""GPT: no token sees a later one, and a cache changes nothing."""
from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from tinyfm import ops
from tinyfm.engine import no_grad
from tinyfm.errors import SettingError, ShapeError
from tinyfm.models.generate import choose, generate, penalize, stream, window_start
from tinyfm.models.gpt import GPT
from tinyfm.nn.transformer import KeyValues, rotate, sinusoids

POSITIONS = ["learned", "rotary"]


def lively(positions: str = "learned", block: int = 16, **options) -> GPT:
    """A random GPT whose logits differ enough to be told apart."""
    model = GPT(23, block, 2, 2, 12, positions=positions, seed=1, dtype="float64", **options).built_now()
    for p in model.parameters(): p.data *= 1.5
    return model


def rng(): return np.random.default_rng(5)


@pytest.mark.parametrize("positions, past", [pytest.param("learned", 1_000, marks=pytest.mark.slow), ("learned", 50),
                                             ("rotary", 150)])
def test_cached_equals_uncached_past_the_fill(positions, past):
    model = lively(positions)
    cached, uncached = (generate(model, [3, 1, 4], 13 + past, temperature=4, rng=rng(), cache=c) for c in (True, False))
    assert np.array_equal(cached, uncached) and len(set(cached[-100:].tolist())) > 12


def test_cached_equals_uncached_for_a_padded_batch():
    model, prompts = lively(), [[3, 1, 4, 1, 5], [9], [2, 6, 5]]
    cached, uncached = (generate(model, prompts, 100, rng=rng(), cache=cache) for cache in (True, False))
    assert cached.shape == (3, 100) and np.array_equal(cached, uncached)


@pytest.mark.parametrize("positions", POSITIONS)
def test_a_row_of_a_padded_batch_writes_what_it_writes_alone(positions):
    model, prompts = lively(positions), [[3, 1, 4, 1, 5], [9], [2, 6, 5]]
    together = generate(model, prompts, 11, temperature=0)
    assert np.array_equal(together, [generate(model, p, 11, temperature=0) for p in prompts])


@pytest.mark.parametrize("positions", POSITIONS)
def test_a_padded_row_is_read_without_padding_once_the_window_has_left_it(positions):
    model, prompts = lively(positions), [[3, 1, 4, 1, 5], [9]]
    row = np.array([0, 0, 0, 0, 9, *generate(model, prompts, 60, temperature=0)[1]])
    for n in range(20, len(row)):
        with no_grad(): expected = model(row[None, window_start(n, 16):n]).data[0, -1].argmax()
        assert row[n] == expected


@pytest.mark.parametrize("positions", POSITIONS)
def test_reading_in_pieces_equals_reading_at_once(positions):
    model, ids = lively(positions), rng().integers(0, 23, (3, 16))
    with no_grad():
        whole, memory = model.features(ids).data, model.remember()
        pieces = [model.features(ids[:, a:b], memory).data for a, b in ((0, 5), (5, 6), (6, 13), (13, 16))]
    np.testing.assert_allclose(np.concatenate(pieces, 1), whole, rtol=0, atol=1e-12)


@pytest.mark.parametrize("positions", POSITIONS)
def test_no_token_sees_a_later_one(positions):
    model, ids = lively(positions), rng().integers(0, 23, (2, 16))
    other = ids.copy()
    other[:, 9] = (other[:, 9] + 1) % 23
    with no_grad(): changed = np.abs(model(ids).data - model(other).data).max((0, 2))
    assert (changed[:9] == 0).all() and (changed[9:] > 1e-6).all()


@pytest.mark.parametrize("positions", POSITIONS)
def test_the_gradient_of_every_weight_is_that_of_central_differences(positions):
    model, ids = lively(positions, 6), rng().integers(0, 23, (4, 7))
    loss = lambda: ops.softmax_cross_entropy(model(ids[:, :-1]), ids[:, 1:])
    loss().backward()
    for name, p in model.named_parameters():
        start, direction, losses = p.data.copy(), rng().standard_normal(p.shape), []
        for h in (-2e-5, -1e-5, 1e-5, 2e-5):
            p.data[...] = start + h * direction
            losses.append(loss().item())
        p.data[...] = start
        slope = np.dot(losses, [1, -8, 8, -1]) / 12e-5
        assert abs(np.vdot(p.grad, direction) - slope) < 1e-7 * max(1, abs(slope)), name


def test_attention_shows_what_the_blocks_use():
    model, ids = lively(), rng().integers(0, 23, (2, 9))
    pictures = model.attention(ids)
    assert [a.shape for a in pictures] == [(2, 2, 9, 9)] * 2
    for a in pictures:
        np.testing.assert_allclose(a.sum(-1), 1)
        assert (np.triu(a, 1) == 0).all()


def test_weights_begin_small_and_those_that_add_to_x_smaller():
    model = GPT(50, 16, 8, 4, 64, seed=0).built_now()
    block = model.blocks[3]
    for weight, expected in ((model.tokens, 0.02), (block.expand_kernel, 0.02), (block.contract_kernel, 0.005),
                             (block.attention.output_kernel, 0.005)):
        assert weight.data.std() == pytest.approx(expected * 12 ** 0.5, rel=0.05)     # 12 = 768 / 64


def test_a_memory_is_full_at_its_room():
    memory, k = KeyValues(5), np.zeros((1, 2, 3, 4))
    assert memory.add(k, k)[0].shape == (1, 2, 3, 4)
    with pytest.raises(ShapeError, match="room for 5 steps and would have to hold 6"): memory.add(k, k)


def test_tied_weights_are_one_matrix():
    assert lively().count_params() + 23 * 12 == lively(tie_weights=False).count_params()


def test_dropout_works_in_training_only():
    model, ids = lively(dropout=0.5), rng().integers(0, 23, (2, 9))
    still, moving = ([model(ids, training=t).data for _ in "ab"] for t in (False, True))
    assert np.array_equal(*still) and not np.array_equal(*moving)


def test_a_rotated_product_depends_on_the_distance_only():
    q, k = rng().standard_normal((2, 1, 1, 1, 8))
    products = [float(np.vdot(rotate(q, np.array([t + 3])), rotate(k, np.array([t])))) for t in (0, 5, 400)]
    np.testing.assert_allclose(products, products[0])
    np.testing.assert_allclose(np.linalg.norm(rotate(q, np.array([77]))), np.linalg.norm(q))


def test_sinusoids_are_those_of_the_paper():
    table = sinusoids(np.arange(50), 8)
    for p, i in ((0, 0), (3, 2), (49, 6)):
        assert table[p, i] == pytest.approx(np.sin(p / 10000 ** (i / 8)))
        assert table[p, i + 1] == pytest.approx(np.cos(p / 10000 ** (i / 8)))


@pytest.mark.parametrize("block", [1, 2, 7, 16])
def test_the_window_fits_the_block_and_moves_by_half_of_it(block):
    starts = [window_start(n, block) for n in range(1, 200)]
    assert all(0 < n - s <= block for n, s in zip(range(1, 200), starts))
    assert starts[:block] == [0] * block
    assert {b - a for a, b in pairwise(starts)} <= {0, max(1, block // 2)}


# ------------------------------------------------------------ choosing

def shares(temperature, top_k, top_p, n=20_000):
    logits = np.log(np.tile([0.5, 0.3, 0.15, 0.05], (n, 1)))
    return np.bincount(choose(logits, temperature, top_k, top_p, rng()), minlength=4) / n


@pytest.mark.parametrize("settings, expected", [
    ((1.0, None, None), [0.5, 0.3, 0.15, 0.05]),
    ((0.5, None, None), np.square([0.5, 0.3, 0.15, 0.05]) / 0.365),
    ((1.0, 2, None), [0.625, 0.375, 0, 0]),
    ((1.0, None, 0.5), [1, 0, 0, 0]),
    ((1.0, None, 0.51), [0.625, 0.375, 0, 0]),
    ((1.0, 3, 0.9), [0.5 / 0.95, 0.3 / 0.95, 0.15 / 0.95, 0]),
    ((0, None, None), [1, 0, 0, 0]),
])
def test_tokens_come_as_often_as_the_rule_says(settings, expected):
    found = shares(*settings)
    assert np.abs(found - expected).max() < 0.015 and (found[np.equal(expected, 0)] == 0).all()


def test_a_penalty_keeps_from_repeating():
    model = lively()
    plain, careful = (generate(model, [3], 15, temperature=0, repetition_penalty=p) for p in (1.0, 1e9))
    assert len(set(careful.tolist())) > len(set(plain.tolist()))
    scores = np.array([2.0, -2.0, 1.0, 0.5])
    penalize(scores, np.array([0, 1, 1]), 2.0)
    assert scores.tolist() == [1.0, -4.0, 1.0, 0.5]


def test_stop_ends_a_row_and_the_stream():
    model = lively()
    first = generate(model, [[3], [9]], 40, temperature=0)
    stop = int(first[0, 4])
    rows = generate(model, [[3], [9]], 40, temperature=0, stop=stop)
    at = first[0].tolist().index(stop)
    assert np.array_equal(rows[0, :at + 1], first[0, :at + 1]) and (rows[0, at:] == stop).all()
    assert len(list(stream(model, [3], 40, temperature=0, stop=stop))) == at + 1


@pytest.mark.parametrize("options, words", [
    ({"temperature": -1}, "temperature"), ({"top_k": 0}, "top_k"), ({"top_p": 0}, "top_p"),
    ({"repetition_penalty": 0}, "repetition_penalty"), ({}, "rng"),
])
def test_generation_says_what_is_wrong(options, words):
    with pytest.raises(SettingError, match=words): generate(lively(), [1], 3, **options)


def test_gpt_says_what_is_wrong():
    with pytest.raises(SettingError, match="at least one token"): generate(lively(), [], 3, temperature=0)
    with pytest.raises(SettingError, match="'learned' or 'rotary'"): GPT(5, positions="absolute")
    with pytest.raises(ShapeError, match="17 tokens do not fit the block of 16"): lively()(np.zeros((1, 17), int))
    with pytest.raises(SettingError, match="10 does not divide into 4 heads"): GPT(5, 8, 1, 4, 10).built_now()
