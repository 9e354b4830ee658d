"""What can be written with a tensor: every operator and method is one op of the table."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from tinyfm.elsewhere import WRITE, missing

table: dict[str, Any] = {}                       # name -> Op; filled by the rooms in ops/


class Operators:
    """The operators and methods of a Tensor.  Each looks its op up by name, so a swapped op is used at once."""

    __slots__ = ()
    __array_ufunc__ = None                       # let `ndarray + Tensor` reach Tensor.__radd__
    __hash__ = object.__hash__

    if not TYPE_CHECKING:
        def __getattr__(self, name: str) -> Any:
            if name in WRITE: raise missing("A Tensor", name)
            return object.__getattribute__(self, name)          # raises what Python has to say

    def __add__(self, other: Any) -> Self: return table["add"](self, other)
    def __radd__(self, other: Any) -> Self: return table["add"](other, self)
    def __sub__(self, other: Any) -> Self: return table["subtract"](self, other)
    def __rsub__(self, other: Any) -> Self: return table["subtract"](other, self)
    def __mul__(self, other: Any) -> Self: return table["multiply"](self, other)
    def __rmul__(self, other: Any) -> Self: return table["multiply"](other, self)
    def __truediv__(self, other: Any) -> Self: return table["divide"](self, other)
    def __rtruediv__(self, other: Any) -> Self: return table["divide"](other, self)
    def __pow__(self, other: Any) -> Self: return table["pow"](self, other)
    def __rpow__(self, other: Any) -> Self: return table["pow"](other, self)
    def __mod__(self, other: Any) -> Self: return table["remainder"](self, other)
    def __rmod__(self, other: Any) -> Self: return table["remainder"](other, self)
    def __floordiv__(self, other: Any) -> Self: return table["floor_divide"](self, other)
    def __rfloordiv__(self, other: Any) -> Self: return table["floor_divide"](other, self)
    def __matmul__(self, other: Any) -> Self: return table["matmul"](self, other)
    def __rmatmul__(self, other: Any) -> Self: return table["matmul"](other, self)
    def __neg__(self) -> Self: return table["negative"](self)
    def __pos__(self) -> Self: return self
    def __abs__(self) -> Self: return table["abs"](self)
    def __eq__(self, other: object) -> Self: return table["equal"](self, other)  # type: ignore[override]
    def __ne__(self, other: object) -> Self: return table["not_equal"](self, other)  # type: ignore[override]
    def __lt__(self, other: Any) -> Self: return table["less"](self, other)
    def __le__(self, other: Any) -> Self: return table["less_equal"](self, other)
    def __gt__(self, other: Any) -> Self: return table["greater"](self, other)
    def __ge__(self, other: Any) -> Self: return table["greater_equal"](self, other)
    def __invert__(self) -> Self: return table["logical_not"](self)
    def __and__(self, other: Any) -> Self: return table["logical_and"](self, other)
    def __or__(self, other: Any) -> Self: return table["logical_or"](self, other)
    def __getitem__(self, index: Any) -> Self: return table["getitem"](self, index=index)

    def exp(self) -> Self: return table["exp"](self)
    def log(self) -> Self: return table["log"](self)
    def sqrt(self) -> Self: return table["sqrt"](self)
    def square(self) -> Self: return table["square"](self)
    def abs(self) -> Self: return table["abs"](self)
    def sin(self) -> Self: return table["sin"](self)
    def cos(self) -> Self: return table["cos"](self)
    def tanh(self) -> Self: return table["tanh"](self)
    def sigmoid(self) -> Self: return table["sigmoid"](self)
    def relu(self) -> Self: return table["relu"](self)
    def clip(self, min: Any = None, max: Any = None) -> Self: return table["clip"](self, min=min, max=max)
    def astype(self, dtype: Any) -> Self: return table["astype"](self, dtype=dtype)

    def sum(self, axis: Any = None, keepdims: bool = False) -> Self:
        return table["sum"](self, axis=axis, keepdims=keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Self:
        return table["mean"](self, axis=axis, keepdims=keepdims)

    def prod(self, axis: Any = None, keepdims: bool = False) -> Self:
        return table["prod"](self, axis=axis, keepdims=keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> Self:
        return table["max"](self, axis=axis, keepdims=keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> Self:
        return table["min"](self, axis=axis, keepdims=keepdims)

    def var(self, axis: Any = None, correction: float = 0, keepdims: bool = False) -> Self:
        return table["var"](self, axis=axis, correction=correction, keepdims=keepdims)

    def std(self, axis: Any = None, correction: float = 0, keepdims: bool = False) -> Self:
        return table["std"](self, axis=axis, correction=correction, keepdims=keepdims)

    def argmax(self, axis: Any = None, keepdims: bool = False) -> Self:
        return table["argmax"](self, axis=axis, keepdims=keepdims)

    def argmin(self, axis: Any = None, keepdims: bool = False) -> Self:
        return table["argmin"](self, axis=axis, keepdims=keepdims)

    def cumsum(self, axis: Any = None) -> Self: return table["cumsum"](self, axis=axis)
    def softmax(self, axis: int = -1) -> Self: return table["softmax"](self, axis=axis)
    def log_softmax(self, axis: int = -1) -> Self: return table["log_softmax"](self, axis=axis)

    def reshape(self, *shape: Any) -> Self:
        return table["reshape"](self, shape=shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape)

    def transpose(self, *axes: Any) -> Self:
        order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes or None
        return table["permute_dims"](self, axes=order)

    def swapaxes(self, axis1: int, axis2: int) -> Self: return table["swapaxes"](self, axis1=axis1, axis2=axis2)
    def squeeze(self, axis: Any = None) -> Self: return table["squeeze"](self, axis=axis)
    def flatten(self) -> Self: return table["reshape"](self, shape=(-1,))

    @property
    def T(self) -> Self:  # noqa: N802
        """The axes in reverse order, as in NumPy."""
        return table["permute_dims"](self, axes=None)

    @property
    def mT(self) -> Self:  # noqa: N802
        """The last two axes exchanged."""
        return table["swapaxes"](self, axis1=-1, axis2=-2)
