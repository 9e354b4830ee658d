"""A trace as a file: strict JSON that holds every number of the run.

    {"format": "tinyfm-trace", "version": 1, "full": false,
     "sources": {"lesson.py": ["import tinyfm as fm", ...]},
     "arrays":  [{"dtype": "float64", "shape": [2, 3], "order": "C", "data": [0.5, "NaN", ...]}, ...],
     "nodes":   [{"id": 0, "kind": "input" | "constant" | "op", "op": "add" | "", "name": "h",
                  "layer": "model/hidden", "inputs": [0, null], "settings": {"axis": 1},
                  "place": {"file": "lesson.py", "line": 7, "code": "h = ..."} | null,
                  "value": 3, "shape": [2, 3], "shown": null}, ...],
     "events":  [{"phase": "forward" | "backward" | "update", "node": 4, "value": 3, "gradient": 5, "before": null,
                  "sent": [{"to": 2, "arg": "x", "gradient": 6}], "collects": false, "walk": 0, "rule": "",
                  "broke": ""}, ...]}

`value`, `gradient` and `before` are places in `arrays`; null: not there.  A Python number stands as itself, in
{"number": 2.0}.  NaN and the infinities are "NaN", "Infinity" and "-Infinity".  Settings that are no JSON:
{"tuple": []}, {"slice": [start, stop, step]}, {"ellipsis": true}, {"dtype": "float32"}, {"array": place}.  Reading
gives the same bits.
"""
from __future__ import annotations

import json
from dataclasses import asdict
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from tinyfm.atomic import replacing
from tinyfm.errors import FormatError, spell
from tinyfm.tracing.entries import entry
from tinyfm.tracing.events import PHASES, Array, Event, Node, Place, Sent, Trace

FORMAT, VERSION = "tinyfm-trace", 1
KINDS = ("input", "constant", "op")
WORDS = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}


def save(t: Trace, path: Any, title: str) -> None:
    """The page or the data, by the end of the name."""
    kind = Path(path).suffix
    if kind not in (".html", ".json"):
        raise ValueError(f"A trace is saved as .html, the page, or as .json, the data; received {str(path)!r}.")
    text = t.html(title) if kind == ".html" else json.dumps(to_json(t), allow_nan=False, separators=(",", ":"))
    with replacing(path) as file: file.write(text.encode())


def load(path: Any) -> Trace:
    """Read what `save("run.json")` wrote.  FormatError if it is something else."""
    try: data = json.loads(Path(path).read_bytes())
    except (ValueError, RecursionError) as error: raise FormatError(f"{path} is not JSON: {error}") from None
    try: return from_json(data)
    except FormatError as error: raise FormatError(f"{path}: {error}") from None
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        raise FormatError(f"{path} does not follow the schema of a trace: {type(error).__name__} {error}") from None


# ------------------------------------------------------------ writing

def to_json(t: Trace) -> dict[str, Any]:
    """The trace as plain lists, dicts, numbers and strings; equal arrays are stored once."""
    arrays: list[dict[str, Any]] = []
    places: dict[Any, int] = {}

    def place(a: Array) -> Any:
        if a is None: return None
        if not isinstance(a, np.ndarray | np.generic): return {"number": number(a)}
        a = np.asarray(a)
        order = "F" if a.flags.f_contiguous and not a.flags.c_contiguous else "C"
        key = (a.dtype.str, a.shape, order, a.tobytes())
        if key not in places:
            places[key] = len(arrays)
            arrays.append({"dtype": a.dtype.name, "shape": list(a.shape), "order": order,
                           "data": [number(v) for v in a.ravel().tolist()]})
        return places[key]

    nodes = [{"id": n.id, "kind": n.kind, "op": n.op, "name": n.name, "layer": n.layer, "inputs": list(n.inputs),
              "settings": {k: setting(v, place) for k, v in n.settings.items()},
              "place": asdict(n.place) if n.place else None, "value": place(n.value), "shape": list(n.shape),
              "shown": None if n.shown is None else list(n.shown)} for n in t.nodes]
    events = [{"phase": e.phase, "node": e.node, "value": place(e.value), "gradient": place(e.gradient),
               "before": place(e.before), "collects": e.collects, "walk": e.walk, "rule": e.rule, "broke": e.broke,
               "sent": [{"to": s.to, "arg": s.arg, "gradient": place(s.gradient)} for s in e.sent]} for e in t.events]
    return {"format": FORMAT, "version": VERSION, "full": t.full, "sources": t.sources, "arrays": arrays,
            "nodes": nodes, "events": events}


def number(v: Any) -> Any:
    """A number that strict JSON can hold."""
    if not isinstance(v, float) or np.isfinite(v): return v
    return "NaN" if np.isnan(v) else "Infinity" if v > 0 else "-Infinity"


