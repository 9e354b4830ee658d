"""Who may import whom: only downwards.  And `import tinyfm` is cheap: nothing heavy comes with it."""
import ast
import re
import subprocess
import sys
from importlib.util import resolve_name
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "tinyfm"
FLOORS = [                                       # lower floors may be imported, and on the own floor what stands left
    "elsewhere errors arguments state operators calls engine forward_mode atomic kernels",
    "ops debug",
    "calculus schedules optim data metrics checkpoint train",
    "nn plot tracing gradcheck reference",
    "models rl",
    "exercises course",
    "cli",
    "__main__",
]
STRANGERS = {("models", "rl"), ("rl", "models")}
HEIGHT = {room: (floor, place) for floor, rooms in enumerate(FLOORS) for place, room in enumerate(rooms.split())}
EXTRA = {"adapter.py": {"gymnasium"}, "notebook.py": {"jupytext"}}   # named in pyproject.toml, imported when asked for
LATE = ["argparse", "csv", "gzip", "html", "http", "json", "matplotlib", "multiprocessing", "socket", "sqlite3", "ssl",
        "subprocess", "tempfile", "urllib.request", "zipfile"]


def imports(path: Path) -> set[str]:
    """The rooms that a file imports, wherever in the file it does so; "" for the package itself."""
    package = ".".join(path.relative_to(PACKAGE.parent).parent.parts)
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import): found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = resolve_name("." * node.level + (node.module or ""), package)
            found |= {f"{module}.{alias.name}" for alias in node.names} if module == "tinyfm" else {module}
    return {name.split(".")[1] if "." in name else "" for name in found if name.split(".")[0] == "tinyfm"}


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def allowed(importer: str, imported: str) -> bool:
    if imported not in HEIGHT: return importer == "cli"           # `import tinyfm`, and names that are no rooms
    return importer == imported or ((importer, imported) not in STRANGERS and HEIGHT[imported] < HEIGHT[importer])


FILES = [path for path in sorted(PACKAGE.rglob("*.py")) if room(path) != "__init__"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_downwards(path):
    assert room(path) in HEIGHT, f"give the room {room(path)} a floor in FLOORS"
    wrong = {name or "the whole package" for name in imports(path) if not allowed(room(path), name)}
    assert not wrong, f"{room(path)} may not import {', '.join(sorted(wrong))}"


def test_the_rule_knows_up_from_down():
    assert allowed("nn", "engine") and allowed("train", "data") and allowed("cli", "rl") and allowed("nn", "nn")
    assert not allowed("engine", "ops") and not allowed("data", "train") and not allowed("rl", "models")
    assert not allowed("nn", "") and not allowed("nn", "Tensor") and allowed("cli", "")
    assert imports(PACKAGE / "nn" / "model.py") >= {"engine", "optim", "train", "nn"}


def test_importing_tinyfm_imports_nothing_heavy():
    script = ("import sys, numpy; before = set(sys.modules); import tinyfm; "
              f"print(sorted((set(sys.modules) - before) & set({LATE})))")
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_nothing_but_numpy_and_matplotlib_is_imported():
    for path in FILES:
        standard = sys.stdlib_module_names | {"numpy", "matplotlib", "tinyfm"} | EXTRA.get(path.name, set())
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else \
                    [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            assert {name.split(".")[0] for name in names} <= standard, path


def test_the_afternoon_path_is_short_and_no_file_is_long():
    import tinyfm
    path = re.findall(r"[a-z_/]+(?= ->|\.$)", tinyfm.__doc__.split("order:")[1].strip())
    lines = [len((PACKAGE / f"{name}.py").read_text("utf-8").splitlines()) for name in path]
    assert len(path) == 8
    assert sum(lines) <= 1500, f"{sum(lines)} lines, 1500 at most: {', '.join(path)}; new things go into a file beside"
    assert {str(p): n for p in FILES if (n := len(p.read_text("utf-8").splitlines())) > 400} == {}
