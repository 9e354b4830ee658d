"""Examples of convolutions and pools."""
from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

import tests.ops.references as ref
import tinyfm.ops as fm
from tests.ops.draw import (
    Strategy,
    case,
    distinct,
    exactly,
    flags,
    layouts,
    normal,
)
from tests.ops.line import call, line
from tinyfm.operators import table


@st.composite
def geometry(draw: Any, dims: int, dilated: bool = True) -> dict[str, Any]:
    each = lambda values: tuple(draw(st.sampled_from(values)) for _ in range(dims))
    return {"strides": each([1, 2, 3]), "padding": each([(0, 0), (1, 0), (1, 1)]),
            "dilation": each([1, 2]) if dilated else (1,) * dims}


@st.composite
def convolution(draw: Any) -> tuple[list[Any], dict[str, Any]]:
    """x, w and settings of conv in one or two dimensions."""
    dims, groups = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    kernel = tuple(draw(st.integers(1, 3)) for _ in range(dims))
    size = tuple(draw(st.integers(5, 6)) for _ in range(dims))
    form = st.just(((draw(st.integers(0, 2)), *size, 2 * groups), (*kernel, 2, groups * draw(st.integers(1, 2)))))
    arrays, _ = draw(case(form, layout=layouts))
    return arrays, {**draw(geometry(dims)), "groups": groups}


def of_output(pair: Any, keep: str) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of a transpose: a result of conv in place of the argument that is sought."""
    (x, w), settings = pair
    y = normal(np.random.default_rng(x.size + w.size), table["conv"](x, w, **settings).shape)
    if keep == "w": return [y, w], {**settings, "size": x.shape[1:-1]}
    return [x, y], {**settings, "size": w.shape[:-2]}


POOLED = {"pool_size": (2, 2), "strides": (2, 1), "padding": ((1, 0), (0, 1)), "dilation": (1, 2), "ceil_mode": True}
WON = np.random.default_rng(3).integers(0, 4, table["max_pool"](np.zeros((2, 5, 4, 2)), **POOLED).shape)
AVERAGE = {k: v for k, v in POOLED.items() if k != "dilation"}


def pool_settings(*_: Any) -> Strategy:
    return st.fixed_dictionaries({"pool_size": st.sampled_from([2, 3, (2, 3)]),
                                  "strides": st.sampled_from([None, 1, (2, 1)]),
                                  "padding": st.sampled_from(["valid", "same", 1, ((1, 0), (0, 1))])})


def resolved(x: np.ndarray, s: dict[str, Any], dilation: Any = 1) -> dict[str, Any]:
    """Pool settings as the reference takes them, computed by hand: TensorFlow's rule for "same"."""
    both = lambda v: (v, v) if isinstance(v, int) else v
    k, d = both(s["pool_size"]), both(dilation)
    strides = k if s["strides"] is None else both(s["strides"])
    return {"pool_size": k, "strides": strides, "padding": by_hand(s["padding"], x.shape[1:3], k, strides, d)}


