"""Thin adapters: PyTorch's arguments in, our call out.  dim becomes axis, channels first become channels last."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import tinyfm as fm
from tests.reference import adapters_layers as layers
from tests.reference.options import need
from tinyfm.engine import Tensor


def plain(f: Callable[..., Any]) -> Callable[..., Any]: return lambda *a, **k: f(*a, **k)


def scaled(f: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    return lambda a, b, alpha=1: f(a, b * alpha if alpha != 1 else b)


def swapped(f: Callable[[Any, Any], Any]) -> Callable[..., Any]: return lambda a, b: f(b, a)


def reduction(f: Callable[..., Any]) -> Callable[..., Any]:
    def call(x: Any, dim: Any = None, keepdim: bool = False, dtype: Any = None, **more: Any) -> Any:
        need(dtype is None or "float64" in str(dtype), "dtype=")
        axis = None if dim == () or dim is None or dim == [] else tuple(dim) if isinstance(dim, tuple | list) else dim
        return f(x, axis=axis if x.ndim else None, keepdims=keepdim, **more)
    return call


def spread(f: Callable[..., Any]) -> Callable[..., Any]:
    def call(x: Any, dim: Any = None, unbiased: Any = None, keepdim: bool = False, correction: Any = None) -> Any:
        if isinstance(dim, bool): dim, unbiased = None, dim
        if correction is None: correction = 1 if unbiased is None else int(unbiased)
        return reduction(f)(x, dim, keepdim, correction=correction)
    return call


def extreme(f: Callable[..., Any]) -> Callable[..., Any]:
    def call(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        return f(x) if dim is None or not x.ndim else f(x, axis=int(dim), keepdims=keepdim)
    return call


def shared_extreme(f: Callable[..., Any]) -> Callable[..., Any]:
    """amax and amin give tied elements equal shares, also along one axis: an axis in a tuple, for us."""
    def call(x: Any, dim: Any = (), keepdim: bool = False) -> Any:
        axis = None if dim == () else tuple(dim) if isinstance(dim, tuple | list) else (dim,)
        return f(x, axis=axis if x.ndim else None, keepdims=keepdim)
    return call


def along(f: Callable[..., Any]) -> Callable[..., Any]:
    def call(x: Any, dim: Any = None, dtype: Any = None) -> Any:
        need(dtype is None or "float64" in str(dtype), "dtype=")
        return f(x, axis=dim) if x.ndim else fm.identity(x)
    return call


def softened(f: Callable[..., Any]) -> Callable[..., Any]:
    def call(x: Any, dim: int = -1, dtype: Any = None) -> Any:
        need(dtype is None or "float64" in str(dtype), "dtype=")
        return fm.reshape(f(fm.reshape(x, shape=(1,))), shape=()) if x.ndim == 0 else f(x, axis=dim)
    return call


def vector_norm(x: Any, ord: Any = 2, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    need(dtype is None or "float64" in str(dtype), "dtype=")
    return reduction(fm.norm)(x, dim, keepdim, ord=float(ord))


def tensor_norm(x: Any, p: Any = 2, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    need(p != "nuc", "nuclear norm")
    return vector_norm(x, 2 if p in (None, "fro") else p, dim, keepdim, dtype)


def clamp(x: Any, min: Any = None, max: Any = None) -> Any: return fm.clip(x, min, max)


def divided(x: Any, y: Any, rounding_mode: Any = None) -> Any:
    if rounding_mode is None: return x / y
    return fm.floor_divide(x, y) if rounding_mode == "floor" else fm.trunc(x / y)


def rounded(x: Any, decimals: int = 0) -> Any:
    need(decimals == 0, "decimals=")
    return fm.round(x)


def linear_interpolation(a: Any, b: Any, weight: Any) -> Any: return a + (b - a) * weight


# shapes

def as_tuple(shape: Any) -> tuple[int, ...]:
    return tuple(shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape)


def expand(x: Any, *shape: Any) -> Any:
    wide = as_tuple(shape)
    old = (1,) * (len(wide) - x.ndim) + x.shape
    return fm.broadcast_to(x, shape=tuple(m if n == -1 else n for n, m in zip(wide, old)))


def squeezed(x: Any, dim: Any = None) -> Any:
    axes = range(x.ndim) if dim is None else [d % max(x.ndim, 1)
                                              for d in (dim if isinstance(dim, tuple | list) else (dim,))]
    return fm.squeeze(x, axis=tuple(a for a in axes if x.ndim and x.shape[a] == 1))


def transposed(x: Any, a: int = 0, b: int = 1) -> Any:
    return x * 1.0 if x.ndim < 2 else fm.swapaxes(x, axis1=a, axis2=b)


def rolled(x: Any, shifts: Any, dims: Any = ()) -> Any:
    if dims in ((), None): return fm.roll(x, shift=shifts[0] if isinstance(shifts, tuple | list) else shifts)
    return fm.roll(x, shift=shifts if isinstance(shifts, int) else tuple(shifts),
                   axis=dims if isinstance(dims, int) else tuple(dims))


def split_at(x: Any, sizes: Any, dim: int = 0) -> Any:
    if isinstance(sizes, int):
        cuts = list(range(sizes, x.shape[dim], sizes)) if sizes else []
        return fm.split(x, cuts, dim)
    return fm.split(x, np.cumsum(sizes[:-1]).tolist(), dim)


def chunked(x: Any, chunks: int, dim: int = 0) -> Any: return split_at(x, max(1, -(-x.shape[dim] // chunks)), dim)


def sections(x: Any, parts: Any, dim: int = 0) -> Any:
    if np.ndim(parts) == 0: parts = int(parts)
    if not isinstance(parts, int): return fm.split(x, [int(p) for p in np.ravel(parts)], dim)
    n, extra = divmod(x.shape[dim], parts)
    return fm.split(x, np.cumsum([n + (i < extra) for i in range(parts - 1)]).tolist(), dim)


def repeated(x: Any, *times: Any) -> Any: return fm.tile(x, as_tuple(times))


def repeat_interleave(x: Any, repeats: Any, dim: Any = None, output_size: Any = None) -> Any:
    n = repeats if isinstance(repeats, int) else np.asarray(repeats).tolist()
    x = fm.reshape(x, shape=(1,)) if x.ndim == 0 else x
    return fm.repeat(x, n, dim)


def padded(x: Any, pad: Any, mode: str = "constant", value: Any = 0.0) -> Any:
    need(min(pad, default=0) >= 0, "negative padding")
    pairs = [(0, 0)] * (x.ndim - len(pad) // 2) + [(pad[2 * i], pad[2 * i + 1]) for i in range(len(pad) // 2)][::-1]
    return fm.pad(x, pairs, mode, 0.0 if value is None else value)


def picked(x: Any, dim: int, index: Any) -> Any:
    i = np.asarray(index)
    return fm.identity(x) if x.ndim == 0 else fm.take(x, i.reshape(-1), dim)


def gathered(x: Any, dim: int, index: Any, sparse_grad: bool = False) -> Any:
    i = np.asarray(index)
    if x.ndim == 0: return fm.broadcast_to(x, shape=i.shape) * 1.0
    dim %= x.ndim
    if i.ndim == 0: i = i.reshape(1)
    need(i.ndim == x.ndim, "an index of other dimension")
    cut = tuple(slice(None) if a == dim else slice(0, n) for a, n in enumerate(i.shape))
    return fm.take_along_axis(fm.getitem(x, index=cut), i, axis=dim)


def take_along_dim(x: Any, index: Any, dim: Any = None) -> Any:
    i = np.asarray(index)
    return fm.take(x, i.reshape(-1)) if dim is None else fm.take_along_axis(x, i, axis=dim)


def flattened(x: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    if x.ndim == 0: return fm.reshape(x, shape=(1,))
    a, b = start_dim % x.ndim, end_dim % x.ndim
    size = int(np.prod(x.shape[a:b + 1]))
    return fm.reshape(x, shape=(*x.shape[:a], size, *x.shape[b + 1:]))


def joined(f: Callable[..., Any], axis: int | None = None) -> Callable[..., Any]:
    def call(xs: Any, dim: int = 0) -> Any:
        parts = [x for x in xs if x.shape != (0,) or all(y.shape == (0,) for y in xs)] if f is fm.concat else list(xs)
        return f(parts, dim if axis is None else axis)
    return call


def stacked_sideways(*xs: Any) -> Any:
    parts = [fm.reshape(x, shape=(1,)) if x.ndim == 0 else x for x in (xs[0] if len(xs) == 1 else xs)]
    return fm.concat(parts, 0 if parts[0].ndim == 1 else 1)


def stacked_down(*xs: Any) -> Any:
    parts = [fm.reshape(x, shape=(1, -1)) if x.ndim < 2 else x for x in (xs[0] if len(xs) == 1 else xs)]
    return fm.concat(parts, 0)


def sorted_values(x: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    if x.ndim == 0: return x * 1.0
    return fm.flip(fm.sort(fm.flip(x, axis=dim), axis=dim), axis=dim) if descending else fm.sort(x, axis=dim)


def largest(x: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    if x.ndim == 0: return x * 1.0
    return fm.topk(x, k, dim)[0] if largest else -fm.topk(-x, k, dim)[0]


def lower_median(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    n = x.size if dim is None else x.shape[dim] if x.ndim else 1
    need(n % 2, "median of an even number (theirs is the lower of the two in the middle, ours NumPy's mean of them)")
    if x.ndim == 0: return x * 1.0
    return fm.median(x, dim, keepdim)


def index_with(x: Any, *index: Any) -> Any:
    i = index[0] if len(index) == 1 else index
    if isinstance(i, list) and all(isinstance(v, int) for v in i): i = np.array(i)
    return x[tuple(np.asarray(v) if hasattr(v, "numpy") else v for v in i) if isinstance(i, tuple | list) else i]


def diagonal(x: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    return fm.diagonal(x, offset=offset, axis1=dim1, axis2=dim2)


def einsum(subscripts: str, *operands: Any) -> Any:
    return fm.einsum(subscripts, *(operands[0] if len(operands) == 1 and isinstance(operands[0], tuple | list)
                                   else operands))


def einsum_sample(operands: Any, subscripts: str) -> Any: return fm.einsum(subscripts, *operands)


def tensordot(a: Any, b: Any, dims: Any = 2) -> Any:
    return fm.tensordot(a, b, dims if isinstance(dims, int) else tuple(map(tuple, dims)))


def inner(a: Any, b: Any) -> Any: return a * b if 0 in (a.ndim, b.ndim) else fm.tensordot(a, b, ((-1,), (-1,)))


def cross(a: Any, b: Any, dim: Any = -1) -> Any:
    if dim is None: dim = next(i for i, n in enumerate(a.shape) if n == 3)
    return fm.cross(a, b, dim)


def added_product(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda c, a, b, beta=1, alpha=1: c * beta + f(a, b) * alpha


def bilinear(a: Any, b: Any, w: Any, bias: Any = None) -> Any:
    y = fm.einsum("...i,kij,...j->...k", a, w, b)
    return y if bias is None else y + bias


def solved(a: Any, b: Any, left: bool = True) -> Any:
    need(left, "left=False")
    vector = b.ndim == 1 or (b.ndim == a.ndim - 1 and b.shape == a.shape[:-1])
    return fm.squeeze(fm.solve(a, fm.expand_dims(b, axis=-1)), axis=-1) if vector else fm.solve(a, b)


def log_determinant(a: Any) -> Any:
    """NaN for a negative determinant, as theirs."""
    return fm.logabsdet(a) + np.where(np.linalg.det(a.data) < 0, np.nan, 0.0)


N = "nn.functional."
ADAPTERS: dict[str, Callable[..., Any]] = {
    # elementwise
    **{theirs: plain(getattr(fm, ours)) for theirs, ours in {
        "abs": "abs", "acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan",
        "atan2": "arctan2",
        "atanh": "arctanh", "ceil": "ceil", "cos": "cos", "cosh": "cosh", "erf": "erf", "erfc": "erfc", "exp": "exp",
        "exp2": "exp2",
        "expm1": "expm1", "floor": "floor", "hypot": "hypot", "log": "log", "log10": "log10", "log1p": "log1p",
        "log2": "log2",
        "logaddexp": "logaddexp", "max.binary": "maximum", "maximum": "maximum", "min.binary": "minimum",
        "minimum": "minimum", "mul": "multiply",
        "neg": "negative", "pow": "pow", "reciprocal": "reciprocal", "remainder": "remainder", "rsqrt": "rsqrt",
        "sigmoid": "sigmoid",
        "sign": "sign", "sin": "sin", "sinh": "sinh", "sqrt": "sqrt", "square": "square", "tan": "tan", "tanh": "tanh",
        "trunc": "trunc",
        N + "relu": "relu", N + "relu6": "relu6", N + "silu": "silu", N + "mish": "mish", N + "softsign": "softsign",
        N + "selu": "selu",
        N + "hardsigmoid": "hard_sigmoid", N + "hardswish": "hard_silu", N + "tanhshrink": "tanh_shrink",
        N + "logsigmoid": "log_sigmoid",
        "clone": "identity", "positive": "identity", "contiguous": "identity"}.items()},
    "clone": lambda x, memory_format=None: fm.identity(x), "contiguous": lambda x, memory_format=None: fm.identity(x),
    "add": scaled(fm.add), "sub": scaled(fm.subtract), "rsub": lambda a, b, alpha=1: b - a * alpha,
    "div.no_rounding_mode": divided, "div.floor_rounding": divided, "div.trunc_rounding": divided,
    "true_divide": divided,
    "__radd__": swapped(fm.add), "__rmul__": swapped(fm.multiply), "__rsub__": swapped(fm.subtract),
    "__rdiv__": swapped(fm.divide),
    "__rpow__": swapped(fm.pow), "__rmod__": swapped(fm.remainder), "__rmatmul__": swapped(fm.matmul),
    "clamp": clamp, "clamp_max": lambda x, max: clamp(x, None, max), "clamp_min": lambda x, min: clamp(x, min),
    "round": rounded, "round.decimals_0": rounded, "lerp": linear_interpolation,
    "addcmul": lambda x, a, b, value=1: x + a * b * value,
    "addcdiv": lambda x, a, b, value=1: x + a / b * value,
    "where": lambda a, condition, b: fm.where(np.asarray(condition), a, b),
    "masked_fill": lambda x, mask, value: fm.where(np.asarray(mask), value, x),
    # activations
    N + "elu": lambda x, alpha=1.0: fm.elu(x, alpha=alpha), N + "celu": lambda x, alpha=1.0: fm.celu(x, alpha=alpha),
    N + "gelu": lambda x, approximate="none": fm.gelu(x, approximate=approximate == "tanh"),
    N + "softplus": layers.softplus,
    N + "hardtanh": lambda x, min_val=-1.0, max_val=1.0: fm.hard_tanh(x, min=min_val, max=max_val),
    N + "hardshrink": lambda x, lambd=0.5: fm.hard_shrink(x, threshold=lambd),
    N + "softshrink": lambda x, lambd=0.5: fm.soft_shrink(x, threshold=lambd),
    N + "threshold": lambda x, threshold, value: fm.threshold(x, threshold=threshold, value=value),
    N + "leaky_relu": lambda x, negative_slope=0.01: fm.leaky_relu(x, negative_slope=negative_slope),
    N + "prelu": layers.parametric_relu, N + "glu": layers.gated,
    # reductions and scans
    "sum": reduction(fm.sum), "mean": reduction(fm.mean), "prod": reduction(fm.prod),
    "logsumexp": reduction(fm.logsumexp),
    "var": spread(fm.var), "std": spread(fm.std), "var.unbiased": spread(fm.var), "std.unbiased": spread(fm.std),
    "max.reduction_with_dim": extreme(fm.max), "max.reduction_no_dim": extreme(fm.max),
    "min.reduction_with_dim": extreme(fm.min),
    "min.reduction_no_dim": extreme(fm.min), "amax": shared_extreme(fm.max), "amin": shared_extreme(fm.min),
    "median": lower_median,
    "cumsum": along(fm.cumsum), "cumprod": along(fm.cumprod), "softmax": softened(fm.softmax),
    "log_softmax": softened(fm.log_softmax),
    N + "softmin": lambda x, dim=-1, dtype=None: softened(fm.softmax)(-x, dim, dtype), "norm": tensor_norm,
    "norm.fro": tensor_norm,
    "norm.inf": tensor_norm, "linalg.vector_norm": vector_norm, "sort": sorted_values,
    "msort": lambda x: sorted_values(x, 0), "topk": largest,
    # shapes
    "reshape": lambda x, *s: fm.reshape(x, shape=as_tuple(s)), "view": lambda x, *s: fm.reshape(x, shape=as_tuple(s)),
    "permute": lambda x, *d: fm.permute_dims(x, axes=as_tuple(d)), "transpose": transposed, "t": transposed,
    "T": lambda x: fm.permute_dims(x, axes=None), "mT": lambda x: fm.matrix_transpose(x),
    "unsqueeze": lambda x, dim: fm.expand_dims(x, axis=dim),
    "squeeze": squeezed, "squeeze.multiple": squeezed, "expand": expand, "broadcast_to": expand,
    "flip": lambda x, *d, dims=(): fm.flip(x, axis=tuple(as_tuple(d)) if d else dims),
    "fliplr": lambda x: fm.flip(x, axis=1), "flipud": lambda x: fm.flip(x, axis=0), "roll": rolled,
    "tril": lambda x, k=0: fm.tril(x, k=k),
    "triu": lambda x, k=0: fm.triu(x, k=k), "diagonal": diagonal,
    "linalg.diagonal": lambda x, offset=0, dim1=-2, dim2=-1: diagonal(x, offset, dim1, dim2),
    "trace": fm.matrix_trace, "movedim": fm.moveaxis,
    "flatten": flattened, "ravel": lambda x: fm.reshape(x, shape=(-1,)),
    "cat": joined(fm.concat), "stack": joined(fm.stack), "hstack": stacked_sideways, "vstack": stacked_down,
    "split": split_at, "split.list_args": split_at,
    "split_with_sizes": split_at, "tensor_split": sections, "chunk": chunked,
    "unbind": lambda x, dim=0: fm.unstack(x, dim),
    "tile": lambda x, *d: fm.tile(x, as_tuple(d)), "repeat": repeated, "repeat_interleave": repeat_interleave,
    "constant_pad_nd": lambda x, pad, value=0.0: padded(x, pad, "constant", value),
    **{f"{N}pad.{mode}": padded for mode in ("constant", "reflect", "replicate", "circular")},
    "__getitem__": index_with, "gather": gathered,
    "take_along_dim": take_along_dim, "index_select": picked,
    "select": lambda x, dim, i: fm.squeeze(fm.take(x, np.array([i]), dim), axis=dim),
    "narrow": lambda x, dim, start, length: fm.take(x, np.arange(length) + int(start) % max(x.shape[dim], 1), dim),
    # products
    "matmul": fm.matmul, "mm": fm.matmul, "bmm": fm.matmul, "mv": fm.matmul, "dot": fm.dot, "vdot": fm.dot,
    "inner": inner, "outer": fm.outer,
    "addmm": added_product(fm.matmul), "addmv": added_product(fm.matmul), "baddbmm": added_product(fm.matmul),
    "einsum": einsum_sample,
    "tensordot": tensordot, "kron": fm.kron, "cross": cross, "linalg.cross": lambda a, b, dim=-1: cross(a, b, dim),
    "linalg.vecdot": lambda a, b, dim=-1: fm.vecdot(a, b, dim), "linalg.det": fm.det, "linalg.inv": fm.inv,
    "linalg.solve": solved, "logdet": log_determinant,
    "linalg.slogdet": lambda a: (Tensor(np.linalg.slogdet(a.data)[0]), fm.logabsdet(a)),
    N + "linear": lambda x, w, b=None: fm.matmul(x, w.T) + (0.0 if b is None else b), N + "bilinear": bilinear,
    # windows
    N + "conv1d": layers.convolution(fm.conv1d, 1), N + "conv2d": layers.convolution(fm.conv2d, 2),
    N + "conv_transpose1d": layers.transposed_convolution(fm.conv1d_transpose, 1),
    N + "conv_transpose2d": layers.transposed_convolution(fm.conv2d_transpose, 2),
    N + "max_pool1d": layers.max_pool(fm.max_pool1d, 1),
    N + "max_pool2d": layers.max_pool(fm.max_pool2d, 2), N + "avg_pool1d": layers.average_pool(fm.average_pool1d, 1),
    N + "avg_pool2d": layers.average_pool(fm.average_pool2d, 2),
    N + "interpolate.nearest": layers.interpolated("nearest"), N + "interpolate.linear": layers.interpolated("linear"),
    N + "interpolate.bilinear": layers.interpolated("bilinear"),
    # normalisation
    N + "layer_norm": layers.layer_norm, N + "rms_norm": layers.rms_norm, N + "group_norm": layers.group_norm,
    N + "batch_norm": layers.batch_norm,
    N + "instance_norm": layers.instance_norm,
    N + "normalize": layers.normalized, N + "cosine_similarity": layers.cosine_similarity,
    # losses
    N + "mse_loss": layers.paired(fm.mean_squared_error), N + "l1_loss": layers.paired(fm.mean_absolute_error),
    N + "smooth_l1_loss": layers.paired(fm.smooth_l1),
    N + "huber_loss": layers.paired(fm.huber), N + "kl_div": layers.kl_div, N + "poisson_nll_loss": layers.poisson,
    N + "gaussian_nll_loss": layers.gaussian,
    N + "cross_entropy": layers.classified(fm.softmax_cross_entropy),
    N + "nll_loss": layers.classified(fm.negative_log_likelihood),
    N + "binary_cross_entropy": layers.bernoulli, N + "binary_cross_entropy_with_logits": layers.with_logits,
    N + "ctc_loss": layers.ctc,
    # networks
    N + "embedding": layers.embedding, N + "scaled_dot_product_attention": layers.attention,
}
