# %% [markdown]
# # 08 Learning without labels
#
# **Question:** what can be learnt from pictures that nobody has named?
# **Needs:** lessons 04 and 05. **Minutes:** 35.
# **You will have built:** an autoencoder, a denoiser, a contrastive loss; and read digits after 50 labels.

# %%
import matplotlib.pyplot as plt
import numpy as np

import tinyfm as fm
from tinyfm import metrics, plot
from tinyfm.data import augmentation, batches, digits, to_floats
from tinyfm.models import simclr
from tinyfm.nn import Dense, Flatten, Reshape, Sequential
from tinyfm.optim import Adam

(images, labels), (test_images, test_labels) = digits.load_data()
images, labels = images[:4000], labels[:4000]
x, x_test = to_floats(images), to_floats(test_images)            # (n, 28, 28, 1), 0 to 1
rng = np.random.default_rng(0)

# %% [markdown]
# ## Say it again
#
# Labels are dear, pictures are cheap. Can a picture be its own teacher? Ask a network to *reproduce* it, through a
# bottleneck of 32 numbers, and measure by squared error:
#
# $$ L(x, \hat x) = \sum_i (x_i - \hat x_i)^2 $$
#
# Its gradient is as simple as gradients get: $2(\hat x - x)$, twice the error.

# %%
guess = fm.tensor([0.2, 0.9], requires_grad=True)
truth = np.array([0.0, 1.0])
fm.sum((truth - guess) ** 2).backward()
assert np.allclose(guess.grad, 2 * (guess.data - truth))


def autoencoder(code):
    encoder = Sequential([Flatten(), Dense(256, activation="relu"), Dense(code)], name="encoder")
    decoder = Sequential([Dense(256, activation="relu"), Dense(784, activation="sigmoid"), Reshape((28, 28, 1))],
                         name="decoder")
    return Sequential([encoder, decoder], seed=0, input_shape=(28, 28, 1))


def train(model, given, epochs=6):
    """Reconstruct x from what `given` makes of it."""
    optimizer = Adam(0.002, parameters=model.parameters())
    for _ in range(epochs):
        for rows in batches(len(x), 64, rng):
            loss = fm.sum((model(given(x[rows])) - x[rows]) ** 2) / len(x[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model


plain = train(autoencoder(32), given=lambda x: x)
told = plain.predict(x_test)
error, mean_error = metrics.mean_squared_error(x_test, told), float(np.mean((x_test - x.mean(0)) ** 2))
print(f"squared error of a pixel: {error:.4f}; of the mean image {mean_error:.4f}")
assert error < 0.4 * mean_error                  # 32 numbers say most of what 784 pixels say

# %% [markdown]
# ## Repair it
#
# A bottleneck can still learn to copy. Give it a *damaged* picture and ask for the clean one; then copying does not
# help, it must know what digits look like.

# %%
damage = lambda x: augmentation.noise(x, rng, 0.4)
denoiser = train(autoencoder(64), given=damage)
noisy = augmentation.noise(x_test, np.random.default_rng(1), 0.4)
repaired = denoiser.predict(noisy)
before, after = metrics.mean_squared_error(x_test, noisy), metrics.mean_squared_error(x_test, repaired)
print(f"squared error: noisy {before:.4f}, repaired {after:.4f}")
assert after < before / 2                        # on digits that it has never seen

plot.contact_sheet({"input": x_test[:10], "through 32 numbers": told[:10], "noisy": noisy[:10],
                    "repaired": repaired[:10]}, title="Autoencoder and denoiser, unseen digits")
plt.show()

# %% [markdown]
# ## The same, and yet not
#
# What may change in a picture without changing what it shows? For a digit: its place, its slant, its size, the hand.
# That knowledge is put in by *augmentation*: all images of a batch at once, and each differently.

# %%
ways = {"original": x[:8]} | {f.__name__: f(x[:8], np.random.default_rng(5)) for f in (
    augmentation.shift, augmentation.rotate, augmentation.scale, augmentation.shear, augmentation.elastic,
    augmentation.erase)}
plot.contact_sheet(ways, title="Other pictures, the same digits")
plt.show()
assert all(v.shape == (8, 28, 28, 1) and v.min() >= 0 and v.max() <= 1 for v in ways.values())

# %% [markdown]
# ## Tell it from the others
#
# Contrastive learning (SimCLR, Chen et al. 2020) makes two views of each picture, and asks of each view: which of all
# the others is your partner? With $z$ of length 1 and a temperature $\tau$, that is a softmax over similarities:
#
# $$ L = - \ln \frac{e^{z \cdot z' / \tau}}{\sum_{k} e^{z \cdot z_k / \tau}} $$
#
# A cross entropy whose "classes" are the other views. Write it yourself, and compare with the engine's:

# %%
def my_info_nce(a, b, temperature):
    z = np.concatenate([a, b])
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    logits = z @ z.T / temperature
    np.fill_diagonal(logits, -np.inf)            # nobody is a partner of himself
    partner = np.roll(np.arange(len(z)), len(a))
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(z)), partner].mean()


a, b = rng.normal(size=(2, 5, 3))
assert np.isclose(my_info_nce(a, b, 0.5), fm.info_nce(a, b, temperature=0.5))

# %%
settings = simclr.Settings(steps=120, batch_size=128)
encoder, projection = simclr.networks(settings)
losses = simclr.train(encoder, projection, images, settings, verbose=0)
print(f"loss {losses[0]:.2f} -> {np.mean(losses[-10:]):.2f}; by chance it would be ln 255 = {np.log(255):.2f}")
assert np.mean(losses[-10:]) < 0.75 * np.log(255)

# %% [markdown]
# ## What was it good for?
#
# Freeze each encoder. Show 50 labels, five of each digit, to the simplest classifier there is, a linear one; how many
# of 2,000 new digits does it read? The same again for raw pixels. Mean of five draws:

# %%
features = {"raw pixels": lambda x: x, "autoencoder": plain.layers[0].predict, "denoiser": denoiser.layers[0].predict,
            "SimCLR": encoder.predict}
probes = {name: metrics.probe(f(x), labels, f(x_test), test_labels, n_labels=50) for name, f in features.items()}
for name, probe in probes.items(): print(f"{name:12} {probe}")
scores = {name: np.mean(probe.linear) for name, probe in probes.items()}
assert scores["SimCLR"] > scores["raw pixels"] + 0.06

figure, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
bars = axes.barh(list(scores), list(scores.values()),
                 xerr=[np.std(probe.linear) for probe in probes.values()], capsize=3, color="#0060a8")
axes.bar_label(bars, [f" {score:.1%}" for score in scores.values()], padding=8)
axes.set(title="Linear probe after 50 labels", xlabel="share of 2,000 unseen digits read right", xlim=(0, 1.1))
axes.invert_yaxis()
plt.show()

# %% [markdown]
# Reconstruction alone hardly helps here: to draw a digit again one must know where its strokes are, and that is what
# pixels say too. Telling it from others, whatever the hand, is nearer to naming it. Two minutes of training instead of
# ten seconds take the contrastive encoder much further: `benchmarks/self_supervised.py` prints that table.
#
# ## Summary
#
# A picture can be its own teacher: reproduce it through a bottleneck, repair it, or recognise it among others. What the
# augmentations change is what the encoder learns not to see, so they are the knowledge that is put in. Frozen features
# under a linear probe show what was learnt: a contrastive encoder reads digits after a handful of labels.
#
# **Exercises that follow:** `masked_error`, `random_shift`, `info_nce` (run `tinyfm exercises list`).
