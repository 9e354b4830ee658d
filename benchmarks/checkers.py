"""Wrong gradients, planted: who notices, who says what it is.

    python benchmarks/checkers.py                (python -m pip install -r benchmarks/peers.txt for the others)

Each library's own gradient checker, with its own defaults, judges y = a * sin(b) on 20 x 20 numbers whose backward has
been broken in one way.  "named" is what tinyfm's checker calls it.
"""
from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import tinyfm as fm

Pair = tuple[Any, Any]


def true(m: Any, g: Any, a: Any, b: Any) -> Pair: return g * m.sin(b), g * a * m.cos(b)


def scaled(factor: float) -> Callable[..., Pair]:
    return lambda m, g, a, b: tuple(factor * d for d in true(m, g, a, b))  # type: ignore[return-value]


def one_sign(m: Any, g: Any, a: Any, b: Any) -> Pair:
    da, db = true(m, g, a, b)
    return da * SIGNS[type(da)], db


def ignores_upstream(m: Any, g: Any, a: Any, b: Any) -> Pair: return m.sin(b), a * m.cos(b)


def second_argument(m: Any, g: Any, a: Any, b: Any) -> Pair: return g * m.sin(b), -g * a * m.cos(b)


BUGS: dict[str, Callable[..., Pair]] = {
    "none": true,
    "all x 1.0005": scaled(1.0005),
    "all x 1.00001": scaled(1.00001),
    "one sign among 400": one_sign,
    "ignores the upstream gradient": ignores_upstream,
    "sign of the second argument": second_argument,
}
SIGNS: dict[type, Any] = {}


def signs() -> np.ndarray:
    s = np.ones((20, 20))
    s[7, 11] = -1
    return s


A, B = np.random.default_rng(3).normal(size=(2, 20, 20))


def tinyfm_checker(bug: Callable[..., Pair]) -> str:
    SIGNS[np.ndarray] = signs()
    report = fm.check_backward(lambda a, b: a * np.sin(b), lambda g, a, b: bug(np, g, a, b), A, B)
    return "" if report.ok else ", ".join(dict.fromkeys(f.kind for f in report.findings))


def torch_checker(fast: bool) -> Callable[[Callable[..., Pair]], str]:
    import torch
    SIGNS[torch.Tensor] = torch.tensor(signs())

    def judge(bug: Callable[..., Pair]) -> str:
        class Planted(torch.autograd.Function):
            @staticmethod
            def forward(context: Any, a: Any, b: Any) -> Any:
                context.save_for_backward(a, b)
                return a * torch.sin(b)

            @staticmethod
            def backward(context: Any, g: Any) -> Any: return bug(torch, g, *context.saved_tensors)

        inputs = [torch.tensor(x, requires_grad=True) for x in (A, B)]
        try: torch.autograd.gradcheck(Planted.apply, inputs, fast_mode=fast)
        except RuntimeError: return "noticed"
        return ""
    return judge


def jax_checker() -> Callable[[Callable[..., Pair]], str]:
    import jax
    from jax.test_util import check_grads
    jax.config.update("jax_enable_x64", True)
    SIGNS[type(jax.numpy.ones(1))] = jax.numpy.asarray(signs())

    def judge(bug: Callable[..., Pair]) -> str:
        @jax.custom_vjp
        def planted(a: Any, b: Any) -> Any: return a * jax.numpy.sin(b)
        planted.defvjp(lambda a, b: (planted(a, b), (a, b)), lambda kept, g: bug(jax.numpy, g, *kept))
        try: check_grads(planted, (A, B), order=1, modes=["rev"])
        except AssertionError: return "noticed"
        return ""
    return judge


def autograd_checker() -> Callable[[Callable[..., Pair]], str]:
    from autograd.extend import defvjp, primitive
    from autograd.test_util import check_grads
    SIGNS[np.ndarray] = signs()

    def judge(bug: Callable[..., Pair]) -> str:
        @primitive
        def planted(a: Any, b: Any) -> Any: return a * np.sin(b)
        defvjp(planted, lambda y, a, b: lambda g: bug(np, g, a, b)[0], lambda y, a, b: lambda g: bug(np, g, a, b)[1])
        try: check_grads(planted, modes=["rev"], order=1)(A, B)
        except AssertionError: return "noticed"
        return ""
    return judge


OTHERS = {"PyTorch gradcheck": lambda: torch_checker(False), "PyTorch fast_mode": lambda: torch_checker(True),
          "JAX check_grads": jax_checker, "autograd check_grads": autograd_checker}


def table() -> list[list[str]]:
    """A row for each bug: what tinyfm calls it, and whether each of the others notices."""
    rows = [["planted in y = a sin b", "tinyfm names it", *OTHERS]]
    columns = [tinyfm_checker]
    for make in OTHERS.values():
        try: columns.append(make())
        except ImportError: columns.append(lambda bug: "not installed")
    for name, bug in BUGS.items():
        found = []
        for judge in columns:
            with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found.append(judge(bug) or ("right" if judge is tinyfm_checker else "accepted"))
        rows.append([name, *found])
    return rows


def main() -> None:
    rows = table()
    print("| " + " | ".join(rows[0]) + " |\n|" + " --- |" * len(rows[0]))
    for row in rows[1:]: print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
