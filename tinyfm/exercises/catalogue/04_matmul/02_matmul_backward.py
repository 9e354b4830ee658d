"""The rule of a matrix product

    C = A B        A: (n, m)   B: (m, p)   C: (n, p)

g is the gradient of the loss with respect to C, of the shape of C.  Return those with respect to A and to B.

The shapes leave little choice, but square matrices hide mistakes, so derive it once:  c_ij = sum_k a_ik b_kj, so a_ik
reaches c_ij for every j, with the slope b_kj.  Therefore  da_ik = sum_j g_ij b_kj.  Which product of matrices is that?
"""
import numpy as np


def matmul_backward(g, a, b):
    """(da, db) of C = A B;  g: (n, p)."""
    # BEGIN SOLUTION
    return g @ b.T, a.T @ g
    # END SOLUTION


# CHECKS
from tinyfm.engine import gradients as pulled
from tinyfm.engine import tensor
from tinyfm.exercises.laws import agree, check, gradients, normal, same, swapped
from tinyfm.ops import matmul, sum, tanh

minutes = 10
requires = ["matmul"]
hints = [
    "sum_j g_ij b_kj is a row of g times a row of b. What must be transposed to make it a row times a column?",
    "dA = g B^T, dB = A^T g.",
    "return g @ ..., ... @ g",
]
after = """
dA = g B^T: the gradient goes back through the same wires, so the matrix is transposed.  Forward and backward of a layer
are three products of the same size, which is why training costs about three times as much as predicting.
"""
compare = ["tinyfm.ops.linear:left_slope", "tinyfm.ops.linear:right_slope"]


@check
def by_hand(student, rng):
    agree(student.matmul_backward, lambda g, a, b: (g @ b.T, a.T @ g),
          (np.array([[1.0, 0.0]]), np.array([[2.0, 3.0, 4.0]]), np.arange(6.0).reshape(3, 2)))


@check(points=2)
def against_central_differences(student, rng):
    gradients(student.matmul_backward, np.matmul, normal(rng, 4, 5), normal(rng, 5, 3))


@check
def with_square_matrices(student, rng):
    gradients(student.matmul_backward, np.matmul, normal(rng, 3, 3), normal(rng, 3, 3))


@check
def the_engine_runs_on_your_rule(student, rng):
    x, w, v = (tensor(normal(rng, *s), requires_grad=True) for s in ((5, 4), (4, 3), (3, 2)))
    def loss(): return sum(tanh(matmul(x, w)) @ v)
    truth = pulled(loss(), [x, w, v])
    rules = {"a": lambda g, b, a_shape, b_shape: student.matmul_backward(g, np.zeros(a_shape), b)[0],
             "b": lambda g, a, a_shape, b_shape: student.matmul_backward(g, a, np.zeros(b_shape))[1]}
    with swapped(matmul, **rules): same(pulled(loss(), [x, w, v]), truth)
    return "the engine differentiated a network of two layers with your rule"


mistakes = {
    "B is not transposed": "return g @ b, a.T @ g",
    "A is not transposed": "return g @ b.T, a @ g",
    "Neither is transposed": "return g @ b, a @ g",
    "The factors of dB stand in the wrong order": "return g @ b.T, g @ a.T",
    "The factors of dA stand in the wrong order": "return b.T @ g, a.T @ g",
    "The two gradients are exchanged": "return a.T @ g, g @ b.T",
    "dA is transposed": "return (g @ b.T).T, a.T @ g",
    "dB is transposed": "return g @ b.T, (a.T @ g).T",
    "Divided by the batch: that belongs to the loss": "return g @ b.T, a.T @ g / len(a)",
    "g is left out": "return np.ones(g.shape) @ b.T, a.T @ np.ones(g.shape)",
}
