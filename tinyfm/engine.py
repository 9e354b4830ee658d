"""A differentiable NumPy: one table of ops, one graph, two walks (this one back; `forward_mode` is the other).

A Tensor is a value plus the Node that made it.  A Node is one application of an Op.
An Op is a NumPy function plus, for each argument, the rule that pulls a gradient back to it.
Arrays in, array out; Tensors in, Tensor out: so a rule written once serves training (plain
arrays, nothing recorded) and differentiates itself when it is handed Tensors.
"""
from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from operator import attrgetter, itemgetter
from typing import Any, TypeAlias
from weakref import ref

import numpy as np

from tinyfm.calls import bind, complaint
from tinyfm.errors import GraphError, ShapeError, StaleGradientWarning, spell, user_line
from tinyfm.operators import Operators, table
from tinyfm.state import no_grad as no_grad
from tinyfm.state import recording as recording
from tinyfm.state import state as state
from tinyfm.state import watching as watching

Array: TypeAlias = Any                           # an ndarray, or the NumPy scalar that a reduction leaves
Rule: TypeAlias = Callable[..., Any]
Pulled: TypeAlias = list[tuple["Node", Any]]     # what one node sends back: (parent, gradient), ...

next_order = count().__next__
FREED = ("The graph behind this {} was freed by an earlier backward(). "
         "Compute the loss again, or pass retain_graph=True to the first backward().")


class Tensor(Operators):
    """An array that remembers how it was computed.

    data: the NumPy value.  grad: what `backward` collected here (leaves only), or None.
    node: the application of an op that made it; None for a constant.
    """

    __slots__ = ("__weakref__", "_name", "data", "grad", "logits", "node")
    _name: str
    logits: Tensor                               # a layer's softmax leaves here what it was given; unset otherwise

    def __init__(self, data: Any, node: Node | None = None) -> None:
        self.data, self.node, self.grad = data, node, None

    data: Any
    node: Node | None
    grad: Array | None

    @property
    def shape(self) -> tuple[int, ...]: return self.data.shape
    @property
    def dtype(self) -> np.dtype[Any]: return self.data.dtype
    @property
    def ndim(self) -> int: return self.data.ndim
    @property
    def size(self) -> int: return self.data.size
    @property
    def requires_grad(self) -> bool: return self.node is not None
    @property
    def is_leaf(self) -> bool: return self.node is None or self.node.op is None

    @property
    def name(self) -> str | None:
        """What errors, traces and tables call this tensor; set it freely."""
        return getattr(self, "_name", None)

    @name.setter
    def name(self, value: str) -> None: self._name = value

    def numpy(self) -> Array:
        """The value as an array, sharing memory with the tensor."""
        return np.asarray(self.data)

    def item(self) -> float:
        """The only element, as a Python number."""
        if self.size != 1:
            raise ShapeError(f"item() reads a tensor of one element; this one has shape {self.shape}.")
        return self.data.item()

    def detach(self) -> Tensor:
        """The same value without its history."""
        return Tensor(self.data)

    def backward(self, gradient: Any = None, *, retain_graph: bool = False) -> None:
        """Add the gradient of this tensor to `.grad` of every leaf that it was computed from; see `backward`."""
        backward(self, gradient, retain_graph=retain_graph)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        if self.node is not None:
            raise GraphError("NumPy asked for the array of a tensor that records gradients; they would be lost. "
                             "Use the op of the same name in tinyfm, or say .detach().numpy() if you mean it.")
        return np.array(self.data, dtype, copy=copy)

    def __len__(self) -> int:
        if self.ndim == 0:
            raise TypeError("len() of a tensor of shape ()")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]: return (self[i] for i in range(len(self)))
    def __float__(self) -> float: return float(self.item())
    def __int__(self) -> int: return int(self.item())
    def __bool__(self) -> bool: return bool(self.item())
    def __index__(self) -> int: return self.data.__index__()

    def __repr__(self) -> str:
        parts = [np.array2string(np.asarray(self.data), separator=", ", prefix="tensor(")]
        if self.dtype != np.float64: parts.append(f"dtype={self.dtype}")
        if self.node is not None: parts.append(f"op={self.node.op.name}" if self.node.op else "requires_grad=True")
        return f"tensor({', '.join(parts)})"


