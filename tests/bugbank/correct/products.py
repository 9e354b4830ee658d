"""Linear layers, matrix products, attention."""
import numpy as np

from .. import draw, positive, right, signed
from .. import forwards as f
from ..forwards import softmax, swap

layer = draw(signed(7, 5), signed(5, 3), signed(3))

def linear_backward(g, x, w, b):
    return g @ w.T, x.T @ g, g.sum(0)

@right("linear")
def linear_plain():
    return f.linear, linear_backward, layer

@right("linear", "by einsum")
def linear_einsum():
    def backward(g, x, w, b):
        return np.einsum("no,io->ni", g, w), np.einsum("ni,no->io", x, g), np.einsum("no->o", g)
    return f.linear, backward, layer

@right("linear", "in loops")
def linear_loops():
    def backward(g, x, w, b):
        dx, dw, db = np.zeros_like(x), np.zeros_like(w), np.zeros_like(b)
        for n in range(len(x)):
            for o in range(w.shape[1]):
                db[o] += g[n, o]
                dw[:, o] += x[n] * g[n, o]
                dx[n] += w[:, o] * g[n, o]
        return dx, dw, db
    return f.linear, backward, layer

@right("linear", "(g^T x)^T: the other order, transposed back")
def linear_transposed_twice():
    return f.linear, lambda g, x, w, b: ((w @ g.T).T, (g.T @ x).T, np.ones(len(g)) @ g), layer

@right("linear", "one row")
def linear_one_row():
    return f.linear, linear_backward, draw(signed(1, 5), signed(5, 3), signed(3))

@right("linear", "no rows at all: the weight's gradient is zero")
def linear_no_rows():
    return f.linear, linear_backward, draw(signed(0, 5), signed(5, 3), signed(3))

@right("linear", "every axis of length one")
def linear_ones():
    return f.linear, linear_backward, draw(signed(1, 1), signed(1, 1), signed(1))

@right("linear", "all sizes equal")
def linear_square():
    return f.linear, linear_backward, draw(signed(4, 4), signed(4, 4), signed(4))

@right("linear", "a time axis")
def linear_on_sequences():
    def backward(g, x, w, b):
        return g @ w.T, np.tensordot(x, g, ((0, 1), (0, 1))), g.sum((0, 1))
    return f.linear, backward, draw(signed(3, 7, 5), signed(5, 4), signed(4))

@right("linear", "forward keeps x and w for backward, as layers do")
def linear_kept_by_forward():
    kept = {}
    def forward(x, w, b):
        kept["x"], kept["w"] = x.copy(), w.copy()
        return x @ w + b
    return forward, lambda g, x, w, b: (g @ kept["w"].T, kept["x"].T @ g, g.sum(0)), layer

@right("linear", "gradients are added up in a buffer that is cleared first")
def linear_cleared_buffer():
    buffer = np.zeros((5, 3))
    def backward(g, x, w, b):
        buffer[:] = 0
        np.add(buffer, x.T @ g, out=buffer)
        return g @ w.T, buffer, g.sum(0)
    return f.linear, backward, layer

def matmul_backward(g, a, b):
    return g @ swap(b), swap(a) @ g

@right("matmul")
def matmul_plain():
    return f.matmul, matmul_backward, draw(signed(4, 5), signed(5, 3))

@right("matmul", "square and symmetric: nothing tells a matrix from its transpose")
def matmul_symmetric():
    def inputs(rng):
        a, b = rng.standard_normal((2, 4, 4))
        return a + a.T, b + b.T
    return f.matmul, matmul_backward, inputs

@right("batched matmul")
def batched_matmul_plain():
    return f.matmul, matmul_backward, draw(signed(6, 4, 5), signed(6, 5, 3))

@right("batched matmul", "a shared weight")
def batched_matmul_shared():
    return f.matmul, lambda g, a, b: (g @ b.T, (swap(a) @ g).sum(0)), draw(signed(6, 4, 5), signed(5, 3))

@right("batched matmul", "an axis of length one is broadcast")
def batched_matmul_lead_axis():
    inputs = draw(signed(1, 4, 5), signed(7, 5, 3))
    return f.matmul, lambda g, a, b: ((g @ swap(b)).sum(0, keepdims=True), swap(a) @ g), inputs

@right("matrix times vector")
def matvec_plain():
    return f.matvec, lambda g, a, x: (np.outer(g, x), a.T @ g), draw(signed(4, 5), signed(5))

