# %% [markdown]
# # 10 Real weights
#
# **Question:** what is inside a file of a famous model, and how does one run it with NumPy alone?
# **Needs:** lesson 09. **Minutes:** 30.
# **You will have built:** a reader of safetensors, a byte-pair tokenizer, and GPT-2 from its published layout.

# %%
import json
import os
import struct
import tempfile
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import tinyfm as fm
from tinyfm.data.text import BytePairs
from tinyfm.data.text.corpora import pydoc
from tinyfm.models import gpt2, language
from tinyfm.models.generate import generate
from tinyfm.models.gpt import GPT

# %% [markdown]
# ## Tokens
#
# GPT-2 reads neither letters nor words but *byte pairs*: begin with the 256 bytes, and merge the most frequent pair of
# neighbours into a new token, again and again. Any text in any script can be written; frequent words are one token.

# %%
source = pydoc()                                 # what help() says about Python: no download
tokenizer = BytePairs.train(source[:60_000], 512)
ids = tokenizer.encode("the function returns a function; 函数")
print([tokenizer.decode([i]) for i in ids])
assert tokenizer.decode(ids) == "the function returns a function; 函数"
assert len(tokenizer.encode(source[:5000])) < 0.6 * len(source[:5000])

# %% [markdown]
# ## A model to have weights of
#
# The weights of GPT-2 are a download of 500 MB; this lesson needs no network. So we train a tiny GPT for some seconds
# and publish it *exactly as GPT-2 is published*: the same names, shapes, format. Everything below then works on the
# real file too: put its folder into the variable `GPT2` of your environment, and this lesson reads that.

# %%
folder = Path(os.environ.get("GPT2") or tempfile.mkdtemp())
if "GPT2" not in os.environ:
    model = GPT(tokenizer.size, 64, num_layers=2, num_heads=4, width=64, seed=0)
    train = tokenizer.encode(source[:60_000])
    corpus = language.Corpus("pydoc", tokenizer, train, tokenizer.encode(source[60_000:66_000]))
    language.train(model, corpus, language.Settings(steps=250, learning_rate=0.004, every=10_000), verbose=0)
    gpt2.save(model, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"n_head": 4}))
file = folder / "model.safetensors"

# %% [markdown]
# ## What is in the file?
#
# Eight bytes say how long the header is; the header is JSON: for each tensor its type, shape, and where it begins and
# ends; the rest is numbers. No code, so nothing can be run by opening it, which cannot be said of a pickle. A reader in
# a few lines:

# %%
with file.open("rb") as stream:
    length, = struct.unpack("<Q", stream.read(8))
    assert length < file.stat().st_size          # never trust a size that a file claims
    header = json.loads(stream.read(length))
    start = 8 + length


def read(name):
    entry = header[name]
    begin, end = entry["data_offsets"]
    assert entry["dtype"] == "F32" and end - begin == 4 * np.prod(entry["shape"], dtype=int)
    with file.open("rb") as stream:
        stream.seek(start + begin)
        return np.frombuffer(stream.read(end - begin), "<f4").reshape(entry["shape"])


for name in list(header)[:8]: print(name, header[name])
assert header["h.0.attn.c_attn.weight"]["shape"] == [read("wte.weight").shape[1], 3 * read("wte.weight").shape[1]]

# %% [markdown]
# ## GPT-2 in a page
#
# With these names and nothing but NumPy, the whole model is a page. `wte` are the tokens' vectors, `wpe` the
# positions'; each block normalises, attends, normalises, thinks. The same matrix that reads tokens also writes them.

# %%
def norm(x, name):
    centred = x - x.mean(-1, keepdims=True)
    x = centred / np.sqrt((centred ** 2).mean(-1, keepdims=True) + 1e-5)
    return x * read(name + ".weight") + read(name + ".bias")


