"""`tinyfm step FILE.py`: run a script, then step through its backward pass; --html OUT writes the page."""
from __future__ import annotations

import argparse
import contextlib
import runpy
import sys
import traceback
from pathlib import Path
from typing import Any


def add(commands: Any) -> None:
    parser = commands.add_parser("step", help="step through the backward pass of a script",
                                 description="Run a script that ends in loss.backward(), and step through it: "
                                             "forward, backward, update. n next, p previous, g go to, q quit; into a "
                                             "pipe all steps are printed.")
    parser.add_argument("file", metavar="FILE.py", help="the script")
    parser.add_argument("--html", metavar="OUT.html", help="write one page that opens in a browser, from disk or mail")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from tinyfm.errors import GraphError
    from tinyfm.tracing import trace
    path = Path(arguments.file)
    if not path.is_file(): raise ValueError(f"{path} is no file; tinyfm step takes a Python script.")
    t = trace()
    failed = execute(t, path)
    if t.root() is None: raise ValueError(f"{path} {nothing(len(t), t.full, failed)}")
    broken = next((e for e in t.events if e.broke), None)
    if broken is not None:
        n = t.nodes[broken.node]
        where = f", {n.place}: {n.place.code}" if n.place else ""
        print(f"tinyfm: a number became {broken.broke} in {n.title}{where}", file=sys.stderr)
    if failed: print(f"tinyfm: the script stopped with {failed}; the steps until then follow", file=sys.stderr)
    if arguments.html:
        try: t.save(arguments.html, f"{path.name}, step by step")
        except GraphError as error: raise ValueError(str(error)) from None
        print(f"{arguments.html}: {len(t)} steps, {Path(arguments.html).stat().st_size / 1000:.0f} kB")
    else: t.step()
    return 1 if failed else 0


def nothing(ops: int, full: bool, failed: str) -> str:
    """Why there is no backward pass to step through, and what to do."""
    recorded = f"{ops:,} op{'s' * (ops != 1)} recorded"
    if full:
        return (f"is too long to record: its first {ops:,} steps hold no backward pass. Trace one training step, fewer "
                "examples or a shorter sequence.")
    if failed.startswith("SyntaxError"): return f"is not Python that runs: {failed}."
    if failed: return f"stopped with {failed} before a backward pass ({recorded}). Mend that first."
    return f"ran to its end without a backward pass ({recorded}). End the script with loss.backward()."


def execute(t: Any, path: Path) -> str:
    """Run the script as `python FILE.py` would, recorded; returns what it stopped with, "" when it ended well."""
    before, sys.argv = sys.argv, [str(path)]
    sys.path.insert(0, str(path.parent))
    try:
        with t: runpy.run_path(str(path), run_name="__main__")
    except SystemExit as stop: return f"exit code {stop.code}" if stop.code else ""
    except SyntaxError as error: return f"SyntaxError: {error}"
    except Exception as error:
        lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
        return f"{type(error).__name__}: {error}" + (f", line {lines[-1]}" if lines else "")
    finally:
        sys.argv = before
        with contextlib.suppress(ValueError): sys.path.remove(str(path.parent))
    return ""
