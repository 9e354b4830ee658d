"""Adam

    m <- b1 m + (1 - b1) g              a moving mean of the gradient
    v <- b2 v + (1 - b2) g^2            and of its square
    m^ = m / (1 - b1^t)                 both started at 0: that is undone
    v^ = v / (1 - b2^t)
    p <- p - learning_rate m^ / (sqrt(v^) + epsilon)

t is the number of this step, 1 for the first.  Return the new p, m and v; m and v without the correction.
Kingma & Ba 2015, algorithm 1.
"""
import numpy as np


def adam_step(p, g, m, v, t, learning_rate=0.001, b1=0.9, b2=0.999, epsilon=1e-8):
    """(p, m, v) after step t;  p, g, m, v: arrays of one shape."""
    # BEGIN SOLUTION
    m = b1 * m + (1 - b1) * g
    v = b2 * v + (1 - b2) * g * g
    m_hat = m / (1 - b1 ** t)
    v_hat = v / (1 - b2 ** t)
    return p - learning_rate * m_hat / (np.sqrt(v_hat) + epsilon), m, v
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import Wrong, agree, check, normal, sparkline
from tinyfm.kernels import updates

minutes = 15
requires = ["momentum"]
hints = [
    "Five lines, one for each formula. Use other names for the corrected ones: m and v are returned without it.",
    "m_hat = m / (1 - b1 ** t); epsilon is added after the root.",
    "m = b1 * m + ...\nv = b2 * v + ...\nm_hat = m / ...\nv_hat = v / ...\nreturn p - learning_rate * m_hat / (...), m, v",
]
after = """
In the first step m^ = g and v^ = g^2, so every parameter moves by the learning rate, whatever the size of its gradient.
That is the point: the step is measured in units of the gradient's own scale.
"""
compare = ["tinyfm.kernels.updates:adam", "tinyfm.kernels.updates:adapt"]


def ours(p, g, m, v, t, learning_rate=0.001, b1=0.9, b2=0.999, epsilon=1e-8):
    p, m, v = p.copy(), m.copy(), v.copy()
    updates.adam(p, g, m, v, step=t, learning_rate=learning_rate, beta_1=b1, beta_2=b2, epsilon=epsilon)
    return p, m, v


def state(rng, *shape): return normal(rng, *shape), normal(rng, *shape), normal(rng, *shape), rng.random(shape)


@check
def the_first_step_has_the_size_of_the_learning_rate(student, rng):
    agree(student.adam_step, ours, (np.zeros(3), np.array([100.0, -0.01, 2.0]), np.zeros(3), np.zeros(3), 1, 0.1))


@check
def later_steps(student, rng): agree(student.adam_step, ours, (*state(rng, 4), 2), (*state(rng, 3, 2), 10, 0.01))


@check
def every_setting_is_used(student, rng):
    agree(student.adam_step, ours, (*state(rng, 4), 3, 0.01, 0.5, 0.9, 0.1), (*state(rng, 4), 3, 0.01, 0.8, 0.5, 1e-3))


@check
def a_network_learns_with_it(student, rng):
    x = np.column_stack([normal(rng, 64, 2), np.ones(64)])
    t = (x[:, 0] * x[:, 1] > 0) * 1.0
    w, u = normal(rng, 3, 8), normal(rng, 8)
    states, losses = {"w": [np.zeros((3, 8))] * 2, "u": [np.zeros(8)] * 2}, []
    for step in range(1, 201):
        h = np.tanh(x @ w)
        d = h @ u - t
        losses.append(np.mean(d * d))
        dw, du = x.T @ (2 * d[:, None] * u * (1 - h * h)) / 64, h.T @ (2 * d) / 64
        w, *states["w"] = student.adam_step(w, dw, *states["w"], step, 0.05)
        u, *states["u"] = student.adam_step(u, du, *states["u"], step, 0.05)
    if not losses[-1] < 0.15: raise Wrong("does-not-learn", f"the loss did not fall: {sparkline(losses)}")
    return f"exclusive or, learnt with your Adam: {sparkline(losses)}"


mistakes = {
    "m is not corrected for its start at 0": ("m_hat = m / (1 - b1 ** t)", "m_hat = m"),
    "v is not corrected for its start at 0": ("v_hat = v / (1 - b2 ** t)", "v_hat = v"),
    "Neither m nor v is corrected for its start at 0": ("m_hat / (np.sqrt(v_hat)", "m / (np.sqrt(v)"),
    "epsilon is under the root": ("(np.sqrt(v_hat) + epsilon)", "np.sqrt(v_hat + epsilon)"),
    "The root is missing": ("np.sqrt(v_hat)", "v_hat"),
    "v collects g, not its square": ("(1 - b2) * g * g", "(1 - b2) * g"),
    "m collects the whole gradient, without 1 - b1": ("m + (1 - b1) * g", "m + g"),
    "The corrected m and v are returned: the next step corrects them again": ("epsilon), m, v", "epsilon), m_hat, v_hat"),
    "t counts from 0: the first step is corrected as the second": ("(1 - b1 ** t)", "(1 - b1 ** (t + 1))"),
    "The step goes uphill": ("return p - learning_rate", "return p + learning_rate"),
    "b1 and b2 are exchanged": ("(1 - b2 ** t)", "(1 - b1 ** t)"),
    "The gradient itself is scaled, not its mean m": ("learning_rate * m_hat", "learning_rate * g"),
}
