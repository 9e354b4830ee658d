"""The laws that every derivative obeys, as functions of an op, its arrays and its settings.

Truth comes from outside: central differences in float64 at three step sizes, extrapolated (Romberg), along a random
direction.  Where they disagree among themselves, or the second difference does not vanish like h^2, the function has a
kink (or a pole) there, and the difference says nothing: that element is left out.  Everything else must agree to
|a - n| <= 1e-6 |n| + 1e-9, written so that NaN fails.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from tinyfm.engine import Op, Tensor, gradients, leaf
from tinyfm.forward_mode import pushforward

STEP, RTOL, ATOL = 5e-4, 1e-6, 1e-9
Function = Callable[..., Any]


# ------------------------------------------------------------ the arguments and their derivatives

def floating(arrays: Sequence[Any]) -> list[int]:
    return [i for i, a in enumerate(arrays) if isinstance(a, np.ndarray) and a.dtype.kind == "f"]


def lifted(arrays: Sequence[Any]) -> tuple[list[Any], list[Tensor]]:
    """The arguments with every floating array as a leaf, and those leaves."""
    args = [leaf(a) if i in floating(arrays) else a for i, a in enumerate(arrays)]
    return args, [a for a in args if type(a) is Tensor]


def inner(us: Sequence[Any], vs: Sequence[Any]) -> float:
    return float(sum(np.sum(np.asarray(u) * np.asarray(v)) for u, v in zip(us, vs)))


def moved(arrays: Sequence[Any], leaves: Sequence[np.ndarray], step: float) -> list[Any]:
    at = iter(leaves)
    return [np.asarray(a + step * next(at)) if i in floating(arrays) else a for i, a in enumerate(arrays)]


def normals(rng: np.random.Generator, likes: Sequence[Any]) -> list[np.ndarray]:
    return [np.asarray(rng.standard_normal(a.shape)) for a in likes]


# ------------------------------------------------------------ truth from outside

class Difference(NamedTuple):
    """A numeric derivative, and where it can be trusted."""

    value: np.ndarray
    sure: np.ndarray


def tolerance(n: Any) -> Any: return RTOL * np.abs(n) + ATOL


def difference(f: Function, arrays: Sequence[Any], v: Sequence[np.ndarray], step: float = STEP) -> Difference:
    """The derivative of f along v by Romberg's extrapolation of central differences at h, 2h and 4h: error O(h^6)."""
    with np.errstate(all="ignore"):
        at = {k: np.asarray(f(*moved(arrays, v, k * step)), float) for k in (-4, -2, -1, 0, 1, 2, 4)}
        slope = {k: (at[k] - at[-k]) / (2 * k * step) for k in (1, 2, 4)}
        bend = {k: (at[k] - 2 * at[0] + at[-k]) / (k * step) for k in (1, 2)}    # C h if smooth, the jump of f' if not
        fine, coarse = (4 * slope[1] - slope[2]) / 3, (4 * slope[2] - slope[4]) / 3
        n = (16 * fine - coarse) / 15
        settled = np.abs(n - fine) <= tolerance(n)
        smooth = np.abs(2 * bend[1] - bend[2]) <= tolerance(n) + 1e-6 * np.abs(slope[1])
    return Difference(n, settled & smooth)


def directional(f: Function, arrays: Sequence[Any], v: Sequence[np.ndarray]) -> np.ndarray:
    return difference(f, arrays, v).value


def close(a: Any, n: Any, sure: Any = True) -> bool:
    """|a - n| <= 1e-6 |n| + 1e-9 for every element that the difference is sure of; NaN fails."""
    a, n = np.asarray(a), np.asarray(n)
    with np.errstate(all="ignore"):
        return a.shape == n.shape and not np.any(~(np.abs(a - n) <= tolerance(n)) & sure)


def report(law: str, a: Any, n: Any) -> str:
    with np.errstate(all="ignore"):
        off = np.max(np.abs(np.asarray(a) - np.asarray(n)), initial=0) if np.shape(a) == np.shape(n) else np.nan
    return f"{law}: analytic {np.asarray(a)}, numeric {np.asarray(n)}, largest difference {off}"


# ------------------------------------------------------------ the laws

