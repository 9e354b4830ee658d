"""The page of names elsewhere covers the table, is not stale, and names what exists."""
import sys
from functools import reduce
from pathlib import Path

import pytest

import tinyfm as fm

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))
import names  # noqa: E402


def test_the_page_is_what_the_command_writes():
    assert (ROOT / "tutorials" / "names.md").read_text(encoding="utf-8") == names.page()


def test_nothing_is_listed_that_is_not_ours():
    for listed in (names.TORCH, names.KERAS, names.DIFFERENCES):
        assert set(listed) - set(fm.ops.__all__) == set()


@pytest.mark.reference
def test_every_name_of_pytorch_exists():
    torch = pytest.importorskip("torch")
    for name in names.names():
        elsewhere = names.row(name)[2]
        if elsewhere != "-": assert reduce(getattr, elsewhere.split(".")[1:], torch) is not None, elsewhere
