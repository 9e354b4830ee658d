r"""The op table's LaTeX as MathML, which browsers typeset without any library, and as one line of plain text.

    mathml(r"\bar y \odot y", {"y": "y"})

Every symbol that stands for a value of the run carries its name, data-v="y" or data-v="gy" for the gradient \bar y, so
that a page can put the number in its place.  Between neighbours that multiply stands an invisible times, data-t.
ValueError for LaTeX outside the subset: the test sends the whole table through.
"""
from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import NamedTuple

TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[A-Za-z]{4,}|\d+\.?\d*|\s+|.")      # four letters are a word: \sum_{axis}
GREEK = dict(zip("alpha beta gamma delta epsilon lambda mu pi sigma phi Phi Sigma theta eta rho tau omega".split(),
                 "α β γ δ ϵ λ μ π σ ϕ Φ Σ θ η ρ τ ω".split()))
OPERATORS = {"odot": "⊙", "cdot": "·", "times": "×", "le": "≤", "ge": "≥", "ne": "≠", "in": "∈", "to": "→",
             "wedge": "∧", "vee": "∨", "neg": "¬", "exists": "∃", "forall": "∀", "partial": "∂", "infty": "∞",
             "ldots": "…", "top": "⊤", "langle": "⟨", "rangle": "⟩", "lfloor": "⌊", "rfloor": "⌋",
             "lceil": "⌈", "rceil": "⌉", "approx": "≈", "pm": "±", "mid": "|"}
LETTERS = {"partial", "infty", "top", "ldots"}                    # operators that are set as letters are
BIG = {"sum": "∑", "prod": "∏", "int": "∫"}
FUNCTIONS = set("max min arg ln log exp sin cos tan sinh cosh tanh arcsin arccos arctan det".split())
CALLERS = {"σ", "Φ", "ϕ", "i", "k", "π", "f"}                     # letters that stand for functions: \sigma(x)
SPACES = {"\\,": 0.17, "\\;": 0.28, "\\:": 0.22, "\\!": -0.17, "\\quad": 1.0}
OPEN, CLOSE = set("([") | {"\\langle", "\\lfloor", "\\lceil"}, set(")]") | {"\\rangle", "\\rfloor", "\\rceil"}


class Piece(NamedTuple):
    """What is set, as MathML and as text; kind: "value" multiplies its neighbours; "big" takes limits below."""

    markup: str
    text: str
    kind: str = ""


def mathml(latex: str, values: Mapping[str, str] | None = None, block: bool = False) -> str:
    """values: {symbol: name}, such as {"x": "x", "A": "a"}: the symbols that stand for values of the run."""
    inside = Parser(latex, values or {}).whole().markup
    display = ' display="block"' if block else ""
    return f"<math{display}>{inside}</math>"


def text(latex: str) -> str:
    """One line for a terminal: "ȳ ⊙ (1-y^2)"."""
    return re.sub(r" +", " ", Parser(latex, {}).whole().text).strip()


