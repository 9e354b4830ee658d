"""Ten mistakes of a beginner and what tinyfm says: `python benchmarks/gallery.py [--write tutorials/errors.md]`."""
from __future__ import annotations

import argparse
import inspect
import re
import sys
import textwrap
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import tinyfm as fm
from tinyfm.nn import Dense, Flatten, Sequential
from tinyfm.optim import SGD

ROOT = Path(__file__).resolve().parent.parent


def wrong_shape_in_the_third_layer() -> None:
    model = Sequential([Dense(8), Flatten(), Dense(3, name="scores")])
    model(np.ones((2, 4, 5)))
    model(np.ones((2, 6, 5)))


def column_against_row() -> None:
    prediction, target = np.ones((4, 1)), np.zeros(4)
    fm.mean_squared_error(prediction, target)


def integer_parameter() -> None:
    fm.tensor([1, 2, 3], requires_grad=True)


def logarithm_of_a_negative_number() -> None:
    x = fm.tensor([0.5, -0.2, 1.0], requires_grad=True)
    with fm.debug():
        fm.sum(fm.log(x)).backward()


def changed_in_place_after_use() -> None:
    w = fm.tensor([1.0, 2.0], requires_grad=True)
    with fm.debug():
        loss = fm.sum(w * w)
        w.data -= 0.1
        loss.backward()


def backward_of_many_numbers() -> None:
    w = fm.tensor([1.0, 2.0], requires_grad=True)
    (w * w).backward()


def forgotten_zero_grad() -> None:
    w = fm.tensor([1.0, 2.0], requires_grad=True, name="w")
    optimizer = SGD(parameters=[w])
    for _ in range(2):
        fm.sum(w * w).backward()
        optimizer.step()


def mask_that_does_not_broadcast() -> None:
    q, k, v = np.ones((2, 4, 3)), np.ones((2, 5, 3)), np.ones((2, 5, 3))
    fm.scaled_dot_product_attention(q, k, v, mask=np.ones((4, 4), bool))


def wrong_axis() -> None:
    logits = np.ones((4, 10))
    fm.softmax(logits, axis=2)


def float64_weights_with_float32_data() -> None:
    w, x = fm.tensor(np.ones((3, 2)), requires_grad=True), np.ones((5, 3), np.float32)
    with fm.debug():
        fm.linear(x, w)


MISTAKES: tuple[Callable[[], None], ...] = (
    wrong_shape_in_the_third_layer, column_against_row, integer_parameter, logarithm_of_a_negative_number,
    changed_in_place_after_use, backward_of_many_numbers, forgotten_zero_grad, mask_that_does_not_broadcast, wrong_axis,
    float64_weights_with_float32_data)


def said(mistake: Callable[[], Any]) -> str:
    """The error or the warning that a mistake brings, with this file's name in place of its path."""
    with warnings.catch_warnings(record=True) as caught, np.errstate(all="ignore"):
        warnings.simplefilter("always")
        try: mistake()
        except Exception as error: text = f"{type(error).__name__}: {error}"
        else: text = "\n".join(f"{w.category.__name__}: {w.message}" for w in caught) or "(nothing)"
    return re.sub(r"\S*/benchmarks/gallery\.py:\d+", "mistake.py", text)


def page() -> str:
    """The gallery as Markdown."""
    parts = ["# Ten mistakes, and what tinyfm says\n\n"
             "Made by `python benchmarks/gallery.py --write tutorials/errors.md`.\n"]
    for mistake in MISTAKES:
        body = textwrap.dedent(inspect.getsource(mistake).split("\n", 1)[1]).rstrip()
        title = mistake.__name__.replace("_", " ").capitalize()
        parts.append(f"## {title}\n\n```python\n{body}\n```\n\n```text\n{said(mistake)}\n```\n")
    return "\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="write the page into this file")
    target = parser.parse_args().write
    if target: target.write_text(page(), encoding="utf-8")
    else: sys.stdout.write(page())


if __name__ == "__main__":
    main()