class Case:
    """One call of f on float64 leaves, with a random cotangent u and random directions v and w."""

    def __init__(self, f: Function, arrays: Sequence[Any], settings: dict[str, Any], seed: int) -> None:
        self.f, self.arrays, self.settings = f, arrays, settings
        self.rng = np.random.default_rng(seed)
        self.args, self.leaves = lifted(arrays)
        self.y = f(*self.args, **settings)
        self.v, self.w = normals(self.rng, self.leaves), normals(self.rng, self.leaves)
        self.u = np.asarray(self.rng.standard_normal(np.shape(self.y.data)))

    def value(self, *arrays: Any) -> Any:
        return self.f(*arrays, **self.settings)

    def pulled(self, *arrays: Any) -> float:
        """<J(x)' u, w> at x = arrays, by the rules."""
        args, leaves = lifted(arrays)
        y = self.f(*args, **self.settings)
        return inner(gradients(y, leaves, self.u), self.w) if y.node is not None else 0.0

    def first_order(self) -> np.ndarray:
        """J v and J' u against the difference along v, and <u, J v> = <J' u, v>.  Returns what was compared."""
        n = difference(self.value, self.arrays, self.v)
        jv = pushforward(self.y, dict(zip(self.leaves, self.v)))
        assert close(jv, n.value, n.sure), report("jvp", jv, n.value)
        self.u = np.where(n.sure, self.u, 0.0)
        g = gradients(self.y, self.leaves, self.u)
        expected = inner([self.u], [np.where(n.sure, n.value, 0.0)])
        assert close(inner(g, self.v), expected), report("vjp", inner(g, self.v), expected)
        scale = sum(float(np.sum(np.abs(a * b))) for a, b in zip(g, self.v))
        both = inner([self.u], [np.where(n.sure, jv, 0.0)]), inner(g, self.v)
        assert abs(both[0] - both[1]) <= 1e-10 * scale + 1e-12, f"<u, Jv> = <J'u, v>: {both}"
        return n.sure

    def second_order(self) -> bool:
        """The derivative of <J' u, w> along v, in all four orders of the two modes.  False where there is a kink."""
        n = difference(self.pulled, self.arrays, self.v)
        if not n.sure: return False
        forward, back = dict(zip(self.leaves, self.v)), None
        for d, w in zip(gradients(self.y, self.leaves, self.u, create_graph=True), self.w):
            back = (d * w).sum() if back is None else back + (d * w).sum()
        ahead = (pushforward(self.y, dict(zip(self.leaves, self.w)), create_graph=True) * self.u).sum()
        for name, s in (("vjp", back), ("jvp", ahead)):
            through = 0.0 if s.node is None else inner(gradients(s, self.leaves), self.v)
            along = pushforward(s, forward)
            assert close(through, n.value), report(f"vjp of {name}", through, n.value)
            assert close(along, n.value), report(f"jvp of {name}", along, n.value)
        return True

    def kernel_is_formula(self) -> None:
        fast = gradients(self.y, self.leaves, self.u)
        formula = gradients(self.y, self.leaves, self.u, create_graph=True)
        for a, b in zip(fast, formula):
            allowed = 1e-11 * (1 + np.max(np.abs(b.data), initial=0))
            assert np.all(np.abs(a - b.data) <= allowed), report("kernel", a, b.data)

    def gradients_are_owned(self) -> None:
        """No gradient shares memory with another, with u or with an argument, and none of those was written to."""
        before = [np.array(a) for a in (*self.arrays, self.u)]
        g = gradients(self.y, self.leaves, self.u)
        holders = [a for a in (*self.arrays, self.u, self.y.data) if isinstance(a, np.ndarray)]
        for i, d in enumerate(g):
            assert d.shape == self.leaves[i].shape and d.dtype == self.leaves[i].dtype
            assert not any(np.may_share_memory(d, a) for a in (*holders, *g[:i])), "a gradient aliases another array"
        assert all(np.array_equal(a, b, equal_nan=np.asarray(a).dtype.kind == "f")
                   for a, b in zip(before, (*self.arrays, self.u))), "an argument was written to"

    def repeats(self) -> None:
        """Backward is bitwise repeatable."""
        once, again = (gradients(self.y, self.leaves, self.u) for _ in range(2))
        assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(once, again))


def single(arrays: Sequence[Any]) -> list[Any]:
    return [a.astype(np.float32) if i in floating(arrays) else a for i, a in enumerate(arrays)]


def float32_stays(f: Function, arrays: Sequence[Any], settings: dict[str, Any], seed: int) -> None:
    """float32 in, float32 out, for value, gradient and tangent."""
    args, leaves = lifted(single(arrays))
    y = f(*args, **settings)
    if y.node is None or y.node.op is None: return
    rng = np.random.default_rng(seed)
    assert y.dtype == np.float32, f"value {y.dtype}"
    u = rng.standard_normal(y.shape).astype(np.float32)
    raw = gradients(y, leaves, u)
    assert all(d.dtype == np.float32 for d in raw)
    for p, d in raw_pull(y, u):
        assert d.dtype == np.float32, f"the rule of {y.node.op.name} made {d.dtype} of float32 for parent {p}"
    tangent = pushforward(y, {x: d.astype(np.float32) for x, d in zip(leaves, normals(rng, leaves))})
    assert tangent.dtype == np.float32, f"tangent {tangent.dtype}"


def raw_pull(y: Tensor, u: Any) -> list[tuple[int, Any]]:
    """What the last node's rules return, before the engine hands it out in the right dtype."""
    assert y.node is not None
    both = [y.node.vjp(u), y.node.vjp(Tensor(u), create_graph=True)]
    return [(i, d) for pulled in both for i, (_, d) in enumerate(pulled)]


def keeps_only_what_its_rules_name(op: Op, arrays: Sequence[Any], settings: dict[str, Any]) -> None:
    """A node keeps the arguments and results that its rules and kernels name, facts and settings: no more, no copy.

    Only what a joint kernel asked to keep may be new.
    """
    args, leaves = lifted(arrays)
    y = op(*args, **settings)
    if not leaves or y.node is None: return
    named = {n for rules in (op.rules, op.kernels, [op.joint]) for rule in rules if rule for n in rule.needs}
    if op.kind == "linear": named |= {a for a in op.args if len(op.args) > 1}
    arguments = {*op.args, "out"}
    assert arguments & set(y.node.saved) <= named, f"keeps {arguments & set(y.node.saved) - named} without need"
    held = [v for name, v in y.node.saved.items() if name != "kept" and isinstance(v, np.ndarray) and v.size]
    assert all(any(v is a for a in (*(x.data for x in leaves), *args, y.data)) for v in held), "keeps a copy"


def describes_itself(op: Op) -> None:
    """A formula, and LaTeX for each rule, with braces that close."""
    for text in (op.formula, *op.latex.values()):
        assert text and text.count("{") == text.count("}") and text.count(r"\left") == text.count(r"\right"), text
    assert repr(op).startswith(f"<op {op.name}(") and op.formula in str(op.__doc__)
    assert set(op.latex) <= set(op.args)
