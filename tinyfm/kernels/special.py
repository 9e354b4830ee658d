"""Functions that NumPy does not have, on plain arrays: erf and erfc, sigmoid, softplus."""
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# Rational approximations on three intervals, Cody 1969, "Rational Chebyshev approximations for the error function".
SMALL = ((1.85777706184603153e-1, 3.16112374387056560, 1.13864154151050156e2, 3.77485237685302021e2, 3.20937758913846947e3),
         (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3))
MIDDLE = ((2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1, 2.98635138197400131e2,
           8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3, 1.23033935479799725e3),
          (1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
           3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3))
LARGE = ((1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
          1.60837851487422766e-2, 6.58749161529837803e-4),
         (1.0, 2.56852019228982242, 1.87295284992346047, 5.27905102951428412e-1, 6.05183413124413191e-2, 2.33520497626869185e-3))


def ratio(coefficients: tuple[tuple[float, ...], tuple[float, ...]], x: Array) -> Array:
    """p(x) / q(x), both by Horner's rule."""
    p, q = (c[0] for c in coefficients)
    for a in coefficients[0][1:]: p = p * x + a  # type: ignore[assignment]
    for b in coefficients[1][1:]: q = q * x + b  # type: ignore[assignment]
    return p / q  # type: ignore[return-value]


def erfc_positive(x: Array) -> Array:
    """erfc for x >= 0.46875: e^{-x^2} times a rational function, in x to 4 and in 1/x^2 beyond."""
    x = np.minimum(x, 30.0)                      # erfc(27) is already 0; keeps x^2 finite
    near = ratio(MIDDLE, np.minimum(x, 4.0))
    inverse = 1 / np.maximum(x, 4.0) ** 2
    far = (1 / np.sqrt(np.pi) - inverse * ratio(LARGE, inverse)) / np.maximum(x, 4.0)
    head = np.floor(x * 16) / 16                 # e^{-x^2} = e^{-head^2} e^{-(x-head)(x+head)} keeps all digits
    return np.exp(-head * head) * np.exp(-(x - head) * (x + head)) * np.where(x <= 4.0, near, far)


def erf(x: Array) -> Array:
    """(2 / sqrt(pi)) int_0^x e^{-t^2} dt to the last digits, in the dtype of x (at least float32)."""
    x = np.asarray(x)
    a = np.abs(x).astype(float)
    small = x * ratio(SMALL, np.minimum(a, 0.5) ** 2)
    out = np.where(a <= 0.46875, small, np.copysign(1 - erfc_positive(a), x))
    return out.astype(x.dtype if x.dtype.kind == "f" else float)


def erfc(x: Array) -> Array:
    """1 - erf(x), without the cancellation for large x."""
    x = np.asarray(x)
    a = np.abs(x).astype(float)
    tail = erfc_positive(np.maximum(a, 0.46875))
    small = 1 - x * ratio(SMALL, np.minimum(a, 0.5) ** 2)
    out = np.where(a <= 0.46875, small, np.where(x < 0, 2 - tail, tail))
    return out.astype(x.dtype if x.dtype.kind == "f" else float)


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^{-x}), never overflowing: with e = e^{-|x|} it is 1 / (1 + e) or e / (1 + e)."""
    e = np.exp(-np.abs(x))
    return np.where(np.asarray(x) >= 0, 1, e) / (1 + e)


def softplus(x: Array) -> Array:
    """log(1 + e^x) = max(x, 0) + log(1 + e^{-|x|})."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
