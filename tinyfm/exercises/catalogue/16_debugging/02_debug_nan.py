"""Find the bug: NaN after a few steps

A classifier with two classes trains well, and then the loss is NaN for ever.  The formulas are right on paper; two
lines are not safe in floating point.  Mend them so that the values stay the same wherever they existed, and nothing
overflows, divides by 0 or takes the logarithm of 0, for any finite logit.

    p = 1 / (1 + e^-z)        loss = mean(-t ln p - (1 - t) ln(1 - p))

A tool: fm.debug(), as in `with fm.debug(): ...`, names the first operation that goes wrong in code that uses tinyfm;
here, try z = 800 and z = -800 by hand.
"""
import numpy as np


def predict(z):
    """The probability of class 1 for each logit;  z: (n,)."""
    # BEGIN SOLUTION
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)
    # INSTEAD
    # return 1 / (1 + np.exp(-z))
    # END SOLUTION


def loss(z, t):
    """The mean cross entropy of logits z and classes t;  both (n,)."""
    # BEGIN SOLUTION
    return np.mean(np.maximum(z, 0) - t * z + np.log1p(np.exp(-np.abs(z))))
    # INSTEAD
    # p = 1 / (1 + np.exp(-z))
    # return np.mean(-t * np.log(p) - (1 - t) * np.log(1 - p))
    # END SOLUTION


# CHECKS
from tinyfm.exercises.laws import agree, check, normal
from tinyfm.ops import binary_cross_entropy_with_logits, sigmoid

minutes = 20
requires = ["sigmoid", "cross_entropy"]
hints = [
    "p rounds to exactly 1 from z = 37 on. What is ln(1 - p) then? Can the loss be written with z, without p?",
    "-t ln p - (1 - t) ln(1 - p) = ln(1 + e^z) - t z, and ln(1 + e^z) = max(z, 0) + ln(1 + e^-|z|).",
    "return np.mean(np.maximum(z, 0) - ... + np.log1p(np.exp(-np.abs(z))))",
]
after = """
A probability cannot hold "certain, but not quite": the difference from 1 is rounded away; a logit can.  So losses take
logits.  np.log1p(x) = ln(1 + x) is exact for tiny x, where 1 + x is already 1.
"""
compare = ["tinyfm.ops:binary_cross_entropy_with_logits"]
equivalent = {"return np.where(z >= 0, 1, e) / (1 + e) -> return np.where(z > 0, 1, e) / (1 + e)": "at 0 both are 1/2"}


def truth(z, t): return binary_cross_entropy_with_logits(z, t)


@check
def ordinary_logits(student, rng):
    z, t = normal(rng, 8), (rng.random(8) > 0.5) * 1.0
    agree(student.loss, truth, (z, t), (3 * z, 1 - t), (np.array([40.0]), np.array([0.0])))
    agree(student.predict, sigmoid, z, np.linspace(-2, 2, 9))


@check
def certain_and_right(student, rng): agree(student.loss, truth, (np.array([800.0, -800.0, 50.0]), np.array([1.0, 0.0, 1.0])))


@check
def certain_and_wrong(student, rng): agree(student.loss, truth, (np.array([800.0, -800.0, 50.0]), np.array([0.0, 1.0, 0.0])))


@check
def probabilities_of_any_logit(student, rng): agree(student.predict, sigmoid, np.array([-1e4, -800.0, -30.0, 0.0, 30.0, 800.0]))


@check
def small_losses_keep_their_digits(student, rng):
    agree(student.loss, truth, (np.array([40.0]), np.array([1.0])), (np.array([-50.0]), np.array([0.0])))


mistakes = {
    "The probability is clipped: a certain mistake then costs too little": (
        "return np.mean(np.maximum(z, 0) - t * z + np.log1p(np.exp(-np.abs(z))))",
        "p = np.clip(1 / (1 + np.exp(-np.clip(z, -500, 500))), 1e-12, 1 - 1e-12); return np.mean(-t * np.log(p) - (1 - t) * np.log(1 - p))"),
    "A small number inside the logarithm changes every loss": (
        "return np.mean(np.maximum(z, 0) - t * z + np.log1p(np.exp(-np.abs(z))))",
        "p = 1 / (1 + np.exp(-np.clip(z, -500, 500))); return np.mean(-t * np.log(p + 1e-9) - (1 - t) * np.log(1 - p + 1e-9))"),
    "ln(1 + e^z) overflows for large z": ("np.maximum(z, 0) - t * z + np.log1p(np.exp(-np.abs(z)))", "np.log1p(np.exp(z)) - t * z"),
    "log(1 + x) loses what is tiny: use log1p": ("np.log1p(np.exp(-np.abs(z)))", "np.log(1 + np.exp(-np.abs(z)))"),
    "max(z, 0) is missing": ("np.maximum(z, 0) - t * z", "-t * z"),
    "The classes are exchanged": ("- t * z", "- (1 - t) * z"),
    "The logits are clipped at 30": ("np.maximum(z, 0) - t * z", "np.maximum(np.clip(z, -30, 30), 0) - t * np.clip(z, -30, 30)"),
}
