"""CTC: the cost of a text for a sequence of frames when nobody says which frame belongs to which letter."""
from __future__ import annotations

from typing import Any

import numpy as np

from tinyfm.engine import Array, Tensor
from tinyfm.errors import SettingError, ShapeError, spell
from tinyfm.kernels import alignment as kernels
from tinyfm.ops.compare import isinf
from tinyfm.ops.composite import fused
from tinyfm.ops.elementwise import where
from tinyfm.ops.losses import reduced
from tinyfm.ops.reduce import logsumexp
from tinyfm.ops.shape import getitem, pad_constant, stack, take_along_axis


def ctc_by_steps(log_probabilities: Any, targets: Any, frames: Any, lengths: Any, *, blank: int) -> Any:
    """The forward recursion by ops: alpha'[s] = emit[s] + ln sum e^alpha over s, s - 1 and, past a blank, s - 2."""
    walk, skip = kernels.with_blanks(targets, blank)
    batch, time = log_probabilities.shape[:2]
    emit = take_along_axis(log_probabilities, np.broadcast_to(walk[:, None], (batch, time, walk.shape[1])), axis=2)
    alpha: Any = np.full(walk.shape, -np.inf, log_probabilities.dtype)
    alpha[:, 0] = 0
    for t in range(time):
        paths = [alpha, late(alpha, 1), where(skip, late(alpha, 2), -np.inf)]
        step = logsumexp(stack(paths, -1), axis=-1) + getitem(emit, index=(slice(None), t))
        alpha = where((t < frames)[:, None], step, alpha)
    return -logsumexp(where(np.isfinite(kernels.ends(walk, lengths, alpha.dtype)), alpha, -np.inf), axis=-1)


def late(a: Any, by: int) -> Any:
    """a[s - by], -inf where nothing is."""
    kept = getitem(a, index=(slice(None), slice(0, max(a.shape[1] - by, 0))))
    return pad_constant(kept, widths=((0, 0), (a.shape[1] - kept.shape[1], 0)), value=-np.inf)


@fused(r"y = -\ln \sum_{\pi \to t} \prod_i p_{i, \pi_i}", ctc_by_steps, wrt=["log_probabilities"],
       joint=lambda g, wanted, log_probabilities, targets, frames, lengths, blank, out:
       [kernels.ctc_gradient(g, log_probabilities, targets, frames, lengths, blank, out), None, None, None])
def ctc_cost(log_probabilities: Array, targets: Array, frames: Array, lengths: Array, *, blank: int) -> Array:
    """Minus the log probability of each text, summed over its alignments pi: (batch,); inf where there is none."""
    return kernels.ctc(log_probabilities, targets, frames, lengths, blank)


def ctc_loss(log_probabilities: Any, targets: Any, input_lengths: Any = None, target_lengths: Any = None, *,
             blank: int = 0, zero_infinity: bool = False, reduction: str = "mean") -> Any:
    """-ln p(text | frames), summed over all alignments in log space.  Graves et al. 2006.

    log_probabilities: (batch, time, classes), from log_softmax; targets: (batch, longest), integers, padded at will;
    input_lengths, target_lengths: (batch,), full by default.  A text that cannot be aligned (too few frames) costs inf
    and has gradient 0; with zero_infinity it costs 0.  "mean" first divides each cost by its text's length.
    """
    shape = log_probabilities.shape
    targets = np.asarray(targets.data if isinstance(targets, Tensor) else targets)
    if len(shape) != 3 or targets.ndim != 2 or len(targets) != shape[0]:
        raise ShapeError(f"ctc_loss: expected log_probabilities (batch, time, classes) and targets (batch, longest); "
                         f"received {shape} and {targets.shape}.")
    frames = lengths_of("input_lengths", input_lengths, shape[0], shape[1])
    lengths = lengths_of("target_lengths", target_lengths, shape[0], targets.shape[1])
    inside = np.arange(targets.shape[1]) < lengths[:, None]
    if not 0 <= blank < shape[2]:
        raise SettingError(f"ctc_loss: blank must be one of the {shape[2]} classes; received {blank}.")
    if np.any(inside & ((targets < 0) | (targets >= shape[2]) | (targets == blank))):
        raise ShapeError(f"ctc_loss: targets must be classes 0 ... {shape[2] - 1} other than the blank, {blank}.")
    losses = ctc_cost(log_probabilities, np.where(inside, targets, blank), frames, lengths, blank=blank)
    if zero_infinity: losses = where(isinf(losses), 0.0, losses)
    if reduction == "mean": losses = losses / np.maximum(lengths, 1).astype(losses.dtype)
    return reduced(losses, reduction)


def lengths_of(name: str, lengths: Any, batch: int, longest: int) -> Array:
    if lengths is None: return np.full(batch, longest)
    found = np.asarray(lengths.data if isinstance(lengths, Tensor) else lengths)
    if found.shape != (batch,) or found.dtype.kind not in "iu" or np.any((found < 0) | (found > longest)):
        raise ShapeError(f"ctc_loss: {name} must be {batch} integers in 0 ... {longest}; received {spell(found)}.")
    return found
