"""What an environment shows and accepts: Discrete (one of n) and Box (an array between two bounds), as in Gymnasium."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

Array = NDArray[Any]


class Discrete:
    """{start, ..., start + n - 1}."""

    shape: tuple[int, ...] = ()
    dtype = np.dtype(np.int64)

    def __init__(self, n: int, start: int = 0, seed: int | None = None) -> None:
        if index(n) < 1:
            raise ValueError(f"Discrete(n): n must be at least 1, received {n}.")
        self.n, self.start = index(n), index(start)
        self.seed(seed)

    def seed(self, seed: int | None = None) -> None:
        self.rng = np.random.default_rng(seed)

    def sample(self) -> int:
        return self.start + int(self.rng.integers(self.n))

    def contains(self, x: Any) -> bool:
        try:
            return 0 <= index(x) - self.start < self.n
        except TypeError:
            return False

    __contains__ = contains

    def one(self, x: Any) -> int:
        """`x` as a Python int; ValueError or TypeError if it is not in the space."""
        try:
            value = index(x)
        except TypeError:
            raise TypeError(f"An action in {self} is a whole number, received {x!r} ({type(x).__name__}).") from None
        if 0 <= value - self.start < self.n:
            return value
        raise ValueError(f"Action {value} is out of range: expected one of {self.start} to {self.start + self.n - 1}.")

    def many(self, x: ArrayLike, n: int) -> Array:
        """`x` as an integer array of shape (n,), one action a copy; ValueError or TypeError if that cannot be."""
        values = np.asarray(x)
        if values.shape != (n,):
            raise ValueError(f"Expected an action for each of {n} copies, shape ({n},); received shape {values.shape}.")
        if values.dtype.kind not in "iu":
            raise TypeError(f"Actions in {self} are whole numbers, received an array of {values.dtype}.")
        if n and not (self.start <= values.min() and values.max() < self.start + self.n):
            wrong = int(np.argmax((values < self.start) | (values >= self.start + self.n)))
            raise ValueError(f"Action {values[wrong]} of copy {wrong} is out of range: "
                             f"expected one of {self.start} to {self.start + self.n - 1}.")
        return values

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Discrete) and (self.n, self.start) == (other.n, other.start)

    def __repr__(self) -> str:
        return f"Discrete({self.n})" if self.start == 0 else f"Discrete({self.n}, start={self.start})"


class Box:
    """{x : low <= x <= high}, an array of real numbers of a fixed shape."""

    def __init__(self, low: ArrayLike, high: ArrayLike, shape: tuple[int, ...] | None = None,
                 dtype: DTypeLike = np.float32, seed: int | None = None) -> None:
        self.shape = np.broadcast_shapes(np.shape(low), np.shape(high), shape or ())
        self.dtype = np.dtype(dtype)
        self.low = np.broadcast_to(np.asarray(low, self.dtype), self.shape).copy()
        self.high = np.broadcast_to(np.asarray(high, self.dtype), self.shape).copy()
        if not (self.low <= self.high).all():
            raise ValueError(f"Box: low must not exceed high, received low = {low!r}, high = {high!r}.")
        self.seed(seed)

    def seed(self, seed: int | None = None) -> None:
        self.rng = np.random.default_rng(seed)

    def sample(self) -> Array:
        """Uniform between finite bounds; a side without a bound is drawn as its finite end, or 0, plus a normal."""
        low, high = np.isfinite(self.low), np.isfinite(self.high)
        inside = self.rng.uniform(np.where(low & high, self.low, 0), np.where(low & high, self.high, 1))
        noise = self.rng.standard_normal(self.shape)
        ends = np.where(low, self.low + abs(noise), np.where(high, self.high - abs(noise), noise))
        return np.asarray(np.where(low & high, inside, ends), self.dtype)

    def contains(self, x: Any) -> bool:
        try:
            x = np.asarray(x, float)
        except (TypeError, ValueError):
            return False
        return x.shape == self.shape and bool(((self.low <= x) & (x <= self.high)).all())

    __contains__ = contains

    def one(self, x: ArrayLike) -> tuple[float, ...]:
        """`x` clipped into the box, as a tuple of floats; ValueError for another shape or a NaN."""
        return tuple(self.many(np.asarray(x)[None], 1)[..., 0].tolist())

    def many(self, x: ArrayLike, n: int) -> Array:
        """`x` (n, *shape) clipped into the box, as (*shape, n): the components come first, to be unpacked."""
        values = np.asarray(x, float)
        if values.shape != (n, *self.shape):
            raise ValueError(f"Expected an action of shape {self.shape} for each of {n} copies, "
                             f"together {(n, *self.shape)}; received shape {values.shape}.")
        if np.isnan(values).any():
            raise ValueError(f"An action is NaN, expected a number between {self.low} and {self.high}.")
        return np.moveaxis(values.clip(self.low, self.high), 0, -1)

    def __eq__(self, other: object) -> bool:
        return (isinstance(other, Box) and self.shape == other.shape and self.dtype == other.dtype
                and bool((self.low == other.low).all() and (self.high == other.high).all()))

    def __repr__(self) -> str:
        return f"Box({self.low}, {self.high}, {self.shape}, {self.dtype})"


Space = Discrete | Box
