# %% [markdown]
# # 06 Deciding
#
# **Question:** how does one learn what to do, when nobody says what would have been right?
# **Needs:** lesson 01; no networks yet. **Minutes:** 30.
# **You will have built:** value iteration and Q-learning in a few lines each, and an agent that finds out of a maze.

# %%
import matplotlib.pyplot as plt
import numpy as np

import tinyfm as fm
from tinyfm import rl

# %% [markdown]
# ## Explore or exploit
#
# Ten slot machines pay different amounts on average. Always pull the arm that has paid best so far, and you may never
# meet the best one; try around too long, and you waste pulls. Here are 1,000 players side by side, each with arms of
# his own. $\epsilon$ is how often one pulls at random.

# %%
curves = {}
for epsilon in (0.0, 0.01, 0.1):
    curves[epsilon] = rl.epsilon_greedy_bandit(rl.KArmedBandit(10).vector(1000), 1000, epsilon=epsilon, rng=1)
for epsilon, pulls in curves.items():
    print(f"epsilon {epsilon:4}: best arm in {pulls.share_optimal[-100:].mean():.0%} of the last 100 pulls")
final = {epsilon: pulls.share_optimal[-100:].mean() for epsilon, pulls in curves.items()}
assert final[0.1] > final[0.01] > final[0.0]

# %% [markdown]
# ## Bellman's equation
#
# Now actions have consequences: they change the state $s$. What is an action worth? The reward at once, and what the
# best action from the next state on will be worth, a little less since it is later ($\gamma < 1$):
#
# $$ Q(s, a) = r + \gamma \max_{a'} Q(s', a') $$
#
# Let a robot walk on a 5 x 5 grid (Sutton & Barto, example 3.5). From square A, which pays 10, it is thrown to A'; from
# B, which pays 5, to B'; who walks off the grid stays and loses 1.
#
# If the model is known, chances $P$ and mean rewards $R$, the equation is an assignment. Apply it until it holds:

# %%
env = rl.JumpGridworld()
P, R = env.P, env.R                              # (states, actions, states), (states, actions)
gamma = 0.9
V = np.zeros(25)
changes = []
for _ in range(200):
    Q = R + gamma * P @ V                        # (states, actions): the right side of the equation
    changes.append(np.abs(Q.max(axis=1) - V).max())
    V = Q.max(axis=1)

book = [21.98, 24.42, 21.98, 19.42, 17.48]       # the first row, as printed in the book
assert np.allclose(V.reshape(5, 5)[0], book, atol=0.006)
assert np.allclose(V, rl.value_iteration(P, R, gamma).V, atol=1e-6)

# %% [markdown]
# Each sweep shrinks the error by $\gamma$ at least: after 200 of them nothing is left.

# %%
assert all(after <= gamma * before + 1e-12 for before, after in zip(changes, changes[1:]))

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
rl.plot_values(env, Q, left, title="What each square is worth, and where to go")
right.semilogy(range(1, 101), changes[:100], label="largest change of a sweep")
right.semilogy(range(1, 101), changes[0] * gamma ** np.arange(100), "--", label=r"$\gamma^k$ times the first")
right.set(title="Bellman's equation, applied until it holds", xlabel="sweep k", ylabel="change")
right.legend()
plt.show()

# %% [markdown]
# ## Without a map
#
# Mostly nobody knows $P$ and $R$. But one can *act*, and see one $s, a, r, s'$ at a time. Move $Q(s, a)$ a step
# $\alpha$ towards what the equation says it should be:
#
# $$ Q(s, a) \leftarrow Q(s, a) + \alpha \big( r + \gamma \max_{a'} Q(s', a') - Q(s, a) \big) $$
#
# And how to choose $a$? Better ones more often, all of them sometimes: the *softmax policy*,
#
# $$ \pi(a | s) = \frac{e^{\alpha Q(s, a)}}{\sum_{a'} e^{\alpha Q(s, a')}} $$
#
# whose inverse temperature (also called $\alpha$, a different one) says how greedy it is.

# %%
q = np.array([1.0, 2.0, 0.0])
assert np.allclose(rl.softmax(q, 0.0), 1 / 3)                    # all the same
assert rl.softmax(q, 50.0)[1] > 0.999                            # greedy
assert np.isfinite(rl.softmax(1e4 * q)).all()                    # no overflow: the largest is subtracted first

