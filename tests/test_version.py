"""One version, wherever it is written."""

import re
import tomllib
from pathlib import Path

import tinyfm

ROOT = Path(__file__).parents[1]


def test_the_version_is_the_same_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    citation = (ROOT / "CITATION.cff").read_text()
    assert project["version"] == tinyfm.__version__ == re.search(r"^version: (.+)$", citation, re.M)[1]
    assert f"license: {project['license']}" in citation
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text()
