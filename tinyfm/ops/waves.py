"""Waves and angles, hyperbolic functions, the error function."""
from __future__ import annotations

from math import pi
from math import sqrt as root

import numpy as np

from tinyfm.engine import Array, op
from tinyfm.kernels import special
from tinyfm.ops.compare import equal
from tinyfm.ops.elementwise import exp, sqrt, where


@op(r"y = \sin x", "elementwise", x=(r"\bar y \odot \cos x", lambda g, x: g * cos(x)))
def sin(x: Array) -> Array: return np.sin(x)


@op(r"y = \cos x", "elementwise", x=(r"-\bar y \odot \sin x", lambda g, x: -g * sin(x)))
def cos(x: Array) -> Array: return np.cos(x)


@op(r"y = \tan x", "elementwise", x=(r"\bar y \odot (1 + y^2)", lambda g, out: g * (out * out + 1.0)))
def tan(x: Array) -> Array: return np.tan(x)


@op(r"y = \arcsin x", "elementwise", x=(r"\bar y / \sqrt{1 - x^2}", lambda g, x: g / sqrt(1.0 - x * x)))
def arcsin(x: Array) -> Array: return np.arcsin(x)


@op(r"y = \arccos x", "elementwise", x=(r"-\bar y / \sqrt{1 - x^2}", lambda g, x: -g / sqrt(1.0 - x * x)))
def arccos(x: Array) -> Array: return np.arccos(x)


@op(r"y = \arctan x", "elementwise", x=(r"\bar y / (1 + x^2)", lambda g, x: g / (x * x + 1.0)))
def arctan(x: Array) -> Array: return np.arctan(x)


@op(r"y = \arg(b + ia)", "elementwise",
    a=(r"\bar y \odot b / (a^2 + b^2)", lambda g, a, b: g * b / (a * a + b * b)),
    b=(r"-\bar y \odot a / (a^2 + b^2)", lambda g, a, b: -g * a / (a * a + b * b)))
def arctan2(a: Array, b: Array) -> Array: return np.arctan2(a, b)


@op(r"y = \sqrt{a^2 + b^2}", "elementwise",
    a=(r"\bar y \odot a / y", lambda g, a, out: g * (a / where(equal(out, 0.0), 1.0, out))),
    b=(r"\bar y \odot b / y", lambda g, b, out: g * (b / where(equal(out, 0.0), 1.0, out))))
def hypot(a: Array, b: Array) -> Array:
    """Scaled, so 1e200 does not overflow.  The gradient at (0, 0) is 0."""
    return np.hypot(a, b)


@op(r"y = \sinh x", "elementwise", x=(r"\bar y \odot \cosh x", lambda g, x: g * cosh(x)))
def sinh(x: Array) -> Array: return np.sinh(x)


@op(r"y = \cosh x", "elementwise", x=(r"\bar y \odot \sinh x", lambda g, x: g * sinh(x)))
def cosh(x: Array) -> Array: return np.cosh(x)


@op(r"y = \mathrm{arsinh}\, x", "elementwise", x=(r"\bar y / \sqrt{x^2 + 1}", lambda g, x: g / sqrt(x * x + 1.0)))
def arcsinh(x: Array) -> Array: return np.arcsinh(x)


@op(r"y = \mathrm{arcosh}\, x", "elementwise", x=(r"\bar y / \sqrt{x^2 - 1}", lambda g, x: g / sqrt(x * x - 1.0)))
def arccosh(x: Array) -> Array: return np.arccosh(x)


@op(r"y = \mathrm{artanh}\, x", "elementwise", x=(r"\bar y / (1 - x^2)", lambda g, x: g / (1.0 - x * x)))
def arctanh(x: Array) -> Array: return np.arctanh(x)


@op(r"y = \tfrac{2}{\sqrt\pi} \int_0^x e^{-t^2} dt", "elementwise",
    x=(r"\tfrac{2}{\sqrt\pi} \bar y \odot e^{-x^2}", lambda g, x: g * exp(-x * x) * (2 / root(pi))))
def erf(x: Array) -> Array: return special.erf(x)


@op(r"y = 1 - \mathrm{erf}\, x", "elementwise",
    x=(r"-\tfrac{2}{\sqrt\pi} \bar y \odot e^{-x^2}", lambda g, x: g * exp(-x * x) * (-2 / root(pi))))
def erfc(x: Array) -> Array: return special.erfc(x)