class Parser:
    """Recursive descent over the tokens."""

    def __init__(self, latex: str, values: Mapping[str, str]) -> None:
        self.latex, self.values = latex, values
        self.tokens = [t for t in TOKEN.findall(latex) if not t.isspace()]
        if "\\text" in latex or "\\mathrm" in latex: self.tokens = words(latex)
        self.at = 0

    def whole(self) -> Piece:
        found = self.row(())
        if self.at < len(self.tokens): self.refuse()
        return found

    def peek(self) -> str: return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.peek()
        if not token or (wanted and token != wanted): self.refuse()
        self.at += 1
        return token

    def refuse(self) -> None:
        raise ValueError(f"this LaTeX is not in the subset that can be typeset, at {self.peek() or 'its end'!r}: "
                         f"{self.latex}")

    # ------------------------------------------------------------ rows

    def row(self, ends: tuple[str, ...]) -> Piece:
        """Everything up to one of `ends`, with an invisible times between neighbours that multiply."""
        pieces: list[Piece] = []
        while self.peek() and self.peek() not in ends:
            piece = self.scripted()
            if pieces and pieces[-1].kind in ("value", "close") and piece.kind in ("value", "function", "open") \
                    and ("data-v" in pieces[-1].markup + piece.markup or pieces[-1].text[0].isdigit()) \
                    and not (pieces[-1].text in CALLERS and piece.kind == "open"):
                pieces.append(Piece('<mo data-t="">&#x2062;</mo>', " "))
            elif pieces and pieces[-1].kind in ("function", "big") and piece.kind in ("value", "function"):
                pieces.append(Piece('<mspace width="0.17em"/>', ""))
            pieces.append(piece)
        if len(pieces) == 1: return pieces[0]
        return Piece(f"<mrow>{''.join(p.markup for p in pieces)}</mrow>", "".join(p.text for p in pieces))

    def scripted(self) -> Piece:
        """An atom with its subscript and superscript."""
        base = self.atom()
        low = high = None
        while self.peek() in ("^", "_"):
            mark = self.take()
            script = self.group()
            if mark == "_": low = script
            else: high = script
        if not (low or high): return base
        name = ("under" if low else "") + ("over" if high else "") if base.kind == "big" else \
            "s" + ("ub" if low else "") + ("sup" if high and low else "up" if high else "")
        parts = base.markup + "".join(p.markup for p in (low, high) if p)
        said = base.text.strip() + "".join(f"{m}{p.text if len(p.text) == 1 else f'({p.text})'}"
                                    for m, p in (("_", low), ("^", high)) if p) \
            + " " * (base.kind == "big")
        return Piece(f"<m{name}>{parts}</m{name}>", said, base.kind)

    def group(self) -> Piece:
        """{...} as one piece, or the single atom that stands there."""
        if self.peek() != "{":
            if self.peek().isdigit() and len(self.peek()) > 1:    # \tfrac12: two arguments of one digit
                token = self.tokens[self.at]
                self.tokens[self.at:self.at + 1] = [token[0], token[1:]]
            return self.atom()
        self.take("{")
        inside = self.row(("}",))
        self.take("}")
        return inside

    # ------------------------------------------------------------ atoms

    def atom(self) -> Piece:
        token = self.take()
        if token == "{":
            self.at -= 1
            return self.group()
        if token[0].isdigit(): return Piece(f"<mn>{token}</mn>", token, "value")
        if token.isalpha(): return self.letter(token)
        if token in SPACES: return Piece(f'<mspace width="{SPACES[token]}em"/>', " ")
        if token in OPEN: return self.operator(token, "open")
        if token in CLOSE: return self.operator(token, "close")
        if token.startswith("\\"): return self.command(token[1:])
        if token in "}^_&": self.refuse()
        shown = "−" if token == "-" else token
        spaced = f" {token} " if token in "=<>+" else f"{token} " if token in ",;" else token
        if token == "|": return Piece('<mo stretchy="false" form="prefix" lspace="0" rspace="0">|</mo>', "|")
        return Piece(f"<mo>{escape(shown)}</mo>", spaced)

    def operator(self, token: str, kind: str) -> Piece:
        shown = OPERATORS.get(token[1:], token)
        return Piece(f'<mo stretchy="false">{shown}</mo>', shown, kind)

    def letter(self, symbol: str, bar: bool = False) -> Piece:
        name = self.values.get(symbol, "")
        mark = f' data-v="{"g" if bar else ""}{escape(name)}"' if name else ""
        if not bar: return Piece(f"<mi{mark}>{symbol}</mi>", symbol, "value")
        return Piece(f'<mover accent="true"{mark}><mi>{symbol}</mi><mo stretchy="false">¯</mo></mover>',
                     symbol + "\u0304", "value")

    def command(self, name: str) -> Piece:
        if name in GREEK: return Piece(f"<mi>{GREEK[name]}</mi>", GREEK[name], "value")
        if name in BIG: return Piece(f'<mo movablelimits="false">{BIG[name]}</mo>', BIG[name] + " ", "big")
        if name in FUNCTIONS:
            return Piece(f"<mi>{name}</mi>",
                         f"{name} ", "big" if name in ("max", "min") else "function")
        if name in LETTERS: return Piece(f"<mi>{OPERATORS[name]}</mi>", OPERATORS[name])
        if name in OPERATORS: return Piece(f"<mo>{OPERATORS[name]}</mo>", f" {OPERATORS[name]} ")
        special = getattr(self, f"set_{name}", None)
        if special is None:
            self.at -= 1
            self.refuse()
        return special()  # type: ignore[misc]

    def set_bar(self) -> Piece:
        token = self.take()
        if token == "{":
            token = self.take()
            self.take("}")
        if not token.isalpha(): self.refuse()
        return self.letter(token, bar=True)

    def set_frac(self) -> Piece:
        top, below = self.group(), self.group()
        over = top.text if len(top.text) < 3 else f"({top.text})"
        under = below.text if len(below.text) < 3 else f"({below.text})"
        return Piece(f"<mfrac>{top.markup}{below.markup}</mfrac>", f"{over}/{under} ", "value")

    set_tfrac = set_frac

    def set_sqrt(self) -> Piece:
        inside = self.group()
        return Piece(f"<msqrt>{inside.markup}</msqrt>", f"√({inside.text})", "value")

    def set_text(self) -> Piece:
        said = self.words()
        return Piece(f"<mtext>{escape(said)}</mtext>".replace(" ", "&#xa0;"), said)

    def set_mathrm(self) -> Piece:
        said = self.words()
        return Piece(f'<mi mathvariant="normal">{escape(said)}</mi>', said, "function")

    def words(self) -> str:
        self.take("{")
        said = ""
        while self.peek() != "}": said += self.take()
        self.take("}")
        return said.replace("\\to", "→")

    def set_left(self) -> Piece:
        left = self.take()
        inside = self.row(("\\right",))
        self.take("\\right")
        right = self.take()
        return Piece(f"<mrow><mo>{left}</mo>{inside.markup}<mo>{right}</mo></mrow>", f"{left}{inside.text}{right}",
                     "value")

    def set_begin(self) -> Piece:
        if self.words() != "cases": self.refuse()
        rows: list[list[Piece]] = [[]]
        while self.peek() != "\\end":
            rows[-1].append(self.row(("&", "\\\\", "\\end")))
            if self.peek() == "\\\\": rows.append([])
            if self.peek() != "\\end": self.take()
        self.take("\\end")
        self.words()
        lines = "".join(f"<mtr>{''.join(f'<mtd>{p.markup}</mtd>' for p in row)}</mtr>" for row in rows)
        said = "; ".join(" if ".join(p.text for p in row) for row in rows)
        return Piece(f'<mrow><mo>{{</mo><mtable columnalign="left">{lines}</mtable></mrow>', f"{{{said}}}")


def words(latex: str) -> list[str]:
    r"""The tokens, with the spaces inside \text{...} and \mathrm{...} kept."""
    tokens: list[str] = []
    for part in re.split(r"(\\(?:text|mathrm)\{[^}]*\})", latex):
        if match := re.fullmatch(r"(\\(?:text|mathrm))\{([^}]*)\}", part): tokens += [match[1], "{", match[2], "}"]
        else: tokens += [t for t in TOKEN.findall(part) if not t.isspace()]
    return tokens


def symbols(op_args: list[str], formula: str) -> dict[str, str]:
    """Which letters of an op's formulas stand for which value: {"A": "a", "y": "out", ...}."""
    found: dict[str, str] = {}
    for name in op_args:
        if len(name) == 1: found |= {name.upper(): name, name: name}
    left = formula.split("=")[0].replace("\\bar", "").strip()
    if len(left) == 1 and left not in op_args: found |= {left: "out"}
    return found
