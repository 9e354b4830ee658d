# %% [markdown]
# # 04 Learning
#
# **Question:** given a gradient, what is the best next step?
# **Needs:** lessons 01 to 03. **Minutes:** 25.
# **You will have built:** the training loop behind `fit`, and four optimisers that race on the same ground.

# %%
import matplotlib.pyplot as plt
import numpy as np

import tinyfm as fm
from tinyfm.data import toy
from tinyfm.nn import Dense, Sequential
from tinyfm.optim import SGD, Adam, RMSprop
from tinyfm.schedules import CosineDecay

# %% [markdown]
# ## Which loss?
#
# A loss turns "how wrong" into one number. For a yes-no answer with target $t$ and prediction $p = \sigma(z)$ there are
# two candidates: the squared error $(p - t)^2$ and the cross entropy $-t \ln p - (1 - t) \ln(1 - p)$. Look at their
# slopes along $z$ for a confident, wrong answer ($t = 1$, $z$ very negative):

# %%
z = fm.tensor(np.linspace(-8, 8, 161), requires_grad=True)
squared = (fm.sigmoid(z) - 1.0) ** 2
entropy = -fm.log_sigmoid(z)                     # -ln p, computed so that it cannot overflow
slope_squared, = fm.gradients(fm.sum(squared), [z])
slope_entropy, = fm.gradients(fm.sum(entropy), [z])
assert abs(slope_squared[0]) < 0.001             # hopelessly wrong, and no slope to learn from
assert abs(slope_entropy[0]) > 0.999             # hopelessly wrong: full slope
assert np.allclose(slope_entropy, fm.sigmoid(z).data - 1.0)      # p - t, the simplest slope there is

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
left.plot(z.data, squared.data, "--", label="squared error")
left.plot(z.data, entropy.data, label="cross entropy")
left.set(title="Loss of a prediction whose target is 1", xlabel="z", ylabel="loss")
right.plot(z.data, slope_squared, "--", label="squared error")
right.plot(z.data, slope_entropy, label="cross entropy: p - 1")
right.set(title="Its slope: what there is to learn from", xlabel="z", ylabel="dL/dz")
left.legend()
right.legend()
plt.show()

# %% [markdown]
# That is why classification uses cross entropy: a confident mistake is where the slope must not vanish.
#
# ## The loop
#
# Four lines, whatever the model: predict and measure, forget the old gradients, walk back, step.

# %%
x, y = toy.moons(400, noise=0.15, seed=0)
x_test, y_test = toy.moons(400, noise=0.15, seed=1)


def network(): return Sequential([Dense(16, "tanh"), Dense(16, "tanh"), Dense(2)], seed=3)


def train(optimizer, steps=300):
    """Losses of full-batch training of the same network from the same start."""
    model = network()
    model(x[:1])                                 # a layer makes its weights when it sees the first batch
    optimizer.build(model.parameters())
    losses = []
    for _ in range(steps):
        loss = fm.softmax_cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses, model


losses, model = train(SGD(0.5))
accuracy = np.mean(model(x_test).data.argmax(1) == y_test)
print(f"SGD: loss {losses[0]:.3f} -> {losses[-1]:.3f}, {accuracy:.1%} of new points right")
assert losses[-1] < losses[0] and accuracy > 0.85

# %% [markdown]
# ## The valley
#
# The same step size does not suit every direction. In a long valley, $f(w) = \tfrac12 (w_1^2 + 50\, w_2^2)$, plain
# gradient descent must step so small that it does not jump across the steep walls, and then crawls along the floor.
#
# * **SGD**: $w \leftarrow w - \eta g$
# * **Momentum**: $v \leftarrow \mu v + g$, $w \leftarrow w - \eta v$: steps along the floor add up, across they cancel
# * **RMSprop**: divide each step by the typical size of that gradient
# * **Adam**: both

# %%
def descend(optimizer, steps=60):
    w = fm.tensor([-9.0, 1.5], requires_grad=True)
    optimizer.build([w])
    path = [w.data.copy()]
    for _ in range(steps):
        optimizer.zero_grad()
        (0.5 * (w[0] ** 2 + 50.0 * w[1] ** 2)).backward()
        optimizer.step()
        path.append(w.data.copy())
    return np.array(path)


def height(w): return 0.5 * (w[..., 0] ** 2 + 50 * w[..., 1] ** 2)


