"""tinyfm: a pure-NumPy engine in which you can see every gradient.

Read it in an afternoon, in this order: engine -> ops/elementwise -> ops/linear -> nn/module -> nn/layers ->
optim/optimizer -> train/loop -> models/digits.
"""
from importlib import import_module
from typing import TYPE_CHECKING, Any

from tinyfm import ops
from tinyfm.calculus import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from tinyfm.debug import debug
from tinyfm.elsewhere import missing
from tinyfm.engine import Tensor, backward, gradients, no_grad, tensor
from tinyfm.forward_mode import pushforward
from tinyfm.ops import *  # noqa: F403

if TYPE_CHECKING:
    from tinyfm.gradcheck import check_backward, check_bellman, check_gradients, check_policy, check_rule
    from tinyfm.models.choose import choose
    from tinyfm.tracing import trace

__version__ = "0.1.0"
CHECKS = ["check_backward", "check_bellman", "check_gradients", "check_policy", "check_rule"]
LATE = {"choose": "tinyfm.models.choose", "trace": "tinyfm.tracing"} | dict.fromkeys(CHECKS, "tinyfm.gradcheck")
ROOMS = {"checkpoint", "data", "gradcheck", "metrics", "models", "nn", "optim", "plot", "reference", "rl", "schedules",
         "tracing", "train"}
__all__ = [*ops.__all__, "Tensor", "backward", "check_backward", "check_bellman", "check_gradients", "check_policy",
           "check_rule", "choose", "debug", "grad", "gradients", "hessian", "hvp", "jacobian", "jvp", "no_grad",
           "pushforward", "tensor", "trace", "value_and_grad", "vjp"]


def __getattr__(name: str) -> Any:
    """What is above the core is loaded on first use, so that `import tinyfm` stays close to `import numpy`."""
    if name in ROOMS: return import_module(f"tinyfm.{name}")
    if name in LATE: return getattr(import_module(LATE[name]), name)
    raise missing("module 'tinyfm'", name)
