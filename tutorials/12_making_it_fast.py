# %% [markdown]
# # 12 Making it fast
#
# **Question:** why is one NumPy program ten times faster than another that does the same arithmetic?
# **Needs:** lessons 04 and 05. **Minutes:** 30.
# **You will have built:** a roofline of your own machine, a convolution in tiles, and a profile of a training step.

# %%
import cProfile
import io
import pstats
import time

import matplotlib.pyplot as plt
import numpy as np

import tinyfm as fm
from tinyfm.nn import Conv2D, Dense, Flatten, MaxPooling2D, Sequential


def seconds(f, rounds=7):
    """The shortest of some runs, the first not counted: the one that was disturbed least."""
    f()
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        f()
        times.append(time.perf_counter() - begin)
    return min(times)


rng = np.random.default_rng(0)
normal = lambda *shape: rng.normal(size=shape).astype(np.float32)

# %% [markdown]
# ## Two limits
#
# A processor can do only so many multiplications a second, and can fetch only so many bytes. Which of the two stops a
# computation? That depends on how often it uses a number once it is there: its *intensity*, in operations per byte.
# A product of two n x n matrices does $2n^3$ operations on $12n^2$ bytes; adding them does $n^2$ on the same. Measure
# both limits here and now:

# %%
a, b = normal(1024, 1024), normal(1024, 1024)
peak = 2 * 1024 ** 3 / seconds(lambda: a @ b, 20)                # operations a second
big, copy = normal(16_000_000), np.empty(16_000_000, np.float32)
bandwidth = 2 * big.nbytes / seconds(lambda: np.copyto(copy, big), 20)   # bytes a second, read and written
print(f"products: {peak / 1e9:.0f} Goperations/s, copies: {bandwidth / 1e9:.1f} GB/s")
print(f"they meet at {peak / bandwidth:.0f} operations per byte: with fewer, memory is the limit")

# %% [markdown]
# No computation can be faster than the lower of the two. That is the *roofline* (Williams et al. 2009). Where do
# familiar ones stand?

# %%
x, y, out = (np.resize(v, 4_000_000).astype(np.float32) for v in (big, big[::-1], big))
large, image, kernel = normal(4000, 4000), normal(64, 28, 28, 1), normal(3, 3, 1, 32)
work = {                                         # name: (operations, bytes, what is run)
    "x + y": (x.size, 3 * x.nbytes, lambda: np.add(x, y, out=out)),
    "relu": (x.size, 2 * x.nbytes, lambda: np.maximum(x, 0, out=out)),
    "exp": (10 * x.size, 2 * x.nbytes, lambda: np.exp(x, out=out)),
    "conv2d": (2 * 9 * 64 * 26 * 26 * 32, 4 * (image.size + kernel.size + 64 * 26 * 26 * 32),
               lambda: fm.conv2d(image, kernel)),
    "A v": (2 * large.size, large.nbytes, lambda: large @ large[0]),
    "A B, n = 64": (2 * 64 ** 3, 12 * 64 ** 2, lambda: a[:64, :64] @ b[:64, :64]),
    "A B, n = 1024": (2 * 1024 ** 3, 12 * 1024 ** 2, lambda: a @ b),
}
figure, axes = plt.subplots(figsize=(8, 4.8), layout="constrained")
intensity = np.geomspace(0.05, 500, 100)
axes.loglog(intensity, np.minimum(peak, bandwidth * intensity) / 1e9, "k-", label="roofline of this machine")
for marker, (name, (operations, size, f)) in zip("osv^D<>", work.items()):
    speed = operations / seconds(f)
    axes.loglog(operations / size, speed / 1e9, marker, markersize=8, label=name)
    print(f"{name:14} {operations / size:7.2f} operations/byte {speed / 1e9:8.1f} Goperations/s")
axes.set(title="Memory is the limit on the left, arithmetic on the right", xlabel="operations per byte",
         ylabel="Goperations per second")
axes.legend(loc="lower right", fontsize=8)
plt.show()

# %% [markdown]
# Small products and memory in cache do not follow the line exactly, but the lesson is plain: **everything element-wise
# is limited by memory.** Five such steps on an array that does not fit into the cache cost five trips to memory, and
# the arithmetic is free.
#
# ## Tiles
#
# A convolution with bias, relu and pooling writes 26 x 26 x 32 numbers for each image, only to keep a quarter of them.
# Here are the steps as the formula says it...

# %%
def in_steps(x, w, b):
    y = fm.conv2d(x, w) + b
    return fm.max_pool2d(fm.relu(y), pool_size=2)


# %% [markdown]
# ...and here the same for 8 images at a time. What one step writes, the next finds in the cache. And relu and the
# maximum may change places, so relu works on a quarter of the numbers:
#
# $$ \max_i \max(x_i, 0) = \max(\max_i x_i, 0) $$

