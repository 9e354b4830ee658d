"""What came between SGD and Adam: each weight at a rate of its own, by the size of its past gradients."""
from __future__ import annotations

from typing import Any

import numpy as np

from tinyfm.kernels import updates
from tinyfm.optim.clipping import Array
from tinyfm.optim.optimizer import Optimizer
from tinyfm.schedules import Schedule


class RMSprop(Optimizer):
    r"""v <- rho v + (1 - rho) g^2;  u = g / (sqrt(v) + eps);  p <- p - lr u.  Tieleman & Hinton 2012.

    momentum: b <- mu b + u, p <- p - lr b.  centered: v - m^2 in place of v, m the moving mean of g (Graves 2013).
    """

    def __init__(self, learning_rate: float | Schedule = 0.001, rho: float = 0.9, momentum: float = 0.0,
                 epsilon: float = 1e-7, centered: bool = False, **options: Any) -> None:
        self.rho, self.momentum, self.epsilon, self.centered = rho, momentum, epsilon, centered
        self.keeps = ("v", *(["b"] if momentum else []), *(["m"] if centered else []))
        super().__init__(learning_rate, **options)

    def update(self, p: Array, g: Array, *arrays: Array) -> None:
        if len(arrays) == 1:
            return updates.rmsprop(p, g, *arrays, learning_rate=self.now, rho=self.rho, epsilon=self.epsilon,
                                   weight_decay=self.weight_decay)
        kept = dict(zip(self.keeps, arrays))
        if self.weight_decay: g = g + self.weight_decay * p
        kept["v"] += (1 - self.rho) * (g * g - kept["v"])
        if self.centered: kept["m"] += (1 - self.rho) * (g - kept["m"])
        u = g / (np.sqrt(kept["v"] - kept["m"] ** 2 if self.centered else kept["v"]) + self.epsilon)
        if self.momentum:
            kept["b"] *= self.momentum
            kept["b"] += u
            u = kept["b"]
        p -= self.now * u


class Adagrad(Optimizer):
    r"""v <- v + g^2;  p <- p - lr g / (sqrt(v) + eps).  v begins as initial_accumulator_value.  Duchi et al. 2011."""

    keeps = ("v",)

    def __init__(self, learning_rate: float | Schedule = 0.001, initial_accumulator_value: float = 0.1,
                 epsilon: float = 1e-7, **options: Any) -> None:
        self.initial = self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon
        super().__init__(learning_rate, **options)

    def update(self, p: Array, g: Array, *arrays: Array) -> None:
        updates.adagrad(p, g, *arrays, learning_rate=self.now, epsilon=self.epsilon, weight_decay=self.weight_decay)
