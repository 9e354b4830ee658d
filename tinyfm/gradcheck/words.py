"""Each kind of mistake in plain words: what it is, and where to look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinyfm.gradcheck.report import Finding


def require_sound(y: Any, names: Sequence[str]) -> None:
    """ValueError when forward does not give finite floating numbers: there is nothing to differentiate."""
    if y.dtype.kind != "f":
        raise TypeError(f"forward({', '.join(names)}) returned {y.dtype}; a gradient needs a floating result.")
    if not np.isfinite(y).all():
        raise ValueError(
            f"forward({', '.join(names)}) returned {int((~np.isfinite(y)).sum())} values that are NaN or infinite: "
            "choose inputs at which it is finite."
        )


MESSAGES: dict[str, tuple[str, str]] = {
    "wrong-shape": (
        "The gradient has shape {returned}; {a} has shape {expected}.",
        "A gradient always has the shape of its argument: one number for each element of {a}.",
    ),
    "not-summed-over-broadcast": (
        "Your gradient still has the axes along which {a} was broadcast (shape {returned} for {expected}).",
        "{a} was used once for every row it was stretched to: add those contributions up, .sum(axis={axes}).",
    ),
    "mean-for-sum-over-broadcast": (
        "Your gradient is the mean over the {count} uses of {a}; it is their sum.",
        "Replace mean by sum (or remove the division by {count}).",
    ),
    "one-slice-of-broadcast": (
        "Your gradient holds one term of a sum: slice {slice} of axis {axis} of g.",
        "Every slice contributes to {a}: sum over that axis, accumulate with += in a loop.",
    ),
    "zero": (
        "Your gradient is zero everywhere; the output does depend on {a}.",
        "Return the gradient of {a}; was it computed and then lost?",
    ),
    "nan": (
        "Your gradient holds NaN or infinity in {elements} elements{first}; the true one is finite there.",
        "Look for 0/0, inf - inf, the logarithm of 0 or exp of a large number: rewrite it so that they cannot meet.",
    ),
    "wrong-sign": (
        "Wrong sign: your gradient is exactly -1 times the true one.",
        "Look for a minus that does not belong, or one that is missing.",
    ),
    "constant-factor": (
        "Your gradient is {factor:.6g} times the true one, everywhere.",
        "Multiply by {inverse:.6g}; look for a constant of the formula that was lost or used twice.",
    ),
    "missing-1/N": (
        "Your gradient is {count} times too large, and {count} is a count ({of}): a division by N is missing.",
        "forward takes a mean; its derivative is 1/N for each element. Divide by {count}.",
    ),
    "extra-1/N": (
        "Your gradient is {count} times too small, and {count} is a count ({of}): there is a division by N too many.",
        "forward does not average here (or you divided twice). Remove the division by {count}.",
    ),
    "batch-for-size": (
        "You divided by {count} ({of}); forward's mean is over {due}.",
        "Divide by {due}: the number of elements that forward averages.",
    ),
    "transposed": (
        "Your gradient is the transpose of the true one (axes {order}).",
        "Exchange the axes back; check the order of the factors.",
    ),
    "operand-not-transposed": (
        "You computed {is}; the gradient is {due}.",
        "Going back through a linear map transposes it (a shift or a running sum goes the other way): write {due}.",
    ),
    "operands-swapped": (
        "You computed {is}: the right factors in the wrong order.",
        "Matrix products do not commute: write {due}.",
    ),
    "other-argument": (
        "This is the gradient of {other}, not of {a}.",
        "Return the gradients in the order of the arguments, each for its own.",
    ),
    "ignores-upstream": (
        "Your gradient does not depend on g, the gradient that comes from above.",
        "Multiply the local derivative with g (the chain rule); a check with g = 1 cannot see this.",
    ),
    "not-linear-in-upstream": (
        "Your gradient is not linear in g: twice the g does not give twice the gradient.",
        "A backward multiplies g by something that does not depend on g: never square, clip, mask or add to it.",
    ),
    "wrong-axis": (
        "The gradient is reduced, normalised or spread along the wrong axis.",
        "Use the same axis as forward does, with keepdims=True.",
    ),
    "off-diagonal-missing": (
        "Each output's gradient reaches only its own input, as if y_i depended on x_i alone.",
        "Every y_i depends on every x_j here: add the terms with i != j.",
    ),
    "missing-mean-term": (
        "The path through the mean (or sum) is left out: it is not a constant, it depends on {a}.",
        "Add the term that goes through it; it spreads over all elements of the group.",
    ),
    "missing-variance-term": (
        "The path through the variance (or norm) is left out: it is not a constant, it depends on {a}.",
        "Add the term that goes through it; it is proportional to the centred (or normalised) input.",
    ),
    "input-for-output": (
        "The derivative is written with {swap}.",
        "The local derivative uses the function's result: save y in forward, and use it here.",
    ),
    "missing-factor": (
        "A factor is missing: {factor}.",
        "Multiply by {factor}; it was left out, or divided by once too often.",
    ),
    "passes-through": (
        "g is passed on {how}, without the local derivative.",
        "Multiply g with the derivative of the function itself.",
    ),
    "missing-term": (
        "A part of the derivative is left out: {what}.",
        "When {a} reaches the result along several ways, their contributions add up: include each.",
    ),
    "partial": (
        "Right for some elements, wrong for others: {wrong}{instead}.",
        "Look at what is special about those elements: a branch, a mask, a border, the end of a loop.",
    ),
    "stale-cache": (
        "A value from an earlier call is used: {how}.",
        "Compute (or save) everything anew in each forward; clear what is kept between calls.",
    ),
    "overwrites-instead-of-accumulates": (
        "Where one element is used several times only the {kept} contribution is kept.",
        "Write += where = stands (np.add.at for repeated indices); start from zeros.",
    ),
    "modifies-input": (
        "backward writes into {a}.",
        "{a} belongs to the caller: work on a copy ({a} = {a}.copy()), and avoid +=, *= and out= on it.",
    ),
    "low-precision": (
        "Right to about {digits} digits only: some step works in float32 or with rounded constants.",
        "Keep everything in the dtype of the input, and constants to all their digits.",
    ),
    "kink": (
        "The derivative does not exist at {places}: the function has a corner there.",
        "Nothing to mend: choose inputs away from the corner, or agree on a convention.",
    ),
    "unknown": (
        "The gradient is wrong, and none of the known mistakes explains it{because}.",
        "Step through backward on one small example and compare each intermediate gradient.",
    ),
}


BESIDES = {
    "sign": "The sign is turned round, besides what else is wrong with it.",
    "summed": "And once it is summed, your gradient is {factor:.6g} times the true one.",
}
RAISED = "backward raised {raised}.", "Check the shape of every factor: print them, and write them beside the formula."
FROM_OUTPUT = {"output": "in what comes from the output, "}
UNSAID = {
    **dict.fromkeys(("returned", "expected", "axes", "count", "due", "is", "axis", "slice", "other", "factor"), "?"),
    **dict.fromkeys(("of", "order"), ""),
    "how": "as it is",
    "kept": "last",
    "elements": "some",
}


def finding(argument: str, kind: str, evidence: dict[str, Any], names: Sequence[str]) -> Finding:
    """Fill the words of a kind with what was measured."""
    message, fix = RAISED if kind == "wrong-shape" and "raised" in evidence else MESSAGES[kind]
    message = BESIDES.get(evidence.get("besides", ""), message)
    facts = {"a": argument, **UNSAID, **evidence, **derived(argument, evidence)}
    text = message.format(**facts)
    if kind not in ("wrong-shape", "unknown") and "raised" in evidence:
        text += f" (Found with square inputs; with yours backward raised {evidence['raised']}.)"
    return Finding(argument, kind, text, fix.format(**facts), evidence, 0.0 if kind == "unknown" else 0.9)


def derived(argument: str, evidence: dict[str, Any]) -> dict[str, Any]:
    """Pieces of a sentence that are put together from the evidence."""
    factor, path, why = evidence.get("factor"), evidence.get("path"), evidence.get("raised") or evidence.get("how")
    return {
        "inverse": 1 / factor if isinstance(factor, float) and factor else "?",
        "what": evidence.get("term") or (f"the path back through {path}" if path else "some contributions"),
        "because": f" ({why})" if why else "",
        "digits": max(1, round(-np.log10(evidence.get("relative error", 1e-6) + 1e-16))),
        "swap": swap(evidence),
        "instead": f"; {evidence['instead']}" if "instead" in evidence else "",
        "wrong": FROM_OUTPUT.get(evidence.get("side", ""), "") + str(evidence.get("wrong", "")),
        "first": f", first at {argument}{evidence['at']} = {evidence['value']:.6g}" if "at" in evidence else "",
        "places": places(argument, evidence.get("elements", [])),
    }


def swap(evidence: dict[str, Any]) -> str:
    """Which input stands where which output belongs."""
    if "op" in evidence:
        inside = f", in {evidence['in']}" if "in" in evidence else ""
        return f"the input of {evidence['op']} where its result belongs{inside}"
    formula = f": {evidence['derivative']} with the input for y" if "derivative" in evidence else ""
    return f"the input where the output belongs{formula}"


def places(argument: str, elements: Any) -> str:
    """x[0, 1], x[2, 3] and 7 more."""
    if not isinstance(elements, list):
        return "some elements"
    named = ", ".join(f"{argument}{e}" if e else argument for e in elements[:3])
    return named + (f" and {len(elements) - 3} more" if len(elements) > 3 else "")
