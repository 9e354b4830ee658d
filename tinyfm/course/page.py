"""The report as one HTML file: it fetches nothing, runs nothing, and can be printed."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from statistics import mean, median

from tinyfm.course.report import Common, Report

MOST = 25                                        # bars and diagnoses that are shown; the tables have all
STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2330; --soft: #566070; --line: #d5d9e0; --bar: #0060a8; }
@media (prefers-color-scheme: dark) { :root { --paper: #12151b; --ink: #e6e9ef; --soft: #a3adbc; --line: #3a4250;
  --bar: #74b8f5; } }
body { background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; max-width: 60rem;
  margin: 2rem auto; padding: 0 1rem; }
h1, h2 { line-height: 1.2; } h2 { margin-top: 2.5rem; } p, td.soft { color: var(--soft); }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: 0.9rem; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.7rem 0.3rem 0; border-bottom: 1px solid var(--line); }
th.number, td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
svg { display: block; width: 100%; height: auto; margin: 1rem 0; }
svg text { fill: var(--ink); font: 13px system-ui, sans-serif; }
svg .title { font-weight: 600; font-size: 15px; } svg rect { fill: var(--bar); }
svg line { stroke: var(--line); } svg .axis { stroke: var(--soft); }
@media print { h2 { break-after: avoid; } tr, svg { break-inside: avoid; } }
"""
CAUTION = ("Alike is not copied: a short exercise has few solutions. What the stub gives, and what more than a tenth "
           "of the students have, is not counted; names, numbers, comments and layout make no difference. Read both "
           "files before you say anything.")


def page(r: Report) -> str:
    """The whole page."""
    heading = escape(f"{r.title}: how it went")
    body = "\n".join([f"<h1>{heading}</h1>", totals(r), hard(r), wrong(r), similar(r)])
    return ('<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width">\n'
            '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'unsafe-inline\'">\n'
            f"<title>{heading}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n")


# ------------------------------------------------------------ sections

