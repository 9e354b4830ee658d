"""GPT-2 against the transformers library, its tokenizer against tiktoken."""
from __future__ import annotations

import os
import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyfm import ops
from tinyfm.data import text
from tinyfm.engine import no_grad
from tinyfm.models import gpt2
from tinyfm.models.generate import generate

pytestmark = pytest.mark.reference
needs_data = pytest.mark.skipif(not os.environ.get("TINYFM_DATA"),
                                reason="TINYFM_DATA is not set: no GPT-2 vocabulary to read")


@pytest.fixture(scope="module")
def torch(): return pytest.importorskip("torch")


@pytest.fixture(scope="module")
def theirs(torch):
    """A small GPT-2 with random weights that are large enough to matter, in float32."""
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config(
        vocab_size=101, n_positions=48, n_embd=32, n_layer=2, n_head=4, resid_pdrop=0, embd_pdrop=0, attn_pdrop=0))
    with torch.no_grad():
        for p in model.parameters(): p.add_(torch.randn_like(p) * 0.1)
    return model.eval()


def saved(model, folder, torch, dtype):
    """The folder that save_pretrained writes, and the same model in that dtype's numbers."""
    import copy
    rounded = copy.deepcopy(model).to(dtype)
    rounded.save_pretrained(folder)
    return folder, rounded.float()


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_logits_are_those_of_transformers(theirs, torch, tmp_path, dtype):
    folder, reference = saved(theirs, tmp_path, torch, getattr(torch, dtype))
    ids = np.random.default_rng(0).integers(0, 101, (3, 48))
    with torch.no_grad():
        single = reference(torch.from_numpy(ids)).logits.numpy()
        double = reference.double()(torch.from_numpy(ids)).logits.numpy()
    with no_grad():
        assert np.abs(gpt2.load(folder)(ids).data - single).max() < 1e-4
        assert np.abs(gpt2.load(folder, dtype="float64")(ids).data - double).max() < 1e-10


@pytest.mark.parametrize("prefix", [False, True])
def test_names_with_and_without_prefix_and_buffers(theirs, torch, tmp_path, prefix):
    from safetensors.torch import save_file
    state = {k: v.contiguous() for k, v in theirs.state_dict().items() if k != "lm_head.weight"}
    state |= {f"transformer.h.{i}.attn.{b}": torch.ones(1, 1, 4, 4) for i in (0, 1) for b in ("bias", "masked_bias")}
    if not prefix: state = {k.removeprefix("transformer."): v for k, v in state.items()}
    else: state["lm_head.weight"] = state["transformer.wte.weight"].clone()
    save_file(state, tmp_path / "weights.safetensors")
    ids = np.arange(20)[None]
    with torch.no_grad(): expected = theirs(torch.from_numpy(ids)).logits.numpy()
    with no_grad(): found = gpt2.load(tmp_path / "weights.safetensors", num_heads=4)(ids).data
    assert np.abs(found - expected).max() < 1e-4


def test_every_gradient_is_that_of_torch(theirs, torch, tmp_path):
    import copy
    theirs.save_pretrained(tmp_path)
    reference, ids = copy.deepcopy(theirs).double(), np.random.default_rng(1).integers(0, 101, (3, 21))
    reference(torch.from_numpy(ids), labels=torch.from_numpy(ids)).loss.backward()
    expected = {k.removeprefix("transformer."): p.grad.numpy() for k, p in reference.named_parameters()}
    model = gpt2.load(tmp_path, dtype="float64")
    ops.softmax_cross_entropy(model(ids[:, :-1]), ids[:, 1:]).backward()
    weights, names = dict(model.named_parameters()), gpt2.layout(2, True)
    assert set(expected) == set(names) and len(names) == 28
    for name, g in expected.items(): assert np.abs(weights[names[name]].grad - g).max() < 1e-8, name


