"""Runs worth looking at: the README's example, a step of the brief's network, a large graph, attention, backups."""
from functools import cache

import numpy as np

import tinyfm as fm
from tinyfm.nn import Conv2D, Dense, Flatten, MaxPooling2D, Sequential
from tinyfm.optim import SGD


@cache
def perceptron():
    """Two inputs, one hidden layer, a loss; h is used twice, and one of its units is closed."""
    x = np.array([0.5, -1.0])
    W = fm.tensor([[0.8, -0.4, 0.3], [0.2, 0.9, -0.5]], requires_grad=True)
    b = fm.tensor([0.1, 0.0, -0.2], requires_grad=True)
    optimizer = SGD(0.1, parameters=[W, b])
    with fm.trace() as t:
        h = fm.relu(x @ W + b)
        y = fm.sum(h * h) + fm.sum(h)
        loss = (y - 1.0) ** 2
        loss.backward()
        optimizer.step()
    return t


@cache
def neuron():
    """Numbers only: the picture that everyone draws on a blackboard."""
    x1, x2 = 2.0, -1.0
    w1, w2 = fm.tensor(0.5, requires_grad=True), fm.tensor(1.5, requires_grad=True)
    b, unused = fm.tensor(0.2, requires_grad=True), fm.tensor(1.0, requires_grad=True)
    with fm.trace() as t:
        a = w1 * x1 + w2 * x2 + b
        h = fm.tanh(a)
        closed = fm.relu(h) * unused
        loss = h * h + h + closed
        loss.backward()
    return t


@cache
def convolution():
    """One training step of Conv2D, MaxPooling2D, Flatten, Dense, Dense on four digits."""
    from tinyfm.data import digits
    labels = np.array([7, 2, 1, 0])
    images = digits.draw(labels, np.random.default_rng(0))[..., None]
    model = Sequential([Conv2D(32, (3, 3), activation="relu", input_shape=(28, 28, 1)), MaxPooling2D((2, 2)), Flatten(),
                        Dense(128, activation="relu"), Dense(10, activation="softmax")], seed=0)
    model.compile("adam", loss="sparse_categorical_crossentropy")
    model.optimizer.build(model.parameters())
    x, y = images.astype(np.float32) / 255, labels
    with fm.trace() as t:
        p = model(x, training=True)
        loss = model.loss(y, p)
        loss.backward()
        model.optimizer.step()
    return t


@cache
def large(n=500):
    """So many nodes, drawn at random, with long and short edges and many fan-outs."""
    rng = np.random.default_rng(0)
    nodes = [fm.tensor(rng.normal(), requires_grad=True, name=f"w{i}") for i in range(n // 8)]
    with fm.trace() as t:
        while len(nodes) < n - 78:
            a, b = (nodes[i] for i in rng.integers(max(0, len(nodes) - 60), len(nodes), 2))
            nodes.append([fm.multiply, fm.add, lambda x, _: fm.tanh(x)][rng.integers(3)](a, b))
        loss = nodes[-1]
        for node in nodes[-40:-1]: loss = loss + node * 0.1
        loss.backward()
    return t


@cache
def attention():
    """One head on four words; the weights are the node called `weights`."""
    rng = np.random.default_rng(1)
    words = rng.normal(size=(4, 3))
    Q, K, V = (fm.tensor(rng.normal(size=(3, 3)), requires_grad=True) for _ in range(3))
    with fm.trace() as t:
        q, k, v = words @ Q, words @ K, words @ V
        weights = fm.attention_weights(q, k, causal=True)
        mixed = weights @ v
        loss = fm.mean(mixed ** 2)
        loss.backward()
    return t
