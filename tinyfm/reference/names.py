"""Every public op beside its name in NumPy, PyTorch and Keras, and where conventions differ.

A name that is not listed here is the same elsewhere; "-" says that the library has no such function.
"""
# ruff: noqa: E501  (a table)
from __future__ import annotations

import numpy as np

from tinyfm import ops

F, K, KA = "nn.functional.", "ops.", "activations."
TORCH = {
    "arctanh": "arctanh", "astype": "Tensor.to", "attention_weights": "-", "average_pool1d": F + "avg_pool1d",
    "average_pool2d": F + "avg_pool2d", "batch_norm": F + "batch_norm", "binary_cross_entropy": F + "binary_cross_entropy",
    "binary_cross_entropy_with_logits": F + "binary_cross_entropy_with_logits", "celu": F + "celu", "clip": "clamp",
    "concat": "cat", "conv1d": F + "conv1d", "conv1d_transpose": F + "conv_transpose1d", "conv2d": F + "conv2d",
    "conv2d_transpose": F + "conv_transpose2d", "conv_activated": "-", "conv_x_activated": "-", "conv_relu_pool": "-", "cosine_similarity": F + "cosine_similarity",
    "cross": "linalg.cross", "ctc_loss": F + "ctc_loss", "dense": "-", "det": "linalg.det", "dropout": F + "dropout", "elu": F + "elu",
    "embedding": F + "embedding", "equal": "eq", "expand_dims": "unsqueeze", "from_diagonal": "diag_embed",
    "gaussian_negative_log_likelihood": F + "gaussian_nll_loss", "gelu": F + "gelu", "getitem": "Tensor.__getitem__",
    "group_norm": F + "group_norm", "gru": "nn.GRU", "gru_cell": "nn.GRUCell", "hard_shrink": F + "hardshrink",
    "hard_sigmoid": F + "hardsigmoid", "hard_silu": F + "hardswish", "hard_tanh": F + "hardtanh", "hinge": F + "hinge_embedding_loss",
    "huber": F + "huber_loss", "identity": "clone", "info_nce": "-", "interpolate": F + "interpolate", "inv": "linalg.inv",
    "kl_divergence": F + "kl_div", "layer_norm": F + "layer_norm", "leaky_relu": F + "leaky_relu", "linear": F + "linear",
    "linear_recurrence": "-", "log_cosh": "-", "log_sigmoid": F + "logsigmoid", "log_softmax": "log_softmax", "logabsdet": "linalg.slogdet",
    "lstm": "nn.LSTM", "lstm_cell": "nn.LSTMCell", "matrix_transpose": "Tensor.mT", "max": "amax", "max_pool1d": F + "max_pool1d",
    "max_pool2d": F + "max_pool2d", "mean_absolute_error": F + "l1_loss", "mean_squared_error": F + "mse_loss", "min": "amin",
    "mish": F + "mish", "negative_log_likelihood": F + "nll_loss", "norm": "linalg.vector_norm", "normalize": F + "normalize",
    "not_equal": "ne", "one_hot": F + "one_hot", "pad": F + "pad", "pad_constant": F + "pad", "permute_dims": "permute",
    "poisson_negative_log_likelihood": F + "poisson_nll_loss", "relu": "relu", "relu6": F + "relu6", "repeat": "repeat_interleave",
    "rms_norm": F + "rms_norm", "rnn": "nn.RNN", "rnn_cell": "nn.RNNCell", "scaled_dot_product_attention": F + "scaled_dot_product_attention",
    "scatter": "index_put", "scatter_along_axis": "scatter_add", "selu": F + "selu", "silu": F + "silu", "smooth_l1": F + "smooth_l1_loss",
    "soft_shrink": F + "softshrink", "softmax": "softmax", "softmax_cross_entropy": F + "cross_entropy", "softplus": F + "softplus",
    "softsign": F + "softsign", "solve": "linalg.solve", "standardize": "-", "step": "heaviside", "stop_gradient": "Tensor.detach",
    "sum_to": "Tensor.sum_to_size", "take": "index_select", "take_along_axis": "gather", "tanh_shrink": F + "tanhshrink",
    "threshold": F + "threshold", "tile": "tile", "unstack": "unbind", "vecdot": "linalg.vecdot", "subtract": "sub", "divide": "div",
    "matrix_trace": "trace", "multiply": "mul", "floor_divide": "floor_divide", "hypot": "hypot",
}
NUMPY = {"norm": "linalg.norm", "inv": "linalg.inv", "det": "linalg.det", "solve": "linalg.solve", "logabsdet": "linalg.slogdet",
         "pad_constant": "pad", "astype": "astype", "getitem": "ndarray.__getitem__", "identity": "-", "cross": "cross",
         "repeat": "repeat", "scatter": "add.at", "scatter_along_axis": "put_along_axis", "matrix_trace": "trace", "concat": "concat",
         "step": "heaviside", "threshold": "-", "linear": "-", "rsqrt": "-", "take": "take"}
