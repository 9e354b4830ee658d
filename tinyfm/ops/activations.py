"""Ops that bend: the activations, each element by itself."""
from __future__ import annotations

from math import pi
from math import sqrt as root
from typing import Any

import numpy as np

from tinyfm.engine import Array, op
from tinyfm.errors import SettingError
from tinyfm.kernels import special
from tinyfm.ops.compare import greater, less, zeros_like
from tinyfm.ops.elementwise import exp, minimum, sigmoid, tanh, where
from tinyfm.ops.waves import erfc


@op(r"y = \ln \sigma(x)", "elementwise", x=(r"\bar y \odot \sigma(-x)", lambda g, x: g * sigmoid(-x)))
def log_sigmoid(x: Array) -> Array: return -special.softplus(-x)


@op(r"y = \ln(1 + e^x)", "elementwise", x=(r"\bar y \odot \sigma(x)", lambda g, x: g * sigmoid(x)))
def softplus(x: Array) -> Array: return special.softplus(x)


@op(r"y = \max(x, 0)", "elementwise", x=(r"\bar y \odot [y > 0]", lambda g, out: where(greater(out, 0.0), g, 0.0),
                                        lambda g, out: g * (out > 0)))
def relu(x: Array) -> Array:
    """The gradient at 0 is 0."""
    return np.maximum(x, 0)


@op(r"y = \begin{cases} x & x > 0 \\ \alpha x & x \le 0 \end{cases}", "elementwise",
    x=(r"\bar y \odot (\alpha + (1 - \alpha)[x > 0])",
       lambda g, x, negative_slope: where(greater(x, 0.0), g, g * negative_slope)))
def leaky_relu(x: Array, *, negative_slope: float = 0.01) -> Array:
    """The gradient at 0 is the negative slope.  Maas et al. 2013."""
    return np.where(np.greater(x, 0), x, negative_slope * x)


@op(r"y = \begin{cases} x & x > 0 \\ \alpha (e^x - 1) & x \le 0 \end{cases}", "elementwise",
    x=(r"\bar y \odot \min(1, y + \alpha)", lambda g, x, out, alpha: where(greater(x, 0.0), g, g * (out + alpha))))
def elu(x: Array, *, alpha: float = 1.0) -> Array:
    """Clevert et al. 2016."""
    return np.where(np.greater(x, 0), x, alpha * np.expm1(np.minimum(x, 0)))


@op(r"y = \begin{cases} x & x > 0 \\ \alpha (e^{x / \alpha} - 1) & x \le 0 \end{cases}", "elementwise",
    x=(r"\bar y \odot \min(1, e^{x / \alpha})",
       lambda g, x, alpha: where(greater(x, 0.0), g, g * exp(minimum(x, 0.0) / alpha))))
def celu(x: Array, *, alpha: float = 1.0) -> Array:
    """Barron 2017."""
    return np.where(np.greater(x, 0), x, alpha * np.expm1(np.minimum(x, 0) / alpha))


SCALE, ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717   # Klambauer et al. 2017, section 2


@op(r"y = \lambda \, \mathrm{elu}_\alpha(x)", "elementwise",
    x=(r"\bar y \odot \min(\lambda, y + \lambda\alpha)",
       lambda g, x, out: where(greater(x, 0.0), g * SCALE, g * (out + SCALE * ALPHA))))
def selu(x: Array) -> Array:
    """Self-normalising: zero mean and unit variance are its fixed point.  Klambauer et al. 2017."""
    return SCALE * np.where(np.greater(x, 0), x, ALPHA * np.expm1(np.minimum(x, 0)))


def gelu_slope(g: Any, x: Any, approximate: bool) -> Any:
    if not approximate:
        return g * (erfc(x * -root(0.5)) * 0.5 + x * exp(x * x * -0.5) * (1 / root(2 * pi)))
    t = tanh((x + x * x * x * 0.044715) * root(2 / pi))
    return g * ((t + 1.0) * 0.5 + x * (1.0 - t * t) * (x * x * (3 * 0.044715) + 1.0) * (0.5 * root(2 / pi)))


def gelu_kernel(g: Array, x: Array, approximate: bool) -> Array:
    return special.gelu_tanh_x(g, x) if approximate else special.gelu_x(g, x)


@op(r"y = x \, \Phi(x)", "elementwise", x=(r"\bar y \odot (\Phi(x) + x \, \phi(x))", gelu_slope, gelu_kernel),
    keep=lambda x, *, approximate=False: special.gelu_both(x, approximate), joint=lambda g, wanted, kept: [g * kept])
