"""One page: viewer.html with the style, the script and the data written into it.  It asks nothing of any network."""
from __future__ import annotations

import json
from html import escape
from importlib.resources import files

import numpy as np

from tinyfm.tracing.events import Trace
from tinyfm.tracing.payload import payload

SCRIPTS = ("data.js", "graph.js", "arrays.js", "panel.js", "predict.js", "view.js", "viewer.js")


def page(t: Trace, title: str = "") -> str:
    """The whole page as text."""
    with np.errstate(all="ignore"): data = payload(t, title)
    text = json.dumps(data, allow_nan=False, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
    script = "\n".join(read(name) for name in SCRIPTS)
    parts = {"TITLE": escape(data["title"]), "STYLE": read("viewer.css"), "DATA": text, "SCRIPT": script}
    made = read("viewer.html")
    for name, part in parts.items(): made = made.replace(f"<!--{name}-->", part, 1)
    return made


def read(name: str) -> str: return (files("tinyfm.tracing") / "page" / name).read_text("utf-8")


def frame(t: Trace) -> str:
    """The page within a notebook's cell."""
    return (f'<iframe srcdoc="{escape(page(t))}" title="Step through the run" sandbox="allow-scripts allow-modals" '
            'style="width:100%;height:720px;border:1px solid #8888;border-radius:8px"></iframe>')
