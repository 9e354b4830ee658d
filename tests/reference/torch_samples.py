"""PyTorch's own sample inputs, run through our ops: `python -m tests.reference.torch_samples`.

For each of PyTorch's operators that we have, an adapter turns its call into ours.  A sample is unsupported when the
adapter says so, with the reason.  A supported one agrees when value, gradient and Hessian-vector product are equal at
rtol = atol = 1e-7 in float64.
"""
from __future__ import annotations

import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.reference.adapters import ADAPTERS
from tests.reference.options import UnsupportedError
from tinyfm.engine import Tensor, gradients, leaf

TOLERANCE = 1e-7
FIRST_ORDER = "value and gradient agree; PyTorch has no second derivative"

@dataclass
class Row:
    """One line of the table."""

    name: str
    agreed: int = 0
    first_order: int = 0                         # of those, how many without a second derivative in PyTorch
    disagreed: list[str] = field(default_factory=list)
    unsupported: Counter[str] = field(default_factory=Counter)

    @property
    def samples(self) -> int: return self.agreed + len(self.disagreed) + sum(self.unsupported.values())


def leaves_of(x: Any) -> Iterator[Any]:
    """The torch tensors in a tree of arguments that require a gradient."""
    import torch
    if isinstance(x, torch.Tensor):
        if x.requires_grad: yield x
    elif isinstance(x, dict):
        for v in x.values(): yield from leaves_of(v)
    elif isinstance(x, tuple | list):
        for v in x: yield from leaves_of(v)


def ours(x: Any, made: dict[int, Tensor]) -> Any:
    """A tree of torch arguments as ours; each tensor that requires a gradient becomes a leaf, once."""
    import torch
    if isinstance(x, torch.Tensor):
        if not x.requires_grad: return x.detach().numpy()
        return made.setdefault(id(x), leaf(np.array(x.detach().numpy())))
    if isinstance(x, dict): return {k: ours(v, made) for k, v in x.items()}
    return type(x)(ours(v, made) for v in x) if type(x) in (tuple, list) else x


def outputs(y: Any) -> list[Any]: return [v for v in (y if isinstance(y, tuple | list) else [y]) if v is not None]


def differences(op: Any, sample: Any, adapter: Callable[..., Any], rng: np.random.Generator) -> str:
    """'' when value, gradient and Hessian-vector product agree; else what does not."""
    import torch
    theirs = sample.output_process_fn_grad(peer(op)(sample.input, *sample.args, **sample.kwargs))
    inputs = list({id(t): t for t in leaves_of([sample.input, sample.args, sample.kwargs])}.values())
    made: dict[int, Tensor] = {}
    y = adapter(*[ours(a, made) for a in (sample.input, *sample.args)], **ours(sample.kwargs, made))
    theirs, mine = [t for t in outputs(theirs) if t.is_floating_point()], outputs(y)
    if len(mine) != len(theirs): return f"{len(mine)} results against {len(theirs)}"
    for a, b in zip(mine, theirs):
        if not same(a.data, b): return f"value {np.shape(a.data)} against {tuple(b.shape)}"
    both = [(a, b) for a, b in zip(mine, theirs) if b.requires_grad]
    mine, theirs = [a for a, _ in both], [b for _, b in both]
    if not theirs or not inputs: return "PyTorch records no gradient"
    leaves = [made[id(t)] for t in inputs if id(t) in made]
    inputs = [t for t in inputs if id(t) in made]
    u, v = [rng.standard_normal(t.shape) for t in theirs], [rng.standard_normal(t.shape) for t in inputs]
    g = torch.autograd.grad(theirs, inputs, [torch.tensor(a) for a in u], create_graph=True, allow_unused=True)
    total = None
    for a, b in zip(mine, u): total = (a * b).sum() if total is None else total + (a * b).sum()
    found = gradients(total, leaves, create_graph=True)
    for a, b in zip(found, g):
        if not same(a.data, torch.zeros(a.shape) if b is None else b): return "gradient"
    pairs = [(b, torch.tensor(w)) for b, w in zip(g, v) if b is not None and b.requires_grad]
    try: h = torch.autograd.grad(sum((b * w).sum() for b, w in pairs), inputs,
                                 allow_unused=True) if pairs else [None] * len(inputs)
    except RuntimeError as error:
        if "is not implemented" in str(error): return FIRST_ORDER
        raise
    s = None
    for a, w in zip(found, v): s = (a * w).sum() if s is None else s + (a * w).sum()
    hv = gradients(s, leaves) if s is not None and s.node is not None else [np.zeros(x.shape) for x in leaves]
    for a, b in zip(hv, h):
        if not same(a, torch.zeros(a.shape) if b is None else b): return "Hessian-vector product"
    return ""


