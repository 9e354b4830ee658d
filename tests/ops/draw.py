"""What hypothesis draws for an op: shapes (sizes 0 and 1 too), memory layouts, axes, settings; values from a seed."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

Strategy = st.SearchStrategy[Any]
Arguments = tuple[list[Any], dict[str, Any]]
Kind = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]
flags = st.booleans()


# ------------------------------------------------------------ values

def normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return np.asarray(rng.standard_normal(shape))


def uniform(low: float, high: float) -> Kind: return lambda rng, shape: np.asarray(rng.uniform(low, high, shape))


def integers(low: int, high: int) -> Kind: return lambda rng, shape: np.asarray(rng.integers(low, high, shape))


def nonzero(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return np.asarray(rng.uniform(0.4, 2.0, shape) * rng.choice([-1.0, 1.0], shape))


def distinct(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """No two elements closer than 0.1: nothing changes place within a difference step."""
    n = int(np.prod(shape))
    return np.reshape((rng.permutation(n) - n / 2) * 0.2 + rng.uniform(-0.05, 0.05, n), shape)


def some_zeros(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return np.asarray(rng.standard_normal(shape) * (rng.random(shape) > 0.25))


def booleans(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray: return np.asarray(rng.random(shape) > 0.5)


def regular(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Square matrices far from singular."""
    return np.asarray(rng.standard_normal(shape) * 0.5 + 2 * np.eye(shape[-1]) * rng.choice([-1.0, 1.0]))


def probabilities(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    p = rng.uniform(0.1, 1.0, shape)
    return np.asarray(p / p.sum(-1, keepdims=True)) if shape and shape[-1] else p


positive, unit, inner_unit = uniform(0.3, 2.0), uniform(0.05, 0.95), uniform(-0.8, 0.8)


# ------------------------------------------------------------ memory

def laid(layout: str, x: np.ndarray) -> np.ndarray:
    """The same values in another memory order; "stretched" repeats the first row, with stride 0."""
    if x.ndim == 0: return x
    if layout == "transposed": return x.T.copy().T
    if layout == "backwards": return np.flip(np.flip(x).copy())
    if layout == "sparse": return np.repeat(x, 2, axis=-1)[..., ::2]
    if layout == "stretched" and len(x): return np.broadcast_to(x[:1], x.shape)
    return x


layouts = st.sampled_from(["plain", "transposed", "backwards", "sparse"])
any_layout = st.sampled_from(["plain", "transposed", "backwards", "sparse", "stretched"])


# ------------------------------------------------------------ shapes

def shapes(min_dims: int = 0, max_dims: int = 3, min_side: int = 0, max_side: int = 4) -> Strategy:
    limits = {"min_dims": min_dims, "max_dims": max_dims, "min_side": min_side, "max_side": max_side}
    return hnp.array_shapes(**limits).map(lambda s: (s,))


def exactly(*several: tuple[int, ...]) -> Strategy: return st.just(several)


def broadcasting(n: int = 2, min_side: int = 0) -> Strategy:
    both = hnp.mutually_broadcastable_shapes(num_shapes=n, min_side=min_side, max_side=3, max_dims=3)
    return both.map(lambda b: b.input_shapes)


def same(n: int, **limits: int) -> Strategy: return shapes(**limits).map(lambda s: s * n)


def signature(text: str) -> Strategy:
    both = hnp.mutually_broadcastable_shapes(signature=text, min_side=1, max_side=3, max_dims=1)
    return both.map(lambda b: b.input_shapes)


def sizes(form: Callable[..., tuple[tuple[int, ...], ...]], *bounds: tuple[int, int]) -> Strategy:
    """Shapes made by `form` from integers within the bounds."""
    return st.tuples(*[st.integers(*b) for b in bounds]).map(lambda n: form(*n))


# ------------------------------------------------------------ settings that depend on the first shape

def axis(shape: tuple[int, ...], *_: Any) -> Strategy:
    return st.integers(-len(shape), len(shape) - 1)


def axes(shape: tuple[int, ...], *_: Any) -> Strategy:
    """None, one axis or several, from the front or from the back."""
    several = st.sets(st.integers(0, len(shape) - 1), min_size=1).map(tuple) if shape else st.just(None)
    return st.one_of(st.none(), several, axis(shape)) if shape else st.none()


def maybe_axis(shape: tuple[int, ...], *_: Any) -> Strategy:
    return st.one_of(st.none(), axis(shape)) if shape else st.none()


def order(shape: tuple[int, ...], *_: Any) -> Strategy:
    return st.one_of(st.none(), st.permutations(range(len(shape))).map(tuple)) if shape else st.just(())


@st.composite
def case(draw: Any, of: Strategy, *kinds: Kind, layout: Strategy = any_layout, **settings: Any) -> Arguments:
    """Arrays of the drawn shapes, one of each kind (the last kind serves for the rest), and the settings.

    A setting is a value, a strategy, or a function of the shapes that returns a strategy.
    """
    drawn = draw(of)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kinds = kinds or (normal,)
    arrays = [laid(draw(layout), kinds[min(i, len(kinds) - 1)](rng, s)) for i, s in enumerate(drawn)]
    return arrays, {k: chosen(draw, s, drawn) for k, s in settings.items()}


def chosen(draw: Any, setting: Any, drawn: Any) -> Any:
    if isinstance(setting, st.SearchStrategy): return draw(setting)
    return draw(setting(*drawn)) if callable(setting) else setting
