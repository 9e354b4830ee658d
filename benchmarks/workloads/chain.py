"""What one tiny op costs, forward and backward: h <- relu(0.9 h + 0.1), 100 times, on a number and on 3 numbers.

Only engines that run op by op are timed: compiled, the chain would have no ops left.  micrograd knows numbers only.
"""
from typing import Any

import numpy as np

NAME, UNIT, STEPS = "op chain", ("ns an op", 1e9 / 300), 20
CASES: dict[str, dict[str, Any]] = {"number": {"shape": ()}, "3-vector": {"shape": (3,)}}
TARGETS = {"torch": 0.5, "autograd": 0.25}


def inputs(rng: Any, shape: Any) -> dict[str, Any]: return {"x": rng.random(shape)}


def with_tinyfm(a: Any) -> Any:
    import tinyfm as fm

    def step() -> float:
        h = x = fm.tensor(a["x"], requires_grad=True)
        for _ in range(100): h = fm.relu(h * 0.9 + 0.1)
        fm.sum(h).backward()
        return float(np.sum(x.grad))
    return step


def with_torch(a: Any) -> Any:
    import torch

    def step() -> float:
        h = x = torch.tensor(a["x"], requires_grad=True)
        for _ in range(100): h = torch.relu(h * 0.9 + 0.1)
        h.sum().backward()
        return x.grad.sum().item()
    return step


def with_autograd(a: Any) -> Any:
    import autograd
    import autograd.numpy as anp

    def chain(h: Any) -> Any:
        for _ in range(100): h = anp.maximum(h * 0.9 + 0.1, 0.0)
        return anp.sum(h)
    gradient = autograd.grad(chain)
    return lambda: float(np.sum(gradient(a["x"])))


def with_micrograd(a: Any) -> Any:
    if a["x"].shape: return None
    from micrograd.engine import Value

    def step() -> float:
        h = x = Value(float(a["x"]))
        for _ in range(100): h = (h * 0.9 + 0.1).relu()
        h.backward()
        return x.grad
    return step
