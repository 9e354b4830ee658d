"""The graph at one step, drawn with matplotlib: for papers, slides and the printed page."""
from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from tinyfm.errors import GraphError
from tinyfm.tracing import layout
from tinyfm.tracing.events import Event, Node, State, Trace
from tinyfm.tracing.terminal import describe, short

BLUE, ORANGE, GREY, INK = "#0060a8", "#b0480a", "#9aa1ad", "#1c2330"
MOST = 120                                       # nodes; more cannot be read on paper
WIDTH, HEIGHT = 0.78, 0.62                       # of a box, in layers and places


def draw(t: Trace, step: int, ax: Any = None) -> Any:
    """Boxes with values and gradients as they are after `step` events; flow forward solid, backward dashed."""
    state = t.state(step)
    nodes = [n for n in t.nodes if layout.is_drawn(n)]
    if len(nodes) > MOST:
        raise GraphError(f"This graph is too large for one picture: {len(nodes)} nodes, at most {MOST}. "
                         "save('run.html') folds it into layers; step() shows it as text.")
    ordered = sorted(nodes, key=lambda n: (n.kind == "op", n.id))
    made = layout.layout([n.id for n in ordered], layout.edges(t))
    ax = axes(ax, made)
    event = t.events[step - 1] if step else None
    for (a, b), route in made.routes.items(): wire(ax, made, route, a, b, state, event)
    for n in nodes: box(ax, made.place[n.id], n, state, event)
    across = [y for _, y in made.place.values()] or [0.0]
    ax.set(xlim=(-0.6, len(made.layers) - 0.4), ylim=(max(across) + 0.6, min(across) - 0.6))
    head = describe(t, step).splitlines()[0] if step else f"0/{len(t)} start"
    ax.set_title(head.translate({ord("⇠"): "←", ord("⟳"): ""}).split("   ")[0], loc="left", fontsize=10, color=INK)
    ax.axis("off")
    return ax


def axes(ax: Any, made: layout.Layout) -> Any:
    if ax is not None: return ax
    from tinyfm.plot import _axes
    across = [y for _, y in made.place.values()] or [0.0]
    return _axes(None, max(4.0, 1.75 * len(made.layers)), max(2.2, 0.95 * (max(across) - min(across) + 1.6)))


def wire(ax: Any, made: layout.Layout, route: list[Any], a: int, b: int, state: State, event: Event | None) -> None:
    """Solid where the value has flowed, dashed where the gradient has; thick where it flows in this step."""
    now = event is not None and event.node == b
    forth = event is not None and now and event.phase == "forward"
    back = event is not None and now and any(s.to == a for s in event.sent)
    curve(ax, [made.place[k] for k in route], -0.05, BLUE if b in state.values else GREY, "-", 2.4 if forth else 1.1)
    if b in state.gradients and a in state.gradients:
        curve(ax, [made.place[k] for k in route], 0.05, ORANGE, (0, (4, 2.5)), 2.4 if back else 1.1)


def curve(ax: Any, points: list[Any], shift: float, colour: str, style: Any, thick: float) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path
    (x0, y0), (x1, y1) = points[0], points[-1]
    past = [(x + side, y + shift) for x, y in points[1:-1] for side in (-WIDTH / 2, WIDTH / 2)]    # a straight line
    ends = [(x0 + WIDTH / 2, y0 + shift), *past, (x1 - WIDTH / 2, y1 + shift)]    # past the boxes between
    corners, codes = [ends[0]], [Path.MOVETO]
    for (x0, y0), (x1, y1) in pairwise(ends):
        half = (x1 - x0) / 2
        corners += [(x0 + half, y0), (x1 - half, y1), (x1, y1)]
        codes += [Path.CURVE4] * 3
    ax.add_patch(PathPatch(Path(corners, codes), fill=False, edgecolor=colour, linestyle=style, linewidth=thick))


def box(ax: Any, at: tuple[int, float], n: Node, state: State, event: Event | None) -> None:
    """Name, value and gradient of a node; the active one has a thick edge."""
    from matplotlib.patches import FancyBboxPatch
    (x, y), now = at, event is not None and event.node == n.id
    edge = GREY if event is None or not now else BLUE if event.phase == "forward" else ORANGE
    ax.add_patch(FancyBboxPatch((x - WIDTH / 2, y - HEIGHT / 2), WIDTH, HEIGHT, zorder=2, edgecolor=edge,
                                boxstyle="round,pad=0,rounding_size=0.08", linewidth=2.4 if now else 1.1,
                                facecolor="white" if n.kind == "op" else "#f1f0ec",
                                linestyle=":" if n.kind == "constant" else "-"))
    lines = [(-0.19, (f"{n.name} {n.op}" if n.name and n.op else n.title)[:17], INK)]
    if n.id in state.values: lines.append((0.01, brief(state.values[n.id]), BLUE))
    if n.id in state.gradients: lines.append((0.2, f"∇ {brief(state.gradients[n.id], largest=True)}", ORANGE))
    for down, said, colour in lines:
        ax.text(x - WIDTH / 2 + 0.05, y + down, said, va="center", fontsize=7.5, family="monospace", zorder=3,
                color=colour, weight="bold" if colour == INK else "normal")


def brief(a: Any, largest: bool = False) -> str:
    """The number, or of an array the shape (a value) or the largest size (a gradient)."""
    if a is None or np.size(a) == 1: return short(a)
    if largest: return f"≤ {float(np.max(np.abs(a))):.2g}"
    return "×".join(map(str, np.shape(a)))
