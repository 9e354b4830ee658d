"""Every formula of the op table is typeset, as well-formed MathML and as text."""
from xml.etree import ElementTree

import pytest

import tinyfm  # noqa: F401  (fills the table)
from tinyfm.operators import table
from tinyfm.ops.shape import concat_op
from tinyfm.tracing.code import forward_code, forward_line, rule_code, rule_line
from tinyfm.tracing.mathml import mathml, symbols, text

FORMULAS = [(f"{name} {arg}".strip(), latex, symbols(op.args, op.formula)) for name, op in table.items()
            for arg, latex in [("", op.formula), *op.latex.items()]]
ARITY = {"mfrac": 2, "msup": 2, "msub": 2, "msubsup": 3, "mover": 2, "munder": 2, "munderover": 3}


@pytest.mark.parametrize("latex, letters", [f[1:] for f in FORMULAS], ids=[f[0] for f in FORMULAS])
def test_every_formula_of_the_table_is_typeset(latex, letters):
    tree = ElementTree.fromstring(mathml(latex, letters))
    for element in tree.iter():
        assert len(element) == ARITY.get(element.tag, len(element)), ElementTree.tostring(element)
        if not len(element) and element.tag != "mspace": assert element.text and "\\" not in element.text
    assert "\\" not in text(latex) and text(latex)


def test_symbols_that_stand_for_values_say_so():
    markup = mathml(r"\bar y \odot a^{b-1}", symbols(["a", "b"], "y = a^b"))
    assert [e.get("data-v") for e in ElementTree.fromstring(markup).iter() if e.get("data-v")] == ["gout", "a", "b"]
    assert symbols(["a", "b"], "Y = A B") == {"a": "a", "A": "a", "b": "b", "B": "b", "Y": "out"}
    assert text(r"\tfrac12 \bar y / \sqrt{1 - x^2}") == "1/2 y\u0304/√(1-x^2)"


@pytest.mark.parametrize("latex", [r"\unknown x", "{x", r"\bar 1", "x^", r"\begin{matrix} x \end{matrix}", "x}",
                                   r"\left( x"])
def test_what_is_outside_the_subset_is_refused(latex):
    with pytest.raises(ValueError, match="not in the subset"): mathml(latex)


def test_scripts_stand_where_they_belong():
    assert mathml("x_i") == "<math><msub><mi>x</mi><mi>i</mi></msub></math>"
    assert mathml("x^2") == "<math><msup><mi>x</mi><mn>2</mn></msup></math>"
    assert "<munder>" in mathml(r"\sum_i x_i") and "<munderover>" in mathml(r"\int_0^x")
    assert "<msubsup>" in mathml("x_i^2")


def test_the_code_of_a_rule_is_the_line_of_the_table():
    assert rule_line(table["multiply"], "b") == "b: lambda g, a: g * a"
    assert rule_line(table["tanh"], "x") == "x: lambda g, out: g * (1.0 - out * out)"
    inner = rule_line(concat_op(2), "x1")                          # a lambda made within a function
    assert inner.startswith("x1: lambda g, axis, starts: getitem(g, ")
    assert forward_line(table["exp"]) == "def exp(x): return np.exp(x)"
    assert all(forward_line(op) and all(rule_line(op, a) for a in op.latex) for op in table.values())


def test_a_rule_of_several_lines_is_shown_whole():
    shown = rule_code(table["matmul"], "b").splitlines()
    assert shown[0] == "b: def right_slope(g, a, a_shape, b_shape):" and "pulled = matmul(" in shown[1]
    assert forward_code(table["matmul"]) == "def matmul(a, b):\n    return np.matmul(a, b)"      # not its error
    assert "raise" not in forward_code(table["linear"]) and "np.matmul(x, w)" in forward_code(table["linear"])
    assert rule_code(table["tanh"], "x") == rule_line(table["tanh"], "x")
    assert not any("(...)" in forward_code(op) + "".join(rule_code(op, a) for a in op.latex) for op in table.values())
