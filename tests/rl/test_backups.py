"""Sweeps that are recorded are the sweeps of value iteration; the gradient counts what the value is made of."""
import numpy as np
import pytest

from tinyfm import rl


@pytest.mark.parametrize("sweeps", [1, 3, 6])
def test_a_recorded_sweep_is_value_iteration_and_the_value_is_its_rewards(sweeps):
    env, start = rl.CornerGridworld(), 7
    t = rl.trace_backups(env.P, env.R, 0.9, sweeps=sweeps, start=start, shape=env.shape)
    plan = rl.value_iteration(env.P, env.R, 0.9, sweeps=sweeps)
    assert np.allclose(t[f"V{sweeps}"].value, plan.V) and t[f"V{sweeps}"].shown == env.shape
    counts = t.gradients()["R"]
    assert counts.sum() == pytest.approx(sum(0.9**k for k in range(sweeps)))        # one action in every step
    assert np.isclose((counts * env.R).sum(), plan.V[start])
    assert {n.layer for n in t.nodes if n.name.startswith("Q")} == {f"sweep {k}" for k in range(1, sweeps + 1)}


def test_a_state_that_is_none_is_refused():
    env = rl.CornerGridworld()
    with pytest.raises(ValueError, match="start must be a state, 0 to"): rl.trace_backups(env.P, env.R, 0.9, start=99)
