# %% [markdown]
# # 02 The chain rule, as a machine
#
# **Question:** how can a program find the derivative of any formula that we write?
# **Needs:** lesson 01. **Minutes:** 30.
# **You will have built:** an engine of about 60 lines that differentiates; then you will meet ours.

# %%
import matplotlib.pyplot as plt
import numpy as np

import tinyfm as fm

# %% [markdown]
# ## The idea
#
# Every formula is built from small steps: a product, a sum, an exponential. Each step knows its own slope. If
# $y = f(u)$ and $u = g(x)$, then a nudge of $x$ passes through both, and the slopes multiply:
#
# $$ \frac{dy}{dx} = \frac{dy}{du} \cdot \frac{du}{dx} $$
#
# And if $x$ is used in several places, a nudge goes every way at once, and the contributions *add up*:
#
# $$ \frac{dy}{dx} = \sum_k \frac{dy}{du_k} \cdot \frac{du_k}{dx} $$
#
# Those two sentences are the whole of backpropagation. The rest is bookkeeping, so let us keep books.

# %% [markdown]
# ## A number that remembers
#
# A `Number` has a value and a list of where it came from: each parent together with the slope towards it. Making a
# new number *is* writing the record.
#
# Four slopes are all it needs, and each can be tried by nudging. A sum follows either term: 1. A product $ab$ grows by
# $hb$ when $a$ grows by $h$: the slope is the other factor. The slope of $x^n$ is $n x^{n-1}$, and $e^x$ is its own.

# %%
class Number:
    """A value, and where it came from: [(parent, slope of this number along the parent), ...]."""

    def __init__(self, value, parents=()):
        self.value, self.parents, self.grad = value, list(parents), 0.0

    def __add__(self, other):
        other = number(other)
        return Number(self.value + other.value, [(self, 1.0), (other, 1.0)])

    def __mul__(self, other):
        other = number(other)
        return Number(self.value * other.value, [(self, other.value), (other, self.value)])

    def __pow__(self, n):
        return Number(self.value ** n, [(self, n * self.value ** (n - 1))])

    def __neg__(self): return self * -1.0
    def __sub__(self, other): return self + -number(other)
    def __truediv__(self, other): return self * number(other) ** -1

    __radd__, __rmul__ = __add__, __mul__

    def exp(self):
        e = np.exp(self.value)
        return Number(e, [(self, e)])

    def backward(self):
        """Add d(self)/d(x) to x.grad, for every number x that this one was computed from."""
        self.grad = 1.0
        for n in reversed(in_order(self)):       # every number before its parents
            for parent, slope in n.parents:
                parent.grad += n.grad * slope    # along one way multiply, over all ways add


def number(x): return x if isinstance(x, Number) else Number(x)


def in_order(root):
    """Every number that `root` depends on, parents first.  No recursion: a long formula must not overflow the stack."""
    order, done, stack = [], set(), [(root, False)]
    while stack:
        n, expanded = stack.pop()
        if expanded: order.append(n)
        elif id(n) not in done:
            done.add(id(n))
            stack.append((n, True))              # comes back after all of its parents
            stack += [(parent, False) for parent, _ in n.parents]
    return order


# %% [markdown]
# That is all of it. Try it on $y = (a + b)\, b$ with $a = 2, b = 3$: here $dy/da = b$ and $dy/db = a + 2b$,
# since $y = ab + b^2$.

# %%
a, b = Number(2.0), Number(3.0)
y = (a + b) * b
y.backward()
assert y.value == 15.0
assert a.grad == 3.0                             # b
assert b.grad == 2.0 + 2 * 3.0                   # a + 2b: two ways lead from b to y, and both count

# %% [markdown]
# ## Why the order matters
#
# `backward` must not pass a number's gradient on before *all* of it has arrived. Here $b$ feeds $a + b$ and also the
# product; whoever visits parents as soon as a child was seen, depth first, passes half of a gradient on, and must come
# again with the other half: once for each way, and there may be very many ways. Walking the order of creation backwards
# visits each number once and is always right: a number is made after everything it depends on.

# %%
def careless(root, g=1.0):
    """Depth first: right, but each way on its own, and there may be very many ways."""
    ways = 1
    for parent, slope in root.parents: ways += careless(parent, g * slope)
    return ways


h = Number(1.0)
for _ in range(12): h = h + h                    # 2^12 ways lead from the end to the start
assert careless(h) > 2 ** 12                     # visits them all
assert len(in_order(h)) == 13                    # ours visits each number once
h.backward()
assert h.value == 2.0 ** 12

# %% [markdown]
# ## The neuron of lesson 01, on our engine

# %%
def sigma(z): return Number(1.0) / (1.0 + (-z).exp())


