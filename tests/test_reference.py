"""The reference covers the table, is not stale, and names what exists."""
import re
from functools import reduce
from pathlib import Path

import pytest

import tinyfm as fm
from tinyfm import reference
from tinyfm.reference import names
from tinyfm.reference.entry import entry, internal, public

PAGE = (Path(__file__).parents[1] / "tutorials" / "ops.md").read_text("utf-8")


def test_the_page_is_what_the_command_writes():
    assert reference.op_page() == PAGE, "python -m tinyfm explain --page tutorials/ops.md"


def test_every_op_of_the_table_has_a_section_with_its_formula_and_every_rule():
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^#|\Z)", PAGE, re.M | re.S))
    assert set(sections) == set(fm.ops.table) | set(fm.ops.__all__) - {"table"}
    for name, op in fm.ops.table.items():
        assert f"$${op.formula}$$" in sections[name]
        for argument in op.latex: assert f"| `{argument}` | $" in sections[name]


@pytest.mark.parametrize("e", [*public(), *internal()], ids=lambda e: e.name)
def test_everything_can_be_explained(e):
    text = reference.explain(e.name)
    assert text.startswith(f"{e.name}(") and "\\" not in text.replace("\\n", "") and f"{e.file}:{e.line}" in text
    source = (Path(fm.__file__).parents[1] / e.file).read_text("utf-8").splitlines()
    assert any(f"def {e.name}(" in line for line in source[e.line - 1:e.line + 40])


def test_the_nearest_names_are_proposed():
    with pytest.raises(KeyError, match="did you mean softmax"): entry("sofmax")
    with pytest.raises(KeyError, match="conv2d"): entry("conv2D")
    with pytest.raises(KeyError, match=r"tinyfm\.nn\.Flatten"): entry("flatten")


def test_nothing_is_listed_that_is_not_ours():
    for listed in (names.TORCH, names.KERAS, names.DIFFERENCES):
        assert set(listed) - set(fm.ops.__all__) == set()


@pytest.mark.reference
def test_every_name_of_pytorch_exists():
    torch = pytest.importorskip("torch")
    for name in names.names():
        elsewhere = names.row(name)[2]
        if elsewhere != "-": assert reduce(getattr, elsewhere.split(".")[1:], torch) is not None, elsewhere
