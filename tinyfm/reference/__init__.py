"""What there is to say about an op: formula, rules, shapes, conventions, source, its name elsewhere.

    print(explain("softmax"))                    for a terminal
    op_page()                                    all of it as Markdown with typeset formulas: tutorials/ops.md
"""
from tinyfm.reference.explain import explain
from tinyfm.reference.page import op_page

__all__ = ["explain", "op_page"]
