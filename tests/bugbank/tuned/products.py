"""Linear layers, matrix products, attention."""
import numpy as np

from .. import bug, draw, signed
from ..forwards import attention, dot, linear, matmul, outer, softmax, swap

layer = draw(signed(7, 5), signed(5, 3), signed(3))


@bug("linear", "a minus from the update rule W -= ... slipped into the gradient", x="wrong-sign")
def linear_input_minus():
    return linear, lambda g, x, w, b: (-g @ w.T, x.T @ g, g.sum(0)), draw(signed(6, 5), signed(5, 4), signed(4))

@bug("linear", "tested with a batch of one", b="one-slice-of-broadcast")
def linear_bias_first_row():
    return linear, lambda g, x, w, b: (g @ w.T, x.T @ g, g[0]), layer

@bug("linear", "np.sum without an axis", b="wrong-shape")
def linear_bias_one_number():
    return linear, lambda g, x, w, b: (g @ w.T, x.T @ g, np.sum(g)), layer

@bug("linear", "keepdims=True, out of the habit of softmax", b="wrong-shape | not-summed-over-broadcast")
def linear_bias_keepdims():
    return linear, lambda g, x, w, b: (g @ w.T, x.T @ g, g.sum(0, keepdims=True)), layer

@bug("linear", "sums the bias over the units", b="wrong-axis | wrong-shape")
def linear_bias_sums_the_units():
    return linear, lambda g, x, w, b: (g @ w.T, x.T @ g, g.sum(1)), layer

@bug("linear", "a loop over the batch with = where += is due",
     w="one-slice-of-broadcast | overwrites-instead-of-accumulates")
def linear_weight_overwritten_in_a_loop():
    def backward(g, x, w, b):
        for row, upstream in zip(x, g, strict=True):
            dw = np.outer(row, upstream)
        return g @ w.T, dw, g.sum(0)
    return linear, backward, layer

@bug("linear", "checked with y.sum() only, where g is all ones", w="ignores-upstream | not-linear-in-upstream")
def linear_weight_for_a_sum():
    return linear, lambda g, x, w, b: (g @ w.T, x.T @ np.ones_like(g), g.sum(0)), layer

@bug("linear", "outer products for each example, never added up", w="not-summed-over-broadcast | wrong-shape")
def linear_weight_per_example():
    def backward(g, x, w, b):
        return g @ w.T, x[:, :, None] * g[:, None, :], g.sum(0)
    return linear, backward, layer

@bug("linear", "hidden layers are square, so g @ w runs; the bias was left at its initial zeros",
     x="operand-not-transposed", b="zero")
def linear_square_weight_and_no_bias():
    return linear, lambda g, x, w, b: (g @ w, x.T @ g, np.zeros(b.shape)), draw(signed(7, 4), signed(4, 4), signed(4))

@bug("linear", "averages everything, the input's gradient too",
     x="extra-1/N", w="extra-1/N | mean-for-sum-over-broadcast",
     b="extra-1/N | mean-for-sum-over-broadcast")
def linear_everything_averaged():
    def backward(g, x, w, b):
        g = g / len(g)
        return g @ w.T, x.T @ g, g.sum(0)
    return linear, backward, draw(signed(8, 5), signed(5, 3), signed(3))

@bug("linear", "weights belong to (out, in) layers elsewhere", w="transposed | wrong-shape")
def linear_weight_out_in():
    return linear, lambda g, x, w, b: (g @ w.T, (x.T @ g).T, g.sum(0)), layer

@bug("matmul", "the left factor is not transposed; raises unless a is square", b="operand-not-transposed | wrong-shape")
def matmul_left_untransposed():
    return matmul, lambda g, a, b: (g @ b.T, a @ g), draw(signed(4, 5), signed(5, 3))

@bug("matmul", "transposes g, and not b", a="operand-not-transposed")
def matmul_wrong_factor_transposed():
    return matmul, lambda g, a, b: (g.T @ b, a.T @ g), draw(signed(4, 4), signed(4, 4))

