"""A tensor that NumPy takes for an array, so that a function written in plain NumPy runs on our ops.

A Stand goes in where an array is expected.  NumPy hands every call on it back to us (`__array_ufunc__`,
`__array_function__`), and we run our op of the same name.  What we have no op for (assignment into an array, float(x))
raises Untraceable, and the caller does without the graph.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from tinyfm import ops
from tinyfm.engine import Tensor
from tinyfm.operators import table


class Untraceable(TypeError):  # noqa: N818
    """The function does something with its arrays that has no op."""


class Stand(NDArrayOperatorsMixin):
    """A tensor that NumPy takes for an array."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor

    shape = property(lambda self: self.tensor.shape)
    ndim = property(lambda self: self.tensor.ndim)
    size = property(lambda self: self.tensor.size)
    dtype = property(lambda self: self.tensor.dtype)
    T = property(lambda self: Stand(self.tensor.T))
    mT = property(lambda self: Stand(self.tensor.mT))  # noqa: N815

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **settings: Any) -> Any:
        if settings.pop("out", None) is not None:
            raise Untraceable("out=")
        if method == "reduce":
            return reduce_ufunc(ufunc, inputs[0], settings)
        if method != "__call__" or settings:
            raise Untraceable(f"{ufunc.__name__}.{method}")
        return run(UFUNCS.get(ufunc.__name__, ufunc.__name__), *inputs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if func.__name__ not in FUNCTIONS:
            raise Untraceable(f"numpy.{func.__name__}")
        return FUNCTIONS[func.__name__](*args, **kwargs)

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise Untraceable("an array was asked for")

    def __float__(self) -> float:
        raise Untraceable("float()")

    def __int__(self) -> int:
        raise Untraceable("int()")

    def __bool__(self) -> bool:
        raise Untraceable("if on a value")

    def __setitem__(self, index: Any, value: Any) -> None:
        raise Untraceable("assignment into an array")

    def __len__(self) -> int:
        return len(self.tensor)

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: Any) -> Stand:
        return Stand(self.tensor[unstand(index)])

    def copy(self) -> Stand:
        return self

    def item(self) -> Any:
        raise Untraceable("item()")

    def __getattr__(self, name: str) -> Any:
        """x.sum(...) and the like: the NumPy function of that name."""
        if name not in METHODS:
            raise Untraceable(f".{name}")
        return lambda *args, **kwargs: FUNCTIONS[name](self, *args, **kwargs)


def unstand(x: Any) -> Any:
    if isinstance(x, tuple):
        return tuple(unstand(i) for i in x)
    return x.tensor if isinstance(x, Stand) else x


def run(name: str, *args: Any, **settings: Any) -> Any:
    """One of our ops; what has no gradient comes back as a plain array."""
    function = table.get(name) or getattr(ops, name, None)
    if function is None:
        raise Untraceable(name)
    out = function(*[unstand(a) for a in args], **settings)
    return Stand(out) if type(out) is Tensor and out.node is not None else out.data if type(out) is Tensor else out


UFUNCS = {"true_divide": "divide", "absolute": "abs", "power": "pow", "float_power": "pow", "mod": "remainder"}
REDUCTIONS = {"add": "sum", "maximum": "max", "minimum": "min", "multiply": "prod"}


def reduce_ufunc(ufunc: Any, x: Any, settings: dict[str, Any]) -> Any:
    given = {k: v for k, v in settings.items() if k in ("axis", "keepdims")}
    return run(REDUCTIONS.get(ufunc.__name__, "?"), x, **{"axis": 0, **given})


def reduction(name: str) -> Callable[..., Any]:
    def call(x: Any, axis: Any = None, *rest: Any, keepdims: Any = False, **settings: Any) -> Any:
        if rest or settings:
            raise Untraceable(name)
        return run(name, x, axis=axis, keepdims=bool(keepdims is True))

    return call


def mean(x: Any, axis: Any = None, *, keepdims: Any = False) -> Any:
    return run("mean", x, axis=axis, keepdims=keepdims is True)


def variance(x: Any, axis: Any = None, *, ddof: float = 0, keepdims: Any = False) -> Any:
    """Written out, so that a path through the mean can be told from a path through the squares."""
    d = x - mean(x, axis, keepdims=True)
    n = ops.reduce.count(x.shape, axis)
    squares = run("mean", d * d, axis=axis, keepdims=keepdims is True)
    return squares * (n / (n - ddof)) if ddof else squares


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Any:
    if ord not in (None, 2):
        return run("norm", x, ord=float(ord), axis=axis, keepdims=bool(keepdims))
    return np.sqrt(run("sum", x * x, axis=axis, keepdims=bool(keepdims)))


def joined(name: str) -> Callable[..., Any]:
    return lambda xs, axis=0: run_list(name, xs, axis)


def run_list(name: str, xs: Any, axis: int) -> Any:
    return Stand(getattr(ops, name)([unstand(x) for x in xs], axis))


def split(x: Any, parts: Any, axis: int = 0) -> list[Any]:
    return [Stand(t) for t in ops.split(unstand(x), parts if isinstance(parts, int) else list(parts), axis)]