def setting(v: Any, place: Any) -> Any:
    if isinstance(v, tuple): return {"tuple": [setting(i, place) for i in v]}
    if isinstance(v, list): return [setting(i, place) for i in v]
    if isinstance(v, slice): return {"slice": [setting(i, place) for i in (v.start, v.stop, v.step)]}
    if v is Ellipsis: return {"ellipsis": True}
    if isinstance(v, np.ndarray | np.generic): return {"array": place(v)}
    if isinstance(v, np.dtype) or (isinstance(v, type) and issubclass(v, np.generic | float | int)):
        return {"dtype": np.dtype(v).name}
    if v is None or isinstance(v, str | bool | int | float): return number(v)
    raise ValueError(f"A setting of {spell(v)} cannot be written as JSON.")


# ------------------------------------------------------------ reading

def from_json(data: Any) -> Trace:
    """The trace that `to_json` made, held against the schema.  FormatError says what does not fit."""
    if not isinstance(data, dict) or data.get("format") != FORMAT: raise FormatError("this is no trace of tinyfm.")
    if data["version"] != VERSION:
        raise FormatError(f"this trace has version {data['version']!r}; this tinyfm reads version {VERSION}.")
    arrays = [array(a) for a in data["arrays"]]
    t, count = Trace(), len(data["nodes"])

    def get(place: Any) -> Any:
        if isinstance(place, dict): return read(place["number"])
        return None if place is None else arrays[within(place, len(arrays), "array")]

    for i, n in enumerate(data["nodes"]):
        op, kind = n["op"], known(n["kind"], KINDS)
        if (kind == "op") != bool(op) or n["id"] != i: raise FormatError(f"node {i} is {kind} with op {op!r}.")
        if kind == "op" and len(n["inputs"]) != entry(op, len(n["inputs"])).arity:
            raise FormatError(f"node {i}: {op} does not take {len(n['inputs'])} inputs.")
        ins = tuple(None if k is None else within(k, i, "earlier node") for k in n["inputs"])
        where = n["place"]
        place = Place(str(where["file"]), int(where["line"]), str(where["code"])) if where else None
        t.nodes.append(Node(i, kind, op, str(n["name"]), str(n["layer"]), ins,
                            {str(k): unsetting(v, get) for k, v in n["settings"].items()}, place, get(n["value"]),
                            tuple(n["shape"]), None if n["shown"] is None else tuple(n["shown"])))
    for e in data["events"]:
        sent = tuple(Sent(within(s["to"], count, "node"), str(s["arg"]), get(s["gradient"])) for s in e["sent"])
        t.events.append(Event(known(e["phase"], PHASES), within(e["node"], count, "node"), get(e["value"]),
                              get(e["gradient"]), sent, get(e["before"]), bool(e["collects"]), int(e["walk"]),
                              str(e["rule"]), str(e["broke"])))
    t.sources = {str(name): [str(line) for line in lines] for name, lines in data["sources"].items()}
    t.full = bool(data["full"])
    return t


def array(a: Any) -> Array:
    dtype, shape = np.dtype(a["dtype"]), tuple(a["shape"])
    if dtype.kind not in "fiub" or not all(type(n) is int and n >= 0 for n in shape) or prod(shape) != len(a["data"]):
        raise FormatError(f"an array of {dtype} {shape} has {len(a['data'])} numbers.")
    fortran = known(a["order"], ("C", "F")) == "F"
    return np.array([read(v) for v in a["data"]], dtype).reshape(shape).copy("F" if fortran else "C")


def read(v: Any) -> Any: return WORDS[v] if isinstance(v, str) else v


def unsetting(v: Any, get: Any) -> Any:
    if isinstance(v, list): return [unsetting(i, get) for i in v]
    if not isinstance(v, dict): return WORDS.get(v, v) if isinstance(v, str) else v
    (kind, inside), = v.items()
    if kind == "tuple": return tuple(unsetting(i, get) for i in inside)
    if kind == "slice": return slice(*(unsetting(i, get) for i in inside))
    if kind == "ellipsis": return Ellipsis
    if kind == "dtype": return np.dtype(inside)
    if kind == "array": return get(inside)
    raise FormatError(f"a setting of an unknown kind: {kind!r}.")


def within(i: Any, n: int, what: str) -> int:
    if type(i) is not int or not 0 <= i < n: raise FormatError(f"{i!r} is no {what}.")
    return i


def known(word: Any, words: tuple[str, ...]) -> str:
    if word not in words: raise FormatError(f"{word!r} is none of {', '.join(words)}.")
    return str(word)
