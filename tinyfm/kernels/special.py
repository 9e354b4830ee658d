"""Functions that NumPy does not have, on plain arrays: erf, erfc, sigmoid, softplus, slopes of gelu and silu.

Each makes many passes over its argument; in blocks that fit the cache a pass costs a tenth.
"""
from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from math import pi, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
BLOCK = 1 << 14                                  # elements

# Rational approximations on three intervals, Cody 1969, "Rational Chebyshev approximations for the error function".
SMALL = ((1.85777706184603153e-1, 3.16112374387056560, 1.13864154151050156e2, 3.77485237685302021e2,
          3.20937758913846947e3),
         (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3))
MIDDLE = ((2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1,
           2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3,
           1.23033935479799725e3),
          (1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
           3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3))
LARGE = ((1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
          1.60837851487422766e-2, 6.58749161529837803e-4),
         (1.0, 2.56852019228982242, 1.87295284992346047, 5.27905102951428412e-1, 6.05183413124413191e-2,
          2.33520497626869185e-3))
# erf(x) / x in x^2 for |x| <= 3.92, where float32 rounds erf to 1: a least-squares fit of our own, relative error 2e-8.
# Beyond it is too large, by 6e-7 at 4.1: cut at 1, erf is exactly 1 there, so that gelu(-x) is 0 for every large x.
SINGLE = ((2.05037506e-06, 2.84859384e-04, 3.76435772e-03, 5.27448238e-02, 1.90376404e-01, 1.12837915e+00),
          (3.80934984e-05, 1.16224024e-03, 1.49666799e-02, 1.14096756e-01, 5.02049442e-01, 1.0))


def in_blocks(f: Callable[..., Any]) -> Callable[..., Any]:
    """f of large arrays of one shape, a block of elements at a time."""
    @wraps(f)
    def call(*arrays: Any, **settings: Any) -> Any:
        x = arrays[-1]
        if np.size(x) <= BLOCK or any(np.shape(a) != np.shape(x) for a in arrays): return f(*arrays, **settings)
        flat = [a.reshape(-1) for a in arrays]
        first = f(*[a[:BLOCK] for a in flat], **settings)
        out = np.empty(x.size, first.dtype)
        out[:BLOCK] = first
        for i in range(BLOCK, x.size, BLOCK): out[i:i + BLOCK] = f(*[a[i:i + BLOCK] for a in flat], **settings)
        return out.reshape(x.shape)
    return call


def ratio(coefficients: tuple[tuple[float, ...], tuple[float, ...]], x: Array) -> Array:
    """p(x) / q(x), both by Horner's rule."""
    return horner(coefficients[0], x) / horner(coefficients[1], x)


def horner(coefficients: tuple[float, ...], x: Array) -> Array:
    y = coefficients[0] * x
    for c in coefficients[1:-1]:
        y += c
        y *= x
    return y + coefficients[-1]


def erfc_positive(x: Array) -> Array:
    """erfc for x >= 0.46875: e^{-x^2} times a rational function, in x to 4 and in 1/x^2 beyond."""
    x = np.minimum(x, 30.0)                      # erfc(27) is already 0; keeps x^2 finite
    near = ratio(MIDDLE, np.minimum(x, 4.0))
    inverse = 1 / np.maximum(x, 4.0) ** 2
    far = (1 / np.sqrt(np.pi) - inverse * ratio(LARGE, inverse)) / np.maximum(x, 4.0)
    head = np.floor(x * 16) / 16                 # e^{-x^2} = e^{-head^2} e^{-(x-head)(x+head)} keeps all digits
    return np.exp(-head * head) * np.exp(-(x - head) * (x + head)) * np.where(x <= 4.0, near, far)


@in_blocks
def erf(x: Array) -> Array:
    """(2 / sqrt(pi)) int_0^x e^{-t^2} dt: to the last digits in float64, to 5e-7 in float32."""
    x = np.asarray(x)
    if x.dtype == np.float32: return erf_single(x)
    a = np.abs(x).astype(float)
    small = x * ratio(SMALL, np.minimum(a, 0.5) ** 2)
    return np.where(a <= 0.46875, small, np.copysign(1 - erfc_positive(a), x))


def erf_single(x: Array) -> Array:
    x = np.clip(x, -4.1, 4.1)
    return np.clip(x * ratio(SINGLE, x * x), -1, 1)


