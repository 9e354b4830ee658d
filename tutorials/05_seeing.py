# %% [markdown]
# # 05 Seeing
#
# **Question:** how does a network read a handwritten digit, and which ones does it misread?
# **Needs:** lessons 01 to 04. **Minutes:** 30.
# **You will have built:** a convolution by loops, a network that reads digits, and a look into every layer of it.

# %%
import time

import matplotlib.pyplot as plt
import numpy as np

import tinyfm as fm
from tinyfm import metrics, plot
from tinyfm.data import digits
from tinyfm.nn import Conv2D, Dense, Flatten, MaxPooling2D, Sequential

# %% [markdown]
# ## The data
#
# 28 x 28 grey values from 0 to 255, and the digit that was meant. These are drawn by a program that moves a pen like a
# hand, so that nothing has to be downloaded; `tinyfm.data.mnist` gives you the famous real ones in the same form.

# %%
(images, labels), (test_images, test_labels) = digits.load_data()
images, labels = images[:6000], labels[:6000]
assert images.shape == (6000, 28, 28) and images.dtype == np.uint8
x, x_test = images / np.float32(255), test_images / np.float32(255)

# %% [markdown]
# ## Convolution: one pattern, looked for everywhere
#
# A fully connected layer would have to learn each stroke anew at each place. A convolution slides one small pattern
# $K$ over the image and writes down, for every place, how well it fits:
#
# $$ y_{ij} = \sum_{u,v} K_{uv}\, x_{i+u,\, j+v} $$

# %%
def convolve(image, kernel):
    """The formula, as it stands."""
    h, w = kernel.shape
    y = np.zeros((image.shape[0] - h + 1, image.shape[1] - w + 1))
    for i, j in np.ndindex(y.shape): y[i, j] = np.sum(kernel * image[i:i + h, j:j + w])
    return y


edge = np.array([[1.0, 2, 1], [0, 0, 0], [-1, -2, -1]])          # bright above, dark below
slow = convolve(x[0], edge)
fast = fm.conv2d(x[:1, :, :, None], edge[:, :, None, None])      # (batch, height, width, channels), as Keras
assert slow.shape == (26, 26) and np.allclose(slow, fast[0, :, :, 0])

figure, axes = plt.subplots(1, 3, figsize=(9, 3.2), layout="constrained")
for ax, picture, title in zip(axes, (x[0], slow, convolve(x[0], edge.T)),
                              ("the image", "upper and lower edges", "left and right edges")):
    shown = ax.imshow(picture, cmap="gray" if ax is axes[0] else "PuOr")
    ax.set(title=title, xlabel="column", ylabel="row")
    figure.colorbar(shown, ax=ax, shrink=0.7)
plt.show()

# %% [markdown]
# ## Why the library's is fast
#
# Copy every 3 x 3 window into one row of a matrix; then the convolution is a single matrix product, which a computer
# does best. The arithmetic is the same.

# %%
begin = time.perf_counter()
convolve(x[0], edge)
by_loops = time.perf_counter() - begin
begin = time.perf_counter()
fm.conv2d(x[:100, :, :, None], edge[:, :, None, None])
by_product = (time.perf_counter() - begin) / 100
print(f"one image: {1e3 * by_loops:.2f} ms by loops, {1e3 * by_product:.3f} ms as a product")

# %% [markdown]
# ## The network
#
# 32 patterns of 3 x 3, learnt, not chosen; relu; the largest of each 2 x 2, since it does not matter exactly where a
# stroke is; then two fully connected layers and a softmax: one probability for each digit.

# %%
model = Sequential([
    Conv2D(32, (3, 3), activation="relu", input_shape=(28, 28, 1)),
    MaxPooling2D((2, 2)),
    Flatten(),
    Dense(128, activation="relu"),
    Dense(10, activation="softmax"),
], seed=0)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.summary()
history = model.fit(x, labels, epochs=4, validation_data=(x_test, test_labels), verbose=2)
loss, accuracy = model.evaluate(x_test, test_labels, verbose=0)
print(f"{accuracy:.1%} of 2,000 new digits read right")
assert accuracy > 0.94

plot.learning_curve(history)
plt.show()

# %% [markdown]
# ## What has it learnt?
#
# The patterns themselves: dark against bright in some direction, a corner, a dot. Nobody told it to look for edges.

# %%
kernel = model.layers[0].kernel
assert kernel.shape == (3, 3, 1, 32)
plot.filters(kernel.data)
plt.show()

# %% [markdown]
# And what they find in one image, after relu and pooling:

# %%
maps = model.layers[1](model.layers[0](x[:1]))
plot.feature_maps(maps.data[0])
plt.show()
assert maps.shape == (1, 13, 13, 32) and maps.data.min() >= 0

# %% [markdown]
# ## Where does it err?
#
# The confusion matrix shows which digits are taken for which; the page shows the ones it was most sure of and wrong.

# %%
p = model.predict(x_test)
plot.confusion_matrix(metrics.confusion_matrix(test_labels, p.argmax(1)))
plt.show()

wrong = np.flatnonzero(p.argmax(1) != test_labels)
worst = wrong[np.argsort(-p.max(1)[wrong])][:20]
assert len(wrong) == round((1 - accuracy) * 2000)
plot.predictions(test_images[worst], test_labels[worst], p.argmax(1)[worst], p.max(1)[worst])
plt.show()

# %% [markdown]
# ## Which pixels decided?
#
# The engine gives the gradient of anything with respect to anything. Of the winning logit with respect to the *image*:
# which pixels, made brighter, would speak for the decision (orange) or against it (violet)?

# %%
shown = x_test[worst[0]]
pixels = fm.tensor(shown[None, :, :, None], requires_grad=True)
winner = int(p[worst[0]].argmax())
saliency, = fm.gradients(model(pixels).logits[0, winner], [pixels])
assert saliency.shape == (1, 28, 28, 1)

# Is it true? Go a little along it, and the probability of the winner must rise.
nudged = model.predict(shown[None] + 0.02 * np.sign(saliency[..., 0]))
assert nudged[0, winner] >= p[worst[0], winner]

figure, axes = plt.subplots(1, 2, figsize=(7.5, 3.4), layout="constrained")
axes[0].imshow(shown, cmap="gray_r")
axes[0].set(title=f"a {test_labels[worst[0]]}, read as {winner}", xlabel="column", ylabel="row")
limit = np.abs(saliency).max()
picture = axes[1].imshow(saliency[0, :, :, 0], cmap="PuOr_r", vmin=-limit, vmax=limit)
axes[1].set(title=f"d logit {winner} / d pixel", xlabel="column", ylabel="row")
figure.colorbar(picture, ax=axes[1])
plt.show()

# %% [markdown]
# ## Summary
#
# A convolution looks for one small pattern at every place, and is a matrix product of all windows. The network learns
# its patterns from the gradient alone; pooling forgets where exactly they were. Filters, feature maps, mistakes and the
# gradient of a logit for the pixels show what it does, and where it fails.
#
# **Exercises that follow:** `conv2d`, `max_pooling` (run `tinyfm exercises list`).
