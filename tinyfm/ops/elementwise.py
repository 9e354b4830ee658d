"""Ops that work on each element by itself: arithmetic, powers, exponentials."""
from __future__ import annotations

from math import log as ln
from typing import Any

import numpy as np

from tinyfm.engine import Array, op
from tinyfm.kernels import special
from tinyfm.ops.compare import equal, greater, greater_equal, less, logical_and, zeros_like


@op(r"y = a + b", "elementwise", a=(r"\bar y", lambda g: g), b=(r"\bar y", lambda g: g))
def add(a: Array, b: Array) -> Array: return a + b


@op(r"y = a - b", "elementwise", a=(r"\bar y", lambda g: g), b=(r"-\bar y", lambda g: -g))
def subtract(a: Array, b: Array) -> Array: return a - b


@op(r"y = a \odot b", "elementwise",
    a=(r"\bar y \odot b", lambda g, b: g * b),
    b=(r"\bar y \odot a", lambda g, a: g * a))
def multiply(a: Array, b: Array) -> Array: return a * b


@op(r"y = a / b", "elementwise",
    a=(r"\bar y / b", lambda g, b: g / b),
    b=(r"-\bar y \odot y / b", lambda g, b, out: -g * out / b))
def divide(a: Array, b: Array) -> Array: return a / b


@op(r"y = -x", "elementwise", x=(r"-\bar y", lambda g: -g))
def negative(x: Array) -> Array: return -x


@op(r"y = 1 / x", "elementwise", x=(r"-\bar y \odot y^2", lambda g, out: -g * out * out))
def reciprocal(x: Array) -> Array: return 1.0 / x


@op(r"y = x^2", "elementwise", x=(r"2 \bar y \odot x", lambda g, x: g * x * 2.0))
def square(x: Array) -> Array: return x * x


@op(r"y = \begin{cases} a & c \\ b & \neg c \end{cases}", "elementwise",
    a=(r"\bar y \text{ where } c, \text{ else } 0", lambda g, condition: where(condition, g, 0.0)),
    b=(r"0 \text{ where } c, \text{ else } \bar y", lambda g, condition: where(condition, 0.0, g)))
def where(condition: Array, a: Array, b: Array) -> Array:
    """a where the condition holds, else b.

    The branch that is not taken gets gradient 0; but 0 times an infinite derivative further back is NaN: choose the
    argument before the function, log(where(x > 0, x, 1)), not the function's value after.
    """
    return np.where(condition, a, b)


def exponent_slope(g: Any, a: Any, b: Any, out: Any) -> Any:
    """y log a; 0 where a = 0 and b >= 0, since 0^b is constant there."""
    if not hasattr(a, "shape") and a > 0: return g * out * ln(a)
    flat = logical_and(equal(a, 0.0), greater_equal(b, 0.0))
    return g * where(flat, 0.0, out * log(where(flat, 1.0, a)))


def base_slope(g: Any, a: Any, b: Any) -> Any:
    """b a^{b-1}; 0 where b = 0, even at a = 0 and at NaN."""
    if not hasattr(b, "shape"):
        return g * (b * a ** (b - 1)) if b != 0 else zeros_like(g)
    flat = equal(b, 0.0)
    return g * where(flat, 0.0, b * where(flat, 1.0, a) ** where(flat, 1.0, b - 1.0))


@op(r"y = a^b", "elementwise",
    a=(r"\bar y \odot b \odot a^{b-1}", base_slope),
    b=(r"\bar y \odot y \odot \ln a", exponent_slope))
def pow(a: Array, b: Array) -> Array:
    """a^0 = 1 with gradient 0, even at a = 0 or NaN.  dy/db is 0 at a = 0, b >= 0, and NaN for a < 0."""
    return a ** b


@op(r"y = a - b \lfloor a / b \rfloor", "elementwise",
    a=(r"\bar y", lambda g: g),
    b=(r"-\bar y \odot \lfloor a / b \rfloor", lambda g, a, b: -g * floor_divide(a, b)))
def remainder(a: Array, b: Array) -> Array: return np.remainder(a, b)


@op(r"y = \lfloor a / b \rfloor", "elementwise", a=(r"0", lambda g: zeros_like(g)), b=(r"0", lambda g: zeros_like(g)))
def floor_divide(a: Array, b: Array) -> Array: return np.floor_divide(a, b)


@op(r"y = |x|", "elementwise", x=(r"\bar y \odot \mathrm{sign}\, x", lambda g, x: g * sign(x)))
def abs(x: Array) -> Array:
    """The gradient at 0 is 0."""
    return np.abs(x)


@op(r"y = \mathrm{sign}\, x", "elementwise", x=(r"0", lambda g: zeros_like(g)))
def sign(x: Array) -> Array: return np.sign(x)


@op(r"y = \lfloor x \rfloor", "elementwise", x=(r"0", lambda g: zeros_like(g)))
def floor(x: Array) -> Array: return np.floor(x)


@op(r"y = \lceil x \rceil", "elementwise", x=(r"0", lambda g: zeros_like(g)))
def ceil(x: Array) -> Array: return np.ceil(x)