class Node:
    """One application of an op: where its inputs came from, and the values its rules asked for by name."""

    __slots__ = ("note", "op", "order", "parents", "saved", "shape")
    note: Any                                    # a place for whoever watches; unset otherwise

    def __init__(self, op: Any, parents: Sequence[Node | None], saved: Any, shape: tuple[int, ...]) -> None:
        self.op, self.parents, self.saved, self.shape = op, parents, saved, shape
        self.order = next_order()                # creation order is a topological order

    def vjp(self, g: Any, create_graph: bool = False) -> Pulled:
        """Pull the gradient `g` of the output back to every parent: [(parent, gradient), ...]."""
        op, saved = self.op, self.saved
        if saved is None: raise GraphError(FREED.format(op.name))
        if op.joint is not None and not create_graph:
            found = op.joint(g, saved, [p is not None for p in self.parents])
            return [(p, self.fitted(d, i)) for i, (p, d) in enumerate(zip(self.parents, found))
                    if p is not None and d is not None]
        rules = op.kernels
        if create_graph: rules, saved = op.rules, self.attached()
        pulled = []
        for i, parent in enumerate(self.parents):
            if parent is not None and (rule := rules[i]) is not None:
                d = rule(g, saved)
                pulled.append((parent, d if d.shape == parent.shape else self.fitted(d, i)))
        return pulled

    def fitted(self, d: Any, i: int) -> Any:
        """The gradient of argument `i`, summed over the axes along which the argument was stretched."""
        shape = self.parents[i].shape  # type: ignore[union-attr]
        if d.shape == shape: return d
        try:
            if np.broadcast_shapes(shape, d.shape) == d.shape: return table["sum_to"](d, shape=shape)
        except ValueError: pass
        raise ShapeError(f"The rule of {self.op.name} for {self.op.args[i]} returned a gradient of shape {d.shape}; "
                         f"{self.op.args[i]} has shape {shape}. Mend that rule.")

    def attached(self) -> dict[str, Any]:
        """The saved values as Tensors still tied to the graph, so that the rules record themselves."""
        origin = dict(zip(self.op.args, self.parents), out=self)
        return {name: Tensor(v, origin[name]) if origin.get(name) is not None else v for name, v in self.saved.items()}


class Op:
    """A NumPy function and the rule that pulls a gradient back to each of its arguments.

    Positional arguments are arrays, keyword-only arguments are settings; the result is one array.
    `rules` maps an argument to (LaTeX, rule[, kernel]).  A rule takes `g`, then by name what it needs: an
    argument, only its shape or dtype (`x_shape`, `x_dtype`), the result (`out`), a setting.  Nothing else is kept.
    `kernel` is an optional NumPy twin of the rule, used when the arguments are plain arrays; `joint` one twin
    for all arguments at once: joint(g, wanted, ...) -> one gradient or None each.
    `keep` is a twin of the function for when gradients are recorded: it returns (result, what else the joint kernel
    would have to compute again), and that is what the joint kernel finds under the name `kept`; it may be None.
    kind: "elementwise" (diagonal Jacobian), "linear" (in each argument) or None; it only serves forward mode.
    """

    def __init__(self, forward: Callable[..., Any], formula: str, kind: str | None,
                 rules: Mapping[str, tuple[Any, ...]], joint: Rule | None = None,
                 keep: Callable[..., Any] | None = None) -> None:
        self.forward, self.formula, self.kind, self.keep = forward, formula, kind, keep
        self.name = self.__name__ = forward.__name__
        self.__doc__, self.__module__ = f"${formula}$\n\n{forward.__doc__ or ''}", forward.__module__
        self.__signature__ = inspect.signature(forward)
        parameters = self.__signature__.parameters.values()
        self.args = [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY]
        self.defaults = [p.default for p in parameters if p.kind is not p.KEYWORD_ONLY]
        self.arity = len(self.args)
        self.settings = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
        self.latex = {arg: rule[0] for arg, rule in rules.items()}
        self.rules = [named(rules[a][1]) if a in rules else None for a in self.args]
        self.kernels = [named(rules[a][-1]) if a in rules else None for a in self.args]
        self.joint = named(joint, skip=2) if joint else None
        self.reads: list[tuple[str, int]] | None = None
        self.facts: list[tuple[str, int, Any]] = []
        if rules: self.reads, self.facts = self.needs()

    def needs(self) -> tuple[list[tuple[str, int]], list[tuple[str, int, Any]]]:
        """What the rules name: values to keep (name, place), and shapes and dtypes to note (name, place, how)."""
        place = {name: i for i, name in enumerate([*self.args, "out"])}
        facts: dict[str, tuple[str, int, Any]] = {}
        for arg, rule, kernel in zip(self.args, self.rules, self.kernels):
            if rule is None or kernel is None: continue
            names = {*rule.needs, *kernel.needs, *(self.joint.needs if self.joint else ())} - {*self.settings, "kept"}
            if self.kind == "linear": names |= {a for a in self.args if a != arg and f"{a}_shape" not in names}
            rule.reads = sorted((n, place[n]) for n in names if n in place)
            for n in names - set(place):
                owner, _, fact = n.rpartition("_")
                facts[n] = (n, place[owner], {"shape": np.shape, "dtype": np.result_type}[fact])
        return sorted({r for rule in self.rules if rule for r in rule.reads}), list(facts.values())

    def __call__(self, *args: Any, **settings: Any) -> Any:
        if len(args) != self.arity or (settings and not settings.keys() <= self.settings.keys()):
            args, settings = bind(self, args, settings)
        values, parents, recorded, plain = [], [], False, True
        for a in args:
            if type(a) is Tensor:
                values.append(a.data); parents.append(node := a.node)
                plain = False
                if node is not None: recorded = True
            else:
                values.append(a if type(a) is not list else np.asarray(a)); parents.append(None)
        recorded = recorded and self.reads is not None and state.recording
        try:
            if self.keep is None or not recorded: out = self.forward(*values, **settings)
            else: out, kept = self.keep(*values, **settings)
        except ValueError as error:
            raise complaint(self, error, values, settings) from None
        watch = state.watch
        if watch is not None: watch.computed(self, values, settings, out)
        if plain: return out
        if not recorded: return Tensor(out)
        values.append(out)
        saved = {}
        for parent, rule in zip(parents, self.rules):
            if parent is not None and rule is not None:
                for name, i in rule.reads: saved[name] = values[i]
        if self.facts: saved.update([(name, fact(values[i])) for name, i, fact in self.facts])
        if self.settings: saved.update(self.settings | settings)
        if self.keep is not None: saved["kept"] = kept
        node = Node(self, parents, saved, out.shape)
        if watch is not None: watch.recorded(node, values)
        return Tensor(out, node)

    def __repr__(self) -> str: return f"<op {self.name}{self.__signature__}: {self.formula}>"


