"""Linear layers, matrix products, attention."""
import numpy as np

from .. import bug, draw, integers, positive, signed
from ..forwards import attention, dot, linear, matmul, matvec, outer, softmax, swap

layer = draw(signed(7, 5), signed(5, 3), signed(3))


@bug("linear", "copies the rule of a + b, where no axis was broadcast",
     b="not-summed-over-broadcast | wrong-shape | passes-through")
def linear_bias_takes_upstream_as_it_is():
    return linear, lambda g, x, w, b: (g @ w.T, x.T @ g, g), layer

@bug("linear", "averages over the batch in the layer, and the loss has done so already",
     w="extra-1/N | mean-for-sum-over-broadcast")
def linear_weight_averaged_over_batch():
    def backward(g, x, w, b):
        return g @ w.T, x.T @ g / len(x), g.sum(0)
    return linear, backward, layer

@bug("linear", "tried on square weights only", x="operand-not-transposed | wrong-shape")
def linear_input_times_weight():
    return linear, lambda g, x, w, b: (g @ w, x.T @ g, g.sum(0)), layer

@bug("linear", "writes the two factors in the order of the column-vector textbooks",
     w="transposed | operands-swapped | wrong-shape")
def linear_weight_upstream_first():
    return linear, lambda g, x, w, b: (g @ w.T, g.T @ x, g.sum(0)), layer

@bug("linear", "np.mean where np.sum was meant", b="mean-for-sum-over-broadcast | extra-1/N")
def linear_bias_averaged():
    return linear, lambda g, x, w, b: (g @ w.T, x.T @ g, g.mean(0)), draw(signed(8, 5), signed(5, 3), signed(3))

@bug("linear", "puts the minus of gradient descent into the gradient, and leaves the bias for later",
     w="wrong-sign", b="zero")
def linear_descends_in_backward():
    inputs = draw(signed(6, 5), signed(5, 4), signed(4))
    return linear, lambda g, x, w, b: (g @ w.T, -(x.T @ g), np.zeros_like(b)), inputs

@bug("linear", "adds weight decay inside the layer, where it belongs to the loss", w="not-linear-in-upstream")
def linear_weight_decayed():
    return linear, lambda g, x, w, b: (g @ w.T, x.T @ g + 0.1 * w, g.sum(0)), layer

@bug("linear", "sums the bias over the first axis, and a sequence has two", b="not-summed-over-broadcast | wrong-shape")
def linear_on_sequences():
    def backward(g, x, w, b):
        return g @ w.T, np.einsum("nti,nto->io", x, g), g.sum(0)
    return linear, backward, draw(signed(3, 7, 5), signed(5, 4), signed(4))

@bug("linear", "right for a batch of one: multiplies the batch means", w="unknown")
def linear_product_of_means():
    def backward(g, x, w, b):
        return g @ w.T, np.outer(x.mean(0), g.sum(0)), g.sum(0)
    return linear, backward, layer

@bug("linear", "mixes up which of the two gets which", x="other-argument", w="other-argument")
def linear_square_gradients_in_the_wrong_order():
    return linear, lambda g, x, w, b: (x.T @ g, g @ w.T, g.sum(0)), draw(signed(5, 5), signed(5, 5), signed(5))

@bug("matmul", "reads d(ab) = (da) b + a (db) as if matrices were numbers",
     a="operand-not-transposed", b="operand-not-transposed")
def matmul_never_transposed():
    return matmul, lambda g, a, b: (g @ b, a @ g), draw(signed(4, 4), signed(4, 4))

@bug("matmul", "transposes, but keeps the order of the numbers' rule", a="operands-swapped", b="operands-swapped")
def matmul_factors_in_the_wrong_order():
    return matmul, lambda g, a, b: (b.T @ g, g @ a.T), draw(signed(5, 5), signed(5, 5))

@bug("matmul", "copied from mul: the product there was element by element", a="unknown", b="unknown")
def matmul_as_if_elementwise():
    return matmul, lambda g, a, b: (g * b, a * g), draw(signed(4, 4), signed(4, 4))

@bug("batched matmul", "the weight is shared by the batch, its gradient is not",
     b="not-summed-over-broadcast | wrong-shape")
def batched_matmul_shared_weight():
    return matmul, lambda g, a, b: (g @ b.T, swap(a) @ g), draw(signed(6, 4, 5), signed(5, 3))

@bug("batched matmul", ".T turns all the axes round, not only the last two", b="operand-not-transposed | wrong-shape")
def batched_matmul_dot_t():
    return matmul, lambda g, a, b: (g @ swap(b), a.T @ g), draw(signed(6, 4, 5), signed(6, 5, 3))

@bug("batched matmul", "undoes the broadcast with a mean", a="mean-for-sum-over-broadcast | extra-1/N")
def batched_matmul_lead_axis_averaged():
    def backward(g, a, b):
        return (g @ swap(b)).mean(0, keepdims=True), swap(a) @ g
    return matmul, backward, draw(signed(1, 4, 5), signed(7, 5, 3))

@bug("matrix times vector", "outer product with its operands the wrong way round",
     a="operands-swapped | transposed | wrong-shape")
def matvec_outer_reversed():
    return matvec, lambda g, a, x: (np.outer(x, g), a.T @ g), draw(signed(4, 5), signed(5))

@bug("matrix times vector", "a @ g, found to work for symmetric matrices", x="operand-not-transposed")
def matvec_symmetric_only():
    return matvec, lambda g, a, x: (np.outer(g, x), a @ g), draw(signed(5, 5), signed(5))

