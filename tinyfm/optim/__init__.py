"""Optimisers by name.  `optimizer` is to be read first: the step, SGD, Adam; `adaptive`: RMSprop, Adagrad."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tinyfm.errors import SettingError, spell
from tinyfm.optim.adaptive import Adagrad, RMSprop
from tinyfm.optim.clipping import clip_by_global_norm, clip_by_value
from tinyfm.optim.optimizer import SGD, Adam, AdamW, Optimizer
from tinyfm.schedules import schedule_from

__all__ = ["SGD", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSprop", "clip_by_global_norm", "clip_by_value", "config",
           "get"]

NAMED: dict[str, Callable[..., Optimizer]] = {
    "sgd": SGD, "rmsprop": RMSprop, "adagrad": Adagrad, "adam": Adam, "adamw": AdamW,
}


def config(optimizer: Optimizer) -> dict[str, Any]:
    """What `get` makes the same optimiser of.  Raises SettingError for a class or a schedule of your own."""
    if type(optimizer) not in NAMED.values():
        raise SettingError(f"An optimiser of your own, {type(optimizer).__name__}, cannot be written into a file.")
    return {"class": type(optimizer).__name__, **optimizer.get_config()}


def get(optimizer: str | Optimizer | Mapping[str, Any]) -> Optimizer:
    """The optimiser of that name with its defaults, or as {"class": ..., **config} describes it, or as it is."""
    if isinstance(optimizer, Optimizer): return optimizer
    if isinstance(optimizer, Mapping):
        return NAMED[optimizer["class"].lower()](**{k: schedule_from(v) for k, v in optimizer.items() if k != "class"})
    if isinstance(optimizer, str) and optimizer.lower() in NAMED: return NAMED[optimizer.lower()]()
    raise SettingError(f"No optimizer is called {spell(optimizer)}; there are {', '.join(NAMED)}. "
                       "For another learning rate pass one: Adam(learning_rate=0.01).")
