r"""Schedules: the learning rate as a function of the number of steps made so far.

    optimizer = Adam(CosineDecay(0.0, decay_steps=1900, warmup_target=0.001, warmup_steps=100))

Names and formulas are Keras'; a schedule of your own is any function of the step.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import cos, pi
from typing import Any, TypeAlias

from tinyfm.errors import SettingError, spell

Schedule: TypeAlias = Callable[[int], float]     # steps made so far -> the learning rate of the next one


@dataclass(frozen=True)
class ExponentialDecay:
    """lr r^(t / n), r = decay_rate, n = decay_steps; with staircase t / n is rounded down."""

    initial_learning_rate: float
    decay_steps: int
    decay_rate: float
    staircase: bool = False

    def __call__(self, step: int) -> float:
        power = step // self.decay_steps if self.staircase else step / self.decay_steps
        return self.initial_learning_rate * self.decay_rate ** power


@dataclass(frozen=True)
class StepDecay:
    """lr times `factor` after every `every` steps."""

    initial_learning_rate: float
    every: int
    factor: float = 0.1

    def __call__(self, step: int) -> float: return self.initial_learning_rate * self.factor ** (step // self.every)


@dataclass(frozen=True)
class PiecewiseConstantDecay:
    """values[0] up to and including step boundaries[0], then values[1], and so on."""

    boundaries: Sequence[int]
    values: Sequence[float]

    def __post_init__(self) -> None:
        if len(self.values) != len(self.boundaries) + 1:
            raise SettingError(f"{len(self.boundaries)} boundaries part {len(self.boundaries) + 1} values, "
                               f"received {len(self.values)}.")

    def __call__(self, step: int) -> float: return self.values[sum(step > b for b in self.boundaries)]


@dataclass(frozen=True)
class CosineDecay:
    """Half a cosine from lr down to alpha lr in decay_steps, then level.  Loshchilov & Hutter 2017.

    warmup_target, warmup_steps: before it, a straight line from lr to this peak, from which the cosine then starts.
    """

    initial_learning_rate: float
    decay_steps: int
    alpha: float = 0.0
    warmup_target: float | None = None
    warmup_steps: int = 0

    def __call__(self, step: int) -> float:
        start, peak = self.initial_learning_rate, self.warmup_target
        if peak is None: return start * half_cosine(step / self.decay_steps, self.alpha)
        if step < self.warmup_steps: return start + (peak - start) * step / self.warmup_steps
        return peak * half_cosine((step - self.warmup_steps) / self.decay_steps, self.alpha)


@dataclass(frozen=True)
class CosineDecayRestarts:
    """Cosines one after the other, each t_mul times as long and m_mul times as high.  Loshchilov & Hutter 2017."""

    initial_learning_rate: float
    first_decay_steps: int
    t_mul: float = 2.0
    m_mul: float = 1.0
    alpha: float = 0.0

    def __call__(self, step: int) -> float:
        since, length, height = float(step), float(self.first_decay_steps), self.initial_learning_rate
        while since >= length: since, length, height = since - length, length * self.t_mul, height * self.m_mul
        return height * half_cosine(since / length, self.alpha)


@dataclass(frozen=True)
class LinearWarmup:
    """Up to `after` along a straight line in warmup_steps, then `after`: a number or another schedule.

    Goyal et al. 2017.
    """

    warmup_steps: int
    after: float | Schedule

    def __call__(self, step: int) -> float:
        peak = self.after(max(step - self.warmup_steps, 0)) if callable(self.after) else self.after
        return peak * min(1.0, (step + 1) / (self.warmup_steps + 1))


def half_cosine(progress: float, floor: float) -> float:
    """From 1 at progress 0 down to the floor at 1 and after."""
    return floor + (1 - floor) * 0.5 * (1 + cos(pi * min(progress, 1.0)))


SCHEDULES: dict[str, Any] = {c.__name__: c for c in (
    ExponentialDecay, StepDecay, PiecewiseConstantDecay, CosineDecay, CosineDecayRestarts, LinearWarmup)}


def schedule_config(rate: Any) -> Any:
    """A learning rate as JSON can hold it: the number, or the schedule's class with its numbers."""
    if type(rate) in SCHEDULES.values():
        return {"class": type(rate).__name__, **{k: schedule_config(v) for k, v in vars(rate).items()}}
    if callable(rate): raise SettingError(f"A schedule of your own, {spell(rate)}, cannot be written into a file.")
    return rate


def schedule_from(config: Any) -> Any:
    """Undo `schedule_config`."""
    if not isinstance(config, dict): return config
    return SCHEDULES[config["class"]](**{k: schedule_from(v) for k, v in config.items() if k != "class"})