def linear(x, name): return x @ read(name + ".weight") + read(name + ".bias")
def gelu(x): return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3)))


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def forward(ids, heads):                         # (time,) -> logits (time, vocabulary)
    x = read("wte.weight")[ids] + read("wpe.weight")[:len(ids)]
    layers = 1 + max(int(name.split(".")[1]) for name in header if name.startswith("h."))
    future = np.triu(np.full((len(ids), len(ids)), -np.inf), 1)
    for i in range(layers):
        q, k, v = (part.reshape(len(ids), heads, -1).swapaxes(0, 1)              # (heads, time, width / heads)
                   for part in np.split(linear(norm(x, f"h.{i}.ln_1"), f"h.{i}.attn.c_attn"), 3, axis=-1))
        answers = softmax(q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1]) + future) @ v
        x = x + linear(answers.swapaxes(0, 1).reshape(len(ids), -1), f"h.{i}.attn.c_proj")
        x = x + linear(gelu(linear(norm(x, f"h.{i}.ln_2"), f"h.{i}.mlp.c_fc")), f"h.{i}.mlp.c_proj")
    return norm(x, "ln_f") @ read("wte.weight").T


loaded = gpt2.load(folder)                       # the engine's reader, into an ordinary model
if "GPT2" in os.environ: tokenizer = gpt2.tokenizer(folder)
prompt = tokenizer.encode("The function returns")
by_hand = forward(prompt, loaded.num_heads)
assert np.allclose(by_hand, loaded(prompt[None]).data[0], atol=1e-3)
print("page and engine agree; the largest difference is", np.abs(by_hand - loaded(prompt[None]).data[0]).max())

# %% [markdown]
# ## Do not compute twice
#
# Each new token needs the keys and values of all earlier ones, which do not change. Keep them (a *KV cache*), and a
# step costs one token instead of the whole text. It must not change a single token:

# %%
text = {}
for cache in (False, True):
    begin = time.perf_counter()
    text[cache] = generate(loaded, prompt, 50, temperature=0, cache=cache)
    print(f"{'with   ' if cache else 'without'} the cache: {50 / (time.perf_counter() - begin):6.0f} tokens/s")
assert np.array_equal(text[True], text[False])
print(tokenizer.decode([*prompt, *generate(loaded, prompt, 40, temperature=0.7, rng=np.random.default_rng(0))]))

# %% [markdown]
# ## It can learn on
#
# What was loaded is a model like any other: it has gradients, so it can be fine-tuned.

# %%
ids = tokenizer.encode(source[1000:1400])[:33][None]
losses = []
for _ in range(5):
    loss = fm.softmax_cross_entropy(loaded(ids[:, :-1]), ids[:, 1:])
    for parameter in loaded.parameters(): parameter.grad = None
    loss.backward()
    for parameter in loaded.parameters(): parameter.data -= 0.1 * parameter.grad
    losses.append(loss.item())
assert losses[-1] < losses[0]
print(f"loss on one passage {losses[0]:.3f} -> {losses[-1]:.3f}")

# %% [markdown]
# ## Look inside
#
# The vectors of similar tokens point in similar directions. And the attention of each head shows what it looks for.

# %%
weights = loaded.attention(prompt[None])
figure, axes = plt.subplots(1, 3, figsize=(14, 4.2), layout="constrained")
pieces = [tokenizer.decode([i]) for i in prompt]
for head, ax in enumerate(axes[:2]):
    shown = ax.imshow(weights[0][0, head], cmap="Blues", vmin=0, vmax=1)
    ax.set_xticks(range(len(pieces)), pieces, rotation=60)
    ax.set_yticks(range(len(pieces)), pieces)
    ax.set(title=f"layer 1, head {head + 1}", xlabel="is looked at", ylabel="looks")
figure.colorbar(shown, ax=axes[1], label="attention weight")
sizes = {name: int(np.prod(entry["shape"])) for name, entry in header.items() if "shape" in entry}
groups = {"tokens and positions": ("wte", "wpe"), "attention": ("attn.c",), "mlp": ("mlp.c",), "norms": ("ln_",)}
counts = [sum(n for name, n in sizes.items() if any(part in name for part in parts)) for parts in groups.values()]
assert sum(counts) == sum(sizes.values())
axes[2].barh(list(groups), np.array(counts) / 1000, color="#0060a8")
axes[2].set(title="Where the weights are", xlabel="thousand numbers")
plt.show()

# %% [markdown]
# ## Summary
#
# A file of weights is a list of names, shapes and numbers, and a page of NumPy turns it into GPT-2. Byte pairs write
# any text with a small vocabulary, and a cache of keys and values makes writing fast without changing a token. What is
# loaded can be looked into and trained on, like everything here.
#
# **Exercises that follow:** `bpe`, `kv_cache` (run `tinyfm exercises list`).
