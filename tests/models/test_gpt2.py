"""GPT-2's files: what is damaged is one clear error."""
from __future__ import annotations

import json

import numpy as np
import pytest

from tinyfm import checkpoint, ops, optim
from tinyfm.engine import no_grad
from tinyfm.errors import FormatError
from tinyfm.models import gpt2
from tinyfm.models.gpt import GPT

CONFIG = {"vocab_size": 11, "n_positions": 6, "n_layer": 2, "n_embd": 8, "n_head": 2, "layer_norm_epsilon": 1e-5}


def model() -> GPT: return GPT(11, 6, 2, 2, 8, seed=1).built_now()


def tensors() -> dict[str, np.ndarray]:
    weights = dict(model().named_weights())
    return {theirs: weights[ours].data for theirs, ours in gpt2.layout(2, True).items()}


def written(folder, arrays, config=CONFIG):
    checkpoint.save_safetensors(folder / "model.safetensors", arrays)
    (folder / "config.json").write_text(config if isinstance(config, str) else json.dumps(config), "utf-8")
    return folder


def logits(found: GPT):
    with no_grad(): return found(np.arange(6)[None]).data


def test_what_is_saved_is_loaded(tmp_path):
    gpt2.save(model(), tmp_path / "model.safetensors")
    assert np.array_equal(logits(gpt2.load(tmp_path, num_heads=2)), logits(model()))
    untied = GPT(11, 6, 2, 2, 8, seed=1, tie_weights=False).built_now()
    gpt2.save(untied, tmp_path / "untied.safetensors")
    assert np.array_equal(logits(gpt2.load(tmp_path / "untied.safetensors", num_heads=2)), logits(untied))


def test_the_settings_beside_the_file_are_used(tmp_path):
    plain = logits(gpt2.load(written(tmp_path, tensors())))
    for other in ({"layer_norm_epsilon": 0.5}, {"n_head": 4}):
        assert np.abs(logits(gpt2.load(written(tmp_path, tensors(), CONFIG | other))) - plain).max() > 0


def test_what_is_loaded_can_be_trained_further(tmp_path):
    found, ids = gpt2.load(written(tmp_path, tensors()), seed=0), np.arange(6)[None] % 4
    optimizer = optim.AdamW(0.01, parameters=found.parameters())
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = ops.softmax_cross_entropy(found(ids[:, :-1], training=True), ids[:, 1:])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 1 < 2 < losses[0]


def without(name): return {k: v for k, v in tensors().items() if k != name}


@pytest.mark.parametrize("arrays, config, words", [
    (without("h.1.mlp.c_fc.bias"), CONFIG, r"missing: h.1.mlp.c_fc.bias \(32,\)"),
    (without("wpe.weight"), CONFIG, "there is no tensor wpe.weight"),
    (tensors() | {"wte.weight": np.zeros(3, np.float32)}, CONFIG, r"wte.weight has shape \(3,\)"),
    (tensors() | {"ln_f.bias": np.zeros(9, np.float32)}, CONFIG, r"ln_f.bias has shape \(9,\), expected \(8,\)"),
    (tensors() | {"h.0.extra": np.zeros(3, np.float32)}, CONFIG, r"unknown: h.0.extra \(3,\)"),
    (tensors() | {"ln_f.bias": np.zeros(8, np.int32)}, CONFIG, "ln_f.bias is int32, expected floating"),
    (tensors(), CONFIG | {"n_layer": 3}, "n_layer = 3, the tensors say 2"),
    (tensors(), CONFIG | {"n_head": 3}, "how many heads"),
    (tensors(), {}, "Pass num_heads="),
    (tensors(), CONFIG | {"activation_function": "relu"}, "the activation is 'relu'"),
    (tensors(), json.dumps(CONFIG)[:-9], "config.json is no JSON, or only a part"),
    (tensors(), CONFIG | {"n_embd": "8"}, "as numbers"),
])
def test_a_broken_checkpoint_is_one_clear_error(tmp_path, arrays, config, words):
    with pytest.raises(FormatError, match=words): gpt2.load(written(tmp_path, arrays, config))


def test_a_truncated_file_is_one_clear_error(tmp_path):
    file = written(tmp_path, tensors()) / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-5])
    with pytest.raises(FormatError, match="damaged or no checkpoint"): gpt2.load(tmp_path)


def test_a_folder_must_hold_one_file(tmp_path):
    with pytest.raises(FormatError, match="holds none"): gpt2.load(tmp_path)
    for i in (1, 2): checkpoint.save_safetensors(tmp_path / f"model-0000{i}-of-00002.safetensors", tensors())
    with pytest.raises(FormatError, match=r"holds 2 .safetensors files.*must be joined first"): gpt2.load(tmp_path)
