# %% [markdown]
# # 07 Policies that learn
#
# **Question:** can one improve a policy directly, by its own gradient, without a table of values?
# **Needs:** lessons 04 and 06. **Minutes:** 35.
# **You will have built:** REINFORCE by hand, a baseline, GAE, PPO's clipped objective; and balanced a pole.

# %%
import matplotlib.pyplot as plt
import numpy as np

import tinyfm as fm
from tinyfm import rl
from tinyfm.rl.deep import copies, ppo, reinforce

# %% [markdown]
# ## A corridor in which no fixed choice is right
#
# Four squares in a row, the last is the goal; each step costs 1. In the second square left and right are exchanged, and
# all squares *look the same* (Sutton & Barto, example 13.1). "Always right" never arrives; "always left" neither. The
# best one can do is to go right with one certain probability. A greedy policy cannot express that; a softmax can.

# %%
env = rl.ShortCorridor()


def value(p):
    """The mean return of going right with probability p, by solving Bellman's linear equations."""
    policy = np.tile([1 - p, p], (env.observation_space.n, 1))
    return rl.solve_policy(env.P, env.R, 1.0, policy).V[0]


chances = np.linspace(0.02, 0.98, 193)
values = [value(p) for p in chances]
best = 2 - np.sqrt(2)                            # 0.586, in closed form
assert abs(chances[np.argmax(values)] - best) < 0.01 and np.isclose(value(best), -11.657, atol=0.001)

# %% [markdown]
# ## The gradient of what one cannot differentiate
#
# We want to climb $J(\theta) = E[G]$, the expected return. The world is not differentiable, but the *probability* of
# what we did is. Since $\nabla \pi = \pi \nabla \ln \pi$,
#
# $$ \nabla J = E\Big[ \sum_t G_t\, \nabla \ln \pi(A_t | S_t) \Big] $$
#
# Make each action that was taken more likely, in proportion to the return that followed. That is REINFORCE.
#
# Is the formula true? Here $J$ is known, so we can compare: the slope of $J$, and the mean of many episodes.

# %%
def softmax2(theta): return np.exp(theta - theta.max()) / np.exp(theta - theta.max()).sum()


def episode(pi, rng):
    s, _ = env.reset(seed=int(rng.integers(1 << 31)))
    actions, rewards, ended = [], [], False
    while not ended:
        a = int(rng.random() < pi[1])
        s, r, terminated, truncated, _ = env.step(a)
        actions.append(a)
        rewards.append(r)
        ended = terminated or truncated
    return np.array(actions), np.cumsum(rewards[::-1])[::-1]     # G_t: everything from t on


rng = np.random.default_rng(0)
theta = np.array([1.0, 0.0])
pi = softmax2(theta)
estimates = []
for _ in range(3000):
    actions, G = episode(pi, rng)
    estimates.append((G[:, None] * (np.eye(2)[actions] - pi)).sum(axis=0))       # grad ln pi(a) = e_a - pi
h = 1e-5
chance = lambda theta: softmax2(theta)[1]
measured = np.array([value(chance(theta + h * e)) - value(chance(theta - h * e)) for e in np.eye(2)]) / (2 * h)
error = np.std(estimates, axis=0) / np.sqrt(len(estimates))
print("REINFORCE", np.mean(estimates, axis=0), "+-", error, " true slope", measured)
assert np.all(np.abs(np.mean(estimates, axis=0) - measured) < 4 * error)

# %% [markdown]
# ## A baseline takes the noise away
#
# The formula is right *on average*; a single episode says little. Any number $b$ that does not depend on the action may
# be subtracted from $G_t$ without changing the mean, since $\sum_a \pi(a) \nabla \ln \pi(a) = 0$:

# %%
assert np.allclose((pi[:, None] * (np.eye(2) - pi)).sum(axis=0), 0)

with_baseline = []
for _ in range(3000):
    actions, G = episode(pi, rng)
    with_baseline.append(((G - value(pi[1]))[:, None] * (np.eye(2)[actions] - pi)).sum(axis=0))
spread, calmer = np.std(estimates, axis=0).mean(), np.std(with_baseline, axis=0).mean()
print(f"spread of one estimate {spread:.1f}, with a baseline {calmer:.1f}")
assert calmer < 0.8 * spread

climbed = {}
features = np.tile(np.eye(2), (env.observation_space.n, 1, 1))   # the same preferences in every square
for name, options in (("plain", {"alpha": 2 ** -12}), ("with a baseline", {"alpha": 2 ** -9, "baseline": 2 ** -6})):
    runs = [rl.reinforce(env, 500, features, rng=seed, theta=np.array([2.2, 0.0]), **options) for seed in range(10)]
    climbed[name] = np.array([run.returns for run in runs])
    print(f"{name:16} right with probability {np.mean([run.policy[0, 1] for run in runs]):.2f}, best is {best:.2f}")

figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.2), layout="constrained")
left.plot(chances, values)
left.axvline(best, color="k", linestyle=":", label=r"$2 - \sqrt{2}$")
left.set(title="Only a random policy is good here", xlabel="probability of going right", ylabel="mean return",
         ylim=(-100, 0))
left.legend()
rl.plot_learning_curves(climbed, right, window=20)
right.set(title="REINFORCE in the corridor", xlabel="episode", ylabel="return", ylim=(-50, 0))
plt.show()

# %% [markdown]
# ## How good was that action? GAE
#
# Where a network $v(s)$ guesses the value, one step already tells something:
# $\delta_t = r_t + \gamma v(s_{t+1}) - v(s_t)$ is positive when things went better than hoped. Waiting longer is less
# biased and more noisy. Generalised advantage estimation (Schulman et al. 2016) mixes all waiting times:
#
# $$ A_t = \sum_{k \ge 0} (\gamma \lambda)^k \delta_{t+k} $$

# %%
def gae(delta, gamma, lam):
    A, last = np.zeros_like(delta), 0.0
    for t in reversed(range(len(delta))): A[t] = last = delta[t] + gamma * lam * last
    return A


r, v, gamma = rng.normal(size=6), rng.normal(size=7), 0.9
v[-1] = 0.0                                      # the episode ends: nothing comes after
delta = r + gamma * v[1:] - v[:-1]
G = gae(r, gamma, 1.0)                           # the same sum over rewards is the return
assert np.allclose(gae(delta, gamma, 0.0), delta)                # lambda = 0: one step
assert np.allclose(gae(delta, gamma, 1.0), G - v[:-1])           # lambda = 1: the whole return, minus the baseline

# %% [markdown]
# ## Do not go too far: PPO
#
# An estimate of the gradient from old episodes is true only near the policy that played them. PPO (Schulman et al.
# 2017) looks at the ratio $\rho = \pi / \pi_{old}$ and stops pushing where it has left $1 \pm \epsilon$:
#
# $$ \min\big( \rho A,\; \mathrm{clip}(\rho, 1 - \epsilon, 1 + \epsilon)\, A \big) $$
#
# The engine shows what that does: the gradient is *zero* where the action has become likely enough.

# %%
ratio = fm.tensor(np.linspace(0.5, 1.5, 201), requires_grad=True)
figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
for ax, A in zip(axes, (1.0, -1.0)):
    objective = fm.minimum(ratio * A, fm.clip(ratio, 0.8, 1.2) * A)
    slope, = fm.gradients(fm.sum(objective), [ratio])
    ax.plot(ratio.data, objective.data, label="objective")
    ax.plot(ratio.data, slope, "--", label="its slope")
    ax.set(title=f"advantage {A:+.0f}", xlabel=r"$\rho = \pi / \pi_{old}$", ylabel="objective, slope")
    ax.legend()
    beyond = ratio.data > 1.21 if A > 0 else ratio.data < 0.79
    assert np.all(slope[beyond] == 0) and np.all(slope[~beyond & (np.abs(ratio.data - 1) < 0.19)] == A)
plt.show()

# %% [markdown]
# ## Balance a pole
#
# A pole stands on a cart; push left or right so that it does not fall. Each step pays 1, and 500 are the most. Each
# algorithm is one flat file: read `tinyfm/rl/deep/reinforce.py` and `ppo.py` beside this output.

# %%
agents = {"REINFORCE": reinforce.train(rl.CartPole(), reinforce.Settings(steps=30_000, seed=1)),
          "PPO": ppo.train(rl.CartPole(), ppo.Settings(steps=40_000, seed=1))}
figure, axes = plt.subplots(figsize=(7.5, 4), layout="constrained")
for style, (name, agent) in zip(("-", "--"), agents.items()):
    mean = np.convolve(agent.returns, np.ones(10) / 10, "valid")
    axes.plot(agent.ends[9:], mean, style, label=f"{name}, mean of 10 episodes")
    print(f"{name:9} plays {copies.evaluate(agent, rl.CartPole(), 50).mean():.0f} of 500 steps")
axes.set(title="Learning to balance", xlabel="steps played", ylabel="return", ylim=(0, 520))
axes.legend()
plt.show()
assert copies.evaluate(agents["PPO"], rl.CartPole(), 50).mean() > 300

# %% [markdown]
# One more thing that goes wrong often: when the clock runs out after 500 steps, the pole has *not* fallen. The value of
# the last state still counts (`truncated`); only after a fall is it zero (`terminated`).
#
# ## Summary
#
# The gradient of an expected return is the mean of returns times the gradient of log-probabilities, so a policy can
# climb without a model of the world. A baseline takes away noise without bias, and GAE chooses how long to wait. PPO
# reuses what was played, and its clipped objective stops where the estimate is no longer true.
#
# **Exercises that follow:** `reinforce`, `gae` (run `tinyfm exercises list`).