@op(r"y = \mathrm{round}\, x", "elementwise", x=(r"0", lambda g: zeros_like(g)))
def round(x: Array) -> Array:
    """To the nearest integer; halves go to the even one."""
    return np.round(x)


@op(r"y = \mathrm{trunc}\, x", "elementwise", x=(r"0", lambda g: zeros_like(g)))
def trunc(x: Array) -> Array: return np.trunc(x)


def larger_share(g: Any, a: Any, b: Any) -> Any: return where(equal(a, b), g * 0.5, where(less(a, b), 0.0, g))


@op(r"y = \max(a, b)", "elementwise",
    a=(r"\bar y \odot [a > b] + \tfrac12 \bar y \odot [a = b]", larger_share),
    b=(r"\bar y \odot [b > a] + \tfrac12 \bar y \odot [a = b]", lambda g, a, b: larger_share(g, b, a)))
def maximum(a: Array, b: Array) -> Array:
    """A tie gives each side half of the gradient."""
    return np.maximum(a, b)


@op(r"y = \min(a, b)", "elementwise",
    a=(r"\bar y \odot [a < b] + \tfrac12 \bar y \odot [a = b]", lambda g, a, b: larger_share(g, b, a)),
    b=(r"\bar y \odot [b < a] + \tfrac12 \bar y \odot [a = b]", larger_share))
def minimum(a: Array, b: Array) -> Array:
    """A tie gives each side half of the gradient."""
    return np.minimum(a, b)


def inside(g: Any, x: Any, min: Any, max: Any) -> Any:
    if min is not None: g = where(less(x, min), 0.0, g)
    return g if max is None else where(greater(x, max), 0.0, g)


def below(g: Any, x: Any, min: Any, max: Any) -> Any:
    g = where(less(x, min), g, 0.0)
    return g if max is None else where(less(min, max), g, 0.0)


@op(r"y = \min(\max(x, l), u)", "elementwise",
    x=(r"\bar y \odot [l \le x \le u]", inside),
    min=(r"\bar y \odot [x < l < u]", below),
    max=(r"\bar y \odot [\max(x, l) > u]", lambda g, x, min, max:
         where(greater(x if min is None else maximum(x, min), max), g, 0.0)))
def clip(x: Array, min: Array | None = None, max: Array | None = None) -> Array:
    """The gradient of x at the bounds themselves is 1."""
    if min is not None: x = np.maximum(x, min)
    return x if max is None else np.minimum(x, max)


# ------------------------------------------------------------ exponentials and roots

@op(r"y = e^x", "elementwise", x=(r"\bar y \odot y", lambda g, out: g * out))
def exp(x: Array) -> Array: return np.exp(x)


@op(r"y = 2^x", "elementwise", x=(r"\ln 2 \; \bar y \odot y", lambda g, out: g * out * ln(2)))
def exp2(x: Array) -> Array: return np.exp2(x)


@op(r"y = e^x - 1", "elementwise", x=(r"\bar y \odot (y + 1)", lambda g, out: g * (out + 1.0)))
def expm1(x: Array) -> Array: return np.expm1(x)


@op(r"y = \ln x", "elementwise", x=(r"\bar y / x", lambda g, x: g / x))
def log(x: Array) -> Array:
    """log 0 = -inf with gradient +inf."""
    return np.log(x)


@op(r"y = \log_2 x", "elementwise", x=(r"\bar y / (x \ln 2)", lambda g, x: g / (x * ln(2))))
def log2(x: Array) -> Array: return np.log2(x)


@op(r"y = \log_{10} x", "elementwise", x=(r"\bar y / (x \ln 10)", lambda g, x: g / (x * ln(10))))
def log10(x: Array) -> Array: return np.log10(x)


@op(r"y = \ln(1 + x)", "elementwise", x=(r"\bar y / (1 + x)", lambda g, x: g / (x + 1.0)))
def log1p(x: Array) -> Array: return np.log1p(x)


@op(r"y = 1 / (1 + e^{-x})", "elementwise", x=(r"\bar y \odot y \odot (1 - y)", lambda g, out: g * (out * (1.0 - out))))
def sigmoid(x: Array) -> Array: return special.sigmoid(x)


@op(r"y = \ln(e^a + e^b)", "elementwise",
    a=(r"\bar y \odot \sigma(a - b)", lambda g, a, b: g * sigmoid(a - b)),
    b=(r"\bar y \odot \sigma(b - a)", lambda g, a, b: g * sigmoid(b - a)))
def logaddexp(a: Array, b: Array) -> Array: return np.logaddexp(a, b)


@op(r"y = \sqrt x", "elementwise", x=(r"\bar y / 2y", lambda g, out: g / (out * 2.0)))
def sqrt(x: Array) -> Array:
    """The gradient at 0 is +inf."""
    return np.sqrt(x)


@op(r"y = 1 / \sqrt x", "elementwise", x=(r"-\tfrac12 \bar y \odot y^3", lambda g, out: g * out * out * out * -0.5))
def rsqrt(x: Array) -> Array: return 1.0 / np.sqrt(x)


@op(r"y = \tanh x", "elementwise", x=(r"\bar y \odot (1 - y^2)", lambda g, out: g * (1.0 - out * out)))
def tanh(x: Array) -> Array: return np.tanh(x)