w1, w2, bias = Number(2.0), Number(-1.0), Number(0.5)
loss = (sigma(w1 * 1.0 + w2 * 3.0 + bias) - 1.0) ** 2
loss.backward()
print("ours:  ", w1.grad, w2.grad, bias.grad)

w = fm.tensor([2.0, -1.0], requires_grad=True, name="w")
b = fm.tensor(0.5, requires_grad=True, name="b")
reference = (fm.sigmoid(fm.sum(w * np.array([1.0, 3.0])) + b) - 1.0) ** 2
reference.backward()
print("tinyfm:", *w.grad, b.grad)
assert np.allclose([w1.grad, w2.grad, bias.grad], [*w.grad, b.grad])

# %% [markdown]
# ## Meet the real engine
#
# tinyfm's engine is the same idea, with three differences that you can now appreciate:
#
# 1. **Values are arrays.** One step works on thousands of numbers; broadcasting is undone on the way back by summing.
# 2. **The slopes are a table.** Each op has one formula and one rule for each argument, in LaTeX: $\bar y$ is the
#    gradient that arrives at $y$, and $\odot$ (`\odot`) multiplies number by number. `fm.exp` says:

# %%
exp = fm.ops.table["exp"]
print(exp.formula, "  rule for x:", exp.latex["x"])

# %% [markdown]
# 3. **A node keeps only what its rules ask for.** The rule of $e^x$ needs its result, nothing else.

# %%
x = fm.tensor([0.0, 1.0], requires_grad=True)
assert list(fm.exp(x).node.saved) == ["out"]
assert list(fm.sin(x).node.saved) == ["x"]
assert not (x + 1.0).node.saved                  # the slope of a sum is 1: nothing to keep

# %% [markdown]
# And the backward pass is not hidden. `steps` hands it to you, one node at a time: the node, the gradient that has
# arrived there in full, and what it sends to each parent.

# %%
a = fm.tensor(2.0, requires_grad=True, name="a")
b = fm.tensor(3.0, requires_grad=True, name="b")
y = (a + b) * b
for node, g, pulled in fm.engine.steps(y.node, np.ones(())):
    name = node.op.name if node.op else node.saved().name        # a leaf keeps its tensor
    print(f"{name:9} received {g:4}   sends {[float(d) for _, d in pulled]}")

# %% [markdown]
# `b` received 8 = 5 + 3: the contributions of both ways, summed before it was visited.
#
# ## Watch it
#
# `trace` records a run, forwards and backwards, and shows it step by step: here the step in which the sum sends its
# gradient on to `a` and `b`. In a notebook the name `t` alone on a line shows a page to click through;
# `t.save("chain.html")` writes that page, `t.step()` walks through the run in the terminal.

# %%
a = fm.tensor(2.0, requires_grad=True, name="a")
b = fm.tensor(3.0, requires_grad=True, name="b")
with fm.trace() as t:
    y = (a + b) * b
    y.backward()
t.plot(step=4)
plt.show()
assert a.grad == 3.0 and b.grad == 8.0

# %% [markdown]
# ## What a longer chain looks like
#
# The slopes of many steps multiply. Feed $\sigma$ into $\sigma$, ten times over: each slope is at most 1/4, so the
# gradient fades. That is why deep networks were hard to train, and what relu, normalisation and residual connections
# are for.

# %%
def gradient_after(n, f):
    x = fm.tensor(0.5, requires_grad=True)
    y = x
    for _ in range(n): y = f(y)
    y.backward()
    return float(x.grad)


depth = range(1, 11)
fading = [gradient_after(n, fm.sigmoid) for n in depth]
steady = [gradient_after(n, fm.relu) for n in depth]
assert all(g <= 0.25 ** n for n, g in zip(depth, fading))
assert all(g == 1.0 for g in steady)

figure, axes = plt.subplots(figsize=(6.5, 4), layout="constrained")
axes.semilogy(depth, fading, "o-", label="sigmoid of sigmoid of ...")
axes.semilogy(depth, steady, "s--", label="relu of relu of ...")
axes.semilogy(depth, [0.25 ** n for n in depth], ":", color="grey", label="$(1/4)^n$, the bound")
axes.set(title="The gradient that reaches the first input", xlabel="functions in the chain", ylabel="dy/dx")
axes.legend()
plt.show()

# %% [markdown]
# ## Summary
#
# Along one way slopes multiply, over all ways they add; that is the chain rule, and a record of what was computed is
# enough to apply it. Walking the record backwards in order of creation visits each node once, after all of its gradient
# has arrived. tinyfm is this with arrays, a table of rules, and nothing hidden.
#
# **Exercises that follow:** `chain`, `backward_walk` (run `tinyfm exercises list`).