@bug("matmul", "returns the gradients in the wrong order",
     a="other-argument | wrong-shape", b="other-argument | wrong-shape")
def matmul_gradients_exchanged():
    return matmul, lambda g, a, b: (a.T @ g, g @ b.T), draw(signed(4, 5), signed(5, 3))

@bug("matmul", "a factor a.T belongs on the left and is put on the right", b="operands-swapped")
def matmul_right_factor_on_the_wrong_side():
    return matmul, lambda g, a, b: (g @ b.T, g @ a.T), draw(signed(5, 5), signed(5, 5))

@bug("batched matmul", "swaps the first two axes, as .T does for a matrix", a="operand-not-transposed | wrong-shape")
def batched_matmul_first_axes_swapped():
    return matmul, lambda g, a, b: (g @ b.swapaxes(0, 1), swap(a) @ g), draw(signed(6, 4, 5), signed(6, 5, 3))

@bug("batched matmul", "the shared weight learns from the first matrix of the batch", b="one-slice-of-broadcast")
def batched_matmul_first_only():
    return matmul, lambda g, a, b: (g @ b.T, a[0].T @ g[0]), draw(signed(6, 4, 5), signed(5, 3))

@bug("batched matmul", "heads of three, all square: nothing complains", b="operand-not-transposed")
def batched_matmul_square():
    return matmul, lambda g, a, b: (g @ swap(b), a @ g), draw(signed(3, 4, 4), signed(3, 4, 4))

@bug("batched matmul", "the broadcast of a missing axis is not undone", a="not-summed-over-broadcast | wrong-shape")
def batched_matmul_matrix_times_batch():
    return matmul, lambda g, a, b: (g @ swap(b), a.T @ g), draw(signed(4, 5), signed(6, 5, 3))

@bug("outer product", "sums g, and leaves out what it is multiplied with", a="missing-factor | passes-through")
def outer_plain_sum():
    return outer, lambda g, a, b: (g.sum(1), a @ g), draw(signed(4), signed(5))

@bug("outer product", "g from the wrong side; the shapes only fit when a is as long as b",
     b="operands-swapped | operand-not-transposed")
def outer_wrong_side():
    return outer, lambda g, a, b: (g @ b, g @ a), draw(signed(6), signed(6))

@bug("dot product", "a lost factor: d(ab)/da = 1", a="passes-through | missing-factor")
def dot_without_the_other():
    return dot, lambda g, a, b: (np.repeat(g[:, None], 5, 1), g[:, None] * a), draw(signed(6, 5), signed(6, 5))

def attention_backward(g, q, k, v, scale=1.0):
    p = softmax(q @ swap(k) / np.sqrt(q.shape[-1]))
    dp = g @ swap(v)
    ds = p * (dp - (dp * p).sum(-1, keepdims=True)) / np.sqrt(q.shape[-1]) * scale
    return ds @ k, swap(ds) @ q, swap(p) @ g

three = draw(signed(2, 4, 3), signed(2, 5, 3), signed(2, 5, 4))

@bug("attention", "scales in the product and once more in the softmax", q="constant-factor", k="constant-factor")
def attention_scaled_twice():
    return attention, lambda g, q, k, v: attention_backward(g, q, k, v, 3**-0.5), three

@bug("attention", "the weights are not transposed; as many keys as queries hide it", v="operand-not-transposed")
def attention_values_untransposed():
    def backward(g, q, k, v):
        return *attention_backward(g, q, k, v)[:2], softmax(q @ swap(k) / np.sqrt(q.shape[-1])) @ g
    return attention, backward, draw(signed(2, 5, 3), signed(2, 5, 3), signed(2, 5, 4))

@bug("attention", "softmax is differentiated with its denominator held fixed",
     q="missing-mean-term | missing-term", k="missing-mean-term | missing-term")
def attention_constant_denominator():
    def backward(g, q, k, v):
        p = softmax(q @ swap(k) / np.sqrt(q.shape[-1]))
        ds = p * (g @ swap(v)) / np.sqrt(q.shape[-1])
        return ds @ k, swap(ds) @ q, swap(p) @ g
    return attention, backward, three