KERAS = {
    **{name: KA + name for name in ("celu", "elu", "gelu", "leaky_relu", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid",
                                    "silu", "softmax", "softplus", "softsign", "hard_sigmoid", "hard_silu", "hard_tanh", "hard_shrink",
                                    "soft_shrink", "tanh_shrink", "threshold")},
    "concat": K + "concatenate", "expand_dims": K + "expand_dims", "permute_dims": K + "transpose", "astype": K + "cast",
    "conv1d": K + "conv", "conv2d": K + "conv", "conv1d_transpose": K + "conv_transpose", "conv2d_transpose": K + "conv_transpose",
    "max_pool1d": K + "max_pool", "max_pool2d": K + "max_pool", "average_pool1d": K + "average_pool", "average_pool2d": K + "average_pool",
    "linear": "layers.Dense", "dense": "layers.Dense", "embedding": "layers.Embedding", "dropout": "layers.Dropout",
    "layer_norm": "layers.LayerNormalization", "batch_norm": "layers.BatchNormalization", "group_norm": "layers.GroupNormalization",
    "lstm": "layers.LSTM", "gru": "layers.GRU", "rnn": "layers.SimpleRNN", "ctc_loss": K + "ctc_loss", "one_hot": K + "one_hot",
    "softmax_cross_entropy": "losses.SparseCategoricalCrossentropy(from_logits=True)", "mean_squared_error": "losses.MeanSquaredError",
    "binary_cross_entropy": "losses.BinaryCrossentropy", "binary_cross_entropy_with_logits": "losses.BinaryCrossentropy(from_logits=True)",
    "mean_absolute_error": "losses.MeanAbsoluteError", "huber": "losses.Huber", "log_cosh": "losses.LogCosh", "hinge": "losses.Hinge",
    "kl_divergence": "losses.KLDivergence", "cosine_similarity": "losses.CosineSimilarity", "stop_gradient": K + "stop_gradient",
    "scaled_dot_product_attention": K + "dot_product_attention", "interpolate": K + "image.resize", "topk": K + "top_k",
    "norm": K + "norm", "getitem": "KerasTensor.__getitem__", "matrix_trace": K + "trace", "logabsdet": K + "slogdet", "pow": K + "power", "remainder": K + "mod",
}
LATER = {"unstack"}                              # in NumPy since 2.1; the page is the same with every NumPy
DIFFERENCES = {
    "abs": "gradient 0 at 0, as PyTorch", "relu": "gradient 0 at 0, as PyTorch and Keras", "clip": "gradient 1 at the bounds, as PyTorch",
    "maximum": "a tie gives each side half, as PyTorch", "minimum": "a tie gives each side half, as PyTorch",
    "max": "a tie goes to the first along one axis, in equal shares over several", "min": "a tie goes to the first along one axis, in equal shares over several",
    "norm": "vector norms only; scaled, so that 1e200 does not overflow; gradient 0 at 0",
    "var": "correction=0 is the default, as NumPy; PyTorch's is 1", "std": "correction=0 is the default, as NumPy; PyTorch's is 1; gradient 0 for constants",
    "pad": "widths for every axis, as NumPy; modes are PyTorch's: constant, reflect, replicate, circular",
    "conv1d": "channels last, kernel (k, in / groups, out), as Keras", "conv2d": "channels last, kernel (h, w, in / groups, out), as Keras",
    "conv1d_transpose": "channels last, kernel (k, out, in), as Keras", "conv2d_transpose": "channels last, kernel (h, w, out, in), as Keras",
    "max_pool1d": "channels last; a tie goes to the first", "max_pool2d": "channels last; a tie goes to the first",
    "average_pool2d": "channels last; padding is not counted, as Keras", "average_pool1d": "channels last; padding is not counted, as Keras",
    "linear": "weights (in, out), as Keras; PyTorch's are (out, in)", "dense": "linear and an activation as one op",
    "softmax": "axis=-1 by default", "log_softmax": "axis=-1 by default", "split": "a number of parts, as NumPy; PyTorch takes their size",
    "take": "of the flattened array when no axis is given, as NumPy", "repeat": "each element in its place, as NumPy; PyTorch's repeat is our tile",
    "softmax_cross_entropy": "classes on the last axis; integer or soft targets", "ctc_loss": "batch first; PyTorch is time first",
    "matrix_trace": "fm.trace records a run: step through it", "pow": "x**0 is 1 with gradient 0, even at 0", "gelu": "approximate=True is the tanh form", "batch_norm": "channels last",
    "group_norm": "channels last", "logabsdet": "ln |det A| alone", "cosine_similarity": "along the last axis",
    "dropout": "the mask or an rng is given: no global random state", "equal": "element by element", "step": "0 at 0",
}


def numpy_name(name: str) -> str:
    """np.<name>, or '-' where NumPy has none."""
    listed = NUMPY.get(name, name)
    owner, _, last = listed.rpartition(".")
    found = listed in ("-", *LATER) or owner == "ndarray" or hasattr(getattr(np, owner) if owner else np, last)
    return f"np.{listed}" if found and listed != "-" else "-"


def names() -> list[str]: return sorted(set(ops.__all__) - {"table"})


def ours(name: str) -> list[str]:
    """The ops that NumPy, PyTorch or Keras call `name`: "cat", "F.pad", "torch.nn.functional.conv2d"."""
    last = name.rpartition(".")[2]
    return [n for n in names() if last in (listed.rpartition(".")[2] for listed in row(n)[1:4])]


def row(name: str) -> tuple[str, str, str, str, str]:
    torch = TORCH.get(name, name)
    keras = KERAS.get(name) or (K + name if numpy_name(name) != "-" else "-")
    return name, numpy_name(name), "-" if torch == "-" else f"torch.{torch}", "-" if keras == "-" else f"keras.{keras}", DIFFERENCES.get(name, "")