# %%
def in_tiles(x, w, b, tile=8):
    parts = [fm.relu(fm.max_pool2d(fm.conv2d(x[i:i + tile], w), pool_size=2) + b) for i in range(0, len(x), tile)]
    return np.concatenate(parts)


x, w, b = normal(256, 28, 28, 1), normal(3, 3, 1, 32), normal(32)
assert np.allclose(in_steps(x, w, b), in_tiles(x, w, b), atol=1e-6)
settings = {"pool_size": (2, 2), "strides": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1)}
fused = fm.conv_relu_pool(x, w, b, **settings)
assert np.allclose(fused, in_steps(x, w, b), atol=1e-6)          # the engine's own, which also reuses its scratch
times = {"in steps": seconds(lambda: in_steps(x, w, b)), "in tiles": seconds(lambda: in_tiles(x, w, b)),
         "conv_relu_pool": seconds(lambda: fm.conv_relu_pool(x, w, b, **settings))}
for name, t in times.items(): print(f"{name:15} {1e3 * t:6.2f} ms for 256 images")

figure, axes = plt.subplots(figsize=(6.5, 2.6), layout="constrained")
bars = axes.barh(list(times), [1e3 * t for t in times.values()], color="#0060a8")
axes.bar_label(bars, fmt=" %.1f ms")
axes.set(title="The same numbers", xlabel="ms for 256 images", xlim=(0, 1300 * max(times.values())))
axes.invert_yaxis()
plt.show()

# %% [markdown]
# A fused op is still an op: it has a formula, its own derivative, and a test that says that kernel and formula agree.
# Models use it on their own where layers stand so that it fits; results do not change.

# %%
weights = [fm.tensor(v, requires_grad=True) for v in (w, b)]
fast = fm.gradients(fm.sum(fm.conv_relu_pool(x, *weights, **settings)), weights)
slow = fm.gradients(fm.sum(in_steps(x, *weights)), weights)
assert all(np.allclose(f, s, rtol=1e-3, atol=1e-2) for f, s in zip(fast, slow))

# %% [markdown]
# ## float64 sneaks in
#
# NumPy's own random numbers and `np.array([0.5])` are float64: twice the bytes, twice the time. Python's numbers are
# harmless. Look at the dtype of what you train.

# %%
half = np.float32(3) * 0.5
assert half.dtype == np.float32                  # a Python number adapts
assert (normal(2) * np.array([0.5])).dtype == np.float64          # an array does not
single, double = normal(2_000_000), rng.normal(size=2_000_000)
print(f"float64 takes {seconds(lambda: np.tanh(double)) / seconds(lambda: np.tanh(single)):.1f} times as long in tanh")

# %% [markdown]
# ## What a profiler says
#
# Guessing is worth nothing. Here are the functions in which one training step of the network of lesson 05 spends its
# time:

# %%
model = Sequential([Conv2D(32, (3, 3), activation="relu", input_shape=(28, 28, 1)), MaxPooling2D((2, 2)), Flatten(),
                    Dense(128, activation="relu"), Dense(10, activation="softmax")], seed=0)
model.compile("adam", loss="sparse_categorical_crossentropy")
images, labels = rng.random((1280, 28, 28, 1), np.float32), rng.integers(0, 10, 1280)
model.fit(images, labels, verbose=0)             # once without being watched
profile = cProfile.Profile()
profile.runcall(model.fit, images, labels, verbose=0)
text = io.StringIO()
statistics = pstats.Stats(profile, stream=text)
statistics.sort_stats("tottime").print_stats(8)
print("\n".join(line for line in text.getvalue().splitlines() if line.strip())[-1400:])
inside = {name: row[2] for name, row in statistics.stats.items()}        # function: seconds within itself
first = sorted(inside, key=inside.get, reverse=True)[:8]
share = sum(inside[name] for name in first) / sum(inside.values())
print(f"{share:.0%} of the time within 8 of {len(inside)} functions: there it pays to work, nowhere else")
assert share > 0.5

# %% [markdown]
# ## How far is there to go?
#
# `python benchmarks/kernels.py` prints each kernel of the engine against the roofline, and what holds it;
# `python benchmarks/compare.py` the whole beside PyTorch, JAX and Keras, in turns, on your machine.
#
# ## Summary
#
# Two limits rule: operations and bytes, and nearly everything but large products is held by bytes. Work in tiles that
# fit into the cache, reuse what was allocated, do not compute what is thrown away. Measure before and after, and let a
# test say that the result did not change.
#
# **Exercises that follow:** `conv2d`, `conv_backward` (run `tinyfm exercises list`).
