"""Ops without a derivative: comparisons, logic, zeros and ones.  Every rule takes them as constants."""
from __future__ import annotations

import numpy as np

from tinyfm.engine import Array, op


@op(r"y = 0")
def zeros_like(x: Array) -> Array: return np.zeros_like(x)


@op(r"y = 1")
def ones_like(x: Array) -> Array: return np.ones_like(x)


@op(r"y = [a = b]")
def equal(a: Array, b: Array) -> Array: return a == b


@op(r"y = [a \ne b]")
def not_equal(a: Array, b: Array) -> Array: return a != b


@op(r"y = [a < b]")
def less(a: Array, b: Array) -> Array: return a < b


@op(r"y = [a \le b]")
def less_equal(a: Array, b: Array) -> Array: return a <= b


@op(r"y = [a > b]")
def greater(a: Array, b: Array) -> Array: return a > b


@op(r"y = [a \ge b]")
def greater_equal(a: Array, b: Array) -> Array: return a >= b


@op(r"y = a \wedge b")
def logical_and(a: Array, b: Array) -> Array: return np.logical_and(a, b)


@op(r"y = a \vee b")
def logical_or(a: Array, b: Array) -> Array: return np.logical_or(a, b)


@op(r"y = \neg x")
def logical_not(x: Array) -> Array: return np.logical_not(x)


@op(r"y = [x \text{ is NaN}]")
def isnan(x: Array) -> Array: return np.isnan(x)


@op(r"y = [|x| = \infty]")
def isinf(x: Array) -> Array: return np.isinf(x)


@op(r"y = [|x| < \infty]")
def isfinite(x: Array) -> Array: return np.isfinite(x)