def by_hand(padding: Any, size: Any, kernel: Any, strides: Any, dilation: Any) -> list[Any]:
    pads = []
    for i, (n, k, s, d) in enumerate(zip(size, kernel, strides, dilation)):
        total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
        pads.append({"valid": (0, 0), "same": (total // 2, total - total // 2)}[padding] if isinstance(padding, str)
                    else (padding, padding) if isinstance(padding, int) else padding[i])
    return pads


def conv_by_hand(x: Any, w: Any, b: Any = 0.0, strides: Any = 1, padding: Any = "valid", dilation: Any = 1,
                 groups: int = 1) -> Any:
    dims = x.ndim - 2
    both = lambda v: (v,) * dims if isinstance(v, int) else v
    pads = by_hand(padding, x.shape[1:], w.shape, both(strides) , both(dilation)) if dims == 2 else \
        by_hand(padding, x.shape[1:2], w.shape[:1], both(strides), both(dilation))
    return ref.conv(x, w, both(strides), pads, both(dilation), groups) + b


def transpose_by_hand(x: Any, w: Any, b: Any = 0.0, strides: int = 1, padding: str = "valid", dilation: int = 1,
                      groups: int = 1) -> Any:
    """Every input pixel paints its kernel onto the output; "same" crops to size * strides."""
    dims, per, outs = x.ndim - 2, w.shape[-1] // groups, w.shape[-2]
    span = [(k - 1) * dilation + 1 for k in w.shape[:dims]]
    y = np.zeros((len(x), *[(n - 1) * strides + max(k, strides) for n, k in zip(x.shape[1:], span)], outs * groups))
    for p in np.ndindex(*x.shape[1:-1]):
        for k in np.ndindex(*w.shape[:dims]):
            for g in range(groups):
                at = (slice(None), *[i * strides + j * dilation for i, j in zip(p, k)], slice(g * outs, (g + 1) * outs))
                y[at] += x[(slice(None), *p)][:, g * per:(g + 1) * per] @ w[k][:, g * per:(g + 1) * per].T
    if padding == "same":
        cut = [max(k - strides, 0) // 2 for k in span]
        y = y[(slice(None), *[slice(c, c + n * strides) for c, n in zip(cut, x.shape[1:])])]
    return y + b


pads1 = st.sampled_from(["valid", "same", 2, ((1, 2),)])
pads2 = st.sampled_from(["valid", "same", 1, ((1, 0), (0, 2))])
SPATIAL = {"strides": st.integers(1, 2), "padding": st.sampled_from(["valid", "same"]), "dilation": st.integers(1, 2)}

WINDOWS = [
    line(table["conv"], convolution(), ref.conv),
    line(table["conv_x"], convolution().map(lambda c: of_output(c, "w")), ref.conv_x),
    line(table["conv_w"], convolution().map(lambda c: of_output(c, "x")), ref.conv_w),
    line(fm.conv1d, case(exactly((2, 7, 2), (3, 2, 3), (3,)), strides=st.integers(1, 3), padding=pads1,
                         dilation=st.integers(1, 2)), conv_by_hand),
    line(fm.conv2d, case(exactly((1, 5, 6, 2), (3, 2, 2, 2), (2,)), strides=st.sampled_from([1, 2, (2, 1)]),
                         padding=pads2, dilation=st.sampled_from([1, 2, (1, 2)])), conv_by_hand),
    line(fm.conv2d, case(exactly((2, 4, 5, 4), (2, 3, 2, 4)), groups=2, padding="same"), conv_by_hand),
    line(fm.conv1d_transpose, case(exactly((2, 4, 3), (3, 2, 3), (2,)), **SPATIAL), transpose_by_hand),
    line(fm.conv2d_transpose, case(exactly((1, 3, 4, 2), (2, 3, 2, 2), (2,)), **SPATIAL), transpose_by_hand),
    line(fm.conv2d_transpose, case(exactly((1, 3, 2, 4), (1, 2, 3, 4), (6,)), groups=2, strides=2), transpose_by_hand),
    line(table["max_pool"], case(exactly((2, 5, 4, 2)), distinct, **POOLED), ref.max_pool),
    line(table["average_pool"], case(exactly((2, 5, 4, 2)), **AVERAGE, count_include_pad=flags), ref.average_pool),
    call("average_pool_x", case(exactly((2, 2, 3, 2)), count_include_pad=flags),
         lambda y, count_include_pad: table["average_pool_x"](y, size=(4, 4), pool_size=(2, 2), strides=(2, 1),
                                                              padding=((0, 0), (0, 0)),
                                                              count_include_pad=count_include_pad),
         lambda y, count_include_pad: ref.average_pool_x(y, (4, 4), pool_size=(2, 2), strides=(2, 1),
                                                         padding=((0, 0), (0, 0)))),
    call("pool_winners", case(exactly((2, 4, 4, 1)), distinct),
         lambda x: table["pool_winners"](x, fm.max_pool2d(x, 2), pool_size=(2, 2), strides=(2, 2),
                                         padding=((0, 0),) * 2, dilation=(1, 1)),
         lambda x: np.argmax(x.reshape(2, 2, 2, 2, 2, 1).transpose(0, 1, 3, 2, 4, 5).reshape(2, 2, 2, 4, 1), axis=3),
         smooth=False),
    call("pool_take", case(exactly((2, 5, 4, 2))), lambda x: table["pool_take"](x, fixed_winners(), **POOLED),
         lambda x: taken(x)),
    call("pool_place", case(exactly(WON.shape)), lambda y:
         table["pool_place"](y, fixed_winners(), size=(5, 4), **POOLED),
         lambda y: ref.transpose_of(taken, (2, 5, 4, 2), y)),
    call("max_pool1d", case(exactly((2, 7, 2)), distinct, size=st.integers(2, 3), dilation=st.integers(1, 2),
                            ceil=flags),
         lambda x, size, dilation, ceil: fm.max_pool1d(x, size, 2, dilation=dilation, ceil_mode=ceil),
         lambda x, size, dilation, ceil: ref.max_pool(x, (size,), (2,), ((0, 0),), (dilation,), ceil)),
    call("max_pool2d", case(exactly((1, 6, 5, 2)), distinct, s=pool_settings, ceil=flags),
         lambda x, s, ceil: fm.max_pool2d(x, **s, ceil_mode=ceil),
         lambda x, s, ceil: ref.max_pool(x, **resolved(x, s), dilation=(1, 1), ceil_mode=ceil)),
    call("average_pool1d", case(exactly((2, 7, 2)), size=st.integers(2, 3), ceil=flags, count=flags),
         lambda x, size, ceil, count: fm.average_pool1d(x, size, 2, 1, ceil_mode=ceil, count_include_pad=count),
         lambda x, size, ceil, count: ref.average_pool(x, (size,), (2,), ((1, 1),), ceil, count)),
    call("average_pool2d", case(exactly((1, 6, 5, 2)), s=pool_settings, ceil=flags, count=flags),
         lambda x, s, ceil, count: fm.average_pool2d(x, **s, ceil_mode=ceil, count_include_pad=count),
         lambda x, s, ceil, count: ref.average_pool(x, **resolved(x, s), ceil_mode=ceil, count_include_pad=count)),
]


def fixed_winners() -> np.ndarray:
    """Winners that lie inside the input, for any values."""
    x = np.random.default_rng(5).standard_normal((2, 5, 4, 2))
    return table["pool_winners"](x, table["max_pool"](x, **POOLED), **POOLED)


def taken(x: np.ndarray) -> np.ndarray:
    """Pixel by pixel what pool_take reads."""
    won = fixed_winners()
    y = np.zeros(won.shape)
    for n, i, j, c in np.ndindex(*won.shape):
        a, b = divmod(int(won[n, i, j, c]), 2)
        y[n, i, j, c] = x[n, i * 2 + a - 1, j + b * 2, c]
    return y