def named(rule: Rule, skip: int = 1) -> Any:
    """Turn rule(g, x, out, axis) into rule(g, saved), reading its parameter names once."""
    needs = list(inspect.signature(rule).parameters)[skip:]
    call: Any
    if skip == 2: call = lambda g, saved, wanted: rule(g, wanted, *[saved.get(n) for n in needs])
    elif not needs: call = lambda g, saved: rule(g)
    elif len(needs) == 1: call = lambda g, saved, only=needs[0]: rule(g, saved[only])
    else: call = lambda g, saved, pick=itemgetter(*needs): rule(g, *pick(saved))
    call.needs, call.rule = needs, rule
    return call


def op(formula: str, kind: str | None = None, *, joint: Rule | None = None, keep: Callable[..., Any] | None = None,
       **rules: tuple[Any, ...]) -> Callable[..., Op]:
    """Enter a NumPy function into the table: its formula, its kind, and (LaTeX, rule[, kernel]) for each argument."""
    def enter(forward: Callable[..., Any]) -> Op:
        table[forward.__name__] = entry = Op(forward, formula, kind, rules, joint, keep)
        return entry
    return enter


def tensor(data: Any, *, requires_grad: bool = False, dtype: Any = None, name: str | None = None) -> Tensor:
    """A tensor holding a copy of `data`; with requires_grad=True a leaf that collects a gradient.

    Python floats become float64, as in NumPy.  TypeError: an integer or boolean tensor cannot require a gradient.
    """
    array = np.array(data.data if type(data) is Tensor else data, dtype=dtype)
    return leaf(array, name) if requires_grad else named_tensor(Tensor(array), name)


def leaf(array: Array, name: str | None = None) -> Tensor:
    """A tensor around this very array (no copy) that collects a gradient."""
    if array.dtype.kind != "f":
        raise TypeError(f"A tensor that requires a gradient must be floating; received {array.dtype}. Derivatives of "
                        f"integers do not exist: write 1.0 for 1, or tensor(data, dtype=float, requires_grad=True).")
    t = Tensor(array)
    t.node = Node(None, (), ref(t), array.shape)
    return named_tensor(t, name)


def named_tensor(t: Tensor, name: str | None) -> Tensor:
    if name is not None: t.name = name
    return t


# ------------------------------------------------------------ the walk back

def history(root: Node, since: int = -1) -> list[Node]:
    """Every node that `root` was computed from, oldest first; none that was made before `since`."""
    seen, nodes = {root}, [root]
    for node in nodes:
        for p in node.parents:
            if p is not None and p not in seen and p.order >= since:
                seen.add(p); nodes.append(p)
    return sorted(nodes, key=attrgetter("order"))


