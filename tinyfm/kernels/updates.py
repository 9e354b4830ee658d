"""What an optimiser does to one parameter p, given its gradient g: the formula, in place, a tile at a time.

An update passes over its arrays up to a dozen times; in tiles, all passes but the first find them in the cache.
p and the state arrays are written to, g never is.  Everything happens in p's dtype: float32 stays float32.
The formulas are PyTorch's: epsilon outside the root, states start from zeros, `step` counts from 1, and weight_decay
adds weight_decay * p to g (in adamw alone it shrinks p itself).
Many small parameters are updated fastest as one: views into one flat array, which is updated whole.
"""

from collections.abc import Iterator
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Tile = tuple[Array, ...]

TILE = 1 << 17    # elements


def sgd(parameter: Array, gradient: Array, *, learning_rate: float, weight_decay: float = 0.0) -> None:
    """p <- p - lr g.  Robbins & Monro 1951."""
    rate = float(learning_rate)
    for p, g, d in in_tiles(parameter, gradient, weight_decay=weight_decay):
        p -= np.multiply(g, rate, out=d)


def momentum(parameter: Array, gradient: Array, velocity: Array, *, learning_rate: float, momentum: float = 0.9,
             weight_decay: float = 0.0) -> None:
    """u <- mu u + g;  p <- p - lr u.  velocity: u.  Polyak 1964."""
    rate, mu = float(learning_rate), float(momentum)
    for p, g, u, d in in_tiles(parameter, gradient, velocity, weight_decay=weight_decay):
        u *= mu
        u += g
        p -= np.multiply(u, rate, out=d)


def nesterov(parameter: Array, gradient: Array, velocity: Array, *, learning_rate: float, momentum: float = 0.9,
             weight_decay: float = 0.0) -> None:
    """u <- mu u + g;  p <- p - lr (g + mu u).  velocity: u.  Nesterov 1983; Sutskever et al. 2013, section 2."""
    rate, mu = float(learning_rate), float(momentum)
    for p, g, u, d in in_tiles(parameter, gradient, velocity, weight_decay=weight_decay):
        u *= mu
        u += g
        np.multiply(u, mu, out=d)
        d += g
        d *= rate
        p -= d


def adam(parameter: Array, gradient: Array, mean: Array, square: Array, *, step: int, learning_rate: float,
         beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-8, weight_decay: float = 0.0) -> None:
    """m <- b1 m + (1 - b1) g;  v <- b2 v + (1 - b2) g^2;  p <- p - lr m^ / (sqrt(v^) + eps).

    m^ = m / (1 - b1^step) and v^ = v / (1 - b2^step) undo the start from zero.  mean: m, square: v.
    Kingma & Ba 2015, algorithm 1.
    """
    adapt(in_tiles(parameter, gradient, mean, square, weight_decay=weight_decay), step, float(learning_rate),
          float(beta_1), float(beta_2), float(epsilon))


def adamw(parameter: Array, gradient: Array, mean: Array, square: Array, *, step: int, learning_rate: float,
          beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-8, weight_decay: float = 0.01) -> None:
    """p <- (1 - lr wd) p, then adam.  Loshchilov & Hutter 2019, algorithm 2."""
    adapt(in_tiles(parameter, gradient, mean, square, shrink=1 - float(learning_rate) * float(weight_decay)), step,
          float(learning_rate), float(beta_1), float(beta_2), float(epsilon))


def adapt(tiles: Iterator[Tile], step: int, rate: float, b1: float, b2: float, eps: float) -> None:
    """The update of adam, in the order of its section 2, which corrects numbers instead of arrays:

    p <- p - lr r / (1 - b1^step) m / (sqrt(v) + eps r),  r = sqrt(1 - b2^step).
    """
    root = sqrt(1 - b2 ** step)
    for p, g, m, v, d in tiles:
        m *= b1
        m += np.multiply(g, 1 - b1, out=d)
        v *= b2
        np.multiply(g, g, out=d)
        d *= 1 - b2
        v += d
        step_by_root(p, m, v, d, rate * root / (1 - b1 ** step), eps * root)


def rmsprop(parameter: Array, gradient: Array, square: Array, *, learning_rate: float, rho: float = 0.9,
            epsilon: float = 1e-8, weight_decay: float = 0.0) -> None:
    """v <- rho v + (1 - rho) g^2;  p <- p - lr g / (sqrt(v) + eps).  square: v.  Tieleman & Hinton 2012."""
    rate, rho, eps = float(learning_rate), float(rho), float(epsilon)
    for p, g, v, d in in_tiles(parameter, gradient, square, weight_decay=weight_decay):
        v *= rho
        np.multiply(g, g, out=d)
        d *= 1 - rho
        v += d
        step_by_root(p, g, v, d, rate, eps)


def adagrad(parameter: Array, gradient: Array, square: Array, *, learning_rate: float, epsilon: float = 1e-10,
            weight_decay: float = 0.0) -> None:
    """v <- v + g^2;  p <- p - lr g / (sqrt(v) + eps).  square: v.  Duchi, Hazan & Singer 2011."""
    rate, eps = float(learning_rate), float(epsilon)
    for p, g, v, d in in_tiles(parameter, gradient, square, weight_decay=weight_decay):
        v += np.multiply(g, g, out=d)
        step_by_root(p, g, v, d, rate, eps)


def step_by_root(p: Array, direction: Array, v: Array, d: Array, rate: float, eps: float) -> None:
    """p <- p - rate direction / (sqrt(v) + eps), with scratch d."""
    np.sqrt(v, out=d)
    d += eps
    np.divide(direction, d, out=d)
    d *= rate
    p -= d


def in_tiles(parameter: Array, gradient: Array, *state: Array, weight_decay: float = 0.0,
             shrink: float = 1.0) -> Iterator[Tile]:
    """Yield (p, g + weight_decay p, *state, scratch), a tile of each: views, so that to write to one updates the array.

    p is multiplied by `shrink` first.
    """
    arrays, size = [parameter, gradient, *state], TILE
    if all(a.flags.c_contiguous for a in (parameter, *state)): arrays = [a.reshape(-1) for a in arrays]
    else: size = len(parameter)                                   # no flat view to cut: all is one tile
    scratch, decayed = np.empty_like(arrays[0][:size]), np.empty_like(arrays[0][:size if weight_decay else 0])
    for start in range(0, len(arrays[0]), size):
        p, g, *rest = [a[start:start + size] for a in arrays]
        if shrink != 1: p *= shrink
        if weight_decay:
            g = np.add(g, np.multiply(p, float(weight_decay), out=decayed[:len(p)]), out=decayed[:len(p)])
        yield p, g, *rest, scratch[:len(p)]
