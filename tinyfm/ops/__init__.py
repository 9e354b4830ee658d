"""The table: every op of tinyfm, with the rule that pulls a gradient back to each of its arguments."""
from tinyfm.operators import table
from tinyfm.ops.elementwise import (
    abs, add, arccos, arccosh, arcsin, arcsinh, arctan, arctan2, arctanh, ceil, clip, cos, cosh, divide, equal,
    erf, erfc, exp, exp2, expm1, floor, floor_divide, greater, greater_equal, hypot, isfinite, isinf, isnan,
    less, less_equal, log, log10, log1p, log2, logaddexp, logical_and, logical_not, logical_or, maximum,
    minimum, multiply, negative, not_equal, ones_like, pow, reciprocal, remainder, round, rsqrt, sigmoid, sign,
    sin, sinh, sqrt, square, subtract, tan, tanh, trunc, where, zeros_like,
)
from tinyfm.ops.activations import (
    celu, elu, gelu, hard_shrink, hard_sigmoid, hard_silu, hard_tanh, leaky_relu, log_sigmoid, mish, relu,
    relu6, selu, silu, soft_shrink, softplus, softsign, step, tanh_shrink, threshold,
)
from tinyfm.ops.shape import (
    argsort, astype, broadcast_to, concat, diagonal, expand_dims, flip, from_diagonal, getitem, identity,
    matrix_transpose, moveaxis, pad, pad_constant, permute_dims, repeat, reshape, roll, scatter,
    scatter_along_axis, sort, split, squeeze, stack, stop_gradient, sum_to, swapaxes, take, take_along_axis,
    tile, topk, trace, tril, triu, unstack,
)
from tinyfm.ops.reduce import (
    all, any, argmax, argmin, cumprod, cumsum, linear_recurrence, log_softmax, logsumexp, max, mean, median,
    min, norm, prod, softmax, std, sum, var,
)
from tinyfm.ops.linear import (
    det, dot, einsum, inv, linear, logabsdet, matmul, outer, solve, tensordot, vecdot,
)

__all__ = [
    "abs", "add", "all", "any", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh",
    "argmax", "argmin", "argsort", "astype", "broadcast_to", "ceil", "celu", "clip", "concat", "cos", "cosh",
    "cumprod", "cumsum", "det", "diagonal", "divide", "dot", "einsum", "elu", "equal", "erf", "erfc", "exp",
    "exp2", "expand_dims", "expm1", "flip", "floor", "floor_divide", "from_diagonal", "gelu", "getitem",
    "greater", "greater_equal", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_tanh", "hypot", "identity",
    "inv", "isfinite", "isinf", "isnan", "leaky_relu", "less", "less_equal", "linear", "linear_recurrence",
    "log", "log10", "log1p", "log2", "log_sigmoid", "log_softmax", "logabsdet", "logaddexp", "logical_and",
    "logical_not", "logical_or", "logsumexp", "matmul", "matrix_transpose", "max", "maximum", "mean", "median",
    "min", "minimum", "mish", "moveaxis", "multiply", "negative", "norm", "not_equal", "ones_like", "outer",
    "pad", "pad_constant", "permute_dims", "pow", "prod", "reciprocal", "relu", "relu6", "remainder", "repeat",
    "reshape", "roll", "round", "rsqrt", "scatter", "scatter_along_axis", "selu", "sigmoid", "sign", "silu",
    "sin", "sinh", "soft_shrink", "softmax", "softplus", "softsign", "solve", "sort", "split", "sqrt", "square",
    "squeeze", "stack", "std", "step", "stop_gradient", "subtract", "sum", "sum_to", "swapaxes", "table",
    "take", "take_along_axis", "tan", "tanh", "tanh_shrink", "tensordot", "threshold", "tile", "topk", "trace",
    "tril", "triu", "trunc", "unstack", "var", "vecdot", "where", "zeros_like",
]
