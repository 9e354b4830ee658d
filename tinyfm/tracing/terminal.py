"""The same steps as text: in a terminal, over ssh, in a recording, in a pipe."""
from __future__ import annotations

import sys
from typing import Any

import numpy as np

from tinyfm.tracing import code, numbers
from tinyfm.tracing.events import Array, Event, Node, Sent, Trace
from tinyfm.tracing.mathml import text

MARK = {"forward": "→", "backward": "⇠", "update": "⟳"}
ASCII = {"→": "->", "⇠": "<-", "⟳": "@", "⊙": "*", "·": "*", "ȳ": "y'", "≤": "<=", "≥": ">=", "≠": "!=", "∑": "sum",
         "∏": "prod", "√": "sqrt", "∂": "d", "π": "pi", "σ": "sigma", "α": "alpha", "λ": "lambda", "∞": "inf", "⊤": "T",
         "⟨": "<", "⟩": ">", "¬": "not ", "…": "...", "Φ": "Phi", "ϕ": "phi", "\u0304": "'"}
KEYS = "[n]ext  [p]revious  [g]o to  [q]uit"


def walk_through(t: Trace, start: int = 0) -> None:
    """Ask for keys where somebody is there to press them; otherwise print everything."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        for step in range(start, len(t) + 1): print(spelled(describe(t, step)) + "\n")
        return
    step, key = start, ""
    while key != "q":
        print("\n" + spelled(describe(t, step)))
        key = ask(f"  {step} of {len(t)}   {KEYS}: ")
        if key in ("n", ""): step = min(step + 1, len(t))
        elif key == "p": step = max(step - 1, 0)
        elif key.startswith("g"): step = chosen(key[1:] or ask(f"  go to step 0 to {len(t)}: "), step, len(t))
        elif key != "q": print(f"  {KEYS}; Enter is next, g7 goes to step 7")


def ask(question: str) -> str:
    try: return input(question).strip().lower()
    except (EOFError, KeyboardInterrupt):
        print()
        return "q"


def chosen(answer: str, step: int, last: int) -> int:
    try: return max(0, min(last, int(answer)))
    except ValueError: return step


def spelled(lines: str) -> str:
    """As it is where the terminal can show it, else in ASCII."""
    encoding = sys.stdout.encoding or "ascii"
    try:
        lines.encode(encoding)
        return lines
    except UnicodeEncodeError:
        for sign, plain in ASCII.items(): lines = lines.replace(sign, plain)
        return lines.encode(encoding, "replace").decode(encoding)


# ------------------------------------------------------------ one step

def describe(t: Trace, step: int) -> str:
    """Step `step` in a few lines: what happened, where, the rule, the numbers, what was added up."""
    if step == 0: return beginning(t)
    e = t.events[step - 1]
    n = t.nodes[e.node]
    where = f"   {n.place}: {n.place.code}" if n.place and e.phase != "update" else ""
    head = f"{MARK[e.phase]} {step}/{len(t)} {e.phase}  {called(n)}{where}"
    lines = {"forward": forward, "backward": backward, "update": update}[e.phase](t, e, step)
    if e.broke: lines = [*lines, f"! here a number became {e.broke}"]
    return "\n".join([head, *(f"    {line}" for line in lines)])


def beginning(t: Trace) -> str:
    lines = [f"{called(n)} = {short(n.value)}" for n in t.nodes if n.kind == "input"]
    if t.root() is None: lines.append("! this run has no backward pass: no gradient will flow")
    return "\n".join([f"0/{len(t)} start", *(f"    {line}" for line in lines)])


def called(n: Node) -> str: return f"{n.name} ({n.op})" if n.name and n.op else n.title


def forward(t: Trace, e: Event, step: int) -> list[str]:
    n = t.nodes[e.node]
    op = n.entry
    given = ", ".join(f"{a} = {short(t.nodes[k].value)}" + (f" ({t.nodes[k].name})" if t.nodes[k].name else "")
                      for a, k in zip(op.args, n.inputs) if k is not None)
    return [f"rule     {text(op.formula)}", f"code     {hanging(code.forward_code(op), 13)}", f"from     {given}",
            f"value    {short(e.value)}", *sum_line(numbers.forward(t, n))]


def backward(t: Trace, e: Event, step: int) -> list[str]:
    n = t.nodes[e.node]
    lines = [f"gradient {short(e.gradient)}"]
    if n.kind != "op":
        if e.collects and e.before is not None:
            return [*lines, f".grad    {short(e.before)} + {short(e.gradient)} = {short(e.before + e.gradient)}"]
        return [*lines, ".grad    is set to it"] if e.collects else lines
    before = t.state(step - 1)
    so_far = before.gradients if before.walk == e.walk else {}
    for s in e.sent: lines += contribution(t, e, s, so_far)
    return lines


def contribution(t: Trace, e: Event, s: Sent, so_far: dict[int, Array]) -> list[str]:
    """What one parent gets; `so_far` is kept up to date, so that a node that is used twice shows both."""
    op = t.nodes[e.node].entry
    rule = text(op.latex[s.arg])
    lines = [f"to {called(t.nodes[s.to])} as {s.arg}", f"  rule   {s.arg}\u0304 += {rule}",
             f"  code   {hanging(code.rule_code(op, s.arg), 13)}", f"  sends  {short(s.gradient)}"]
    lines += [f"  {line}" for line in sum_line(numbers.backward(t, e, s))]
    if s.to in so_far:
        total = so_far[s.to] + s.gradient
        lines.append(f"  adds   {short(so_far[s.to])} + {short(s.gradient)} = {short(total)}")
        so_far[s.to] = total
    else: so_far[s.to] = s.gradient
    return lines


def hanging(lines: str, width: int) -> str: return lines.replace("\n", "\n" + " " * width)


def update(t: Trace, e: Event, step: int) -> list[str]:
    x = numbers.update(e)
    how = [f"by       {e.rule}"] if e.rule else []
    at = list(x["at"]) if x["at"] else ""
    rate = f" - {x['rate']:.4g} * {x['gradient']:.4g}" if "rate" in x else ""
    return [*how, f"moves    {at}{' ' if at else ''}{x['before']:.4g}{rate} -> {x['after']:.4g}"]


def sum_line(x: dict[str, Any]) -> list[str]:
    """ 0.5 * 2 + 1 * 3 = 4, of the element with the most to show."""
    at = f"[{', '.join(map(str, x['at']))}] " if x.get("at") else ""
    lines = []
    if "terms" in x:
        said = " + ".join(" * ".join(f"{v:.4g}" if v >= 0 else f"({v:.4g})" for v in pair) for pair in x["terms"])
        more = f" + ... ({x['count']} terms)" if x["count"] > len(x["terms"]) else ""
        plus = f" + {x['plus']:.4g}" if x.get("plus") else ""
        lines.append(f"numbers  {at}{said}{more}{plus} = {x['result']:.4g}")
    elif at and x.get("values"):
        said = ", ".join(f"{ {'g': 'ȳ', 'out': 'y'}.get(k, k)} = {v:.4g}" for k, v in x["values"].items())
        lines.append(f"numbers  {at}{said}: {x['result']:.4g}")
    if x.get("summed"): lines.append(f"summed   over axis {' and '.join(map(str, x['summed']))}: {x['total']:.4g}")
    return lines


def short(a: Array) -> str:
    """An array in one line: all of a few numbers, else shape and range."""
    if a is None: return "not kept"
    a = np.asarray(a)
    if a.size == 0 or a.dtype.kind not in "fiub": return f"{a.dtype} {a.shape}"
    if a.size == 1: return f"{a.item():.4g}"
    if a.size <= 8: return " ".join(np.array2string(a, precision=4, suppress_small=False, separator=" ").split())
    return f"{a.dtype} {a.shape}, {float(a.min()):.4g} to {float(a.max()):.4g}"
