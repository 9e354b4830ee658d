# %% [markdown]
# # 11 Derivatives of derivatives
#
# **Question:** what can be learnt from the slope of a slope?
# **Needs:** lessons 01 to 04. **Minutes:** 30.
# **You will have built:** a Newton step without a Hessian, a gradient penalty, and MAML in 30 lines.

# %%
import matplotlib.pyplot as plt
import numpy as np

import tinyfm as fm

# %% [markdown]
# ## A gradient is again a function
#
# Each rule of the table is written with ops of the table. So the backward pass can itself be recorded, and
# differentiated, as often as one likes:

# %%
f = lambda x: x ** 3
df = fm.grad(f)                                  # 3 x^2
ddf = fm.grad(df)                                # 6 x
assert df(2.0) == 12.0 and ddf(2.0) == 12.0 and fm.grad(ddf)(2.0) == 6.0

x = np.linspace(-3, 3, 121)
curves = [fm.sin]
for _ in range(4): curves.append(fm.grad(lambda x, inner=curves[-1]: fm.sum(inner(x))))
assert np.allclose(curves[4](x), np.sin(x))      # the fourth derivative of sin is sin

# %% [markdown]
# ## Curvature in one direction
#
# The Hessian $H$ of a function of $n$ numbers has $n^2$ entries; for a network of a million weights nobody can store
# it. But $Hv$, how the gradient changes along *one* direction $v$, costs about two gradients:
#
# $$ Hv = \frac{d}{d\epsilon} \nabla f(x + \epsilon v) \Big|_{\epsilon = 0} $$

# %%
def rosenbrock(x): return fm.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


rng = np.random.default_rng(0)
point, v = rng.normal(size=5), rng.normal(size=5)
assert np.allclose(fm.hvp(rosenbrock, point, v), fm.hessian(rosenbrock)(point) @ v)

# %% [markdown]
# That is enough to solve $H d = -\nabla f$ by conjugate gradients, which only ever asks for products $Hv$. The result
# is Newton's step: it jumps to the bottom of the parabola that fits here, and needs no learning rate.

# %%
def conjugate_gradients(product, b, steps):
    """x with A x = b, A given only as the function v -> A v.  Hestenes & Stiefel 1952."""
    x, r = np.zeros_like(b), b.copy()
    p = r.copy()
    for _ in range(steps):
        if r @ r < 1e-20: break
        Ap = product(p)
        if p @ Ap <= 0: break                    # the parabola opens downwards here: no bottom to jump to
        a = (r @ r) / (p @ Ap)
        x, following = x + a * p, r - a * Ap
        p, r = following + (following @ following) / (r @ r) * p, following
    return x


value = lambda p: float(rosenbrock(p))
newton, plain = [np.full(5, -0.5)], [np.full(5, -0.5)]
for _ in range(40):
    here = newton[-1]
    g = fm.grad(rosenbrock)(here)
    step = conjugate_gradients(lambda v, here=here: fm.hvp(rosenbrock, here, v), -g, 10)
    if not step.any(): step = -g
    while value(here + step) > value(here): step = step / 2      # a step too far is halved
    newton.append(here + step)
    plain.append(plain[-1] - 0.001 * fm.grad(rosenbrock)(plain[-1]))
heights = [[value(p) for p in path] for path in (newton, plain)]
print(f"after 40 steps: Newton {heights[0][-1]:.1e}, gradient descent {heights[1][-1]:.1e}")
assert heights[0][-1] < 1e-12 < heights[1][-1]

# %% [markdown]
# ## A penalty on a gradient
#
# Some losses contain a gradient: the critic of a Wasserstein GAN is to have slope 1 between real and made-up data
# (Gulrajani et al. 2017), so its loss has the term
#
# $$ \big( \| \nabla_x D(x) \| - 1 \big)^2. $$
#
# To train on it we need its derivative for the *weights*: a derivative of a derivative. `create_graph` records the
# first backward pass.

# %%
W1, W2 = (fm.tensor(rng.normal(size=s), requires_grad=True) for s in ((2, 16), (16, 1)))
data = rng.normal(size=(64, 2))


def critic(x): return fm.tanh(x @ W1) @ W2


def slopes():
    x = fm.tensor(data, requires_grad=True)
    dx, = fm.gradients(fm.sum(critic(x)), [x], create_graph=True)
    return fm.norm(dx, axis=1)                   # (64,)


before = slopes().data
penalties = []
for _ in range(150):
    penalty = fm.mean((slopes() - 1.0) ** 2)
    for w, g in zip((W1, W2), fm.gradients(penalty, [W1, W2])): w.data -= 0.05 * g
    penalties.append(penalty.item())
after = slopes().data
print(f"slopes before {before.mean():.2f} +- {before.std():.2f}, after {after.mean():.2f} +- {after.std():.2f}")
assert penalties[-1] < penalties[0] / 20 and abs(after.mean() - 1) < 0.1