@bug("outer product", "multiplies b from the left, as in the rule for b itself",
     a="operands-swapped | operand-not-transposed")
def outer_square():
    return outer, lambda g, a, b: (b @ g, a @ g), draw(signed(5), signed(5))

@bug("dot product", "the derivative of a b with respect to a is taken to be a", a="other-argument")
def dot_own_operand():
    return dot, lambda g, a, b: (g[:, None] * a, g[:, None] * a), draw(signed(6, 5), signed(6, 5))

@bug("attention", "divides by sqrt(d) on the way forward only", q="constant-factor", k="constant-factor")
def attention_scale_forgotten():
    return attention, attention_backward(scale=lambda d: 1), draw(signed(2, 4, 3), signed(2, 5, 3), signed(2, 5, 4))

@bug("attention", "the key gets the gradient of the scores untransposed; as many queries as keys hide it",
     k="operand-not-transposed")
def attention_key_untransposed():
    return attention, attention_backward(turn=lambda ds: ds), draw(signed(2, 5, 3), signed(2, 5, 3), signed(2, 5, 4))

@bug("attention", "returns keys before queries", q="other-argument", k="other-argument")
def attention_key_before_query():
    right = attention_backward()
    def backward(g, q, k, v):
        dq, dk, dv = right(g, q, k, v)
        return dk, dq, dv
    return attention, backward, draw(signed(2, 5, 3), signed(2, 5, 3), signed(2, 5, 4))

@bug("attention", "the inner sum of softmax runs over the queries", q="wrong-axis", k="wrong-axis")
def attention_sums_over_queries():
    return attention, attention_backward(axis=-2), draw(signed(2, 4, 3), signed(2, 5, 3), signed(2, 5, 4))

@bug("attention", "all examples look up the same values, and each returns its own gradient",
     v="not-summed-over-broadcast | wrong-shape")
def attention_shared_values():
    return attention, attention_backward(), draw(signed(3, 4, 6), signed(3, 5, 6), signed(5, 7))

def attention_backward(scale=np.sqrt, turn=swap, axis=-1):
    def backward(g, q, k, v):
        p = softmax(q @ swap(k) / np.sqrt(q.shape[-1]))
        dp = g @ swap(v)
        ds = p * (dp - (dp * p).sum(axis, keepdims=True)) / scale(q.shape[-1])
        return ds @ k, turn(ds) @ q, swap(p) @ g
    return backward

@bug("matrix inverse", "d(1/x) = 1/x^2, minus forgotten", a="wrong-sign")
def inverse_without_minus():
    def backward(g, a):
        y = np.linalg.inv(a)
        return y.T @ g @ y.T
    return np.linalg.inv, backward, well_conditioned

@bug("matrix inverse", "keeps one of the two inverses", a="missing-factor")
def inverse_one_side():
    return np.linalg.inv, lambda g, a: -np.linalg.inv(a).T @ g, well_conditioned

@bug("determinant", "Jacobi's formula with the inverse as it stands", a="transposed | operand-not-transposed | partial")
def determinant_inverse_untransposed():
    return np.linalg.det, lambda g, a: g * np.linalg.det(a) * np.linalg.inv(a), well_conditioned

def well_conditioned(rng):
    return (rng.standard_normal((4, 4)) + 4 * np.eye(4),)

@bug("trace", "the derivative of a sum is one everywhere", a="passes-through | missing-factor | partial")
def trace_all_ones():
    return np.trace, lambda g, a: g * np.ones_like(a), draw(signed(4, 4))

@bug("quadratic form", "x^T A x with A taken for symmetric, and half of the rule", x="missing-term")
def quadratic_form_one_side():
    def forward(x, a):
        return x @ a @ x
    return forward, lambda g, x, a: (g * (a @ x), g * np.outer(x, x)), draw(signed(5), signed(5, 5))

@bug("gram matrix", "x is used twice, the second use overwrites the first",
     x="overwrites-instead-of-accumulates | missing-term")
def gram_second_use_overwrites():
    def backward(g, x):
        dx = g @ x
        dx = g.T @ x
        return dx
    return lambda x: x @ x.T, backward, draw(signed(5, 3))

@bug("einsum", "the axis that is summed away in forward is summed in backward too",
     a="operand-not-transposed | wrong-axis")
def einsum_wrong_subscript():
    def forward(a, b):
        return np.einsum("ij,kj->ik", a, b)
    def backward(g, a, b):
        return np.einsum("ik,ij->kj", g, b), np.einsum("ik,ij->kj", g, a)
    return forward, backward, draw(signed(5, 4), signed(5, 4))

@bug("row lookup", "labels choose the row of w; only the rows' gradient is scaled", w="missing-factor")
def chosen_rows_unscaled():
    def forward(x, w, labels):
        return (x * w[labels]).sum(-1)
    def backward(g, x, w, labels):
        dw = np.zeros_like(w)
        np.add.at(dw, labels, np.repeat(g[:, None], w.shape[1], 1))
        return g[:, None] * w[labels], dw, None
    return forward, backward, draw(signed(7, 4), signed(3, 4), integers(3, 7))

@bug("geometric mix", "the weights' gradient forgets the logarithm", w="missing-factor")
def weighted_logs():
    def forward(x, w):
        return np.log(x) @ w
    def backward(g, x, w):
        return np.outer(g, w) / x, g @ np.ones_like(x)
    return forward, backward, draw(positive(6, 4), signed(4))
