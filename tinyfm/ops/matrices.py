"""Square matrices: inverse, determinant, linear equations; stacks of them along the axes before the last two."""
from __future__ import annotations

from typing import Any

import numpy as np

from tinyfm.engine import Array, op
from tinyfm.ops.linear import matmul
from tinyfm.ops.shape import matrix_transpose, reshape


def matrix_like(g: Any) -> Any:
    """A number for each matrix, ready to multiply it."""
    return reshape(g, shape=(*g.shape, 1, 1))


@op(r"Y = A^{-1}", a=(r"-Y^\top \bar Y Y^\top",
                      lambda g, out: -matmul(matmul(matrix_transpose(out), g), matrix_transpose(out))))
def inv(a: Array) -> Array: return np.linalg.inv(a)


@op(r"y = |A|", a=(r"\bar y \, |A| A^{-\top}", lambda g, a, out: matrix_like(g * out) * matrix_transpose(inv(a))))
def det(a: Array) -> Array:
    """The gradient is the cofactor matrix; written through the inverse, so it needs a regular matrix."""
    return np.linalg.det(a)


@op(r"y = \ln |\det A|", a=(r"\bar y A^{-\top}", lambda g, a: matrix_like(g) * matrix_transpose(inv(a))))
def logabsdet(a: Array) -> Array: return np.linalg.slogdet(a)[1]


def solve(a: Any, b: Any) -> Any:
    """X with A X = B; b: (..., n, k)."""
    return solve_matrix(a, b)


@op(r"X = A^{-1} B", b=(r"A^{-\top} \bar X", lambda g, a: solve_matrix(matrix_transpose(a), g)),
    a=(r"-A^{-\top} \bar X X^\top",
       lambda g, a, out: -matmul(solve_matrix(matrix_transpose(a), g), matrix_transpose(out))))
def solve_matrix(a: Array, b: Array) -> Array: return np.linalg.solve(a, b)
