"""Which submissions are alike: fingerprints of their shape, whatever the names, numbers, comments and layout.

A file becomes a list of tokens, names and numbers all alike; each run of RUN tokens is a hash; of each WINDOW hashes in
a row the least is kept (winnowing: Schleimer, Wilkerson & Aiken 2003), so any common run of RUN + WINDOW - 1 tokens
leaves a common fingerprint.  What the stub holds, and what many students have, counts for nothing.
"""
from __future__ import annotations

import io
import keyword
import tokenize
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import combinations

RUN, WINDOW = 8, 4                               # tokens; hashes
USUAL = 0.1                                      # what more than this share of the students has is nobody's own
FEW = 3                                          # but what so many have may still be copied
LEAST = 6                                        # fingerprints that two must share to be named
LAYOUT = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING,
          tokenize.ENDMARKER)
Print = tuple[str, bytes]                        # where, and the hash


@dataclass(frozen=True)
class Pair:
    """Two students; shared: fingerprints in common; share: of the one who has fewer; places: where."""

    one: str
    other: str
    shared: int
    share: float
    places: tuple[str, ...]


def alike(works: dict[str, dict[str, str]], stubs: dict[str, str], least: float = 0.5) -> list[Pair]:
    """Pairs that share at least that part of what is their own, the most alike first.

    works: student -> exercise -> source; stubs: exercise -> what all were given.
    """
    given = {place: set(hashes(tokens(text))) for place, text in stubs.items()}
    prints = {student: {(place, h) for place, text in files.items()
                        for h in winnowed([h for h in hashes(tokens(text)) if h not in given.get(place, ())])}
              for student, files in works.items()}
    owners: dict[Print, list[str]] = {}
    for student in sorted(prints):
        for p in prints[student]: owners.setdefault(p, []).append(student)
    usual = max(FEW, USUAL * len(works))
    own = {p: students for p, students in owners.items() if len(students) <= usual}
    return found(own, least)


def found(own: dict[Print, list[str]], least: float) -> list[Pair]:
    sizes = Counter(student for students in own.values() for student in students)
    shared: dict[tuple[str, str], list[str]] = {}
    for (place, _), students in own.items():
        for pair in combinations(students, 2): shared.setdefault(pair, []).append(place)
    pairs = [Pair(a, b, len(places), len(places) / min(sizes[a], sizes[b]), tuple(sorted(set(places))))
             for (a, b), places in shared.items()]
    return sorted((p for p in pairs if p.shared >= LEAST and p.share >= least),
                  key=lambda p: (-p.share, -p.shared, p.one, p.other))


def tokens(source: str) -> list[str]:
    """The file's shape: keywords, operators, and names after a dot as they are; other names v, numbers 0, texts s."""
    shape: list[str] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type not in LAYOUT: shape.append(kind(token, shape[-1] if shape else ""))
    except (tokenize.TokenError, SyntaxError): pass                    # a broken file has the shape of its beginning
    return shape


def kind(token: tokenize.TokenInfo, before: str) -> str:
    if token.type == tokenize.NUMBER: return "0"
    if token.type == tokenize.NAME and before != "." and not keyword.iskeyword(token.string): return "v"
    return "s" if token.type not in (tokenize.NAME, tokenize.OP) else token.string


def hashes(shape: list[str]) -> list[bytes]:
    """One for each run of RUN tokens."""
    return [blake2b("\0".join(shape[i:i + RUN]).encode(), digest_size=8).digest() for i in range(len(shape) - RUN + 1)]


def winnowed(every: list[bytes]) -> Iterator[bytes]:
    """The least of each window; all that there is when it is shorter."""
    for i in range(max(1, len(every) - WINDOW + 1)): yield from [min(every[i:i + WINDOW])] if every else []