def steps(root: Node, g: Any, create_graph: bool = False, since: int = -1) -> Iterator[tuple[Node, Any, Pulled]]:
    """The backward pass, one node at a time: yield (node, g, [(parent, gradient), ...])."""
    grads, nodes, watch = {root: g}, history(root, since), state.watch
    while nodes:
        node = nodes.pop()
        if node not in grads: continue           # reached only through an argument that has no rule
        g = grads.pop(node)
        pulled = node.vjp(g, create_graph) if node.op else []
        if watch is not None: watch.stepped(node, g, pulled)
        for parent, d in pulled:
            grads[parent] = grads[parent] + d if parent in grads else d
        yield node, g, pulled


def seed(t: Tensor, g: Any) -> Any:
    """The gradient that a walk starts from: ones in the dtype of `t`, or `g` checked against it."""
    if type(t) is not Tensor or t.node is None:
        raise GraphError(f"{spell(t)} records no gradient: it was computed from constants only, or under no_grad(). "
                         "Make an input with tensor(..., requires_grad=True).")
    if g is None:
        return np.ones(t.shape, t.dtype)
    if np.shape(g.data if type(g) is Tensor else g) != t.shape:
        raise ShapeError(f"A gradient of shape {np.shape(g)} does not fit an output of shape {t.shape}.")
    return g if type(g) is Tensor else np.asarray(g, t.dtype)


def backward(t: Tensor, g: Any = None, *, retain_graph: bool = False) -> None:
    """Add the gradient of `t` to `.grad` of every leaf, as plain arrays, freeing the graph on the way.

    g: the gradient of `t` itself; may be left out when `t` has one element.  No returned array shares memory with
    another, with `g` or with a value of the graph.
    """
    if g is None and t.size != 1 and t.node is not None:
        raise ShapeError(f"backward() of a tensor of shape {t.shape}: which element? Reduce it to one number first "
                         "(.sum() or .mean()), or pass the gradient that comes from above: backward(gradient).")
    start = seed(t, g)
    given = {id(start)}
    for node, g, _ in steps(t.node, start):  # type: ignore[arg-type]
        if node.op is None:
            if (target := node.saved()) is not None:
                add_to_leaf(target, g, given)
        elif not retain_graph:
            node.saved, node.parents = None, ()


def add_to_leaf(target: Tensor, g: Array, given: set[int]) -> None:
    """Add `g` to the leaf's gradient, copying where someone else holds the same memory."""
    if target.grad is None:
        target.grad = own(g, target.dtype, given)
        return
    if getattr(target.node, "note", None) is target.grad:
        warnings.warn(f"backward() adds to the gradient of {target.name or 'a parameter'}, with which step() has "
                      f"already moved it: call zero_grad() before backward().  At {user_line()}",
                      StaleGradientWarning, stacklevel=2)
    target.grad = target.grad + g.astype(target.dtype, copy=False)


def applied(t: Tensor) -> None:
    """An optimiser has used the gradient of this leaf; backward() warns of adding to it."""
    if t.node is not None: t.node.note = t.grad


def own(g: Any, dtype: Any, given: set[int]) -> Array:
    """`g` itself when nobody else holds its memory, else a copy."""
    shared = not isinstance(g, np.ndarray) or g.base is not None or id(g) in given or not g.flags.writeable
    g = np.array(g, dtype) if shared or g.dtype != dtype else g
    given.add(id(g))
    return g


def gradients(t: Tensor, wrt: Sequence[Tensor], g: Any = None, create_graph: bool = False) -> list[Any]:
    """Gradients of `t` with respect to each of `wrt`, as arrays; as differentiable Tensors with create_graph.

    The graph is kept.  A tensor that `t` does not depend on gets zeros.
    """
    start = seed(t, g)
    if create_graph and type(start) is not Tensor: start = Tensor(start)
    targets = {w.node for w in wrt if w.node is not None}
    since = min((node.order for node in targets), default=0)      # what is older depends on none of them
    with recording(create_graph):
        walk = steps(t.node, start, create_graph, since)  # type: ignore[arg-type]
        found = {node: d for node, d, _ in walk if node in targets}
    given = {id(start)}
    return [finish(w, found.get(w.node), create_graph, given) for w in wrt]  # type: ignore[arg-type]


def finish(w: Tensor, d: Any, create_graph: bool, given: set[int]) -> Any:
    """One gradient as it is handed out: in the dtype of `w`, its own memory, zeros where nothing arrived."""
    if d is None: d = np.zeros(w.shape, w.dtype)
    if create_graph:
        d = d if type(d) is Tensor else Tensor(d)
        return d if d.dtype == w.dtype else table["astype"](d, dtype=w.dtype)
    return own(d.data if type(d) is Tensor else d, w.dtype, given)
