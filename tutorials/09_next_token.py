# %% [markdown]
# # 09 Predicting the next token
#
# **Question:** how well can the next word be predicted, and what does it take?
# **Needs:** lesson 04; lesson 05 helps. **Minutes:** 35.
# **You will have built:** counts, attention by hand, and a GPT that comes within a few percent of what is possible.

# %%
import builtins
import keyword
import os
import sys

import matplotlib.pyplot as plt
import numpy as np

import tinyfm as fm
from tinyfm.data import text
from tinyfm.data.text.corpora import from_text
from tinyfm.models import language
from tinyfm.models.bigram import Bigram
from tinyfm.models.counts import Counts
from tinyfm.models.generate import generate
from tinyfm.models.gpt import GPT
from tinyfm.models.mlp import MLP

# %% [markdown]
# ## A language of which everything is known
#
# With real text one never knows how good is good. So we begin with sentences from a small grammar, in which every word
# is drawn with known probabilities, and the verb must agree with a noun that may stand far before it:

# %%
grammar = text.dogs_and_kings()
corpus = text.load("grammar")
print(corpus.tokenizer.decode(corpus.train[:40]))
print(f"{corpus.tokenizer.size} words; the entropy is {grammar.entropy:.4f} nats a word")

# %% [markdown]
# The *loss* of a model is $-\ln p(\text{word that came})$, on average. Nobody can get below the *entropy* of the
# language, $H = -\sum p \ln p$, for that is what true chance costs. And who sees only the last $n - 1$ words has a
# higher floor of his own, which can be calculated too:

# %%
floors = {n: grammar.optimum(n) for n in (1, 2, 3, 4)}
print({n: round(floor, 4) for n, floor in floors.items()})
assert floors[1] > floors[2] > floors[3] > floors[4] > grammar.entropy

# %% [markdown]
# ## Count
#
# The oldest language model: what came after these two words, how often? With enough text counting reaches the floor of
# what it sees, and never passes it.

# %%
losses = {}
for n in (1, 2, 3):
    model = Counts(corpus.tokenizer.size, n).fit(corpus.train)
    losses[f"counts of {n}"] = language.evaluate(model, corpus.validation, context=32)
    assert abs(losses[f"counts of {n}"] - floors[n]) < 0.02 * floors[n]

# %% [markdown]
# ## Learn
#
# A table can also be learnt by gradient: a *neural bigram* is one matrix of logits. The MLP of Bengio et al. (2003)
# looks at four words, each as a vector. Both are lessons 04 again, with words in the place of points.

# %%
def recipe(steps, rate): return language.Settings(steps=steps, learning_rate=rate, final_rate=rate / 20, warmup=30,
                                                  weight_decay=0.01, every=10_000)


def learn(model, steps, rate):
    language.train(model, corpus, recipe(steps, rate), context=32, verbose=0)
    return language.evaluate(model, corpus.validation, context=32)


losses["neural bigram"] = learn(Bigram(corpus.tokenizer.size, seed=0), 300, 0.1)
losses["MLP of 4"] = learn(MLP(corpus.tokenizer.size, seed=0), 400, 0.005)
assert floors[2] * 0.98 < losses["neural bigram"] < floors[2] * 1.05

# %% [markdown]
# ## Attend
#
# The verb's noun may be ten words back, or three. Attention looks it up by *content*: every word asks a question $q$,
# offers a key $k$ and holds an answer $v$; it takes the answers of those whose key fits its question.
#
# $$ \mathrm{attention}(Q, K, V) = \mathrm{softmax}\Big( \frac{Q K^\top}{\sqrt d} \Big) V $$
#
# When predicting, nobody may look at what comes later: those scores become $-\infty$ before the softmax. By hand:

# %%
def attention(q, k, v):                          # (time, d) each
    scores = q @ k.T / np.sqrt(q.shape[-1])      # (time, time): how well does key j fit question i
    scores[np.triu_indices(len(q), 1)] = -np.inf             # the causal mask
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) @ v


rng = np.random.default_rng(0)
q, k, v = rng.normal(size=(3, 6, 4))
assert np.allclose(attention(q, k, v), fm.scaled_dot_product_attention(q, k, v, causal=True))

later = v.copy()
later[4:] = 100.0                                # change the future...
assert np.allclose(attention(q, k, later)[:4], attention(q, k, v)[:4])           # ...and the past does not notice

