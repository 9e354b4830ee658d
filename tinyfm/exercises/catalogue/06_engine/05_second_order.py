"""The curvature of a loss, without its matrix

The second derivatives of a loss with n weights are a matrix H of n x n numbers: too many to write down.  But its
product with one vector v is only the derivative of the gradient in the direction v:

    H v  ~  (grad(x + h v) - grad(x - h v)) / 2h

Write it.  v may be long or short, so step along v / |v| and multiply the result by |v|; for v = 0 the product is 0.

Then find the largest curvature: multiply a vector by H again and again, each time made of length 1.  It turns towards
the direction in which the loss bends most, and v . H v is the curvature there.  (H may not have a larger negative one.)
"""
import numpy as np


def hvp(grad, x, v, h=1e-5):
    """H v at x;  grad: array -> its gradient, x and v: (n,)."""
    # BEGIN SOLUTION
    length = np.linalg.norm(v)
    if length == 0: return np.zeros_like(x)
    step = h * v / length
    return (grad(x + step) - grad(x - step)) / (2 * h) * length
    # END SOLUTION


def largest_curvature(grad, x, v, times=50):
    """v . H v after multiplying v by H and making it of length 1, `times` times."""
    # BEGIN SOLUTION
    v = v / np.linalg.norm(v)
    for _ in range(times):
        v = hvp(grad, x, v)
        v = v / np.linalg.norm(v)
    return v @ hvp(grad, x, v)
    # END SOLUTION


# CHECKS
from tinyfm.calculus import hessian
from tinyfm.exercises.laws import agree, check, normal
from tinyfm.ops import matmul, sum, tanh

minutes = 20
requires = ["numeric_gradient"]
hints = [
    "It is the numeric derivative once more, of a function that returns an array: the gradient.",
    "Step by h v / |v| to both sides; divide the difference of the gradients by 2 h, multiply by |v|.",
    "length = np.linalg.norm(v)\nstep = h * v / length\nreturn (grad(...) - grad(...)) / (2 * h) * ...\n\n"
    "for _ in range(times):\n    v = hvp(...)\n    v = v / ...",
]
after = """
Gradient descent is stable as long as the learning rate is below 2 / (largest curvature): now you can measure it.  The
engine computes H v exactly, by differentiating the gradient (tinyfm.hvp), for the price of a few gradients.
"""
compare = ["tinyfm.calculus:hvp"]


def bowl(rng, n):
    """The gradient of x' A x / 2, and A, with positive eigenvalues."""
    Q = np.linalg.qr(normal(rng, n, n))[0]
    A = Q @ np.diag(np.linspace(1, 5, n)) @ Q.T
    return (lambda x: A @ x), A


def bent(rng, n):
    """The gradient of sum tanh(M x)^2, and its matrix of second derivatives."""
    M = normal(rng, n, n)
    def grad(x): return M.T @ (2 * np.tanh(M @ x) * (1 - np.tanh(M @ x) ** 2))
    def H(x): return hessian(lambda x: sum(tanh(matmul(M, x)) ** 2))(x)
    return grad, H


@check
def of_a_bowl(student, rng):
    grad, A = bowl(rng, 4)
    x, v = normal(rng, 4), normal(rng, 4)
    agree(student.hvp, A @ v, (grad, x, v), rtol=1e-6)


@check
def of_any_function(student, rng):
    grad, H = bent(rng, 3)
    x, v = normal(rng, 3), normal(rng, 3)
    agree(student.hvp, H(x) @ v, (grad, x, v), rtol=1e-5)


@check
def long_short_and_no_vectors(student, rng):
    grad, H = bent(rng, 3)
    x, v = normal(rng, 3), normal(rng, 3)
    agree(student.hvp, lambda g, x, v: H(x) @ v, (grad, x, 1e4 * v), (grad, x, 1e-4 * v), (grad, x, 0 * v), rtol=1e-5)


@check
def h_is_used(student, rng):
    agree(student.hvp, np.array([12.25]), (lambda x: x ** 3 + 0 * x, np.array([2.0]), np.array([1.0]), 0.5), rtol=1e-6)


@check
def the_largest_curvature(student, rng):
    grad, _ = bowl(rng, 5)
    agree(student.largest_curvature, np.float64(5.0), (grad, normal(rng, 5), normal(rng, 5), 200), rtol=1e-5)
    agree(student.largest_curvature, solution.largest_curvature, (grad, np.zeros(5), np.ones(5), 3),
          (grad, np.zeros(5), np.arange(1.0, 6.0), 0), rtol=1e-5)


equivalent = {"return np.zeros_like(x) -> return -np.zeros_like(x)": "-0 is 0",
              "return v @ hvp(grad, x, v) -> return hvp(grad, x, v) @ v": "the dot product is symmetric"}
mistakes = {
    "Divided by h, where the points are 2 h apart": ("/ (2 * h) * length", "/ h * length"),
    "The length of v is forgotten: that is H v / |v|": ("/ (2 * h) * length", "/ (2 * h)"),
    "The step is not along v / |v|: too large for a long v": ("step = h * v / length", "step = h * v; length = 1.0"),
    "One side only": ("(grad(x + step) - grad(x - step)) / (2 * h)", "(grad(x + step) - grad(x)) / h"),
    "The gradient itself, not its change": ("(grad(x + step) - grad(x - step)) / (2 * h) * length", "grad(x) * v"),
    "v = 0 gives 0 / 0": ("if length == 0: return np.zeros_like(x)", "pass"),
    "v is not made of length 1 again": ("v = hvp(grad, x, v)\n        v = v / np.linalg.norm(v)", "v = hvp(grad, x, v)"),
    "The length of H v in the end, not v . H v": ("return v @ hvp(grad, x, v)", "return np.sum(hvp(grad, x, v))"),
    "The sign": ("grad(x + step) - grad(x - step)", "grad(x - step) - grad(x + step)"),
    "It stops after one step": ("range(times)", "range(1)"),
}
