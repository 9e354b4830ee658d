# %% [markdown]
# # 01 One neuron
#
# **Question:** what does a neuron compute, and how does it find out which way to change?
# **Needs:** Python and a little NumPy; no calculus beyond "slope". **Minutes:** 20.
# **You will have built:** a neuron $y = \sigma(Wx + b)$ that learns, first by hand, then with the engine.

# %%
import matplotlib.pyplot as plt
import numpy as np

import tinyfm as fm

# %% [markdown]
# ## A weighted sum and a bend
#
# A neuron multiplies each input by a weight, adds a bias, and bends the sum into the range 0 to 1:
#
# $$ z = Wx + b, \qquad y = \sigma(z) = \frac{1}{1 + e^{-z}} $$
#
# Large positive sums give nearly 1, large negative ones nearly 0, and 0 gives exactly one half.

# %%
def sigma(z): return 1 / (1 + np.exp(-z))


assert sigma(0.0) == 0.5
assert sigma(10.0) > 0.9999 and sigma(-10.0) < 0.0001

W, b = np.array([2.0, -1.0]), 0.5
x = np.array([1.0, 3.0])
z = W @ x + b                                    # 2 * 1 - 1 * 3 + 0.5
y = sigma(z)
assert z == -0.5 and np.isclose(y, 0.3775, atol=1e-4)
print(f"z = {z}, y = {y:.4f}")

# %% [markdown]
# ## How wrong is it?
#
# Say that the right answer for this $x$ was $t = 1$. We measure the error with one number, the *loss*. The squared
# error is the simplest: $L = (y - t)^2$. Learning means: change $W$ and $b$ a little so that $L$ becomes smaller.

# %%
t = 1.0


def loss_of(W, b): return (sigma(W @ x + b) - t) ** 2


print(f"L = {loss_of(W, b):.4f}")

# %% [markdown]
# ## Which way? Try it
#
# Nudge the bias by a tiny $h$ up and down, and see how the loss answers. The ratio is the slope of $L$ along $b$:
#
# $$ \frac{dL}{db} \approx \frac{L(b + h) - L(b - h)}{2h} $$

# %%
h = 1e-6
slope_b = (loss_of(W, b + h) - loss_of(W, b - h)) / (2 * h)
print(f"dL/db is about {slope_b:.6f}: raising b lowers the loss")
assert slope_b < 0

# %% [markdown]
# ## Which way? Calculate it
#
# Nudging costs two evaluations for each weight; a network has millions. The *chain rule* gives all slopes at once:
# multiply the slopes of the steps from the loss back to the weight.
#
# $$ \frac{dL}{dy} = 2(y - t), \qquad \frac{dy}{dz} = y(1 - y), \qquad \frac{dz}{db} = 1, \qquad \frac{dz}{dW} = x $$
#
# (Each of the four is the slope of one small step, and can be tried like the slope of $L$: the cell below does so.)
# So, writing $\delta = \frac{dL}{dy} \frac{dy}{dz}$ for what arrives at the sum,
#
# $$ \frac{dL}{db} = \delta, \qquad \frac{dL}{dW} = \delta\, x. $$

# %%
def slope(f, at): return (f(at + h) - f(at - h)) / (2 * h)


assert np.isclose(slope(lambda y: (y - t) ** 2, y), 2 * (y - t))      # the square, along y
assert np.isclose(slope(sigma, z), y * (1 - y))                       # the bend, along z
assert np.isclose(slope(lambda b: W @ x + b, b), 1)                   # the sum, along b
assert np.isclose(slope(lambda w: w * x[0], W[0]), x[0])              # one product, along its weight

delta = 2 * (y - t) * y * (1 - y)
gradient_b = delta
gradient_W = delta * x
assert np.isclose(gradient_b, slope_b, rtol=1e-6)

for i in range(2):                               # each weight's slope, tried and calculated
    nudge = np.zeros(2)
    nudge[i] = h
    tried = (loss_of(W + nudge, b) - loss_of(W - nudge, b)) / (2 * h)
    assert np.isclose(gradient_W[i], tried, rtol=1e-6)
print("calculated:", gradient_W, gradient_b)

# %% [markdown]
# ## Let the engine do it
#
# tinyfm records what is computed with a tensor, and `backward()` walks the record from the loss back to each input.
# Nothing about the neuron is special: write the formula, get the gradients.

# %%
w_ = fm.tensor(W, requires_grad=True, name="W")
b_ = fm.tensor(b, requires_grad=True, name="b")
loss = (fm.sigmoid(fm.sum(w_ * x) + b_) - t) ** 2
loss.backward()

assert np.allclose(w_.grad, gradient_W) and np.isclose(b_.grad, gradient_b)
print("the engine:", w_.grad, b_.grad)

# %% [markdown]
# ## Learn
#
# Go a small step against the slope, again and again. Here are two clouds of points; the neuron shall say 0 for one and
# 1 for the other. A whole batch goes through at once: `X @ w` is the weighted sum of every row.

# %%
rng = np.random.default_rng(0)
X = np.concatenate([rng.normal([-1, -1], 0.7, (40, 2)), rng.normal([1, 1], 0.7, (40, 2))])    # (80, 2)
T = np.repeat([0.0, 1.0], 40)                                                                 # (80,)

w = fm.tensor(np.zeros(2), requires_grad=True, name="w")
b = fm.tensor(0.0, requires_grad=True, name="b")
losses = []
for _ in range(200):
    w.grad = b.grad = None                       # forget the last step's gradients
    loss = fm.mean((fm.sigmoid(X @ w + b) - T) ** 2)
    loss.backward()
    w.data -= 2.0 * w.grad                       # the learning rate is 2
    b.data -= 2.0 * b.grad
    losses.append(loss.item())

right = np.mean((sigma(X @ w.data + b.data) > 0.5) == T)
assert losses[0] == 0.25                         # zero weights say one half to everything: (1/2)^2
assert losses[-1] < losses[0] / 5 and right > 0.95
print(f"loss {losses[0]:.3f} -> {losses[-1]:.3f}, {right:.0%} right")

# %% [markdown]
# ## Look at it
#
# The line is where the neuron hesitates: $Wx + b = 0$, so $y = 1/2$. The arrow is $W$: it stands at a right angle to
# the line and points to where $y$ grows.

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
left.plot(losses)
left.set(title="The loss falls", xlabel="step", ylabel="mean squared error")
for label, marker in ((0, "o"), (1, "^")): right.plot(*X[T == label].T, marker, label=f"target {label}", alpha=0.7)
line = np.array([-3.0, 3.0])
right.plot(line, -(w.data[0] * line + b.data) / w.data[1], "k--", label="$Wx + b = 0$")
arrow = w.data / np.linalg.norm(w.data)
right.annotate("W", xy=(0, 0), xytext=1.3 * arrow, arrowprops={"arrowstyle": "<-", "lw": 2}, fontsize=13,
               bbox={"boxstyle": "round", "fc": "white", "lw": 0})
right.set(title="Where the neuron hesitates", xlabel="$x_1$", ylabel="$x_2$", xlim=(-3, 3), ylim=(-3, 3))
right.legend(loc="lower right")
plt.show()

# %% [markdown]
# ## Summary
#
# A neuron is a weighted sum, bent: $\sigma(Wx + b)$. The gradient says, for each weight, how the loss answers to a
# nudge, and the chain rule gets it by multiplying the slopes on the way back. Learning is to step against it.
#
# **Exercises that follow:** `neuron`, `sigmoid` (run `tinyfm exercises list`).
