"""What a prediction costs."""
from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinyfm as fm
from tests import laws
from tinyfm.engine import Tensor, leaf, no_grad
from tinyfm.errors import SettingError, ShapeError
from tinyfm.nn import Activation, Dense, Sequential, Softmax, losses

few = settings(max_examples=10, deadline=None, derandomize=True)
rows = st.integers(1, 5)


def sample(name: str, n: int, seed: int) -> tuple[Any, Any]:
    """Targets and predictions that suit the loss."""
    rng = np.random.default_rng(seed)
    logits = 2 * rng.standard_normal((n, 4))
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    if name == "sparse_categorical_crossentropy": return rng.integers(0, 4, n), p
    if name in ("categorical_crossentropy", "kl_divergence"): return rng.dirichlet(np.ones(4), n), p
    if name == "binary_crossentropy": return rng.integers(0, 2, (n, 4)), 1 / (1 + np.exp(-logits))
    if name == "hinge": return rng.choice([-1.0, 1.0], (n, 4)), logits
    return rng.standard_normal((n, 4)), logits


def picked(t: Any, p: Any) -> Any: return p[np.arange(len(t)), t]


FORMULAS: dict[str, Any] = {
    "mse": lambda t, y: (y - t) ** 2,
    "mean_squared_error": lambda t, y: (y - t) ** 2,
    "mae": lambda t, y: abs(y - t),
    "mean_absolute_error": lambda t, y: abs(y - t),
    "huber": lambda t, y: np.where(abs(y - t) < 1, (y - t) ** 2 / 2, abs(y - t) - 0.5),
    "log_cosh": lambda t, y: np.log(np.cosh(y - t)),
    "hinge": lambda t, y: np.maximum(1 - t * y, 0),
    "kl_divergence": lambda t, y: (t * np.log(t / y)).sum(-1),
    "categorical_crossentropy": lambda t, y: -(t * np.log(y)).sum(-1),
    "sparse_categorical_crossentropy": lambda t, y: -np.log(picked(t, y)),
    "binary_crossentropy": lambda t, y: -t * np.log(y) - (1 - t) * np.log(1 - y),
}
each_loss = pytest.mark.parametrize("name", FORMULAS)


def test_every_name_is_tested() -> None: assert set(losses.NAMED) == set(FORMULAS)


@each_loss
@few
@given(n=rows, seed=st.integers(0, 999))
def test_is_the_mean_of_its_formula(name: str, n: int, seed: int) -> None:
    y_true, y_pred = sample(name, n, seed)
    costs = FORMULAS[name](y_true, y_pred)
    loss, weight = losses.get(name), np.random.default_rng(seed).random(n)
    assert float(loss(y_true, Tensor(y_pred))) == pytest.approx(costs.mean(), rel=1e-9)
    weighted = (costs.reshape(n, -1).mean(1) * weight).sum() / n
    assert float(loss(y_true, Tensor(y_pred), weight)) == pytest.approx(weighted, rel=1e-9)


@each_loss
@few
@given(n=rows, seed=st.integers(0, 999))
def test_its_gradient_matches_central_differences(name: str, n: int, seed: int) -> None:
    y_true, y_pred = sample(name, n, seed)
    x = leaf(y_pred)
    losses.get(name)(y_true, x).backward()
    v = np.random.default_rng(seed).standard_normal(y_pred.shape)
    numeric = laws.difference(lambda p: losses.get(name)(y_true, Tensor(p)).data, [y_pred], [1e-2 * v])
    if numeric.sure: assert laws.close(np.sum(x.grad * v) * 1e-2, numeric.value)


@each_loss
def test_float32_stays_float32(name: str) -> None:
    y_true, y_pred = sample(name, 3, 0)
    x = leaf(y_pred.astype(np.float32))
    loss = losses.get(name)(y_true, x, np.ones(3))
    loss.backward()
    assert loss.dtype == np.float32 and x.grad is not None and x.grad.dtype == np.float32


@each_loss
def test_its_config_makes_the_same_loss(name: str) -> None:
    again = losses.from_config(json.loads(json.dumps(losses.config(losses.get(name)))))
    assert type(again) is losses.NAMED[name] and vars(again) == vars(losses.get(name))


# ------------------------------------------------------------ probabilities that come from logits

def one_layer(activation: Any, logits: np.ndarray) -> tuple[Sequential, np.ndarray]:
    """A network that does nothing but the activation of its input."""
    options: dict[str, Any] = {"units": logits.shape[1], "kernel_initializer": lambda shape, rng: np.eye(*shape)}
    if isinstance(activation, str): layers = [Dense(activation=activation, **options)]
    else: layers = [Dense(**options), activation()]
    return Sequential(layers), logits.astype(np.float32)


@pytest.mark.parametrize("activation", ["softmax", lambda: Activation("softmax"), Softmax])
@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "categorical_crossentropy", "kl_divergence"])
def test_cross_entropy_on_softmax_is_as_stable_as_from_logits(activation: Any, loss: str) -> None:
    model, x = one_layer(activation, np.array([[1e5, 0.0, 0.0], [0.0, -1e5, 0.0]]))
    labels: Any = np.array([1, 1]) if loss.startswith("sparse") else np.eye(3)[[1, 1]]
    model.compile("sgd", loss)
    cost = model.loss(labels, model(x, training=True))
    assert cost.item() == pytest.approx((1e5 + 1e5 + np.log(2)) / 2, rel=1e-6)
    cost.backward()
    for p in model.parameters(): assert p.grad is not None and np.isfinite(p.grad).all() and np.abs(p.grad).max() > 0.1
    np.testing.assert_allclose(model.parameters()[1].grad, [0.75, -1.0, 0.25], atol=1e-6)
    with no_grad(): assert model.loss(labels, model(x)).item() == pytest.approx(cost.item(), rel=1e-6)
    assert model.evaluate(x, labels, verbose=0) == pytest.approx(cost.item(), rel=1e-6)