# %% [markdown]
# A GPT is a stack of blocks: look around (attention), think (an MLP for each word by itself), both added to what was
# there. Ours has two blocks; read `tinyfm/models/gpt.py`, it is short.

# %%
gpt = GPT(corpus.tokenizer.size, 64, num_layers=2, num_heads=4, width=48, positions="rotary", seed=0)
losses["GPT"] = learn(gpt, 350, 0.006)
for name, loss in losses.items():
    print(f"{name:14} {loss:.4f}   {100 * (loss / grammar.entropy - 1):5.1f} % above the entropy")
assert losses["GPT"] < floors[4] and losses["GPT"] < 1.06 * grammar.entropy
assert losses["GPT"] > 0.98 * grammar.entropy    # nobody passes below (the text is a sample: a little luck is allowed)

figure, axes = plt.subplots(figsize=(8, 3.8), layout="constrained")
places = np.arange(len(losses))[::-1]
axes.barh(places, list(losses.values()), color="#0060a8")
for place, loss in zip(places, losses.values()): axes.annotate(f" {loss:.3f}", (loss, place), va="center")
axes.axvline(grammar.entropy, color="#d1590b", linestyle="--", label="entropy of the language: the floor")
axes.axvline(floors[3], color="grey", linestyle=":", label="floor of all that see two words")
axes.set_yticks(places, list(losses))
axes.set(title="From counts to GPT", xlabel="loss on unseen sentences, nats a word", xlim=(0, 3))
axes.legend(loc="lower right")
plt.show()

# %% [markdown]
# ## Look at it looking
#
# Which earlier word does each word attend to? Rows ask, columns are looked at; the upper right is the future.

# %%
sentence = corpus.validation[:14]
words = [corpus.tokenizer.decode([i]) for i in sentence]
weights = gpt.attention(sentence[None])          # for each layer (1, heads, time, time)
assert all(np.allclose(w.sum(axis=-1), 1) and not np.triu(w[0, 0], 1).any() for w in weights)
figure, axes = plt.subplots(1, 2, figsize=(11, 5), layout="constrained")
for ax, layer in zip(axes, (0, 1)):
    shown = ax.imshow(weights[layer][0].max(axis=0), cmap="Blues", vmin=0, vmax=1)
    ax.set_xticks(range(len(words)), words, rotation=90)
    ax.set_yticks(range(len(words)), words)
    ax.set(title=f"Layer {layer + 1}, the strongest of its heads", xlabel="is looked at", ylabel="looks")
figure.colorbar(shown, ax=axes, label="attention weight", shrink=0.8)
plt.show()

# %% [markdown]
# ## Write
#
# To write is to predict, draw, append, repeat. The temperature divides the logits: low is safe and dull, high is wild.

# %%
print(corpus.tokenizer.decode(generate(gpt, corpus.validation[:1], 30, temperature=0.8, rng=np.random.default_rng(3))))

# %% [markdown]
# And on real words: new names, letter by letter. Where the data set `names` is at hand (`TINYFM_DATA`) it is used, else
# the names that Python itself gives to things.

# %%
if "TINYFM_DATA" in os.environ: names = text.load("names")
else:
    known = sorted({n.lower().strip("_") for n in [*sys.stdlib_module_names, *dir(builtins), *keyword.kwlist]})
    names = from_text("identifiers", "\n".join(np.random.default_rng(0).permutation(known)))
writer = GPT(names.tokenizer.size, 16, num_layers=2, num_heads=4, width=48, seed=0)
language.train(writer, names, language.Settings(steps=400, batch_size=32, learning_rate=0.005, every=10_000), verbose=0)
lines = names.tokenizer.decode(generate(writer, names.validation[:1], 150, rng=np.random.default_rng(1))).split("\n")
print(", ".join(lines[1:-1]))
assert len(lines) > 5

# %% [markdown]
# ## Summary
#
# The loss of a language model has a floor, the entropy, and each model the floor of what it can see. Counts reach
# theirs; attention sees everything before and looks it up by content, so a GPT comes near the floor of the language.
# Writing is predicting one token after the other.
#
# **Exercises that follow:** `bigram`, `attention`, `rnn_step`, `sampling` (run `tinyfm exercises list`).
