"""Optimisers, schedules and clipping."""
from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyfm import optim
from tinyfm.engine import Tensor, leaf
from tinyfm.errors import SettingError
from tinyfm.optim import SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop, clip_by_global_norm
from tinyfm.schedules import (
    CosineDecay,
    CosineDecayRestarts,
    ExponentialDecay,
    LinearWarmup,
    PiecewiseConstantDecay,
    StepDecay,
)

CASES: list[tuple[type[Optimizer], dict[str, Any], str, dict[str, Any]]] = [
    (SGD, {"learning_rate": 0.1}, "SGD", {}),
    (SGD, {"learning_rate": 0.1, "weight_decay": 0.1}, "SGD", {"weight_decay": 0.1}),
    (SGD, {"learning_rate": 0.02, "momentum": 0.9}, "SGD", {"momentum": 0.9}),
    (SGD, {"learning_rate": 0.02, "momentum": 0.8, "nesterov": True, "weight_decay": 0.01}, "SGD",
     {"momentum": 0.8, "nesterov": True, "weight_decay": 0.01}),
    (RMSprop, {"learning_rate": 0.01, "rho": 0.95}, "RMSprop", {"alpha": 0.95, "eps": 1e-7}),
    (RMSprop, {"learning_rate": 0.01, "momentum": 0.5, "weight_decay": 0.1}, "RMSprop",
     {"alpha": 0.9, "eps": 1e-7, "momentum": 0.5, "weight_decay": 0.1}),
    (RMSprop, {"learning_rate": 0.01, "centered": True}, "RMSprop", {"alpha": 0.9, "eps": 1e-7, "centered": True}),
    (RMSprop, {"learning_rate": 0.01, "centered": True, "momentum": 0.5}, "RMSprop",
     {"alpha": 0.9, "eps": 1e-7, "centered": True, "momentum": 0.5}),
    (Adagrad, {"learning_rate": 0.1, "weight_decay": 0.1}, "Adagrad",
     {"initial_accumulator_value": 0.1, "eps": 1e-7, "weight_decay": 0.1}),
    (Adam, {"learning_rate": 0.05}, "Adam", {"eps": 1e-7}),
    (Adam, {"learning_rate": 0.05, "beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3, "weight_decay": 0.1}, "Adam",
     {"betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.1}),
    (AdamW, {"learning_rate": 0.05}, "AdamW", {"eps": 1e-7, "weight_decay": 0.004}),
    (AdamW, {"learning_rate": 0.05, "weight_decay": 0.3}, "AdamW", {"eps": 1e-7, "weight_decay": 0.3}),
]
each_optimiser = pytest.mark.parametrize("kind, options, torch_kind, torch_options", CASES)
SHAPES = [(3, 4), (5,), (), (2, 1, 3)]


def leaves(seed: int, dtype: Any = np.float64) -> list[Tensor]:
    rng = np.random.default_rng(seed)
    return [leaf(np.asarray(rng.standard_normal(s), dtype), name=f"p{i}") for i, s in enumerate(SHAPES)]


def gradient(data: Any, i: int) -> Any:
    """Of a bumpy valley: the same formula for every library."""
    return 2 * data * (1 + i) + np.sin(3 * data)


def walk(optimizer: Optimizer, steps: int) -> None:
    for _ in range(steps):
        for i, p in enumerate(optimizer.parameters): p.grad = np.asarray(gradient(p.data, i), p.dtype)
        optimizer.step()


@pytest.mark.reference
@each_optimiser
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_equals_torch_over_25_steps(kind: Any, options: Any, torch_kind: str, torch_options: Any,
                                    dtype: str) -> None:
    torch = pytest.importorskip("torch")
    ours = leaves(0, dtype)
    theirs = [torch.tensor(np.array(p.data), requires_grad=True) for p in ours]
    optimizer = kind(parameters=ours, **options)
    reference = getattr(torch.optim, torch_kind)(theirs, lr=options["learning_rate"], **torch_options)
    for _ in range(25):
        for i, (p, t) in enumerate(zip(ours, theirs)):
            p.grad = np.asarray(gradient(p.data, i), dtype)
            t.grad = torch.tensor(np.asarray(gradient(t.detach().numpy(), i), dtype))
        optimizer.step()
        reference.step()
        for p, t in zip(ours, theirs):
            np.testing.assert_allclose(p.data, t.detach().numpy(), rtol=1e-9 if dtype == "float64" else 1e-6,
                                       atol=1e-12 if dtype == "float64" else 1e-6)


@each_optimiser
def test_keeps_the_dtype_and_only_reads_the_gradient(kind: Any, options: Any, torch_kind: str,
                                                     torch_options: Any) -> None:
    parameters = leaves(0, np.float32)
    optimizer = kind(parameters=parameters, **options)
    for i, p in enumerate(parameters):
        p.grad = np.asarray(gradient(p.data, i), np.float32)
        p.grad.flags.writeable = False
    before = [(p.data, p.data.copy(), np.array(p.grad)) for p in parameters]
    optimizer.step()
    for p, (memory, value, g) in zip(parameters, before):
        assert p.data is memory and p.dtype == np.float32 and not np.array_equal(p.data, value)
        np.testing.assert_array_equal(p.grad, g)
    assert all(a.dtype == np.float32 for arrays in optimizer.arrays for a in arrays)


@each_optimiser
@settings(max_examples=3, deadline=None, derandomize=True)
@given(cut=st.integers(1, 9))
def test_interrupted_is_uninterrupted_bit_for_bit(kind: Any, options: Any, torch_kind: str, torch_options: Any,
                                                  cut: int) -> None:
    whole, first = leaves(1), leaves(1)
    walk(kind(parameters=whole, **options), 10)
    before = kind(parameters=first, **options)
    walk(before, cut)
    second = [leaf(p.data.copy(), p.name) for p in first]
    after = optim.get(json.loads(json.dumps(optim.config(before))))
    after.build(second)
    after.load_state_dict(before.state_dict())
    walk(after, 10 - cut)
    for a, b in zip(whole, second): np.testing.assert_array_equal(a.data, b.data)


@each_optimiser
def test_reaches_the_bottom_of_a_valley(kind: Any, options: Any, torch_kind: str, torch_options: Any) -> None:
    parameters = leaves(2)
    height = sum(float(np.sum(p.data**2)) for p in parameters)
    walk(kind(parameters=parameters, **options), 300)
    assert sum(float(np.sum(p.data**2)) for p in parameters) < 0.02 * height


def test_no_gradient_no_step() -> None:
    a, b = leaf(np.ones(3)), leaf(np.ones(3))
    optimizer = Adam(0.1, parameters=[a, b])
    a.grad = np.ones(3)
    optimizer.step()
    assert (a.data < 1).all() and (b.data == 1).all()
    optimizer.zero_grad()
    assert a.grad is None


def test_a_backward_pass_feeds_it() -> None:
    x = leaf(np.array([3.0, -4.0]))
    optimizer = SGD(0.1, parameters=[x])
    for _ in range(100):
        optimizer.zero_grad()
        (x * x).sum().backward()
        optimizer.step()
    assert np.abs(x.data).max() < 1e-8


# ------------------------------------------------------------ clipping

@settings(deadline=None, derandomize=True)
@given(seed=st.integers(0, 1000), bound=st.floats(0.01, 20))
def test_the_global_norm_is_bounded_and_the_direction_kept(seed: int, bound: float) -> None:
    rng = np.random.default_rng(seed)
    gradients = [rng.standard_normal(s) for s in SHAPES] + [None]
    clipped, norm = clip_by_global_norm(gradients, bound)
    flat = np.concatenate([np.ravel(g) for g in gradients[:-1]])
    after = np.concatenate([np.ravel(g) for g in clipped[:-1]])
    assert clipped[-1] is None and norm == pytest.approx(np.linalg.norm(flat))
    np.testing.assert_allclose(after, flat * min(1, bound / norm), rtol=1e-12)


def stepped(**options: Any) -> list[np.ndarray]:
    """How far each parameter moves in one plain step of rate 1 down the gradients 3, 4."""
    a, b = leaf(np.zeros(1)), leaf(np.zeros(1))
    a.grad, b.grad = np.array([3.0]), np.array([4.0])
    SGD(1.0, parameters=[a, b], **options).step()
    return [-a.data[0], -b.data[0]]


def test_the_three_ways_to_clip() -> None:
    assert stepped() == [3, 4]
    assert stepped(clipvalue=3.5) == [3, 3.5]
    np.testing.assert_allclose(stepped(clipnorm=3.5), [3, 3.5])
    np.testing.assert_allclose(stepped(global_clipnorm=1.0), [0.6, 0.8])
    np.testing.assert_allclose(stepped(global_clipnorm=9.0), [3, 4])


# ------------------------------------------------------------ schedules

SCHEDULES: list[tuple[Any, list[tuple[int, float]]]] = [
    (ExponentialDecay(0.5, 10, 0.25), [(0, 0.5), (5, 0.25), (10, 0.125), (20, 0.03125)]),
    (ExponentialDecay(0.5, 10, 0.25, staircase=True), [(9, 0.5), (10, 0.125), (19, 0.125)]),
    (StepDecay(1.0, every=3, factor=0.5), [(0, 1), (2, 1), (3, 0.5), (6, 0.25)]),
    (PiecewiseConstantDecay([2, 5], [1.0, 0.5, 0.1]), [(0, 1), (2, 1), (3, 0.5), (5, 0.5), (6, 0.1)]),
    (CosineDecay(1.0, 10, alpha=0.2), [(0, 1), (5, 0.6), (10, 0.2), (50, 0.2)]),
    (CosineDecay(0.0, 10, warmup_target=1.0, warmup_steps=4), [(0, 0), (2, 0.5), (4, 1), (9, 0.5), (14, 0), (99, 0)]),
    (CosineDecayRestarts(1.0, 4, t_mul=2, m_mul=0.5), [(0, 1), (2, 0.5), (4, 0.5), (8, 0.25), (12, 0.25), (20, 0.125)]),
    (LinearWarmup(3, 1.0), [(0, 0.25), (1, 0.5), (2, 0.75), (3, 1), (9, 1)]),
    (LinearWarmup(3, StepDecay(1.0, 2, 0.5)), [(0, 0.25), (3, 1), (4, 1), (5, 0.5)]),
]


@pytest.mark.parametrize("schedule, points", SCHEDULES)
def test_schedules(schedule: Any, points: list[tuple[int, float]]) -> None:
    assert [schedule(t) for t, _ in points] == pytest.approx([rate for _, rate in points])
    x = leaf(np.zeros(1))
    optimizer = SGD(schedule, parameters=[x])
    for t in range(8):
        x.data[...], x.grad = 0, np.ones(1)
        optimizer.step()
        assert -x.data[0] == pytest.approx(schedule(t))
    again = optim.get(json.loads(json.dumps(optim.config(optimizer))))
    assert [again.learning_rate(t) for t in range(30)] == [schedule(t) for t in range(30)]  # type: ignore[operator]


@pytest.mark.reference
def test_cosine_and_step_are_torchs() -> None:
    torch = pytest.importorskip("torch")
    schedulers = torch.optim.lr_scheduler
    for ours, make in [(CosineDecay(0.3, 20), lambda o: schedulers.CosineAnnealingLR(o, 20)),
                       (StepDecay(0.3, 7, 0.2), lambda o: schedulers.StepLR(o, 7, 0.2)),
                       (CosineDecayRestarts(0.3, 5), lambda o: schedulers.CosineAnnealingWarmRestarts(o, 5, 2))]:
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
        scheduler, found = make(optimizer), []
        for _ in range(20):
            found.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        assert [ours(t) for t in range(20)] == pytest.approx(found)


# ------------------------------------------------------------ mistakes

@pytest.mark.parametrize("wrong, words", [
    (lambda: optim.get("adamm"), "adagrad"),
    (lambda: SGD(-1.0), "learning_rate"),
    (lambda: SGD(clipnorm=0.0), "clipnorm"),
    (lambda: clip_by_global_norm([], 0.0), "max_norm"),
    (lambda: PiecewiseConstantDecay([1], [1.0]), "2 values"),
    (lambda: optim.config(SGD(lambda t: 0.1)), "schedule"),
])
def test_mistakes_are_named(wrong: Any, words: str) -> None:
    with pytest.raises(SettingError, match=words): wrong()


def test_a_state_of_other_parameters_is_refused() -> None:
    state = Adam(parameters=leaves(0)).state_dict()
    other = [leaf(np.zeros((3, 5)), name="p0")]
    with pytest.raises(ValueError, match=r"p0 has .*\(3, 4\).*expected .*\(3, 5\)"):
        Adam(parameters=other).load_state_dict(state)
    with pytest.raises(ValueError, match="q has nothing"):
        Adam(parameters=[leaf(np.zeros(2), "q")]).load_state_dict(state)
    with pytest.raises(ValueError, match="no parameters"): Adam().step()