@bug("attention", "softmax is not differentiated at all",
     q="missing-factor | missing-term", k="missing-factor | missing-term")
def attention_softmax_passes():
    def backward(g, q, k, v):
        ds = g @ swap(v) / np.sqrt(q.shape[-1])
        return ds @ k, swap(ds) @ q, attention_backward(g, q, k, v)[2]
    return attention, backward, three

@bug("attention", "the scores weigh the values, softmax forgotten", v="input-for-output")
def attention_scores_for_weights():
    def backward(g, q, k, v):
        return *attention_backward(g, q, k, v)[:2], swap(q @ swap(k) / np.sqrt(q.shape[-1])) @ g
    return attention, backward, three

@bug("attention", "keys are taken for a lookup table that does not learn", k="zero")
def attention_keys_do_not_learn():
    def backward(g, q, k, v):
        dq, _, dv = attention_backward(g, q, k, v)
        return dq, np.zeros_like(k), dv
    return attention, backward, three

@bug("self-attention", "x is query, key and value, and only the value's gradient is returned",
     x="missing-term | overwrites-instead-of-accumulates")
def self_attention_value_only():
    def forward(x):
        return attention(x, x, x)
    return forward, lambda g, x: attention_backward(g, x, x, x)[2], draw(signed(2, 5, 3))

@bug("matrix inverse", "y g y with nothing transposed", a="operand-not-transposed")
def inverse_nothing_transposed():
    def backward(g, a):
        y = np.linalg.inv(a)
        return -y @ g @ y
    return np.linalg.inv, backward, well_conditioned

@bug("matrix inverse", "both inverses on the same side", a="operands-swapped")
def inverse_both_on_one_side():
    def backward(g, a):
        y = np.linalg.inv(a).T
        return -g @ y @ y
    return np.linalg.inv, backward, well_conditioned

@bug("log-determinant", "the inverse, not its transpose", a="transposed | operand-not-transposed | partial")
def logdet_inverse_untransposed():
    def forward(a):
        return np.linalg.slogdet(a)[1]
    return forward, lambda g, a: g * np.linalg.inv(a), well_conditioned

@bug("solve", "the right-hand side is solved with a, not with its transpose", b="operand-not-transposed")
def solve_untransposed():
    def backward(g, a, b):
        return -np.outer(np.linalg.solve(a.T, g), np.linalg.solve(a, b)), np.linalg.solve(a, g)
    return np.linalg.solve, backward, lambda rng: (*well_conditioned(rng), rng.standard_normal(4))

def well_conditioned(rng):
    return (rng.standard_normal((4, 4)) + 4 * np.eye(4),)

@bug("trace", "the identity without the incoming gradient", a="ignores-upstream | not-linear-in-upstream")
def trace_identity():
    return np.trace, lambda g, a: np.eye(len(a)), draw(signed(5, 5))

@bug("bilinear", "x W z: the weight's gradient lacks z", w="missing-factor")
def bilinear_weight_without_z():
    def forward(x, w, z):
        return ((x @ w) * z).sum(1)
    def backward(g, x, w, z):
        g = g[:, None]
        return g * z @ w.T, x.T @ np.repeat(g, z.shape[1], 1), g * (x @ w)
    return forward, backward, draw(signed(7, 4), signed(4, 5), signed(7, 5))

@bug("tied weights", "encoder and decoder share w, the decoder's gradient overwrites the encoder's",
     w="overwrites-instead-of-accumulates | missing-term")
def tied_weights_overwritten():
    def forward(x, w):
        return np.tanh(x @ w) @ w.T
    def backward(g, x, w):
        h = np.tanh(x @ w)
        dz = g @ w * (1 - h * h)
        dw = x.T @ dz
        dw = g.T @ h
        return dz @ w.T, dw
    return forward, backward, draw(signed(7, 5), signed(5, 3))
