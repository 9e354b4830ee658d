r"""Optimisers and clipping.

    optimizer = Adam(learning_rate=0.001, parameters=model.parameters())
    optimizer.zero_grad(); loss.backward(); optimizer.step()

Names and defaults are Keras'.  Where PyTorch has an optimiser of the same name its formula is followed to the letter:
epsilon is added outside the square root, the momentum of SGD does not contain the learning rate, and weight decay is
part of the gradient (only AdamW decouples it).  Keras' epsilon is 1e-7, PyTorch's 1e-8.

The arithmetic of one update, in place and a tile at a time, is in `kernels.updates`.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tinyfm.arguments import given
from tinyfm.engine import Tensor, applied
from tinyfm.errors import SettingError, spell
from tinyfm.kernels import updates
from tinyfm.schedules import Schedule, schedule_config, schedule_from

Array: TypeAlias = NDArray[Any]
Gradients: TypeAlias = list[Array | None]

SMALL = 1 << 12                                  # elements; larger parameters are updated one by one


class Optimizer:
    """Moves every parameter against its gradient, in place.

    learning_rate: a number, or a schedule: a function of the number of steps made so far.
    weight_decay: adds this times p to the gradient of p.
    clipvalue: bounds every element of a gradient; clipnorm: the norm of each parameter's gradient;
    global_clipnorm: the norm of all gradients as one vector.
    parameters: the tensors to move; or give them later, to `build`.

    A subclass names the arrays that it keeps for each parameter in `keeps` and writes `update(p, g, *arrays)`, which
    changes p and the arrays in place and only reads g.  `now` is the learning rate, `time` the number of this step.
    """

    keeps: tuple[str, ...] = ()
    initial: float = 0.0                         # what the arrays start as

    def __init__(self, learning_rate: float | Schedule = 0.001, *, weight_decay: float = 0.0,
                 clipvalue: float | None = None, clipnorm: float | None = None, global_clipnorm: float | None = None,
                 parameters: Sequence[Tensor] | None = None) -> None:
        for name, bound in (("clipvalue", clipvalue), ("clipnorm", clipnorm), ("global_clipnorm", global_clipnorm)):
            if bound is not None and not bound > 0: raise SettingError(f"{name} must be positive, received {bound}.")
        if isinstance(learning_rate, list) or not (callable(learning_rate) or learning_rate >= 0):
            raise SettingError(f"learning_rate is >= 0 or a schedule (tensors: parameters=), not {learning_rate}.")
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        self.clipvalue, self.clipnorm, self.global_clipnorm = clipvalue, clipnorm, global_clipnorm
        self.build(parameters or [])

    def build(self, parameters: Sequence[Tensor]) -> None:
        """Take charge of these tensors, starting anew."""
        self.parameters, self.time, self.now = list(parameters), 0, 0.0
        self.arrays = [[np.full(p.shape, self.initial, p.dtype) for _ in self.keeps] for p in self.parameters]
        self.bundle()

    def bundle(self) -> None:
        """Lay the arrays of small parameters end to end: they are updated as one, which saves most of the calls."""
        small = [i for i, p in enumerate(self.parameters) if p.size <= SMALL and p.dtype == self.parameters[0].dtype]
        self.small = small if len(small) > 2 else []
        self.ends = np.cumsum([0, *(self.parameters[i].size for i in self.small)]).tolist()
        self.flat = [end_to_end([self.arrays[i][k] for i in self.small]) for k in range(len(self.keeps)) if self.small]
        for i, start, end in zip(self.small, self.ends, self.ends[1:]):
            self.arrays[i] = [a[start:end].reshape(self.parameters[i].shape) for a in self.flat]

    def update(self, p: Array, g: Array, *arrays: Array) -> None:
        """One step of one parameter."""
        raise NotImplementedError(f"{type(self).__name__} has no update(self, p, g, *arrays).")

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return self.learning_rate(self.time) if callable(self.learning_rate) else self.learning_rate

    def zero_grad(self) -> None:
        """Forget the gradients, so that the next backward() starts from none."""
        for p in self.parameters: p.grad = None

    def step(self) -> None:
        """One update of every parameter that has a gradient."""
        if not self.parameters: raise ValueError(f"{type(self).__name__} has no parameters: give it parameters=.")
        self.now, self.time = self.rate, self.time + 1
        gradients = self.clip([p.grad for p in self.parameters])
        together = bool(self.small) and all(gradients[i] is not None for i in self.small)
        if together: self.step_together(*zip(*((self.parameters[i].data, gradients[i]) for i in self.small)))
        for i, (p, g, arrays) in enumerate(zip(self.parameters, gradients, self.arrays)):
            if g is not None and not (together and i in self.small): self.update(p.data, g, *arrays)
        for p in self.parameters: applied(p)

    def step_together(self, parameters: Sequence[Array], gradients: Sequence[Any]) -> None:
        """One update of all small parameters."""
        p = end_to_end(parameters)
        self.update(p, end_to_end(gradients), *self.flat)
        for parameter, start, end in zip(parameters, self.ends, self.ends[1:]):
            parameter[...] = p[start:end].reshape(parameter.shape)

    def clip(self, gradients: Gradients) -> Gradients:
        """The gradients within their bounds, as new arrays where a bound is set."""
        if self.clipvalue is not None: gradients = clip_by_value(gradients, self.clipvalue)
        if self.clipnorm is not None: gradients = [clip_by_global_norm([g], self.clipnorm)[0][0] for g in gradients]
        if self.global_clipnorm is not None: gradients = clip_by_global_norm(gradients, self.global_clipnorm)[0]
        return gradients

    def state_dict(self) -> dict[str, Any]:
        """Copies of what a continued training needs: the number of steps, and each parameter's arrays by its name."""
        return {"time": self.time, "arrays": {name: {key: a.copy() for key, a in zip(self.keeps, arrays)}
                                              for name, arrays in zip(self.names(), self.arrays)}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over the values of `state_dict`.  Raises ValueError where they belong to other parameters."""
        stored = state["arrays"]
        for name, p in zip(self.names(), self.parameters):
            found = {key: np.shape(a) for key, a in stored.get(name, {}).items()}
            if found != {key: p.shape for key in self.keeps}:
                wanted = {key: p.shape for key in self.keeps}
                raise ValueError(f"This state does not fit {type(self).__name__}: {name} has {found or 'nothing'}, "
                                 f"expected {wanted or 'nothing'}.")
        for name, arrays in zip(self.names(), self.arrays):
            for key, a in zip(self.keeps, arrays): a[...] = stored[name][key]
        self.time = int(state["time"])

    def names(self) -> list[str]:
        """Each parameter's name, or its number where it has none or shares it."""
        names = [p.name or str(i) for i, p in enumerate(self.parameters)]
        return [name if names.count(name) == 1 else str(i) for i, name in enumerate(names)]

    def get_config(self) -> dict[str, Any]:
        """The arguments that make the same optimiser again, fit for JSON.  Raises SettingError for what is not."""
        config = {name: value for name, value in given(self).items() if name != "parameters"}
        return config | {"learning_rate": schedule_config(self.learning_rate)}


def end_to_end(arrays: Sequence[Array]) -> Array: return np.concatenate([a.reshape(-1) for a in arrays])


class SGD(Optimizer):
    r"""p <- p - lr g;  with momentum: v <- mu v + g, p <- p - lr v;  with nesterov: p <- p - lr (g + mu v).

    Polyak 1964; Sutskever et al. 2013.
    """

    def __init__(self, learning_rate: float | Schedule = 0.01, momentum: float = 0.0, nesterov: bool = False,
                 **options: Any) -> None:
        self.momentum, self.nesterov = momentum, nesterov
        if momentum: self.keeps = ("v",)
        super().__init__(learning_rate, **options)

    def update(self, p: Array, g: Array, *arrays: Array) -> None:
        if not arrays: return updates.sgd(p, g, learning_rate=self.now, weight_decay=self.weight_decay)
        update = updates.nesterov if self.nesterov else updates.momentum
        update(p, g, *arrays, learning_rate=self.now, momentum=self.momentum, weight_decay=self.weight_decay)


class RMSprop(Optimizer):
    r"""v <- rho v + (1 - rho) g^2;  u = g / (sqrt(v) + eps);  p <- p - lr u.  Tieleman & Hinton 2012.

    momentum: b <- mu b + u, p <- p - lr b.  centered: v - m^2 in place of v, m the moving mean of g (Graves 2013).
    """

    def __init__(self, learning_rate: float | Schedule = 0.001, rho: float = 0.9, momentum: float = 0.0,
                 epsilon: float = 1e-7, centered: bool = False, **options: Any) -> None:
        self.rho, self.momentum, self.epsilon, self.centered = rho, momentum, epsilon, centered
        self.keeps = ("v", *(["b"] if momentum else []), *(["m"] if centered else []))
        super().__init__(learning_rate, **options)

    def update(self, p: Array, g: Array, *arrays: Array) -> None:
        if len(arrays) == 1:
            return updates.rmsprop(p, g, *arrays, learning_rate=self.now, rho=self.rho, epsilon=self.epsilon,
                                   weight_decay=self.weight_decay)
        kept = dict(zip(self.keeps, arrays))
        if self.weight_decay: g = g + self.weight_decay * p
        kept["v"] += (1 - self.rho) * (g * g - kept["v"])
        if self.centered: kept["m"] += (1 - self.rho) * (g - kept["m"])
        u = g / (np.sqrt(kept["v"] - kept["m"] ** 2 if self.centered else kept["v"]) + self.epsilon)
        if self.momentum:
            kept["b"] *= self.momentum
            kept["b"] += u
            u = kept["b"]
        p -= self.now * u


class Adagrad(Optimizer):
    r"""v <- v + g^2;  p <- p - lr g / (sqrt(v) + eps).  v begins as initial_accumulator_value.  Duchi et al. 2011."""

    keeps = ("v",)

    def __init__(self, learning_rate: float | Schedule = 0.001, initial_accumulator_value: float = 0.1,
                 epsilon: float = 1e-7, **options: Any) -> None:
        self.initial = self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon
        super().__init__(learning_rate, **options)

    def update(self, p: Array, g: Array, *arrays: Array) -> None:
        updates.adagrad(p, g, *arrays, learning_rate=self.now, epsilon=self.epsilon, weight_decay=self.weight_decay)


class Adam(Optimizer):
    r"""m <- b1 m + (1 - b1) g;  v <- b2 v + (1 - b2) g^2;  p <- p - lr m^ / (sqrt(v^) + eps).

    m^ = m / (1 - b1^t) and v^ = v / (1 - b2^t) undo the start at 0.  Kingma & Ba 2015, algorithm 1.
    """

    keeps = ("m", "v")
    kernel = staticmethod(updates.adam)

    def __init__(self, learning_rate: float | Schedule = 0.001, beta_1: float = 0.9, beta_2: float = 0.999,
                 epsilon: float = 1e-7, **options: Any) -> None:
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon
        super().__init__(learning_rate, **options)

    def update(self, p: Array, g: Array, *arrays: Array) -> None:
        self.kernel(p, g, *arrays, step=self.time, learning_rate=self.now, beta_1=self.beta_1, beta_2=self.beta_2,
                    epsilon=self.epsilon, weight_decay=self.weight_decay)


class AdamW(Adam):
    r"""p <- p - lr weight_decay p, then Adam, whose averages do not see it.  Loshchilov & Hutter 2019, algorithm 2."""

    kernel = staticmethod(updates.adamw)

    def __init__(self, learning_rate: float | Schedule = 0.001, weight_decay: float = 0.004, **options: Any) -> None:
        super().__init__(learning_rate, weight_decay=weight_decay, **options)


# ------------------------------------------------------------ clipping

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
