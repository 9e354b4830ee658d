"""How weights begin.  An initialiser is a small value: called with a shape and a random generator it gives an array.

    fan_in, fan_out = how many inputs feed one output, how many outputs one input feeds

Glorot & Bengio 2010 ask Var[w] = 2 / (fan_in + fan_out): signals and gradients keep their size on average.
He et al. 2015 ask 2 / fan_in, as relu halves the signal.  LeCun et al. 1998 ask 1 / fan_in.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from math import prod, sqrt
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tinyfm.errors import SettingError, spell

Shape: TypeAlias = tuple[int, ...]
Initializer: TypeAlias = "Callable[[Shape, np.random.Generator], NDArray[Any]]"  # quoted: numpy.random comes late


def fans(shape: Shape) -> tuple[int, int]:
    """(fan_in, fan_out) of a kernel (*window, in, out); a vector counts as both."""
    if len(shape) < 2: return (prod(shape), prod(shape))
    window = prod(shape[:-2])
    return window * shape[-2], window * shape[-1]


@dataclass(frozen=True)
class Constant:
    """The same number everywhere."""

    value: float = 0.0

    def __call__(self, shape: Shape, rng: np.random.Generator) -> NDArray[Any]:
        return np.full(shape, self.value, float)


@dataclass(frozen=True)
class RandomUniform:
    """Evenly between minval and maxval."""

    minval: float = -0.05
    maxval: float = 0.05

    def __call__(self, shape: Shape, rng: np.random.Generator) -> NDArray[Any]:
        return rng.uniform(self.minval, self.maxval, shape)


@dataclass(frozen=True)
class RandomNormal:
    """N(mean, stddev^2)."""

    mean: float = 0.0
    stddev: float = 0.05

    def __call__(self, shape: Shape, rng: np.random.Generator) -> NDArray[Any]:
        return rng.normal(self.mean, self.stddev, shape)


@dataclass(frozen=True)
class TruncatedNormal:
    """N(mean, stddev^2), drawn again wherever it falls more than two deviations from the mean."""

    mean: float = 0.0
    stddev: float = 0.05

    def __call__(self, shape: Shape, rng: np.random.Generator) -> NDArray[Any]:
        z = rng.standard_normal(shape)
        while (far := np.abs(z) > 2).any():
            z[far] = rng.standard_normal(np.count_nonzero(far))
        return self.mean + self.stddev * z


CUT = 0.87962566103423978                        # the deviation that is left of N(0, 1) when cut off at 2


@dataclass(frozen=True)
class VarianceScaling:
    """Var[w] = scale / fan.  mode: fan_in, fan_out or fan_avg; distribution: uniform, normal or truncated_normal."""

    scale: float = 1.0
    mode: str = "fan_in"
    distribution: str = "truncated_normal"

    def __call__(self, shape: Shape, rng: np.random.Generator) -> NDArray[Any]:
        fan_in, fan_out = fans(shape)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        deviation = sqrt(self.scale / max(fan, 1))
        match self.distribution:
            case "uniform": return rng.uniform(-sqrt(3) * deviation, sqrt(3) * deviation, shape)
            case "normal": return rng.normal(0, deviation, shape)
            case _: return TruncatedNormal(0, deviation / CUT)(shape, rng)

    def __post_init__(self) -> None:
        if self.mode not in ("fan_in", "fan_out", "fan_avg"):
            raise SettingError(f"VarianceScaling: mode {self.mode!r}; expected fan_in, fan_out or fan_avg.")
        if self.distribution not in ("uniform", "normal", "truncated_normal"):
            raise SettingError(f"VarianceScaling: distribution {self.distribution!r}; "
                               "expected uniform, normal or truncated_normal.")


@dataclass(frozen=True)
class Orthogonal:
    """gain Q, where Q has orthonormal rows or columns, whichever are fewer; all axes but the last are one.

    Saxe et al. 2014: deep linear chains then neither grow nor shrink.
    """

    gain: float = 1.0

    def __call__(self, shape: Shape, rng: np.random.Generator) -> NDArray[Any]:
        if len(shape) < 2: raise SettingError(f"Orthogonal needs a matrix or more, received the shape {shape}.")
        rows, columns = prod(shape[:-1]), shape[-1]
        q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
        q *= np.sign(np.diagonal(r))             # makes the draw uniform over all rotations: Mezzadri 2007
        return (self.gain * (q if rows >= columns else q.T)).reshape(shape)


zeros, ones = Constant(0.0), Constant(1.0)
glorot_uniform = VarianceScaling(1.0, "fan_avg", "uniform")
glorot_normal = VarianceScaling(1.0, "fan_avg", "truncated_normal")
he_uniform = VarianceScaling(2.0, "fan_in", "uniform")
he_normal = VarianceScaling(2.0, "fan_in", "truncated_normal")
lecun_uniform = VarianceScaling(1.0, "fan_in", "uniform")
lecun_normal = VarianceScaling(1.0, "fan_in", "truncated_normal")

NAMED: dict[str, Initializer] = {
    "zeros": zeros, "ones": ones, "glorot_uniform": glorot_uniform, "glorot_normal": glorot_normal,
    "he_uniform": he_uniform, "he_normal": he_normal, "lecun_uniform": lecun_uniform, "lecun_normal": lecun_normal,
    "uniform": RandomUniform(), "random_uniform": RandomUniform(), "normal": RandomNormal(),
    "random_normal": RandomNormal(), "truncated_normal": TruncatedNormal(), "orthogonal": Orthogonal(),
}
CLASSES = {c.__name__: c for c in
           (Constant, RandomUniform, RandomNormal, TruncatedNormal, VarianceScaling, Orthogonal)}


def get(initializer: str | dict[str, Any] | Initializer) -> Initializer:
    """The initialiser of that name, or that `config` describes, or any function of (shape, rng) as it is."""
    if isinstance(initializer, dict):
        return CLASSES[initializer["class"]](**{k: v for k, v in initializer.items() if k != "class"})
    if callable(initializer): return initializer
    if initializer in NAMED: return NAMED[initializer]
    raise SettingError(f"No initialiser is called {spell(initializer)}; there are {', '.join(NAMED)}. "
                       "A function of (shape, rng) works too.")


def config(initializer: Initializer) -> str | dict[str, Any]:
    """What `get` makes the same initialiser of: a name, or the class with its numbers."""
    for name, known in NAMED.items():
        if initializer == known: return name
    if type(initializer).__name__ in CLASSES:
        return {"class": type(initializer).__name__, **asdict(initializer)}  # type: ignore[call-overload]
    raise SettingError(f"A function of your own, {spell(initializer)}, is an initialiser that no file can hold.")
