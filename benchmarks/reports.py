"""Twelve wrong backwards and what the checker says: `python benchmarks/reports.py [--write tutorials/reports.md]`."""
from __future__ import annotations

import argparse
import inspect
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tinyfm.gradcheck import Report, check_backward

ROOT = Path(__file__).resolve().parent.parent
LINEAR = (7, 5), (5, 3), (3,)


def linear(x: Any, w: Any, b: Any) -> Any:
    return x @ w + b


def softmax(x: Any) -> Any:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def the_sum_that_broadcasting_needs() -> Report:
    def backward(g: Any, x: Any, w: Any, b: Any) -> Any:
        return g @ w.T, x.T @ g, g
    return check_backward(linear, backward, *LINEAR)


def the_gradient_printed_in_the_brief() -> Report:
    # dC/dW = - sum dL/dz delta, as printed
    def backward(g: Any, x: Any, w: Any, b: Any) -> Any:
        return g @ w.T, np.broadcast_to(-g.sum(0), w.shape), g.sum(0)
    return check_backward(linear, backward, *LINEAR)


def square_matrices_hide_a_missing_transpose() -> Report:
    def backward(g: Any, a: Any, b: Any) -> Any:
        return g @ b, a.T @ g
    return check_backward(lambda a, b: a @ b, backward, (4, 4), (4, 4))


def the_mean_over_the_wrong_count() -> Report:
    def backward(g: Any, p: Any, t: Any) -> Any:
        d = g * 2 * (p - t) / len(p)
        return d, -d
    return check_backward(lambda p, t: np.mean((p - t) ** 2), backward, (7, 5), (7, 5))


def tanh_of_x_where_y_belongs() -> Report:
    def backward(g: Any, x: Any) -> Any:
        return g * (1 - x**2)
    return check_backward(np.tanh, backward, (4, 5))


def softmax_as_if_it_were_a_sigmoid() -> Report:
    def backward(g: Any, x: Any) -> Any:
        y = softmax(x)
        return g * y * (1 - y)
    return check_backward(softmax, backward, (4, 5))


def layer_norm_with_a_constant_variance() -> Report:
    def forward(x: Any) -> Any:
        centred = x - x.mean(-1, keepdims=True)
        return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
    def backward(g: Any, x: Any) -> Any:
        return (g - g.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    return check_backward(forward, backward, (4, 5))


def repeated_words_overwrite_each_other() -> Report:
    def backward(g: Any, table: Any, words: Any) -> Any:
        d = np.zeros_like(table)
        d[words] = g
        return d, None
    words = np.array([2, 0, 2, 1, 2])
    return check_backward(lambda table, words: table[words], backward, (4, 3), words)


def the_mask_of_the_gradient() -> Report:
    def backward(g: Any, x: Any) -> Any:
        return g * (g > 0)
    return check_backward(lambda x: np.maximum(x, 0), backward, (4, 5))


def a_value_kept_from_the_first_call() -> Report:
    kept: dict[str, Any] = {}
    def backward(g: Any, x: Any) -> Any:
        y = kept.setdefault("y", np.exp(x))
        return g * y
    return check_backward(np.exp, backward, (4, 5))


def one_wrong_sign_among_ten_thousand() -> Report:
    def backward(g: Any, x: Any) -> Any:
        d = g * np.cos(x)
        d[37, 61] *= -1
        return d
    return check_backward(np.sin, backward, (100, 100))


def three_mistakes_at_once() -> Report:
    def backward(g: Any, x: Any, w: Any, b: Any) -> Any:
        return -g @ w.T, g.T @ x, g.mean(0)
    return check_backward(linear, backward, *LINEAR)


MISTAKES: tuple[Callable[[], Report], ...] = (
    the_sum_that_broadcasting_needs, the_gradient_printed_in_the_brief, square_matrices_hide_a_missing_transpose,
    the_mean_over_the_wrong_count, tanh_of_x_where_y_belongs, softmax_as_if_it_were_a_sigmoid,
    layer_norm_with_a_constant_variance, repeated_words_overwrite_each_other, the_mask_of_the_gradient,
    a_value_kept_from_the_first_call, one_wrong_sign_among_ten_thousand, three_mistakes_at_once)


def the_right_rule() -> Report:
    def backward(g: Any, x: Any, w: Any, b: Any) -> Any:
        return g @ w.T, x.T @ g, g.sum(0)
    return check_backward(linear, backward, *LINEAR)


def plain(code: str) -> str:
    """The code without its annotations."""
    for annotation in (": dict[str, Any]", ": Any", " -> Any"): code = code.replace(annotation, "")
    return code


def section(mistake: Callable[[], Report]) -> str:
    """One mistake and the report on it."""
    body = plain(textwrap.dedent(inspect.getsource(mistake).split("\n", 1)[1]).rstrip())
    body = body.replace("return check", "print(check") + ")"
    title = mistake.__name__.replace("_", " ").capitalize()
    return f"## {title}\n\n```python\n{body}\n```\n\n```text\n{mistake()}\n```\n"


def page() -> str:
    """The reports as Markdown."""
    helpers = plain("\n\n".join(inspect.getsource(f).rstrip() for f in (linear, softmax)))
    intro = ("# Twelve wrong backwards, and what the checker says\n\n"
             "Made by `python benchmarks/reports.py --write tutorials/reports.md`. `check_backward(forward, backward, "
             "*inputs)` takes arrays, or shapes to draw from; `backward(g, *inputs)` returns one gradient for each "
             f"input.\n\n```python\n{helpers}\n\nLINEAR = (7, 5), (5, 3), (3,)\n```\n")
    return "\n".join([intro, *map(section, MISTAKES), section(the_right_rule)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="write the page into this file")
    target = parser.parse_args().write
    if target: target.write_text(page(), encoding="utf-8")
    else: sys.stdout.write(page())


if __name__ == "__main__":
    main()
