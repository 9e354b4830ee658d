"""What a product of matrices is

    C = A B        c_ij = sum_k a_ik b_kj        A: (n, m)   B: (m, p)   C: (n, p)

Write it without @, np.dot, np.matmul or np.einsum, in one of two ways:

  - as a sum of n outer products (a column of A times a row of B), which needs one loop over k, or
  - with one broadcast product of shape (n, m, p), and a sum over the axis in the middle: no loop at all.

Three nested loops are right too, but the last check is about time.
"""
import numpy as np


def matmul(a, b):
    """A B;  a: (n, m), b: (m, p) -> (n, p)."""
    # BEGIN SOLUTION
    return (a[:, :, None] * b[None, :, :]).sum(axis=1)
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import Wrong, agree, check, normal, vectorised
from tinyfm.ops import matmul as ours

minutes = 10
hints = [
    "Which index do a_ik and b_kj share? That one is summed over, and vanishes.",
    "a[:, :, None] has the shape (n, m, 1), b[None] the shape (1, m, p). What is their product, and which axis goes?",
    "return (a[:, :, None] * b[None, :, :]).sum(axis=...)",
]
after = """
The same four views are used everywhere: an element of C is a row times a column; a row of C is a mix of rows of B; a
column of C is a mix of columns of A; C is a sum of outer products.  Gradients of layers are the last view.  @ computes
all that without ever making the (n, m, p) array.
"""
compare = ["tinyfm.ops:matmul"]


@check
def small_by_hand(student, rng):
    agree(student.matmul, np.array([[19.0, 22.0], [43.0, 50.0]]), (np.array([[1.0, 2.0], [3.0, 4.0]]),
                                                                    np.array([[5.0, 6.0], [7.0, 8.0]])))


@check
def all_sizes_differ(student, rng):
    agree(student.matmul, ours, (normal(rng, 4, 3), normal(rng, 3, 5)), (normal(rng, 1, 6), normal(rng, 6, 2)))


@check
def square_ones_show_the_order(student, rng):
    agree(student.matmul, ours, (normal(rng, 3, 3), normal(rng, 3, 3)))


@check
def no_three_loops(student, rng):
    return vectorised(student.matmul, ours, normal(rng, 60, 50), normal(rng, 50, 40), ratio=300)


mistakes = {
    "That is B A": "return (b[:, :, None] * a[None, :, :]).sum(axis=1)",
    "Element by element: that is a * b, another product": "return a * b",
    "A is transposed": "return (a.T[:, :, None] * b[None, :, :]).sum(axis=1)",
    "B is transposed": "return (a[:, :, None] * b.T[None, :, :]).sum(axis=1)",
    "The mean over k is taken, where the sum is due": "return (a[:, :, None] * b[None, :, :]).mean(axis=1)",
    "The wrong axis is summed: k is the one in the middle": "return (a[:, :, None] * b[None, :, :]).sum(axis=2)",
    "The first axis is summed: k is the one in the middle": "return (a[:, :, None] * b[None, :, :]).sum(axis=0)",
    "= where += is due: only the last k is left":
        "c = np.zeros((len(a), b.shape[1]))\nfor k in range(len(b)):\n    c = np.outer(a[:, k], b[k])\nreturn c",
    "The last k is left out":
        "c = np.zeros((len(a), b.shape[1]))\nfor k in range(len(b) - 1):\n    c += np.outer(a[:, k], b[k])\nreturn c",
    "The result begins with ones":
        "c = np.ones((len(a), b.shape[1]))\nfor k in range(len(b)):\n    c += np.outer(a[:, k], b[k])\nreturn c",
}