racers = {"SGD": SGD(0.035), "momentum": SGD(0.035, momentum=0.8), "RMSprop": RMSprop(0.3), "Adam": Adam(0.6)}
paths = {name: descend(optimizer) for name, optimizer in racers.items()}
for name, path in paths.items(): print(f"{name:9} height {height(path[0]):.0f} -> {height(path[-1]):.5f}")
assert height(paths["momentum"][-1]) < height(paths["SGD"][-1]) / 10

# %% [markdown]
# With a step only a little larger SGD would leave the valley altogether. The bound is exact: along an axis of curvature
# $c$ each step multiplies the distance by $1 - \eta c$, and that grows when $\eta > 2 / c$.

# %%
just_below, just_above = descend(SGD(0.99 * 2 / 50)), descend(SGD(1.01 * 2 / 50))
assert np.isclose(just_below[-1, 1], 1.5 * (1 - 0.99 * 2) ** 60)
assert abs(just_below[-1, 1]) < 1.5 < abs(just_above[-1, 1])

grid = np.stack(np.meshgrid(np.linspace(-10, 4, 141), np.linspace(-2, 2, 81)), axis=-1)
figure, axes = plt.subplots(2, 2, figsize=(10, 5), sharex=True, sharey=True, layout="constrained")
for ax, (name, path) in zip(axes.flat, paths.items()):
    ax.contour(grid[..., 0], grid[..., 1], height(grid), levels=np.geomspace(0.2, 120, 9), colors="grey",
               linewidths=0.6)
    ax.plot(*path.T, ".-", linewidth=1)
    ax.plot(0, 0, "k*", markersize=10)
    ax.set(title=f"{name}: after 60 steps at height {height(path[-1]):.3f}", xlim=(-10, 4), ylim=(-2, 2))
for ax in axes[1]: ax.set_xlabel("$w_1$")
for ax in axes[:, 0]: ax.set_ylabel("$w_2$")
plt.show()

# %% [markdown]
# ## A schedule
#
# Large steps find the valley, small ones find its floor. A schedule changes the learning rate as training goes on; the
# most used one rises in a short warm-up and then follows half a cosine down to nothing.

# %%
schedule = CosineDecay(0.0, decay_steps=270, warmup_target=0.05, warmup_steps=30)
assert schedule(0) == 0.0 and np.isclose(schedule(30), 0.05) and np.isclose(schedule(300), 0.0)

results = {name: train(optimizer)[0] for name, optimizer in {
    "SGD 0.5": SGD(0.5), "momentum 0.9": SGD(0.1, momentum=0.9), "Adam 0.05": Adam(0.05),
    "Adam, warm-up and cosine": Adam(schedule)}.items()}

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
for style, (name, curve) in zip(("-", "--", "-.", ":"), results.items()): left.semilogy(curve, style, label=name)
left.set(title="The same network, four ways down", xlabel="step", ylabel="cross entropy")
left.legend(fontsize=8, loc="upper right", bbox_to_anchor=(1.0, 0.93))
right.plot([schedule(t) for t in range(300)])
right.set(title="Warm-up and cosine", xlabel="step", ylabel="learning rate")
plt.show()
assert results["Adam, warm-up and cosine"][-1] < results["SGD 0.5"][-1]

# %% [markdown]
# ## The loop has a name
#
# `compile` and `fit` are those four lines, with batches, metrics and a progress line around them; the file
# `tinyfm/train/loop.py` is short enough to read now. Names and meaning are Keras'.

# %%
model = Sequential([Dense(16, "tanh"), Dense(16, "tanh"), Dense(2, "softmax")], seed=3)
model.compile(Adam(0.02), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x, y, batch_size=50, epochs=15, validation_data=(x_test, y_test), verbose=0)
print(f"accuracy on new points {history['val_accuracy'][-1]:.1%}")
assert history["val_accuracy"][-1] > 0.93

# %% [markdown]
# ## Summary
#
# Choose the loss whose slope does not vanish where the answer is wrong: cross entropy for classes. A step against the
# gradient must be small for the steepest direction, and momentum and Adam make the flat directions catch up. The loop
# is always the same four lines; schedules change only the length of the step.
#
# **Exercises that follow:** `sgd`, `momentum`, `adam`, `minibatches`, `two_layers` (run `tinyfm exercises list`).