def test_thirty_greedy_tokens_are_equal_also_for_a_left_padded_batch(theirs, torch, tmp_path):
    theirs.save_pretrained(tmp_path)
    model, prompts = gpt2.load(tmp_path), [[5, 17, 3, 99, 4], [8], [60, 61, 62]]
    theirs.generation_config.pad_token_id = theirs.generation_config.eos_token_id = None
    theirs.config.eos_token_id = theirs.config.bos_token_id = None
    for prompt in prompts:
        out = theirs.generate(torch.tensor([prompt]), max_new_tokens=30, do_sample=False, pad_token_id=0,
                              attention_mask=torch.ones(1, len(prompt), dtype=int))
        assert out[0, len(prompt):].tolist() == generate(model, prompt, 30, temperature=0).tolist()
    padded = torch.tensor([[0] * (5 - len(p)) + p for p in prompts])
    mask = torch.tensor([[0] * (5 - len(p)) + [1] * len(p) for p in prompts])
    out = theirs.generate(padded, attention_mask=mask, max_new_tokens=30, do_sample=False, pad_token_id=0)
    assert out[:, 5:].tolist() == generate(model, prompts, 30, temperature=0).tolist()


def test_transformers_reads_what_we_save(theirs, torch, tmp_path):
    theirs.save_pretrained(tmp_path)
    model = gpt2.load(tmp_path)
    for p in model.parameters(): p.data = p.data + 0.01
    gpt2.save(model, tmp_path / "model.safetensors")
    again, ids = type(theirs).from_pretrained(tmp_path), np.arange(30)[None]
    with torch.no_grad(): expected = again(torch.from_numpy(ids)).logits.numpy()
    with no_grad(): assert np.abs(model(ids).data - expected).max() < 1e-4


# ------------------------------------------------------------ the tokenizer

PATTERN = (r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s")


@pytest.fixture(scope="module")
def both():
    """Our tokenizer and tiktoken's, of the same vocabulary."""
    tiktoken = pytest.importorskip("tiktoken")
    ours = text.load_gpt2()
    ranks = {token: i for i, token in enumerate(ours.tokens[:-1])}
    return ours, tiktoken.Encoding("gpt2", pat_str=PATTERN, mergeable_ranks=ranks,
                                   special_tokens={"<|endoftext|>": 50256})


@needs_data
def test_ids_of_shakespeare_are_tiktokens(both):
    ours, tiktokens = both
    corpus = text.load("shakespeare")
    whole = corpus.tokenizer.decode(np.concatenate([corpus.train, corpus.validation]))
    ids = ours.encode(whole)
    assert len(ids) == 338_025 and ids.tolist() == tiktokens.encode_ordinary(whole)
    assert ours.decode(ids) == whole and "".join(ours.pieces(ids)) == whole


# Characters that this Python's Unicode does not know yet may be letters for tiktoken's newer one.
ASSIGNED = st.characters(exclude_categories=["Cs", "Cn"])
PROSE = st.sampled_from(" \t\n\r\x0b\x1c\x1f\x85\xa0\u2009\u3000'sdtlrevemAZ019.,!²½Ⅷ√éßñ日本한ع\u0301\u200d😀")


@needs_data
def test_ids_of_10000_drawn_strings_are_tiktokens(both):
    ours, tiktokens = both

    @settings(max_examples=10_000, deadline=None, database=None)
    @given(st.text(st.one_of(ASSIGNED, PROSE), max_size=24))
    def law(string):
        ids = ours.encode(string)
        assert ids.tolist() == tiktokens.encode_ordinary(string)
        assert ours.decode(ids) == string == "".join(ours.pieces(ids))

    law()


@needs_data
def test_every_character_is_cut_as_tiktoken_cuts_it(both):
    ours, tiktokens = both
    every = [chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) not in ("Cs", "Cn")]
    for start in range(0, len(every), 20_000):
        string = "a ".join(every[start:start + 20_000])
        assert ours.encode(string).tolist() == tiktokens.encode_ordinary(string)
