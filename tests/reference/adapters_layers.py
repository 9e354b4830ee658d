"""Thin adapters for windows, normalisation, losses and networks: channels first become channels last."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import tinyfm as fm
from tests.reference.options import need

# windows: channels first -> channels last

def last(x: Any) -> Any: return fm.moveaxis(x, 1, -1)
def first(x: Any) -> Any: return fm.moveaxis(x, -1, 1)


def numbers(v: Any) -> Any: return v if isinstance(v, int | str) else tuple(int(i) for i in v)


def each(v: Any, dims: int) -> tuple[int, ...]:
    return (v,) * dims if isinstance(v, int) else tuple(v) * (dims if len(v) == 1 else 1)


def batched(x: Any, dims: int) -> tuple[Any, bool]:
    return (fm.expand_dims(x, axis=0), True) if x.ndim == dims + 1 else (x, False)


def convolution(f: Callable[..., Any], dims: int) -> Callable[..., Any]:
    def call(x: Any, w: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
             groups: int = 1) -> Any:
        x, alone = batched(x, dims)
        pad = padding if isinstance(padding, str) else each(padding, dims)
        kernel = fm.permute_dims(w, axes=(*range(2, dims + 2), 1, 0))
        y = first(f(last(x), kernel, bias, strides=each(stride, dims), padding=pad, dilation=each(dilation, dims),
                    groups=groups))
        return y[0] if alone else y
    return call


def transposed_convolution(f: Callable[..., Any], dims: int) -> Callable[..., Any]:
    """Their kernel is (in, out / groups, ...), ours (..., out / groups, in): the same channels in the same groups."""
    def call(x: Any, w: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
             groups: int = 1,
             dilation: Any = 1) -> Any:
        x, alone = batched(x, dims)
        extra, steps = each(output_padding, dims), each(stride, dims)
        need(all(e < s for e, s in zip(extra, steps)), "output_padding not less than the stride")
        kernel = fm.permute_dims(w, axes=(*range(2, dims + 2), 1, 0))
        y = first(f(last(x), kernel, bias, strides=steps, padding=each(padding, dims), dilation=each(dilation, dims),
                    groups=groups,
                    output_padding=extra))
        return y[0] if alone else y
    return call


def max_pool(f: Callable[..., Any], dims: int) -> Callable[..., Any]:
    def call(x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
             return_indices: bool = False) -> Any:
        x, alone = batched(x, dims)
        y = first(f(last(x), each(kernel_size, dims), None if stride in (None, ()) else each(stride, dims),
                    each(padding, dims),
                    dilation=each(dilation, dims), ceil_mode=ceil_mode))
        return y[0] if alone else y
    return call


def average_pool(f: Callable[..., Any], dims: int) -> Callable[..., Any]:
    def call(x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
             count_include_pad: bool = True,
             divisor_override: Any = None) -> Any:
        need(divisor_override is None, "divisor_override=")
        x, alone = batched(x, dims)
        y = first(f(last(x), each(kernel_size, dims), None if stride in (None, ()) else each(stride, dims),
                    each(padding, dims),
                    ceil_mode=ceil_mode, count_include_pad=count_include_pad))
        return y[0] if alone else y
    return call


def interpolated(mode: str) -> Callable[..., Any]:
    def call(x: Any, size: Any = None, scale_factor: Any = None, mode: str = mode, align_corners: Any = None,
             **more: Any) -> Any:
        if size is None:
            exact = [n * s for n, s in zip(x.shape[2:], np.broadcast_to(scale_factor, x.ndim - 2))]
            need(all(n == int(n) for n in exact), "scale_factor= that gives no whole number of pixels")
            size = tuple(int(n) for n in exact)
        need(not align_corners, "align_corners=True")
        need(mode in ("nearest", "linear", "bilinear", "trilinear"), f"mode={mode}")
        return first(fm.interpolate(last(x), each(size, x.ndim - 2), mode="nearest" if mode == "nearest" else "linear"))
    return call


# normalisation

def layer_norm(x: Any, shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    return fm.layer_norm(x, weight, bias, axis=tuple(range(-len(shape), 0)), epsilon=eps)


def rms_norm(x: Any, shape: Any, weight: Any = None, eps: Any = None) -> Any:
    return fm.rms_norm(x, weight, axis=tuple(range(-len(shape), 0)),
                       epsilon=np.finfo(float).eps if eps is None else eps)


def group_norm(x: Any, groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    return first(fm.group_norm(last(x), weight, bias, groups=groups, epsilon=eps))


def batch_norm(x: Any, mean: Any = None, variance: Any = None, weight: Any = None, bias: Any = None,
               training: bool = False,
               momentum: float = 0.1, eps: float = 1e-5) -> Any:
    need(x.ndim > 1, "1-d input")
    given = (None, None) if training else (mean, variance)
    return fm.batch_norm(x, weight, bias, *given, axis=1, epsilon=eps)


def instance_norm(x: Any, running_mean: Any = None, running_var: Any = None, weight: Any = None, bias: Any = None,
                  use_input_stats: bool = True,
                  momentum: float = 0.1, eps: float = 1e-5) -> Any:
    need(use_input_stats, "use_input_stats=False")
    return first(fm.group_norm(last(x), weight, bias, groups=x.shape[1], epsilon=eps))


def normalized(x: Any, p: float = 2.0, dim: Any = 1, eps: float = 1e-12) -> Any:
    if x.ndim == 0: return fm.reshape(fm.normalize(fm.reshape(x, shape=(1,)), ord=p, axis=0, epsilon=eps), shape=())
    return fm.normalize(x, ord=p, axis=dim, epsilon=eps)


def cosine_similarity(a: Any, b: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    if a.ndim == b.ndim == 0: a, b = (fm.reshape(v, shape=(1,)) for v in (a, b))
    shape = np.broadcast_shapes(a.shape, b.shape)
    y = fm.cosine_similarity(fm.broadcast_to(a, shape=shape), fm.broadcast_to(b, shape=shape), axis=dim, epsilon=eps)
    return y


# losses

def paired(f: Callable[..., Any]) -> Callable[..., Any]:
    """Losses that we refuse to broadcast: spread both first, as PyTorch does after a warning."""
    def call(p: Any, t: Any, reduction: str = "mean", weight: Any = None, size_average: Any = None, reduce: Any = None,
             **more: Any) -> Any:
        need(weight is None, "weight=")
        shape = np.broadcast_shapes(p.shape, t.shape)
        return f(fm.broadcast_to(p, shape=shape), fm.broadcast_to(t, shape=shape), reduction=reduction, **more)
    return call


def classified(f: Callable[..., Any]) -> Callable[..., Any]:
    """Classes are axis 1 for them, or axis 0 of a single example."""
    def call(x: Any, target: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean",
             **more: Any) -> Any:
        axis = 0 if x.ndim == 1 else 1
        soft = target.dtype.kind == "f"
        labels = fm.moveaxis(target, axis, -1) if soft else np.asarray(target)
        if not soft: more["ignore_index"] = ignore_index
        return f(fm.moveaxis(x, axis, -1), labels, weight=weight, reduction=reduction, **more)
    return call


def with_logits(x: Any, t: Any, weight: Any = None, size_average: Any = None, reduce: Any = None,
                reduction: str = "mean", pos_weight: Any = None) -> Any:
    return fm.binary_cross_entropy_with_logits(x, t, weight=weight, pos_weight=pos_weight, reduction=reduction)


def bernoulli(p: Any, t: Any, weight: Any = None, reduction: str = "mean") -> Any:
    return fm.binary_cross_entropy(p, t, weight=weight, reduction=reduction)


def kl_div(p: Any, t: Any, reduction: str = "mean", log_target: bool = False) -> Any:
    shape = np.broadcast_shapes(p.shape, t.shape)
    p, t = fm.broadcast_to(p, shape=shape), fm.broadcast_to(t, shape=shape)
    if reduction == "batchmean": return fm.kl_divergence(p, t, log_target=log_target,
                                                         reduction="sum") / (shape[0] if shape else 1)
    return fm.kl_divergence(p, t, log_target=log_target, reduction=reduction)


def poisson(l: Any, t: Any, log_input: bool = True, full: bool = False, eps: float = 1e-8,
            reduction: str = "mean") -> Any:
    return fm.poisson_negative_log_likelihood(l, t, log_input=log_input, full=full, epsilon=eps, reduction=reduction)


def gaussian(p: Any, t: Any, v: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> Any:
    if v.ndim < p.ndim: v = fm.expand_dims(v, axis=-1)
    shape = np.broadcast_shapes(p.shape, t.shape)
    p, t, v = (fm.broadcast_to(a, shape=shape) for a in (p, t, v))
    return fm.gaussian_negative_log_likelihood(p, t, v, full=full, epsilon=eps, reduction=reduction)


def ctc(x: Any, targets: Any, frames: Any, lengths: Any, blank: int = 0, reduction: str = "mean",
        zero_infinity: bool = False) -> Any:
    """Their (time, batch, classes) and, maybe, all targets in one row."""
    frames, lengths, targets = (np.atleast_1d(np.asarray(a)) for a in (frames, lengths, targets))
    alone = x.ndim == 2
    x = fm.expand_dims(x, axis=1) if alone else x
    if targets.ndim == 1:
        parts = np.split(targets, np.cumsum(lengths)[:-1])
        targets = np.stack([np.pad(p, (0, max(lengths) - len(p))) for p in parts])
    x = fm.log_softmax(x)                        # see peer
    y = fm.ctc_loss(fm.moveaxis(x, 0, 1), targets, frames, lengths, blank=blank, reduction=reduction,
                    zero_infinity=zero_infinity)
    return fm.reshape(y, shape=()) if alone and reduction == "none" else y


def embedding(weight: Any, ids: Any, padding_idx: Any = None, max_norm: Any = None, norm_type: float = 2.0,
              scale_grad_by_freq: bool = False,
              sparse: bool = False) -> Any:
    need(max_norm is None and not scale_grad_by_freq and not sparse, "max_norm, scale_grad_by_freq, sparse")
    need(padding_idx is None, "padding_idx=")
    return fm.embedding(np.asarray(ids), weight)


def attention(q: Any, k: Any, v: Any, attn_mask: Any = None, dropout_p: float = 0.0, is_causal: bool = False,
              scale: Any = None,
              enable_gqa: bool = False) -> Any:
    need(dropout_p == 0, "dropout_p=")
    if enable_gqa: k, v = (fm.repeat(a, q.shape[-3] // a.shape[-3], -3) for a in (k, v))
    return fm.scaled_dot_product_attention(q, k, v, attn_mask, causal=is_causal, scale=scale)


def parametric_relu(x: Any, weight: Any) -> Any:
    along = () if weight.size == 1 else tuple(-1 if i == min(1, x.ndim - 1) else 1 for i in range(x.ndim))
    return fm.where(x > 0, x, x * fm.reshape(weight, shape=along))


def gated(x: Any, dim: int = -1) -> Any:
    a, b = fm.split(x, 2, dim)
    return a * fm.sigmoid(b)


def softplus(x: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """Theirs becomes x beyond the threshold; at the default, 20, that is 2e-9 from the truth."""
    return fm.where(x * beta > threshold, x, fm.softplus(x * beta) / beta)
