"""The table: every op of tinyfm, with the rule that pulls a gradient back to each of its arguments."""
# ruff: noqa: I001, RUF022
from tinyfm.operators import table
from tinyfm.ops.compare import (
    equal, greater, greater_equal, isfinite, isinf, isnan, less, less_equal, logical_and, logical_not,
    logical_or, not_equal, ones_like, zeros_like,
)
from tinyfm.ops.elementwise import (
    abs, add, ceil, clip, divide, exp, exp2, expm1, floor, floor_divide, log, log10, log1p, log2, logaddexp,
    maximum, minimum, multiply, negative, pow, reciprocal, remainder, round, rsqrt, sigmoid, sign, sqrt, square,
    subtract, tanh, trunc, where,
)
from tinyfm.ops.waves import (
    arccos, arccosh, arcsin, arcsinh, arctan, arctan2, arctanh, cos, cosh, erf, erfc, hypot, sin, sinh, tan,
)
from tinyfm.ops.activations import (
    celu, dropout, elu, gelu, hard_shrink, hard_sigmoid, hard_silu, hard_tanh, leaky_relu, log_sigmoid, mish, relu,
    relu6, selu, silu, soft_shrink, softplus, softsign, step, tanh_shrink, threshold,
)
from tinyfm.ops.shape import (
    argsort, astype, broadcast_to, concat, diagonal, expand_dims, flip, from_diagonal, getitem, identity,
    matrix_trace, matrix_transpose, moveaxis, pad, pad_constant, permute_dims, repeat, reshape, roll, scatter,
    scatter_along_axis, sort, split, squeeze, stack, stop_gradient, sum_to, swapaxes, take, take_along_axis,
    tile, topk, tril, triu, unstack,
)
from tinyfm.ops.reduce import (
    all, any, argmax, argmin, cumprod, cumsum, linear_recurrence, log_softmax, logsumexp, max, mean, median,
    min, norm, prod, softmax, std, sum, var,
)
from tinyfm.ops.linear import (
    linear, matmul, outer, vecdot,
)
from tinyfm.ops.contraction import (
    cross, dot, einsum, kron, tensordot,
)
from tinyfm.ops.matrices import (
    det, inv, logabsdet, solve,
)
from tinyfm.ops.conv import (
    average_pool1d, average_pool2d, conv1d, conv1d_transpose, conv2d, conv2d_transpose, max_pool1d, max_pool2d,
)
from tinyfm.ops.normalization import (
    batch_norm, group_norm, layer_norm, normalize, rms_norm, standardize,
)
from tinyfm.ops.lookup import (
    embedding, one_hot,
)
from tinyfm.ops.losses import (
    binary_cross_entropy, binary_cross_entropy_with_logits, cosine_similarity, gaussian_negative_log_likelihood,
    hinge, huber, info_nce, kl_divergence, log_cosh, mean_absolute_error, mean_squared_error,
    negative_log_likelihood, poisson_negative_log_likelihood, smooth_l1, softmax_cross_entropy,
)
from tinyfm.ops.attention import (
    attention_weights, scaled_dot_product_attention,
)
from tinyfm.ops.recurrent import (
    gru, gru_cell, lstm, lstm_cell, rnn, rnn_cell,
)
from tinyfm.ops.alignment import (
    ctc_loss,
)
from tinyfm.ops.resize import (
    interpolate,
)
from tinyfm.ops.fused import (
    conv_activated, conv_relu_pool, conv_x_activated, dense,
)

__all__ = [
    "abs", "add", "all", "any", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh",
    "argmax", "argmin", "argsort", "astype", "attention_weights", "average_pool1d", "average_pool2d",
    "batch_norm", "binary_cross_entropy", "binary_cross_entropy_with_logits", "broadcast_to", "ceil", "celu",
    "clip", "concat", "conv1d", "conv1d_transpose", "conv2d", "conv2d_transpose", "conv_activated",
    "conv_relu_pool", "conv_x_activated", "cos", "cosh", "cosine_similarity", "cross", "ctc_loss", "cumprod", "cumsum",
    "dense",
    "det", "diagonal", "divide", "dot", "dropout", "einsum", "elu", "embedding", "equal", "erf", "erfc", "exp",
    "exp2", "expand_dims", "expm1", "flip", "floor", "floor_divide", "from_diagonal",
    "gaussian_negative_log_likelihood", "gelu", "getitem", "greater", "greater_equal", "group_norm", "gru",
    "gru_cell", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_tanh", "hinge", "huber", "hypot", "identity",
    "info_nce", "interpolate", "inv", "isfinite", "isinf", "isnan", "kl_divergence", "kron", "layer_norm",
    "leaky_relu", "less", "less_equal", "linear", "linear_recurrence", "log", "log10", "log1p", "log2", "log_cosh",
    "log_sigmoid", "log_softmax", "logabsdet", "logaddexp", "logical_and", "logical_not", "logical_or",
    "logsumexp", "lstm", "lstm_cell", "matmul", "matrix_trace", "matrix_transpose", "max", "max_pool1d", "max_pool2d",
    "maximum", "mean", "mean_absolute_error", "mean_squared_error", "median", "min", "minimum", "mish",
    "moveaxis", "multiply", "negative", "negative_log_likelihood", "norm", "normalize", "not_equal", "one_hot",
    "ones_like", "outer", "pad", "pad_constant", "permute_dims", "poisson_negative_log_likelihood", "pow",
    "prod", "reciprocal", "relu", "relu6", "remainder", "repeat", "reshape", "rms_norm", "rnn", "rnn_cell",
    "roll", "round", "rsqrt", "scaled_dot_product_attention", "scatter", "scatter_along_axis", "selu",
    "sigmoid", "sign", "silu", "sin", "sinh", "smooth_l1", "soft_shrink", "softmax", "softmax_cross_entropy",
    "softplus", "softsign", "solve", "sort", "split", "sqrt", "square", "squeeze", "stack", "standardize",
    "std", "step", "stop_gradient", "subtract", "sum", "sum_to", "swapaxes", "table", "take", "take_along_axis",
    "tan", "tanh", "tanh_shrink", "tensordot", "threshold", "tile", "topk", "tril", "triu", "trunc",
    "unstack", "var", "vecdot", "where", "zeros_like",
]