# %% [markdown]
# ## MAML: learn to learn
#
# Each task: fit one sine wave, of unknown phase and height, from ten points. One network cannot fit them all; but there
# may be a *start* from which one gradient step gets near any of them. Model-agnostic meta-learning (Finn et al. 2017)
# looks for it by gradient descent *through the gradient step*:
#
# $$ \theta \leftarrow \theta - \beta \nabla_\theta \sum_k L'_k\big(\theta - \alpha \nabla L_k(\theta)\big) $$
#
# where $L_k$ is the error on the seen points of task $k$ and $L'_k$ that on new ones.

# %%
def predict(p, x): return fm.tanh(fm.tanh(x @ p["W1"] + p["b1"]) @ p["W2"] + p["b2"]) @ p["W3"]


def error(p, x, y): return fm.mean((predict(p, x) - y) ** 2)


def adapted(p, x, y, alpha=0.1):                 # one step of ordinary learning, itself differentiable
    g = fm.grad(error)(p, x, y)
    return {name: p[name] - alpha * g[name] for name in p}


def task(tasks=25, points=10):
    """Seen and new points of many waves: (tasks, points, 1) each."""
    height, phase = rng.uniform(0.5, 2.0, (tasks, 1, 1)), rng.uniform(0, np.pi, (tasks, 1, 1))
    x = rng.uniform(-3, 3, (2, tasks, points, 1))
    return [(x[i], height * np.sin(x[i] + phase)) for i in range(2)]


def meta_loss(p, seen, new):
    return sum(error(adapted(p, x, y), u, v) for x, y, u, v in zip(*seen, *new)) / len(seen[0])


p = {"W1": rng.normal(size=(1, 32)), "b1": np.zeros(32), "W2": rng.normal(size=(32, 32)) / 6, "b2": np.zeros(32),
     "W3": rng.normal(size=(32, 1)) / 6}
m = {k: np.zeros_like(v) for k, v in p.items()}
s = {k: np.zeros_like(v) for k, v in p.items()}
curve = []
for t in range(1, 251):
    loss, g = fm.value_and_grad(meta_loss)(p, *task(4))
    for k in p:                                  # Adam, lesson 04
        m[k], s[k] = 0.9 * m[k] + 0.1 * g[k], 0.99 * s[k] + 0.01 * g[k] ** 2
        p[k] = p[k] - 0.005 * m[k] / (1 - 0.9 ** t) / (np.sqrt(s[k] / (1 - 0.99 ** t)) + 1e-8)
    curve.append(float(loss))

# %% [markdown]
# Is the gradient through the gradient right? Measure it.

# %%
seen, new = task(2)
g = fm.grad(meta_loss)(p, seen, new)
h = 1e-5
for k, place in (("W1", (0, 3)), ("W2", (5, 7)), ("b2", (1,))):
    up, down = ({n: a.copy() for n, a in p.items()} for _ in range(2))
    up[k][place] += h
    down[k][place] -= h
    n = (float(meta_loss(up, seen, new)) - float(meta_loss(down, seen, new))) / (2 * h)
    assert abs(g[k][place] - n) <= 1e-6 * abs(n) + 1e-9

# %%
seen, new = task(100)
zero_steps = np.mean([float(error(p, u, v)) for u, v in zip(*new)])
one_step = float(meta_loss(p, seen, new))
print(f"error on new waves: {zero_steps:.2f} before, {one_step:.2f} after one gradient step on ten points")
assert one_step < 0.6 * zero_steps

figure, axes = plt.subplots(1, 3, figsize=(13, 3.8), layout="constrained")
axes[0].semilogy(heights[0], "o-", markersize=3, label="Newton by Hv")
axes[0].semilogy(heights[1], "--", label="gradient descent")
axes[0].set(title="Rosenbrock's valley", xlabel="step", ylabel="height", ylim=(1e-16, None))
axes[0].legend()
axes[1].hist([before, after], bins=24, label=["before", "after"])
axes[1].set(title="Slopes of the critic, penalised", xlabel=r"$\|\nabla_x D\|$", ylabel="of 64 points")
axes[1].legend()
wave = np.linspace(-3, 3, 100)[:, None]
x, y = seen[0][0], seen[1][0]
axes[2].plot(x, y, "ko", label="ten points of a new wave")
axes[2].plot(wave, predict(p, wave), ":", label="before")
axes[2].plot(wave, predict(adapted(p, x, y), wave), label="after one step")
axes[2].set(title="MAML: ready to learn", xlabel="x", ylabel="y")
axes[2].legend()
plt.show()

# %% [markdown]
# ## Summary
#
# Because rules are written with ops, a gradient can be differentiated like anything else. Products of the Hessian with
# a vector cost two gradients and give Newton's step without the Hessian. Losses that contain gradients, such as a
# gradient penalty or MAML's, train like any other.
#
# **Exercises that follow:** `debug_backward`, `debug_loop` (run `tinyfm exercises list`).
