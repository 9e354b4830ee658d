"""How weights begin."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinyfm.errors import SettingError
from tinyfm.nn import init

LARGE = (300, 500)


def draw(name: Any, shape: tuple[int, ...] = LARGE, seed: int = 0) -> np.ndarray:
    return init.get(name)(shape, np.random.default_rng(seed))


@pytest.mark.parametrize("name, variance", [
    ("glorot_uniform", 2 / 800), ("glorot_normal", 2 / 800), ("he_uniform", 2 / 300), ("he_normal", 2 / 300),
    ("lecun_uniform", 1 / 300), ("lecun_normal", 1 / 300), ("uniform", 0.1**2 / 12), ("normal", 0.05**2),
    ("truncated_normal", (0.05 * init.CUT) ** 2), ("orthogonal", 1 / 500), ("zeros", 0),
    (init.VarianceScaling(3.0, "fan_out", "normal"), 3 / 500), (init.RandomUniform(0, 1), 1 / 12)])
def test_the_variance_is_what_the_paper_asks_for(name: Any, variance: float) -> None:
    w = draw(name)
    assert np.var(w) == pytest.approx(variance, rel=0.02)      # 150,000 numbers: a relative error of about 0.4 %
    centre = 0.5 if name == init.RandomUniform(0, 1) else 0
    assert abs(np.mean(w) - centre) < 0.01 * (1 + centre) * max(np.sqrt(variance), 1e-9) + 1e-12


def test_bounds() -> None:
    assert np.abs(draw("glorot_uniform")).max() <= np.sqrt(6 / 800)
    assert np.abs(draw("he_normal")).max() <= 2 * np.sqrt(2 / 300) / init.CUT
    assert np.abs(draw("truncated_normal")).max() <= 0.1
    assert (draw("ones") == 1).all() and (draw(init.Constant(3)) == 3).all()


@pytest.mark.parametrize("shape, fans", [((3, 4), (3, 4)), ((5,), (5, 5)), ((), (1, 1)), ((3, 3, 2, 8), (18, 72)),
                                         ((5, 2, 4), (10, 20))])
def test_fans_of_dense_and_convolution_kernels(shape: tuple[int, ...], fans: tuple[int, int]) -> None:
    assert init.fans(shape) == fans


@pytest.mark.parametrize("shape", [(4, 9), (9, 4), (6, 6), (3, 2, 4)])
def test_orthogonal_is_orthogonal(shape: tuple[int, ...]) -> None:
    q = draw(init.Orthogonal(2.0), shape).reshape(-1, shape[-1])
    product = q @ q.T if len(q) <= q.shape[1] else q.T @ q
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-12)


def test_orthogonal_turns_every_way() -> None:
    corners = [draw("orthogonal", (3, 3), seed)[0, 0] for seed in range(400)]
    assert np.mean(np.greater(corners, 0)) == pytest.approx(0.5, abs=0.1)      # four deviations


@pytest.mark.parametrize("initializer", [*init.NAMED, init.Constant(2.5), init.VarianceScaling(2, "fan_out", "uniform"),
                                         init.RandomNormal(1, 2), init.Orthogonal(0.5)])
def test_its_config_makes_the_same_initialiser(initializer: Any) -> None:
    again = init.get(init.config(init.get(initializer)))
    np.testing.assert_array_equal(draw(again, (4, 5)), draw(initializer, (4, 5)))


def test_the_generator_decides() -> None:
    np.testing.assert_array_equal(draw("he_normal", seed=3), draw("he_normal", seed=3))
    assert not np.array_equal(draw("he_normal", seed=3), draw("he_normal", seed=4))


def test_mistakes_are_named() -> None:
    with pytest.raises(SettingError, match=r"'golrot'.*glorot_uniform"): init.get("golrot")
    with pytest.raises(SettingError, match="mode 'fan'"): init.VarianceScaling(1.0, "fan")
    with pytest.raises(SettingError, match="distribution 'flat'"): init.VarianceScaling(1.0, "fan_in", "flat")
    with pytest.raises(SettingError, match="shape"): draw("orthogonal", (3,))
    with pytest.raises(SettingError, match="of your own"): init.config(lambda shape, rng: np.ones(shape))
