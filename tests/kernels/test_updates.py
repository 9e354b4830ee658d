"""Every update against its formula written plainly, in float64, and against PyTorch."""

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyfm.kernels import updates


def sgd(p, g, *, learning_rate): return p - learning_rate * g, ()


def momentum(p, g, u, *, learning_rate, momentum):
    u = momentum * u + g
    return p - learning_rate * u, (u,)


def nesterov(p, g, u, *, learning_rate, momentum):
    u = momentum * u + g
    return p - learning_rate * (g + momentum * u), (u,)


def adam(p, g, m, v, *, learning_rate, beta_1, beta_2, epsilon, step):
    m, v = beta_1 * m + (1 - beta_1) * g, beta_2 * v + (1 - beta_2) * g * g
    mean, square = m / (1 - beta_1**step), v / (1 - beta_2**step)
    return p - learning_rate * mean / (np.sqrt(square) + epsilon), (m, v)


def rmsprop(p, g, v, *, learning_rate, rho, epsilon):
    v = rho * v + (1 - rho) * g * g
    return p - learning_rate * g / (np.sqrt(v) + epsilon), (v,)


def adagrad(p, g, v, *, learning_rate, epsilon):
    v = v + g * g
    return p - learning_rate * g / (np.sqrt(v) + epsilon), (v,)


def adamw(p, g, m, v, *, weight_decay, learning_rate, **settings):
    return adam(p - learning_rate * weight_decay * p, g, m, v, learning_rate=learning_rate, **settings)


FORMULAS = [sgd, momentum, nesterov, adam, adamw, rmsprop, adagrad]
FRACTIONS = {"learning_rate": 0.5, "momentum": 1, "beta_1": 1, "beta_2": 1, "rho": 1, "epsilon": 0.01,
             "weight_decay": 1}
each_update = pytest.mark.parametrize("formula", FORMULAS, ids=lambda f: f.__name__)


def start(formula, shape, dtype, rng):
    """p, g and a state array of zeros for each the formula has."""
    names = [n for n, a in inspect.signature(formula).parameters.items() if a.kind is a.POSITIONAL_OR_KEYWORD][2:]
    return [rng.standard_normal(shape).astype(dtype) for _ in "pg"] + [np.zeros(shape, dtype) for _ in names]


def settings_of(formula, draw):
    """Every setting of the update: rates from [0, their bound), betas below 1."""
    names = set(inspect.signature(getattr(updates, formula.__name__)).parameters) & set(FRACTIONS)
    return {n: draw(st.floats(0, FRACTIONS[n], exclude_max=True)) for n in sorted(names)}


@each_update
@given(st.data())
def test_update_is_its_formula_for_three_steps(formula, data):
    rng, shape = np.random.default_rng(0), data.draw(st.sampled_from([(), (0,), (7,), (3, 5), (4, 0), (2, 3, 4)]))
    p, _, *state = start(formula, shape, "f8", rng)
    if data.draw(st.booleans()): p, *state = (np.asfortranarray(a) for a in (p, *state))
    how, expected = settings_of(formula, data.draw), (p.copy(), tuple(a.copy() for a in state))
    plain = {k: v for k, v in how.items() if k != "weight_decay" or formula is adamw}
    if "epsilon" in how: how["epsilon"] = plain["epsilon"] = how["epsilon"] + 1e-8
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(updates, "TILE", data.draw(st.integers(1, 8)))
        for step in range(1, 4):
            counted = {"step": step} if "beta_1" in how else {}
            g = rng.standard_normal(shape)[..., ::-1] if shape else rng.standard_normal(shape)
            before, decay = np.copy(g), 0 if formula is adamw else how["weight_decay"]
            getattr(updates, formula.__name__)(p, g, *state, **how, **counted)
            expected = formula(expected[0], g + decay * expected[0], *expected[1], **plain, **counted)
            np.testing.assert_allclose(p, expected[0], rtol=1e-12, atol=1e-12)
            for a, e in zip(state, expected[1], strict=True): np.testing.assert_allclose(a, e, rtol=1e-12, atol=1e-12)
            np.testing.assert_array_equal(g, before)


@each_update
@pytest.mark.parametrize("number", [float, np.float64, np.array], ids=["float", "float64", "array"])
def test_float32_is_never_computed_in_float64(formula, number):
    """A float64 scalar would be silent: NumPy computes in float64 and rounds.  So the bits must not depend on it."""
    settings = lambda number: settings_of(formula, lambda _: number(0.1)) | ({"step": 3} if "m" in names else {})
    names = inspect.signature(formula).parameters
    given, plain, exact = ([a.astype(dtype) for a in start(formula, (100,), "f4", np.random.default_rng(0))]
                           for dtype in ("f4", "f4", "f8"))
    update = getattr(updates, formula.__name__)
    update(*given, **settings(number))
    update(*plain, **settings(float))
    update(*exact, **settings(float))
    for a, b, e in zip(given, plain, exact, strict=True):
        assert a.dtype == "f4"
        np.testing.assert_array_equal(a, b)
        np.testing.assert_allclose(a, e, rtol=1e-5, atol=1e-6)


@each_update
def test_no_scratch_is_wider_than_the_parameter(formula, monkeypatch):
    """A float64 temporary would be silent: so look at every array that NumPy hands out."""
    made, empty_like = [], np.empty_like
    monkeypatch.setattr(np, "empty_like", lambda *a, **k: made.append(out := empty_like(*a, **k)) or out)
    arrays = start(formula, (100,), "f4", np.random.default_rng(0))
    how = settings_of(formula, lambda _: np.float64(0.1)) | ({"step": 1} if formula in (adam, adamw) else {})
    getattr(updates, formula.__name__)(*arrays, **how)
    assert made and all(a.dtype == "f4" for a in made)


@pytest.mark.reference
@each_update
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_pytorch_agrees(formula, weight_decay):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    p, _, *state = start(formula, (3, 4), "f8", rng)
    t = torch.nn.Parameter(torch.tensor(p))
    common = {"lr": 0.01, "weight_decay": weight_decay}
    peer = {"sgd": lambda: torch.optim.SGD([t], **common),
            "momentum": lambda: torch.optim.SGD([t], **common, momentum=0.9),
            "nesterov": lambda: torch.optim.SGD([t], **common, momentum=0.9, nesterov=True),
            "adam": lambda: torch.optim.Adam([t], **common, betas=(0.9, 0.99), eps=1e-6),
            "adamw": lambda: torch.optim.AdamW([t], **common, betas=(0.9, 0.99), eps=1e-6),
            "rmsprop": lambda: torch.optim.RMSprop([t], **common, alpha=0.9, eps=1e-6),
            "adagrad": lambda: torch.optim.Adagrad([t], **common, eps=1e-6)}[formula.__name__]()
    ours = {"learning_rate": 0.01, "weight_decay": weight_decay, "momentum": 0.9, "beta_1": 0.9, "beta_2": 0.99,
            "epsilon": 1e-6, "rho": 0.9}
    accepted = inspect.signature(getattr(updates, formula.__name__)).parameters
    for step in range(1, 6):
        g = rng.standard_normal((3, 4))
        t.grad = torch.tensor(g)
        peer.step()
        how = {k: v for k, v in (ours | {"step": step}).items() if k in accepted}
        getattr(updates, formula.__name__)(p, g, *state, **how)
        np.testing.assert_allclose(p, t.detach(), rtol=1e-12, atol=1e-12)
