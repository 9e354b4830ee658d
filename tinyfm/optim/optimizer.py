r"""How a gradient becomes a step: what all optimisers do, SGD, Adam and AdamW.

    optimizer = Adam(learning_rate=0.001, parameters=model.parameters())
    optimizer.zero_grad(); loss.backward(); optimizer.step()

Names and defaults are Keras'.  Where PyTorch has an optimiser of the same name its formula is followed to the letter:
epsilon is added outside the square root, the momentum of SGD does not contain the learning rate, and weight decay is
part of the gradient (only AdamW decouples it).  Keras' epsilon is 1e-7, PyTorch's 1e-8.

The arithmetic of one update, in place and a tile at a time, is in `kernels.updates`.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tinyfm.arguments import given
from tinyfm.engine import Tensor, applied
from tinyfm.errors import SettingError
from tinyfm.kernels import updates
from tinyfm.optim.clipping import Array, Gradients, clip_by_global_norm, clip_by_value
from tinyfm.schedules import Schedule, schedule_config

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