@in_blocks
def erfc(x: Array) -> Array:
    """1 - erf(x), without the cancellation for large x, in the dtype of x (at least float32)."""
    x = np.asarray(x)
    a = np.abs(x).astype(float)
    tail = erfc_positive(np.maximum(a, 0.46875))
    small = 1 - x * ratio(SMALL, np.minimum(a, 0.5) ** 2)
    out = np.where(a <= 0.46875, small, np.where(x < 0, 2 - tail, tail))
    return out.astype(x.dtype if x.dtype.kind == "f" else float)


@in_blocks
def sigmoid(x: Array) -> Array:
    """1 / (1 + e^{-x}); where e^{-x} overflows it is 0, as it should be."""
    with np.errstate(over="ignore"): return 1 / (1 + np.exp(-x))


@in_blocks
def softplus(x: Array) -> Array:
    """log(1 + e^x) = max(x, 0) + log(1 + e^{-|x|})."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


# ------------------------------------------------------------ gelu and silu: x times a probability

def normal_probability(x: Array) -> Array:
    """The share of a normal distribution below x."""
    x = np.asarray(x)
    return 0.5 * (1 + erf_single(x * np.float32(sqrt(0.5)))) if x.dtype == np.float32 else 0.5 * erfc(x * -sqrt(0.5))


@in_blocks
def gelu(x: Array) -> Array: return x * normal_probability(x)


@in_blocks
def gelu_x(g: Array, x: Array) -> Array:
    """g (Phi(x) + x phi(x)), phi the density of Phi."""
    with np.errstate(over="ignore"): density = np.exp(x * x * -0.5) * (1 / sqrt(2 * pi))
    return g * (normal_probability(x) + x * density)


ROOT = sqrt(2 / pi)                              # below, passes write to their own results: less to keep in the cache


def bent(x: Array) -> Array:
    """tanh(sqrt(2 / pi) (x + 0.044715 x^3))."""
    u = x * (0.044715 * ROOT)
    u *= x
    u += ROOT
    u *= x
    return np.tanh(u)


@in_blocks
def gelu_tanh(x: Array) -> Array:
    """x (1 + t) / 2, t = tanh(u) as in `bent`."""
    t = bent(x)
    t += 1
    t *= x
    t *= 0.5
    return t


@in_blocks
def gelu_tanh_x(g: Array, x: Array) -> Array:
    """g (1 + t + x (1 - t^2) du/dx) / 2."""
    t, slope = bent(x), x * (3 * 0.044715 * ROOT)
    slope *= x
    slope += ROOT
    slope *= x
    slope -= slope * t * t
    slope += t
    slope += 1
    slope *= 0.5
    return g * slope


def gelu_both(x: Array, approximate: bool, out: Array | None = None) -> tuple[Array, Array]:
    """gelu (in `out`, which may be x) and its slope: what both need is computed once, a block at a time."""
    x, one = np.asarray(x), gelu_tanh_block if approximate else gelu_block
    y, slope = np.empty(x.shape, x.dtype) if out is None else out, np.empty(x.shape, x.dtype)
    flat = [a.reshape(-1) for a in (x, y, slope)]
    for i in range(0, x.size, 2 * BLOCK): one(*(a[i:i + 2 * BLOCK] for a in flat))
    return y, slope


def gelu_block(x: Array, y: Array, slope: Array) -> None:
    """y <- x Phi;  slope <- Phi + x phi."""
    share = normal_probability(x)
    with np.errstate(over="ignore"): np.multiply(x, x, out=slope)
    slope *= -0.5
    np.exp(slope, out=slope)
    slope *= x
    slope *= 1 / sqrt(2 * pi)
    slope += share
    np.multiply(x, share, out=y)


def gelu_tanh_block(x: Array, y: Array, slope: Array) -> None:
    """y <- x s, s = (1 + tanh u) / 2;  slope <- s + y (1 - s) 2 du/dx."""
    np.multiply(x, x, out=slope)
    s = slope * (0.044715 * ROOT)
    s += ROOT
    s *= x
    np.tanh(s, out=s)
    s *= 0.5
    s += 0.5
    np.multiply(x, s, out=y)
    slope *= 6 * 0.044715 * ROOT
    slope += 2 * ROOT
    slope *= y
    slope -= slope * s
    slope += s


@in_blocks
def silu(x: Array) -> Array: return x * sigmoid(x)


@in_blocks
def silu_x(g: Array, x: Array) -> Array:
    """g (s + x s (1 - s)), s the sigmoid."""
    s = sigmoid(x)
    return g * (s * (1 + x * (1 - s)))