def totals(r: Report) -> str:
    """How many students have how many points."""
    counts = [0] * 10
    for score in r.totals: counts[min(9, 10 * score // max(r.points, 1))] += 1
    said = (f"{len(r.students)} students, {r.points} points; mean {mean(r.totals):.1f}, median {median(r.totals):g}, "
            f"lowest {min(r.totals)}, highest {max(r.totals)}.")
    return f"<p>{said}</p>\n{columns('Points', 'part of all points', 'students', counts)}"


def hard(r: Report) -> str:
    """Which checks fail."""
    worst = sorted((c for c in r.checks if c.failed), key=lambda c: -c.rate)[:MOST]
    drawn = bars("Checks that most students failed", "students who failed, %",
                 [(f"{short(c.exercise)}: {c.check}", c.rate) for c in worst])
    lines = [(c.exercise, c.check + (" (hidden)" if c.hidden else ""), str(c.points), f"{c.failed} of {c.students}",
              percent(c.rate), c.said) for c in r.checks]
    return (f"<h2>What to teach again</h2>\n{drawn if worst else '<p>Every student passed every check.</p>'}\n" +
            table(["exercise", "check", "points#", "failed#", "share#", "most often"], lines))


def wrong(r: Report) -> str:
    """What was wrong, in words."""
    shown = r.diagnoses[:MOST]
    lines = [(percent(d.rate), sentence(d), d.exercise, "; ".join(d.checks)) for d in shown]
    more = f"<p>{len(r.diagnoses) - len(shown)} more are in the CSV file.</p>" if len(r.diagnoses) > len(shown) else ""
    return ("<h2>What went wrong</h2>\n<p>Each student counts once for a diagnosis of an exercise.</p>\n" +
            (table(["students#", "what", "exercise", "checks"], lines) if lines else "<p>Nothing.</p>") + more)


def sentence(d: Common) -> str: return f"{d.said} ({d.students} of {d.of})"


def similar(r: Report) -> str:
    """Which submissions are alike."""
    if r.pairs is None: return "<h2>Submissions alike</h2>\n<p>Not looked at: no --submissions were given.</p>"
    lines = [(p.one, p.other, percent(p.share), str(p.shared), "; ".join(p.places)) for p in r.pairs]
    return (f"<h2>Submissions alike</h2>\n<p>{CAUTION}</p>\n" +
            (table(["student", "and", "alike#", "common fingerprints#", "exercises"], lines) if lines else
             "<p>No two of them.</p>"))


# ------------------------------------------------------------ tables and pictures

def table(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """heads: those that end in # are of numbers."""
    kinds = [' class="number"' if h.endswith("#") else "" for h in heads]
    top = "".join(f'<th scope="col"{k}>{h.rstrip("#")}</th>' for h, k in zip(heads, kinds))
    rows = ("<tr>" + "".join(f"<td{k}>{escape(c)}</td>" for c, k in zip(line, kinds)) + "</tr>" for line in lines)
    return f'<div class="scroll" tabindex="0"><table>\n<tr>{top}</tr>\n' + "\n".join(rows) + "\n</table></div>"


def bars(title: str, axis: str, values: Sequence[tuple[str, float]]) -> str:
    """A bar from left to right for each share, its name before it and its number behind it."""
    left, right, top, step = 330, 840, 34, 24
    bottom = top + step * len(values) + 4
    def x(share: float) -> float: return left + (right - left) * share
    parts = [line(x(k / 4), top, x(k / 4), bottom) + text(x(k / 4), bottom + 18, f"{25 * k}", "middle")
             for k in range(5)]
    for i, (name, share) in enumerate(values):
        y = top + step * i + 4
        parts.append(f'<rect x="{left}" y="{y}" width="{x(share) - left:.1f}" height="16" rx="2"/>' +
                     text(left - 8, y + 13, cut(name), "end") + text(x(share) + 6, y + 13, percent(share)))
    parts += [line(left, top, left, bottom, "axis"), line(left, bottom, right, bottom, "axis"),
              text((left + right) / 2, bottom + 38, axis, "middle")]
    return picture(title, 900, bottom + 46, parts)


def columns(title: str, across: str, up: str, counts: Sequence[int]) -> str:
    """A histogram over tenths; the number stands on each column."""
    left, right, top, bottom = 60, 880, 50, 230
    width, most = (right - left) / len(counts), max(max(counts), 1)
    parts = []
    for i, n in enumerate(counts):
        height = (bottom - top) * n / most
        x = left + width * i
        size = f'y="{bottom - height:.1f}" width="{width - 6:.1f}" height="{height:.1f}"'
        parts.append(f'<rect x="{x + 3:.1f}" {size}/>' +
                     text(x + width / 2, bottom - height - 5, str(n), "middle"))
    parts += [text(left + width * i, bottom + 18, f"{10 * i} %", "middle") for i in range(len(counts) + 1)]
    parts += [line(left, bottom, right, bottom, "axis"), line(left, top, left, bottom, "axis"),
              text((left + right) / 2, bottom + 38, across, "middle"), text(left - 8, top + 4, str(most), "end"),
              text(left - 8, bottom, "0", "end"), text(left - 8, (top + bottom) / 2, up, "middle", turned=True)]
    return picture(title, 900, bottom + 46, parts)


def picture(title: str, width: int, height: float, parts: Iterable[str]) -> str:
    inside = "\n".join(parts)
    return (f'<svg viewBox="0 0 {width} {height:g}" role="img" aria-label="{escape(title)}">\n'
            f'<text class="title" x="0" y="18">{escape(title)}</text>\n{inside}\n</svg>')


def text(x: float, y: float, said: str, anchor: str = "start", *, turned: bool = False) -> str:
    turn = f' transform="rotate(-90 {x:g} {y:g})"' if turned else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{turn}>{escape(said)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, kind: str = "grid") -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def percent(share: float) -> str: return f"{100 * share:.0f} %"


def short(exercise: str) -> str: return exercise.rpartition("/")[2].removesuffix(".py").lstrip("0123456789_")


def cut(name: str) -> str: return name if len(name) <= 43 else name[:42] + "…"