# %% [markdown]
# That is all of Q-learning. Here it is, in a maze of which it sees nothing but the number of the square it stands on.

# %%
maze = rl.Maze.random(8, 8, seed=4)
print(maze.text())


def learn(maze, episodes=150, alpha=0.5, temperature=0.2, seed=0):
    rng = np.random.default_rng(seed)
    Q = np.zeros((maze.observation_space.n, maze.action_space.n))
    lengths = []
    for _ in range(episodes):
        s, _ = maze.reset()
        for step in range(1, 5000):
            a = rng.choice(4, p=rl.softmax(Q[s], 1 / temperature))
            s2, r, terminated, truncated, _ = maze.step(a)
            Q[s, a] += alpha * (r + (0 if terminated else Q[s2].max()) - Q[s, a])     # gamma = 1: each step costs 1
            s = s2
            if terminated or truncated: break
        lengths.append(step)
    return Q, lengths


Q, lengths = learn(maze)
path = rl.greedy_path(maze, Q)
shortest = len(maze.shortest_path()) - 1
print(f"first episode {lengths[0]} steps, last {lengths[-1]}; greedy {len(path.actions)}, shortest {shortest}")
assert len(path.actions) == shortest             # breadth-first search, which sees the map, finds no shorter one
assert lengths[0] > 5 * shortest

figure, axes = plt.subplots(1, 3, figsize=(15, 4.6), layout="constrained")
axes[0].semilogy(range(1, len(lengths) + 1), lengths, label="steps")
axes[0].axhline(shortest, color="k", linestyle=":", label=f"shortest path: {shortest}")
axes[0].set(title="Each episode is shorter", xlabel="episode", ylabel="steps to the goal")
axes[0].legend()
rl.plot_values(maze, Q, axes[1], title="Learnt values: minus the steps to go")
rl.plot_path(maze, path.states, axes[2], title="The way it takes")
plt.show()

# %% [markdown]
# The bright squares off the way are not good: they were hardly visited, and their values still stand near the 0 that
# they began with. That is optimism, since every true value is below 0, and it made the agent look there.
#
# ## Is my update right?
#
# A Q-update has no derivative, but it can be wrong in as many ways as a backward. The checker knows them:

# %%
def update(Q, s, a, r, s2, terminated, alpha, gamma):
    Q[s, a] += alpha * (r + gamma * Q[s2].max() - Q[s, a])


report = fm.check_bellman(update)
print(report)
assert not report.ok and "terminated" in str(report)


def mended(Q, s, a, r, s2, terminated, alpha, gamma):
    Q[s, a] += alpha * (r + gamma * (1 - terminated) * Q[s2].max() - Q[s, a])


assert fm.check_bellman(mended).ok

# %% [markdown]
# ## Near the cliff
#
# Q-learning learns what the *best* policy is worth, even while it explores; Sarsa learns what the policy that it *does
# follow* is worth, exploring included. On a path along a cliff that makes a difference: Q-learning walks at the edge,
# and falls now and then; Sarsa keeps away.

# %%
cliff = rl.CliffWalking()
returns = {}
for name, method in (("Sarsa", rl.sarsa), ("Q-learning", rl.q_learning)):
    runs = [method(cliff, 300, alpha=0.5, policy=rl.EpsilonGreedy(0.1), rng=seed) for seed in range(12)]
    returns[name] = np.array([run.returns for run in runs])      # (runs, episodes)
    lengths = [len(rl.greedy_path(cliff, run.Q).actions) for run in runs]
    print(f"{name:10} online {returns[name][:, 100:].mean():6.1f}, greedy path {np.median(lengths):.0f} steps")
assert returns["Sarsa"][:, 100:].mean() > returns["Q-learning"][:, 100:].mean() + 10

axes = rl.plot_learning_curves(returns, window=10)
axes.set(title="Cliff walking while exploring", xlabel="episode", ylabel="return", ylim=(-150, 0))
plt.show()

# %% [markdown]
# ## Summary
#
# An action is worth its reward and the best that can follow: Bellman's equation, which is a sweep if the world is known
# and a small step at a time if it is not. A policy must also try what does not look best. `check_bellman` names what is
# wrong with an update, as `check_backward` does for a gradient.
#
# **Exercises that follow:** `bellman_backup`, `value_iteration`, `q_learning`, `softmax_policy` (run `tinyfm
# exercises list`).
