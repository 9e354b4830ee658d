"""Drawn programs: a few leaves, then ops on what there is, a loss, sometimes a second pass, sometimes a step."""
import numpy as np
from hypothesis import strategies as st

import tinyfm as fm
from tinyfm.optim import SGD, Adam

ONE = [fm.tanh, fm.relu, fm.sin, fm.stop_gradient, lambda x: x * 0.5, lambda x: -x, lambda x: x * x, lambda x: x + x,
       lambda x: x.T, lambda x: 2.0 / (1.5 + x * x), lambda x: fm.sum(x, axis=-1) if x.ndim else x,
       lambda x: fm.max(x) if x.ndim else x, lambda x: fm.softmax(x) if x.ndim else x,
       lambda x: x[..., 0] if x.ndim else x, lambda x: fm.concat([x, x]) if x.ndim else x]
TWO = [lambda a, b: a + b, lambda a, b: a * b, lambda a, b: a - b, lambda a, b: fm.maximum(a, b)]
SHAPES = [(), (3,), (1,), (2, 3), (2, 1), (3, 3)]


@st.composite
def programs(draw, most=12):
    """(shapes and dtypes of the leaves, [(op, which, which), ...], passes, optimiser or None, seed)."""
    leaf, pick = st.tuples(st.sampled_from(SHAPES), st.sampled_from(["float32", "float64"])), st.integers(0, 10_000)
    leaves = draw(st.lists(leaf, min_size=1, max_size=4))
    ops = draw(st.lists(st.tuples(pick, pick, pick), min_size=1, max_size=most))
    optimizer, seed = draw(st.sampled_from([None, SGD, Adam])), draw(st.integers(0, 2**32 - 1))
    return leaves, ops, draw(st.integers(1, 2)), optimizer, seed


def leaves_of(program):
    rng = np.random.default_rng(program[4])
    return [fm.tensor(rng.normal(size=shape), dtype=dtype, requires_grad=True) for shape, dtype in program[0]]


def run(program, leaves):
    """Do it: forward and backward as often as the program says, then the optimiser's step.  Returns the last loss."""
    _, ops, passes, optimizer, seed = program
    constant = np.random.default_rng(seed + 1).normal(size=3)
    for _ in range(passes):
        values = [*leaves, fm.tensor(constant)]
        for op, i, j in ops: values.append(apply(op, values[i % len(values)], values[j % len(values)]))
        loss = fm.sum(values[-1])
        for leaf in leaves[:1]: loss = loss + fm.sum(leaf * leaf)
        loss.backward()
    if optimizer: optimizer(0.1, parameters=[leaf for leaf in leaves if leaf.grad is not None]).step()
    return loss


def apply(op, a, b):
    """The op numbered so, on shapes where it is defined."""
    two = op % (len(ONE) + len(TWO)) - len(ONE)
    if two < 0: return ONE[op % (len(ONE) + len(TWO))](a)
    if a.ndim == b.ndim == 2 and a.shape[1] == b.shape[0] and op % 2: return a @ b
    try: np.broadcast_shapes(a.shape, b.shape)
    except ValueError: return fm.sum(a) * b
    return TWO[two](a, b)
