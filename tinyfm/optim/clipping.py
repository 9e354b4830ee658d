"""Gradients within bounds: each element, or the norm of all together."""
from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tinyfm.errors import SettingError

Array: TypeAlias = NDArray[Any]
Gradients: TypeAlias = list[Array | None]


def clip_by_value(gradients: Gradients, bound: float) -> Gradients:
    """Every element within -bound ... bound, as new arrays."""
    return [None if g is None else np.clip(g, -bound, bound) for g in gradients]


def clip_by_global_norm(gradients: Gradients, max_norm: float) -> tuple[Gradients, float]:
    """Scale all gradients by min(1, max_norm / ||g||), g being all of them as one vector.

    Returns new arrays, and the norm before.  Raises SettingError if max_norm <= 0.  Pascanu et al. 2013, section 3.2.
    """
    if not max_norm > 0: raise SettingError(f"max_norm must be positive, received {max_norm}.")
    norm = float(np.sqrt(sum(float(np.vdot(g, g)) for g in gradients if g is not None)))
    scale = max_norm / norm if norm > max_norm else 1.0
    return [None if g is None else g * scale for g in gradients], norm
