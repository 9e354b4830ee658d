"""Derivatives of functions: grad, value_and_grad, vjp, jvp, jacobian, hessian, hvp.

Each takes a function of arrays (or of tuples, lists and dicts of arrays) that is written with tinyfm's ops, and nests
freely: a derivative is again such a function.  Arrays in, arrays out; inside another derivative, Tensors out.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from tinyfm.engine import Tensor, gradients, history, leaf, recording, state
from tinyfm.errors import ShapeError
from tinyfm.forward_mode import pushforward
from tinyfm.ops import identity, permute_dims, reshape, stack
from tinyfm.ops import sum as total

Tree = Any                                       # an array, or a tuple, list or dict of trees
Argnums = int | tuple[int, ...]


# ------------------------------------------------------------ trees of arrays

def leaves(tree: Tree) -> list[Any]:
    """The arrays of a tree, in order; dicts by key."""
    if isinstance(tree, dict): return [x for k in sorted(tree) for x in leaves(tree[k])]
    if isinstance(tree, tuple | list): return [x for branch in tree for x in leaves(branch)]
    return [tree]


def rebuild(tree: Tree, values: Iterator[Any]) -> Tree:
    """A tree of the same form with the values in place of its arrays."""
    if isinstance(tree, dict): return {k: rebuild(tree[k], values) for k in sorted(tree)}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"): return type(tree)(*[rebuild(b, values) for b in tree])
    if isinstance(tree, tuple | list): return type(tree)([rebuild(branch, values) for branch in tree])
    return next(values)


def lift(x: Any) -> Tensor:
    """A fresh node for an input, so that a derivative asks for this use of it and not for any other."""
    if type(x) is not Tensor: return leaf(np.asarray(x))
    return identity(x) if x.node is not None else leaf(x.data)


def as_tensor(y: Any) -> Tensor: return y if type(y) is Tensor else Tensor(np.asarray(y))


class Run:
    """One call of f on lifted inputs: what went in (`inputs`), what came out (`value`, its leaves as `outputs`)."""

    def __init__(self, f: Callable[..., Any], args: Sequence[Tree], argnums: Sequence[int],
                 settings: dict[str, Any]) -> None:
        for i in argnums:
            if not -len(args) <= i < len(args):
                raise TypeError(f"argnums names argument {i}; the function received {len(args)} positional arguments.")
        chosen = [args[i] for i in argnums]
        self.trees, self.wrapped = chosen, any(type(x) is Tensor for x in leaves(list(args)))
        with recording(True):
            self.inputs = [lift(x) for x in leaves(chosen)]
            fresh = iter(self.inputs)
            lifted = {i % len(args): rebuild(tree, fresh) for i, tree in zip(argnums, chosen)}
            self.value = f(*[lifted.get(i, a) for i, a in enumerate(args)], **settings)
        self.outputs = [as_tensor(y) for y in leaves(self.value)]
        self.nested = state.recording and any(self.reaches_out(y) for y in self.outputs)

    def reaches_out(self, y: Tensor) -> bool:
        """Does y also depend on tensors from outside, so that an outer derivative may want to pass?"""
        since = min((x.node.order for x in self.inputs if x.node), default=0)
        run = history(y.node, since) if y.node is not None else []
        return any(p is not None and p.order < since for node in run for p in node.parents)

    def hand_out(self, y: Any) -> Any:
        """A result: a Tensor when an outer derivative or the caller works with Tensors, else an array."""
        if self.nested or self.wrapped: return as_tensor(y) if self.nested else Tensor(as_tensor(y).data)
        return y.data if type(y) is Tensor else y

    def finished(self) -> Tree: return rebuild(self.value, iter([self.hand_out(y) for y in self.outputs]))

    def pull(self, cotangents: Sequence[Any]) -> list[Any]:
        """sum_k J_k' g_k for every input, over the outputs k."""
        nested = self.nested or (state.recording and any(type(g) is Tensor and g.node is not None for g in cotangents))
        pairs = [(y, g) for y, g in zip(self.outputs, cotangents) if y.node is not None]
        if not pairs: return [self.hand_out(np.zeros(x.shape, x.dtype)) for x in self.inputs]
        y, g = pairs[0]
        if len(pairs) > 1:
            with recording(True): y, g = sum((total(y * g) for y, g in pairs[1:]), total(y * g)), None
        return [d if nested else self.hand_out(d) for d in gradients(y, self.inputs, g, create_graph=nested)]

    def one_number(self, name: str) -> Tensor:
        if len(self.outputs) != 1 or self.outputs[0].size != 1:
            raise ShapeError(f"{name} needs a function that returns one number; it returned "
                             f"{[y.shape for y in self.outputs]}. Reduce it (.sum(), .mean()), or use jacobian or vjp.")
        return self.outputs[0]


def positions(argnums: Argnums) -> tuple[int, ...]: return (argnums,) if isinstance(argnums, int) else tuple(argnums)