def test_binary_cross_entropy_on_sigmoid_is_as_stable_as_from_logits() -> None:
    model, x = one_layer("sigmoid", np.array([[1e3], [-1e3], [30.0]]))
    labels = np.array([[0], [1], [1]])
    model.compile("sgd", "binary_crossentropy")
    cost = model.loss(labels, model(x))
    assert cost.item() == pytest.approx((2e3 + np.exp(-30)) / 3, rel=1e-6)
    cost.backward()
    np.testing.assert_allclose(model.parameters()[1].grad, [0.0], atol=1e-6)


@few
@given(seed=st.integers(0, 999))
def test_from_logits_from_softmax_and_from_bare_probabilities_agree(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, labels = rng.standard_normal((4, 3)), rng.integers(0, 3, 4)
    given_logits = losses.SparseCategoricalCrossentropy(from_logits=True)(labels, Tensor(x)).item()
    remembered = losses.get("sparse_categorical_crossentropy")(labels, Softmax()(leaf(x))).item()
    bare = losses.get("sparse_categorical_crossentropy")(labels, fm.softmax(Tensor(x))).item()
    assert remembered == given_logits and bare == pytest.approx(given_logits, rel=1e-6)


def test_a_bare_probability_of_0_costs_what_it_costs_in_keras() -> None:
    y = leaf(np.array([[1.0, 0.0]]))
    cost = losses.get("sparse_categorical_crossentropy")([1], y)
    cost.backward()
    assert cost.item() == pytest.approx(-np.log(1e-7), rel=1e-6) and y.grad is not None and np.isfinite(y.grad).all()


# ------------------------------------------------------------ targets

@pytest.mark.parametrize("labels", [np.array([[1], [2]]), np.array([1.0, 2.0]), [1, 2], np.array([1, 2], np.uint8),
                                    Tensor(np.array([1, 2]))])
def test_labels_in_every_form(labels: Any) -> None:
    p = Tensor(np.array([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]]))
    assert losses.get("sparse_categorical_crossentropy")(labels, p).item() == pytest.approx(-np.log([0.5, 0.8]).mean())


@pytest.mark.parametrize("name", ["mse", "mae", "huber", "log_cosh", "hinge", "binary_crossentropy"])
@pytest.mark.parametrize("a, b", [((4, 1), (4,)), ((4,), (4, 1)), ((4, 2), (4, 1)), ((4, 2), (2, 4))])
def test_nothing_broadcasts(name: str, a: tuple[int, ...], b: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError): losses.get(name)(np.ones(a), Tensor(np.full(b, 0.5)))


def test_labels_0_and_1_are_taken_as_signs_by_hinge() -> None:
    y = Tensor(np.array([0.5, -2.0]))
    assert losses.get("hinge")([1, 0], y).item() == losses.get("hinge")([1.0, -1.0], y).item() == 0.25


def test_options_and_functions() -> None:
    t, y, ln = np.array([0.0, 0.0]), Tensor(np.array([1.0, 3.0])), np.log
    assert losses.Huber(2.0)(t, y).item() == pytest.approx((0.5 + 2 * (3 - 1)) / 2)
    assert losses.get(lambda a, b: (b - a) ** 4)(t, y).item() == 41.0
    smooth = losses.CategoricalCrossentropy(label_smoothing=0.3)
    p = Tensor(np.array([[0.2, 0.5, 0.3]]))
    assert smooth([[0.0, 1.0, 0.0]], p).item() == pytest.approx(-(0.1 * ln(0.2) + 0.8 * ln(0.5) + 0.1 * ln(0.3)))
    smooth, p = losses.BinaryCrossentropy(label_smoothing=0.5), Tensor(np.array([0.6]))
    assert smooth([1.0], p).item() == pytest.approx(-(0.75 * ln(0.6) + 0.25 * ln(0.4)))


def test_mistakes_are_named() -> None:
    p = Tensor(np.full((2, 3), 1 / 3))
    with pytest.raises(SettingError, match=r"'crossentropy'.*sparse_categorical_"): losses.get("crossentropy")
    with pytest.raises(ShapeError, match="sparse_categorical"): losses.get("categorical_crossentropy")([0, 1], p)
    with pytest.raises(ValueError, match=r"0 \.\.\. 2.*3"): losses.get("sparse_categorical_crossentropy")([0, 3], p)
    with pytest.raises(ShapeError, match=r"\(2,\)"): losses.get("sparse_categorical_crossentropy")([0, 1, 1], p)
    for labels in ([0.5, 1], np.eye(3)[:2]):
        with pytest.raises(TypeError, match="'categorical_crossentropy'"):
            losses.get("sparse_categorical_crossentropy")(labels, p)
    with pytest.raises(ShapeError, match=r"sample_weight has shape \(3,\).*\(2,\)"):
        losses.get("mse")(np.ones((2, 3)), p, np.ones(3))
    with pytest.raises(NotImplementedError, match="Mine has no call"):
        type("Mine", (losses.Loss,), {})()([1], p)
