# %% [markdown]
# # 03 Is my gradient right?
#
# **Question:** how do I know that a derivative which I have worked out is right, and what is wrong when it is not?
# **Needs:** lessons 01 and 02. **Minutes:** 25.
# **You will have built:** a gradient checker, and found the mistakes in a formula that was printed.

# %%
import matplotlib.pyplot as plt
import numpy as np

import tinyfm as fm

# %% [markdown]
# ## Two ways to the same number
#
# A derivative can be *calculated* by a formula, which may be wrong, and *measured* by nudging, which can hardly be
# wrong but is never exact. If they agree, both are right:
#
# $$ \frac{\partial f}{\partial x_i} \approx \frac{f(x + h e_i) - f(x - h e_i)}{2h} $$
#
# ($\partial$ is the $d$ of a slope where there are several inputs; $e_i$ is 1 at place $i$ and 0 elsewhere, so only
# $x_i$ is nudged.)
#
# How small should $h$ be? Too large, and the curve bends within the step: an error like $h^2$. Too small, and the
# difference drowns in rounding: an error like $10^{-16} / h$. Look for the best:

# %%
steps = 10.0 ** np.arange(-14, 0)
x = 1.2
errors = [abs((np.sin(x + h) - np.sin(x - h)) / (2 * h) - np.cos(x)) / np.cos(x) for h in steps]
best = steps[np.argmin(errors)]
assert 1e-7 <= best <= 1e-4 and min(errors) < 1e-9
print(f"best step {best:.0e}: relative error {min(errors):.0e}")

figure, axes = plt.subplots(figsize=(6.5, 4), layout="constrained")
axes.loglog(steps, np.maximum(errors, 1e-17), "o-", label="measured error of d sin / dx")
axes.loglog(steps, steps ** 2 / 6, "--", label="bending, $h^2 / 6$")
axes.loglog(steps, 1e-16 / steps, ":", label="rounding, $10^{-16} / h$")
axes.set(title="Neither too large nor too small", xlabel="step h", ylabel="relative error", ylim=(1e-13, 10))
axes.legend()
plt.show()

# %% [markdown]
# So in float64, with $h$ near $10^{-5}$, a right gradient agrees to nine digits. **A gradient that agrees to three is
# wrong.** (In float32 the best one can hope for is three digits: never check there.)
#
# ## A checker in ten lines
#
# For a function of arrays that gives an array, multiply the result by a random `g` first: a backward pass receives such
# a `g` from above, and a check that only ever uses ones would not notice a backward that ignores it.
#
# Our example is a linear layer. Entry $z_{nj} = \sum_i x_{ni} w_{ij} + b_j$, so $w_{ij}$ meets $x_{ni}$ in every row
# $n$: its gradient is $\sum_n x_{ni} g_{nj}$, which is `x.T @ g`. Likewise $x$ gets `g @ w.T`, $b$ the sum of the rows.

# %%
def measured(forward, g, arrays, i, h=1e-5):
    """The gradient of sum(g * forward(*arrays)) for arrays[i], by central differences."""
    slope = np.zeros_like(arrays[i])
    for place in np.ndindex(slope.shape):
        up, down = ([a.copy() for a in arrays] for _ in range(2))
        up[i][place] += h
        down[i][place] -= h
        slope[place] = np.sum(g * (forward(*up) - forward(*down))) / (2 * h)
    return slope


def linear(x, w, b): return x @ w + b


def right_backward(g, x, w, b): return g @ w.T, x.T @ g, g.sum(0)


rng = np.random.default_rng(7)
arrays = [rng.normal(size=(4, 3)), rng.normal(size=(3, 2)), rng.normal(size=2)]
g = rng.normal(size=(4, 2))
for i, d in enumerate(right_backward(g, *arrays)):
    n = measured(linear, g, arrays, i)
    assert d.shape == n.shape and np.all(abs(d - n) <= 1e-6 * abs(n) + 1e-9)

# %% [markdown]
# ## What a number does not tell
#
# Here is a backward with two mistakes. Our ten lines find that something is wrong, and no more:

# %%
def wrong_backward(g, x, w, b): return g @ w.T, -x.T @ g, g.mean(0)


for name, i, d in zip("xwb", range(3), wrong_backward(g, *arrays)):
    n = measured(linear, g, arrays, i)
    print(f"{name}: largest error {np.max(abs(d - n)):.2f}")

# %% [markdown]
# The engine's checker goes on from there. It compares the two Jacobians, the tables of all slopes, in every way in
# which people go wrong (a sign, a transposition, a mean for a sum, a missing factor, a forgotten path...) and says
# which one fits.

# %%
report = fm.check_backward(linear, wrong_backward, *arrays)
print(report)
found = {finding.argument: finding.kind for finding in report.findings}
assert found == {"w": "wrong-sign", "b": "mean-for-sum-over-broadcast"}

# %% [markdown]
# ## A formula that was printed
#
# A project brief, ours, gives the gradient of the cost $C$ for the weights of a layer $z = Wx + b$ as
#
# $$ \frac{\partial C}{\partial W} = - \sum_i \frac{\partial L}{\partial z_i}\, \delta_i $$
#
# Let us take it at its word. The layer is linear; $\partial L / \partial z$ is the gradient `g` that arrives from
# above. A formula for $\partial C / \partial W$ without $x$ in it cannot even have the right shape unless we spread
# it, so we give it every benefit of doubt: each row of $W$ gets the sum over the batch.

# %%
def layer(x, w): return x @ w


def printed(g, x, w): return g @ w.T, -np.broadcast_to(g.sum(0), w.shape)


report = fm.check_backward(layer, printed, (7, 5), (5, 3))
print(report)
kinds = {finding.kind for finding in report.findings if finding.argument == "w"}
assert not report.ok and kinds & {"wrong-sign", "missing-factor", "constant-factor"}

# %% [markdown]
# The checker names what is missing: the sign is wrong, and the factor $x$ is not there. Mended, with
# $\delta_i = \partial L / \partial z_i$,
#
# $$ \frac{\partial C}{\partial W} = \sum_i x_i^\top \delta_i = x^\top \delta $$

# %%
def mended(g, x, w): return g @ w.T, x.T @ g


assert fm.check_backward(layer, mended, (7, 5), (5, 3)).ok

# %% [markdown]
# (A minus does belong into the *update*, $W \leftarrow W - \eta\, \partial C / \partial W$. It is easy to see how it
# wandered.)
#
# ## Where checking itself goes wrong
#
# At a kink there is no derivative, and central differences average the two sides. relu at 0 "measures" 1/2, while
# every library says 0. That is not a bug in either; the checker must see the kink and step aside.

# %%
relu = lambda x: np.maximum(x, 0.0)
h = 1e-5
assert (relu(h) - relu(-h)) / (2 * h) == 0.5
x = fm.tensor(0.0, requires_grad=True)
fm.relu(x).backward()
assert x.grad == 0.0

report = fm.check_backward(relu, lambda g, x: g * (x > 0), np.array([-1.0, 0.0, 2.0]))
print(report)
assert not any(finding.kind in ("wrong-sign", "constant-factor", "partial") for finding in report.findings)

# %% [markdown]
# And it must not be fooled. This backward is right whenever `g` is all ones, so a check of `out.sum()` accepts it:

# %%
def ignores(g, x): return np.cos(x)


x = np.array([0.3, -1.1, 2.0])
assert np.allclose(ignores(np.ones(3), x), measured(np.sin, np.ones(3), [x], 0))
report = fm.check_backward(np.sin, ignores, x)
assert [finding.kind for finding in report.findings] == ["ignores-upstream"]
print(report)

# %% [markdown]
# ## Summary
#
# Measure and calculate: agreement to nine digits in float64 is the proof. Use random gradients from above, all
# arguments, and points away from kinks, or a wrong backward will pass. tinyfm's checker does all of that and then names
# the mistake: `tinyfm check FILE.py` runs it on your own pair of functions.
#
# **Exercises that follow:** `numeric_gradient`, `gradient_check` and every exercise that asks for a backward (run
# `tinyfm exercises list`).