def shaped(run: Run, found: Sequence[Any], argnums: Argnums) -> Tree:
    """Gradients in the form of the arguments: one tree, or a tuple of trees when argnums is a tuple."""
    values = iter(found)
    trees = tuple(rebuild(tree, values) for tree in run.trees)
    return trees[0] if isinstance(argnums, int) else trees


# ------------------------------------------------------------ first order

def value_and_grad(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., tuple[Any, Tree]]:
    """x -> (f(x), grad f(x)) in one run; f returns one number."""
    def both(*args: Tree, **settings: Any) -> tuple[Any, Tree]:
        run = Run(f, args, positions(argnums), settings)
        y = run.one_number("grad")
        return run.hand_out(y), shaped(run, run.pull([np.ones(y.shape, y.dtype)]), argnums)
    return both


def grad(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Tree]:
    """x -> gradient of f at x, in the form of the argument `argnums` (a tuple of them when argnums is one)."""
    return lambda *args, **settings: value_and_grad(f, argnums)(*args, **settings)[1]


def vjp(f: Callable[..., Any], *args: Tree) -> tuple[Tree, Callable[[Tree], tuple[Tree, ...]]]:
    """f(args) and the function g -> J'g, which pulls a gradient of the output back to every argument."""
    run = Run(f, args, range(len(args)), {})
    def pull(g: Tree) -> tuple[Tree, ...]:
        given = leaves(g)
        check_shapes("vjp", "gradient", given, run.outputs)
        return tuple(shaped(run, run.pull(given), tuple(range(len(args)))))
    return run.finished(), pull


def jvp(f: Callable[..., Any], args: Sequence[Tree], tangents: Sequence[Tree]) -> tuple[Tree, Tree]:
    """f(args) and J v, the change of the output when the arguments move along the tangents."""
    run, v = Run(f, args, range(len(args)), {}), leaves(list(tangents))
    check_shapes("jvp", "tangent", v, run.inputs)
    return run.finished(), push(run, v)


def push(run: Run, v: Sequence[Any]) -> Tree:
    """J v for every output of a run."""
    nested = run.nested or (state.recording and any(type(t) is Tensor and t.node is not None for t in v))
    flow = dict(zip(run.inputs, [t if nested or type(t) is not Tensor else t.data for t in v]))
    out = [pushforward(y, flow, create_graph=nested) for y in run.outputs]
    return rebuild(run.value, iter([d if nested else run.hand_out(d) for d in out]))


def check_shapes(verb: str, what: str, given: Sequence[Any], wanted: Sequence[Tensor]) -> None:
    shapes = [np.shape(v.data if type(v) is Tensor else v) for v in given]
    if shapes != [w.shape for w in wanted]:
        raise ShapeError(f"{verb}: received a {what} of shapes {shapes}; expected {[w.shape for w in wanted]}.")


# ------------------------------------------------------------ whole matrices, second order

def jacobian(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Tree]:
    """x -> all d y_i / d x_j, of shape y.shape + x.shape, for every pair of arrays in output and argument.

    Row by row with vjp, or column by column with jvp where there are fewer columns.
    """
    def matrix(*args: Tree, **settings: Any) -> Tree:
        run = Run(f, args, (argnums,), settings)
        found = [block(run, y, x) for y in run.outputs for x in run.inputs]
        inside = iter(found)
        return rebuild(run.value, iter([rebuild(run.trees[0], inside) for _ in run.outputs]))
    return matrix


def block(run: Run, y: Tensor, x: Tensor) -> Any:
    """d y / d x as one array."""
    if y.node is None or x.size == 0 or y.size == 0:
        return run.hand_out(np.zeros(y.shape + x.shape, np.result_type(y.dtype, x.dtype)))
    if y.size <= x.size:
        rows = [gradients(y, [x], e, create_graph=run.nested)[0] for e in basis(y)]
        return run.hand_out(reshape(stack(rows), shape=y.shape + x.shape))
    columns = [pushforward(y, {x: e}, create_graph=run.nested) for e in basis(x)]
    order = (*range(1, y.ndim + 1), 0)
    return run.hand_out(reshape(permute_dims(stack(columns), axes=order), shape=y.shape + x.shape))


def basis(t: Tensor) -> Iterator[Any]:
    """The unit arrays of the shape of t: 1 at one place, 0 elsewhere."""
    for i in range(t.size):
        e = np.zeros(t.size, t.dtype)
        e[i] = 1
        yield e.reshape(t.shape)


def hessian(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Tree]:
    """x -> all second derivatives of a function that returns one number, of shape x.shape + x.shape."""
    return jacobian(grad(f, argnums), argnums)


def hvp(f: Callable[..., Any], x: Tree, v: Tree) -> Tree:
    """H(x) v without H: the derivative of the gradient along v, forward over reverse.  Pearlmutter 1994."""
    return jvp(grad(f), (x,), (v,))[1]

