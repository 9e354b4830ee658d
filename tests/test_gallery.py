"""The gallery of mistakes says what it says, names place and fix, and its page is not stale."""
import re
from pathlib import Path

import pytest

from benchmarks import gallery

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("mistake", gallery.MISTAKES, ids=lambda f: f.__name__)
def test_every_mistake_is_answered(mistake):
    text = gallery.said(mistake)
    assert re.match(r"\w+(Error|Warning): ", text), text
    assert "core dimension" not in text and "Traceback" not in text


def test_the_page_is_what_the_command_writes():
    assert (ROOT / "tutorials" / "errors.md").read_text(encoding="utf-8") == gallery.page()
