"""tinyfm: a pure-NumPy engine in which you can see every gradient.

Read it in an afternoon, in this order: engine -> ops/elementwise -> ops/linear -> nn/module -> nn/layers -> optim ->
train -> models/digits.
"""
from tinyfm import ops
from tinyfm.calculus import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from tinyfm.debug import debug
from tinyfm.engine import Tensor, backward, gradients, no_grad, pushforward, tensor
from tinyfm.ops import *  # noqa: F403

__version__ = "0.1.0"
__all__ = [*ops.__all__, "Tensor", "backward", "debug", "grad", "gradients", "hessian", "hvp", "jacobian", "jvp", "no_grad",
           "pushforward", "tensor", "value_and_grad", "vjp"]