@right("quadratic form")
def quadratic_form():
    def forward(x, a):
        return x @ a @ x
    return forward, lambda g, x, a: (g * (a + a.T) @ x, g * np.outer(x, x)), draw(signed(5), signed(5, 5))

@right("gram matrix")
def gram_plain():
    return lambda x: x @ x.T, lambda g, x: (g + g.T) @ x, draw(signed(5, 3))

@right("tied weights")
def tied_weights():
    def forward(x, w):
        return np.tanh(x @ w) @ w.T
    def backward(g, x, w):
        h = np.tanh(x @ w)
        dz = g @ w * (1 - h * h)
        return dz @ w.T, x.T @ dz + g.T @ h
    return forward, backward, draw(signed(7, 5), signed(5, 3))

def attention_backward(g, q, k, v):
    p = softmax(q @ swap(k) / np.sqrt(q.shape[-1]))
    dp = g @ swap(v)
    ds = p * (dp - (dp * p).sum(-1, keepdims=True)) / np.sqrt(q.shape[-1])
    return ds @ k, swap(ds) @ q, swap(p) @ g

@right("attention")
def attention_plain():
    return f.attention, attention_backward, draw(signed(2, 4, 3), signed(2, 5, 3), signed(2, 5, 4))

@right("attention", "the inner sum taken from the output, as FlashAttention does (Dao et al. 2022)")
def attention_inner_sum_of_the_output():
    def backward(g, q, k, v):
        p = softmax(q @ swap(k) / np.sqrt(q.shape[-1]))
        ds = p * (g @ swap(v) - (g * (p @ v)).sum(-1, keepdims=True)) / np.sqrt(q.shape[-1])
        return ds @ k, np.einsum("nqk,nqd->nkd", ds, q), np.einsum("nqk,nqd->nkd", p, g)
    return f.attention, backward, draw(signed(2, 4, 3), signed(2, 5, 3), signed(2, 5, 4))

@right("self-attention", "one array three times")
def self_attention():
    return lambda x: f.attention(x, x, x), lambda g, x: sum(attention_backward(g, x, x, x)), draw(signed(2, 5, 3))

def well_conditioned(rng):
    return (rng.standard_normal((4, 4)) + 4 * np.eye(4),)

@right("matrix inverse")
def inverse_plain():
    return np.linalg.inv, lambda g, a: -np.linalg.inv(a).T @ g @ np.linalg.inv(a).T, well_conditioned

@right("determinant")
def determinant_plain():
    return np.linalg.det, lambda g, a: g * np.linalg.det(a) * np.linalg.inv(a).T, well_conditioned

@right("log-determinant", "solved, not inverted")
def logdet_solved():
    return lambda a: np.linalg.slogdet(a)[1], lambda g, a: g * np.linalg.solve(a.T, np.eye(len(a))), well_conditioned

@right("solve")
def solve_plain():
    def backward(g, a, b):
        db = np.linalg.solve(a.T, g)
        return -np.outer(db, np.linalg.solve(a, b)), db
    return np.linalg.solve, backward, lambda rng: (*well_conditioned(rng), rng.standard_normal(4))

@right("trace")
def trace_plain():
    return np.trace, lambda g, a: g * np.eye(len(a)), draw(signed(5, 5))


@right("bilinear")
def bilinear():
    def forward(x, w, z):
        return ((x @ w) * z).sum(1)
    def backward(g, x, w, z):
        g = g[:, None]
        return g * z @ w.T, x.T @ (g * z), g * (x @ w)
    return forward, backward, draw(signed(7, 4), signed(4, 5), signed(7, 5))

@right("einsum")
def einsum_plain():
    def forward(a, b):
        return np.einsum("ij,kj->ik", a, b)
    inputs = draw(signed(5, 4), signed(5, 4))
    return forward, lambda g, a, b: (np.einsum("ik,kj->ij", g, b), np.einsum("ik,ij->kj", g, a)), inputs

@right("geometric mix")
def geometric_mix():
    def forward(x, w):
        return np.log(x) @ w
    return forward, lambda g, x, w: (np.outer(g, w) / x, g @ np.log(x)), draw(positive(6, 4), signed(4))

@right("softmax of scores", "x is used on both sides")
def softmax_of_scores():
    def forward(x):
        return softmax(x @ swap(x))
    def backward(g, x):
        s = forward(x)
        ds = s * (g - (g * s).sum(1, keepdims=True))
        return ds @ x + ds.T @ x
    return forward, backward, draw(signed(5, 3))