def peer(op: Any) -> Callable[..., Any]:
    """Their operator.  Their CTC returns a gradient that is right only behind log_softmax, so both stand behind one."""
    import torch
    if op.name == "nn.functional.ctc_loss": return lambda x, *a, **k: op(torch.log_softmax(x, -1), *a, **k)
    if op.name == "nn.functional.scaled_dot_product_attention": return with_plain_attention(op)
    return op


def with_plain_attention(op: Any) -> Callable[..., Any]:
    """Their fast attention kernels have no second derivative; the plain one has."""
    from torch.nn.attention import SDPBackend, sdpa_kernel
    def call(*args: Any, **kwargs: Any) -> Any:
        with sdpa_kernel(SDPBackend.MATH): return op(*args, **kwargs)
    return call


def same(a: Any, b: Any) -> bool:
    b = b.detach().numpy(force=True)
    return np.shape(a) == b.shape and np.allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)


def compare(op: Any, adapter: Callable[..., Any]) -> Row:
    import torch
    name = op.name + ("." + op.variant_test_name if op.variant_test_name else "")
    row, rng = Row(name), np.random.default_rng(0)
    torch.manual_seed(0)
    for sample in op.sample_inputs("cpu", torch.float64, requires_grad=True):
        try:
            with np.errstate(all="ignore"): what = differences(op, sample, adapter, rng)
        except UnsupportedError as reason:
            row.unsupported[str(reason)] += 1
            continue
        except Exception as error:
            what = f"{type(error).__name__}: {str(error).splitlines()[0][:150]}"
        if what and what != FIRST_ORDER:
            row.disagreed.append(f"{what}: {sample.summary()}")
            continue
        row.agreed += 1
        row.first_order += what == FIRST_ORDER
    return row


def operators() -> list[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch.testing._internal.common_methods_invocations import op_db
    named = {op.name + ("." + op.variant_test_name if op.variant_test_name else ""): op for op in op_db}
    return [(named[name], adapter) for name, adapter in ADAPTERS.items() if name in named]


def table(rows: list[Row]) -> str:
    lines = [f"{'operator':42} {'samples':>7} {'agreed':>7}  unsupported"]
    for r in rows:
        why = ", ".join(f"{n} {reason}" for reason, n in r.unsupported.items())
        if r.first_order: why += f"({r.first_order} without a second derivative in PyTorch)"
        if r.disagreed: why += f" DISAGREED: {len(r.disagreed)}"
        lines.append(f"{r.name:42} {r.samples:7} {r.agreed:7}  {why}")
    total, agreed = sum(r.samples for r in rows), sum(r.agreed for r in rows)
    left = sum(sum(r.unsupported.values()) for r in rows)
    lines.append(f"{len(rows)} operators, {total} samples: {100 * (total - left) / total:.1f} % supported, "
                 f"{100 * agreed / (total - left):.2f} % of those agree in value, gradient and Hessian-vector product "
                 f"at {TOLERANCE}")
    return "\n".join(lines)


def run(only: list[str] | None = None) -> list[Row]:
    import torch
    torch.set_num_threads(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [compare(op, adapter) for op, adapter in operators() if not only or op.name in only]


if __name__ == "__main__":
    found = run(sys.argv[1:])
    print(table(found))
    for r in found:
        for text in r.disagreed[:4]: print("DISAGREED", r.name, text[:400])