def gelu(x: Array, *, approximate: bool = False) -> Array:
    """Phi is the normal distribution; approximate=True puts (1 + tanh(sqrt(2/pi)(x + 0.044715 x^3))) / 2
    in its place, as GPT-2 does.  Hendrycks & Gimpel 2016.
    """
    return special.gelu_tanh(x) if approximate else special.gelu(x)


@op(r"y = x \, \sigma(x)", "elementwise",
    x=(r"\bar y \odot (\sigma(x) + x \sigma(x) \sigma(-x))", lambda g, x: g * (sigmoid(x) * (x * sigmoid(-x) + 1.0)),
       special.silu_x))
def silu(x: Array) -> Array:
    """Also called swish."""
    return special.silu(x)


def mish_slope(g: Any, x: Any) -> Any:
    t = tanh(softplus(x))
    return g * (t + x * (1.0 - t * t) * sigmoid(x))


@op(r"y = x \tanh(\ln(1 + e^x))", "elementwise",
    x=(r"\bar y \odot (t + x (1 - t^2) \sigma(x)), \; t = y / x", mish_slope))
def mish(x: Array) -> Array:
    """Misra 2019."""
    return x * np.tanh(special.softplus(x))


@op(r"y = x / (1 + |x|)", "elementwise", x=(r"\bar y / (1 + |x|)^2", lambda g, x: g / (abs(x) + 1.0) / (abs(x) + 1.0)))
def softsign(x: Array) -> Array: return x / (1 + np.abs(x))


@op(r"y = \min(\max(x, l), u)", "elementwise",
    x=(r"\bar y \odot [l < x < u]", lambda g, x, min, max: where(greater(x, min), where(less(x, max), g, 0.0), 0.0)))
def hard_tanh(x: Array, *, min: float = -1.0, max: float = 1.0) -> Array:
    """clip, but with gradient 0 at the corners themselves, as in relu."""
    return np.minimum(np.maximum(x, min), max)


def relu6(x: Any) -> Any:
    """min(max(x, 0), 6), with gradient 0 at both corners."""
    return hard_tanh(x, min=0.0, max=6.0)


def hard_sigmoid(x: Any) -> Any:
    """min(max(x / 6 + 1/2, 0), 1)."""
    return hard_tanh(x * (1 / 6) + 0.5, min=0.0, max=1.0)


def hard_silu(x: Any) -> Any:
    """x hard_sigmoid(x).  Howard et al. 2019."""
    return x * hard_sigmoid(x)


def tanh_shrink(x: Any) -> Any:
    """x - tanh x."""
    return x - tanh(x)


@op(r"y = \mathrm{sign}(x) \max(|x| - \lambda, 0)", "elementwise",
    x=(r"\bar y \odot [|x| > \lambda]", lambda g, x, threshold: where(greater(abs(x), threshold), g, 0.0)))
def soft_shrink(x: Array, *, threshold: float = 0.5) -> Array:
    return np.sign(x) * np.maximum(np.abs(x) - threshold, 0)


@op(r"y = x [|x| > \lambda]", "elementwise",
    x=(r"\bar y \odot [|x| > \lambda]", lambda g, x, threshold: where(greater(abs(x), threshold), g, 0.0)))
def hard_shrink(x: Array, *, threshold: float = 0.5) -> Array:
    return np.where(np.abs(x) > threshold, x, 0)


@op(r"y = [x > t] x + [x \le t] v", "elementwise",
    x=(r"\bar y \odot [x > t]", lambda g, x, threshold: where(greater(x, threshold), g, 0.0)))
def threshold(x: Array, *, threshold: float, value: float) -> Array:
    return np.where(np.greater(x, threshold), x, value)


@op(r"y = [x > 0]", "elementwise", x=(r"0", lambda g: zeros_like(g)))
def step(x: Array) -> Array:
    """Heaviside's step, 0 at 0, in the dtype of x."""
    return np.greater(x, 0).astype(np.result_type(x))


def dropout(x: Any, *, rate: float, rng: np.random.Generator | None = None, mask: Any = None) -> Any:
    """y = x m / (1 - rate), m = 0 with probability `rate`, else 1: the expectation of y is x.  Srivastava et al. 2014.

    Give either `rng`, which draws m, or m itself as `mask` (0 and 1, broadcast against x).
    """
    if not 0 <= rate <= 1: raise SettingError(f"dropout: rate must lie between 0 and 1; received {rate}.")
    if (rng is None) == (mask is None): raise SettingError("dropout: give either rng or mask.")
    if mask is None: mask = rng.random(x.shape, np.float32) >= rate  # type: ignore[union-attr]
    return x * np.multiply(mask, 1 / (1 - rate) if rate < 1 else 0.0, dtype=x.dtype)