def windows(x: Any, window_shape: Any, axis: Any = None) -> Any:
    """sliding_window_view as an index: every window reads its own elements."""
    sizes = np.atleast_1d(window_shape).tolist()
    axes = [int(a) % x.ndim for a in (range(x.ndim) if axis is None else np.atleast_1d(axis))]
    places = np.arange(x.size).reshape(x.shape)
    index = np.lib.stride_tricks.sliding_window_view(places, sizes, axis=axes)  # type: ignore[call-overload]
    return Stand(ops.getitem(ops.reshape(unstand(x), shape=(-1,)), index=index))


def pad(x: Any, widths: Any, mode: str = "constant", constant_values: float = 0) -> Any:
    names = {"constant": "constant", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}
    return Stand(ops.pad(unstand(x), widths, names[mode], constant_values))


def transpose(x: Any, *axes: Any) -> Any:
    order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes or None
    return run("permute_dims", x, axes=order if order is None else tuple(order))


def repeat(x: Any, repeats: Any, axis: Any = None) -> Any:
    return Stand(ops.repeat(unstand(x), repeats, axis))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: reduction(name) for name in ("sum", "prod", "max", "min")},
    "amax": reduction("max"),
    "amin": reduction("min"),
    "mean": mean,
    "var": variance,
    "norm": norm,
    "pad": pad,
    "sliding_window_view": windows,
    "transpose": transpose,
    "std": lambda x, axis=None, *, ddof=0, keepdims=False: np.sqrt(variance(x, axis, ddof=ddof, keepdims=keepdims)),
    "concatenate": joined("concat"),
    "stack": joined("stack"),
    "split": split,
    "array_split": split,
    "repeat": repeat,
    "hstack": lambda xs: run_list("concat", xs, 1),
    "vstack": lambda xs: run_list("concat", xs, 0),
    "where": lambda c, a, b: run("where", c, a, b),
    "clip": lambda x, a=None, b=None: run("clip", x, a, b),
    "reshape": lambda x, *shape, **kw: run("reshape", x, shape=shape[0] if len(shape) == 1 else shape or kw["shape"]),
    "ravel": lambda x: run("reshape", x, shape=(-1,)),
    "flatten": lambda x: run("reshape", x, shape=(-1,)),
    "swapaxes": lambda x, a, b: run("swapaxes", x, axis1=a, axis2=b),
    "moveaxis": lambda x, a, b: Stand(ops.moveaxis(unstand(x), a, b)),
    "expand_dims": lambda x, axis: run("expand_dims", x, axis=axis),
    "squeeze": lambda x, axis=None: run("squeeze", x, axis=axis),
    "broadcast_to": lambda x, shape: run("broadcast_to", x, shape=tuple(shape)),
    "flip": lambda x, axis=None: run("flip", x, axis=axis),
    "roll": lambda x, shift, axis=None: run("roll", x, shift=shift, axis=axis),
    "cumsum": lambda x, axis=None: run("cumsum", x, axis=axis),
    "cumprod": lambda x, axis=None: run("cumprod", x, axis=axis),
    "einsum": lambda s, *xs, **kw: Stand(ops.einsum(s, *[unstand(x) for x in xs])),
    "outer": lambda a, b: Stand(ops.outer(unstand(a), unstand(b))),
    "dot": lambda a, b: Stand(ops.dot(unstand(a), unstand(b))),
    "tensordot": lambda a, b, axes=2: Stand(ops.tensordot(unstand(a), unstand(b), axes)),
    "trace": lambda x, offset=0: Stand(ops.matrix_trace(unstand(x), offset)),
    "inv": lambda x: run("inv", x),
    "diagonal": lambda x, offset=0, axis1=0, axis2=1: run("diagonal", x, offset=offset, axis1=axis1, axis2=axis2),
    "det": lambda x: run("det", x),
    "sort": lambda x, axis=-1: Stand(ops.sort(unstand(x), axis)),
    "triu": lambda x, k=0: run("triu", x, k=k),
    "tril": lambda x, k=0: run("tril", x, k=k),
    "argsort": lambda x, axis=-1: np.argsort(x.tensor.data, axis),
    "argmax": lambda x, axis=None, keepdims=False: np.argmax(x.tensor.data, axis, keepdims=bool(keepdims is True)),
    "argmin": lambda x, axis=None, keepdims=False: np.argmin(x.tensor.data, axis, keepdims=bool(keepdims is True)),
    "take_along_axis": lambda x, indices, axis: run("take_along_axis", x, indices, axis=axis),
    "take": lambda x, indices, axis=None: Stand(ops.take(unstand(x), indices, axis)),
    "zeros_like": lambda x, **kw: np.zeros_like(x.tensor.data),
    "ones_like": lambda x, **kw: np.ones_like(x.tensor.data),
    "shape": lambda x: x.shape,
    "ndim": lambda x: x.ndim,
    "size": lambda x: x.size,
    "maximum": lambda a, b: run("maximum", a, b),
    "copy": lambda x, **kw: x,
    "average": mean,
    "nan_to_num": lambda x, **kw: x,
}
METHODS = {
    "sum",
    "prod",
    "max",
    "min",
    "mean",
    "var",
    "std",
    "reshape",
    "ravel",
    "flatten",
    "swapaxes",
    "transpose",
    "repeat",
    "squeeze",
    "clip",
    "cumsum",
    "cumprod",
    "argmax",
    "argmin",
    "dot",
    "diagonal",
    "trace",
    "take",
    "sort",
    "argsort",
}
